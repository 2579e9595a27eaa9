"""What a person has with a thread: follow it, have the same trouble, have seen it."""
import sqlalchemy as sa

from ..db import db, insert, insert_new, now
from ..errors import Conflict, Invalid, NotAllowed
from ..events import Event, Verb, held_for, hint, record, withdraw
from ..policy import can, event_visible, require
from ..tickets.models import Major
from .access_actions import locked_thread
from .models import Follow, MeToo, Post, Seen

LEVELS = ("all", "mentions", "muted")
SHARED = ("question", "ticket")             # kinds whose trouble one can have as well


def follow(root_id, viewer, level="all", hold_seconds=0):
    """Hear of a thread.  level: all; mentions (of oneself); muted.  Raises Missing, Invalid."""
    root, _ = locked_thread(root_id)
    require(viewer, "post.follow", root)
    if level not in LEVELS:
        raise Invalid("You can hear of everything here, of what names you, or of nothing. Choose one of these.", field="level")
    before = db.session.scalar(_mine(sa.select(Follow.level), Follow, root, viewer))
    if before != level:
        row = {"root_id": root.id, "person_id": viewer.id, "level": level}
        db.session.execute(insert(Follow.__table__).values(row).on_conflict_do_update(
            index_elements=["root_id", "person_id"], set_={"level": level}))
        _lists_change(viewer, before, level)
        if not (before is None and level == "all" and withdraw(Verb.UNFOLLOWED, root, viewer)):
            record(Verb.FOLLOWED, root, viewer, before=before, after=level, hold_until=held_for(hold_seconds))


def unfollow(root_id, viewer, hold_seconds=0):
    """Stop following; while the following is held, all is as it was before.  Raises Missing."""
    root, _ = locked_thread(root_id)
    require(viewer, "post.follow", root)
    before = db.session.scalar(_mine(sa.delete(Follow), Follow, root, viewer).returning(Follow.level))
    if before is None:
        return
    held = withdraw(Verb.FOLLOWED, root, viewer)
    _lists_change(viewer, before, held and held.before)
    if held is None:
        record(Verb.UNFOLLOWED, root, viewer, hold_until=held_for(hold_seconds))
    elif held.before:
        _follows(root, viewer, held.before)


def _lists_change(viewer, *levels):
    """What was muted or is muted now: every process ranks this person's lists anew."""
    if "muted" in levels:
        hint(f"lists:{viewer.id}")


def me_too(root_id, viewer, hold_seconds=0):
    """Say that one has this as well, and follow it.  Raises Missing, NotAllowed (one's own), Invalid, Conflict."""
    root, _ = locked_thread(root_id)
    require(viewer, "post.me_too", root)
    if root.author_id == viewer.id:
        raise NotAllowed("This is your own, so it counts already. Colleagues who have it as well can say so.")
    if root.kind not in SHARED and not _is_major(root):
        raise Invalid("Me too is for a question, a ticket or a major incident. A reply says what you think of this one.")
    if root.deleted_at:
        raise Conflict("This was taken back in the meantime. If you have it as well, ask about it yourself.")
    if insert_new(MeToo.__table__, {"root_id": root.id, "person_id": viewer.id}, "root_id", "person_id"):
        _count(root)
        if withdraw(Verb.ME_TOO_TAKEN_BACK, root, viewer):
            return
        is_new = _follows(root, viewer, "all")
        record(Verb.ME_TOO_SAID, root, viewer, hold_until=held_for(hold_seconds), **({"follows": True} if is_new and hold_seconds else {}))


def take_back_me_too(root_id, viewer, hold_seconds=0):
    """No longer have it; following stays, unless it came with it and is held.  Raises Missing."""
    root, _ = locked_thread(root_id)
    require(viewer, "post.me_too", root)
    if not db.session.execute(_mine(sa.delete(MeToo), MeToo, root, viewer)).rowcount:
        return
    _count(root)
    held = withdraw(Verb.ME_TOO_SAID, root, viewer)
    if held is None:
        record(Verb.ME_TOO_TAKEN_BACK, root, viewer, hold_until=held_for(hold_seconds))
    elif held.facts.get("follows"):
        db.session.execute(_mine(sa.delete(Follow), Follow, root, viewer).where(Follow.level == "all"))


def mark_seen(root_id, viewer, event_id=None):
    """Keep how far somebody has read.  event_id: the newest they saw, else the newest there is for them.
    The first time somebody of the desk reads another's ticket is an event, so that its requester knows.  Raises Missing."""
    root, _ = locked_thread(root_id)
    require(viewer, "post.read", root)
    newest = event_id or db.session.scalar(
        sa.select(sa.func.max(Event.id)).join(Post, Post.id == Event.root_id)
        .where(Event.root_id == root.id, event_visible(viewer, Event, Post))) or 0
    row = {"person_id": viewer.id, "root_id": root.id, "event_id": newest, "first_at": now(), "at": now()}
    first = insert_new(Seen.__table__, row, "person_id", "root_id")
    if not first:
        further = sa.case((Seen.event_id < newest, newest), else_=Seen.event_id)
        db.session.execute(_mine(sa.update(Seen), Seen, root, viewer).values(event_id=further, at=now())
                           .execution_options(synchronize_session=False))
    elif root.kind == "ticket" and root.author_id != viewer.id and can(viewer, "note.write", root):
        record(Verb.SEEN, root, viewer)


def _is_major(root):
    """Does this post tell of a major incident that is not over?"""
    return db.session.scalar(sa.select(Major.post_id).where(Major.post_id == root.id, Major.ended_at.is_(None))) is not None


def _follows(root, viewer, level):
    """Follow where one does not.  Was it so?"""
    return insert_new(Follow.__table__, {"root_id": root.id, "person_id": viewer.id, "level": level}, "root_id", "person_id")


def _mine(statement, table, root, viewer):
    return statement.where(table.root_id == root.id, table.person_id == viewer.id)


def _count(root):
    root.me_toos = db.session.scalar(sa.select(sa.func.count()).where(MeToo.root_id == root.id))
    db.session.flush()
