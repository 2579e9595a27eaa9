"""A thread: its page and timeline, replies and their undo, following, me too, accepted answers, what was seen."""
import re

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socialdesk.db import db, now, transaction
from socialdesk.errors import Refusal
from socialdesk.events import Event
from socialdesk.notifications.models import Notification
from socialdesk.posts import actions, queries
from socialdesk.posts.models import Draft, Follow, MeToo, Post, Seen

from .conftest import HTMX, run_due, told_by_now
from .post_desk import done_twice, events, form, fragment, fresh, prepared, refused, sees, traces


@pytest.fixture(autouse=True)
def _still(time):
    """The clock moves only where a test moves it: what is held stays held, however slow the machine."""
    time.stop()


def level(root, person):
    db.session.rollback()
    return db.session.scalar(sa.select(Follow.level).where(Follow.root_id == root.id, Follow.person_id == person.id))


def said(page):
    """The ids of what is said in a timeline, in order."""
    return [int(found) for found in re.findall(r'(?:class="message[^"]*"|class="note"|class="happened") id="p(\d+)"', page)]


def box(page):
    """What stands in the reply box."""
    return re.search(r'<textarea [^>]*name="body"[^>]*>\n(.*?)</textarea>', page, re.S)[1]


# --- the page

def test_the_page_shows_what_was_said_in_order(make, browse):
    ada, ben = make.person("Ada Lovelace"), make.person("Ben")
    question = make.question(ada, "How do I print on both sides?")
    replies = [make.reply(question, who, f"Reply {n}") for n, who in enumerate([ben, ada, ben])]
    page = browse(ada).get(f"/p/{question.id}")
    assert page.status_code == 200 and said(page.text) == [question.id, *(reply.id for reply in replies)]
    assert "<title>How do I print on both sides?" in page.text and "Everyone can read this" in page.text
    assert f'data-seen="{question.id}"' in page.text and f'data-live-post="{question.id}"' in page.text
    assert said(browse(ben).get(f"/p/{question.id}/timeline", headers=HTMX).text) == said(page.text)
    assert browse(ben).get(f"/p/{question.id}/timeline").location == f"/p/{question.id}"


def test_a_ticket_page_tells_what_happened_in_a_human_voice(make, browse, time):
    ada, tom, priya = make.person("Amina Yusuf"), make.agent("Tomasz Wrona"), make.agent("Priya Nair")
    ticket = make.ticket(ada, "The Wi-Fi forgets me")
    for agent in (tom, priya, tom):
        assert browse(agent).post(f"/p/{ticket.id}/seen", headers=HTMX).status_code == 204
    time.pass_(minutes=1)
    fragment(browse(tom), f"/p/{ticket.id}/take")
    time.pass_(minutes=1)
    fragment(browse(tom), f"/p/{ticket.id}/reply", body="You have a new key.", status="resolved")
    told_by_now()
    page = re.sub(r"\s+", " ", browse(ada).get(f"/p/{ticket.id}").text)
    for words in ("<b>Received.</b> The desk finds the right team for it.", "<b>Tomasz Wrona</b> and <b>Priya Nair</b> have read it.",
                  "<b>Tomasz Wrona</b> has taken it.", "You have a new key.", "<b>Fixed, please check.</b>", "Only you and the desk"):
        assert words in page, words
    page = page.partition('class="timeline"')[2]
    assert page.index("have read it") < page.index("has taken it") < page.index("You have a new key.") < page.rindex("<b>Fixed, please check.</b>")
    mine = re.sub(r"\s+", " ", browse(tom).get(f"/p/{ticket.id}").text)
    assert "<b>You</b> have taken it." in mine and "Only Amina Yusuf and the desk" in mine


def statements(desk, browser, address):
    """How many statements a page asks."""
    asked = []
    listen = lambda *call: asked.append(call[2])
    sa.event.listen(db.engine, "before_cursor_execute", listen)
    try:
        assert browser.get(address).status_code == 200
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", listen)
    return len(asked)


