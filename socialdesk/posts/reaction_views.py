"""Likes, votes and saved threads as forms; and the page of what one has saved."""
from flask import Blueprint, render_template, request, url_for

from ..db import transaction
from ..people.throttle_actions import spend
from ..web import hold_seconds, respond, viewer
from . import queries, reaction_actions, reaction_queries

bp = Blueprint("reactions", __name__)


@bp.post("/p/<int:post_id>/reaction")
def react(post_id):
    """Like a post or reply; field kind: like (else vote, for an idea)."""
    return _react(post_id, reaction_actions.react, request.form.get("kind", "like"))


@bp.post("/p/<int:post_id>/reaction/remove")
def take_back_reaction(post_id):
    """Take it back."""
    return _react(post_id, reaction_actions.take_back_reaction, request.form.get("kind", "like"))


@bp.post("/p/<int:post_id>/vote")
def vote(post_id):
    """Vote for an idea."""
    return _react(post_id, reaction_actions.react, "vote")


@bp.post("/p/<int:post_id>/vote/remove")
def take_back_vote(post_id):
    """Take the vote back."""
    return _react(post_id, reaction_actions.take_back_reaction, "vote")


def _react(post_id, deed, kind):
    queries.get_post(post_id, viewer())
    with transaction():
        spend("deed", viewer().id)
        deed(post_id, viewer(), kind, hold_seconds())
    row = reaction_queries.reaction_of(post_id, viewer())
    return respond(f"posts/_{kind}.html", _there(row), post_id=row.id, likes=row.likes, liked=row.liked, votes=row.votes, voted=row.voted,
                   in_thread="in_thread" in request.form)


@bp.post("/p/<int:post_id>/save")
def save(post_id):
    """Keep a thread for later."""
    return _save(post_id, reaction_actions.save)


@bp.post("/p/<int:post_id>/save/remove")
def unsave(post_id):
    """Keep it no longer."""
    return _save(post_id, reaction_actions.unsave)


def _save(post_id, deed):
    root_id = queries.get_post(post_id, viewer()).root_id
    with transaction():
        spend("deed", viewer().id)
        deed(root_id, viewer())
    row = reaction_queries.reaction_of(root_id, viewer())
    return respond("posts/_save.html", _there(row), post_id=row.id, saved=row.saved, in_thread="in_thread" in request.form)


def _there(row):
    return url_for("posts.show", post_id=row.root_id, _anchor=None if row.id == row.root_id else f"p{row.id}")


@bp.get("/me/saved")
def saved():
    """What one has saved, the latest first."""
    cursor = request.args.get("cursor")
    rows, next_cursor = reaction_queries.saved_of(viewer(), cursor)
    return render_template("posts/saved.html", here="me", rows=rows, next_cursor=next_cursor, first=not cursor)
