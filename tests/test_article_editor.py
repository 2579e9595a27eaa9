"""The editor of articles: preview, pictures, what stands beside the text; nothing typed is lost and nobody is overwritten."""
import re
from datetime import datetime, timedelta, timezone
from io import BytesIO

import pytest
import sqlalchemy as sa
from PIL import Image

from socialdesk.db import db, now, transaction
from socialdesk.events import Event, Verb
from socialdesk.knowledge.checker import next_review, tags_from, with_contents
from socialdesk.knowledge.models import Article
from socialdesk.notifications.models import Notification
from socialdesk.people.models import Person
from socialdesk.posts.models import Attachment, Draft, Post, Version
from socialdesk.tags.queries import tags_of

from .api_desk import call  # noqa: F401
from .conftest import HTMX, run_due

NEW, LOOK, PICTURES = "/help/new", "/help/preview", "/help/preview/pictures"


def png(color="red", size=(40, 30)):
    out = BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return out.getvalue()


def photo(data, name="a.png"):
    return BytesIO(data), name


def count(table, *where):
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(table).where(*where))


def article():
    db.session.rollback()
    return db.session.execute(sa.select(Article, Post).join(Post, Post.id == Article.post_id).order_by(Post.id.desc())).first()


def slug(post):
    return db.session.scalar(sa.select(Article.slug).where(Article.post_id == post.id))


def value(page, name):
    """What a field of the form holds."""
    found = re.search(rf'<input[^>]* name="{name}"[^>]* value="([^"]*)"', page) or re.search(rf'<input[^>]* value="([^"]*)"[^>]* name="{name}"', page)
    return found and found[1]


def text(page):
    return re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.S)[1]


@pytest.fixture
def tom(make):
    return make.agent("Tomasz Nowak")


@pytest.fixture
def desk_of(browse, tom):
    return browse(tom)


def added(browser, data=None, **fields):
    """Add a picture as the page does: (token, what the text calls it)."""
    answer = browser.post(PICTURES, data=fields | {"photo": photo(data or png()), "action": fields.get("action", NEW)}, headers=HTMX)
    assert answer.status_code == 200 and answer.text.lstrip().startswith('<div class="field" id="pictures"'), answer.text
    return value(answer.text, "pictures"), re.findall(r"\((photo:[0-9a-f]{12})\)", answer.text)[-1]


# --- what stands beside the text

def test_all_that_is_typed_beside_the_text_is_kept_and_shown_again(desk_of, make):
    ivy = make.agent("Ivy Stone")
    desk_of.post(NEW, data={"title": "Scan", "body": "Press it. #scan", "summary": "How to scan", "tags": "#printer home-office", "owner": "@Ivy",
                            "review_at": "2090-05-31", "lang": "de"})
    found, post = article()
    assert (found.owner_id, found.summary, found.lang) == (ivy.id, "How to scan", "de")
    assert found.review_at == datetime(2090, 5, 31, tzinfo=timezone.utc)
    assert tags_of([post.id]) == {post.id: ["home-office", "printer", "scan"]}
    page = desk_of.get("/help/scan/edit").text
    assert [value(page, name) for name in ("title", "summary", "tags", "owner", "review_at", "lang", "version")] == [
        "Scan", "How to scan", "#home-office #printer", "ivy", "2090-05-31", "de", "1"]
    shown = desk_of.get("/help/scan").text
    assert "Ivy Stone</a> answers for it" in shown and "31 May 2090" in shown


def test_who_writes_owns_it_and_looks_again_in_half_a_year(desk_of, tom, time):
    time.stop(2030, 8, 31, 12)
    page = desk_of.get(NEW).text
    assert (value(page, "owner"), value(page, "review_at")) == (tom.handle, "2031-02-28")
    desk_of.post(NEW, data={"title": "Bare", "body": "Bare."})
    found, _ = article()
    assert (found.owner_id, found.review_at) == (tom.id, datetime(2031, 2, 28, tzinfo=timezone.utc))
    desk_of.post(NEW, data={"title": "Mine", "body": "Mine.", "owner": " ", "review_at": ""})
    found, _ = article()
    assert (found.owner_id, found.review_at) == (tom.id, None)


