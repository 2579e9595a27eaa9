"""What is known while one types: by finger, by keys, over the text; nothing moves, nothing typed is lost."""
import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.posts.models import Draft, MeToo, Post
from socialdesk.search.models import Lesson
from socialdesk.posts.queries import prepare
from socialdesk.tickets.major_actions import declare_major

from ..conftest import run_due
from .page_checks import axe_violations, scrolls_sideways, small_targets
from .test_beside import screen  # noqa: F401
from .test_compose import phone, port, settings_given, site, wait  # noqa: F401

READY = "document.querySelector('#typed-so-far').value === document.querySelector('#body').value && !document.querySelector('[data-sign]').hidden"
LISTED = "document.querySelectorAll('#suggestions li').length > 0"
TYPED = "how do I print on both sides"


@pytest.fixture
def town(make):
    """What is known: an article, an incident that goes on, a question of somebody else; and somebody who asks."""
    author = make.agent("Tomasz Nowak")
    make.article(author, title="Print on both sides", body="Open the print window. Choose *Both sides*, then press OK.")
    make.article(author, title="Order a new phone", body="Ask at the reception.")
    make.article(author, title="Book a meeting room", body="Open the calendar and choose a room.")
    asked = make.question(make.person("Lena Hoffmann"), "Why does the canteen terminal refuse my badge since noon?")
    run_due()
    return asked


def typing(page, text):
    wait(page, READY)
    page.locator("#body").press_sequentially(text, delay=5)
    return page


def active(page):
    return page.evaluate("document.activeElement.id || document.activeElement.innerText")


def test_by_keys_into_the_list_open_read_and_back_to_the_text(screen, make, town, chromium):  # noqa: F811
    page = typing(screen(make.person(), "/ask"), TYPED)
    wait(page, LISTED)
    wait(page, "document.querySelector('#known-said').textContent === '1 suggestion. Arrow down to read it.'")
    page.keyboard.press("ArrowDown")
    assert active(page) == "Print on both sides"
    page.keyboard.press("ArrowUp")
    assert active(page) == "body" and page.evaluate("document.querySelector('#body').selectionStart") == len(TYPED)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    assert active(page) == "body"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator("#known-sheet[open]").wait_for()
    assert "Choose Both sides, then press OK." in page.inner_text("#known-sheet") and page.url.endswith("/ask")
    assert axe_violations(page) == []
    page.keyboard.press("Escape")
    wait(page, "document.activeElement.id === 'body'")
    page.keyboard.type(" of a sheet")
    assert page.input_value("#body") == TYPED + " of a sheet"
    chromium.desktop.watch.expect_nothing(page)


def test_read_in_the_sheet_this_solved_it_lets_the_draft_go(phone, make, town, chromium):  # noqa: F811
    person = make.person()
    page = typing(phone(person), TYPED)
    wait(page, LISTED)
    page.locator("#suggestions .row-title").tap()
    sheet = page.locator("#known-sheet[open]")
    sheet.wait_for()
    assert sheet.get_by_role("button", name="Send it to a person").is_visible() and sheet.get_by_role("button", name="Back to my text").first.is_visible()
    assert axe_violations(page) == [] and scrolls_sideways(page) == []
    assert [one for one in small_targets(page) if "Print on both sides" not in one] == [], "the title's row is its target"
    sheet.get_by_role("button", name="This solved it").tap()
    page.locator("#suggestions >> text=Thanks to Tomasz Nowak").wait_for()
    assert not sheet.is_visible()
    page.wait_for_timeout(1700)                             # longer than a draft waits to be kept
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Draft)) == 0
    assert sorted(db.session.scalars(sa.select(Lesson.why).where(Lesson.person_id == person.id))) == ["opened", "solved"]
    assert db.session.scalars(sa.select(Lesson.text)).all() == [TYPED] * 2
    page.reload()
    wait(page, READY)
    assert page.input_value("#body") == ""
    chromium.phone.watch.expect_nothing(page)


