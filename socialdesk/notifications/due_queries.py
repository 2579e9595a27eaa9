"""Which deliveries may be sent at this moment, and what they say: rights, reading and devices are asked anew."""
from collections import defaultdict, namedtuple
from datetime import timedelta
from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..db import db, now
from ..events import Event
from ..people.models import Person, Session
from ..policy import readers
from ..posts.checker import plain_of
from ..posts.models import Post
from ..tickets.models import Sentence
from . import words_checker
from .audience_queries import is_quiet
from .button_queries import with_buttons, with_read
from .count_queries import with_counts
from .hours_checker import next_start
from .matters_checker import exception_of, levels_of, matter_told
from .models import Delivery, Device, Notification, why
from .plan_queries import choices_of, holidays
from .still_queries import still_heard, still_true

MOST = 100                              # a badge says no more than "99+"
FRESH = timedelta(hours=1)              # a device that was reached so lately is not written down again
ACCEPTED = (200, 201, 202)

#: stale: the device's row does not say yet that it can be reached; words: what its person wants on a locked phone of this thread;
#: others: the Dues that are told with it, it being the newest; buttons: keys of button_checker; read: lines its device may take off
Due = namedtuple("Due", "id n attempts expires_at notification_id device_id endpoint p256dh auth vapid_id person_id root_id "
                        "stale happening title words event_id badge how others buttons read", defaults=((), (), ()))


def due_of(ids):
    """(the Dues to send, the ids of those nobody needs any more, {id: later moment} of those that would ring at a forbidden hour).
    Dropped: read, superseded by a newer telling, device or sign-in gone, thread or right gone, too late; social, where the
    person wants just their tickets by now.  What waited for a device is one Due."""
    moment, off, asked = now(), holidays(), set(ids)
    beside = db.session.scalars(_beside(), {"ids": sorted(asked), "moment": moment}).all()
    rows = db.session.execute(_statement(), {"ids": sorted(asked.union(beside)), "moment": moment}).all()
    chosen, events = choices_of({row.person_id for row in rows}), events_of({row.event_id for row in rows})
    wished = [row for row in rows if row.fine and _rings(row, events[row.event_id], chosen)]
    fine, later = _newest(wished, {row.id: _allowed_from(row, events[row.event_id], moment, off) for row in wished}, moment)
    fine, later = [row for row in fine if row.id in asked], {key: start for key, start in later.items() if key in asked}
    dropped = asked.intersection(row.id for row in rows) - later.keys() - {row.id for row in fine}
    badges = _badges({row.person_id for row in fine})
    dues = [_due(row, events[row.event_id], badges.get(row.person_id, 0)) for row in fine if row.how == "alone"]
    dues = with_read(with_buttons(with_counts(dues + _together(fine, events, badges))))
    return dues, sorted(dropped), later


def _newest(rows, starts, moment):
    """(the rows to send now, {id: start} of those that wait): of each line and device the newest that may ring now, and of those
    that may not yet the newest, where it is newer still."""
    ring, wait = {}, {}
    for row in sorted(rows, key=lambda row: row.n):
        (ring if starts[row.id] <= moment else wait)[_line_of(row)] = row
    later = {row.id: starts[row.id] for line, row in wait.items() if line not in ring or ring[line].n < row.n}
    return sorted(ring.values(), key=lambda row: row.id), later


def _line_of(row):
    return row.notification_id, row.device_id


def _rings(row, event, chosen):
    """Does the person still want such a thing to ring?"""
    matter = matter_told(event.verb, row.relation, event.note, event.after, event.facts, event.kind)
    levels = matter and levels_of(matter, chosen[row.person_id, matter.key])
    return bool(levels) and levels.inbox == "on" and levels.push != "never"


def _allowed_from(row, event, moment, off):
    """From when on it may ring: hours and quiet are asked again, they may have changed or the desk stood still meanwhile."""
    start = next_start(row.hours, row.tz, moment, off, row.quiet_until)
    if start > moment and row.even_outside and exception_of(event.verb, row.relation, event.note, event.after, event.facts) in row.even_outside:
        return moment
    return start


