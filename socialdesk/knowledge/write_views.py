"""Where agents write articles."""
from flask import Blueprint, make_response, render_template, request

from ..db import transaction
from ..errors import Refusal
from ..people.throttle_actions import spend
from ..policy import require
from ..posts.queries import prepare
from ..web import go, once, viewer
from . import actions, queries
from .checker import is_edit_address, with_contents

bp = Blueprint("articles", __name__)


@bp.get("/help/new")
def begin():
    """The form of a new article; a link may bring title and text along."""
    require(viewer(), "article.write")
    return _form("/help/new", request.args.get("title", ""), request.args.get("body", ""))


@bp.post("/help/new")
def publish():
    """Publish it."""
    require(viewer(), "article.write")
    try:
        prepared = _prepared()
        slug = once(viewer(), lambda: _publish(prepared))["slug"]
    except Refusal as error:
        return _again("/help/new", error)
    return go(f"/help/{slug}")


def _publish(prepared):
    spend("post", viewer().id)
    post = actions.publish_article(viewer(), prepared, lang=viewer().lang)
    return {"id": post.id, "slug": queries.slug_of(post.id)}


@bp.get("/help/<slug>/edit")
def change(slug):
    """The form of an article as it stands."""
    article = queries.article_of(slug, viewer())
    require(viewer(), "article.write")
    return _form(f"/help/{article.slug}/edit", article.title, article.body_md)


@bp.post("/help/<slug>/edit")
def revise(slug):
    """Change it; what it was stays as a version."""
    article = queries.article_of(slug, viewer())
    require(viewer(), "article.write")
    try:
        prepared = _prepared()
        with transaction():
            spend("post", viewer().id)
            actions.revise_article(article.id, viewer(), prepared)
    except Refusal as error:
        return _again(f"/help/{article.slug}/edit", error)
    return go(f"/help/{article.slug}")


@bp.post("/help/preview")
def preview():
    """How it will look.  Nothing is written."""
    require(viewer(), "article.write")
    spend("deed", viewer().id)
    action = request.form.get("action", "")
    try:
        prepared = _prepared()
    except Refusal as error:
        return _again(action, error)
    html, _contents = with_contents(prepared.html)
    if request.wants_fragment:
        return render_template("knowledge/_preview.html", title=prepared.title, html=html)
    return _form(action, request.form.get("title", ""), request.form.get("body", ""), key=request.form.get("key"), title_shown=prepared.title, html=html)


def _prepared():
    return prepare(viewer(), request.form.get("body", ""), title=request.form.get("title", ""))


def _form(action, title, body, **more):
    where = action if action == "/help/new" or is_edit_address(action) else "/help/new"
    return render_template("knowledge/edit.html", action=where, is_new=where == "/help/new", title=title, body=body, here="help", **more)


def _again(action, error):
    """The form with all that was typed and the sentence beside what it is about; by htmx a notice, the form stands there still."""
    if request.wants_fragment or request.wants_json or error.status >= 500:
        raise error
    answer = make_response(_form(action, request.form.get("title", ""), request.form.get("body", ""), error=error), error.status)
    if getattr(error, "retry_after", None):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer
