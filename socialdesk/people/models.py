"""Persons, their teams and circles, their sessions, one-time codes and mails."""
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import db
from .checker import fold_name

ROLES = ("requester", "agent", "admin")
FEED_VIEWS = ("for-you", "newest", "following")
SWIPES = ("me-too", "like", "save", "follow", "none")
JOINS = ("open", "request", "invite")
LOCK_SCREENS = ("full", "who", "discreet")          # all, only who, only that there is something
BUDGETS = (0, 3, 6, 12)                             # pushes in 24 hours; 0: no limit
DIGESTS = ("off", "daily", "weekly")
BATCH_HOURS = ("09:00", "12:30", "16:00")
WORKING_WEEK = {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


class Person(db.Model):
    """Somebody of the organisation.  state: active, off (may not sign in), imported (has no sign-in yet)."""

    __table_args__ = (sa.CheckConstraint("role IN ('requester', 'agent', 'admin')", name="role"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    email_fold: Mapped[str] = mapped_column(unique=True)
    handle: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_fold: Mapped[str] = mapped_column(default=lambda context: fold_name(context.get_current_parameters()["name"]), index=True)
    role: Mapped[str] = mapped_column(default="requester")
    tz: Mapped[str] = mapped_column(default="UTC")
    lang: Mapped[str] = mapped_column(default="en")
    theme: Mapped[str] = mapped_column(default="auto")                       # auto, light, dark
    hours: Mapped[list | dict | str] = mapped_column(sa.JSON, default=lambda: WORKING_WEEK)      # "always" or {"mon": [["08:00", "18:00"]]}
    feed_view: Mapped[str] = mapped_column(default="for-you", server_default="for-you")           # for-you, newest, following
    only_tickets: Mapped[bool] = mapped_column(default=False, server_default=sa.false())        # "Just my tickets": no social side
    swipe_right: Mapped[str] = mapped_column(default="me-too", server_default="me-too")           # SWIPES
    swipe_left: Mapped[str] = mapped_column(default="save", server_default="save")
    learns: Mapped[bool] = mapped_column(default=True, server_default=sa.true())      # may searches of theirs teach the index?
    lock_screen: Mapped[str] = mapped_column(default="full")                 # of public threads: LOCK_SCREENS
    lock_private: Mapped[str] = mapped_column(default="discreet", server_default="discreet")      # of private ones
    batch_hours: Mapped[list] = mapped_column(default=lambda: list(BATCH_HOURS), server_default='["09:00", "12:30", "16:00"]')
    daily_pushes: Mapped[int] = mapped_column(default=6, server_default="6")                      # in 24 hours; beyond, with the rest. 0: no limit
    quiet_until: Mapped[datetime | None]                                     # nothing rings before it
    even_outside: Mapped[list] = mapped_column(default=list, server_default="[]")                 # what may ring at any time: EXCEPTIONS of the notices
    digest: Mapped[str] = mapped_column(default="weekly", server_default="weekly")                # off, daily, weekly
    digest_at: Mapped[datetime | None] = mapped_column(index=True)           # when the next one is due
    mail_refused_at: Mapped[datetime | None]                                 # the mail server said that nobody has this address
    epoch: Mapped[int] = mapped_column(default=1)                            # raised when every session ends
    pw_hash: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="active")
    made_at: Mapped[datetime]


class Session(db.Model):
    """A device that is signed in.  id_hash: SHA-256 of the token in its cookie."""

    id_hash: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), index=True)
    epoch: Mapped[int]
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    label: Mapped[str] = mapped_column(default="")
    public_id: Mapped[str] = mapped_column(unique=True)                      # names the session in its owner's list of devices


class LoginCode(db.Model):
    """A one-time sign-in: a link's token or an 8-digit code, hashed; single use, expiring."""

    id: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]                                                        # link, code, setup
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), index=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)


class Throttle(db.Model):
    """How often something was tried: a bucket a kind and a key, hashed where the key is personal."""

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    tokens: Mapped[float] = mapped_column(sa.Float)
    at: Mapped[datetime]


class Team(db.Model):
    """Agents who answer for a field.  One team is triage; a confidential one is seen by its members alone."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    name_fold: Mapped[str] = mapped_column(unique=True)
    confidential: Mapped[bool] = mapped_column(default=False)


class TeamMember(db.Model):
    """Who belongs to a team."""

    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True)
    lead: Mapped[bool] = mapped_column(default=False)


class Circle(db.Model):
    """A group of people with posts of its own."""

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    join: Mapped[str] = mapped_column(default="open")


class Membership(db.Model):
    """Who belongs to a circle."""

    circle_id: Mapped[int] = mapped_column(sa.ForeignKey("circle.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(default="member")
    level: Mapped[str] = mapped_column(default="all", server_default="all")                       # all, mentions, muted: what is told of it


class Holiday(db.Model):
    """A day on which nobody works.  day: 2026-12-25."""

    day: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Mail(db.Model):
    """A mail to be sent; its text lives here, not in the job, and goes when it is sent.  state: due, sent, failed."""

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(unique=True)
    subject: Mapped[str]
    body: Mapped[str]
    expires_at: Mapped[datetime | None]         # a code that no longer works is not sent late
    made_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="due")
    html: Mapped[str] = mapped_column(default="", server_default="")
    unsubscribe: Mapped[str | None]             # the address that ends such mails with one click
