"""The place in the feed: who comes back finds the cards there were, where they were, without the browser's memory of whole pages."""
import pytest

from .test_beside import is_bound, screen  # noqa: F401
from .test_compose import phone, port, settings_given, site, wait  # noqa: F401

CARDS = "document.querySelectorAll('article[data-card]').length"
IN_SIGHT = """(() => {
  const under = document.querySelector('header.top').getBoundingClientRect().bottom;
  const card = [...document.querySelectorAll('article[data-card]')].find((one) => one.querySelector('.card-title').getBoundingClientRect().top > under);
  return [card.id, card.getBoundingClientRect().top, [...document.querySelectorAll('article[data-card]')].map((one) => one.id)];
})()"""
SHOWN = "!document.documentElement.hasAttribute('data-placing')"


@pytest.fixture
def many(make):
    """(somebody, 65 questions of others)."""
    ada, others = make.person("Ada"), [make.person() for _ in range(5)]
    return ada, [make.question(others[n % 5], f"Question {n}?\n\nIt is one of many, and {'long ' * (n % 40)}enough.") for n in range(65)]


def far_down(page, cards=60):
    """Go on until so many cards are there, and stop among them: (the card in sight, where it stands, all cards)."""
    for many_now in range(40, cards + 1, 20):
        page.evaluate("window.scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })")
        wait(page, f"{CARDS} >= {many_now}")
    page.evaluate("document.querySelectorAll('article[data-card]')[%d].scrollIntoView({ block: 'center', behavior: 'instant' })" % (cards - 10))
    page.wait_for_timeout(200)
    return page.evaluate(IN_SIGHT)


def open_in_sight(page, place):
    page.locator(f"#{place[0]} .card-title a").click()
    page.wait_for_url("**/p/*")


def is_back(page, site, place, path):  # noqa: F811
    page.wait_for_url(site + path)
    wait(page, f"{CARDS} === {len(place[2])} && {SHOWN} && document.readyState === 'complete'")
    page.wait_for_timeout(500)                  # long enough for the browser to move it once more
    found = page.evaluate(IN_SIGHT)
    assert found[2] == place[2], "the same cards in the same order"
    assert found[0] == place[0] and abs(found[1] - place[1]) <= 2, (found[:2], place[:2])


@pytest.mark.parametrize("path", ["/", "/?view=newest"])
@pytest.mark.parametrize("by", ["arrow", "browser"])
def test_back_from_a_thread_leads_to_the_same_cards_at_the_same_place(phone, many, site, chromium, path, by):  # noqa: F811
    page = phone(many[0], path)
    place = far_down(page)
    open_in_sight(page, place)
    page.get_by_role("link", name="Back", exact=True).click() if by == "arrow" else page.go_back(wait_until="commit")
    is_back(page, site, place, path)
    open_in_sight(page, place)                  # and once more from there
    page.go_back(wait_until="commit")
    is_back(page, site, place, path)
    chromium.phone.watch.expect_nothing(page)


def test_the_place_on_the_first_page_is_kept_as_well(phone, many, site):  # noqa: F811
    page = phone(many[0], "/?view=newest")
    place = far_down(page, 20)
    place = page.evaluate(IN_SIGHT)
    open_in_sight(page, place)
    page.get_by_role("link", name="Back", exact=True).click()
    is_back(page, site, place, "/?view=newest")


def test_a_card_in_another_place_of_the_list_is_found_again(phone, many, site, make):  # noqa: F811
    page = phone(many[0], "/?view=newest")
    page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})      # so that the list comes anew
    place = far_down(page, 40)
    open_in_sight(page, place)
    for n in range(25):
        make.question(make.person(), f"Newer {n}?")
    page.go_back(wait_until="commit")
    wait(page, f"{SHOWN} && document.getElementById('{place[0]}') !== null && document.readyState === 'complete'")
    page.wait_for_timeout(500)
    found = page.evaluate(IN_SIGHT)
    assert found[0] == place[0] and abs(found[1] - place[1]) <= 2
    assert len(found[2]) == len(set(found[2])) == 60 and place[2][0] in found[2][20:30], "what came meanwhile stands above"


def test_a_reload_begins_anew(phone, many):  # noqa: F811
    page = phone(many[0], "/?view=newest")
    far_down(page, 40)
    page.reload()
    page.wait_for_timeout(500)
    assert page.evaluate(CARDS) <= 40 and page.evaluate(SHOWN)


def test_the_arrow_follows_its_link_where_one_came_from_elsewhere(phone, many, site):  # noqa: F811
    ada, questions = many
    page = phone(ada, "/inbox")
    page.goto(f"{site}/p/{questions[0].id}")
    page.get_by_role("link", name="Back", exact=True).click()
    page.wait_for_url(site + "/")
    assert page.evaluate("history.length") == 4, "one step further, not back"


def test_steps_within_a_thread_are_passed_over_by_the_arrow(phone, many, site):  # noqa: F811
    page = phone(many[0], "/?view=newest")
    place = far_down(page)
    open_in_sight(page, place)
    page.evaluate("location.hash = 'reply'")
    page.get_by_role("link", name="Back", exact=True).click()
    is_back(page, site, place, "/?view=newest")


def test_what_is_noted_of_a_place_holds_no_text(phone, many):  # noqa: F811
    page = phone(many[0], "/?view=newest")
    open_in_sight(page, far_down(page, 40))
    noted = page.evaluate("JSON.parse(sessionStorage.getItem('places'))")
    assert len(noted) == 1 and set(noted[0]) == {"key", "pages", "id", "top", "y"} and noted[0]["pages"] == 1 and "Question" not in str(noted)


def test_the_place_outlasts_a_reload_of_the_thread_that_stood_beside_the_list(screen, many, site):  # noqa: F811
    page = screen(many[0], "/?view=newest")
    is_bound(page)
    place = far_down(page)
    page.locator(f"#{place[0]} .card-title a").click()
    page.wait_for_url("**/p/*")
    page.locator(".pane h2").wait_for()
    place = page.evaluate(IN_SIGHT)
    page.reload()
    with page.expect_event("load"):             # of the list, which the thread alone cannot show
        page.go_back(wait_until="commit")
    page.wait_for_url(site + "/?view=newest")
    wait(page, f"{CARDS} === 60 && {SHOWN} && document.readyState === 'complete'")
    page.wait_for_timeout(500)
    assert page.evaluate(IN_SIGHT)[0] == place[0]
