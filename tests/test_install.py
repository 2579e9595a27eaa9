"""On the home screen: the page that says how, the card after the first ticket, what a share sheet brings."""
import json
import re
import struct
from io import BytesIO

import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.posts import draft_actions
from socialdesk.posts.checker import joined
from socialdesk.posts.models import Post


def text_of(answer):
    return answer.get_data(as_text=True)


def box_of(html):
    return re.search(r'<textarea id="body"[^>]*>\n(.*?)</textarea>', html, re.S)[1]


def posts():
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Post))


# --- the page and the card

def test_the_page_tells_all_three_ways_without_a_script_and_without_a_sign_in(make, browse):
    make.admin()
    for client in (browse(None), browse(make.person())):
        html = text_of(client.get("/install"))
        for words in ("Add to Home Screen", "8 digits", "Install app", "Samsung", "Firefox", "Add to Dock"):
            assert words in html
        assert html.count("<ol") == 3 and html.index('id="iphone"') < html.index('id="android"') < html.index('id="computer"')
        assert all("hidden" in button for button in re.findall(r"<button[^>]*data-install-now[^>]*>", html)), "a button that only a script can mend"


def test_the_way_for_the_readers_own_device_stands_first(browse, make):
    make.admin()
    for agent, own in (("Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X)", "iphone"), ("Mozilla/5.0 (Linux; Android 15; Pixel 9)", "android"),
                       ("Mozilla/5.0 (X11; Linux x86_64)", "computer"), ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "computer")):
        answer = browse(None).get("/install", headers={"User-Agent": agent})
        assert re.findall(r'<section[^>]* id="(iphone|android|computer)"', text_of(answer))[0] == own and "User-Agent" in answer.headers["Vary"]


def test_me_and_the_devices_lead_to_it(make, browse):
    client = browse(make.person())
    assert 'href="/install"' in text_of(client.get("/me"))
    assert re.search(r'href="/install#iphone" data-push-install hidden', text_of(client.get("/me/notifications")))


def test_the_card_comes_with_ones_own_first_post_and_never_before(make, browse):
    make.admin()
    ada, bo = make.person(), make.person()
    assert "install-card" not in text_of(browse(ada).get("/")), "not at the first visit"
    question = make.question(author=bo)
    assert "install-card" not in text_of(browse(ada).get(f"/p/{question.id}"))
    assert f'id="card-{question.id}"' in text_of(browse(ada).get("/")) and "install-card" not in text_of(browse(ada).get("/")), "not with another's"
    ticket = make.ticket(author=ada)
    for path in ("/", f"/p/{ticket.id}"):
        card = re.search(r'<section[^>]*id="install-card"[^>]*>', text_of(browse(ada).get(path)))
        assert card, path
        assert "hidden" in card[0] and 'data-module="install"' in card[0]


def test_who_reads_anothers_ticket_for_the_desk_is_not_asked_to_install(make, browse):
    ticket = make.ticket()
    assert "install-card" not in text_of(browse(make.agent()).get(f"/p/{ticket.id}"))


# --- the manifest

def manifest_of(browse):
    return json.loads(browse(None).get("/manifest.webmanifest").text)


def test_the_install_dialog_gets_small_pictures_of_the_sizes_it_is_told(browse):
    shown = manifest_of(browse)["screenshots"]
    assert {one["form_factor"] for one in shown} == {"narrow", "wide"} and all(one["label"] for one in shown)
    for one in shown:
        with browse(None).get(one["src"]) as answer:
            data = answer.data
        assert data[:8] == b"\x89PNG\r\n\x1a\n" and "%dx%d" % struct.unpack(">II", data[16:24]) == one["sizes"]
        assert len(data) < 60_000, one["src"]
        width, height = sorted(struct.unpack(">II", data[16:24]))
        assert width >= 320 and height <= 2.3 * width, "browsers leave out what is narrower"


