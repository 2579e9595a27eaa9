"""Writing what has changed into the posting lists: read and counted outside of any transaction, written in short ones."""
from collections import Counter, defaultdict
from itertools import islice
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from ..db import db, insert, transaction
from ..jobs import Later, clockwork, enqueue
from .damage_queries import Damaged, reading_lists
from .fresh_index import Totals
from .models import Change, IndexState, Merged, Segment, Word
from .proof_index import MODULUS, Proof, crc_of, is_sound
from .score_index import NO_IDS, NO_WEIGHTS, saturated
from .shelf_queries import documents_of, forms_in, forms_out

PRESSING = 400                          # so many changes are merged soon; fewer wait for the clock
SECONDS = 300
SLICE = 2_000                           # documents merged at a time
ROWS = 400


class _Plan(NamedTuple):
    """A slice of changes, ready to be written.  generation: of the lists it was made from; rows: of Word; merged: of Merged;
    totals: {segment id: Totals to add}; proofs: {segment id: Proof to add}."""

    generation: int
    changes: list
    post_ids: list
    rows: list
    merged: list
    totals: dict
    proofs: dict


def merge_soon():
    """Have the changes merged, if they are many; asked with the deed that writes them."""
    if db.session.scalar(sa.select(sa.func.count()).select_from(sa.select(Change.id).limit(PRESSING).subquery())) >= PRESSING:
        enqueue("merge_index", lane="quiet", dedupe="merge_index")


@clockwork("merge_index_now_and_then", SECONDS)
def _now_and_then():
    if db.session.scalar(sa.select(sa.exists().where(Change.id > 0))):
        enqueue("merge_index", lane="quiet", dedupe="merge_index")


def merge_slice(most=SLICE):
    """Merge the oldest changes.  Returns how many documents; raises Later where another was quicker, Damaged."""
    plan = _plan(most)
    db.session.rollback()
    if plan is None:
        return 0
    with transaction():
        _write(plan)
    return len(plan.post_ids)


# --- counting

def _plan(most):
    generation = db.session.scalar(sa.select(IndexState.generation)) or 0
    changes = db.session.execute(sa.select(Change.id, Change.post_id).order_by(Change.id).limit(most)).all()
    if not changes:
        return None
    post_ids = sorted({change.post_id for change in changes})
    with reading_lists():
        before = {row.post_id: (row, forms_in(row.forms)) for ids in _slices(post_ids) for row in
                  db.session.execute(sa.select(*Merged.__table__.c).where(Merged.post_id.in_(ids)))}
    after = {post_id: document for ids in _slices(post_ids) for post_id, document in documents_of(ids).items() if document}
    with reading_lists():
        segments = segments_named({document.segment for document in after.values()})
    return _Plan(generation, [change.id for change in changes], post_ids, *_counted(post_ids, before, after, segments))


def segments_named(names):
    """{name: Segment}, the missing ones made."""
    known = {row.name: row for row in db.session.scalars(sa.select(Segment))}
    missing = sorted(names - known.keys())
    if missing:
        with transaction():
            db.session.execute(insert(Segment.__table__).on_conflict_do_nothing(),
                               [{"name": name, "documents": 0, "title_words": 0, "body_words": 0, "words": 0, "proof": 0, "written_at": 0} for name in missing])
        known = {row.name: row for row in db.session.scalars(sa.select(Segment))}
    return known


def _counted(post_ids, before, after, segments):
    totals, merged, added, forms = defaultdict(Totals), [], defaultdict(list), defaultdict(Counter)
    touched = defaultdict(set)
    for row, spelled in before.values():
        totals[row.segment_id] = totals[row.segment_id].plus(Totals(1, row.title_words, row.body_words), -1)
        for form, word in spelled:
            touched[row.segment_id].add(word)
            if form:
                forms[row.segment_id, word][form] -= 1
    for post_id, document in after.items():
        key = segments[document.segment].id
        totals[key] = totals[key].plus(Totals(1, document.title_words, document.body_words))
        spelled = document.forms | {("", word) for word in document.learned}
        merged.append({"post_id": post_id, "segment_id": key, "title_words": document.title_words, "body_words": document.body_words,
                       "forms": forms_out(spelled)})
        for form, word in document.forms:
            forms[key, word][form] += 1
        for word in document.words:
            touched[key].add(word)
            added[key, word].append((post_id, document.title[word], document.body[word], document.learned.get(word, 0),
                                     document.title_words, document.body_words))
    with reading_lists():
        averages = {row.id: Totals(row.documents, row.title_words, row.body_words).plus(totals[row.id]).averages for row in segments.values()}
    proofs = {key: Proof() for key in touched}
    rows = [row for key, words in touched.items()
            for row in _rows(key, sorted(words), np.array(post_ids, np.int32), added, forms, averages[key], proofs[key])]
    return rows, merged, dict(totals), proofs


