"""What one can ask of a ticket: how it stands, what its reader may do next, who could have it."""
from dataclasses import dataclass
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from .. import policy
from ..db import db, now
from ..errors import Missing
from ..events import Event
from ..people.models import Person, Team
from ..posts.models import Link, Post
from .checker import day_in_words
from .models import ENDED, MOVES, NEXT, Sentence, Ticket
from .queue_queries import FILTERS, PAGE, counts_of, queue_of, tickets_of

__all__ = ["FILTERS", "PAGE", "choices_of", "counts_of", "next_statuses", "panel_of", "queue_of", "ticket_of", "tickets_of"]


@dataclass(frozen=True)
class Panel:
    """How a ticket stands for one reader.  t: the row; statuses: where they may move it; free: those of them that need
    no sentence; closes: the day it closes itself, in words; may_undo: their last step is still held."""

    t: object
    statuses: list
    free: list
    is_requester: bool
    for_desk: bool
    closes: str
    may_undo: bool
    has_ended: bool


def panel_of(root, viewer):
    """The Panel of a ticket.  root: its Post, or its id.  One statement.  Raises Missing."""
    row = db.session.execute(_panel(policy.asker(viewer)), policy.values(viewer) | {"ticket": getattr(root, "id", root)}).first()
    if row is None:
        raise Missing()
    statuses = next_statuses(viewer, row, row)
    mine = row.author_id == viewer.id
    return Panel(row, statuses, [to for to in statuses if mine and "requester" in NEXT[row.status][to]], mine, policy.can(viewer, "ticket.take", row),
                 day_in_words(row.closes_at, now(), viewer.tz) if row.closes_at else "",
                 row.said_by == viewer.id and row.said_hold is not None and row.said_hold > now(), row.status in ENDED)


@lru_cache
def _panel(who):
    asker, owner, speaker, said = aliased(Person), aliased(Person), aliased(Person), aliased(Event)
    told = aliased(Event)
    last = (sa.select(sa.func.max(told.id)).where(told.root_id == Post.id, told.verb.in_(MOVES), policy.event_visible(who, told, Post))
            .correlate(Post).scalar_subquery())
    named = Post.shown_as.is_(None)
    return (sa.select(
        Post.id, Post.root_id, Post.author_id, Post.title, Post.sealed, Post.audience,
        sa.func.coalesce(Post.shown_as, asker.name).label("asker"), sa.case((named, asker.handle)).label("asker_handle"),
        Ticket.type, Ticket.status, Ticket.hold_reason, Ticket.impact, Ticket.impact_held, Ticket.urgency, Ticket.priority, Ticket.team_id, Ticket.assignee_id,
        Ticket.opened_at, Ticket.first_word_at, Ticket.last_word_at, Ticket.resolved_at, Ticket.closes_at, Ticket.closed_at, Ticket.reopened,
        Team.name.label("team"), owner.name.label("owner"), owner.handle.label("owner_handle"),
        policy.may_read_notes(who, Post).label("for_desk"),
        sa.case((said.after == Ticket.status, Sentence.text)).label("said"), speaker.name.label("speaker"),
        said.at.label("said_at"), said.actor_id.label("said_by"), said.hold_until.label("said_hold"),
        _linked(who, Link.from_id, Link.to_id).label("follow_up_id"), _linked(who, Link.to_id, Link.from_id).label("follows_id"))
        .select_from(Ticket).join(Post, Post.id == Ticket.post_id).join(asker, asker.id == Post.author_id)
        .outerjoin(Team, Team.id == Ticket.team_id).outerjoin(owner, owner.id == Ticket.assignee_id)
        .outerjoin(said, said.id == last).outerjoin(Sentence, Sentence.event_id == said.id).outerjoin(speaker, speaker.id == said.actor_id)
        .where(Ticket.post_id == sa.bindparam("ticket"), policy.visible(who, Post)))


def _linked(who, wanted, known):
    """The ticket at the other end of a follow-up, if this person may read it."""
    other = aliased(Post)
    return (sa.select(sa.func.max(wanted)).join(other, other.id == wanted)
            .where(known == Post.id, Link.kind == "follow_up", policy.visible(who, other)).correlate(Post).scalar_subquery())


def ticket_of(post_id, viewer):
    """The row of a ticket this person may read: the columns of the panel.  Raises Missing."""
    return panel_of(post_id, viewer).t


def choices_of(ticket_id, viewer):
    """(teams, agents) a ticket may be given to: rows of id, name, handle (None for a team).  One statement.
    Empty for whoever does not work on it."""
    desk = sa.exists().where(Post.id == ticket_id, policy.visible(viewer, Post), policy.may_read_notes(viewer, Post))
    teams = sa.select(Team.id, Team.name, sa.null().label("handle"), Team.name_fold.label("fold")).where(desk)
    agents = sa.select(Person.id, Person.name, Person.handle, Person.name_fold).where(desk, policy.readers(ticket_id, note=True))
    found = list(db.session.execute(sa.union_all(teams, agents)))
    found.sort(key=lambda row: row.fold)
    return [row for row in found if row.handle is None], [row for row in found if row.handle is not None]


def next_statuses(viewer, post, ticket):
    """The statuses this person may move a ticket to: what the buttons offer and the action allows."""
    is_desk = policy.can(viewer, "ticket.move", post)
    is_requester = viewer is not None and post.author_id == viewer.id
    return [to for to, others in NEXT[ticket.status].items() if is_desk or is_requester and "requester" in others]
