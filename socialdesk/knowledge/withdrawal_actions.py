"""Taking an article back, bringing it back, and forgetting what nobody brought back."""
import sqlalchemy as sa

from ..db import db, now
from ..errors import Conflict
from ..events import Event, Verb, record
from ..jobs import clockwork
from ..posts.models import Attachment, Mention, Post, Version
from ..posts.text_actions import hang
from ..search.models import Change, Document
from ..tags.actions import tag_thread, untag_thread
from ..tags.models import PostTag, Tag
from ..tickets.models import Sentence
from . import checker
from .actions import locked_article
from .models import Article

AT_ONCE = 500                           # articles whose text goes in one go; the rest with the next


def withdraw_article(post_id, viewer, reason=""):
    """Take an article back: from now on nobody reads or finds it; its text waits as a version to be brought back.
    reason: a sentence for who follows a link to it.  Twice is once.  Raises Missing, NotAllowed, Invalid."""
    post = locked_article(post_id, viewer, "article.withdraw", standing=False)
    if post.deleted_at:
        return post
    reason = checker.check_line(reason, "reason", 300)
    tag_ids = db.session.scalars(sa.select(PostTag.tag_id).where(PostTag.root_id == post.id).order_by(PostTag.tag_id)).all()
    _put_away(post)
    untag_thread(post)
    # With the deed: until a job has run, its words could still complete what others type.
    db.session.execute(sa.delete(Document).where(Document.root_id == post.id))
    db.session.add(Change(post_id=post.id))
    event = record(Verb.ARTICLE_WITHDRAWN, post, viewer, ref_id=post.version, **{f"tag_{n}": tag_id for n, tag_id in enumerate(tag_ids)})
    if reason:
        db.session.add(Sentence(event_id=event.id, text=reason))
        db.session.flush()
    return post


def _put_away(post):
    """The text leaves the post, so that nothing that reads posts can show it, and stands as a version."""
    if post.version == 1:
        db.session.add(Version(post_id=post.id, n=1, title=post.title, body_md=post.body_md, by_id=post.author_id, at=post.made_at))
    post.deleted_at = now()
    post.title = post.body_md = post.body_html = ""
    db.session.execute(sa.delete(Mention).where(Mention.post_id == post.id))
    db.session.flush()


def restore_article(post_id, viewer, prepared):
    """Bring an article back as it was.  prepared: the text that was put away.  Twice is once.  Raises Missing, NotAllowed, Conflict."""
    post = locked_article(post_id, viewer, "article.restore", standing=False)
    if post.deleted_at is None:
        return post
    withdrawal = db.session.scalar(sa.select(Event).where(Event.root_id == post.id, Event.verb == Verb.ARTICLE_WITHDRAWN)
                                   .order_by(Event.id.desc()).limit(1))
    if withdrawal is None or post.deleted_at <= now() - checker.KEPT:
        raise Conflict(checker.OVER)
    post.deleted_at = None
    post.title, post.body_md, post.body_html = prepared.title, prepared.body_md, prepared.html
    if post.version == 1:               # the first text becomes a version when a second one comes
        db.session.execute(sa.delete(Version).where(Version.post_id == post.id))
    hang(post, prepared)
    tag_thread(post, _names_of(withdrawal.facts))
    db.session.flush()
    record(Verb.ARTICLE_RESTORED, post, viewer, ref_id=post.version)
    return post


def _names_of(facts):
    """The hashtags an article had when it was taken back."""
    ids = [tag_id for name, tag_id in facts.items() if name.startswith("tag_")]
    return db.session.scalars(sa.select(Tag.shown).where(Tag.id.in_(ids)).order_by(Tag.id)).all()


@clockwork("forget_withdrawn", 3600)
def forget_withdrawn():
    """What was taken back and not brought back in time is gone for good: its texts, its pictures, its summary."""
    limit = now() - checker.KEPT
    over = (sa.select(Post.id).join(Event, Event.root_id == Post.id)
            .where(Event.verb == Verb.ARTICLE_WITHDRAWN, Event.at <= limit, Post.kind == "article", Post.deleted_at <= limit,
                   sa.exists().where(Version.post_id == Post.id)).distinct().limit(AT_ONCE))
    ids = db.session.scalars(over).all()
    for table in (Version, Attachment):
        db.session.execute(sa.delete(table).where(table.post_id.in_(ids)))
    db.session.execute(sa.update(Article).where(Article.post_id.in_(ids)).values(summary="").execution_options(synchronize_session=False))
