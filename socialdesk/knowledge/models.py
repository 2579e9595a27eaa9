"""Articles: pages of the knowledge base."""
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import db


class Article(db.Model):
    """The side table of a post of kind article."""

    __table_args__ = (sa.Index("ix_article_use", sa.text("(solved - not_solved)"), "post_id"),)
    post_id: Mapped[int] = mapped_column(sa.ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    slug: Mapped[str] = mapped_column(unique=True)
    summary: Mapped[str] = mapped_column(default="")
    lang: Mapped[str] = mapped_column(default="en")
    source_url: Mapped[str | None]
    licence: Mapped[str | None]
    content_hash: Mapped[str | None] = mapped_column(index=True)
    solved: Mapped[int] = mapped_column(default=0)
    not_solved: Mapped[int] = mapped_column(default=0)
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    review_at: Mapped[datetime | None]          # when its owner should look whether it still holds


class Verdict(db.Model):
    """A person's answer to "Did this solve it?" on an article or an accepted answer."""

    post_id: Mapped[int] = mapped_column(sa.ForeignKey("post.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    solved: Mapped[bool]
    at: Mapped[datetime]
