"""How the feed is ordered: the formula, and what it made of one card."""
from flask import Blueprint, render_template, request

from ..web import viewer
from . import rank_checker, ranked_queries

bp = Blueprint("feed_order", __name__)


@bp.get("/feed/why/<int:root_id>")
def why(root_id):
    """Why this person sees a thread where they see it."""
    template = "feed/_why.html" if request.wants_fragment else "feed/why.html"
    return render_template(template, here="feed", **_standing(root_id))


@bp.get("/feed/order")
def order():
    """The formula in plain words, and the numbers of one's own first card."""
    first = ranked_queries.first_of(viewer())
    return render_template("feed/order.html", here="feed", rules=rank_checker, **(_standing(first) if first else {"card": None}))


def _standing(root_id):
    card, place = ranked_queries.standing_of(viewer(), root_id)
    moment = ranked_queries.moment_us()
    return {"card": card, "place": place, "reasons": rank_checker.reasons(card, moment), "hours": rank_checker.hours_quiet(card, moment),
            "points": rank_checker.points(card, moment), "score": rank_checker.score(card, moment),
            "still_counts": rank_checker.still_counts(card, moment), "shelf": rank_checker.shelf(card, moment)}
