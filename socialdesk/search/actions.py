"""Keeping the index true to what is said."""
import sqlalchemy as sa

from ..db import db
from ..events import Event
from ..jobs import enqueue, handler
from ..posts.models import Post
from ..tags.queries import tags_of
from .index_actions import Entry, remove, write
from .match_queries import PUBLIC
from .models import Document
from .word_checker import plain_of_html

KINDS = ("article", "question", "ticket", "announcement", "idea")
SLICE = 200                             # threads that are indexed anew at a time

_POST = (Post.id, Post.root_id, Post.kind, Post.audience, Post.sealed, Post.team_id, Post.title, Post.body_html)


def index(event_id):
    """Bring the index up to date with the thread an event belongs to: always by what stands now, so twice is once."""
    root_id = db.session.scalar(sa.select(Event.root_id).where(Event.id == event_id))
    if root_id is not None:
        index_posts([root_id])


def index_post(post_id):
    """Index the thread of a post anew."""
    index_posts(list(db.session.scalars(sa.select(Post.root_id).where(Post.id == post_id))))


def index_posts(root_ids):
    """Index threads anew, or take them out where nothing of them may be found any more."""
    remove(list(db.session.scalars(sa.select(Document.post_id).where(Document.root_id.in_(root_ids)))))
    write(_entries(root_ids))


def reindex():
    """Index everything anew, slice by slice, in jobs; search goes on meanwhile."""
    enqueue("reindex", 0, lane="quiet", dedupe="reindex")


@handler("reindex")
def _reindex(job):
    root_ids = list(db.session.scalars(sa.select(Post.id).where(Post.id > job.ref_id, Post.parent_id.is_(None)).order_by(Post.id).limit(SLICE)))
    if root_ids:
        index_posts(root_ids)
        enqueue("reindex", root_ids[-1], lane="quiet", dedupe=f"reindex:{root_ids[-1]}")


def _entries(root_ids):
    """What may be found of these threads: the root, and the answers its asker accepted.  Never a note."""
    roots = db.session.execute(sa.select(*_POST).where(
        Post.id.in_(root_ids), Post.kind.in_(KINDS), Post.deleted_at.is_(None), Post.merged_into_id.is_(None))).all()
    tags = tags_of([root.id for root in roots])
    found = [_entry(root, root, root.kind, " ".join(tags.get(root.id, ()))) for root in roots]
    asked = {root.id: root for root in roots if root.kind == "question"}
    answers = db.session.execute(sa.select(*_POST).where(
        Post.root_id.in_(asked), Post.accepted_at.is_not(None), sa.not_(Post.note), Post.deleted_at.is_(None))) if asked else ()
    return found + [_entry(answer, asked[answer.root_id], "answer", plain_of_html(asked[answer.root_id].body_html)) for answer in answers]


def _entry(post, root, kind, more):
    return Entry(post.id, root.id, _segment(root), kind, root.title, plain_of_html(post.body_html), more)


def _segment(root):
    """people: everyone or a circle may read it; else the desk's, or a confidential team's own.  Tickets are never the people's."""
    if root.kind != "ticket" and root.audience in PUBLIC:
        return "people"
    return f"team:{root.team_id}" if root.sealed else "desk"
