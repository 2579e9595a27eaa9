"""The lab itself: what it claims to see, send and press is so."""
import json

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from py_vapid import Vapid02
from pywebpush import WebPushException, webpush

from . import vapid
from .bidi import BidiError
from .conftest import need
from .lab_site import LabSite
from .page_checks import axe_violations, scrolls_sideways, small_targets, swipe
from .paper_device import PaperDevice

NEWS = {"title": "Ann replied", "body": "see you <b>there</b> ✓", "url": "/opened", "tag": "t1"}


@pytest.fixture(scope="module")
def site():
    """The tiny site."""
    running = LabSite().start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def sender():
    """A sender's key pair."""
    return Sender()


class Sender:
    def __init__(self):
        self._vapid = Vapid02()
        self._vapid.generate_keys()
        point = self._vapid.public_key.public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        self.key = vapid.encode(point)

    def send(self, subscription, message=NEWS, service=None, ttl_seconds=60, **headers):
        """Send as a server would; `service` is where the public push host is routed to.  The status of the answer."""
        endpoint = subscription["endpoint"]
        origin = "/".join(endpoint.split("/")[:3])
        if service is not None:
            subscription = {**subscription, "endpoint": endpoint.replace(origin, service.origin)}
        try:
            return webpush(subscription, json.dumps(message), vapid_private_key=self._vapid, timeout=10, ttl=ttl_seconds,
                           vapid_claims={"sub": "mailto:desk@example.org", "aud": origin}, headers=headers).status_code
        except WebPushException as refused:
            return refused.status_code


# Stand-ins

def test_a_paper_device_reads_what_was_sent(mozilla_push, sender):
    device = PaperDevice(mozilla_push, sender.key)
    assert sender.send(device.subscription, {"title": "é"}) == 201
    assert [json.loads(text) for text in device.messages()] == [{"title": "é"}]
    [post] = mozilla_push.wait_for_posts()
    assert (post.status, post.headers["ttl"]) == (201, "60")


def test_planned_answers_come_in_order_and_end(mozilla_push, sender):
    device = PaperDevice(mozilla_push, sender.key)
    mozilla_push.answer_next(429, retry_after=7, count=2)
    mozilla_push.answer_next(500)
    assert [sender.send(device.subscription) for _ in range(4)] == [429, 429, 500, 201]
    assert len(device.messages()) == 1


def test_a_strangers_key_a_foreign_token_and_a_bad_topic_are_refused(mozilla_push, google_push, sender):
    device, foreign = PaperDevice(mozilla_push, sender.key), PaperDevice(google_push, sender.key)
    assert Sender().send(device.subscription) == 403
    assert sender.send({**device.subscription, "endpoint": mozilla_push.endpoint("unknown")}) == 410
    assert sender.send(device.subscription, topic="no spaces please") == 400
    assert sender.send(device.subscription, message="x" * 3990) == 201
    # The token must name the public host, not the loopback address the post is routed to.
    assert sender.send({**foreign.subscription, "endpoint": google_push.origin + "/fcm/send/" + foreign.token}) == 403
    assert sender.send(foreign.subscription, service=google_push) == 201


def test_a_post_without_ttl_or_too_large_is_refused(mozilla_push, sender):
    device = PaperDevice(mozilla_push, None)
    post = _plain_post(device.endpoint)
    assert post(b"", {}) == 400
    assert post(b"x" * 4097, {"TTL": "5", "Content-Encoding": "aes128gcm"}) == 413
    assert post(b"x" * 4096, {"TTL": "5", "Content-Encoding": "aes128gcm"}) == 201


def test_a_delayed_answer_leaves_the_post_unanswered_meanwhile(mozilla_push, sender):
    device = PaperDevice(mozilla_push, sender.key)
    mozilla_push.delay(5)
    with pytest.raises(OSError):
        _plain_post(device.endpoint, timeout_seconds=0.3)(b"", {"TTL": "5"})
    assert [post.status for post in mozilla_push.posts] == [None]


def _plain_post(endpoint, timeout_seconds=10):
    def post(body, headers):
        return requests.post(endpoint, data=body, headers=headers, timeout=timeout_seconds).status_code
    return post


def test_what_is_missing_is_skipped_by_name_and_fails_where_nothing_may_be_left_out(monkeypatch):
    need("/usr/bin/program", "Program", "package")
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="Program is not installed"):
        need(None, "Program", "package")
    monkeypatch.setenv("CI", "1")
    with pytest.raises(pytest.fail.Exception, match="Program is not installed"):
        need(None, "Program", "package")


# Firefox

def test_firefox_shows_a_push_and_a_press_opens_the_page(firefox, mozilla_push, desktop, site, sender):
    subscription = _subscribe_firefox(firefox, site, sender)
    assert sender.send(subscription) == 201
    notice = desktop.wait_for("Ann replied")
    assert "see you <b>there</b> ✓" in notice.text
    assert notice.labels == ["It works", "It doesn't"]
    assert mozilla_push.wait_for_ack(mozilla_push.posts[0]) == 100
    desktop.press(notice)
    assert firefox.tab_at("/opened?pressed=notice").text("h1") == "Lab"
    desktop.wait_until_closed(notice)


def test_firefox_tells_which_button_was_pressed_and_unsubscribing_ends_it(firefox, mozilla_push, desktop, site, sender):
    subscription = _subscribe_firefox(firefox, site, sender)
    sender.send(subscription, {**NEWS, "tag": "t2"})
    desktop.press(desktop.wait_for("Ann replied"), "It doesn't")
    tab = firefox.tab_at("/opened?pressed=no")
    assert tab.evaluate("unsubscribe()") is True
    mozilla_push.wait_until_gone(subscription["endpoint"])
    assert sender.send(subscription) == 410


