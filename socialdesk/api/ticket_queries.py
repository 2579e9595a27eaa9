"""Tickets as the API shows them, and all that happened to one."""
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..db import Id, db
from ..errors import Invalid, Missing
from ..events import Event, Verb
from ..people.models import Person, Team
from ..policy import event_visible, may_read_notes, readable, visible
from ..posts.models import MeToo, Post
from ..posts.thread_queries import author_columns, get_post
from ..posts.timeline_queries import NAMING, PLACING, SHOWN
from ..tickets.models import Sentence, Ticket
from ..tickets.queries import next_statuses
from .queries import posts_of, said_at

_REPLY_ABOUT = (Verb.ANSWER_ACCEPTED, Verb.ANSWER_UNACCEPTED)
#: what an item of the timeline has where the other kind of item has something to say
_NOTHING = {"verb": None, "before": None, "after": None, "hold_reason": None, "sentence": None, "person": None, "team": None, "id": None,
            "body": None, "body_html": None, "note": False, "accepted": False, "deleted": False}


def ticket_of(viewer, ticket_id):
    """A ticket as the API shows it.  Raises Missing."""
    found = tickets_of(viewer, [ticket_id])
    if not found:
        raise Missing()
    return found[0]


def tickets_of(viewer, ticket_ids):
    """The tickets of these ids that this person may see, in the order given."""
    owner = aliased(Person)
    rows = {row.id: row for row in db.session.execute(
        sa.select(Post.id, Post.root_id, Post.author_id, Post.sealed, Post.team_id, Ticket.type, Ticket.status,
                  Ticket.hold_reason, Ticket.impact, Ticket.urgency, Ticket.priority, Team.name.label("team"), owner.handle.label("assignee"), Ticket.opened_at, Ticket.first_word_at,
                  Ticket.last_word_at, Ticket.resolved_at, Ticket.closes_at, Ticket.closed_at, Ticket.reopened,
                  may_read_notes(viewer, Post).label("for_desk"))
        .select_from(Ticket).join(Post, Post.id == Ticket.post_id).outerjoin(Team, Team.id == Ticket.team_id)
        .outerjoin(owner, owner.id == Ticket.assignee_id).where(Post.id.in_(ticket_ids), visible(viewer, Post)))} if ticket_ids else {}
    return [post | _ticket(viewer, rows[post["id"]]) for post in posts_of(viewer, [key for key in ticket_ids if key in rows])]


def _ticket(viewer, row):
    shown = ("type", "status", "hold_reason", "impact", "urgency", "priority", "team", "assignee")
    times = ("opened_at", "first_word_at", "last_word_at", "resolved_at", "closes_at", "closed_at")
    return ({name: getattr(row, name) for name in shown} | {name: said_at(getattr(row, name)) for name in times}
            | {"reopened": row.reopened, "next_statuses": next_statuses(viewer, row, row)})


# --- the timeline

def timeline_of(viewer, ticket_id, cursor, limit):
    """A page of all that happened to a ticket as this person may see it, oldest first: ([item], next cursor or None).
    Raises Missing, Invalid."""
    if get_post(ticket_id, viewer).kind != "ticket":
        raise Missing()
    order = _order(viewer, ticket_id).subquery()
    rows = sa.select(order.c.at, order.c.is_event, order.c.id).order_by(order.c.at, order.c.is_event, order.c.id).limit(limit + 1)
    if cursor:
        rows = rows.where(sa.tuple_(order.c.at, order.c.is_event, order.c.id) > sa.tuple_(*map(sa.literal, _read_cursor(cursor))))
    rows = db.session.execute(rows).all()
    more, rows = len(rows) > limit, rows[:limit]
    events = _events(viewer, [row.id for row in rows if row.is_event])
    replies = _replies(viewer, [row.id for row in rows if not row.is_event])
    items = [(events if row.is_event else replies).get(row.id) for row in rows]
    return [item for item in items if item], f"{rows[-1].at}-{rows[-1].is_event}-{rows[-1].id}" if more else None


def _order(viewer, ticket_id):
    """When what happened: replies and events as (at in microseconds, is it an event, id)."""
    root = aliased(Post)
    replies = (sa.select(sa.type_coerce(Post.made_at, Id).label("at"), sa.literal(0).label("is_event"), Post.id)
               .join(root, root.id == Post.root_id)
               .where(Post.root_id == ticket_id, Post.id != ticket_id, readable(viewer, Post, root),
                      sa.or_(Post.deleted_at.is_(None), sa.not_(Post.note))))
    still = sa.or_(Event.verb != Verb.ME_TOO_SAID, sa.exists().where(MeToo.root_id == Event.root_id, MeToo.person_id == Event.actor_id))
    others = sa.or_(Event.verb != Verb.SEEN, Event.actor_id != viewer.id)
    events = (sa.select(sa.type_coerce(Event.at, Id), sa.literal(1), Event.id).join(root, root.id == Event.root_id)
              .where(Event.root_id == ticket_id, Event.verb.in_(SHOWN), event_visible(viewer, Event, root), still, others))
    return sa.union_all(replies, events)


def _read_cursor(text):
    parts = text.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        raise Invalid("This cursor is not one of this list. Begin without one, and take next_cursor from each answer.", field="cursor")
    return [int(part) for part in parts]


def _events(viewer, event_ids):
    root, actor, about = aliased(Post), aliased(Person), aliased(Person)
    rows = db.session.execute(
        sa.select(Event.id, Event.at, Event.verb, Event.before, Event.after, Event.note, Event.ref_id, Event.facts, Sentence.text,
                  Team.name.label("team"), *author_columns(viewer, root, Event.actor_id, actor, "actor"),
                  *author_columns(viewer, root, Event.ref_id, about, "about"))
        .join(root, root.id == Event.root_id).outerjoin(actor, actor.id == Event.actor_id).outerjoin(Sentence, Sentence.event_id == Event.id)
        .outerjoin(about, sa.and_(Event.verb.in_(NAMING), about.id == Event.ref_id))
        .outerjoin(Team, sa.and_(Event.verb.in_(PLACING), Team.id == Event.ref_id))
        .where(Event.id.in_(event_ids), event_visible(viewer, Event, root))) if event_ids else ()
    return {row.id: _NOTHING | {
        "at": said_at(row.at), "kind": "event", "actor": row.actor_handle, "verb": row.verb, "before": row.before, "after": row.after,
        "hold_reason": row.facts.get("hold_reason"), "sentence": row.text, "person": row.about_handle, "team": row.team,
        "id": row.ref_id if row.verb in _REPLY_ABOUT else None, "note": row.note} for row in rows}


def _replies(viewer, reply_ids):
    return {post["id"]: _NOTHING | {
        "at": post["created_at"], "kind": "reply", "actor": post["author"] and post["author"]["handle"], "id": post["id"], "body": post["body"],
        "body_html": post["body_html"], "note": post["note"], "accepted": post["accepted"], "deleted": post["deleted"]}
        for post in posts_of(viewer, reply_ids)}
