"""The feed: what one may see in the order one chose, the pill that says there is more, and why a card stands where it stands."""
from flask import Blueprint, current_app, render_template, request

from ..notifications.queries import unread_count
from ..web import viewer
from . import card_views, choice_views, frame_views, order_views, queries

bp = Blueprint("feed", __name__)
blueprints = (bp, choice_views.bp, order_views.bp)


@bp.get("/")
def show():
    """The feed in the view asked for, else the one chosen; the cards after a cursor alone where the page asks for more."""
    if request.headers.get("X-Draw-Anew") and not current_app.config["SETTINGS"].limits:
        card_views.forget()             # for load tests
    view, cursor = queries.view_of(viewer(), request.args.get("view")), request.args.get("cursor")
    found = queries.feed_page(viewer(), cursor, view=view)
    page = card_views.drawn(found)
    if cursor and request.wants_fragment:
        return render_template("feed/_more.html", page=page, where=f"/?view={view}", first=False)
    return frame_views.framed(
        viewer(), page, unread=unread_count(viewer()), view=view, first=not cursor, has_own=not cursor and any([row.is_mine for row in found.rows]),
        shows_hint="swipe-hint" not in request.cookies)


@bp.get("/feed/new")
def new():
    """The pill that tells of posts newer than the newest there was."""
    view, since = queries.view_of(viewer(), request.args.get("view")), request.args.get("since") or "0"
    return render_template("feed/_new.html", since=since, view=view, count=queries.count_new(viewer(), since, view))
