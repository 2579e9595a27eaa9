"""What a person sees and changes about themselves: /me and below."""
from datetime import datetime, timedelta, timezone
from itertools import zip_longest

from flask import Blueprint, Response, current_app, g, jsonify, render_template, request, session, url_for

from .. import web
from ..db import close_read, now, transaction
from ..errors import Invalid, Refusal
from ..notifications.mail_queries import mails_of
from ..notifications.queries import devices_of
from ..soon import Soon
from . import profile_actions, queries, session_actions
from .checker import check_password
from .hours_checker import DAY_NAMES, DAYS, MAX_SPANS, check_hours, zones
from .label_checker import is_phone
from .models import WORKING_WEEK
from .secret_checker import hash_password, is_password
from .throttle_actions import spend

bp = Blueprint("me", __name__)

FRESH = timedelta(minutes=15)           # after a sign-in, a new password needs no old one: the way for who forgot it
WRONG_CURRENT = "This is not your present password. If you forgot it: sign out, have a code mailed to you, sign in, and choose a new one here."


@bp.get("/me")
def show():
    """Oneself: my things, my choices, the way out."""
    person = queries.own(web.viewer())
    return render_template("people/me.html", here="me", me=person, devices=devices_of(web.viewer()),
                           mails=mails_of(web.viewer()))


@bp.get("/me/epoch")
@web.public
def epoch():
    """For the page's scripts: whose pages may still be shown, and since which sign-out."""
    who = web.viewer()
    if who is None:
        return jsonify(person=None, epoch=None), 401
    if request.wants_fragment:
        return Response(f"{who.id}:{who.epoch}", mimetype="text/plain")
    return jsonify(person=who.id, epoch=who.epoch)


# --- name, handle, look, hours

@bp.get("/me/profile")
def show_profile():
    """Name and handle, to change."""
    return render_template("people/profile_form.html", here="me", me=queries.own(web.viewer()))


@bp.post("/me/profile")
def change_profile():
    """Change name or handle."""
    person = _save({field: request.form[field] for field in ("name", "handle") if field in request.form})
    return web.respond("people/_profile_form.html", url_for(".show_profile"), me=person, saved=True)


@bp.post("/me/theme")
def change_theme():
    """Light, dark, or as the device: the whole page is drawn anew."""
    _save({"theme": request.form.get("theme", "")})
    return web.go(url_for(".show"))


@bp.get("/me/hours")
def show_hours():
    """Working hours and time zone, to change."""
    return render_template("people/hours_form.html", here="me", **_hours_context(queries.own(web.viewer())))


@bp.post("/me/hours")
def change_hours():
    """Change working hours and time zone."""
    try:
        person = _save({"hours": _typed_hours(), "tz": request.form.get("tz")})
    except Invalid as error:
        if request.wants_json:
            raise
        return _hours_not_kept(error)
    return web.respond("people/_hours_form.html", url_for(".show_hours"), saved=True, **_hours_context(person))


def _hours_not_kept(error):
    """The form as it was typed, with what is wrong beside its day, its choice or its time zone."""
    part = "_hours_form.html" if request.wants_fragment else "hours_form.html"
    typed = _typed_days()
    beside = next((day for day, spans in typed.items() if spans and _is_wrong(day, spans)), "when") if error.field == "hours" else error.field
    shown = _hours_context(queries.own(web.viewer())) | {"spans": typed, "is_always": request.form.get("when") == "always", "tz": request.form.get("tz")}
    return render_template("people/" + part, here="me", said={beside: error.sentence}, **shown), error.status


def _is_wrong(day, spans):
    try:
        check_hours({day: spans})
    except Invalid:
        return True
    return False


def _hours_context(person):
    """Who is told at any time sees the usual week, so that going back is not seven empty days; what they just typed stays."""
    is_always = person.hours == "always"
    typed = _typed_days() if is_always and request.method == "POST" else {}
    return {"me": person, "days": DAY_NAMES, "zones": zones(), "is_always": is_always, "tz": person.tz,
            "spans": (typed if any(typed.values()) else WORKING_WEEK) if is_always else person.hours}


def _typed_hours():
    """What the form says: "always", the days, or None where it does not speak of hours."""
    when = request.form.get("when")
    if when == "always":
        return "always"
    return {day: spans for day, spans in _typed_days().items() if spans} if when else None


def _typed_days():
    return {day: _typed_day(day) for day in DAYS}


def _typed_day(day):
    starts, ends = (request.form.getlist(f"{day}_{end}")[:MAX_SPANS + 1] for end in ("from", "to"))
    return [[start.strip(), end.strip()] for start, end in zip_longest(starts, ends, fillvalue="") if start.strip() or end.strip()]


