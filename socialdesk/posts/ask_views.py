"""The composer: one box; who will read it is said before it is sent; nothing typed is ever lost."""
import secrets

from flask import Blueprint, make_response, render_template, request

from ..errors import Conflict, Invalid, Refusal
from ..people.throttle_actions import spend
from ..search.queries import suggest
from ..tags.checker import fold, hashtags_in, is_name
from ..tags.offer_queries import offered
from ..tickets.actions import open_ticket
from ..web import go, limit_reads, once, viewer
from . import actions, ask_queries, draft_actions, queries

bp = Blueprint("ask", __name__)

KINDS = ("ticket", "question")
LATER = {"announcement": "Announcements", "idea": "Ideas", "kudos": "Kudos", "poll": "Polls"}
ANOTHER = "Is this another message? One was sent from here before, with other words. Your text is kept: send it as a new one, or look at the first."


@bp.get("/ask")
def show():
    """The composer: empty, with the draft kept, or with what a link brings along."""
    args, kept = request.args, ask_queries.draft_of(viewer(), "ask")
    given = args.get("text", "")
    form = _form(body=given or (kept.text if kept else ""), title=args.get("title", ""), kind=args.get("kind"))
    return render_template("posts/ask.html", **form, kept_at=kept.at if kept and not given else None)


@bp.post("/ask")
def send():
    """Send it: to a person of the desk, or to colleagues."""
    try:
        return go(f"/p/{_send(viewer())['id']}")
    except Refusal as error:
        if request.wants_json or error.status >= 500:
            raise
        return _refused(error)


@bp.post("/ask/known")
def known():
    """What is known of a text, for browsers without scripts.  Nothing is sent and nothing is written."""
    limit_reads("suggest")
    body = request.form.get("body", "")
    return render_template("posts/ask.html", **_typed(), suggestions=suggest(viewer(), body) if body.strip() else [], looked=True)


@bp.get("/ask/tags")
def tags():
    """Hashtags that fit what is typed, as chips."""
    limit_reads("tags")
    return render_template("posts/_ask_tags.html", **_chips(request.args.get("body", "")))


# --- sending

def _send(who):
    kind, audience = _kind(), _audience()
    body, photos = _body(), [file for file in request.files.getlist("photo") if file.filename]
    for _ in photos:
        spend("upload", who.id)
    prepared = queries.prepare(who, body, title=request.form.get("title"), files=photos)
    return once(who, lambda: _write(who, kind, audience, prepared))


def _write(who, kind, audience, prepared):
    spend("post", who.id)
    post = open_ticket(who, prepared) if kind == "ticket" else actions.publish(who, kind, prepared, audience=audience)
    draft_actions.drop_draft(who, "ask")
    return {"id": post.id}


def _kind():
    kind = request.form.get("kind") or "ticket"
    if kind in LATER:
        raise Invalid(f"{LATER[kind]} cannot be sent from here yet. Ask your colleagues, or send it to a person.", field="kind")
    if kind == "article":
        raise Invalid("Articles are written by the desk, under Help. Ask a question here; it may become one.", field="kind")
    if kind not in KINDS:
        raise Invalid("It can go to a person of the desk (ticket) or to your colleagues (question). Choose one of the two.", field="kind")
    return kind


def _audience():
    """Who will read it.  `to` is the page's own choice for a question; a ticket is private whatever it says."""
    given = request.form.get("audience")
    if (request.form.get("kind") or "ticket") == "ticket":
        if given not in (None, "", "private"):
            raise Invalid("What you send to a person is read by you and the desk alone, so it cannot be for others as well. "
                          "Send it as it is and share it afterwards, or ask your colleagues instead.", field="audience")
        return "private"
    return given or request.form.get("to") or "everyone"


def _body():
    """The text, with the hashtags that were ticked and do not stand in it yet."""
    body = request.form.get("body", "")
    have = {fold(shown) for _, _, shown in hashtags_in(body)}
    ticked = {fold(name): f"#{name}" for name in request.form.getlist("tag")[:20] if is_name(name) and fold(name) not in have}
    return f"{body.rstrip()}\n\n{' '.join(ticked.values())}" if ticked and body.strip() else body


# --- the form again

def _refused(error):
    """The same form with all that was typed, and the sentence beside what it is about."""
    form = _typed()
    if isinstance(error, Conflict):
        first = ask_queries.sent_with(viewer(), request.headers.get("Idempotency-Key") or request.form.get("key", ""))
        form |= {"key": secrets.token_urlsafe(12), "first": first}
        error.sentence, error.title = ANOTHER, "Sent before"
    template = "posts/_ask_form.html" if request.wants_fragment else "posts/ask.html"
    answer = make_response(render_template(template, **form, error=error), error.status)
    if getattr(error, "retry_after", None):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _typed():
    form = request.form
    return _form(form.get("body", ""), form.get("title", ""), form.get("kind"), form.get("to") or form.get("audience"),
                 form.getlist("tag"), form.get("key"))


def _form(body="", title="", kind=None, to=None, ticked=(), key=None):
    return {"here": "ask", "body": body, "title": title, "kind": kind if kind in KINDS else "ticket", "to": to or "everyone",
            "circles": ask_queries.circles_of(viewer()), "key": key or secrets.token_urlsafe(12), **_chips(body, ticked)}


def _chips(body, ticked=()):
    have = {fold(shown) for _, _, shown in hashtags_in(body)} | {fold(name) for name in ticked}
    names = dict.fromkeys([*(name for name in ticked if is_name(name)), *offered(viewer(), body)])
    return {"chips": [(name, fold(name) in have) for name in names]}
