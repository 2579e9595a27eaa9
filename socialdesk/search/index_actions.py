"""Writing documents and their words into the database's own full text index."""
from typing import NamedTuple

import sqlalchemy as sa

from ..db import db
from .match_queries import TABLES, is_postgresql, table_of
from .models import Document
from .word_checker import words_of

MAX_POSITION, MAX_POSITIONS = 16_000, 250        # what a tsvector of PostgreSQL takes


class Entry(NamedTuple):
    """A document to be written: a row of Document.  more: words it is found by too, which are not shown of it."""

    post_id: int
    root_id: int
    segment: str
    kind: str
    title: str
    body: str
    more: str = ""


def write(entries):
    """Put documents that are not there into the index.  entries: [Entry]."""
    if not entries:
        return
    db.session.execute(sa.insert(Document), [{name: getattr(entry, name) for name in _COLUMNS} for entry in entries])
    for name in TABLES:
        rows = [_row(entry) for entry in entries if table_of(entry.segment) == name]
        if rows:
            db.session.execute(sa.text(_INSERT[is_postgresql()].format(name)), rows)


_COLUMNS = [column.key for column in Document.__table__.columns]
_INSERT = {False: "INSERT INTO {} (rowid, title, body) VALUES (:post_id, :title, :body)",
           True: "INSERT INTO {} (post_id, title, body, words) VALUES (:post_id, :title, :body, CAST(:words AS tsvector))"}


def remove(post_ids):
    """Take posts out of the index."""
    if not post_ids:
        return
    if not is_postgresql():                     # there the rows go with their documents
        for name in TABLES:
            db.session.execute(sa.text(f"DELETE FROM {name} WHERE rowid = :id"), [{"id": post_id} for post_id in post_ids])
    db.session.execute(sa.delete(Document).where(Document.post_id.in_(post_ids)))


def _row(entry):
    title, body = words_of(entry.title), words_of(f"{entry.body}\n{entry.more}")
    row = {"post_id": entry.post_id, "title": _line(title), "body": _line(body)}
    return row | {"words": _vector(title, body)} if is_postgresql() else row


def _line(words):
    """The words with a space on either side of each, so that one is found by its spaces."""
    return f" {' '.join(words)} "


def _vector(title, body):
    """The words as a tsvector: those of the title weigh A."""
    places = {}
    for at, word in enumerate(title[:500], 1):
        places.setdefault(word, []).append(f"{at}A")
    for at, word in enumerate(body[:MAX_POSITION - 501], 501):
        places.setdefault(word, []).append(str(at))
    return " ".join(f"'{word}':{','.join(at[:MAX_POSITIONS])}" for word, at in places.items())
