"""The app under a thumb: every page in both themes, without JavaScript, without network, live, installable."""
import re

import pytest

from socialdesk.db import wait_until

from .page_checks import axe_violations, scrolls_sideways
from .served import Served

PAGES = {
    "ada": ["/", "/ask", "/ask?kind=question", "/help", "/help/{slug}", "/p/{question}", "/p/{ticket}", "/p/{fixed}", "/p/{ended}", "/inbox", "/me", "/me/tickets",
            "/me/notifications", "/me/profile", "/search?q=printing", "/search?q=xyzzy", "/t/printing", "/people", "/@bo", "/p/{question}/edit", "/no-such-page",
            "/?view=newest", "/?view=following", "/feed/order", "/ask?kind=idea", "/ask?kind=kudos", "/ask?kind=poll", "/me/saved", "/p/{question}/share",
            "/p/{idea}", "/p/{poll}", "/install"],
    "bo": ["/", "/desk", "/desk?filter=open", "/desk?filter=mine", "/p/{ticket}", "/p/{fixed}", "/help/new", "/help/{slug}/edit", "/help/{slug}/versions", "/inbox", "/ask?kind=announcement", "/p/{news}"],
    "cy": ["/admin", "/admin/people", "/admin/teams", "/admin/tags", "/admin/circles", "/admin/glass"],
    None: ["/sign-in", "/offline", "/api/v1/docs"],
}


