"""The search index: what can be found, the posting lists of its words, and what has changed since they were written."""
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import db

#: what a document answers: known things are suggested, what is only asked is not; a solved ticket helps agents
PARTS = {"article": "known", "answer": "known", "incident": "known", "announcement": "known", "solved": "solved"}


class Document(db.Model):
    """What of a post can be found.  segment: who may read it: everyone, circle:<id>, desk, or team:<id> for a confidential
    team; part: known, asked or solved.  more: words it is found by too, which are not shown of it; learned: {word: how
    many people found it with this word}."""

    __table_args__ = (sa.Index(None, "segment", "kind"),)
    post_id: Mapped[int] = mapped_column(sa.ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    root_id: Mapped[int] = mapped_column(index=True)
    segment: Mapped[str]
    kind: Mapped[str]                           # article, answer, incident, announcement, question, idea, ticket, solved
    part: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    more: Mapped[str] = mapped_column(default="")
    learned: Mapped[dict] = mapped_column(default=dict)


class Sense(db.Model):
    """What a document means, as numbers; written only where the semantic extra is installed."""

    __tablename__ = "index_sense"
    post_id: Mapped[int] = mapped_column(sa.ForeignKey("document.post_id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    vectors: Mapped[bytes]


class Change(db.Model):
    """A document that was written, moved or taken out after its words were merged into the posting lists."""

    __tablename__ = "index_change"
    __table_args__ = {"sqlite_autoincrement": True}
    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int]


class Segment(db.Model):
    """A set of documents with posting lists of its own.  name: a document's segment and part, joined by a slash; words: how many
    posting lists, -1 while all are written anew; proof: their checksum, by which it is noticed that some are gone; written_at: the
    generation in which all of them were last written."""

    __tablename__ = "index_segment"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    documents: Mapped[int] = mapped_column(default=0)
    title_words: Mapped[int] = mapped_column(default=0)
    body_words: Mapped[int] = mapped_column(default=0)
    words: Mapped[int] = mapped_column(default=0)
    proof: Mapped[int] = mapped_column(default=0)
    written_at: Mapped[int] = mapped_column(default=0)


class Word(db.Model):
    """The posting list of a word.  forms: {as it is spelled: in how many documents}; ids: int32, rising; weights: a byte
    each; crc: of both, so that damage is noticed."""

    __tablename__ = "index_word"
    segment_id: Mapped[int] = mapped_column(sa.ForeignKey("index_segment.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(primary_key=True)
    forms: Mapped[dict]
    generation: Mapped[int]
    crc: Mapped[int]
    ids: Mapped[bytes]
    weights: Mapped[bytes]


class Merged(db.Model):
    """What the posting lists hold of a document: in which segment, how many words, and which."""

    __tablename__ = "index_merged"
    post_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    segment_id: Mapped[int]
    title_words: Mapped[int]
    body_words: Mapped[int]
    forms: Mapped[str]                          # the forms it stands in by, as lines of form and word


class IndexState(db.Model):
    """One row.  generation: changes whenever posting lists are written; damaged_at: when damage was noticed, until it is mended."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    generation: Mapped[int] = mapped_column(default=0)
    damaged_at: Mapped[datetime | None]


class Lesson(db.Model):
    """A text somebody typed and what came of something that was found for it.  why: solved, me_too, opened, or sent: it was
    shown, and the text was sent to a person all the same."""

    __tablename__ = "search_lesson"
    __table_args__ = (sa.UniqueConstraint("person_id", "post_id", "why", "text"), sa.Index(None, "post_id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(sa.ForeignKey("post.id", ondelete="CASCADE"))
    why: Mapped[str]
    text: Mapped[str]
    at: Mapped[datetime]


class SearchCount(db.Model):
    """What was searched for, without anybody's name.  what: found or missed, with the first day of the week and the most
    different people that one process saw, 5 or more; or shown, with its day and how often suggestions were."""

    day: Mapped[str] = mapped_column(primary_key=True)          # 2025-12-31
    what: Mapped[str] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]
