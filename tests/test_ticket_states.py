"""How a ticket moves: the whole table for everybody, the sentence, undo, the clock, resume, reopen and follow-up."""
import re
from datetime import datetime, timedelta, timezone
from itertools import product

import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.errors import Conflict, Invalid, Missing, NotAllowed
from socialdesk.posts import actions as posts
from socialdesk.posts.models import Access, Link, Post
from socialdesk.tickets import actions, queries
from socialdesk.tickets.checker import closing_time, day_in_words, how_long

from .conftest import HTMX, run_due, told_by_now
from .ticket_desk import DESK, REQUESTER, STATUSES, offered, offered_with_a_reply, put, row_of, sentences, story, told, traces


@pytest.fixture
def scene(make):
    """A ticket, and somebody for each relation to it."""
    class Scene:
        team = make.team("Network")
        requester, stranger, participant = make.person("Amina Yusuf"), make.person(), make.person()
        agent, colleague, admin = make.agent("Tomasz Wrona", teams=[team]), make.agent("Priya Nair"), make.admin()
        ticket = make.ticket(requester, "The Wi-Fi forgets me every morning.")
    with transaction():
        posts.give_access(Scene.ticket.id, Scene.requester, Scene.participant.id)
    return Scene


def expected(role, before, after):
    """What a change of state answers, from the table alone."""
    if role == "stranger":
        return 404
    if role == "participant":
        return 403
    if after in (REQUESTER if role == "requester" else DESK)[before].split():
        return 200
    return 403 if after in DESK[before].split() else 409


# --- the table

@pytest.mark.parametrize("role", ["requester", "agent", "admin", "participant", "stranger"])
def test_a_ticket_moves_where_the_table_leads_and_nowhere_else(scene, browse, role):
    browser = browse(getattr(scene, role))
    for before, after in product(STATUSES, STATUSES):
        put(scene.ticket, before)
        left = traces()
        answer = browser.post(f"/p/{scene.ticket.id}/status", headers=HTMX,
                              data={"status": after, "sentence": "We look at it now.", "hold_reason": "change"})
        assert (answer.status_code, before, after) == (expected(role, before, after), before, after)
        if answer.status_code == 200:
            row = row_of(scene.ticket)
            assert (row["status"], row["hold_reason"]) == (after, "change" if after == "on_hold" else None)
            verb = "ticket_reopened" if (role, before, after) == ("requester", "resolved", "in_progress") else "ticket_status_changed"
            assert story(scene.ticket)[-1] == (verb, before, after)
        else:
            assert traces() == left
            assert 'id="notice"' in answer.text


@pytest.mark.parametrize("role", ["requester", "agent", "admin", "participant"])
def test_the_buttons_offered_are_the_transition_table(scene, browse, role):
    browser, table = browse(getattr(scene, role)), {"requester": REQUESTER, "participant": {}}.get(role, DESK)
    for before in STATUSES:
        put(scene.ticket, before)
        page = browser.get(f"/p/{scene.ticket.id}").text
        assert (before, offered(page, scene.ticket.id)) == (before, set(table.get(before, "").split()))
        with_reply = set(DESK[before].split()) if role in ("agent", "admin") else set()
        assert (before, offered_with_a_reply(page, scene.ticket.id) or set()) == (before, with_reply)


