"""What one can ask of the inbox, the devices and what is muted."""
from collections import namedtuple
from datetime import timedelta
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..db import EPOCH, db, now
from ..errors import Invalid
from ..events import Event, Verb
from ..people.models import Person, Session
from ..policy import asker, may_read_notes, values, visible
from ..posts.models import Follow, Post
from ..ready import Ready
from ..tickets.models import Ticket
from . import words_checker
from .audience_queries import is_quiet
from .count_queries import counts_of
from .due_queries import shown_name
from .models import Device, Notification

MOST_COUNTED = 100
MOST_WAITING = 50

#: a line of the inbox.  sentence: what happened; actor, handle: who did it, None where the name is left out
Line = namedtuple("Line", "id at unread needs_you n title sentence url kind root_id status hold_reason actor handle relation event_id mine")
Page = namedtuple("Page", "lines next_cursor")


def unread_count(viewer):
    """How many lines are unread, counted to 100 and no further."""
    if viewer is None:
        return 0
    return _unread(asker(viewer), viewer.only_tickets).scalar(values(viewer))


@lru_cache
def _unread(who, is_quiet_one):
    lines = _lines(who, aliased(Post), aliased(Event), Notification.id, only_tickets=is_quiet_one).where(Notification.read_at.is_(None)).limit(MOST_COUNTED).subquery()
    return Ready(sa.select(sa.func.count()).select_from(lines))


def waiting_of(viewer):
    """The unread lines that need this person, newest first."""
    return _lines_of(_full(viewer).where(*WAITING).limit(MOST_WAITING), viewer)


WAITING = (Notification.read_at.is_(None), Notification.needs_you)


def inbox_of(viewer, cursor=None, limit=40, waiting=True):
    """A page of lines, newest first, and the cursor of the next.  waiting=False leaves out what waiting_of() gives.  Raises Invalid."""
    found = _full(viewer)
    if not waiting:
        found = found.where(sa.not_(sa.and_(*WAITING)))
    if cursor:
        at, key = _read_cursor(cursor)
        found = found.where(sa.tuple_(Notification.at, Notification.id) < sa.tuple_(sa.literal(at, Notification.at.type), sa.literal(key)))
    lines = _lines_of(found.limit(limit + 1), viewer)
    more = len(lines) > limit
    lines = lines[:limit]
    return Page(lines, _cursor(lines[-1]) if more else None)


def _lines(viewer, root, event, *columns, only_tickets=False):
    """Lines of a person whose thread they may see now, and whose last event they may read; of the social side none where
    they want just their tickets."""
    wanted = (is_quiet(root, event.verb, Notification.relation, viewer.id),) if only_tickets else ()
    return (sa.select(*columns).select_from(Notification).join(root, root.id == Notification.root_id)
            .outerjoin(event, event.id == Notification.last_event_id)
            .where(Notification.person_id == viewer.id, visible(viewer, root), root.deleted_at.is_(None),
                   sa.or_(event.id.is_(None), sa.not_(event.note), may_read_notes(viewer, root)), *wanted))


def _full(viewer):
    root, event, post, actor = aliased(Post), aliased(Event), aliased(Post), aliased(Person)
    gone = sa.and_(event.verb == Verb.REPLIED, post.deleted_at.is_not(None))
    hidden = sa.or_(sa.and_(root.shown_as.is_not(None), event.actor_id == root.author_id),
                    sa.and_(post.shown_as.is_not(None), event.actor_id == post.author_id))
    return (_lines(viewer, root, event, Notification.id, Notification.at, Notification.read_at, Notification.needs_you, Notification.n,
                   Notification.relation, Notification.last_event_id, Notification.root_id, root.title, root.kind, root.audience, root.status.label("post_status"),
                   Ticket.status, Ticket.hold_reason, sa.case((gone, words_checker.TAKEN_BACK), else_=event.verb).label("verb"), event.after, event.note, event.facts,
                   shown_name(actor, event, root, post).label("actor"),
                   (root.author_id == viewer.id).label("mine"), sa.case((hidden, None), else_=actor.handle).label("handle"),
                   only_tickets=viewer.only_tickets)
            .outerjoin(post, post.id == event.post_id).outerjoin(actor, actor.id == event.actor_id)
            .outerjoin(Ticket, Ticket.post_id == root.id).order_by(Notification.at.desc(), Notification.id.desc()))


