"""The work of sending pushes: many at once, each written down before more than a few hundred are on their way."""
import asyncio
import logging
import threading
import time
from datetime import timedelta
from itertools import groupby

import sqlalchemy as sa
from flask import current_app

from .. import jobs
from ..db import db, fail_point, now, transaction
from . import words_checker
from .actions import KEPT_FOR, queue_rest
from .delivery import PostOffice, open_session, payload_of
from .device_checker import origin_of
from .due_queries import due_of, quotes_of
from .models import Delivery, Device

log = logging.getLogger(__name__)

IN_FLIGHT = 256                         # sent or being sent, and not yet written down: the most a kill can send twice
AT_ONCE = 128                           # sends at one time
CHUNK = 128                             # asked for rights together, just before they are sent
GATHER_SECONDS = 0.05                   # how long results are gathered before they are written
RENEW_SECONDS = 30
TTL_SECONDS = 24 * 3600
TROUBLES = 5                            # failures in a row after which a push service is left alone for a while


@jobs.handler("push", outside=True)
def push(claimed):
    """Send the deliveries of the claimed jobs; each job stays until none of its deliveries is due any more."""
    ids = sorted({delivery_id for job in claimed for delivery_id in job.payload["ids"]})
    _send(claimed, [ids[start:start + CHUNK] for start in range(0, len(ids), CHUNK)])
    return {job.id: _finish(Delivery.id.in_(job.payload["ids"]), Delivery.how == "alone") for job in claimed}


@jobs.handler("push_rest", outside=True)
def push_rest(claimed):
    """Send to the people of each job what waited, a push a device."""
    parts = {job.id: Delivery.person_id.between(job.payload["first"], job.payload["last"]) for job in claimed}
    started = now()
    rows = db.session.execute(sa.select(Delivery.device_id, Delivery.id).where(
        sa.or_(*parts.values()), Delivery.state == "due", Delivery.how == "rest", Delivery.channel == "push", Delivery.send_at <= started)
        .order_by(Delivery.device_id, Delivery.id)).all()
    db.session.rollback()
    _send(claimed, _whole_devices(rows))
    # what was put off has no other job; what was planned for later has its own
    return {job.id: _finish(part, Delivery.how == "rest", Delivery.attempts > 0) for job, part in parts.items()}


def _whole_devices(rows):
    """Chunks of delivery ids that keep those of a device together."""
    chunks = [[]]
    for _, of_device in groupby(rows, key=lambda row: row.device_id):
        ids = [row.id for row in of_device]
        if len(chunks[-1]) + len(ids) > CHUNK and chunks[-1]:
            chunks.append([])
        chunks[-1] += ids
    return chunks


def _send(claimed, chunks):
    asyncio.run(Round(current_app._get_current_object(), claimed, chunks).run())


def _finish(*which):
    def finish():
        again = db.session.scalar(sa.select(sa.func.min(Delivery.send_at)).where(*which, Delivery.state == "due", Delivery.channel == "push"))
        if again is not None:
            raise jobs.Later(max(1, (again - now()).total_seconds()))
    return finish


class Quiet:
    """Push services that are in trouble, and until when they are left alone; for this process."""

    def __init__(self):
        self._rows, self._lock = {}, threading.Lock()

    def until(self, origin):
        """The moment (monotonic) before which nothing is sent there; 0 if it is well."""
        return self._rows.get(origin, (0, 0))[1]

    def note(self, origin, is_well, wait=None):
        """Write down how it went.  wait: seconds it asked for itself."""
        with self._lock:
            if is_well:
                self._rows.pop(origin, None)
                return
            troubles = self._rows.get(origin, (0, 0))[0] + 1
            pause = max(wait or 0, min(300, 2 ** (troubles - TROUBLES))) if troubles >= TROUBLES else 0
            self._rows[origin] = troubles, time.monotonic() + pause if pause else 0


quiet = Quiet()


