"""The feed: what one may see and nothing else, in the view one chose, page by page, and the pill."""
import re

import pytest
import sqlalchemy as sa

from socialdesk import db as database
from socialdesk.db import db, transaction
from socialdesk.errors import Invalid
from socialdesk.feed import queries
from socialdesk.posts.actions import follow, give_access
from tests.feed_desk import follow_tag, ids_in, make_major, walk

from .conftest import HTMX


@pytest.fixture(autouse=True)
def admin(make):
    """Without an admin the front page tells of the setup link instead."""
    return make.admin()


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
    browser = browse(people[who])
    expected = sorted((posts[name].id for name in SEES[who]), reverse=True)
    assert ids_in(browser.get("/?view=newest")) == expected
    assert sorted(ids_in(browser.get("/")), reverse=True) == expected


def test_a_stranger_is_sent_to_sign_in(make, browse):
    answer = browse(None).get("/")
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/")
    assert browse(None).get("/feed/new", headers=HTMX).status_code == 401


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


def test_a_view_is_shown_without_being_remembered_and_chosen_by_a_form(house, browse):
    people, posts = house
    browser = browse(people["asker"])
    chosen = lambda page: re.search(r'value="([a-z-]+)" aria-current', page.get_data(as_text=True))[1]
    assert chosen(browser.get("/")) == "for-you"
    assert chosen(browser.get("/?view=following")) == "following" and chosen(browser.get("/")) == "for-you"
    assert chosen(browser.get("/?view=nonsense")) == "newest"
    for _twice in range(2):
        answer = browser.post("/feed/view", data={"view": "newest"})
        assert (answer.status_code, answer.location) == (303, "/")
    assert chosen(browser.get("/")) == "newest"
    assert browser.post("/feed/view", data={"view": "following"}, headers=HTMX).headers["HX-Redirect"] == "/"
    assert browser.post("/feed/view", data={"view": "loudest"}).status_code == 422
    assert chosen(browser.get("/")) == "following"


def test_following_holds_the_threads_and_hashtags_one_follows_as_far_as_one_may_read(make, browse):
    pilot = make.circle("Pilot")
    author, reader = make.person(circles=[pilot]), make.person()
    thread, tagged, other = (make.question(author, body) for body in ("Where is the key?", "The net is slow. #vpn", "Who has a pen? #pens"))
    hidden = make.question(author, "Pilot has no net. #vpn", audience=f"circle:{pilot.slug}")
    mine = make.ticket(reader, "My net is slow. #vpn")
    browser = browse(reader)
    assert "You follow nothing yet" in browser.get("/?view=following").get_data(as_text=True)
    browser.post(f"/p/{thread.id}/follow")
    follow_tag(reader, "vpn")
    assert ids_in(browser.get("/?view=following")) == [mine.id, tagged.id, thread.id]
    browser.post(f"/p/{thread.id}/follow", data={"level": "muted"})
    assert ids_in(browser.get("/?view=following")) == [mine.id, tagged.id]
    follow_tag(make.viewer(author), "vpn")
    assert ids_in(browse(author).get("/?view=following")) == [hidden.id, tagged.id]
    assert other.id not in walk(reader, 5, "following")


def test_just_my_tickets_shows_them_and_major_incidents_alone(make, browse):
    author, reader, agent = make.person(), make.person(), make.agent()
    mine, theirs, loud = make.ticket(reader), make.ticket(author), make.question(author)
    with transaction():
        give_access(theirs.id, author, reader.id)
        follow(theirs.id, reader)
        follow(loud.id, reader)
    public = make_major(make, agent, theirs)
    browser = browse(reader)
    fragment = browser.post("/me/only-tickets", headers=HTMX)
    assert 'id="only-tickets"' in fragment.text and "Show the whole feed again" in fragment.text
    page = browser.get("/?view=newest")
    assert ids_in(page) == [public.id, theirs.id, mine.id]
    assert "/feed/view" not in page.text and "data-live-feed" not in page.text and "Change that" in page.text
    assert (browser.post("/me/only-tickets/remove").status_code, browser.post("/me/only-tickets/remove").location) == (303, "/me/notifications")
    assert loud.id in ids_in(browser.get("/"))