def _lines_of(statement, viewer):
    rows = db.session.execute(statement).all()
    counts = counts_of({row.id: row.n for row in rows}, of=Notification)
    return [_line(row, viewer.tz, counts.get(row.id, 1)) for row in rows]


def _line(row, tz, n):
    happening = words_checker.Happening(
        verb=row.verb or "", relation=row.relation, actor=row.actor, kind=row.kind, private=row.audience == "private",
        note=bool(row.note), after=row.after, hold_reason=(row.facts or {}).get("hold_reason"), n=n,
        promised=words_checker.promised(row.facts, tz, now()))
    return Line(row.id, row.at, row.read_at is None, row.needs_you and row.read_at is None, n, row.title,
                words_checker.sentence(happening), f"/p/{row.root_id}", row.kind, row.root_id, row.status or row.post_status,
                row.hold_reason, row.actor, row.handle, row.relation, row.last_event_id, row.mine)


def standing_of(viewer, notification_ids):
    """Of these lines, the ids of those that are this person's, unread, and still for them."""
    lines = _lines(viewer, aliased(Post), aliased(Event), Notification.id, only_tickets=viewer.only_tickets)
    return list(db.session.scalars(lines.where(Notification.id.in_(notification_ids), Notification.read_at.is_(None)).order_by(Notification.id)))


def line_of(viewer, notification_id):
    """One line, or None."""
    return next(iter(_lines_of(_full(viewer).where(Notification.id == notification_id), viewer)), None)


def _cursor(line):
    return f"{(line.at - EPOCH) // timedelta(microseconds=1)}.{line.id}"


def _read_cursor(text):
    at, _, key = text.partition(".")
    if not (at.isdecimal() and key.isdecimal() and len(at) < 18 and len(key) < 18):
        raise Invalid("This page of the inbox is not known. Open the inbox anew.", field="cursor")
    return EPOCH + timedelta(microseconds=int(at)), int(key)


# --- devices and choices

def devices_of(viewer):
    """The devices that take this person's notices, the last seen first.  here: the one of this very sign-in."""
    return db.session.execute(
        sa.select(Device.id, Device.label, Device.made_at, Device.last_seen_at, Device.last_ok_at, Device.failures, Device.last_status,
                  (Device.session_public_id == viewer.session_id).label("here"))
        .join(Person, Person.id == Device.person_id)
        .join(Session, sa.and_(Session.public_id == Device.session_public_id, Session.epoch == Person.epoch))
        .where(Device.person_id == viewer.id, Device.off_at.is_(None)).order_by(Device.last_seen_at.desc(), Device.id)).all()


def device_of(viewer, device_id):
    """A device of this person with its keys, or None."""
    return db.session.execute(
        sa.select(Device.id, Device.endpoint, Device.p256dh, Device.auth, Device.vapid_id, Device.label,
                  (Device.session_public_id == viewer.session_id).label("here"))
        .where(Device.id == device_id, Device.person_id == viewer.id, Device.off_at.is_(None))).first()


def on_other_keys(key_id):
    """How many devices that take pushes signed up with another of the desk's keys than this one."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(Device).where(Device.off_at.is_(None), Device.vapid_id != key_id))


def push_state():
    """{"devices", "refused", "failing"}: how many devices take pushes, are refused by their service, or could not be reached last."""
    refused = sa.func.count().filter(Device.last_status.in_((-4, -2, -1, 400, 401, 403, 413)))
    failing = sa.func.count().filter(Device.failures > 0)
    row = db.session.execute(sa.select(sa.func.count(), refused, failing).select_from(Device).where(Device.off_at.is_(None))).one()
    return dict(zip(("devices", "refused", "failing"), row))
