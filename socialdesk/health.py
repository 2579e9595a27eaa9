"""Is the desk well: /healthz, /readyz, /metrics, and what `app.py check` prints."""
import shutil
from collections import Counter
from datetime import timedelta
from ipaddress import ip_address

import sqlalchemy as sa
from flask import Blueprint, Response, jsonify, request

from . import live, policy, schema
from .db import db, now
from .errors import Missing
from .jobs import LANES, Clockwork, Job
from .notifications.health_queries import mails_waiting, pushes_waiting
from .notifications.queries import on_other_keys, push_state
from .people.models import Mail, Person
from .search import semantic_index
from .search.state_queries import state, without_sense
from .web import public

bp = Blueprint("health", __name__)
LATE = timedelta(seconds=90)            # clockwork that is overdue by this much has no worker
PASSED_ON = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via")     # a proxy stands between
LOW_DISK_BYTES = 200 * 1024 * 1024


@bp.get("/healthz")
@public
def healthz():
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
@public
def readyz():
    """Database, schema and worker, each in a word; 503 where one is not well."""
    state = {"database": "ok", "schema": "ok", "worker": "ok"}
    try:
        if schema.current() != schema.head():
            state["schema"] = "not of this version"
        elif is_worker_late():
            state["worker"] = "late"
    except Exception:                   # whatever a database can raise: not ready is the answer
        state["database"] = "does not answer"
    return jsonify(state), 200 if set(state.values()) == {"ok"} else 503


def is_worker_late():
    """Has nobody looked at the clockwork for a while?"""
    oldest = db.session.scalar(sa.select(sa.func.min(Clockwork.next_at)))
    return oldest is None or oldest < now() - LATE


def job_figures():
    """Jobs by lane: due now, seconds the oldest of them waits, dead letters."""
    waiting = db.session.execute(sa.select(Job.lane, sa.func.count(), sa.func.min(Job.run_at)).where(
        Job.state == "due", Job.run_at <= now(), Job.attempts == 0).group_by(Job.lane)).all()
    dead = Counter(dict(db.session.execute(sa.select(Job.kind, sa.func.count()).where(Job.state == "dead").group_by(Job.kind)).all()))
    return {lane: (count, (now() - oldest).total_seconds()) for lane, count, oldest in waiting}, dead


@bp.get("/metrics")
@public
def metrics():
    """Figures for Prometheus: for this machine, or an admin's token."""
    if not _may_measure():
        raise Missing()
    waiting, dead = job_figures()
    lines = ["# TYPE socialdesk_jobs_due gauge", "# TYPE socialdesk_jobs_lag_seconds gauge"]
    for lane in LANES:
        count, lag = waiting.get(lane, (0, 0))
        lines += [f'socialdesk_jobs_due{{lane="{lane}"}} {count}', f'socialdesk_jobs_lag_seconds{{lane="{lane}"}} {max(lag, 0):.1f}']
    lines += ["# TYPE socialdesk_jobs_dead gauge", f"socialdesk_jobs_dead {sum(dead.values())}",
              "# TYPE socialdesk_streams gauge", f"socialdesk_streams {len(live.hub.streams)}"]
    return Response("\n".join(lines + _telling()) + "\n", mimetype="text/plain")


def _telling():
    """Figures of notices and mails, a few fast questions."""
    lines = []
    for what, waiting in (("push", pushes_waiting()), ("mail", mails_waiting())):
        lag = (now() - waiting.oldest).total_seconds() if waiting.oldest else 0
        lines += [f"# TYPE socialdesk_{what}_due gauge", f"socialdesk_{what}_due {waiting.count}",
                  f"# TYPE socialdesk_{what}_lag_seconds gauge", f"socialdesk_{what}_lag_seconds {lag:.1f}"]
    lines.append("# TYPE socialdesk_devices gauge")
    return lines + [f'socialdesk_devices{{state="{state}"}} {count}' for state, count in push_state().items()]