def test_a_ticket_page_asks_at_most_eight_statements_however_long_it_is(desk, make, browse):
    ada, ben, tom = make.person("Ada"), make.person("Ben"), make.agent()
    ticket = make.ticket(ada, "It is dark #screen @ben")
    few = statements(desk, browse(ada), f"/p/{ticket.id}")
    with transaction():
        actions.give_access(ticket.id, ada, ben.id)
    for n in range(8):
        make.reply(ticket, (ada, tom)[n % 2], f"Word {n}")
    browse(tom).post(f"/p/{ticket.id}/seen", headers=HTMX)
    run_due()
    many = [statements(desk, browse(person), f"/p/{ticket.id}") for person in (ada, ben, tom)]
    assert few <= 8 and max(many) <= 8, (few, many)


def test_a_long_thread_shows_its_newest_hundred_and_the_way_back(make, browse):
    ada, ben = make.person(), make.person()
    question = make.question(ada)
    moment = now()
    with transaction():
        rows = [{"kind": "reply", "root_id": question.id, "parent_id": question.id, "author_id": ben.id, "audience": "private", "sealed": True,
                 "body_md": f"R{n}", "body_html": f"<p>R{n}</p>", "made_at": moment, "active_at": moment} for n in range(250)]
        db.session.execute(sa.insert(Post), rows)
    ids = [question.id + 1 + n for n in range(250)]
    browser = browse(ada)
    newest = browser.get(f"/p/{question.id}").text
    assert said(newest) == [question.id, *ids[-100:]]
    middle = browser.get(re.search(r'href="([^"]*\?before=\d+)"', newest)[1]).text
    assert said(middle) == [question.id, *ids[50:150]] and "To the newest" in middle and "hx-trigger=\"live" not in middle
    oldest = browser.get(re.search(r'href="([^"]*\?before=\d+)"', middle)[1]).text
    assert said(oldest) == [question.id, *ids[:50]] and "Earlier replies" not in oldest
    answer = browser.get(f"/p/{ids[20]}")
    assert answer.status_code == 303 and f"#p{ids[20]}" in answer.location
    assert ids[20] in said(browser.get(answer.location).text)
    assert browser.get(f"/p/{ids[200]}").location == f"/p/{question.id}#p{ids[200]}"
    assert browser.get(f"/p/{question.id}?before=x").status_code == 404


def test_an_article_is_read_in_help(make, browse):
    article = make.article()
    assert browse(make.person()).get(f"/p/{article.id}").location.startswith("/help/")


# --- reply and undo

def test_a_reply_is_told_after_ten_seconds_and_counted_then(make, browse, time):
    ada, ben = make.person("Ada"), make.person("Ben")
    question = make.question(ada)
    time.pass_(minutes=1)
    text = fragment(browse(ben), f"/p/{question.id}/reply", body="Turn it *over*.")
    assert 'id="reply"' in text and "Sent. You can take it back for 10 seconds." in text and "<em>over</em>" in text
    run_due()
    assert "over" not in browse(ada).get(f"/p/{question.id}").text.partition('class="timeline"')[2] and fresh(question).replies_public == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Notification)) == 0
    told_by_now()
    assert "<em>over</em>" in browse(ada).get(f"/p/{question.id}").text
    assert fresh(question).replies_public == 1 and fresh(question).active_at > question.made_at
    assert db.session.scalar(sa.select(sa.func.count()).where(Notification.person_id == ada.id)) == 1


def test_the_same_key_is_one_reply_and_other_words_are_asked_about(make, browse):
    ben, question = make.person(), make.question()
    browser = browse(ben)
    first = fragment(browser, f"/p/{question.id}/reply", body="Once", key="k1")
    after = traces()
    again = fragment(browser, f"/p/{question.id}/reply", body="Once", key="k1")
    form(browser, f"/p/{question.id}/reply", f"/p/{question.id}", body="Once", key="k1")
    assert traces() == after and said(first) == said(again)
    refused(browser, f"/p/{question.id}/reply", 409, "Is this another message?", body="Other words", key="k1")
    assert "Other words" in browser.post(f"/p/{question.id}/reply", data={"body": "Other words", "key": "k1"}).text


