"""The demo's many: thousands of threads written as rows, which stand as if everybody had written them on the page."""
import hashlib
import random
from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from socialdesk import config, create_app, demo, demo_words, health, policy, schema
from socialdesk.db import db, now
from socialdesk.demo import Stage
from socialdesk.events import Event, Verb
from socialdesk.jobs import run_due
from socialdesk.people.models import Membership, Person, Team, TeamMember
from socialdesk.posts.checker import render, title_of
from socialdesk.posts.models import KINDS, Access, Attachment, Kudos, MeToo, PollOption, PollVote, Post, Reaction
from socialdesk.tags.models import PostTag, Tag, TagCount
from socialdesk.tickets.models import ENDED, HOLD_REASONS, MOVES, NEXT, STATUSES, Sentence, Ticket

from .conftest import HTMX, Browser

THREADS = 2000


def told(people, threads, seed=7):
    """The many alone, without the story."""
    stage = Stage(now(), seed, people)
    stage.make_people()
    stage.prepare_many(threads)
    stage.write_many(threads)
    return stage


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """An app whose desk holds THREADS threads of sixty people: read by the tests, changed by none."""
    app = create_app(config.load({"SOCIALDESK_JOBS": "off"}, data=tmp_path_factory.mktemp("many")))
    app.testing, app.test_client_class = True, Browser
    with app.app_context():
        schema.migrate(app.config["SETTINGS"])
        told(60, THREADS)
        yield app
        db.session.remove()
        db.engine.dispose()


def column(statement):
    return list(db.session.scalars(statement))


def pairs(statement):
    return dict(map(tuple, db.session.execute(statement)))


# --- what is there

def test_every_kind_and_every_state_is_there(many):
    assert set(column(sa.select(Post.kind).distinct())) == set(KINDS)
    assert set(column(sa.select(Ticket.status).distinct())) == set(STATUSES)
    assert set(column(sa.select(Ticket.hold_reason).where(Ticket.status == "on_hold").distinct())) == set(HOLD_REASONS)
    assert set(column(sa.select(Post.status).where(Post.kind == "question").distinct())) == {"open", "answered"}
    assert set(column(sa.select(Post.status).where(Post.kind == "idea").distinct())) >= {"proposed", "planned", "declined", "shipped"}
    assert set(column(sa.select(Post.audience).where(Post.parent_id.is_(None)).distinct())) == {"everyone", "circle", "private"}
    assert db.session.scalar(sa.select(sa.func.count()).where(Post.parent_id.is_(None))) == THREADS


def test_it_lies_in_months_of_the_past_and_ids_follow_time(many):
    rows = db.session.execute(sa.select(Post.made_at, Post.active_at).where(Post.parent_id.is_(None)).order_by(Post.id)).all()
    begun = [row.made_at for row in rows]
    assert begun == sorted(begun) and 55 < (now() - begun[0]).days < 80
    assert max(row.active_at for row in rows) < now() and max(column(sa.select(Event.at))) < now()


