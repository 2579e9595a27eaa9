"""Signing in and out: password, mailed code, one-time link, the first admin's setup."""
import hashlib
import secrets

from flask import Blueprint, current_app, render_template, request, session, url_for
from itsdangerous import BadData, URLSafeSerializer

from .. import web
from ..db import close_read, transaction
from ..errors import Invalid, Missing, Refusal
from ..jobs import enqueue
from . import queries, session_actions
from .admin_actions import name_from
from .checker import check_email, check_password, fold_email
from .label_checker import label_of
from .secret_checker import hash_password, is_outdated, is_password
from .setup_actions import make_first_admin
from .throttle_actions import give_back, spend

bp = Blueprint("sign_in", __name__)

DEVICE = "socialdesk-device"            # a browser somebody signed in with before: its guesses count apart
DEVICE_SECONDS = 400 * 24 * 3600
MAX_KNOWN = 20                          # people of one shared device
WRONG = "E-mail and password do not fit together. Look at both once more, or have a code mailed to you."


# --- the page

@bp.get("/sign-in")
@web.public
def show():
    """The sign-in page; who is signed in already goes on, unless they are asked to say again that it is they."""
    if web.viewer() and "again" not in request.args:
        return web.go(web.safe_next(request.args.get("next")))
    return _page("sign_in")


@bp.get("/sign-in/code")
@web.public
def type_code():
    """The page to type a mailed code on."""
    return _page("code")


def _page(page, error=None, **typed):
    text = render_template(f"people/{page}.html", wrong=error, email=typed.get("email", session.get("asked", "")),
                           next=web.safe_next(request.values.get("next")), again="again" in request.values,
                           has_mail=bool(current_app.config["SETTINGS"].smtp_url), **{k: v for k, v in typed.items() if k != "email"})
    return web.refused(text, error) if error else text


def _again(page, error, **typed):
    """The same page with what went wrong and what was typed; scripts get the plain refusal."""
    if request.wants_fragment or request.wants_json:
        raise error
    close_read()
    return _page(page, error, **typed)


# --- the deeds

@bp.post("/sign-in")
@web.public
def sign_in():
    """Sign in by password or by mailed code; with the address alone, mail a code."""
    email, code = request.form.get("email", ""), request.form.get("code", "").strip()
    if not code and not request.form.get("password"):
        return ask_for_mail()
    try:
        check_email(email)
        return _by_code(email, code) if code else _by_password(email, request.form["password"])
    except Refusal as error:
        return _again("code" if code else "sign_in", error, email=email)


def _by_password(email, typed):
    person_id, kept = queries.sign_in_facts(email)
    buckets = _buckets("sign-in", "sign-in-address", email, person_id)
    _spend(buckets)
    if not is_password(kept, typed):
        raise Invalid(WRONG, field="password")
    fresh = hash_password(typed) if is_outdated(kept) else None
    with transaction():
        _give_back(buckets)
        token = session_actions.sign_in(person_id, "password", _label(), former=session.get("_user_id"), tz=request.form.get("tz"))
        session_actions.keep_hash(person_id, kept, fresh)
    return _enter(person_id, token)


def _by_code(email, code):
    person_id, _ = queries.sign_in_facts(email)
    buckets = _buckets("sign-in", "sign-in-address", email, person_id)
    _spend(buckets)
    with transaction():
        fits = session_actions.use_code(person_id, code)
        if fits:
            _give_back(buckets)
            token = session_actions.sign_in(person_id, "code", _label(), former=session.get("_user_id"), tz=request.form.get("tz"))
    if not fits:
        raise Invalid(session_actions.WRONG_CODE, field="code")
    return _enter(person_id, token)


@bp.post("/sign-in/mail")
@web.public
def ask_for_mail():
    """Mail a link and a code, if the address has a person; the answer is the same if not."""
    email = request.form.get("email", "")
    try:
        check_email(email)
        person_id, _ = queries.sign_in_facts(email)
        with transaction():
            for bucket in _buckets("mail", "mail-address", email, person_id, ("mail-account", fold_email(email))):
                spend(*bucket)
            enqueue("sign-in-mail", person_id or 0, lane="now")
    except Refusal as error:
        return _again("sign_in", error, email=email)
    session["asked"] = email.strip()
    return web.go(url_for("sign_in.type_code", next=web.safe_next(request.form.get("next"))))


