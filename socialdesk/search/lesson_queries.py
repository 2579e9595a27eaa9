"""What is kept of a person's searches, and what suggestions saved."""
from datetime import timedelta
from typing import NamedTuple

import sqlalchemy as sa

from ..db import db, now
from ..events import Event, Verb
from ..people.models import Person
from .ask_queries import rows_of
from .models import Lesson, SearchCount
from .queries import url_of

SAVED_DAYS = 30
PAGE, MOST = 50, 1_000
#: what a lesson says, to the person it was kept of
WHY = {"solved": "solved it", "me_too": "you said me too", "opened": "you opened it", "sent": "you sent it to a person all the same"}


class Kept(NamedTuple):
    """A lesson as its person may read it.  title, url: empty where the post is for them no more."""

    text: str
    why: str
    post_id: int
    title: str
    url: str
    at: object


def may_learn(viewer):
    """May what helps this person help others find it?"""
    return bool(db.session.scalar(sa.select(Person.learns).where(Person.id == viewer.id)))


def lessons_of(viewer, limit=PAGE):
    """([Kept], how many there are), newest first."""
    rows = db.session.execute(sa.select(Lesson.text, Lesson.why, Lesson.post_id, Lesson.at).where(Lesson.person_id == viewer.id)
                              .order_by(Lesson.id.desc()).limit(limit)).all()
    number = len(rows) if len(rows) < limit else db.session.scalar(sa.select(sa.func.count()).where(Lesson.person_id == viewer.id))
    found = rows_of(viewer, sorted({row.post_id for row in rows}))
    return [Kept(row.text, row.why, row.post_id, *_where(found.get(row.post_id)), row.at) for row in rows], number


def _where(row):
    return (row.title, url_of(row)) if row else ("", "")


def what_suggestions_saved(days=SAVED_DAYS):
    """{"shown", "opened", "solved", "joined", "sent": how often in so many days}."""
    verbs = {"opened": Verb.SUGGESTION_OPENED, "solved": Verb.SUGGESTION_SOLVED, "joined": Verb.SUGGESTION_JOINED, "sent": Verb.SENT_ANYWAY}
    since = now() - timedelta(days=days)
    told = dict(map(tuple, db.session.execute(sa.select(Event.verb, sa.func.count()).where(
        Event.verb.in_(verbs.values()), Event.at > since).group_by(Event.verb))))
    shown = db.session.scalar(sa.select(sa.func.sum(SearchCount.number)).where(SearchCount.what == "shown", SearchCount.day > since.date().isoformat()))
    return {"shown": int(shown or 0)} | {name: told.get(verb, 0) for name, verb in verbs.items()}
