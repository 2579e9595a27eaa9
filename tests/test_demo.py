"""The demo: a believable organisation on a desk of its own."""
import random
import re
from datetime import datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from socialdesk import config, create_app, demo_content, policy, schema
from socialdesk.db import clock, db, now
from socialdesk.demo import fill
from socialdesk.demo_content import Thread, roots_in
from socialdesk.demo_pictures import picture
from socialdesk.demo_plan import plan
from socialdesk.errors import Conflict
from socialdesk.jobs import Job
from socialdesk.notifications.queries import inbox_of, waiting_of
from socialdesk.people.models import Membership, Person, Team
from socialdesk.posts.checker import MAX_BODY, MAX_TITLE
from socialdesk.posts.models import KINDS, Attachment, PollOption, Post
from socialdesk.search.queries import search, suggest
from socialdesk.tickets.checker import MAX_SENTENCE
from socialdesk.tickets.models import HOLD_REASONS, STATUSES, Major, Sentence, Ticket

from .conftest import Browser


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """(app, tokens) of a desk filled with the defaults: read by the tests, changed by none."""
    app = create_app(config.load({"SOCIALDESK_JOBS": "off"}, data=tmp_path_factory.mktemp("demo")))
    app.testing, app.test_client_class = True, Browser
    with app.app_context():
        schema.migrate(app.config["SETTINGS"])
        yield app, fill(app)
        db.session.remove()
        db.engine.dispose()


def viewer(handle):
    return policy.viewer_of(db.session.scalar(sa.select(Person.id).where(Person.handle == handle)))


def one(statement):
    return db.session.scalar(statement)


# --- what is there

def test_the_demo_has_the_people_and_posts_that_were_asked_for(filled):
    assert one(sa.select(sa.func.count()).select_from(Person)) == 24
    assert one(sa.select(sa.func.count()).where(Post.parent_id.is_(None))) == 120
    assert one(sa.select(sa.func.count()).where(Post.kind == "article")) >= 15
    assert one(sa.select(sa.func.count(sa.distinct(Person.tz)))) == 2
    assert one(sa.select(sa.func.count()).select_from(Membership)) > 10


def test_every_status_a_ticket_can_have_is_there(filled):
    assert set(db.session.scalars(sa.select(Ticket.status).distinct())) == set(STATUSES)
    assert set(db.session.scalars(sa.select(Ticket.hold_reason).where(Ticket.status == "on_hold").distinct())) == set(HOLD_REASONS)
    assert one(sa.select(sa.func.max(Ticket.reopened))) >= 1
    assert set(db.session.scalars(sa.select(Post.status).where(Post.kind == "question"))) == {"open", "answered"}


def test_every_kind_of_post_is_there_and_somebody_answered_it(filled):
    assert set(db.session.scalars(sa.select(Post.kind).distinct())) == set(KINDS)
    assert {"planned", "declined", "proposed"} <= set(db.session.scalars(sa.select(Post.status).where(Post.kind == "idea")))
    assert one(sa.select(sa.func.max(Post.likes))) and one(sa.select(sa.func.max(Post.votes))) >= 4
    assert one(sa.select(sa.func.sum(PollOption.votes))) == 5
    assert one(sa.select(sa.func.count()).select_from(Major).where(Major.ended_at.is_(None))) == 1


def test_it_reaches_back_two_months_and_never_into_the_future(filled):
    moments = list(db.session.scalars(sa.select(Post.made_at).order_by(Post.id)))
    assert 50 < (now() - moments[0]).days < 70
    assert max(moments) < now()
    roots = list(db.session.scalars(sa.select(Post.made_at).where(Post.parent_id.is_(None)).order_by(Post.id)))
    days = [moment.date() for moment in roots]          # within a day the story comes first
    assert days == sorted(days)


def test_photos_are_drawn_and_attached(filled):
    app, _ = filled
    shown = list(db.session.scalars(sa.select(Attachment)))
    assert 3 <= len(shown) <= 12
    assert all((app.config["SETTINGS"].uploads / photo.sha256).stat().st_size == photo.bytes for photo in shown)


def test_nothing_is_left_to_do_and_nobody_has_a_phone(filled):
    assert one(sa.select(sa.func.count()).select_from(Job)) == 0


def test_no_text_is_longer_than_a_person_may_write(filled):
    assert one(sa.select(sa.func.max(sa.func.length(Post.body_md)))) <= MAX_BODY
    assert one(sa.select(sa.func.max(sa.func.length(Post.title)))) <= MAX_TITLE
    assert one(sa.select(sa.func.max(sa.func.length(Sentence.text)))) <= MAX_SENTENCE


def test_pay_and_contracts_are_for_their_confidential_team_alone(filled):
    sealed = list(db.session.scalars(sa.select(Post).join(Team, Team.id == Post.team_id).where(Team.confidential)))
    assert sealed and all(post.sealed and post.audience == "private" for post in sealed)
    assert not any(policy.sees(viewer("tomasz"), post) for post in sealed)
    assert all(policy.sees(viewer("ruth"), post) for post in sealed)


# --- who needs what

def test_something_needs_the_requester(filled):
    waiting = [line.sentence for line in waiting_of(viewer("amina"))]
    assert any("is fixed. Does it work?" in sentence for sentence in waiting)
    assert any("needs an answer from you" in sentence for sentence in waiting)


