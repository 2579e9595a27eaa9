"""The feed: newest first, what one may see and nothing else, page by page."""
import re

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from socialdesk import db as database
from socialdesk.db import db, transaction
from socialdesk.errors import Invalid
from socialdesk.feed import queries
from socialdesk.feed.checker import beyond
from socialdesk.posts.models import Post

from .conftest import HTMX


@pytest.fixture(autouse=True)
def admin(make):
    """Without an admin the front page tells of the setup link instead."""
    return make.admin()


def ids_in(page):
    return [int(found) for found in re.findall(r'id="card-(\d+)"', page.get_data(as_text=True))]


def walk(person, limit):
    """All ids the feed gives, page by page."""
    cursor, seen = None, []
    while True:
        page = queries.feed_page(person, cursor, limit)
        seen += [card.id for card in page.cards]
        cursor = page.next_cursor
        if cursor is None:
            return seen


@pytest.fixture
def house(make):
    """People and posts of every audience, by name."""
    hr, net = make.team("HR", confidential=True), make.team("Network")
    pilot = make.circle("Pilot")
    people = {"asker": make.person("Ada Asker"), "colleague": make.person("Cem Colleague"), "member": make.person("Mia Member", circles=[pilot]),
              "agent": make.agent("Abe Agent", teams=[net]), "hr": make.agent("Hal Hrman", teams=[hr]), "admin": make.admin("Eve Admin")}
    posts = {"everyone": make.question(people["asker"], "Where is the stapler?"),
             "circle": make.question(people["member"], "Who has the pilot laptop?", audience="circle:pilot"),
             "ticket": make.ticket(people["asker"], "My screen stays black."),
             "network": make.ticket(people["asker"], "The net is slow.", team_id=net.id),
             "sealed": make.ticket(people["asker"], "I want to leave.", team_id=hr.id),
             "unlisted": make.question(people["asker"], "An imported one.", in_feed=False)}
    return people, posts


#: who sees what in the feed, by hand
SEES = {"asker": ["everyone", "ticket", "network", "sealed"],
        "colleague": ["everyone"],
        "member": ["everyone", "circle"],
        "agent": ["everyone", "ticket", "network"],
        "hr": ["everyone", "ticket", "network", "sealed"],
        "admin": ["everyone", "ticket", "network"]}


@pytest.mark.parametrize("who", SEES)
def test_the_feed_shows_what_one_may_see_and_nothing_else(house, browse, who):
    people, posts = house
    page = browse(people[who]).get("/")
    assert page.status_code == 200
    assert ids_in(page) == sorted((posts[name].id for name in SEES[who]), reverse=True)


def test_a_stranger_is_sent_to_sign_in(make, browse):
    answer = browse(None).get("/")
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/")
    assert browse(None).get("/feed/new", headers=HTMX).status_code == 401


def test_a_card_says_who_what_how_it_stands_and_who_reads_it(house, browse):
    people, posts = house
    html = browse(people["asker"]).get("/").get_data(as_text=True)
    card = html.partition(f'id="card-{posts["ticket"].id}"')[2].partition("</article>")[0]
    assert "Ada Asker" in card and "My screen stays black." in card and "Received" in card and "Only you and the desk" in card
    assert f'href="/p/{posts["ticket"].id}"' in card
    shared = html.partition(f'id="card-{posts["everyone"].id}"')[2].partition("</article>")[0]
    assert "Open" in shared and "Everyone" in shared


def test_the_desk_reads_on_a_card_whose_private_ticket_it_is(house, browse):
    people, posts = house
    card = browse(people["agent"]).get("/").get_data(as_text=True).partition(f'id="card-{posts["ticket"].id}"')[2].partition("</article>")[0]
    assert "Only Ada Asker and the desk" in card


def test_a_card_names_its_circle(house, browse):
    people, _ = house
    assert "In Pilot" in browse(people["member"]).get("/").get_data(as_text=True)


def test_a_left_out_name_is_not_in_the_page(make, browse):
    author, reader = make.person("Zacharias Quill"), make.person()
    make.question(author, shown_as="A colleague from sales")
    html = browse(reader).get("/").get_data(as_text=True)
    assert "A colleague from sales" in html
    assert "Zacharias" not in html and author.handle not in html
    assert "Zacharias Quill" in browse(author).get("/").get_data(as_text=True)


def test_a_post_taken_back_leaves_the_feed(make, browse):
    from socialdesk.posts import actions
    author = make.person()
    post = make.question(author)
    with transaction():
        actions.delete(post.id, author)
    assert ids_in(browse(author).get("/")) == []


def test_an_empty_feed_offers_a_next_step(make, browse):
    html = browse(make.person()).get("/").get_data(as_text=True)
    assert "Nothing here yet" in html and 'href="/ask"' in html


