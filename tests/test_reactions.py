"""Likes, votes and saved threads: set and cleared, counted once, told to nobody; the page of what one keeps."""
import re

import sqlalchemy as sa

from socialdesk.db import db
from socialdesk.events import Event
from socialdesk.notifications.models import Delivery, Notification
from socialdesk.posts import actions
from socialdesk.posts.models import Post, Reaction, Saved

from .api_desk import call  # noqa: F401
from .conftest import run_due
from .post_desk import done_twice, events, form, fragment, fresh, refused


def rows(table):
    db.session.rollback()
    found = db.session.scalar(sa.select(sa.func.count()).select_from(table))
    db.session.rollback()
    return found


def pressed(page, what, post):
    """Is the button of a post shown as pressed, and which number stands on it?"""
    button = re.search(rf'<button[^>]*id="(?:thread-)?{what}-{post.id}"[^>]*>.*?</button>', page, re.S)[0]
    number = re.search(r'class="num">(\d+)<', button)
    return 'aria-pressed="true"' in button, int(number[1]) if number else 0


# --- like

def test_a_like_is_counted_once_and_taken_back_once(make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    question = make.question(ada)
    text = done_twice(browse(ben), f"/p/{question.id}/reaction", f"/p/{question.id}")
    assert pressed(text, "like", question) == (True, 1) and f'action="/p/{question.id}/reaction/remove"' in text
    fragment(browse(ada), f"/p/{question.id}/reaction")
    assert fresh(question).likes == 2 and events(question, "liked") == 2
    assert pressed(browse(ben).get(f"/p/{question.id}").text, "like", question) == (True, 2)
    text = done_twice(browse(ben), f"/p/{question.id}/reaction/remove", f"/p/{question.id}")
    assert pressed(text, "like", question) == (False, 1) and fresh(question).likes == 1 and rows(Reaction) == 1


def test_a_reply_is_liked_for_itself_and_the_form_leads_back_to_it(make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    question = make.question(ada)
    reply = make.reply(question, ben)
    text = done_twice(browse(ada), f"/p/{reply.id}/reaction", f"/p/{question.id}")
    assert pressed(text, "like", reply) == (True, 1) and fresh(question).likes == 0
    assert browse(ada).post(f"/p/{reply.id}/reaction").location == f"/p/{question.id}#p{reply.id}"
    page = browse(ada).get(f"/p/{question.id}").text
    assert pressed(page, "like", reply) == (True, 1) and pressed(page, "like", question) == (False, 0)
    assert pressed(browse(ben).get(f"/p/{question.id}").text, "like", reply) == (False, 1)


def test_likes_are_one_line_of_the_authors_inbox_and_ring_no_phone(make, browse):
    ada, ben, cleo = make.person("Ada"), make.person("Ben"), make.person("Cleo")
    question = make.question(ada)
    run_due()
    fragment(browse(ben), f"/p/{question.id}/reaction")
    run_due()
    fragment(browse(cleo), f"/p/{question.id}/reaction")
    run_due()
    assert "Cleo and one more like what you wrote." in browse(ada).get("/inbox").text
    assert rows(Notification) == 1 and rows(Delivery) == 0


def test_a_like_taken_back_is_no_longer_told(make, browse):
    ada, ben, cleo = make.person("Ada"), make.person("Ben"), make.person("Cleo")
    question = make.question(ada)
    for person in (ben, cleo):
        fragment(browse(person), f"/p/{question.id}/reaction")
        run_due()
    fragment(browse(cleo), f"/p/{question.id}/reaction/remove")
    run_due()
    assert "Ben likes what you wrote." in browse(ada).get("/inbox").text
    fragment(browse(ben), f"/p/{question.id}/reaction/remove")
    run_due()
    assert rows(Notification) == 0


def test_what_one_may_not_read_cannot_be_liked_saved_or_voted_for(make, browse):
    ticket, stranger = make.ticket(), make.person()
    for deed in ("reaction", "reaction/remove", "save", "save/remove", "vote", "vote/remove"):
        refused(browse(stranger), f"/p/{ticket.id}/{deed}", 404)
        refused(browse(stranger), f"/p/987654/{deed}", 404)
    assert rows(Reaction) == rows(Saved) == 0


def test_a_like_on_a_note_is_the_desks_alone(make, browse):
    ada, tom = make.person("Ada"), make.agent()
    ticket = make.ticket(ada)
    note = make.reply(ticket, tom, "Between us", note=True)
    refused(browse(ada), f"/p/{note.id}/reaction", 404)
    fragment(browse(tom), f"/p/{note.id}/reaction")
    assert db.session.scalar(sa.select(Event.note).where(Event.verb == "liked")) is True


def test_what_is_taken_back_or_still_held_is_not_liked(make, browse, time):
    time.stop()
    ada, ben = make.person("Ada"), make.person("Ben")
    question = make.question(ada)
    held = make.reply(question, ben, hold_seconds=10)
    refused(browse(ben), f"/p/{held.id}/reaction", 409, "on its way out")
    time.pass_(seconds=11)
    fragment(browse(ben), f"/p/{held.id}/reaction")
    form(browse(ben), f"/p/{held.id}/delete", f"/p/{question.id}")
    refused(browse(ada), f"/p/{held.id}/reaction", 409, "taken back")


def test_likes_and_votes_of_an_idea_are_counted_apart(make, browse):
    ada, ben, cleo = make.person("Ada"), make.person("Ben"), make.person("Cleo")
    assert browse(ada).post("/ask", data={"kind": "idea", "body": "A bench in the sun."}).status_code == 303
    idea = db.session.scalars(sa.select(Post)).one()
    for person in (ben, cleo):
        fragment(browse(person), f"/p/{idea.id}/reaction")
    fragment(browse(ben), f"/p/{idea.id}/vote")
    assert (fresh(idea).likes, fresh(idea).votes) == (2, 1)
    fragment(browse(ben), f"/p/{idea.id}/reaction/remove")
    assert (fresh(idea).likes, fresh(idea).votes) == (1, 1)
    page = browse(ada).get(f"/p/{idea.id}").text
    assert pressed(page, "like", idea) == (False, 1) and pressed(page, "vote", idea) == (False, 1)



def test_an_unknown_reaction_is_refused_with_a_sentence(make, browse):
    question = make.question()
    refused(browse(make.person()), f"/p/{question.id}/reaction", 422, "Choose one of the two", kind="love")
    refused(browse(make.person()), f"/p/{question.id}/vote", 422, "ideas alone")


def test_the_api_likes_saves_and_takes_it_back(make, call):
    ada, ben = make.person("Ada"), make.person("Ben")
    question = make.question(ada)
    caller = call(ben)
    for _ in range(2):
        found = caller.post(f"/posts/{question.id}/reactions", {"kind": "like"}).json
        assert (found["likes"], found["liked"]) == (1, True)
        assert caller.post(f"/posts/{question.id}/saves").json["saved"]
    assert call(ada).get(f"/posts/{question.id}").json | {"likes": 1, "liked": False, "saved": False} == call(ada).get(f"/posts/{question.id}").json
    assert caller.post(f"/posts/{question.id}/reactions", {"kind": "vote"}).status_code == 422
    for _ in range(2):
        assert caller.delete(f"/posts/{question.id}/reactions").json["likes"] == 0 and not caller.delete(f"/posts/{question.id}/saves").json["saved"]
    assert call(make.person()).post(f"/posts/{make.ticket().id}/reactions").status_code == 404


def test_the_api_makes_each_kind_and_votes(make, call):
    ada, ben, tom = make.person("Ada"), make.person("Ben"), make.agent("Tom")
    idea = call(ada).post("/posts", {"kind": "idea", "body": "A printer on each floor"}).json
    assert (idea["kind"], idea["status"], idea["votes"]) == ("idea", "proposed", 0)
    assert call(ben).post(f"/posts/{idea['id']}/reactions", {"kind": "vote"}).json["votes"] == 1
    assert call(ada).post("/posts", {"kind": "announcement", "body": "x"}).status_code == 403
    assert call(tom).post("/posts", {"kind": "announcement", "body": "x"}).json["kind"] == "announcement"
    thanks = call(ada).post("/posts", {"kind": "kudos", "body": "Thank you", "to": [ben.handle], "audience": "private"}).json
    assert call(ben).get(f"/posts/{thanks['id']}").status_code == 200 and call(tom).get(f"/posts/{thanks['id']}").status_code == 404
    assert call(ada).post("/posts", {"kind": "kudos", "body": "Thank you", "to": ["nobody-here"]}).json["field"] == "to"
    poll = call(ada).post("/posts", {"kind": "poll", "body": "Tea?", "options": ["Yes", "No"], "closes_days": 3}).json
    yes = poll["poll"]["options"][0]["id"]
    assert poll["poll"]["closes_at"] and poll["poll"]["options"][0]["votes"] is None
    assert call(ben).post(f"/posts/{poll['id']}/poll-answer", {"option": yes}).json["poll"] | {"chosen": yes} == \
        call(ben).get(f"/posts/{poll['id']}").json["poll"]
    assert call(ben).delete(f"/posts/{poll['id']}/poll-answer").json["poll"]["chosen"] is None
    assert call(ada).post("/posts", {"kind": "poll", "body": "Tea?", "options": "Yes"}).json["field"] == "options"
    assert call(ada).post("/posts", {"kind": "poll", "body": "Tea?", "options": [1, 2]}).json["field"] == "options"


def test_how_many_different_people_answered_is_counted_without_who_asked(make):
    ada, ben, cleo = make.person("Ada"), make.person("Ben"), make.person("Cleo")
    question = make.question(ada)
    for who in (ben, ada, cleo, ben):
        make.reply(question, who)
    run_due()
    assert (fresh(question).voices, fresh(question).replies_public) == (2, 4)


# --- save

def test_what_is_saved_stands_on_a_page_of_ones_own_the_latest_first(make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    first, second = make.question(ada, "How do I scan?"), make.question(ada, "How do I fax?")
    assert "Nothing saved yet" in browse(ben).get("/me/saved").text
    text = done_twice(browse(ben), f"/p/{first.id}/save", f"/p/{first.id}")
    assert pressed(text, "save", first)[0] and f'action="/p/{first.id}/save/remove"' in text
    fragment(browse(ben), f"/p/{second.id}/save")
    page = browse(ben).get("/me/saved").text
    assert page.index("How do I fax?") < page.index("How do I scan?")
    assert "Nothing saved yet" in browse(ada).get("/me/saved").text
    done_twice(browse(ben), f"/p/{first.id}/save/remove", f"/p/{first.id}")
    assert "How do I scan?" not in browse(ben).get("/me/saved").text and rows(Saved) == 1


def test_saving_a_reply_keeps_its_thread_and_leaves_no_line_in_the_ledger(make, browse):
    question = make.question()
    reply = make.reply(question, make.person())
    before = events(question)
    fragment(browse(make.person()), f"/p/{reply.id}/save")
    assert db.session.scalar(sa.select(Saved.root_id)) == question.id and events(question) == before


def test_the_list_of_what_is_saved_goes_on_page_by_page(make, browse, time):
    ben = make.person("Ben")
    questions = []
    for n in range(33):
        time.pass_(seconds=1)
        questions.append(make.question(body=f"Question number {n} here?"))
        fragment(browse(ben), f"/p/{questions[-1].id}/save")
    page = browse(ben).get("/me/saved").text
    more = re.search(r'href="(/me/saved\?cursor=[^"]+)"', page)[1]
    ids = [int(n) for text in (page, browse(ben).get(more).text) for n in re.findall(r'id="saved-(\d+)"', text)]
    assert ids == [question.id for question in reversed(questions)]
    assert browse(ben).get("/me/saved?cursor=x").status_code == 422


def test_what_one_may_no_longer_read_is_not_shown_among_the_saved(make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    ticket = make.ticket(ada, "The secret screen")
    from socialdesk.db import transaction
    with transaction():
        actions.give_access(ticket.id, ada, ben.id)
    fragment(browse(ben), f"/p/{ticket.id}/save")
    assert "The secret screen" in browse(ben).get("/me/saved").text
    with transaction():
        actions.take_access(ticket.id, ada, ben.id)
    assert "The secret screen" not in browse(ben).get("/me/saved").text


def test_a_left_out_name_stays_out_of_the_list_of_the_saved(make, browse):
    ada, ben = make.person("Ada Lovelace"), make.person("Ben")
    question = make.question(ada, shown_as="A colleague")
    fragment(browse(ben), f"/p/{question.id}/save")
    page = browse(ben).get("/me/saved").text
    assert "A colleague" in page and "Ada" not in page