@bp.get("/link/<token>")
@web.public
def show_link(token):
    """One button: programs that open links in mails press none."""
    web.limit_reads("link")
    if session_actions.link_kind(token) not in ("link", "mail"):
        raise Missing(session_actions.WORN)
    return render_template("people/link.html", token=token)


@bp.post("/link/<token>")
@web.public
def follow_link(token):
    """Sign in by a one-time link."""
    with transaction():
        person_id = session_actions.use_link(token)
        new = session_actions.sign_in(person_id, "link", _label(), former=session.get("_user_id"), tz=request.form.get("tz"))
    return _enter(person_id, new)


@bp.post("/sign-out")
@web.public
def sign_out():
    """End this session; signed out already is fine."""
    token = session.get("_user_id")
    session.clear()
    if token:
        with transaction():
            session_actions.end_session(token)
    return web.go(url_for("sign_in.show"))


# --- the first admin

@bp.get("/setup/<token>")
@web.public
def show_setup(token):
    """The form that makes the first admin."""
    web.limit_reads("link")
    _expect_setup(token)
    return _page("setup", token=token)


@bp.post("/setup/<token>")
@web.public
def set_up(token):
    """Make the first admin and sign them in."""
    _expect_setup(token)
    email, name, password = (request.form.get(field, "") for field in ("email", "name", "password"))
    try:
        check_email(email)
        name = name.strip() or name_from(email)
        pw_hash = hash_password(check_password(password, name, email)) if password else None
        with transaction():
            session_actions.use_setup_link(token)
            person = make_first_admin(email, name, pw_hash)
            new = session_actions.sign_in(person.id, "setup", _label(), former=session.get("_user_id"), tz=request.form.get("tz"))
    except Missing:
        raise
    except Refusal as error:
        return _again("setup", error, token=token, email=email, name=name)
    return _enter(person.id, new)


def _expect_setup(token):
    if session_actions.link_kind(token) != "setup" or queries.has_admin():
        raise Missing(session_actions.NO_SETUP)
    close_read()


def answer_without_admin():
    """While nobody runs the desk, its first page says how to change that.  Before all other rules."""
    ready = current_app.extensions.setdefault("people", {})
    if request.path != "/" or request.method not in ("GET", "HEAD") or ready.get("has_admin"):
        return None
    ready["has_admin"] = queries.has_admin()
    close_read()
    return None if ready["has_admin"] else render_template("people/not_set_up.html", impersonal=True)


@bp.record_once
def _answer_first(state):
    # before_app_request would come after the rule that sends strangers to the sign-in page
    state.app.before_request_funcs.setdefault(None, []).insert(0, answer_without_admin)


# --- what both need

def _enter(person_id, token):
    """The answer to a sign-in: another session in the cookie, the device remembered, on to where they wanted to go."""
    brought = session.get("shared")             # by a share sheet, before they signed in
    session.clear()
    session["_user_id"] = token
    if brought:
        session["shared"] = brought
    session.permanent = True
    answer = web.go(web.safe_next(request.values.get("next")))
    device, people = _device()
    people = [person_id, *(one for one in people if one != person_id)][:MAX_KNOWN]
    answer.set_cookie(DEVICE, _signer().dumps([device or secrets.token_hex(8), people]), max_age=DEVICE_SECONDS, httponly=True,
                      samesite="Lax", secure=current_app.config["SETTINGS"].is_https)
    return answer


def _label():
    return label_of(request.headers.get("User-Agent", ""))


def _signer():
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="known-device", signer_kwargs={"digest_method": hashlib.sha256})


def _device():
    """(this browser's number, the people who signed in with it before)."""
    try:
        device, people = _signer().loads(request.cookies.get(DEVICE, ""))
        return str(device), [one for one in people if isinstance(one, int)]
    except (BadData, ValueError, TypeError):
        return "", []


def _buckets(kind, address_kind, email, person_id, *more):
    """What a try counts against: a known device of this person has a bucket of its own, so that strangers lock nobody out."""
    device, people = _device()
    if person_id in people:
        return [(kind, f"device:{device}:{person_id}")]
    return [(kind, f"{fold_email(email)}|{request.network}"), (address_kind, request.network), *more]


def _spend(buckets):
    with transaction():
        for bucket in buckets:
            spend(*bucket)


def _give_back(buckets):
    for bucket in buckets:
        give_back(*bucket)
