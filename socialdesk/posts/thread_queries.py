"""What one can ask of a thread: the post itself, its head with all that the viewer has to do with it, its versions."""
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..db import db
from ..errors import Missing
from ..events import Event
from ..knowledge.models import Article
from ..people.models import Circle, Person, Team
from ..policy import asker, event_visible, may_read_notes, readable, values, visible
from ..tickets.models import Major
from .checker import title_of
from .models import Attachment, Draft, Follow, MeToo, Post, Reaction, Saved, Seen, Version
from .share_queries import shared_as, tells_of


def get_post(post_id, viewer, standing=True):
    """The Post, if this person may read it; one that is held or a note to others is Missing like an unknown one.
    standing: so is a thread that was taken back and left no trace."""
    post = viewer and db.session.scalar(_readable_post(asker(viewer), standing), values(viewer) | {"post": post_id})
    if post is None:
        raise Missing()
    return post


@lru_cache
def _readable_post(who, standing):
    root = aliased(Post)
    return sa.select(Post).join(root, root.id == Post.root_id).where(
        Post.id == sa.bindparam("post"), readable(who, Post, root), *((stands(root),) if standing else ()))


def is_readable(root_id, viewer):
    """May this person read the thread, and is it still there?"""
    return viewer is not None and db.session.scalar(_readable_id(asker(viewer)), values(viewer) | {"post": root_id}) is not None


@lru_cache
def _readable_id(who):
    return sa.select(Post.id).where(Post.id == sa.bindparam("post"), visible(who, Post), stands(Post))


def stands(root):
    """The condition that a thread is still there: not taken back, or kept as a trace because others answered."""
    answer = aliased(Post)
    return sa.or_(root.deleted_at.is_(None), sa.exists().where(
        answer.root_id == root.id, answer.id != root.id, answer.author_id != root.author_id,
        answer.deleted_at.is_(None), sa.not_(answer.note)))


def is_hidden(viewer, root, who):
    """The condition that this person left their name out of the thread.  who: a column of person ids."""
    return sa.and_(root.shown_as.is_not(None), who == root.author_id, who != viewer.id)


def author_columns(viewer, root, who, person, prefix="author"):
    """id, name and handle of somebody in a thread, without what a left-out name must not carry.
    who: the column that names them; person: their row of Person (joined, maybe outer)."""
    hidden = is_hidden(viewer, root, who)
    return (sa.case((hidden, None), else_=person.id).label(f"{prefix}_id"),
            sa.case((hidden, root.shown_as), else_=person.name).label(f"{prefix}_name"),
            sa.case((hidden, None), else_=person.handle).label(f"{prefix}_handle"))


_HEAD = (Post.id, Post.root_id, Post.kind, Post.audience, Post.circle_id, Post.team_id, Post.sealed, Post.note, Post.status, Post.title,
         Post.body_md, Post.body_html, Post.version, Post.made_at, Post.edited_at, Post.deleted_at, Post.hold_until, Post.shown_as,
         Post.me_toos, Post.likes, Post.votes, Post.replies_public, Post.accepted_at, Circle.name.label("circle_name"), Circle.slug.label("circle_slug"),
         Team.name.label("team_name"), Article.slug)


def thread_of(post_id, viewer):
    """The head of a thread as a row: the root, its author, and what the viewer has to do with it.  post_id may be a
    reply's; asked_id is then its id.  for_desk: the viewer reads its notes.  One statement.  Raises Missing."""
    row = db.session.execute(_head(asker(viewer)), values(viewer) | {"post": post_id}).first()
    if row is None:
        raise Missing()
    return row


@lru_cache
def _head(who):
    asked, person, note = aliased(Post), aliased(Person), aliased(Draft)
    newest = (sa.select(sa.func.max(Event.id)).where(Event.root_id == Post.id, event_visible(who, Event, Post))
              .correlate(Post).scalar_subquery())
    return (
        sa.select(*_HEAD, *author_columns(who, Post, Post.author_id, person), asked.id.label("asked_id"),
                  may_read_notes(who, Post).label("for_desk"), newest.label("newest_event_id"),
                  Follow.level.label("follow_level"), Draft.text.label("draft"), note.text.label("note_draft"),
                  sa.exists().where(MeToo.root_id == Post.id, MeToo.person_id == who.id).label("has_me_too"),
                  sa.exists().where(Saved.root_id == Post.id, Saved.person_id == who.id).label("saved"),
                  Major.post_id.label("major_id"), Major.next_update_at, Major.ended_at.label("major_ended_at"),
                  shared_as(who).label("shared_id"), tells_of(who).label("tells_of_id"),
                  has_reacted(who, "like").label("liked"), has_reacted(who, "vote").label("voted"),
                  Seen.event_id.label("seen_event_id"))
        .select_from(asked).join(Post, Post.id == asked.root_id).join(person, person.id == Post.author_id)
        .outerjoin(Circle, Circle.id == Post.circle_id).outerjoin(Team, Team.id == Post.team_id)
        .outerjoin(Article, Article.post_id == Post.id)
        .outerjoin(Major, sa.or_(Major.post_id == Post.id, Major.ticket_id == Post.id))
        .outerjoin(Follow, sa.and_(Follow.root_id == Post.id, Follow.person_id == who.id))
        .outerjoin(Seen, sa.and_(Seen.root_id == Post.id, Seen.person_id == who.id))
        .outerjoin(Draft, _typed(Draft, who, "reply-")).outerjoin(note, _typed(note, who, "note-"))
        .where(asked.id == sa.bindparam("post"), readable(who, asked, Post), stands(Post)))


def has_reacted(who, kind):
    """The condition that a person likes a post, or votes for it.  kind: like, vote."""
    return sa.exists().where(Reaction.post_id == Post.id, Reaction.person_id == who.id, Reaction.kind == kind)


def _typed(draft, who, place):
    return sa.and_(draft.person_id == who.id, draft.place == sa.literal(place) + sa.cast(Post.id, sa.Text))


def versions_of(post_id, viewer):
    """The texts of a post as they stood, newest first: rows of n, title, body_md, at, by.  Raises Missing."""
    post = get_post(post_id, viewer)
    if post.deleted_at:                         # an article that was taken back keeps its texts for a while, for the desk alone
        raise Missing()
    root = aliased(Post)
    return db.session.execute(
        sa.select(Version.n, Version.title, Version.body_md, Version.at, *author_columns(viewer, root, Version.by_id, Person, "by"))
        .select_from(Version).join(root, root.id == post.root_id).join(Person, Person.id == Version.by_id)
        .where(Version.post_id == post.id).order_by(Version.n.desc())).all()


def photos_of(post_id):
    """Rows of id, width, height, sha256 of the photos of a post the caller may see, in the order they were added."""
    return db.session.execute(sa.select(Attachment.id, Attachment.width, Attachment.height, Attachment.sha256)
                              .where(Attachment.post_id == post_id).order_by(Attachment.id)).all()


def own_title(post):
    """The title somebody gave a post; empty where its first sentence stands for it."""
    return "" if post.title == title_of(post.body_md) else post.title
