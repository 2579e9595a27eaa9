"""How the push services do, each for itself: which are slow, which are left alone and for how long; known to this process."""
import threading
import time
from datetime import datetime, timedelta
from typing import NamedTuple

from ..db import now

HURRY_SECONDS = 1.5                     # longer than this no service holds up the push of another
TROUBLES = 5                            # failures in a row after which a service is left alone for a while
HANG_PAUSE_SECONDS = 10                 # after it did not answer at all; doubled each time
MOST_PAUSE_SECONDS = 300                # of our own accord
MOST_ASKED_SECONDS = 3600               # that a whole service is left alone since it asks for it


class Standing(NamedTuple):
    """How one service does.  troubles: failures in a row; at: when the last of them was noted (monotonic); until: left alone till then."""

    is_slow: bool = False
    troubles: int = 0
    at: float = 0
    until: datetime | None = None


WELL = Standing()


class Services:
    """What this process knows of the push services, by origin."""

    def __init__(self):
        self._rows, self._lock = {}, threading.Lock()

    def forget(self):
        """Begin anew, as a new process does."""
        with self._lock:
            self._rows.clear()

    def is_slow(self, origin):
        """Does it keep who asks waiting?  Then only those ask who have the time."""
        return self._rows.get(origin, WELL).is_slow

    def pause(self, origin):
        """For how many more seconds nothing is sent there; 0 if it is well."""
        until = self._rows.get(origin, WELL).until
        return max(0, (until - now()).total_seconds()) if until else 0

    def note(self, origin, answer, began, patient=True):
        """Write down how a send went.  began: monotonic; patient: was it given all the time there is?"""
        is_well = answer.outcome != "later" and not answer.late
        if is_well and origin not in self._rows:
            return
        with self._lock:
            row = self._rows.get(origin, WELL)
            if is_well:
                # some that were on their way beside the one that hung say nothing yet
                self._rows[origin] = Standing(row.is_slow and (not patient or time.monotonic() - began > HURRY_SECONDS))
            else:
                self._rows[origin] = _worse(row._replace(is_slow=row.is_slow or answer.late), answer, began, patient)
            if self._rows[origin] == WELL:
                del self._rows[origin]


def _worse(row, answer, began, patient):
    """Its standing after a failure.  Those that were on their way together count as one."""
    if answer.late and not patient or began < row.at:
        return row
    seconds = _rest(answer, row.troubles + 1)
    return row._replace(troubles=row.troubles + 1, at=time.monotonic(), until=now() + timedelta(seconds=seconds) if seconds else None)


def _rest(answer, troubles):
    """For how long it is left alone.  That it is too busy for anybody is a word for all; too often asked may be one device's."""
    if answer.late:
        return min(MOST_PAUSE_SECONDS, HANG_PAUSE_SECONDS * 2 ** min(troubles - 1, 9))
    own = min(MOST_PAUSE_SECONDS, 2 ** min(troubles - TROUBLES, 9)) if troubles >= TROUBLES else 0
    asked = answer.retry_after if answer.retry_after and (answer.status == 503 or troubles > 1) else 0
    return max(own, min(asked, MOST_ASKED_SECONDS))


services = Services()
