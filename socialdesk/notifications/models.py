"""The inbox, the devices, and what was sent to them."""
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import db


class Told(db.Model):
    """That a person was told of an event: what keeps a repeat from doubling."""

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"), primary_key=True, index=True)


class Notification(db.Model):
    """One line of the inbox: what happened to a thread since the person last looked, grouped."""

    __table_args__ = (
        sa.Index("uq_notification_unread_group", "person_id", "group_key", unique=True,
                 sqlite_where=sa.text("read_at IS NULL"), postgresql_where=sa.text("read_at IS NULL")),
        sa.Index("ix_notification_unread", "person_id", "needs_you", sqlite_where=sa.text("read_at IS NULL"),
                 postgresql_where=sa.text("read_at IS NULL")),
        sa.Index(None, "person_id", "at"), sa.Index(None, "root_id"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"))
    group_key: Mapped[str]
    root_id: Mapped[int | None] = mapped_column(sa.ForeignKey("post.id", ondelete="CASCADE"))
    last_event_id: Mapped[int]
    relation: Mapped[str]                       # requester, added, assignee, author, follower, mentioned, team
    n: Mapped[int] = mapped_column(default=1)
    needs_you: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class Device(db.Model):
    """A browser that takes pushes for a person."""

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), index=True)
    endpoint_hash: Mapped[str] = mapped_column(unique=True)
    endpoint: Mapped[str]
    p256dh: Mapped[str]
    auth: Mapped[str]
    session_public_id: Mapped[str | None]       # the sign-in it belongs to; signing out ends its pushes
    label: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    last_ok_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    last_status: Mapped[int | None]
    off_at: Mapped[datetime | None]             # the push service says it is gone
    vapid_id: Mapped[str] = mapped_column(default="", server_default="")       # the push key it subscribed with; empty: the first one


class Delivery(db.Model):
    """One sending of a notification by push or mail.  n: which telling of the notification it is.
    state: due, sent, dropped, gone (the device), refused (by the mail server).  how: alone, or rest: with what else is due to the
    device by then."""

    __table_args__ = (
        sa.UniqueConstraint("notification_id", "channel", "device_id", "n"),
        sa.Index("uq_delivery_mail", "notification_id", "n", unique=True, sqlite_where=sa.text("channel = 'mail'"),
                 postgresql_where=sa.text("channel = 'mail'")),
        sa.Index("ix_delivery_due", "send_at", sqlite_where=sa.text("state = 'due'"), postgresql_where=sa.text("state = 'due'")),
        sa.Index(None, "person_id", "send_at"), sa.Index(None, "device_id"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(primary_key=True)
    notification_id: Mapped[int] = mapped_column(sa.ForeignKey("notification.id", ondelete="CASCADE"))
    event_id: Mapped[int]
    person_id: Mapped[int]
    relation: Mapped[str | None]                # why this one is told; the line's may be that of a later one
    channel: Mapped[str] = mapped_column(default="push")
    device_id: Mapped[int | None] = mapped_column(sa.ForeignKey("device.id", ondelete="CASCADE"))      # None: a mail
    n: Mapped[int] = mapped_column(default=1)
    how: Mapped[str] = mapped_column(default="alone", server_default="alone")
    state: Mapped[str] = mapped_column(default="due")
    send_at: Mapped[datetime]
    expires_at: Mapped[datetime]                # after it nobody would want it any more
    attempts: Mapped[int] = mapped_column(default=0)
    http: Mapped[int | None]


#: why one is told: of a telling written before that was kept, its line says it
why = sa.func.coalesce(Delivery.relation, Notification.relation)


class Choice(db.Model):
    """What a person wants told otherwise than is usual.  matter: of matters_checker; channel: inbox, push, mail; level: of the channel."""

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    matter: Mapped[str] = mapped_column(primary_key=True, index=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[str]
