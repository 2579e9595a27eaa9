"""Where search meets the browser: the results page; what the composer shows stands beside."""
from flask import Blueprint, render_template, request

from ..request import for_strangers
from ..tags.checker import MAX_LENGTH
from ..web import limit_reads, viewer
from . import count_views, damage_views, desk_views, found_queries, lesson_views, public_views, suggest_views, tally_queries
from .query_checker import parse
from .tally_index import folded

bp = Blueprint("search", __name__)
blueprints = (bp, suggest_views.bp, count_views.bp, damage_views.bp, desk_views.bp, lesson_views.bp)

MOST_LETTERS = 500


@bp.get("/search")
@for_strangers(public_views.results)
def results():
    """Everything this person may see that was meant by what they typed, best first; see query_checker for what may be typed."""
    limit_reads("search")
    q, cursor = request.args.get("q", "").strip()[:MOST_LETTERS], request.args.get("cursor")
    kind, tag = _kind(), request.args.get("tag", "").strip().removeprefix("#")[:MAX_LENGTH]
    found, next_cursor = found_queries.search(viewer(), q, cursor=cursor, kind=kind, tag=tag) if q else ([], None)
    page = {"q": q, "kind": kind, "tag": tag, "found": found, "next_cursor": next_cursor, "first": not cursor, "kinds": found_queries.KINDS}
    if not q:
        return render_template("search/results.html", popular=tally_queries.popular(viewer()), **page)
    if not cursor:
        page |= {"tags": found_queries.hashtags_among(found), "meant": found_queries.did_you_mean(viewer(), q)}
        _count(q, found, kind or tag)
    return render_template("search/results.html", **page)


def _kind():
    """The kind that is looked among; one that is none means all."""
    kind = request.args.get("kind", "")
    return kind if kind in found_queries.KINDS else ""


def _count(q, found, is_narrow):
    """Count a search, in memory and without a name, if it may be; of one in a part only nothing is known."""
    text = parse(q).text
    if folded(text) and not is_narrow and tally_queries.may_count(viewer(), text):
        count_views.searches().note(found and tally_queries.fits(viewer(), text), text)