def test_back_to_my_text_leaves_text_and_caret_where_they_were(phone, make, town):  # noqa: F811
    page = typing(phone(make.person()), TYPED)
    wait(page, LISTED)
    page.evaluate("document.querySelector('#body').setSelectionRange(4, 4)")
    page.locator("#suggestions .row-title").tap()
    page.locator("#known-sheet footer >> text=Back to my text").tap()
    wait(page, "document.activeElement.id === 'body'")
    assert page.input_value("#body") == TYPED and page.evaluate("document.querySelector('#body').selectionStart") == 4


def test_me_too_joins_an_incident_in_place_of_a_ticket(phone, make, town, chromium):  # noqa: F811
    agent = make.agent()
    ticket = make.ticket(make.person(), "The walrus mail server is down at every site.")
    with transaction():
        declare_major(ticket.id, agent, prepare(agent, "The walrus mail server is down at every site. We look into it."), 60)
    run_due()
    person = make.person()
    page = typing(phone(person), "the walrus mail server is down")
    before = db.session.scalar(sa.select(sa.func.count()).select_from(Post))
    page.locator("#suggestions >> text=Happening now").wait_for()
    page.locator("#suggestions button", has_text="Me too").tap()
    page.locator("#suggestions >> text=You joined it").wait_for()
    assert "Nothing was sent" in page.inner_text("#suggestions")
    db.session.rollback()
    assert db.session.scalars(sa.select(MeToo.person_id)).all() == [person.id]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Post)) == before
    chromium.phone.watch.expect_nothing(page)


def test_an_open_question_of_others_can_be_joined_before_asking_it_again(phone, make, town):  # noqa: F811
    person = make.person()
    page = typing(phone(person), "canteen terminal refuses my badge")
    page.locator("#others-asked >> text=Others asked this").wait_for()
    page.locator("#others-asked .row-title").tap()
    page.locator("#known-sheet[open] footer >> text=Me too").tap()
    page.locator("#suggestions >> text=You joined it").wait_for()
    assert page.locator("#others-asked li").count() == 0
    db.session.rollback()
    assert db.session.scalars(sa.select(MeToo.root_id)).all() == [town.id]


def test_nothing_moves_under_a_finger_and_the_way_to_a_person_stays_in_sight(phone, make, town):  # noqa: F811
    page = typing(phone(make.person()), TYPED)
    page.set_viewport_size({"width": 360, "height": 330})   # the keyboard is up
    wait(page, LISTED)
    box, send = page.locator("#body").bounding_box(), page.get_by_role("button", name="Send it to a person").bounding_box()
    assert send["y"] + send["height"] <= 330
    page.locator("#suggestions li").dispatch_event("pointerdown", {"pointerType": "touch", "pointerId": 7, "bubbles": True})
    page.evaluate("(() => { const box = document.querySelector('#body'); box.value = 'book a meeting room'; box.dispatchEvent(new Event('input', {bubbles: true})); })()")
    page.wait_for_timeout(700)
    assert page.inner_text("#suggestions .row-title") == "Print on both sides"
    page.locator("#suggestions li").dispatch_event("pointerup", {"pointerType": "touch", "pointerId": 7, "bubbles": True})
    page.locator("#suggestions >> text=Book a meeting room").wait_for()
    high = page.locator("#suggestions").bounding_box()["height"]
    page.fill("#body", "zebra umbrella telescope")
    wait(page, "document.querySelectorAll('#suggestions li').length === 0")
    assert page.locator("#suggestions").bounding_box()["height"] >= high, "what stands below stays where it is"
    assert page.locator("#body").bounding_box() == box and page.get_by_role("button", name="Send it to a person").bounding_box() == send


@pytest.fixture
def many(make):
    """Three that answer, with long titles and sentences, and what makes the composer as full as it may be."""
    author = make.agent("Tomasz Nowak")
    for title, body in (("Print on both sides of the paper in the copy shop", "Open the print window. Choose *Both sides*, then press OK and wait until the paper comes out."),
                        ("Print on both sides from the phone that you were given", "Open the picture, press Share, then choose the printer on your floor and both sides."),
                        ("Printer prints on both sides though one is wanted", "Open the print window and take the tick off both sides, for this print alone.")):
        make.article(author, title=title, body=body)
    for n in range(3):
        make.question(make.person(), f"Paper jam number {n} when I print on both sides? #copier")
    run_due()
    return make.circle("Quay Street")


