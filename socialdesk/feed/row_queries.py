"""The rows that cards are drawn from: what everybody who sees the card sees of it, and what only this person does."""
from functools import cache, lru_cache

import sqlalchemy as sa

from ..db import db
from ..people.models import Circle, Person
from ..policy import visible
from ..posts.models import Attachment, Follow, Kudos, MeToo, Poll, Post, Reaction, Saved
from ..ready import Ready
from ..tags.models import PostTag, Tag
from ..tickets.models import Major, Ticket
from .checker import START
from .part_queries import any_of, in_list, newer, newest_of, open_majors, parts_of

_ME = sa.bindparam("me")


def kept(moment):
    """A moment as the database keeps it: microseconds, a number."""
    return sa.type_coerce(moment, sa.BigInteger)


def plain(condition):
    """Yes or no as the database says it, 0 and 1 or false and true."""
    return sa.type_coerce(condition, sa.Integer)


#: where a name is left out, neither it nor the handle leaves the database
_IS_MINE = Post.author_id == _ME
_IS_NAMED = sa.or_(Post.shown_as.is_(None), _IS_MINE)


def _names(column, joined, condition):
    return sa.select(sa.func.aggregate_strings(column, joined)).where(condition).correlate(Post).scalar_subquery()


_TAGS = _names(Tag.shown, " ", sa.and_(PostTag.root_id == Post.id, Tag.id == PostTag.tag_id))
_THANKED = _names(Person.name, ", ", sa.and_(Kudos.post_id == Post.id, Person.id == Kudos.person_id))
_CLOSES = sa.select(kept(Poll.closes_at)).where(Poll.post_id == Post.id).correlate(Post).scalar_subquery()

#: all that goes into a card but the text, which `version` stands for: the key of a card that is drawn already.
#: Moments are numbers here, as the database keeps them: most cards are drawn already and need none
PUBLIC = (
    Post.id, Post.kind, Post.title, Post.version, Post.audience, Circle.name.label("circle"), kept(Post.made_at).label("made"),
    plain(_IS_MINE).label("is_mine"), sa.case((_IS_NAMED, Person.name), else_=Post.shown_as).label("name"),
    sa.case((_IS_NAMED, Person.handle), else_="").label("handle"),
    sa.func.coalesce(Ticket.status, Post.status).label("status"), Ticket.hold_reason,
    Post.me_toos, Post.likes, Post.votes, Post.replies_public.label("replies"), _TAGS.label("tags"),
    sa.case((Major.ended_at.is_(None), kept(Major.next_update_at))).label("next_word"),
    sa.case((Post.kind == "kudos", _THANKED)).label("thanked"), sa.case((Post.kind == "poll", _CLOSES)).label("closes"))


def _done(when, table, *more):
    """Did this person do it?  Asked only where somebody did."""
    root = table.post_id if table is Reaction else table.root_id
    return plain(sa.case((when, sa.exists().where(root == Post.id, table.person_id == _ME, *more))))


#: what this person did with it
OWN = (
    _done(Post.me_toos > 0, MeToo).label("has_me_too"), _done(Post.likes > 0, Reaction, Reaction.kind == "like").label("liked"),
    _done(Post.votes > 0, Reaction, Reaction.kind == "vote").label("voted"),
    plain(sa.exists().where(Saved.root_id == Post.id, Saved.person_id == _ME)).label("saved"))


def _cards(*more):
    return (sa.select(*PUBLIC, *OWN, *more).select_from(Post).join(Person, Person.id == Post.author_id)
            .outerjoin(Circle, Circle.id == Post.circle_id).outerjoin(Ticket, sa.and_(Ticket.post_id == Post.id, Post.kind == "ticket"))
            .outerjoin(Major, sa.and_(Major.post_id == Post.id, Post.kind == "announcement")))


def newest_rows(parts):
    """The SELECT of the cards of the newest `limit` ids of some parts, newest first."""
    ids = newest_of(parts, sa.bindparam("limit", type_=sa.Integer)).subquery()
    return Ready(_cards().join(ids, ids.c.id == Post.id).order_by(Post.id.desc()))


@lru_cache
def ranked_rows(who):
    """The SELECT of the cards of `ids` that a person may see now; is_behind: the list they come from, whose newest is `top`,
    lacks something newer."""
    is_behind = plain(any_of(parts_of("newest", who, newer))).label("is_behind")
    return Ready(_cards(is_behind).where(Post.id.in_(sa.bindparam("ids", expanding=True)), in_list(), visible(who)))


@lru_cache
def major_rows(who):
    """The SELECT of the cards of the open major incidents a person may see."""
    return Ready(_cards().where(Post.id.in_(open_majors(who))).order_by(Post.id.desc()))


# --- for who swipes to follow

def followed_of(viewer, post_ids):
    """Those of these threads of which this person hears everything."""
    return set(db.session.scalars(_followed(), {"me": viewer.id, "posts": list(post_ids)})) if post_ids else set()


@cache
def _followed():
    return sa.select(Follow.root_id).where(Follow.person_id == _ME, Follow.level == "all", Follow.root_id.in_(sa.bindparam("posts", expanding=True)))


# --- what a card that is not drawn yet needs beside its row

def texts_of(post_ids):
    """{post id: (the start of its HTML, its photos as rows of id, width, height)} of posts the caller may see."""
    found = {}
    rows = db.session.execute(_texts(), {"posts": list(post_ids)}) if post_ids else ()
    for row in rows:
        photos = found.setdefault(row.post_id, (row.start, []))[1]
        if row.id is not None:
            photos.append(row)
    return found


@cache
def _texts():
    return (sa.select(Post.id.label("post_id"), sa.func.substr(Post.body_html, 1, START).label("start"),
                      Attachment.id, Attachment.width, Attachment.height)
            .outerjoin(Attachment, Attachment.post_id == Post.id)
            .where(Post.id.in_(sa.bindparam("posts", expanding=True))).order_by(Attachment.id))
