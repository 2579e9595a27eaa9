"""Finding documents by words: which segments a person may search, what typed words stand for, and which documents say most of it."""
import time
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..db import db
from ..feed.kept_index import Kept
from ..knowledge.models import Article
from ..policy import MOMENT, asker, readable, values
from ..posts.models import Access, Post
from ..ready import Ready
from ..tags.models import PostTag, TagFollow
from .models import Document
from .score_index import NO_IDS, SMOOTH, Part, contribution, highest, rarity, top
from .shelf_queries import documents_of, shelf

COMPLETIONS = 12                        # words that the last one may go on to be
UNION, SHARE = 0.4, 0.25                # how much a completion weighs as one of many, and by its share of them; docs/search.md
ONE_WRONG, TWO_WRONG = 0.95, 0.8        # what a repaired word counts of a right one
OWN_SECONDS = 20                        # so long it is remembered that nothing known is a person's by name alone
RARE, GROWN = 3, 5_000                  # a word of fewer documents may be a mistake; one that stands once, too, where documents are many
YOUNG = 400                             # a desk of so many documents knows half of what words say; docs/search.md
MOST_OWN = 300                          # so many of the newest documents are searched that are a person's by name alone


class Asked(NamedTuple):
    """Typed words as the index takes them.  groups: of Part, one for each term; rarities: what each says; guessed: bools, does
    nothing stand in the index that is spelled so, and another word for it?; knows: 0..1, how far what is known tells common words from rare ones."""

    terms: list
    groups: list
    rarities: list
    guessed: list
    knows: float


class Hits(NamedTuple):
    """What was found, best first.  ids, scores: arrays; asked: Asked."""

    ids: np.ndarray
    scores: np.ndarray
    asked: Asked


def segments_of(viewer):
    """The segments of which a person may read every document."""
    names = ["everyone", *(f"circle:{key}" for key in sorted(viewer.circle_ids))]
    return names + ["desk", *(f"team:{key}" for key in sorted(viewer.team_ids))] if viewer.is_agent else names


def view_of(viewer, parts, segments=None):
    """The View of the parts (known, asked, solved) of the segments a person may read."""
    names = segments_of(viewer) if segments is None else segments
    return shelf.view([f"{name}/{part}" for name in names for part in parts])


def ask(view, terms, words_of=None):
    """What typed words stand for in a View: Asked.  words_of: the View whose words may complete and repair them, if another."""
    words_of = words_of or view
    begun = {term: words_of.starting(term.start, COMPLETIONS) for term in terms if term.start}
    view.postings([word for term in terms for word in (term.word, *begun.get(term, ({},))[0])])
    found = [_completed(view, words_of, term, *begun[term]) if term.start else _word(view, words_of, term) for term in terms]
    return _weighed(terms, *map(list, zip(*found)), (view.documents + SMOOTH) / (view.documents + SMOOTH + YOUNG)) if found else Asked([], [], [], [], 1)


def _weighed(terms, groups, rarities, guessed, knows):
    """Asked.  Among few documents small words look as rare as others, and a single word that stands in none of them says little."""
    unknown = next((n for n, term in enumerate(terms) if term.says_something and not groups[n]), None)
    for n, term in enumerate(terms):
        if not term.says_something or n == unknown:
            groups[n], rarities[n] = [part._replace(factor=part.factor * knows) for part in groups[n]], rarities[n] * knows
    return Asked(terms, groups, rarities, guessed, knows)


def _word(view, words_of, term):
    """(group, rarity, is it guessed?) of a finished word."""
    count = view.count(term.word)
    says = rarity(view.documents, count)
    group = [Part(*view.postings([term.word])[term.word], highest(says))] if count else []
    if count < RARE and words_of.form_count(term.typed) < (2 if view.documents >= GROWN else 1):
        group += _repaired(view, words_of, term)
    return group, says, not count and bool(group)


def _repaired(view, words_of, term):
    nears = words_of.near(term.typed)
    lists = view.postings([near.word for near in nears])
    return [Part(*lists[near.word], highest(rarity(view.documents, view.count(near.word))) * (ONE_WRONG if near.mistakes < 1.5 else TWO_WRONG))
            for near in nears]


