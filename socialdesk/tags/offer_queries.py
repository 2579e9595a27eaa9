"""Which hashtags to offer: those of the words of a text, those a person uses; and how often one stands in public."""
import re

import sqlalchemy as sa

from ..db import db
from ..people.models import Team
from ..posts.models import Post
from .checker import MAX_FOLDED, fold
from .models import PostTag, Tag, TagCount
from .queries import buckets_of

MOST_WORDS = 300                        # of a text, the last ones count: that is where somebody types
_WORD = re.compile(r"[\w-]{2,50}")


def offered(viewer, text, limit=6):
    """Names of hashtags to offer: those public or owned ones that stand in a text as plain words, then the person's own
    latest ones.  Those the text carries already come first, so that they can be taken off."""
    names = {}
    for shown in (*_known_in(viewer, text), *_recent_of(viewer, limit)):
        names.setdefault(fold(shown), shown)
    return list(names.values())[:limit]


def _known_in(viewer, text):
    folded = [fold(word) for word in _WORD.findall(text)[-MOST_WORDS:]]
    wanted = {word for word in folded if 1 < len(word) <= MAX_FOLDED}
    if not wanted:
        return []
    main = Tag.__table__.alias("main")
    public = sa.exists().where(TagCount.tag_id == main.c.id, TagCount.bucket.in_(buckets_of(viewer)), TagCount.posts > 0)
    rows = db.session.execute(
        sa.select(Tag.fold, main.c.shown).join(main, main.c.id == sa.func.coalesce(Tag.synonym_of, Tag.id))
        .where(Tag.fold.in_(sorted(wanted)), sa.or_(public, main.c.team_id.is_not(None))))
    order = {word: position for position, word in enumerate(folded)}
    return [row.shown for row in sorted(rows, key=lambda row: order[row.fold])]


def _recent_of(viewer, limit):
    """The hashtags of the person's own latest threads."""
    latest = (sa.select(Post.id).where(Post.author_id == viewer.id, Post.parent_id.is_(None), Post.deleted_at.is_(None))
              .order_by(Post.id.desc()).limit(20).subquery())
    rows = db.session.execute(
        sa.select(Tag.shown).join(PostTag, PostTag.tag_id == Tag.id).join(latest, latest.c.id == PostTag.root_id)
        .group_by(Tag.id, Tag.shown).order_by(sa.func.max(PostTag.root_id).desc(), Tag.id).limit(limit))
    return list(rows.scalars())


def count_of(viewer, tag_id):
    """How many threads with a hashtag stand where this person may read as one of everyone or of a circle."""
    return db.session.scalar(sa.select(sa.func.coalesce(sa.func.sum(TagCount.posts), 0))
                             .where(TagCount.tag_id == tag_id, TagCount.bucket.in_(buckets_of(viewer))))


def owner_of(viewer, tag):
    """The name of the team that answers for a hashtag, as far as this person may know of it, or None."""
    if not viewer.is_agent or tag is None or tag.team_id is None:
        return None
    return db.session.scalar(sa.select(Team.name).where(
        Team.id == tag.team_id, sa.or_(sa.not_(Team.confidential), Team.id.in_(sorted(viewer.team_ids)))))


def admin_page(prefix="", after="", limit=50):
    """A page of hashtags for admins, in the order of the alphabet: (rows of shown, fold, team_id, main, posts; the next
    cursor or None).  Those that stand on private posts alone are not in it."""
    known = sa.or_(Tag.public, Tag.team_id.is_not(None), Tag.synonym_of.is_not(None))
    rows = db.session.execute(_for_admin().where(known, Tag.fold > after, Tag.fold.startswith(fold(prefix), autoescape=True))
                              .order_by(Tag.fold).limit(limit + 1)).all()
    return rows[:limit], rows[limit - 1].fold if len(rows) > limit else None


def admin_row(name):
    """One row of admin_page()."""
    return db.session.execute(_for_admin().where(Tag.fold == fold(name))).one()


def _for_admin():
    main = Tag.__table__.alias("main")
    posts = sa.func.coalesce(sa.func.sum(TagCount.posts), 0).label("posts")
    columns = (Tag.shown, Tag.fold, Tag.team_id, main.c.shown.label("main"))
    return (sa.select(*columns, posts).outerjoin(TagCount, TagCount.tag_id == Tag.id).outerjoin(main, main.c.id == Tag.synonym_of)
            .group_by(Tag.id, *columns))


def teams():
    """Rows of id, name of every team, for those who may run the desk."""
    return db.session.execute(sa.select(Team.id, Team.name).order_by(Team.name_fold)).all()
