"""Twice is once: a message sent again, by an impatient thumb or a network that came back, is one message."""
import re
import threading
from io import BytesIO

import pytest
import sqlalchemy as sa
from PIL import Image

from socialdesk.db import db
from socialdesk.events import Event, Verb
from socialdesk.posts.models import Attachment, Idem, Post

from .conftest import HTMX

FIRST = {"kind": "ticket", "body": "My screen stays black."}


def photo(color):
    out = BytesIO()
    Image.new("RGB", (40, 30), color).save(out, "PNG")
    return out.getvalue()


def count(table, *where):
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(table).where(*where))


@pytest.fixture(params=["field", "header"])
def send(request):
    """Send with a key, as a form field or as a header."""
    def post(browser, key, data, headers=()):
        if request.param == "field":
            return browser.post("/ask", data=data | {"key": key}, headers=dict(headers))
        return browser.post("/ask", data=data, headers={"Idempotency-Key": key, **dict(headers)})
    return post


def test_the_same_message_with_the_same_key_is_one_post(make, browse, send):
    browser = browse(make.person())
    answers = [send(browser, "k1", FIRST) for _ in range(3)]
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, answers[0].location)}
    assert count(Post) == 1 and count(Event, Event.verb == Verb.TICKET_OPENED) == 1


def test_it_does_not_matter_whether_the_page_or_the_script_sends_again(make, browse, send):
    browser = browse(make.person())
    first, again = send(browser, "k1", FIRST), send(browser, "k1", FIRST, HTMX)
    assert again.headers["HX-Redirect"] == first.location and count(Post) == 1


@pytest.mark.parametrize("other", [{"body": "My screen stays black!"}, {"kind": "question"}, {"title": "Screen"}], ids=["body", "kind", "title"])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_another_message_with_the_same_key_is_asked_about_and_nothing_is_lost(make, browse, send, other, headers):
    browser = browse(make.person())
    first = send(browser, "k1", FIRST)
    answer = send(browser, "k1", FIRST | other, headers)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 409 and "Is this another message?" in html
    assert f'{(FIRST | other)["body"]}</textarea>' in html and f'href="{first.location}"' in html and "Send it as a new one" in html
    assert count(Post) == 1
    fresh = re.search(r'id="ask-key" value="([^"]+)"', html)[1]
    assert fresh != "k1"
    assert send(browser, fresh, FIRST | other).status_code == 303 and count(Post) == 2


def test_photos_are_part_of_the_message(make, browse, send):
    browser = browse(make.person())
    red, blue = photo("red"), photo("blue")
    codes = [send(browser, "k1", FIRST | {"photo": (BytesIO(data), "p.png")}).status_code for data in (red, red, blue)]
    assert codes == [303, 303, 409] and count(Post) == 1 and count(Attachment) == 1
    assert send(browser, "k1", FIRST).status_code == 409


def test_without_a_key_two_messages_are_two(make, browse):
    browser = browse(make.person())
    assert [browser.post("/ask", data=FIRST).status_code for _ in range(2)] == [303, 303]
    assert count(Post) == 2 and count(Idem) == 0


def test_a_key_is_its_persons_own(make, browse, send):
    for person in (make.person(), make.person()):
        assert send(browse(person), "k1", FIRST).status_code == 303
    assert count(Post) == 2


def test_a_refused_message_uses_up_no_key(make, browse, send):
    browser = browse(make.person())
    assert send(browser, "k1", {"kind": "ticket", "body": " "}).status_code == 422
    assert count(Idem) == 0
    assert send(browser, "k1", FIRST).status_code == 303 and count(Post) == 1


def test_a_key_that_is_too_long_is_refused_with_the_text_kept(make, browse, send):
    answer = send(browse(make.person()), "k" * 201, FIRST)
    assert answer.status_code == 422 and "My screen stays black.</textarea>" in answer.get_data(as_text=True)
    assert count(Post) == 0


def test_two_at_the_same_moment_are_one(make, browse, desk):
    ada = make.person()
    browsers = [browse(ada) for _ in range(6)]
    start, answers = threading.Barrier(len(browsers)), []

    def press(browser):
        start.wait()
        with browser.application.app_context():
            answers.append(browser.post("/ask", data=FIRST | {"key": "same"}))
            db.session.remove()

    threads = [threading.Thread(target=press, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, answers[0].location)} and len(answers) == 6
    assert count(Post) == 1 and count(Event, Event.verb == Verb.TICKET_OPENED) == 1
