"""The deeds of single kinds as forms: choose in a poll, move an idea on."""
from flask import Blueprint, request, url_for

from ..db import transaction
from ..errors import Invalid
from ..people.throttle_actions import spend
from ..web import respond, viewer
from . import idea_actions, poll_actions, poll_queries, queries
from .page_views import page_of

bp = Blueprint("kinds", __name__)


@bp.post("/p/<int:post_id>/poll")
def answer_poll(post_id):
    """Choose in a poll; field option is the id of one of its options."""
    return _poll(post_id, lambda root_id: poll_actions.answer_poll(root_id, viewer(), _option()))


@bp.post("/p/<int:post_id>/poll/remove")
def take_back_answer(post_id):
    """Choose nothing."""
    return _poll(post_id, lambda root_id: poll_actions.take_back_answer(root_id, viewer()))


def _poll(post_id, deed):
    root_id = queries.get_post(post_id, viewer()).root_id
    with transaction():
        spend("deed", viewer().id)
        deed(root_id)
    return respond("posts/_poll.html", url_for("posts.show", post_id=root_id), post_id=root_id, poll=poll_queries.polls_of(viewer(), [root_id])[root_id])


def _option():
    text = request.form.get("option", "")
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Invalid("Choose one of the options the poll shows.", field="option")
    return int(text)


@bp.post("/p/<int:post_id>/idea")
def move_idea(post_id):
    """Say how an idea goes on; fields status, sentence."""
    root_id = queries.get_post(post_id, viewer()).root_id
    with transaction():
        spend("deed", viewer().id)
        idea_actions.move_idea(root_id, viewer(), request.form.get("status", ""), request.form.get("sentence", ""))
    return respond("posts/_idea_moved.html", url_for("posts.show", post_id=root_id), **page_of(root_id, viewer()))
