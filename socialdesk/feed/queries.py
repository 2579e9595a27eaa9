"""What one can ask of the feed: pages of cards, newest first, of what a person may see."""
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from typing import NamedTuple

import sqlalchemy as sa

from ..db import db
from ..errors import Invalid
from ..people.models import Circle, Person
from ..policy import asker, branches, each_of, values, visible
from ..posts.models import Access, Attachment, MeToo, Post
from ..tags.models import PostTag
from ..tags.queries import tags_of
from ..tickets.models import Ticket
from .checker import START, beyond

PAGE = 20
MOST_NEW = 100                          # new posts are counted so far and no further


@dataclass(slots=True)
class Card:
    """A thread as a list shows it.  handle: empty where the author's name is left out."""

    id: int
    kind: str
    title: str
    excerpt: str
    audience: str
    circle: str | None
    made_at: datetime
    name: str
    handle: str
    is_mine: bool
    status: str | None
    hold_reason: str | None
    me_toos: int
    has_me_too: bool
    replies: int
    tags: list = field(default_factory=list)
    photos: list = field(default_factory=list)


class Page(NamedTuple):
    """Some cards, and the cursor of those after them, or None at the end."""

    cards: list
    next_cursor: str | None


def feed_page(viewer, cursor=None, limit=PAGE):
    """The newest threads of the feed that this person may see, before the cursor.  Raises Invalid for a forged cursor."""
    before = read_cursor(cursor)
    return _page(viewer, _feed_rows(asker(viewer), before is None), limit, before=before)


def tag_page(viewer, tag_id, cursor=None, limit=PAGE):
    """The newest threads with a hashtag that this person may see, before the cursor.  Raises Invalid."""
    before = read_cursor(cursor)
    return _page(viewer, _tagged_rows(asker(viewer), before is None), limit, before=before, tag=tag_id)


def count_new(viewer, since):
    """How many threads newer than the one of this id this person may see in the feed, counted to MOST_NEW."""
    return db.session.scalar(_newer_count(asker(viewer)), values(viewer, each=True) | {"since": read_cursor(since or "0")})


def read_cursor(text):
    """The id a cursor stands for, or None without one.  Raises Invalid."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid("This list cannot go on from there: its address was changed on the way. Open the list anew.", field="cursor")
    return int(text)


@lru_cache
def _newer_count(who):
    newest = _newest(_feed(who, Post.id > sa.bindparam("since")), MOST_NEW).subquery()
    return sa.select(sa.func.count()).select_from(newest)


@lru_cache
def _feed_rows(who, is_first):
    return _rows_of(_feed(who, *_older(Post.id, is_first)))


@lru_cache
def _tagged_rows(who, is_first):
    return _rows_of(_tagged(who, *_older(PostTag.root_id, is_first)))


def _older(column, is_first):
    return () if is_first else (column < sa.bindparam("before"),)


def _feed(who, *bounds):
    """The parts of a person's feed: each a SELECT of ids that follows an index."""
    return [sa.select(Post.id).where(Post.in_feed, Post.deleted_at.is_(None), part, *bounds) for part in branches(who)]


def _tagged(who, *bounds):
    """The parts of a hashtag's list.  The copied audience finds the rows, the rule itself lets them through."""
    audience, circle = PostTag.audience, PostTag.circle_id
    own = sa.select(Access.root_id).where(Access.person_id == who.id)
    wheres = [(audience == "everyone", circle.is_(None)), (audience != "everyone", PostTag.root_id.in_(own))]
    wheres += [(audience == "circle", circle == circle_id) for circle_id in each_of(who.circle_ids)]
    if who.is_agent:
        wheres.append((audience == "private", circle.is_(None)))
    return [sa.select(PostTag.root_id.label("id")).join(Post, Post.id == PostTag.root_id)
            .where(PostTag.tag_id == sa.bindparam("tag"), *where, visible(who), Post.deleted_at.is_(None), *bounds) for where in wheres]


def _newest(parts, limit):
    """The newest ids of the parts together, each once."""
    cut = [part.order_by(sa.desc(part.selected_columns[0])).limit(limit).subquery() for part in parts]
    every = sa.union_all(*(sa.select(part.c.id) for part in cut)).subquery()
    return sa.select(every.c.id).distinct().order_by(every.c.id.desc()).limit(limit)


#: the rows of cards, for the person of the parameter `me`.  Where a name is left out, neither it nor the handle leaves the database
_IS_MINE = Post.author_id == sa.bindparam("me")
_IS_NAMED = sa.or_(Post.shown_as.is_(None), _IS_MINE)
_ROWS = (
    sa.select(Post.id, Post.kind, Post.title, sa.func.substr(Post.body_html, 1, START).label("start"), Post.audience,
              Circle.name.label("circle"), Post.made_at, _IS_MINE.label("is_mine"),
              sa.exists().where(MeToo.root_id == Post.id, MeToo.person_id == sa.bindparam("me")).label("has_me_too"),
              sa.case((_IS_NAMED, Person.name), else_=Post.shown_as).label("name"),
              sa.case((_IS_NAMED, Person.handle), else_="").label("handle"),
              sa.func.coalesce(Ticket.status, Post.status).label("status"), Ticket.hold_reason,
              Post.me_toos, Post.replies_public.label("replies"))
    .join(Person, Person.id == Post.author_id).outerjoin(Circle, Circle.id == Post.circle_id)
    .outerjoin(Ticket, Ticket.post_id == Post.id).order_by(Post.id.desc()))


def _rows_of(parts):
    ids = _newest(parts, sa.bindparam("limit", type_=sa.Integer)).subquery()
    return _ROWS.join(ids, ids.c.id == Post.id)


def _page(viewer, statement, limit, **more):
    rows = db.session.execute(statement, values(viewer, each=True) | more | {"limit": limit + 1}).all()
    shown = rows[:limit]
    keys = [row.id for row in shown]
    tags, photos = tags_of(keys), photos_of(keys)
    cards = [_card(row, tags.get(row.id, []), photos.get(row.id, [])) for row in shown]
    return Page(cards, str(keys[-1]) if len(rows) > limit else None)


def _card(row, tags, photos):
    values = row._asdict()
    return Card(excerpt=beyond(row.title, values.pop("start")), tags=tags, photos=photos, **values)


def photos_of(post_ids):
    """{post id: [rows of id, width, height]} of posts the caller may see."""
    found = {}
    rows = db.session.execute(_photo_rows(), {"posts": list(post_ids)}) if post_ids else ()
    for row in rows:
        found.setdefault(row.post_id, []).append(row)
    return found


@cache
def _photo_rows():
    return (sa.select(Attachment.post_id, Attachment.id, Attachment.width, Attachment.height)
            .where(Attachment.post_id.in_(sa.bindparam("posts", expanding=True))).order_by(Attachment.id))
