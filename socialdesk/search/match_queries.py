"""Asking the database's own full text index: FTS5 on SQLite, tsvector on PostgreSQL."""
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import aliased

from ..db import db
from ..knowledge.models import Article
from ..policy import readable
from ..posts.models import Post
from .models import Document

PEOPLE, DESK = TABLES = ("search_people", "search_desk")
PUBLIC = ("everyone", "circle")
_WEIGHTS = [0.1, 0.2, 0.4, 1.0]                 # of PostgreSQL: the title's words weigh ten times those of the body


def is_postgresql():
    """Is PostgreSQL asked, and not SQLite?"""
    return db.engine.dialect.name == "postgresql"


def table_of(segment):
    """The table that holds the words of a segment."""
    return PEOPLE if segment == "people" else DESK


def matches(viewer, terms, kinds, tables=TABLES, limit=200):
    """What this person may read and any of the words stands in, roughly the best first.  terms: [Term].
    Rows: post_id, root_id, kind, title, body, title_words, body_words, slug."""
    if not terms:
        return []
    asked = sa.union_all(*(_matches(viewer, table, terms, kinds) for table in tables)).subquery()
    return db.session.execute(sa.select(asked).order_by(asked.c.place, asked.c.post_id.desc()).limit(limit)).all()


def _matches(viewer, table, terms, kinds):
    """The statement for one table: words, kinds and rights in one."""
    post, root = aliased(Post), aliased(Post)
    words = sa.table(table, sa.column(_key()), sa.column("title"), sa.column("body"), sa.column("words"))
    found, place = _postgresql(words, terms) if is_postgresql() else _sqlite(words, terms)
    inside = (Document.segment == "people", root.audience.in_(PUBLIC)) if table == PEOPLE else (Document.segment != "people",)
    return (sa.select(Document.post_id, Document.root_id, Document.kind, Document.title, Document.body, words.c.title.label("title_words"),
                      words.c.body.label("body_words"), Article.slug, place.label("place"))
            .select_from(words).join(Document, Document.post_id == words.c[_key()])
            .join(post, post.id == Document.post_id).join(root, root.id == Document.root_id)
            .outerjoin(Article, Article.post_id == Document.post_id)
            .where(found, Document.kind.in_(kinds), post.deleted_at.is_(None), root.deleted_at.is_(None),
                   readable(viewer, post, root), *inside))


def _sqlite(words, terms):
    name = words.name
    return (sa.literal_column(name).op("MATCH")(" OR ".join(map(_fts5, terms))),
            sa.literal_column(f"bm25({name}, 8.0, 1.0)"))


def _postgresql(words, terms):
    query = sa.cast(" | ".join(map(_tsquery, terms)), postgresql.TSQUERY)
    return (words.c.words.op("@@")(query),
            -sa.func.ts_rank(sa.cast(_WEIGHTS, postgresql.ARRAY(postgresql.REAL)), words.c.words, query))


def _fts5(term):
    """A term for FTS5.  Words hold letters, digits and marks alone, so that none can mean anything to it."""
    return f'"{term.word}" OR "{term.start}"*' if term.start else f'"{term.word}"'


def _tsquery(term):
    return f"'{term.word}' | '{term.start}':*" if term.start else f"'{term.word}'"


def _key():
    return "post_id" if is_postgresql() else "rowid"


def counts(terms):
    """(documents, {word: how many of them it stands in}) of the people's segment: private text never counts."""
    documents = db.session.scalar(sa.select(sa.func.count()).select_from(Document).where(Document.segment == "people"))
    if not terms:
        return documents, {}
    ask = _postgresql_counts if is_postgresql() else _sqlite_counts
    return documents, {word: min(count, documents) for word, count in ask(terms).items()}


def _sqlite_counts(terms):
    vocabulary = sa.table("search_people_vocab", sa.column("term"), sa.column("doc"))
    parts = []
    for term in terms:
        begins = sa.and_(vocabulary.c.term >= term.start, vocabulary.c.term < term.start + "\U0010ffff")
        parts.append(sa.select(sa.literal(term.word), sa.func.coalesce(sa.func.sum(vocabulary.c.doc), 0))
                     .where(begins if term.start else vocabulary.c.term == term.word))
    return dict(map(tuple, db.session.execute(sa.union_all(*parts))))


def _postgresql_counts(terms):
    table = sa.table(PEOPLE, sa.column("words"))
    parts = [sa.select(sa.func.count()).select_from(table).where(
        table.c.words.op("@@")(sa.cast(_tsquery(term), postgresql.TSQUERY))).scalar_subquery() for term in terms]
    return dict(zip((term.word for term in terms), db.session.execute(sa.select(*parts)).one()))