def in_view(page, css):
    """How many of these stand between the top of the page and the dock, whole."""
    page.evaluate("scrollTo(0, 0)")
    edge = page.locator(".dock").bounding_box()["y"]
    boxes = [one.bounding_box() for one in page.locator(css).all()]
    return sum(box["y"] >= 0 and box["y"] + box["height"] <= edge for box in boxes)


def test_on_a_small_phone_two_are_in_view_without_scrolling(phone, make, many, chromium):  # noqa: F811
    page = typing(phone(make.person(circles=[many])), TYPED)
    wait(page, "document.querySelectorAll('#suggestions li').length === 3 && document.querySelectorAll('#ask-tags label').length > 0")
    assert page.viewport_size == {"width": 360, "height": 640}
    assert in_view(page, "#suggestions li") >= 2 and in_view(page, "#body") == 1
    assert page.get_by_role("button", name="Send it to a person").is_visible()
    assert axe_violations(page) == [] and scrolls_sideways(page) == []
    assert [one for one in small_targets(page) if "rint" not in one] == [], "the title's row is its target"
    chromium.phone.watch.expect_nothing(page)


def test_while_the_keyboard_is_up_text_one_of_them_and_the_way_to_a_person_are_in_view(phone, make, many):  # noqa: F811
    page = phone(make.person(circles=[many]))
    page.set_viewport_size({"width": 360, "height": 330})
    typing(page, TYPED)
    wait(page, "document.querySelectorAll('#suggestions li').length === 3 && document.querySelectorAll('#ask-tags label').length > 0")
    assert in_view(page, "#suggestions li") >= 1 and in_view(page, "#body") == 1
    send = page.get_by_role("button", name="Send it to a person").bounding_box()
    page.locator("#body").press_sequentially(" and then on one side again, and why does it ask me for a code each time that I walk up to it", delay=1)
    wait(page, "document.querySelectorAll('#suggestions li').length > 0")
    assert in_view(page, "#suggestions li") >= 1, "a text that grows scrolls in its box"
    assert page.get_by_role("button", name="Send it to a person").bounding_box() == send and send["y"] + send["height"] <= 330
    assert scrolls_sideways(page) == []


def test_other_things_to_say_are_one_press_away(phone, make):  # noqa: F811
    page = phone(make.agent())
    page.locator(".top summary", has=page.locator("svg")).tap()
    assert page.locator(".top .menu a").all_inner_texts() == ["An idea", "Kudos", "A poll", "An announcement"]
    assert small_targets(page) == [] and scrolls_sideways(page) == []
    page.get_by_role("link", name="An idea").tap()
    page.wait_for_url("**/ask?kind=idea")
    assert "Help" in page.locator(".top .menu").inner_text() or page.locator(".top .menu a[href='/ask']").count() == 1


def test_a_text_longer_than_an_address_is_looked_up_all_the_same(phone, make, town, chromium):  # noqa: F811
    page = phone(make.person())
    wait(page, READY)
    page.fill("#body", TYPED + " 😀д" * 3000 + " print on both sides")
    with page.expect_response("**/ask/tags?*") as answer:
        wait(page, LISTED)
    assert answer.value.status == 200
    chromium.phone.watch.expect_nothing(page)


def test_hashtags_learned_from_what_is_like_it_are_offered_and_chosen(phone, make):  # noqa: F811
    for n in range(4):
        make.question(make.person(), f"Paper jam number {n} in the copier again #copier")
        make.question(make.person(), f"The tunnel to home drops, number {n} #vpn")
    run_due()
    page = typing(phone(make.person()), "paper jams in it")
    page.locator("#ask-tags label", has_text="#copier").click()
    assert page.input_value("#body") == "paper jams in it #copier "


