"""What waits for its hour, its service or the next start is sent after all, once, and by the right one of several words."""
import threading
import time as clock

import pytest
import sqlalchemy as sa

from socialdesk import jobs
from socialdesk.db import db, now
from socialdesk.notifications import push_delivery, round_delivery
from socialdesk.notifications.choice_actions import choose
from socialdesk.notifications.delivery import Answer
from socialdesk.notifications.models import Delivery
from socialdesk.notifications.service_delivery import services
from socialdesk.people.profile_actions import change_profile
from socialdesk.posts import thread_actions
from socialdesk.tickets import actions as tickets

from .conftest import run_due
from .phones import Phone, phone, service, settings_given  # noqa: F401
from .test_when import ada, at, rings  # noqa: F401
from .test_when_sent import at_night
from .told import do


def states():
    db.session.rollback()
    found = [tuple(row) for row in db.session.execute(sa.select(Delivery.how, Delivery.state).where(Delivery.channel == "push").order_by(Delivery.id))]
    db.session.rollback()
    return found


@pytest.mark.parametrize("answer", [Answer(503, 600.0), Answer(0, late=True)])
def test_what_waits_together_survives_a_service_that_is_left_alone_at_that_moment(make, phone, service, ada, time, answer):  # noqa: F811
    at_night(time)
    hers = phone(ada)
    rings(make, ada, 2)
    time.stop(2026, 3, 2, 8, 0)
    services.note(service.origin, answer, clock.monotonic())
    jobs.run_due(("now", "push", "soon", "bulk"))
    assert hers.told == []
    time.pass_(minutes=12)
    run_due()
    assert len(hers.told) == 1 and states() == [("rest", "sent")] * 2


def test_what_waits_together_survives_a_busy_service(make, phone, service, ada, time):  # noqa: F811
    at_night(time)
    hers = phone(ada)
    rings(make, ada, 2)
    time.stop(2026, 3, 2, 8, 0)
    service.answer_next(429, retry_after=60)
    run_due()
    assert hers.told == [] and states() == [("rest", "due")] * 2
    time.pass_(minutes=2)
    run_due()
    assert len(hers.told) == 1 and states() == [("rest", "sent")] * 2


def test_what_may_ring_at_any_time_is_not_given_up_for_a_newer_word_that_may_not(make, phone, ada, time):
    time.stop(2026, 3, 2, 17, 58)
    hers, ticket, tom = phone(ada), make.ticket(ada), make.agent("Tom")
    do(change_profile, ada, even_outside=["waits"])
    do(tickets.change_status, ticket.id, tom, "on_hold", "Which cable is it?", "requester")
    jobs.run_due(("now",))
    do(thread_actions.follow, ticket.id, ada)
    make.reply(ticket, tom, "The blue one, or the red one.")
    jobs.run_due(("now",))
    time.stop(2026, 3, 2, 18, 10)
    run_due()
    assert ["Which cable is it?" in body or "needs an answer" in body or "one of your tickets" in body for body in hers.bodies] == [True]
    time.stop(2026, 3, 3, 8, 0)
    run_due()
    assert len(hers.told) == 2 and {state for _, state in states()} == {"sent"}


@pytest.mark.parametrize("size", [1, 128])
def test_a_word_one_does_not_want_takes_no_other_with_it_wherever_they_are_looked_at(make, phone, ada, time, monkeypatch, size):
    monkeypatch.setattr(push_delivery, "CHUNK", size)
    time.stop(2026, 3, 2, 10, 0)
    hers, ticket, tom = phone(ada), make.ticket(ada), make.agent("Tom")
    run_due()
    make.reply(ticket, tom, "It is the blue one.")
    jobs.run_due(("now",))
    do(tickets.change_status, ticket.id, tom, "in_progress", "I look at it.")
    jobs.run_due(("now",))
    assert len(states()) == 2
    do(choose, ada, "states", "inbox", "never")
    run_due()
    assert len(hers.told) == 1 and sorted(states()) == [("alone", "dropped"), ("alone", "sent")]


@pytest.mark.parametrize("size", [1, 128])
def test_of_several_words_the_newest_alone_is_sent_wherever_they_are_looked_at(make, phone, ada, time, monkeypatch, size):
    monkeypatch.setattr(push_delivery, "CHUNK", size)
    time.stop(2026, 3, 2, 10, 0)
    hers, ticket, tom = phone(ada), make.ticket(ada), make.agent("Tom")
    for words in ("The blue one.", "No, the red one.", "Both."):
        make.reply(ticket, tom, words)
        jobs.run_due(("now",))
    run_due()
    assert len(hers.posts) == 1 and sorted(states()) == [("alone", "dropped")] * 2 + [("alone", "sent")]


# --- the end of a process, and long jobs

@pytest.fixture
def followed(make, browse, service):  # noqa: F811
    question, phones = make.question(make.person()), []
    for _ in range(6):
        person = make.person()
        do(thread_actions.follow, question.id, person)
        phones.append(Phone(browse(person), service))
    return question, phones


def test_a_process_that_ends_sends_no_more_and_the_next_goes_on_at_once(make, followed, service, time, monkeypatch):  # noqa: F811
    monkeypatch.setattr(round_delivery, "AT_ONCE", 2)
    question, phones = followed
    make.reply(question, make.person())
    jobs.run_due(("now",))
    stopping = threading.Event()
    monkeypatch.setattr(jobs.here, "stopping", stopping, raising=False)
    taken = round_delivery.Round._take

    def take(sending, answers):
        taken(sending, answers)
        if answers:
            stopping.set()
    monkeypatch.setattr(round_delivery.Round, "_take", take)
    jobs.run_batch(jobs.claim("push"))
    sent = sum(len(phone.told) for phone in phones)
    assert 0 < sent < 6 and sorted(state for _, state in states()) == ["due"] * (6 - sent) + ["sent"] * sent
    db.session.rollback()
    [(run_at, attempts)] = db.session.execute(sa.select(jobs.Job.run_at, jobs.Job.attempts).where(jobs.Job.kind == "push")).all()
    assert (run_at - now()).total_seconds() <= 1 and attempts == 0
    db.session.rollback()
    monkeypatch.setattr(jobs.here, "stopping", None)
    time.pass_(seconds=2)
    run_due()
    assert [len(phone.told) for phone in phones] == [1] * 6


def test_a_long_round_keeps_its_jobs(make, followed, monkeypatch):
    monkeypatch.setattr(round_delivery, "RENEW_SECONDS", -1)
    kept = []
    renew = jobs.renew
    monkeypatch.setattr(jobs, "renew", lambda job: kept.append((job.kind, renew(job))))
    question, phones = followed
    make.reply(question, make.person())
    run_due()
    assert ("push", True) in kept and [len(phone.told) for phone in phones] == [1] * 6


@pytest.mark.parametrize("fails_at", ["load", "write"])
def test_a_fault_in_the_database_loses_no_push(make, followed, monkeypatch, time, fails_at):
    question, phones = followed
    make.reply(question, make.person())
    jobs.run_due(("now",))
    name = {"load": "_load", "write": "_write"}[fails_at]
    work, tries = getattr(push_delivery, name), []

    def fail_first(*given):
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError("The disk is full.")
        return work(*given)
    monkeypatch.setattr(push_delivery, name, fail_first)
    jobs.run_due(("push",))
    assert "due" in {state for _, state in states()}
    time.pass_(minutes=2)
    run_due()
    marks = [{notice["data"]["id"] for notice in phone.told} for phone in phones]
    assert [len(found) for found in marks] == [1] * 6 and {state for _, state in states()} == {"sent"}
