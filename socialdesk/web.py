"""The conventions between browser and rooms: respond, refuse, once; the same-origin check, headers and compression."""
import hashlib
import json
import logging
import secrets
from urllib.parse import quote, urlsplit

import sqlalchemy as sa
from flask import current_app, g, has_request_context, jsonify, make_response, redirect, render_template, request
from flask_login import LoginManager, current_user
from htmx_flask import Htmx
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from . import db as database
from . import policy
from .buckets import Buckets
from .db import db, insert, now, transaction
from .errors import Conflict, Invalid, Missing, NotAllowed, Refusal, SignedOut, TooLarge, TooMany
from .headers import compress, with_headers
from .posts.models import Idem
from .request import Number, Request

log = logging.getLogger(__name__)

SAFE = {"GET", "HEAD", "OPTIONS"}
PARTS = ("/live", "/suggestions", "/complete", "/me/devices", "/me/epoch", "/ask/", "/feed/new")      # fragments and JSON, never pages
MOST_HELD_SECONDS = 10
SHARE_TARGET = "/ask/shared"                    # the one address a share sheet posts to


def set_up(app):
    """Put the conventions on an app."""
    app.url_map.converters["int"] = Number
    Htmx().init_app(app)
    app.request_class = Request
    login = LoginManager(app, add_context_processor=False)
    login.session_protection = None             # phones change their address all day; sessions are rows that can be ended
    login.user_loader(load_viewer)
    app.before_request(_begin)
    app.after_request(_finish)
    app.register_error_handler(Refusal, refuse)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _fault)
    app.context_processor(_context)
    app.jinja_env.make_globals = lambda given: {**app.jinja_env.globals, **given} if given else app.jinja_env.globals       # a chain of maps costs a fifth of a page
    app.jinja_env.globals.update(can=lambda deed, thing=None: policy.can(viewer(), deed, thing), new_key=lambda: secrets.token_urlsafe(12))
    app.wsgi_app = with_headers(app.wsgi_app, app.config["SETTINGS"].is_https)


# --- who asks

def load_viewer(token):
    """Flask-Login's question: whose session is this token?"""
    found = policy.viewer_of_session(hashlib.sha256(token.encode()).hexdigest())
    db.session.rollback()                       # the person is loaded in a short transaction of its own
    return found


def viewer():
    """The person who is signed in, or None."""
    if not has_request_context():
        return None
    if request.acting is not ...:
        return request.acting
    person = current_user._get_current_object()
    return person if person.is_authenticated else None


def public(view):
    """Mark a view that needs nobody signed in.  Every other one does."""
    view.is_public = True
    return view


def _begin():
    request.bound_body()
    g.statements = database.statements.set([0])
    _check_origin()
    endpoint = current_app.view_functions.get(request.endpoint)
    if endpoint is None or getattr(endpoint, "is_public", False) or request.endpoint == "static":
        return None
    if viewer() is None:
        if current_app.config["SETTINGS"].public_articles and request.method in SAFE and hasattr(endpoint, "for_strangers"):
            limit_reads("strangers", burst=240, per_second=4)
            return endpoint.for_strangers(**request.view_args)
        raise SignedOut("Your sign-in has ended. Sign in again; what you typed is kept on this device.")
    return None


def _check_origin():
    """Cross-site requests change nothing.  Tokens carry no cookie and stand outside."""
    if request.method in SAFE or request.path.startswith("/api/") or request.is_one_click:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None:
        fine = site == "same-origin" or site == "none" and request.path == SHARE_TARGET
    elif origin is not None:
        fine = origin == current_app.config["SETTINGS"].origin
    else:
        fine = not request.cookies
    if not fine:
        raise NotAllowed("This came from another site, so nothing was done. Open SocialDesk itself and do it there.")


# --- answer

def respond(template, go_to, status=200, trigger=None, **context):
    """The answer to a deed: the fragment for htmx, else 303 to the page.  trigger: an event for the page's scripts."""
    if not request.wants_fragment:
        return redirect(go_to, 303)
    answer = make_response(render_template(template, **context), status)
    if trigger:
        answer.headers["HX-Trigger"] = trigger
    return answer


def go(where):
    """The answer to a deed that leads to another page, by htmx too."""
    if request.wants_fragment:
        return make_response("", 204, {"HX-Redirect": where})
    return redirect(where, 303)


def hold_seconds():
    """How long the page asks to wait before this deed is told (field hold), since it offers to undo it that long; 0: not at all."""
    return min(max(request.form.get("hold", 0, type=int), 0), MOST_HELD_SECONDS)


