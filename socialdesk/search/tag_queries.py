"""Which hashtags fit a text: those of what is most like it, and those among whose posts its words are common."""
import time
from functools import cache
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from ..db import db
from ..feed.kept_index import Kept
from ..ready import Ready
from ..tags.models import PostTag, Tag
from .ask_queries import ask, find, view_of
from .models import Document
from .score_index import NO_IDS
from .shelf_queries import shelf
from .word_checker import terms_of

NEAREST = 20                            # documents that vote
BY_LIKENESS = 0.7                       # what their votes count; the words count the rest
MOST_LABELS = 50_000                    # hashtags on documents that words are counted of, the newest
LABELS_SECONDS = 60
SMOOTH = 0.5                            # as if each word stood in so many more documents of each hashtag
SHARPNESS = 0.2                         # words of a text hang together: each says only so much by itself
LEAST = 0.05                            # what is less sure than this is not offered
MOST_CHARACTERS = 4_000


class Labels(NamedTuple):
    """Which documents carry which hashtags.  documents: ids, one for each hashtag on each; tags: places in tag_ids; counts: documents of each."""

    documents: np.ndarray
    tags: np.ndarray
    tag_ids: np.ndarray
    counts: np.ndarray


def likely_tags(viewer, text, limit=3):
    """[(name, confidence 0..1)], best first, learned from what everyone or a circle of this person's may read; of private posts nothing."""
    terms = [term for term in terms_of(text[:MOST_CHARACTERS]) if term.says_something]
    if not terms or limit < 1:
        return []
    names = ["everyone", *(f"circle:{key}" for key in sorted(viewer.circle_ids))]
    view = view_of(viewer, ("known", "asked"), names)
    near, common = _of_the_nearest(view, terms, names), _of_the_words(view, terms, names)
    sure = {tag_id: BY_LIKENESS * near.get(tag_id, 0) + (1 - BY_LIKENESS) * common.get(tag_id, 0) for tag_id in near.keys() | common.keys()}
    best = sorted(((value, tag_id) for tag_id, value in sure.items() if value >= LEAST), key=lambda one: (-one[0], one[1]))[:limit]
    shown = {row.id: row.shown for row in _names().all({"ids": [tag_id for _value, tag_id in best]})} if best else {}
    return [(shown[tag_id], round(value, 3)) for value, tag_id in best if tag_id in shown]


# --- by likeness: the nearest documents vote

def _of_the_nearest(view, terms, names):
    """{tag id: share of the votes of the nearest documents}, each vote as strong as its document is near."""
    hits = find(view, ask(view, terms), NEAREST)
    if not len(hits.ids):
        return {}
    scores = dict(zip(hits.ids.tolist(), (hits.scores / hits.scores[0]).tolist()))
    votes = {}
    for row in _tagged().all({"ids": list(scores), "names": names}):
        votes[row.tag_id] = votes.get(row.tag_id, 0) + scores[row.post_id] ** 2
    total = sum(value ** 2 for value in scores.values())
    return {tag_id: min(1, vote / total) for tag_id, vote in votes.items()}


# --- by words: a naive Bayes over the posting lists

def _of_the_words(view, terms, names):
    """{tag id: 0..1}: how much more of a text's words each hashtag's documents have than all others."""
    labels = _labels(tuple(names))
    if len(labels.counts) < 2:
        return {}
    odds, all_, speaks = _prior(labels), labels.counts.sum(), np.zeros(len(labels.tag_ids), bool)
    for term in terms:
        having = _count_with(view, term.word, labels)
        speaks |= having > 0
        inside = (having + SMOOTH) / (labels.counts + 2 * SMOOTH)
        outside = (having.sum() - having + SMOOTH) / (all_ - labels.counts + 2 * SMOOTH)
        odds += np.log(inside / outside) * SHARPNESS
    sure = np.exp(odds - odds.max())
    return dict(zip(labels.tag_ids[speaks].tolist(), (sure / sure.sum())[speaks].tolist()))


def _prior(labels):
    share = labels.counts / labels.counts.sum()
    return np.log(share / (1 - share)) * SHARPNESS


def _count_with(view, word, labels):
    """In how many documents of each hashtag a word stands, as the index has it now: what was made private since counts no more."""
    old, new = view.postings([word])[word]
    flags = np.zeros(int(labels.documents[-1]) + 1, bool)
    for posting in old:
        flags[posting.ids[posting.ids < len(flags)]] = True
    flags[view.gone[view.gone < len(flags)]] = False
    for posting in new:
        flags[posting.ids[posting.ids < len(flags)]] = True
    return np.bincount(labels.tags[flags[labels.documents]], minlength=len(labels.tag_ids)).astype(float)


def _labels(names):
    """The Labels of segments, kept for a while: a hashtag that is new votes by likeness from its first document on."""
    moment = time.monotonic()
    found = _kept.get(names, moment)
    if found is None:
        rows = _newest_labels().all({"names": list(names), "most": MOST_LABELS})[::-1]
        tags, at = np.unique(np.array([row.tag_id for row in rows], np.int64), return_inverse=True)
        found = Labels(np.array([row.post_id for row in rows], np.int32) if rows else NO_IDS, at, tags, np.bincount(at, minlength=len(tags)))
        _kept.put(names, found, moment)
    return found


_kept = Kept(200, seconds=LABELS_SECONDS)
shelf.on_reset(_kept.drop)


# --- statements; a synonym is what it stands for

_MAIN = sa.func.coalesce(Tag.synonym_of, Tag.id).label("tag_id")


def _on_documents():
    return (sa.select(Document.post_id, _MAIN).join(PostTag, PostTag.root_id == Document.root_id).join(Tag, Tag.id == PostTag.tag_id)
            .where(Document.segment.in_(sa.bindparam("names", expanding=True))).distinct())


@cache
def _tagged():
    return Ready(_on_documents().where(Document.post_id.in_(sa.bindparam("ids", expanding=True))))


@cache
def _newest_labels():
    return Ready(_on_documents().where(Document.part.in_(("known", "asked"))).order_by(Document.post_id.desc()).limit(sa.bindparam("most")))


@cache
def _names():
    return Ready(sa.select(Tag.id, Tag.shown).where(Tag.id.in_(sa.bindparam("ids", expanding=True))))
