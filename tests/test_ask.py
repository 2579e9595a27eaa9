"""The composer: what is typed reaches whom it says, or comes back whole."""
import errno
import re
from io import BytesIO

import pytest
import sqlalchemy as sa
from PIL import Image

from socialdesk.db import db
from socialdesk.events import Event
from socialdesk.posts.models import Attachment, Draft, Idem, Post
from socialdesk.tickets.models import Ticket

from .conftest import HTMX


def photo(color="red", size=(80, 60), kind="PNG"):
    out = BytesIO()
    Image.new("RGB", size, color).save(out, kind)
    return out.getvalue()


def count(table):
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(table))


def last_post():
    db.session.rollback()
    return db.session.scalar(sa.select(Post).order_by(Post.id.desc()).limit(1))


def text_of(answer):
    return answer.get_data(as_text=True)


def nothing_was_written():
    return [count(table) for table in (Post, Event, Ticket, Attachment, Idem)] == [0] * 5


# --- the page

def test_the_page_has_one_box_and_one_mandatory_field(make, browse):
    html = text_of(browse(make.person()).get("/ask"))
    assert "What’s going on?" in html and html.count(" required") == 1
    assert "Send it to a person" in html and "Only you and the desk will read it" in html
    assert "Ask colleagues" in html and "Everyone will see it" in html
    assert re.search(r'<textarea id="body" name="body" required[^>]*data-keep="ask"', html)


def test_a_link_may_bring_text_and_way(make, browse):
    html = text_of(browse(make.person()).get("/ask?text=No+mail+%3Cb%3E&kind=question"))
    assert "No mail &lt;b&gt;</textarea>" in html
    assert re.search(r'class="button tall filled" type="submit" form="ask" name="kind" value="question"', html)


def test_a_get_writes_nothing(make, browse):
    browser = browse(make.person())
    for address in ("/ask", "/ask?text=hello", "/ask/tags?body=hello", "/complete?q=%23a"):
        assert browser.get(address).status_code == 200
    assert nothing_was_written() and count(Draft) == 0


def test_only_ones_own_circles_are_offered(make, browse):
    mine = make.circle("Quay Street")
    make.circle("Secret plans")
    html = text_of(browse(make.person(circles=[mine])).get("/ask"))
    assert 'value="circle:quay-street"' in html and "Secret plans" not in html


# --- sending

@pytest.mark.parametrize("given", [{}, {"audience": "private"}, {"audience": ""}, {"to": "everyone"}])
def test_what_goes_to_a_person_is_a_private_ticket(make, browse, given):
    ada = make.person()
    answer = browse(ada).post("/ask", data={"kind": "ticket", "body": "My screen stays black.", "key": "k1"} | given)
    post = last_post()
    assert (answer.status_code, answer.location) == (303, f"/p/{post.id}")
    assert (post.kind, post.audience, post.author_id, post.title) == ("ticket", "private", ada.id, "My screen stays black.")
    assert db.session.get(Ticket, post.id).status == "new"


def test_without_a_way_it_goes_to_a_person(make, browse):
    browse(make.person()).post("/ask", data={"body": "Help."})
    assert (last_post().kind, last_post().audience) == ("ticket", "private")


def test_a_question_is_for_everyone_unless_a_circle_is_chosen(make, browse):
    circle = make.circle("Pilot")
    browser = browse(make.person(circles=[circle]))
    browser.post("/ask", data={"kind": "question", "body": "Where is the stapler?"})
    assert (last_post().kind, last_post().audience, last_post().status) == ("question", "everyone", "open")
    for field in ("to", "audience"):
        browser.post("/ask", data={"kind": "question", "body": f"Who has the pilot laptop, {field}?", field: "circle:pilot"})
        assert (last_post().audience, last_post().circle_id) == ("circle", circle.id)


def test_a_quick_page_is_led_to_the_post(make, browse):
    answer = browse(make.person()).post("/ask", data={"kind": "ticket", "body": "Help."}, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"/p/{last_post().id}")


def test_photos_hang_on_the_post(make, browse):
    data = {"kind": "ticket", "body": "See photo.", "photo": [(BytesIO(photo("red")), "a.png"), (BytesIO(photo("blue")), "b.png")]}
    assert browse(make.person()).post("/ask", data=data).status_code == 303
    assert db.session.scalars(sa.select(Attachment.post_id)).all() == [last_post().id] * 2


def test_an_empty_file_field_is_no_photo(make, browse):
    assert browse(make.person()).post("/ask", data={"body": "No photo.", "photo": (BytesIO(b""), "")}).status_code == 303
    assert count(Attachment) == 0


