"""What a person does with a thread: follow it, me too, accept an answer, let others read it, have seen it."""
from flask import Blueprint, request, url_for

from ..db import transaction
from ..errors import Invalid, Missing
from ..notifications.actions import read_thread
from ..people.queries import person_by_handle
from ..people.throttle_actions import spend
from ..search.lesson_actions import learn, unlearn
from ..web import hold_seconds, respond, viewer
from . import actions, draft_actions, queries
from .page_views import page_of

bp = Blueprint("threads", __name__)


def _show(root_id, anchor=None):
    return url_for("posts.show", post_id=root_id, _anchor=anchor)


@bp.post("/p/<int:post_id>/follow")
def follow(post_id):
    """Hear of a thread; field level: all, mentions, muted."""
    return _follow(post_id, lambda root_id: actions.follow(root_id, viewer(), request.form.get("level", "all"), hold_seconds()))


@bp.post("/p/<int:post_id>/follow/remove")
def unfollow(post_id):
    """Stop following."""
    return _follow(post_id, lambda root_id: actions.unfollow(root_id, viewer(), hold_seconds()))


def _follow(post_id, deed):
    root_id = queries.get_post(post_id, viewer()).root_id
    with transaction():
        spend("deed", viewer().id)
        deed(root_id)
    thread = queries.thread_of(root_id, viewer())
    fragment = "posts/_bell.html" if "bell" in request.form else "posts/_follow.html"
    return respond(fragment, _show(root_id), thread=thread, post_id=root_id, follows=thread.follow_level == "all")


@bp.post("/p/<int:post_id>/me-too")
def me_too(post_id):
    """Have this as well."""
    return _me_too(post_id, actions.me_too, _joined_instead)


@bp.post("/p/<int:post_id>/me-too/remove")
def take_back_me_too(post_id):
    """No longer have it."""
    return _me_too(post_id, actions.take_back_me_too, _joined_not)


def _me_too(post_id, deed, from_composer):
    """from_composer(root id): what is done besides where the composer offered it in place of asking anew (field from: ask)."""
    root_id, asks = queries.get_post(post_id, viewer()).root_id, request.form.get("from") == "ask"
    with transaction():
        spend("deed", viewer().id)
        deed(root_id, viewer(), hold_seconds())
        if asks:
            from_composer(root_id)
    thread = queries.thread_of(root_id, viewer())
    return respond("search/_joined.html" if asks else "posts/_me_too.html", _show(root_id), thread=thread, in_thread="in_thread" in request.form,
                   is_in=thread.has_me_too)


def _joined_instead(root_id):
    learn(viewer(), root_id, "me_too", request.form.get("body", ""))
    draft_actions.drop_draft(viewer(), "ask")


def _joined_not(root_id):
    unlearn(viewer(), root_id, "me_too")


@bp.post("/p/<int:post_id>/accepted-answer")
def accept(post_id):
    """Accept a reply (field reply_id) as an answer to the question."""
    return _accept(post_id, actions.accept)


@bp.post("/p/<int:post_id>/accepted-answer/remove")
def unaccept(post_id):
    """Take that back."""
    return _accept(post_id, actions.unaccept)


def _accept(post_id, deed):
    reply = queries.get_post(_number("reply_id"), viewer())
    if reply.root_id != post_id:
        raise Missing()
    with transaction():
        spend("deed", viewer().id)
        deed(reply.id, viewer())
    return respond("posts/_accepted.html", _show(post_id, f"p{reply.id}"), reply_id=reply.id, **page_of(post_id, viewer()))


@bp.post("/p/<int:post_id>/access")
def give_access(post_id):
    """Let somebody (field handle) read the whole thread."""
    return _access(post_id, actions.give_access)


@bp.post("/p/<int:post_id>/access/remove")
def take_access(post_id):
    """Take somebody off again."""
    return _access(post_id, actions.take_access)


def _access(post_id, deed):
    root_id = queries.get_post(post_id, viewer()).root_id
    handle = request.form.get("handle", "")
    person = person_by_handle(handle)
    if person is None:
        raise Invalid("There is nobody with this handle here. It stands below the name on their page, such as @ada.", field="handle")
    with transaction():
        spend("deed", viewer().id)
        deed(root_id, viewer(), person.id)
    if not queries.is_readable(root_id, viewer()):              # whoever leaves by themself no longer sees it
        return respond("posts/_left.html", "/", post_id=root_id)
    return respond("posts/_access_changed.html", _show(root_id, f"access-{root_id}"), **page_of(root_id, viewer()))


@bp.post("/p/<int:post_id>/seen")
def seen(post_id):
    """The page stood before somebody's eyes for a second."""
    root_id = queries.get_post(post_id, viewer()).root_id
    with transaction():
        actions.mark_seen(root_id, viewer())
        read_thread(viewer(), root_id)
    return ("", 204) if request.wants_fragment else respond("", _show(root_id))


def _number(field):
    text = request.form.get(field, "")
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Invalid("Which reply is it? Use the button below the reply.", field=field)
    return int(text)
