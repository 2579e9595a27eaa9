"""When it rings: hours, the rest at its times as one notice, a day's number of pushes."""
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from socialdesk.db import db, now, transaction
from socialdesk.notifications.choice_actions import choose
from socialdesk.notifications.hours_checker import next_round, next_start
from socialdesk.notifications.matters_checker import BY_KEY
from socialdesk.notifications.models import Delivery
from socialdesk.notifications.plan_queries import push_time
from socialdesk.people.hours_checker import is_within
from socialdesk.people.profile_actions import change_profile
from socialdesk.posts import actions as posts
from socialdesk.posts import thread_actions

from .conftest import run_due
from .phones import phone, service, settings_given  # noqa: F401
from .test_push import move, say

WEEK = {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
ROUNDS = ["09:00", "12:30", "16:00"]


def at(day, hour, minute=0):
    """A moment of March 2026 in UTC; the 2nd is a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=timezone.utc)


# --- pure

@pytest.mark.parametrize("hours, off, quiet, moment, expected", [
    (WEEK, set(), None, at(2, 10), at(2, 10)),
    (WEEK, {"2026-03-02"}, None, at(2, 10), at(3, 8)),
    (WEEK, {"2026-03-02", "2026-03-03"}, None, at(2, 10), at(4, 8)),
    ("always", {"2026-03-02"}, None, at(2, 10), at(2, 10)),
    (WEEK, set(), at(4, 0), at(2, 10), at(4, 8)),
    ("always", set(), at(3, 8), at(2, 10), at(3, 8)),
    (WEEK, {"2026-03-06"}, at(6, 0), at(2, 10), at(9, 8)),
    (WEEK, set(), at(1, 8), at(2, 10), at(2, 10)),
])
def test_holidays_and_quiet_move_the_next_start(hours, off, quiet, moment, expected):
    assert next_start(hours, "UTC", moment, off, quiet) == expected


@pytest.mark.parametrize("rounds, hours, off, quiet, moment, expected", [
    (ROUNDS, WEEK, set(), None, at(2, 8, 30), at(2, 9)),
    (ROUNDS, WEEK, set(), None, at(2, 9), at(2, 9)),
    (ROUNDS, WEEK, set(), None, at(2, 16, 1), at(3, 9)),
    (ROUNDS, WEEK, set(), None, at(6, 17), at(9, 9)),
    (ROUNDS, WEEK, {"2026-03-03"}, None, at(2, 17), at(4, 9)),
    (ROUNDS, WEEK, set(), at(3, 12), at(2, 10), at(3, 12, 30)),
    (["07:00"], WEEK, set(), None, at(2, 10), at(3, 8)),
    (["07:00", "17:00"], WEEK, set(), None, at(2, 10), at(2, 17)),
    (ROUNDS, "always", set(), None, at(7, 23), at(8, 9)),
    ([], WEEK, set(), None, at(2, 10), at(3, 8)),
    (["what"], "always", set(), None, at(2, 10), at(3, 0)),
    (ROUNDS, {"mon": [["20:00", "06:00"]]}, set(), None, at(2, 10), at(2, 20)),
    (ROUNDS, {"mon": [["13:00", "15:00"]]}, set(), None, at(2, 11), at(2, 13)),
    (ROUNDS, {"mon": [["13:00", "15:00"]]}, set(), None, at(2, 14), at(9, 13)),
    (["01:00"], {"mon": [["20:00", "06:00"]]}, set(), None, at(2, 21), at(3, 1)),
])
def test_the_rest_waits_for_the_next_round_within_the_hours(rounds, hours, off, quiet, moment, expected):
    assert next_round(rounds, hours, "UTC", moment, off, quiet) == expected


_spans = st.tuples(st.integers(0, 22), st.integers(1, 23)).filter(lambda span: span[0] < span[1]).map(lambda s: [[f"{s[0]:02}:00", f"{s[1]:02}:00"]])
_hours = st.one_of(st.just("always"), st.dictionaries(st.sampled_from(("mon", "tue", "wed", "thu", "fri", "sat", "sun")), _spans, min_size=1))
_zones = st.sampled_from(("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe"))
_moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)).map(lambda moment: moment.replace(second=0, microsecond=0, tzinfo=timezone.utc))
_rounds = st.lists(st.integers(0, 23).map(lambda hour: f"{hour:02}:30"), min_size=1, max_size=3, unique=True)


class Someone:
    """A person as the plan sees one."""

    def __init__(self, hours, tz, rounds, quiet_until, even_outside, daily_pushes):
        self.hours, self.tz, self.batch_hours, self.quiet_until = hours, tz, rounds, quiet_until
        self.even_outside, self.daily_pushes = even_outside, daily_pushes


@given(hours=_hours, tz=_zones, rounds=_rounds, moment=_moments, ahead=st.one_of(st.none(), st.integers(-48, 72)),
       even=st.sets(st.sampled_from(("waits", "majors"))), limit=st.sampled_from((0, 3, 6)), spent=st.integers(0, 8),
       key=st.sampled_from(("waits", "answers", "majors", "states", "announcements")), off=st.sets(st.integers(0, 5), max_size=3))
def test_nothing_is_ever_planned_for_a_forbidden_moment(hours, tz, rounds, moment, ahead, even, limit, spent, key, off):
    quiet = None if ahead is None else moment + timedelta(hours=ahead)
    holidays = {(moment + timedelta(days=days)).date().isoformat() for days in off}
    person = Someone(hours, tz, rounds, quiet, list(even), limit)
    matter = BY_KEY[key]
    how, send_at = push_time(person, matter, matter.usual.push, spent, moment, holidays)
    assert send_at >= moment
    if matter.exception in even and matter.usual.push == "now":
        assert (how, send_at) == ("alone", moment)
        return
    local = send_at.astimezone(ZoneInfo(tz))
    assert is_within(hours, tz, send_at) and (quiet is None or send_at >= quiet)
    assert hours == "always" or local.date().isoformat() not in holidays
    assert send_at < moment + timedelta(days=21)
    if how == "alone":
        assert send_at == moment and not (limit and spent >= limit and matter.spends)


# --- through the desk

@pytest.fixture
def ada(make):
    return make.person("Ada", hours=WEEK)


def rings(make, person, times, author=None):
    """So many questions of this person get an answer at once each."""
    ben = author or make.agent("Ben")
    for n in range(times):
        say(make, make.question(person, f"Question {n}?"), ben, body=f"Answer {n}.")


def test_what_came_at_night_is_one_notice_in_the_morning(make, phone, ada, time):
    time.stop(2026, 3, 2, 3, 0)
    hers = phone(ada)
    rings(make, ada, 3)
    assert hers.told == []
    time.stop(2026, 3, 2, 8, 0)
    run_due()
    [notice] = hers.told
    assert notice["title"] == "3 things are new" and notice["navigate"].endswith("/inbox") and notice["app_badge"] == 3
    assert notice["body"].splitlines()[0].startswith("Question 2?: Ben answered your question. “Answer 2.”")
    time.pass_(hours=3)
    run_due()
    assert len(hers.told) == 1


def test_a_single_one_that_waited_says_what_it_is(make, phone, ada, time):
    time.stop(2026, 3, 2, 3, 0)
    hers = phone(ada)
    rings(make, ada, 1)
    time.stop(2026, 3, 2, 8, 0)
    run_due()
    assert [notice["title"] for notice in hers.told] == ["Question 0?"] and "/p/" in hers.told[0]["navigate"]


def test_private_things_in_such_a_notice_stay_without_content(make, phone, ada, time):
    time.stop(2026, 3, 2, 3, 0)
    hers = phone(ada)
    ticket = make.ticket(ada, "My salary slip is wrong.")
    say(make, ticket, make.agent("Mallory"), body="Your salary is mended.")
    rings(make, ada, 1)
    time.stop(2026, 3, 2, 8, 0)
    run_due()
    text = hers.device.messages()[0].decode()
    assert "2 things are new" in text and "Something changed in one of your tickets." in text
    assert "salary" not in text and "Mallory" not in text


def test_what_can_wait_comes_at_the_times_one_picks(make, phone, ada, time):
    time.stop(2026, 3, 2, 10, 0)
    hers = phone(ada)
    with transaction():
        change_profile(ada, batch_hours=["11:00", "15:00"])
        choose(ada, "answers", "rest", "never")
    rings(make, ada, 2)
    run_due()
    assert hers.told == []
    time.stop(2026, 3, 2, 11, 0)
    run_due()
    assert [notice["title"] for notice in hers.told] == ["2 things are new"]


def test_beyond_the_days_number_the_rest_is_one_notice(make, phone, ada, time):
    time.stop(2026, 3, 2, 9, 30)
    hers = phone(ada)
    with transaction():
        change_profile(ada, daily_pushes=3)
    rings(make, ada, 6)
    assert len(hers.told) == 3
    time.stop(2026, 3, 2, 12, 30)
    run_due()
    assert [notice["title"] for notice in hers.told][3:] == ["3 things are new"]
    time.stop(2026, 3, 3, 9, 31)
    rings(make, ada, 1)
    assert len(hers.told) == 5, "a day later it rings at once again"


def test_two_phones_spend_a_push_once(make, phone, ada, time):
    time.stop(2026, 3, 2, 9, 30)
    first, second = phone(ada), phone(ada)
    with transaction():
        change_profile(ada, daily_pushes=3)
    rings(make, ada, 3)
    assert len(first.told) == len(second.told) == 3


def test_what_waits_in_person_and_majors_spend_nothing(make, phone, ada, time):
    time.stop(2026, 3, 2, 9, 30)
    hers, tom = phone(ada), make.agent("Tom")
    with transaction():
        change_profile(ada, daily_pushes=3)
    rings(make, ada, 3)
    ticket = make.ticket(ada)
    move(ticket, tom, "resolved", "Plugged in.")
    assert len(hers.told) == 4


def test_what_one_allows_rings_at_any_time(make, phone, ada, time):
    time.stop(2026, 3, 1, 3, 0)
    hers, tom = phone(ada), make.agent("Tom")
    ticket = make.ticket(ada)
    with transaction():
        change_profile(ada, even_outside=["waits"])
    say(make, ticket, tom)
    assert hers.told == []
    move(ticket, tom, "resolved", "Plugged in.")
    assert len(hers.told) == 1


def test_an_urgent_one_is_not_held_back_by_a_later_one_that_can_wait(make, phone, ada, time):
    time.stop(2026, 3, 2, 9, 30)
    hers, ben = phone(ada), make.person("Ben")
    question = make.question(ben)
    with transaction():
        thread_actions.follow(question.id, ada)
    answer = make.reply(question, ada)
    make.reply(question, ben, body=f"Thanks, @{ada.handle}")
    with transaction():
        posts.accept(answer.id, ben)
    run_due()
    assert [notice["body"] for notice in hers.told] == [f"Ben mentioned you. “Thanks, @{ada.handle}”"]


def test_what_may_not_wait_spends_none_of_the_day(make, phone, ada, time):
    time.stop(2026, 3, 2, 9, 30)
    hers, tom = phone(ada), make.agent("Tom")
    with transaction():
        change_profile(ada, daily_pushes=3)
    for _ in range(3):
        move(make.ticket(ada), tom, "resolved", "Plugged in.")
    rings(make, ada, 1)
    assert len(hers.told) == 4


def test_the_next_try_of_a_grouped_notice_is_grouped_too(make, phone, ada, service, time):
    time.stop(2026, 3, 2, 3, 0)
    hers = phone(ada)
    rings(make, ada, 2)
    time.stop(2026, 3, 2, 8, 0)
    service.answer_next(503)
    run_due()
    time.pass_(minutes=5)
    run_due()
    assert [notice["title"] for notice in hers.told] == ["2 things are new"]
    assert set(db.session.scalars(sa.select(Delivery.state))) == {"sent"} and now() > at(2, 8)