def test_what_stands_beside_can_change_alone_and_is_no_new_version(desk_of, make):
    post, ivy = make.article(body="The same. #one"), make.agent("Ivy")
    fields = {"title": post.title, "body": "The same. #one", "owner": "ivy", "tags": "#two", "review_at": "2090-01-01", "summary": "S", "version": 1}
    for _ in range(2):
        assert desk_of.post(f"/help/{slug(post)}/edit", data=fields).status_code == 303
    found, now_ = article()
    assert (found.owner_id, now_.version, count(Version), tags_of([post.id])[post.id]) == (ivy.id, 1, 0, ["one", "two"])
    assert count(Event, Event.verb == Verb.ARTICLE_REVISED) == 1
    desk_of.post(f"/help/{slug(post)}/edit", data=fields | {"tags": ""})
    assert tags_of([post.id])[post.id] == ["one"]


@pytest.mark.parametrize("fields, field, words", [
    ({"body": " "}, "body", "There is no text yet"), ({"title": "x" * 121}, "title", "it may have 120"),
    ({"body": "x" * 20_001}, "body", "it may have 20,000"), ({"owner": "nobody"}, "owner", "Nobody of the desk has the handle @nobody"),
    ({"owner": "ada"}, "owner", "only the desk answers for articles"), ({"owner": "a\x00"}, "owner", "Nobody of the desk"),
    ({"review_at": "soon"}, "review_at", "written like 2030-05-31"), ({"review_at": "2001-01-01"}, "review_at", "has passed already"),
    ({"review_at": "9999-12-31T23:59:59-14:00"}, "review_at", "written like"), ({"tags": "#fine #1!"}, "tags", "is no hashtag"),
    ({"tags": " ".join(f"#t{n}" for n in range(21))}, "tags", "may have 20"), ({"lang": "x y"}, "lang", "written like en"),
    ({"summary": "x" * 501}, "summary", "it may have 500")])
def test_what_does_not_fit_is_said_beside_its_field_and_nothing_typed_is_lost(desk_of, make, fields, field, words):
    make.person("Ada")
    old = make.article(title="Old one")
    data = {"title": "My title", "body": "My long text & more.", "summary": "Short", "tags": "#vpn"} | fields
    before = count(Post), count(Event)
    for address in (NEW, f"/help/{slug(old)}/edit"):
        for headers in ({}, HTMX):
            answer = desk_of.post(address, data=data, headers=headers)
            assert answer.status_code == 422 and words in answer.text and f'id="{field}-wrong"' in answer.text
            assert answer.text.lstrip().startswith("<form" if headers else "<!doctype")
            assert data["summary"] in answer.text and "data-refused" in answer.text or headers
            if field != "body":
                assert "My long text &amp; more." in text(answer.text)
    assert (count(Post), count(Event)) == before


def test_a_refused_text_waits_on_the_desk_until_it_is_published(desk_of, browse, make):
    desk_of.post(NEW, data={"title": "Long work", "body": "Line one.\n\nLine two.", "owner": "nobody"})
    page = desk_of.get(NEW).text
    assert value(page, "title") == "Long work" and text(page) == "Line one.\n\nLine two."
    assert text(browse(make.agent()).get(NEW).text) == ""
    desk_of.post(NEW, data={"title": "Long work", "body": "Line one.\n\nLine two."})
    assert count(Draft) == 0 and text(desk_of.get(NEW).text) == ""


def test_only_the_desk_edits_previews_and_adds_pictures(browse, make, tom):
    post, person = make.article(tom), browse(make.person())
    token, _ = added(browse(tom))
    before = count(Post), count(Version), count(Event), count(Draft)
    for path in (NEW, f"/help/{slug(post)}/edit", LOOK, PICTURES, f"/help/{slug(post)}/review", f"/help/{slug(post)}/versions/1/restore"):
        for headers in ({}, HTMX):
            answer = person.post(path, data={"body": "Mine", "photo": photo(png("blue"))}, headers=headers)
            assert answer.status_code == 403 and "Only the desk writes articles" in answer.text, path
    for path in (f"/help/preview/{token}", f"/help/{slug(post)}/difference", f"/help/{slug(post)}/versions/1", "/help?view=review"):
        assert person.get(path).status_code == 403, path
    assert (count(Post), count(Version), count(Event), count(Draft)) == before


# --- two people at once