def test_who_may_not_see_a_ticket_is_offered_nothing_and_told_nothing(scene, browse):
    answers = [browse(scene.stranger).get(f"/p/{number}/panel", headers=HTMX) for number in (scene.ticket.id, 987654)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text == answers[1].text


def test_an_agent_on_their_own_ticket_has_both_parts_of_the_table(scene, browse, make):
    own = make.ticket(scene.agent, "My own screen is dark.")
    for before in STATUSES:
        put(own, before)
        assert offered(browse(scene.agent).get(f"/p/{own.id}").text, own.id) == set(DESK[before].split())


def test_an_unknown_status_is_refused_in_words(scene, browse):
    left = traces()
    answer = browse(scene.agent).post(f"/p/{scene.ticket.id}/status", headers=HTMX, data={"status": "reopened", "sentence": "Again."})
    assert answer.status_code == 422 and "in_progress" in answer.text
    assert traces() == left


def test_a_ticket_that_is_not_there_looks_like_one_that_is_not_yours(scene, browse):
    browser = browse(scene.agent)
    for post_id, path in product([0, 987654, 2 ** 63 - 1, 2 ** 63, 10 ** 30], ["status", "status/undo", "take", "team", "type"]):
        answer = browser.post(f"/p/{post_id}/{path}", headers=HTMX, data={"status": "resolved", "sentence": "x"})
        assert (answer.status_code, post_id, path) == (404, post_id, path)


def test_a_question_has_no_ticket_state(scene, browse, make):
    question = make.question()
    assert browse(scene.agent).post(f"/p/{question.id}/status", data={"status": "resolved", "sentence": "x"}, headers=HTMX).status_code == 404
    assert browse(scene.agent).get(f"/p/{question.id}/panel", headers=HTMX).status_code == 404


# --- the sentence

def change(scene, person, status, sentence="Done.", **more):
    with transaction():
        return actions.change_status(scene.ticket.id, person, status, sentence, **more)


def test_the_desk_says_a_sentence_with_every_change(scene, browse):
    left = traces()
    for nothing in ("", "   ", "\n\t"):
        answer = browse(scene.agent).post(f"/p/{scene.ticket.id}/status", headers=HTMX, data={"status": "resolved", "sentence": nothing})
        assert answer.status_code == 422 and "sentence" in answer.text
    assert traces() == left


@pytest.mark.parametrize(("status", "more"), [("on_hold", {"hold_reason": "change"}), ("in_progress", {}), ("resolved", {}), ("canceled", {})])
def test_a_change_and_its_sentence_stand_apart_on_the_page(scene, browse, status, more):
    change(scene, scene.agent, status, "We put it on the list.", **more)
    line = re.search(r'<p class="happened(?:(?!</p>).)*We put it on the list(?:(?!</p>).)*</p>', browse(scene.agent).get(f"/p/{scene.ticket.id}").text, re.S)[0]
    words = " ".join(re.sub("<[^>]*>", "", line).split())
    assert re.search(r"\. “We put it on the list\.” ", words), words


def test_a_sentence_has_at_most_500_characters(scene):
    with pytest.raises(Invalid) as refusal:
        change(scene, scene.agent, "resolved", "x" * 501)
    assert refusal.value.field == "sentence" and "501" in refusal.value.sentence
    change(scene, scene.agent, "resolved", "x" * 500)
    assert sentences(scene.ticket) == ["x" * 500]


def test_the_requester_needs_no_sentence(scene):
    change(scene, scene.agent, "resolved", "New key.")
    change(scene, scene.requester, "in_progress", "")
    change(scene, scene.agent, "resolved", "Newer key.")
    change(scene, scene.requester, "closed", "")
    assert sentences(scene.ticket) == ["New key.", "Newer key."]


def test_a_sentence_is_shown_as_text_and_never_kept_in_the_ledger(scene, browse):
    change(scene, scene.agent, "in_progress", "Amina, we use <b>your</b> laptop & a new key.")
    page = browse(scene.requester).get(f"/p/{scene.ticket.id}/panel", headers=HTMX).text
    assert "Amina, we use &lt;b&gt;your&lt;/b&gt; laptop &amp; a new key." in page
    assert "laptop" not in str(traces()["event"])


def test_what_waits_says_for_whom(scene):
    for reason in (None, "", "weather"):
        with pytest.raises(Invalid) as refusal:
            change(scene, scene.agent, "on_hold", "Soon.", hold_reason=reason)
        assert refusal.value.field == "hold_reason"
    change(scene, scene.agent, "on_hold", "The supplier sends one.", hold_reason="supplier")
    assert row_of(scene.ticket)["hold_reason"] == "supplier"


def test_the_sentence_of_the_desk_is_its_last_word_and_the_requesters_is_not(scene, time):
    time.stop()
    time.pass_(hours=1)
    change(scene, scene.agent, "in_progress", "We look at it.")
    first = row_of(scene.ticket)["first_word_at"]
    assert first == row_of(scene.ticket)["last_word_at"] > row_of(scene.ticket)["opened_at"]
    time.pass_(hours=1)
    change(scene, scene.agent, "resolved", "Fixed.")
    time.pass_(hours=1)
    change(scene, scene.requester, "in_progress", "It is not.")
    assert row_of(scene.ticket)["first_word_at"] == first
    assert row_of(scene.ticket)["last_word_at"] == first + timedelta(hours=1)


def test_a_change_by_the_api_is_told_at_once_and_cannot_be_undone(scene):
    event = change(scene, scene.agent, "resolved")
    assert event.hold_until is None
    with pytest.raises(Conflict), transaction():
        actions.undo_status(scene.ticket.id, scene.agent)


# --- the page's forms

def test_a_change_answers_htmx_with_the_panel_and_a_plain_form_with_the_page(scene, browse):
    browser, data = browse(scene.agent), {"status": "in_progress", "sentence": "I look at it."}
    fragment = browser.post(f"/p/{scene.ticket.id}/status", data=data, headers=HTMX)
    assert fragment.status_code == 200 and fragment.text.startswith('<section class="status-head working" id="panel-')
    plain = browser.post(f"/p/{scene.ticket.id}/status", data=data | {"status": "resolved"})
    assert (plain.status_code, plain.location) == (303, f"/p/{scene.ticket.id}")


def test_the_same_form_sent_twice_changes_once(scene, browse):
    browser, data = browse(scene.agent), {"status": "resolved", "sentence": "Fixed.", "key": "one-press"}
    answers = [browser.post(f"/p/{scene.ticket.id}/status", data=data, headers=headers) for headers in (HTMX, HTMX, {})]
    assert [answer.status_code for answer in answers] == [200, 200, 303]
    assert [verb for verb, *_ in story(scene.ticket)].count("ticket_status_changed") == 1
    other = browser.post(f"/p/{scene.ticket.id}/status", data=data | {"sentence": "Broken."}, headers=HTMX)
    assert other.status_code == 409 and "another message" in other.text


def test_a_refused_plain_form_keeps_what_was_typed(scene, browse):
    answer = browse(scene.agent).post(f"/p/{scene.ticket.id}/status", data={"status": "new", "sentence": "Everything I wrote."})
    assert answer.status_code == 409 and "Everything I wrote." in answer.text


def test_the_panel_fetched_alone_leads_to_the_page_without_htmx(scene, browse):
    assert browse(scene.requester).get(f"/p/{scene.ticket.id}/panel").location == f"/p/{scene.ticket.id}"


# --- undo

def test_a_pages_change_is_seen_at_once_and_its_sentence_only_when_it_is_told(scene, browse):
    browse(scene.agent).post(f"/p/{scene.ticket.id}/status", data={"status": "resolved", "sentence": "A new key."})
    seen = browse(scene.requester).get(f"/p/{scene.ticket.id}/panel", headers=HTMX).text
    assert "Fixed, please check" in seen and "A new key." not in seen
    assert "A new key." in browse(scene.agent).get(f"/p/{scene.ticket.id}/panel", headers=HTMX).text
    told_by_now()
    assert "A new key." in browse(scene.requester).get(f"/p/{scene.ticket.id}/panel", headers=HTMX).text


def test_undo_restores_exactly_what_was(scene, browse):
    change(scene, scene.agent, "in_progress", "A first word.")
    browser = browse(scene.agent)
    for before, after in [(before, after) for before in DESK for after in DESK[before].split()]:
        put(scene.ticket, before)
        was, left = row_of(scene.ticket), told(traces())
        browser.post(f"/p/{scene.ticket.id}/status", data={"status": after, "sentence": "Oh.", "hold_reason": "change"})
        assert row_of(scene.ticket) != was
        answer = browser.post(f"/p/{scene.ticket.id}/status/undo", headers=HTMX)
        assert answer.status_code == 200 and "Oh." not in answer.text
        assert row_of(scene.ticket) == was
        assert told(traces()) == left


def test_undo_leads_back_to_the_page_and_a_second_one_has_nothing_to_undo(scene, browse):
    browser = browse(scene.agent)
    browser.post(f"/p/{scene.ticket.id}/status", data={"status": "resolved", "sentence": "Fixed."})
    assert browser.post(f"/p/{scene.ticket.id}/status/undo").location == f"/p/{scene.ticket.id}"
    left = traces()
    assert browser.post(f"/p/{scene.ticket.id}/status/undo", headers=HTMX).status_code == 409
    assert traces() == left


def test_after_ten_seconds_nothing_is_undone(scene, browse, time):
    browser = browse(scene.agent)
    browser.post(f"/p/{scene.ticket.id}/status", data={"status": "resolved", "sentence": "Fixed."})
    time.pass_(seconds=11)
    left = traces()
    answer = browser.post(f"/p/{scene.ticket.id}/status/undo", headers=HTMX)
    assert answer.status_code == 409 and "told already" in answer.text
    assert traces() == left


def test_nobody_undoes_what_another_did(scene, browse):
    browse(scene.agent).post(f"/p/{scene.ticket.id}/status", data={"status": "resolved", "sentence": "Fixed."})
    left = traces()
    answers = [browse(person).post(f"/p/{scene.ticket.id}/status/undo", headers=HTMX).status_code
               for person in (scene.colleague, scene.requester, scene.participant, scene.stranger)]
    assert answers == [409, 409, 403, 404]
    assert traces() == left


def test_undo_is_offered_to_its_author_alone_and_not_longer_than_it_works(scene, browse, time):
    browse(scene.agent).post(f"/p/{scene.ticket.id}/status", data={"status": "resolved", "sentence": "Fixed."})
    offers = [f"/p/{scene.ticket.id}/status/undo" in browse(person).get(f"/p/{scene.ticket.id}/panel", headers=HTMX).text
              for person in (scene.agent, scene.colleague, scene.requester)]
    assert offers == [True, False, False]
    time.pass_(seconds=11)
    assert "/status/undo" not in browse(scene.agent).get(f"/p/{scene.ticket.id}/panel", headers=HTMX).text


def test_what_another_changed_since_is_not_undone_over_their_head(scene):
    change(scene, scene.agent, "resolved", "Fixed.", hold_seconds=10)
    change(scene, scene.colleague, "in_progress", "Not quite.", hold_seconds=10)
    left = traces()
    with pytest.raises(Conflict) as refusal, transaction():
        actions.undo_status(scene.ticket.id, scene.agent)
    assert "after you" in refusal.value.sentence
    assert traces() == left
    for person in (scene.colleague, scene.agent):               # the other way round, both come back
        with transaction():
            actions.undo_status(scene.ticket.id, person)
    assert row_of(scene.ticket)["status"] == "new" and row_of(scene.ticket)["version"] == 1


def test_a_requesters_withdrawal_can_be_undone_as_well(scene, browse):
    browser = browse(scene.requester)
    browser.post(f"/p/{scene.ticket.id}/status", data={"status": "canceled"})
    assert row_of(scene.ticket)["status"] == "canceled"
    browser.post(f"/p/{scene.ticket.id}/status/undo")
    assert row_of(scene.ticket)["status"] == "new" and row_of(scene.ticket)["closed_at"] is None


def test_nobody_is_told_of_what_was_undone(scene, browse):
    run_due()
    browser = browse(scene.agent)
    browser.post(f"/p/{scene.ticket.id}/status", data={"status": "resolved", "sentence": "Fixed."})
    browser.post(f"/p/{scene.ticket.id}/status/undo")
    told_by_now()
    assert "Fixed" not in browse(scene.requester).get("/inbox").text


# --- replies that move a ticket

def test_the_requesters_reply_resumes_what_waited_for_them(scene, make):
    change(scene, scene.agent, "on_hold", "Which desk is it?", hold_reason="requester")
    make.reply(scene.ticket, scene.requester, "The third one.")
    row = row_of(scene.ticket)
    assert (row["status"], row["hold_reason"], row["reopened"]) == ("in_progress", None, 0)
    assert story(scene.ticket)[-1] == ("ticket_resumed", "on_hold", "in_progress")


@pytest.mark.parametrize("reason", ["supplier", "change"])
def test_a_reply_does_not_resume_what_waits_for_something_else(scene, make, reason):
    change(scene, scene.agent, "on_hold", "It takes a while.", hold_reason=reason)
    make.reply(scene.ticket, scene.requester, "How long?")
    assert row_of(scene.ticket)["status"] == "on_hold"


def test_only_a_reply_and_no_button_resumes_for_the_requester(scene):
    change(scene, scene.agent, "on_hold", "Which desk is it?", hold_reason="requester")
    with pytest.raises(NotAllowed) as refusal:
        change(scene, scene.requester, "in_progress", "")
    assert "reply" in refusal.value.sentence


def test_the_requesters_reply_reopens_what_was_resolved_and_it_is_counted(scene, make):
    for times in (1, 2):
        change(scene, scene.agent, "resolved", "Fixed.")
        make.reply(scene.ticket, scene.requester, "It is not.")
        row = row_of(scene.ticket)
        assert (row["status"], row["reopened"], row["closes_at"], row["resolved_at"]) == ("in_progress", times, None, None)
        assert story(scene.ticket)[-1] == ("ticket_reopened", "resolved", "in_progress")


@pytest.mark.parametrize("who", ["participant", "agent", "colleague", "admin"])
@pytest.mark.parametrize(("status", "reason"), [("resolved", None), ("on_hold", "requester")])
def test_a_reply_of_anybody_else_moves_nothing(scene, make, who, status, reason):
    change(scene, scene.agent, status, "So it is.", hold_reason=reason)
    make.reply(scene.ticket, getattr(scene, who), "Me, I think so too.")
    assert row_of(scene.ticket)["status"] == status


def test_a_note_moves_nothing(scene, make):
    own = make.ticket(scene.agent, "My own mouse is dead.")
    with transaction():
        actions.change_status(own.id, scene.colleague, "on_hold", "Which one?", hold_reason="requester")
    make.reply(own, scene.agent, "He has two.", note=True)
    assert row_of(own)["status"] == "on_hold"


@pytest.mark.parametrize(("status", "reason"), [("resolved", None), ("on_hold", "requester")])
def test_a_held_reply_moves_at_once_and_its_undo_restores_exactly(scene, make, browse, status, reason):
    change(scene, scene.agent, status, "So it is.", hold_reason=reason)
    was, left = row_of(scene.ticket), told(traces())
    reply = make.reply(scene.ticket, scene.requester, "The third one.", hold_seconds=10)
    assert row_of(scene.ticket)["status"] == "in_progress"
    with transaction():
        actions.undo_reply(reply.id, scene.requester)
    assert row_of(scene.ticket) == was
    assert told(traces()) == left


def test_undoing_the_state_of_a_reply_takes_the_reply_back_too(scene, make):
    change(scene, scene.agent, "resolved", "Fixed.")
    was = row_of(scene.ticket)
    reply = make.reply(scene.ticket, scene.requester, "It is not.", hold_seconds=10)
    with transaction():
        actions.undo_status(scene.ticket.id, scene.requester)
    assert row_of(scene.ticket) == was
    assert db.session.get(Post, reply.id) is None


def test_a_reply_is_taken_back_even_where_its_state_went_on(scene, make):
    change(scene, scene.agent, "resolved", "Fixed.")
    reply = make.reply(scene.ticket, scene.requester, "Sent to the wrong one.", hold_seconds=10)
    change(scene, scene.agent, "resolved", "It really is.")
    with transaction():
        actions.undo_reply(reply.id, scene.requester)
    assert row_of(scene.ticket)["status"] == "resolved"
    assert [step[1:] for step in story(scene.ticket) if step[0].startswith(("ticket_re", "ticket_s"))] \
        == [("new", "resolved"), ("resolved", "in_progress"), ("in_progress", "resolved")]


# --- words from the desk

def test_only_what_the_desk_says_to_the_requester_is_a_word_from_us(scene, make, time):
    time.stop()
    opened = row_of(scene.ticket)["opened_at"]
    quiet = [(scene.requester, {}), (scene.participant, {}), (scene.agent, {"note": True})]
    for person, more in quiet:
        make.reply(scene.ticket, person, "Hm.", **more)
    row = row_of(scene.ticket)
    assert (row["first_word_at"], row["last_word_at"]) == (None, opened)
    make.reply(scene.ticket, scene.agent, "Good morning.")
    time.pass_(minutes=5)
    make.reply(scene.ticket, scene.colleague, "It is the key.")
    row = row_of(scene.ticket)
    assert row["last_word_at"] - row["first_word_at"] == timedelta(minutes=5)


def test_an_agents_reply_on_their_own_ticket_is_no_word_from_the_desk(scene, make):
    own = make.ticket(scene.agent, "My own screen is dark.")
    make.reply(own, scene.agent, "Still dark.")
    assert row_of(own)["first_word_at"] is None


def test_an_agent_who_was_only_added_does_not_speak_for_the_desk(scene, make):
    hr = make.team("HR", confidential=True)
    member = make.agent(teams=[hr])
    own = make.ticket(scene.requester, "About my contract.", team_id=hr.id)
    with transaction():
        posts.give_access(own.id, scene.requester, scene.agent.id)
    make.reply(own, scene.agent, "I was there.")
    assert row_of(own)["first_word_at"] is None
    with pytest.raises(NotAllowed), transaction():
        actions.change_status(own.id, scene.agent, "resolved", "Mine now.")
    make.reply(own, member, "Thank you, we look at it.")
    assert row_of(own)["first_word_at"] is not None


def test_undoing_a_word_restores_the_words_before_it(scene, make, time):
    time.stop()
    was = row_of(scene.ticket)
    first = make.reply(scene.ticket, scene.agent, "One.", hold_seconds=10)
    time.pass_(seconds=2)
    make.reply(scene.ticket, scene.colleague, "Two.", hold_seconds=10)
    second_at = row_of(scene.ticket)["last_word_at"]
    with transaction():
        actions.undo_reply(first.id, scene.agent)
    row = row_of(scene.ticket)
    assert row["first_word_at"] == row["last_word_at"] == second_at
    with transaction():
        actions.undo_reply(second_reply(scene), scene.colleague)
    assert row_of(scene.ticket) == was


def second_reply(scene):
    return db.session.scalar(sa.select(sa.func.max(Post.id)).where(Post.root_id == scene.ticket.id, Post.author_id == scene.colleague.id))


# --- a reply that sets the state

def test_a_reply_can_set_the_state_and_is_its_sentence(scene, browse):
    answer = browse(scene.agent).post(f"/p/{scene.ticket.id}/reply", data={"body": "A **new key**. Restart once.", "status": "resolved"})
    assert answer.status_code == 303
    assert row_of(scene.ticket)["status"] == "resolved"
    assert sentences(scene.ticket) == ["A new key. Restart once."]
    assert [verb for verb, *_ in story(scene.ticket)][-2:] == ["replied", "ticket_status_changed"]


def test_a_reply_that_asks_back_says_for_whom_it_waits(scene, browse):
    browse(scene.agent).post(f"/p/{scene.ticket.id}/reply", data={"body": "Which desk?", "status": "on_hold:requester"})
    row = row_of(scene.ticket)
    assert (row["status"], row["hold_reason"]) == ("on_hold", "requester")


def test_undoing_such_a_reply_undoes_both(scene, make):
    was = row_of(scene.ticket)
    reply = make.reply(scene.ticket, scene.agent, "Fixed.", status="resolved", hold_seconds=10)
    with transaction():
        actions.undo_reply(reply.id, scene.agent)
    assert row_of(scene.ticket) == was and sentences(scene.ticket) == []


def test_a_note_sets_no_state_and_a_refused_state_sends_no_reply(scene, make):
    left = traces()
    with pytest.raises(Invalid):
        make.reply(scene.ticket, scene.agent, "Between us.", note=True, status="resolved")
    with pytest.raises(Conflict):
        make.reply(scene.ticket, scene.agent, "Done.", status="closed")
    with pytest.raises(NotAllowed):
        make.reply(scene.ticket, scene.requester, "I say so.", status="resolved")
    assert traces() == left


# --- the end, and after it

@pytest.mark.parametrize("end", ["closed", "canceled"])
def test_a_reply_to_an_ended_ticket_opens_a_linked_one(scene, make, end):
    with transaction():
        actions.move(scene.ticket.id, scene.agent, scene.team.id)
    put(scene.ticket, end)
    follow_up = make.reply(scene.ticket, scene.requester, "It is back again. Sorry.")
    assert follow_up.id != scene.ticket.id and follow_up.root_id == follow_up.id and follow_up.title == "It is back again."
    assert db.session.get(Link, {"from_id": follow_up.id, "to_id": scene.ticket.id, "kind": "follow_up"})
    row = row_of(follow_up)
    assert (row["status"], row["team_id"], row["type"]) == ("new", scene.team.id, "incident")
    assert row_of(scene.ticket)["status"] == end
    assert access_of(follow_up) == {(scene.requester.id, "author")}


def test_a_follow_up_by_somebody_else_is_read_by_who_asked_and_not_by_others_added_before(scene, make):
    put(scene.ticket, "closed")
    follow_up = make.reply(scene.ticket, scene.participant, "I have it too now.")
    assert access_of(follow_up) == {(scene.participant.id, "author"), (scene.requester.id, "participant")}
    other = make.reply(scene.ticket, scene.agent, "One more thing.")
    assert access_of(other) == {(scene.agent.id, "author"), (scene.requester.id, "participant")}


def access_of(post):
    db.session.rollback()
    return {tuple(row) for row in db.session.execute(sa.select(Access.person_id, Access.why).where(Access.root_id == post.id))}


def test_a_follow_up_stays_with_a_confidential_team(scene, make):
    hr = make.team("HR", confidential=True)
    own = make.ticket(scene.requester, "About my contract.", team_id=hr.id)
    put(own, "closed")
    follow_up = make.reply(own, scene.requester, "One more question.")
    assert follow_up.sealed and follow_up.team_id == hr.id
    with pytest.raises(Missing):
        queries.panel_of(follow_up.id, scene.agent)


def test_the_page_of_each_leads_to_the_other(scene, make, browse):
    put(scene.ticket, "closed")
    follow_up = make.reply(scene.ticket, scene.requester, "It is back again.")
    browser = browse(scene.requester)
    assert f'href="/p/{follow_up.id}"' in browser.get(f"/p/{scene.ticket.id}/panel", headers=HTMX).text
    assert f'href="/p/{scene.ticket.id}"' in browser.get(f"/p/{follow_up.id}/panel", headers=HTMX).text
    assert f'href="/p/{follow_up.id}"' not in browse(scene.participant).get(f"/p/{scene.ticket.id}/panel", headers=HTMX).text


def test_the_same_reply_to_an_ended_ticket_sent_twice_opens_one(scene, browse):
    put(scene.ticket, "closed")
    browser, data = browse(scene.requester), {"body": "It is back again.", "key": "one-press"}
    places = [browser.post(f"/p/{scene.ticket.id}/reply", data=data).location for _ in range(2)]
    assert places[0] == places[1] != f"/p/{scene.ticket.id}"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Link)) == 1


