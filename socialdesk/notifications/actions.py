"""Telling people: lines of the inbox, deliveries to their devices, and what was read."""
from collections import defaultdict
from datetime import timedelta

import sqlalchemy as sa

from ..db import db, insert, now, transaction
from ..events import Event, Verb, hint
from ..jobs import done_once, enqueue, enqueue_many, handler
from ..people.models import Person, Session
from ..policy import visible
from ..errors import Missing
from ..posts.models import Post, Reaction
from .audience_queries import RELATIONS, concern_of
from .device_actions import KEEP_DAYS
from .models import Delivery, Device, Notification, Told
from .plan_queries import pick, plan
from .told_queries import told_by

SLICE = 500                             # people told in one transaction
KEPT_FOR = timedelta(days=1)            # how long a push service keeps a push for a phone that is away


# --- telling

def tell(event_id):
    """Tell those whom an event concerns.  Very many are told in slices, each a job of its own."""
    concern = concern_of(db.session, event_id)
    if concern is None:
        return
    people = db.session.execute(told_by(concern.shape, most=SLICE + 1), concern.values).all()
    if len(people) <= SLICE:
        _tell(concern, people, lane="push")
    else:
        _tell_in_slices(concern)


def _tell_in_slices(concern):
    everyone = told_by(concern.shape).order_by(None).subquery()
    numbered = sa.select(everyone.c.id, sa.func.row_number().over(order_by=everyone.c.id).label("place")).subquery()
    ends = db.session.scalars(sa.select(numbered.c.id).where(numbered.c.place % SLICE == 0).order_by(numbered.c.id), concern.values).all()
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
                part = {"first": job.payload["first"], "last": job.payload["last"]}
                _tell(concern, db.session.execute(told_by(concern.shape, part=True), concern.values | part).all(), lane="bulk")


def _tell(concern, people, lane):
    """Write inbox lines and deliveries for those who were not told of this event yet: a few statements, however many they are."""
    fresh = _not_told(concern.event.id, {person.id for person in people})
    people, levels = pick(concern, [person for person in people if person.id in fresh])
    if not people:
        return
    by_rank = defaultdict(list)
    for person in people:
        by_rank[person.rank].append(person.id)
    for rank, ids in by_rank.items():
        _write_lines(concern, RELATIONS[rank], ids)
    hint(*(f"person:{person.id}" for person in people))
    pushes, mails = plan(concern, people, levels)
    for (rank, how, send_at), ids in pushes.items():
        _write_pushes(concern, RELATIONS[rank], ids, how, send_at, lane)
    for (rank, send_at), ids in mails.items():
        _write_mails(concern, RELATIONS[rank], ids, send_at)


def untell(event_id):
    """A like was taken back: its author's unread line tells of one less, unless that line never told of it."""
    event = db.session.get(Event, event_id)
    author_id = db.session.scalar(sa.select(Post.author_id).where(Post.id == event.post_id))
    group = (Notification.person_id == author_id, Notification.group_key == f"likes:{event.root_id}")
    like = db.session.execute(_like_of(event)).first()
    read_to = db.session.scalar(sa.select(sa.func.max(Notification.last_event_id)).where(*group, Notification.read_at.is_not(None))) or 0
    if like is None or not _was_told(like, author_id) or like.id <= read_to:
        return
    last = db.session.scalar(_likes_told(event.root_id, author_id).where(Event.id > read_to, Event.id != like.id))
    # a line of its own for those left: what was told of the former one, and its mails that wait, go with it
    gone = db.session.execute(sa.delete(Notification).where(*group, Notification.read_at.is_(None)).returning(*Notification.__table__.c)).mappings().all()
    for line in gone:
        if line["n"] > 1 and last is not None:
            db.session.execute(sa.insert(Notification.__table__).values(
                {name: value for name, value in line.items() if name != "id"} | {"n": line["n"] - 1, "last_event_id": last}))
    hint(f"person:{author_id}")


def _like_of(taken_back):
    """SELECT id, at of the like that an event takes back."""
    same = (column == getattr(taken_back, column.key) for column in (Event.root_id, Event.post_id, Event.actor_id))
    return sa.select(Event.id, Event.at).where(Event.verb == Verb.LIKED, *same, Event.id < taken_back.id).order_by(Event.id.desc()).limit(1)


def _was_told(like, author_id):
    """Was its author told of a like?  One that was not will not be, being taken back; what was told long ago is written down no more."""
    return not _not_told(like.id, {author_id}) or like.at < now() - timedelta(days=KEEP_DAYS)