def test_the_second_of_two_who_write_at_once_is_shown_what_came_and_keeps_their_text(desk_of, browse, make):
    post, ivy = make.article(title="Both", body="Line one.\n\nLine two."), browse(make.agent("Ivy Stone"))
    there = f"/help/{slug(post)}/edit"
    base = value(ivy.get(there).text, "version")
    desk_of.post(there, data={"title": "Both", "body": "Line one.\n\nLine 2 by Tomasz.", "version": base})
    mine = {"title": "Both", "body": "Line one, by Ivy.\n\nLine two.", "version": base}
    for headers in (HTMX, {}):
        answer = ivy.post(there, data=mine, headers=headers)
        assert answer.status_code == 409 and "Somebody saved version 2 while you wrote" in answer.text
        assert text(answer.text) == mine["body"] and "What Tomasz Nowak changed" in answer.text
        assert "<ins>2 by Tomasz</ins>" in answer.text and value(answer.text, "version") == "2"
    db.session.rollback()
    assert db.session.get(Post, post.id).body_md == "Line one.\n\nLine 2 by Tomasz." and count(Version) == 2
    assert "could not be saved" in ivy.get(there).text and text(ivy.get(there + "?kept=1").text) == mine["body"]
    assert ivy.post(there, data=mine | {"version": value(ivy.get(there + "?kept=1").text, "version")}).status_code == 409
    assert ivy.post(there, data=mine | {"version": "2"}).status_code == 303
    assert db.session.get(Post, post.id, populate_existing=True).version == 3 and count(Draft) == 0


def test_the_same_change_sent_twice_is_no_conflict(desk_of, make):
    post = make.article()
    for headers in ({}, HTMX, {}):
        answer = desk_of.post(f"/help/{slug(post)}/edit", data={"title": "T", "body": "New.", "version": 1}, headers=headers)
        assert answer.status_code == (204 if headers else 303)
    assert count(Version) == 2


# --- the preview

def test_the_preview_shows_a_picture_before_it_is_saved_and_stores_no_article(desk_of, browse, make):
    token, name = added(desk_of)
    answer = desk_of.post(LOOK, data={"body": f"See ![A red wall]({name})", "pictures": token}, headers=HTMX)
    address = re.search(r'<img[^>]* src="(/help/preview/[^"]+)"', answer.text)[1]
    assert 'alt="A red wall"' in answer.text and 'width="40"' in answer.text and 'height="30"' in answer.text
    shown = desk_of.get(address)
    assert shown.status_code == 200 and shown.mimetype == "image/jpeg" and shown.data[:2] == b"\xff\xd8"
    assert shown.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert browse(make.agent()).get(address).status_code == 404                # another's, though of the desk
    assert desk_of.get(address[:-1] + ("0" if address[-1] != "0" else "1")).status_code == 404
    assert count(Post) == 0 and count(Attachment) == 0


def test_an_empty_preview_is_quiet_and_a_text_too_long_is_said_in_it(desk_of):
    quiet = desk_of.post(LOOK, data={"body": " "}, headers=HTMX)
    assert quiet.status_code == 200 and "What you write shows here" in quiet.text
    long = desk_of.post(LOOK, data={"body": "x" * 20_001}, headers=HTMX)
    assert long.status_code == 422 and 'id="preview"' in long.text and "it may have 20,000" in long.text
    plain = desk_of.post(LOOK, data={"body": " ", "title": "Kept"})
    assert plain.status_code == 422 and value(plain.text, "title") == "Kept"


def test_hostile_markdown_stays_text(desk_of):
    body = ("# <img src=x onerror=alert(1)>\n\n## a\" onclick=\"x\n\n<script>alert(1)</script>\n\n![x](javascript:alert(1)) ![y](https://evil.example/p.gif) "
            "![z](photo:0123456789ab) ![w](/help/preview/x) [l](javascript:alert(1))\n\n### </h3><svg onload=alert(1)>")
    answer = desk_of.post(LOOK, data={"title": "<b>T</b>", "body": body}, headers=HTMX).text
    assert "<script" not in answer and "<img" not in answer and "<svg onload" not in answer and "javascript:" not in answer and "<b>T" not in answer
    assert all(re.fullmatch(r"h-[a-z0-9._-]+", name) for name in re.findall(r' id="(h-[^"]*)"', answer))
    assert len(re.findall(r"<h[234] id=", answer)) == 3 and not re.search(r"<[^>]*\son\w+=", answer)


