"""Devices: turning notices on and off, what may be registered, and the test button's words."""
import json

import pytest
import sqlalchemy as sa

from socialdesk.db import db
from socialdesk.notifications import device_actions, trial_delivery, words_checker
from socialdesk.notifications.device_checker import endpoint_refusal, is_allowed, origin_of
from socialdesk.notifications.models import Delivery, Device

from .conftest import HTMX, run_due
from .phones import phone, service, settings_given  # noqa: F401

POINT = "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"
KEYS = {"p256dh": POINT, "auth": "AAECAwQFBgcICQoLDA0ODw"}
JSON = {"Accept": "application/json"}


def subscription(name="one", **more):
    return {"endpoint": f"https://fcm.googleapis.com/fcm/send/{name}", "expirationTime": None, "keys": KEYS} | more


def rows():
    db.session.rollback()
    return db.session.execute(sa.select(Device.id, Device.person_id, Device.label, Device.off_at).order_by(Device.id)).all()


# --- turning on

def test_the_desk_keeps_one_key_made_at_the_start(make, browse, desk):
    client = browse(make.person())
    first, second = (client.get("/me/devices/key").json["key"] for _ in range(2))
    assert first == second and len(first) == 87 and (desk.config["SETTINGS"].data / "vapid-key").stat().st_mode & 0o777 == 0o600


def test_the_list_of_devices_opened_by_itself_leads_to_its_page(make, browse):
    answer = browse(make.person()).get("/me/devices")
    assert answer.status_code == 303 and answer.location.endswith("/me/notifications#devices")


def test_a_browser_is_registered_and_unknown_members_are_ignored(make, browse):
    ada = make.person()
    answer = browse(ada).post("/me/devices", json=subscription(label="Firefox on Android", colour="red"))
    assert answer.status_code == 201 and rows() == [(answer.json["id"], ada.id, "Firefox on Android", None)]


def test_the_same_browser_again_is_the_same_device(make, browse):
    client = browse(make.person())
    first, second = (client.post("/me/devices", json=subscription(label=label)) for label in ("Old", "New"))
    assert first.json == second.json and [row.label for row in rows()] == ["New"]


def test_a_browser_another_person_signs_in_on_rings_for_them_alone(make, browse):
    ada, ben = make.person(), make.person()
    browse(ada).post("/me/devices", json=subscription())
    browse(ben).post("/me/devices", json=subscription())
    assert [row.person_id for row in rows()] == [ben.id]


def test_what_waits_for_the_former_person_never_rings_on_the_new_ones_phone(make, phone, browse, time):
    time.stop(2026, 11, 21, 3, 0)
    ada, ben = make.person("Ada", hours={"mon": [["08:00", "18:00"]]}), make.person("Ben")
    ticket = make.ticket(ada)
    shared = phone(ada)
    make.reply(ticket, make.agent())
    run_due()
    browse(ben).post("/me/devices", json=shared.device.subscription)
    time.pass_(days=3)
    run_due()
    assert shared.told == [] and db.session.scalars(sa.select(Delivery.state)).all() == ["dropped"]


def test_the_eleventh_device_sends_the_oldest_off(make, browse, time):
    client = browse(make.person())
    time.stop()
    for n in range(device_actions.MOST_DEVICES + 1):
        time.pass_(seconds=1)
        client.post("/me/devices", json=subscription(str(n)))
    off = [row.off_at is not None for row in rows()]
    assert off == [True] + [False] * device_actions.MOST_DEVICES


@pytest.mark.parametrize("bad, field", [
    ({"endpoint": "https://evil.example.org/push"}, "endpoint"),
    ({"endpoint": "http://169.254.169.254/latest"}, "endpoint"),
    ({"endpoint": "http://fcm.googleapis.com/fcm/send/1"}, "endpoint"),
    ({"endpoint": "https://fcm.googleapis.com:8443/fcm/send/1"}, "endpoint"),
    ({"endpoint": "https://fcm.googleapis.com@evil.example.org/"}, "endpoint"),
    ({"endpoint": "https://evil.example.org\\@fcm.googleapis.com/"}, "endpoint"),
    ({"endpoint": "https://fcm.googleapis.com.evil.example.org/"}, "endpoint"),
    ({"endpoint": "https://evilfcm.googleapis.com.example/"}, "endpoint"),
    ({"endpoint": "https://fcm.googleapis.com/" + "x" * 2048}, "endpoint"),
    ({"endpoint": "https://fcm.googleapis.com/a b"}, "endpoint"),
    ({"endpoint": "https://[fcm/"}, "endpoint"),
    ({"endpoint": "https://fcm.googleapis.com:99999/"}, "endpoint"),
    ({"endpoint": None}, "endpoint"),
    ({"endpoint": 7}, "endpoint"),
    ({"keys": None}, "p256dh"),
    ({"keys": {"p256dh": POINT[:-2] + "AA", "auth": KEYS["auth"]}}, "p256dh"),
    ({"keys": {"p256dh": "AAAA", "auth": KEYS["auth"]}}, "p256dh"),
    ({"keys": {"p256dh": POINT, "auth": "AAEC"}}, "auth"),
    ({"keys": {"p256dh": POINT}}, "auth"),
    ({"keys": {"p256dh": POINT, "auth": "\N{SNOWMAN}" * 22}}, "auth"),
])
def test_what_is_no_subscription_is_refused_in_words_and_leaves_nothing(make, browse, bad, field):
    answer = browse(make.person()).post("/me/devices", json=subscription() | bad, headers=JSON)
    assert answer.status_code == 422 and answer.content_type == "application/problem+json"
    assert answer.json["field"] == field and len(answer.json["detail"]) > 40 and rows() == []


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"{", b"\xff"])
def test_what_is_no_json_object_is_refused(make, browse, body):
    answer = browse(make.person()).post("/me/devices", data=body, content_type="application/json", headers=JSON)
    assert answer.status_code == 422 and rows() == []


