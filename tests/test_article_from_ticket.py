"""An article from a ticket: the thread beside the editor, the solution to begin with, and nobody's private words along."""
import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.events import Event, Verb
from socialdesk.knowledge.models import Article
from socialdesk.knowledge.source_checker import names_in, solution_in
from socialdesk.posts.models import Draft, Link, Post
from socialdesk.tickets import actions as tickets

from .conftest import HTMX
from .ticket_desk import put

ANSWER = "Hi Ada,\n\nOpen **Settings** and choose *Renew the certificate*. Then restart once.\n\nBest regards\nTomasz"


@pytest.fixture
def case(make):
    """(requester, agent, a ticket that is solved)."""
    ada, agent = make.person("Ada Nwosu"), make.agent("Tomasz Nowak")
    ticket = make.ticket(ada, "Wi-Fi asks for its password every morning. My badge is 4711.")
    make.reply(ticket, agent, "Her certificate ran out, profile 7 mends it.", note=True)
    make.reply(ticket, agent, ANSWER)
    make.reply(ticket, ada, "It works, my door code is 0815 by the way!")
    put(ticket, "resolved")
    return ada, agent, ticket


def links():
    db.session.rollback()
    return [tuple(row) for row in db.session.execute(sa.select(Link.from_id, Link.to_id).where(Link.kind == "article"))]


# --- what an article begins with

@pytest.mark.parametrize("said, left", [
    (ANSWER, "Open **Settings** and choose *Renew the certificate*. Then restart once."),
    ("Hello Ada Nwosu! please restart.", "Please restart."),
    ("Dear all\nRestart.\n\nCheers,\nBo", "Restart."),
    ("Guten Morgen Frau Weber, neu starten.\n\nViele Grüße\nT. Nowak", "Neu starten."),
    ("Ask @ada.n for the key.", "Ask a colleague for the key."),
    ("Look:\n\n![the screen](photo:1)\n\nPress it.", "Look:\n\nPress it."),
    ("Hibernate the laptop, then wake it.", "Hibernate the laptop, then wake it."),
    ("High load? Wait.", "High load? Wait."),
    ("", ""),
    ("Hi Ada,", ""),
])
def test_greeting_farewell_people_and_photos_stay_behind(said, left):
    assert solution_in(said).replace("\n\n\n", "\n\n") == left


def test_a_name_is_noticed_as_a_word_alone():
    assert names_in("Tell ada, or the Adapter.", ["Ada Nwosu"]) == ["Ada"]
    assert names_in("Use the adapter.", ["Ada Nwosu"]) == []


def test_the_editor_begins_with_title_and_solution_and_nothing_else(browse, case):
    _ada, agent, ticket = case
    page = browse(agent).get(f"/help/new?from={ticket.id}").text
    form = page.split('id="article"')[1].split("</form>")[0]
    assert 'value="Wi-Fi asks for its password every morning."' in form and "Open **Settings** and choose *Renew the certificate*" in form
    for private in ("4711", "0815", "Hi Ada", "Tomasz Nowak", "profile 7", "Best regards"):
        assert private not in form
    assert "Everyone can read an article" in page


def test_the_thread_stands_beside_the_editor_its_notes_marked(browse, case):
    _ada, agent, ticket = case
    page = browse(agent).get(f"/help/new?from={ticket.id}").text
    assert "My badge is 4711" in page and "profile 7 mends it" in page and "only the desk reads this" in page and "my door code" in page
    shown = browse(agent).post("/help/preview", data={"title": "T", "body": "x", "action": "/help/new", "from": ticket.id}).text
    assert "profile 7 mends it" in shown and f'name="from" value="{ticket.id}"' in shown


def test_the_sentence_it_was_solved_with_is_the_solution_when_it_came_last(browse, make, case, time):
    _ada, agent, ticket = case
    put(ticket, "in_progress")
    time.pass_(minutes=1)
    with transaction():
        tickets.change_status(ticket.id, agent, "resolved", "The new access point is up.")
    assert "The new access point is up." in browse(agent).get(f"/help/new?from={ticket.id}").text.split('id="article"')[1].split("</form>")[0]


def test_a_name_in_the_text_is_pointed_out(browse, make):
    ada, agent = make.person("Ada Nwosu"), make.agent()
    ticket = make.ticket(ada, "Ada cannot print.")
    make.reply(ticket, agent, "Press print.")
    put(ticket, "closed")
    assert "The text begins with a name: Ada." in browse(agent).get(f"/help/new?from={ticket.id}").text


# --- who is offered it

