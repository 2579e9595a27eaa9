"""Where hashtags meet the browser: their page, completion while typing, and the admin's list."""
from urllib.parse import quote

from flask import Blueprint, jsonify, render_template, request

from .. import policy
from ..db import db, transaction
from ..errors import Invalid, Missing
from ..feed.card_views import drawn
from ..feed.queries import tag_page
from ..people.models import Team
from ..people.queries import find_people
from ..people.throttle_actions import spend
from ..web import limit_reads, respond, viewer
from . import actions, follow_actions, offer_queries, queries, synonym_actions
from .checker import MAX_FOLDED, fold, is_name

bp = Blueprint("tags", __name__)
blueprints = (bp,)
MOST_COMPLETIONS = 6


@bp.get("/t/<name>")
def show(name):
    """What carries a hashtag, as far as one may read it.  One that stands on private posts alone looks like an unknown one."""
    if not 0 < len(fold(name)) <= MAX_FOLDED:
        raise Missing("This is no hashtag: it has letters, digits, _ or -, and at least one letter.")
    tag = queries.tag_by_name(name)
    cursor = request.args.get("cursor")
    page = drawn(tag_page(viewer(), tag.id if tag else 0, cursor))
    template = "feed/_more.html" if cursor and request.wants_fragment else "tags/show.html"
    return render_template(template, page=page, first=not cursor, where="/t/" + quote(fold(name), safe=""), **_heading(tag, name))


def _heading(tag, name):
    known = tag is not None and (tag.public or tag.team_id is not None)
    return {"shown": tag.shown if known else name, "may_follow": is_name(name), "follows": queries.follows(viewer(), name), "owner": offer_queries.owner_of(viewer(), tag),
            "count": offer_queries.count_of(viewer(), tag.id) if known else 0}


@bp.post("/t/<name>/follow")
def follow(name):
    """Follow a hashtag."""
    return _follow(name, follow_actions.follow_tag)


@bp.post("/t/<name>/follow/remove")
def unfollow(name):
    """Follow it no longer."""
    return _follow(name, follow_actions.unfollow_tag)


def _follow(name, deed):
    with transaction():
        spend("deed", viewer().id)
        deed(name, viewer())
    where = "/t/" + quote(fold(name), safe="")
    return respond("tags/_follow.html", where, where=where, **_heading(queries.tag_by_name(name), name))


@bp.get("/complete")
def complete():
    """What a half-typed #hashtag or @handle may become: a list, or JSON for the script that completes while typing."""
    limit_reads("complete")
    typed = request.args.get("q", "").strip()[:60]
    found = _completions(typed)
    if request.wants_json:
        return jsonify(completions=found)
    return render_template("tags/_completions.html", completions=found, typed=typed)


def _completions(typed):
    if typed.startswith("@"):
        return [{"text": "@" + row.handle, "line": row.name} for row in find_people(viewer(), typed[1:], MOST_COMPLETIONS)]
    if not typed.startswith("#"):
        return []
    return [{"text": "#" + shown, "line": _posts(posts)} for shown, posts in queries.complete(viewer(), typed, MOST_COMPLETIONS)]


def _posts(number):
    return "1 post" if number == 1 else f"{number} posts" if number else ""


@bp.get("/admin/tags")
def admin():
    """The hashtags, which team answers for each, and which are spellings of another."""
    policy.require(viewer(), "admin")
    prefix = request.args.get("q", "")
    rows, next_cursor = offer_queries.admin_page(prefix, request.args.get("after", ""))
    return render_template("tags/admin.html", rows=rows, next_cursor=next_cursor, teams=offer_queries.teams(), q=prefix)


@bp.post("/admin/tags")
def add():
    """Let a team answer for a hashtag that need not have been used yet."""
    name = request.form.get("name", "").strip().removeprefix("#")
    return _set_team(name)


@bp.post("/admin/tags/<name>/team")
def set_team(name):
    """Let a team answer for a hashtag; an empty team: nobody, it goes through triage."""
    return _set_team(name)


def _set_team(name):
    policy.require(viewer(), "admin")
    if not is_name(name):
        raise Invalid("A hashtag has 1 to 50 letters, digits, _ or -, and at least one letter.", field="name")
    team_id = _team_id(request.form.get("team", ""))
    with transaction():
        actions.own_tag(name, team_id, viewer())
    return _row(name)


def _team_id(text):
    if not text:
        return None
    team = db.session.get(Team, int(text)) if text.isascii() and text.isdigit() and len(text) < 19 else None
    if team is None:
        raise Invalid("There is no such team any more. Open the list anew and choose another one.", field="team")
    return team.id


@bp.post("/admin/tags/<name>/synonym")
def set_synonym(name):
    """Let a hashtag be another spelling of the one in the field `of`."""
    policy.require(viewer(), "admin")
    with transaction():
        synonym_actions.make_synonym(name, request.form.get("of", "").strip().removeprefix("#"))
    return _row(name)


@bp.post("/admin/tags/<name>/synonym/remove")
def remove_synonym(name):
    """Let a spelling be a hashtag of its own again."""
    policy.require(viewer(), "admin")
    with transaction():
        synonym_actions.part_synonym(name)
    return _row(name)


def _row(name):
    row = offer_queries.admin_row(name)
    return respond("tags/_admin_row.html", go_to="/admin/tags", row=row, teams=offer_queries.teams())
