"""The main job, in two stock browsers: a ticket moves, the person's phone shows it, a press opens it."""
import pytest

from socialdesk.db import wait_until

from .served import ChromiumPhone, FirefoxTab, Served

HOLD_SECONDS = 10


@pytest.fixture(scope="module")
def desk(tmp_path_factory, _mozilla_push, _google_push):
    """One running desk for this file."""
    served = Served(tmp_path_factory.mktemp("served"), _mozilla_push, _google_push)
    try:
        yield served.start()
    finally:
        served.stop()
        served.stop(9)


@pytest.fixture(params=["firefox", "chromium"])
def phone(request, desk, desktop, mozilla_push, google_push):
    """A phone of somebody's own in each browser, ringing: signed in, notices turned on by the button of the page."""
    if request.param == "firefox":
        made = FirefoxTab(request.getfixturevalue("firefox"), desk.origin)
        made.service, made.person = mozilla_push, "ada"
    else:
        made = ChromiumPhone(request.getfixturevalue("chromium").phone, desk.origin)
        made.service, made.person = google_push, "eve"
    ring(made, desk, made.person)
    return made


def ring(phone, desk, person, cookie=None):
    """Sign in on the phone and turn its notices on, unless it rings already."""
    phone.open(cookie or desk.cookie(person), "/me/notifications")

    def rings():
        if "This sign-in" not in phone.text():
            phone.click_if_shown("[data-push-on]")                  # hidden once the page finds that this device rings already
        return "This sign-in" in phone.text()
    assert wait_until(rings, 40, pause=0.5), phone.text()


def test_a_change_of_state_rings_the_phone_says_nothing_private_and_opens_the_ticket(desk, phone, desktop):
    ticket = desk.ticket(phone.person)
    desk.api("bo", "PATCH", f"/tickets/{ticket}", status="resolved", sentence="A new driver: no more hearts.")
    notice = desktop.wait_for("ticket", 15)
    assert "hearts" not in notice.summary + notice.body and "printer" not in (notice.summary + notice.body).lower()
    desktop.press(notice)
    phone.wait_for_address(f"/p/{ticket}")
    assert wait_until(lambda: "no more hearts" in phone_text(phone, ticket), 10)


def phone_text(phone, ticket):
    """What the page that the notice opened says."""
    if isinstance(phone, FirefoxTab):
        return phone.browser.tab_at(f"/p/{ticket}").text()
    return phone.browser.page_at(f"/p/{ticket}").inner_text("body")


def test_who_wants_it_reads_the_words_on_the_lock_screen(desk, phone, desktop):
    desk.api(phone.person, "PATCH", "/me", lock_private="full")
    try:
        ticket = desk.ticket(phone.person, "The coffee machine asks for a password. #kitchen")
        desk.api("bo", "POST", f"/posts/{ticket}/replies", body="Try the word milk.")
        notice = desktop.wait_for("coffee machine", 15)
        assert "Bo" in notice.summary + notice.body
    finally:
        desk.api(phone.person, "PATCH", "/me", lock_private="discreet")


def test_the_one_who_did_it_is_not_rung_and_a_note_rings_no_requester(desk, phone, desktop):
    ticket = desk.ticket(phone.person)
    desk.api("bo", "POST", f"/posts/{ticket}/replies", body="Between us: it is the toner.", note=True)
    desk.api(phone.person, "POST", f"/posts/{ticket}/replies", body="Any news?")
    desk.api("bo", "POST", f"/posts/{ticket}/replies", body="Soon.")
    assert wait_until(lambda: desktop.notices, 15)
    assert wait_until(lambda: desk.api(phone.person, "GET", "/notifications")["items"], 10)
    sent = len(phone.service.wait_for_posts(1))
    assert sent == 1, "one push: for the reply, none for the note and none for her own"


def test_the_test_button_rings_this_device(desk, phone, desktop):
    phone.click("form[action$='/test'] button")
    notice = desktop.wait_for("", 15)
    assert notice.summary
    assert wait_until(lambda: "sent" in phone.text().lower() or "should" in phone.text().lower(), 10), phone.text()


def test_a_push_that_comes_while_no_page_is_open_is_shown(desk, phone, desktop):
    ticket = desk.ticket(phone.person)
    if isinstance(phone, FirefoxTab):
        phone.tab.goto("about:blank")
    else:
        phone.page.goto("about:blank")
    desk.api("bo", "PATCH", f"/tickets/{ticket}", status="in_progress", sentence="I am on it.")
    desktop.press(desktop.wait_for("ticket", 15))
    phone.wait_for_address(f"/p/{ticket}")


def test_a_device_that_signs_out_rings_no_more(desk, phone, desktop):
    ticket = desk.ticket("dee")
    ring(phone, desk, "dee")                                        # the same phone in other hands: it rings for them now
    go = phone.page.goto if isinstance(phone, ChromiumPhone) else phone.tab.goto
    desk.api("bo", "POST", f"/posts/{ticket}/replies", body="Which printer is it?")
    desktop.close(desktop.wait_for("ticket", 15))
    go(desk.origin + "/me")
    phone.click("form[action='/sign-out'] button")
    assert wait_until(lambda: "Sign in" in phone.text(), 10)
    before = len(phone.service.posts)
    desk.api("bo", "PATCH", f"/tickets/{ticket}", status="in_progress", sentence="I am on it.")
    assert wait_until(lambda: desk.api("dee", "GET", "/notifications")["items"][0]["n"] == 2, 10)
    assert len(phone.service.posts) == before and not desktop.shown
