"""Where the knowledge base meets the browser: Help and its articles."""
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request

from ..db import now, transaction
from ..notifications.actions import read_thread
from ..people.throttle_actions import spend
from ..policy import can, require
from ..search.tally_queries import wanted
from ..request import for_strangers
from ..tags.checker import fold
from ..tags.queries import tag_by_name, tags_of
from ..web import respond, viewer
from . import actions, help_queries, public_views, queries, review_actions, source_queries
from .checker import LEAST_HEADINGS, with_contents
from .owner_views import bp as own_articles
from .verdict_views import bp as verdicts
from .version_views import bp as versions
from .withdrawal_views import bp as withdrawals
from .write_views import bp as writing

bp = Blueprint("knowledge", __name__)
blueprints = (bp, writing, versions, verdicts, own_articles, withdrawals)
__all__ = ["blueprints", "review_actions"]      # loaded with the room, so that the clockwork knows it


# --- Help

@bp.get("/help")
@for_strangers(public_views.browse)
def browse():
    """Known answers: what helped most, what is newest, what carries a hashtag; for the desk, what to look at again."""
    view, cursor, name = request.args.get("view"), request.args.get("cursor"), request.args.get("tag", "")
    found = _to_review(cursor) if view == "review" else _articles(view, cursor, name)
    if cursor and request.wants_fragment:
        return render_template("knowledge/_rows.html", **found)
    front = {"tags": help_queries.article_tags()} if not cursor and not name and view != "review" else {}
    if can(viewer(), "article.write"):
        front["due"] = help_queries.reviews_due(viewer())
        front["wanted"] = wanted(viewer()) if "tags" in front else ()
    return render_template("knowledge/help.html", first=not cursor, tag=name, **found, **front)


def _articles(view, cursor, name):
    order = view if view in help_queries.ORDERS else help_queries.ORDERS[0]
    tag = tag_by_name(name) if name else None
    rows, next_cursor = help_queries.articles(viewer(), order, cursor, tag_id=(tag.id if tag else 0) if name else None)
    where = f"/help?view={order}" + (f"&tag={quote(fold(name), safe='')}" if name else "")
    return {"rows": rows, "order": order, "more": next_cursor and f"{where}&cursor={next_cursor}"}


def _to_review(cursor):
    require(viewer(), "article.write")
    rows, next_cursor = help_queries.to_review(viewer(), cursor)
    return {"rows": rows, "order": "review", "more": next_cursor and f"/help?view=review&cursor={next_cursor}"}


# --- an article

@bp.get("/help/<slug>")
@for_strangers(public_views.show)
def show(slug):
    """An article."""
    article = queries.article_of(slug, viewer())
    if article.slug != slug:
        return redirect(f"/help/{article.slug}", 302)
    html, contents = with_contents(article.body_html)
    tags = tags_of([article.id]).get(article.id, [])
    return render_template("knowledge/article.html", article=article, html=html, contents=contents if len(contents) >= LEAST_HEADINGS else [],
                           tags=tags, related=queries.related_to(article, tags, viewer()), verdict=_verdict(article), is_due=_is_due(article),
                           tickets=source_queries.tickets_behind(article.id, viewer()))


def _verdict(article):
    return {"id": article.id, "verdict": article.verdict, "solved": article.solved, "not_solved": article.not_solved,
            "to": f"/help/{article.slug}"}


def _is_due(article):
    return article.review_at is not None and article.review_at <= now()


@bp.post("/help/<slug>/review")
def review(slug):
    """Somebody of the desk looked, and it still holds."""
    require(viewer(), "article.write")
    article = queries.article_of(slug, viewer())
    with transaction():
        spend("deed", viewer().id)
        actions.keep_as_it_is(article.id, viewer())
        read_thread(viewer(), article.id)
    article = queries.article_of(slug, viewer())
    return respond("knowledge/_review.html", f"/help/{article.slug}", article=article, is_due=_is_due(article))
