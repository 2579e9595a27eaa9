"""Does what was found fit at all?  And what the sense of the words adds, where the extra is installed."""
import math
from functools import cache
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from ..ready import Ready
from . import semantic_index
from .ask_queries import counts_of
from .models import Sense
from .score_index import highest

SENSE = 0.5                             # how much the sense weighs beside the words
MOST_ASKED = 5                          # words that a document must speak of to fit wholly: a long story need not be told again
ALONE = 0.8                             # a document with one of the words only must have nearly all that is said,
ABOUT_ALONE = 0.52                      # and be about that word: 1 would be about nothing else;
SURE_LETTERS = 6                        # a guessed word has so many: shorter ones are too often another word
LESS_ALONE, ABOUT_WHOLLY = 0.4, 0.7
ABOUT, BONUS = 0.5, 6.6                 # among few documents rare words say less, and what a document is about says more

#: how sure we are: weights, the constant, and from where on it is shown; fitted on the pack, docs/search.md
_WORDS = {"strength": 8.7, "cover": -2.1, "fit": 5.1}, -5.45, -0.76
_SENSED = {"sense": 9.65, "cover": 5.77}, -9.65, -1.0


class Senses(NamedTuple):
    """How like the documents are to the text, -1..1, the vectors of their titles, and of which of them the sense is known."""

    likeness: np.ndarray
    titles: np.ndarray
    known: np.ndarray


def sensed(hits, text, ceiling):
    """(what each document counts, 0..1; Senses or None).  ceiling: the best score of all."""
    values = hits.scores / ceiling
    if not semantic_index.model():
        return values, None
    found = {row.post_id: bytes(row.vectors) for row in _vectors().all({"ids": hits.ids.tolist()})}
    blobs = [found.get(post_id) for post_id in hits.ids.tolist()]
    known = np.array([semantic_index.is_sound(blob) for blob in blobs], bool)
    sense = semantic_index.vector(text.strip())
    if not known.any() or not sense.any():
        return values, None
    blobs = [blob if is_known else bytes(semantic_index.BYTES) for blob, is_known in zip(blobs, known)]
    like = semantic_index.likeness(blobs, sense)
    like[~known] = like[known].mean()       # what is not known yet speaks neither for nor against it
    return (1 - SENSE) * values + SENSE * like, Senses(like, semantic_index.title_vectors(blobs), known)


def fit(hits, gone, order, senses):
    """(how sure we are that each of these documents answers, 0..1; is it enough to be shown?).  order: places among the hits."""
    rarities = np.array(hits.asked.rarities)
    telling = np.where([term.says_something for term in hits.asked.terms], rarities, 0)
    counts = counts_of(hits.asked.groups, hits.ids[order], gone)
    said = counts > 0
    about = _about(hits.asked, counts, telling)
    most = np.sort(telling)[::-1][:MOST_ASKED].sum() or math.inf
    facts = {"strength": hits.scores[order] / highest(rarities.sum()), "cover": said @ rarities / rarities.sum(),
             "fit": np.minimum(1, said @ telling / most)}
    sure, least = _sure(_WORDS, facts)
    if senses:
        sensed_sure, sensed_least = _sure(_SENSED, facts | {"sense": senses.likeness[order]})
        known = senses.known[order]
        sure, least = np.where(known, sensed_sure, sure), np.where(known, sensed_least, least)
    many = (said & (telling > 0)).sum(1) > 1
    young = 1 - hits.asked.knows
    sure = sure + BONUS * young * (about - ABOUT)
    enough = (sure >= least) & (many | (about >= ABOUT_ALONE) & (facts["fit"] >= ALONE - LESS_ALONE * young * (about >= ABOUT_WHOLLY)))
    return 1 / (1 + np.exp(-sure)), enough


def _about(asked, counts, telling):
    """How much of each document one of the telling words is, 0..1: the one it is most about."""
    whole = np.array([max((part.factor for part in group), default=math.inf) for group in asked.groups])
    counts_too = [says > 0 and (not guessed or len(term.typed) >= SURE_LETTERS) for term, says, guessed in zip(asked.terms, telling, asked.guessed)]
    return np.max(counts / whole, axis=1, where=np.array(counts_too), initial=0)


def _sure(fitted, facts):
    """(how sure, from where on it is enough): by fitted weights."""
    weights, constant, least = fitted
    return sum(weight * facts[name] for name, weight in weights.items()) + constant, least


@cache
def _vectors():
    vectors = sa.cast(Sense.vectors, sa.LargeBinary).label("vectors")          # text, too, that somebody put there
    return Ready(sa.select(Sense.post_id, vectors).where(Sense.post_id.in_(sa.bindparam("ids", expanding=True))))
