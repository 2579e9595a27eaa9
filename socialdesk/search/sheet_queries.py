"""One suggestion to read in full, over the box in which somebody types."""
from types import SimpleNamespace

import sqlalchemy as sa

from ..db import db
from ..errors import Missing
from ..posts.models import MeToo, Post
from .ask_queries import rows_of
from .queries import KNOWN, url_of

_JUDGED = ("article", "answer", "announcement")         # of these one can say that it solved it


def sheet_of(viewer, post_id):
    """id, kind, title, url, html, root_id, me_toos, has_me_too, solves (may one say that it solved it?), joins (may one say me too?)
    of what is known or asked.  Raises Missing."""
    row = rows_of(viewer, [post_id], (*KNOWN, "question")).get(post_id)
    if row is None:
        raise Missing()
    mine = sa.exists().where(MeToo.root_id == row.root_id, MeToo.person_id == viewer.id)
    post = db.session.execute(sa.select(Post.body_html, Post.author_id, mine.label("has_me_too")).where(Post.id == post_id)).one()
    return SimpleNamespace(
        id=post_id, root_id=row.root_id, kind=row.kind, title=row.title, url=url_of(row), html=post.body_html, me_toos=row.me_toos,
        has_me_too=bool(post.has_me_too), solves=row.kind in _JUDGED, joins=row.kind in ("incident", "question") and post.author_id != viewer.id)
