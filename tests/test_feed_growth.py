"""However much is said: unread announcements stay in front, and lists are found along an index."""
import re

import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.feed import candidate_queries, queries, ranked_queries
from socialdesk.knowledge import help_queries
from socialdesk.knowledge.models import Article
from socialdesk.knowledge.queries import article_of, related_to
from socialdesk.posts import actions
from socialdesk.tags.models import PostTag
from tests.feed_desk import follow_tag, publish, walk

from .conftest import DATABASE


@pytest.fixture
def six(monkeypatch):
    """The list is made of the six newest threads."""
    monkeypatch.setattr(candidate_queries, "MOST", 6)


def asked(author, make, count=12):
    return [make.question(author, f"Question {n}?").id for n in range(count)]


def first_of(person):
    ranked_queries.frozen.drop()
    return queries.feed_page(person, None, 4, "for-you").rows[0].id


# --- announcements that much was said after

def test_an_unread_announcement_stays_in_front_however_much_was_said_since(make, six):
    author, reader, agent = make.person(), make.person(), make.agent()
    news = publish(agent, "announcement", "The canteen opens at noon.").id
    posts = asked(author, make)
    seen = walk(reader, 4, "for-you")
    assert seen[0] == news and set(seen[1:7]) == set(posts[-6:]) and seen[7:] == posts[-7::-1]


def test_once_opened_it_takes_its_place_again(make, six):
    author, reader, agent = make.person(), make.person(), make.agent()
    news = publish(agent, "announcement", "The canteen opens at noon.").id
    posts = asked(author, make)
    with transaction():
        actions.mark_seen(news, reader)
    seen = walk(reader, 4, "for-you")
    assert set(seen[:6]) == set(posts[-6:]) and seen[-1] == news and len(seen) == 13


def test_after_two_weeks_it_is_lifted_no_longer(make, six, time):
    author, reader, agent = make.person(), make.person(), make.agent()
    news = publish(agent, "announcement", "The canteen opens at noon.").id
    asked(author, make)
    time.pass_(days=13, hours=23)
    assert first_of(reader) == news
    time.pass_(hours=2)
    assert first_of(reader) != news


def test_nobody_is_shown_an_announcement_of_a_circle_they_are_not_in(make, six):
    circle = make.circle()
    inside, outside, agent = make.person(circles=[circle]), make.person(), make.agent(circles=[circle])
    news = publish(agent, "announcement", "Only for the pilot group.", audience=f"circle:{circle.slug}").id
    asked(outside, make)
    assert first_of(inside) == news
    assert news not in walk(outside, 4, "for-you")


def test_its_author_and_who_muted_it_are_spared(make, six):
    author, reader, agent = make.person(), make.person(), make.agent()
    news = publish(agent, "announcement", "The canteen opens at noon. #canteen").id
    asked(author, make)
    follow_tag(reader, "canteen", "muted")
    assert first_of(agent) != news and news not in walk(reader, 4, "for-you")


def test_only_so_many_are_lifted_and_none_is_lost(make, six, monkeypatch):
    monkeypatch.setattr(candidate_queries, "LIFTED", 3)
    author, reader = make.person(), make.person()
    news = [publish(make.agent(), "announcement", f"News {n}.").id for n in range(5)]
    posts = asked(author, make)
    seen = walk(reader, 4, "for-you")
    assert set(seen[:3]) == set(news[-3:])
    assert sorted(seen) == sorted(news + posts) and len(seen) == len(set(seen))


# --- the card's text and photos in one statement

def test_a_page_of_cards_to_be_drawn_takes_four_statements(make, browse, settings_given, desk):
    desk.config["SETTINGS"].limits = False
    make.admin()
    person, author = make.person(), make.person()
    asked(author, make, 5)
    page = browse(person).get("/?view=newest", headers={"X-Draw-Anew": "yes"})
    assert int(re.search(r'desc="(\d+)"', page.headers["Server-Timing"])[1]) <= 4


# --- ways along an index

def plans_of(ask):
    """SQLite's plans of all that is asked meanwhile, a text each."""
    heard, plans = [], []

    def hear(connection, cursor, statement, parameters, context, executemany):
        heard.append((statement, parameters))
    sa.event.listen(db.engine, "before_cursor_execute", hear)
    try:
        ask()
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", hear)
    for statement, parameters in heard:
        rows = db.session.connection().exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters)
        plans.append("\n".join(row[3] for row in rows))
    return plans


only_sqlite = pytest.mark.skipif(DATABASE != "sqlite", reason="the plans are SQLite's")


@only_sqlite
def test_what_one_follows_is_walked_in_its_order(make):
    person = make.person()
    plan = plans_of(lambda: queries.feed_page(person, None, 20, "following"))[0]
    first = plan.partition("UNION ALL")[0]
    assert "ix_follow_person_id_root_id" in first and "TEMP B-TREE" not in first


@only_sqlite
def test_unread_announcements_are_found_among_announcements_alone(make):
    person = make.person()
    assert any("ix_post_announcement" in plan for plan in plans_of(lambda: candidate_queries.candidates_of(person)))


@only_sqlite
@pytest.mark.parametrize("cursor", [None, "3.700"])
def test_the_most_useful_articles_are_walked_in_their_order(make, cursor):
    person = make.person()
    plan = plans_of(lambda: help_queries.articles(person, "helpful", cursor))[0]
    assert "ix_article_use" in plan and "TEMP B-TREE" not in plan


@only_sqlite
def test_articles_of_a_hashtag_are_found_among_articles_alone(make):
    agent = make.agent()
    for n in range(3):
        make.article(agent, f"Mend the scanner {n}", "Turn it off. #scanner")
    row = article_of(db.session.scalars(sa.select(Article.slug)).first(), agent)
    plans = plans_of(lambda: related_to(row, ["scanner"], agent))
    assert any("ix_post_tag_article" in plan for plan in plans)
    assert len(related_to(row, ["scanner"], agent)) == 2


def test_hashtags_know_which_threads_are_articles(make):
    agent = make.agent()
    article = make.article(agent, "Mend the scanner", "Turn it off. #scanner")
    question = make.question(agent, "Does the scanner hum? #scanner")
    rows = dict(map(tuple, db.session.execute(sa.select(PostTag.root_id, PostTag.article))))
    assert rows == {article.id: True, question.id: False}
