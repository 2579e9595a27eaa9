"""What has changed since the posting lists were written: a small index of its own, kept in each process."""
from collections import Counter
from typing import NamedTuple

import numpy as np

from .score_index import NO_IDS, Posting, saturated
from .vocabulary_index import Vocabulary
from .word_checker import forms_of


class Counted(NamedTuple):
    """The words of a document, counted.  segment: its name; forms: {(form, word)}."""

    segment: str
    title: Counter
    body: Counter
    learned: dict
    title_words: int
    body_words: int
    forms: set

    @property
    def words(self):
        """Every word it is found by."""
        return self.title.keys() | self.body.keys() | self.learned.keys()


def counted(segment, title, body, more, learned):
    """Count the words of a document."""
    title_forms, body_forms = forms_of(title), forms_of(f"{body}\n{more}" if more else body)
    return Counted(segment, Counter(word for _form, word in title_forms), Counter(word for _form, word in body_forms), learned or {},
                   len(title_forms), len(body_forms), {*title_forms, *body_forms})


class Totals(NamedTuple):
    """How much a segment holds."""

    documents: int = 0
    title_words: int = 0
    body_words: int = 0

    def plus(self, other, times=1):
        """With as much more, or less."""
        return Totals(*(mine + times * more for mine, more in zip(self, other)))

    @property
    def averages(self):
        """(words of a title, words of a body)."""
        return self.title_words / max(1, self.documents), self.body_words / max(1, self.documents)


class Fresh:
    """The documents that changed, by word.  gone: their ids, rising; posting lists written before do not count for them."""

    def __init__(self):
        self.gone, self.totals = NO_IDS, {}
        self._documents, self._words, self._forms, self._vocabularies = {}, {}, {}, {}

    def put(self, changed):
        """Take documents as they are now.  changed: {post id: Counted, or None where it can be found no more}."""
        for post_id, document in changed.items():
            self._take(post_id, document)
        self.gone = np.union1d(self.gone, np.fromiter(changed, np.int32, len(changed))).astype(np.int32)

    def _take(self, post_id, document):
        before = self._documents.pop(post_id, None)
        if before is not None:
            self._count(before, -1)
            for word in before.words:
                self._words[before.segment, word].pop(post_id, None)
        if document is not None:
            self._documents[post_id] = document
            self._count(document, 1)
            for word in document.words:
                self._words.setdefault((document.segment, word), {})[post_id] = (
                    document.title[word], document.body[word], document.learned.get(word, 0), document.title_words, document.body_words)

    def _count(self, document, times):
        mine = Totals(1, document.title_words, document.body_words)
        self.totals[document.segment] = self.totals.get(document.segment, Totals()).plus(mine, times)
        self._spell(document.segment, document.forms, times)

    def _spell(self, segment, forms, times):
        counts = self._forms.setdefault(segment, Counter())
        for form in forms:
            counts[form] += times
        self._vocabularies.pop(segment, None)

    def discount(self, segment, totals, forms):
        """Take away what the posting lists count of a document that has changed."""
        self.totals[segment] = self.totals.get(segment, Totals()).plus(totals, -1)
        self._spell(segment, forms, -1)

    def vocabulary(self, segment):
        """(the Vocabulary of what is new, {(form, word): how many fewer} of what went) of a segment."""
        if segment not in self._vocabularies:
            counts = self._forms.get(segment, {})
            self._vocabularies[segment] = (Vocabulary({key: n for key, n in counts.items() if n > 0}), {key: n for key, n in counts.items() if n < 0})
        return self._vocabularies[segment]

    def posting(self, segment, word, averages):
        """The Posting of a word in a segment, or None."""
        found = self._words.get((segment, word))
        if not found:
            return None
        rows = np.array([found[post_id] for post_id in sorted(found)], np.float32).T
        return Posting(np.array(sorted(found), np.int32), saturated(*rows, *averages))
