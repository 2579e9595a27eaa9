"""What an admin can do with spellings: let two hashtags be one, and part them again."""
import sqlalchemy as sa

from ..db import db, insert_new, locked
from ..errors import Invalid, Missing
from .checker import fold, is_name
from .models import PostTag, Tag, TagCount
from .queries import bucket


def make_synonym(name, of):
    """Let a hashtag be another spelling of `of`: its threads carry that one from now on, and its team answers for both
    if the other has none.  Raises Invalid."""
    for one in (name, of):
        if not is_name(one):
            raise Invalid("A hashtag has letters, digits, _ or -, and at least one letter. Write it without the #.", field="of")
    spelling, main = _pair(name, of)
    if spelling.id == main.id:
        raise Invalid("These two are one hashtag already. Choose another one.", field="of")
    main.team_id = main.team_id or spelling.team_id
    spelling.synonym_of, spelling.team_id = main.id, None
    db.session.flush()
    db.session.execute(_update(Tag, Tag.synonym_of == spelling.id).values(synonym_of=main.id))
    _carry_over(spelling.id, main.id)
    _count_anew(spelling.id, main.id)


def part_synonym(name):
    """Let a spelling be a hashtag of its own again.  The threads stay with the other one.  Raises Missing."""
    tag_id = db.session.scalar(sa.select(Tag.id).where(Tag.fold == fold(name)))
    if tag_id is None:
        raise Missing("There is no such hashtag.")
    locked(Tag, tag_id).synonym_of = None
    db.session.flush()


def _pair(name, of):
    """Both rows, made where there was none, locked in the order of their ids; `of` with its own synonym resolved."""
    shown = {fold(name): name, fold(of): of}
    insert_new(Tag.__table__, [{"fold": folded, "shown": one, "public": False} for folded, one in shown.items()], "fold")
    spelling_id = db.session.scalar(sa.select(Tag.id).where(Tag.fold == fold(name)))
    main_id = db.session.scalar(sa.select(sa.func.coalesce(Tag.synonym_of, Tag.id)).where(Tag.fold == fold(of)))
    rows = {tag_id: locked(Tag, tag_id) for tag_id in sorted({spelling_id, main_id})}
    return rows[spelling_id], rows[main_id]


def _carry_over(from_id, to_id):
    rows = db.session.execute(sa.select(PostTag.root_id, PostTag.audience, PostTag.circle_id, PostTag.article).where(PostTag.tag_id == from_id)).all()
    insert_new(PostTag.__table__, [{"tag_id": to_id, **row._asdict()} for row in rows], "tag_id", "root_id")
    db.session.execute(sa.delete(PostTag).where(PostTag.tag_id == from_id).execution_options(synchronize_session=False))


def _count_anew(*tag_ids):
    """The public counts of hashtags whose threads were moved: from the threads themselves, private ones left out."""
    db.session.execute(sa.delete(TagCount).where(TagCount.tag_id.in_(tag_ids)).execution_options(synchronize_session=False))
    rows = db.session.execute(
        sa.select(PostTag.tag_id, PostTag.audience, PostTag.circle_id, sa.func.count().label("posts"))
        .where(PostTag.tag_id.in_(tag_ids), PostTag.audience != "private").group_by(PostTag.tag_id, PostTag.audience, PostTag.circle_id)).all()
    insert_new(TagCount.__table__, [{"tag_id": row.tag_id, "bucket": bucket(row.audience, row.circle_id), "posts": row.posts} for row in rows],
               "tag_id", "bucket")
    counted = sa.exists().where(TagCount.tag_id == Tag.id, TagCount.posts > 0)
    db.session.execute(_update(Tag, Tag.id.in_(tag_ids)).values(public=counted))


def _update(table, where):
    return sa.update(table).where(where).execution_options(synchronize_session=False)
