"""Work for later: rows written with the deed, leased, fenced, retried, dead-lettered; and the clockwork."""
import logging
import random
import threading
from collections import namedtuple
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from .db import after_commit, db, fail_point, insert, now, transaction

log = logging.getLogger(__name__)

LANES = ("now", "push", "soon", "bulk", "slow", "mail", "quiet")        # by urgency; a lane has threads of its own, so no fan-out holds up one ticket
LEASE = timedelta(seconds=120)                  # longer than the longest job; a killed worker's jobs are due again after it
CLAIM = 50                                      # jobs taken at a time
MAX_ATTEMPTS = 8


class Job(db.Model):
    """A piece of work.  payload and error_class hold ids and closed words, never text or names."""

    __table_args__ = (sa.Index(None, "state", "lane", "run_at", "id"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(primary_key=True)
    lane: Mapped[str]
    kind: Mapped[str]
    ref_id: Mapped[int | None]
    payload: Mapped[dict] = mapped_column(default=dict)
    dedupe: Mapped[str | None] = mapped_column(unique=True)
    run_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    most: Mapped[int] = mapped_column(default=MAX_ATTEMPTS)
    state: Mapped[str] = mapped_column(default="due")        # due, dead
    error_class: Mapped[str | None]


class Clockwork(db.Model):
    """When a repeated piece of work is due next; claimed by one machine."""

    name: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]


class Done(db.Model):
    """A slice of a consequence that has taken effect, so that a repeat does nothing."""

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    consequence: Mapped[str] = mapped_column(primary_key=True)
    slice: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


Claimed = namedtuple("Claimed", "id kind ref_id payload attempts most lane")
Handler = namedtuple("Handler", "run outside")
_handlers = {}
_clockwork = {}


class Later(Exception):
    """Raised by a handler: not now, again after so many seconds; it does not count as a failure."""

    def __init__(self, seconds):
        super().__init__(seconds)
        self.seconds = seconds


# --- what other rooms use

def handler(kind, outside=False):
    """Register the function that does jobs of this kind.
    Inside (default): run(job) works in the write transaction that also completes the job.
    outside: run(jobs) gets all claimed jobs of the kind, works without a transaction (network, files) and returns
    {job id: finish}; each finish() is called in the transaction that completes its job; finish may raise Later."""
    def register(run):
        _handlers[kind] = Handler(run, outside)
        return run
    return register


def clockwork(name, seconds):
    """Register work that is repeated every so many seconds, once in the whole desk, as an inside job of that name."""
    def register(run):
        _clockwork[name] = timedelta(seconds=seconds)
        _handlers[name] = Handler(lambda job: run(), False)
        return run
    return register


def enqueue(kind, ref_id=None, lane="soon", run_at=None, dedupe=None, most=MAX_ATTEMPTS, **payload):
    """Write a job with the open deed.  dedupe: while a job of that name waits, this one is the same.  run_at: not before."""
    row = {"lane": lane, "kind": kind, "ref_id": ref_id, "payload": payload, "dedupe": dedupe, "attempts": 0,
           "run_at": run_at or now(), "most": most, "state": "due"}
    db.session.execute(insert(Job.__table__).values(row).on_conflict_do_nothing(index_elements=["dedupe"]))
    _announce()


def enqueue_many(rows):
    """Write many jobs at once: dicts with kind, ref_id, lane, run_at, payload, dedupe."""
    full = [{"dedupe": None, "ref_id": None, "payload": {}, "attempts": 0, "most": MAX_ATTEMPTS, "state": "due",
             "lane": "soon", "run_at": now()} | row for row in rows]
    if full:
        db.session.execute(insert(Job.__table__).on_conflict_do_nothing(index_elements=["dedupe"]), full)
        _announce()


def _announce():
    """Wake the workers once the open transaction is committed: ours at once, those of other processes by NOTIFY or their next look."""
    after_commit(wake)
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text("SELECT pg_notify('socialdesk', '')"))


def done_once(event_id, consequence, part=0):
    """True the first time this slice is asked for in a committed transaction, False ever after."""
    row = {"event_id": event_id, "consequence": consequence, "slice": part}
    return db.session.execute(insert(Done.__table__).values(row).on_conflict_do_nothing()).rowcount == 1


def renew(job, lease=LEASE):
    """Keep a long job leased.  Returns False if another worker has it by now."""
    with transaction():
        return db.session.execute(sa.update(Job).where(_mine(job)).values(run_at=now() + lease)).rowcount == 1


def retry_dead(job_id):
    """Give a dead letter another life."""
    return db.session.execute(sa.update(Job).where(Job.id == job_id, Job.state == "dead")
                              .values(state="due", attempts=0, run_at=now())).rowcount == 1


# --- claim and complete

#: is anything due in a lane?  Built once: it is asked far more often than there is work
_glance = sa.select(Job.id).where(Job.state == "due", Job.lane == sa.bindparam("due_in"), Job.run_at <= sa.bindparam("moment", type_=Job.run_at.type)).limit(1)


