"""Where pages put what is typed and not yet sent."""
from flask import Blueprint, request

from ..db import transaction
from ..people.throttle_actions import spend
from ..web import viewer
from . import draft_actions

bp = Blueprint("drafts", __name__)


@bp.post("/drafts")
def keep():
    """Keep a draft of the person who is signed in; an empty one is let go."""
    with transaction():
        spend("deed", viewer().id)
        draft_actions.keep_draft(viewer(), request.form.get("place", ""), request.form.get("text", ""))
    return "", 204
