"""What one can ask of hashtags."""
from functools import cache

import sqlalchemy as sa

from ..db import db
from .checker import fold
from .models import PostTag, Tag, TagCount, TagFollow


def tags_of(root_ids):
    """{root id: [names as shown]} of threads the caller may see, in the order of the alphabet."""
    rows = db.session.execute(_shown_on(), {"roots": list(root_ids)}) if root_ids else ()
    found = {}
    for root_id, shown in rows:
        found.setdefault(root_id, []).append(shown)
    return found


@cache
def _shown_on():
    return (sa.select(PostTag.root_id, Tag.shown).join(Tag, Tag.id == PostTag.tag_id)
            .where(PostTag.root_id.in_(sa.bindparam("roots", expanding=True))).order_by(PostTag.root_id, Tag.fold))


def tag_by_name(name):
    """The Tag of this spelling, its synonym resolved, or None."""
    tag = db.session.scalar(sa.select(Tag).where(Tag.fold == fold(name)))
    return db.session.get(Tag, tag.synonym_of) if tag and tag.synonym_of else tag


def follows(viewer, name):
    """Does this person follow the hashtag?"""
    main = sa.func.coalesce(Tag.synonym_of, Tag.id)
    return db.session.scalar(sa.select(TagFollow.level).join(Tag, main == TagFollow.tag_id).where(
        Tag.fold == fold(name), TagFollow.person_id == viewer.id, TagFollow.level == "all")) is not None


def complete(viewer, prefix, limit=8):
    """[(name as shown, posts)] of the hashtags that begin so: those with an owning team, and those that stand on
    something this person may read as one of everyone or of a circle; the most used first."""
    start = fold(prefix.removeprefix("#"))
    posts = sa.func.coalesce(sa.func.sum(TagCount.posts), 0).label("posts")
    rows = db.session.execute(
        sa.select(Tag.shown, posts)
        .outerjoin(TagCount, sa.and_(TagCount.tag_id == Tag.id, TagCount.bucket.in_(buckets_of(viewer))))
        .where(Tag.fold.startswith(start, autoescape=True), Tag.synonym_of.is_(None), sa.or_(Tag.public, Tag.team_id.is_not(None)))
        .group_by(Tag.id, Tag.shown, Tag.fold, Tag.team_id).having(sa.or_(posts > 0, Tag.team_id.is_not(None)))
        .order_by(posts.desc(), Tag.fold).limit(limit))
    return [tuple(row) for row in rows]


def buckets_of(viewer):
    """The counts a person may read: everyone's and their circles'."""
    return ["everyone", *(bucket("circle", circle_id) for circle_id in sorted(viewer.circle_ids))]


def bucket(audience, circle_id):
    """The count a thread belongs to, or None: private ones are counted nowhere."""
    return {"everyone": "everyone", "circle": f"circle:{circle_id}"}.get(audience)
