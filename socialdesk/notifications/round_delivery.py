"""A round of sending: many at once, so many a push service, and none of them waits for another's."""
import time
from collections import defaultdict, deque
from typing import NamedTuple

from .. import jobs
from ..db import now
from .delivery import TIMEOUT_SECONDS, PostOffice
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
    """What is ready to be sent.  due: due_queries.Due; short: a payload without a word of what happened, where that may help."""

    due: tuple
    sealed: bytes | None
    short: bytes | None
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
        self.app, self.claimed, self.chunks, self.patient = app, claimed, deque(chunks), patient
        self.load, self.write = load, write
        self.fault, self.elsewhere = None, set()
        self.active, self.aside, self.ready = defaultdict(int), defaultdict(deque), deque()
        self.waiting = self.flying = 0
        self.done, self.done_at = [], 0
        self.started_at = self.renewed = time.monotonic()

    def run(self):
        """Send everything that may be sent now.  Raises what failed in the database."""
        with PostOffice(self.app.config["SETTINGS"], AT_ONCE, TIMEOUT_SECONDS if self.patient else HURRY_SECONDS) as self.office:
            while self._goes_on() and (self.chunks or self.waiting) or self.flying:
                self._load()
                self._start()
                self._take(self.office.answers(self._patience()) if self.flying else ())
                self._keep()
            self._keep(at_once=True)
        if self.fault:
            raise self.fault

    def _goes_on(self):
        """Where something failed, or the process is to end, what is on its way ends and is written; the job has the rest."""
        return not self.fault and not jobs.is_stopping()

    def _load(self):
        """The next chunk: where too little is waiting to keep all busy, or what waits is for a service that hangs."""
        is_stuck = self.flying and time.monotonic() - self.started_at > STUCK_SECONDS
        if self.chunks and self._goes_on() and self.waiting < (MOST_WAITING if is_stuck else CHUNK):
            letters, elsewhere = self._in_database(([], set()), self.load, self.chunks.popleft(), self.office, self.patient)
            self.elsewhere |= elsewhere
            for letter in letters:
                self._put(letter)

    def _put(self, letter):
        self.waiting += 1
        if self.active[letter.origin] < AT_ONE_SERVICE:
            self.active[letter.origin] += 1
            self.ready.append(letter)
        else:
            self.aside[letter.origin].append(letter)

    def _start(self):
        while self.ready and self.flying < AT_ONCE and self.flying + len(self.done) < IN_FLIGHT and self._goes_on():
            letter = self.ready.popleft()
            self.waiting -= 1
            self.started_at = time.monotonic()
            if not self.patient and services.is_slow(letter.origin):
                self._end(letter, Result(letter.due))
            elif pause := services.pause(letter.origin):
                self._end(letter, Result(letter.due, pause=pause))
            else:
                self._send(letter, letter.sealed)

    def _send(self, letter, sealed):
        due = letter.due
        seconds = max(0, min(TTL_SECONDS, int((due.expires_at - now()).total_seconds())))
        topic = self.office.topic(due.person_id, 0 if due.others else due.root_id)
        self.flying += 1
        self.office.post((letter, time.monotonic()), due.endpoint, sealed, topic, seconds, due.vapid_id)

    def _patience(self):
        """How long answers may be waited for: until there are results to write, or others to be let past."""
        return GATHER_SECONDS if self.done else STUCK_SECONDS if self.chunks else 1

    def _take(self, answers):
        for (letter, began), answer in answers:
            self.flying -= 1
            if answer.outcome == "shrink" and letter.short:
                self._send(letter._replace(short=None), self.office.seal(letter.due, letter.short))
                continue
            services.note(letter.origin, answer, began, self.patient)
            self._end(letter, Result(letter.due) if answer.late and not self.patient else Result(letter.due, answer))

    def _end(self, letter, result):
        """Its place at the service goes to the next that waits for it."""
        self.done_at = self.done_at if self.done else time.monotonic()
        self.done.append(result)
        if self.aside[letter.origin]:
            self.ready.append(self.aside[letter.origin].popleft())
        else:
            self.active[letter.origin] -= 1

    def _keep(self, at_once=False):
        """Write what ended, some at a time.  A fault ends the round: the jobs are tried again, the phones show an id once."""
        enough = at_once or not self.flying or len(self.done) >= CHUNK or time.monotonic() - self.done_at > GATHER_SECONDS
        if self.done and enough:
            done, self.done = self.done, []
            if not self.fault:
                self.elsewhere |= self._in_database(set(), self.write, done, self._jobs_to_renew())

    def _jobs_to_renew(self):
        if time.monotonic() - self.renewed < RENEW_SECONDS:
            return []
        self.renewed = time.monotonic()
        return self.claimed

    def _in_database(self, otherwise, work, *given):
        """Ask the database, in a session of its own.  Sockets wait meanwhile: a thread beside would cost more than it saves."""
        try:
            with self.app.app_context():
                return work(*given)
        except Exception as fault:
            self.fault = fault
            return otherwise
