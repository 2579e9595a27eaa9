"""What somebody thinks of a post: a like, a vote for an idea; and what they keep for later."""
import sqlalchemy as sa

from ..db import db, insert_new, now
from ..errors import Conflict, Invalid
from ..events import Verb, held_for, record, withdraw
from ..policy import require
from .access_actions import locked_thread
from .models import Post, Reaction, Saved

#: kind -> (the column that counts it, said, taken back, the deed of the policy)
REACTIONS = {"like": ("likes", Verb.LIKED, Verb.LIKE_TAKEN_BACK, "post.like"),
             "vote": ("votes", Verb.VOTED, Verb.VOTE_TAKEN_BACK, "idea.vote")}


def react(post_id, viewer, kind="like", hold_seconds=0):
    """Like a post or reply, or vote for an idea; twice is once.  Raises Missing, Invalid, Conflict."""
    root, post = locked_thread(post_id)
    column, said, gone, deed = _known(kind)
    require(viewer, deed, post)
    if kind == "vote" and post.kind != "idea":
        raise Invalid("One can vote for ideas alone. A like says that you think well of this.", field="kind")
    if post.deleted_at or root.deleted_at:
        raise Conflict("This was taken back in the meantime, so nothing was counted.")
    if post.hold_until and post.hold_until > now():
        raise Conflict("This is still on its way out. In a few seconds it can be liked.")
    row = {"post_id": post.id, "person_id": viewer.id, "kind": kind}
    if insert_new(Reaction.__table__, row, "post_id", "person_id", "kind"):
        _count(post, kind, column)
        if not withdraw(gone, post, viewer):
            record(said, post, viewer, note=post.note, hold_until=held_for(hold_seconds))


def take_back_reaction(post_id, viewer, kind="like", hold_seconds=0):
    """Take a like or a vote back; twice is once.  Raises Missing, Invalid."""
    _, post = locked_thread(post_id)
    column, said, gone, deed = _known(kind)
    require(viewer, deed, post)
    mine = sa.delete(Reaction).where(Reaction.post_id == post.id, Reaction.person_id == viewer.id, Reaction.kind == kind)
    if db.session.execute(mine).rowcount:
        _count(post, kind, column)
        if not withdraw(said, post, viewer):
            record(gone, post, viewer, note=post.note, hold_until=held_for(hold_seconds))


def _known(kind):
    if not isinstance(kind, str) or kind not in REACTIONS:
        raise Invalid("A reaction is a like, or a vote for an idea. Choose one of the two.", field="kind")
    return REACTIONS[kind]


def _count(post, kind, column):
    setattr(post, column, db.session.scalar(sa.select(sa.func.count()).where(Reaction.post_id == post.id, Reaction.kind == kind)))
    db.session.flush()


def save(post_id, viewer):
    """Keep a thread for later; nobody else is told, the ledger included.  Twice is once.  Raises Missing."""
    root = _thread(post_id, viewer)
    insert_new(Saved.__table__, {"person_id": viewer.id, "root_id": root.id, "at": now()}, "person_id", "root_id")


def unsave(post_id, viewer):
    """Keep it no longer.  Raises Missing."""
    root = _thread(post_id, viewer)
    db.session.execute(sa.delete(Saved).where(Saved.person_id == viewer.id, Saved.root_id == root.id)
                       .execution_options(synchronize_session=False))


def _thread(post_id, viewer):
    root, _ = locked_thread(post_id)
    require(viewer, "post.save", root)
    return root
