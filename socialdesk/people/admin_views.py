"""What an admin does: people, teams, circles, dead letters."""
from datetime import timedelta

from flask import Blueprint, current_app, render_template, request, url_for

from .. import web
from ..db import now, transaction
from ..errors import NotAllowed
from ..policy import require
from ..search.lesson_queries import SAVED_DAYS, what_suggestions_saved
from . import admin_actions, admin_queries, queries
from .throttle_actions import spend

bp = Blueprint("admin", __name__)

CONFIRMED = timedelta(hours=12)         # how long a sign-in is good for what an admin does
WHO = "<int(max=9007199254740991):person_id>"
TEAM = "<int(max=9007199254740991):team_id>"
CIRCLE = "<int(max=9007199254740991):circle_id>"
JOB = "<int(max=9007199254740991):job_id>"


@bp.before_request
def expect_admin():
    """Only admins, and only for half a day after they said who they are."""
    who = web.viewer()
    require(who, "admin")
    since = queries.signed_in_at(who)
    if since is not None and now() - since < CONFIRMED:
        return None
    if request.method in web.SAFE:
        return web.go(url_for("sign_in.show", again="1", next=request.full_path.rstrip("?")))
    raise NotAllowed("You signed in long ago, and this changes what others may do. Open Admin again, sign in once more, then do it.")


def _page(template, **context):
    return render_template(f"people/{template}.html", here="me", **context)


@bp.get("/admin")
def show():
    """The ways to everything an admin does."""
    return _page("admin", counts=admin_queries.counts(web.viewer()), has_mail=bool(current_app.config["SETTINGS"].smtp_url),
                 saved=what_suggestions_saved(), saved_days=SAVED_DAYS)


# --- people

@bp.get("/admin/people")
def show_people():
    """All people, or those a name, handle or address begins with."""
    text = request.args.get("q", "")[:80].replace("\x00", "")
    found, after = admin_queries.people(web.viewer(), text, request.args.get("cursor", ""))
    if request.wants_fragment:
        return render_template("people/_admin_found.html", found=found, q=text, after=after)
    return _page("admin_people", found=found, q=text, after=after)


@bp.post("/admin/people")
def add_person():
    """Add a person."""
    form = request.form
    made = web.once(web.viewer(), lambda: _added(admin_actions.add_person(
        web.viewer(), form.get("email", ""), form.get("name", ""), form.get("role", "requester"))))
    return web.go(url_for(".show_person", person_id=made["id"]))


def _added(thing):
    spend("deed", web.viewer().id)
    return {"id": thing.id}


@bp.get(f"/admin/people/{WHO}")
def show_person(person_id):
    """One person: role, teams, sign-in."""
    return _page("admin_person", **_person(person_id))


def _person(person_id, **more):
    person, teams, circles = admin_queries.person(web.viewer(), person_id)
    others = [team for team in admin_queries.teams(web.viewer()) if team.id not in {mine.id for mine in teams}]
    return {"who": person, "teams": teams, "circles": circles, "others": others, **more}


def _person_answer(person_id):
    if not request.wants_fragment:
        return web.go(url_for(".show_person", person_id=person_id))
    return render_template("people/_admin_person.html", saved=True, **_person(person_id))


@bp.post(f"/admin/people/{WHO}/role")
def change_role(person_id):
    """Give another role."""
    with transaction():
        admin_actions.change_role(web.viewer(), person_id, request.form.get("role", ""))
    return _person_answer(person_id)


@bp.post(f"/admin/people/{WHO}/off")
def switch_off(person_id):
    """Take the sign-in."""
    with transaction():
        admin_actions.switch_off(web.viewer(), person_id)
    return _person_answer(person_id)


@bp.post(f"/admin/people/{WHO}/off/remove")
def switch_on(person_id):
    """Give the sign-in (back)."""
    with transaction():
        admin_actions.switch_on(web.viewer(), person_id)
    return _person_answer(person_id)


@bp.post(f"/admin/people/{WHO}/link")
def give_link(person_id):
    """Show a one-time sign-in link, once, to hand over."""
    with transaction():
        spend("mail", web.viewer().id)
        token = admin_actions.give_link(web.viewer(), person_id)
    link = f"{current_app.config['SETTINGS'].base_url}/link/{token}"
    if request.wants_fragment:
        return render_template("people/_admin_person.html", link=link, **_person(person_id))
    return _page("admin_person", link=link, **_person(person_id))


