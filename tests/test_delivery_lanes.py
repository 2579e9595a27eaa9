"""One push service that hangs, is busy or fails holds up no push to another."""
import time as clock

import pytest
import sqlalchemy as sa

from socialdesk import jobs
from socialdesk.db import db, transaction
from socialdesk.notifications import push_delivery, round_delivery
from socialdesk.notifications.delivery import Answer
from socialdesk.notifications.models import Delivery, Device
from socialdesk.notifications.service_delivery import HANG_PAUSE_SECONDS, MOST_PAUSE_SECONDS, TROUBLES, Services, services
from socialdesk.posts import thread_actions

from .browser.mozilla_push import MozillaPush
from .conftest import run_due
from .phones import Phone, service  # noqa: F401

FAST = ("now", "push", "soon", "bulk")
ORIGIN, OTHER = "https://push.example.org", "https://other.example.org"


@pytest.fixture(scope="module")
def stuck_one():
    """A push service that a test can let hang."""
    running = MozillaPush().start()
    yield running
    running.stop()


@pytest.fixture
def stuck(stuck_one):
    stuck_one.reset()
    return stuck_one


@pytest.fixture
def settings_given(service, stuck):  # noqa: F811
    service.reset()
    return {"SOCIALDESK_PUSH_HOSTS": f"{service.origin} {stuck.origin}"}


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(round_delivery, "HURRY_SECONDS", 0.15)
    monkeypatch.setattr(round_delivery, "TIMEOUT_SECONDS", 0.3)


@pytest.fixture
def thread(make, browse, service, stuck):  # noqa: F811
    """thread(well, bad) is (a question, phones at the good service, phones at the one that may hang), each of a follower."""
    def with_followers(well=1, bad=1):
        question, phones = make.question(), {service: [], stuck: []}
        for where in [stuck] * bad + [service] * well:
            person = make.person()
            with transaction():
                thread_actions.follow(question.id, person)
            phones[where].append(Phone(browse(person), where))
        return question, phones[service], phones[stuck]
    return with_followers


def say(make, question, lanes=FAST):
    """A reply, told by these lanes."""
    make.reply(question, make.person())
    jobs.run_due(lanes)


def waiting():
    """{lane: kinds of the jobs in it} of what is about pushes."""
    db.session.rollback()
    rows = db.session.execute(sa.select(jobs.Job.lane, jobs.Job.kind).where(jobs.Job.kind.like("push%"))).all()
    return {lane: sorted(kind for one, kind in rows if one == lane) for lane, _ in rows}


def states():
    db.session.rollback()
    return sorted(db.session.scalars(sa.select(Delivery.state)))


# --- a service that hangs

def test_a_service_that_hangs_holds_up_nobody_else(make, thread, stuck):
    question, well, bad = thread(3, 3)
    stuck.delay(30)
    say(make, question)
    assert [len(phone.told) for phone in well] == [1, 1, 1] and [phone.told for phone in bad] == [[], [], []]
    assert states() == ["due"] * 3 + ["sent"] * 3 and waiting() == {"slow": ["push_slow"]}


def test_what_hung_is_sent_by_a_lane_of_its_own_under_the_same_id(make, thread, stuck):
    question, _well, (phone,) = thread(1, 1)
    stuck.delay(30)
    say(make, question)
    first = stuck.posts[0]
    stuck.delay(0)
    run_due()
    assert len(phone.told) == 1 and states() == ["sent", "sent"] and waiting() == {}
    assert stuck.posts[-1].headers["topic"] == first.headers["topic"] and len(stuck.posts) == 2


def test_a_slow_service_is_asked_by_the_slow_lane_alone_until_it_answers_in_time(make, thread, stuck):
    question, _well, (phone,) = thread(0, 1)
    stuck.delay(30)
    say(make, question)
    say(make, question)
    assert len(stuck.posts) == 1 and services.is_slow(stuck.origin)
    stuck.delay(0)
    run_due()
    assert not services.is_slow(stuck.origin) and len(phone.told) == 1          # the newer word took the place of the older
    say(make, question)
    assert len(phone.told) == 2 and waiting() == {}


def test_a_device_is_not_blamed_for_the_first_short_wait(make, thread, stuck):
    question, _well, (phone,) = thread(0, 1)
    stuck.delay(30)
    say(make, question)
    db.session.rollback()
    assert db.session.get(Device, phone.id).failures == 0


def test_the_slow_lane_gives_a_service_all_the_time_there_is(make, thread, stuck, monkeypatch):
    monkeypatch.setattr(round_delivery, "TIMEOUT_SECONDS", 5)
    monkeypatch.setattr("socialdesk.notifications.service_delivery.HURRY_SECONDS", 0.15)
    question, _well, (phone,) = thread(0, 1)
    stuck.delay(0.3)
    say(make, question)
    assert states() == ["due"]
    jobs.run_due(("slow",))
    assert states() == ["sent"] and len(phone.told) >= 1
    assert services.is_slow(stuck.origin)                                       # it does answer, but in its own time


def test_what_hangs_in_the_slow_lane_too_is_put_off_and_tried_again(make, thread, stuck, time):
    question, _well, (phone,) = thread(0, 1)
    time.stop()
    stuck.delay(30)
    say(make, question)
    jobs.run_due(("slow",))
    row = db.session.scalars(sa.select(Delivery)).one()
    assert (row.state, row.attempts, row.http) == ("due", 1, 0) and waiting() == {"slow": ["push_slow"]}
    assert HANG_PAUSE_SECONDS - 1 < services.pause(stuck.origin) <= HANG_PAUSE_SECONDS
    stuck.delay(0)
    time.pass_(minutes=1)
    run_due()
    assert len(phone.told) == 1 and states() == ["sent"] and waiting() == {}