def test_undo_takes_all_of_a_reply_back_and_gives_the_text_back(make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    question = make.question(ada)
    run_due()
    before = traces()
    browser = browse(ben)
    fragment(browser, f"/p/{question.id}/reply", body="Too <quick> @ada")
    reply_id = db.session.scalar(sa.select(sa.func.max(Post.id)))
    text = fragment(browser, f"/p/{reply_id}/undo")
    assert "Nobody has seen it" in text and box(text) == "Too &lt;quick&gt; @ada" and str(reply_id) not in map(str, said(text))
    assert traces() == before
    assert box(browser.get(f"/p/{question.id}").text) == "Too &lt;quick&gt; @ada"
    told_by_now()
    assert traces() == before and db.session.scalar(sa.select(sa.func.count()).select_from(Notification)) == 0
    refused(browser, f"/p/{reply_id}/undo", 404)
    fragment(browser, f"/p/{question.id}/reply", body="Better")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Draft)) == 0


def test_undo_without_a_script_leads_back_to_the_box(make, browse):
    ben, question = make.person(), make.question()
    browser = browse(ben)
    form(browser, f"/p/{question.id}/reply", f"/p/{question.id}", body="Too quick")
    reply_id = db.session.scalar(sa.select(sa.func.max(Post.id)))
    assert f'action="/p/{reply_id}/undo"' in browser.get(f"/p/{question.id}").text
    form(browser, f"/p/{reply_id}/undo", f"/p/{question.id}")
    assert box(browser.get(f"/p/{question.id}").text) == "Too quick"


def test_undo_is_the_writers_alone_and_ends_with_the_hold(make, browse):
    ada, ben = make.person(), make.person()
    question = make.question(ada)
    fragment(browse(ben), f"/p/{question.id}/reply", body="Here")
    reply_id = db.session.scalar(sa.select(sa.func.max(Post.id)))
    for person in (ada, make.agent(), make.admin()):
        refused(browse(person), f"/p/{reply_id}/undo", 404)
        refused(browse(person), f"/p/{reply_id}/edit", 404, body="x")
    refused(browse(ben), f"/p/{reply_id}/delete", 409, "undo it instead")
    told_by_now()
    refused(browse(ben), f"/p/{reply_id}/undo", 409, "can no longer be undone")
    refused(browse(ada), f"/p/{reply_id}/undo", 404)
    refused(browse(ada), f"/p/{question.id}/undo", 404)
    assert f'action="/p/{reply_id}/undo"' not in browse(ben).get(f"/p/{question.id}").text


def test_a_held_reply_that_was_changed_is_undone_whole(make, browse):
    ben, question = make.person(), make.question()
    before = traces()
    fragment(browse(ben), f"/p/{question.id}/reply", body="Frist")
    reply_id = db.session.scalar(sa.select(sa.func.max(Post.id)))
    form(browse(ben), f"/p/{reply_id}/edit", f"/p/{question.id}", body="First")
    assert "First" in fragment(browse(ben), f"/p/{reply_id}/undo")
    assert traces() == before


def test_a_reply_to_a_reply_stays_in_the_thread(make, browse):
    ben, question = make.person(), make.question()
    first = make.reply(question, ben)
    fragment(browse(ben), f"/p/{first.id}/reply", body="And one more thing")
    reply = db.session.scalar(sa.select(Post).order_by(Post.id.desc()).limit(1))
    assert (reply.root_id, reply.parent_id, reply.audience) == (question.id, first.id, "private")


def test_a_reply_to_an_ended_ticket_leads_to_the_new_one(make, browse):
    ada = make.person()
    ticket = make.ticket(ada)
    form(browse(ada), f"/p/{ticket.id}/status", f"/p/{ticket.id}", status="canceled")
    answer = browse(ada).post(f"/p/{ticket.id}/reply", data={"body": "Oh no, again", "key": "z"}, headers=HTMX)
    new_id = db.session.scalar(sa.select(sa.func.max(Post.id)))
    assert answer.headers["HX-Redirect"] == f"/p/{new_id}" and new_id != ticket.id
    form(browse(ada), f"/p/{ticket.id}/reply", f"/p/{new_id}", body="Oh no, again", key="z")


