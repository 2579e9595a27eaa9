"""The results page: everything a person may see that was meant by what they typed, best first."""
from itertools import islice
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa
from markupsafe import Markup

from ..db import db
from ..errors import Invalid
from ..tags.models import PostTag
from ..tags.queries import tag_by_name, tags_of
from .ask_queries import ask, counts_of, find, having_all, own_view_of, rows_of, segments_of
from .models import Document
from .query_checker import Query, parse, stands_in
from .rank_checker import best_sentence, marked
from .word_checker import each_word, places_of

EVERYTHING = ("known", "asked", "solved")
#: what one may look among: the kinds of documents, and in which part of the index they stand
KINDS = {"article": (("article",), ("known",)), "answer": (("answer",), ("known",)), "question": (("question",), ("asked",)),
         "ticket": (("ticket", "solved"), ("asked", "solved")), "idea": (("idea",), ("asked",)),
         "announcement": (("announcement",), ("known",)), "incident": (("incident",), ("known",))}
MOST = 200                              # what the results pages show at most
WIDE = 1_000                            # of so many the ones that were meant are picked out
FEW = 5_000                             # so many of a kind or hashtag are looked among alone
SLICE = 50                              # rows read at a time
MOST_LOOKED_AT = 300                    # rows that are looked at word by word
MOST_TAGS = 6


class Found(NamedTuple):
    """A hit of the results page.  excerpt: HTML, the words asked for marked; root_id: of its thread."""

    kind: str
    id: int
    title: str
    url: str
    excerpt: Markup
    root_id: int = 0


class Among(NamedTuple):
    """Where to look.  kinds: of documents, none for all; parts: of the index; tag_id: of a hashtag, None for any, 0 for one that is none."""

    kinds: tuple = ()
    parts: tuple = EVERYTHING
    tag_id: int | None = None

    @property
    def is_all(self):
        """Is everything looked at?"""
        return not self.kinds and self.tag_id is None


def search(viewer, q, limit=20, cursor=None, kind=None, tag=None):
    """([Found], next cursor or None): what this person may see and any of the words stands in, best first; see query_checker
    for what may be typed.  kind: one of KINDS; tag: a hashtag's name.  Raises Invalid."""
    query = parse(q)
    rows, following = page_of(viewer, query, among(kind, tag), limit, cursor)
    page = [Found("ticket" if row.kind == "solved" else row.kind, row.post_id, row.title, url_of(row),
                  marked(best_sentence(row.body, query.terms, 220), query.terms), row.root_id) for row in rows]
    return page, following


def page_of(viewer, query, where, limit=20, cursor=None):
    """(rows, next cursor or None) of what this person may see and meant, best first.  query: Query; where: Among.  Raises Invalid."""
    start, limit = _start(cursor), min(max(1, limit), 100)
    rows = list(islice(_rows(viewer, query, where), start, min(start + limit + 1, MOST)))
    return rows[:limit], str(start + limit) if len(rows) > limit else None


def everything(viewer, terms, most=MOST):
    """Rows of what this person may see, best first.  terms: of word_checker."""
    return list(islice(_rows(viewer, Query("", terms), Among()), most))


def among(kind=None, tag=None):
    """The Among of a kind and a hashtag's name, either may be empty.  Raises Invalid."""
    if kind and kind not in KINDS:
        raise Invalid(f"There is nothing of the kind “{kind[:40]}” to search among. Choose one of {', '.join(KINDS)}.", field="kind")
    kinds, parts = KINDS[kind] if kind else ((), EVERYTHING)
    found = tag_by_name(tag.removeprefix("#")) if tag else None
    return Among(kinds, parts, (found.id if found else 0) if tag else None)


def _rows(viewer, query, where):
    """What was meant, row by row, best first."""
    scores = _scores(viewer, query, where)
    ids = sorted(scores, key=lambda post_id: (-scores[post_id], -post_id))[:MOST_LOOKED_AT if query.is_strict else WIDE]
    for start in range(0, len(ids), SLICE):
        some = ids[start:start + SLICE]
        rows = rows_of(viewer, some)
        more = _more_of(some) if query.is_strict else {}
        yield from (rows[post_id] for post_id in some if post_id in rows and _is_meant(query, rows[post_id], more.get(post_id, "")))


