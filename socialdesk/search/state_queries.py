"""Is the index sound, and how far is it?"""
from typing import NamedTuple

import sqlalchemy as sa

from ..db import db
from .damage_queries import Damaged, reading_lists
from .models import Change, Document, IndexState, Merged, Segment, Sense, Word
from .proof_index import MODULUS, Proof, is_sound
from .shelf_queries import forms_in

SLICE = 500


class State(NamedTuple):
    """documents: that can be found; words: posting lists; waiting: changes not merged yet; damaged: how much is not what was
    written: posting lists, and sets of them."""

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
    """Is anything of the index not what was written?"""
    return next(_damaged(), None) is not None


def is_half_written():
    """Was all begun to be written anew, and not ended?"""
    return bool(db.session.scalar(sa.select(sa.exists().where(Segment.words < 0))))


def _damaged():
    """What is not what was written, each in a word."""
    try:
        with reading_lists():
            segments = db.session.execute(sa.select(*Segment.__table__.c)).all()
            if not all(isinstance(value, int) for segment in segments for name, value in segment._mapping.items() if name != "name"):
                raise Damaged()
    except Damaged:
        yield "the segments"
        return
    if db.session.scalar(sa.select(sa.func.count()).select_from(IndexState)) != 1 or db.session.scalar(_unmerged()) is not None:
        yield "documents without posting lists"
    if not _is_merged_sound():
        yield "what is kept of merged documents"
    for segment in segments:
        yield from _damaged_in(segment)


def _damaged_in(segment):
    """What of a segment is not what was written."""
    proof, sound = Proof(), True
    try:
        for row in _words_of(segment.id):
            if not is_sound(row):
                sound = False
                yield row.word
            proof.add(row.word, row.forms, row.crc)
    except Damaged:
        yield "posting lists that cannot be read"
        return
    is_whole = segment.words < 0 or (proof.words, proof.total % MODULUS) == (segment.words, segment.proof)
    if sound and not is_whole:
        yield "posting lists that are gone, or others"


def _words_of(segment_id):
    """Each posting list of a segment.  Raises Damaged."""
    last = ""
    while last is not None:
        with reading_lists():
            rows = db.session.execute(sa.select(Word.word, Word.forms, Word.ids, Word.weights, Word.crc).where(
                Word.segment_id == segment_id, Word.word > last).order_by(Word.word).limit(SLICE)).all()
        yield from rows
        last = rows[-1].word if len(rows) == SLICE else None


def _is_merged_sound():
    """Can what is kept of merged documents be read?"""
    last = 0
    try:
        while last is not None:
            with reading_lists():
                rows = db.session.execute(sa.select(Merged.post_id, Merged.forms).where(Merged.post_id > last).order_by(Merged.post_id).limit(SLICE)).all()
                for row in rows:
                    forms_in(row.forms)
            last = rows[-1].post_id if len(rows) == SLICE else None
    except Damaged:
        return False
    return True


def _unmerged():
    """A document that is neither in the posting lists nor waits to be."""
    return sa.select(Document.post_id).outerjoin(Merged, Merged.post_id == Document.post_id).outerjoin(Segment, Segment.id == Merged.segment_id).where(
        Segment.id.is_(None), ~sa.exists().where(Change.post_id == Document.post_id)).limit(1)
