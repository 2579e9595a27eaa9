"""What may come up For you: the newest threads a person may see, and what of each the formula needs."""
from datetime import timedelta
from functools import cache, lru_cache
from typing import NamedTuple

import sqlalchemy as sa

from ..db import UtcTime, db, now
from ..errors import Missing
from ..policy import asker, values, visible
from ..posts.models import Post, Seen
from ..ready import Ready
from ..tags.models import PostTag, Tag, TagFollow
from ..tickets.models import ENDED, Major, Ticket
from .part_queries import in_list, newest_of, open_majors, parts_of, unmuted
from .rank_checker import UNREAD_HOURS, Candidate
from .row_queries import kept, plain

MOST = 1000                             # candidates a list is made of
LIFTED = 40                             # unread announcements that are older than these, at most
SETTLED = ("resolved", *ENDED, "answered")


class Pool(NamedTuple):
    """What a list is made of.  top: the newest id there was; lowest: of the newest ids, 0 where nothing is older."""

    cards: list
    top: int
    lowest: int


def candidates_of(viewer, top=None):
    """The Pool of a person: what they muted counts, but does not come up.  top: only ids up to this one."""
    since = now() - timedelta(hours=UNREAD_HOURS)
    given = values(viewer, each=True) | {"limit": MOST + 1, "top": top, "since": since, "lifted": LIFTED}
    rows = _candidates(asker(viewer), top is None).all(given)
    newest = sorted((row[0] for row in rows if row.is_new), reverse=True)
    lowest = newest[MOST - 1] if len(newest) > MOST else 0
    highest = newest[0] if newest else 0
    found = {row[0]: row[:-2] for row in rows if not row.is_muted and not (row.is_new and row[0] < lowest)}
    return Pool(_read(found.values(), _followed(viewer, lowest, highest)), highest, lowest)


def candidate_of(viewer, root_id):
    """One thread as a Candidate, muted or not.  Raises Missing."""
    row = db.session.execute(_one(asker(viewer)), values(viewer) | {"root": root_id}).first()
    if row is None:
        raise Missing()
    return _read([row], _followed(viewer, root_id, root_id))[0]


_IS_OPEN_MAJOR = sa.and_(Major.post_id.is_not(None), Major.ended_at.is_(None))
_COLUMNS = (
    Post.id, sa.case((Post.shown_as.is_(None), Post.author_id), else_=-Post.id), kept(Post.made_at), kept(Post.active_at),
    Post.me_toos, Post.likes, Post.votes, Post.voices,
    plain(sa.func.coalesce(Ticket.status, Post.status, "").in_(SETTLED)), plain(_IS_OPEN_MAJOR))


def _rows(who, *more):
    return (sa.select(*_COLUMNS, plain(_is_unread(who)), *more).select_from(Post).outerjoin(Ticket, Ticket.post_id == Post.id)
            .outerjoin(Major, Major.post_id == Post.id))


def _is_unread(who):
    seen = sa.exists().where(Seen.root_id == Post.id, Seen.person_id == who.id)
    return sa.and_(Post.kind == "announcement", Post.author_id != who.id, sa.not_(seen))


def _unread(who, *more):
    """The newest announcements nobody has shown this person yet, however much was said after them."""
    return (sa.select(Post.id, plain(sa.false())).where(
        _is_unread(who), Post.made_at >= sa.bindparam("since", type_=UtcTime()), in_list(), visible(who), *more)
        .order_by(Post.made_at.desc()).limit(sa.bindparam("lifted", type_=sa.Integer)).subquery())


@lru_cache
def _candidates(who, is_first):
    bounds = () if is_first else (_up_to_top,)
    newest = newest_of(parts_of("newest", who, *bounds), sa.bindparam("limit", type_=sa.Integer)).subquery()
    majors = open_majors(who, *(bound(Post.id) for bound in bounds)).add_columns(plain(sa.false()))
    unread = _unread(who, *(bound(Post.id) for bound in bounds))
    pool = sa.union_all(sa.select(newest.c.id, plain(sa.true()).label("is_new")), majors, sa.select(unread)).subquery()
    return Ready(_rows(who, plain(sa.not_(unmuted(who))).label("is_muted"), pool.c.is_new).join(pool, pool.c.id == Post.id))


def _up_to_top(column):
    return column <= sa.bindparam("top")


@lru_cache
def _one(who):
    return _rows(who).where(Post.id == sa.bindparam("root"), in_list(), visible(who))


def _read(rows, followed):
    return [Candidate(*row, tuple(followed.get(row[0], ()))) for row in rows]


def _followed(viewer, low, high):
    """{root id: names of the hashtags on it that this person follows} between two ids."""
    found = {}
    for root_id, shown in db.session.execute(_followed_tags(), {"me": viewer.id, "low": low, "high": high}):
        found.setdefault(root_id, []).append(shown)
    return found


@cache
def _followed_tags():
    return (sa.select(PostTag.root_id, Tag.shown).select_from(TagFollow).join(PostTag, PostTag.tag_id == TagFollow.tag_id)
            .join(Tag, Tag.id == TagFollow.tag_id)
            .where(TagFollow.person_id == sa.bindparam("me"), TagFollow.level == "all",
                   PostTag.root_id >= sa.bindparam("low"), PostTag.root_id <= sa.bindparam("high")).order_by(Tag.fold))
