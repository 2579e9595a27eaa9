"""Articles that were taken back: what who comes by a link is told, and what the desk can still bring back."""
import sqlalchemy as sa

from ..db import db, now
from ..errors import Conflict, Missing
from ..events import Event, Verb
from ..people.models import Person
from ..policy import visible
from ..posts.models import Post, Version
from ..tickets.models import Sentence
from .checker import KEPT, OVER
from .models import Article

MOST = 100


def _last():
    """The id of the event that took the article back."""
    return (sa.select(sa.func.max(Event.id)).where(Event.root_id == Post.id, Event.verb == Verb.ARTICLE_WITHDRAWN)
            .correlate(Post).scalar_subquery())


def gone(where, viewer):
    """The Missing for an address where an article stood that this person could read: it says that, and why.  where: conditions
    on Post and Article.  For any other address the usual one."""
    row = db.session.execute(
        sa.select(Sentence.text).select_from(Post).join(Article, Article.post_id == Post.id).outerjoin(Sentence, Sentence.event_id == _last())
        .where(where, Post.deleted_at.is_not(None), visible(viewer, Post)).limit(1)).first()
    if row is None:
        return Missing()
    return Missing(f"The desk took this article back{f': {row.text}' if row.text else ''}{'' if (row.text or '').endswith(('.', '!', '?')) else '.'} Search for another one, or ask.")


def withdrawn(viewer):
    """Rows of id, slug, title, lang, at, reason, by_name, until, the last first: what the desk took back and can still bring back."""
    event = sa.orm.aliased(Event)
    rows = db.session.execute(
        sa.select(Post.id, Article.slug, Version.title, Article.lang, Post.deleted_at.label("at"), Sentence.text.label("reason"), Person.name.label("by_name"))
        .select_from(event).join(Post, Post.id == event.root_id).join(Article, Article.post_id == Post.id)
        .join(Version, sa.and_(Version.post_id == Post.id, Version.n == Post.version))
        .outerjoin(Sentence, Sentence.event_id == event.id).outerjoin(Person, Person.id == event.actor_id)
        .where(event.verb == Verb.ARTICLE_WITHDRAWN, event.at > now() - KEPT, event.id == _last(), Post.deleted_at.is_not(None), visible(viewer, Post))
        .order_by(event.id.desc()).limit(MOST)).all()
    return [{**row._mapping, "until": row.at + KEPT} for row in rows]


def put_away(article_id, viewer):
    """The text of an article that was taken back, as a row of id, slug, title, body_md; None if it stands.  Raises Missing, Conflict."""
    row = db.session.execute(
        sa.select(Post.id, Article.slug, Post.deleted_at, Version.title, Version.body_md).join(Article, Article.post_id == Post.id)
        .outerjoin(Version, sa.and_(Version.post_id == Post.id, Version.n == Post.version))
        .where(Post.id == article_id, visible(viewer, Post))).first()
    if row is None:
        raise Missing()
    if row.deleted_at and row.body_md is None:
        raise Conflict(OVER)
    return row if row.deleted_at else None
