"""The pages on which one chooses what one is told, the same by a program, and the paper about it."""
from pathlib import Path

import pytest
import sqlalchemy as sa

from socialdesk.db import db
from socialdesk.notifications.choice_actions import choose
from socialdesk.notifications.matters_checker import MATTERS
from socialdesk.notifications.models import Choice
from socialdesk.people.models import Person

from .api_desk import call  # noqa: F401
from .conftest import HTMX, run_due
from .test_major import give_phone
from .told import counted, do, publish, written_not_sent  # noqa: F401

pytestmark = pytest.mark.usefixtures("written_not_sent")


def test_likes_never_ring_and_what_waits_in_person_always_stands_in_the_inbox(make, browse):
    ada = make.agent()
    page = browse(ada)
    for data in ({"likes-told": "now"}, {"likes-told": "rest"}):
        assert page.post("/me/notifications/what/others", data=data).status_code == 422
    for part, data in (("mine", {"waits-told": "off"}), ("desk", {"assigned-told": "off"}), ("mine", {"answers-told": "loud"}),
                       ("mine", {"answers-mail": "pigeon"})):
        assert page.post(f"/me/notifications/what/{part}", data=data).status_code == 422
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Choice)) == 0


@pytest.mark.parametrize("headers, status", [({}, 303), (HTMX, 200)])
def test_choices_are_kept_by_form_and_only_what_differs_is_written(make, browse, headers, status):
    ada = make.person()
    page = browse(ada)
    for told in ("rest", "rest", "now"):
        answer = page.post("/me/notifications/what/mine", data={"answers-told": told, "answers-mail": "second"}, headers=headers)
        assert answer.status_code == status
        rows = db.session.execute(sa.select(Choice.matter, Choice.channel, Choice.level)).all()
        db.session.rollback()
        assert [tuple(row) for row in rows] == ([("answers", "push", "rest")] if told == "rest" else [])
    assert "Somebody answers what I asked" in page.get("/me/notifications/what").text


def test_matters_of_the_desk_are_for_its_people_alone(make, browse):
    ada, tom = make.person(), make.agent()
    assert "My team gets a ticket" in browse(tom).get("/me/notifications/what").text
    assert "My team gets a ticket" not in browse(ada).get("/me/notifications/what").text
    browse(ada).post("/me/notifications/what/desk", data={"queue-told": "now"})
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Choice)) == 0
    assert browse(tom).post("/me/notifications/what/nothing").status_code == 404


def test_each_sentence_has_its_name_and_two_choices(make, browse):
    text = browse(make.agent()).get("/me/notifications/what").text
    for matter in MATTERS:
        assert f"<legend>{matter.sentence}</legend>" in text and f'name="{matter.key}-told"' in text and f'name="{matter.key}-mail"' in text


def test_a_choice_is_for_oneself_alone(make, browse):
    ada, tom = make.person(), make.agent()
    give_phone(browse, ada)
    give_phone(browse, tom)
    do(choose, ada, "announcements", "off", "never")
    publish(make.agent(), "announcement", "New badges.")
    run_due()
    assert counted(ada) == (0, []) and counted(tom) == (1, [("push", "rest")])


def test_a_locked_phone_shows_as_much_of_each_kind_as_chosen(make, browse):
    ada = make.person()
    page = browse(ada)
    assert page.post("/me/notifications/lock-screen", data={"lock_screen": "who", "lock_private": "full"}).status_code == 303
    row = db.session.execute(sa.select(Person.lock_screen, Person.lock_private).where(Person.id == ada.id)).one()
    db.session.rollback()
    assert tuple(row) == ("who", "full")
    assert page.post("/me/notifications/lock-screen", data={"lock_screen": "loud"}).status_code == 422


def test_a_program_reads_and_changes_the_choices_of_its_person(make, call):
    ada = make.person()
    program = call(ada)
    told = {one["matter"]: one for one in program.get("/me/choices").json["choices"]}
    assert told["answers"]["told"] == "now" and "queue" not in told
    changed = program.patch("/me/choices", {"matter": "answers", "told": "rest"})
    assert {one["matter"]: (one["told"], one["mail"]) for one in changed.json["choices"]}["answers"] == ("rest", "second")
    for wrong in ({"matter": "waits", "told": "off"}, {"matter": "queue", "told": "now"}, {"matter": "answers", "told": "loud"}):
        assert program.patch("/me/choices", wrong).status_code == 422
    me = program.patch("/me", {"batch_hours": ["15:00", "09:00"], "daily_pushes": 3, "even_outside": ["majors"], "digest": "daily", "lock_private": "who"})
    assert [me.json[name] for name in ("batch_hours", "daily_pushes", "even_outside", "digest", "lock_private")] == [["09:00", "15:00"], 3, ["majors"], "daily", "who"]
    assert program.patch("/me", {"digest": "hourly"}).status_code == 422


def test_the_page_about_notices_names_every_matter_as_it_is():
    page = (Path(__file__).parent.parent / "docs" / "notices.md").read_text("utf-8")
    push, mail = {"now": "at once", "rest": "with the rest", "never": "no"}, {"second": "if unread after 2 h", "digest": "in the digest", "never": "no"}
    for matter in MATTERS:
        inbox = "yes" if matter.usual.inbox == "on" else "who asks for it"
        rings = push[matter.usual.push] if matter.pushes else "never"
        assert f"| {matter.sentence} | {inbox} | {rings} | {mail[matter.usual.mail]} |" in page