@bp.post(f"/admin/people/{WHO}/teams")
def join_team(person_id):
    """Add to a team, from the person's page."""
    with transaction():
        admin_actions.add_member(web.viewer(), _number("team"), person_id)
    return _person_answer(person_id)


@bp.post(f"/admin/people/{WHO}/teams/{TEAM}/remove")
def leave_team(person_id, team_id):
    """Take out of a team, from the person's page."""
    with transaction():
        admin_actions.remove_member(web.viewer(), team_id, person_id)
    return _person_answer(person_id)


def _number(field):
    text = request.form.get(field, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


# --- teams

@bp.get("/admin/teams")
def show_teams():
    """All teams."""
    return _page("admin_groups", what="team", groups=admin_queries.teams(web.viewer()))


@bp.post("/admin/teams")
def add_team():
    """Make a team."""
    made = web.once(web.viewer(), lambda: _added(admin_actions.add_team(
        web.viewer(), request.form.get("name", ""), bool(request.form.get("confidential")))))
    return web.go(url_for(".show_team", team_id=made["id"]))


@bp.get(f"/admin/teams/{TEAM}")
def show_team(team_id):
    """One team and its members."""
    return _page("admin_group", **_group("team", team_id))


def _group(what, key, **more):
    group, members = getattr(admin_queries, what)(web.viewer(), key)
    return {"what": what, "group": group, "members": members, **more}


def _group_answer(what, key):
    if not request.wants_fragment:
        return web.go(f"/admin/{what}s/{key}")
    return render_template("people/_admin_group.html", saved=True, **_group(what, key))


@bp.post(f"/admin/teams/{TEAM}/members")
def add_member(team_id):
    """Add somebody by handle or address."""
    person_id = admin_queries.person_named(web.viewer(), request.form.get("who", ""))
    with transaction():
        admin_actions.add_member(web.viewer(), team_id, person_id)
    return _group_answer("team", team_id)


@bp.post(f"/admin/teams/{TEAM}/members/{WHO}/remove")
def remove_member(team_id, person_id):
    """Take somebody out of a team."""
    with transaction():
        admin_actions.remove_member(web.viewer(), team_id, person_id)
    return _group_answer("team", team_id)


# --- circles

@bp.get("/admin/circles")
def show_circles():
    """All circles."""
    return _page("admin_groups", what="circle", groups=admin_queries.circles(web.viewer()))


@bp.post("/admin/circles")
def add_circle():
    """Make a circle."""
    made = web.once(web.viewer(), lambda: _added(admin_actions.add_circle(
        web.viewer(), request.form.get("name", ""), request.form.get("join", "open"))))
    return web.go(url_for(".show_circle", circle_id=made["id"]))


@bp.get(f"/admin/circles/{CIRCLE}")
def show_circle(circle_id):
    """One circle and its members."""
    return _page("admin_group", **_group("circle", circle_id))


@bp.post(f"/admin/circles/{CIRCLE}/members")
def add_to_circle(circle_id):
    """Add somebody by handle or address."""
    person_id = admin_queries.person_named(web.viewer(), request.form.get("who", ""))
    with transaction():
        admin_actions.add_to_circle(web.viewer(), circle_id, person_id)
    return _group_answer("circle", circle_id)


@bp.post(f"/admin/circles/{CIRCLE}/members/{WHO}/remove")
def remove_from_circle(circle_id, person_id):
    """Take somebody out of a circle."""
    with transaction():
        admin_actions.remove_from_circle(web.viewer(), circle_id, person_id)
    return _group_answer("circle", circle_id)


# --- work that failed

@bp.get("/admin/jobs")
def show_jobs():
    """Dead letters."""
    return _page("admin_jobs", jobs=admin_queries.dead_jobs(web.viewer()))


@bp.post(f"/admin/jobs/{JOB}/retry")
def retry_job(job_id):
    """Give a dead letter another life."""
    with transaction():
        admin_actions.retry_job(web.viewer(), job_id)
    return web.respond("people/_admin_jobs.html", url_for(".show_jobs"), jobs=admin_queries.dead_jobs(web.viewer()))
