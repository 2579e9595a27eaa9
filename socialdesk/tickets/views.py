"""How tickets meet the browser: the state panel and its deeds.  The desk's pages stand beside, by noun."""
from flask import Blueprint, redirect, render_template, request

from .. import web
from ..people.throttle_actions import spend
from . import actions, queries
from .desk_views import bp as desk_bp
from .major_views import bp as major_bp
from .owner_views import bp as owner_bp

bp = Blueprint("tickets", __name__)
blueprints = (bp, desk_bp, owner_bp, major_bp)
HOLD_SECONDS = 10               # how long a page's change of state may be undone before anybody is told


@bp.get("/p/<int:post_id>/panel")
def panel(post_id):
    """How a ticket stands, alone: what an open page fetches when it is told of a change."""
    if not request.wants_fragment:
        return redirect(f"/p/{post_id}", 303)
    return render_template("tickets/_panel.html", panel=queries.panel_of(post_id, web.viewer()))


@bp.post("/p/<int:post_id>/status")
def set_status(post_id):
    """Move a ticket on."""
    person, form = web.viewer(), request.form

    def deed():
        spend("deed", person.id)
        return {"event": actions.change_status(post_id, person, form.get("status", ""), form.get("sentence", ""),
                                               form.get("hold_reason") or None, hold_seconds=HOLD_SECONDS).id}
    web.once(person, deed)
    return _answer(post_id, person)


@bp.post("/p/<int:post_id>/status/undo")
def undo_status(post_id):
    """Take one's own change of state back before it is told."""
    person = web.viewer()

    def deed():
        actions.undo_status(post_id, person)
        return {}
    web.once(person, deed)
    return _answer(post_id, person)


def _answer(post_id, person):
    return web.respond("tickets/_panel.html", go_to=f"/p/{post_id}", trigger="thread-changed", panel=queries.panel_of(post_id, person))
