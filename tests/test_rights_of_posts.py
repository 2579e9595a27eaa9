"""Who sees what of a thread: audience, people added, notes, what is held, names left out."""
import re

import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.errors import Missing
from socialdesk.posts import actions, queries
from socialdesk.posts.models import Access, Follow
from socialdesk.tags import actions as tag_actions

from .conftest import HTMX, run_due, told_by_now
from .post_desk import done_twice, events, form, fragment, fresh, prepared, refused, sees, traces

GETS = ("", "/timeline", "/edit", "/versions")
POSTS = ("reply", "edit", "delete", "follow", "follow/remove", "me-too", "me-too/remove", "accepted-answer", "accepted-answer/remove",
         "access", "access/remove", "seen", "undo")


@pytest.fixture(autouse=True)
def _still(time):
    """The clock moves only where a test moves it: what is held stays held, however slow the machine."""
    time.stop()


def shut_out(browser, post, unknown=424242):
    """Each address of a post answers this person as if it did not exist, and nothing happens."""
    before = traces()
    for address in GETS:
        answers = [browser.get(f"/p/{number}{address}", headers=HTMX) for number in (post.id, unknown)]
        assert {answer.status_code for answer in answers} == {404}
        assert answers[0].text == answers[1].text
    for deed in POSTS:
        data = {"body": "x", "handle": "ada", "level": "all", "reply_id": post.id}
        for headers in (HTMX, {}):
            assert browser.post(f"/p/{post.id}/{deed}", data=data, headers=headers).status_code == 404, deed
    assert traces() == before


def test_a_private_post_is_for_its_author_those_added_and_the_desk(make, browse):
    ada, ben, cem = make.person("Ada"), make.person("Ben"), make.person("Cem")
    ticket, question = make.ticket(ada), make.question(ada, audience="private")
    for post in (ticket, question):
        with transaction():
            actions.give_access(post.id, ada, ben.id)
        assert {who.name: sees(who, post) for who in (ada, ben, cem)} == {"Ada": True, "Ben": True, "Cem": False}
        assert sees(make.agent(), post) and sees(make.admin(), post)
        shut_out(browse(cem), post)


def test_a_confidential_teams_post_is_for_its_members(make, browse):
    team, ada = make.team("HR", confidential=True), make.person("Ada")
    with transaction():
        tag_actions.own_tag("pay", team.id)
    ticket = make.ticket(ada, "My #pay is wrong")
    member, agent, admin = make.agent(teams=[team]), make.agent(), make.admin()
    assert [sees(who, ticket) for who in (ada, member, agent, admin)] == [True, True, False, False]
    assert "Only you and the HR team" in browse(ada).get(f"/p/{ticket.id}").text
    for person in (agent, admin):
        shut_out(browse(person), ticket)


def test_a_circles_post_is_for_its_members(make, browse):
    circle = make.circle("Lab")
    member, other = make.person(circles=[circle]), make.person(circles=[circle])
    outside, tom = make.person(), make.agent()
    post = make.question(member, audience="circle:lab")
    assert [sees(who, post) for who in (member, other, outside, tom)] == [True, True, False, False]
    assert "Only Lab can read this" in browse(other).get(f"/p/{post.id}").text
    shut_out(browse(outside), post)
    shut_out(browse(tom), post)


# --- people added

