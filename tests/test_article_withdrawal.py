"""An article the desk takes back, or keeps to itself: from that moment nothing shows it to whom it is not for; and back again."""
import re
from io import BytesIO

import pytest
import sqlalchemy as sa
from PIL import Image

from socialdesk.db import db, transaction
from socialdesk.events import Event, Verb
from socialdesk.knowledge.import_actions import import_articles
from socialdesk.knowledge.withdrawal_actions import forget_withdrawn
from socialdesk.posts import queries as posts
from socialdesk.posts.models import Attachment, Post, Version
from socialdesk.search.models import Document
from socialdesk.tags.models import TagCount

from .api_desk import call  # noqa: F401
from .conftest import HTMX, run_due

TITLE, WORD, TYPED = "Wash the wombat", "wombat", "how do I wash the wombat"
BACK, AGAIN, EDIT = "/help/wash-the-wombat/withdrawal", "/help/wash-the-wombat/withdrawal/remove", "/help/wash-the-wombat/edit"
TEXT = {"title": TITLE, "body": "Use lukewarm water. #bath"}


@pytest.fixture
def settings_given():
    return {"SOCIALDESK_PUBLIC_ARTICLES": "on"}


@pytest.fixture
def agent(make):
    return make.agent("Tomasz Nowak")


@pytest.fixture
def article(make, agent):
    """An article with a picture, a hashtag in its text, one beside it, and a reader who keeps it."""
    out = BytesIO()
    Image.new("RGB", (900, 700), "teal").save(out, "PNG")
    prepared = posts.prepare(agent, "Use lukewarm water. #bath\n\n![Tub](photo:1)", title=TITLE, files=[out.getvalue()])
    from socialdesk.knowledge.actions import publish_article
    with transaction():
        made = publish_article(agent, prepared, tags=["marsupial"], summary="Wombat care")
    run_due()
    return made


def picture_of(article):
    db.session.rollback()
    return f"/attachments/{db.session.scalar(sa.select(Attachment.id).where(Attachment.post_id == article.id))}"


def places(article):
    """Addresses that show an article to who may read it, most of them by its title."""
    return ["/help/wash-the-wombat", f"/help/{article.id}", "/help", "/help?view=newest", "/help?tag=bath", "/help?tag=marsupial", "/t/bath", "/t/marsupial",
            f"/search?q={WORD}", f"/search?q={WORD}&kind=article", f"/suggestions?q={TYPED}", f"/p/{article.id}", f"/suggestions/{article.id}",
            picture_of(article), f"{picture_of(article)}?size=640", "/me/saved", f"/p/{article.id}/versions"]


def shows(browser, address):
    """Does this address show the article, or any of it?"""
    answer = browser.get(address, follow_redirects=True)
    if answer.content_type.startswith("image/"):
        return answer.status_code == 200
    found = re.sub(r'value="[^"]*"|<title>.*?</title>|q=[\w+%]*|“[^”]*”', "", answer.text)     # what was typed is said again
    return answer.status_code == 200 and bool(re.search("wash the wombat|lukewarm|Wombat care", found, re.I))


def showing(browser, article):
    return [address for address in places(article) if shows(browser, address)]


def count(*where):
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Event).where(*where))


def verbs(article):
    db.session.rollback()
    return list(db.session.scalars(sa.select(Event.verb).where(Event.root_id == article.id, Event.verb.startswith("article")).order_by(Event.id)))


def move(browser, audience):
    return browser.post(EDIT, data={"title": TITLE, "body": "Use lukewarm water. #bath\n\n![Tub](photo:1)", "audience": audience})


# --- taken back

