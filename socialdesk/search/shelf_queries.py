"""The posting lists as a process keeps them: read when they are needed, the latest kept, and never older than the database."""
import logging
import zlib
from collections import OrderedDict
from functools import cache
from threading import RLock
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from ..db import db
from ..ready import Ready
from .fresh_index import Fresh, Totals, counted
from .models import Change, Document, IndexState, Merged, Segment, Word
from .score_index import Posting
from .vocabulary_index import Vocabulary

log = logging.getLogger(__name__)

KEPT_BYTES = 24_000_000                 # of posting lists in a process
MOST_FRESH = 2_000                      # changed documents that are read beside the posting lists; more wait for their merging
SLICE = 500


class _Known(NamedTuple):
    """A segment as it was when its posting lists were written."""

    id: int
    totals: Totals


class Shelf:
    """What a process keeps of the index.  One for all its threads."""

    def __init__(self):
        self._lock, self._forgetting = RLock(), []
        self.reset()

    def reset(self):
        """Forget everything, as for another database."""
        with self._lock:
            self._generation = self._seen = None
            self._segments, self._vocabularies, self._fresh, self._changes = {}, {}, Fresh(), {}
            self._postings, self._bytes = OrderedDict(), 0
            self.damaged = False
            for forget in self._forgetting:
                forget()

    def on_reset(self, forget):
        """Have forget() called, too, when everything is to be forgotten."""
        self._forgetting.append(forget)

    def view(self, names):
        """A View of the segments of these names, as the database has them now."""
        with self._lock:
            self._catch_up()
            return View(self, tuple(name for name in names if name in self._segments or name in self._fresh.totals))

    # --- keeping up

    def _catch_up(self):
        state = _state().first({})
        generation, *seen = state if state else (0, None, 0)
        if generation != self._generation:
            self._segments = {row.name: _Known(row.id, Totals(row.documents, row.title_words, row.body_words)) for row in _segments().all({})}
            self._postings, self._bytes, self._fresh, self._changes = OrderedDict(), 0, Fresh(), {}
            self._generation, self._seen = generation, [None, 0]
        if seen != self._seen:
            self._read_changes(seen[1])
            self._seen = seen

    def _read_changes(self, count):
        rows = dict(self._changes) | dict(map(tuple, _changes().all({"after": max(self._changes, default=0)})))
        if len(rows) != count:                  # one of a smaller number came later
            rows = dict(map(tuple, _changes().all({"after": 0})))
        new = sorted({post_id for change_id, post_id in rows.items() if change_id not in self._changes}, reverse=True)
        self._fresh.put(dict.fromkeys(new))
        for start in range(0, min(len(new), MOST_FRESH), SLICE):
            self._fresh.put(documents_of(new[start:start + SLICE]))
        self._forget_merged([post_id for post_id in new if post_id not in set(self._changes.values())])
        self._changes = rows

    def _forget_merged(self, post_ids):
        """What the posting lists hold of these documents counts no more, neither in the totals nor among the words."""
        names = {known.id: name for name, known in self._segments.items()}
        for start in range(0, len(post_ids), SLICE):
            for row in _merged().all({"ids": post_ids[start:start + SLICE]}):
                if row.segment_id in names:
                    self._fresh.discount(names[row.segment_id], Totals(1, row.title_words, row.body_words), forms_in(row.forms))

    # --- what a View asks

    def totals(self, name):
        known = self._segments.get(name)
        return (known.totals if known else Totals()).plus(self._fresh.totals.get(name, Totals()))

    def gone(self):
        return self._fresh.gone

    def fresh_vocabulary(self, name):
        with self._lock:
            return self._fresh.vocabulary(name)

    def postings(self, names, words):
        """{word: (old, new)}: lists of Posting of words in segments, as written and of what changed since."""
        with self._lock:
            ids = [self._segments[name].id for name in names if name in self._segments]
            self._read([(segment_id, word) for segment_id in ids for word in words if (segment_id, word) not in self._postings])
            averages = {name: self.totals(name).averages for name in names}
            found = {}
            for word in words:
                old = [posting for segment_id in ids if (posting := self._postings.get((segment_id, word)))]
                found[word] = old, [new for name in names if (new := self._fresh.posting(name, word, averages[name]))]
            for segment_id in ids:
                for word in words:
                    if (segment_id, word) in self._postings:
                        self._postings.move_to_end((segment_id, word))
            return found

    def _read(self, missing):
        if not missing:
            return
        rows = _rows().all({"segments": sorted({segment_id for segment_id, _word in missing}), "words": sorted({word for _id, word in missing})})
        for key in missing:
            self._postings[key] = None
        for row in rows:
            if zlib.crc32(row.weights, zlib.crc32(row.ids)) != row.crc:
                self.damaged = True
                log.error("a posting list is damaged", extra={"segment": row.segment_id})
                continue
            if not row.ids:
                continue
            self._postings[row.segment_id, row.word] = Posting(np.frombuffer(row.ids, np.int32), np.frombuffer(row.weights, np.uint8))
            self._bytes += len(row.ids) + len(row.weights)
        while self._bytes > KEPT_BYTES:
            _key, posting = self._postings.popitem(last=False)
            self._bytes -= posting.ids.nbytes + posting.weights.nbytes if posting else 0

    def vocabulary(self, name):
        """The Vocabulary of a segment's posting lists."""
        with self._lock:
            known = self._segments.get(name)
            if known is None:
                return _EMPTY
            generation, vocabulary = self._vocabularies.get(known.id, (-1, _EMPTY))
            if generation != self._generation:
                vocabulary = _renewed(vocabulary, _forms().all({"segment": known.id, "after": generation}))
                self._vocabularies[known.id] = self._generation, vocabulary
            return vocabulary


