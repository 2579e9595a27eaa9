"""Telling people: lines of the inbox, deliveries to their devices, and what was read."""
from collections import defaultdict
from datetime import timedelta

import sqlalchemy as sa

from ..db import db, insert, now, transaction
from ..events import Verb, hint
from ..jobs import done_once, enqueue, enqueue_many, handler
from ..people.models import Person, Session
from ..policy import visible
from ..errors import Invalid, Missing
from ..posts.models import Post
from .audience_queries import RELATIONS, concern_of, told_by
from .hours_checker import next_start
from .models import Delivery, Device, Notification, Told

SLICE = 500                             # people told in one transaction
KEPT_FOR = timedelta(days=1)            # how long a push service keeps a push for a phone that is away
LOCK_SCREENS = ("discreet", "full")


# --- telling

def tell(event_id):
    """Tell those whom an event concerns.  Very many are told in slices, each a job of its own."""
    concern = concern_of(db.session, event_id)
    if concern is None:
        return
    people = db.session.execute(told_by(concern).limit(SLICE + 1)).all()
    if len(people) <= SLICE:
        _tell(concern, people, lane="push")
    else:
        _tell_in_slices(concern)


def _tell_in_slices(concern):
    everyone = told_by(concern).order_by(None).subquery()
    numbered = sa.select(everyone.c.id, sa.func.row_number().over(order_by=everyone.c.id).label("place")).subquery()
    ends = db.session.scalars(sa.select(numbered.c.id).where(numbered.c.place % SLICE == 0).order_by(numbered.c.id)).all()
    starts = [0, *(end + 1 for end in ends)]
    ends = [*ends, 2 ** 62]                                      # the last one takes who joins meanwhile
    enqueue_many([{"kind": "tell_slice", "ref_id": concern.event.id, "lane": "bulk", "dedupe": f"tell:{concern.event.id}:{part}",
                   "payload": {"part": part, "first": first, "last": last}}
                  for part, (first, last) in enumerate(zip(starts, ends))])


@handler("tell_slice", outside=True)
def tell_slice(jobs):
    """Tell the people of each slice, in a short transaction each: claimed together they would be one long one."""
    for job in jobs:
        with transaction():
            concern = concern_of(db.session, job.ref_id)
            if concern is not None and done_once(job.ref_id, "tell", job.payload["part"]):
                people = db.session.execute(told_by(concern, job.payload["first"], job.payload["last"])).all()
                _tell(concern, people, lane="bulk")


def _tell(concern, people, lane):
    """Write inbox lines and deliveries for those who were not told of this event yet."""
    fresh = _not_told(concern.event.id, [person.id for person in people])
    people = [person for person in people if person.id in fresh]
    if not people:
        return
    lines = _write_lines(concern, people)
    hint(*(f"person:{person.id}" for person in people))
    ringing = {person.id: person for person in people if concern.rings(RELATIONS[person.rank])}
    _write_deliveries(concern.event, ringing, lines, lane)


def _not_told(event_id, person_ids):
    if not person_ids:
        return set()
    rows = [{"person_id": person_id, "event_id": event_id} for person_id in person_ids]
    told = insert(Told.__table__).on_conflict_do_nothing().returning(Told.person_id)
    return set(db.session.scalars(told, rows))


def _write_lines(concern, people):
    """One unread line a person and thread: a new one, or one telling more on the line that is there.
    Returns {person id: (notification id, n)}."""
    root_id = concern.root.id
    rows = [{"person_id": person.id, "group_key": f"thread:{root_id}", "root_id": root_id, "last_event_id": concern.event.id,
             "relation": RELATIONS[person.rank], "n": 1, "needs_you": concern.needs(RELATIONS[person.rank]), "at": now()} for person in people]
    line = insert(Notification.__table__)
    # a change of state says anew whether it waits for somebody; everything else only ever adds to it
    waits = line.excluded.needs_you if concern.verb == Verb.TICKET_STATUS_CHANGED else sa.or_(Notification.needs_you, line.excluded.needs_you)
    line = line.on_conflict_do_update(
        index_elements=["person_id", "group_key"], index_where=Notification.read_at.is_(None),
        set_={"n": Notification.n + 1, "last_event_id": line.excluded.last_event_id, "relation": line.excluded.relation,
              "needs_you": waits, "at": line.excluded.at})
    written = db.session.execute(line.returning(Notification.person_id, Notification.id, Notification.n), rows)
    return {person_id: (notification_id, n) for person_id, notification_id, n in written}


def _write_deliveries(event, people, lines, lane):
    """A delivery for each device of these people, sent when their hours allow, and the jobs that send them."""
    devices, moment = _devices(people), now()
    starts, rows = {}, []
    for device_id, person_id in devices:
        person = people[person_id]
        if person_id not in starts:
            starts[person_id] = next_start(person.hours, person.tz, moment)
        notification_id, n = lines[person_id]
        rows.append({"notification_id": notification_id, "event_id": event.id, "channel": "push", "device_id": device_id, "n": n,
                     "state": "due", "send_at": starts[person_id], "expires_at": starts[person_id] + KEPT_FOR, "attempts": 0})
    if not rows:
        return
    waiting = defaultdict(list)
    for delivery_id, send_at in db.session.execute(insert(Delivery.__table__).returning(Delivery.id, Delivery.send_at), rows):
        waiting[send_at].append(delivery_id)
    for send_at, ids in waiting.items():
        for start in range(0, len(ids), SLICE):
            enqueue("push", event.id, lane=lane, run_at=send_at, ids=sorted(ids[start:start + SLICE]))


def _devices(person_ids):
    """(device id, person id) of the devices that take pushes: not gone, and their sign-in still stands."""
    if not person_ids:
        return []
    signed_in = sa.and_(Session.public_id == Device.session_public_id, Session.epoch == Person.epoch)
    return db.session.execute(
        sa.select(Device.id, Device.person_id).join(Person, Person.id == Device.person_id).join(Session, signed_in)
        .where(Device.person_id.in_(sorted(person_ids)), Device.off_at.is_(None)).order_by(Device.id)).all()


# --- reading

def read_thread(viewer, root_id):
    """The person has seen a thread: its line is read."""
    _read(viewer, Notification.root_id == root_id)


def read_line(viewer, notification_id):
    """Mark one line as read.  Raises Missing where it is not theirs."""
    there = db.session.scalar(sa.select(Notification.id).join(Post, Post.id == Notification.root_id)
                              .where(Notification.id == notification_id, Notification.person_id == viewer.id, visible(viewer, Post)))
    if there is None:
        raise Missing()
    _read(viewer, Notification.id == notification_id)


def read_all(viewer, up_to=None):
    """Mark every line as read.  up_to: an event; what came after it the person has not seen yet."""
    _read(viewer, sa.true() if up_to is None else Notification.last_event_id <= up_to)


def _read(viewer, which):
    changed = db.session.execute(
        sa.update(Notification).where(Notification.person_id == viewer.id, Notification.read_at.is_(None), which)
        .values(read_at=now()).execution_options(synchronize_session=False)).rowcount
    if changed:
        hint(f"person:{viewer.id}")


# --- choosing

def choose_lock_screen(viewer, words):
    """Choose what a locked phone shows: "discreet" or "full".  Raises Invalid."""
    if words not in LOCK_SCREENS:
        raise Invalid("A locked phone shows either little (discreet) or everything (full). Choose one of the two.", field="lock_screen")
    db.session.execute(sa.update(Person).where(Person.id == viewer.id).values(lock_screen=words)
                       .execution_options(synchronize_session=False))
