"""What the tests of being told share: deeds done in one go, what was written for whom, and phones that never ring."""
import pytest
import sqlalchemy as sa

from socialdesk import jobs
from socialdesk.db import db, transaction
from socialdesk.notifications.models import Delivery, Notification
from socialdesk.posts import actions as posts
from socialdesk.posts import queries


@pytest.fixture
def written_not_sent(monkeypatch):
    """Deliveries are counted; sending them is tested elsewhere."""
    for kind in ("push", "push_rest", "mail_notices"):
        monkeypatch.setitem(jobs._handlers, kind, jobs.Handler(lambda claimed: {}, True))


def do(deed, *given, **more):
    """A deed in a transaction of its own."""
    with transaction():
        return deed(*given, **more)


def publish(author, kind, body, **more):
    """A post of that kind."""
    prepared = queries.prepare(author, body)
    return do(posts.publish, author, kind, prepared, **more)


def counted(person):
    """(lines of this person's inbox, [(channel, how)] of their deliveries)."""
    db.session.rollback()
    lines = db.session.scalar(sa.select(sa.func.count()).select_from(Notification).where(Notification.person_id == person.id))
    rows = db.session.execute(sa.select(Delivery.channel, Delivery.how).where(Delivery.person_id == person.id).order_by(Delivery.id)).all()
    db.session.rollback()
    return lines, [tuple(row) for row in rows]


def pushed(person):
    """How often the phones of this person are to ring."""
    return [channel for channel, _ in counted(person)[1]].count("push")
