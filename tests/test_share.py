"""Sharing: a new post from a text one sees first; nothing of what was said before goes along."""
import html
import re

import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.posts.models import Access, Attachment, Link, Post
from socialdesk.tags.actions import tag_thread
from socialdesk.tags.queries import tags_of

from .conftest import HTMX, told_by_now
from .post_desk import events, fresh, photo, refused, sees, traces
from .ticket_desk import row_of


def newest():
    db.session.rollback()
    found = db.session.scalar(sa.select(sa.func.max(Post.id)))
    db.session.rollback()
    return found


def shared(browser, thread, **data):
    """Share a thread by form.  Returns the new post."""
    answer = browser.post(f"/p/{thread.id}/share", data={"body": "The Wi-Fi on floor two is gone. #wifi"} | data)
    assert answer.status_code == 303, answer.text
    made = int(answer.location.rsplit("/", 1)[1])
    assert made == newest()
    found = db.session.get(Post, made)
    db.session.rollback()
    return found


def test_the_text_is_seen_before_it_is_sent_and_nothing_is_written_by_looking(make, browse):
    ada = make.person("Ada")
    ticket = make.ticket(ada, "My screen stays black.")
    before = traces()
    page = browse(ada).get(f"/p/{ticket.id}/share")
    assert page.status_code == 200 and "I have this: My screen stays black." in page.text and "Leave my name out" in page.text
    assert page.text.count(" required") == 1 and traces() == before


def test_sharing_a_ticket_makes_a_question_and_leaves_the_ticket_private(make, browse):
    ada, tom, ben = make.person("Ada"), make.agent("Tom"), make.person("Ben")
    ticket = make.ticket(ada, "The zebra in room twelve is black.")
    make.reply(ticket, tom, "Your password was okapi, I changed it.")
    make.reply(ticket, tom, "Between us: gnu.", note=True)
    post = shared(browse(ada), ticket)
    assert (post.kind, post.audience, post.author_id, post.shown_as) == ("question", "everyone", ada.id, None)
    assert events(ticket, "shared") == 1 and db.session.scalar(sa.select(Link.kind).where(Link.from_id == post.id, Link.to_id == ticket.id)) == "shared"
    told_by_now()
    for surface in (f"/p/{post.id}", "/", f"/api/v1/posts/{post.id}", "/search?q=wifi", f"/p/{post.id}/share"):
        answer = browse(ben).get(surface).text
        assert not any(word in answer for word in ("zebra", "okapi", "gnu", f"/p/{ticket.id}\"")), surface
    assert fresh(ticket).audience == "private" and not sees(ben, ticket) and browse(ben).get(f"/p/{ticket.id}").status_code == 404
    assert f'href="/p/{post.id}"' in browse(ada).get(f"/p/{ticket.id}").text and f'href="/p/{ticket.id}"' in browse(tom).get(f"/p/{post.id}").text


def test_sent_twice_with_its_key_is_one_post_and_by_htmx_leads_there(make, browse):
    ada = make.person("Ada")
    ticket, browser = make.ticket(ada), browse(ada)
    data = {"body": "Anybody else?", "key": "k1"}
    first = browser.post(f"/p/{ticket.id}/share", data=data)
    again = browser.post(f"/p/{ticket.id}/share", data=data, headers=HTMX)
    assert first.status_code == 303 and again.status_code == 204 and again.headers["HX-Redirect"] == first.location
    assert events(ticket, "shared") == 1
    refused_ = browser.post(f"/p/{ticket.id}/share", data=data | {"body": "Other words"})
    assert refused_.status_code == 409 and "Other words" in refused_.text and events(ticket, "shared") == 1


def test_only_its_author_and_the_desk_share_what_is_private(make, browse):
    ada, ben, tom = make.person("Ada"), make.person("Ben"), make.agent("Tom")
    hr = make.team("HR", confidential=True)
    ticket, sealed = make.ticket(ada), make.ticket(ada, team_id=hr.id)
    from socialdesk.posts import actions
    with transaction():
        actions.give_access(ticket.id, ada, ben.id)
    refused(browse(make.person()), f"/p/{ticket.id}/share", 404, body="x")
    refused(browse(ben), f"/p/{ticket.id}/share", 403, "Only its author", body="x")
    refused(browse(tom), f"/p/{sealed.id}/share", 404, body="x")
    assert browse(ben).get(f"/p/{ticket.id}/share").status_code == 403
    page = browse(tom).get(f"/p/{ticket.id}/share").text
    assert "My screen stays black" not in page.split('name="body"')[1].split("</textarea>")[0]
    assert shared(browse(tom), ticket).author_id == tom.id


