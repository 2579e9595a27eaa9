"""The composer and the feed under a thumb: completion, chips, photos, drafts, more cards, the pill."""
import hashlib
import secrets
import socket
import threading
from io import BytesIO

import pytest
import sqlalchemy as sa
from PIL import Image
from werkzeug.serving import WSGIRequestHandler, make_server

from socialdesk.db import db, now, transaction
from socialdesk.people.models import Session
from socialdesk.posts.models import Attachment, Draft, Post

from .page_checks import axe_violations, scrolls_sideways


class Quiet(WSGIRequestHandler):
    """Says nothing."""

    def log(self, *args):
        pass


@pytest.fixture(scope="session")
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def settings_given(port):
    return {"SOCIALDESK_BASE_URL": f"http://127.0.0.1:{port}"}


@pytest.fixture
def site(desk, port):
    """The desk on a port of the loopback."""
    server = make_server("127.0.0.1", port, desk, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def phone(chromium, site, make, desk):
    """phone(person): a page of a phone on which this person is signed in."""
    make.admin()

    def open_page(person, path="/ask"):
        token = secrets.token_urlsafe(32)
        with transaction():
            db.session.add(Session(id_hash=hashlib.sha256(token.encode()).hexdigest(), person_id=person.id, epoch=person.epoch,
                                   made_at=now(), seen_at=now(), public_id=secrets.token_hex(8)))
        client = desk.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = token
        page = chromium.phone.fresh_page()
        chromium.phone.set_cookie(site, "socialdesk", client.get_cookie("socialdesk").value)
        chromium.phone.open(page, site + path)
        return page
    return open_page


def wait(page, condition):
    """Wait for a condition written in JavaScript, without eval."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"It did not come true: {condition}")


def picture(path, color, broken=False):
    out = BytesIO()
    Image.new("RGB", (300, 200), color).save(out, "PNG")
    path.write_bytes(b"not a picture" if broken else out.getvalue())
    return str(path)


def last_post():
    db.session.rollback()
    return db.session.scalar(sa.select(Post).order_by(Post.id.desc()).limit(1))


def test_hashtags_and_people_are_completed_while_typing(phone, make, chromium):
    make.question(make.person("Zora Quist", handle="zq"), "The #printer is slow.")
    page = phone(make.person())
    box = page.locator("#body")
    wait(page, "!document.querySelector('[data-sign]').hidden")
    box.press_sequentially("It jams #pri")
    option = page.get_by_role("option", name="#printer")
    option.wait_for()
    assert box.get_attribute("aria-activedescendant") == option.get_attribute("id")
    page.keyboard.press("Enter")
    assert box.input_value() == "It jams #printer "
    box.press_sequentially("ask @quis")
    page.get_by_role("option", name="@zq").click()
    assert box.input_value() == "It jams #printer ask @zq "
    box.press_sequentially("#pri")
    option.wait_for()
    page.keyboard.press("Escape")
    assert not option.is_visible() and box.input_value().endswith("#pri")
    chromium.phone.watch.expect_nothing(page)


def test_a_chip_puts_its_hashtag_in_and_takes_it_out(phone, make):
    ada = make.person()
    make.ticket(ada, "My #laptop is loud.")
    page = phone(ada)
    wait(page, "!document.querySelector('[data-sign]').hidden")
    page.fill("#body", "It is loud again.")
    page.locator("label.chip").click()
    assert page.input_value("#body") == "It is loud again. #laptop "
    page.locator("label.chip").click()
    assert page.input_value("#body").strip() == "It is loud again."


def test_a_refused_photo_leaves_text_and_good_photos_in_place(phone, make, tmp_path, chromium):
    page = phone(make.person())
    wait(page, "!document.querySelector('[data-sign]').hidden")
    page.fill("#body", "See the photos.")
    page.set_input_files("#ask-files", [picture(tmp_path / "a.png", "red"), picture(tmp_path / "b.png", "blue", broken=True)])
    page.set_input_files("#ask-camera", picture(tmp_path / "c.png", "green"))
    page.get_by_role("button", name="Send it to a person").click()
    page.locator("#photo-wrong").wait_for()
    assert page.input_value("#body") == "See the photos." and page.locator("#ask-photos img").count() == 3 and last_post() is None
    assert page.locator("[data-sign]").first.is_visible()
    assert axe_violations(page) == [] and scrolls_sideways(page) == []
    page.get_by_role("button", name="Remove the photo b.png").click()
    page.get_by_role("button", name="Send it to a person").click()
    page.wait_for_url("**/p/*")
    assert db.session.scalar(sa.select(sa.func.count()).where(Attachment.post_id == last_post().id)) == 2


def test_the_button_says_which_circle_will_see_it(phone, make):
    circle = make.circle("Quay Street")
    page = phone(make.person(circles=[circle]))
    wait(page, "!document.querySelector('[data-sign]').hidden")
    assert page.inner_text("#question-readers") == "Everyone will see it"
    page.select_option("#to", "circle:quay-street")
    assert page.inner_text("#question-readers") == "Quay Street will see it"
    page.fill("#body", "Who has the key?")
    page.get_by_role("button", name="Ask colleagues").click()
    page.wait_for_url("**/p/*")
    assert last_post().circle_id == circle.id


def test_what_was_typed_is_there_again_and_gone_once_sent(phone, make, site):
    ada = make.person()
    page = phone(ada)
    wait(page, "!document.querySelector('[data-sign]').hidden")
    with page.expect_response("**/drafts"):
        page.locator("#body").press_sequentially("Kept on the desk")
    db.session.rollback()
    assert db.session.scalar(sa.select(Draft.text).where(Draft.person_id == ada.id)) == "Kept on the desk"
    page.route("**/drafts", lambda route: route.abort())          # from here on only this device knows
    page.locator("#body").press_sequentially(", and longer on this phone")
    page.goto(site + "/ask")
    wait(page, "document.querySelector('#body').value === 'Kept on the desk, and longer on this phone'")
    page.get_by_role("button", name="Send it to a person").click()
    page.wait_for_url("**/p/*")
    page.goto(site + "/ask")
    wait(page, "!document.querySelector('[data-sign]').hidden")
    assert page.input_value("#body") == ""


IN_THE_OPEN = """(() => {
  const pill = document.querySelector('#new-posts a'), box = pill.getBoundingClientRect(), x = box.left + box.width / 2;
  const header = document.querySelector('header.top').getBoundingClientRect();
  const hidden = [box.top + 1, box.top + box.height / 2, box.bottom - 1].filter((y) => !pill.contains(document.elementFromPoint(x, y)));
  return [...hidden, ...(box.top < header.bottom || box.bottom > innerHeight ? [`the header ends at ${header.bottom}, the pill begins at ${box.top}`] : [])];
})()"""


def test_the_feed_goes_on_by_itself_and_new_posts_wait_in_a_pill(phone, make, chromium):
    ada, other = make.person(), make.person()
    for n in range(25):
        make.question(other, f"Question {n}?")
    page = phone(ada, "/")
    assert page.locator("article.card").count() == 20
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    wait(page, "document.querySelectorAll('article.card').length === 25")
    page.evaluate("window.scrollTo(0, 0)")
    place = page.locator("article.card").first.bounding_box()
    make.question(other, "Something new?")
    wait(page, "(document.querySelector('#new-posts').dispatchEvent(new CustomEvent('live')), document.querySelector('#new-posts a') !== null)")
    assert "1 new post" in page.inner_text("#new-posts") and page.locator("article.card").first.bounding_box() == place
    for size in ((1280, 800), (640, 360), (360, 640)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        for y in (300, 1200, 0) if size[1] > 400 else (300, 1200):
            page.evaluate("y => window.scrollTo({ top: y, behavior: 'instant' })", y)
            wait(page, f"Math.round(scrollY) === {y}")
            assert page.evaluate(IN_THE_OPEN) == [], (size, y)
    page.evaluate("window.scrollTo({ top: 1200, behavior: 'instant' })")
    page.locator("#new-posts a").click()
    page.get_by_role("link", name="Something new?").wait_for()
    chromium.phone.watch.expect_nothing(page)
