"""The composer: one box; who will read it is said before it is sent; nothing typed is ever lost."""
import secrets

from flask import Blueprint, redirect, render_template, request, session

from .. import policy
from ..errors import Conflict, Invalid, Refusal
from ..people.throttle_actions import spend
from ..search.lesson_actions import learn
from ..search.queries import suggest
from ..search.similar_queries import similar_questions
from ..search.tag_queries import likely_tags
from ..tags.checker import fold, hashtags_in, is_name
from ..tags.offer_queries import offered
from ..tickets.actions import open_ticket
from ..web import SHARE_TARGET, go, limit_reads, once, public, refused, viewer
from . import ask_queries, draft_actions, poll_checker, queries
from .checker import MAX_BODY, joined
from .kind_actions import KINDS as OTHERS
from .kind_actions import say

bp = Blueprint("ask", __name__)

BROUGHT = "shared"                      # in the session: what was shared before its person signed in
SHOWN = 3                               # suggestions, and hashtags offered beside those taken
KINDS = ("ticket", "question", *OTHERS)
ANOTHER = "Is this another message? One was sent from here before, with other words. Your text is kept: send it as a new one, or look at the first."


@bp.get("/ask")
def show():
    """The composer: empty, with the draft kept, or with what a link brings along."""
    args, kept = request.args, ask_queries.draft_of(viewer(), "ask")
    given = args.get("text", "")
    brought = session.pop(BROUGHT, "") if "shared" in args and BROUGHT in session else ""
    body = given or joined(kept.text if kept else "", brought)
    form = _form(body=body, title=args.get("title", ""), kind=args.get("kind")) | {"whom": args.get("to", "")[:40]}
    return render_template("posts/ask.html", **form, kept_at=kept.at if kept and not (given or brought) else None)


@bp.post(SHARE_TARGET)
@public
def shared():
    """What a share sheet brings while no service worker takes it: the composer, filled.  Nothing is sent and nothing is written."""
    limit_reads("shared")
    text = joined(*(request.form.get(name, "") for name in ("title", "text", "url")), between="\n")[:MAX_BODY]
    if viewer() is None:
        session[BROUGHT] = text[:2000 if text.isascii() else 400]       # a cookie holds no more; it waits for the sign-in
        return redirect("/sign-in?next=%2Fask%3Fshared%3D1", 303)
    kept = ask_queries.draft_of(viewer(), "ask")
    photos = [file for file in request.files.getlist("photo") if file.filename]
    return render_template("posts/ask.html", **_form(body=joined(kept.text if kept else "", text)), left_out=len(photos))


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
    return render_template("posts/ask.html", **_typed(), suggestions=suggest(viewer(), body), questions=similar_questions(viewer(), body),
                           typed=body, looked=True)


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
    more = {"options": request.form.getlist("option"), "closes_days": request.form.get("closes_days")} if kind == "poll" else {}
    more |= {"to": ask_queries.people_named(request.form.get("to", ""))} if kind == "kudos" else {}
    return once(who, lambda: _write(who, kind, audience, prepared, more))


def _write(who, kind, audience, prepared, more):
    spend("post", who.id)
    post = open_ticket(who, prepared) if kind == "ticket" else say(who, kind, prepared, audience=audience, **more)
    draft_actions.drop_draft(who, "ask")
    _learn_of_what_was_shown(who)
    return {"id": post.id}


def _learn_of_what_was_shown(who):
    """It was sent although something was suggested for it: that did not help."""
    for post_id in request.form.get("shown", "").split(",")[:SHOWN]:
        if post_id.isascii() and post_id.isdigit() and len(post_id) < 16:
            learn(who, int(post_id), "sent", request.form.get("body", ""))


def _kind():
    kind = request.form.get("kind") or "ticket"
    if kind == "article":
        raise Invalid("Articles are written by the desk, under Help. Ask a question here; it may become one.", field="kind")
    if kind not in KINDS:
        raise Invalid("It can go to a person of the desk (ticket) or to your colleagues (question), or be an idea, kudos, a poll or an "
                      "announcement. Choose one of these.", field="kind")
    return kind


def _audience():
    """Who will read it.  `to` is the page's own choice for a question alone; a ticket is private whatever it says."""
    given, kind = request.form.get("audience"), request.form.get("kind") or "ticket"
    if kind in OTHERS:                          # there `to` says whom one thanks
        return given or "everyone"
    if kind == "ticket":
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
    return refused(render_template(template, **form, error=error), error)


def _typed():
    form = request.form
    to, audience = form.get("to"), form.get("audience")
    readers = audience if form.get("kind") in OTHERS else to or audience
    more = {"options": form.getlist("option")[:poll_checker.MOST], "closes_days": form.get("closes_days", ""), "whom": to or ""}
    return _form(form.get("body", ""), form.get("title", ""), form.get("kind"), readers, form.getlist("tag"), form.get("key")) | more


def _form(body="", title="", kind=None, to=None, ticked=(), key=None):
    others = [one for one in OTHERS if one != "announcement" or policy.can(viewer(), "announcement.write")]
    return {"here": "ask", "body": body, "title": title, "kind": kind if kind in (*KINDS[:2], *others) else "ticket", "to": to or "everyone",
            "others": [one for one in others if one == "announcement" or not viewer().only_tickets], "options": [], "closes_days": "7", "whom": "",
            "circles": ask_queries.circles_of(viewer()), "key": key or secrets.token_urlsafe(12), **_chips(body, ticked)}


def _chips(body, ticked=()):
    have = {fold(shown) for _, _, shown in hashtags_in(body)} | {fold(name) for name in ticked}
    offers = offered(viewer(), body)
    taken = dict.fromkeys([*(name for name in ticked if is_name(name)), *(name for name in offers if fold(name) in have)])
    free = {fold(name): name for name in reversed([*(name for name, _ in likely_tags(viewer(), body, SHOWN)), *offers]) if fold(name) not in have}
    return {"chips": [(name, True) for name in taken] + [(name, False) for name in list(free.values())[::-1][:SHOWN]]}
