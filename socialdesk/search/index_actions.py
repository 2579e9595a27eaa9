"""Writing documents, and noting that they changed: readers take what changed from here until it is merged."""
from typing import NamedTuple

import sqlalchemy as sa

from ..db import db
from .merge_actions import merge_soon
from .models import PARTS, Change, Document
from .sense_actions import write_senses

SLICE = 400


class Entry(NamedTuple):
    """A document to be written: a row of Document."""

    post_id: int
    root_id: int
    segment: str
    kind: str
    title: str
    body: str
    more: str = ""
    learned: dict = {}


def write(entries):
    """Put documents into the index, in the place of what stood there.  entries: [Entry]."""
    if not entries:
        return
    _delete([entry.post_id for entry in entries])
    rows = [entry._asdict() | {"part": PARTS.get(entry.kind, "asked")} for entry in entries]
    for start in range(0, len(rows), SLICE):
        db.session.execute(sa.insert(Document), rows[start:start + SLICE])
    write_senses(entries)
    note([entry.post_id for entry in entries])


def remove(post_ids):
    """Take posts out of the index."""
    if post_ids:
        _delete(post_ids)
        note(post_ids)


def note(post_ids):
    """Note that documents changed, with the deed that changes them."""
    db.session.execute(sa.insert(Change), [{"post_id": post_id} for post_id in post_ids])
    merge_soon()


def _delete(post_ids):
    for start in range(0, len(post_ids), SLICE):
        db.session.execute(sa.delete(Document).where(Document.post_id.in_(post_ids[start:start + SLICE])))