def test_a_stranger_registers_nothing_and_another_site_neither(make, browse):
    assert browse(None).post("/me/devices", json=subscription(), headers=JSON).status_code == 401
    client = browse(make.person())
    assert client.post("/me/devices", json=subscription(), headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert rows() == []


def test_registering_over_and_over_is_slowed_down(make, browse):
    client = browse(make.person())
    answers = [client.post("/me/devices", json=subscription(), headers=JSON) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [201] * 20 + [429] and "Retry-After" in answers[-1].headers


def test_services_are_known_by_name_and_below_it_and_more_can_be_added():
    assert is_allowed("https://web.push.apple.com") and not is_allowed("https://applepush.example")
    assert is_allowed("https://ntfy.example.org", ("ntfy.example.org",)) and not is_allowed("http://ntfy.example.org", ("ntfy.example.org",))
    assert is_allowed("http://127.0.0.1:8031", ("http://127.0.0.1:8031",)) and not is_allowed("http://127.0.0.1:8032", ("http://127.0.0.1:8031",))
    assert origin_of("https://PUSH.apple.com:443/x") == "https://push.apple.com" and origin_of("ftp://push.apple.com/") is None
    assert endpoint_refusal("https://updates.push.services.mozilla.com/wpush/v2/abc") is None


# --- turning off

@pytest.mark.parametrize("way", ["DELETE", "form", "fragment"])
def test_a_device_is_turned_off_by_its_owner(make, browse, way):
    client = browse(make.person())
    device_id = client.post("/me/devices", json=subscription()).json["id"]
    if way == "DELETE":
        assert client.delete(f"/me/devices/{device_id}").status_code == 204
    elif way == "form":
        answer = client.post(f"/me/devices/{device_id}/remove")
        assert answer.status_code == 303 and answer.location == "/me/notifications#devices"
    else:
        answer = client.post(f"/me/devices/{device_id}/remove", headers=HTMX)
        assert answer.status_code == 200 and 'id="devices"' in answer.text and "No device rings yet" in answer.text
    kept = db.session.scalars(sa.select(Device)).one()
    assert kept.off_at is not None and (kept.endpoint, kept.p256dh, kept.auth) == ("", "", ""), "its address is forgotten"
    assert client.delete(f"/me/devices/{device_id}", headers=JSON).status_code == 404
    again = client.post("/me/devices", json=subscription() | {"again": True})
    assert again.status_code == 200 and again.json["id"] is None, "the app does not turn it on by itself"
    assert client.post("/me/devices", json=subscription()).status_code == 201, "its person does"


def test_a_browser_that_got_another_address_keeps_its_place_in_the_list(make, browse):
    ada = make.person()
    client = browse(ada)
    device_id = client.post("/me/devices", json=subscription()).json["id"]
    told = {"old": subscription()["endpoint"], "again": True}
    assert client.post("/me/devices", json=subscription("two") | told).json["id"] == device_id
    assert len(rows()) == 1 and db.session.scalars(sa.select(Device.endpoint)).one() == subscription("two")["endpoint"]
    assert client.post("/me/devices", json=subscription("two") | told).json["id"] == device_id, "told twice is once"
    browse(make.person()).post("/me/devices", json=subscription("three") | {"old": subscription("two")["endpoint"]})
    assert len(rows()) == 2, "another person's device is not moved"
    for odd in ("\ud800", "", 7, ["x"], None):
        assert client.post("/me/devices", json=subscription("two") | {"old": odd}).status_code == 201


def test_a_device_turned_off_stays_off_under_its_new_address(make, browse):
    client = browse(make.person())
    device_id = client.post("/me/devices", json=subscription()).json["id"]
    client.delete(f"/me/devices/{device_id}")
    told = {"old": subscription()["endpoint"], "again": True}
    assert client.post("/me/devices", json=subscription("two") | told).json["id"] is None


def test_a_device_of_another_person_is_not_there(make, browse):
    device_id = browse(make.person()).post("/me/devices", json=subscription()).json["id"]
    other = browse(make.person())
    answers = [other.delete(f"/me/devices/{device_id}"), other.post(f"/me/devices/{device_id}/remove"), other.post(f"/me/devices/{device_id}/test"),
               other.delete("/me/devices/9999")]
    assert {answer.status_code for answer in answers} == {404} and len(rows()) == 1


def test_the_page_lists_ones_own_devices_with_what_became_of_them(make, phone, browse):
    ada = make.person("Ada")
    mine = phone(ada)
    mine.client.post("/me/devices", json=subscription("two", label="Edge on Windows"))
    page = mine.client.get("/me/notifications").text
    assert "This sign-in" in page and "Edge on Windows" in page and page.count("/test\"") == 4         # action and hx-post, of two
    assert "No device rings yet" in browse(make.person()).get("/me/notifications").text


# --- the test button

def test_a_test_rings_at_once_and_says_so(make, phone):
    mine = phone(make.person())
    answer = mine.client.post(f"/me/devices/{mine.id}/test", headers=JSON)
    assert answer.json["sent"] is True and mine.bodies == ["This is a test. Notices reach this device."]
    assert mine.posts[0].headers["ttl"] == "60"


def test_a_test_answers_as_fragment_and_as_page(make, phone):
    mine = phone(make.person())
    fragment = mine.client.post(f"/me/devices/{mine.id}/test", headers=HTMX)
    assert fragment.text.count("<section") == 1 and "It should show on that device" in fragment.text
    page = mine.client.post(f"/me/devices/{mine.id}/test")
    assert page.status_code == 303 and "Reached" in mine.client.get(page.location).text
    assert len(mine.told) == 2


@pytest.mark.parametrize("status, words", [
    (410, "stopped taking notices"), (404, "stopped taking notices"), (403, "refuses the desk's key"), (401, "refuses the desk's key"),
    (429, "very busy"), (500, "fault of its own (500)"), (413, "too long"), (307, "cannot use (307)")])
def test_each_failure_of_a_test_has_its_words(make, phone, service, status, words):
    mine = phone(make.person())
    service.answer_next(status)
    answer = mine.client.post(f"/me/devices/{mine.id}/test", headers=JSON).json
    assert answer["sent"] is False and words in answer["sentence"] and answer["status"] == status
    gone = status in (404, 410)
    assert (rows()[0].off_at is not None) is gone
    if not gone:
        assert words in mine.client.get("/me/notifications").text.replace("&#39;", "'")


def test_a_service_that_cannot_be_reached_or_is_not_allowed_is_named(make, phone, desk):
    mine = phone(make.person())
    desk.config["SETTINGS"].push_hosts = ()
    assert "SOCIALDESK_PUSH_HOSTS" in mine.client.post(f"/me/devices/{mine.id}/test", headers=JSON).json["sentence"]
    desk.config["SETTINGS"].push_hosts = ("http://127.0.0.1:9",)
    away = mine.client.post("/me/devices", json=subscription(endpoint="http://127.0.0.1:9/away")).json["id"]
    answer = mine.client.post(f"/me/devices/{away}/test", headers=JSON).json
    assert answer["status"] == 0 and "cannot be reached" in answer["sentence"]


def test_a_test_waits_a_few_seconds_and_no_longer(make, phone, service, monkeypatch):
    monkeypatch.setattr(trial_delivery, "WAIT_SECONDS", 0.2)
    mine = phone(make.person())
    service.delay(2)
    assert mine.client.post(f"/me/devices/{mine.id}/test", headers=JSON).json["status"] == 0


def test_tests_are_limited(make, phone):
    mine = phone(make.person())
    statuses = [mine.client.post(f"/me/devices/{mine.id}/test", headers=JSON).status_code for _ in range(7)]
    assert statuses == [200] * 6 + [429] and len(mine.told) == 6


def test_every_status_has_a_sentence_that_says_what_to_do():
    for status in (-2, -1, 0, 200, 201, 202, 301, 400, 401, 403, 404, 406, 410, 413, 418, 429, 500, 502, 503):
        fine, sentence = words_checker.tested(status)
        assert fine is (200 <= status < 300) and sentence.count(".") >= 1 and len(sentence) > 40, json.dumps([status, sentence])
