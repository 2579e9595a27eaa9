"""What one can ask of the knowledge base."""
import sqlalchemy as sa

from ..db import db
from ..errors import Invalid, Missing
from ..people.models import Person
from ..policy import are_agents, visible
from ..posts.models import Post
from ..posts.thread_queries import get_post
from ..tags.models import PostTag
from .models import Article, Verdict
from .withdrawal_queries import gone

MOST_TAGS, MOST_LOOKED_AT = 8, 60      # of an article, and of each of them the newest articles, where related ones are looked for
_ROW = (Post.id, Post.title, Post.made_at, Post.edited_at, Article.slug, Article.summary, Article.lang, Article.solved)
_WHOLE = (*_ROW, Post.root_id, Post.kind, Post.audience, Post.author_id, Post.deleted_at, Post.body_md, Post.body_html, Post.version, Article.source_url,
          Article.licence, Article.not_solved, Article.owner_id, Article.review_at, Person.name.label("owner_name"),
          Person.handle.label("owner_handle"))


def stands(viewer):
    """The condition that an article is there, and for this person."""
    return sa.and_(Post.deleted_at.is_(None), Post.merged_into_id.is_(None), visible(viewer, Post))


def article_of(slug, viewer):
    """The article at this address (its slug, or its id) as a row, with its owner and the viewer's own verdict.  Raises Missing."""
    here = _at(slug)
    row = db.session.execute(
        sa.select(*_WHOLE, Verdict.solved.label("verdict")).join(Article, Article.post_id == Post.id)
        .outerjoin(Verdict, sa.and_(Verdict.post_id == Post.id, Verdict.person_id == viewer.id))
        .outerjoin(Person, Person.id == Article.owner_id)
        .where(here, stands(viewer)).order_by(Article.slug != slug).limit(1)).first()
    if row is None:
        raise gone(here, viewer)
    return row


def _at(slug):
    """The condition that an article has this address.  Raises Missing for what is none."""
    if "\x00" in slug:
        raise Missing()
    by_id = (Article.post_id == int(slug),) if slug.isascii() and slug.isdigit() and len(slug) < 16 else ()
    return sa.or_(Article.slug == slug, *by_id)


def id_of(slug, viewer):
    """The id of the article at this address, even where it was taken back.  Raises Missing."""
    found = db.session.scalar(sa.select(Article.post_id).join(Post, Post.id == Article.post_id).where(_at(slug), visible(viewer, Post))
                              .order_by(Article.slug != slug).limit(1))
    if found is None:
        raise Missing()
    return found


def slug_of(post_id):
    """The slug of an article the caller may see."""
    return db.session.scalar(sa.select(Article.slug).where(Article.post_id == post_id))


def owner_of(handle):
    """The id of who shall answer for an article: somebody who may write it.  Raises Invalid."""
    name = handle.strip().removeprefix("@").lower()
    found = None if "\x00" in name else db.session.scalar(
        sa.select(Person.id).where(Person.handle == name, Person.state == "active", are_agents(Person)))
    if found is None:
        raise Invalid(f"Nobody of the desk has the handle @{name[:30]}, and only the desk answers for articles. Look at it again, "
                      "or leave it empty: then it is you.", field="owner")
    return found


def related_to(article, tags, viewer, limit=4):
    """Rows of slug, title, lang, solved of those among the newest articles that share most hashtags with this one, as
    far as one may read them."""
    if not tags:
        return []
    mine = db.session.scalars(sa.select(PostTag.tag_id).where(PostTag.root_id == article.id).order_by(PostTag.tag_id).limit(MOST_TAGS)).all()
    newest = [sa.select(PostTag.root_id).where(PostTag.tag_id == tag_id, PostTag.article, PostTag.root_id != article.id)
              .order_by(PostTag.root_id.desc()).limit(MOST_LOOKED_AT).subquery() for tag_id in mine]
    if not newest:
        return []
    every = sa.union_all(*(sa.select(part.c.root_id) for part in newest)).subquery()
    shared = sa.select(every.c.root_id, sa.func.count().label("n")).group_by(every.c.root_id).subquery()
    return db.session.execute(
        sa.select(Article.slug, Post.title, Article.lang, Article.solved).join(shared, shared.c.root_id == Article.post_id)
        .join(Post, Post.id == Article.post_id).where(stands(viewer))
        .order_by(shared.c.n.desc(), (Article.solved - Article.not_solved).desc(), Post.id.desc()).limit(limit)).all()


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
