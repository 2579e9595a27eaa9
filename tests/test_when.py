"""When it rings: hours, holidays, quiet, the rest at its times as one notice, a day's number of pushes."""
from datetime import datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from socialdesk.db import db, now, transaction
from socialdesk.jobs import Job
from socialdesk.notifications.choice_actions import choose, hear_circle, hear_hashtag
from socialdesk.notifications.hours_checker import next_round, next_start
from socialdesk.notifications.matters_checker import BY_KEY
from socialdesk.notifications.models import Delivery
from socialdesk.notifications.plan_queries import push_time
from socialdesk.notifications.queries import unread_count
from socialdesk.people import holiday_actions
from socialdesk.people.hours_checker import is_within
from socialdesk.people.models import Person
from socialdesk.people.profile_actions import change_profile
from socialdesk.posts import actions as posts
from socialdesk.posts import queries, text_actions, thread_actions
from socialdesk.posts.kudos_actions import give_kudos
from socialdesk.tickets import actions as tickets
from socialdesk.tickets.major_actions import declare_major

from .conftest import HTMX, run_due
from .phones import phone, service, settings_given  # noqa: F401
from .test_choices import publish
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
    from zoneinfo import ZoneInfo
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


def test_hours_that_changed_meanwhile_hold_when_it_is_sent(make, phone, ada, time):
    time.stop(2026, 3, 2, 3, 0)
    hers = phone(ada)
    rings(make, ada, 2)
    with transaction():
        change_profile(ada, hours={"tue": [["10:00", "12:00"]]})
    time.stop(2026, 3, 2, 8, 0)
    run_due()
    assert hers.told == []
    time.stop(2026, 3, 3, 10, 0)
    run_due()
    assert [notice["title"] for notice in hers.told] == ["2 things are new"]


def test_a_desk_that_stood_still_does_not_ring_at_night(make, phone, ada, time):
    time.stop(2026, 3, 2, 10, 0)
    hers = phone(ada)
    question = make.question(ada)
    make.reply(question, make.agent())                      # nobody does the work yet
    time.stop(2026, 3, 2, 23, 0)
    run_due()
    assert hers.told == []
    time.stop(2026, 3, 3, 8, 0)
    run_due()
    assert len(hers.told) == 1


def test_an_urgent_one_is_not_held_back_by_a_later_one_that_can_wait(make, phone, ada, time):
    time.stop(2026, 3, 2, 9, 30)
    hers, ben = phone(ada), make.person("Ben")
    question = make.question(ben)
    with transaction():
        thread_actions.follow(question.id, ada)
    answer = make.reply(question, ada)
    make.reply(question, ben, body=f"Thanks, @{ada.handle}")
    from socialdesk.posts import actions
    with transaction():
        actions.accept(answer.id, ben)
    run_due()
    assert [notice["body"] for notice in hers.told] == [f"Ben mentioned you. “Thanks, @{ada.handle}”"]


# --- quiet, holidays, their pages

@pytest.mark.parametrize("headers, status", [({}, 303), (HTMX, 200)])
@pytest.mark.parametrize("until, moment, ends", [("tomorrow", (2026, 3, 2, 10), at(3, 8)), ("tomorrow", (2026, 3, 6, 10), at(9, 8)),
                                                ("monday", (2026, 3, 2, 10), at(9, 8)), ("monday", (2026, 3, 8, 10), at(9, 8))])
def test_one_tap_is_quiet_until_then(make, browse, ada, time, until, moment, ends, headers, status):
    time.stop(*moment)
    page = browse(ada)
    assert page.post("/me/notifications/quiet", data={"until": until}, headers=headers).status_code == status
    assert db.session.scalar(sa.select(Person.quiet_until).where(Person.id == ada.id)) == ends
    db.session.rollback()
    assert f"Quiet until {ends:%A}, 08:00" in page.get("/me/notifications").text
    page.post("/me/notifications/quiet/remove")
    assert "Quiet for now?" in page.get("/me/notifications").text


