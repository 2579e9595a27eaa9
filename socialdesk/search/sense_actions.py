"""Writing what documents mean beside them: with the deed, and later for those that were written before the extra was installed."""
import sqlalchemy as sa

from ..db import db, insert
from ..jobs import clockwork, enqueue, handler
from . import semantic_index
from .models import Document, Sense

SECONDS = 300                           # so soon after the extra was installed the missing senses are begun
SLICE = 200                             # documents whose sense is found at a time


def write_senses(entries):
    """Write the senses of documents that are written now, where the extra is installed.  entries: rows with post_id, title, body."""
    if entries and semantic_index.model():
        db.session.execute(sa.insert(Sense), [_sense(entry) for entry in entries])


@clockwork("find_missing_senses", SECONDS)
def _look():
    if semantic_index.model() and db.session.execute(_without_sense().limit(1)).first():
        _go_on()


@handler("write_missing_senses", outside=True)
def _fill(jobs):
    """The sense is found outside of the write transaction, which only puts it down."""
    entries = db.session.execute(_without_sense().order_by(Document.post_id).limit(SLICE)).all() if semantic_index.model() else []
    found = {entry: _sense(entry) for entry in entries}

    def finish():
        still = set(map(tuple, db.session.execute(_without_sense().where(Document.post_id.in_([entry.post_id for entry in entries])))))
        rows = [sense for entry, sense in found.items() if tuple(entry) in still]
        if rows:
            db.session.execute(insert(Sense.__table__).on_conflict_do_nothing(), rows)
        if len(entries) == SLICE:
            _go_on()
    return {job.id: finish for job in jobs}


def _go_on():
    enqueue("write_missing_senses", lane="quiet", dedupe="write_missing_senses")


def _sense(entry):
    return {"post_id": entry.post_id, "vectors": semantic_index.document_vectors(entry.title, entry.body)}


def _without_sense():
    return sa.select(Document.post_id, Document.title, Document.body).where(~sa.exists().where(Sense.post_id == Document.post_id))
