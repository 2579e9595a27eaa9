"""What one can ask of the index: what is known already, and everything one may see."""
import math
from typing import NamedTuple

import numpy as np

from . import semantic_index
from .ask_queries import ask, find, known_view_of, rows_of
from .fit_queries import fit as sure_of
from .fit_queries import sensed
from .found_queries import EVERYTHING, Found, everything, search, url_of
from .rank_checker import POOL, Ranked, best_sentence, varied
from .word_checker import terms_of

__all__ = ["EVERYTHING", "Found", "everything", "search"]               # rooms ask for the results page here, too

KNOWN = ("article", "answer", "incident", "announcement")       # what answers; a question that is still open does not
CANDIDATES = 16                         # what is read to choose a suggestion from
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
    view, hits = _look(known_view_of(viewer), terms_of(text))
    if not len(hits.ids):
        return []
    shown = {}
    for one in _ranked(viewer, view, hits, text, float(hits.scores[0])):
        if one.fits or not shy:
            shown.setdefault(one.row.root_id, one)
    return varied(sorted(shown.values(), key=lambda one: (-one.value, -one.row.post_id))[:POOL], limit)


def fitting(viewer, text, view, kinds):
    """[Ranked], best first, of the documents of a View that fit well; empty where none does."""
    view, hits = _look(view, terms_of(text))
    ranked = _ranked(viewer, view, hits, text, float(hits.scores[0]), kinds) if len(hits.ids) else []
    return sorted((one for one in ranked if one.fits), key=lambda one: (-one.value, -one.row.post_id))[:POOL]


def _look(view, terms):
    return view, find(view, ask(view, terms), SENSED if semantic_index.model() else CANDIDATES)


def _ranked(viewer, view, hits, text, ceiling, kinds=KNOWN):
    """[Ranked] of the best hits a person may read."""
    values, senses = sensed(hits, text, ceiling)
    order = np.argsort(-values, kind="stable")[:CANDIDATES]
    ids = hits.ids[order]
    rows, sure = rows_of(viewer, ids, kinds), sure_of(hits, view.gone, order, senses)
    return [Ranked(value * _boost(rows[post_id]), fit, fits, rows[post_id], senses.titles[at] if senses else None)
            for at, post_id, value, fit, fits in zip(order.tolist(), ids.tolist(), values[order].tolist(), *map(np.ndarray.tolist, sure)) if post_id in rows]


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