def test_the_button_stands_on_a_solved_ticket_for_the_desk_alone(browse, make, case):
    ada, agent, ticket = case
    address = f"/help/new?from={ticket.id}"
    assert browse(agent).get(f"/p/{ticket.id}").text.count(address) == 2             # on the panel, and in the menu
    assert address not in browse(ada).get(f"/p/{ticket.id}").text
    for status in ("new", "in_progress", "canceled"):
        put(ticket, status)
        assert address not in browse(agent).get(f"/p/{ticket.id}").text
    put(ticket, "closed")
    assert address in browse(agent).get(f"/p/{ticket.id}").text


def test_who_does_not_work_on_a_ticket_writes_nothing_from_it(browse, make, case):
    ada, agent, ticket = case
    hr = make.team("HR", confidential=True)
    member, admin = make.agent(teams=[hr]), make.admin()
    sealed = make.ticket(make.person(), "My pay slip is wrong.", team_id=hr.id)
    own = make.ticket(agent, "My own pay slip is wrong.", team_id=hr.id)
    question = make.question()
    for person, what in ((agent, sealed), (admin, sealed), (agent, own), (agent, question)):
        for answer in (browse(person).get(f"/help/new?from={what.id}"),
                       browse(person).post("/help/new", data={"title": "T", "body": "B", "from": what.id, "key": "k"})):
            assert answer.status_code == 404 and "pay slip" not in answer.text
    for odd in ("", "x", "-1", "9" * 30, "1.5", "\x00"):
        assert browse(agent).get("/help/new", query_string={"from": odd}).status_code == 404
    assert browse(ada).get(f"/help/new?from={ticket.id}").status_code == 403
    assert browse(member).get(f"/help/new?from={sealed.id}").status_code == 200
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Article)) == 0 and links() == []


# --- publishing ties both together

def test_publishing_links_article_and_ticket_once(browse, case):
    _ada, agent, ticket = case
    for headers in ({}, HTMX):
        answer = browse(agent).post("/help/new", data={"title": "Renew the certificate", "body": "Open Settings.", "from": ticket.id, "key": "k1"}, headers=headers)
    assert answer.headers["HX-Redirect"] == "/help/renew-the-certificate"
    article = db.session.scalar(sa.select(Article.post_id))
    assert links() == [(article, ticket.id)]
    assert db.session.execute(sa.select(Event.root_id, Event.ref_id).where(Event.verb == Verb.TICKET_WRITTEN_UP)).all() == [(ticket.id, article)]


def test_the_thread_tells_of_it_and_the_article_shows_the_ticket_to_its_readers_alone(browse, make, case):
    ada, agent, ticket = case
    browse(agent).post("/help/new", data={"title": "Renew the certificate", "body": "Open Settings.", "from": ticket.id, "key": "k1"})
    article = links()[0][0]
    for person in (ada, agent):
        assert f'<a href="/p/{article}">an article</a> from this' in browse(person).get(f"/p/{ticket.id}").text
        assert f'href="/p/{ticket.id}"' in browse(person).get("/help/renew-the-certificate").text
    assert browse(ada).get(f"/p/{article}").location == "/help/renew-the-certificate"
    stranger = browse(make.person()).get("/help/renew-the-certificate").text
    assert f"/p/{ticket.id}" not in stranger and "every morning" not in stranger and "Written from" not in stranger


def test_what_cannot_be_published_comes_back_with_its_ticket(browse, case):
    _ada, agent, ticket = case
    answer = browse(agent).post("/help/new", data={"title": "T", "body": "Look here.", "review_at": "2001-01-01", "from": ticket.id, "key": "k"})
    assert answer.status_code == 422 and f'name="from" value="{ticket.id}"' in answer.text and "profile 7 mends it" in answer.text
    db.session.rollback()
    assert db.session.scalars(sa.select(Draft.place)).all() == [f"article-from-{ticket.id}"]
    again = browse(agent).get(f"/help/new?from={ticket.id}").text
    assert "Look here.</textarea>" in again
    browse(agent).post("/help/new", data={"title": "T", "body": "Look.", "from": ticket.id, "key": "k2"})
    db.session.rollback()
    assert db.session.scalars(sa.select(Draft.place)).all() == []


def test_a_ticket_that_left_ones_sight_is_not_linked_and_nothing_is_published(browse, make, case):
    _ada, agent, ticket = case
    hr, admin = make.team("HR", confidential=True), make.admin()
    with transaction():
        tickets.move(ticket.id, admin, hr.id)
    answer = browse(agent).post("/help/new", data={"title": "T", "body": "B", "from": ticket.id, "key": "k"})
    assert answer.status_code == 404 and links() == [] and not db.session.scalar(sa.select(Post.id).where(Post.kind == "article"))
