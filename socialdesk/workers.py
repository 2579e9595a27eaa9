"""The threads that do jobs in a process."""
import logging
import threading

from .jobs import LANES, claim, here, run_batch, tick, wake, waker, wakes

log = logging.getLogger(__name__)

THREADS = {"now": 2, "push": 2, "soon": 1, "bulk": 1, "slow": 1, "mail": 1, "quiet": 1}
POLL_SECONDS = 0.5                      # how long another process's job may go unnoticed


class Workers:
    """The threads that do jobs in this process."""

    def __init__(self, app):
        self.app = app
        self.stopping = threading.Event()
        lanes = [lane for lane in LANES for _ in range(THREADS[lane])]
        self.threads = [threading.Thread(target=self._work, args=(lane,), name=f"jobs-{lane}", daemon=True) for lane in lanes]
        self.threads.append(threading.Thread(target=self._clock, name="clockwork", daemon=True))

    def start(self):
        """Start all threads."""
        for thread in self.threads:
            thread.start()
        return self

    def stop(self, seconds=10):
        """Finish what is in hand and stop."""
        self.stopping.set()
        wake()
        for thread in self.threads:
            thread.join(seconds)

    def _work(self, lane):
        here.stopping = self.stopping
        while not self.stopping.is_set():
            seen = wakes[0]
            if not self._step(lambda: self._take(lane)):
                with waker:
                    waker.wait_for(lambda: wakes[0] != seen or self.stopping.is_set(), POLL_SECONDS)

    def _take(self, lane):
        jobs = claim(lane)
        if jobs:
            run_batch(jobs)
        return bool(jobs)

    def _clock(self):
        while not self.stopping.wait(2):
            self._step(tick)

    def _step(self, do):
        try:
            with self.app.app_context():
                return do()
        except Exception as error:                       # a locked or missing database: the thread must outlive it
            log.warning("worker waits", extra={"error": type(error).__name__}, exc_info=error)
            self.stopping.wait(1)
            return False
