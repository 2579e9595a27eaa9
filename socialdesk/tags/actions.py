"""What one can do with hashtags: put them on threads, and keep the public counts true."""
from collections import Counter

import sqlalchemy as sa

from ..db import db, insert, insert_new
from ..events import Verb, record
from ..people.models import Team
from .checker import MAX_TAGS, fold
from .models import PostTag, Tag, TagCount
from .queries import bucket


def tag_thread(root, names):
    """Put hashtags on a thread beside those it has.  Returns the id of the team that answers for them, or None:
    a confidential one before the others, else the first in the order of the text.  names: as shown, without "#"."""
    tags = _tags_named(names[:MAX_TAGS])
    have = set(db.session.scalars(sa.select(PostTag.tag_id).where(PostTag.root_id == root.id)))
    fresh = [tag.id for tag in tags if tag.id not in have]
    insert_new(PostTag.__table__, [{"tag_id": tag_id, "root_id": root.id, "audience": root.audience, "circle_id": root.circle_id,
                                    "article": root.kind == "article"} for tag_id in fresh], "tag_id", "root_id")
    _count(fresh, root.audience, root.circle_id, 1)
    return _owner(tags)


def tag_threads(named, audience="everyone", article=False):
    """Put hashtags on many threads at once, all for everyone or all private, all articles or none, beside those they have.
    named: {root id: names as shown}.  Returns {root id: team id} as tag_thread() would, without those nobody owns."""
    tags = _tags_by_fold(dict.fromkeys(name for names in named.values() for name in names[:MAX_TAGS]))
    wanted = {(tags[fold(name)].id, root_id): None for root_id, names in named.items() for name in names[:MAX_TAGS]}
    have = set(map(tuple, db.session.execute(sa.select(PostTag.tag_id, PostTag.root_id).where(PostTag.root_id.in_(named)))))
    fresh = [pair for pair in wanted if pair not in have]
    insert_new(PostTag.__table__, [{"tag_id": tag_id, "root_id": root_id, "audience": audience, "circle_id": None, "article": article}
                                   for tag_id, root_id in fresh], "tag_id", "root_id")
    threads = Counter(tag_id for tag_id, _root_id in fresh)
    for step in set(threads.values()):
        _count([tag_id for tag_id, posts in threads.items() if posts == step], audience, None, step)
    owners = {root_id: _owner([tags[fold(name)] for name in names[:MAX_TAGS]]) for root_id, names in named.items()}
    return {root_id: team_id for root_id, team_id in owners.items() if team_id}


def _owner(tags):
    """The team that answers for these, a confidential one before the others, else the first; or None."""
    owners = sorted((tag for tag in tags if tag.team_id), key=lambda tag: not tag.confidential)
    return owners[0].team_id if owners else None


def untag_thread(root, keep=()):
    """Take hashtags off a thread, and off the counts.  keep: names that stay."""
    kept = sa.select(sa.func.coalesce(Tag.synonym_of, Tag.id)).where(Tag.fold.in_([fold(name) for name in keep]))
    gone = list(db.session.scalars(sa.select(PostTag.tag_id).where(PostTag.root_id == root.id, PostTag.tag_id.not_in(kept))))
    if gone:
        db.session.execute(sa.delete(PostTag).where(PostTag.root_id == root.id, PostTag.tag_id.in_(gone)))
        _count(gone, root.audience, root.circle_id, -1)


def retag(root):
    """Give the copies on a thread's hashtags its present audience, and move the counts along."""
    rows = db.session.execute(sa.select(PostTag.tag_id, PostTag.audience, PostTag.circle_id).where(PostTag.root_id == root.id)).all()
    for tag_id, audience, circle_id in rows:
        _count([tag_id], audience, circle_id, -1)
    db.session.execute(sa.update(PostTag).where(PostTag.root_id == root.id).values(audience=root.audience, circle_id=root.circle_id))
    _count([row.tag_id for row in rows], root.audience, root.circle_id, 1)


def owning_team(root_id):
    """The id of the team that answers for a thread by its hashtags, a confidential one first, or None."""
    return db.session.scalar(
        sa.select(Tag.team_id).join(PostTag, PostTag.tag_id == Tag.id).join(Team, Team.id == Tag.team_id)
        .where(PostTag.root_id == root_id).order_by(Team.confidential.desc(), Tag.fold).limit(1))


def own_tag(name, team_id, actor=None):
    """Let a team answer for a hashtag from now on; None: no team.  actor: the admin who says so.  Returns the Tag."""
    tag = _tags_named([name])[0]
    if tag.team_id != team_id:
        record(Verb.HASHTAG_GIVEN, actor=actor, ref_id=tag.id, team=team_id, before_team=tag.team_id)
    db.session.execute(sa.update(Tag).where(Tag.id == tag.id).values(team_id=team_id))
    return db.session.get(Tag, tag.id, populate_existing=True)


def named(name):
    """(id, team_id, confidential) of a hashtag, made where there was none, its synonym resolved."""
    return _tags_named([name])[0]


def _tags_named(names):
    """(id, team_id, confidential) of hashtags in the order given, made where there was none, synonyms resolved."""
    return list({tag.id: tag for tag in _tags_by_fold(names).values()}.values())


def _tags_by_fold(names):
    """{compared form: (id, team_id, confidential)} of hashtags in the order given."""
    shown = {}
    for name in names:
        shown.setdefault(fold(name), name)
    if not shown:
        return {}
    main = Tag.__table__.alias("main")
    insert_new(Tag.__table__, [{"fold": folded, "shown": name, "public": False} for folded, name in shown.items()], "fold")
    rows = db.session.execute(
        sa.select(Tag.fold, main.c.id, main.c.team_id, Team.confidential)
        .join(main, main.c.id == sa.func.coalesce(Tag.synonym_of, Tag.id)).outerjoin(Team, Team.id == main.c.team_id)
        .where(Tag.fold.in_(shown)))
    found = {row.fold: row for row in rows}
    return {folded: found[folded] for folded in shown}


def _count(tag_ids, audience, circle_id, step):
    """Count threads that everyone or a circle may read; private ones were never counted."""
    where = bucket(audience, circle_id)
    if where is None or not tag_ids:
        return
    rows = [{"tag_id": tag_id, "bucket": where, "posts": step} for tag_id in sorted(tag_ids)]
    db.session.execute(insert(TagCount.__table__).values(rows).on_conflict_do_update(
        index_elements=["tag_id", "bucket"], set_={"posts": TagCount.posts + step}))
    still = sa.exists().where(TagCount.tag_id == Tag.id, TagCount.posts > 0)
    db.session.execute(sa.update(Tag).where(Tag.id.in_(tag_ids)).values(public=still).execution_options(synchronize_session=False))