class Round:
    """One round of sending: loads in chunks, sends at most IN_FLIGHT at once, writes results in batches."""

    def __init__(self, app, claimed, chunks):
        self.app, self.claimed, self.chunks = app, claimed, chunks
        self.renewed = time.monotonic()
        self.fault, self.unwritten = None, 0

    async def run(self):
        """Send everything that may be sent now."""
        self.results, self.letters, self.room = asyncio.Queue(), asyncio.Queue(CHUNK), asyncio.Event()
        async with open_session(AT_ONCE) as session:
            self.office = PostOffice(self.app.config["SETTINGS"], session)
            recorder = asyncio.create_task(self._record())
            try:
                async with asyncio.TaskGroup() as hands:
                    senders = [hands.create_task(self._work()) for _ in range(min(AT_ONCE, sum(map(len, self.chunks))))]
                    await self._feed(len(senders))
            finally:
                self.results.put_nowait(None)
                await recorder
        if self.fault:
            raise self.fault

    async def _feed(self, senders):
        for chunk in self.chunks:
            if self.fault:                               # results cannot be written: what is not sent yet waits for the next try
                break
            for letter in self._in_database(_load, chunk, self.app.config["SETTINGS"].base_url, self.office):
                await self.letters.put(letter)
        for _ in range(senders):
            await self.letters.put(None)

    async def _work(self):
        while (letter := await self.letters.get()) is not None:
            while self.unwritten >= IN_FLIGHT:           # a semaphore would look at all who wait each time one is let in
                self.room.clear()
                await self.room.wait()
            if not self.fault:
                self.unwritten += 1
                await self._send(*letter)

    async def _send(self, due, sealed, short):
        origin = origin_of(due.endpoint)
        pause = quiet.until(origin) - time.monotonic()
        if pause > 0:
            return self.results.put_nowait((due, None, pause))
        seconds = max(0, min(TTL_SECONDS, int((due.expires_at - now()).total_seconds())))
        topic = self.office.topic(due.person_id, 0 if due.others else due.root_id)
        answer = await self.office.post(due.endpoint, sealed, topic, seconds)
        if answer.outcome == "shrink":
            answer = await self.office.send(due, short, topic, seconds)
        quiet.note(origin, answer.outcome != "later", answer.retry_after)
        self.results.put_nowait((due, answer, None))

    async def _record(self):
        ended = False
        while not ended:
            batch = [await self.results.get()]
            if batch[0] is not None and self.results.qsize() < CHUNK:
                await asyncio.sleep(GATHER_SECONDS)
            while not self.results.empty():
                batch.append(self.results.get_nowait())
            ended = None in batch
            done = [result for result in batch if result is not None]
            if done and not self.fault:
                self._keep(done)
            self.unwritten -= len(done)
            self.room.set()

    def _keep(self, done):
        try:
            self._in_database(_write, done, self._jobs_to_renew())
        except Exception as fault:                       # ends the round: the jobs are tried again, the phones show an id once
            self.fault = fault

    def _jobs_to_renew(self):
        if time.monotonic() - self.renewed < RENEW_SECONDS:
            return []
        self.renewed = time.monotonic()
        return self.claimed

    def _in_database(self, work, *given):
        """Ask the database, in a session of its own.  Sockets wait meanwhile: a thread beside would cost more than it saves."""
        with self.app.app_context():
            return work(*given)


def _load(ids, base_url, office):
    """(Due, sealed payload, a shorter payload) of each delivery that may go out; the others are dropped.
    Sealed all together: in turns with the sending, the processor's caches lose both."""
    fine, unwanted, later = due_of(ids)
    told = [one for due in fine for one in (due, *due.others)]
    quotes = quotes_of({due.event_id for due in told if due.words == "full"})
    db.session.rollback()
    if unwanted or later:
        with transaction():
            db.session.execute(_set(unwanted, state="dropped"))
            _put_over(later)
    letters = [(due, *_payloads(due, quotes, base_url)) for due in fine]
    return [(due, office.seal(due, payload), short) for due, payload, short in letters]


