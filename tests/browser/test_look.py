"""How pages hold where room is short: notches at the side, enlarged text, 320 px, a dock that may not cover what one types."""
import pytest

from socialdesk.db import transaction
from socialdesk.posts import kind_actions, queries

from .page_checks import scrolls_sideways
from .test_beside import queue, screen  # noqa: F401
from .test_compose import port, settings_given, site, wait  # noqa: F401

PAGES = ("/", "/desk?filter=open", "/inbox", "/ask", "/help", "/me", "/search?q=thing")


def box(page, css):
    """Where something stands."""
    found = page.locator(css).first.bounding_box()
    return found["x"], found["y"], found["x"] + found["width"], found["y"] + found["height"]


def enlarge(page):
    """Text at 200 %."""
    page.evaluate("document.documentElement.style.fontSize = '200%'")


@pytest.fixture
def notched(chromium):
    """notched(page): a phone held sideways, its camera at the left, its corners round at the right."""
    def hold(page):
        page.set_viewport_size({"width": 800, "height": 360})
        session = chromium.phone.context.new_cdp_session(page)
        session.send("Emulation.setSafeAreaInsetsOverride", {"insets": {"left": 150, "right": 90, "bottom": 21}})
        return page
    return hold


def test_nothing_stands_under_the_notch_of_a_phone_held_sideways(chromium, screen, queue, notched, site):  # noqa: F811
    agent, (first, *_rest) = queue
    page = notched(screen(agent, "/", on=chromium.phone))
    for path, parts in (("/", (".bar ul", ".top-row", ".card")), ("/desk?filter=open", (".bar ul", ".top-row", ".rows")),
                        (f"/p/{first.id}", (".top-row", ".status-head", "#reply")), ("/ask", (".top-row", "#ask", ".dock .buttons"))):
        page.goto(site + path)
        for part in parts:
            left, _top, right, bottom = box(page, part)
            assert left >= 150 and right <= 710, (path, part)
            assert part not in (".bar ul", "#reply", ".dock .buttons") or bottom <= 360 - 21, (path, part)
        assert not scrolls_sideways(page)


@pytest.mark.parametrize("width", [320, 360])
def test_pages_hold_at_320_px_and_with_text_twice_as_large(chromium, screen, queue, site, width):  # noqa: F811
    agent, (first, *_rest) = queue
    page = screen(agent, "/", on=chromium.phone)
    page.set_viewport_size({"width": width, "height": 640})
    for path in (*PAGES, f"/p/{first.id}"):
        page.goto(site + path)
        assert not scrolls_sideways(page), path
        enlarge(page)
        assert not scrolls_sideways(page), path


@pytest.mark.parametrize("path, typed", [("/ask", "#body"), ("ticket", "#reply textarea")])
def test_the_dock_leaves_half_of_the_phone_to_the_page_however_large_the_text(chromium, screen, queue, site, path, typed):  # noqa: F811
    agent, (first, *_rest) = queue
    page = screen(agent, f"/p/{first.id}" if path == "ticket" else path, on=chromium.phone)
    enlarge(page)
    _left, top, _right, bottom = box(page, ".dock")
    assert top >= 320 and bottom <= 641
    page.locator(typed).focus()
    assert page.locator(typed).is_visible()


def test_the_deeds_of_a_post_stand_in_one_line_on_a_small_phone(chromium, screen, make, site):  # noqa: F811
    author, reader = make.person("Ada"), make.person()
    prepared = queries.prepare(author, "A bench by the river. For everybody.")
    with transaction():
        idea = kind_actions.say(author, "idea", prepared)
    question = make.question(author, "Which printer is quick?")
    page = screen(reader, f"/p/{idea.id}", on=chromium.phone)
    for width in (320, 360):
        page.set_viewport_size({"width": width, "height": 640})
        tops = {round(box(page, f"#thread-{deed}-{idea.id}")[1]) for deed in ("vote", "like", "save")}
        assert len(tops) == 1 and box(page, f"#head-{idea.id} .state")[3] <= tops.pop()
    page.goto(site + "/?view=newest")
    for width, post, main in ((360, idea, "vote"), (320, question, "me-too")):
        page.set_viewport_size({"width": width, "height": 640})
        assert len({round(box(page, f"#card-{post.id} #{deed}-{post.id}")[1]) for deed in (main, "like", "save")}) == 1
