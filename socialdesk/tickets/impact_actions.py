"""The impact of a ticket: raised by colleagues who say me too, or decided by an agent, and then nothing else moves it."""
import sqlalchemy as sa

from ..db import db, locked, now
from ..events import Event, Verb, record
from ..people.models import Membership
from ..posts.models import Link, MeToo, Post
from .models import ENDED, LEVELS, Ticket, priority

ENOUGH_PEOPLE, ENOUGH_CIRCLES = 3, 2


def weigh_impact(event_id):
    """After a me too was said or taken back: the impact of each ticket its thread tells of, by one step at most."""
    root_id = db.session.scalar(sa.select(Event.root_id).where(Event.id == event_id))
    told = sa.select(Link.to_id).where(Link.from_id == root_id, Link.kind == "shared")
    ticket_ids = db.session.scalars(sa.select(Ticket.post_id).where(sa.or_(Ticket.post_id == root_id, Ticket.post_id.in_(told)))
                                    .order_by(Ticket.post_id)).all()
    for ticket_id in ticket_ids:
        _weigh(locked(Post, ticket_id), locked(Ticket, ticket_id))


def _weigh(post, ticket):
    if ticket.impact_held or ticket.status in ENDED or post.deleted_at:
        return
    start = _start(ticket)
    wanted = LEVELS[min(LEVELS.index(start) + 1, len(LEVELS) - 1)] if _is_enough(post) else start
    if wanted != ticket.impact:
        before = ticket.impact
        set_impact(ticket, wanted)
        record(Verb.IMPACT_CHANGED, post, None, before=before, after=wanted, by="me_too")


def set_impact(ticket, impact):
    """Give a ticket an impact, and the priority that follows."""
    ticket.impact, ticket.priority = impact, priority(impact, ticket.urgency)
    db.session.flush()


def _start(ticket):
    """The impact before any me too had moved it."""
    first = db.session.scalar(sa.select(Event.before).where(Event.root_id == ticket.post_id, Event.verb == Verb.IMPACT_CHANGED,
                                                            Event.facts["by"].as_string() == "me_too").order_by(Event.id).limit(1))
    return first or ticket.impact


def _is_enough(post):
    """Did three people of two circles say it, on the ticket and on all that tells of it?  Those in no circle count as one.
    Who asked counts already; who left their name out where they shared it is the same person.
    What is held counts as if it had not been done: it may be undone, and is weighed when it is told."""
    telling = sa.select(Link.from_id).where(Link.to_id == post.id, Link.kind == "shared")
    root_ids = sa.union_all(sa.select(sa.literal(post.id)), telling)
    held = (Event.root_id.in_(root_ids), Event.hold_until > now())
    kept = sa.select(Event.actor_id).where(Event.verb == Verb.ME_TOO_TAKEN_BACK, Event.actor_id != post.author_id, *held)
    unsure = sa.exists().where(Event.verb == Verb.ME_TOO_SAID, Event.root_id == MeToo.root_id, Event.actor_id == MeToo.person_id, *held)
    people = sa.union(sa.select(MeToo.person_id).where(MeToo.root_id.in_(root_ids), MeToo.person_id != post.author_id, ~unsure), kept).subquery()
    circles = sa.func.coalesce(Membership.circle_id, 0)
    row = db.session.execute(sa.select(sa.func.count(people.c.person_id.distinct()), sa.func.count(circles.distinct()))
                             .select_from(people).outerjoin(Membership, Membership.person_id == people.c.person_id)).one()
    return row[0] >= ENOUGH_PEOPLE and row[1] >= ENOUGH_CIRCLES