def _save(changes):
    with transaction():
        spend("deed", web.viewer().id)
        return profile_actions.change_profile(web.viewer(), **changes)


# --- password

@bp.get("/me/password")
def show_password():
    """Set or change the password."""
    return render_template("people/password_form.html", here="me", **_password_context())


def _password_context():
    who = web.viewer()
    person = queries.own(who)
    return {"me": person, "has_password": person.pw_hash is not None, "needs_current": person.pw_hash is not None and not _is_fresh(who)}


def _is_fresh(who):
    since = queries.signed_in_at(who)
    return since is not None and now() - since < FRESH


@bp.post("/me/password")
def change_password():
    """Set or change the password; every other session ends."""
    context = _password_context()
    try:
        _set_password(web.viewer(), context["me"].pw_hash, context["needs_current"])
    except Refusal as error:
        if request.wants_fragment or request.wants_json:
            raise
        return render_template("people/password_form.html", here="me", wrong=error, **context), error.status
    return web.respond("people/_password_form.html", url_for(".show"), saved=True, **_password_context())


def _set_password(who, kept, needs_current):
    typed = request.form.get("password", "")
    close_read()
    spend("sign-in", f"own|{who.id}|{who.session_id}")
    if kept is not None and is_password(kept, typed):
        return                          # it is the one already: sent twice is as good as once
    if needs_current and not is_password(kept, request.form.get("current", "")):
        raise Invalid(WRONG_CURRENT, field="current")
    pw_hash = hash_password(check_password(typed, who.name, who.email))
    with transaction():
        profile_actions.set_password(who, pw_hash, kept)


# --- devices that are signed in

@bp.get("/me/sessions")
def show_sessions():
    """Where one is signed in."""
    return render_template("people/sessions.html", here="me", **_sessions())


def _sessions():
    return {"sessions": queries.sessions_of(web.viewer()), "mine": web.viewer().session_id, "is_phone": is_phone}


@bp.post("/me/sessions/<public_id>/remove")
def remove_session(public_id):
    """Sign out one device."""
    with transaction():
        session_actions.end_own_session(web.viewer(), public_id)
    if public_id == web.viewer().session_id:
        session.clear()
        return web.go(url_for("sign_in.show"))
    return web.respond("people/_sessions.html", url_for(".show_sessions"), **_sessions())


@bp.post("/me/sessions/remove")
def remove_all_sessions():
    """Sign out everywhere, here too."""
    with transaction():
        session_actions.sign_out_everywhere(web.viewer())
    session.clear()
    return web.go(url_for("sign_in.show"))


# --- when sessions and tokens were last seen: kept in memory, since what is only read writes nothing

class Presence(Soon):
    """Who was seen by this process since it last wrote it down; each is written at most hourly.
    write({name: moment}): the action that keeps it."""

    HOURLY = timedelta(hours=1)
    MOST = 50_000
    LOST = "who was seen could not be written down"         # an hour later it is noted again

    def __init__(self, app, write):
        super().__init__(app)
        self.write, self.noted, self.waiting = write, {}, {}

    def note(self, name):
        """Somebody was seen just now.  name: what stands for them, such as the public id of a session."""
        moment = now()
        with self.lock:
            if moment - self.noted.get(name, _LONG_AGO) < self.HOURLY:
                return
            if len(self.noted) >= self.MOST:
                self.noted.clear()
            self.noted[name] = self.waiting[name] = moment
        self.write_soon()

    def flush(self):
        """Write down what was seen."""
        with self.lock:
            seen, self.waiting = self.waiting, {}
        if seen:
            with transaction():
                self.write(seen)


_LONG_AGO = datetime(1970, 1, 1, tzinfo=timezone.utc)


@bp.record_once
def _watch(state):
    state.app.extensions["presence"] = Presence(state.app, session_actions.touch)


@bp.after_app_request
def _note_presence(answer):
    who = g.get("_login_user")
    if who is not None and who.is_authenticated and getattr(who, "session_id", ""):
        current_app.extensions["presence"].note(who.session_id)
        _renew_cookie(answer)
    return answer


def _renew_cookie(answer):
    """Once a week the cookie of who comes back is given anew, so that it does not end 90 days after the sign-in."""
    week = now().toordinal() // 7
    if request.method == "GET" and answer.mimetype == "text/html" and not request.wants_fragment \
            and session.get("_user_id") and session.get("week") != week:
        session["week"] = week
