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
from .models import Delivery, Device, Notification
from .plan_queries import choices_of, holidays
from .still_queries import still_heard, still_true

MOST = 100                              # a badge says no more than "99+"
FRESH = timedelta(hours=1)              # a device that was reached so lately is not written down again
ACCEPTED = (200, 201, 202)

#: stale: the device's row does not say yet that it can be reached; words: what its person wants on a locked phone of this thread;
#: others: the Dues that are told with it, it being the newest; buttons: keys of button_checker; read: lines its device may take off
Due = namedtuple("Due", "id n attempts expires_at notification_id device_id endpoint p256dh auth vapid_id person_id root_id "
                        "stale happening title words event_id badge others buttons read", defaults=((), (), ()))
#: why one is told: of a telling written before that was kept, its line says it
why = sa.func.coalesce(Delivery.relation, Notification.relation)
_newer, _its_event, _its_post = aliased(Delivery), aliased(Event), aliased(Post)


def due_of(ids):
    """(the Dues to send, the ids of those nobody needs any more, {id: later moment} of those that would ring at a forbidden hour).
    Dropped: read, superseded by a newer telling, device or sign-in gone, thread or right gone, too late; social, where the
    person wants just their tickets by now.  What waited for a device is one Due."""
    moment, off = now(), holidays()
    rows = db.session.execute(_statement(), {"ids": list(ids), "moment": moment}).all()
    chosen, events = choices_of({row.person_id for row in rows}), events_of({row.event_id for row in rows})
    fine = _newest([row for row in rows if row.fine and _rings(row, events[row.event_id], chosen)], {(*_line_of(row), row.n) for row in rows})
    kept = {row.id for row in fine}
    dropped = [row.id for row in rows if row.id not in kept]
    later = {row.id: start for row in fine if (start := _allowed_from(row, events[row.event_id], moment, off)) > moment}
    fine = [row for row in fine if row.id not in later]
    badges = _badges({row.person_id for row in fine})
    dues = [_due(row, events[row.event_id], badges.get(row.person_id, 0)) for row in fine if row.how == "alone"]
    dues = with_read(with_buttons(with_counts(dues + _together(fine, events, badges))))
    return dues, dropped, later


def _newest(fine, looked_at):
    """Of each line and device the newest telling, unless one that is not looked at here is newer and wanted, or sent."""
    newest = {}
    for row in fine:
        newest[_line_of(row)] = max(newest.get(_line_of(row), 0), row.n)
    return [row for row in fine if row.n == newest[_line_of(row)]
            and (row.newer is None or (*_line_of(row), row.newer) in looked_at)]


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
def _statement():
    moment = sa.bindparam("moment", type_=Delivery.send_at.type)
    post, root = aliased(Post), aliased(Post)
    session = sa.exists().where(Session.public_id == Device.session_public_id, Session.epoch == Person.epoch)
    newer = (sa.select(sa.func.max(_newer.n)).select_from(_newer).join(_its_event, _its_event.id == _newer.event_id)
             .outerjoin(_its_post, _its_post.id == _its_event.post_id)
             .where(_newer.notification_id == Delivery.notification_id, _newer.channel == Delivery.channel, _newer.device_id == Delivery.device_id,
                    _newer.n > Delivery.n, _newer.send_at <= moment,
                    sa.or_(_newer.state == "sent", sa.and_(_newer.state == "due", *wanted(root, _its_post, moment, _newer, _its_event))))
             .correlate(Delivery, Notification, Person, root).scalar_subquery())
    fine = sa.and_(*wanted(root, post, moment), Device.off_at.is_(None), Device.person_id == Notification.person_id, session)
    return (sa.select(
        Delivery.id, Delivery.n, Delivery.how, Delivery.attempts, Delivery.expires_at, Delivery.notification_id, Delivery.device_id, Delivery.event_id,
        Device.endpoint, Device.p256dh, Device.auth, Device.last_ok_at, Device.failures, Device.last_status,
        Notification.person_id, Notification.root_id, why.label("relation"), Person.lock_screen, Person.lock_private, Device.vapid_id,
        Person.tz, Person.hours, Person.quiet_until, Person.even_outside, newer.label("newer"), fine.label("fine"))
        .join(Notification, Notification.id == Delivery.notification_id).join(Device, Device.id == Delivery.device_id)
        .join(Person, Person.id == Notification.person_id).join(Event, Event.id == Delivery.event_id)
        .join(root, root.id == Notification.root_id).outerjoin(post, post.id == Event.post_id)
        .where(Delivery.id.in_(sa.bindparam("ids", expanding=True)), Delivery.state == "due", Delivery.send_at <= moment).order_by(Delivery.id))


def wanted(root, post, moment, delivery=Delivery, event=Event):
    """The conditions, whatever the channel, that a telling is wanted still: in time, unread, true, nothing of it taken back or muted,
    the person active and with the right to read it; of the social side nothing where they want just their tickets."""
    relation = sa.func.coalesce(delivery.relation, Notification.relation)
    return (delivery.expires_at > moment, Notification.read_at.is_(None),
            Person.state == "active", root.deleted_at.is_(None), sa.or_(post.id.is_(None), post.deleted_at.is_(None)),
            readers(Notification.root_id, among=Person),
            sa.or_(sa.not_(event.note), readers(Notification.root_id, note=True, among=Person)),
            sa.or_(sa.not_(Person.only_tickets), is_quiet(root, event.verb, relation, Person.id)),
            *still_heard(root, event, relation), *still_true(root, event, relation, moment))


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
               row.vapid_id, row.person_id, row.root_id, stale, happening_of(row, event), event.title, words_of(row, event), row.event_id, badge)


def happening_of(row, event):
    """What happened, as its person is told.  row: of a delivery, with relation, n and tz; event: of events_of()."""
    return words_checker.Happening(event.verb, row.relation, event.actor, event.kind, event.audience == "private", event.note,
                                   event.after, event.facts.get("hold_reason"), row.n, words_checker.promised(event.facts, row.tz, now()))


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
