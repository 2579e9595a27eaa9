"""Accepted answers: what makes a question answered, and open again."""
import sqlalchemy as sa

from ..db import db, now
from ..errors import Conflict, Invalid, Missing
from ..events import Verb, record
from ..policy import require, sees
from .access_actions import locked_thread
from .models import Post


def accept(reply_id, viewer):
    """Let the asker say that a reply answers their question; several may.  Raises Missing, NotAllowed, Invalid, Conflict."""
    root, reply = _answer(reply_id, viewer)
    if reply.deleted_at or root.deleted_at:
        raise Conflict("This was taken back in the meantime, so it cannot be accepted. Choose another reply.")
    if reply.hold_until and reply.hold_until > now():
        raise Conflict("This reply is still on its way out. Accept it in a few seconds.")
    if reply.accepted_at is None:
        reply.accepted_at, reply.accepted_by = now(), viewer.id
        db.session.flush()
        before, after = settle(root)
        record(Verb.ANSWER_ACCEPTED, reply, viewer, before=before, after=after, ref_id=reply.id)


def unaccept(reply_id, viewer):
    """Take that back; without another accepted reply the question is open again.  Raises Missing, NotAllowed, Invalid."""
    root, reply = _answer(reply_id, viewer)
    if reply.accepted_at is not None:
        reply.accepted_at = reply.accepted_by = None
        db.session.flush()
        before, after = settle(root)
        record(Verb.ANSWER_UNACCEPTED, reply, viewer, before=before, after=after, ref_id=reply.id)


def settle(root):
    """Give a question the status its accepted replies make.  Returns (before, after)."""
    before = root.status
    if root.kind == "question":
        accepted = sa.exists().where(Post.root_id == root.id, Post.accepted_at.is_not(None), Post.deleted_at.is_(None))
        root.status = "answered" if db.session.scalar(sa.select(accepted)) else "open"
        db.session.flush()
    return before, root.status


def _answer(reply_id, viewer):
    root, reply = locked_thread(reply_id)
    if not sees(viewer, reply):
        raise Missing()
    require(viewer, "answer.accept", root)
    if reply is root or reply.note:
        raise Invalid("Only a reply that everyone here can read can be the answer. Choose one of the replies.", field="reply_id")
    return root, reply