def _rows(key, words, changed, added, forms, averages, proof):
    """The rows of Word of a segment, as they are to be written; proof becomes what that changes."""
    for some in _slices(words):
        with reading_lists():
            known = {row.word: row for row in db.session.execute(
                sa.select(Word.word, Word.forms, Word.ids, Word.weights, Word.crc).where(Word.segment_id == key, Word.word.in_(some)))}
        for word in some:
            row = _row(key, word, known.get(word), changed, added.get((key, word), ()), forms.get((key, word), {}), averages)
            if word in known:
                proof.take(word, known[word].forms, known[word].crc)
            proof.add(word, row["forms"], row["crc"])
            yield row


def _row(key, word, known, changed, added, forms, averages):
    ids, weights, spelled = NO_IDS, NO_WEIGHTS, Counter()
    if known is not None:
        if not is_sound(known):
            raise Damaged()
        ids, weights, spelled = np.frombuffer(known.ids, np.int32), np.frombuffer(known.weights, np.uint8), Counter(known.forms)
        stays = ~np.isin(ids, changed)
        ids, weights = ids[stays], weights[stays]
    if added:
        new = np.array(added, np.float64).T
        ids = np.concatenate([ids, new[0].astype(np.int32)])
        weights = np.concatenate([weights, saturated(*new[1:].astype(np.float32), *averages)])
        order = np.argsort(ids, kind="stable")
        ids, weights = ids[order], weights[order]
    spelled.update(forms)
    blob, bytes_of = ids.astype("<i4").tobytes(), weights.tobytes()
    return {"segment_id": key, "word": word, "forms": {form: n for form, n in spelled.items() if n > 0}, "ids": blob, "weights": bytes_of,
            "crc": crc_of(blob, bytes_of)}


# --- writing

def _write(plan):
    generation = next_generation(plan.generation)
    table = Word.__table__
    statement = insert(table)
    new = {name: statement.excluded[name] for name in ("forms", "ids", "weights", "crc", "generation")}
    for rows in _slices(plan.rows):
        db.session.execute(statement.on_conflict_do_update(index_elements=["segment_id", "word"], set_=new),
                           [row | {"generation": generation} for row in rows])
    for ids in _slices(plan.post_ids):
        db.session.execute(sa.delete(Merged).where(Merged.post_id.in_(ids)))
    for rows in _slices(plan.merged):
        db.session.execute(sa.insert(Merged), rows)
    for key, more in plan.totals.items():
        db.session.execute(sa.update(Segment).where(Segment.id == key).values(
            documents=Segment.documents + more.documents, title_words=Segment.title_words + more.title_words, body_words=Segment.body_words + more.body_words))
    for key, more in plan.proofs.items():
        db.session.execute(sa.update(Segment).where(Segment.id == key, Segment.words >= 0).values(
            words=Segment.words + more.words, proof=(Segment.proof + more.total % MODULUS) % MODULUS))
    for ids in _slices(plan.changes):
        db.session.execute(sa.delete(Change).where(Change.id.in_(ids)))


def next_generation(before):
    """The number of what is written now.  Raises Later where another merge was quicker: what was counted holds no more."""
    db.session.execute(insert(IndexState.__table__).values(id=1, generation=0).on_conflict_do_nothing())
    moved = db.session.execute(sa.update(IndexState).where(IndexState.generation == before).values(generation=before + 1)
                               .execution_options(synchronize_session=False))
    if moved.rowcount != 1:
        raise Later(1)
    return before + 1


def _slices(rows):
    rows = iter(rows)
    while some := list(islice(rows, ROWS)):
        yield some