KEYBOARD = """high => {
  const sight = window.visualViewport;
  Object.defineProperty(sight, "height", { configurable: true, get: () => high });
  sight.dispatchEvent(new Event("resize"));
}"""


def test_a_keyboard_that_lies_over_the_page_does_not_lie_over_the_dock(phone, make, many):  # noqa: F811
    page = typing(phone(make.person(circles=[many])), TYPED)
    wait(page, "document.querySelectorAll('#suggestions li').length === 3 && document.querySelectorAll('#ask-tags label').length > 0")
    page.evaluate(KEYBOARD, 330)                            # as Safari says it: the page stays as high, what is seen of it does not
    wait(page, "document.documentElement.hasAttribute('data-short')")
    send = page.get_by_role("button", name="Send it to a person").bounding_box()
    assert page.evaluate("innerHeight") == 640 and send["y"] + send["height"] <= 330
    assert in_view(page, "#suggestions li") >= 1 and in_view(page, "#body") == 1
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    last = page.locator("main > :visible").last.bounding_box()
    assert last["y"] + last["height"] <= page.locator(".dock").bounding_box()["y"] + 1, "what stands last can be scrolled to"
    page.evaluate(KEYBOARD, 640)
    wait(page, "!document.documentElement.hasAttribute('data-short')")
    assert page.locator(".dock").bounding_box()["y"] + page.locator(".dock").bounding_box()["height"] >= 630


def test_the_room_of_a_longer_list_is_given_back_in_a_pause_and_not_while_it_is_touched(phone, make, many):  # noqa: F811
    page = typing(phone(make.person()), TYPED)
    wait(page, "document.querySelectorAll('#suggestions li').length === 3")
    high = page.locator("#suggestions").bounding_box()["height"]
    page.fill("#body", "zebra umbrella telescope")
    wait(page, "document.querySelectorAll('#suggestions li').length === 0")
    page.locator("#others-asked").dispatch_event("pointerdown", {"pointerType": "touch", "pointerId": 7, "bubbles": True})
    page.wait_for_timeout(2600)
    assert page.locator("#suggestions").bounding_box()["height"] >= high
    page.locator("#others-asked").dispatch_event("pointerup", {"pointerType": "touch", "pointerId": 7, "bubbles": True})
    wait(page, "document.querySelector('#suggestions').offsetHeight < 10")


def test_questions_of_others_are_announced_with_the_suggestions(phone, make, many):  # noqa: F811
    page = typing(phone(make.person()), "paper jam when I print on both sides")
    wait(page, "document.querySelectorAll('#others-asked li').length === 3")
    count = page.locator("#suggestions li").count()
    wait(page, f"document.querySelector('#known-said').textContent === '{count} suggestion{'s' if count > 1 else ''}, 3 open questions of others. Arrow down to read them.'")


def test_without_network_what_belongs_to_another_text_goes_and_the_text_stays(phone, make, town, chromium):  # noqa: F811
    page = typing(phone(make.person()), TYPED)
    wait(page, LISTED)
    chromium.phone.context.set_offline(True)
    try:
        page.locator("#suggestions .row-title").tap()
        page.get_by_text("it cannot be opened now").wait_for()
        assert page.url.endswith("/ask") and page.input_value("#body") == TYPED
        page.locator("#body").press_sequentially(" of a sheet")
        page.locator("#suggestions >> text=There is no network").wait_for()
        assert page.locator("#suggestions li").count() == 0 and page.input_value("#body") == TYPED + " of a sheet"
    finally:
        chromium.phone.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.locator("#suggestions >> text=Print on both sides").wait_for()


def test_a_box_that_was_emptied_is_empty_after_a_reload_at_once(phone, make, town):  # noqa: F811
    page = phone(make.person())
    wait(page, READY)
    with page.expect_response("**/drafts"):
        page.locator("#body").press_sequentially("Nobody shall read this")
    page.route("**/drafts", lambda route: route.abort())          # what is on its way out may come too late
    page.fill("#body", "")
    page.reload()
    wait(page, READY)
    page.wait_for_timeout(300)
    assert page.input_value("#body") == ""
