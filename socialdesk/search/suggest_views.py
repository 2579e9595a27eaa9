"""What the composer shows while somebody types: what is known, what others asked, one of it in full, and what came of it."""
from flask import Blueprint, jsonify, redirect, render_template, request

from ..db import transaction
from ..errors import Invalid
from ..knowledge.actions import say_it_solved
from ..knowledge.queries import author_to_thank, verdict_of
from ..people.throttle_actions import spend
from ..posts.checker import MAX_BODY
from ..posts.draft_actions import drop_draft
from ..web import limit_reads, respond, viewer
from . import queries
from .count_views import searches
from .lesson_actions import learn
from .sheet_queries import sheet_of
from .similar_queries import similar_questions

bp = Blueprint("suggest", __name__)

SHOWN, MOST = 3, 20                     # on a page; for a script that asks for more


@bp.route("/suggestions", methods=("GET", "POST"))
def suggestions():
    """What may answer the text typed so far: a fragment, or JSON for who asks for it.  Posted, the text may be longer than an
    address.  Nothing is written."""
    limit_reads("suggest", burst=120, per_second=20)
    found = queries.suggest(viewer(), _asked(), _limit())
    if found:
        searches().note_shown()
    if request.wants_json:
        return jsonify(suggestions=[{name: getattr(one, name) for name in ("kind", "id", "title", "url", "score")} for one in found])
    return render_template("search/_suggestions.html", suggestions=found)


@bp.route("/suggestions/asked", methods=("GET", "POST"))
def asked():
    """Open questions of others that ask the same: a fragment."""
    limit_reads("asked", burst=60, per_second=5)
    return render_template("search/_asked.html", questions=similar_questions(viewer(), _asked(), SHOWN))


@bp.get("/suggestions/<int:post_id>")
def one(post_id):
    """One of them in full, for the sheet over the box; without scripts its own page."""
    limit_reads("sheet")
    found = sheet_of(viewer(), post_id)
    return render_template("search/_sheet.html", one=found) if request.wants_fragment else redirect(found.url, 303)


def _asked():
    return (request.values.get("q") or request.values.get("body", ""))[:MAX_BODY]


def _limit():
    given = request.values.get("limit", str(SHOWN))
    if not (given.isascii() and given.isdigit() and len(given) < 5 and int(given) > 0):
        raise Invalid("The limit is a whole number, 1 or more.", field="limit")
    return min(int(given), MOST if request.wants_json else SHOWN)


# --- what came of it

@bp.post("/suggestions/opened")
def opened():
    """One of them was opened while typing: what others type like this leads there sooner."""
    post_id = _post_id(request.form.get("post_id", ""))
    found = sheet_of(viewer(), post_id)
    with transaction():
        spend("deed", viewer().id)
        learn(viewer(), post_id, "opened", request.form.get("body", ""))
    return ("", 204) if request.wants_fragment else redirect(found.url, 303)


@bp.post("/suggestions/solved")
def solved():
    """One of the suggestions solved it: who wrote it is thanked, and what was typed need not be sent."""
    post_id = _post_id(request.form.get("post_id", ""))
    with transaction():
        spend("deed", viewer().id)
        say_it_solved(post_id, viewer())
        learn(viewer(), post_id, "solved", request.form.get("body", ""))
        drop_draft(viewer(), "ask")
    return respond("search/_solved.html", go_to=f"/suggestions/{post_id}/solved", thanked=author_to_thank(post_id, viewer()), post_id=post_id)


@bp.get("/suggestions/<int:post_id>/solved")
def thanks(post_id):
    """Where who has no script lands: who wrote it is thanked by name; for who has not said so, the page of it."""
    limit_reads("sheet")
    verdict = verdict_of(post_id, viewer())
    if not verdict["verdict"]:
        return redirect(verdict["to"], 303)
    return render_template("search/solved.html", thanked=author_to_thank(post_id, viewer()), post_id=post_id, where=verdict["to"], here="ask")


def _post_id(text):
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Invalid("Which one is it? Use the button beside it.", field="post_id")
    return int(text)
