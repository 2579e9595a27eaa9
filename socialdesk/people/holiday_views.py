"""The desk's holidays, which an admin keeps."""
from flask import render_template, request, url_for

from .. import web
from ..db import transaction
from ..errors import Invalid
from . import admin_queries, holiday_actions
from .admin_views import bp
from .throttle_actions import spend

bp.add_app_template_filter(holiday_actions.in_words, "day_in_words")


@bp.get("/admin/holidays")
def holidays():
    """The days on which nobody works; after a removal without scripts, what was removed."""
    gone = request.args.get("gone", ""), request.args.get("name", "")[:holiday_actions.MAX_NAME]
    return render_template("people/admin_holidays.html", here="me", **_days(gone if all(gone) else None))


@bp.post("/admin/holidays")
def add_holiday():
    """Add a day; what cannot be added is said beside its field."""
    try:
        with transaction():
            spend("deed", web.viewer().id)
            holiday_actions.add_holiday(web.viewer(), request.form.get("day", ""), request.form.get("name", ""))
    except Invalid as error:
        if request.wants_json:
            raise
        return _not_added(error)
    return web.respond("people/_admin_holidays.html", url_for("admin.holidays"), **_days())


def _not_added(error):
    part = "_admin_holidays.html" if request.wants_fragment else "admin_holidays.html"
    return render_template("people/" + part, here="me", wrong=error, typed=request.form, **_days()), error.status


@bp.post("/admin/holidays/<day>/remove")
def remove_holiday(day):
    """Take a day off the list; it can be put back."""
    with transaction():
        spend("deed", web.viewer().id)
        name = holiday_actions.remove_holiday(web.viewer(), day)
    return web.respond("people/_admin_holidays.html", url_for("admin.holidays", gone=day, name=name), **_days((day, name)))


def _days(gone=None):
    """The list, and what was just taken off it where it can be put back: (day, name)."""
    found = admin_queries.holidays(web.viewer())
    may_return = gone and holiday_actions.is_coming(web.viewer(), gone[0]) and gone[0] not in {one.day for one in found}
    return {"holidays": found, "gone": gone if may_return else None}
