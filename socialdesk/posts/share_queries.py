"""What stands in the box before somebody shares, and which shared posts belong to a thread."""
import re

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..policy import visible
from .models import Link, Post

_PHOTO = re.compile(r"!\[[^\]]*\]\(photo:[^)]*\)\s*")     # the photos stay with the ticket, so their places go
_SIGNS = re.compile(r"([\\\[\]*_`<>])")


def text_to_share(thread, viewer):
    """The text to begin with: one's own words, a quoted title with its link, or nothing where the words are another's.
    thread: its row from thread_of()."""
    if thread.author_id == viewer.id and thread.audience != "everyone":
        own = _PHOTO.sub("", thread.body_md).strip()
        return f"I have this: {own}" if thread.kind == "ticket" else own
    if thread.audience == "everyone":
        return f"> [{_escaped(thread.title)}](/p/{thread.id})\n\n"
    return ""


def _escaped(title):
    """A title as plain words of Markdown."""
    return _SIGNS.sub(r"\\\1", title)


def shared_as(who):
    """A column of a thread (Post): the newest post that tells others of it, if this person may read that."""
    return _tied(who, Link.from_id, Link.to_id)


def tells_of(who):
    """A column of a thread (Post): the thread it was shared from, if this person may read that."""
    return _tied(who, Link.to_id, Link.from_id)


def _tied(who, there, here):
    """The post at the other end.  Where either author left their name out, the tie is for that author alone: who else could
    have written the one would tell who wrote the other."""
    other = aliased(Post)
    return (sa.select(sa.func.max(other.id)).join(Link, there == other.id)
            .where(here == Post.id, Link.kind == "shared", _is_open(Post, who), _is_open(other, who), visible(who, other), other.deleted_at.is_(None))
            .correlate(Post).scalar_subquery())


def _is_open(post, who):
    return sa.or_(post.shown_as.is_(None), post.author_id == who.id)
