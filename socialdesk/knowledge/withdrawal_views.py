"""Taking an article back, and bringing it back."""
from flask import Blueprint, request

from ..db import transaction
from ..people.throttle_actions import spend
from ..policy import require
from ..web import go, viewer
from . import picture_queries, queries, withdrawal_actions, withdrawal_queries

bp = Blueprint("withdrawals", __name__)


@bp.post("/help/<slug>/withdrawal")
def withdraw(slug):
    """Take it back; field reason may say why.  One that is back already stays so."""
    require(viewer(), "article.withdraw")
    post_id = queries.id_of(slug, viewer())
    with transaction():
        spend("deed", viewer().id)
        withdrawal_actions.withdraw_article(post_id, viewer(), request.form.get("reason", ""))
    return go(f"/me/articles#back-{post_id}")


@bp.post("/help/<slug>/withdrawal/remove")
def restore(slug):
    """Bring it back as it was."""
    require(viewer(), "article.restore")
    post_id = queries.id_of(slug, viewer())
    bring_back(post_id, viewer())
    return go(f"/help/{queries.slug_of(post_id)}")


def bring_back(post_id, person):
    """Make the text ready outside the write transaction, then bring the article back.  Raises Missing, NotAllowed, Conflict."""
    require(person, "article.restore")
    text = withdrawal_queries.put_away(post_id, person)
    if text is None:
        return
    prepared = picture_queries.prepare_article(person, text.body_md, text.title, article=text)
    with transaction():
        spend("deed", person.id)
        withdrawal_actions.restore_article(post_id, person, prepared)
