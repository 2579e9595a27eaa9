"""What one can do with posts: say, answer, take an answer back while it is held; the other deeds stand beside, by noun."""
from datetime import timedelta

import sqlalchemy as sa

from .. import events
from ..db import db, insert_new, locked, now
from ..errors import Conflict, Invalid, Missing
from ..events import Event, Verb, record
from ..policy import require
from ..tags.actions import tag_thread
from .access_actions import audience_of, give_access, is_sealed, locked_thread, move_rights, take_access
from .answer_actions import accept, unaccept
from .draft_actions import drop_draft, keep_draft
from .models import Access, Post
from .text_actions import delete, edit, hang, recount
from .thread_actions import follow, mark_seen, me_too, take_back_me_too, unfollow
from .upkeep_actions import clear_photos, forget_keys

__all__ = ["accept", "clear_photos", "delete", "drop_draft", "edit", "follow", "forget_keys", "give_access", "keep_draft", "mark_seen", "me_too", "move_rights", "publish", "recount", "reply",
           "take_access", "take_back_me_too", "unaccept", "undo_reply", "unfollow"]

#: kinds whose own room records that they came to be
_TOLD_ELSEWHERE = ("ticket", "article")
_FIRST_STATUS = {"question": "open", "idea": "proposed"}


def publish(author, kind, prepared, *, audience="everyone", team_id=None, sealed=False, in_feed=True, made_at=None,
            source=None, external_id=None, status=None, shown_as=None, event=True):
    """Write a new thread.  audience: everyone, private or circle:<slug>.  A private one goes to the team that owns one of
    its hashtags, unless team_id says whose it is, or it is sealed.  source: it comes from elsewhere, where it was allowed.
    Raises Invalid, Missing (not a member of the circle)."""
    name, circle_id = audience_of(author, audience, check=source is None)
    _check_kind(author, kind, name, source)
    moment = made_at or now()
    post = Post(kind=kind, author_id=author.id, shown_as=shown_as, audience=name, circle_id=circle_id, team_id=team_id, sealed=sealed,
                status=status or _FIRST_STATUS.get(kind), title=prepared.title, body_md=prepared.body_md,
                body_html=prepared.html, made_at=moment, active_at=moment, in_feed=in_feed, source=source, external_id=external_id)
    db.session.add(post)
    db.session.flush()
    post.root_id = post.id
    insert_new(Access.__table__, {"person_id": author.id, "root_id": post.id, "why": "author", "until": None}, "person_id", "root_id")
    owner = tag_thread(post, prepared.tags)
    if name == "private" and team_id is None and owner and not sealed:
        post.team_id = owner
    post.sealed = sealed or is_sealed(post)
    hang(post, prepared)
    db.session.flush()
    if event and kind not in _TOLD_ELSEWHERE:
        record(Verb.POSTED, post, author, kind=kind)
    return post


def _check_kind(author, kind, audience, source):
    """May this person say such a thing, and to these?"""
    if kind == "announcement" and source is None:
        require(author, "announcement.write")
    if audience == "private" and kind == "question" and source is None:
        raise Invalid("A question is for colleagues to answer, so somebody has to see it. "
                      "Choose everyone or a circle, or send it to a person instead.", field="audience")
    if audience == "private" and kind in ("announcement", "idea", "poll"):
        raise Invalid("This is for others to read, so it cannot be private. Choose everyone or a circle, or send it to a person instead.",
                      field="audience")


def reply(root_id, author, prepared, *, note=False, hold_seconds=0, made_at=None, event=True):
    """Answer in a thread.  root_id: the thread, or a reply in it.  note: for the desk alone.  hold_seconds: so long only
    its author sees it.  made_at: it was said elsewhere, where it was allowed.  Raises Missing, NotAllowed, Conflict."""
    root, parent = locked_thread(root_id)
    if made_at is None:
        require(author, "note.write" if note else "post.reply", parent)
    if root.deleted_at or parent.deleted_at:
        raise Conflict("This was taken back in the meantime, so it takes no more replies. Your text is kept: ask anew, or copy it.")
    moment = made_at or now()
    held = moment + timedelta(seconds=hold_seconds) if hold_seconds else None
    post = Post(kind="reply", root_id=root.id, parent_id=parent.id, author_id=author.id, audience="private", sealed=True, note=note,
                body_md=prepared.body_md, body_html=prepared.html, made_at=moment, active_at=moment, hold_until=held, source=made_at and "import")
    db.session.add(post)
    db.session.flush()
    hang(post, prepared)
    db.session.flush()
    if event:
        record(Verb.REPLIED, post, author, note=note, hold_until=held)
    return post


def undo_reply(post_id, viewer):
    """Take a reply back while it is held: nobody else has seen it, so nothing of it stays.  Returns its text,
    which is kept as a draft of the thread.  Raises Missing where it is not theirs, Conflict where it is told already."""
    post = locked(Post, post_id)
    if post.author_id != viewer.id or post.parent_id is None:
        raise Missing()
    held = db.session.scalars(sa.select(Event.id).where(Event.post_id == post.id)).all()
    if post.hold_until is None or post.hold_until <= now() or not all([events.take_back(event_id) for event_id in held]):
        raise Conflict("It has been sent already, so it can no longer be undone. You can still change it, or take it back.")
    text = post.body_md
    keep_draft(viewer, f"{'note' if post.note else 'reply'}-{post.root_id}", text)
    db.session.delete(post)
    db.session.flush()
    return text
