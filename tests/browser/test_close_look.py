"""What only shows at a close look: words that are cut or broken, rows that do not wrap, where the keys lead, what a failed press says."""
import pytest

from ..test_article_editor import slug
from .page_checks import axe_violations, scrolls_sideways
from .test_beside import screen  # noqa: F401
from .test_compose import phone, port, settings_given, site, wait  # noqa: F401

CUT = """(() => [...document.querySelectorAll('.compare select')].map((box) => {
  const style = getComputedStyle(box), pen = document.createElement('canvas').getContext('2d');
  pen.font = style.font;
  const words = pen.measureText(box.selectedOptions[0].text).width;
  return box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - words;
}))()"""
ROWS = "(css) => [...document.querySelectorAll(css)].map((one) => Math.round(one.getBoundingClientRect().top))"
LINES = """(word) => {
  const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  for (let text = walk.nextNode(); text; text = walk.nextNode()) {
    const at = text.data.indexOf(word);
    if (at < 0) continue;
    const range = document.createRange();
    range.setStart(text, at);
    range.setEnd(text, at + word.length);
    return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
  }
}"""


@pytest.fixture
def large(chromium):
    """large(page): its text at 200 %, as a phone's own setting makes it."""
    return lambda page: page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})


def test_the_numbers_of_two_versions_are_read_whole_on_a_phone(phone, make, browse, site):  # noqa: F811
    agent = make.agent()
    there = f"/help/{slug(make.article(agent, title='Print'))}"
    for n in range(12):
        assert browse(agent).post(there + "/edit", data={"title": "Print", "body": f"Text {n}"}).status_code == 303
    page = phone(agent, there + "/difference?from=11&to=12")
    assert page.locator(".compare select").count() == 2 and page.locator("#from").evaluate("box => box.selectedOptions[0].text").endswith("11")
    assert min(page.evaluate(CUT)) >= 0 and scrolls_sideways(page) == []


def test_the_keys_lead_into_the_box_of_the_page_they_open(screen, make, site):  # noqa: F811
    page = screen(make.person(), "/help")
    for key, path, name in (("/", "/search", "q"), ("n", "/ask", "body")):
        page.goto(site + "/help")
        page.keyboard.press(key)
        page.wait_for_url(f"**{path}*")
        wait(page, f"document.activeElement.name === '{name}'")
        page.keyboard.type("wifi")
        assert page.input_value(f"[name={name}]") == "wifi"


def test_a_press_without_network_says_nothing_of_typed_words(phone, make, site, chromium):  # noqa: F811
    question = make.question(make.person("Ben"))
    page = phone(make.person(), f"/p/{question.id}")
    page.route("**/reaction", lambda route: route.abort())
    page.route("**/reply", lambda route: route.abort())
    page.locator("[data-deed=like] button").first.click()
    page.locator("#alerts", has_text="Press it again when the network is back.").wait_for()
    assert "typed" not in page.inner_text("#alerts")
    page.fill("#reply textarea", "Hold shift.")
    page.locator("#reply .send").click()
    page.locator("#alerts", has_text="What you typed is still here").wait_for()
    assert page.input_value("#reply textarea") == "Hold shift."
    page.unroute_all()


def test_a_major_incident_is_ended_in_two_steps_and_its_promise_reads_as_a_sentence(phone, make, browse):  # noqa: F811
    tom, ada = make.agent("Tom"), make.person("Ada")
    ticket = make.ticket(ada)
    answer = browse(tom).post(f"/p/{ticket.id}/major", data={"body": "The Wi-Fi is gone.", "minutes": 60})
    page = phone(ada, "/")
    promise = page.locator(".promise")
    wait(page, "!/UTC/.test(document.querySelector('.promise').innerText)")
    assert promise.inner_text().split(", ")[1] in ("today", "tomorrow")
    page = phone(tom, answer.location)
    over = page.get_by_role("button", name="Yes, it is over for everyone")
    assert not over.is_visible()
    page.get_by_text("Say the next word", exact=True).click()
    page.locator("summary", has_text="It is over").click()
    tell = page.get_by_role("button", name="Tell everyone").bounding_box()
    assert over.bounding_box()["y"] - tell["y"] - tell["height"] >= 60 and axe_violations(page) == []
    over.click()
    page.get_by_text("It is over for everyone.").first.wait_for()


def test_with_text_of_double_size_the_row_above_a_reply_wraps_and_no_word_is_broken(phone, make, browse, large):  # noqa: F811
    agent = make.agent("Tomasz Agent", teams=[make.team("Network")])
    ticket = make.ticket(make.person("Ada Okafor"), team_id=None)
    browse(agent).post("/ask", data={"kind": "announcement", "body": "The lift is repaired."})
    page = phone(make.person(), "/")
    large(page)
    page.reload()
    wait(page, "getComputedStyle(document.documentElement).fontSize === '32px'")
    assert page.evaluate(LINES, "announces") == 1 and scrolls_sideways(page) == []
    page = phone(agent, f"/p/{ticket.id}")
    large(page)
    page.reload()
    wait(page, "getComputedStyle(document.documentElement).fontSize === '32px'")
    parts = page.locator("#reply .segments > :is(.chip, select)")
    assert parts.count() == 3 and len(set(page.evaluate(ROWS, "#reply .segments > :is(.chip, select)"))) > 1
    for n in range(3):
        box = parts.nth(n).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    assert scrolls_sideways(page) == []