def _put_over(later):
    """What would ring at a forbidden hour waits for the next allowed one, with whatever else waits by then."""
    for start in set(later.values()):
        ids = [delivery_id for delivery_id, moment in later.items() if moment == start]
        db.session.execute(_set(ids, send_at=start, expires_at=start + KEPT_FOR, how="rest"))
        queue_rest(start, set(db.session.scalars(sa.select(Delivery.person_id).where(Delivery.id.in_(ids)))))


def _payloads(due, quotes, base_url):
    """(the payload as its person wants it on a locked phone, one without a word of what happened)."""
    where = {"navigate": f"{base_url}/p/{due.root_id}", "tag": f"thread-{due.root_id}", "mark": f"{due.notification_id}.{due.n}"}
    if due.others:
        where = {"navigate": f"{base_url}/inbox", "tag": "rest", "mark": f"rest.{due.id}"}
    short = payload_of(*_words(due, quotes, "discreet"), badge=due.badge, **where)
    return (short if due.words == "discreet" and not due.others else payload_of(*_words(due, quotes, None), badge=due.badge, **where)), short


def _words(due, quotes, most):
    """(title, body); most: what may be said at most, else what each thread's words allow."""
    def said(one):
        return words_checker.words(one.happening, one.title, quotes.get(one.event_id, ""), most or one.words)
    return words_checker.together([said(one) for one in (*due.others, due)]) if due.others else said(due)


def _write(done, claimed):
    """Write the results of a batch, a statement for each outcome."""
    fail_point("push.sent")
    by_answer = {}
    with transaction():
        for due, answer, pause in [(one, *rest) for due, *rest in done for one in (due, *due.others)]:
            if answer is None or answer.outcome == "later":
                _put_off(due, answer, pause)
            else:
                by_answer.setdefault((answer.outcome, answer.status), []).append(due)
        for (outcome, status), dues in by_answer.items():
            state = {"sent": "sent", "gone": "gone"}.get(outcome, "dropped")
            db.session.execute(_set([due.id for due in dues], state=state, http=status, attempts=Delivery.attempts + 1))
            _note_devices(outcome, status, dues)
    fail_point("push.recorded")
    for job in claimed:
        jobs.renew(job)


def _set(ids, **values):
    return (sa.update(Delivery).where(Delivery.id.in_(ids), Delivery.state == "due").values(**values)
            .execution_options(synchronize_session=False))


def _put_off(due, answer, pause):
    """Again after what the service asked for, else after a pause that grows; never beyond its time."""
    seconds = pause if answer is None else answer.retry_after if answer.retry_after is not None else jobs.backoff(due.attempts + 1)
    at = now() + timedelta(seconds=seconds)
    values = {"send_at": at} if at < due.expires_at else {"state": "dropped"}
    if answer is not None:
        values |= {"attempts": Delivery.attempts + 1, "http": answer.status}
        _note_devices("later", answer.status, [due])
    db.session.execute(_set([due.id], **values))


def _note_devices(outcome, status, dues):
    """What a device's row says of it.  Ours is the fault where the service refuses: the device stays, somebody is told."""
    if outcome == "sent":
        dues = [due for due in dues if due.stale]
        values = {"last_ok_at": now(), "failures": 0, "last_status": status}
    else:
        values = {"failures": Device.failures + 1, "last_status": status} | ({"off_at": now()} if outcome == "gone" else {})
    ids = sorted({due.device_id for due in dues})
    if ids:
        db.session.execute(sa.update(Device).where(Device.id.in_(ids)).values(**values).execution_options(synchronize_session=False))
    if outcome in ("refused", "shrink"):
        log.error("push refused", extra={"status": status, "deliveries": [due.id for due in dues][:20]})
