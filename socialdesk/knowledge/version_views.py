"""The versions of an article: the list, one of them, what changed between two, and bringing one back."""
from flask import Blueprint, render_template, request

from ..db import close_read, transaction
from ..errors import Invalid
from ..people.throttle_actions import spend
from ..policy import require
from ..web import go, limit_reads, viewer
from . import actions, picture_queries, queries, version_queries
from .checker import with_contents
from .difference_checker import difference

bp = Blueprint("versions", __name__)


def _article(slug):
    require(viewer(), "article.write")
    return queries.article_of(slug, viewer())


@bp.get("/help/<slug>/versions")
def browse(slug):
    """The versions, newest first."""
    article = _article(slug)
    versions, more = version_queries.versions_of(article, _number("before", None))
    return render_template("knowledge/versions.html", article=article, versions=versions, more=more)


@bp.get("/help/<slug>/versions/<int:n>")
def show(slug, n):
    """One version as it looked."""
    limit_reads("versions")
    article = _article(slug)
    version = version_queries.version_of(article, n)
    prepared = picture_queries.prepare_article(viewer(), version.body_md, version.title, article=article)
    html, _contents = with_contents(prepared.html)
    return render_template("knowledge/version.html", article=article, version=version, html=html)


@bp.get("/help/<slug>/difference")
def compare(slug):
    """What changed between two versions, at first between the last two."""
    limit_reads("versions")
    article = _article(slug)
    to = _number("to", article.version)
    old, new = (version_queries.version_of(article, n) for n in (_number("from", max(1, to - 1)), to))
    versions, _more = version_queries.versions_of(article, limit=200)
    close_read()
    return render_template("knowledge/difference.html", article=article, old=old, new=new, versions=versions,
                           changes=difference(old.body_md, new.body_md))


@bp.post("/help/<slug>/versions/<int:n>/restore")
def restore(slug, n):
    """Make the text of a version the text of today, as a new version."""
    article = _article(slug)
    version = version_queries.version_of(article, n)
    prepared = picture_queries.prepare_article(viewer(), version.body_md, version.title, article=article)
    with transaction():
        spend("post", viewer().id)
        actions.revise_article(article.id, viewer(), prepared)
    return go(f"/help/{article.slug}")


def _number(name, otherwise):
    text = request.args.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid("A version is a number. Choose one from the list of versions.", field=name)
    return int(text) if text else otherwise
