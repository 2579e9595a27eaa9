"""Hashtags and what is counted of them in public."""
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import db


class Tag(db.Model):
    """A hashtag.  fold: its compared form; team_id: who owns what carries it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    fold: Mapped[str] = mapped_column(unique=True)
    shown: Mapped[str]
    synonym_of: Mapped[int | None] = mapped_column(sa.ForeignKey("tag.id"))
    team_id: Mapped[int | None] = mapped_column(sa.ForeignKey("team.id", ondelete="SET NULL"))
    public: Mapped[bool] = mapped_column(default=False)          # stands on something everyone or a circle may read


class PostTag(db.Model):
    """A hashtag on a thread, with the thread's audience copied so that a tag's page needs no join.
    article: the thread is one; few are, and those of a hashtag are found among all that carries it."""

    __table_args__ = (
        sa.Index(None, "tag_id", "audience", "circle_id", "root_id"), sa.Index(None, "root_id"),
        sa.Index("ix_post_tag_article", "tag_id", "root_id", sqlite_where=sa.text("article = 1"), postgresql_where=sa.text("article")))
    tag_id: Mapped[int] = mapped_column(sa.ForeignKey("tag.id"), primary_key=True)
    root_id: Mapped[int] = mapped_column(sa.ForeignKey("post.id", ondelete="CASCADE"), primary_key=True)
    audience: Mapped[str]
    circle_id: Mapped[int | None]
    article: Mapped[bool] = mapped_column(default=False, server_default=sa.false())


class TagCount(db.Model):
    """How many posts carry a hashtag, by bucket: everyone, or circle:<id>.  Private posts were never counted."""

    tag_id: Mapped[int] = mapped_column(sa.ForeignKey("tag.id"), primary_key=True)
    bucket: Mapped[str] = mapped_column(primary_key=True)
    posts: Mapped[int] = mapped_column(default=0)


class TagFollow(db.Model):
    """Who follows a hashtag.  level: all; mentions, of which one is told only when named; muted, which stands nowhere in the feed either."""

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(sa.ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True, index=True)
    level: Mapped[str] = mapped_column(default="all")
