"""What an admin sees of pushes and mails: what waits, how each push service does, what failed for good."""
from flask import Blueprint, current_app, render_template, url_for

from .. import web
from ..db import now, transaction
from ..people import admin_actions
from ..people.admin_views import JOB, expect_admin
from . import health_queries, queries, words_checker
from .keys_delivery import current_id

bp = Blueprint("delivery", __name__)
bp.before_request(expect_admin)


@bp.get("/admin/delivery")
def show():
    """How telling people goes."""
    settings = current_app.config["SETTINGS"]
    failed, refused_notices = health_queries.mails_failed()
    refused, named = health_queries.refused_people(web.viewer())
    return render_template(
        "notifications/admin_delivery.html", here="me", moment=now(), pushes=health_queries.pushes_waiting(), mails=health_queries.mails_waiting(),
        services=health_queries.services_of_the_day(web.viewer()), state=queries.push_state(), old_keys=queries.on_other_keys(current_id(settings)),
        failed_mails=failed, refused_notices=refused_notices, refused_addresses=refused, refused_people=named,
        has_mail=bool(settings.smtp_url), **_dead())


bp.add_app_template_filter(words_checker.how_long, "waited")
bp.add_app_template_global(words_checker.of_service, "service_words")


@bp.post(f"/admin/delivery/jobs/{JOB}/retry")
def retry(job_id):
    """Give one dead letter another life."""
    with transaction():
        admin_actions.retry_job(web.viewer(), job_id)
    return _answer()


@bp.post("/admin/delivery/jobs/retry")
def retry_all():
    """Give all of them another life."""
    with transaction():
        for job in health_queries.dead_letters(web.viewer()):
            admin_actions.retry_job(web.viewer(), job.id)
    return _answer()


def _dead():
    return {"jobs": health_queries.dead_letters(web.viewer())}


def _answer():
    return web.respond("notifications/_admin_dead.html", url_for("delivery.show", _anchor="dead-letters"), **_dead())
