"""What one can ask of likes, votes and saved threads."""
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..db import EPOCH, db
from ..errors import Invalid
from ..people.models import Person
from ..policy import readable, visible
from ..tickets.models import Ticket
from .models import Post, Saved
from .thread_queries import author_columns, has_reacted, stands

PAGE = 30


def reaction_of(post_id, viewer):
    """The row of id, root_id, likes, liked, votes, voted, saved of a post this person may read."""
    root = aliased(Post)
    return db.session.execute(
        sa.select(Post.id, Post.root_id, Post.likes, has_reacted(viewer, "like").label("liked"), Post.votes, has_reacted(viewer, "vote").label("voted"),
                  sa.exists().where(Saved.root_id == root.id, Saved.person_id == viewer.id).label("saved"))
        .join(root, root.id == Post.root_id).where(Post.id == post_id, readable(viewer, Post, root))).one()


def saved_of(viewer, cursor=None):
    """(rows of id, kind, title, at, made_at, status, hold_reason, name and handle of its author; the next cursor or None):
    the threads this person keeps and may still read, the one kept last first.  Raises Invalid."""
    person = aliased(Person)
    found = (sa.select(Post.id, Post.kind, Post.title, Post.audience, Saved.at, Post.made_at, (Post.author_id == viewer.id).label("is_mine"),
                       sa.func.coalesce(Ticket.status, Post.status).label("status"), Ticket.hold_reason,
                       *author_columns(viewer, Post, Post.author_id, person))
             .select_from(Saved).join(Post, Post.id == Saved.root_id).join(person, person.id == Post.author_id)
             .outerjoin(Ticket, Ticket.post_id == Post.id)
             .where(Saved.person_id == viewer.id, visible(viewer, Post), stands(Post)).order_by(Saved.at.desc(), Saved.root_id.desc()))
    if cursor:
        at, root_id = _read_cursor(cursor)
        found = found.where(sa.tuple_(Saved.at, Saved.root_id) < sa.tuple_(sa.literal(at, Saved.at.type), sa.literal(root_id)))
    rows = db.session.execute(found.limit(PAGE + 1)).all()
    shown = rows[:PAGE]
    return shown, f"{(shown[-1].at - EPOCH) // timedelta(microseconds=1)}.{shown[-1].id}" if len(rows) > PAGE else None


def _read_cursor(text):
    at, _, root_id = text.partition(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 18 for part in (at, root_id)):
        raise Invalid("This list cannot go on from there: its address was changed on the way. Open the list anew.", field="cursor")
    return EPOCH + timedelta(microseconds=int(at)), int(root_id)
