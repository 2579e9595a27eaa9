"""A round of sending: many at once, so many a push service, and none of them waits for another's."""
import asyncio
import time
from collections import defaultdict, deque
from typing import NamedTuple

from .. import jobs
from ..db import now
from .delivery import TIMEOUT_SECONDS, PostOffice, open_session
from .service_delivery import HURRY_SECONDS, services

IN_FLIGHT = 256                         # sent or being sent, and not yet written down: the most a kill can send twice
AT_ONCE = 224                           # sends at one time
AT_ONE_SERVICE = 96                     # of them to one push service
CHUNK = 128                             # asked for rights together, just before they are sent
MOST_WAITING = 1024                     # sealed, and waiting for their service's turn
STUCK_SECONDS = 0.1                     # so long nothing moved: what waits is for a service that hangs, others are let past
GATHER_SECONDS = 0.05                   # how long results are gathered before they are written
RENEW_SECONDS = 30
TTL_SECONDS = 24 * 3600


class Letter(NamedTuple):
    """What is ready to be sent.  due: due_queries.Due; short: a payload without a word of what happened."""

    due: tuple
    sealed: bytes | None
    short: bytes
    origin: str | None


class Result(NamedTuple):
    """What came of a letter: an answer; or a pause in seconds, its service being left alone; or neither: it goes the slow way."""

    due: tuple
    answer: tuple | None = None
    pause: float | None = None


class Round:
    """Loads in chunks, sends at most IN_FLIGHT at once, writes results in batches.
    patient: give each service all the time there is; else what it keeps waiting goes the slow way.
    load(ids, office, patient) and write(results, jobs to renew) work in the database; both return the ids of the deliveries that
    another job has from then on, kept in elsewhere; load gives its letters before them."""

    def __init__(self, app, claimed, chunks, patient, load, write):
        self.app, self.claimed, self.chunks, self.patient = app, claimed, chunks, patient
        self.load, self.write = load, write
        self.renewed = time.monotonic()
        self.fault, self.unwritten, self.elsewhere = None, 0, set()
        self.active, self.aside = defaultdict(int), defaultdict(deque)
        self.waiting = self.open = 0

    async def run(self):
        """Send everything that may be sent now."""
        self.results, self.ready = asyncio.Queue(), asyncio.Queue()
        self.room, self.space, self.idle = asyncio.Event(), asyncio.Event(), asyncio.Event()
        async with open_session(AT_ONCE, TIMEOUT_SECONDS if self.patient else HURRY_SECONDS) as session:
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
            letters, elsewhere = self._in_database(self.load, chunk, self.office, self.patient)
            self.elsewhere |= elsewhere
            for letter in letters:
                self._put(letter)
            await self._until_there_is_room()
        while self.open:
            self.idle.clear()
            await self.idle.wait()
        for _ in range(senders):
            self.ready.put_nowait(None)

    def _put(self, letter):
        self.waiting += 1
        self.open += 1
        if self.active[letter.origin] < AT_ONE_SERVICE:
            self.active[letter.origin] += 1
            self.ready.put_nowait(letter)
        else:
            self.aside[letter.origin].append(letter)

    async def _until_there_is_room(self):
        while self.waiting >= CHUNK:
            self.space.clear()
            try:
                await asyncio.wait_for(self.space.wait(), STUCK_SECONDS)
            except TimeoutError:
                if self.waiting < MOST_WAITING:
                    return

    async def _work(self):
        while (letter := await self.ready.get()) is not None:
            self.waiting -= 1
            self.space.set()
            while self.unwritten >= IN_FLIGHT:           # a semaphore would look at all who wait each time one is let in
                self.room.clear()
                await self.room.wait()
            if not self.fault:
                self.unwritten += 1
                self.results.put_nowait(await self._send(letter))
            self._pass_on(letter.origin)

    def _pass_on(self, origin):
        """Its place at the service goes to the next that waits for it."""
        if self.aside[origin]:
            self.ready.put_nowait(self.aside[origin].popleft())
        else:
            self.active[origin] -= 1
        self.open -= 1
        if not self.open:
            self.idle.set()

    async def _send(self, letter):
        due, origin = letter.due, letter.origin
        if not self.patient and services.is_slow(origin):
            return Result(due)
        if pause := services.pause(origin):
            return Result(due, pause=pause)
        seconds = max(0, min(TTL_SECONDS, int((due.expires_at - now()).total_seconds())))
        topic, began = self.office.topic(due.person_id, 0 if due.others else due.root_id), time.monotonic()
        answer = await self.office.post(due.endpoint, letter.sealed, topic, seconds, due.vapid_id)
        if answer.outcome == "shrink":
            answer = await self.office.send(due, letter.short, topic, seconds)
        services.note(origin, answer, began, self.patient)
        return Result(due) if answer.late and not self.patient else Result(due, answer)

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
            self.elsewhere |= self._in_database(self.write, done, self._jobs_to_renew())
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
