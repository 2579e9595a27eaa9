"""Swipes: what a person chooses for each side; a swiped deed is done at once and told once its undo is over."""
import re

import pytest
import sqlalchemy as sa

from socialdesk.db import db
from socialdesk.events import Event
from socialdesk.posts.models import Follow, MeToo
from socialdesk.tickets.models import Ticket

from .conftest import run_due, told_by_now
from .post_desk import events, form, fragment, fresh, refused, traces
from .test_share import shared

HELD = {"hold": "8"}


@pytest.fixture(autouse=True)
def admin(make):
    """Without an admin the front page tells of the setup link instead."""
    return make.admin()


def follow_level(root, person):
    db.session.rollback()
    level = db.session.scalar(sa.select(Follow.level).where(Follow.root_id == root.id, Follow.person_id == person.id))
    db.session.rollback()
    return level


def chosen(browser):
    """(right, left) as the feed gives them to the script."""
    return re.search(r'data-module="swipe" data-right="([^"]*)" data-left="([^"]*)"', browser.get("/").text).groups()


# --- what the sides do

def test_right_is_me_too_and_left_is_save_until_one_chooses(make, browse):
    make.question()
    ben = browse(make.person())
    assert chosen(ben) == ("me-too", "save")
    for _ in range(2):
        text = fragment(ben, "/me/swipes", right="like", left="none")
        assert '<option value="like" selected>' in text and '<option value="none" selected>' in text and "Kept." in text
        form(ben, "/me/swipes", "/me/notifications", right="like", left="none")
    assert chosen(ben) == ("like", "none")
    assert 'value="none" selected' in ben.get("/me/notifications").text


def test_a_side_that_does_not_exist_changes_neither(make, browse):
    make.question()
    ben = browse(make.person())
    for right, left in (("save", "delete"), ("", "save"), ("upvote", "like")):
        refused(ben, "/me/swipes", 422, "Choose one of these", right=right, left=left)
    refused(ben, "/me/swipes", 422, "Choose one of these")
    assert chosen(ben) == ("me-too", "save")


def test_both_sides_may_do_the_same_and_the_choice_is_ones_own(make, browse):
    make.question()
    ben, eve = browse(make.person()), browse(make.person())
    fragment(ben, "/me/swipes", right="save", left="save")
    assert chosen(ben) == ("save", "save") and chosen(eve) == ("me-too", "save")


def test_every_swipe_has_its_button_on_the_card(make, browse):
    question, ben = make.question(), make.person()
    page = browse(ben).get("/").text
    assert re.findall(r'data-deed="([^"]+)"', page) == ["me-too", "like", "save"]
    fragment(browse(ben), "/me/swipes", right="follow", left="save")
    page = browse(ben).get("/").text
    assert re.findall(r'data-deed="([^"]+)"', page) == ["me-too", "like", "save", "follow"]
    text = fragment(browse(ben), f"/p/{question.id}/follow", level="all", bell="yes")
    assert 'aria-pressed="true"' in text and f'action="/p/{question.id}/follow/remove"' in text and 'data-deed="follow"' in text
    assert re.search(rf'id="bell-{question.id}" aria-pressed="true"', browse(ben).get("/").text)
    text = fragment(browse(ben), f"/p/{question.id}/follow/remove", bell="yes")
    assert 'aria-pressed="false"' in text and follow_level(question, ben) is None


def test_the_hint_says_what_the_sides_do_until_the_device_has_seen_it(make, browse):
    make.question()
    ben = browse(make.person())
    assert "Swipe a card: right for me too, left to save" in ben.get("/").text
    fragment(ben, "/me/swipes", right="none", left="follow")
    assert "Swipe a card: left to follow" in ben.get("/").text
    fragment(ben, "/me/swipes", right="none", left="none")
    assert "Swipe a card" not in ben.get("/").text
    fragment(ben, "/me/swipes", right="me-too", left="save")
    ben.set_cookie("swipe-hint", "seen")
    assert "Swipe a card" not in ben.get("/").text


# --- held, then told

@pytest.mark.parametrize("deed, verb", [("me-too", "me_too_said"), ("reaction", "liked"), ("follow", "followed")])
def test_a_swiped_deed_stands_at_once_and_is_told_when_its_undo_is_over(make, browse, time, deed, verb):
    time.stop()
    question, ben = make.question(), make.person()
    run_due()
    fragment(browse(ben), f"/p/{question.id}/{deed}", **HELD)
    assert run_due() == 0 and events(question, verb) == 1, "nothing follows yet"
    time.pass_(seconds=7)
    assert run_due() == 0
    time.pass_(seconds=1)
    assert run_due() >= 1, "now it is told"


@pytest.mark.parametrize("deed", ["me-too", "reaction", "save", "follow"])
def test_an_undo_within_the_hold_leaves_no_trace(make, browse, time, deed):
    time.stop()
    question, ben = make.question(), make.person()
    run_due()
    before = traces()
    fragment(browse(ben), f"/p/{question.id}/{deed}", **HELD)
    assert traces() != before or deed == "save"
    time.pass_(seconds=7)
    fragment(browse(ben), f"/p/{question.id}/{deed}/remove")
    assert traces() == before and fresh(question).me_toos == fresh(question).likes == 0
    fragment(browse(ben), f"/p/{question.id}/{deed}/remove")
    assert traces() == before and told_by_now() == 0