@pytest.mark.parametrize("headers", [HTMX, {}])
def test_taken_back_it_is_nowhere_at_once_and_never_again(browse, make, call, agent, article, headers):  # noqa: F811
    reader, desk_of, stranger = browse(make.person()), browse(agent), browse(None)
    reader.post(f"/p/{article.id}/save")
    before = showing(reader, article)
    assert {"/help/wash-the-wombat", "/help", "/help?tag=marsupial", f"/search?q={WORD}", f"/suggestions?q={TYPED}", "/me/saved", picture_of(article)} <= set(before)
    assert shows(stranger, "/help/wash-the-wombat") and shows(stranger, picture_of(article)) and shows(stranger, "/help")

    answer = desk_of.post(BACK, data={"reason": "The wombat moved out."}, headers=headers)
    assert answer.headers["HX-Redirect" if headers else "Location"] == f"/me/articles#back-{article.id}"
    for _ in range(2):                                          # before the jobs have run, and after
        for browser in (reader, desk_of, stranger):
            assert showing(browser, article) == []
        assert call(agent).get(f"/articles/{article.id}").status_code == call(agent).get(f"/posts/{article.id}").status_code == 404
        assert call(agent).get("/articles").json["items"] == [] == call(agent).get("/suggestions", query_string={"q": TYPED}).json["suggestions"]
        assert call(agent).get("/search", query_string={"q": WORD}).json["items"] == []
        run_due(clockwork=True)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Document)) == 0
    assert db.session.scalar(sa.select(sa.func.sum(TagCount.posts))) == 0


def test_who_follows_a_link_reads_that_it_was_taken_back_and_why(browse, make, agent, article):
    browse(agent).post(BACK, data={"reason": "The wombat moved out."})
    page = browse(make.person()).get("/help/wash-the-wombat")
    assert page.status_code == 404 and "The desk took this article back: The wombat moved out." in page.text
    assert browse(make.person()).get("/help/never-there").text.count("took this article back") == 0
    stranger = browse(None).get("/help/wash-the-wombat")
    assert stranger.status_code == browse(None).get("/help/never-there").status_code == 303


def test_what_the_desk_kept_to_itself_is_not_said_to_have_been_there(browse, make, agent, article):
    move(browse(agent), "private")
    browse(agent).post(BACK, data={"reason": "Secret."})
    assert "took this article back" not in browse(make.person()).get("/help/wash-the-wombat").text
    assert "The desk took this article back: Secret." in browse(make.agent()).get("/help/wash-the-wombat").text


def test_twice_is_once(browse, agent, article):
    for reason in ("First.", "Second."):
        assert browse(agent).post(BACK, data={"reason": reason}).status_code == 303
    assert verbs(article) == ["article_published", "article_withdrawn"] and "First." in browse(agent).get("/me/articles").text
    for _ in range(2):
        assert browse(agent).post(AGAIN).status_code == 303
    assert verbs(article) == ["article_published", "article_withdrawn", "article_restored"]


def test_only_the_desk_takes_back_brings_back_and_chooses_readers(browse, make, call, agent, article):  # noqa: F811
    person = make.person()
    for address in (BACK, AGAIN, EDIT):
        assert browse(person).post(address, data=TEXT | {"audience": "private"}).status_code == 403
    program = call(person)
    assert program.post(f"/articles/{article.id}/withdrawal", {}).status_code == program.delete(f"/articles/{article.id}/withdrawal").status_code == 403
    assert program.patch(f"/articles/{article.id}", {"audience": "private"}).status_code == 403
    assert browse(None).post(BACK).status_code == 401
    assert verbs(article) == ["article_published"] and shows(browse(person), "/help/wash-the-wombat")
    browse(agent).post(BACK)
    assert browse(person).post(AGAIN).status_code == 403 and "Wash the wombat" not in browse(person).get("/me/articles").text
    assert browse(agent).post("/help/never-there/withdrawal").status_code == browse(agent).post("/help/never-there/withdrawal/remove").status_code == 404


def test_a_reason_that_is_too_long_is_refused_and_nothing_happens(browse, agent, article):
    answer = browse(agent).post(BACK, data={"reason": "x" * 301})
    assert answer.status_code == 422 and "301 characters" in answer.text and verbs(article) == ["article_published"]


@pytest.mark.parametrize("address, data", [(EDIT, TEXT), ("/help/wash-the-wombat/review", {}), ("/help/wash-the-wombat/versions/1/restore", {})])
def test_nothing_else_is_done_with_what_is_taken_back(browse, make, agent, article, address, data):
    browse(agent).post(BACK)
    assert browse(agent).post(address, data=data).status_code == 404
    assert browse(make.person()).post(f"/p/{article.id}/verdict", data={"solved": "yes"}).status_code == 404
    assert verbs(article) == ["article_published", "article_withdrawn"]


def test_replies_leave_a_trace_and_nothing_of_its_text(browse, make, call, agent, article):  # noqa: F811
    make.reply(article, make.person(), "Works with my quokka, too.")
    browse(agent).post(BACK)
    reader = make.person()
    assert showing(browse(reader), article) == []
    told = call(reader).get(f"/posts/{article.id}").json
    assert told["deleted"] is True and told["title"] == told["body"] == told["body_html"] == ""


# --- brought back

@pytest.mark.parametrize("changes", [0, 1])
def test_brought_back_it_stands_and_is_found_as_before(browse, make, call, agent, article, changes):  # noqa: F811
    other, reader = make.agent(), browse(make.person())
    reader.post(f"/p/{article.id}/save")
    if changes:
        browse(agent).post(EDIT, data={"title": TITLE, "body": "Use lukewarm water, and soap. #bath\n\n![Tub](photo:1)", "tags": "#marsupial"})
        run_due()
    before, read = showing(reader, article), call(agent).get(f"/articles/{article.id}").json
    browse(agent).post(BACK, data={"reason": "A mistake."})
    run_due(clockwork=True)
    page = browse(other).get("/me/articles").text
    assert TITLE in page and "Tomasz Nowak" in page and "A mistake." in page and f'action="{AGAIN}"' in page
    answer = browse(other).post(AGAIN)
    assert answer.location == "/help/wash-the-wombat"
    run_due()
    assert showing(reader, article) == before and call(agent).get(f"/articles/{article.id}").json == read
    assert TITLE not in browse(other).get("/me/articles").text
    assert browse(agent).post(EDIT, data={"title": TITLE, "body": "Other words."}).status_code == 303      # and it is changed as ever
    assert "Other words." in reader.get("/help/wash-the-wombat").text


def test_after_thirty_days_it_is_gone_for_good(browse, make, agent, article, time):
    kept = make.article(agent, title="Kept")
    browse(agent).post(BACK)
    time.pass_(days=29)
    with transaction():
        forget_withdrawn()
    assert f'action="{AGAIN}"' in browse(agent).get("/me/articles").text
    time.pass_(days=2)
    assert TITLE not in browse(agent).get("/me/articles").text
    for _ in range(2):
        answer = browse(agent).post(AGAIN)
        assert answer.status_code == 409 and "more than 30 days ago" in answer.text
        with transaction():
            forget_withdrawn()
    db.session.rollback()
    left = {table: db.session.scalar(sa.select(sa.func.count()).select_from(table).where(table.post_id == article.id)) for table in (Version, Attachment)}
    assert set(left.values()) == {0} and browse(agent).get(f"/help/{kept.id}", follow_redirects=True).status_code == 200


def test_one_brought_back_in_time_is_not_forgotten_later(browse, agent, article, time):
    browse(agent).post(BACK)
    browse(agent).post(AGAIN)
    time.pass_(days=31)
    with transaction():
        forget_withdrawn()
    assert shows(browse(agent), "/help/wash-the-wombat") and shows(browse(agent), picture_of(article))


# --- for the desk alone

def test_made_private_only_the_desk_finds_and_reads_it(browse, make, call, agent, article):  # noqa: F811
    reader, other, stranger = browse(make.person()), browse(make.agent()), browse(None)
    reader.post(f"/p/{article.id}/save")
    before = showing(other, article)
    assert move(browse(agent), "private").status_code == 303
    for _ in range(2):
        assert showing(reader, article) == showing(stranger, article) == []
        assert set(before) - {"/help?tag=marsupial", "/t/marsupial"} <= set(showing(other, article)) | {f"/suggestions/{article.id}"}
        run_due(clockwork=True)
    assert reader.get("/help/wash-the-wombat").status_code == 404 and "The desk alone" in other.get("/help/wash-the-wombat").text
    assert reader.get("/complete?q=%23bath", headers={"Accept": "application/json"}).json["completions"] == []
    assert verbs(article)[-1] == "article_moved" and call(agent).get(f"/articles/{article.id}").json["audience"] == "private"


def test_made_for_everyone_again_it_is_found_again_and_twice_is_once(browse, make, agent, article):
    reader = browse(make.person())
    before = showing(reader, article)
    for audience in ("private", "private", "everyone", "everyone"):
        move(browse(agent), audience)
    assert count(Event.verb == Verb.ARTICLE_MOVED, Event.root_id == article.id) == 2
    run_due()
    assert set(showing(reader, article)) >= {"/help/wash-the-wombat", "/help", f"/search?q={WORD}", f"/suggestions?q={TYPED}"} and before


def test_an_article_can_be_for_the_desk_from_the_start_whoever_owns_its_hashtag(browse, make, agent):
    from socialdesk.tags.actions import own_tag
    hr = make.team("HR", confidential=True)
    with transaction():
        own_tag("bath", hr.id)
    assert browse(agent).post("/help/new", data=TEXT | {"audience": "private"}).location == "/help/wash-the-wombat"
    run_due()
    post = db.session.scalar(sa.select(Post).where(Post.kind == "article"))
    assert (post.audience, post.sealed, post.team_id) == ("private", False, None)
    assert browse(make.agent()).get("/help/wash-the-wombat").status_code == 200 and browse(make.person()).get("/help/wash-the-wombat").status_code == 404


def test_other_readers_than_these_are_refused_with_the_text_kept(browse, make, agent, article):
    make.circle("Quay Street")
    for audience in ("circle:quay-street", "nobody", ""):
        answer = browse(agent).post(EDIT, data=TEXT | {"audience": audience})
        assert answer.status_code == 422 and "for everyone, or for the desk alone" in answer.text and "Use lukewarm water." in answer.text
    assert verbs(article) == ["article_published"]


def test_a_form_without_the_choice_leaves_it_as_it_is(browse, agent, article):
    move(browse(agent), "private")
    browse(agent).post(EDIT, data={"title": TITLE, "body": "Other words."})
    db.session.rollback()
    assert db.session.get(Post, article.id).audience == "private"


# --- by program, and by file

def test_by_program_as_by_page(make, call, agent, article):  # noqa: F811
    program, reader = call(agent), call(make.person())
    address = f"/articles/{article.id}"
    assert program.patch(address, {"audience": "private"}).json["audience"] == "private" and reader.get(address).status_code == 404
    assert program.patch(address, {"audience": "everyone"}).json["audience"] == "everyone" and reader.get(address).status_code == 200
    for _ in range(2):
        assert program.post(f"{address}/withdrawal", {"reason": "Old."}).status_code == 204
    assert reader.get(address).status_code == 404
    for _ in range(2):
        assert program.delete(f"{address}/withdrawal").json["title"] == TITLE
    made = program.post("/articles", {"title": "For us", "body": "Within.", "audience": "private"}).json
    assert made["audience"] == "private" and reader.get(f"/articles/{made['id']}").status_code == 404
    assert verbs(article)[1:] == ["article_moved", "article_moved", "article_withdrawn", "article_restored"]


def test_an_import_neither_brings_back_nor_opens_what_the_desk_closed(browse, agent):
    lines = ['{"id": "w", "title": "Wash the wombat", "body_markdown": "Lukewarm.", "tags": ["bath"]}',
             '{"id": "v", "title": "Walk the vole", "body_markdown": "Slowly.", "tags": ["walk"]}']
    changed = [line.replace("Lukewarm", "Cold").replace("Slowly", "Fast").replace("walk", "run") for line in lines]
    import_articles(lines)
    browse(agent).post(BACK)
    browse(agent).post("/help/walk-the-vole/edit", data={"title": "Walk the vole", "body": "Slowly.", "audience": "private"})
    assert import_articles(lines)[:2] == (0, 2)
    done = import_articles(changed)
    assert (done.added, done.bad[0][0]) == (1, 1) and "took this article back" in done.bad[0][1]
    run_due()
    assert browse(agent).get("/help/wash-the-wombat").status_code == 404 and "Fast." in browse(agent).get("/help/walk-the-vole").text
    assert db.session.scalar(sa.select(sa.func.sum(TagCount.posts))) == 0
