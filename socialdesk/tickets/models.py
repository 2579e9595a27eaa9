"""A ticket: a post with a status, an owner and a clock."""
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import db
from ..events import Verb

OPEN = ("new", "in_progress", "on_hold")
ENDED = ("closed", "canceled")
STATUSES = ("new", "in_progress", "on_hold", "resolved", "closed", "canceled")
HOLD_REASONS = ("requester", "supplier", "change")
TYPES = ("incident", "request")
#: what changes a ticket's status
MOVES = (Verb.TICKET_STATUS_CHANGED, Verb.TICKET_REOPENED, Verb.TICKET_RESUMED)
LEVELS = ("low", "medium", "high")

#: incident and request: from -> to -> who besides agents
NEXT = {
    "new": {"in_progress": (), "on_hold": (), "resolved": (), "canceled": ("requester",)},
    "in_progress": {"on_hold": (), "resolved": (), "canceled": ("requester",)},
    "on_hold": {"in_progress": (), "resolved": (), "canceled": ("requester",)},       # the requester resumes it by a reply
    "resolved": {"closed": ("requester",), "in_progress": ("requester",)},
    "closed": {},
    "canceled": {},
}

_PRIORITY = {("high", "high"): "urgent", ("high", "medium"): "high", ("medium", "high"): "high",
             ("high", "low"): "medium", ("medium", "medium"): "medium", ("low", "high"): "medium"}


def priority(impact, urgency):
    """Impact × urgency as one of urgent, high, medium, low."""
    return _PRIORITY.get((impact, urgency), "low")


class Ticket(db.Model):
    """The side table of a post the desk owns until it is done.  post_id is its id."""

    __table_args__ = (
        sa.Index("ix_ticket_open_team", "team_id", "opened_at", sqlite_where=sa.text("resolved_at IS NULL AND closed_at IS NULL"),
                 postgresql_where=sa.text("resolved_at IS NULL AND closed_at IS NULL")),
        sa.Index("ix_ticket_open_word", "last_word_at", "post_id", sqlite_where=sa.text("resolved_at IS NULL AND closed_at IS NULL"),
                 postgresql_where=sa.text("resolved_at IS NULL AND closed_at IS NULL")),
        sa.Index(None, "assignee_id", "status"), sa.Index(None, "status", "last_word_at", "post_id"))
    post_id: Mapped[int] = mapped_column(sa.ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    type: Mapped[str] = mapped_column(default="incident")
    status: Mapped[str] = mapped_column(default="new")
    hold_reason: Mapped[str | None]
    impact: Mapped[str] = mapped_column(default="low")
    urgency: Mapped[str] = mapped_column(default="medium")
    priority: Mapped[str] = mapped_column(default="low")
    team_id: Mapped[int | None] = mapped_column(sa.ForeignKey("team.id"))       # None: triage
    assignee_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    opened_at: Mapped[datetime]
    first_word_at: Mapped[datetime | None]
    last_word_at: Mapped[datetime]                                              # the last human word from us; opening counts until then
    resolved_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None] = mapped_column(index=True)              # resolved: when it closes itself
    closed_at: Mapped[datetime | None]
    reopened: Mapped[int] = mapped_column(default=0)
    impact_held: Mapped[bool] = mapped_column(default=False, server_default=sa.false())     # an agent decided it: me toos no longer raise it
    version: Mapped[int] = mapped_column(default=1)


#: the open statuses, said by the two times that only the others have: SQLite then walks the partial index in its order
IS_OPEN = sa.and_(Ticket.resolved_at.is_(None), Ticket.closed_at.is_(None))
#: nobody has it; the sign keeps SQLite from gathering all of these by the index of assignees first
IS_FREE = sa.literal_column("+ticket.assignee_id", Ticket.assignee_id.type).is_(None)


class Major(db.Model):
    """A major incident: the public text (a post of its own, which everyone reads) of a ticket that stays private.
    ended_at: it is over."""

    __table_args__ = (sa.Index("ix_major_open", "next_update_at", sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL")),)
    post_id: Mapped[int] = mapped_column(sa.ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    ticket_id: Mapped[int] = mapped_column(sa.ForeignKey("ticket.post_id", ondelete="CASCADE"), unique=True)
    next_update_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Sentence(db.Model):
    """The sentence a person wrote with a change of state; the ledger itself keeps no text."""

    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    text: Mapped[str]
