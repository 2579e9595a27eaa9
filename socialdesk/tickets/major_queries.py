"""What the desk sees of a major incident beside its public text."""
import sqlalchemy as sa

from .. import policy
from ..db import db
from ..posts.models import Post
from .models import Major


def major_of(public_id, viewer):
    """The row of post_id, next_update_at, ended_at and ticket_id (None unless this person may read the ticket) of a public
    post that tells of a major incident, or None."""
    seen = sa.select(Post.id).where(Post.id == Major.ticket_id, policy.visible(viewer, Post)).correlate(Major).scalar_subquery()
    return db.session.execute(sa.select(Major.post_id, Major.next_update_at, Major.ended_at, seen.label("ticket_id"))
                              .where(Major.post_id == public_id)).first()