# --- pictures

def test_pictures_of_the_text_belong_to_the_article_once_it_is_saved(desk_of, browse, make):
    token, name = added(desk_of)
    both, second = added(desk_of, png("blue"), pictures=token)
    assert both.split()[0] == token and len(both.split()) == 2
    form = {"title": "Seen", "body": f"![Red]({name})\n\nText.", "pictures": both, "key": "k"}
    assert desk_of.post(NEW, data=form).location == "/help/seen" == desk_of.post(NEW, data=form).location
    assert count(Attachment) == 1                           # the blue one stands nowhere in it
    page = browse(make.person()).get("/help/seen").text
    address = re.search(r'src="(/attachments/\d+)"', page)[1]
    assert browse(make.person()).get(address).status_code == 200 and "new-" not in page
    again = {"body": f"![Red]({name}) ![Blue]({second})", "pictures": both, "title": "Seen", "version": 1}
    for _ in range(2):
        assert desk_of.post("/help/seen/edit", data=again).status_code == 303
    assert count(Attachment) == 2 and count(Version) == 2
    assert len(re.findall(r"<img[^>]* src=\"/attachments/", browse(make.person()).get("/help/seen").text)) == 2
    assert name in desk_of.get("/help/seen/edit").text


def test_without_scripts_a_picture_comes_with_the_form_and_stands_at_the_end(desk_of):
    page = desk_of.post(PICTURES, data={"title": "T", "body": "Text.", "photo": photo(png()), "action": NEW})
    assert page.status_code == 200 and re.search(r"Text\.\n\n!\[Picture\]\(photo:[0-9a-f]{12}\)", text(page.text))
    kept = {"title": "T", "body": text(page.text), "pictures": value(page.text, "pictures"), "action": NEW}
    look = desk_of.post(LOOK, data=kept)
    assert "/help/preview/" in look.text and value(look.text, "pictures") == kept["pictures"]
    assert desk_of.post(NEW, data=kept).status_code == 303 and count(Attachment) == 1
    desk_of.post(NEW, data={"title": "At once", "body": "Here.", "photo": photo(png("green"))})
    assert count(Attachment) == 2 and "<img" in article()[1].body_html


@pytest.mark.parametrize("data, words", [(b"<svg onload='x'/>", "not a photo"), (b"\x89PNG broken", "not a photo"), (b"", "arrived empty"),
                                         (b"\x00\x00\x00\x18ftypheic" + b"x" * 50, "HEIC")])
def test_a_file_that_is_no_picture_is_refused_and_the_text_stays(desk_of, data, words):
    for address in (PICTURES, NEW):
        answer = desk_of.post(address, data={"title": "T", "body": "My words.", "photo": photo(data), "action": NEW})
        assert answer.status_code == 422 and words in answer.text and text(answer.text) == "My words."
    quick = desk_of.post(PICTURES, data={"body": "x", "photo": photo(data)}, headers=HTMX)
    assert quick.status_code == 422 and quick.headers["HX-Retarget"] == "#notices" and words in quick.text
    assert count(Post) == 0


def test_a_picture_of_somebody_else_or_gone_is_refused_with_what_to_do(desk_of, browse, make, desk):
    ivy = browse(make.agent())
    token, name = added(ivy)
    for tokens in (token, "", "x" * 200, token.replace("40.30", "41.30")):
        answer = desk_of.post(NEW, data={"title": "T", "body": f"![Hers]({name})", "pictures": tokens})
        assert answer.status_code == 422 and f"({name})" in answer.text and "add the picture once more" in answer.text
    next(desk.config["SETTINGS"].uploads.glob(token[:64])).unlink()
    assert ivy.post(NEW, data={"title": "T", "body": f"![Mine]({name})", "pictures": token}).status_code == 422
    assert ivy.get(f"/help/preview/{token}").status_code == 404 and count(Attachment) == 0


# --- headings

def test_each_heading_has_an_address_of_its_own():
    html, contents = with_contents("<h3>Größe &amp; <em>Form</em></h3><h4>Part</h4><h4>Part</h4><h4>part 2</h4><h3>การรีเฟรช</h3><h3></h3>")
    assert contents == [("h-groesse-form", 2, "Größe & Form"), ("h-part", 3, "Part"), ("h-part-2", 3, "Part"), ("h-part-2-2", 3, "part 2"),
                        ("h-part-3", 2, "การรีเฟรช")]
    ids = re.findall(r'id="([^"]+)"', html)
    assert len(ids) == len(set(ids)) == 6 and "<em>Form</em></h2>" in html
    many, found = with_contents("<h3>same</h3>" * 4000)
    assert len({name for name, *_ in found}) == 4000