def claim(lane, most=CLAIM, lease=LEASE):
    """Lease due jobs of a lane, each to one worker.  Those that were tried too often become dead letters."""
    found = db.session.execute(_glance, {"due_in": lane, "moment": now()}).first()
    db.session.rollback()
    if found is None:
        return []
    due = (sa.select(Job.id).where(Job.state == "due", Job.lane == lane, Job.run_at <= now())
           .order_by(Job.run_at, Job.id).limit(most).with_for_update(skip_locked=True))
    with transaction():
        rows = db.session.execute(
            sa.update(Job).where(Job.id.in_(due.scalar_subquery())).execution_options(synchronize_session=False)
            .values(run_at=now() + lease, attempts=Job.attempts + 1, dedupe=None)
            .returning(Job.id, Job.kind, Job.ref_id, Job.payload, Job.attempts, Job.most, Job.lane)).all()
        jobs = [Claimed(*row) for row in rows]
        worn = [job for job in jobs if job.attempts > job.most]
        for job in worn:
            _bury(job, "Killed")
    fail_point("jobs.claimed")
    return sorted((job for job in jobs if job not in worn), key=lambda job: job.id)


def _mine(job):
    return sa.and_(Job.id == job.id, Job.attempts == job.attempts, Job.state == "due")


class _Lost(Exception):
    """The lease ran out and another worker has the job: our effect must not count."""


def complete(jobs):
    """Delete finished jobs, fenced: raises _Lost if another worker has one of them by now."""
    gone = db.session.execute(sa.delete(Job).where(sa.tuple_(Job.id, Job.attempts).in_([(j.id, j.attempts) for j in jobs])))
    if gone.rowcount != len(jobs):
        raise _Lost()


def _bury(job, error_class):
    db.session.execute(sa.update(Job).where(_mine(job)).values(state="dead", error_class=error_class))
    log.error("job is dead", extra={"job": job.id, "kind": job.kind, "error": error_class})


def backoff(attempts):
    """Seconds to wait after so many attempts: 5 s doubling to an hour, spread by half to one and a half."""
    return min(3600, 5 * 2 ** (attempts - 1)) * random.uniform(0.5, 1.5)


def fail(job, error):
    """Write down that a job failed: again later, or a dead letter."""
    if isinstance(error, _Lost):
        return
    with transaction():
        if isinstance(error, Later):
            db.session.execute(sa.update(Job).where(_mine(job)).values(
                run_at=now() + timedelta(seconds=error.seconds), attempts=Job.attempts - 1))
        elif job.attempts >= job.most:
            _bury(job, type(error).__name__)
        else:
            log.warning("job failed", extra={"job": job.id, "kind": job.kind, "error": type(error).__name__}, exc_info=error)
            db.session.execute(sa.update(Job).where(_mine(job)).values(
                run_at=now() + timedelta(seconds=backoff(job.attempts)), error_class=type(error).__name__))


# --- run

def run_batch(jobs):
    """Do claimed jobs.  Inside ones share a transaction; where one fails, each gets its own."""
    inside = [job for job in jobs if job.kind in _handlers and not _handlers[job.kind].outside]
    if inside:
        _run_inside(inside)
    by_kind = {}
    for job in jobs:
        if job not in inside:
            by_kind.setdefault(job.kind, []).append(job)
    for kind, some in by_kind.items():
        _run_outside(kind, some)


def _run_inside(jobs):
    try:
        with transaction():
            for job in jobs:
                _handlers[job.kind].run(job)
            fail_point("jobs.effect")
            complete(jobs)
        fail_point("jobs.completed")
    except Exception as error:
        if len(jobs) == 1:
            fail(jobs[0], error)
        else:
            for job in jobs:
                _run_inside([job])


def _run_outside(kind, jobs):
    try:
        finishes = _handlers[kind].run(jobs)
    except Exception as error:
        for job in jobs:
            fail(job, error)
        return
    fail_point("jobs.outside")
    for job in jobs:
        try:
            with transaction():
                (finishes or {}).get(job.id, lambda: None)()
                complete([job])
        except Exception as error:
            fail(job, error)


def tick():
    """Queue the clockwork that is due, once in the whole desk."""
    due = set(_clockwork) - set(db.session.scalars(sa.select(Clockwork.name).where(Clockwork.next_at > now())))
    if not due:
        return
    with transaction():
        for name in sorted(due):
            db.session.execute(insert(Clockwork.__table__).values(name=name, next_at=now()).on_conflict_do_nothing())
            mine = db.session.execute(sa.update(Clockwork).where(Clockwork.name == name, Clockwork.next_at <= now())
                                      .values(next_at=now() + _clockwork[name])).rowcount
            if mine:
                enqueue(name, lane="quiet", dedupe=f"clockwork:{name}")


def run_due(lanes=LANES, with_clockwork=False):
    """Do everything that is due, in this thread, until nothing is.  Returns how many jobs were taken."""
    if with_clockwork:
        tick()
    total = 0
    while True:
        taken = 0
        for lane in lanes:
            jobs = claim(lane)
            if jobs:
                run_batch(jobs)
            taken += len(jobs)
        if not taken:
            db.session.rollback()
            return total
        total += taken


# --- waking the worker threads of this process, and letting them end

here = threading.local()                # stopping: the event of the workers that this thread is one of


def is_stopping():
    """Is the process to end?  Then a long job leaves the rest of its work for later."""
    event = getattr(here, "stopping", None)
    return event is not None and event.is_set()


waker = threading.Condition()
wakes = [0]


def wake():
    """Tell this process's worker threads that a job was written."""
    with waker:
        wakes[0] += 1
        waker.notify_all()
