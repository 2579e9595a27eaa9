"""Writing all posting lists anew from the documents: for many changes at once, and where one was damaged."""
from array import array
from collections import Counter, defaultdict

import numpy as np
import sqlalchemy as sa

from ..db import db, insert, now, transaction
from ..jobs import Job, Later, clockwork, enqueue, handler, renew
from .damage_queries import Damaged, reading_lists
from .fresh_index import Totals
from .merge_actions import merge_slice, next_generation, segments_named
from .models import Change, Document, IndexState, Merged, Segment, Word
from .proof_index import MODULUS, Proof, crc_of
from .score_index import saturated
from .shelf_queries import documents_of, forms_out
from .state_queries import is_damaged, is_half_written

DAILY = 24 * 3600
SLICE = 2_000                           # documents read at a time
ROWS = 2_000                            # posting lists written in one transaction
MANY = 20_000                           # so many changes, and a quarter of all there is: quicker written anew


class _Lists:
    """The posting lists of one segment while they are gathered."""

    def __init__(self):
        self.totals, self.lengths, self.proof = Totals(), {}, Proof()
        self.words = defaultdict(lambda: (array("i"), array("f"), array("f"), array("f")))
        self.forms = defaultdict(Counter)

    def take(self, post_id, document):
        self.totals = self.totals.plus(Totals(1, document.title_words, document.body_words))
        self.lengths[post_id] = document.title_words, document.body_words
        for word in document.words:
            for column, value in zip(self.words[word], (post_id, document.title[word], document.body[word], document.learned.get(word, 0))):
                column.append(value)
        for form, word in document.forms:
            self.forms[word][form] += 1

    def row(self, word):
        ids, *counts = (np.frombuffer(column, kind) for column, kind in zip(self.words[word], (np.int32, np.float32, np.float32, np.float32)))
        lengths = np.array([self.lengths[post_id] for post_id in ids.tolist()], np.float32).T
        blob, weights = ids.astype("<i4").tobytes(), saturated(*counts, *lengths, *self.totals.averages).tobytes()
        return {"word": word, "forms": dict(self.forms[word]), "ids": blob, "weights": weights, "crc": crc_of(blob, weights)}


def merge_all(progress=None):
    """Bring all posting lists up to date at once, for commands.  progress(documents so far).  Returns how many were merged."""
    if _is_much():
        return rebuild(progress)
    done = 0
    try:
        while merged := merge_slice(10_000):
            done += merged
            if progress:
                progress(done)
    except Damaged:
        done += rebuild(progress)
    return done


def rebuild(progress=None, still_ours=lambda: True):
    """Write all posting lists anew.  Searching goes on with the old ones; what changes meanwhile is merged after.
    still_ours(): asked now and then; raises Later where it is not, or where another was quicker."""
    generation = db.session.scalar(sa.select(IndexState.generation)) or 0
    newest = db.session.scalar(sa.select(sa.func.max(Change.id))) or 0
    lists, merged, last, done = defaultdict(_Lists), [], 0, 0
    while ids := list(db.session.scalars(sa.select(Document.post_id).where(Document.post_id > last).order_by(Document.post_id).limit(SLICE))):
        for post_id, document in documents_of(ids).items():
            if document:
                lists[document.segment].take(post_id, document)
                merged.append((document.segment, post_id, document.title_words, document.body_words,
                               forms_out(document.forms | {("", word) for word in document.learned})))
        last, done = ids[-1], done + len(ids)
        db.session.rollback()
        if not still_ours():
            raise Later(1)
        if progress:
            progress(done)
    segments = _segments(set(lists))
    last = _write_words(lists, segments, generation)
    _write_rest(lists, segments, merged, newest, generation, last)
    return done


def _segments(names):
    """{name: id}.  Where they cannot be read they are made anew, and what hangs on them."""
    try:
        with reading_lists():
            return {name: row.id for name, row in segments_named(names).items()}
    except Damaged:
        db.session.rollback()
        with transaction():
            db.session.execute(sa.delete(Segment).execution_options(synchronize_session=False))
        return {name: row.id for name, row in segments_named(names).items()}


