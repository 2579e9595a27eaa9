"""Token buckets in memory: limits on what only reads."""
import threading
import time


class Buckets:
    """Token buckets in memory, a key each.  burst: tokens at first; per_second: refill."""

    def __init__(self):
        self._rows, self._lock = {}, threading.Lock()

    def spend(self, key, burst, per_second):
        """Take one token.  Returns the seconds to wait, 0 if there was one."""
        with self._lock:
            moment = time.monotonic()
            if len(self._rows) > 50_000:
                self._rows.clear()
            tokens, at = self._rows.get(key, (burst, moment))
            tokens = min(burst, tokens + (moment - at) * per_second)
            wait = 0 if tokens >= 1 else (1 - tokens) / per_second
            self._rows[key] = (tokens - (not wait), moment)
            return wait