def test_ticked_hashtags_go_into_the_text_once(make, browse):
    browse(make.person()).post("/ask", data={"body": "The #wifi is slow.", "tag": ["Wi-Fi", "printer", "<b>", "printer"]})
    assert last_post().body_md == "The #wifi is slow.\n\n#printer"


# --- refused: nothing is written, nothing is lost

LONG = "x" * 20_001
REFUSED = [
    ({"body": "  "}, "There is no text yet"),
    ({"body": "\u200b\u2060\ufeff\u2800\u3164"}, "There is no text yet"),
    ({"body": LONG}, "20,001 characters"),
    ({"body": "Kept text", "title": "t" * 121}, "The title has 121 characters"),
    ({"body": "Kept text", "kind": "ticket", "audience": "everyone"}, "share it afterwards"),
    ({"body": "Kept text", "kind": "ticket", "audience": "circle:pilot"}, "share it afterwards"),
    ({"body": "Kept text", "kind": "question", "audience": "private"}, "somebody has to see it"),
    ({"body": "Kept text", "kind": "question", "audience": "nonsense"}, "Choose one of these"),
    ({"body": "Kept text", "kind": "idea", "audience": "private"}, "for others to read"),
    ({"body": "Kept text", "kind": "poll"}, "A poll offers 2 to 8 different options"),
    ({"body": "Kept text", "kind": "kudos"}, "Say whom you thank"),
    ({"body": "Kept text", "kind": "kudos", "to": "@nobody-here"}, "nobody with the handle"),
    ({"body": "Kept text", "kind": "article"}, "Articles are written by the desk"),
    ({"body": "Kept text", "kind": "reply"}, "Choose one of these"),
    ({"body": "Kept text", "kind": "nonsense"}, "Choose one of these"),
]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
@pytest.mark.parametrize("data, told", REFUSED, ids=[f"{n} {told[:24]}" for n, (_, told) in enumerate(REFUSED)])
def test_a_refusal_keeps_the_text_and_says_what_to_do(make, browse, data, told, headers):
    answer = browse(make.person()).post("/ask", data=data | {"key": "k"}, headers=headers)
    html = text_of(answer)
    assert answer.status_code == 422 and told in html
    assert f"{data['body']}</textarea>" in html and 'name="key" id="ask-key" value="k"' in html
    assert ("<html" in html) == (not headers) and 'id="ask"' in html
    assert nothing_was_written()


def test_a_circle_of_others_looks_like_no_circle_and_keeps_the_text(make, browse):
    make.circle("Secret")
    browser = browse(make.person())
    answers = [browser.post("/ask", data={"kind": "question", "body": "Kept text", "audience": f"circle:{slug}"}) for slug in ("secret", "unknown")]
    assert [answer.status_code for answer in answers] == [404, 404]
    pages = [re.sub(r'(value=|circle:)"?[\w-]+"?', "", text_of(answer)) for answer in answers]
    assert pages[0] == pages[1] and "There is no such circle for you" in pages[0] and "Kept text</textarea>" in pages[0]
    assert nothing_was_written()


