"""What is only read writes nothing: it is noted in memory, and written down a little later by a thread of its own."""
import threading

from .db import db


class Soon:
    """A process's notes that are written down together.  A subclass has flush(), which takes what was noted and writes it."""

    FLUSH_SECONDS = 30
    LOST = "what was noted could not be written down"

    def __init__(self, app):
        self.app, self.lock, self.timer = app, threading.Lock(), None

    def write_soon(self):
        """Have flush() called within FLUSH_SECONDS.  Tests call it themselves."""
        with self.lock:
            if self.timer is None and not self.app.testing:
                self.timer = threading.Timer(self.FLUSH_SECONDS, self._flush_in_thread)
                self.timer.daemon = True
                self.timer.start()

    def flush(self):
        """Write down what was noted."""
        raise NotImplementedError

    def _flush_in_thread(self):
        with self.lock:
            self.timer = None
        with self.app.app_context():
            try:
                self.flush()
            except Exception:           # a locked or full database: what was noted is lost, the pages are not
                self.app.logger.warning(self.LOST, exc_info=True)
            finally:
                db.session.remove()
