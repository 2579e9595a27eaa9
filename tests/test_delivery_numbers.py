"""The numbers of sending as they stand: how many at once at one push service, and how long one that hangs may keep a lane."""
import time as clock
from pathlib import Path

import pytest
import sqlalchemy as sa

from socialdesk import jobs
from socialdesk.db import db, now, transaction
from socialdesk.notifications import delivery, round_delivery, service_delivery
from socialdesk.notifications.models import Delivery, Device
from socialdesk.notifications.service_delivery import services

from .phones import service  # noqa: F401
from .test_delivery_lanes import FAST, settings_given, stuck, stuck_one, thread  # noqa: F401

MANY = 300


@pytest.fixture
def crowd():
    """crowd(phone, service, n) gives the person of a phone so many more devices at that service."""
    def with_devices(phone, where, many):
        with transaction():
            first = dict(db.session.execute(sa.select(*Device.__table__.c).where(Device.id == phone.id)).mappings().one())
            del first["id"]
            db.session.execute(sa.insert(Device), [first | {"endpoint_hash": f"{phone.id}-{n}", "endpoint": where.endpoint(f"{phone.id}-{n}"), "made_at": now()}
                                                   for n in range(many)])
    return with_devices


def test_of_many_devices_at_a_service_that_hangs_few_are_asked_and_nobody_else_waits(make, thread, crowd, stuck, service):  # noqa: F811
    question, well, [bad] = thread(3, 1)
    crowd(bad, stuck, MANY)
    stuck.delay(30)
    make.reply(question, make.person())
    jobs.run_due(("now",))
    begin = clock.monotonic()
    jobs.run_due(FAST)
    waited = clock.monotonic() - begin
    assert [len(phone.told) for phone in well] == [1, 1, 1]
    assert len(stuck.posts) == stuck.most_at_once == round_delivery.AT_ONE_SERVICE, "when these were late the others were not asked at all"
    assert max(post.at for post in service.posts) < min(post.at for post in stuck.posts) + service_delivery.HURRY_SECONDS, "while it hangs, not after it"
    assert service_delivery.HURRY_SECONDS <= waited < 2 * service_delivery.HURRY_SECONDS
    db.session.rollback()
    states = db.session.execute(sa.select(Delivery.state, sa.func.count()).group_by(Delivery.state).order_by(Delivery.state)).all()
    assert [tuple(row) for row in states] == [("due", MANY + 1), ("sent", 3)] and services.is_slow(stuck.origin)


def test_a_service_that_is_well_gets_no_more_at_once_than_one_that_hangs(make, thread, crowd, service):  # noqa: F811
    question, [phone], _bad = thread(1, 0)
    crowd(phone, service, MANY)
    service.delay(0.05)
    make.reply(question, make.person())
    jobs.run_due(FAST)
    assert len(service.posts) == MANY + 1 and 1 < service.most_at_once <= round_delivery.AT_ONE_SERVICE


def test_one_service_never_has_half_of_what_is_sent_at_once():
    """So a second one may hang as well, and there is room still."""
    assert 2 * round_delivery.AT_ONE_SERVICE < round_delivery.AT_ONCE <= round_delivery.IN_FLIGHT


def test_a_push_to_one_person_waits_two_seconds_at_most_for_a_service_that_hangs():
    assert service_delivery.HURRY_SECONDS <= 2 and round_delivery.HURRY_SECONDS == service_delivery.HURRY_SECONDS


def test_the_paper_tells_the_numbers_as_they_are():
    page = " ".join((Path(__file__).parent.parent / "docs" / "push.md").read_text("utf-8").split())
    for words in (f"at most {round_delivery.AT_ONE_SERVICE} at a time to one service", f"has not answered within {service_delivery.HURRY_SECONDS} seconds is slow",
                  f"where each has {delivery.TIMEOUT_SECONDS} seconds", f"by {service_delivery.HANG_PAUSE_SECONDS} seconds, 20, 40, up to five minutes",
                  f"are repeated, at most {round_delivery.IN_FLIGHT} a lane"):
        assert words in page, words
    assert service_delivery.MOST_PAUSE_SECONDS == 5 * 60 and service_delivery.MOST_ASKED_SECONDS == 60 * 60
