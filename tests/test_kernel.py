"""Transactions, jobs, the ledger: what everything else stands on."""
import sqlite3
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from socialdesk import consequences, db as database, events, jobs
from socialdesk.db import db, locked, now, transaction
from socialdesk.errors import Missing, Unavailable
from socialdesk.events import Event, Verb, record
from socialdesk.jobs import Done, Job, Later
from socialdesk.people.models import Team

from .conftest import run_due


@pytest.fixture
def kind(request):
    """A kind of job for this test alone: kind(run, outside) registers it."""
    name = f"test:{request.node.name}"
    yield lambda run, outside=False: jobs.handler(name, outside)(run) and name
    jobs._handlers.pop(name, None)


def count(model):
    found = db.session.scalar(sa.select(sa.func.count()).select_from(model))
    db.session.rollback()
    return found


def add_team(name):
    db.session.add(Team(name=name, name_fold=name))


# --- transactions

def test_outside_the_write_transaction_nothing_can_be_written(desk):
    with pytest.raises(Exception, match="read.?only"):
        db.session.execute(sa.insert(Team).values(name="A", name_fold="a", confidential=False))
    db.session.rollback()
    assert count(Team) == 0


def test_an_error_leaves_no_trace(desk):
    with pytest.raises(ValueError):
        with transaction():
            add_team("A")
            record(Verb.SIGNED_IN)
            raise ValueError
    assert count(Team) == count(Event) == count(Job) == 0


def test_a_write_transaction_is_never_opened_twice(desk):
    with transaction():
        with pytest.raises(RuntimeError):
            with transaction():
                pass


def test_what_is_decided_on_is_read_inside_the_write_transaction(desk):
    with pytest.raises(RuntimeError):
        locked(Team, 1)
    with transaction():
        with pytest.raises(Missing):
            locked(Team, 1)