#: what is pressed and is lower than a thumb; links within words have an unseen margin instead, which no rectangle tells
SMALL = """[...document.querySelectorAll("button, select, textarea, summary, input:not([type=hidden], [type=radio], [type=checkbox], [type=file]), " +
    "a.button, a.icon-button, a.chip, .bar a")].filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".visually-hidden"))
    .map((one) => [one, one.getBoundingClientRect()]).filter(([one, box]) => box.width && (box.height < 39.5 || box.width < 39.5))
    .map(([one, box]) => `${one.tagName} ${one.className} "${one.textContent.trim().slice(0, 30)}" is ${Math.round(box.width)} x ${Math.round(box.height)}`)"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory, _mozilla_push, _google_push):
    """A running desk with a little of everything."""
    served = Served(tmp_path_factory.mktemp("served"), _mozilla_push, _google_push)
    try:
        served.start()
        served.things = things(served)
        yield served
    finally:
        served.stop()
        served.stop(9)


def things(desk):
    """The ids of what the pages show."""
    made = {"question": desk.api("ada", "POST", "/posts", kind="question", body="How do I print on both sides? #printing")["id"],
            "ticket": desk.ticket(), "fixed": desk.ticket(body="No sound in room 3. #sound"), "ended": desk.ticket(body="No light in room 3.")}
    made |= {"idea": desk.api("ada", "POST", "/posts", kind="idea", body="A bench under the tree. #garden")["id"],
             "poll": desk.api("ada", "POST", "/posts", kind="poll", body="When do we meet?", options=["Monday", "Tuesday"])["id"],
             "news": desk.api("bo", "POST", "/posts", kind="announcement", body="The lift is back. It remembers every floor.")["id"]}
    desk.api("bo", "POST", f"/posts/{made['question']}/replies", body="Choose **Both sides** in the print window.\n\n- then OK\n- and wait")
    desk.api("bo", "PATCH", f"/tickets/{made['ticket']}", assignee="bo", status="on_hold", hold_reason="requester", sentence="Which printer is it?")
    desk.api("bo", "POST", f"/posts/{made['ticket']}/replies", body="Between us: it is the toner again.", note=True)
    desk.api("bo", "PATCH", f"/tickets/{made['fixed']}", status="resolved", sentence="The cable was loose.")
    desk.api("ada", "PATCH", f"/tickets/{made['ended']}", status="canceled")
    article = desk.api("bo", "POST", "/articles", title="Print on both sides", body="## Where\n\nIn the print window.\n\n## How\n\nChoose `Both sides`. #printing\n\n## Why\n\nPaper.")
    made["slug"] = re.search(r"/help/([^?#]+)", article["url"])[1]
    return made


def visits():
    return [(who, path) for who, paths in PAGES.items() for path in paths]


@pytest.fixture(scope="module")
def cookies(desk):
    return {name: desk.cookie(name) for name in ("ada", "bo", "cy")}


def visit(browser, desk, cookies, who, path, **media):
    """A fresh page on which somebody is signed in."""
    page = browser.fresh_page(**media)
    if who:
        browser.set_cookie(desk.origin, "socialdesk", cookies[who])
    browser.open(page, desk.origin + path.format(**desk.things))
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_every_page_is_accessible_fits_and_keeps_to_the_policy(chromium, desk, cookies, size, scheme):
    browser, faults = getattr(chromium, size), []
    for who, path in visits():
        page = visit(browser, desk, cookies, who, path, color_scheme=scheme)
        if size == "phone":                     # whole: what lies under the dock until one scrolls is no small target
            page.set_viewport_size({"width": 360, "height": max(640, page.evaluate("document.documentElement.scrollHeight"))})
        faults += [(who, path, fault) for fault in axe_violations(page)]
        if scrolls_sideways(page):
            faults.append((who, path, "scrolls sideways"))
        if size == "phone":
            faults += [(who, path, fault) for fault in page.evaluate(SMALL)]
        faults += [(who, path, fault) for fault in browser.watch.policy]
        faults += [(who, path, fault) for fault in browser.watch.errors if "404" not in str(fault)]
        browser.watch.clear()
    assert not faults, faults


def test_every_page_fits_320_pixels_and_text_twice_as_large(chromium, desk, cookies):
    faults = []
    for who, path in visits():
        page = visit(chromium.phone, desk, cookies, who, path)
        page.set_viewport_size({"width": 320, "height": 640})
        if scrolls_sideways(page):
            faults.append((who, path, "320"))
        page.set_viewport_size({"width": 360, "height": 640})
        page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
        if scrolls_sideways(page):
            faults.append((who, path, "200 %"))
        chromium.phone.watch.clear()
    assert not faults, faults


def test_without_javascript_one_asks_replies_confirms_and_answers(chromium, desk, cookies):
    browser = chromium.browser("phone", java_script_enabled=False)
    page = visit(browser, desk, cookies, "ada", "/ask")
    page.fill("textarea[name=body]", "My chair talks at night. #chairs")
    page.click("button[value=ticket]")
    page.wait_for_url(re.compile(r"/p/\d+"))
    where = re.search(r"/p/(\d+)", page.url)[1]
    page.fill("#reply textarea", "It says my name.")
    page.click("#reply .send")
    assert "It says my name." in page.inner_text("main")
    desk.api("bo", "PATCH", f"/tickets/{where}", status="resolved", sentence="It was the parrot.")
    page.reload()
    page.click("text=It works")
    page.reload()
    assert desk.api("ada", "GET", f"/tickets/{where}")["status"] == "closed"


def test_an_agent_takes_answers_and_undoes_from_a_phone(chromium, desk, cookies):
    ticket = desk.ticket(body="The window does not open. #windows")
    page = visit(chromium.phone, desk, cookies, "bo", "/desk")
    page.click(f"a[href='/p/{ticket}']")
    page.click("text=Take it")
    assert wait_until(lambda: desk.api("bo", "GET", f"/tickets/{ticket}")["assignee"] is not None, 10)
    page.fill("#reply textarea", "It is a picture of a window.")
    page.select_option("#reply select[name=status]", "resolved")
    page.click("#reply .send")
    assert wait_until(lambda: desk.api("bo", "GET", f"/tickets/{ticket}")["status"] == "resolved", 10)
    assert desk.api("ada", "GET", f"/posts/{ticket}/replies")["items"] == [], "held: nobody else sees it yet"
    page.locator("#notices button:has-text('Undo')").first.click()
    assert wait_until(lambda: desk.api("bo", "GET", f"/tickets/{ticket}")["status"] == "new", 10)
    assert wait_until(lambda: page.input_value("#reply textarea") == "It is a picture of a window.", 10), "the words come back"


def test_what_is_known_appears_while_one_types_and_this_solved_it_closes_the_draft(chromium, desk, cookies):
    page = visit(chromium.phone, desk, cookies, "ada", "/ask")
    page.locator("textarea[name=body]").press_sequentially("how to print on both sides", delay=15)
    page.wait_for_selector("#suggestions >> text=Print on both sides")
    assert page.locator("button[value=ticket]").is_visible(), "a person is never behind a wall"
    page.click("#suggestions button:has-text('This solved it')")
    page.wait_for_selector("#suggestions >> text=Bo Lindahl")
    page.goto(desk.origin + "/ask")
    assert page.input_value("textarea[name=body]") == ""


def test_an_open_page_shows_the_answer_by_itself(chromium, desk, cookies):
    ticket = desk.ticket(body="The lamp hums in E flat. #lamps")
    page = visit(chromium.phone, desk, cookies, "ada", f"/p/{ticket}")
    page.wait_for_timeout(1000)
    desk.api("bo", "POST", f"/posts/{ticket}/replies", body="We sent a tuner.")
    page.wait_for_selector("text=We sent a tuner.", timeout=10_000)


def test_what_is_typed_survives_a_reload_and_a_lost_network(chromium, desk, cookies):
    ticket = desk.ticket(body="The door is shy. #doors")
    page = visit(chromium.phone, desk, cookies, "ada", f"/p/{ticket}")
    page.fill("#reply textarea", "It hides behind the wall.")
    page.wait_for_timeout(600)
    page.reload()
    assert page.input_value("#reply textarea") == "It hides behind the wall."
    page.context.set_offline(True)
    try:
        page.click("#reply .send")
        page.wait_for_selector("#alerts :text('network'), #notices :text('network'), #alerts :text('reach'), #notices :text('reach')", timeout=10_000)
        assert page.input_value("#reply textarea") == "It hides behind the wall."
    finally:
        page.context.set_offline(False)
    page.click("#reply .send")
    page.wait_for_selector("#timeline-%s >> text=It hides behind the wall." % ticket)
    assert len(desk.api("ada", "GET", f"/posts/{ticket}/replies")["items"]) == 1


def test_without_network_the_app_opens_its_offline_page(chromium, desk, cookies):
    page = visit(chromium.phone, desk, cookies, "ada", "/")
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.reload()
    page.context.set_offline(True)
    try:
        page.goto(desk.origin + "/help")
        assert "network" in page.inner_text("body").lower()
    finally:
        page.context.set_offline(False)


def test_it_can_be_installed(chromium, desk, cookies):
    page = visit(chromium.phone, desk, cookies, "ada", "/")
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    devtools = page.context.new_cdp_session(page)
    assert devtools.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
    assert devtools.send("Page.getAppManifest")["errors"] == []


def test_by_keyboard_alone_one_reaches_everything_in_order(chromium, desk, cookies):
    page = visit(chromium.desktop, desk, cookies, "ada", "/ask")
    page.keyboard.press("Tab")
    assert "Skip" in page.evaluate("document.activeElement.textContent")
    seen = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.name || document.activeElement.textContent.trim().slice(0, 40)"))
    assert "body" in seen and any("Send it to a person" in s or s == "kind" for s in seen)
