"""The door of the API: who asks, with which token, how often, and what was sent; then the endpoint itself."""
from functools import wraps

from flask import Blueprint, after_this_request, current_app, jsonify, make_response, request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from .. import web
from ..db import close_read
from ..errors import Missing, NotAllowed, Refusal, SignedOut, TooLarge
from ..people.me_views import Presence
from ..people.throttle_actions import spend
from . import actions, openapi, queries, schema_checker
from .schemas_openapi import MAX_LIMIT, SCHEMAS

bp = Blueprint("api", __name__, url_prefix="/api/v1")

MAX_BODY_BYTES = 1_000_000
LARGEST_ID = 2 ** 63 - 1
BURST, PER_SECOND = 600, 60             # of what only reads; what writes has its bucket in the database
LIMIT = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 20, "description": "how many at most"}
CURSOR = {"type": "string", "maxLength": 200, "description": "next_cursor of the answer before"}
PAGED = {"limit": LIMIT, "cursor": CURSOR}
#: endpoints that need no token: what the API is
OPEN = {"api.docs", "api.document"}


def endpoint(method, path, summary, **more):
    """Register a view as an endpoint and write it into the table the OpenAPI document is made from.
    The view is called with the Viewer, the ids of its path, and data (its body) or args (its parameters) where it has them;
    it returns the object to answer with, or None."""
    def register(view):
        made = openapi.Endpoint(method, path, view.__name__, summary, **more)
        openapi.ENDPOINTS.append(made)
        bp.add_url_rule(made.rule, view.__name__, web.public(_through(made, view)), methods=[method])
        return view
    return register


def _through(made, view):
    @wraps(view)
    def go(**ids):
        person = web.viewer()
        _check_scope(person, made.scope)
        _check_limit(person)
        _check_ids(ids)
        more = {"data": _body(made)} if made.body else {}
        more |= {"args": schema_checker.read_args(made.args, request.args)} if made.args else {}
        answer = view(person, **ids, **more)
        return make_response("", 204) if answer is None else (jsonify(answer), made.status)
    return go


# --- who

@bp.before_request
def _who():
    """Every endpoint of the API asks for a token here; cookies are not looked at."""
    request.acting = None
    if request.endpoint in OPEN:
        return
    person, token_id = queries.bearer_of(request.headers.get("Authorization"))
    close_read()
    if person is None:
        raise SignedOut("There is no API token with this request, or it does not work any more. "
                        "Send one as Authorization: Bearer sd_…; app.py token create makes it.")
    request.acting = person
    current_app.extensions["token_presence"].note(token_id)


@bp.record_once
def _watch(state):
    state.app.extensions["token_presence"] = Presence(state.app, actions.touch)


@bp.after_request
def _say_what_is_wrong_with_the_token(answer):
    answer.vary.add("Authorization")
    if answer.status_code == 401 and "Authorization" in request.headers:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="SocialDesk", error="invalid_token"'
    return answer


def _check_scope(person, scope):
    if person.scopes is not None and scope not in person.scopes:
        raise NotAllowed(f"This token may not {scope}: it was made for {', '.join(sorted(person.scopes))} alone. "
                         f"Make one with the scope {scope}, or without scopes.")


def _check_limit(person):
    if request.method in web.SAFE:
        web.limit_reads("api", BURST, PER_SECOND)
    else:
        spend("api", person.id)


def _check_ids(ids):
    if any(not 0 < key <= LARGEST_ID for key in ids.values()):
        raise Missing()


# --- what

def _body(made):
    """The members of the JSON object that was sent.  Raises Refusal, TooLarge, Invalid."""
    sent = _bytes()
    if not sent and not made.needs_body:
        return schema_checker.read_body(SCHEMAS[made.body], {})
    if not request.is_json:
        raise _refusal(415, "Not JSON", "The API takes JSON. Send the body as such, with Content-Type: application/json.")
    return schema_checker.read_body(SCHEMAS[made.body], _json())


def _bytes():
    """What was sent; of a body of unknown length werkzeug reads so far and stops without a word, so that is looked at as well."""
    request.max_content_length = MAX_BODY_BYTES + 1
    try:
        sent = request.get_data()
    except RequestEntityTooLarge:
        sent = None
    if sent is None or len(sent) > MAX_BODY_BYTES:
        raise TooLarge("The body is larger than the 1 MB the API takes. A text may have 20,000 characters: send a shorter one.")
    return sent


def _json():
    try:
        return request.get_json()
    except (BadRequest, RecursionError):
        raise _refusal(400, "Not JSON", "The body cannot be read as JSON. Look for a missing quote, comma or bracket, and send it again.") from None


def _refusal(status, title, sentence):
    refusal = Refusal(sentence)
    refusal.status, refusal.title = status, title
    return refusal


# --- answer

def once(person, deed):
    """Make something, once a key; deed() returns its {"id"}.  Says in a header where this is the first result again."""
    fresh = []

    def first():
        fresh.append(True)
        return deed()
    made = web.once(person, first)
    if not fresh:
        after_this_request(_replayed)
    return made["id"]


def _replayed(answer):
    answer.headers["Idempotency-Replayed"] = "true"
    return answer


def shown(of, person, key):
    """The object a deed was about, or its id alone where the deed took it out of the caller's sight."""
    try:
        return of(person, key)
    except Missing:
        return {"id": key}


def page(items, next_cursor):
    """A page of a list."""
    return {"items": items, "next_cursor": next_cursor}