def test_what_a_circle_reads_its_author_alone_carries_further(make, browse):
    circle = make.circle("Pilots")
    ada, ben = make.person("Ada", circles=[circle]), make.person("Ben", circles=[circle])
    question = make.question(ada, "Who flies?", audience=f"circle:{circle.slug}")
    refused(browse(ben), f"/p/{question.id}/share", 403, "Only its author", body="x")
    assert shared(browse(ada), question).audience == "everyone"
    page = browse(ada).get(f"/p/{question.id}/share").text
    assert f'value="circle:{circle.slug}"' in page
    assert shared(browse(ada), question, audience=f"circle:{circle.slug}").circle_id == circle.id


def test_what_was_taken_back_is_not_shared_and_the_text_is_kept(make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    question = make.question(ada)
    make.reply(question, ben)                   # so that a line of it stays
    assert browse(ada).post(f"/p/{question.id}/delete").status_code == 303
    for person in (ada, ben):
        refused(browse(person), f"/p/{question.id}/share", 409, "taken back", body="Still worth knowing.")
    assert "Still worth knowing." in browse(ada).post(f"/p/{question.id}/share", data={"body": "Still worth knowing."}).text



def test_a_post_of_everyone_is_quoted_with_its_title_and_link(make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    question = make.question(ada, "How do I [scan] *this*?")
    text = browse(ben).get(f"/p/{question.id}/share").text
    assert f"/p/{question.id}" in text and "Copy the link" in text
    post = shared(browse(ben), question, body=f"> [{'How'}](/p/{question.id})\n\nI wonder as well.")
    assert f'href="/p/{question.id}"' in browse(ada).get(f"/p/{post.id}").text


@pytest.mark.parametrize("data, words", [
    ({"body": "  "}, "text"), ({"body": "x", "audience": "private"}, "To share is to let others read it"),
    ({"body": "x", "audience": "circle:none"}, "no such circle"), ({"body": "x" * 20_001}, "characters")])
def test_what_does_not_fit_is_said_beside_the_kept_text(make, browse, data, words):
    ada = make.person("Ada")
    ticket = make.ticket(ada)
    before = traces()
    answer = browse(ada).post(f"/p/{ticket.id}/share", data=data)
    assert answer.status_code in (422, 404) and words in answer.text and data["body"].strip() in answer.text
    assert browse(ada).post(f"/p/{ticket.id}/share", data=data, headers=HTMX).status_code == answer.status_code
    assert traces() == before


# --- nothing goes along but what stands in the text

def test_a_shared_ticket_takes_neither_title_nor_replies_photos_nor_hashtags_along(make, browse):
    net = make.team("Network")
    ada, tom, ben = make.person("Ada"), make.agent("Tom", teams=[net]), make.person("Ben")
    ticket = ticket_with_all(make, browse, ada, tom)
    own = box(browse(ada).get(f"/p/{ticket.id}/share").text)
    assert own == "I have this: My screen stays black. #screen"
    assert box(browse(tom).get(f"/p/{ticket.id}/share").text) == ""
    for who in (ada, tom):
        post = shared(browse(who), ticket, body=own)
        told_by_now()
        assert fresh(post).title == "I have this: My screen stays black." and count(Attachment, Attachment.post_id == post.id) == 0
        assert tags_of([post.id])[post.id] == ["screen"] and count(Access, Access.root_id == post.id) == 1
        assert (fresh(post).team_id, fresh(post).replies_public, fresh(post).likes, fresh(post).me_toos) == (None, 0, 0, 0)
        for surface in (f"/p/{post.id}", "/?view=newest", "/t/screen", "/search?q=screen+black", f"/p/{post.id}/versions", f"/p/{post.id}/share"):
            answer = browse(ben).get(surface).text
            assert not [word for word in HIDDEN if word in answer] and f"/p/{ticket.id}\"" not in answer, surface
    photo_id = db.session.scalar(sa.select(Attachment.id).where(Attachment.post_id == ticket.id))
    assert browse(ben).get(f"/attachments/{photo_id}").status_code == 404


#: words of a ticket that a post made from it must not carry
HIDDEN = ("zebra", "okapi", "gnu", "attachments/", "ibex")


def ticket_with_all(make, browse, ada, tom):
    """A ticket with a title, a photo in its text, a hashtag of the desk, replies and a note."""
    answer = browse(ada).post("/ask", data={"kind": "ticket", "title": "The zebra room", "body": "My screen stays black. #screen\n\n![ibex](photo:1)",
                                            "photo": photo()}, content_type="multipart/form-data")
    ticket = db.session.get(Post, int(answer.location.rsplit("/", 1)[1]))
    db.session.rollback()
    with transaction():
        tag_thread(db.session.merge(ticket), ["okapi-floor-two"])
    make.reply(ticket, tom, "Your password was okapi, I changed it.")
    make.reply(ticket, ada, "The gnu did it.")
    make.reply(ticket, tom, "Between us: gnu.", note=True)
    told_by_now()
    return ticket


def box(page):
    """What stands in the box before anything is changed."""
    return html.unescape(re.search(r'name="body"[^>]*>\n?(.*?)</textarea>', page, re.S)[1]).strip()


def count(table, *where):
    db.session.rollback()
    found = db.session.scalar(sa.select(sa.func.count()).select_from(table).where(*where))
    db.session.rollback()
    return found


def test_what_is_said_in_a_ticket_after_it_was_shared_stays_there(make, browse):
    ada, tom, ben = make.person("Ada"), make.agent("Tom"), make.person("Ben")
    ticket = make.ticket(ada, "The lamp is out.")
    post = shared(browse(ada), ticket, body="Is your lamp out? #lamp")
    make.reply(ticket, tom, "Your password was okapi.")
    make.reply(post, ben, "Mine too.")
    told_by_now()
    for who in (ben, ada):
        assert "okapi" not in browse(who).get(f"/p/{post.id}").text and "okapi" not in browse(who).get("/inbox").text
    assert "Mine too." not in browse(ada).get(f"/p/{ticket.id}").text and fresh(post).replies_public == 1
    assert browse(ben).get("/inbox").text.count(f"/p/{ticket.id}") == 0


def test_a_ticket_shared_twice_is_two_posts_and_who_has_it_counts_once(make, browse):
    one, two = make.circle("One"), make.circle("Two")
    ada = make.person("Ada")
    ticket = make.ticket(ada)
    posts = [shared(browse(ada), ticket, body=f"Text {n}?", key=f"k{n}") for n in (1, 2)]
    assert posts[0].id != posts[1].id and count(Link, Link.to_id == ticket.id) == 2 == events(ticket, "shared")
    assert f'href="/p/{posts[1].id}"' in browse(ada).get(f"/p/{ticket.id}").text, "the newer one is the one to follow"
    people = [make.person(circles=[circle]) for circle in (one, two)]
    for post in posts:
        for person in people:
            browse(person).post(f"/p/{post.id}/me-too")
    told_by_now()
    assert row_of(ticket)["impact"] == "low", "two people who said it twice are two"
    browse(make.person(circles=[one])).post(f"/p/{posts[0].id}/me-too")
    told_by_now()
    assert row_of(ticket)["impact"] == "medium"


def test_what_is_shared_on_leads_back_one_step_as_far_as_one_may_read(make, browse):
    ada, ben, cem = make.person("Ada"), make.person("Ben"), make.person("Cem")
    ticket = make.ticket(ada, "The zebra room is dark.")
    first = shared(browse(ada), ticket, body="Is it dark where you are?")
    second = shared(browse(ben), first, body=f"See [that](/p/{first.id}).")
    page = browse(cem).get(f"/p/{second.id}").text
    assert f'href="/p/{first.id}"' in page and f'/p/{ticket.id}"' not in page and "zebra" not in page
    assert f'href="/p/{second.id}"' in browse(cem).get(f"/p/{first.id}").text and f'/p/{ticket.id}"' not in browse(cem).get(f"/p/{first.id}").text
    assert f'href="/p/{second.id}"' not in browse(ada).get(f"/p/{ticket.id}").text
