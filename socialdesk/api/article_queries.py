"""Articles as the API shows them."""
import sqlalchemy as sa

from ..db import db
from ..errors import Missing
from ..knowledge.models import Article
from ..people.models import Person
from ..policy import visible
from ..posts.models import Post
from .queries import posts_of, said_at


def article_of(viewer, article_id):
    """An article as the API shows it.  Raises Missing."""
    found = articles_of(viewer, [article_id])
    if not found:
        raise Missing()
    return found[0]


def articles_of(viewer, article_ids):
    """The articles of these ids that this person may read, in the order given."""
    rows = {row.post_id: row for row in db.session.execute(
        sa.select(Article.post_id, Article.slug, Article.summary, Article.lang, Article.source_url, Article.licence, Article.solved,
                  Article.not_solved, Article.review_at, Person.handle.label("owner"))
        .join(Post, Post.id == Article.post_id).outerjoin(Person, Person.id == Article.owner_id)
        .where(Article.post_id.in_(article_ids), Post.deleted_at.is_(None), visible(viewer, Post)))} if article_ids else {}
    return [post | _article(rows[post["id"]]) for post in posts_of(viewer, [key for key in article_ids if key in rows])]


def _article(row):
    names = ("slug", "summary", "lang", "source_url", "licence", "solved", "not_solved", "owner")
    return {"url": f"/help/{row.slug}", "review_at": said_at(row.review_at)} | {name: getattr(row, name) for name in names}