def test_a_push_sent_while_firefox_is_closed_is_shown_after_its_start(firefox, mozilla_push, desktop, site, sender):
    subscription = _subscribe_firefox(firefox, site, sender)
    firefox.quit()
    mozilla_push.wait_for_devices(0)
    assert sender.send(subscription, {**NEWS, "title": "Old news"}, Topic="thread") == 201
    assert sender.send(subscription, {**NEWS, "title": "While you were away"}, Topic="thread") == 201
    assert sender.send(subscription, {**NEWS, "title": "Now or never", "tag": "t3"}, ttl_seconds=0) == 201
    firefox.start()
    desktop.wait_for("While you were away", seconds=20)
    sender.send(subscription, {**NEWS, "title": "And now", "tag": "t4"})
    desktop.wait_for("And now")
    assert [notice.summary for notice in desktop.notices] == ["While you were away", "And now"]


def test_firefox_clicks_types_and_keeps_cookies_apart(firefox, site):
    tab = firefox.fresh_tab()
    firefox.set_cookie(site.origin, "session", "ada")
    tab.goto(site.origin + "/")
    tab.type("#words", "Grüße")
    tab.click("#push")
    tab.wait_until("document.querySelector('#state').innerText === 'pressed Grüße'")
    assert firefox.cookies() == {"session": "ada"}
    firefox.fresh_tab(site.origin + "/")
    assert firefox.cookies() == {}
    with pytest.raises(BidiError, match="no such thing"):
        firefox.tabs()[0].evaluate("Promise.reject(new Error('no such thing'))")


def test_a_site_is_forgotten_in_firefox(firefox, mozilla_push, desktop, site, sender):
    subscription = _subscribe_firefox(firefox, site, sender)
    [tab] = firefox.tabs()
    tab.forget_site()
    assert tab.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0
    mozilla_push.wait_until_gone(subscription["endpoint"])


def _subscribe_firefox(firefox, site, sender):
    tab = firefox.fresh_tab()
    firefox.allow_notifications(site.origin)
    tab.goto(site.origin + "/")
    return tab.evaluate(f"subscribe({json.dumps(sender.key)})", gesture=True)


# Chromium

def test_chromium_shows_a_push_and_a_press_opens_the_page(chromium, google_push, desktop, site, sender):
    page = _phone_page(chromium, site)
    subscription = page.evaluate("key => subscribe(key)", sender.key)
    assert sender.send(subscription, service=google_push) == 201
    notice = desktop.wait_for("Ann replied")
    assert "see you <b>there</b> ✓" in notice.text
    assert notice.labels == ["It works", "It doesn't"]
    desktop.press(notice, "It works")
    assert chromium.phone.page_at("/opened?pressed=yes").inner_text("h1") == "Lab"
    assert page.evaluate("unsubscribe()") is True
    google_push.wait_until_gone(subscription["endpoint"])
    assert sender.send(subscription, service=google_push) == 410


def test_a_push_sent_while_chromium_is_closed_is_shown_after_its_start(chromium, google_push, desktop, site, sender):
    page = _phone_page(chromium, site)
    subscription = page.evaluate("key => subscribe(key)", sender.key)
    assert sender.send(subscription, {**NEWS, "title": "First"}, service=google_push) == 201
    desktop.wait_for("First")
    chromium.phone.quit()
    google_push.wait_for_devices(0)
    assert sender.send(subscription, {**NEWS, "title": "While you were away"}, service=google_push) == 201
    chromium.phone.start()
    google_push.wait_for_devices(1)
    desktop.wait_for("While you were away", seconds=20)
    assert [notice.summary for notice in desktop.notices] == ["First", "While you were away"]


def test_a_strict_page_is_quiet_and_a_faulty_one_is_not(chromium, site):
    browser = chromium.phone
    page = browser.fresh_page(site.origin + "/", color_scheme="dark")
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    browser.watch.expect_nothing(page)
    assert axe_violations(page) == [] and scrolls_sideways(page) == []
    assert any("Tell me" in target for target in small_targets(page))
    page.goto(site.origin + "/faulty")
    with pytest.raises(AssertionError, match="script-src"):
        browser.watch.expect_nothing(page)
    assert any("/gone.png" in line for line in browser.watch.failed)
    assert any("style-src" in line for line in browser.watch.policy)
    assert any(line.startswith("image-alt") for line in axe_violations(page))
    assert any(line.startswith("img#wide") for line in scrolls_sideways(page))


def test_a_finger_is_a_finger_and_the_desktop_has_none(chromium, site):
    page = chromium.phone.fresh_page(site.origin + "/")
    swipe(page, "#touch", dx=80)
    assert page.inner_text("#state") == "touch"
    desk = chromium.desktop.fresh_page(site.origin + "/")
    assert desk.viewport_size == {"width": 1280, "height": 800}
    assert desk.evaluate("navigator.maxTouchPoints") == 0


def test_a_workers_complaint_is_heard_and_a_site_is_forgotten(chromium, google_push, site, sender):
    page, browser = _phone_page(chromium, site), chromium.phone
    subscription = page.evaluate("key => subscribe(key)", sender.key)
    page.evaluate("navigator.serviceWorker.ready.then(all => all.active.postMessage('trouble in the worker'))")
    browser.wait_until(lambda: "trouble in the worker" in browser.watch.errors)
    browser.forget(page, site.origin)
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0
    google_push.wait_until_gone(subscription["endpoint"])


def _phone_page(chromium, site):
    page = chromium.phone.fresh_page()
    chromium.phone.allow_notifications(site.origin)
    page.goto(site.origin + "/")
    return page
