"""Open questions of others, shown before the same is asked again."""
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.posts.answer_actions import accept
from socialdesk.posts.models import Draft, Follow, MeToo, Post
from socialdesk.search.models import Lesson
from socialdesk.search.similar_queries import similar_questions

from .conftest import HTMX, run_due

TEXT = "the canteen terminal refuses my badge"


def asked(make, author=None, body="Why does the canteen terminal refuse my badge since noon?", **more):
    root = make.question(author, body, **more)
    for n in range(5):
        make.question(make.person(), f"Something else altogether, number {n}?")
    run_due()
    return root


def found(viewer, text=TEXT):
    ids = [one.id for one in similar_questions(viewer, text)]
    db.session.rollback()
    return ids


def test_an_open_question_of_somebody_else_is_shown_with_how_many_have_it(make):
    root = asked(make)
    one = similar_questions(make.person(), TEXT)[0]
    assert (one.id, one.url, one.me_toos, one.has_me_too) == (root.id, f"/p/{root.id}", 0, False)


def test_ones_own_and_answered_ones_are_not_shown(make):
    asker = make.person()
    root = asked(make, asker)
    assert found(asker) == [] and found(make.person()) == [root.id]
    answer = make.reply(root, make.person(), body="Hold it lower.")
    with transaction():
        accept(answer.id, asker)
    run_due()
    assert found(make.person()) == []


def test_what_is_private_or_of_another_circle_is_shown_to_nobody_else(make):
    circle = make.circle("Pilots")
    root = asked(make, make.person(circles=[circle]), audience="circle:pilots")
    make.ticket(body="The canteen terminal refuses my badge, privately.")
    run_due()
    assert found(make.person(circles=[circle])) == [root.id]
    assert found(make.person()) == found(make.agent()) == found(make.admin()) == []


def test_nothing_is_shown_where_nothing_fits_or_too_little_is_typed(make):
    asked(make)
    person = make.person()
    assert [found(person, text) for text in ("", "why", "please help me", "the coffee is cold", "😀" * 20, "\x00 \u202e" * 50)] == [[]] * 6


def test_one_taken_back_is_gone_at_once(make, browse):
    asker = make.person()
    root = asked(make, asker)
    browse(asker).post(f"/p/{root.id}/delete")
    run_due()
    assert found(make.person()) == []


def test_the_fragment_offers_to_join_and_says_where_one_is_in(make, browse):
    root, person = asked(make), make.person()
    page = browse(person).get("/suggestions/asked", query_string={"body": TEXT}, headers=HTMX).text
    assert "Others asked this" in page and f'action="/p/{root.id}/me-too"' in page and f'href="/p/{root.id}"' in page and "Still open" in page
    browse(person).post(f"/p/{root.id}/me-too")
    page = browse(person).get("/suggestions/asked", query_string={"body": TEXT}, headers=HTMX).text
    assert "You are in" in page and "/me-too" not in page and "1 said me too" in page
    assert "Others asked this" not in browse(person).get("/suggestions/asked?body=zebra+telescope", headers=HTMX).text
    assert browse(None).get("/suggestions/asked?body=zebra", headers=HTMX).status_code == 401


def test_me_too_from_the_composer_joins_tells_how_many_and_sends_nothing(make, browse):
    root, person = asked(make), make.person()
    with transaction():
        db.session.add(Draft(person_id=person.id, place="ask", text=TEXT, at=root.made_at))
    before = db.session.scalar(sa.select(sa.func.count()).select_from(Post))
    for _ in range(2):
        page = browse(person).post(f"/p/{root.id}/me-too", data={"from": "ask", "body": TEXT}, headers=HTMX).text
    assert "You joined it" in page and "first to say me too" in page and "Nothing was sent" in page and 'id="known"' in page
    assert db.session.scalar(sa.select(sa.func.count()).select_from(MeToo)) == 1 and db.session.scalar(sa.select(sa.func.count()).select_from(Draft)) == 0
    assert db.session.scalar(sa.select(Follow.level).where(Follow.person_id == person.id, Follow.root_id == root.id)) == "all"
    assert db.session.execute(sa.select(Lesson.why, Lesson.text)).all() == [("me_too", TEXT)]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Post)) == before
    plain = browse(make.person()).post(f"/p/{root.id}/me-too", data={"from": "ask", "body": TEXT})
    assert (plain.status_code, plain.location) == (303, f"/p/{root.id}")


def test_me_too_taken_back_unlearns_it(make, browse):
    root, person = asked(make), make.person()
    browse(person).post(f"/p/{root.id}/me-too", data={"from": "ask", "body": TEXT}, headers=HTMX)
    page = browse(person).post(f"/p/{root.id}/me-too/remove", data={"from": "ask"}, headers=HTMX).text
    assert "That is taken back" in page and 'id="known"' in page
    assert db.session.scalars(sa.select(MeToo.person_id)).all() == db.session.scalars(sa.select(Lesson.id)).all() == []


def test_without_scripts_they_stand_below_what_is_known_with_the_text_for_the_form(make, browse):
    asked(make)
    page = browse(make.person()).post("/ask/known", data={"body": TEXT}).text
    assert "Others asked this" in page and f'<input type="hidden" name="body" value="{TEXT}">' in page and "Nothing is known" not in page
