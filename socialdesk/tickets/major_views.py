"""Major incidents as pages and forms: mark a ticket as one, say the next word, say that it is over."""
from flask import Blueprint, render_template, request

from .. import policy, web
from ..people.throttle_actions import spend
from ..posts import queries as posts
from ..posts.page_views import page_of
from . import major_actions, queries
from .checker import MINUTES

bp = Blueprint("majors", __name__)


@bp.get("/p/<int:post_id>/major")
def show(post_id):
    """The public text and its promise, before anybody is told; or how to end it."""
    person = web.viewer()
    panel = queries.panel_of(post_id, person)
    policy.require(person, "major.declare", posts.get_post(post_id, person))
    return render_template("tickets/major.html", panel=panel, thread=posts.thread_of(post_id, person), minutes=MINUTES, here="desk")


@bp.post("/p/<int:post_id>/major")
def declare(post_id):
    """Tell everyone; fields body (what they will read), minutes (until the next word)."""
    person = web.viewer()
    queries.panel_of(post_id, person)
    policy.require(person, "major.declare", posts.get_post(post_id, person))
    prepared = posts.prepare(person, request.form.get("body", ""))

    def deed():
        spend("post", person.id)
        return {"id": major_actions.declare_major(post_id, person, prepared, request.form.get("minutes"))}
    return web.go(f"/p/{web.once(person, deed)['id']}")


@bp.post("/p/<int:post_id>/word")
def word(post_id):
    """The next word, on the public post; fields body, minutes."""
    person = web.viewer()
    root_id = posts.get_post(post_id, person).root_id
    prepared = posts.prepare(person, request.form.get("body", ""))

    def deed():
        spend("post", person.id)
        return {"id": major_actions.say_word(root_id, person, prepared, request.form.get("minutes")).id}
    made = web.once(person, deed)
    return web.respond("tickets/_major_said.html", f"/p/{root_id}#p{made['id']}", **page_of(root_id, person))


@bp.post("/p/<int:post_id>/major/remove")
def end(post_id):
    """It is over for everyone; the ticket goes on as it stands."""
    person = web.viewer()
    queries.panel_of(post_id, person)

    def deed():
        spend("deed", person.id)
        major_actions.end_major(post_id, person)
        return {}
    web.once(person, deed)
    return web.go(f"/p/{post_id}")