def _completed(view, words_of, term, words, total):
    """The same of the word being typed: whichever of the words that begin so says most."""
    words = dict(words)
    if view.count(term.word):
        words[term.word] = max(words.get(term.word, 0), view.count(term.word))
    total = max(total, *words.values(), 1) if words else 1
    says = rarity(view.documents, total)
    lists = view.postings(list(words))
    group = [Part(*lists[word], highest(UNION * says + (1 - UNION) * rarity(view.documents, view.count(word)) * (count / total) ** SHARE))
             for word, count in words.items()]
    repaired = _repaired(view, words_of, term) if not words or total < RARE and view.documents >= GROWN else []
    return group + repaired, says, not group and bool(repaired)


def find(view, asked, most, allowed=None):
    """Hits of what was asked in a View."""
    return Hits(*top(asked.groups, view.gone, most, allowed), asked)


def counts_of(groups, ids, gone):
    """Array (documents × groups): what each thing typed counts for each of these documents."""
    stale = np.isin(ids, gone)
    return np.array([contribution(group, ids, stale) for group in groups], np.float32).reshape(len(groups), len(ids)).T


def having_all(groups):
    """The ids of documents in which each of these groups stands, rising."""
    found = None
    for group in groups:
        lists = [posting.ids for part in group for posting in part.postings]
        ids = np.unique(np.concatenate(lists)) if lists else NO_IDS
        found = ids if found is None else np.intersect1d(found, ids, assume_unique=True)
    return NO_IDS if found is None else found


# --- rows

def rows_of(viewer, post_ids, kinds=None):
    """{post id: row} of those of these documents that a person may read now.  Columns: post_id, root_id, kind, title, body,
    slug, solved (people it helped), tag (does it carry a hashtag they follow?)."""
    if not len(post_ids):
        return {}
    rows = _rows(asker(viewer)).all(values(viewer) | {"ids": [int(post_id) for post_id in post_ids]})
    return {row.post_id: row for row in rows if kinds is None or row.kind in kinds}


@lru_cache
def _rows(who):
    post, root = aliased(Post), aliased(Post)
    followed = sa.exists().where(PostTag.root_id == Document.root_id, PostTag.tag_id == TagFollow.tag_id, TagFollow.person_id == sa.bindparam("me"),
                                 TagFollow.level != "muted")
    return Ready(sa.select(Document.post_id, Document.root_id, Document.kind, Document.title, Document.body, Article.slug,
                           sa.func.coalesce(Article.solved, 0).label("solved"), root.me_toos, sa.type_coerce(followed, sa.Integer).label("followed"))
                 .join(post, post.id == Document.post_id).join(root, root.id == Document.root_id)
                 .outerjoin(Article, Article.post_id == Document.post_id)
                 .where(Document.post_id.in_(sa.bindparam("ids", expanding=True)), post.deleted_at.is_(None), root.deleted_at.is_(None),
                        readable(who, post, root)))


def own_view_of(viewer, parts):
    """The View of everything a person may read of these parts: of their segments, and their newest documents of other ones by
    themselves, so that what stands beside those decides nothing."""
    return shelf.view([f"{name}/{part}" for name in segments_of(viewer) for part in parts], _own(viewer, Document.part.in_(parts)))


def known_view_of(viewer):
    """The same of what is known.  Hardly anybody has any of their own, and each key asks: that there is none is remembered for a while."""
    key = viewer.id, viewer.circle_ids, viewer.team_ids, viewer.is_agent
    moment = time.monotonic()
    if _owning_none.get(key, moment):
        return view_of(viewer, ("known",))
    view = own_view_of(viewer, ("known",))
    if view.own is None:
        _owning_none.put(key, True, moment)
    return view


def _own(viewer, *more):
    """{post id: Counted} of what is this person's by name alone: their tickets, and where they were added."""
    mine = sa.select(Access.root_id).where(Access.person_id == viewer.id, sa.or_(Access.until.is_(None), Access.until > MOMENT))
    ids = db.session.scalars(sa.select(Document.post_id).where(
        Document.root_id.in_(mine), Document.segment.not_in(segments_of(viewer)), *more).order_by(Document.post_id.desc()).limit(MOST_OWN)).all()
    return {post_id: document for post_id, document in documents_of(ids).items() if document}


_owning_none = Kept(2_000, seconds=OWN_SECONDS)
shelf.on_reset(_owning_none.drop)
