"""An owner's articles that need a look, and for an admin how all of them stand."""
from flask import Blueprint, render_template, request

from ..policy import can, require
from ..web import viewer
from . import care_queries, withdrawal_queries

bp = Blueprint("own_articles", __name__)


@bp.get("/me/articles")
def mine():
    """One's own articles that are stale or do not help, each with the reason and what to do."""
    require(viewer(), "article.write")
    rows, following = care_queries.to_care_for(viewer(), request.args.get("cursor"))
    owners = care_queries.care_by_owner(viewer()) if can(viewer(), "admin") else None
    first = "cursor" not in request.args
    back = withdrawal_queries.withdrawn(viewer()) if first and can(viewer(), "article.restore") else []
    return render_template("knowledge/mine.html", rows=rows, owners=owners, first=first, back=back, here="help",
                           more=following and f"/me/articles?cursor={following}")
