"""From the notice, in two stock browsers: a press does it with no window open, later where it must, and once; what was read elsewhere leaves the screen."""
import re
import sqlite3
from contextlib import closing
from urllib.parse import urlencode

import pytest

from socialdesk.db import wait_until

from .page_checks import axe_violations, scrolls_sideways, small_targets
from .served import ChromiumPhone, FirefoxTab, Served
from .test_told import ring

BLANK = "about:blank"


@pytest.fixture(scope="module")
def desk(tmp_path_factory, _mozilla_push, _google_push):
    """One running desk for this file."""
    served = Served(tmp_path_factory.mktemp("buttons"), _mozilla_push, _google_push)
    try:
        served.start()
        yield served
    finally:
        served.stop()
        served.stop(9)


class InFirefox(FirefoxTab):
    """What these tests do beside, in Firefox."""

    def go(self, url):
        self.tab.goto(url)

    def restart(self):
        self.browser.restart()

    def sign_out(self):
        self.browser.clear_cookies()

    def sign_in(self, cookie):
        self.browser.set_cookie(self.origin, "socialdesk", cookie)

    def text_at(self, part):
        return self.browser.tab_at(part).text()

    def evaluate_at(self, part, script):
        return self.browser.tab_at(part).evaluate(script)

    def windows(self):
        return [tab.url for tab in self.browser.tabs() if tab.url.startswith("http")]


class InChromium(ChromiumPhone):
    """The same in Chromium."""

    def go(self, url):
        self.page.goto(url)

    def restart(self):
        self.browser.restart()
        self.page = self.browser.context.pages[0]

    def sign_out(self):
        self.browser.context.clear_cookies()

    def sign_in(self, cookie):
        self.browser.set_cookie(self.origin, "socialdesk", cookie)

    def text_at(self, part):
        return self.browser.page_at(part).inner_text("body")

    def evaluate_at(self, part, script):
        return self.browser.page_at(part).evaluate(script)

    def windows(self):
        return [page.url for page in self.browser.context.pages if page.url.startswith("http")]


