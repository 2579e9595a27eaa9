"""Cards of the feed: what each says, to whom, and that what is kept of them holds nothing of anybody."""
import pytest

from socialdesk.db import db, transaction
from socialdesk.feed import card_views, frame_views
from socialdesk.feed.checker import beyond
from socialdesk.posts import actions, reaction_actions
from socialdesk.posts.models import Kudos, Poll, Post
from socialdesk.tags import synonym_actions
from tests.feed_desk import card_in, ids_in, make_major, publish

from .conftest import HTMX


@pytest.fixture(autouse=True)
def admin(make):
    """Without an admin the front page tells of the setup link instead."""
    return make.admin()


def test_a_card_says_who_what_how_it_stands_and_who_reads_it(make, browse):
    asker, agent, member = make.person("Ada Asker"), make.agent(), make.person(circles=[make.circle("Pilot")])
    ticket, question = make.ticket(asker, "My screen stays black. #screens"), make.question(member, "Who has it?", audience="circle:pilot")
    card = card_in(browse(asker).get("/"), ticket.id)
    assert all(word in card for word in ("Ada Asker", "My screen stays black.", "Received", "Only you and the desk", 'href="/t/screens"', f'href="/p/{ticket.id}"'))
    assert "Only Ada Asker and the desk" in card_in(browse(agent).get("/"), ticket.id)
    shared = card_in(browse(member).get("/"), question.id)
    assert "Open" in shared and "In Pilot" in shared


def test_each_deed_of_a_card_is_a_form_that_a_swipe_finds(make, browse):
    post = make.question()
    page = browse(make.person()).get("/")
    card = card_in(page, post.id)
    assert f'data-card="{post.id}"' in page.text
    for deed, noun in (("me-too", "me-too"), ("like", "reaction"), ("save", "save")):
        assert f'action="/p/{post.id}/{noun}"' in card and f'data-deed="{deed}"' in card and f'id="{deed}-{post.id}"' in card
    assert f'href="/p/{post.id}/share"' in card and f'href="/p/{post.id}#reply"' in card and f'href="/feed/why/{post.id}"' in card


def test_each_kind_has_its_short_form(make, browse):
    agent, author, thanked = make.agent("Agnes"), make.person(), make.person("Tom Thanked")
    news, idea, poll, kudos = (publish(who, kind, body) for who, kind, body in (
        (agent, "announcement", "New badges on Thursday."), (author, "idea", "A bell at the door."), (author, "poll", "Tea or coffee?"), (author, "kudos", "He stayed late.")))
    with transaction():
        db.session.add_all([Kudos(post_id=kudos.id, person_id=thanked.id)])
        if db.session.get(Poll, poll.id) is None:
            db.session.add(Poll(post_id=poll.id, closes_at=None))
        db.session.get(Post, idea.id).status = "proposed"
    major = make_major(make, agent, make.ticket(author))
    page = browse(make.person()).get("/")
    says = {post.id: card_in(page, post.id) for post in (news, idea, poll, kudos, major)}
    assert "announces" in says[news.id] and "Announcement" in says[news.id] and "Me too" not in says[news.id]
    assert f'id="vote-{idea.id}"' in says[idea.id] and "Proposed" in says[idea.id]
    assert f'<a class="act main" href="/p/{poll.id}"' in says[poll.id] and "Vote" in says[poll.id]
    assert "thanks Tom Thanked" in says[kudos.id]
    assert "Major incident" in says[major.id] and "Next word from us by" in says[major.id] and f'id="me-too-{major.id}"' in says[major.id]


def test_a_private_card_offers_to_share_it_to_its_author_alone(make, browse):
    asker, agent = make.person(), make.agent()
    ticket = make.ticket(asker)
    assert "/share" in card_in(browse(asker).get("/"), ticket.id)
    assert "/share" not in card_in(browse(agent).get("/"), ticket.id) and "Me too" not in card_in(browse(agent).get("/"), ticket.id)


