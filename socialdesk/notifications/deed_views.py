"""Notices on a device: the buttons they carry, and which of them still stand."""
from flask import Blueprint, jsonify, redirect, render_template, request

from ..errors import Missing
from ..people.throttle_actions import spend
from ..web import once, viewer
from . import button_queries, deed_actions, due_queries, queries
from .button_checker import BUTTONS, done_before, stale

bp = Blueprint("deeds", __name__)


@bp.get("/notices/<int:notification_id>/<deed>")
def ask(notification_id, deed):
    """The page with the same button: for browsers without scripts, and after signing in again.  It does nothing by itself."""
    told = button_queries.told_of(viewer(), notification_id, deed, _n())
    sentence, quote = due_queries.in_words(told, viewer().tz)
    return render_template("notifications/deed.html", here="inbox", told=told, button=BUTTONS[deed], why=stale(deed, told, viewer().id),
                           sentence=sentence, quote=quote, action=f"{request.path}?n={_n()}")


@bp.post("/notices/<int:notification_id>/<deed>")
def press(notification_id, deed):
    """Do it; the same press twice is once, and what is said of it holds at that moment."""
    person, n, fresh = viewer(), _n(), []

    def work():
        spend("deed", person.id)
        fresh.append(True)
        return {"post": deed_actions.press(person, notification_id, deed, n)}
    done = once(person, work, key=f"notice {notification_id}.{n} {deed}")
    if request.wants_json:
        sentence = BUTTONS[deed].done if fresh else done_before(deed, _told_again(person, notification_id, deed, n), person.id)
        return jsonify(sentence=sentence, badge=queries.unread_count(person))
    return redirect(f"/p/{done['post']}", 303)


def _told_again(person, *notice):
    try:
        return button_queries.told_of(person, *notice)
    except Missing:
        raise Missing("You pressed this before. By now the ticket is not here for you any more.") from None


@bp.get("/inbox/standing")
def standing():
    """Which of the lines a device shows (lines=1,2) are still unread, and the number for the badge."""
    asked = [int(part) for part in request.args.get("lines", "").split(",") if part.isdecimal() and len(part) < 19]
    return jsonify(unread=queries.standing_of(viewer(), asked[:queries.MOST_COUNTED]), badge=queries.unread_count(viewer()))


def _n():
    """Which telling of the notice was pressed.  Raises Missing where none is named."""
    n = request.args.get("n", "")
    if not (n.isdecimal() and len(n) < 10):
        raise Missing("This button belongs to no notice. Open your inbox and go on from there.")
    return int(n)
