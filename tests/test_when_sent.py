"""Whether what waited is wanted and true still is asked anew at the moment of sending."""
import pytest

from socialdesk.db import transaction
from socialdesk.notifications.choice_actions import choose, hear_circle, hear_hashtag
from socialdesk.people import actions as people
from socialdesk.posts import actions as posts
from socialdesk.posts import text_actions, thread_actions
from socialdesk.tickets import actions as tickets

from .conftest import run_due
from .phones import phone, service, settings_given  # noqa: F401
from .test_push import move, say
from .test_when import WEEK, ada, rings  # noqa: F401
from .told import do, publish


def at_night(time):
    time.stop(2026, 3, 2, 3, 0)


def in_the_morning(time):
    time.stop(2026, 3, 2, 8, 0)
    run_due()


def test_an_answer_rings_though_a_later_one_was_taken_back(make, phone, ada, time):
    at_night(time)
    hers, question, cy = phone(ada), make.question(ada), make.person("Cy")
    say(make, question, make.person("Ben"), body="Turn it.")
    later = say(make, question, cy, body="Nonsense.")
    with transaction():
        text_actions.delete(later.id, cy)
    in_the_morning(time)
    assert [notice["body"] for notice in hers.told] == ["Ben answered your question. “Turn it.”"]


@pytest.mark.parametrize("told", ["off", "inbox"])
def test_what_is_no_longer_to_ring_does_not(make, phone, ada, time, told):
    at_night(time)
    hers = phone(ada)
    rings(make, ada, 1)
    with transaction():
        choose(ada, "answers", told, "never")
    in_the_morning(time)
    assert hers.told == []


@pytest.mark.parametrize("level", ["mentions", "muted"])
@pytest.mark.parametrize("what", ["thread", "hashtag", "circle"])
def test_what_was_silenced_meanwhile_does_not_ring(make, phone, time, what, level):
    at_night(time)
    circle = make.circle("Berlin")
    ada, tom = make.person("Ada", hours=WEEK, circles=[circle]), make.agent("Tom")
    hers = phone(ada)
    news = publish(tom, "announcement", "New badges. #badges", source="test", audience=f"circle:{circle.slug}" if what == "circle" else "everyone")
    run_due()
    if what == "thread":
        do(thread_actions.follow, news.id, ada, level)
    elif what == "hashtag":
        do(hear_hashtag, ada, "badges", level)
    else:
        do(hear_circle, ada, circle.slug, level)
    in_the_morning(time)
    time.stop(2026, 3, 2, 9, 0)
    run_due()
    assert hers.told == []


@pytest.mark.parametrize("level, rung", [("mentions", 1), ("muted", 0)])
@pytest.mark.parametrize("what", ["thread", "hashtag", "circle"])
def test_where_one_is_named_it_rings_unless_all_was_silenced_meanwhile(make, phone, time, what, level, rung):
    at_night(time)
    circle = make.circle("Berlin")
    ada, tom = make.person("Ada", hours=WEEK, circles=[circle]), make.person("Tom", circles=[circle])
    hers = phone(ada)
    asked = publish(tom, "question", f"Where is mine, @{ada.handle}? #badges", audience=f"circle:{circle.slug}" if what == "circle" else "everyone")
    run_due()
    if what == "thread":
        do(thread_actions.follow, asked.id, ada, level)
    elif what == "hashtag":
        do(hear_hashtag, ada, "badges", level)
    else:
        do(hear_circle, ada, circle.slug, level)
    in_the_morning(time)
    assert len(hers.told) == rung


def test_what_is_no_longer_true_does_not_ring(make, phone, ada, time):
    at_night(time)
    team = make.team("Network")
    ben, dan, cy = make.agent("Ben", hours=WEEK, teams=[team]), make.agent("Dan"), make.person("Cy")
    his, hers, ticket, question = phone(ben), phone(ada), make.ticket(), make.question(cy)
    answer = make.reply(question, ada)
    for who in (ben, dan):
        with transaction():
            tickets.assign(ticket.id, dan, who.id)
    with transaction():
        posts.accept(answer.id, cy)
    run_due()
    with transaction():
        posts.unaccept(answer.id, cy)
    queued = make.ticket(team_id=team.id)
    run_due()
    with transaction():
        tickets.move(queued.id, dan, make_other(make).id)
    in_the_morning(time)
    time.stop(2026, 3, 2, 9, 0)
    run_due()
    assert his.told == [] and hers.told == []


def make_other(make):
    """Another team, made in the middle of a deed."""
    return people.add_team(make._name("Team"))


@pytest.mark.parametrize("meanwhile", ["taken", "resolved", "unfollowed", "reopened"])
def test_what_a_colleague_did_meanwhile_is_not_rung_for(make, phone, time, meanwhile):
    at_night(time)
    team = make.team("Network")
    ada, ben, tom = make.agent("Ada", hours=WEEK, teams=[team]), make.person("Ben", hours=WEEK), make.agent("Tom", teams=[team])
    hers, his = phone(ada), phone(ben)
    if meanwhile == "unfollowed":
        question = make.question(ben)
        with transaction():
            thread_actions.follow(question.id, ada)
        say(make, question, tom)
        with transaction():
            thread_actions.unfollow(question.id, ada)
        his = hers
    else:
        ticket = make.ticket(ben, team_id=team.id)
        run_due()
        with transaction():
            tickets.take(ticket.id, tom)
        if meanwhile != "taken":
            move(ticket, tom, "resolved", "Plugged in.")
        if meanwhile == "reopened":
            with transaction():
                choose(ben, "states", "inbox", "never")
            move(ticket, tom, "in_progress", "Not yet.")
        his = hers if meanwhile != "reopened" else his
    in_the_morning(time)
    time.stop(2026, 3, 2, 9, 0)
    run_due()
    assert his.told == []
