"""The inbox, and what a person chooses about being told."""
from flask import Blueprint, g, render_template, request, url_for
from werkzeug.local import LocalProxy

from ..db import transaction
from ..people.throttle_actions import spend
from ..web import respond, viewer
from . import actions, admin_views, choice_queries, choice_views, deed_views, device_views, hours_checker, mail_views, push_delivery, queries

bp = Blueprint("notifications", __name__)
blueprints = (bp, admin_views.bp, choice_views.bp, deed_views.bp, device_views.bp, mail_views.bp)
__all__ = ["blueprints", "push_delivery"]       # loaded with the room, so that its jobs find the sender


@bp.app_context_processor
def unread():
    """`unread` for every page: counted when the page shows it, once."""
    return {"unread": LocalProxy(_unread_of_page)}


def _unread_of_page():
    person = viewer()
    if "unread" not in g:
        g.unread = queries.unread_count(person) if person else 0
    return g.unread


# --- the inbox

@bp.get("/inbox")
def inbox():
    """What needs this person, and what is nice to know."""
    cursor = request.args.get("cursor")
    part = "_more.html" if cursor else "_inbox_told.html"
    return render_template("notifications/" + (part if request.wants_fragment else "inbox.html"), **_inbox(cursor))


@bp.post("/inbox/<int:notification_id>/read")
def read(notification_id):
    """One line is read."""
    spend("deed", viewer().id)
    with transaction():
        actions.read_line(viewer(), notification_id)
    return _answer()


@bp.post("/inbox/read")
def read_all():
    """All lines are read, as far as the page showed them."""
    spend("deed", viewer().id)
    with transaction():
        actions.read_all(viewer(), _up_to(request.form.get("up_to", "")))
    return _answer()


def _up_to(text):
    """The event up to which all is read; None for everything, 0 where the form says something that is none."""
    if not text or text.isdecimal() and len(text) > 15:
        return None
    return int(text) if text.isdecimal() and text.isascii() else 0


def _inbox(cursor=None):
    page = queries.inbox_of(viewer(), cursor, waiting=False)
    waiting, chosen = [] if cursor else queries.waiting_of(viewer()), choice_queries.when_of(viewer())
    return {"here": "inbox", "cursor": cursor, "waiting": waiting, "lines": page.lines, "next_cursor": page.next_cursor,
            "up_to": max((line.event_id for line in (*waiting, *page.lines)), default=0),
            "chosen": chosen, "hours": hours_checker.describe(chosen.hours)}


def _answer():
    return respond("notifications/_inbox_told.html", url_for("notifications.inbox"), **(_inbox() if request.wants_fragment else {}))
