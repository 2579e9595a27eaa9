"""Where the knowledge base meets the browser: Help and its articles."""
from flask import Blueprint, redirect, render_template, request

from ..policy import require
from ..tags.queries import tags_of
from ..web import viewer
from . import queries
from .checker import LEAST_HEADINGS, with_contents
from .verdict_views import bp as verdicts
from .write_views import bp as writing

bp = Blueprint("knowledge", __name__)
blueprints = (bp, writing, verdicts)


@bp.get("/help")
def browse():
    """Known answers: what helped most, or what is newest."""
    order = request.args.get("view") if request.args.get("view") in queries.ORDERS else queries.ORDERS[0]
    cursor = request.args.get("cursor")
    rows, next_cursor = queries.articles(viewer(), order, cursor)
    more = f"/help?view={order}&cursor={next_cursor}" if next_cursor else None
    if cursor and request.wants_fragment:
        return render_template("knowledge/_rows.html", rows=rows, more=more)
    return render_template("knowledge/help.html", rows=rows, more=more, order=order, first=not cursor,
                           tags=queries.article_tags() if not cursor else [])


@bp.get("/help/<slug>")
def show(slug):
    """An article."""
    article = queries.article_of(slug, viewer())
    if article.slug != slug:
        return redirect(f"/help/{article.slug}", 302)
    html, contents = with_contents(article.body_html)
    return render_template("knowledge/article.html", article=article, html=html, contents=contents if len(contents) >= LEAST_HEADINGS else [],
                           tags=tags_of([article.id]).get(article.id, []), verdict=_verdict(article))


def _verdict(article):
    return {"id": article.id, "verdict": article.verdict, "solved": article.solved, "not_solved": article.not_solved,
            "to": f"/help/{article.slug}"}


@bp.get("/help/<slug>/versions")
def versions(slug):
    """The texts of an article as they stood, for those who write them."""
    article = queries.article_of(slug, viewer())
    require(viewer(), "article.write")
    return render_template("knowledge/versions.html", article=article, versions=queries.versions_of(article))