def test_two_writers_lose_no_update(desk):
    with transaction():
        add_team("0")

    def raise_it():
        with desk.app_context():
            for _ in range(20):
                with transaction():
                    team = locked(Team, 1)
                    team.name = str(int(team.name) + 1)
    threads = [threading.Thread(target=raise_it) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    db.session.rollback()
    assert db.session.get(Team, 1, populate_existing=True).name == "80"


def test_hooks_run_after_the_commit_and_never_without_one(desk):
    seen = []
    with transaction():
        database.after_commit(lambda: seen.append(count(Team)))
        add_team("A")
    assert seen == [1]
    with pytest.raises(ValueError):
        with transaction():
            database.after_commit(lambda: seen.append("never"))
            raise ValueError
    assert seen == [1]


@pytest.mark.parametrize("fault", ["database is locked", "database or disk is full", "unable to open database file", "attempt to write a readonly database"])
def test_a_fault_of_the_database_is_said_in_a_sentence(desk, fault):
    with pytest.raises(Unavailable) as refusal:
        with transaction():
            raise sqlite3.OperationalError(fault)
    assert "safe" in refusal.value.sentence and fault not in refusal.value.sentence


# --- the ledger

def test_the_ledger_takes_ids_and_closed_words_only(desk):
    with transaction():
        record(Verb.TICKET_STATUS_CHANGED, before="new", after="resolved", count=3)
        for facts in ({"text": "Ada is ill"}, {"names": ["Ada"]}, {"x": 1.5}):
            with pytest.raises(ValueError):
                record(Verb.POSTED, **facts)
        with pytest.raises(ValueError):
            record("notify_author")


def test_every_verb_has_its_line_in_the_table_of_consequences():
    consequences.check()
    assert set(consequences.FOLLOWS) == set(Verb)


def test_what_is_held_is_followed_up_only_after_the_hold_and_can_be_taken_back(desk, time):
    with transaction():
        kept = record(Verb.SIGNED_IN, hold_until=now() + timedelta(seconds=10))
        gone = record(Verb.SIGNED_IN, hold_until=now() + timedelta(seconds=10))
    assert run_due() == 0
    with transaction():
        assert events.take_back(gone.id)
    time.pass_(seconds=11)
    with transaction():
        assert not events.take_back(kept.id)
    assert run_due() == 1
    assert db.session.scalars(sa.select(Event.id)).all() == [kept.id]


# --- jobs

def test_a_job_is_done_once_and_its_effect_stays(desk, kind):
    name = kind(lambda job: add_team(f"T{job.ref_id}"))
    with transaction():
        for n in range(120):
            jobs.enqueue(name, n)
    assert run_due() == 120
    assert count(Team) == 120 and count(Job) == 0 and run_due() == 0


def test_a_failing_job_fails_alone_and_comes_back_later(desk, kind, time):
    def run(job):
        if job.ref_id == 3 and job.attempts == 1:
            raise KeyError("Ada Lovelace")
        add_team(f"T{job.ref_id}")
    name = kind(run)
    with transaction():
        for n in range(5):
            jobs.enqueue(name, n)
    run_due()
    assert count(Team) == 4
    row = db.session.execute(sa.select(Job.error_class, Job.attempts)).one()
    assert row == ("KeyError", 1)                        # the class alone: an error's text may hold a name
    time.pass_(seconds=10)
    run_due()
    assert count(Team) == 5 and count(Job) == 0


def test_a_job_that_always_fails_becomes_a_dead_letter_and_can_be_given_another_life(desk, kind, time):
    healthy = []

    def run(job):
        if not healthy:
            raise ValueError
    name = kind(run)
    with transaction():
        jobs.enqueue(name, most=3)
    for _ in range(5):
        run_due()
        time.pass_(hours=2)
    assert db.session.execute(sa.select(Job.state, Job.attempts)).one() == ("dead", 3)
    healthy.append(1)
    with transaction():
        jobs.retry_dead(db.session.scalar(sa.select(Job.id)))
    run_due()
    assert count(Job) == 0


def test_later_is_not_a_failure(desk, kind, time):
    def run(job):
        if job.ref_id == 1:
            raise Later(60)
    name = kind(run)
    with transaction():
        jobs.enqueue(name, 1)
    run_due()
    assert db.session.execute(sa.select(Job.attempts, Job.error_class)).one() == (0, None)
    assert run_due() == 0
    time.pass_(seconds=61)
    assert run_due() == 1


def test_a_worker_whose_lease_ran_out_changes_nothing(desk, kind, time):
    name = kind(lambda job: add_team("late"))
    with transaction():
        jobs.enqueue(name)
    slow = jobs.claim("soon")
    time.pass_(seconds=jobs.LEASE.total_seconds() + 1)
    quick = jobs.claim("soon")
    jobs.run_batch(slow)
    assert count(Team) == 0 and count(Job) == 1
    jobs.run_batch(quick)
    assert count(Team) == 1 and count(Job) == 0


def test_a_claimed_job_is_nobody_elses_until_its_lease_runs_out(desk, kind, time):
    name = kind(lambda job: None)
    with transaction():
        jobs.enqueue(name)
    assert len(jobs.claim("soon")) == 1 and jobs.claim("soon") == []
    time.pass_(seconds=jobs.LEASE.total_seconds() + 1)
    assert len(jobs.claim("soon")) == 1


def test_a_job_whose_workers_are_killed_each_time_ends_as_a_dead_letter(desk, kind, time):
    name = kind(lambda job: None)
    with transaction():
        jobs.enqueue(name, most=2)
    for _ in range(3):
        jobs.claim("soon")
        time.pass_(seconds=jobs.LEASE.total_seconds() + 1)
    assert db.session.execute(sa.select(Job.state, Job.error_class)).one() == ("dead", "Killed")


def test_while_a_job_waits_another_of_the_same_name_is_the_same(desk, kind):
    name = kind(lambda job: None)
    with transaction():
        jobs.enqueue(name, dedupe="index:1")
        jobs.enqueue(name, dedupe="index:1")
        jobs.enqueue_many([{"kind": name, "dedupe": "index:1"}, {"kind": name, "dedupe": "index:2"}])
    assert count(Job) == 2


def test_outside_work_is_completed_with_what_it_found(desk, kind):
    def run(claimed):
        assert not database.is_writing()
        return {job.id: lambda job=job: add_team(f"T{job.ref_id}") for job in claimed}
    name = kind(run, outside=True)
    with transaction():
        for n in range(3):
            jobs.enqueue(name, n)
    run_due()
    assert count(Team) == 3 and count(Job) == 0


def test_a_full_lane_holds_up_no_other(desk, kind):
    order = []
    name = kind(lambda job: order.append(job.lane))
    with transaction():
        for _ in range(60):
            jobs.enqueue(name, lane="bulk")
        jobs.enqueue(name, lane="now")
    run_due()
    assert order[0] == "now"


def test_a_slice_takes_effect_once(desk):
    with transaction():
        assert jobs.done_once(1, "tell", 0) and not jobs.done_once(1, "tell", 0) and jobs.done_once(1, "tell", 1)
    with pytest.raises(ValueError):
        with transaction():
            jobs.done_once(1, "tell", 2)
            raise ValueError
    assert count(Done) == 2


def test_the_clockwork_is_claimed_by_one_machine_and_goes_on(desk, time):
    ran = []
    jobs.clockwork("test_clock", 60)(lambda: ran.append(1))
    try:
        def tick():
            with desk.app_context():
                jobs.tick()
        for _ in range(2):
            threads = [threading.Thread(target=tick) for _ in range(4)]
            [t.start() for t in threads]
            [t.join() for t in threads]
        run_due()
        assert ran == [1]
        time.pass_(seconds=61)
        run_due(clockwork=True)
        assert ran == [1, 1]
    finally:
        jobs._clockwork.pop("test_clock")
        jobs._handlers.pop("test_clock")


def test_back_off_grows_to_an_hour_and_is_spread(desk):
    assert 2.5 <= jobs.backoff(1) <= 7.5 and 1800 <= jobs.backoff(30) <= 5400
    assert len({jobs.backoff(3) for _ in range(20)}) > 10
