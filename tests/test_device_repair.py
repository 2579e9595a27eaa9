"""Addresses that their push service has forgotten: never taken again, made anew, and what a test says of them."""
import re

import pytest
import sqlalchemy as sa

from socialdesk.db import db
from socialdesk.notifications import device_views, push_delivery
from socialdesk.notifications.models import Device

from .browser.paper_device import PaperDevice
from .conftest import HTMX, run_due
from .phones import phone, service, settings_given  # noqa: F401

JSON = {"Accept": "application/json"}


def state():
    """(endpoint, on, last status) of each device."""
    db.session.rollback()
    rows = db.session.execute(sa.select(Device.endpoint, Device.off_at, Device.last_status).order_by(Device.id))
    return [(row.endpoint, row.off_at is None, row.last_status) for row in rows]


def fresh(mine, service):  # noqa: F811
    """What the same browser gives after it subscribed anew."""
    return PaperDevice(service, mine.client.get("/me/devices/key").json["key"])


def try_out(mine, **headers):
    return mine.client.post(f"/me/devices/{mine.id}/test", headers=headers or JSON)


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("more", [{}, {"again": True}], ids=["by hand", "at the start"])
def test_an_address_its_service_forgot_is_refused_in_words_and_stays_off(make, phone, service, status, more):  # noqa: F811
    mine = phone(make.person())
    service.answer_next(status)
    try_out(mine)
    for _ in range(2):
        answer = mine.client.post("/me/devices", json=mine.device.subscription | more, headers=JSON)
        assert answer.status_code == 409 and answer.json["field"] == "endpoint" and "takes a new one" in answer.json["detail"]
        assert state() == [(mine.device.endpoint, False, status)]


def test_one_that_a_notice_found_dead_is_refused_too_whoever_brings_it(make, phone, service, browse):  # noqa: F811
    ada = make.person("Ada", hours="always")
    mine, ticket = phone(ada), make.ticket(ada)
    service.answer_next(410)
    make.reply(ticket, make.agent())
    run_due()
    for client in (mine.client, browse(make.person())):
        assert client.post("/me/devices", json=mine.device.subscription, headers=JSON).status_code == 409
    assert state() == [(mine.device.endpoint, False, 410)]


def test_another_answer_beside_it_makes_no_dead_address_live(make, phone, service, browse):  # noqa: F811
    ada, agent = make.person("Ada", hours="always"), make.agent()
    mine, tickets = phone(ada), (make.ticket(ada), make.ticket(ada))
    service.answer_next(410)
    service.answer_next(503)
    for ticket in tickets:
        make.reply(ticket, agent)
    run_due()
    assert len(service.posts) == 2 and state() == [(mine.device.endpoint, False, 410)]
    assert mine.client.post("/me/devices", json=mine.device.subscription, headers=JSON).status_code == 409


@pytest.mark.parametrize("more", [{}, {"again": True}], ids=["by hand", "at the start"])
def test_the_new_address_takes_the_place_of_the_dead_one_and_rings(make, phone, service, more):  # noqa: F811
    mine = phone(make.person())
    service.answer_next(410)
    try_out(mine)
    mine.device, dead = fresh(mine, service), mine.device
    answer = mine.client.post("/me/devices", json=mine.device.subscription | {"old": dead.endpoint} | more)
    assert answer.json["id"] == mine.id and state() == [(mine.device.endpoint, True, None)]
    page = mine.client.get("/me/devices", headers=HTMX).text
    assert "This sign-in" in page and "wrong" not in page and "failed" not in page
    assert try_out(mine).json["sent"] is True and mine.bodies == ["This is a test. Notices reach this device."]
    assert mine.client.post("/me/devices", json=mine.device.subscription | {"again": True}).status_code == 201


def test_a_late_word_on_the_old_address_does_not_turn_the_new_one_off(make, phone, service, monkeypatch):  # noqa: F811
    ada = make.person("Ada", hours="always")
    mine, ticket = phone(ada), make.ticket(ada)
    mine.device, old = fresh(mine, service), mine.device

    def move(*_):
        assert mine.client.post("/me/devices", json=mine.device.subscription | {"old": old.endpoint}).json["id"] == mine.id
    send = device_views.send_test
    monkeypatch.setattr(device_views, "send_test", lambda *what: (send(*what), move())[0])
    service.answer_next(410)
    assert try_out(mine).json["status"] == 410 and state() == [(mine.device.endpoint, True, None)]
    monkeypatch.undo()
    mine.device, old = fresh(mine, service), mine.device
    monkeypatch.setattr(push_delivery, "fail_point", lambda name: move() if name == "push.sent" else None)
    service.answer_next(410)
    make.reply(ticket, make.agent())
    run_due()
    assert state() == [(mine.device.endpoint, True, None)]


def test_a_device_found_dead_from_another_one_leaves_the_list_and_it_is_said_once(make, phone, service, browse):  # noqa: F811
    ada = make.person()
    mine, other = phone(ada), browse(ada)
    service.answer_next(410)
    text = other.post(f"/me/devices/{mine.id}/test", headers=HTMX).text
    assert text.count("has stopped taking notices, so it was removed") == 1 and "hx-partial" not in text
    assert f"/me/devices/{mine.id}/" not in text and "data-push-gone" not in text and "data-here" not in text
    assert "autofocus" in text and f"/me/devices/{mine.id}/" not in other.get("/me/notifications").text


def test_this_device_found_dead_signs_up_anew_by_the_page(make, phone, service):  # noqa: F811
    mine = phone(make.person())
    service.answer_next(410)
    text = try_out(mine, **HTMX).text
    assert "data-push-gone" in text and "data-here" not in text and "No device rings yet" not in text
    assert text.count("has forgotten this device") == 1 and "Press Notify me on this device" in text


@pytest.mark.parametrize("status, words", [(201, "It should show on that device"), (403, "refuses the desk"), (503, "fault of its own (503)")])
def test_what_came_of_a_test_is_said_once_in_its_row(make, phone, service, status, words):  # noqa: F811
    mine = phone(make.person())
    service.answer_next(status)
    text = try_out(mine, **HTMX).text
    said = re.search(rf'<div id="device-{mine.id}-said" role="status">(.*?)</div>', text, re.S)[1]
    assert words in said and text.count(words) == 1 and "hx-partial" not in text
    assert f'aria-describedby="device-{mine.id}-said"' in text and ("data-push-result" in said) is (status == 201)


def test_turning_one_off_leads_the_keyboard_to_the_heading(make, phone):  # noqa: F811
    mine = phone(make.person())
    text = mine.client.post(f"/me/devices/{mine.id}/remove", headers=HTMX).text
    assert '<h2 id="devices-title" tabindex="-1" autofocus>' in text
    assert "autofocus" not in mine.client.get("/me/devices", headers=HTMX).text


def test_too_many_tests_are_refused_in_words_about_tests(make, phone):  # noqa: F811
    mine = phone(make.person())
    said = [try_out(mine) for _ in range(7)][-1]
    assert said.status_code == 429 and re.fullmatch(r"Many tests at once\. The next one can go in (a minute|\d+ (seconds|minutes))\.", said.json["detail"])