@pytest.mark.parametrize("deed", ["me-too", "reaction", "follow"])
def test_taking_a_deed_back_by_a_swipe_is_undone_without_a_trace_as_well(make, browse, time, deed):
    time.stop()
    question, ben = make.question(), make.person()
    fragment(browse(ben), f"/p/{question.id}/{deed}")
    run_due()
    before = traces()
    fragment(browse(ben), f"/p/{question.id}/{deed}/remove", **HELD)
    assert traces() != before
    fragment(browse(ben), f"/p/{question.id}/{deed}")
    assert traces() == before and told_by_now() == 0


def test_an_undo_that_comes_late_is_told_as_taking_it_back(make, browse, time):
    time.stop()
    question, ben = make.question(), make.person()
    fragment(browse(ben), f"/p/{question.id}/me-too", **HELD)
    time.pass_(seconds=9)
    fragment(browse(ben), f"/p/{question.id}/me-too/remove")
    assert events(question)[-2:] == ["me_too_said", "me_too_taken_back"]
    assert follow_level(question, ben) == "all", "following stays, as it does by the button"


def test_an_undo_does_not_end_a_following_that_was_there_before(make, browse):
    question, ben = make.question(), make.person()
    fragment(browse(ben), f"/p/{question.id}/follow", level="mentions")
    fragment(browse(ben), f"/p/{question.id}/me-too", **HELD)
    fragment(browse(ben), f"/p/{question.id}/me-too/remove")
    assert follow_level(question, ben) == "mentions"
    fragment(browse(ben), f"/p/{question.id}/follow", level="all", **HELD)
    fragment(browse(ben), f"/p/{question.id}/follow/remove")
    assert follow_level(question, ben) == "mentions"


def test_a_button_is_not_held_and_no_page_holds_longer_than_ten_seconds(make, browse):
    question = make.question()
    for hold, seconds in (({}, None), ({"hold": "0"}, None), ({"hold": "-5"}, None), ({"hold": "soon"}, None), ({"hold": "6"}, 6), ({"hold": "3600"}, 10)):
        ben = make.person()
        fragment(browse(ben), f"/p/{question.id}/me-too", **hold)
        event = db.session.scalars(sa.select(Event).where(Event.verb == "me_too_said", Event.actor_id == ben.id)).one()
        waits = (event.hold_until - event.at).total_seconds() if event.hold_until else None
        assert waits == seconds or abs(waits - seconds) < 1, hold
        db.session.rollback()


def test_nobody_else_can_withdraw_what_is_held(make, browse, time):
    time.stop()
    question, ben, eve = make.question(), make.person(), make.person()
    fragment(browse(ben), f"/p/{question.id}/me-too", **HELD)
    before = traces()
    fragment(browse(eve), f"/p/{question.id}/me-too/remove")
    assert traces() == before
    fragment(browse(eve), f"/p/{question.id}/me-too")
    fragment(browse(eve), f"/p/{question.id}/me-too/remove")
    db.session.rollback()
    assert db.session.scalars(sa.select(MeToo.person_id)).all() == [ben.id] and events(question, "me_too_said") == 2


def test_a_held_me_too_moves_no_impact_until_it_is_told(make, browse, time):
    time.stop()
    north, south, ada = make.circle("North"), make.circle("South"), make.person("Ada")
    first, *others = [make.person(circles=[circle]) for circle in (north, north, south)]
    ticket = make.ticket(ada)
    question = shared(browse(ada), ticket)
    fragment(browse(first), f"/p/{question.id}/me-too", **HELD)
    for person in others:
        fragment(browse(person), f"/p/{question.id}/me-too")
    run_due()
    assert impact(ticket) == "low", "two have said it, the third may still undo"
    told_by_now()
    assert impact(ticket) == "medium"
    fragment(browse(first), f"/p/{question.id}/me-too/remove", **HELD)
    fragment(browse(others[0]), f"/p/{question.id}/me-too/remove")
    fragment(browse(others[0]), f"/p/{question.id}/me-too")
    run_due()
    assert impact(ticket) == "medium", "taking it back may still be undone as well"
    told_by_now()
    assert impact(ticket) == "low"


def test_who_asked_raises_no_impact_even_while_they_take_their_me_too_back(make, browse, time):
    time.stop()
    north, south = make.circle("North"), make.circle("South")
    ada, first, second, third = [make.person(circles=[circle]) for circle in (south, north, north, north)]
    ticket = make.ticket(ada)
    question = shared(browse(make.agent()), ticket)
    for person in (ada, first):
        fragment(browse(person), f"/p/{question.id}/me-too")
    run_due()
    fragment(browse(ada), f"/p/{question.id}/me-too/remove", **HELD)
    for person in (second, third):
        fragment(browse(person), f"/p/{question.id}/me-too")
        run_due()
        assert impact(ticket) == "low", "all others are of one circle"



def impact(ticket):
    db.session.rollback()
    return db.session.scalar(sa.select(Ticket.impact).where(Ticket.post_id == ticket.id))


def test_a_refused_swipe_leaves_nothing_held(make, browse):
    own, ben = make.person(), make.person()
    question = make.question(own)
    refused(browse(own), f"/p/{question.id}/me-too", 403, "your own", **HELD)
    refused(browse(ben), f"/p/{make.ticket().id}/reaction", 404, **HELD)
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Event).where(Event.hold_until.is_not(None))) == 0
