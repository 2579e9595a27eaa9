"""The desk's queue, and a person's own tickets."""
from flask import Blueprint, render_template, request

from .. import policy, web
from ..db import now
from ..tags.queries import tags_of
from . import queries
from .checker import how_long

bp = Blueprint("desk", __name__)


@bp.get("/desk")
def desk():
    """The queue, longest silence first."""
    person, asked = web.viewer(), request.args
    policy.require(person, "desk")
    filter, tag = asked.get("filter", "unassigned"), asked.get("tag", "").removeprefix("#")
    rows, cursor = queries.queue_of(person, filter, tag=tag or None, cursor=asked.get("cursor"))
    template = "tickets/_queue.html" if request.wants_fragment else "tickets/desk.html"
    return render_template(template, rows=rows, tags=tags_of([row.id for row in rows]), counts=queries.counts_of(person), cursor=cursor,
                           filter=filter, tag=tag, filters=queries.FILTERS, at=asked.get("cursor"), waits=_waits(rows), here="desk")


@bp.get("/me/tickets")
def mine():
    """What one has asked the desk for."""
    rows, cursor = queries.tickets_of(web.viewer(), cursor=request.args.get("cursor"))
    return render_template("tickets/mine.html", rows=rows, tags=tags_of([row.id for row in rows]), cursor=cursor,
                           at=request.args.get("cursor"), here="me")


def _waits(rows):
    """{ticket id: how long its requester has heard nothing}."""
    present = now()
    return {row.id: how_long(row.last_word_at, present) for row in rows}
