"""Statements compiled once: the same rows as through the session, for lists of any length, and faults said in words."""
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from socialdesk.db import db, now, refusal_of, statements
from socialdesk.policy import MOMENT
from socialdesk.posts.models import Post
from socialdesk.ready import Ready


def test_a_ready_statement_gives_what_the_session_gives(make):
    author = make.person()
    ids = [make.question(author, f"Question {n}?").id for n in range(4)]
    statement = (sa.select(Post.id, Post.made_at, Post.in_feed, (Post.author_id == sa.bindparam("me")).label("mine"))
                 .where(Post.id.in_(sa.bindparam("ids", expanding=True)), Post.kind.in_(("question", "poll")), Post.made_at <= MOMENT).order_by(Post.id))
    ready = Ready(statement)
    for wanted in (ids[:1], ids, ids[1:3], [ids[0], 10 ** 9]):
        given = {"me": author.id, "ids": wanted}
        rows = ready.all(given)
        assert list(map(tuple, rows)) == list(map(tuple, db.session.execute(statement, given)))
        assert isinstance(rows[0].made_at, datetime) and rows[0].mine and rows[0].id == wanted[0]
    assert ready.first({"me": 1, "ids": [10 ** 9]}) is None


def test_a_moment_is_asked_for_at_each_execution(make, time):
    post = make.question(made_at=now() + timedelta(minutes=1))
    ready = Ready(sa.select(sa.func.count()).where(Post.id == sa.bindparam("post"), Post.made_at <= MOMENT))
    assert ready.scalar({"post": post.id}) == 0
    time.pass_(minutes=2)
    assert ready.scalar({"post": post.id}) == 1


def test_it_is_counted_and_its_faults_are_said_in_words(desk):
    counter, ready = [0], Ready(sa.select(sa.literal_column("1")).select_from(sa.table("nowhere")))
    mark = statements.set(counter)
    try:
        with pytest.raises(DBAPIError) as fault:
            ready.all({})
    finally:
        statements.reset(mark)
        db.session.rollback()
    assert counter == [1]
    if db.engine.dialect.name == "sqlite":
        assert "not set up" in refusal_of(fault.value).sentence
