"""Which hashtags fit a text: those of what is most like it, and those among whose posts its words are common."""
import math
import time
from functools import cache
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from ..feed.kept_index import Kept
from ..ready import Ready
from ..tags.models import PostTag, Tag
from .ask_queries import ask, find, view_of
from .models import Document
from .score_index import NO_IDS, highest
from .shelf_queries import shelf
from .word_checker import terms_of

NEAREST = 20                            # documents that vote
BY_LIKENESS = 0.7                       # what their votes count; the words count the rest
MOST_LABELS = 50_000                    # hashtags on documents that words are counted of, the newest
LABELS_SECONDS = 300
SMOOTH = 0.5                            # as if each word stood in so many more documents of each hashtag
SHARPNESS = 0.2                         # words of a text hang together: each says only so much by itself
LEAST = 0.08                            # what is less sure than this is not offered
NEAR_ENOUGH = 0.2                       # the nearest document must have so much of what is asked, else nothing is like it
TELLING = 5                             # words that are enough to be like a document: a long story need not be told again
MOST_CHARACTERS = 4_000


class Labels(NamedTuple):
    """Which documents carry which hashtags.  tag_ids: rising; counts: documents of each; places: of a document in tag_ids, from
    starts[its id] on as many as lengths[its id] says."""

    tag_ids: np.ndarray
    counts: np.ndarray
    places: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray


def likely_tags(viewer, text, limit=3):
    """[(name, confidence 0..1)], best first, learned from what everyone or a circle of this person's may read; of private posts nothing."""
    terms = [term for term in terms_of(text[:MOST_CHARACTERS]) if term.says_something]
    if not terms or limit < 1:
        return []
    names = ["everyone", *(f"circle:{key}" for key in sorted(viewer.circle_ids))]
    view = view_of(viewer, ("known", "asked"), names)
    hits = _nearest(view, terms)
    if not len(hits.ids):
        return []
    near = _of_the_nearest(hits, names)
    common = _of_the_words(view, terms, names, near)
    sure = {tag_id: BY_LIKENESS * near.get(tag_id, 0) + (1 - BY_LIKENESS) * common.get(tag_id, 0) for tag_id in near.keys() | common.keys()}
    best = sorted(((value, tag_id) for tag_id, value in sure.items() if value >= LEAST), key=lambda one: (-one[0], one[1]))[:limit]
    shown = {row.id: row.shown for row in _names().all({"ids": [tag_id for _value, tag_id in best]})} if best else {}
    return [(shown[tag_id], round(value, 3)) for value, tag_id in best if tag_id in shown]


# --- by likeness: the nearest documents vote

def _nearest(view, terms):
    """The Hits that may vote; none where nothing is like the text.  A word that was only guessed finds no voters."""
    asked = ask(view, terms)
    asked = asked._replace(groups=[[] if guessed else group for group, guessed in zip(asked.groups, asked.guessed)])
    hits = find(view, asked, NEAREST)
    least = NEAR_ENOUGH * highest(sum(sorted(asked.rarities)[-TELLING:]))
    return hits if len(hits.ids) and hits.scores[0] >= least else hits._replace(ids=NO_IDS)


def _of_the_nearest(hits, names):
    """{tag id: share of the votes of the nearest documents}, each vote as strong as its document is near."""
    scores = dict(zip(hits.ids.tolist(), (hits.scores / hits.scores[0]).tolist()))
    votes = {}
    for row in _tagged().all({"ids": list(scores)}):
        if row.segment in names:
            votes[row.tag_id] = votes.get(row.tag_id, 0) + scores[row.post_id] ** 2
    total = sum(value ** 2 for value in scores.values())
    return {tag_id: min(1, vote / total) for tag_id, vote in votes.items()}


# --- by words: a naive Bayes over the posting lists

