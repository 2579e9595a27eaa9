"""What one can ask of polls: the options, and how many chose each once one has chosen or it has closed."""
from datetime import datetime
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa

from ..db import db, now
from .models import Poll, PollOption, PollVote


class Choice(NamedTuple):
    """An option of a poll.  votes: None while its reader has not chosen and it is open."""

    id: int
    text: str
    votes: int | None


class Shown(NamedTuple):
    """A poll as one reader may see it.  chosen: the id of their option, or None; total: answers, or None like votes."""

    post_id: int
    options: list
    chosen: int | None
    closed: bool
    closes_at: datetime | None
    total: int | None


def polls_of(viewer, post_ids):
    """{post id: Shown} of the polls among posts this person may see.  One statement, none without posts."""
    rows = db.session.execute(_rows(), {"posts": list(post_ids), "me": viewer.id}).all() if post_ids else ()
    found = {}
    for row in rows:
        found.setdefault(row.post_id, []).append(row)
    return {post_id: _shown(rows) for post_id, rows in found.items()}


@cache
def _rows():
    mine = sa.and_(PollVote.post_id == Poll.post_id, PollVote.person_id == sa.bindparam("me"))
    return (sa.select(Poll.post_id, Poll.closes_at, PollOption.id, PollOption.text, PollOption.votes, PollVote.option_id.label("chosen"))
            .join(PollOption, PollOption.post_id == Poll.post_id).outerjoin(PollVote, mine)
            .where(Poll.post_id.in_(sa.bindparam("posts", expanding=True))).order_by(Poll.post_id, PollOption.n))


def _shown(rows):
    first = rows[0]
    closed = first.closes_at is not None and first.closes_at <= now()
    told = closed or first.chosen is not None
    options = [Choice(row.id, row.text, row.votes if told else None) for row in rows]
    return Shown(first.post_id, options, first.chosen, closed, first.closes_at, sum(row.votes for row in rows) if told else None)