def test_the_desk_may_still_write_a_note_on_an_ended_ticket(scene, make):
    put(scene.ticket, "closed")
    note = make.reply(scene.ticket, scene.agent, "It was the key.", note=True)
    assert note.root_id == scene.ticket.id and note.note


def test_a_stranger_cannot_open_a_follow_up(scene, make):
    put(scene.ticket, "closed")
    left = traces()
    with pytest.raises(Missing):
        make.reply(scene.ticket, scene.stranger, "Hello?")
    assert traces() == left


# --- the clock

FRIDAY = datetime(2026, 3, 6, 15, 30, tzinfo=timezone.utc)


@pytest.mark.parametrize(("resolved", "closes"), [
    (FRIDAY, FRIDAY + timedelta(days=7)),
    (FRIDAY - timedelta(days=4), FRIDAY + timedelta(days=3)),                                       # Monday to Monday
    (datetime(2026, 3, 7, 12, tzinfo=timezone.utc), datetime(2026, 3, 16, tzinfo=timezone.utc)),    # Saturday counts as Monday's start
    (datetime(2026, 3, 8, 23, 59, tzinfo=timezone.utc), datetime(2026, 3, 16, tzinfo=timezone.utc))])
def test_five_working_days_are_monday_to_friday(resolved, closes):
    assert closing_time(resolved) == closes


