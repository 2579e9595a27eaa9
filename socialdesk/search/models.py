"""The search index: one row a thing that can be found, in segments that never mix rights."""
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import db


class Document(db.Model):
    """What of a post can be found.  segment: people (everyone or a circle may read it), desk, or team:<id> for a confidential team."""

    __table_args__ = (sa.Index(None, "segment", "kind"),)
    post_id: Mapped[int] = mapped_column(sa.ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    root_id: Mapped[int] = mapped_column(index=True)
    segment: Mapped[str]
    kind: Mapped[str]                           # article, answer, question, ticket, announcement, idea
    title: Mapped[str]
    body: Mapped[str]
