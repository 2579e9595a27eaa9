"""The app in the hand: the way to the home screen, what is shared into it, the place kept on the way back, keys on a desk."""
import re
import struct
import zlib

import pytest

from .page_checks import axe_violations, scrolls_sideways
from .served import Served

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Mobile/15E148 Safari/604.1"
# Chromium may offer to install by itself at any moment; the tests say when.
ONLY_OURS = "addEventListener('beforeinstallprompt', (event) => { if (event.isTrusted) event.stopImmediatePropagation(); }, true)"
CAN_INSTALL = """() => {
    const offer = new Event("beforeinstallprompt", { cancelable: true });
    offer.prompt = async () => { window.asked = true; return { outcome: window.answer }; };
    window.dispatchEvent(offer);
    return offer.defaultPrevented;
}"""


def png(side=8):
    """A small red picture."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + b"\xff\0\0" * side for _ in range(side))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def desk(tmp_path_factory, _mozilla_push, _google_push):
    """A running desk with a feed long enough to scroll."""
    served = Served(tmp_path_factory.mktemp("installed"), _mozilla_push, _google_push)
    try:
        served.start()
        for n in range(14):
            served.api("bo", "POST", "/posts", kind="question", body=f"Which cable is number {n}? They all look the same to me. #cables")
        served.own = served.ticket()
        yield served
    finally:
        served.stop()
        served.stop(9)


@pytest.fixture
def visit(desk):
    """visit(browser, path, who): a page on which somebody is signed in, nothing remembered on the device."""
    cookies = {}

    def go(browser, path="/", who="ada", **media):
        page = browser.fresh_page(**media)
        browser.forget(page, desk.origin)
        page.add_init_script(ONLY_OURS)
        if who:
            cookies[who] = cookies.get(who) or desk.cookie(who)
            browser.set_cookie(desk.origin, "socialdesk", cookies[who])
        browser.open(page, desk.origin + path)
        return page
    return go


def is_shown(page, css):
    return page.locator(css).is_visible()


def remember_days_ago(page, days, times):
    page.evaluate(f"localStorage.setItem('install', JSON.stringify({{ times: {times}, at: Date.now() - {days} * 86400000 }}))")


# --- the card

def test_the_browsers_offer_is_kept_for_the_button(chromium, desk, visit):
    page = visit(chromium.phone, f"/p/{desk.own}")
    assert page.evaluate(CAN_INSTALL), "the browser's own bar stays away"
    page.wait_for_selector("#install-card")
    page.evaluate("window.answer = 'accepted'")
    page.click("#install-card >> text=Put it on your home screen")
    page.wait_for_selector("#install-card", state="detached")
    assert page.evaluate("window.asked") is True
    page.goto(desk.origin + "/")
    page.evaluate(CAN_INSTALL)
    page.wait_for_load_state("networkidle")
    assert not is_shown(page, "#install-card"), "who has it is not asked"


def test_not_now_holds_for_thirty_days_and_three_times_is_enough(chromium, desk, visit):
    page = visit(chromium.phone, "/")
    page.evaluate(CAN_INSTALL)
    page.click("#install-card >> text=Not now")
    page.wait_for_selector("#install-card", state="detached")
    assert "Me" in page.inner_text("#notices")
    for days, times, shown in ((0, 1, False), (29, 1, False), (31, 1, True), (31, 2, True), (31, 3, False)):
        remember_days_ago(page, days, times)
        page.reload()
        page.evaluate("import(document.querySelector('script[type=module]').src.replace('app.js', 'install.js')).then(install => install.bind(document.querySelector('#install-card')))")
        page.evaluate(CAN_INSTALL)
        assert is_shown(page, "#install-card") == shown, (days, times)


def test_nobody_is_asked_before_they_have_asked_something(chromium, desk, visit):
    page = visit(chromium.phone, "/", who="eve")
    page.evaluate(CAN_INSTALL)
    assert page.locator("#install-card").count() == 0


def test_an_iphone_is_led_to_the_steps_and_reads_how_to_ring(chromium, desk, visit):
    browser = chromium.browser("phone", user_agent=IPHONE)
    browser.context.add_init_script("addEventListener('beforeinstallprompt', (event) => event.stopImmediatePropagation())")
    page = visit(browser, "/")
    page.click("#install-card >> text=Show me how")
    page.wait_for_url("**/install#iphone")
    assert "Add to Home Screen" in page.inner_text("#iphone") and "8 digits" in page.inner_text("#iphone")
    page.goto(desk.origin + "/install")
    page.wait_for_selector("[data-ways] > #iphone:first-child")
    page.add_init_script("delete window.PushManager")
    page.goto(desk.origin + "/me/notifications")
    page.click("#devices >> text=Show me how")
    page.wait_for_url("**/install#iphone")


def test_the_steps_for_this_device_stand_first(chromium, visit):
    assert visit(chromium.desktop, "/install").wait_for_selector("[data-ways] > #computer:first-child")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_steps_are_readable_by_everybody(chromium, visit, scheme):
    for browser in (chromium.phone, chromium.desktop):
        page = visit(browser, "/install", color_scheme=scheme)
        assert not axe_violations(page) and not scrolls_sideways(page)
        browser.watch.expect_nothing(page)


def test_the_card_is_readable_and_fits(chromium, visit):
    page = visit(chromium.phone, "/", color_scheme="dark")
    page.evaluate(CAN_INSTALL)
    page.wait_for_selector("#install-card")
    assert not axe_violations(page)
    page.set_viewport_size({"width": 320, "height": 640})
    assert not scrolls_sideways(page)


# --- the share sheet

SHARE = """async ([name, bytes]) => {
    const form = Object.assign(document.createElement("form"), { method: "post", action: "/ask/shared", enctype: "multipart/form-data" });
    for (const [part, value] of [["title", "Printer log"], ["text", "It says PC LOAD LETTER"], ["url", ""]]) {
        form.append(Object.assign(document.createElement("input"), { name: part, value }));
    }
    const files = new DataTransfer();
    files.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
    const input = Object.assign(document.createElement("input"), { type: "file", name: "photo" });
    input.files = files.files;
    form.append(input);
    document.body.append(form);
    form.submit();
}"""


def with_worker(page):
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.reload()
    assert page.evaluate("Boolean(navigator.serviceWorker.controller)")


def posts_of(desk):
    return len(desk.api("ada", "GET", "/posts?kind=ticket")["items"])


def test_a_share_becomes_a_draft_with_its_photo_and_goes_nowhere_by_itself(chromium, desk, visit):
    page = visit(chromium.phone, "/")
    with_worker(page)
    asked = []
    chromium.phone.context.on("request", lambda request: asked.append((request.method, request.url)) if request.service_worker else None)
    page.evaluate(SHARE, ["screen.png", list(png())])
    page.wait_for_selector("#ask-photos img")
    assert page.input_value("textarea[name=body]") == "Printer log\nIt says PC LOAD LETTER"
    assert page.evaluate("[...document.querySelector('#ask-files').files].map((file) => [file.name, file.type, file.size])") == [["screen.png", "image/png", len(png())]]
    assert page.url == desk.origin + "/ask" and "draft" in page.inner_text("#notices")
    assert not [url for method, url in asked if method == "POST"], "the worker sends nothing on"
    assert page.evaluate("caches.open('shared').then((kept) => kept.keys()).then((keys) => keys.length)") == 0
    page.reload()
    assert page.input_value("textarea[name=body]") == "Printer log\nIt says PC LOAD LETTER", "kept like everything typed, and not put there twice"
    page.fill("textarea[name=body]", "")
    page.wait_for_timeout(50)


def test_what_is_shared_can_be_sent_and_arrives_with_its_photo(chromium, desk, visit):
    page = visit(chromium.phone, "/", who="dee")
    with_worker(page)
    page.evaluate(SHARE, ["screen.png", list(png(40))])
    page.wait_for_selector("#ask-photos img")
    page.click("button[value=ticket]")
    page.wait_for_url("**/p/*")
    assert "PC LOAD LETTER" in page.inner_text("main") and page.locator("main .photos img").count() == 1


def test_a_share_waits_for_the_sign_in(chromium, desk, visit):
    page = visit(chromium.phone, "/sign-in", who=None)
    with_worker(page)
    page.evaluate(SHARE, ["screen.png", list(png())])
    page.wait_for_url(re.compile("/sign-in.next="))
    chromium.phone.set_cookie(desk.origin, "socialdesk", desk.cookie("eve"))
    page.goto(desk.origin + "/ask?shared=1")
    page.wait_for_selector("#ask-photos img")
    assert "PC LOAD LETTER" in page.input_value("textarea[name=body]")


def test_without_a_worker_the_words_arrive_and_the_photo_is_spoken_of(chromium, desk, visit):
    browser = chromium.browser("phone", service_workers="block")
    page = visit(browser, "/", who="cy")
    page.evaluate(SHARE, ["screen.png", list(png())])
    page.wait_for_url("**/ask/shared")
    assert page.input_value("textarea[name=body]") == "Printer log\nIt says PC LOAD LETTER"
    assert "could not come along" in page.inner_text("main")


def test_signing_out_takes_what_was_shared_along(chromium, desk, visit):
    page = visit(chromium.phone, "/sign-in", who=None)
    with_worker(page)
    page.evaluate(SHARE, ["screen.png", list(png())])
    page.wait_for_url(re.compile("/sign-in.next="))
    chromium.phone.set_cookie(desk.origin, "socialdesk", desk.cookie("eve"))
    page.goto(desk.origin + "/me")
    page.click("text=Sign out here")
    page.wait_for_url("**/sign-in")
    assert not page.evaluate("caches.has('shared')")


# --- back to the same place

@pytest.fixture(scope="module")
def remembering(chromium):
    """A phone that keeps pages in its memory for the way back, as people's do; the lab's own switches that off."""
    return chromium.browser("phone", ignore_default_args=["--disable-back-forward-cache"])


#: the first card in sight and where it stands; what leaves above it, like a hint that was read, moves no card
IN_SIGHT = """[...document.querySelectorAll(".card[id]:not([hidden])")].map((one) => [one.id, Math.round(one.getBoundingClientRect().top)]).find(([, top]) => top > 0)"""


def scrolled_then_into_a_post(page):
    page.wait_for_selector(".card-title a")
    page.evaluate("window.scrollTo(0, 900)")
    page.wait_for_timeout(600)                  # the stream of hints has opened by then
    place = page.evaluate(IN_SIGHT)
    page.evaluate("window.stays = 'the same page'")
    page.evaluate("[...document.querySelectorAll('.card-title a')].find((one) => one.getBoundingClientRect().top > 80).click()")
    page.wait_for_url("**/p/*")
    return place


def test_on_the_way_back_the_feed_stands_where_it_was(desk, visit, remembering):
    page = visit(remembering, "/")
    place = scrolled_then_into_a_post(page)
    page.go_back(wait_until="commit")
    remembering.wait_until(lambda: page.url == desk.origin + "/")        # no load event: the page was never away
    assert page.evaluate("window.stays") == "the same page", "from the browser's memory, not fetched anew"
    there = page.evaluate(IN_SIGHT)
    assert there[0] == place[0] and abs(there[1] - place[1]) < 3 and page.evaluate("scrollY") > 300


def test_a_page_from_memory_is_not_shown_to_the_next_person(desk, visit, remembering):
    page = visit(remembering, "/")
    scrolled_then_into_a_post(page)
    remembering.set_cookie(desk.origin, "socialdesk", desk.cookie("dee"))
    page.go_back(wait_until="commit")
    remembering.wait_until(lambda: page.evaluate("document.documentElement?.dataset.person !== undefined && window.stays === undefined"))


# --- keys

def focused(page):
    return page.evaluate("document.activeElement.closest('.card, .row')?.id || document.activeElement.tagName")


def test_j_and_k_go_from_card_to_card_and_enter_opens(chromium, desk, visit):
    page = visit(chromium.desktop, "/?view=newest")
    page.keyboard.press("j")
    chromium.desktop.wait_until(lambda: focused(page).startswith("card-"))
    first = focused(page)
    page.keyboard.press("j")
    chromium.desktop.wait_until(lambda: focused(page) not in (first, "BODY"))
    page.keyboard.press("k")
    chromium.desktop.wait_until(lambda: focused(page) == first)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/p/{first.removeprefix('card-')}")


def test_a_question_mark_tells_the_keys_and_one_switch_ends_them(chromium, desk, visit):
    page = visit(chromium.desktop, "/me")
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open] >> text=By keyboard")
    assert not axe_violations(page)
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    page.click("[data-module=keys] label")
    page.keyboard.press("Tab")
    page.keyboard.press("?")
    page.goto(desk.origin + "/")
    page.keyboard.press("j")
    page.evaluate("import(document.querySelector('script[type=module]').src.replace('app.js', 'keys.js')).then(() => 1)")
    assert focused(page) == "BODY" and page.locator("dialog[open]").count() == 0


def test_keys_never_act_while_one_types(chromium, desk, visit):
    page = visit(chromium.desktop, "/ask")
    page.fill("textarea[name=body]", "")        # whatever a test before has left as a draft
    page.click("textarea[name=body]")
    page.keyboard.type("jk? n/")
    assert page.input_value("textarea[name=body]") == "jk? n/" and page.locator("dialog[open]").count() == 0
    assert page.url.endswith("/ask")
    page.fill("textarea[name=body]", "")


# --- motion

def test_pages_melt_into_each_other_only_for_those_who_have_not_asked_for_less(chromium, visit):
    for wanted, seconds in (("no-preference", .12), ("reduce", None)):
        page = visit(chromium.phone, "/", reduced_motion=wanted)
        rules = page.evaluate("""[...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).flatMap((rule) => [rule, ...(rule.cssRules ?? [])])
            .flatMap((rule) => [rule, ...(rule.cssRules ?? [])]).filter((rule) => rule.constructor.name === "CSSViewTransitionRule")
            .map((rule) => matchMedia(rule.parentRule.conditionText).matches)""")
        assert rules == [seconds is not None]
