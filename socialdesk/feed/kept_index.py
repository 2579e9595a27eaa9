"""What a process keeps in memory to save work: the latest of something, so many and so long; losing it costs time alone."""
from collections import OrderedDict
from threading import Lock


class Kept:
    """Values by key: those not asked for longest go first.  most: how many; seconds: how long, None for ever."""

    def __init__(self, most, seconds=None):
        self.most, self.seconds = most, seconds
        self._rows, self._lock = OrderedDict(), Lock()

    def get(self, key, moment=0.0):
        """The value, or None.  moment: seconds, as at put()."""
        with self._lock:
            found = self._rows.get(key)
            if found is None:
                return None
            if self.seconds is not None and not 0 <= moment - found[0] < self.seconds:
                del self._rows[key]
                return None
            self._rows.move_to_end(key)
            return found[1]

    def put(self, key, value, moment=0.0):
        """Keep a value."""
        with self._lock:
            self._rows[key] = (moment, value)
            self._rows.move_to_end(key)
            while len(self._rows) > self.most:
                self._rows.popitem(last=False)

    def drop(self, is_meant=lambda key: True):
        """Forget what stands under the keys that are meant."""
        with self._lock:
            for key in [key for key in self._rows if is_meant(key)]:
                del self._rows[key]

    def __len__(self):
        return len(self._rows)
