"""Who is here: the directory and each person's page."""
from flask import Blueprint, render_template, request

from .. import web
from ..db import now
from ..errors import Missing
from . import queries
from .hours_checker import is_within, local_time

bp = Blueprint("people", __name__)

MAX_TYPED = 80


@bp.get("/people")
def show_all():
    """Everybody by name, or those a name or handle begins with."""
    web.limit_reads("people")
    text = request.args.get("q", "")[:MAX_TYPED].replace("\x00", "")
    found, after = queries.directory(web.viewer(), text, request.args.get("cursor", ""))
    template = "people/_found.html" if request.wants_fragment else "people/people.html"
    return render_template(template, here="people", found=found, q=text, after=after)


@bp.get("/@<handle>")
def show(handle):
    """A person: name, what they belong to, and what time it is where they are."""
    found = queries.profile_of(web.viewer(), handle)
    if found is None:
        raise Missing("Nobody here has this handle. It may have changed: look for the name instead.")
    person, teams, circles = found
    return render_template("people/profile.html", here="people", who=person, teams=teams, circles=circles,
                           local=local_time(person.tz, now()), at_work=is_within(person.hours, person.tz, now()))