def test_any_view_shows_the_newest_until_the_others_stand(house, browse):
    people, _ = house
    browser = browse(people["asker"])
    first = ids_in(browser.get("/"))
    assert all(ids_in(browser.get(f"/?view={view}")) == first for view in ("for-you", "newest", "following", "nonsense"))


def test_show_more_is_a_link_that_works_without_scripts(make, browse):
    author = make.person()
    posts = [make.question(author, f"Question {n}?").id for n in range(25)]
    browser = browse(author)
    first = browser.get("/")
    assert ids_in(first) == posts[:4:-1]
    address = re.search(r'href="(/\?cursor=\d+)"', first.get_data(as_text=True))[1]
    whole, part = browser.get(address), browser.get(address, headers=HTMX)
    assert ids_in(whole) == ids_in(part) == posts[4::-1]
    assert "<html" in whole.get_data(as_text=True) and "<html" not in part.get_data(as_text=True)
    assert "cursor=" not in part.get_data(as_text=True)


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "9" * 30, "²"])
def test_a_forged_cursor_is_refused_with_a_sentence(make, browse, cursor):
    answer = browse(make.person()).get("/", query_string={"cursor": cursor})
    assert answer.status_code == 422 and "Open the list anew" in answer.get_data(as_text=True)


def test_the_pill_counts_new_posts_one_may_see(house, make, browse):
    people, posts = house
    newest = posts["sealed"].id
    browser = browse(people["colleague"])
    assert "new post" not in browser.get(f"/feed/new?since={newest}", headers=HTMX).get_data(as_text=True)
    make.question(people["asker"], "One more?")
    make.ticket(people["asker"], "Not for colleagues.")
    answer = browser.get(f"/feed/new?since={newest}", headers=HTMX).get_data(as_text=True)
    assert "1 new post<" in answer and f"since={newest}" in answer


def test_a_feed_page_costs_four_statements_beside_the_person(house, browse):
    people, _ = house
    browser = browse(people["hr"])
    browser.get("/")                            # once there is an admin, nobody asks again whether there is one
    counted = []
    listen = lambda conn, cursor, statement, *rest: counted.append(statement)
    sa.event.listen(db.engine, "before_cursor_execute", listen)
    try:
        browser.get("/")
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", listen)
    assert len(counted) <= 6, "\n".join(counted)


def test_the_page_of_a_feed_is_fresh_but_kept_for_the_way_back(make, browse):
    assert browse(make.person()).get("/").headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("title, html, said", [
    ("My screen stays black.", "<p>My screen stays black.</p>", ""),
    ("My screen stays black.", "<p>My screen stays black.\nSince <b>Mon</b>day, at &lt;home&gt;.</p>", "Since Monday, at <home>."),
    ("A long one that…", "<p>A long one that goes on.</p>", "… goes on."),
    ("Slow.", "<p>Slow. Since <a href='/t/x'>#monday</a> it is so. #wifi <a href='/t/y'>#net-work</a></p>", "Since #monday it is so."),
    ("Own title", "<p>First.</p><ul><li>one</li><li>two</li></ul>", "First. one two"),
    ("Cut", "<p>" + "word " * 299 + "&am", " ".join(["word"] * 56) + "…"),
])
def test_an_excerpt_goes_on_where_the_title_ends(title, html, said):
    assert beyond(title, html) == said


_audiences = some.sampled_from(["everyone", "circle:pilot", "private", "elsewhere"])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=some.lists(_audiences, max_size=12), between=some.lists(_audiences, max_size=4), limit=some.integers(1, 5))
def test_every_post_that_stood_is_reached_exactly_once_while_others_post(desk, make, first, between, limit):
    pilot = make.circle()
    reader, author = make.person(circles=[pilot]), make.person(circles=[pilot])
    stranger_circle = make.circle()
    other = make.person(circles=[stranger_circle])

    def post(audience):
        real = {"circle:pilot": f"circle:{pilot.slug}", "elsewhere": f"circle:{stranger_circle.slug}"}.get(audience, audience)
        return make.question(other if audience == "elsewhere" else author, audience=real).id

    before = db.session.scalar(sa.select(sa.func.max(Post.id))) or 0
    db.session.rollback()
    stood = [key for audience in first if (key := post(audience)) and audience in ("everyone", "circle:pilot")]
    waiting, cursor, seen = list(between), None, []
    while True:
        page = queries.feed_page(reader, cursor, limit)
        seen += [card.id for card in page.cards if card.id > before]
        if waiting:
            post(waiting.pop())
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == sorted(stood, reverse=True)


def test_a_page_never_holds_more_than_was_asked_for(make):
    author = make.person()
    for n in range(5):
        make.question(author, f"Number {n}?")
    assert walk(author, 1) == walk(author, 2) == walk(author, 50)
    with pytest.raises(Invalid):
        queries.feed_page(author, "0x1")
    assert not database.is_writing()
