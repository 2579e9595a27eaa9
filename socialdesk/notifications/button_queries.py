"""What a push says beside its words: which buttons its person may press now, and what was read meanwhile; and what a press is about."""
from collections import defaultdict
from datetime import timedelta
from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..db import db, now
from ..errors import Missing
from ..events import Event
from ..people.models import Person
from ..policy import speakers, visible, workers
from ..posts.models import Post
from ..tickets.models import IS_OPEN, MOVES, Ticket
from .button_checker import BUTTONS, is_deed, keys_for
from .models import Delivery, Notification, why

MOST_READ = 20                          # lines named as read in one push
SHOWN_FOR = timedelta(days=3)           # what was pushed before that nobody leaves on the screen


def with_buttons(dues):
    """The same Dues, each with the keys of the buttons its person may press at this moment.  What is told of several has none."""
    offered = {due.id: keys_for(due.happening) for due in dues if not due.others}
    asked = {due.notification_id for due in dues if offered.get(due.id)}
    facts = {row.id: row for row in db.session.execute(_facts(), {"ids": sorted(asked)})} if asked else {}
    return [due._replace(buttons=tuple(key for key in offered[due.id] if getattr(facts.get(due.notification_id), BUTTONS[key].needs, False)))
            if offered.get(due.id) else due for due in dues]


@cache
def _facts():
    root = aliased(Post)
    return (sa.select(
        Notification.id,
        sa.and_(Ticket.status == "resolved", root.author_id == Person.id).label("checks"),
        sa.and_(IS_OPEN, Ticket.assignee_id.is_(None), root.author_id != Person.id, workers(root, among=Person)).label("takes"),
        speakers(root, among=Person).label("speaks"))
        .select_from(Notification).join(Person, Person.id == Notification.person_id).join(root, root.id == Notification.root_id)
        .outerjoin(Ticket, Ticket.post_id == root.id).where(Notification.id.in_(sa.bindparam("ids", expanding=True))))


def with_read(dues):
    """The same Dues, each with the lines that were pushed to its device lately and are read by now, the newest first."""
    if not dues:
        return dues
    found = defaultdict(list)
    given = {"people": sorted({due.person_id for due in dues}), "since": now() - SHOWN_FOR}
    for device_id, notification_id in db.session.execute(_read_lately(), given):
        found[device_id].append(notification_id)
    return [due._replace(read=tuple(dict.fromkeys(found[due.device_id]))[:MOST_READ]) if due.device_id in found else due for due in dues]


@cache
def _read_lately():
    return (sa.select(Delivery.device_id, Delivery.notification_id).join(Notification, Notification.id == Delivery.notification_id)
            .where(Delivery.person_id.in_(sa.bindparam("people", expanding=True)), Delivery.send_at > sa.bindparam("since", type_=Delivery.send_at.type),
                   Delivery.channel == "push", Delivery.state == "sent", Notification.read_at.is_not(None))
            .order_by(Delivery.id.desc()))


def told_of(viewer, notification_id, deed, n):
    """What a button of somebody's own notice is about: its event, its thread, how its ticket stands, who has it, and whether its state has changed since.
    n: which telling of the notice it was.  Raises Missing where it is not theirs, or was never offered."""
    later, has_it = aliased(Event), aliased(Person)
    moved = sa.exists().where(later.root_id == Event.root_id, later.id > Event.id, later.verb.in_(MOVES))
    row = db.session.execute(
        sa.select(Event.id.label("event_id"), why.label("relation"),
                  Event.verb, Event.after, Event.facts, Post.id.label("root_id"), Post.title, Ticket.status, moved.label("moved"), IS_OPEN.label("is_open"),
                  Ticket.assignee_id, has_it.name.label("assignee"))
        .select_from(Delivery).join(Notification, Notification.id == Delivery.notification_id).join(Event, Event.id == Delivery.event_id)
        .join(Post, Post.id == Notification.root_id).join(Ticket, Ticket.post_id == Post.id).outerjoin(has_it, has_it.id == Ticket.assignee_id)
        .where(Delivery.notification_id == notification_id, Delivery.channel == "push", Delivery.n == n,
               Notification.person_id == viewer.id, Post.deleted_at.is_(None), visible(viewer, Post)).limit(1)).first()
    if row is None or not is_deed(deed, row.verb, row.after, row.facts.get("hold_reason")):
        raise Missing("This notice is not for you, or what it told of is gone. Nothing was done.")
    return row
