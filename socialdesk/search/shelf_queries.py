"""The posting lists as a process keeps them: read when they are needed, the latest kept, and never older than the database."""
import logging
from collections import OrderedDict
from functools import cache
from threading import RLock
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from ..db import db
from ..ready import Ready
from .damage_queries import Damaged, reading_lists
from .fresh_index import Fresh, Totals, counted
from .models import Change, Document, IndexState, Merged, Segment, Word
from .proof_index import crc_of
from .score_index import Posting
from .view_queries import View, index_of
from .vocabulary_index import Vocabulary

log = logging.getLogger(__name__)

KEPT_BYTES = 24_000_000                 # of posting lists in a process
MOST_FRESH = 2_000                      # changed documents that are read beside the posting lists; more wait for their merging
SLICE = 500


class _Known(NamedTuple):
    """A segment as it was when its posting lists were written."""

    id: int
    totals: Totals
    words: int
    written_at: int


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

    def view(self, names, own=None):
        """A View of the segments of these names, as the database has them now.  own: {post id: Counted} of single documents beside them."""
        with self._lock:
            self._catch_up()
            return View(self, tuple(name for name in names if name in self._segments or name in self._fresh.totals), index_of(own) if own else None)

    # --- keeping up

    def _catch_up(self):
        state = _state().first({})
        generation, *seen = state if state else (0, None, 0)
        if generation != self._generation:
            self._segments = self._read_segments()
            self._postings, self._bytes, self._fresh, self._changes = OrderedDict(), 0, Fresh(), {}
            self._generation, self._seen = generation, [None, 0]
        if seen != self._seen:
            self._read_changes(seen[1])
            self._seen = seen

    def _read_segments(self):
        """{name: _Known}; what is none, or has gone while its documents stay, is noticed."""
        found = {}
        try:
            with reading_lists():
                for row in _segments().all({}):
                    found[row.name] = _Known(row.id, Totals(*map(_number, row[2:5])), _number(row.words), _number(row.written_at))
            if self._segments.keys() - found.keys() or not self._segments and _lost().first({}):
                raise Damaged()
        except Damaged as error:
            self.note_damage(error)
        return found

    def note_damage(self, error=None, **where):
        """Something is not what was written: search goes on without it until all is written anew."""
        self.damaged = True
        log.error("the search index is damaged", exc_info=error, extra=where)

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
            try:
                with reading_lists():
                    found = [(row.segment_id, Totals(1, row.title_words, row.body_words), forms_in(row.forms))
                             for row in _merged().all({"ids": post_ids[start:start + SLICE]})]
            except Damaged as error:
                self.note_damage(error)
                continue
            for segment_id, totals, forms in found:
                if segment_id in names:
                    self._fresh.discount(names[segment_id], totals, forms)

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
            if crc_of(row.ids, row.weights) != row.crc:
                self.note_damage(segment=row.segment_id)
                continue
            if not row.ids:
                continue
            self._postings[row.segment_id, row.word] = Posting(np.frombuffer(row.ids, np.int32), np.frombuffer(row.weights, np.uint8))
            self._bytes += len(row.ids) + len(row.weights)
        for segment_id, word in set(missing) - {(row.segment_id, row.word) for row in rows}:
            if word in self._vocabularies.get(segment_id, (0, _EMPTY))[1]:      # its forms stand there, so its list must, too
                self.note_damage(segment=segment_id)
                break
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
                if generation < known.written_at:           # what went then left no trace
                    generation, vocabulary = -1, _EMPTY
                vocabulary = self._read_vocabulary(known, generation, vocabulary)
                self._vocabularies[known.id] = self._generation, vocabulary
            return vocabulary

    def _read_vocabulary(self, known, generation, vocabulary):
        try:
            with reading_lists():
                rows = _forms().all({"segment": known.id, "after": generation})
                if generation < 0 and len(rows) < known.words:
                    self.note_damage(segment=known.id)
                return _renewed(vocabulary, rows)
        except Damaged as error:
            self.note_damage(error, segment=known.id)
            return _EMPTY


_EMPTY = Vocabulary({})
shelf = Shelf()


def forms_in(text):
    """{(form, word)} out of Merged.forms.  Raises ValueError."""
    found = {tuple(line.split("\t")) for line in text.split("\n") if line}
    if any(len(pair) != 2 for pair in found):
        raise ValueError("not what forms_out() writes")
    return found


def forms_out(forms):
    """{(form, word)} as Merged.forms keeps it."""
    return "\n".join(f"{form}\t{word}" for form, word in sorted(forms))


def documents_of(post_ids):
    """{post id: Counted, or None where it can be found no more} of some documents."""
    found = dict.fromkeys(post_ids)
    for row in _documents().all({"ids": list(post_ids)}) if post_ids else ():
        found[row.post_id] = counted(f"{row.segment}/{row.part}", row.title, row.body, row.more, row.learned)
    return found


def _number(value):
    if not isinstance(value, int):
        raise TypeError("no number")
    return value


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
    return Ready(sa.select(Segment.id, Segment.name, Segment.documents, Segment.title_words, Segment.body_words, Segment.words, Segment.written_at))


@cache
def _lost():
    """Is a document merged into a segment that is not there?"""
    return Ready(sa.select(Merged.post_id).where(Merged.segment_id.not_in(sa.select(Segment.id))).limit(1))


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
    blobs = [sa.cast(column, sa.LargeBinary).label(column.key) for column in (Word.ids, Word.weights)]     # text, too, that somebody put there
    return Ready(sa.select(Word.segment_id, Word.word, Word.crc, *blobs).where(
        Word.segment_id.in_(sa.bindparam("segments", expanding=True)), Word.word.in_(sa.bindparam("words", expanding=True))))


@cache
def _forms():
    return Ready(sa.select(Word.word, Word.forms).where(Word.segment_id == sa.bindparam("segment"), Word.generation > sa.bindparam("after")))
