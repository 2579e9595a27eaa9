"""How many happenings a notice stands for: of those told since its person last looked, what still stands and they may see."""
from functools import cache

import sqlalchemy as sa

from ..db import db
from ..events import Event, Verb
from ..people.models import Person
from ..policy import readers
from ..posts.models import Post
from .models import Delivery, Notification, Told


def with_counts(dues):
    """The same Dues, each saying how many happenings it stands for by now; those that wait with it too."""
    counts = counts_of({due.id: due.n for one in dues for due in (one, *one.others)})
    return [_counted(due, counts)._replace(others=tuple(_counted(other, counts) for other in due.others)) for due in dues] if counts else dues


def _counted(due, counts):
    return due._replace(happening=due.happening._replace(n=counts[due.id])) if due.id in counts else due


def counts_of(told, of=Delivery):
    """{id: how many happenings}, the newest included, of those deliveries or lines (Notification) that tell of several.  told: {id: how
    many were told}.  What was taken back counts no more, nor a note where its person may not read notes any more."""
    several = {key: n for key, n in told.items() if n > 1}
    gone = dict(db.session.execute(_statement(of), {"ids": sorted(several)}).all()) if several else {}
    return {key: n - gone.get(key, 0) for key, n in several.items()}


@cache
def _statement(of):
    """How many are gone of the happenings before the newest: as many as were told on the line, the last ones its person was told there."""
    told = _told(of)
    unreadable = sa.and_(told.c.note, sa.not_(readers(told.c.root_id, note=True, among=Person)))
    return (sa.select(told.c.id, sa.func.count()).join(Person, Person.id == told.c.person_id).outerjoin(Post, Post.id == told.c.post_id)
            .where(told.c.place.between(2, told.c.n), sa.or_(Post.deleted_at.is_not(None), unreadable)).group_by(told.c.id))


def _told(of):
    newest = of.event_id if of is Delivery else of.last_event_id
    likes = Notification.group_key.like("likes:%")
    place = sa.func.row_number().over(partition_by=of.id, order_by=Event.id.desc())
    lines = sa.select(of.id, of.n, Notification.person_id, Event.root_id, Event.post_id, Event.note, place.label("place")).select_from(Notification)
    lines = lines.join(Delivery, Delivery.notification_id == Notification.id) if of is Delivery else lines
    return (lines.join(Event, sa.and_(Event.root_id == Notification.root_id, Event.id <= newest, (Event.verb == Verb.LIKED) == likes))
            .join(Told, sa.and_(Told.event_id == Event.id, Told.person_id == Notification.person_id))
            .where(of.id.in_(sa.bindparam("ids", expanding=True))).subquery())