def test_quiet_holds_and_ends(make, phone, ada, browse, time):
    time.stop(2026, 3, 2, 10, 0)
    hers = phone(ada)
    browse(ada).post("/me/notifications/quiet", data={"until": "tomorrow"})
    rings(make, ada, 2)
    assert hers.told == []
    time.stop(2026, 3, 3, 8, 0)
    run_due()
    assert [notice["title"] for notice in hers.told] == ["2 things are new"]
    assert browse(ada).post("/me/notifications/quiet", data={"until": "doomsday"}).status_code == 422


def test_who_has_no_hours_is_quiet_until_eight_in_their_zone(make, browse, time):
    time.stop(2026, 3, 2, 22, 0)
    kim = make.person("Kim", hours="always", tz="Asia/Seoul")
    browse(kim).post("/me/notifications/quiet", data={"until": "tomorrow"})
    assert db.session.scalar(sa.select(Person.quiet_until).where(Person.id == kim.id)) == at(3, 23)


@pytest.mark.parametrize("headers, status", [({}, 303), (HTMX, 200)])
def test_an_admin_keeps_the_holidays(make, browse, headers, status):
    page = browse(make.admin())
    for _ in range(2):
        assert page.post("/admin/holidays", data={"day": "2026-12-25", "name": "Christmas"}, headers=headers).status_code == status
    assert page.get("/admin/holidays").text.count("Christmas</b>") == 1
    for data in ({"day": "tomorrow", "name": "x"}, {"day": "2026-12-24", "name": " "}):
        assert page.post("/admin/holidays", data=data).status_code == 422
    assert page.post("/admin/holidays/2026-12-25/remove", headers=headers).status_code == status
    assert "None yet" in page.get("/admin/holidays").text
    assert page.post("/admin/holidays/2026-12-25/remove").status_code == 404
    assert browse(make.agent()).post("/admin/holidays", data={"day": "2026-12-25", "name": "Christmas"}).status_code in (403, 404)


def test_nothing_rings_on_a_holiday(make, phone, ada, time):
    time.stop(2026, 3, 2, 10, 0)
    hers, admin = phone(ada), make.admin()
    with transaction():
        holiday_actions.add_holiday(admin, "2026-03-02", "Founding day")
    rings(make, ada, 1)
    assert hers.told == []
    time.stop(2026, 3, 3, 8, 0)
    run_due()
    assert len(hers.told) == 1


@pytest.mark.parametrize("headers, status", [({}, 303), (HTMX, 200)])
def test_rounds_number_and_exceptions_are_chosen_on_a_page(browse, ada, headers, status):
    page = browse(ada)
    answer = page.post("/me/notifications/when", data={"round": ["15:00", "", "10:00"], "daily_pushes": "12", "even": ["majors", "waits"]}, headers=headers)
    assert answer.status_code == status
    row = db.session.execute(sa.select(Person.batch_hours, Person.daily_pushes, Person.even_outside).where(Person.id == ada.id)).one()
    db.session.rollback()
    assert tuple(row) == (["10:00", "15:00"], 12, ["waits", "majors"])
    assert "The rest at 10:00, 15:00" in page.get("/me/notifications").text
    for data in ({"round": ["25:00"]}, {"round": [""]}, {"daily_pushes": "7"}, {"daily_pushes": "many"}, {"daily_pushes": "3", "even": "all"}):
        assert page.post("/me/notifications/when", data=data).status_code == 422


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


# --- what changed while it waited

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


