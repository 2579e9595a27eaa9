"""Sharing a thread: the text is seen first, then sent; and its link, for other apps."""
import secrets

from flask import Blueprint, current_app, render_template, request

from ..errors import Conflict, Refusal
from ..people.throttle_actions import spend
from ..policy import require
from ..web import go, once, refused, viewer
from . import ask_queries, queries, share_actions, share_queries

bp = Blueprint("share", __name__)


@bp.get("/p/<int:post_id>/share")
def show(post_id):
    """The text as it would be sent, to be changed; whether the name is left out, and who will read it."""
    thread = _thread(post_id)
    return render_template("posts/share.html", **_form(thread, share_queries.text_to_share(thread, viewer())))


@bp.post("/p/<int:post_id>/share")
def share(post_id):
    """Send it: fields body, audience, nameless."""
    thread = _thread(post_id)
    try:
        prepared = queries.prepare(viewer(), request.form.get("body", ""))
        return go(f"/p/{once(viewer(), lambda: _write(thread, prepared))['id']}")
    except Refusal as error:
        if request.wants_json or request.wants_fragment or error.status >= 500:
            raise
        return _refused(thread, error)


def _thread(post_id):
    thread = queries.thread_of(post_id, viewer())
    require(viewer(), "post.share", queries.get_post(thread.id, viewer()))
    return thread


def _write(thread, prepared):
    spend("post", viewer().id)
    post = share_actions.share(thread.id, viewer(), prepared, audience=request.form.get("audience") or "everyone",
                               leave_name_out=bool(request.form.get("nameless")))
    return {"id": post.id}


def _form(thread, body, audience="everyone", nameless=False, key=None):
    return {"thread": thread, "body": body, "audience": audience, "nameless": nameless, "key": key or secrets.token_urlsafe(12),
            "circles": ask_queries.circles_of(viewer()), "address": f"{current_app.config['SETTINGS'].origin}/p/{thread.id}"}


def _refused(thread, error):
    """The same form with all that was typed, and the sentence beside what it is about."""
    key = None if isinstance(error, Conflict) else request.form.get("key")
    form = _form(thread, request.form.get("body", ""), request.form.get("audience", ""), bool(request.form.get("nameless")), key)
    return refused(render_template("posts/share.html", **form, error=error), error)