def _write_words(lists, segments, generation):
    """The number of the last that was written.  Meanwhile the segments are proved by nothing."""
    with transaction():
        generation = next_generation(generation)
        db.session.execute(sa.update(Segment).values(words=-1).execution_options(synchronize_session=False))
    for name, found in lists.items():
        words = sorted(found.words)
        for start in range(0, len(words), ROWS):
            rows = [found.row(word) for word in words[start:start + ROWS]]
            for row in rows:
                found.proof.add(row["word"], row["forms"], row["crc"])
            with transaction():
                generation = next_generation(generation)
                statement = insert(Word.__table__)
                new = {key: statement.excluded[key] for key in ("forms", "ids", "weights", "crc", "generation")}
                db.session.execute(statement.on_conflict_do_update(index_elements=["segment_id", "word"], set_=new),
                                   [row | {"segment_id": segments[name], "generation": generation} for row in rows])
    return generation


def _write_rest(lists, segments, merged, newest, before, generation):
    """What is no word: one transaction, after which the old lists of what changed count again.  before: the generation of the lists
    that go."""
    with transaction():
        generation = next_generation(generation)
        for segment in db.session.scalars(sa.select(Segment)).all():
            found = lists[segment.name] if segment.name in lists else _Lists()
            segment.documents, segment.title_words, segment.body_words = found.totals
            segment.words, segment.proof, segment.written_at = found.proof.words, found.proof.total % MODULUS, generation
        db.session.execute(sa.delete(Word).where(sa.or_(Word.generation <= before, Word.segment_id.not_in(sa.select(Segment.id))))
                           .execution_options(synchronize_session=False))
        db.session.execute(sa.delete(Merged))
        for start in range(0, len(merged), ROWS):
            db.session.execute(sa.insert(Merged), [{"segment_id": segments[name], "post_id": post_id, "title_words": title, "body_words": body, "forms": forms}
                                                   for name, post_id, title, body, forms in merged[start:start + ROWS]])
        db.session.execute(sa.delete(Change).where(Change.id <= newest))
        db.session.execute(sa.update(IndexState).values(damaged_at=None))


def note_damage():
    """Have the posting lists written anew: one of them is not what was written.  Once, until it is done."""
    db.session.execute(insert(IndexState.__table__).values(id=1, generation=0).on_conflict_do_nothing())
    noted = db.session.execute(sa.update(IndexState).where(IndexState.damaged_at.is_(None)).values(damaged_at=now())).rowcount
    if noted:
        enqueue("rebuild_index", lane="quiet", dedupe="rebuild_index")


@clockwork("verify_index", DAILY)
def _verify():
    if is_damaged() or is_half_written() and not _is_being_written():
        note_damage()


def _is_being_written():
    return db.session.scalar(sa.select(sa.exists().where(Job.kind.in_(("rebuild_index", "merge_index")), Job.state == "due")))


def _is_much():
    """Are there so many changes that all is written anew sooner than they are merged?"""
    changes = db.session.scalar(sa.select(sa.func.count()).select_from(Change))
    return changes >= MANY and changes * 4 >= (db.session.scalar(sa.select(sa.func.count()).select_from(Document)) or 0)


@handler("rebuild_index", outside=True)
def _rebuild(jobs):
    rebuild(still_ours=lambda: renew(jobs[0]))
    return {job.id: lambda: None for job in jobs}


@handler("merge_index", outside=True)
def _merge(jobs):
    if db.session.scalar(sa.select(sa.exists().where(Job.kind == "reindex", Job.state == "due"))):
        return {}                               # it asks for this at its end
    if _is_much():
        return _rebuild(jobs)
    try:
        more = merge_slice()
    except Damaged:
        return _rebuild(jobs)

    def finish():
        if more:
            enqueue("merge_index", lane="quiet", dedupe="merge_index")
    return {job.id: finish for job in jobs}
