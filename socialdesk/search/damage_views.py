"""A damaged posting list that a request came upon is noted, so that a job writes all of them anew."""
from flask import Blueprint, current_app

from ..people.me_views import Presence
from .rebuild_actions import note_damage
from .shelf_queries import shelf

bp = Blueprint("index_damage", __name__)


@bp.record_once
def _watch(state):
    state.app.extensions["index_damage"] = Presence(state.app, lambda _seen: note_damage())


@bp.after_app_request
def _note(answer):
    """What only reads writes nothing: it is written down a moment later."""
    if shelf.damaged:
        shelf.damaged = False
        current_app.extensions["index_damage"].note("index")
    return answer