def test_a_resolved_ticket_closes_itself_after_five_working_days_over_a_weekend(scene, time):
    time.stop(2026, 3, 6, 15, 30)
    change(scene, scene.agent, "resolved", "Fixed.")
    for days in range(6):
        run_due(clockwork=True)
        assert row_of(scene.ticket)["status"] == "resolved", days
        time.pass_(days=1)
    time.pass_(hours=23, minutes=59)
    run_due(clockwork=True)
    assert row_of(scene.ticket)["status"] == "resolved"
    time.pass_(minutes=2)
    run_due(clockwork=True)
    row = row_of(scene.ticket)
    assert (row["status"], row["closes_at"]) == ("closed", None) and row["closed_at"]
    assert story(scene.ticket)[-1] == ("ticket_status_changed", "resolved", "closed")
    time.pass_(days=1)
    run_due(clockwork=True)
    assert [verb for verb, *_ in story(scene.ticket)].count("ticket_status_changed") == 2


def test_a_ticket_that_was_reopened_does_not_close_itself(scene, make, time):
    time.stop(2026, 3, 2, 9, 0)
    change(scene, scene.agent, "resolved", "Fixed.")
    make.reply(scene.ticket, scene.requester, "It is not.")
    time.pass_(days=30)
    run_due(clockwork=True)
    assert row_of(scene.ticket)["status"] == "in_progress"