def test_the_desk_asks_back_with_its_reply_and_undoes_both(make, browse):
    from socialdesk.tickets.models import Ticket
    status = lambda: db.session.execute(sa.select(Ticket.status, Ticket.hold_reason)).one()
    ada, tom = make.person("Ada"), make.agent()
    ticket = make.ticket(ada)
    run_due()
    before = traces()
    text = fragment(browse(tom), f"/p/{ticket.id}/reply", body="Which desk is it for?", status="on_hold:requester")
    assert status() == ("on_hold", "requester") and f'hx-target="#panel-{ticket.id}"' in text
    reply_id = db.session.scalar(sa.select(sa.func.max(Post.id)))
    text = fragment(browse(tom), f"/p/{reply_id}/undo")
    assert status() == ("new", None) and box(text) == "Which desk is it for?" and traces() == before
    refused(browse(tom), f"/p/{ticket.id}/reply", 422, "A note is for the desk alone", body="x", note="on", status="resolved")
    refused(browse(ada), f"/p/{ticket.id}/reply", 403, body="x", status="resolved")


def test_an_undone_note_stays_a_note(make, browse):
    tom, ticket = make.agent(), make.ticket()
    note_chosen = lambda text: bool(re.search(r'name="note" value="on"[^>]* checked', text))
    text = fragment(browse(tom), f"/p/{ticket.id}/reply", body="Never for her eyes", note="on")
    reply_id = db.session.scalar(sa.select(sa.func.max(Post.id)))
    text = fragment(browse(tom), f"/p/{reply_id}/undo")
    page = browse(tom).get(f"/p/{ticket.id}").text
    assert box(text) == box(page) == "Never for her eyes" and note_chosen(text) and note_chosen(page)
    text = fragment(browse(tom), f"/p/{ticket.id}/reply", body="Never for her eyes", note="on")
    assert box(text) == "" and not note_chosen(text)


def test_who_answers_follows_from_then_on_unless_they_chose_otherwise(make, browse):
    ben, cem, question = make.person(), make.person(), make.question()
    fragment(browse(cem), f"/p/{question.id}/follow", level="muted")
    for person in (ben, cem):
        fragment(browse(person), f"/p/{question.id}/reply", body="Try this")
    assert level(question, ben) is None
    told_by_now()
    assert (level(question, ben), level(question, cem)) == ("all", "muted")
    fragment(browse(ben), f"/p/{question.id}/follow/remove")
    event_id = db.session.scalar(sa.select(Event.id).where(Event.verb == "replied", Event.actor_id == ben.id))
    with transaction():
        actions.recount(event_id)
    assert level(question, ben) is None and fresh(question).replies_public == 2


# --- follow, me too

def test_following_has_three_levels_and_an_end(make, browse):
    ben, question = make.person(), make.question()
    for name in ("all", "mentions", "muted"):
        text = done_twice(browse(ben), f"/p/{question.id}/follow", f"/p/{question.id}", level=name)
        assert f'id="follow-{question.id}"' in text and level(question, ben) == name
    assert "You hear nothing from here" in text
    text = done_twice(browse(ben), f"/p/{question.id}/follow/remove", f"/p/{question.id}")
    assert "You do not follow this" in text and level(question, ben) is None
    assert events(question) == ["posted", "followed", "followed", "followed", "unfollowed"]
    refused(browse(ben), f"/p/{question.id}/follow", 422, "Choose one of these", level="loud")


def test_me_too_counts_people_once_and_follows(make, browse):
    ben, cem, question = make.person(), make.person(), make.question()
    text = done_twice(browse(ben), f"/p/{question.id}/me-too", f"/p/{question.id}")
    assert 'aria-pressed="true"' in text and '<span class="num">1</span>' in text and f'action="/p/{question.id}/me-too/remove"' in text
    assert '<span class="num">2</span>' in fragment(browse(cem), f"/p/{question.id}/me-too")
    assert (fresh(question).me_toos, level(question, ben)) == (2, "all")
    text = done_twice(browse(ben), f"/p/{question.id}/me-too/remove", f"/p/{question.id}")
    assert 'aria-pressed="false"' in text and (fresh(question).me_toos, level(question, ben)) == (1, "all")
    assert events(question)[1:] == ["me_too_said", "me_too_said", "me_too_taken_back"]
    page = browse(ben).get(f"/p/{question.id}").text
    assert "<b>1 colleague</b> said “me too”" in page


def test_me_too_is_not_for_ones_own_nor_for_what_is_no_trouble(make, browse):
    ada = make.person()
    refused(browse(ada), f"/p/{make.question(ada).id}/me-too", 403, "This is your own")
    refused(browse(ada), f"/p/{make.article().id}/me-too", 422, "for a question, a ticket")


