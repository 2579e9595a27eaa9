"""What one can ask of the index: what is known already, and everything one may see."""
from typing import NamedTuple

from markupsafe import Markup

from ..errors import Invalid
from .match_queries import PEOPLE, counts, matches
from .rank_checker import best_sentence, marked, rank
from .word_checker import terms_of

SUGGESTED = ("article", "answer")       # what answers; a question that is still open does not
EVERYTHING = ("article", "answer", "question", "ticket", "announcement", "idea")
CANDIDATES = 60                         # what is ranked for a suggestion
MOST = 200                              # what the results pages show at most
LEAST_LETTERS = 8
LEAST_FIT, LEAST_FIT_OF_ONE = 0.45, 0.8  # below, nothing is shown; a single word must say nearly all and stand in the title


class Suggestion(NamedTuple):
    """Something that may answer what somebody types.  sentence: where it does."""

    kind: str
    id: int
    title: str
    url: str
    score: float
    sentence: str


class Found(NamedTuple):
    """A hit of the results page.  excerpt: HTML, the words asked for marked."""

    kind: str
    id: int
    title: str
    url: str
    excerpt: Markup


def suggest(viewer, text, limit=3):
    """[Suggestion], best first, of what everyone or a circle of this person's may read; empty where nothing fits.
    From the second word or the eighth letter on."""
    if len(text.split()) < 2 and len(text.strip()) < LEAST_LETTERS:
        return []
    terms, rows = _asked(viewer, text, SUGGESTED, CANDIDATES, tables=(PEOPLE,))
    shown = {}
    for one in rows:
        if _fits(one):
            shown.setdefault(one.row.root_id, one)
    return [Suggestion(one.row.kind, one.row.post_id, one.row.title, _url(one.row), round(one.score, 3),
                       best_sentence(one.row.body, terms, 110)) for one in list(shown.values())[:max(0, limit)]]


def _fits(ranked):
    return ranked.fit >= (LEAST_FIT if ranked.said > 1 else LEAST_FIT_OF_ONE)


def search(viewer, q, limit=20, cursor=None):
    """([Found], next cursor or None): what this person may see and any of the words stands in, best first."""
    start = _start(cursor)
    limit = min(max(1, limit), 100)
    terms, rows = _asked(viewer, q, EVERYTHING, MOST)
    page = [Found(one.row.kind, one.row.post_id, one.row.title, _url(one.row), marked(best_sentence(one.row.body, terms, 220), terms))
            for one in rows[start:start + limit]]
    return page, str(start + limit) if start + limit < len(rows) else None


def _asked(viewer, text, kinds, limit, **where):
    """(terms, [Ranked]): found by the words that say something, put in order by all of them."""
    terms = terms_of(text)
    documents, frequencies = counts(terms)
    telling = [term for term in terms if term.says_something] or terms
    return terms, rank(matches(viewer, telling, kinds, limit=limit, **where), terms, documents, frequencies)


def _start(cursor):
    if cursor in (None, ""):
        return 0
    if not str(cursor).isdecimal() or not str(cursor).isascii() or int(str(cursor)[:9]) > MOST:
        raise Invalid("This page of results does not exist. Start the search again from its first page.", field="cursor")
    return int(cursor)


def _url(row):
    if row.kind == "article":
        return f"/help/{row.slug or row.post_id}"
    return f"/p/{row.post_id}"              # an answer's address leads to its place in the thread
