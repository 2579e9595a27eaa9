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


def majors_of(post_ids, viewer):
    """{post id: the row of post_id, ticket_id (None unless this person may read it), next_update_at, ended_at} of those of these
    tickets and public posts, which this person may read, that belong to a major incident."""
    if not post_ids:
        return {}
    public = sa.select(Post.id).where(Post.id == Major.post_id, Post.deleted_at.is_(None)).correlate(Major)
    seen = sa.select(Post.id).where(Post.id == Major.ticket_id, policy.visible(viewer, Post)).correlate(Major).scalar_subquery()
    rows = db.session.execute(sa.select(Major.post_id, seen.label("ticket_id"), Major.next_update_at, Major.ended_at)
                              .where(sa.or_(Major.post_id.in_(post_ids), Major.ticket_id.in_(post_ids)), sa.exists(public))).all()
    return {key: row for row in rows for key in (row.post_id, row.ticket_id) if key in post_ids}