def test_contents_stand_beside_and_above_from_three_headings_on(browse, make):
    post = make.article(title="Long", body="## One <b>\n\n## Two\n\n### Three")
    page = browse(make.person()).get(f"/help/{slug(post)}").text
    assert page.count('href="#h-two"') == 2 and 'class="aside"' in page and 'class="phone-only"' in page
    assert "One &lt;b&gt;</a>" in page and 'class="deeper"' in page
    short = make.article(title="Short", body="## One\n\n## Two")
    assert "On this page" not in browse(make.person()).get(f"/help/{slug(short)}").text


# --- related, and how much it costs

def test_related_articles_share_hashtags_and_rights(browse, make, desk):
    first = make.article(title="First of all", body="x #vpn #wifi")
    best, other, _none = (make.article(title=title, body=body) for title, body in (("Best", "#vpn #wifi"), ("Other", "#vpn"), ("None", "#mail")))
    hidden = make.article(title="Hidden", body="#vpn #wifi")
    make.question(body="No article #vpn #wifi")
    with transaction():
        db.session.execute(sa.update(Post).where(Post.id == hidden.id).values(audience="private", sealed=True))
    desk.config["SETTINGS"].limits = False
    answer = browse(make.person()).get(f"/help/{slug(first)}")
    related = answer.text.split('id="related"')[1]
    assert related.index("Best") < related.index("Other") and "None" not in related and "Hidden" not in related and "First of all" not in related
    assert int(re.search(r'desc="(\d+)"', answer.headers["Server-Timing"])[1]) <= 8
    help_ = browse(make.agent()).get("/help")
    assert int(re.search(r'desc="(\d+)"', help_.headers["Server-Timing"])[1]) <= 8


# --- Help

def test_help_counts_the_articles_of_each_hashtag(browse, make):
    make.question(body="No article #vpn")
    post = make.article(title="A", body="#vpn #wifi")
    person = browse(make.person())
    assert re.search(r'href="/help\?tag=vpn">#vpn <span class="muted num">1', person.get("/help").text)
    make.article(title="B", body="#VPN"), make.ticket(body="secret #payroll")
    page = person.get("/help").text
    assert re.search(r'href="/help\?tag=vpn">#vpn <span class="muted num">2', page) and "payroll" not in page
    listed = person.get("/help?tag=VPN").text
    assert ">A</a>" in listed and ">B</a>" in listed
    assert ">B</a>" not in person.get("/help?tag=wifi").text and f"/help/{slug(post)}" in person.get("/help?tag=wifi").text
    for unknown in ("nothing", "payroll", "%00", "..."):
        assert "No article carries" in person.get(f"/help?tag={unknown}").text


def test_most_useful_is_who_it_helped_less_whom_it_did_not(browse, make):
    loved, mixed, fresh = (make.article(title=title) for title in ("Loved", "Mixed", "Fresh"))
    for who in range(3):
        person = browse(make.person())
        person.post(f"/p/{mixed.id}/verdict", data={"solved": "no" if who else "yes"})
        if who < 2:
            person.post(f"/p/{loved.id}/verdict", data={"solved": "yes"})
    page = browse(make.person()).get("/help").text
    assert page.index(">Loved<") < page.index(">Fresh<") < page.index(">Mixed<")


# --- reviews

def test_a_review_that_is_due_is_told_its_owner_once(browse, make, time, tom):
    make.admin()
    post = make.article(tom)
    ivy = make.agent("Ivy")
    run_due(clockwork=True)
    assert count(Event, Event.verb == Verb.REVIEW_DUE) == 0
    for _ in range(3):
        time.pass_(days=100)
        run_due(clockwork=True)
    lines = db.session.execute(sa.select(Notification.person_id, Notification.root_id, Notification.needs_you, Notification.n)).all()
    assert lines == [(tom.id, post.id, True, 1)] and count(Event, Event.verb == Verb.REVIEW_DUE) == 1
    assert "Does it still hold?" in browse(tom).get("/inbox").text
    browse(ivy).post(f"/help/{slug(post)}/edit", data={"title": post.title, "body": post.body_md, "owner": "ivy"})
    time.pass_(hours=2)
    run_due(clockwork=True)
    assert db.session.scalars(sa.select(Notification.person_id).order_by(Notification.id)).all() == [tom.id, ivy.id]


