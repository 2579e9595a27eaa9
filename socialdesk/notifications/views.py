"""The inbox, and what a person chooses about being told."""
from flask import Blueprint, g, render_template, request, url_for
from werkzeug.local import LocalProxy

from ..db import transaction
from ..people.profile_actions import change_profile
from ..people.throttle_actions import spend
from ..posts import thread_actions
from ..web import respond, viewer
from . import actions, device_views, hours_checker, push_delivery, queries

bp = Blueprint("notifications", __name__)
blueprints = (bp, device_views.bp)
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
        actions.read_all(viewer(), request.form.get("up_to", type=int))
    return _answer()


def _inbox(cursor=None):
    page = queries.inbox_of(viewer(), cursor, waiting=False)
    waiting = [] if cursor else queries.waiting_of(viewer())
    return {"here": "inbox", "cursor": cursor, "waiting": waiting, "lines": page.lines, "next_cursor": page.next_cursor,
            "up_to": max((line.event_id for line in (*waiting, *page.lines)), default=0),
            "hours": hours_checker.describe(queries.choices_of(viewer()).hours)}


def _answer():
    return respond("notifications/_inbox_told.html", url_for("notifications.inbox"), **(_inbox() if request.wants_fragment else {}))


# --- choices

@bp.get("/me/notifications")
def choices():
    """Devices, quiet hours, the locked phone, what is muted."""
    return render_template("notifications/choices.html", here="me", devices=queries.devices_of(viewer()),
                           muted=queries.muted_of(viewer()), **_choices())


@bp.post("/me/notifications/lock-screen")
def lock_screen():
    """What a locked phone shows."""
    spend("deed", viewer().id)
    with transaction():
        change_profile(viewer(), lock_screen=request.form.get("lock_screen"), lock_private=request.form.get("lock_private"))
    return respond("notifications/_lock_screen.html", url_for(".choices"), kept=True, **_choices())


@bp.post("/me/notifications/muted/<int:root_id>/remove")
def unmute(root_id):
    """Hear of a thread again."""
    spend("deed", viewer().id)
    with transaction():
        thread_actions.unfollow(root_id, viewer())
    return respond("notifications/_muted.html", url_for(".choices"), muted=queries.muted_of(viewer()))


def _choices():
    chosen = queries.choices_of(viewer())
    return {"hours": hours_checker.describe(chosen.hours), "tz": chosen.tz, "lock_screen": chosen.lock_screen}
