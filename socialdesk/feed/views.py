"""The feed: what one may see, newest first, and the pill that says there is more."""
from flask import Blueprint, render_template, request

from ..web import viewer
from . import queries

bp = Blueprint("feed", __name__)
blueprints = (bp,)


@bp.get("/")
def show():
    """The feed; the cards after a cursor alone where the page asks for more of them."""
    cursor = request.args.get("cursor")
    page = queries.feed_page(viewer(), cursor)
    template = "feed/_more.html" if cursor and request.wants_fragment else "feed/page.html"
    return render_template(template, page=page, where="/", first=not cursor)


@bp.get("/feed/new")
def new():
    """The pill that tells of posts newer than the first one on the page."""
    since = request.args.get("since") or "0"
    return render_template("feed/_new.html", since=since, count=queries.count_new(viewer(), since))
