"""The social side without JavaScript, in a real browser on a phone: every deed is a form, every way a link, and each leads back to a page."""
import hashlib
import re
import secrets

import pytest
import sqlalchemy as sa

from socialdesk.db import db, now, transaction
from socialdesk.people.models import Person, Session
from socialdesk.posts.models import Link, MeToo, Poll, PollOption, PollVote, Post, Reaction, Saved

from ..feed_desk import publish
from .test_compose import port, settings_given, site            # noqa: F401  the same desk in the same process


@pytest.fixture
def plain(chromium, site, make, desk):          # noqa: F811
    """plain(person): a page of a phone without JavaScript on which this person is signed in."""
    make.admin()
    browser = chromium.browser("phone", java_script_enabled=False)

    def open_page(person, path="/"):
        token = secrets.token_urlsafe(32)
        with transaction():
            db.session.add(Session(id_hash=hashlib.sha256(token.encode()).hexdigest(), person_id=person.id, epoch=person.epoch,
                                   made_at=now(), seen_at=now(), public_id=secrets.token_hex(8)))
        client = desk.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = token
        page = browser.fresh_page()
        browser.set_cookie(site, "socialdesk", client.get_cookie("socialdesk").value)
        page.goto(site + path)
        return page
    return open_page


def count(table, *where):
    db.session.rollback()
    found = db.session.scalar(sa.select(sa.func.count()).select_from(table).where(*where))
    db.session.rollback()
    return found


def deed(page, post, noun):
    """The button of a deed on a page."""
    return page.locator(f'form[action="/p/{post.id}/{noun}"] button').first


def test_the_feed_is_read_ordered_and_walked(plain, make, site):
    author, reader = make.person(), make.person()
    posts = [make.question(author, f"Question number {n}?") for n in range(25)]
    page = plain(reader)
    page.click("button[name=view][value=newest]")
    assert page.locator("article[data-card]").count() == 20 and page.locator("button[name=view][aria-current]").inner_text() == "Newest"
    db.session.rollback()
    assert db.session.get(Person, reader.id, populate_existing=True).feed_view == "newest"
    db.session.rollback()
    page.click("a[href*='cursor=']")
    assert page.locator("article[data-card]").count() == 5 and page.locator(f"#card-{posts[0].id}").count() == 1
    page.locator(f"#card-{posts[0].id} a[href='/p/{posts[0].id}']").first.click()
    assert page.url == f"{site}/p/{posts[0].id}"


@pytest.mark.parametrize("noun, table", [("me-too", MeToo), ("reaction", Reaction), ("save", Saved)])
def test_each_deed_of_a_card_is_done_and_taken_back_by_its_button(plain, make, noun, table):
    post = make.question(body="Who has the key?")
    page = plain(make.person())
    deed(page, post, noun).click()
    assert count(table) == 1 and re.search(rf"/p/{post.id}(#.*)?$", page.url)
    deed(page, post, f"{noun}/remove").click()
    assert count(table) == 0 and deed(page, post, noun).is_visible()


def test_what_is_saved_stands_on_its_page_and_leaves_it(plain, make, site):
    post = make.question(body="Who has the key?")
    page = plain(make.person())
    deed(page, post, "save").click()
    page.goto(site + "/me/saved")
    assert "Who has the key?" in page.inner_text("main")
    page.click("text=Who has the key?")
    deed(page, post, "save/remove").click()
    page.goto(site + "/me/saved")
    assert "Nothing saved yet" in page.inner_text("main") and count(Saved) == 0


def test_a_ticket_is_shared_after_its_text_was_seen(plain, make, site):
    ada = make.person("Ada")
    ticket = make.ticket(ada, "My screen stays black.")
    page = plain(ada, f"/p/{ticket.id}")
    page.goto(site + (page.locator(f"a[href='/p/{ticket.id}/share']").first.get_attribute("href")))
    assert page.input_value("textarea[name=body]").strip() == "I have this: My screen stays black."
    page.fill("textarea[name=body]", " ")
    page.locator("input[name=nameless]").check()
    page.locator(f"form[action='/p/{ticket.id}/share'] button[type=submit]").last.click()
    assert count(Link) == 0 and page.locator("input[name=nameless]").is_checked(), "refused, and all that was chosen is kept"
    page.fill("textarea[name=body]", "Is yours black too?")
    page.locator(f"form[action='/p/{ticket.id}/share'] button[type=submit]").last.click()
    page.wait_for_url(re.compile(r"/p/\d+$"))
    db.session.rollback()
    post = db.session.scalar(sa.select(Post).join(Link, Link.from_id == Post.id).where(Link.to_id == ticket.id))
    assert (post.title, post.shown_as, post.audience) == ("Is yours black too?", "A colleague", "everyone") and page.url.endswith(f"/p/{post.id}")
    db.session.rollback()


def test_a_poll_is_made_answered_changed_and_taken_back(plain, make, site):
    page = plain(make.person("Ada"), "/ask?kind=poll")
    page.fill("textarea[name=body]", "Tea or coffee?")
    for box, words in zip(page.locator("input[name=option]").all(), ("Tea", "Coffee")):
        box.fill(words)
    page.click("button[name=kind][value=poll]")
    page.wait_for_url(re.compile(r"/p/\d+"))
    address = page.url
    assert count(Poll) == 1 and count(PollOption) == 2
    page = plain(make.person("Ben"), address.removeprefix(site))
    for words, votes in (("Tea", [1, 0]), ("Coffee", [0, 1])):
        page.locator("[id^=poll-] button", has_text=words).first.click()
        db.session.rollback()
        assert list(db.session.scalars(sa.select(PollOption.votes).order_by(PollOption.n))) == votes
        db.session.rollback()
        page.click("text=Choose again")
        assert count(PollVote) == 0
    assert page.locator("[id^=poll-] button[name=option]").count() == 2 and "Tea or coffee?" in page.inner_text("main")


def test_an_idea_is_voted_for_and_the_vote_taken_back(plain, make, site):
    idea = publish(make.person(), "idea", "Bikes for all.")
    page = plain(make.person())
    deed(page, idea, "vote").click()
    assert count(Reaction, Reaction.kind == "vote") == 1
    page.goto(site + f"/p/{idea.id}")
    deed(page, idea, "vote/remove").click()
    assert count(Reaction) == 0 and deed(page, idea, "vote").is_visible()


def test_just_my_tickets_and_the_sides_of_a_swipe_are_chosen(plain, make, site):
    person = make.person()
    page = plain(person, "/me/notifications")
    page.click("form[action='/me/only-tickets'] button")
    page.goto(site + "/")
    assert "Just your tickets, as you chose." in page.inner_text("main")
    page.click("text=Change that")
    page.click("form[action='/me/only-tickets/remove'] button")
    page.select_option("select[name=left]", "like")
    page.click("text=Keep these swipes")
    db.session.rollback()
    kept = db.session.get(Person, person.id, populate_existing=True)
    assert (kept.only_tickets, kept.swipe_left) == (False, "like")
    db.session.rollback()