def test_who_no_longer_works_at_the_desk_is_told_of_no_review(make, time, tom):
    make.article(tom)
    time.pass_(days=200)
    with transaction():
        db.session.execute(sa.update(Person).where(Person.id == tom.id).values(role="requester"))
    run_due(clockwork=True)
    assert count(Notification) == 0


def test_a_due_article_says_so_to_the_desk_alone_and_is_kept_as_it_is_by_one_touch(browse, make, time, tom):
    post = make.article(tom)
    there = f"/help/{slug(post)}"
    assert "Review is due" not in browse(tom).get(there).text
    time.pass_(days=200)
    run_due(clockwork=True)
    owner, person = browse(tom), browse(make.person())
    assert "Review is due" in owner.get(there).text and "Review is due" not in person.get(there).text
    before = count(Event, Event.verb == Verb.ARTICLE_REVIEWED)
    for headers in (HTMX, HTMX, {}, {}):
        answer = owner.post(there + "/review", headers=headers)
        assert answer.status_code == (200 if headers else 303) and "Review is due" not in answer.text
    assert (before, count(Event, Event.verb == Verb.ARTICLE_REVIEWED)) == (0, 1)
    assert article()[0].review_at == next_review(now()) and count(Notification, Notification.read_at.is_(None)) == 0
    assert answer.location == there


def test_what_is_to_be_reviewed_begins_with_ones_own(browse, make, time, tom):
    agent = browse(tom)
    assert "Nothing to look at again" in agent.get("/help?view=review").text
    make.article(make.agent("Ivy Stone"), title="Hers")
    time.pass_(days=1)
    make.article(tom, title="His")
    time.pass_(days=200)
    for n in range(20):
        make.article(tom, title=f"New {n}")
    page = agent.get("/help?view=review").text
    assert page.index(">His<") < page.index(">Hers<") and "Ivy Stone" in page and "yours" in page and "New 1" not in page
    assert re.search(r'To review <span class="count">1<', page)
    time.pass_(days=300)
    first = agent.get("/help?view=review").text
    more = re.search(r'href="(/help\?view=review&amp;cursor=[^"]+)"', first)[1].replace("&amp;", "&")
    second = agent.get(more, headers=HTMX).text
    titles = re.findall(r'row-title"[^>]*>([^<]+)<', first) + re.findall(r'row-title"[^>]*>([^<]+)<', second)
    assert len(titles) == len(set(titles)) == 22 and titles[-1] == "Hers"
    assert agent.get("/help?view=review&cursor=x").status_code == 422


def test_the_program_sets_owner_and_review_day(make, call, tom):  # noqa: F811
    ivy = make.agent("Ivy")
    made = call(tom).post("/articles", {"title": "T", "body": "B", "owner": "ivy", "review_at": "2090-02-03T10:00:00+02:00"}).json
    assert (made["owner"], made["review_at"]) == ("ivy", "2090-02-03T00:00:00Z")
    changed = call(ivy).patch(f"/articles/{made['id']}", {"owner": None, "review_at": None}).json
    assert (changed["owner"], changed["review_at"], changed["body"]) == (None, None, "B")
    for wrong in ({"owner": "nobody"}, {"owner": ""}, {"review_at": "never"}, {"review_at": "2001-01-01"}):
        answer = call(ivy).patch(f"/articles/{made['id']}", wrong)
        assert answer.status_code == 422 and answer.json["field"] in wrong


def test_hashtags_beside_the_text_are_read_as_people_write_them():
    assert tags_from(" #vpn, WLAN;#vpn\nhome-office ") == ["vpn", "WLAN", "home-office"] and tags_from("") == []
    assert next_review(datetime(2031, 8, 31, 9, tzinfo=timezone.utc)) == datetime(2032, 2, 29, tzinfo=timezone.utc)
    assert next_review(datetime(2031, 1, 5, tzinfo=timezone.utc)) - datetime(2031, 1, 5, tzinfo=timezone.utc) == timedelta(days=181)
