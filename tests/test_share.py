"""Sharing: a new post from a text one sees first; nothing of what was said before goes along, and a left-out name stays out."""
import pytest
import sqlalchemy as sa

from socialdesk.api.actions import make_token
from socialdesk.db import db, transaction
from socialdesk.posts import thread_actions
from socialdesk.posts.models import Link, Post

from .conftest import HTMX, run_due, told_by_now
from .post_desk import events, fresh, refused, sees, traces


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


# --- the name left out

def test_a_left_out_name_appears_nowhere(make, browse, desk):
    circle = make.circle("Pilots")
    ada = make.person("Zelda Quagga", email="zelda.quagga@example.org", circles=[circle])
    ben, tom, root = make.person("Ben", circles=[circle]), make.agent("Tom"), make.admin("Root")
    source = make.question(make.person("Nia"), "Is it the printer?")
    run_due()
    post = shared(browse(ada), source, nameless="on", body=f"The printer hums, says @{ben.handle}. #hum")
    assert post.shown_as == "A colleague"
    with transaction():
        for person in (ben, tom):
            thread_actions.follow(post.id, person)
    make.reply(post, ada, "And it hums still.")
    make.reply(post, ben, "Mine too.")
    told_by_now()
    with transaction():
        tokens = {person.id: make_token(person.id) for person in (ben, tom, root)}
    for person in (ben, tom, root):
        browser = browse(person)
        pages = [f"/p/{post.id}", f"/p/{post.id}/timeline", "/", "/?view=newest", "/?view=following", "/t/hum", "/search?q=printer+hums", "/inbox",
                 f"/p/{post.id}/versions", f"/p/{post.id}/share", "/suggestions?q=the+printer+hums"]
        for page in pages:
            text = browser.get(page, headers=HTMX if page.endswith("timeline") else {}).text
            assert "Quagga" not in text and ada.handle not in text, page
        for path in (f"/posts/{post.id}", f"/posts/{post.id}/replies", "/feed?view=newest", "/notifications", "/search?q=printer"):
            answer = desk.test_client().get("/api/v1" + path, headers={"Authorization": f"Bearer {tokens[person.id]}"})
            assert answer.status_code == 200 and "Quagga" not in answer.text and ada.handle not in answer.text, path
    for address in (f"/@{ada.handle}", "/people?q=Zelda"):
        text = browse(ben).get(address).text
        assert "printer" not in text and f"/p/{post.id}" not in text and "#hum" not in text, address


def test_neither_thread_leads_others_to_the_other_where_the_name_is_left_out(make, browse):
    ada, tom = make.person("Ada"), make.agent("Tom")
    ticket = make.ticket(ada)
    post = shared(browse(ada), ticket, nameless="on")
    assert f'href="/p/{post.id}"' not in browse(tom).get(f"/p/{ticket.id}").text
    assert f'href="/p/{ticket.id}"' not in browse(tom).get(f"/p/{post.id}").text
    assert f'href="/p/{post.id}"' in browse(ada).get(f"/p/{ticket.id}").text