def test_show_more_is_a_link_that_works_without_scripts(make, browse):
    author = make.person()
    posts = [make.question(author, f"Question {n}?").id for n in range(25)]
    browser = browse(author)
    first = browser.get("/?view=newest")
    assert ids_in(first) == posts[:4:-1] and 'data-failed="Try again"' in first.text and "bone" in first.text
    address = re.search(r'href="(/\?view=newest&(?:amp;)?cursor=\d+)"', first.text)[1].replace("&amp;", "&")
    whole, part = browser.get(address), browser.get(address, headers=HTMX)
    assert ids_in(whole) == ids_in(part) == posts[4::-1]
    assert "<html" in whole.text and "<html" not in part.text
    assert "cursor=" not in part.text and "You have seen everything" in part.text


@pytest.mark.parametrize("view", ["newest", "following", "for-you"])
@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "9" * 30, "²", "f", "fAAAA", "f" + "A" * 9000, "feJwDAAAAAAE="])
def test_a_forged_cursor_is_refused_with_a_sentence(make, browse, view, cursor):
    answer = browse(make.person()).get("/", query_string={"view": view, "cursor": cursor})
    assert answer.status_code == 422 and "Open the list anew" in answer.get_data(as_text=True)


@pytest.mark.parametrize("view", ["newest", "for-you"])
def test_the_pill_counts_new_posts_one_may_see(house, make, browse, view):
    people, posts = house
    newest = posts["sealed"].id
    browser = browse(people["colleague"])
    assert "new post" not in browser.get(f"/feed/new?since={newest}&view={view}", headers=HTMX).text
    new = make.question(people["asker"], "One more?")
    make.ticket(people["asker"], "Not for colleagues.")
    answer = browser.get(f"/feed/new?since={newest}&view={view}", headers=HTMX).text
    assert "1 new post<" in answer and f"since={newest}" in answer and f'href="/?view={view}"' in answer
    assert new.id in ids_in(browser.get(f"/?view={view}")) and "new post" not in browser.get(f"/feed/new?since={new.id}&view={view}", headers=HTMX).text


def test_in_following_the_pill_tells_of_what_one_follows_alone(make, browse):
    author, reader = make.person(), make.person()
    make.question(author, "Who has a pen?")
    make.question(author, "Slow again. #vpn")
    follow_tag(reader, "vpn")
    assert "1 new post<" in browse(reader).get("/feed/new?since=0&view=following", headers=HTMX).text


@pytest.mark.parametrize("view", ["for-you", "newest", "following", "tickets"])
def test_a_warm_feed_costs_at_most_four_statements_the_person_included(house, browse, view):
    people, _ = house
    browser = browse(people["hr"])
    if view == "tickets":
        browser.post("/me/only-tickets")
    browser.get(f"/?view={view}")
    browser.get(f"/?view={view}")
    counted = []
    listen = lambda conn, cursor, statement, *rest: counted.append(statement)
    sa.event.listen(db.engine, "before_cursor_execute", listen)
    try:
        assert browser.get(f"/?view={view}").status_code == 200
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", listen)
    assert 2 <= len(counted) <= 4, "\n".join(counted)


def test_the_page_of_a_feed_is_fresh_but_kept_for_the_way_back(make, browse):
    assert browse(make.person()).get("/").headers["Cache-Control"] == "private, no-cache"


def test_a_page_never_holds_more_than_was_asked_for(make):
    author = make.person()
    for n in range(5):
        make.question(author, f"Number {n}?")
    for view in ("newest", "for-you"):
        assert walk(author, 1, view) == walk(author, 2, view) == walk(author, 50, view)
    with pytest.raises(Invalid):
        queries.feed_page(author, "0x1")
    assert not database.is_writing()