def test_the_manifest_is_asked_about_by_its_tag(browse):
    answer = browse(None).get("/manifest.webmanifest")
    assert browse(None).get("/manifest.webmanifest", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_the_share_target_takes_words_and_pictures(browse):
    target = manifest_of(browse)["share_target"]
    assert (target["action"], target["method"], target["enctype"]) == ("/ask/shared", "POST", "multipart/form-data")
    assert target["params"]["files"] == [{"name": "photo", "accept": ["image/*"]}]
    assert [target["params"][name] for name in ("title", "text", "url")] == ["title", "text", "url"]


# --- the share sheet, where no worker takes it

SHARED = {"title": "Printer log", "text": "It says PC LOAD LETTER", "url": "https://printer.example.org/log"}


def share(client, site="none", **more):
    return client.post("/ask/shared", data=SHARED | more, content_type="multipart/form-data", headers={"Sec-Fetch-Site": site})


def test_what_is_shared_lies_in_the_composer_and_nothing_is_sent(make, browse):
    client = browse(make.person())
    for _ in range(2):
        answer = share(client)
        assert answer.status_code == 200
        assert box_of(text_of(answer)) == "Printer log\nIt says PC LOAD LETTER\nhttps://printer.example.org/log"
        assert "Send it to a person" in text_of(answer)
    assert posts() == 0


def test_a_photo_that_cannot_come_along_is_said_in_words(make, browse):
    html = text_of(share(browse(make.person()), photo=(BytesIO(b"\x89PNG"), "screen.png")))
    assert "The photo could not come along this first time" in html and "PC LOAD LETTER" in box_of(html)
    assert "could not come along" not in text_of(share(browse(make.person())))


def test_what_one_was_typing_stays_above_what_is_shared(make, browse):
    ada = make.person()
    with transaction():
        draft_actions.keep_draft(ada, "ask", "My screen is black.")
    html = text_of(share(browse(ada)))
    assert box_of(html).startswith("My screen is black.\n\nPrinter log")


def test_signed_out_one_signs_in_first_and_finds_the_words(make, browse):
    ada = make.person("Ada")
    make.admin()
    client = browse(None)
    answer = share(client)
    assert answer.status_code == 303 and answer.headers["Location"] == "/sign-in?next=%2Fask%3Fshared%3D1"
    link = sign_in_link(ada)
    client.post(link)
    assert "PC LOAD LETTER" in box_of(text_of(client.get("/ask?shared=1")))
    assert box_of(text_of(client.get("/ask?shared=1"))) == "", "once"
    assert posts() == 0


def sign_in_link(person):
    from socialdesk.people import session_actions
    with transaction():
        return f"/link/{session_actions.make_link(person.id)}"


def test_another_site_cannot_fill_the_composer(make, browse):
    client = browse(make.person())
    for site in ("cross-site", "same-site"):
        answer = share(client, site)
        assert answer.status_code == 403 and "another site" in text_of(answer)


def test_a_share_sheet_may_post_here_alone(make, browse):
    answer = browse(make.person()).post("/ask", data={"body": "x", "kind": "ticket"}, headers={"Sec-Fetch-Site": "none"})
    assert answer.status_code == 403 and posts() == 0


def test_an_empty_or_huge_share_is_no_fault(make, browse):
    client = browse(make.person())
    empty = client.post("/ask/shared", headers={"Sec-Fetch-Site": "none"})
    assert empty.status_code == 200 and box_of(text_of(empty)) == ""
    huge = client.post("/ask/shared", data={"text": "ä" * 30_000}, headers={"Sec-Fetch-Site": "none"})
    assert huge.status_code == 200 and len(box_of(text_of(huge))) == 20_000


def test_said_twice_is_joined_once():
    assert joined("A page", "Look: A page https://x.example", "https://x.example", between="\n") == "Look: A page https://x.example"
    assert joined("same", "same") == "same" and joined("", " ", "") == "" and joined("a b", "c") == "a b\n\nc"
