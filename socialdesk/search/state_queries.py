"""Is the index sound, and how far is it?"""
import zlib
from typing import NamedTuple

import sqlalchemy as sa

from ..db import db
from .models import Change, Document, Sense, Word

SLICE = 500


class State(NamedTuple):
    """documents: that can be found; words: posting lists; waiting: changes not merged yet; damaged: lists that are not what was
    written."""

    documents: int
    words: int
    waiting: int
    damaged: int


def state():
    """The State of the index; reads all of it."""
    count = sa.func.count()
    return State(db.session.scalar(sa.select(count).select_from(Document)), db.session.scalar(sa.select(count).select_from(Word)),
                 db.session.scalar(sa.select(count).select_from(Change)), sum(1 for _one in _damaged()))


def without_sense():
    """How many documents have no sense written beside them yet."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(Document).where(~sa.exists().where(Sense.post_id == Document.post_id)))


def is_damaged():
    """Is any posting list not what was written?"""
    return next(_damaged(), None) is not None


def _damaged():
    """(segment id, word) of the posting lists that are not what was written."""
    last = (0, "")
    key = Word.segment_id, Word.word
    while True:
        rows = db.session.execute(sa.select(*key, Word.ids, Word.weights, Word.crc).where(sa.tuple_(*key) > sa.tuple_(*map(sa.literal, last)))
                                  .order_by(*key).limit(SLICE)).all()
        for row in rows:
            if zlib.crc32(row.weights, zlib.crc32(row.ids)) != row.crc:
                yield row.segment_id, row.word
        if len(rows) < SLICE:
            return
        last = rows[-1].segment_id, rows[-1].word