def _of_the_words(view, terms, names, near):
    """{tag id: 0..1}: how much more of a text's words each hashtag's documents have than all others; of those alone that may
    be offered for it, and of those in near."""
    labels = _labels(tuple(names))
    if len(labels.counts) < 2:
        return {}
    odds, speaks = _prior(labels), np.zeros(len(labels.tag_ids), bool)
    all_, gone = labels.counts.sum(), _within(view.gone, labels)
    silent = np.log((all_ - labels.counts + 2 * SMOOTH) / (labels.counts + 2 * SMOOTH))     # what a word says of a hashtag without it
    for term in terms:
        places, having = _having(view, term.word, labels, gone)
        total = having.sum()
        odds += (silent + math.log(SMOOTH / (total + SMOOTH))) * SHARPNESS
        odds[places] += np.log((having + SMOOTH) / SMOOTH * ((total + SMOOTH) / (total - having + SMOOTH))) * SHARPNESS
        speaks[places] = True
    sure = np.exp(odds - odds.max())
    sure /= sure.sum()
    told = np.flatnonzero(speaks & ((sure >= LEAST / (1 - BY_LIKENESS)) | np.isin(labels.tag_ids, list(near))))
    return dict(zip(labels.tag_ids[told].tolist(), sure[told].tolist()))


def _prior(labels):
    share = labels.counts / labels.counts.sum()
    return np.log(share / (1 - share)) * SHARPNESS


def _having(view, word, labels, gone):
    """(places, counts): the hashtags in whose documents a word stands, and in how many of each, as the index has it now: what
    was made private since counts no more.  gone: of the view, those that are among the labels."""
    old, new = view.postings([word])[word]
    found = [_within(posting.ids, labels) for posting in old]
    if len(gone):
        found = [ids[~np.isin(ids, gone)] for ids in found]
    found += [_within(posting.ids, labels) for posting in new]
    ids = np.concatenate(found) if found else NO_IDS
    lengths = labels.lengths[ids]
    if lengths.max(initial=0) <= 1:
        at = labels.starts[ids[lengths > 0]]
    else:
        at = np.repeat(labels.starts[ids] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
    counts = np.bincount(labels.places[at], minlength=len(labels.tag_ids))
    places = np.flatnonzero(counts)
    return places, counts[places].astype(float)


def _within(ids, labels):
    """The rising ids of an array for which there is a length."""
    return ids[:np.searchsorted(ids, len(labels.lengths))]


def _labels(names):
    """The Labels of segments, kept for a while: a hashtag that is new votes by likeness from its first document on."""
    moment = time.monotonic()
    found = _kept.get(names, moment)
    if found is None:
        keys = np.sort(np.concatenate([_keys_of(name, moment) for name in names]))[-MOST_LABELS:]
        documents, (tags, places) = keys >> 32, np.unique(keys & 0xFFFFFFFF, return_inverse=True)
        lengths = np.bincount(documents).astype(np.int32)
        found = Labels(tags, np.bincount(places, minlength=len(tags)), places.astype(np.int32), np.cumsum(lengths, dtype=np.int32) - lengths, lengths)
        _kept.put(names, found, moment)
    return found


def _keys_of(name, moment):
    """Each hashtag on each document of a segment, the newest, as one number: the document's id, then the hashtag's."""
    found = _kept_keys.get(name, moment)
    if found is None:
        rows = _newest_labels().all({"name": name, "most": MOST_LABELS})
        found = np.unique(np.fromiter((row[0] << 32 | row[1] for row in rows), np.int64, len(rows)))
        _kept_keys.put(name, found, moment)
    return found


_kept, _kept_keys = Kept(12, seconds=LABELS_SECONDS), Kept(100, seconds=LABELS_SECONDS)
shelf.on_reset(_kept.drop)
shelf.on_reset(_kept_keys.drop)


# --- statements; a synonym is what it stands for

def _on_documents():
    return (sa.select(Document.post_id, sa.func.coalesce(Tag.synonym_of, Tag.id).label("tag_id"), Document.segment)
            .join(PostTag, PostTag.root_id == Document.root_id).join(Tag, Tag.id == PostTag.tag_id))


@cache
def _tagged():
    """The segment is looked at afterwards: asked for here, all of a segment's documents are walked for twenty."""
    return Ready(_on_documents().where(Document.post_id.in_(sa.bindparam("ids", expanding=True))).distinct())


@cache
def _newest_labels():
    return Ready(_on_documents().where(Document.segment == sa.bindparam("name"), Document.part.in_(("known", "asked")))
                 .order_by(Document.post_id.desc()).limit(sa.bindparam("most")))


@cache
def _names():
    return Ready(sa.select(Tag.id, Tag.shown).where(Tag.id.in_(sa.bindparam("ids", expanding=True))))