def test_texts_differ_and_few_hashtags_are_on_much(many):
    bodies = column(sa.select(Post.body_md).where(Post.parent_id.is_(None)))
    assert len(set(bodies)) > 0.85 * len(bodies)
    used = sorted(Counter(column(sa.select(PostTag.tag_id))).values(), reverse=True)
    assert len(used) > 100 and used[0] > 20 * used[len(used) // 2]


def test_the_html_is_what_the_checker_makes_of_the_text(many):
    handles = set(column(sa.select(Person.handle)))
    rows = db.session.execute(sa.select(Post.kind, Post.title, Post.body_md, Post.body_html).order_by(sa.func.length(Post.body_md) % 97, Post.id).limit(250))
    for row in rows:
        assert row.body_html == render(row.body_md, {"people": handles})[0]
        if row.kind in ("question", "ticket", "idea", "kudos"):
            assert row.title == title_of(row.body_md)


def test_some_carry_a_drawn_photo_that_is_there(many):
    photos = db.session.scalars(sa.select(Attachment)).all()
    assert len(photos) > 40 and len({photo.sha256 for photo in photos}) == 4
    assert all((many.config["SETTINGS"].uploads / photo.sha256).stat().st_size == photo.bytes for photo in photos)


def test_no_slot_stays_open_and_no_text_is_empty(many):
    for text in column(sa.select(Post.body_md + Post.title)) + column(sa.select(Sentence.text)) + column(sa.select(PollOption.text)):
        assert text.strip() and not set("{}|") & set(text), text


# --- it stands as the deeds would have left it

def test_counters_are_true(many):
    assert {key: n for key, n in pairs(sa.select(Post.id, Post.likes)).items() if n} == pairs(
        sa.select(Reaction.post_id, sa.func.count()).where(Reaction.kind == "like").group_by(Reaction.post_id))
    assert {key: n for key, n in pairs(sa.select(Post.id, Post.votes)).items() if n} == pairs(
        sa.select(Reaction.post_id, sa.func.count()).where(Reaction.kind == "vote").group_by(Reaction.post_id))
    assert {key: n for key, n in pairs(sa.select(Post.id, Post.me_toos)).items() if n} == pairs(
        sa.select(MeToo.root_id, sa.func.count()).group_by(MeToo.root_id))
    assert {key: n for key, n in pairs(sa.select(PollOption.id, PollOption.votes)).items() if n} == pairs(
        sa.select(PollVote.option_id, sa.func.count()).group_by(PollVote.option_id))


def test_replies_and_voices_are_counted_without_notes_and_without_the_author(many):
    root = aliased(Post)
    said = db.session.execute(sa.select(Post.root_id, Post.author_id, root.author_id.label("asker")).join(root, root.id == Post.root_id)
                              .where(Post.parent_id.is_not(None), sa.not_(Post.note))).all()
    voices = {}
    for row in said:
        voices.setdefault(row.root_id, set()).update({row.author_id} - {row.asker})
    assert {key: n for key, n in pairs(sa.select(Post.id, Post.replies_public)).items() if n} == Counter(row.root_id for row in said)
    assert {key: n for key, n in pairs(sa.select(Post.id, Post.voices)).items() if n} == {key: len(who) for key, who in voices.items() if who}
    assert db.session.scalar(sa.select(sa.func.count()).where(Post.note)) > 3


def test_hashtags_are_counted_for_everyone_and_circles_and_never_for_private_ones(many):
    where = sa.case((PostTag.audience == "everyone", "everyone"), else_=sa.literal("circle:") + sa.cast(PostTag.circle_id, sa.Text))
    counted = db.session.execute(sa.select(PostTag.tag_id, where, sa.func.count()).where(PostTag.audience != "private").group_by(PostTag.tag_id, where)).all()
    assert {(row.tag_id, row.bucket): row.posts for row in db.session.scalars(sa.select(TagCount))} == {tuple(row[:2]): row[2] for row in counted}
    assert set(column(sa.select(Tag.id).where(Tag.public))) == {row[0] for row in counted}
    copied = sa.select(sa.func.count()).select_from(PostTag).join(Post, Post.id == PostTag.root_id)
    assert db.session.scalar(copied.where(sa.or_(PostTag.audience != Post.audience, PostTag.article != (Post.kind == "article")))) == 0


def test_a_ticket_went_from_state_to_state_as_its_table_says(many):
    moved = {}
    for event in db.session.execute(sa.select(Event.root_id, Event.before, Event.after).where(Event.verb.in_(MOVES)).order_by(Event.id)):
        moved.setdefault(event.root_id, ["new"]).append(event.after)
        assert event.before == moved[event.root_id][-2] and event.after in NEXT[event.before]
    for ticket in db.session.scalars(sa.select(Ticket)):
        assert ticket.status == moved.get(ticket.post_id, ["new"])[-1]
        assert (ticket.closed_at is not None) == (ticket.status in ENDED) and (ticket.closes_at is not None) == (ticket.status == "resolved")
        assert ticket.closes_at is None or ticket.closes_at > now() - timedelta(hours=1)


def test_a_question_is_answered_where_a_colleagues_reply_was_accepted(many):
    root = aliased(Post)
    accepted = db.session.execute(sa.select(Post.root_id, Post.author_id, Post.accepted_by, root.author_id.label("asker"))
                                  .join(root, root.id == Post.root_id).where(Post.accepted_at.is_not(None))).all()
    assert {row.root_id for row in accepted} == set(column(sa.select(Post.id).where(Post.kind == "question", Post.status == "answered")))
    assert all(row.accepted_by == row.asker != row.author_id for row in accepted)


# --- rights

def test_what_is_said_in_a_circle_is_said_by_its_members(many):
    root, inside = aliased(Post), set(map(tuple, db.session.execute(sa.select(Membership.circle_id, Membership.person_id))))
    said = db.session.execute(sa.select(root.circle_id, Post.author_id).join(root, root.id == Post.root_id).where(root.audience == "circle")).all()
    assert said and set(map(tuple, said)) <= inside


def test_pay_and_leave_are_with_the_confidential_team_and_its_members_alone(many):
    sealed = db.session.scalars(sa.select(Post).join(Team, Team.id == Post.team_id).where(Team.confidential)).all()
    team = set(column(sa.select(TeamMember.person_id).join(Team, Team.id == TeamMember.team_id).where(Team.confidential)))
    assert sealed and all(post.sealed and post.audience == "private" for post in sealed)
    workers = column(sa.select(Ticket.assignee_id).where(Ticket.post_id.in_([post.id for post in sealed]), Ticket.assignee_id.is_not(None)))
    assert workers and set(workers) <= team


def test_private_thanks_are_for_those_thanked_and_no_desk(many):
    private = db.session.scalars(sa.select(Post).where(Post.kind == "kudos", Post.audience == "private")).all()
    agent = policy.viewer_of(db.session.scalar(sa.select(Person.id).where(Person.handle == "ines")))
    assert private and not any(policy.sees(agent, post) for post in private)
    for post in private:
        readers = set(column(sa.select(Access.person_id).where(Access.root_id == post.id)))
        assert readers == {post.author_id, *column(sa.select(Kudos.person_id).where(Kudos.post_id == post.id))}


# --- the way there

def test_the_desk_is_well_afterwards(many):
    run_due(with_clockwork=True)
    assert [(what, sentence) for fine, what, sentence in health.check(many) if not fine] == []


def digest():
    rows = db.session.execute(sa.select(Post.id, Post.author_id, Post.kind, Post.audience, Post.made_at, Post.body_html, Post.likes).order_by(Post.id)).all()
    return hashlib.sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()


def test_the_same_seed_writes_the_same_many(tmp_path, time):
    time.stop(2026, 3, 11, 10, 0)
    found = []
    for n, seed in enumerate((3, 3, 4)):
        app = create_app(config.load({"SOCIALDESK_JOBS": "off"}, data=tmp_path / str(n)))
        with app.app_context():
            schema.migrate(app.config["SETTINGS"])
            time.stop(2026, 3, 11, 10, 0)
            told(26, 60, seed)
            found.append(digest())
            db.session.remove()
            db.engine.dispose()
    assert found[0] == found[1] != found[2]


def test_on_any_database_the_desk_goes_on_after_the_many(desk, make, browse, time):
    time.stop(2026, 3, 11, 10, 0)
    told(26, 120)
    time.stop(2026, 3, 11, 10, 0)
    ines = browse(policy.viewer_of(db.session.scalar(sa.select(Person.id).where(Person.handle == "ines"))))
    sentence = db.session.execute(sa.select(Event.root_id, Sentence.text).join(Sentence, Sentence.event_id == Event.id).join(
        Ticket, Ticket.post_id == Event.root_id).join(Post, Post.id == Event.root_id).where(sa.not_(Post.sealed)).order_by(Event.id.desc())).first()
    page = ines.get(f"/p/{sentence.root_id}").text
    assert sentence.text.split(".")[0].split("*")[0].strip() in page
    highest = db.session.scalar(sa.select(sa.func.max(Post.id)))
    assert ines.post("/ask", data={"kind": "question", "body": "Does it go on?", "audience": "everyone"}, headers=HTMX).status_code < 400
    assert db.session.scalar(sa.select(sa.func.max(Post.id))) == highest + 1
    assert db.session.scalar(sa.select(sa.func.count()).where(Event.verb == Verb.POSTED, Event.root_id == highest + 1)) == 1


def test_how_far_it_is_stands_in_plain_lines_where_there_is_no_terminal(capsys, monkeypatch):
    monkeypatch.setattr(demo, "_shown", {})
    for done in range(0, 2001, 20):
        demo._show("posts", done, 2000)
        demo._show("people", done, demo.QUIET)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "0 % of 2000 posts" and lines[-1] == "100 % of 2000 posts" and len(lines) == 11


# --- the words

def test_a_name_means_the_same_all_through_a_thread_and_another_word_is_another():
    talk = demo_words.Talk(random.Random(2), {"asker": "ada"})
    first = talk.fill("{asker}: {room}, then {room2}.")
    assert talk.fill("{asker}: {room}, then {room2}.") == first
    assert len({talk.fill("{+detail}") for _ in range(40)}) > 10
    room, other = first.removeprefix("Ada: ").rstrip(".").split(", then ")
    assert room != other


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "reply"])
def test_there_is_something_to_say_of_every_kind(kind):
    assert demo_words.models(kind)