def test_a_left_out_name_is_not_in_the_page(make, browse):
    author, reader = make.person("Zacharias Quill"), make.person()
    make.question(author, shown_as="A colleague from sales")
    for _warm in range(2):
        html = browse(reader).get("/").text
        assert "A colleague from sales" in html and "Zacharias" not in html and author.handle not in html
        assert "Zacharias Quill" in browse(author).get("/").text


# --- what is kept

def test_what_is_kept_of_a_page_is_the_same_for_all_and_shows_each_their_own(make, browse):
    author, agent = make.person("Ada Author"), make.agent("Abe Agent")
    posts = [make.question(author, f"Question {n}? #tag{n}") for n in range(4)] + [make.ticket(author)]
    people = [make.person("Lena Liker"), make.person("Sam Saver"), author, agent]
    with transaction():
        reaction_actions.react(posts[0].id, people[0], "like")
        actions.me_too(posts[1].id, people[0])
        reaction_actions.save(posts[2].id, people[1])

    browse(people[0]).post("/me/theme", data={"theme": "dark"})

    def cold(person):
        card_views.forget()
        frame_views.kept.drop()
        return browse(person).get("/?view=newest").text
    alone = [cold(person) for person in people]
    card_views.forget()
    frame_views.kept.drop()
    for _round in range(2):
        assert [browse(person).get("/?view=newest").text for person in people] == alone
    kept = repr([*card_views.kept._rows.values(), *frame_views.kept._rows.values()])
    assert "Lena" not in kept and "Sam Saver" not in kept and 'aria-pressed="true"' in alone[0]


def test_what_one_did_shows_on_a_card_that_is_kept(make, browse):
    post, reader, other = make.question(body="Where is it?"), make.person(), make.person()
    browser = browse(reader)
    browser.get("/"), browse(other).get("/")
    browser.post(f"/p/{post.id}/reaction", headers=HTMX)
    browser.post(f"/p/{post.id}/save", headers=HTMX)
    mine, theirs = card_in(browser.get("/"), post.id), card_in(browse(other).get("/"), post.id)
    assert mine.count('aria-pressed="true"') == 2 and f"/p/{post.id}/reaction/remove" in mine and f"/p/{post.id}/save/remove" in mine
    assert 'aria-pressed="true"' not in theirs and "Like, 1 so far" in theirs


def test_a_kept_card_follows_every_change_of_its_post(make, browse):
    author, reader = make.person("Ada"), browse(make.person())
    post = make.question(author, "Where is it? #here")
    before = card_in(reader.get("/"), post.id)
    browse(author).post(f"/p/{post.id}/edit", data={"body": "Where was it? #there"})
    after = card_in(reader.get("/"), post.id)
    assert "Where is it?" in before and "Where was it?" in after and "#here" not in after and 'href="/t/there"' in after
    with transaction():
        synonym_actions.make_synonym("there", "everywhere")
    assert "#everywhere" in card_in(reader.get("/"), post.id)
    browse(author).post("/me/profile", data={"name": "Ada Renamed"})
    assert "Ada Renamed" in card_in(reader.get("/"), post.id)


def test_a_text_cannot_put_anything_into_the_place_of_a_deed(make, browse):
    post = make.question(body="\x00like\x00 <b>bold</b> & <script>alert(1)</script> words")
    card = card_in(browse(make.person()).get("/"), post.id)
    assert "<script" not in card and f'id="like-{post.id}"' in card


def test_a_fragment_of_the_feed_holds_the_same_cards_as_the_page(make, browse):
    author = make.person()
    for n in range(25):
        make.question(author, f"Question {n}?")
    browser = browse(make.person())
    address = browser.get("/").text.partition('hx-get="/?view=')[2].partition('"')[0].replace("&amp;", "&")
    whole, part = browser.get("/?view=" + address), browser.get("/?view=" + address, headers=HTMX)
    assert len(ids_in(part)) == 5
    assert [card_in(whole, key) for key in ids_in(whole)] == [card_in(part, key) for key in ids_in(part)]


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