def _may_measure():
    if request.headers.get("Authorization"):
        from .api.queries import viewer_of_token
        person = viewer_of_token(request.headers["Authorization"])
        return person is not None and person.is_admin
    if any(name in request.headers for name in PASSED_ON):
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def check(app):
    """The self-diagnosis: (is it well, what, in a sentence) a line."""
    settings = app.config["SETTINGS"]
    yield from _check_database(settings)
    free = shutil.disk_usage(settings.data).free
    yield free > LOW_DISK_BYTES, "disk", f"{free // 1024 ** 2} MB free in the data folder" + ("" if free > LOW_DISK_BYTES else ": make room")
    yield from _check_push(settings)
    if not settings.smtp_url or not settings.mail_from:
        yield True, "mail", "not set up (SOCIALDESK_SMTP_URL, SOCIALDESK_MAIL_FROM): links are made by app.py link"
    else:
        stuck = db.session.scalar(sa.select(sa.func.count()).where(Mail.state == "due", Mail.made_at < now() - timedelta(minutes=15)))
        yield not stuck, "mail", f"{settings.smtp_url.rpartition('@')[2]}, {stuck} mails wait for more than 15 minutes"


def _check_database(settings):
    try:
        version, newest = schema.current(), schema.head()
    except Exception as error:
        yield False, "database", f"does not answer ({type(error).__name__}): look at SOCIALDESK_DATABASE_URL"
        return
    yield True, "database", f"{db.engine.dialect.name} answers"
    yield version == newest, "schema", f"version {version}" + ("" if version == newest else f", this program wants {newest}: run app.py migrate")
    if settings.is_sqlite:
        sound = db.session.scalar(sa.text("PRAGMA quick_check(1)"))
        yield sound == "ok", "file", "the database file is sound" if sound == "ok" else f"the database file is damaged ({sound}): restore a backup"
    index = state()
    found = f"{index.documents} documents, {index.words} words, {index.waiting} changes to be merged"
    yield not index.damaged, "index", found if not index.damaged else (
        f"{index.damaged} of {index.words} posting lists are damaged; a job writes them anew, and search finds the rest meanwhile")
    yield semantic_index.fault() is None, "sense of words", _about_sense()
    admins = db.session.scalar(sa.select(sa.func.count()).where(policy.are_admins()))
    yield True, "people", f"{admins} admins" if admins else "no admin yet: start app.py and open the setup link it prints"
    waiting, dead = job_figures()
    lag = max((seconds for _count, seconds in waiting.values()), default=0)
    yield lag < 60, "jobs", f"{sum(c for c, _ in waiting.values())} due, the oldest for {max(lag, 0):.0f} s" + ("" if lag < 60 else ": is the desk or app.py worker running?")
    yield not dead, "dead letters", ", ".join(f"{kind} {n}" for kind, n in sorted(dead.items())) + ": see /admin" if dead else "none"


def _about_sense():
    """How far the optional sense of words is, in a sentence."""
    if semantic_index.fault():
        return (f"the semantic extra is installed, but {semantic_index.fault()}: search goes by the words alone; "
                "install it again from requirements/semantic.lock, then restart")
    if not semantic_index.model():
        return "the semantic extra is not installed: search goes by the words alone"
    missing = without_sense()
    return "known of every document" if not missing else f"not known yet of {missing} documents; a job finds it, and the words count for them meanwhile"


def _check_push(settings):
    from .notifications.keys_delivery import current_id, keys_of
    try:
        old = on_other_keys(current_id(settings))
        yield True, "push", (f"key {keys_of(settings).public[:12]}…, subject {settings.vapid_subject}"
                             + (f"; {old} {'device rings' if old == 1 else 'devices ring'} by an older key, until SocialDesk is opened there" if old else ""))
    except Exception as error:
        yield False, "push", f"the key cannot be read ({type(error).__name__}): restore it from a backup, else every device must sign up anew"
