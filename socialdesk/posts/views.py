"""The page of a thread, and the text of a post: change it, look at how it was, take it back."""
from flask import Blueprint, redirect, render_template, request, url_for

from ..db import transaction
from ..errors import Conflict
from ..people.throttle_actions import spend
from ..policy import require
from ..web import go, limit_reads, respond, viewer
from . import actions, ask_views, attachment_views, draft_views, kind_views, queries, reaction_views, reply_views, share_views, thread_views
from .page_views import before_asked, page_of

bp = Blueprint("posts", __name__)
blueprints = (bp, ask_views.bp, reply_views.bp, thread_views.bp, draft_views.bp, attachment_views.bp, reaction_views.bp, share_views.bp, kind_views.bp)


@bp.get("/p/<int:post_id>")
def show(post_id):
    """A thread: how it stands, what was said and what happened; as a fragment for the pane beside a list.
    A reply's address leads to its place in it."""
    thread = queries.thread_of(post_id, viewer())
    if thread.asked_id != thread.id:
        return redirect(_place_of(thread), 303)
    if thread.kind == "article" and thread.slug:
        return go(f"/help/{thread.slug}")
    return render_template("posts/_beside.html" if request.wants_fragment else "posts/show.html", **page_of(thread, viewer(), before_asked()))


def _place_of(thread):
    """The address of a reply in its thread, on the page of the thread where it stands."""
    before = thread.asked_id + 1 if queries.is_far_back(thread.id, thread.asked_id, viewer()) else None
    return url_for(".show", post_id=thread.id, before=before, _anchor=f"p{thread.asked_id}")


@bp.get("/p/<int:post_id>/timeline")
def timeline(post_id):
    """The timeline alone, for a page that stays open."""
    if not request.wants_fragment:
        return redirect(url_for(".show", post_id=post_id), 303)
    return render_template("posts/_timeline.html", **page_of(post_id, viewer(), before_asked()))


@bp.get("/p/<int:post_id>/edit")
def edit_form(post_id):
    """The form to change a text; of an article, its editor."""
    post = queries.get_post(post_id, viewer())
    require(viewer(), "post.edit", post)
    if post.kind == "article":
        return redirect(f"/help/{queries.thread_of(post.id, viewer()).slug}/edit", 303)
    return render_template("posts/edit.html", post=post, own_title=queries.own_title(post), photos=queries.photos_of(post.id))


@bp.post("/p/<int:post_id>/edit")
def edit(post_id):
    """Change a text; how it was stays as a version."""
    post = queries.get_post(post_id, viewer())
    require(viewer(), "post.edit", post)
    if post.kind == "article":
        raise Conflict("An article is changed in its own editor, which shows what others saved meanwhile. Your text is kept: copy it, "
                       "open the article, and choose to change it there.")
    spend("post", viewer().id)
    photos = [file for file in request.files.getlist("photo") if file.filename]
    prepared = queries.prepare(viewer(), request.form.get("body", ""), request.form.get("title"), photos, queries.photos_of(post.id))
    with transaction():
        actions.edit(post.id, viewer(), prepared)
    return go(_there(post))


@bp.get("/p/<int:post_id>/versions")
def versions(post_id):
    """How a text was before it was changed."""
    limit_reads("versions")
    post = queries.get_post(post_id, viewer())
    return render_template("posts/versions.html", post=post, versions=queries.versions_of(post_id, viewer()), there=_there(post))


@bp.post("/p/<int:post_id>/delete")
def delete(post_id):
    """Take a post back."""
    post = queries.get_post(post_id, viewer(), standing=False)
    with transaction():
        spend("deed", viewer().id)
        actions.delete(post.id, viewer())
    if not queries.is_readable(post.root_id, viewer()):
        return go("/")
    return respond("posts/_timeline.html", _there(post), **page_of(post.root_id, viewer()))


def _there(post):
    return url_for(".show", post_id=post.root_id, _anchor=None if post.id == post.root_id else f"p{post.id}")