def _together(rows, events, badges):
    """One Due a device of what waited for it."""
    of_device = defaultdict(list)
    for row in rows:
        if row.how == "rest":
            of_device[row.device_id].append(_due(row, events[row.event_id], badges.get(row.person_id, 0)))
    return [dues[-1]._replace(others=tuple(dues[:-1])) for dues in (sorted(some, key=lambda due: due.event_id) for some in of_device.values())]


@cache
def _beside():
    """The ids of what is due beside these deliveries, of the same line to the same device: which of them is sent is one question."""
    other = aliased(Delivery)
    return (sa.select(other.id).join(Delivery, sa.and_(Delivery.notification_id == other.notification_id, Delivery.channel == other.channel,
                                                       Delivery.device_id == other.device_id, Delivery.id != other.id))
            .where(Delivery.id.in_(sa.bindparam("ids", expanding=True)), other.state == "due",
                   other.send_at <= sa.bindparam("moment", type_=Delivery.send_at.type)))


@cache
def _statement():
    moment = sa.bindparam("moment", type_=Delivery.send_at.type)
    post, root, newer = aliased(Post), aliased(Post), aliased(Delivery)
    session = sa.exists().where(Session.public_id == Device.session_public_id, Session.epoch == Person.epoch)
    superseded = sa.exists().where(newer.notification_id == Delivery.notification_id, newer.channel == Delivery.channel,
                                   newer.device_id == Delivery.device_id, newer.n > Delivery.n, newer.state == "sent")
    fine = sa.and_(*wanted(root, post, moment), Device.off_at.is_(None), Device.person_id == Notification.person_id, session, sa.not_(superseded))
    return (sa.select(
        Delivery.id, Delivery.n, Delivery.how, Delivery.attempts, Delivery.expires_at, Delivery.notification_id, Delivery.device_id, Delivery.event_id,
        Device.endpoint, Device.p256dh, Device.auth, Device.last_ok_at, Device.failures, Device.last_status,
        Notification.person_id, Notification.root_id, why.label("relation"), Person.lock_screen, Person.lock_private, Device.vapid_id,
        Person.tz, Person.hours, Person.quiet_until, Person.even_outside, fine.label("fine"))
        .join(Notification, Notification.id == Delivery.notification_id).join(Device, Device.id == Delivery.device_id)
        .join(Person, Person.id == Notification.person_id).join(Event, Event.id == Delivery.event_id)
        .join(root, root.id == Notification.root_id).outerjoin(post, post.id == Event.post_id)
        .where(Delivery.id.in_(sa.bindparam("ids", expanding=True)), Delivery.state == "due", Delivery.send_at <= moment).order_by(Delivery.id))


def wanted(root, post, moment):
    """The conditions, whatever the channel, that a telling is wanted still: in time, unread, true, nothing of it taken back or muted,
    the person active and with the right to read it; of the social side nothing where they want just their tickets."""
    return (Delivery.expires_at > moment, Notification.read_at.is_(None),
            Person.state == "active", root.deleted_at.is_(None), sa.or_(post.id.is_(None), post.deleted_at.is_(None)),
            readers(Notification.root_id, among=Person),
            sa.or_(sa.not_(Event.note), readers(Notification.root_id, note=True, among=Person)),
            sa.or_(sa.not_(Person.only_tickets), is_quiet(root, Event.verb, why, Person.id)),
            *still_heard(root, Event, why), *still_true(root, Event, why, moment))


def events_of(event_ids):
    """{event id: what happened, in which thread, by whom}."""
    rows = db.session.execute(_happened(), {"ids": sorted(event_ids)}) if event_ids else ()
    return {row.id: row for row in rows}


