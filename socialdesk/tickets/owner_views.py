"""Who has a ticket and what kind it is, as pages and forms; and an admin's broken glass."""
from flask import Blueprint, redirect, render_template, request

from .. import policy, web
from ..errors import Invalid, Missing
from ..people.queries import person_by_handle, team_by_name
from ..people.throttle_actions import spend
from ..posts.queries import get_post
from . import actions, queries

bp = Blueprint("ticket_owner", __name__)


@bp.get("/p/<int:post_id>/facts")
def facts(post_id):
    """Who and what, with the forms that change it."""
    person = web.viewer()
    panel = queries.panel_of(post_id, person)
    policy.require(person, "ticket.change", get_post(post_id, person))
    teams, agents = queries.choices_of(post_id, person)
    template = "tickets/_facts.html" if request.wants_fragment else "tickets/facts.html"
    return render_template(template, panel=panel, teams=teams, agents=agents, here="desk")


@bp.post("/p/<int:post_id>/take")
def take(post_id):
    """Take a ticket."""
    return _do(post_id, lambda person: actions.take(post_id, person))


@bp.post("/p/<int:post_id>/assignment")
def assign(post_id):
    """Give a ticket to an agent."""
    handle = request.form.get("assignee", "")
    return _do(post_id, lambda person: actions.assign(post_id, person, _person_id(handle)))


@bp.post("/p/<int:post_id>/assignment/remove")
def unassign(post_id):
    """Give a ticket to nobody."""
    return _do(post_id, lambda person: actions.assign(post_id, person, None))


@bp.post("/p/<int:post_id>/team")
def move(post_id):
    """Give a ticket to another team; an empty name is triage."""
    name = request.form.get("team", "").strip()
    return _do(post_id, lambda person: actions.move(post_id, person, _team_id(name)))


@bp.post("/p/<int:post_id>/type")
def change(post_id):
    """Say what kind of ticket it is, how urgent, and how many it touches."""
    form = request.form
    return _do(post_id, lambda person: actions.change(post_id, person, form.get("type") or None, form.get("urgency") or None,
                                                      form.get("impact") or None))


@bp.post("/p/<int:post_id>/glass")
def break_glass(post_id):
    """Read a confidential ticket as an admin, for an hour, written down."""
    person = web.viewer()

    def deed():
        spend("deed", person.id)
        actions.break_glass(post_id, person)
        return {"post": post_id}
    web.once(person, deed)
    return web.go(f"/p/{post_id}")


@bp.get("/admin/glass")
def glass():
    """Where an admin says which confidential ticket."""
    policy.require(web.viewer(), "glass.break")
    return render_template("tickets/glass.html", here="me")


@bp.post("/admin/glass")
def break_glass_by_number():
    """The same by the ticket's number."""
    policy.require(web.viewer(), "glass.break")
    number = request.form.get("number", "").strip().removeprefix("#")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Invalid("Write the number of the ticket: the digits at the end of its address.", field="number")
    return break_glass(int(number))


def _do(post_id, deed):
    """Do a desk's deed once; answer with the ticket, or lead away if it is out of their sight now."""
    person = web.viewer()

    def counted():
        spend("deed", person.id)
        deed(person)
        return {}
    web.once(person, counted)
    try:
        panel = queries.panel_of(post_id, person)
    except Missing:
        return web.go("/desk")
    if not request.wants_fragment:
        return redirect(f"/p/{post_id}", 303)
    return web.respond("tickets/_handed.html", go_to=f"/p/{post_id}", trigger="thread-changed", panel=panel)


def _person_id(handle):
    person = person_by_handle(handle) if handle else None
    if person is None:
        raise Invalid("There is nobody of that name. Choose an agent from the list.", field="assignee")
    return person.id


def _team_id(name):
    if not name:
        return None
    team = team_by_name(name)
    if team is None:
        raise Invalid("There is no such team. Choose one from the list.", field="team")
    return team.id
