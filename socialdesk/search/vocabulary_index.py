"""The words of a segment: which begin like this one, and which it may have been meant to be."""
from bisect import bisect_left
from typing import NamedTuple

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

LEAST_LETTERS = 4                       # shorter words are not repaired: too many are one letter apart
TWO_MISTAKES = 8                        # from so many letters on a word may have two
MANY = 20_000                           # in a vocabulary of so many, a word that stands once may be a mistake itself


class Near(NamedTuple):
    """A word that another may have been meant to be.  mistakes: letters apart, a wrong first one counts more."""

    mistakes: float
    count: int
    form: str
    word: str


class Vocabulary:
    """Spelled forms with their words, and how many documents each stands in.  forms: {(form, word): count}."""

    def __init__(self, forms):
        rows = sorted(forms.items())
        self.forms = [form for (form, _word), _count in rows]
        self.words = [word for (_form, word), _count in rows]
        self.counts = np.fromiter((count for _key, count in rows), np.int32, len(rows))
        self._groups = self._stems = None

    def __contains__(self, word):
        """Has any of the forms this word?"""
        if self._stems is None:
            self._stems = frozenset(self.words)
        return word in self._stems

    def __len__(self):
        return len(self.forms)

    def count(self, form):
        """How many documents this very form stands in."""
        start, end = self._span(form, form + "\0")
        return int(self.counts[start:end].sum())

    def starting(self, prefix, most):
        """({word: count} of the commonest words that begin so, the count of all of them)."""
        start, end = self._span(prefix, prefix + "\U0010ffff")
        counts = self.counts[start:end]
        found = {}
        chosen = range(end - start) if len(counts) <= most else np.argpartition(-counts, most)[:most]
        for at in chosen:
            word = self.words[start + int(at)]
            found[word] = found.get(word, 0) + int(counts[at])
        return found, int(counts.sum())

    def near(self, form, most=2):
        """[Near], the likeliest first: one letter wrong, missing, too many or two in the wrong order; two in a long word."""
        if len(form) < LEAST_LETTERS or form.isdigit():
            return []
        mistakes = 2 if len(form) >= TWO_MISTAKES else 1
        found = []
        for first in dict.fromkeys(form[:2]):
            for length in range(len(form) - mistakes, len(form) + mistakes + 1):
                known = self._by_start().get((first, length), ())
                found += [(distance + 0.3 * (choice[0] != form[0]), choice)
                          for choice, distance, _at in process.extract(form, known, scorer=OSA.distance, score_cutoff=mistakes, limit=None)]
        near = [Near(mistakes, self.count(choice), choice, self.words[self._span(choice, choice + "\0")[0]]) for mistakes, choice in found]
        return sorted(near, key=lambda one: (one.mistakes, -one.count, one.form))[:most]

    def _span(self, start, end):
        return bisect_left(self.forms, start), bisect_left(self.forms, end)

    def _by_start(self):
        """{(first letter, length): forms}, made when it is first needed."""
        if self._groups is None:
            groups, least = {}, 2 if len(self) >= MANY else 1
            for form, count in zip(self.forms, self.counts):
                if count >= least and len(form) >= LEAST_LETTERS - 1:
                    groups.setdefault((form[0], len(form)), []).append(form)
            self._groups = groups
        return self._groups