def test_resolved_anew_it_waits_anew(scene, make, time):
    time.stop(2026, 3, 2, 9, 0)
    change(scene, scene.agent, "resolved", "Fixed.")
    time.pass_(days=4)
    make.reply(scene.ticket, scene.requester, "It is not.")
    change(scene, scene.agent, "resolved", "Now it is.")
    time.pass_(days=4)
    run_due(clockwork=True)
    assert row_of(scene.ticket)["status"] == "resolved"
    time.pass_(days=4)
    run_due(clockwork=True)
    assert row_of(scene.ticket)["status"] == "closed"


def test_the_panel_says_when_it_closes_itself(scene, browse, time):
    time.stop(2026, 3, 2, 9, 0)
    change(scene, scene.agent, "resolved", "Fixed.")
    said = [browse(person).get(f"/p/{scene.ticket.id}/panel", headers=HTMX).text for person in (scene.requester, scene.agent)]
    assert "If we don’t hear from you, it closes itself on 9 March." in said[0]
    assert "If Amina does not object, it closes itself on 9 March." in said[1]
    time.pass_(days=6)
    assert "closes itself tomorrow" in browse(scene.requester).get(f"/p/{scene.ticket.id}/panel", headers=HTMX).text


@pytest.mark.parametrize(("day", "words"), [(2, "today"), (3, "tomorrow"), (5, "on Thursday"), (8, "on Sunday"), (9, "on 9 March"), (16, "on 16 March")])
def test_days_are_said_as_people_say_them(day, words):
    present = datetime(2026, 3, 2, 9, tzinfo=timezone.utc)
    assert day_in_words(present.replace(day=day), present) == words
    assert day_in_words(present.replace(day=3, hour=3), present, "America/New_York") == "today"
    assert day_in_words(present.replace(day=3), present, "Nowhere/Land") == "tomorrow"


@pytest.mark.parametrize(("seconds", "words"), [(5, "under a minute"), (60, "1 min"), (3599, "59 min"), (7200, "2 h"), (172_800, "2 days")])
def test_waits_are_said_as_people_say_them(seconds, words):
    present = datetime(2026, 3, 2, 9, tzinfo=timezone.utc)
    assert how_long(present - timedelta(seconds=seconds), present) == words