def test_many_devices_of_a_service_that_hangs_leave_room_for_the_others(make, thread, stuck, service, monkeypatch):  # noqa: F811
    for name, most in (("AT_ONCE", 4), ("AT_ONE_SERVICE", 2), ("CHUNK", 4), ("MOST_WAITING", 6), ("STUCK_SECONDS", 0.01)):
        monkeypatch.setattr(round_delivery, name, most)
    monkeypatch.setattr(push_delivery, "CHUNK", 4)
    question, well, bad = thread(9, 9)
    stuck.delay(30)
    say(make, question)
    assert [len(phone.told) for phone in well] == [1] * 9
    assert len(stuck.posts) <= 2 and service.most_at_once <= 2      # and all the others were spared the wait
    assert states() == ["due"] * 9 + ["sent"] * 9 and set(waiting()) == {"slow"}
    stuck.delay(0)
    run_due()
    assert [len(phone.told) for phone in bad] == [1] * 9 and states() == ["sent"] * 18


def test_what_waited_for_its_hour_stays_one_push_on_the_slow_way(make, browse, stuck, time):
    time.stop(2026, 11, 21, 3, 0)
    ada, tomasz = make.person("Ada", hours={"mon": [["08:00", "18:00"]]}), make.agent()
    phone = Phone(browse(ada), stuck)
    for ticket in (make.ticket(ada), make.ticket(ada)):
        make.reply(ticket, tomasz)
        run_due()
    time.stop(2026, 11, 23, 8, 0)
    stuck.delay(30)
    jobs.run_due(FAST)
    assert states() == ["due", "due"] and waiting() == {"slow": ["push_slow"]}
    stuck.delay(0)
    run_due()
    assert len(phone.told) == 1 and states() == ["sent", "sent"] and waiting() == {}


def test_what_waited_for_its_hour_leaves_no_job_behind(make, browse, service, time):  # noqa: F811
    time.stop(2026, 11, 21, 3, 0)
    ada = make.person("Ada", hours={"mon": [["08:00", "18:00"]]})
    phone = Phone(browse(ada), service)
    make.reply(make.ticket(ada), make.agent())
    run_due()
    time.stop(2026, 11, 23, 8, 0)
    run_due()
    assert len(phone.told) == 1 and waiting() == {}


def test_doing_the_fast_job_again_after_a_kill_doubles_nothing(make, thread, stuck):
    question, _well, (phone,) = thread(0, 1)
    stuck.delay(30)
    say(make, question)
    with transaction():
        jobs.enqueue("push", lane="push", ids=list(db.session.scalars(sa.select(Delivery.id))))
    stuck.delay(0)
    run_due()
    assert len(phone.told) == 1 and states() == ["sent"] and waiting() == {}


# --- one that is busy

@pytest.mark.parametrize("status, count", [(503, 1), (429, 2)])
def test_a_service_that_asks_to_wait_is_left_alone_and_no_other(make, thread, stuck, service, time, status, count, monkeypatch):  # noqa: F811
    monkeypatch.setattr(round_delivery, "AT_ONE_SERVICE", 1)
    question, well, bad = thread(4, 4)
    time.stop()
    stuck.answer_next(status, retry_after=120, count=9)
    say(make, question)
    assert len(stuck.posts) == count and states() == ["due"] * 4 + ["sent"] * 4
    assert [len(phone.told) for phone in well] == [1] * 4
    stuck.reset()
    time.pass_(seconds=110)
    run_due()
    assert stuck.posts == []
    time.pass_(seconds=15)
    run_due()
    assert [len(phone.told) for phone in bad] == [1] * 4 and states() == ["sent"] * 8


def test_that_one_device_is_asked_too_often_is_no_word_about_the_service(make, thread, stuck, time):
    question, _well, bad = thread(0, 1)
    time.stop()
    stuck.answer_next(429, retry_after=120)
    say(make, question)
    assert services.pause(stuck.origin) == 0 and states() == ["due"]


def test_failures_that_were_on_their_way_together_count_as_one():
    row, began = Services(), clock.monotonic()
    for _ in range(50):
        row.note(ORIGIN, Answer(500), began)
    assert row.pause(ORIGIN) == 0
    for _ in range(TROUBLES - 1):
        row.note(ORIGIN, Answer(500), clock.monotonic())
    assert 0 < row.pause(ORIGIN) <= 1 and row.pause(OTHER) == 0


def test_the_pause_grows_to_an_end_and_a_success_ends_it(time):
    time.stop()
    row, pauses = Services(), []
    for _ in range(8):
        row.note(ORIGIN, Answer(0, late=True), clock.monotonic())
        pauses.append(round(row.pause(ORIGIN)))
    assert pauses == [10, 20, 40, 80, 160, 300, 300, MOST_PAUSE_SECONDS] and row.is_slow(ORIGIN) and not row.is_slow(OTHER)
    row.note(ORIGIN, Answer(201), clock.monotonic())
    assert row.pause(ORIGIN) == 0 and not row.is_slow(ORIGIN)


def test_a_service_that_asks_for_a_day_is_left_alone_for_an_hour_at_most(time):
    time.stop()
    row = Services()
    row.note(ORIGIN, Answer(503, 24 * 3600), clock.monotonic())
    assert row.pause(ORIGIN) == 3600
