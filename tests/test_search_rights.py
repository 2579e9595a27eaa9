"""What decides in a search: only what its asker may read, never what stands in other people's tickets or circles."""
import pytest
import sqlalchemy as sa

from socialdesk.db import db, now, transaction
from socialdesk.knowledge.public_queries import STRANGER
from socialdesk.posts.access_actions import give_access, move_rights
from socialdesk.posts.models import Post
from socialdesk.posts.queries import prepare
from socialdesk.search.actions import index_posts
from socialdesk.search.ask_queries import known_view_of, own_view_of, view_of
from socialdesk.search.models import Document
from socialdesk.search.queries import EVERYTHING, search, suggest
from socialdesk.search.rebuild_actions import merge_all
from socialdesk.search.similar_queries import similar_questions
from socialdesk.tickets.major_actions import declare_major

from .conftest import run_due


def found(viewer, text, **where):
    """[id] of what somebody finds, in its order."""
    run_due()
    hits, _next = search(viewer, text, **where)
    db.session.rollback()
    return [hit.id for hit in hits]


@pytest.fixture(params=["desk", "confidential"])
def wherever(request, make):
    """Who works on the tickets: everybody at the desk, or a confidential team.  {"team_id": ...} of a ticket."""
    return {"team_id": make.team("People & pay", confidential=True).id} if request.param == "confidential" else {}


# --- what others sent to the desk decides nothing

@pytest.mark.parametrize("merged", [False, True], ids=["fresh", "merged"])
def test_other_peoples_tickets_change_nothing_in_what_finds_ones_own(make, wherever, merged):
    kofi = make.person("Kofi")
    ticket = make.ticket(kofi, body="My layoffz form is stuck", **wherever)
    texts = ("layoffs", "layoffs ", "layof", "form", "layoffs AND form", '"form is stuck"', "layoffs -form")
    before = [found(kofi, text) for text in texts]
    assert before[0] == before[1] == [ticket.id]
    for n in range(3):
        make.ticket(make.person(), body=f"The layoffs of floor {n}, and a form.", **wherever)
    run_due()
    if merged:
        merge_all()
    assert [found(kofi, text) for text in texts] == before


def test_ones_own_tickets_are_completed_and_repaired_from_ones_own_words_alone(make, wherever):
    kofi = make.person("Kofi")
    make.ticket(kofi, body="My quetzal keyboard types twice.", **wherever)
    make.ticket(make.person(), body="My quetzalcoatl keyboard types twice.", **wherever)
    run_due()
    view = own_view_of(kofi, EVERYTHING)
    assert view.starting("quet", 9) == ({"quetzal": 1}, 1) and [near.word for near in view.near("quetzel")] == ["quetzal"]
    assert view.documents == 1 and view.count("keyboard") == 1 and view.near("quetzalcoatk") == []
    db.session.rollback()


def test_the_order_of_ones_own_tickets_is_theirs_alone(make, wherever):
    kofi = make.person("Kofi")
    one, other = make.ticket(kofi, body="The okapi badge.", **wherever), make.ticket(kofi, body="The okapi gate.", **wherever)
    assert found(kofi, "badge gate okapi ") == [other.id, one.id]
    for n in range(4):
        make.ticket(make.person(), body=f"The gate is shut, number {n}.", **wherever)
    assert found(kofi, "badge gate okapi ") == [other.id, one.id], "how common a word is at the desk would tell what others wrote"


def test_who_was_added_to_one_thread_searches_that_thread_alone(make):
    owner, added = make.person(), make.person()
    ticket = make.ticket(owner, body="My tapir screen flickers.")
    make.ticket(owner, body="My tapirs and their salaries.")
    with transaction():
        give_access(ticket.id, owner, added.id)
    assert found(added, "tapir") == [ticket.id]
    view = own_view_of(make.viewer(added), EVERYTHING)
    assert view.count("tapir") == 1 and view.starting("salar", 9) == ({}, 0)
    db.session.rollback()


def test_what_is_known_and_private_is_suggested_from_itself_alone(make):
    author, other = make.person(), make.person()
    for person, text in ((author, "Which walrax adapter fits?"), (other, "Which walras adapter fits?")):
        root = make.question(person, body=text, audience="private")
        make.reply(root, person, body="The one with a notch.")
        with transaction():
            db.session.execute(sa.update(Post).where(Post.root_id == root.id, Post.parent_id.is_not(None)).values(accepted_at=now()))
            index_posts([root.id])
    run_due()
    view = known_view_of(make.viewer(author))
    assert view.starting("walr", 9) == ({"walrax": 1}, 1)
    assert [one.title for one in suggest(author, "walrax adapter")] == ["Which walrax adapter fits?"]
    db.session.rollback()


# --- rows are asked for once more

def test_what_the_index_has_in_the_wrong_place_is_still_found_by_nobody_else(browse, make):
    question = make.question(body="The gecko app crashes.")
    person = make.person()
    assert found(person, "gecko") == [question.id]
    with transaction():
        db.session.execute(sa.update(Post).where(Post.id == question.id).values(audience="private"))
    assert db.session.scalar(sa.select(Document.segment)) == "everyone"
    assert found(person, "gecko") == [] and "gecko app" not in browse(person).get("/search?q=gecko").text


# --- strangers, circles

def private_words(make):
    """A public word that is one letter from what is typed, and commoner ones where few may read."""
    circle = make.circle("Pilots")
    member = make.person(circles=[circle])
    for n in range(3):
        for word in ("walrat", "walrap"):
            make.question(member, body=f"Where is the {word} number {n}?", audience="circle:pilots")
            make.ticket(body=f"Where is the {word} number {n}?")


def test_who_is_not_signed_in_is_answered_out_of_what_everyone_may_read(make):
    article = make.article(title="Walrax", body="It is in the cellar.")
    private_words(make)
    run_due()
    assert view_of(STRANGER, EVERYTHING).starting("walr", 9) == own_view_of(STRANGER, EVERYTHING).starting("walr", 9) == ({"walrax": 1}, 1)
    db.session.rollback()
    assert found(STRANGER, "walraz") == [article.id], "commoner words out of private text would have taken its place"


def test_similar_questions_are_asked_of_everyones_and_ones_own_circles_alone(make):
    question = make.question(body="Where is the walrax?")
    private_words(make)
    run_due()
    assert [one.id for one in similar_questions(make.person(), "the walraz please ")] == [question.id]
    db.session.rollback()


# --- what never becomes something known

def test_an_incident_that_was_made_private_is_none_for_the_index(make):
    agent = make.agent()
    ticket = make.ticket(body="Mail is slow.")
    prepared = prepare(agent, "The walrus mail server is down.")
    with transaction():
        major = declare_major(ticket.id, agent, prepared, 60)
    run_due()
    assert db.session.scalar(sa.select(Document.kind).where(Document.post_id == major)) == "incident"
    with transaction():
        move_rights(major, audience="private")
        index_posts([major])
    assert db.session.scalar(sa.select(Document.kind).where(Document.post_id == major)) != "incident"


def test_a_note_never_becomes_an_accepted_answer(make):
    agent = make.agent()
    question = make.question(body="Where is the okapi?")
    reply = make.reply(question, agent, body="The wombat has eaten it.")
    with transaction():
        db.session.execute(sa.update(Post).where(Post.id == reply.id).values(note=True, accepted_at=now()))
        index_posts([question.id])
    run_due()
    assert db.session.scalars(sa.select(Document.post_id)).all() == [question.id] and found(agent, "wombat") == []
