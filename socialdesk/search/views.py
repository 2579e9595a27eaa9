"""Where search meets the browser: suggestions while typing, and the results page."""
from flask import Blueprint, jsonify, render_template, request

from ..db import transaction
from ..errors import Invalid
from ..knowledge.actions import say_it_solved
from ..knowledge.queries import author_to_thank, verdict_of
from ..people.throttle_actions import spend
from ..posts.draft_actions import drop_draft
from ..web import limit_reads, respond, viewer
from . import queries

bp = Blueprint("search", __name__)
blueprints = (bp,)

SHOWN, MOST = 3, 20                     # on a page; for a script that asks for more


@bp.get("/suggestions")
def suggestions():
    """What may answer the text typed so far: a fragment, or JSON for who asks for it."""
    limit_reads("suggest", burst=120, per_second=20)
    found = queries.suggest(viewer(), request.args.get("q") or request.args.get("body", ""), _limit())
    if request.wants_json:
        return jsonify(suggestions=[{name: getattr(one, name) for name in ("kind", "id", "title", "url", "score")} for one in found])
    return render_template("search/_suggestions.html", suggestions=found)


def _limit():
    given = request.args.get("limit", str(SHOWN))
    if not (given.isascii() and given.isdigit() and len(given) < 5 and int(given) > 0):
        raise Invalid("The limit is a whole number, 1 or more.", field="limit")
    return min(int(given), MOST if request.wants_json else SHOWN)


@bp.post("/suggestions/solved")
def solved():
    """One of the suggestions solved it: who wrote it is thanked, and what was typed need not be sent."""
    post_id = _post_id(request.form.get("post_id", ""))
    with transaction():
        spend("deed", viewer().id)
        say_it_solved(post_id, viewer())
        drop_draft(viewer(), "ask")
    return respond("search/_solved.html", go_to=verdict_of(post_id, viewer())["to"], thanked=author_to_thank(post_id, viewer()), post_id=post_id)


def _post_id(text):
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Invalid("Which one solved it? Use the button beside it.", field="post_id")
    return int(text)


@bp.get("/search")
def results():
    """Everything this person may see that has one of the words, best first."""
    limit_reads("search")
    q, cursor = request.args.get("q", "").strip()[:500], request.args.get("cursor")
    found, next_cursor = queries.search(viewer(), q, cursor=cursor) if q else ([], None)
    return render_template("search/results.html", q=q, found=found, next_cursor=next_cursor, first=not cursor)
