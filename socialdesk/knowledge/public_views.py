"""Help and its articles for who is not signed in, where the desk lets anybody read them: no deeds, no people."""
from urllib.parse import quote

from flask import redirect, render_template, request

from ..errors import Missing, SignedOut
from ..tags.checker import fold
from ..tags.queries import tag_by_name, tags_of
from . import help_queries, public_queries
from .checker import LEAST_HEADINGS, with_contents


def browse():
    """The articles that are for everyone."""
    order, name, cursor = request.args.get("view"), request.args.get("tag", ""), request.args.get("cursor")
    order = order if order in help_queries.ORDERS else help_queries.ORDERS[0]
    tag = tag_by_name(name) if name else None
    rows, following = public_queries.articles(order, cursor, (tag.id if tag else 0) if name else None)
    where = f"/help?view={order}" + (f"&tag={quote(fold(name), safe='')}" if name else "")
    found = {"rows": rows, "order": order, "more": following and f"{where}&cursor={following}"}
    if cursor and request.wants_fragment:
        return render_template("knowledge/_rows.html", **found)
    return render_template("knowledge/public_help.html", tag=name, tags=[] if name or cursor else help_queries.article_tags(), first=not cursor, **found)


def show(slug):
    """An article.  One that is not for everyone, and one there never was, ask alike to sign in."""
    try:
        article = public_queries.article_of(slug)
    except Missing:
        raise SignedOut("This page asks you to sign in.") from None
    if article["slug"] != slug:
        return redirect(f"/help/{article['slug']}", 302)
    html, contents = with_contents(article["body_html"])
    return render_template("knowledge/public_article.html", article=article, html=html, contents=contents if len(contents) >= LEAST_HEADINGS else [],
                           tags=tags_of([article["id"]]).get(article["id"], []))
