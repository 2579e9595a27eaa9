"""Open questions of others that ask the same, so that one can join instead of asking anew."""
from typing import NamedTuple

import sqlalchemy as sa

from ..db import db
from ..posts.models import MeToo, Post
from .ask_queries import view_of
from .queries import LEAST_LETTERS, fitting
from .rank_checker import best_sentence, varied
from .word_checker import terms_of


class Similar(NamedTuple):
    """An open question of somebody else.  me_toos: how many have it too; has_me_too: the viewer among them."""

    id: int
    title: str
    url: str
    sentence: str
    me_toos: int
    replies: int
    has_me_too: bool


def similar_questions(viewer, text, limit=3):
    """[Similar], best first, of what everyone or a circle of this person's may read; empty where nothing fits well."""
    if len(text.split()) < 2 and len(text.strip()) < LEAST_LETTERS or limit < 1:
        return []
    terms, names = terms_of(text), ["everyone", *(f"circle:{key}" for key in sorted(viewer.circle_ids))]
    found = fitting(viewer, text, view_of(viewer, ("asked",), names), ("question",))
    stand = _standing(viewer, [one.row.post_id for one in found])
    ranked = varied([one for one in found if one.row.post_id in stand], limit)
    return [_similar(one.row, stand[one.row.post_id], terms) for one in ranked]


def _standing(viewer, ids):
    """{post id: row} of those that are still open and somebody else's."""
    if not ids:
        return {}
    mine = sa.exists().where(MeToo.root_id == Post.id, MeToo.person_id == viewer.id)
    rows = db.session.execute(sa.select(Post.id, Post.me_toos, Post.replies_public, mine.label("has_me_too")).where(
        Post.id.in_(ids), Post.status == "open", Post.author_id != viewer.id))
    return {row.id: row for row in rows}


def _similar(row, post, terms):
    sentence = best_sentence(row.body, terms, 110)
    return Similar(row.post_id, row.title, f"/p/{row.post_id}", "" if sentence.startswith(row.title) else sentence, post.me_toos, post.replies_public,
                   bool(post.has_me_too))
