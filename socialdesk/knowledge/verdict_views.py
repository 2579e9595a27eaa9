"""Did this solve it?"""
from flask import Blueprint, request

from ..db import transaction
from ..errors import Invalid
from ..people.throttle_actions import spend
from ..search.lesson_actions import unlearn
from ..web import respond, viewer
from . import actions, queries

bp = Blueprint("verdicts", __name__)


@bp.post("/p/<int:post_id>/verdict")
def give(post_id):
    """Say that it did (solved=yes) or did not (solved=no)."""
    solved = {"yes": True, "no": False}.get(request.form.get("solved"))
    if solved is None:
        raise Invalid("Did it solve it? Answer with yes or no.", field="solved")
    with transaction():
        spend("deed", viewer().id)
        actions.give_verdict(post_id, viewer(), solved)
        if not solved:
            unlearn(viewer(), post_id, "solved")
    return _answer(post_id)


@bp.post("/p/<int:post_id>/verdict/remove")
def take_back(post_id):
    """As if nothing had been said."""
    with transaction():
        actions.take_back_verdict(post_id, viewer())
        unlearn(viewer(), post_id, "solved")
    return _answer(post_id)


def _answer(post_id):
    verdict = queries.verdict_of(post_id, viewer())
    return respond("knowledge/_verdict.html", go_to=verdict["to"], verdict=verdict)