@pytest.mark.parametrize("handle", ["tomasz", "ines"])
def test_something_is_new_for_the_agent_and_the_admin(filled, handle):
    lines = inbox_of(viewer(handle)).lines
    assert any(line.unread and line.needs_you for line in lines) and not all(line.unread for line in lines)


def test_suggestions_answer_from_the_demo(filled):
    found = suggest(viewer("amina"), "printer both sides")
    assert found[0].title == "Print on both sides of the paper"
    assert suggest(viewer("amina"), "wifi on my new phone")[0].title == "Wi-Fi on a new phone"


def test_what_the_many_said_is_found_too(filled):
    said = db.session.execute(sa.select(Post.id, Post.title).join(Person, Person.id == Post.author_id).where(
        Post.kind == "question", Post.audience == "everyone", Post.made_at < now() - timedelta(days=3)).order_by(Post.id.desc())).first()
    assert said.id in [found.id for found in search(viewer("amina"), said.title)[0]]


def test_the_links_sign_in_the_requester_the_agent_and_the_admin(filled):
    app, tokens = filled
    for token, handle in zip(tokens, ("amina", "tomasz", "ines"), strict=True):
        browser = app.test_client()
        browser.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
        assert browser.post(f"/link/{token}").status_code == 303
        assert f"@{handle}" in browser.get("/me").text


# --- filling

def test_filling_twice_changes_nothing_and_gives_links_again(filled):
    app, tokens = filled
    before = one(sa.select(sa.func.max(Post.id)))
    again = fill(app, people=30, posts=500, seed=1)
    assert len(again) == 3 and not set(again) & set(tokens)
    assert one(sa.select(sa.func.max(Post.id))) == before


def test_a_small_demo_with_more_people_on_any_database_and_the_clock_goes_on(desk, time):
    time.stop(2026, 3, 11, 10, 0)
    stood = clock.stands_at
    fill(desk, people=26, posts=1, seed=3)
    assert clock.stands_at == stood
    assert one(sa.select(sa.func.count()).select_from(Person)) == 26
    assert set(db.session.scalars(sa.select(Ticket.status).distinct())) >= {"new", "in_progress", "on_hold", "resolved", "canceled"}
    assert len(waiting_of(viewer("amina"))) >= 2


def test_the_same_seed_plans_the_same_demo():
    first, again, other = planned(7), planned(7), planned(8)
    assert first == again != other
    assert [deed.at for deed in first] == sorted(deed.at for deed in first)


def test_what_is_not_written_out_is_left_to_the_many():
    deeds, more = plan(PRESENT, random.Random(7), 900, ZONES)
    assert sum(roots_in(deed.step) for deed in deeds if isinstance(deed.step, Thread)) + more == 900
    assert all(deed.at < PRESENT for deed in deeds) and more > 500


@pytest.mark.parametrize("hour", [0, 7, 13, 23])
@pytest.mark.parametrize("day", range(2, 9))
def test_on_any_day_and_hour_the_story_is_told_in_its_order(day, hour):
    present = PRESENT.replace(day=day, hour=hour)
    moments = {}
    for deed in plan(present, random.Random(7), 95, ZONES)[0]:
        moments.setdefault(deed.number, []).append(deed)
    for deeds in moments.values():
        thread = deeds[0].step
        assert isinstance(thread, Thread) and [deed.step for deed in deeds[1:]] == thread.steps
        assert deeds[-1].at < present


PRESENT = datetime(2026, 3, 11, 10, 0, tzinfo=timezone.utc)
ZONES = {row[0]: row[3] for row in demo_content.PEOPLE}


def planned(seed, total=120):
    return plan(PRESENT, random.Random(seed), total, ZONES)[0]


def test_a_desk_with_people_of_its_own_is_left_alone(desk, make):
    make.person("Somebody Real")
    with pytest.raises(Conflict, match="has people already"):
        fill(desk)
    assert one(sa.select(sa.func.count()).select_from(Person)) == 1


# --- the texts

def test_a_sample_that_cannot_be_read_is_named():
    with pytest.raises(ValueError, match="ticket for amina"):
        demo_content.read_thread("ticket for amina\nHello")
    with pytest.raises(ValueError, match="shouts"):
        demo_content.read_thread("ticket by amina\nHello\n--- kofi shouts")


def test_every_sample_is_played_by_people_who_exist():
    handles = {row[0] for row in demo_content.PEOPLE}
    for name in ("now.md", "social.md", "articles.md", "past.md"):
        for thread in demo_content.threads_of(name):
            assert {thread.by, *(step.who for step in thread.steps)} <= handles, thread.text
            assert thread.when is not None and thread.text


@pytest.mark.parametrize("name", ["printer", "cable", "plotter", "error"])
def test_a_picture_is_drawn_the_same_each_time(name):
    assert picture(name) == picture(name) and len(picture(name)) > 5_000


def test_texts_speak_plainly():
    """The house's voice: no apology instead of a fact, no shouting, none of the words nobody says aloud."""
    for name in ("now.md", "articles.md", "past.md", "often.md", "many.md", "words.md", "social.md"):
        text = (demo_content.SAMPLES / name).read_text("utf-8")
        assert not re.search(r"\bend user\b|\bplease try again\b|\bkindly\b|\boops\b|!!|sorry for the inconvenience", text, re.I), name
