"""What one can ask of the knowledge base."""
import sqlalchemy as sa

from ..db import db
from ..errors import Invalid, Missing
from ..people.models import Person
from ..policy import visible
from ..posts.models import Post, Version
from ..posts.thread_queries import get_post
from ..tags.models import PostTag, Tag, TagCount
from .models import Article, Verdict

PAGE = 20
ORDERS = ("helpful", "newest")

_ROW = (Post.id, Post.title, Post.made_at, Post.edited_at, Article.slug, Article.summary, Article.lang, Article.solved)
_WHOLE = (*_ROW, Post.root_id, Post.kind, Post.author_id, Post.deleted_at, Post.body_md, Post.body_html, Post.version, Article.source_url,
          Article.licence, Article.not_solved)


def _stands(viewer):
    return sa.and_(Post.deleted_at.is_(None), Post.merged_into_id.is_(None), visible(viewer, Post))


def article_of(slug, viewer):
    """The article at this address (its slug, or its id) as a row, with the viewer's own verdict.  Raises Missing."""
    by_id = (Article.post_id == int(slug),) if slug.isascii() and slug.isdigit() and len(slug) < 16 else ()
    if "\x00" in slug:
        raise Missing()
    row = db.session.execute(
        sa.select(*_WHOLE, Verdict.solved.label("verdict")).join(Article, Article.post_id == Post.id)
        .outerjoin(Verdict, sa.and_(Verdict.post_id == Post.id, Verdict.person_id == viewer.id))
        .where(sa.or_(Article.slug == slug, *by_id), _stands(viewer)).order_by(Article.slug != slug).limit(1)).first()
    if row is None:
        raise Missing()
    return row


def slug_of(post_id):
    """The slug of an article the caller may see."""
    return db.session.scalar(sa.select(Article.slug).where(Article.post_id == post_id))


def articles(viewer, order="helpful", cursor=None, limit=PAGE):
    """(rows, next cursor or None): the articles this person may read.  order: helpful or newest."""
    found = sa.select(*_ROW).join(Article, Article.post_id == Post.id).where(_stands(viewer))
    if order == "helpful":
        solved, last = _cursor(cursor, 2) or (None, None)
        after = sa.or_(Article.solved < solved, sa.and_(Article.solved == solved, Article.post_id < last)) if cursor else sa.true()
        found = found.where(after).order_by(Article.solved.desc(), Article.post_id.desc())
    else:
        after = Article.post_id < _cursor(cursor, 1)[0] if cursor else sa.true()
        found = found.where(after).order_by(Article.post_id.desc())
    rows = db.session.execute(found.limit(limit + 1)).all()
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], f"{last.solved}.{last.id}" if order == "helpful" else str(last.id)


def _cursor(cursor, parts):
    numbers = (cursor or "").split(".")
    if cursor and (len(numbers) != parts or not all(n.isascii() and n.isdigit() and len(n) < 16 for n in numbers)):
        raise Invalid("This page of articles does not exist. Open Help anew.", field="cursor")
    return [int(n) for n in numbers] if cursor else None


def article_tags(limit=12):
    """[(name as shown, compared form)] of the hashtags most used in public that stand on articles."""
    on_article = sa.exists().where(PostTag.tag_id == Tag.id, PostTag.root_id == Article.post_id, PostTag.audience == "everyone")
    rows = db.session.execute(
        sa.select(Tag.shown, Tag.fold).join(TagCount, TagCount.tag_id == Tag.id)
        .where(TagCount.bucket == "everyone", TagCount.posts > 0, Tag.synonym_of.is_(None), on_article)
        .order_by(TagCount.posts.desc(), Tag.fold).limit(limit))
    return [tuple(row) for row in rows]


def versions_of(article):
    """The texts of an article as they stood, newest first: rows of n, title, body_md, at, by_name."""
    rows = db.session.execute(
        sa.select(Version.n, Version.title, Version.body_md, Version.at, Person.name.label("by_name")).join(Person, Person.id == Version.by_id)
        .where(Version.post_id == article.id).order_by(Version.n.desc())).all()
    return rows or db.session.execute(
        sa.select(Post.version.label("n"), Post.title, Post.body_md, Post.made_at.label("at"), Person.name.label("by_name"))
        .join(Person, Person.id == Post.author_id).where(Post.id == article.id)).all()


def verdict_of(post_id, viewer):
    """What "Did this solve it?" shows of an article or an accepted answer: a dict of id, verdict, solved, not_solved and
    to, the page it stands on.  Raises Missing."""
    post = get_post(post_id, viewer)
    yes = sa.func.coalesce(sa.func.sum(sa.case((Verdict.solved, 1), else_=0)), 0)
    solved, all_ = db.session.execute(sa.select(yes, sa.func.count()).where(Verdict.post_id == post_id)).one()
    mine = db.session.scalar(sa.select(Verdict.solved).where(Verdict.post_id == post_id, Verdict.person_id == viewer.id))
    slug = slug_of(post_id)
    return {"id": post_id, "verdict": mine, "solved": solved, "not_solved": all_ - solved,
            "to": f"/help/{slug}" if slug else f"/p/{post_id}"}


def author_to_thank(post_id, viewer):
    """The name of who wrote this, unless it is left out, stands for an import, or is the viewer's own; else None."""
    post = get_post(post_id, viewer)
    row = db.session.execute(
        sa.select(Person.name, Post.shown_as, Post.author_id).join(Post, Post.author_id == Person.id)
        .where(Post.id == post.root_id, Person.id == post.author_id)).first()
    if post.author_id == viewer.id or row and row.shown_as:
        return None
    return db.session.scalar(sa.select(Person.name).where(Person.id == post.author_id, Person.state == "active"))
