"""What one chooses about the feed, as forms: its view, what a swipe does, and whether to see just one's tickets."""
from flask import Blueprint, request

from .. import live
from ..db import transaction
from ..people.throttle_actions import spend
from ..web import SAFE, go, respond, viewer
from . import actions, ranked_queries

bp = Blueprint("feed_choices", __name__)
live.inner["lists"] = ranked_queries.forget             # what another process was told of


@bp.post("/feed/view")
def choose_view():
    """Open the feed with this view (field view) from now on."""
    with transaction():
        spend("deed", viewer().id)
        actions.choose_view(viewer(), request.form.get("view", ""))
    return go("/")


@bp.post("/me/only-tickets")
def choose_only_tickets():
    """Just my tickets, without the social side."""
    return _choose(True)


@bp.post("/me/only-tickets/remove")
def choose_everything():
    """The whole feed again."""
    return _choose(False)


def _choose(is_only):
    with transaction():
        spend("deed", viewer().id)
        actions.choose_only_tickets(viewer(), is_only)
    return respond("feed/_only_tickets.html", "/me/notifications", only_tickets=is_only)


@bp.post("/me/swipes")
def choose_swipes():
    """What a swipe to the right and to the left does (fields right, left)."""
    right, left = request.form.get("right", ""), request.form.get("left", "")
    with transaction():
        spend("deed", viewer().id)
        actions.choose_swipes(viewer(), right, left)
    return respond("feed/_swipes.html", "/me/notifications#swipes", right=right, left=left, kept=True)


@bp.after_app_request
def _rank_anew(answer):
    """Who asked, followed or muted something finds it in the next list."""
    if request.method not in SAFE and answer.status_code < 400 and request.path.endswith(("/ask", "/follow", "/follow/remove", "/follows")):
        person = viewer()
        if person:
            ranked_queries.forget(person.id)
    return answer