class View:
    """Some segments at a moment: what a person may search."""

    def __init__(self, shelf, names):
        self._shelf, self.names, self._found, self._counts = shelf, names, {}, {}
        self.gone = shelf.gone()
        self.documents = sum(shelf.totals(name).documents for name in names)

    def postings(self, words):
        """{word: (old, new)}, each word read once."""
        missing = [word for word in words if word not in self._found]
        if missing:
            self._found |= self._shelf.postings(self.names, missing)
        return {word: self._found[word] for word in words}

    def count(self, word):
        """In how many documents a word stands."""
        if word not in self._counts:
            old, new = self.postings([word])[word]
            self._counts[word] = sum([len(posting.ids) for posting in old]) + sum([len(posting.ids) for posting in new])
        return self._counts[word]

    def form_count(self, form):
        """In how many documents a word stands as it is spelled here."""
        total = 0
        for name in self.names:
            new, less = self._shelf.fresh_vocabulary(name)
            total += self._shelf.vocabulary(name).count(form) + new.count(form) + sum(n for (known, _word), n in less.items() if known == form)
        return total

    def starting(self, prefix, most):
        """({word: count}, count of all) of the words that begin so."""
        found, total = {}, 0
        for name in self.names:
            new, less = self._shelf.fresh_vocabulary(name)
            for words, count in (self._shelf.vocabulary(name).starting(prefix, most), new.starting(prefix, most)):
                total += count
                for word, n in words.items():
                    found[word] = found.get(word, 0) + n
            for (form, word), n in less.items():
                if form.startswith(prefix):
                    found[word], total = found.get(word, 0) + n, total + n
        stand = ((word, n) for word, n in found.items() if n > 0)
        return dict(sorted(stand, key=lambda one: (-one[1], one[0]))[:most]), total

    def near(self, form, most=2):
        """[Near]: what this may have been meant to be."""
        found = [near for name in self.names for words in (self._shelf.vocabulary(name), self._shelf.fresh_vocabulary(name)[0])
                 for near in words.near(form, most)]
        stand = {near.form: near for near in found if self.form_count(near.form) > 0}
        return sorted(stand.values(), key=lambda one: (one.mistakes, -one.count, one.form))[:most]


_EMPTY = Vocabulary({})
shelf = Shelf()


def forms_in(text):
    """{(form, word)} out of Merged.forms."""
    return {tuple(line.split("\t")) for line in text.split("\n") if line}


def forms_out(forms):
    """{(form, word)} as Merged.forms keeps it."""
    return "\n".join(f"{form}\t{word}" for form, word in sorted(forms))


def documents_of(post_ids):
    """{post id: Counted, or None where it can be found no more} of some documents."""
    found = dict.fromkeys(post_ids)
    for row in _documents().all({"ids": list(post_ids)}) if post_ids else ():
        found[row.post_id] = counted(f"{row.segment}/{row.part}", row.title, row.body, row.more, row.learned)
    return found


def _renewed(vocabulary, rows):
    forms = {(form, word): int(count) for form, word, count in zip(vocabulary.forms, vocabulary.words, vocabulary.counts)}
    if rows:
        changed = {row.word for row in rows}
        forms = {key: count for key, count in forms.items() if key[1] not in changed} if forms else forms
        for row in rows:
            for form, count in row.forms.items():
                forms[form, row.word] = count
    return Vocabulary(forms)


@cache
def _state():
    newest = sa.select(sa.func.max(Change.id)).scalar_subquery()
    count = sa.select(sa.func.count(Change.id)).scalar_subquery()
    return Ready(sa.select(IndexState.generation, newest.label("newest"), count.label("count")))


@cache
def _segments():
    return Ready(sa.select(Segment.id, Segment.name, Segment.documents, Segment.title_words, Segment.body_words))


@cache
def _changes():
    return Ready(sa.select(Change.id, Change.post_id).where(Change.id > sa.bindparam("after")))


@cache
def _documents():
    ids = sa.bindparam("ids", expanding=True)
    return Ready(sa.select(Document.post_id, Document.segment, Document.part, Document.title, Document.body, Document.more, Document.learned)
                 .where(Document.post_id.in_(ids)))


@cache
def _merged():
    return Ready(sa.select(Merged.post_id, Merged.segment_id, Merged.title_words, Merged.body_words, Merged.forms).where(Merged.post_id.in_(sa.bindparam("ids", expanding=True))))


@cache
def _rows():
    return Ready(sa.select(Word.segment_id, Word.word, Word.crc, Word.ids, Word.weights).where(
        Word.segment_id.in_(sa.bindparam("segments", expanding=True)), Word.word.in_(sa.bindparam("words", expanding=True))))


@cache
def _forms():
    return Ready(sa.select(Word.word, Word.forms).where(Word.segment_id == sa.bindparam("segment"), Word.generation > sa.bindparam("after")))