def test_me_too_on_a_ticket_is_for_those_who_see_it(make, browse):
    ada, ben, cem = make.person(), make.person(), make.person()
    ticket = make.ticket(ada)
    with transaction():
        actions.give_access(ticket.id, ada, ben.id)
    refused(browse(cem), f"/p/{ticket.id}/me-too", 404)
    fragment(browse(ben), f"/p/{ticket.id}/me-too")
    assert fresh(ticket).me_toos == 1


# --- accepted answers

def test_an_accepted_answer_makes_a_question_answered_and_back(make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    question = make.question(ada)
    one, two = make.reply(question, ben, "One"), make.reply(question, ben, "Two")
    address, page = f"/p/{question.id}/accepted-answer", f"/p/{question.id}"
    text = done_twice(browse(ada), address, page, reply_id=one.id)
    assert f'id="head-{question.id}"' in text and "Answered" in text and "is the answer" in text
    assert fresh(question).status == "answered" and fresh(one).accepted_by == ada.id
    done_twice(browse(ada), address, page, reply_id=two.id)
    done_twice(browse(ada), f"{address}/remove", page, reply_id=one.id)
    assert fresh(question).status == "answered"
    done_twice(browse(ada), f"{address}/remove", page, reply_id=two.id)
    assert fresh(question).status == "open"
    assert events(question)[3:] == ["answer_accepted", "answer_accepted", "answer_unaccepted", "answer_unaccepted"]


def test_only_the_asker_accepts_and_only_a_reply_of_this_question(make, browse):
    ada, ben, tom = make.person(), make.person(), make.agent()
    question, other = make.question(ada), make.question(ada)
    reply, elsewhere = make.reply(question, ben), make.reply(other, ben)
    for person in (ben, tom, make.admin()):
        refused(browse(person), f"/p/{question.id}/accepted-answer", 403, "Only the person who asked can accept an answer", reply_id=reply.id)
    refused(browse(ada), f"/p/{question.id}/accepted-answer", 404, reply_id=elsewhere.id)
    refused(browse(ada), f"/p/{question.id}/accepted-answer", 404, reply_id=999)
    refused(browse(ada), f"/p/{question.id}/accepted-answer", 422, "Choose one of the replies", reply_id=question.id)
    for bad in ("", "x", "-1", "9" * 30, "１"):
        refused(browse(ada), f"/p/{question.id}/accepted-answer", 422, "Which reply is it?", reply_id=bad)
    ticket = make.ticket(ada)
    refused(browse(ada), f"/p/{ticket.id}/accepted-answer", 403, reply_id=make.reply(ticket, tom).id)


def test_a_reply_on_its_way_out_cannot_be_accepted_yet(make, browse):
    ada = make.person()
    question = make.question(ada)
    fragment(browse(ada), f"/p/{question.id}/reply", body="I found it myself")
    reply_id = db.session.scalar(sa.select(sa.func.max(Post.id)))
    refused(browse(ada), f"/p/{question.id}/accepted-answer", 409, "on its way out", reply_id=reply_id)
    told_by_now()
    fragment(browse(ada), f"/p/{question.id}/accepted-answer", reply_id=reply_id)


STEPS = st.lists(st.tuples(st.sampled_from(["reply", "accept", "unaccept", "delete"]), st.integers(0, 3)), max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_a_question_is_answered_exactly_while_an_accepted_reply_stands(make, steps):
    ada, ben = make.person(), make.person()
    question, replies, accepted, gone = make.question(ada), [], set(), set()
    do = {"accept": (actions.accept, ada), "unaccept": (actions.unaccept, ada), "delete": (actions.delete, ben)}
    for what, which in steps:
        if what == "reply":
            replies.append(make.reply(question, ben).id)
            continue
        if which >= len(replies):
            continue
        reply_id = replies[which]
        deed, who = do[what]
        try:
            with transaction():
                deed(reply_id, who)
        except Refusal as refusal:
            assert what == "accept" and reply_id in gone and refusal.status == 409
            continue
        accepted = {"accept": accepted | {reply_id}}.get(what, accepted - {reply_id})
        gone |= {reply_id} if what == "delete" else set()
        assert fresh(question).status == ("answered" if accepted else "open")
    run_due()
    assert fresh(question).replies_public == len(replies) - len(gone)
    with transaction():
        for event_id in db.session.scalars(sa.select(Event.id).where(Event.root_id == question.id)).all():
            actions.recount(event_id)
    assert fresh(question).replies_public == len(replies) - len(gone)


# --- seen

def test_the_requester_learns_that_the_desk_has_read_it_and_the_desk_does_not(make, browse):
    ada, tom = make.person("Ada"), make.agent("Tomasz Wrona")
    ticket = make.ticket(ada)
    browse(ada).post(f"/p/{ticket.id}/seen", headers=HTMX)
    assert events(ticket, "seen") == 0
    for _ in range(2):
        assert browse(tom).post(f"/p/{ticket.id}/seen", headers=HTMX).status_code == 204
        form(browse(tom), f"/p/{ticket.id}/seen", f"/p/{ticket.id}")
    assert events(ticket, "seen") == 1
    assert "<b>Tomasz Wrona</b> has read it." in re.sub(r"\s+", " ", browse(ada).get(f"/p/{ticket.id}").text)


def test_ones_own_words_say_who_of_the_desk_has_read_them(make, browse, time):
    ada, tom = make.person("Ada"), make.agent("Tomasz Wrona")
    ticket = make.ticket(ada)
    fragment(browse(ada), f"/p/{ticket.id}/reply", body="Any news?")
    browse(tom).post(f"/p/{ticket.id}/seen", headers=HTMX)
    time.pass_(seconds=11)
    reads = lambda: browse(ada).get(f"/p/{ticket.id}").text.count("Tomasz Wrona has read it")
    assert reads() == 0                         # the reply was still held when he looked
    browse(tom).post(f"/p/{ticket.id}/seen", headers=HTMX)
    assert reads() == 1
    assert "Tomasz Wrona has read it" not in browse(tom).get(f"/p/{ticket.id}").text


def test_seen_reads_the_threads_line_in_the_inbox_and_only_that(make, browse):
    ada, ben = make.person(), make.person()
    one, two = make.question(ada), make.question(ada)
    make.reply(one, ben), make.reply(two, ben)
    run_due()
    unread = lambda: set(db.session.scalars(sa.select(Notification.root_id).where(Notification.person_id == ada.id, Notification.read_at.is_(None))))
    assert unread() == {one.id, two.id}
    browse(ada).post(f"/p/{one.id}/seen", headers=HTMX)
    db.session.rollback()
    assert unread() == {two.id}
    row = db.session.execute(sa.select(Seen.root_id, Seen.event_id).where(Seen.person_id == ada.id)).one()
    assert row == (one.id, db.session.scalar(sa.select(sa.func.max(Event.id)).where(Event.root_id == one.id)))


def test_a_page_that_is_read_writes_nothing(make, browse):
    ada = make.person()
    ticket = make.ticket(ada)
    before = traces() | {"seen": 0}
    for address in (f"/p/{ticket.id}", f"/p/{ticket.id}/timeline", f"/p/{ticket.id}/edit", f"/p/{ticket.id}/versions"):
        browse(ada).get(address)
    assert traces() | {"seen": db.session.scalar(sa.select(sa.func.count()).select_from(Seen))} == before


def test_too_much_at_once_is_told_to_wait(make, browse):
    ben, question = make.person(), make.question()
    browser = browse(ben)
    codes = {browser.post(f"/p/{question.id}/reply", data={"body": f"Again {n}"}, headers=HTMX).status_code for n in range(32)}
    assert codes == {200, 429}
    answer = browser.post(f"/p/{question.id}/reply", data={"body": "Kept words"})
    assert answer.status_code == 429 and answer.headers["Retry-After"] and "Kept words" in answer.text


def test_a_stranger_is_asked_to_sign_in(make, browse):
    question, stranger = make.question(), browse(None)
    assert stranger.get(f"/p/{question.id}").location == f"/sign-in?next=/p/{question.id}"
    before = traces()
    for deed in ("reply", "follow", "me-too", "seen", "accepted-answer", "access", "edit", "delete", "undo"):
        assert stranger.post(f"/p/{question.id}/{deed}", data={"body": "x"}, headers=HTMX).status_code == 401
    assert traces() == before
