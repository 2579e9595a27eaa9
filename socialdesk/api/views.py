"""JSON v1: what the pages can do, for programs; and its papers, which need no token."""
from flask import current_app, jsonify, render_template

from .. import web
from . import find_views, major_views, me_views, openapi, post_views, reaction_views, share_views, ticket_views
from .door_views import bp
from .schemas_openapi import SCHEMAS

blueprints = (bp,)
__all__ = ["blueprints", "find_views", "major_views", "me_views", "post_views", "reaction_views", "share_views", "ticket_views"]       # loaded, and with them their endpoints


@bp.get("/openapi.json")
@web.public
def document():
    """The OpenAPI 3.1 document."""
    return _kept(jsonify(openapi.document(current_app.config["SETTINGS"].origin)))


@bp.get("/docs")
@web.public
def docs():
    """The same for people."""
    made = openapi.document(current_app.config["SETTINGS"].origin)
    by_tag = {name: [one for one in openapi.ENDPOINTS if one.tag == name] for name in openapi.TAGS}
    return render_template("api/docs.html", document=made, by_tag=by_tag, tags=openapi.TAGS, schemas=SCHEMAS, refusals=openapi.REFUSALS)


def _kept(answer):
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer
