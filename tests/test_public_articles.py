"""Articles for people outside: with the setting anybody reads what is for everyone, and nothing else of the desk."""
import re
from io import BytesIO

import pytest
import sqlalchemy as sa
from PIL import Image

from socialdesk import config, policy
from socialdesk.db import db, now, transaction
from socialdesk.errors import BadSetting
from socialdesk.knowledge.public_queries import STRANGER
from socialdesk.posts import queries as posts
from socialdesk.posts.answer_actions import accept
from socialdesk.posts.models import Attachment, Post
from socialdesk.search.actions import index_posts

from .conftest import HTMX, run_due
from .ticket_desk import put, traces

WORD = "Quokka"                         # stands in everything of these tests


@pytest.fixture
def settings_given():
    return {"SOCIALDESK_PUBLIC_ARTICLES": "on"}


def change(post, **columns):
    with transaction():
        db.session.execute(sa.update(Post).where(Post.id == post.id).values(**columns))
    with transaction():
        index_posts([post.id])


def photo(color="teal"):
    out = BytesIO()
    Image.new("RGB", (900, 700), color).save(out, "PNG")
    return out.getvalue()


def picture_of(post):
    return db.session.scalar(sa.select(Attachment.id).where(Attachment.post_id == post.id))


def leads_to_sign_in(answer):
    return answer.status_code == 303 and answer.location.startswith("/sign-in?next=")


@pytest.fixture
def outside(browse, make):
    """(a stranger's browser, an article for everyone)."""
    article = make.article(make.agent("Tomasz Nowak"), title="Feed the Quokka", body="Give the **Quokka** leaves. #animals", tags=["zoo"])
    run_due()
    return browse(None), article


# --- off, it is as ever

@pytest.mark.parametrize("settings_given", [{}, {"SOCIALDESK_PUBLIC_ARTICLES": "off"}])
def test_without_the_setting_everything_asks_to_sign_in(outside, make):
    stranger, _article = outside
    for address in ("/help", "/help/feed-the-quokka", "/search?q=quokka", "/attachments/1", "/help?tag=zoo"):
        assert leads_to_sign_in(stranger.get(address)), address
    assert stranger.get("/help", headers=HTMX).status_code == 401
    assert "without signing in" not in stranger.get("/sign-in").text


def test_the_setting_is_on_or_off_and_off_by_default(tmp_path):
    assert config.load({}, data=tmp_path).public_articles is False
    assert config.load({"SOCIALDESK_PUBLIC_ARTICLES": "on"}, data=tmp_path).public_articles is True
    with pytest.raises(BadSetting, match="SOCIALDESK_PUBLIC_ARTICLES"):
        config.load({"SOCIALDESK_PUBLIC_ARTICLES": "maybe"}, data=tmp_path)


# --- what anybody reads

def test_anybody_browses_reads_and_searches_articles(outside):
    stranger, _article = outside
    for address in ("/help", "/help?view=newest", "/help?tag=zoo", "/search?q=quokkas", "/search?q=leav"):
        page = stranger.get(address)
        assert page.status_code == 200 and 'href="/help/feed-the-quokka"' in page.text and "Sign in" in page.text, address
    page = stranger.get("/help/feed-the-quokka").text
    assert "Give the <strong>Quokka</strong> leaves" in page and 'href="/sign-in?next=/help/feed-the-quokka"' in page and "noindex" not in page
    assert stranger.head("/help/feed-the-quokka").status_code == 200
    assert "without signing in" in stranger.get("/sign-in").text


def test_an_articles_number_leads_to_its_address(outside):
    stranger, article = outside
    assert stranger.get(f"/help/{article.id}").location == "/help/feed-the-quokka"


def test_there_is_nothing_to_do_but_to_sign_in(outside):
    stranger, _article = outside
    for address in ("/help", "/help/feed-the-quokka", "/search?q=quokka"):
        main = stranger.get(address).text.split("<main")[1].split("</main>")[0]
        assert "hx-post" not in main and 'method="post"' not in main and "/edit" not in main and "/versions" not in main and "verdict" not in main
        assert not re.findall(r'href="/(?:p|t|@|desk|inbox|me)\b', main)


def test_no_person_is_named(browse, make):
    ada, owner = make.person("Ada Nwosu"), make.agent("Tomasz Nowak")
    make.article(owner, title="Quokka keys of @ada", body="Ask @ada or @tomasz for it, or write to zoo@example.org.", summary="@ada has it")
    run_due()
    stranger = browse(None)
    for address in ("/help", "/help/quokka-keys-of-ada", "/search?q=quokka+ask", "/search?q=keys"):
        text = stranger.get(address).text
        assert "@ada" not in text and "@tomasz" not in text and "Nowak" not in text and "Nwosu" not in text, address
    assert "Ask a colleague or a colleague for it" in stranger.get("/help/quokka-keys-of-ada").text and "zoo@example.org" in stranger.get("/help/quokka-keys-of-ada").text
    assert ada.handle == "ada"


def test_the_list_goes_on_page_by_page(browse, make):
    for n in range(25):
        make.article(title=f"Number {n} of many")
    stranger = browse(None)
    more = re.search(r'class="button plain whole" href="([^"]+)"', stranger.get("/help").text)[1].replace("&amp;", "&")
    part = stranger.get(more, headers=HTMX)
    assert part.status_code == 200 and part.text.count('class="row-title"') == 5 and "<html" not in part.text
    assert stranger.get("/help?cursor=nonsense").status_code == 422


def test_who_is_signed_in_sees_help_as_ever(outside, browse, make):
    _stranger, article = outside
    page = browse(make.person()).get("/help/feed-the-quokka").text
    assert "Did this solve it?" in page and "Tomasz Nowak" in page and f"verdict-{article.id}" in page


# --- the same words may be typed

def listed(stranger, q, **more):
    """The titles a stranger finds."""
    page = stranger.get("/search", query_string={"q": q} | more).text
    return re.findall(r'class="row-title" href="[^"]*">([^<]*)<', page)


@pytest.fixture
def zoo(browse, make):
    """A stranger's browser, and articles whose words differ in their order."""
    agent = make.agent("Tomasz Nowak")
    for title, body in (("Quokka paper", "The paper jam is at the quokka gate."), ("Jam for the quokka", "No jam on paper, please."),
                        ("Quokka scanner", "A printer and a scanner stand here."), ("Quokka printer", "The printer prints in color.")):
        make.article(agent, title=title, body=body)
    run_due()
    return browse(None)


@pytest.mark.parametrize("q, titles", [
    ('"paper jam"', ["Quokka paper"]), ('"jam on paper"', ["Jam for the quokka"]), ('"jam paper"', []), ("printer AND scanner", ["Quokka scanner"]),
    ("printer -color", ["Quokka scanner"]), ('quokka -"paper jam" -printer', ["Jam for the quokka"]), ("printer AND", ["Quokka printer", "Quokka scanner"]),
    ('"', []), ("-printer", []), ('quokka AND "paper jam" -scanner', ["Quokka paper"])])
def test_strangers_search_with_quotes_and_and_minus_as_everybody_does(zoo, q, titles):
    assert listed(zoo, q) == titles


def test_a_stranger_who_finds_nothing_reads_how_to_search_more_closely(zoo):
    page = zoo.get('/search?q="jam+paper"').text
    assert "Nothing found" in page and "printer AND scanner" in page
    assert "printer AND scanner" in zoo.get("/search").text


def test_what_a_stranger_may_not_read_is_found_by_no_way_of_asking(zoo, make):
    circle, asker = make.circle(), make.person()
    hidden = make.article(title="Quokka vault", body="The secret paper jam code is 4711.")
    question = make.question(asker, "Secret quokka paper jam question?")
    answer = make.reply(question, make.agent(), "Secret quokka paper jam answer.")
    with transaction():
        accept(answer.id, asker)
    make.ticket(asker, "Secret quokka paper jam ticket.")
    run_due()
    change(hidden, audience="circle", circle_id=circle.id)
    for q in ('"paper jam"', '"secret paper jam"', "secret AND quokka", "secret -printer", '"paper jam" AND secret', "quokka", "secr"):
        page = zoo.get("/search", query_string={"q": q}).text
        assert "vault" not in page and "4711" not in page and "/p/" not in page and "question?" not in page, q
    assert listed(zoo, '"secret paper jam"') == listed(zoo, "secret AND quokka") == listed(zoo, "secret") == []
    assert listed(zoo, '"paper jam"') == ["Quokka paper"]


def test_a_strangers_results_go_on_page_by_page(zoo, make):
    for n in range(25):
        make.article(title=f"Numbat number {n}", body="Give it termites.")
    run_due()
    first = zoo.get("/search?q=numbat+-printer").text
    more = re.search(r'class="button whole" href="([^"]+)"', first)[1].replace("&amp;", "&")
    assert len(listed(zoo, "numbat -printer")) == 20 and "q=numbat%20-printer" in more
    assert zoo.get(more).text.count('class="row-title"') == 5
    assert "That was all" in zoo.get("/search?q=numbat&cursor=100").text
    assert zoo.get("/search?q=numbat&cursor=nonsense").status_code == 422


def test_a_name_that_stands_in_an_article_is_not_shown_in_what_is_found(zoo, make):
    make.person("Lena Hoffmann")
    make.article(title="Ask about the wombat", body="Ask @lena about the \"blue wombat\" of the house.")
    run_due()
    page = zoo.get('/search?q="blue+wombat"').text
    assert "Ask a colleague about the" in page and "@lena" not in page and "<mark>wombat</mark>" in page


# --- and nothing else

def test_an_article_that_is_not_for_everyone_looks_like_none(outside, make):
    stranger, article = outside
    circle, before = make.circle(), make.article(title="Quokka secret", body=f"{WORD} vault code.")
    later = make.article(title="Quokka later", body=f"{WORD} soon.")
    gone, merged = make.article(title="Quokka gone", body=WORD), make.article(title="Quokka merged", body=WORD)
    private = make.article(title="Quokka private", body=WORD)
    run_due()
    change(before, audience="circle", circle_id=circle.id)
    change(private, audience="private")
    change(later, hold_until=now().replace(year=now().year + 1))
    change(gone, deleted_at=now())
    change(merged, merged_into_id=article.id)
    unknown = stranger.get("/help/never-there")
    for slug, post in (("quokka-secret", before), ("quokka-later", later), ("quokka-gone", gone), ("quokka-merged", merged), ("quokka-private", private)):
        for address in (f"/help/{slug}", f"/help/{post.id}", f"/p/{post.id}"):
            answer = stranger.get(address)
            assert leads_to_sign_in(answer) and answer.text.replace(address, "").count("Quokka") == 0, address
    assert leads_to_sign_in(unknown)
    for address in ("/help", "/help?view=newest", "/search?q=quokka", "/search?q=vault+code", "/search?q=vaul"):
        text = stranger.get(address).text
        for word in ("secret", "Quokka later", "gone", "merged", "private", "vault code."):
            assert word not in text, (address, word)


def test_other_kinds_are_neither_found_nor_read(outside, make):
    stranger, _article = outside
    asker = make.person("Ada Nwosu")
    question = make.question(asker, f"{WORD} question?")
    answer = make.reply(question, make.agent(), f"{WORD} answer.")
    with transaction():
        accept(answer.id, asker)
    ticket = make.ticket(asker, f"{WORD} ticket.")
    put(ticket, "resolved")
    with transaction():
        index_posts([ticket.id])
    run_due()
    found = stranger.get("/search?q=quokka").text
    assert "Feed the Quokka" in found and found.count('<li class="row"') == 1 and f"/p/{question.id}" not in found
    for post in (question, answer, ticket):
        assert leads_to_sign_in(stranger.get(f"/help/{post.id}")) and leads_to_sign_in(stranger.get(f"/p/{post.id}"))


@pytest.mark.parametrize("address", ["/", "/ask", "/inbox", "/me", "/desk", "/people", "/t/zoo", "/help/new", "/help/feed-the-quokka/edit",
                                     "/help/feed-the-quokka/versions", "/help/feed-the-quokka/versions/1", "/help/feed-the-quokka/difference?from=1&to=1",
                                     "/help/preview/x", "/p/1", "/p/1/like-this", "/me/articles", "/search/", "/@tomasz"])
def test_every_other_page_still_asks_to_sign_in(outside, make, address):
    make.admin()
    answer = outside[0].get(address)
    assert leads_to_sign_in(answer) or answer.status_code == 404 and "Quokka" not in answer.text


@pytest.mark.parametrize("address", ["/suggestions?q=feed+the+quokka", "/complete?q=%23zo", "/api/v1/articles", "/api/v1/search?q=quokka", "/live", "/feed/new"])
def test_parts_and_programs_still_need_somebody(outside, address):
    answer = outside[0].get(address, headers={"Accept": "application/json"})
    assert answer.status_code == 401 and "Quokka" not in answer.text


def test_a_stranger_does_no_deed(outside):
    stranger, article = outside
    before = traces()
    for address in (f"/p/{article.id}/verdict", "/help/new", "/help/feed-the-quokka/edit", "/help/feed-the-quokka/review", "/help", "/search",
                    "/help/preview", "/suggestions/solved", f"/p/{article.id}/reply", f"/p/{article.id}/seen"):
        assert stranger.post(address, data={"solved": "yes", "body": "x", "post_id": article.id}).status_code in (401, 403, 405)
    assert traces() == before


def test_the_review_list_is_not_for_strangers(outside):
    stranger, _article = outside
    assert "To review" not in stranger.get("/help?view=review").text and "Tomasz" not in stranger.get("/help?view=review").text


# --- pictures

@pytest.fixture
def pictured(make):
    """An article for everyone that shows a picture."""
    agent = make.agent()
    from socialdesk.knowledge import actions
    prepared = posts.prepare(agent, "Look: ![leaf](photo:1)", title="Quokka leaf", files=[photo()])
    with transaction():
        return actions.publish_article(agent, prepared)


def test_the_pictures_an_article_shows_are_readable(browse, pictured):
    stranger, number = browse(None), picture_of(pictured)
    assert f'src="/attachments/{number}"' in stranger.get("/help/quokka-leaf").text
    for address in (f"/attachments/{number}", f"/attachments/{number}?size=640"):
        answer = stranger.get(address)
        assert answer.status_code == 200 and answer.content_type == "image/jpeg" and "sandbox" in answer.headers["Content-Security-Policy"]


def test_no_other_picture_is(browse, make, pictured):
    stranger, agent = browse(None), make.agent()
    shown = picture_of(pictured)
    for body, kind in (("Question ![x](photo:1)", "question"), ("Ticket ![x](photo:1)", "ticket")):
        person = make.person()
        prepared = posts.prepare(person, body, files=[photo("red")])
        with transaction():
            from socialdesk.posts import actions
            from socialdesk.tickets import actions as tickets
            post = actions.publish(person, "question", prepared, audience="everyone") if kind == "question" else tickets.open_ticket(person, prepared)
        assert leads_to_sign_in(stranger.get(f"/attachments/{picture_of(post)}"))
    from socialdesk.tickets import actions as tickets
    prepared = posts.prepare(agent, f"A reply with /attachments/{shown} ![x](photo:1)", files=[photo("blue")])
    with transaction():
        reply = tickets.reply(pictured.id, agent, prepared)
    assert leads_to_sign_in(stranger.get(f"/attachments/{picture_of(reply)}"))
    assert leads_to_sign_in(stranger.get("/attachments/99999"))


def test_a_picture_taken_out_of_an_article_is_not_readable_any_more(browse, make, pictured):
    number = picture_of(pictured)
    assert browse(make.agent()).post("/help/quokka-leaf/edit", data={"title": "Quokka leaf", "body": "No picture."}).status_code == 303
    assert leads_to_sign_in(browse(None).get(f"/attachments/{number}"))


def test_a_picture_goes_with_the_right_to_read_its_article(browse, make, pictured):
    number, circle = picture_of(pictured), make.circle()
    change(pictured, audience="circle", circle_id=circle.id)
    assert leads_to_sign_in(browse(None).get(f"/attachments/{number}"))


# --- limits, and who a stranger is

def test_an_address_that_fetches_without_end_is_slowed_down(outside, browse):
    stranger, _article = outside
    statuses = [stranger.get("/help", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code for _ in range(300)]
    assert 429 in statuses and statuses[:200] == [200] * 200
    assert stranger.get("/help", environ_base={"REMOTE_ADDR": "192.0.2.8"}).status_code == 200
    slow = stranger.get("/help", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert slow.status_code in (200, 429) and (slow.status_code == 200 or slow.headers["Retry-After"])


def test_a_household_is_one_address(outside):
    stranger, _article = outside
    statuses = [stranger.get("/search?q=", environ_base={"REMOTE_ADDR": f"2001:db8::{n:x}"}).status_code for n in range(1, 300)]
    assert 429 in statuses


def test_a_stranger_has_no_rights_of_their_own(make):
    make.agent(), make.admin()
    assert not STRANGER.is_agent and not STRANGER.is_admin and STRANGER.team_ids == STRANGER.circle_ids == frozenset()
    assert db.session.scalar(sa.text("select count(*) from person where id <= 0")) == 0
    post = make.ticket()
    assert not policy.sees(STRANGER, post)


@pytest.mark.parametrize("q", ["\x00", "x" * 10_000, '"a" AND -b OR (', "مرحبا", "🙈" * 300, "%27--", "   "])
def test_odd_words_are_searched_without_a_fault(outside, q):
    assert outside[0].get("/search", query_string={"q": q}).status_code == 200
    for address in ("/help", "/help?tag=%00", "/help?tag=x"):
        assert outside[0].get(address).status_code == 200
