"""A device that its push service forgot, in two stock browsers: it signs up anew; and what came of a press is said once, where the keyboard is."""
import sqlite3
from contextlib import closing

from socialdesk.db import wait_until

from .page_checks import axe_violations, scrolls_sideways, small_targets
from .test_buttons import BLANK, NEW_START, InFirefox, chrome, desk, fixed, phone  # noqa: F401

PAGE = "/me/notifications"
TEST = "[data-push-here] form[action$='/test'] button"
FOCUSED = "document.activeElement === document.body ? '' : document.activeElement.innerText.trim()"
HOLDS_FAST = ("void (window.letsGo = PushSubscription.prototype.unsubscribe, "
              "PushSubscription.prototype.unsubscribe = () => Promise.reject(new Error('not now')))")
LETS_GO = "void (PushSubscription.prototype.unsubscribe = window.letsGo)"


def devices(desk, phone):  # noqa: F811
    """[(endpoint, on, last status)] of its person's devices."""
    with closing(sqlite3.connect(f"file:{desk.folder}/socialdesk.sqlite3?mode=ro", uri=True)) as ledger:
        return ledger.execute("SELECT endpoint, off_at IS NULL, last_status FROM device JOIN person ON person.id = device.person_id "
                              "WHERE email = ? AND endpoint <> ''", (f"{phone.person}@example.org",)).fetchall()


def says(phone, words, seconds=20):  # noqa: F811
    assert wait_until(lambda: words in phone.text(), seconds, pause=0.2), phone.text()


def stands_on(phone, words):  # noqa: F811
    """The focus comes to what is called so."""
    assert wait_until(lambda: phone.evaluate_at(PAGE, FOCUSED) == words, 10, pause=0.2), phone.evaluate_at(PAGE, FOCUSED)


def press(phone, css):  # noqa: F811
    """Press a button by keyboard, once the page has bound its list."""
    assert wait_until(lambda: phone.evaluate_at(PAGE, f"Boolean(document.querySelector({css!r})?.checkVisibility())"), 10, pause=0.2), phone.text()
    phone.evaluate_at(PAGE, f"document.querySelector({css!r}).focus()")
    if isinstance(phone, InFirefox):
        phone.tab.press("\ue007")
    else:
        phone.page.keyboard.press("Enter")


def at_rest(desk, phone):  # noqa: F811
    """The page of notices, where the app has made sure of this device already."""
    phone.go(desk.origin + PAGE)
    assert wait_until(lambda: phone.evaluate_at(PAGE, "sessionStorage.getItem('push-checked') !== null"), 30, pause=0.3)


def test_a_test_of_a_forgotten_device_signs_it_up_anew_and_the_next_one_rings(desk, phone, desktop):  # noqa: F811
    at_rest(desk, phone)
    old = {endpoint for endpoint, is_on, _ in devices(desk, phone) if is_on}
    phone.service.forget_tokens()
    press(phone, TEST)
    says(phone, "It was signed up anew: press Test once more.")
    stands_on(phone, "Test")
    assert "has forgotten this device" not in phone.text() and phone.text().count("This sign-in") == 1
    assert not phone.evaluate_at(PAGE, "document.querySelector('[data-push-on]').checkVisibility()")
    [(endpoint, is_on, status)] = devices(desk, phone)
    assert endpoint not in old and (is_on, status) == (1, None)
    press(phone, TEST)
    desktop.wait_for("This is a test", 15)
    says(phone, "has shown the test")
    stands_on(phone, "Test")


