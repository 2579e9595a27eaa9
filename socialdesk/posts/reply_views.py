"""Answering in a thread, and taking the answer back while it is held."""
from flask import Blueprint, request, url_for

from ..db import transaction
from ..people.throttle_actions import spend
from ..tickets import actions as tickets
from ..web import go, once, respond, viewer
from . import actions, queries
from .page_views import page_of

bp = Blueprint("replies", __name__)
HOLD_SECONDS = 10                       # how long the writer may take a reply back before anybody sees it


@bp.post("/p/<int:post_id>/reply")
def reply(post_id):
    """Answer: fields body, photo (several), note (for the desk alone); of the desk status, which may name what it waits
    for (on_hold:requester), or hold_reason."""
    root_id = queries.get_post(post_id, viewer()).root_id
    prepared = _prepared()
    result = once(viewer(), lambda: _send(post_id, root_id, prepared))
    if result["root_id"] != root_id:                            # the ticket had ended: a new one goes on from it
        return go(url_for("posts.show", post_id=result["root_id"]))
    return respond("posts/_replied.html", url_for("posts.show", post_id=root_id, _anchor=f"p{result['id']}"), reply_id=result["id"],
                   seconds=HOLD_SECONDS, **page_of(root_id, viewer()))


def _prepared():
    photos = [file for file in request.files.getlist("photo") if file.filename]
    for _ in photos:
        spend("upload", viewer().id)
    return queries.prepare(viewer(), request.form.get("body", ""), files=photos)


def _send(post_id, root_id, prepared):
    spend("post", viewer().id)
    status, _, reason = request.form.get("status", "").partition(":")
    note = bool(request.form.get("note"))
    post = tickets.reply(post_id, viewer(), prepared, note=note, hold_seconds=HOLD_SECONDS, status=status or None,
                         hold_reason=reason or request.form.get("hold_reason") or None)
    actions.drop_draft(viewer(), f"{'note' if note else 'reply'}-{root_id}")
    return {"id": post.id, "root_id": post.root_id}


@bp.post("/p/<int:post_id>/undo")
def undo(post_id):
    """Take a reply back while nobody has seen it; its text goes back into the box."""
    root_id = queries.get_post(post_id, viewer()).root_id
    with transaction():
        tickets.undo_reply(post_id, viewer())
    return respond("posts/_undone.html", url_for("posts.show", post_id=root_id, _anchor="reply"), **page_of(root_id, viewer()))