def send(desk, cookie, path, **fields):
    """Send a form of a page, as the same person on another device."""
    headers = {"Cookie": f"socialdesk={cookie}", "Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
    status, _headers, body = desk.request("POST", path, headers, urlencode(fields))
    assert status == 303, (status, body)


OWNERS = {"firefox": "ada", "chromium": "eve"}


def ringing(browser, request, desk, services, person=None):
    """A phone of somebody's own in this browser, ringing; no tab of the desk is open."""
    if browser == "firefox":
        made = InFirefox(request.getfixturevalue("firefox"), desk.origin)
    else:
        made = InChromium(request.getfixturevalue("chromium").phone, desk.origin)
    made.service, made.person = services[browser == "chromium"], person or OWNERS[browser]
    made.cookie = desk.cookie(made.person)
    send(desk, made.cookie, "/me/notifications/lock-screen", lock_screen="full", lock_private="full")
    send(desk, made.cookie, "/me/notifications/when", daily_pushes=0)      # one phone gets more here than anybody wants in a day
    ring(made, desk, made.person, made.cookie)
    return made


@pytest.fixture(params=["firefox", "chromium"])
def phone(request, desk, desktop, mozilla_push, google_push):
    """A ringing phone in each browser, with no tab of the desk."""
    made = ringing(request.param, request, desk, (mozilla_push, google_push))
    made.go(BLANK)
    return made


@pytest.fixture
def chrome(request, desk, desktop, mozilla_push, google_push):
    """The one in Chromium alone: it can be taken off line."""
    made = ringing("chromium", request, desk, (mozilla_push, google_push))
    made.go(BLANK)
    return made


def fixed(desk, phone):
    """A ticket of the phone's person that is said to be fixed."""
    ticket = desk.ticket(phone.person)
    desk.api("bo", "PATCH", f"/tickets/{ticket}", status="resolved", sentence="A new driver.")
    return ticket


def status_of(desk, ticket):
    return desk.api("bo", "GET", f"/tickets/{ticket}")["status"]


def line_of(desk, ticket):
    """(id, n) of the newest line that tells of a ticket."""
    with closing(sqlite3.connect(f"file:{desk.folder}/socialdesk.sqlite3?mode=ro", uri=True)) as ledger:
        return ledger.execute("SELECT id, n FROM notification WHERE root_id = ? ORDER BY id DESC", (ticket,)).fetchone()


def times_closed(desk, ticket):
    """How often the ledger says that the ticket was closed."""
    with closing(sqlite3.connect(f"file:{desk.folder}/socialdesk.sqlite3?mode=ro", uri=True)) as ledger:
        return ledger.execute("SELECT count(*) FROM event WHERE root_id = ? AND after = 'closed'", (ticket,)).fetchone()[0]


def test_a_tap_on_the_notice_opens_its_thread(desk, phone, desktop):
    ticket = fixed(desk, phone)
    desktop.press(desktop.wait_for("fixed", 15))
    phone.wait_for_address(f"/p/{ticket}")
    assert status_of(desk, ticket) == "resolved", "looking at it does nothing"


def test_it_works_closes_the_ticket_with_no_window_open_and_says_so(desk, phone, desktop):
    ticket = fixed(desk, phone)
    notice = desktop.wait_for("fixed", 15)
    assert notice.labels == ["It works", "It doesn’t"]
    desktop.press(notice, "It works")
    told = desktop.wait_for("Closed. Thank you.", 15)
    assert told.labels == [] and status_of(desk, ticket) == "closed" and phone.windows() == []


def test_it_does_not_opens_the_ticket_again(desk, phone, desktop):
    ticket = fixed(desk, phone)
    desktop.press(desktop.wait_for("fixed", 15), "It doesn’t")
    desktop.wait_for("Opened again.", 15)
    assert status_of(desk, ticket) == "in_progress" and phone.windows() == []


def test_a_press_that_comes_too_late_says_why(desk, phone, desktop):
    ticket = fixed(desk, phone)
    notice = desktop.wait_for("fixed", 15)
    desk.api(phone.person, "PATCH", f"/tickets/{ticket}", status="in_progress")
    desktop.press(notice, "It works")
    desktop.wait_for("opened again in the meantime", 15)
    assert status_of(desk, ticket) == "in_progress"


def test_reply_opens_the_thread_with_the_box_ready(desk, phone, desktop):
    ticket = desk.ticket(phone.person)
    desk.api("bo", "POST", f"/posts/{ticket}/replies", body="Which printer is it?")
    desktop.press(desktop.wait_for("Which printer", 15), "Reply")
    phone.wait_for_address(f"/p/{ticket}#say")
    assert wait_until(lambda: phone.evaluate_at(f"/p/{ticket}", "document.activeElement.id") == "say", 10, pause=0.3)


def test_the_buttons_work_after_the_browser_was_closed_and_opened_again(desk, phone, desktop):
    phone.browser.quit()
    ticket = fixed(desk, phone)
    phone.service.wait_for_posts(1)
    phone.browser.start()
    phone.sign_in(phone.cookie)
    desktop.press(desktop.wait_for("fixed", 30), "It works")
    desktop.wait_for("Closed. Thank you.", 15)
    assert status_of(desk, ticket) == "closed"


def test_a_session_that_ended_opens_sign_in_and_then_it_is_done(desk, phone, desktop):
    ticket = fixed(desk, phone)
    notice = desktop.wait_for("fixed", 15)
    phone.sign_out()
    desktop.press(notice, "It works")
    desktop.wait_for("Sign in, then it is done.", 15)
    phone.wait_for_address(f"/sign-in?next=%2Fp%2F{ticket}")
    assert status_of(desk, ticket) == "resolved"
    phone.sign_in(desk.cookie(phone.person))
    phone.go(f"{desk.origin}/p/{ticket}")
    assert wait_until(lambda: status_of(desk, ticket) == "closed", 15, pause=0.2)
    assert wait_until(lambda: "Closed. Thank you." in phone.text_at(f"/p/{ticket}") or any("Closed. Thank you." in one.text for one in desktop.shown), 10, pause=0.3)


def test_in_other_hands_the_kept_deed_is_dropped_in_words(desk, phone, desktop):
    ticket = fixed(desk, phone)
    notice = desktop.wait_for("fixed", 15)
    phone.sign_out()
    desktop.press(notice, "It works")
    desktop.wait_for("Sign in, then it is done.", 15)
    phone.sign_in(desk.cookie("dee"))
    phone.go(f"{desk.origin}/inbox")
    assert wait_until(lambda: "not for you" in phone.text_at("/inbox") or any("not for you" in one.text for one in desktop.shown), 15, pause=0.3)
    assert status_of(desk, ticket) == "resolved"
    assert phone.evaluate_at("/inbox", "caches.open('deeds').then((kept) => kept.keys()).then((keys) => keys.length)") == 0


@pytest.mark.parametrize("open_page", [False, True])
def test_without_network_it_is_kept_and_sent_once_when_it_is_back(desk, chrome, desktop, open_page):
    if open_page:
        chrome.go(desk.origin + "/me")
    ticket = fixed(desk, chrome)
    notice = desktop.wait_for("fixed", 15)
    chrome.browser.context.set_offline(True)
    desktop.press(notice, "It works")
    desktop.wait_for("Kept. It is sent when you are online again.", 15)
    assert status_of(desk, ticket) == "resolved"
    chrome.browser.context.set_offline(False)
    assert wait_until(lambda: any("Closed. Thank you." in one.text for one in desktop.shown) or open_page and "Closed. Thank you." in chrome.text(), 35, pause=0.3)
    assert times_closed(desk, ticket) == 1


def test_the_next_push_sends_what_was_kept(desk, chrome, desktop):
    chrome.browser.context.grant_permissions(["notifications"], origin=desk.origin)        # no Background Sync: as in Firefox and Safari
    ticket, other = fixed(desk, chrome), desk.ticket(chrome.person, "The lamp hums.")
    notice = desktop.wait_for("fixed", 15)
    chrome.browser.context.set_offline(True)
    desktop.press(notice, "It works")
    desktop.wait_for("Kept.", 15)
    chrome.browser.context.set_offline(False)
    desk.api("bo", "POST", f"/posts/{other}/replies", body="Since when?")
    desktop.wait_for("Closed. Thank you.", 15)
    assert status_of(desk, ticket) == "closed"


def test_a_desk_that_is_down_is_asked_again_by_the_next_page(desk, phone, desktop):
    ticket = fixed(desk, phone)
    notice = desktop.wait_for("fixed", 15)
    desk.stop()
    desktop.press(notice, "It works")
    desktop.wait_for("Kept.", 15)
    desk.start()
    phone.go(f"{desk.origin}/inbox")
    assert wait_until(lambda: status_of(desk, ticket) == "closed", 20, pause=0.3)


def test_what_was_read_elsewhere_leaves_with_the_next_push(desk, phone, desktop):
    first = fixed(desk, phone)
    notice = desktop.wait_for("fixed", 15)
    read_elsewhere(desk, phone.person)
    assert notice.is_open, "nothing is pushed for that alone"
    second = desk.ticket(phone.person, "The lamp hums.")
    desk.api("bo", "POST", f"/posts/{second}/replies", body="Since when?")
    desktop.wait_for("Since when?", 15)
    desktop.wait_until_closed(notice, 10)
    assert len(phone.service.posts) == 2 and status_of(desk, first) == "resolved"


def read_elsewhere(desk, person):
    """Somebody reads all of their inbox on another device."""
    send(desk, desk.cookie(person), "/inbox/read")


def test_what_was_read_elsewhere_leaves_at_once_where_a_page_is_open(desk, phone, desktop):
    phone.go(desk.origin + "/inbox")
    fixed(desk, phone)
    notice = desktop.wait_for("fixed", 15)
    read_elsewhere(desk, phone.person)
    desktop.wait_until_closed(notice, 15)


def test_what_was_read_elsewhere_leaves_when_the_app_is_opened(desk, phone, desktop):
    fixed(desk, phone)
    notice = desktop.wait_for("fixed", 15)
    read_elsewhere(desk, phone.person)
    assert notice.is_open
    phone.go(desk.origin + "/")
    desktop.wait_until_closed(notice, 15)


@pytest.fixture
def badge(desk, chrome):
    """badge() is the number on the icon of the installed app."""
    chrome.go(desk.origin + "/me")
    session, app = chrome.browser.context.new_cdp_session(chrome.page), {"manifestId": desk.origin + "/"}
    session.send("PWA.install", app)
    yield lambda: session.send("PWA.getOsAppState", app)["badgeCount"]
    session.send("PWA.uninstall", app)


def test_the_badge_rises_with_a_push_and_falls_with_a_press_and_with_reading(desk, chrome, desktop, badge):
    read_elsewhere(desk, chrome.person)
    chrome.go(BLANK)
    fixed(desk, chrome)
    notice = desktop.wait_for("fixed", 15)
    assert wait_until(lambda: badge() == 1, 10, pause=0.2)
    desktop.press(notice, "It works")
    desktop.wait_for("Closed. Thank you.", 15)
    assert wait_until(lambda: badge() == 0, 10, pause=0.2), "by the press"
    chrome.go(desk.origin + "/inbox")
    fixed(desk, chrome)
    desktop.wait_for("fixed", 15)
    assert wait_until(lambda: badge() == 1, 10, pause=0.2)
    read_elsewhere(desk, chrome.person)
    assert wait_until(lambda: badge() == 0, 10, pause=0.2), "by reading on another device"


def test_a_hundred_pushes_in_a_row_are_all_shown_and_the_subscription_lives(desk, phone, desktop):
    tickets = [desk.ticket(phone.person, f"Thing {n} is broken.") for n in range(100)]
    for n, ticket in enumerate(tickets):
        desk.api("bo", "POST", f"/posts/{ticket}/replies", body=f"Word number {n}, and that is all.")

    def shown():
        return {found[1] for one in list(desktop.notices) if (found := re.search(r"Word number (\d+),", one.text))}
    assert wait_until(lambda: len(shown()) == 100, 60, pause=0.5), (len(shown()), len(phone.service.posts))
    assert len(phone.service.posts) == 100 and {post.status for post in phone.service.posts} <= {200, 201}
    desktop.clear()
    fixed(desk, phone)
    assert desktop.wait_for("fixed", 15), "the subscription is alive"


# --- self-repair

GONE = "navigator.serviceWorker.ready.then((one) => one.pushManager.getSubscription()).then((one) => one.unsubscribe())"
NEW_START = "sessionStorage.removeItem('push-checked')"


def test_a_subscription_that_vanished_is_made_again_at_the_next_start(desk, phone, desktop):
    phone.go(desk.origin + "/me")
    phone.evaluate_at("/me", GONE)
    phone.evaluate_at("/me", NEW_START)
    phone.go(desk.origin + "/inbox")
    assert wait_until(lambda: phone.evaluate_at("/inbox", "sessionStorage.getItem('push-checked') !== null"), 30, pause=0.3)
    ticket = fixed(desk, phone)
    phone.go(BLANK)
    desktop.press(desktop.wait_for("fixed", 15), "It works")
    desktop.wait_for("Closed. Thank you.", 15)
    assert status_of(desk, ticket) == "closed"
    phone.go(desk.origin + "/me/notifications")
    assert phone.text().count("This sign-in") == 1 and phone.text().count("Turn off") == 1, "one device, at its new address"


OTHER_KEY = """navigator.serviceWorker.ready.then(async (one) => {
    const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
    const key = await crypto.subtle.exportKey("raw", pair.publicKey);
    await (await one.pushManager.getSubscription()).unsubscribe();
    return Boolean(await one.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
})"""


def test_a_subscription_for_another_key_is_made_anew_at_the_next_start(desk, phone, desktop):
    phone.go(desk.origin + "/me")
    assert phone.evaluate_at("/me", OTHER_KEY)
    phone.evaluate_at("/me", NEW_START)
    phone.go(desk.origin + "/inbox")
    assert wait_until(lambda: phone.evaluate_at("/inbox", "sessionStorage.getItem('push-checked') !== null"), 30, pause=0.3)
    fixed(desk, phone)
    assert desktop.wait_for("fixed", 15)


def test_an_address_the_browser_changed_by_itself_is_told_by_the_worker(desk, chrome, desktop):
    chrome.go(desk.origin + "/me")
    worker = chrome.browser.wait_until(lambda: next((one for one in chrome.browser.context.service_workers if one.url.startswith(desk.origin)), None))
    old = chrome.evaluate_at("/me", "navigator.serviceWorker.ready.then((one) => one.pushManager.getSubscription()).then((one) => one.unsubscribe().then(() => one.endpoint))")
    worker.evaluate("""(old) => dispatchEvent(Object.assign(new ExtendableEvent("pushsubscriptionchange"), { oldSubscription: { endpoint: old } }))""", old)
    assert wait_until(lambda: chrome.evaluate_at("/me", "navigator.serviceWorker.ready.then((one) => one.pushManager.getSubscription()).then(Boolean)"), 20, pause=0.3)

    def rings():
        chrome.go(desk.origin + "/me/notifications")
        return chrome.text().count("Turn off") == 1 and "This sign-in" in chrome.text()
    assert wait_until(rings, 15, pause=0.5), chrome.text()
    fixed(desk, chrome)
    assert desktop.wait_for("fixed", 15)


def test_a_device_turned_off_elsewhere_does_not_come_back_by_itself(desk, phone, desktop):
    phone.go(desk.origin + "/me/notifications")
    device = re.search(r"/me/devices/(\d+)/remove", phone.evaluate_at("/me/notifications", "document.querySelector('#devices').outerHTML"))[1]
    send(desk, phone.cookie, f"/me/devices/{device}/remove")
    phone.evaluate_at("/me/notifications", NEW_START)
    phone.go(desk.origin + "/me/notifications?again")
    assert wait_until(lambda: phone.evaluate_at("/me/notifications", "sessionStorage.getItem('push-checked') !== null"), 30, pause=0.3)
    assert "This sign-in" not in phone.text()
    ring(phone, desk, phone.person, phone.cookie)


def test_the_test_says_that_it_was_shown_here(desk, phone, desktop):
    phone.go(desk.origin + "/me/notifications")
    phone.click("form[action$='/test'] button")
    desktop.wait_for("This is a test", 15)
    assert wait_until(lambda: "has shown the test" in phone.text(), 15, pause=0.3), phone.text()


def test_a_test_that_is_not_shown_says_what_to_look_at(desk, phone, desktop):
    phone.go(desk.origin + "/me/notifications")
    phone.service.answer_next(201)                                  # taken, and never delivered
    phone.click("form[action$='/test'] button")
    assert wait_until(lambda: "after 20 seconds this device has shown nothing" in phone.text(), 40, pause=0.5), phone.text()
    assert "battery saving" in phone.text()


def test_a_push_service_that_never_answers_is_named_after_20_seconds(desk, chrome):
    chrome.go(desk.origin + "/me/notifications")
    chrome.click("[data-push-here] form[action$='/remove'] button")
    assert wait_until(lambda: "Notify me on this device" in chrome.text(), 10, pause=0.3)
    chrome.page.evaluate("void (PushManager.prototype.subscribe = () => new Promise(() => {}))")       # as a browser does behind a firewall
    chrome.click("[data-push-on]")
    assert wait_until(lambda: "push service does not answer" in chrome.text(), 30, pause=0.5), chrome.text()


def test_blocked_notices_are_named(desk, firefox, desktop, mozilla_push):
    tab = InFirefox(firefox, desk.origin)
    tab.open(desk.cookie("dee"), "/me")
    firefox.allow_notifications(desk.origin, "denied")
    try:
        tab.go(desk.origin + "/me/notifications")
        assert wait_until(lambda: "Notices are blocked for this site" in tab.text(), 10, pause=0.3)
    finally:
        firefox.allow_notifications(desk.origin)


# --- the pages beside

def test_the_page_of_a_button_fits_a_phone_and_everybody(desk, chrome, desktop):
    ticket = fixed(desk, chrome)
    chrome.service.wait_for_posts(1)
    line, n = line_of(desk, ticket)
    chrome.browser.watch.clear()
    chrome.go(f"{desk.origin}/notices/{line}/works?n={n}")
    assert axe_violations(chrome.page) == [] and scrolls_sideways(chrome.page) == [] and small_targets(chrome.page) == []
    assert chrome.browser.watch.policy == [] and chrome.browser.watch.errors == []
    chrome.click("main form button")
    chrome.wait_for_address(f"/p/{ticket}")
    assert status_of(desk, ticket) == "closed"