def test_a_device_that_a_notice_found_forgotten_is_made_anew_at_the_next_start(desk, phone, desktop):  # noqa: F811
    phone.service.forget_tokens()
    fixed(desk, phone)
    assert wait_until(lambda: devices(desk, phone)[0][1:] == (0, 410), 20), devices(desk, phone)
    [(dead, _, _)] = devices(desk, phone)
    phone.go(desk.origin + "/me")
    phone.evaluate_at("/me", NEW_START)
    phone.go(desk.origin + "/inbox")
    assert wait_until(lambda: devices(desk, phone)[0][1:] == (1, None), 30, pause=0.3), devices(desk, phone)
    assert len(devices(desk, phone)) == 1 and devices(desk, phone)[0][0] != dead
    phone.go(BLANK)
    fixed(desk, phone)
    assert desktop.wait_for("fixed", 15)


def test_where_the_browser_holds_the_dead_address_the_button_stands_there_and_works_later(desk, phone, desktop):  # noqa: F811
    at_rest(desk, phone)
    phone.service.forget_tokens()
    phone.evaluate_at(PAGE, HOLDS_FAST)
    press(phone, TEST)
    says(phone, "does not let go of the old address")
    assert phone.text().count("has forgotten this device, so it no longer rings") == 1 and "This sign-in" not in phone.text()
    assert phone.evaluate_at(PAGE, FOCUSED).startswith("The push service has forgotten this device")
    assert [row[1:] for row in devices(desk, phone)] == [(0, 410)], "what is dead is not revived by the attempt"
    phone.evaluate_at(PAGE, LETS_GO)
    press(phone, "[data-push-on]")
    says(phone, "This device rings now.")
    stands_on(phone, "Test")
    assert [row[1:] for row in devices(desk, phone)] == [(1, None)]


def test_turned_off_and_on_by_keyboard_the_focus_is_never_lost(desk, phone, desktop):  # noqa: F811
    at_rest(desk, phone)
    press(phone, "[data-push-here] form[action$='/remove'] button")
    stands_on(phone, "Devices that ring")
    press(phone, "[data-push-on]")
    says(phone, "This device rings now.")
    stands_on(phone, "Test")
    assert not phone.evaluate_at(PAGE, "document.querySelector('#notices .notice') !== null"), "it is said once"


def test_a_test_says_that_it_runs_and_its_result_stands_alone_in_the_row(desk, chrome, desktop):  # noqa: F811
    at_rest(desk, chrome)
    chrome.service.delay(1)
    press(chrome, TEST)
    busy = chrome.page.locator(TEST + "[aria-busy=true]")
    busy.wait_for()
    assert busy.inner_text() == "Testing…" and busy.get_attribute("aria-label").startswith("Testing Chrome")
    says(chrome, "has shown the test")
    assert chrome.page.locator(".notice").count() == 0 and "It should show on that device" not in chrome.text()
    assert chrome.page.inner_text("[data-push-here] [role=status]").startswith("This device has shown the test.")
    stands_on(chrome, "Test")
    assert axe_violations(chrome.page) == [] and small_targets(chrome.page) == [] and scrolls_sideways(chrome.page) == []


def test_a_refused_test_gives_the_button_back(desk, chrome, desktop):  # noqa: F811
    at_rest(desk, chrome)
    chrome.page.route("**/test", lambda route: route.fulfill(status=429, content_type="text/html", body="<p class='notice'>Later</p>",
                                                             headers={"HX-Retarget": "#notices", "HX-Reswap": "innerHTML"}))
    try:
        press(chrome, TEST)
        chrome.page.wait_for_selector("#notices .notice")
        button = chrome.page.locator(TEST)
        assert wait_until(lambda: button.inner_text() == "Test" and button.get_attribute("aria-busy") == "false", 5)
        assert button.get_attribute("aria-label").startswith("Test Chrome")
        stands_on(chrome, "Test")
    finally:
        chrome.page.unroute("**/test")


def test_a_failed_test_is_said_once_in_the_row(desk, phone, desktop):  # noqa: F811
    at_rest(desk, phone)
    phone.service.answer_next(503)
    press(phone, TEST)
    says(phone, "fault of its own (503)")
    assert phone.text().count("fault of its own") == 1
    stands_on(phone, "Test")