@pytest.mark.parametrize("what", ["thread", "hashtag", "circle"])
def test_what_was_muted_meanwhile_does_not_ring(make, phone, time, what):
    at_night(time)
    circle = make.circle("Berlin")
    ada, tom = make.person("Ada", hours=WEEK, circles=[circle]), make.agent("Tom")
    hers = phone(ada)
    news = publish(tom, "announcement", "New badges. #badges", source="test", audience=f"circle:{circle.slug}" if what == "circle" else "everyone")
    run_due()
    with transaction():
        if what == "thread":
            thread_actions.follow(news.id, ada, "muted")
        elif what == "hashtag":
            hear_hashtag(ada, "badges", "muted")
        else:
            hear_circle(ada, circle.slug, "muted")
    in_the_morning(time)
    time.stop(2026, 3, 2, 9, 0)
    run_due()
    assert hers.told == []


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
    from socialdesk.people import actions
    return actions.add_team(make._name("Team"))


def test_what_may_not_wait_spends_none_of_the_day(make, phone, ada, time):
    time.stop(2026, 3, 2, 9, 30)
    hers, tom = phone(ada), make.agent("Tom")
    with transaction():
        change_profile(ada, daily_pushes=3)
    for _ in range(3):
        move(make.ticket(ada), tom, "resolved", "Plugged in.")
    rings(make, ada, 1)
    assert len(hers.told) == 4


@pytest.mark.parametrize("happening, words", [
    ("announcement", "There is a new announcement."), ("kudos", "Somebody thanks you."), ("accepted", "An answer of yours helped.")])
def test_discreet_words_fit_what_happened(make, phone, time, happening, words):
    time.stop(2026, 3, 2, 8, 30)
    ada, ben = make.person("Ada", hours=WEEK), make.person("Ben")
    hers = phone(ada)
    with transaction():
        change_profile(ada, lock_screen="discreet")
    if happening == "announcement":
        publish(make.agent(), "announcement", "New badges.")
    elif happening == "kudos":
        prepared = queries.prepare(ben, f"Thank you @{ada.handle}")
        with transaction():
            give_kudos(ben, prepared)
    else:
        answer = make.reply(make.question(ben), ada)
        with transaction():
            posts.accept(answer.id, ben)
    run_due()
    time.stop(2026, 3, 2, 9, 0)
    run_due()
    assert [notice["body"] for notice in hers.told] == [words]


def test_mail_waits_two_hours_for_the_push(make, phone, desk, time):
    at_night(time)
    desk.config["SETTINGS"].smtp_url = "smtp://127.0.0.1:9"
    ada = make.person("Ada", hours=WEEK)
    phone(ada)
    rings(make, ada, 1)
    rows = db.session.execute(sa.select(Delivery.channel, Delivery.send_at).order_by(Delivery.send_at)).all()
    assert [tuple(row) for row in rows] == [("push", at(2, 8)), ("mail", at(2, 10))]


@pytest.mark.parametrize("up_to, left", [("9" * 20, 0), ("", 0), ("-1", 1), ("abc", 1), ("٣", 1)])
def test_what_is_no_event_reads_nothing_and_breaks_nothing(make, browse, ada, up_to, left):
    rings(make, ada, 1)
    assert browse(ada).post("/inbox/read", data={"up_to": up_to}).status_code == 303
    assert unread_count(make.viewer(ada)) == left


def test_quiet_until_tomorrow_knows_the_holidays(make, browse, ada, time):
    time.stop(2026, 3, 2, 10, 0)
    admin = make.admin()
    with transaction():
        holiday_actions.add_holiday(admin, "2026-03-03", "Founding day")
    browse(ada).post("/me/notifications/quiet", data={"until": "tomorrow"})
    assert db.session.scalar(sa.select(Person.quiet_until).where(Person.id == ada.id)) == at(4, 8)


# --- one is told by the strongest of what is wanted, and nothing wanted is lost behind what is not

