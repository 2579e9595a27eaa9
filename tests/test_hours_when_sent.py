"""The hour is asked anew at the moment of sending: hours, zone, quiet and holidays may have changed, or the desk stood still."""
import pytest
import sqlalchemy as sa

from socialdesk import jobs
from socialdesk.db import db, transaction
from socialdesk.notifications.choice_actions import be_quiet
from socialdesk.notifications.models import Delivery
from socialdesk.people import holiday_actions
from socialdesk.people.profile_actions import change_profile
from socialdesk.tickets import actions as tickets

from .conftest import run_due
from .phones import phone, service, settings_given  # noqa: F401
from .test_push import say
from .test_when import WEEK, ada, at, rings  # noqa: F401
from .test_when_sent import at_night, in_the_morning
from .told import do


def _other_hours(ada):
    do(change_profile, ada, hours={"tue": [["10:00", "18:00"]]})


def _another_zone(ada):
    do(change_profile, ada, tz="Pacific/Auckland")


def _quiet(ada):
    do(be_quiet, ada, "tomorrow")


def _a_holiday(ada):
    do(holiday_actions.add_holiday, ada, "2026-03-02", "Founding day")


FORBIDS = [_other_hours, _another_zone, _quiet, _a_holiday]


@pytest.fixture
def boss(make):
    """Somebody who keeps the holidays, and has a phone that rings in the week."""
    return make.admin("Ada", hours=WEEK)


@pytest.mark.parametrize("forbid", FORBIDS)
def test_what_was_to_ring_at_once_keeps_to_what_was_forbidden_in_between(make, phone, boss, time, forbid):
    time.stop(2026, 3, 2, 10, 0)
    hers = phone(boss)
    make.reply(make.question(boss), make.agent())
    jobs.run_due(("now",))
    assert planned() == [("alone", at(2, 10))]
    forbid(boss)
    run_due()
    assert hers.told == [] and [how for how, _ in planned()] == ["rest"]
    rings_later(hers, time)


@pytest.mark.parametrize("forbid", FORBIDS)
def test_what_waited_for_the_morning_keeps_to_what_was_forbidden_in_between(make, phone, boss, time, forbid):
    at_night(time)
    hers = phone(boss)
    make.reply(make.question(boss), make.agent())
    run_due()
    assert planned() == [("rest", at(2, 8))]
    forbid(boss)
    in_the_morning(time)
    assert hers.told == []
    rings_later(hers, time)


@pytest.mark.parametrize("forbid", FORBIDS)
def test_a_next_try_keeps_to_what_was_forbidden_in_between(make, phone, boss, service, time, forbid):
    time.stop(2026, 3, 2, 10, 0)
    hers = phone(boss)
    service.answer_next(429)
    say(make, make.question(boss), make.agent())
    forbid(boss)
    time.pass_(minutes=1)
    run_due()
    assert hers.told == [] and len(service.posts) == 1
    rings_later(hers, time)


def planned():
    """(how, when) of each push that waits."""
    db.session.rollback()
    rows = db.session.execute(sa.select(Delivery.how, Delivery.send_at).where(Delivery.channel == "push", Delivery.state == "due")).all()
    db.session.rollback()
    return [tuple(row) for row in rows]


def rings_later(hers, time):
    """On the next day it rings, once."""
    [(_, start)] = planned()
    time.stop(*start.timetuple()[:5])
    run_due()
    assert len(hers.told) == 1 and planned() == []
    time.pass_(days=1)
    run_due()
    assert len(hers.told) == 1


def test_what_one_allows_at_any_time_rings_though_it_was_forbidden_in_between(make, phone, boss, time):
    time.stop(2026, 3, 2, 10, 0)
    hers, ticket = phone(boss), make.ticket(boss)
    do(change_profile, boss, even_outside=["waits"])
    do(tickets.change_status, ticket.id, make.agent(), "resolved", "Plugged in.")
    jobs.run_due(("now",))
    for forbid in FORBIDS:
        forbid(boss)
    run_due()
    assert len(hers.told) == 1


def test_what_one_allows_no_longer_waits_for_the_morning(make, phone, ada, time):
    at_night(time)
    hers, ticket = phone(ada), make.ticket(ada)
    do(change_profile, ada, even_outside=["waits"])
    do(tickets.change_status, ticket.id, make.agent(), "resolved", "Plugged in.")
    jobs.run_due(("now",))
    assert planned() == [("alone", at(2, 3))]
    do(change_profile, ada, even_outside=[])
    run_due()
    assert hers.told == []
    in_the_morning(time)
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