def _is_meant(query, row, more):
    if not query.is_strict:
        return True
    texts = row.title, row.body, more

    def stands(phrase):
        return any(stands_in(phrase, each_word(text)) for text in texts)
    return not any(map(stands, query.excluded)) and all(map(stands, query.phrases))


def _more_of(ids):
    return dict(map(tuple, db.session.execute(sa.select(Document.post_id, Document.more).where(Document.post_id.in_(ids), Document.more != ""))))


# --- which documents

def _scores(viewer, query, where):
    """{post id: score} of what may have been meant, rights not asked yet."""
    view = own_view_of(viewer, where.parts)
    few = _few(segments_of(viewer), where)
    return _look(view, query, where, np.union1d(few, view.own.gone) if few is not None and view.own else few)


def _look(view, query, where, allowed):
    """{post id: score} of the documents of a View that have what they must have.  allowed: their rising ids, or None for all."""
    asked = ask(view, query.terms)
    must = [group for term, group in zip(asked.terms, asked.groups) if term.word in query.required]
    if must:
        both = having_all(must)
        allowed = both if allowed is None else np.intersect1d(allowed, both)
    if allowed is not None and not len(allowed):
        return {}
    hits = find(view, asked, WIDE if query.is_strict or not where.is_all else MOST, allowed)
    keep = (counts_of(must, hits.ids, view.gone) > 0).all(1) if must and len(hits.ids) else np.ones(len(hits.ids), bool)
    found = dict(zip(hits.ids[keep].tolist(), hits.scores[keep].tolist()))
    if found and not where.is_all:
        right = set(db.session.scalars(sa.select(Document.post_id).where(Document.post_id.in_(list(found)), *_which(where))))
        found = {post_id: score for post_id, score in found.items() if post_id in right}
    return found


def _few(segments, where):
    """The rising ids of the documents of a kind or hashtag, where they are few; else None."""
    if where.is_all:
        return None
    ids = db.session.scalars(sa.select(Document.post_id).where(Document.segment.in_(segments), *_which(where)).limit(FEW + 1)).all()
    return np.array(sorted(ids), np.int32) if len(ids) <= FEW else None


def _which(where):
    kinds = [Document.kind.in_(where.kinds)] if where.kinds else []
    tagged = sa.select(PostTag.root_id).where(PostTag.tag_id == where.tag_id)
    return kinds + ([Document.root_id.in_(tagged)] if where.tag_id is not None else [])


# --- beside what was found

def hashtags_among(found):
    """The hashtags that most of these carry, as shown.  found: [Found] of one viewer."""
    counts = {}
    for names in tags_of([one.root_id for one in found]).values():
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    return sorted(counts, key=lambda name: (-counts[name], name.casefold()))[:MOST_TAGS]


def did_you_mean(viewer, q):
    """What may have been meant where a word stands nowhere that this person may read, and one like it does; or None."""
    view = own_view_of(viewer, EVERYTHING)
    wrong = {}
    for term in parse(q).terms:
        if term.says_something and not view.form_count(term.typed) and not view.count(term.word) and not (term.start and view.starting(term.start, 1)[1]):
            near = view.near(term.typed, 1)
            wrong |= {term.word: near[0].form} if near else {}
    parts, end = [], 0
    for start, stop, words in places_of(q) if wrong else ():
        if len(words) == 1 and words[0] in wrong:
            parts += [q[end:start], wrong[words[0]]]
            end = stop
    return "".join([*parts, q[end:]]) if parts else None


def _start(cursor):
    if cursor in (None, ""):
        return 0
    if not str(cursor).isdecimal() or not str(cursor).isascii() or int(str(cursor)[:9]) > MOST:
        raise Invalid("This page of results does not exist. Start the search again from its first page.", field="cursor")
    return int(cursor)


def url_of(row):
    """Where a document is read."""
    if row.kind == "article":
        return f"/help/{row.slug or row.post_id}"
    return f"/p/{row.post_id}"              # an answer's address leads to its place in the thread
