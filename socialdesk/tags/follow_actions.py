"""Following a hashtag: what carries it comes up among what one follows."""
import sqlalchemy as sa

from ..db import db, insert
from ..errors import Invalid
from ..events import Verb, hint, record
from .actions import named
from .checker import is_name
from .models import TagFollow


def follow_tag(name, viewer, level="all"):
    """Follow a hashtag, used already or not; twice is once.  level: all, mentions or muted.  Raises Invalid."""
    tag = _tag(name)
    if _level(tag, viewer) != level:
        row = {"person_id": viewer.id, "tag_id": tag.id, "level": level}
        db.session.execute(insert(TagFollow.__table__).values(row).on_conflict_do_update(
            index_elements=["person_id", "tag_id"], set_={"level": level}))
        record(Verb.TAG_FOLLOWED, actor=viewer, ref_id=tag.id)
        hint(f"lists:{viewer.id}")


def unfollow_tag(name, viewer):
    """Follow it no longer.  Raises Invalid."""
    tag = _tag(name)
    mine = sa.delete(TagFollow).where(TagFollow.person_id == viewer.id, TagFollow.tag_id == tag.id)
    if db.session.execute(mine).rowcount:
        record(Verb.TAG_UNFOLLOWED, actor=viewer, ref_id=tag.id)
        hint(f"lists:{viewer.id}")


def _tag(name):
    """The hashtag, made where there was none: one that stands on private posts alone must answer like an unknown one."""
    if not is_name(name):
        raise Invalid("This is no hashtag: it has 1 to 50 letters, digits, _ or -, and at least one letter. Write it without the #.", field="tag")
    return named(name)


def _level(tag, viewer):
    return db.session.scalar(sa.select(TagFollow.level).where(TagFollow.person_id == viewer.id, TagFollow.tag_id == tag.id))