def _split(address):
    """The parts of an address; of one that is none, those of nothing."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("//")


def safe_next(target, default="/"):
    """The page to go to after signing in: only ever one of ours."""
    parts = _split(target or "")
    ours = target and target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return target if ours and "\\" not in target and not any(ord(c) < 32 for c in target) else default


def once(person, deed, key=None):
    """Do a deed in the one write transaction; with a key of the caller, or an Idempotency-Key (header or field `key`), twice is once.
    deed() returns a dict of ids, which is kept and given again.  Raises Conflict where the key stood for something else."""
    key = key or request.headers.get("Idempotency-Key") or request.form.get("key")
    if not key:
        with transaction():
            return deed()
    if len(key) > 200:
        raise Invalid("The Idempotency-Key is too long: at most 200 characters.")
    mark = fingerprint()
    with transaction():
        row = {"person_id": person.id, "key": key, "fingerprint": mark, "result": {}, "at": now()}
        fresh = db.session.execute(insert(Idem.__table__).values(row).on_conflict_do_nothing()).rowcount
        if not fresh:
            return _first_result(person, key, mark)
        result = deed()
        db.session.execute(sa.update(Idem).where(Idem.person_id == person.id, Idem.key == key).values(result=result))
        return result


def _first_result(person, key, mark):
    row = db.session.execute(sa.select(Idem.fingerprint, Idem.result).where(Idem.person_id == person.id, Idem.key == key)).one()
    if row.fingerprint != mark:
        raise Conflict("Is this another message? One was sent from here before, with other words. Your text is kept: send it again as a new one.")
    return row.result


BESIDE = ("key", "shown")               # fields that are no part of what is said: the key itself, and what was suggested meanwhile


def fingerprint():
    """What a request is: its route, its parsed fields and the SHA-256 of each file."""
    parts = [request.method, request.path]
    if request.is_json:
        parts.append(json.dumps(request.get_json(silent=True), sort_keys=True))
    parts += sorted([name, *values] for name, values in request.form.lists() if name not in BESIDE)
    for name, files in sorted(request.files.lists()):
        for file in files:
            file.stream.seek(0)                 # a view may have read it
            parts.append([name, hashlib.sha256(file.stream.read()).hexdigest()])
            file.stream.seek(0)
    return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()


# --- limits on what only reads: kept in memory, since a GET writes nothing

_buckets = Buckets()


def limit_reads(kind, burst=60, per_second=10):
    """Raise TooMany where somebody asks faster than anybody types.  kind: what is asked for."""
    if not current_app.config["SETTINGS"].limits:
        return
    who = viewer()
    wait = _buckets.spend((kind, who.id if who else request.network), burst, per_second)
    if wait:
        raise TooMany("That was very fast. Wait a moment, then go on.", wait)


# --- refuse

def refuse(error):
    """A refusal as page, notice or problem+json, always with its sentence."""
    db.session.rollback()
    if request.wants_json:
        answer = refused(jsonify(type="about:blank", title=error.title, status=error.status, detail=error.sentence,
                                 **({"field": error.field} if error.field else {})), error)
        answer.content_type = "application/problem+json"
    elif isinstance(error, SignedOut) and not request.wants_fragment and request.method in SAFE and not request.path.startswith(PARTS):
        return redirect("/sign-in?next=" + quote(request.full_path.rstrip("?")), 303)
    elif request.wants_fragment:
        answer = refused(render_template("_notice.html", sentence=error.sentence, bad=True), error)
        answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#notices", "innerHTML"
        if isinstance(error, SignedOut):
            answer.headers["HX-Redirect"] = "/sign-in?next=" + quote(_split(request.headers.get("HX-Current-URL", "/")).path)
    else:
        answer = refused(_error_page(error), error)
    if isinstance(error, SignedOut) and request.path.startswith("/api/"):
        answer.headers["WWW-Authenticate"] = 'Bearer realm="SocialDesk"'
    return answer


def refused(said, error):
    """The answer that a refusal is, with its status and when to come back.  said: its page, fragment or JSON."""
    answer = make_response(said, error.status)
    if getattr(error, "retry_after", None):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _error_page(error):
    typed = {}
    if request.method == "POST":
        try:
            typed = {name: values for name, values in request.form.lists() if name not in ("key", "password", "code")}
        except HTTPException:
            typed = {}
    return render_template("error.html", error=error, typed=typed, action=request.full_path.rstrip("?"))


def _http_error(error):
    if error.code is None or error.code < 400:
        return error                            # a redirect of the router
    if isinstance(error, RequestEntityTooLarge):
        most = current_app.config["SETTINGS"].max_upload_bytes // (1024 * 1024)
        return refuse(TooLarge(f"That is more than the desk takes at once: a photo may have {most} MB, a text 20,000 characters. Send less, or a smaller photo."))
    if error.code == 404:
        return refuse(Missing())
    words = {400: "The desk could not read what was sent. Go back, look at the form once more, and send it again.",
             405: "This address does not take that. Go back and use the buttons of the page.",
             415: "The desk does not know this kind of content. Send a form or JSON."}
    refusal = Refusal(words.get(error.code, "The desk could not do that. Go back and use the buttons of the page."))
    refusal.status = error.code
    answer = refuse(refusal)
    if error.code == 405 and getattr(error, "valid_methods", None):
        answer.headers["Allow"] = ", ".join(error.valid_methods)
    return answer


def _fault(error):
    refusal = database.refusal_of(error)
    if refusal:
        log.warning("database fault", extra={"error": type(error).__name__}, exc_info=error)
        return refuse(refusal)
    log.error("fault", extra={"path": request.path}, exc_info=error)
    if current_app.testing:
        raise error
    refusal = Refusal("Something broke on our side, and it is written down for the desk. What you typed is safe: go back, wait a minute, send it again.")
    refusal.status, refusal.title = 500, "Our mistake"
    return refuse(refusal)


# --- every answer

def _context():
    """What every template knows.  A page that says the database is gone must not ask it who is there."""
    try:
        person = viewer()
    except Exception as error:
        if database.refusal_of(error) is None:
            raise
        person = None
        current_app.login_manager._update_request_context_with_user()       # nobody, without asking again
    return {"viewer": person, "settings": current_app.config["SETTINGS"], 
            "here": request.path.split("/")[1] or "feed" if has_request_context() else ""}


def _finish(answer):
    answer.vary.update(("HX-Request", "HX-Request-Type", "Cookie"))
    if "Cache-Control" not in answer.headers:
        answer.headers["Cache-Control"] = "private, no-cache"
    counted = database.statements.get()
    if counted is not None and not current_app.config["SETTINGS"].limits:
        answer.headers["Server-Timing"] = f'sql;desc="{counted[0]}"'
    return compress(answer)
