"""What one can ask of the versions of an article, as those do who write them."""
import sqlalchemy as sa

from ..db import db
from ..errors import Missing
from ..people.models import Person
from ..posts.models import Post, Version

PAGE = 30
_ROW = (Version.n, Version.at, Version.title, Person.name.label("by_name"), Person.handle.label("by_handle"))


def versions_of(article, before=None, limit=PAGE):
    """(rows of n, at, title, by_name, by_handle, newest first; the number before which the next ones begin, or None)."""
    older = Version.n < before if before else sa.true()
    rows = db.session.execute(
        sa.select(*_ROW).join(Person, Person.id == Version.by_id)
        .where(Version.post_id == article.id, older).order_by(Version.n.desc()).limit(limit + 1)).all() or [_only(article)]
    return rows[:limit], rows[limit - 1].n if len(rows) > limit else None


def version_of(article, n):
    """One version with its text, body_md.  Raises Missing."""
    row = db.session.execute(
        sa.select(*_ROW, Version.body_md).join(Person, Person.id == Version.by_id)
        .where(Version.post_id == article.id, Version.n == n)).first()
    if row is None and n == article.version == 1:
        return _only(article)
    if row is None:
        raise Missing("There is no such version of this article. Look at the list of its versions.")
    return row


def _only(article):
    """The one version of an article that was never changed: it is written down when a second one comes."""
    return db.session.execute(
        sa.select(Post.version.label("n"), Post.made_at.label("at"), Post.title, Person.name.label("by_name"),
                  Person.handle.label("by_handle"), Post.body_md)
        .join(Person, Person.id == Post.author_id).where(Post.id == article.id)).one()