def _likes_told(root_id, author_id):
    """SELECT of the newest like in a thread of what this person wrote there, of those they were told of and that stand."""
    stands = sa.exists().where(Reaction.post_id == Event.post_id, Reaction.person_id == Event.actor_id, Reaction.kind == "like")
    told = sa.exists().where(Told.event_id == Event.id, Told.person_id == author_id)
    return (sa.select(sa.func.max(Event.id)).join(Post, Post.id == Event.post_id)
            .where(Event.verb == Verb.LIKED, Event.root_id == root_id, Event.actor_id != author_id, Post.author_id == author_id, stands,
                   sa.or_(told, Event.at < now() - timedelta(days=KEEP_DAYS))))


def _not_told(event_id, person_ids):
    """Of these people, those who are told now for the first time."""
    if not person_ids:
        return set()
    them = sa.select(Person.id, sa.literal(event_id)).where(Person.id.in_(person_ids))
    return set(db.session.scalars(insert(Told.__table__).from_select(["person_id", "event_id"], them)
                                  .on_conflict_do_nothing().returning(Told.person_id)))


def _write_lines(concern, relation, person_ids):
    """One unread line a person and thread: a new one, or one telling more on the line that is there."""
    facts = {"group_key": concern.group, "root_id": concern.root.id, "last_event_id": concern.event.id,
             "relation": relation, "n": 1, "needs_you": concern.needs(relation), "at": now()}
    columns = Notification.__table__.c
    them = sa.select(Person.id, *(sa.literal(value, columns[name].type) for name, value in facts.items())).where(Person.id.in_(person_ids))
    line = insert(Notification.__table__).from_select(["person_id", *facts], them)
    # a change of state says anew whether it waits for somebody; everything else only ever adds to it
    waits = line.excluded.needs_you if concern.verb == Verb.TICKET_STATUS_CHANGED else sa.or_(Notification.needs_you, line.excluded.needs_you)
    db.session.execute(line.on_conflict_do_update(
        index_elements=["person_id", "group_key"], index_where=Notification.read_at.is_(None),
        set_={"n": Notification.n + 1, "last_event_id": line.excluded.last_event_id, "relation": line.excluded.relation,
              "needs_you": waits, "at": line.excluded.at}))


def _write_pushes(concern, relation, person_ids, how, send_at, lane):
    """A delivery for each device of these people that is not gone and whose sign-in still stands, and the jobs that send them."""
    facts = _facts(concern, relation, "push", send_at) | {"how": how}
    devices = (_lines_of(concern, person_ids, facts, Device.id)
               .join(Device, Device.person_id == Notification.person_id).join(Person, Person.id == Device.person_id)
               .join(Session, sa.and_(Session.public_id == Device.session_public_id, Session.epoch == Person.epoch))
               .where(Device.off_at.is_(None)))
    made = (insert(Delivery.__table__).from_select(["notification_id", "person_id", "n", *facts, "device_id"], devices)
            .returning(Delivery.id, Delivery.person_id))
    rows = sorted(db.session.execute(made))
    if how == "rest":
        queue_rest(send_at, {row.person_id for row in rows})
    else:
        for start in range(0, len(rows), SLICE):
            enqueue("push", concern.event.id, lane=lane, run_at=send_at, ids=[row.id for row in rows[start:start + SLICE]])


def _write_mails(concern, relation, person_ids, send_at):
    """A delivery by mail for each of these people, and the job that writes the mails when their time has come."""
    facts = _facts(concern, relation, "mail", send_at)
    made = insert(Delivery.__table__).from_select(["notification_id", "person_id", "n", *facts], _lines_of(concern, person_ids, facts))
    ids = sorted(db.session.scalars(made.returning(Delivery.id)))
    if ids:
        enqueue("mail_notices", concern.event.id, lane="soon", run_at=send_at, ids=ids)


def _facts(concern, relation, channel, send_at):
    return {"event_id": concern.event.id, "relation": relation, "channel": channel, "state": "due", "send_at": send_at, "expires_at": send_at + KEPT_FOR, "attempts": 0}


def _lines_of(concern, person_ids, facts, *more):
    """SELECT of the open line of each of these people, as rows of delivery."""
    columns = Delivery.__table__.c
    return (sa.select(Notification.id, Notification.person_id, Notification.n, *(sa.literal(value, columns[name].type) for name, value in facts.items()), *more)
            .where(Notification.person_id.in_(person_ids), Notification.group_key == concern.group, Notification.read_at.is_(None)))


def queue_rest(send_at, person_ids):
    """The jobs that send to these people, at that moment, what waits for it; one for many people."""
    for part in {person_id // SLICE for person_id in person_ids}:
        enqueue("push_rest", lane="bulk", run_at=send_at, dedupe=f"rest:{send_at:%Y%m%d%H%M%S%f}:{part}", first=part * SLICE, last=part * SLICE + SLICE - 1)


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
