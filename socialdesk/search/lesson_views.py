"""What helped me helps others find it: the switch, what is kept, taking it along, erasing it."""
from flask import Blueprint, jsonify, render_template, request, url_for

from ..db import transaction
from ..people.throttle_actions import spend
from ..web import respond, viewer
from . import lesson_actions, lesson_queries

bp = Blueprint("learning", __name__)


@bp.get("/me/learning")
def show():
    """What is kept of one's searches."""
    return render_template("search/learning.html", here="me", **_kept())


def _kept():
    lessons, number = lesson_queries.lessons_of(viewer())
    return {"learns": lesson_queries.may_learn(viewer()), "lessons": lessons, "number": number, "why": lesson_queries.WHY}


@bp.post("/me/learning")
def switch():
    """Let what helped me help others (learns=yes), or not."""
    with transaction():
        spend("deed", viewer().id)
        lesson_actions.let_learn(viewer(), request.form.get("learns") == "yes")
    return respond("search/_learning.html", url_for(".show"), saved=True, **_kept())


@bp.get("/me/learning.json")
def export():
    """All that is kept of one's own searches."""
    lessons, _number = lesson_queries.lessons_of(viewer(), lesson_queries.MOST)
    answer = jsonify(learns=lesson_queries.may_learn(viewer()), lessons=[
        {"text": one.text, "why": one.why, "post": one.post_id, "title": one.title, "url": one.url, "at": one.at.isoformat()} for one in lessons])
    answer.headers["Content-Disposition"] = 'attachment; filename="what-my-searches-taught.json"'
    return answer


@bp.post("/me/learning/erase")
def erase():
    """Erase it, and what was learned from it."""
    with transaction():
        spend("deed", viewer().id)
        lesson_actions.forget(viewer())
    return respond("search/_learning.html", url_for(".show"), erased=True, **_kept())
