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
from .score_index import NO_IDS, Part, contribution, highest, rarity, top
from .shelf_queries import shelf

COMPLETIONS = 12                        # words that the last one may go on to be
UNION, SHARE = 0.4, 0.25                # how much a completion weighs as one of many, and by its share of them; docs/search.md
ONE_WRONG, TWO_WRONG = 0.95, 0.8        # what a repaired word counts of a right one
OWN_SECONDS = 20                        # so long it is remembered which known things are a person's by name
RARE = 3                                # a word of fewer documents may be a mistake


class Asked(NamedTuple):
    """Typed words as the index takes them.  groups: of Part, one for each term; rarities: what each says."""

    terms: list
    groups: list
    rarities: list


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
    groups = [_completed(view, words_of, term, *begun[term]) if term.start else _word(view, words_of, term) for term in terms]
    return Asked(terms, [group for group, _rarity in groups], [rarity for _group, rarity in groups])


def _word(view, words_of, term):
    count = view.count(term.word)
    says = rarity(view.documents, count)
    group = [Part(*view.postings([term.word])[term.word], highest(says))] if count else []
    if count < RARE and words_of.form_count(term.typed) < 2:
        group += _repaired(view, words_of, term)
    return group, says


def _repaired(view, words_of, term):
    nears = words_of.near(term.typed)
    lists = view.postings([near.word for near in nears])
    return [Part(*lists[near.word], highest(rarity(view.documents, view.count(near.word))) * (ONE_WRONG if near.mistakes < 1.5 else TWO_WRONG))
            for near in nears]


def _completed(view, words_of, term, words, total):
    """The word being typed: whichever of the words that begin so says most."""
    words = dict(words)
    if view.count(term.word):
        words[term.word] = max(words.get(term.word, 0), view.count(term.word))
    total = max(total, *words.values(), 1) if words else 1
    says = rarity(view.documents, total)
    lists = view.postings(list(words))
    group = [Part(*lists[word], highest(UNION * says + (1 - UNION) * rarity(view.documents, view.count(word)) * (count / total) ** SHARE))
             for word, count in words.items()]
    return group + (_repaired(view, words_of, term) if total < RARE else []), says


def find(view, asked, most, allowed=None):
    """Hits of what was asked in a View."""
    return Hits(*top(asked.groups, view.gone, most, allowed), asked)


def spoken(groups, ids, gone):
    """bool array (documents × groups): which of these documents speak of what."""
    stale = np.isin(ids, gone)
    return np.array([contribution(group, ids, stale) > 0 for group in groups], bool).T


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


def own_documents(viewer):
    """(rising ids, their segments) of documents of other segments that are this person's by name: their tickets, and where
    they were added."""
    return _own(viewer)


def own_known(viewer):
    """The same of what is known.  Hardly anybody has any, and each key asks: remembered for a while, the rights of each hit are asked anew."""
    key = viewer.id, viewer.circle_ids, viewer.team_ids, viewer.is_agent
    moment = time.monotonic()
    found = _owned.get(key, moment)
    if found is None:
        found = _own(viewer, Document.part == "known")
        _owned.put(key, found, moment)
    return found


def _own(viewer, *more):
    mine = sa.select(Access.root_id).where(Access.person_id == viewer.id, sa.or_(Access.until.is_(None), Access.until > MOMENT))
    rows = db.session.execute(sa.select(Document.post_id, Document.segment).where(
        Document.root_id.in_(mine), Document.segment.not_in(segments_of(viewer)), *more).order_by(Document.post_id)).all()
    return np.array([row.post_id for row in rows], np.int32), sorted({row.segment for row in rows})


_owned = Kept(2_000, seconds=OWN_SECONDS)
shelf.on_reset(_owned.drop)
