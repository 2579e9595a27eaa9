"""What one can ask of the index: what is known already, and everything one may see."""
import math
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from ..errors import Invalid
from . import semantic_index
from .ask_queries import ask, find, own_documents, own_known, rows_of, view_of
from .fit_queries import fit, sensed
from .rank_checker import POOL, Ranked, best_sentence, marked, varied
from .word_checker import terms_of

KNOWN = ("article", "answer", "incident", "announcement")       # what answers; a question that is still open does not
EVERYTHING = ("known", "asked", "solved")
CANDIDATES = 16                         # what is read to choose a suggestion from
MOST = 200                              # what the results pages show at most
LEAST_LETTERS = 8
SENSED = 100                            # of so many the sense is looked at, where the extra is installed


class Suggestion(NamedTuple):
    """Something that may answer what somebody types.  sentence: where it does; why: what speaks for it besides, or empty."""

    kind: str
    id: int
    title: str
    url: str
    score: float
    sentence: str
    why: str = ""


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
    if len(text.split()) < 2 and len(text.strip()) < LEAST_LETTERS or limit < 1:
        return []
    terms = terms_of(text)
    ranked = known(viewer, text, limit)
    return [Suggestion(one.row.kind, one.row.post_id, one.row.title, url_of(one.row), round(max(one.value, 0.001), 3),
                       best_sentence(one.row.body, terms, 110), _why(one.row)) for one in ranked]


def known(viewer, text, limit, shy=True):
    """[Ranked] of what is known that fits.  shy: silent where nothing fits well."""
    terms = terms_of(text)
    asked = [_look(view_of(viewer, ("known",)), terms)]
    own, segments = own_known(viewer)
    if len(own):
        asked.append(_look(view_of(viewer, ("known",), segments), terms, own))
    asked = [(view, hits) for view, hits in asked if len(hits.ids)]
    if not asked:
        return []
    ceiling = max(float(hits.scores[0]) for _view, hits in asked)
    shown = {}
    for view, hits in asked:
        for one in _ranked(viewer, view, hits, text, ceiling):
            if one.fit or not shy:
                shown.setdefault(one.row.root_id, one)
    return varied(sorted(shown.values(), key=lambda one: (-one.value, -one.row.post_id))[:POOL], limit)


def _look(view, terms, allowed=None):
    return view, find(view, ask(view, terms), SENSED if semantic_index.model() else CANDIDATES, allowed)


def _ranked(viewer, view, hits, text, ceiling):
    """[Ranked] of the best hits a person may read."""
    values, senses = sensed(hits, text, ceiling)
    order = np.argsort(-values, kind="stable")[:CANDIDATES]
    ids = hits.ids[order]
    rows, fits = rows_of(viewer, ids, KNOWN), fit(hits, view.gone, order, senses)
    return [Ranked(value * _boost(rows[post_id]), fitting, rows[post_id], senses.titles[at] if senses else None)
            for at, post_id, value, fitting in zip(order.tolist(), ids.tolist(), values[order].tolist(), fits.tolist()) if post_id in rows]


def _boost(row):
    """How much more it counts than its words alone: by how many it solved it for, that it happens now, or a followed hashtag."""
    return (1 + min(0.2, 0.04 * math.log2(1 + row.solved))) * (1.15 if row.kind == "incident" else 1) * (1.05 if row.followed else 1)


def _why(row):
    """What speaks for a suggestion besides its words."""
    if row.kind == "incident":
        return f"Happening now, {row.me_toos} said me too" if row.me_toos else "Happening now"
    if row.solved > 1:
        return f"Solved it for {row.solved} people"
    return "From a hashtag you follow" if row.followed else ""


def search(viewer, q, limit=20, cursor=None):
    """([Found], next cursor or None): what this person may see and any of the words stands in, best first."""
    start = _start(cursor)
    limit = min(max(1, limit), 100)
    terms = terms_of(q)
    rows = everything(viewer, terms)
    page = [Found(row.kind, row.post_id, row.title, url_of(row), marked(best_sentence(row.body, terms, 220), terms))
            for row in rows[start:start + limit]]
    return page, str(start + limit) if start + limit < len(rows) else None


def everything(viewer, terms, most=MOST):
    """Rows of what this person may see, best first."""
    view = view_of(viewer, EVERYTHING)
    asked = ask(view, terms)
    found = dict(zip(*map(np.ndarray.tolist, find(view, asked, most)[:2])))
    own, segments = own_documents(viewer)
    if len(own):
        private = view_of(viewer, EVERYTHING, segments)
        hits = find(private, ask(private, terms), most, allowed=own)
        found |= dict(zip(hits.ids.tolist(), hits.scores.tolist()))
    rows = rows_of(viewer, list(found))
    return sorted(rows.values(), key=lambda row: (-found[row.post_id], -row.post_id))[:most]


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
