"""The desk's holidays, which an admin keeps."""
from flask import render_template, request, url_for

from .. import web
from ..db import transaction
from . import admin_queries, holiday_actions
from .admin_views import bp
from .throttle_actions import spend


@bp.get("/admin/holidays")
def holidays():
    """The days on which nobody works."""
    return render_template("people/admin_holidays.html", here="me", holidays=admin_queries.holidays(web.viewer()))


@bp.post("/admin/holidays")
def add_holiday():
    """Add a day."""
    with transaction():
        spend("deed", web.viewer().id)
        holiday_actions.add_holiday(web.viewer(), request.form.get("day", ""), request.form.get("name", ""))
    return _answer()


@bp.post("/admin/holidays/<day>/remove")
def remove_holiday(day):
    """Take a day off the list."""
    with transaction():
        spend("deed", web.viewer().id)
        holiday_actions.remove_holiday(web.viewer(), day)
    return _answer()


def _answer():
    return web.respond("people/_admin_holidays.html", url_for("admin.holidays"), holidays=admin_queries.holidays(web.viewer()))