HOSTILE = [("page.html", b"<html><script>alert(1)</script>"), ("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
           ("a.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 40), ("a.jpg", b"MZ\x90\0not a photo"), ("empty.png", b""),
           ("cut.jpg", photo(kind="JPEG")[:200]), ("doc.pdf", b"%PDF-1.7 ..."), ("../../etc/passwd", b"root:x:0:0")]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
@pytest.mark.parametrize("name, content", HOSTILE, ids=[name for name, _ in HOSTILE])
def test_a_hostile_file_is_refused_and_the_text_kept(make, browse, desk, name, content, headers):
    data = {"kind": "ticket", "body": "Kept text", "photo": [(BytesIO(photo()), "good.png"), (BytesIO(content), name)]}
    answer = browse(make.person()).post("/ask", data=data, headers=headers)
    html = text_of(answer)
    assert answer.status_code == 422 and "Kept text</textarea>" in html and "Your text is safe" in html
    assert html.count('id="photo-wrong"') == 1
    assert nothing_was_written() and not list(desk.config["SETTINGS"].uploads.iterdir())


def test_a_seventh_photo_is_refused_with_the_number(make, browse):
    files = [(BytesIO(photo(size=(8 + n, 8))), f"{n}.png") for n in range(7)]
    answer = browse(make.person()).post("/ask", data={"body": "Kept text", "photo": files})
    assert answer.status_code == 422 and "A post may have 6 photos, and these are 7" in text_of(answer)
    assert nothing_was_written()


def test_a_full_disk_is_said_and_the_text_is_kept(make, browse, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr("socialdesk.posts.queries.keep_file", full)
    answer = browse(make.person()).post("/ask", data={"body": "Kept text", "photo": (BytesIO(photo()), "a.png")})
    assert answer.status_code == 503 and "disk is full" in text_of(answer) and "Kept text</textarea>" in text_of(answer)
    assert nothing_was_written()


def test_another_site_cannot_ask_for_anybody(make, browse):
    browser = browse(make.person())
    answer = browser.post("/ask", data={"body": "Forged."}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403 and nothing_was_written()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_signed_out_nothing_is_sent_and_the_device_keeps_the_text(make, browse, headers):
    make.admin()
    answer = browse(None).post("/ask", data={"body": "Typed before."}, headers=headers)
    assert answer.status_code == 401 and "what you typed is kept on this device" in text_of(answer)
    # the page's script clears what is kept only where a page is no refusal
    assert headers or "data-refused" in text_of(answer)
    assert nothing_was_written()


def test_signed_out_the_page_leads_to_sign_in_and_back(make, browse):
    make.admin()
    assert browse(None).get("/ask?kind=question").location == "/sign-in?next=/ask%3Fkind%3Dquestion"


def test_who_sends_too_much_is_told_when_to_go_on(make, browse):
    browser = browse(make.person())
    answers = [browser.post("/ask", data={"body": f"Message {n}."}) for n in range(31)]
    assert [answer.status_code for answer in answers[:30]] == [303] * 30
    assert answers[30].status_code == 429 and int(answers[30].headers["Retry-After"]) > 0
    assert "Message 30.</textarea>" in text_of(answers[30]) and count(Post) == 30


# --- drafts

def test_a_draft_is_kept_for_its_person_and_goes_when_it_is_sent(make, browse):
    ada, other = make.person(), make.person()
    browser = browse(ada)
    assert browser.post("/drafts", data={"place": "ask", "text": "Half a sent"}).status_code == 204
    assert browser.post("/drafts", data={"place": "ask", "text": "Half a sentence"}).status_code == 204
    assert "Half a sentence</textarea>" in text_of(browser.get("/ask")) and "data-kept-at=" in text_of(browser.get("/ask"))
    assert "Half a sentence" not in text_of(browse(other).get("/ask"))
    assert "From a link</textarea>" in text_of(browser.get("/ask?text=From+a+link")) and count(Draft) == 1
    browser.post("/ask", data={"body": "Half a sentence, and the rest."})
    assert count(Draft) == 0


def test_an_emptied_draft_goes(make, browse):
    browser = browse(make.person())
    browser.post("/drafts", data={"place": "ask", "text": "Something"})
    browser.post("/drafts", data={"place": "ask", "text": "  "})
    assert count(Draft) == 0


@pytest.mark.parametrize("place", ["", "reply-", "reply-x", "somewhere", "ask-1", "reply-" + "9" * 19])
def test_drafts_are_kept_at_known_places_only(make, browse, place):
    assert browse(make.person()).post("/drafts", data={"place": place, "text": "x"}).status_code == 422
    assert count(Draft) == 0


def test_the_oldest_drafts_go_first(make, browse, time):
    browser = browse(make.person())
    time.stop()
    for n in range(55):
        time.pass_(minutes=10)
        browser.post("/drafts", data={"place": f"reply-{n}", "text": "x"})
    assert count(Draft) == 50
    assert db.session.scalar(sa.select(Draft.place).order_by(Draft.at).limit(1)) == "reply-5"


# --- chips and what is known

def test_hashtags_of_the_text_and_ones_own_are_offered(make, browse):
    ada, other = make.person(), make.person()
    make.question(other, "The #printer jams. #Drucker")
    make.ticket(ada, "My own #holiday matter")
    make.ticket(other, "Not for all: #burnout")
    html = text_of(browse(ada).get("/ask/tags?body=the+printer+and+burnout"))
    assert 'value="printer"' in html and 'value="holiday"' in html
    assert "burnout" not in html and "Drucker" not in html
    assert re.search(r'value="printer" checked', text_of(browse(ada).get("/ask/tags?body=my+%23Printer")))


def test_without_scripts_one_sees_what_is_known_before_sending(make, browse):
    from .conftest import run_due
    make.article(title="Print on both sides", body="Choose *Both sides* in the print window.")
    run_due()
    browser = browse(make.person())
    html = text_of(browser.post("/ask/known", data={"body": "how do I print on both sides", "key": "k9", "kind": "question"}))
    assert "Print on both sides" in html and "how do I print on both sides</textarea>" in html and 'value="k9"' in html
    assert "Send it to a person" in html
    posts = count(Post)
    assert "Nothing is known that fits" in text_of(browser.post("/ask/known", data={"body": "zebra umbrella telescope"}))
    assert count(Post) == posts and count(Idem) == 0
