"""The spine: everything people say, and what hangs on it."""
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import db

AUDIENCES = ("everyone", "circle", "private")
#: an idea: from -> to
IDEA_NEXT = {
    "proposed": ("under_review", "declined"),
    "under_review": ("planned", "declined"),
    "planned": ("in_progress", "declined"),
    "in_progress": ("shipped", "declined"),
    "shipped": (),
    "declined": (),
}
KINDS = ("question", "ticket", "announcement", "idea", "kudos", "poll", "article", "reply")


def _post(**more):
    return mapped_column(sa.ForeignKey("post.id", ondelete="CASCADE"), **more)


def _person(**more):
    return mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), **more)


class Post(db.Model):
    """Something said.  A reply has the audience of its thread: its root's is asked.  shown_as: the name is left out."""

    __table_args__ = (
        sa.CheckConstraint("(audience = 'circle') = (circle_id IS NOT NULL)", name="circle"),
        sa.CheckConstraint("NOT note OR parent_id IS NOT NULL", name="note_is_reply"),
        sa.CheckConstraint("NOT (note AND in_feed)", name="note_not_in_feed"),
        sa.UniqueConstraint("source", "external_id"),
        sa.Index(None, "root_id", "id"),
        sa.Index("ix_post_feed_audience", "audience", "id", sqlite_where=sa.text("in_feed = 1"), postgresql_where=sa.text("in_feed")),
        sa.Index("ix_post_feed_circle", "circle_id", "id", sqlite_where=sa.text("in_feed = 1"), postgresql_where=sa.text("in_feed")),
        sa.Index("ix_post_announcement", "made_at", sqlite_where=sa.text("kind = 'announcement'"), postgresql_where=sa.text("kind = 'announcement'")),
        sa.Index(None, "author_id", "id"),
        sa.Index(None, "team_id", "sealed", "id"),
        {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(primary_key=True)
    root_id: Mapped[int | None] = mapped_column(sa.ForeignKey("post.id"))          # itself for a root
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("post.id"))
    kind: Mapped[str]
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    shown_as: Mapped[str | None]
    audience: Mapped[str]
    circle_id: Mapped[int | None] = mapped_column(sa.ForeignKey("circle.id"))
    team_id: Mapped[int | None] = mapped_column(sa.ForeignKey("team.id"))
    sealed: Mapped[bool] = mapped_column(default=False)       # team.confidential, copied
    note: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str | None]                                # question: open, answered; idea: IDEA_NEXT
    title: Mapped[str] = mapped_column(default="")
    body_md: Mapped[str] = mapped_column(default="")
    body_html: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    made_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    hold_until: Mapped[datetime | None]
    in_feed: Mapped[bool] = mapped_column(default=False)
    active_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(sa.ForeignKey("post.id"))
    accepted_at: Mapped[datetime | None]                      # a reply the asker accepted
    accepted_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    likes: Mapped[int] = mapped_column(default=0)
    votes: Mapped[int] = mapped_column(default=0, server_default="0")
    me_toos: Mapped[int] = mapped_column(default=0)
    replies_public: Mapped[int] = mapped_column(default=0)
    voices: Mapped[int] = mapped_column(default=0, server_default="0")      # different people who replied, its author apart
    source: Mapped[str | None]
    external_id: Mapped[str | None]


class Access(db.Model):
    """Who may see a thread in their own right.  why: author, participant, glass (until then)."""

    person_id: Mapped[int] = _person(primary_key=True)
    root_id: Mapped[int] = _post(primary_key=True, index=True)
    why: Mapped[str]
    until: Mapped[datetime | None]


class Version(db.Model):
    """The text of a post as it stood."""

    post_id: Mapped[int] = _post(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(default="")
    body_md: Mapped[str]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    at: Mapped[datetime]


class Attachment(db.Model):
    """A photo of a post; its bytes lie in the uploads folder under their SHA-256."""

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = _post(index=True)
    sha256: Mapped[str] = mapped_column(index=True)
    mime: Mapped[str]
    bytes: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]


class Link(db.Model):
    """Two posts that belong together.  kind: follow_up, duplicate, merged; shared: from the new post to
    the thread it tells of; article: from an article to the ticket it was written from."""

    from_id: Mapped[int] = _post(primary_key=True)
    to_id: Mapped[int] = _post(primary_key=True, index=True)
    kind: Mapped[str] = mapped_column(primary_key=True)


class Mention(db.Model):
    """Somebody named in a post."""

    post_id: Mapped[int] = _post(primary_key=True)
    person_id: Mapped[int] = _person(primary_key=True)


class Reaction(db.Model):
    """What somebody thinks of a post.  kind: like; vote, for an idea."""

    post_id: Mapped[int] = _post(primary_key=True)
    person_id: Mapped[int] = _person(primary_key=True, index=True)
    kind: Mapped[str] = mapped_column(primary_key=True)


class Saved(db.Model):
    """A thread somebody keeps for later; nobody else is told."""

    __table_args__ = (sa.Index(None, "person_id", "at"),)
    person_id: Mapped[int] = _person(primary_key=True)
    root_id: Mapped[int] = _post(primary_key=True, index=True)
    at: Mapped[datetime]


class Kudos(db.Model):
    """Whom a post of kind kudos thanks."""

    post_id: Mapped[int] = _post(primary_key=True)
    person_id: Mapped[int] = _person(primary_key=True, index=True)


class Poll(db.Model):
    """The side table of a post of kind poll: one choice a person, until it closes."""

    post_id: Mapped[int] = _post(primary_key=True, autoincrement=False)
    closes_at: Mapped[datetime | None]


class PollOption(db.Model):
    """Something a poll offers.  votes: how many chose it."""

    __table_args__ = (sa.UniqueConstraint("post_id", "n"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = _post()
    n: Mapped[int]
    text: Mapped[str]
    votes: Mapped[int] = mapped_column(default=0)


class PollVote(db.Model):
    """What somebody chose; nobody is shown who chose what."""

    post_id: Mapped[int] = _post(primary_key=True)
    person_id: Mapped[int] = _person(primary_key=True, index=True)
    option_id: Mapped[int] = mapped_column(sa.ForeignKey("poll_option.id", ondelete="CASCADE"), index=True)


class MeToo(db.Model):
    """I have this as well: distinct people, one row each."""

    root_id: Mapped[int] = _post(primary_key=True)
    person_id: Mapped[int] = _person(primary_key=True)


class Follow(db.Model):
    """Who wants to hear of a thread.  level: all, mentions, muted."""

    __table_args__ = (sa.Index(None, "person_id", "root_id"),)
    root_id: Mapped[int] = _post(primary_key=True)
    person_id: Mapped[int] = _person(primary_key=True)
    level: Mapped[str] = mapped_column(default="all")


class Seen(db.Model):
    """What of a thread a person has had on the screen."""

    person_id: Mapped[int] = _person(primary_key=True)
    root_id: Mapped[int] = _post(primary_key=True, index=True)
    event_id: Mapped[int]
    first_at: Mapped[datetime]
    at: Mapped[datetime]


class Draft(db.Model):
    """What a person has typed and not yet sent, by place."""

    person_id: Mapped[int] = _person(primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    at: Mapped[datetime]


class Idem(db.Model):
    """A deed that came with a key: the same key and content again get the first result."""

    person_id: Mapped[int] = _person(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    result: Mapped[dict] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(index=True)