@cache
def _happened():
    post, root, actor = aliased(Post), aliased(Post), aliased(Person)
    return (sa.select(Event.id, Event.verb, Event.after, Event.note, Event.facts, root.title, root.kind, root.audience, root.sealed,
                      shown_name(actor, Event, root, post).label("actor"))
            .join(root, root.id == Event.root_id).outerjoin(post, post.id == Event.post_id).outerjoin(actor, actor.id == Event.actor_id)
            .where(Event.id.in_(sa.bindparam("ids", expanding=True))))


def shown_name(actor, event, root, post):
    """The actor's name as it may be shown: where the thread or post leaves its author's name out, so does what they did."""
    return sa.case((sa.and_(root.shown_as.is_not(None), event.actor_id == root.author_id), root.shown_as),
                   (sa.and_(post.shown_as.is_not(None), event.actor_id == post.author_id), post.shown_as), else_=actor.name)


def _badges(person_ids):
    """{person id: unread lines they may see}, counted to MOST and no further."""
    return dict(db.session.execute(_counts(), {"people": sorted(person_ids)}).all()) if person_ids else {}


@cache
def _counts():
    told = sa.exists().where(Event.id == Notification.last_event_id, Post.id == Notification.root_id,
                             is_quiet(Post, Event.verb, Notification.relation, Person.id)).correlate(Notification, Person)
    lines = (sa.select(Notification.id).where(Notification.person_id == Person.id, Notification.read_at.is_(None),
                                              readers(Notification.root_id, among=Person), sa.or_(sa.not_(Person.only_tickets), told))
             .correlate(Person).limit(MOST).subquery())
    count = sa.select(sa.func.count()).select_from(lines).scalar_subquery()
    return sa.select(Person.id, count).where(Person.id.in_(sa.bindparam("people", expanding=True)))


def _due(row, event, badge):
    stale = row.last_ok_at is None or row.last_ok_at < now() - FRESH or row.failures > 0 or row.last_status not in ACCEPTED
    return Due(row.id, row.n, row.attempts, row.expires_at, row.notification_id, row.device_id, row.endpoint, row.p256dh, row.auth,
               row.vapid_id, row.person_id, row.root_id, stale, happening_of(row, event), event.title, words_of(row, event), row.event_id, badge, row.how)


def happening_of(row, event):
    """What happened, as its person is told.  row: of a delivery, with relation, n and tz; event: of events_of()."""
    return words_checker.Happening(event.verb, row.relation, event.actor, event.kind, event.audience == "private", event.note,
                                   event.after, event.facts.get("hold_reason"), row.n, words_checker.promised(event.facts, row.tz, now()))


def in_words(told, tz):
    """(what happened, the words that came with it or None) as the page of a notice's button says it.  told: of button_queries.told_of()."""
    event = events_of({told.event_id})[told.event_id]
    what = words_checker.Happening(event.verb, told.relation, event.actor, event.kind, event.audience == "private", event.note, event.after,
                                   event.facts.get("hold_reason"), promised=words_checker.promised(event.facts, tz, now()))
    return words_checker.sentence(what), None if event.note else quotes_of([told.event_id]).get(told.event_id)


def words_of(person, thread):
    """What a locked phone of this person may show of a thread: full, who or discreet.  Of a confidential one, nothing."""
    if thread.sealed:
        return "discreet"
    return person.lock_private if thread.audience == "private" else person.lock_screen


def quotes_of(event_ids):
    """{event id: the words that came with it}: a reply's text, the sentence of a change of state.  Notes are never quoted."""
    if not event_ids:
        return {}
    said = dict(db.session.execute(sa.select(Sentence.event_id, Sentence.text).where(Sentence.event_id.in_(event_ids))).all())
    replies = db.session.execute(sa.select(Event.id, Post.body_md).join(Post, Post.id == Event.post_id)
                                 .where(Event.id.in_(event_ids), Event.verb.in_(("replied", "posted", "major_declared", "major_updated")), sa.not_(Post.note)))
    return said | {event_id: plain_of(body) for event_id, body in replies}