def test_a_mention_one_does_not_want_hides_no_answer_to_ones_own(make, phone, time):
    time.stop(2026, 3, 2, 9, 30)
    ada = make.person("Ada", hours=WEEK)
    hers, ben = phone(ada), make.person("Ben")
    for told in ("off", "inbox"):
        with transaction():
            choose(ada, "mentions", told, "never")
        say(make, make.question(ada), ben, body=f"Hi @{ada.handle}, turn it.")
    with transaction():
        choose(ada, "mentions", "now", "never")
        hear_hashtag(ada, "vpn", "muted")
    say(make, make.question(ada, "Why? #vpn"), ben, body=f"Hi @{ada.handle}, so.")
    assert [notice["body"].split(".")[0] for notice in hers.told] == ["Ben answered your question"] * 3


def test_a_major_that_names_one_rings_by_what_one_allows(make, phone, time):
    time.stop(2026, 3, 2, 3, 0)
    ada, tom = make.person("Ada", hours=WEEK), make.agent("Tom")
    hers, ticket = phone(ada), make.ticket(ada)
    with transaction():
        change_profile(ada, even_outside=["majors"])
    prepared = queries.prepare(tom, f"All is dark, @{ada.handle}.")
    with transaction():
        declare_major(ticket.id, tom, prepared, 60)
    run_due()
    assert len(hers.told) == 1


@pytest.mark.parametrize("later", ["chosen otherwise", "only mentions", "un-accepted", "given on"])
def test_what_one_wants_is_not_lost_behind_a_later_telling_that_is_dropped(make, phone, time, later):
    at_night(time)
    ada, ben, tom = make.agent("Ada", hours=WEEK), make.person("Ben"), make.agent("Tom")
    hers, root = phone(ada), make.ticket(ben) if later == "given on" else make.question(ben)
    with transaction():
        thread_actions.follow(root.id, ada)
    answer = make.reply(root, ada)
    say(make, root, tom, body=f"Look, @{ada.handle}.")
    if later == "chosen otherwise":
        say(make, root, tom, body="And more.")
        with transaction():
            choose(ada, "follows", "inbox", "never")
    elif later == "only mentions":
        say(make, root, tom, body="And more.")
        with transaction():
            thread_actions.follow(root.id, ada, "mentions")
    elif later == "un-accepted":
        with transaction():
            posts.accept(answer.id, ben)
        run_due()
        with transaction():
            posts.unaccept(answer.id, ben)
    else:
        for who in (ada, tom):
            with transaction():
                tickets.assign(root.id, tom, who.id)
            run_due()
    in_the_morning(time)
    time.stop(2026, 3, 2, 9, 0)
    run_due()
    assert len(hers.told) == 1 and "mentioned you" in hers.told[0]["body"] + " mentioned you" * (later == "given on")


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


def test_a_like_taken_back_breaks_no_later_one(make, browse, desk):
    desk.config["SETTINGS"].smtp_url = "smtp://127.0.0.1:9"
    ada = make.person("Ada")
    with transaction():
        choose(ada, "likes", "inbox", "second")
    question = make.question(ada)
    ben, cy, dan = (make.person(name) for name in ("Ben", "Cy", "Dan"))
    for who, kind in ((ben, "reaction"), (cy, "reaction"), (cy, "reaction/remove"), (dan, "reaction")):
        browse(who).post(f"/p/{question.id}/{kind}", headers=HTMX)
        run_due()
    assert "Dan and one more like what you wrote." in browse(ada).get("/inbox").text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.kind == "consequence")) == 0


def test_mail_waits_for_a_push_that_was_put_over_as_well(make, phone, desk, browse, time):
    at_night(time)
    desk.config["SETTINGS"].smtp_url = "smtp://127.0.0.1:9"
    ada = make.person("Ada", hours=WEEK)
    phone(ada)
    rings(make, ada, 1)
    time.stop(2026, 3, 2, 7, 59)
    browse(ada).post("/me/notifications/quiet", data={"until": "tomorrow"})
    time.stop(2026, 3, 2, 8, 0)
    run_due()
    rows = db.session.execute(sa.select(Delivery.channel, Delivery.send_at).order_by(Delivery.send_at)).all()
    assert [tuple(row) for row in rows] == [("push", at(3, 8)), ("mail", at(3, 10))]