def test_its_author_adds_a_colleague_who_then_sees_all_of_it(make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    ticket = make.ticket(ada, "My screen stays black.")
    make.reply(ticket, ada, "Since Monday")
    text = done_twice(browse(ada), f"/p/{ticket.id}/access", f"/p/{ticket.id}", handle="@Ben")
    assert "<b>You</b> added <b>Ben</b>" in re.sub(r"\s+", " ", text) and f'id="access-{ticket.id}"' in text
    page = browse(ben).get(f"/p/{ticket.id}").text
    assert "Since Monday" in page and "Only Ada, 1 more and the desk" in page and "added <b>you</b>" in page
    done_twice(browse(ada), f"/p/{ticket.id}/access/remove", f"/p/{ticket.id}", handle="ben")
    shut_out(browse(ben), ticket)
    assert events(ticket)[2:] == ["access_given", "access_taken"]


def test_who_was_added_may_leave_but_add_nobody(make, browse):
    ada, ben, cem = make.person("Ada"), make.person("Ben"), make.person("Cem")
    ticket = make.ticket(ada)
    with transaction():
        actions.give_access(ticket.id, ada, ben.id)
        actions.give_access(ticket.id, ada, cem.id)
    dora = make.person("Dora")
    refused(browse(ben), f"/p/{ticket.id}/access", 403, "or the desk, can let somebody else read this", handle="dora")
    refused(browse(ben), f"/p/{ticket.id}/access/remove", 403, handle="cem")
    assert "You have left" in fragment(browse(ben), f"/p/{ticket.id}/access/remove", handle="ben")
    form(browse(cem), f"/p/{ticket.id}/access/remove", "/", handle="cem")
    assert not sees(ben, ticket) and not sees(cem, ticket) and not sees(dora, ticket)


def test_the_desk_may_add_and_nobody_unknown_is_added(make, browse):
    ada, ben, tom = make.person("Ada"), make.person("Ben"), make.agent()
    ticket = make.ticket(ada)
    fragment(browse(tom), f"/p/{ticket.id}/access", handle="ben")
    assert sees(ben, ticket)
    for handle in ("nobody", "", "ben ada", "\x00"):
        refused(browse(ada), f"/p/{ticket.id}/access", 422, "nobody with this handle", handle=handle)
    refused(browse(ada), f"/p/{make.question(ada).id}/access", 422, "Everyone can read this already", handle="ben")


def test_the_author_is_never_taken_off(make, browse):
    ada, tom = make.person("Ada"), make.agent()
    ticket = make.ticket(ada)
    done_twice(browse(tom), f"/p/{ticket.id}/access/remove", f"/p/{ticket.id}", handle="ada")
    assert sees(ada, ticket) and events(ticket, "access_taken") == 0


def test_a_mention_grants_nothing_and_the_author_is_asked(make, browse):
    ada, ben, tom = make.person("Ada"), make.person("Ben Okri"), make.agent()
    ticket = make.ticket(ada, "Ask @ben about it")
    assert not sees(ben, ticket)
    offer = "Add Ben? They will see the whole ticket."
    page = browse(ada).get(f"/p/{ticket.id}").text
    assert offer in page and 'name="handle" value="ben"' in page
    assert offer not in browse(tom).get(f"/p/{ticket.id}").text
    assert offer in fragment(browse(tom), f"/p/{ticket.id}/reply", body="@ben, what do you say?")
    fragment(browse(ada), f"/p/{ticket.id}/access", handle="ben")
    assert sees(ben, ticket) and offer not in browse(ada).get(f"/p/{ticket.id}").text
    public = make.question(ada, "Hello @ben")
    assert "Add Ben?" not in browse(ada).get(f"/p/{public.id}").text


# --- notes

def test_a_note_is_for_the_desk_as_text_event_count_and_number(make, browse):
    ada, ben, tom, priya = make.person("Ada"), make.person("Ben"), make.agent("Tom"), make.agent("Priya")
    ticket = make.ticket(ada)
    with transaction():
        actions.give_access(ticket.id, ada, ben.id)
    run_due()
    before = {person: browse(person).get(f"/p/{ticket.id}/timeline", headers=HTMX).text for person in (ada, ben)}
    text = fragment(browse(tom), f"/p/{ticket.id}/reply", body="The certificate ran out", note="on")
    told_by_now()
    note_id = int(re.search(r'class="note" id="p(\d+)"', text)[1])
    assert "Only the desk sees this" in browse(priya).get(f"/p/{ticket.id}").text and "certificate" in browse(priya).get(f"/p/{ticket.id}").text
    for person in (ada, ben):
        assert browse(person).get(f"/p/{ticket.id}/timeline", headers=HTMX).text == before[person]
        newest = queries.thread_of(ticket.id, person).newest_event_id
        assert newest < queries.thread_of(ticket.id, tom).newest_event_id
        refused(browse(person), f"/p/{note_id}/reply", 404, body="x")
        assert browse(person).get(f"/p/{note_id}").status_code == 404
    assert fresh(ticket).replies_public == 0 and fresh(ticket).active_at == ticket.active_at


def test_notes_are_written_by_the_desk_alone_and_not_on_ones_own_behalf(make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    ticket, question = make.ticket(ada), make.question(ada)
    with transaction():
        actions.give_access(ticket.id, ada, ben.id)
    for person in (ada, ben):
        refused(browse(person), f"/p/{ticket.id}/reply", 403, "Only the desk writes notes here", body="psst", note="on")
        assert "data-note" not in browse(person).get(f"/p/{ticket.id}").text
    refused(browse(make.agent()), f"/p/{question.id}/reply", 403, "Only the desk writes notes here", body="psst", note="on")
    assert "data-note" in browse(make.agent()).get(f"/p/{ticket.id}").text


def test_an_agent_added_to_a_confidential_ticket_reads_no_notes(make, browse):
    team, ada = make.team("HR", confidential=True), make.person("Ada")
    with transaction():
        tag_actions.own_tag("pay", team.id)
    ticket, member, added = make.ticket(ada, "My #pay"), make.agent("Mem", teams=[team]), make.agent("Gus")
    with transaction():
        actions.give_access(ticket.id, ada, added.id)
    note, made = make.reply(ticket, member, "Between us", note=True), make.reply(ticket, member, "Hello Ada")
    page = browse(added).get(f"/p/{ticket.id}").text
    assert "Hello Ada" in page and "Between us" not in page and "data-note" not in page
    assert not sees(added, note) and sees(added, made)
    refused(browse(added), f"/p/{ticket.id}/access", 403, handle="mem")
    browse(added).post(f"/p/{ticket.id}/seen", headers=HTMX)
    assert events(ticket, "seen") == 0


def test_a_note_taken_back_leaves_the_requester_nothing(make, browse):
    ada, tom = make.person("Ada"), make.agent()
    ticket = make.ticket(ada)
    note = make.reply(ticket, tom, "Psst", note=True)
    before = browse(ada).get(f"/p/{ticket.id}/timeline", headers=HTMX).text
    fragment(browse(tom), f"/p/{note.id}/delete")
    assert browse(ada).get(f"/p/{ticket.id}/timeline", headers=HTMX).text == before


# --- what is held

def test_what_is_held_is_its_writers_alone(make, browse):
    ada, ben, tom = make.person("Ada"), make.person("Ben"), make.agent()
    question = make.question(ada)
    before = browse(ada).get(f"/p/{question.id}/timeline", headers=HTMX).text
    fragment(browse(ben), f"/p/{question.id}/reply", body="Not yet")
    reply_id = question.id + 1
    for person in (ada, tom):
        assert browse(person).get(f"/p/{reply_id}").status_code == 404
        refused(browse(person), f"/p/{reply_id}/reply", 404, body="x")
    assert browse(ada).get(f"/p/{question.id}/timeline", headers=HTMX).text == before
    assert browse(ben).get(f"/p/{reply_id}").status_code == 303


# --- names left out

@pytest.fixture
def nameless(make):
    """A question whose asker's name is left out, with a reply of theirs."""
    ada, ben = make.person("Ada Lovelace", handle="ada"), make.person("Ben")
    question = make.question(ada, "Who else cannot print?", shown_as="A colleague from Finance")
    make.reply(question, ben, "Me"), make.reply(question, ada, "Then it is not just me")
    return ada, ben, question


def test_a_left_out_name_stands_nowhere_on_the_page(nameless, make, browse):
    ada, ben, question = nameless
    answer = make.reply(question, ben, "Look at tray two")
    with transaction():
        actions.accept(answer.id, ada)
        actions.edit(question.id, ada, prepared_in(ada, "Who else cannot print today?"))
    run_due()
    for person in (ben, make.agent(), make.admin()):
        for address in ("", "/timeline", "/versions"):
            page = browse(person).get(f"/p/{question.id}{address}", headers=HTMX if address == "/timeline" else {}).text
            assert "Ada" not in page and "ada" not in re.sub(r"[a-z]+ada|ada[a-z]+", "", page), address
        assert page.count("A colleague from Finance") >= 1
    for row in rows_of(question, ben):
        assert row["author_id"] != ada.id and row["author_handle"] != "ada"


def prepared_in(person, body):
    """A text made ready inside an open transaction, as only a test would."""
    return queries.Prepared(body, body, f"<p>{body}</p>", body, [], {})


def rows_of(question, viewer):
    db.session.rollback()
    timeline = queries.timeline_of(question.id, viewer)
    return [entry.row._mapping for entry in (timeline.root, *timeline.entries) if entry.what == "said"]


def test_who_left_their_name_out_still_knows_it_is_theirs(nameless, browse):
    ada, ben, question = nameless
    assert [row["author_id"] for row in rows_of(question, ada)] == [ada.id, ben.id, ada.id]
    assert [row["author_name"] for row in rows_of(question, ben)] == ["A colleague from Finance", "Ben", "A colleague from Finance"]
    page = browse(ada).get(f"/p/{question.id}").text
    assert page.count('class="message mine"') == 2 and f'href="/p/{question.id}/edit"' in page


def test_taking_back_does_not_give_the_name_away(nameless, browse):
    ada, ben, question = nameless
    form(browse(ada), f"/p/{question.id}/delete", f"/p/{question.id}")
    page = browse(ben).get(f"/p/{question.id}").text
    assert "<b>A colleague from Finance</b> took this back" in page and "Ada" not in page
