"""What is searched for, counted in memory: by how many different people, never by whom."""
import secrets
import threading
from hashlib import blake2b

from .word_checker import STOP, clean, places_of

LEAST_PEOPLE = 5                        # what fewer asked for is never written down
MOST_TEXTS, MOST_PEOPLE = 10_000, 1_000  # kept in memory; of more it is known that they are many
MOST_WORDS, MOST_LETTERS = 8, 80        # what is longer tells a story, and nobody tells the same one
SHOWN_AGAIN_SECONDS = 600               # a person who goes on typing is shown the same suggestions


class Tally:
    """A week's searches of a process.  People are told apart by a hash whose salt is never written down and new each week."""

    def __init__(self):
        self._lock = threading.Lock()
        self.reset()

    def reset(self, week=None):
        """Forget everything, as for a new week."""
        with self._lock:
            self._begin(week)

    def _begin(self, week):
        self._week, self._salt = week, secrets.token_bytes(16)
        self._people, self._fresh = {}, set()
        self._seen, self.shown = {}, 0

    def note(self, found, words, person_id, week):
        """Somebody searched for this.  found: was there anything; words: as folded() gives them; week: its first day."""
        if not words:
            return
        with self._lock:
            self._turn(week)
            if len(self._people) >= MOST_TEXTS:
                self._people = {key: people for key, people in self._people.items() if len(people) >= LEAST_PEOPLE}
            people = self._people.setdefault((found, words), set())
            if len(people) < MOST_PEOPLE and (who := self._hash(person_id)) not in people:
                people.add(who)
                self._fresh.add((found, words))

    def note_shown(self, person_id, moment, week):
        """Somebody was shown suggestions.  moment: seconds."""
        with self._lock:
            self._turn(week)
            who = self._hash(person_id)
            self.shown += moment - self._seen.get(who, -SHOWN_AGAIN_SECONDS) >= SHOWN_AGAIN_SECONDS
            self._seen[who] = moment

    def take(self):
        """(week, {(found, words): people} of what enough people asked for, how often suggestions were shown), new since the last time."""
        with self._lock:
            asked = {key: len(self._people[key]) for key in self._fresh if len(self._people.get(key, ())) >= LEAST_PEOPLE}
            shown, self.shown, self._fresh = self.shown, 0, set()
            return self._week, asked, shown

    def _turn(self, week):
        if week != self._week:
            shown = self.shown
            self._begin(week)
            self.shown = shown

    def _hash(self, person_id):
        return blake2b(str(person_id).encode(), digest_size=8, key=self._salt).digest()


def folded(text):
    """A search as it is counted: its words in small letters, one space between them; empty where it says nothing, or too much."""
    text = " ".join(clean(text[:2 * MOST_LETTERS]).casefold().split()) if len(text) <= 2 * MOST_LETTERS else ""
    words = [text[start:end] for start, end, _words in places_of(text)]
    fits = len(text) <= MOST_LETTERS and len(words) <= MOST_WORDS and any(word not in STOP for word in words)
    return " ".join(words) if fits else ""
