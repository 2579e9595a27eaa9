"""Adding up posting lists: which documents say most of what is asked, found without looking at all of them."""
import math
import threading
from typing import NamedTuple

import numpy as np

TITLE_WEIGHT, B, K1 = 4, 0.7, 2.0       # BM25F; docs/search.md has what was tried
LEARNED_WEIGHT = 1.5                    # of a word with which others found this document, for each time it is twice as many
SMOOTH = 25                             # as if so many more documents were there: in a young desk no word is rare yet
FULL = 255                              # weights are kept as bytes
ESSENTIAL = 8_000                      # postings that are walked; the commoner words are looked up for the best of these only
CANDIDATES = 300

NO_IDS, NO_WEIGHTS = np.empty(0, np.int32), np.empty(0, np.uint8)


class Posting(NamedTuple):
    """Where a word stands.  ids: int32, rising; weights: uint8, how much of each document is about it, 255 for all of it."""

    ids: np.ndarray
    weights: np.ndarray


class Part(NamedTuple):
    """A word that may stand for what was typed.  old, new: [Posting] of different documents, new ones of those that changed
    since the old were written; factor: what a full weight counts."""

    old: list
    new: list
    factor: float

    @property
    def postings(self):
        """All of them."""
        return self.old + self.new


def saturated(in_title, in_body, learned, title_length, body_length, title_average, body_average):
    """How much of each document a word is, in bytes of 0..255.  All: arrays of one length; averages: numbers."""
    frequency = (in_title * (TITLE_WEIGHT / (1 - B + B * title_length / max(title_average, 1)))
                 + in_body / (1 - B + B * body_length / max(body_average, 1)) + LEARNED_WEIGHT * np.log2(1 + learned))
    return np.ceil(frequency / (K1 + frequency) * FULL).astype(np.uint8)


def rarity(documents, count):
    """How much a word says: the rarer, the more.  A word that stands nowhere says as much as one that stands once."""
    count = min(max(count, 1), documents + SMOOTH)
    return math.log(1 + (documents + SMOOTH - count + 0.5) / (count + 0.5))


def highest(rarity_of_word):
    """What a word can count at most."""
    return rarity_of_word * (K1 + 1)


class _Room(threading.local):
    """Two numbers for each document, kept by each thread, and zero between two questions."""

    total = best = np.zeros(0, np.float32)

    def for_ids(self, top):
        if len(self.total) <= top:
            size = 1 << int(top + 1).bit_length()
            self.total, self.best = np.zeros(size, np.float32), np.zeros(size, np.float32)
        return self.total, self.best


_room = _Room()


def top(groups, gone, most=100, allowed=None):
    """(ids, scores), best first, of at most so many documents.

    groups: for each thing typed its [Part], of which the best one counts for a document; gone: rising ids for which no old
    posting counts any more; allowed: rising ids outside of which nothing is found, None for no such bound."""
    groups = sorted((group for group in groups if _size(group)), key=_size)
    if not groups:
        return NO_IDS, np.empty(0, np.float32)
    ids, scores, walked = _walk(groups, gone) if allowed is None else (allowed, np.zeros(len(allowed), np.float32), 0)
    stale = np.isin(ids, gone)
    for group in groups[walked:]:
        scores += contribution(group, ids, stale)
    found = scores > 0
    ids, scores = ids[found], scores[found]
    if len(ids) > most:
        best = np.argpartition(-scores, most)[:most]
        ids, scores = ids[best], scores[best]
    order = np.lexsort((-ids, -scores))
    return ids[order], scores[order]


def contribution(group, ids, stale):
    """What a group counts for each of some documents.  stale: for which of them no old posting counts."""
    best = np.zeros(len(ids), np.float32)
    for part in group:
        for posting in part.old:
            _look_up(posting, part.factor, ids, best)
    best[stale] = 0
    for part in group:
        for posting in part.new:
            _look_up(posting, part.factor, ids, best)
    return best


def _look_up(posting, factor, ids, best):
    at = posting.ids.searchsorted(ids)
    stands = posting.ids.take(at, mode="clip") == ids
    if stands.any():
        np.maximum(best, posting.weights.take(at, mode="clip") * stands * np.float32(factor / FULL), out=best)


def _size(group):
    return sum(len(posting.ids) for part in group for posting in part.postings)


def _walk(groups, gone):
    """(rising ids, scores, groups walked): the rarest groups, and the documents that lead after them."""
    walked, budget = 0, ESSENTIAL
    while walked < len(groups) and (not walked or _size(groups[walked]) <= budget):
        budget -= _size(groups[walked])
        walked += 1
    lists = [posting.ids for group in groups[:walked] for part in group for posting in part.postings]
    total, best = _room.for_ids(max(max(int(ids[-1]) for ids in lists), int(gone[-1]) if len(gone) else 0))
    try:
        for group in groups[:walked]:
            _add([(posting, part.factor) for part in group for posting in part.old], total, best, len(group) == 1)
        total[gone] = 0
        for group in groups[:walked]:
            _add([(posting, part.factor) for part in group for posting in part.new], total, best, len(group) == 1)
        touched = lists[0] if len(lists) == 1 else np.concatenate(lists)
        if len(touched) > 4 * CANDIDATES:
            scores = total[touched]
            least = np.partition(scores, len(scores) - CANDIDATES)[len(scores) - CANDIDATES]
            touched = touched[scores >= max(least, np.float32(1e-6))]
        ids = np.unique(touched)
        return ids, total[ids], walked
    finally:
        for ids in lists:
            total[ids] = 0


def _add(postings, total, best, alone):
    """Add a group to the totals: of several words that stand for the same thing the best one counts."""
    for posting, factor in postings:
        value = posting.weights * np.float32(factor / FULL)
        if not alone:
            before = best[posting.ids]
            np.maximum(value, before, out=value)
            best[posting.ids] = value
            value = value - before
        total[posting.ids] += value
    if not alone:
        for posting, _factor in postings:
            best[posting.ids] = 0
