"""The buttons of a notice: who gets which, what a press does, once, and what it says when it comes too late."""
import json

import pytest
import sqlalchemy as sa

from socialdesk import db as database
from socialdesk.db import db, transaction
from socialdesk.notifications import button_checker
from socialdesk.notifications.models import Choice, Notification
from socialdesk.posts import thread_actions
from socialdesk.tickets import actions as tickets
from socialdesk.tickets.models import Ticket

from .conftest import run_due
from .phones import phone, service, settings_given  # noqa: F401
from .ticket_desk import put, story

JSON = {"Accept": "application/json"}


def move(ticket, agent, status, sentence="So it is.", **more):
    """A change of state, told at once."""
    with transaction():
        tickets.change_status(ticket.id, agent, status, sentence, **more)
    run_due()


def status_of(ticket):
    db.session.rollback()
    return db.session.scalar(sa.select(Ticket.status).where(Ticket.post_id == ticket.id))


@pytest.fixture
def fixed(make, phone):
    """(ticket, its agent, the phone of who asked) of a ticket that is said to be fixed."""
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket, hers = make.ticket(ada), phone(ada)
    move(ticket, tomasz, "resolved")
    return ticket, tomasz, hers


@pytest.fixture
def queued(make, phone):
    """(ticket, the phone of Mona, who is on its team): her phone rings at once for what her team gets."""
    team = make.team("Printers")
    mona = make.agent("Mona", teams=[team])
    with transaction():
        db.session.add(Choice(person_id=mona.id, matter="queue", channel="push", level="now"))
    hers = phone(mona)
    ticket = make.ticket(team_id=team.id)
    run_due()
    return ticket, mona, hers


def buttons(notice):
    """The labels on a notice."""
    return [action["title"] for action in notice.get("actions", ())]


def deed(phone, key):
    """The address that a button of the phone's last notice presses."""
    return phone.told[-1]["data"]["deeds"][key]


def press(phone, key):
    """Press a button of the phone's last notice, as its worker does."""
    return phone.client.post(deed(phone, key), headers=JSON)


# --- who gets which

def test_what_is_fixed_asks_whether_it_works(fixed):
    ticket, _, hers = fixed
    notice = hers.told[-1]
    assert buttons(notice) == ["It works", "It doesn’t"]
    line = db.session.scalars(sa.select(Notification)).one()
    assert notice["data"]["deeds"] == {key: f"/notices/{line.id}/{key}?n={line.n}" for key in ("works", "fails")}
    assert [action["navigate"] for action in notice["actions"]] == ["http://127.0.0.1:8000" + way for way in notice["data"]["deeds"].values()]


def test_a_team_may_take_its_new_ticket_from_the_notice(queued):
    ticket, _, hers = queued
    assert buttons(hers.told[-1]) == ["Take it", "Reply"]


def test_what_somebody_has_taken_meanwhile_is_no_longer_offered(make, queued):
    ticket, mona, hers = queued
    lee = make.agent("Lee")
    for team_id in (None, next(iter(mona.team_ids))):
        with transaction():
            tickets.move(ticket.id, lee, team_id)
    with transaction():
        tickets.take(ticket.id, lee)
    run_due()
    assert len(hers.told) == 1


def test_a_reply_a_question_and_a_mention_can_be_answered(make, phone):
    ada, ben, tomasz = make.person("Ada"), make.person("Ben"), make.agent("Tomasz")
    ticket, question = make.ticket(ada), make.question(ada)
    hers, his = phone(ada), phone(ben)
    make.reply(ticket, tomasz)
    run_due()
    move(ticket, tomasz, "on_hold", hold_reason="requester")
    make.reply(question, tomasz, body=f"Ask @{ben.handle}")
    run_due()
    assert [buttons(notice) for notice in (*hers.told, *his.told)] == [["Reply"]] * 4
    assert hers.told[0]["actions"][0]["navigate"].endswith(f"/p/{ticket.id}#say") and "deeds" not in hers.told[0]["data"]


def test_what_asks_nothing_has_no_button(make, phone):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket, hers = make.ticket(ada), phone(ada)
    move(ticket, tomasz, "in_progress")
    move(ticket, tomasz, "on_hold", hold_reason="supplier")
    assert [buttons(notice) for notice in hers.told] == [[], []]


def test_a_note_is_answered_on_its_page_alone(make, phone):
    tomasz, priya = make.agent("Tomasz"), make.agent("Priya")
    ticket = make.ticket()
    with transaction():
        tickets.assign(ticket.id, priya, tomasz.id)
    run_due()
    his = phone(tomasz)
    make.reply(ticket, priya, body="A hunch.", note=True)
    run_due()
    assert [buttons(notice) for notice in his.told] == [[]]


def test_an_admin_who_only_looks_through_broken_glass_gets_no_reply(make, phone):
    hr = make.team("HR", confidential=True)
    hanna, cy = make.agent("Hanna", teams=[hr]), make.admin("Cy")
    ticket = make.ticket(team_id=hr.id)
    with transaction():
        tickets.break_glass(ticket.id, cy)
    run_due()
    his = phone(cy)
    make.reply(ticket, hanna, body=f"@{cy.handle} is looking.")
    run_due()
    assert [buttons(notice) for notice in his.told] == [[]]


def test_told_of_several_at_once_there_is_no_button(make, phone, time):
    time.stop(2026, 11, 23, 6, 0)
    ada, tomasz = make.person("Ada", hours={"mon": [["08:00", "18:00"]]}), make.agent("Tomasz")
    hers = phone(ada)
    for ticket in (make.ticket(ada), make.ticket(ada)):
        move(ticket, tomasz, "resolved")
    time.pass_(hours=3)
    run_due()
    notice = hers.told[-1]
    assert notice["tag"] == "rest" and buttons(notice) == [] and len(notice["data"]["lines"]) == 2


def test_no_notice_carries_more_than_two_buttons_nor_a_secret(fixed, queued):
    for notice in (*fixed[2].told, *queued[2].told):
        assert len(buttons(notice)) <= button_checker.MOST
        assert all(way.startswith("/notices/") and way.rpartition("?n=")[2].isdecimal() for way in notice["data"]["deeds"].values())


def test_what_a_chunk_asks_beside_does_not_grow_with_its_people(make, phone):
    question = make.question(make.person())
    counts = []
    for many in (1, 6):
        people_ = [make.person() for _ in range(many)]
        for person in people_:
            with transaction():
                thread_actions.follow(question.id, person)
        phones = [phone(person) for person in people_]
        make.reply(question, make.person())
        run_due()
        counted = database.statements.set([0])
        make.reply(question, make.person())
        run_due()
        counts.append(database.statements.get()[0])
        database.statements.reset(counted)
        assert all(buttons(one.told[-1]) == ["Reply"] for one in phones)
    assert counts[1] - counts[0] <= 3, counts


def test_a_payload_stays_below_what_push_services_take(fixed):
    assert all(len(json.dumps(notice)) < 1200 for notice in fixed[2].told)


# --- what a press does

def test_it_works_closes_the_ticket_and_says_so(fixed):
    ticket, _, hers = fixed
    answer = press(hers, "works")
    assert answer.status_code == 200 and answer.json == {"sentence": "Closed. Thank you.", "badge": 0}
    assert status_of(ticket) == "closed" and story(ticket)[-1] == ("ticket_status_changed", "resolved", "closed")


def test_it_does_not_opens_it_again_and_tells_its_agent(fixed, phone):
    ticket, tomasz, hers = fixed
    with transaction():
        tickets.assign(ticket.id, tomasz, tomasz.id)
    his = phone(tomasz)
    assert press(hers, "fails").json["sentence"].startswith("Opened again.")
    run_due()
    assert status_of(ticket) == "in_progress" and len(his.told) == 1


def test_take_it_gives_it_to_who_pressed(queued):
    ticket, mona, hers = queued
    assert press(hers, "take").json["sentence"] == "It is yours now."
    db.session.rollback()
    assert db.session.get(Ticket, ticket.id).assignee_id == mona.id


def test_a_press_reads_the_thread_so_the_badge_falls(fixed):
    _, _, hers = fixed
    line = db.session.scalars(sa.select(Notification)).one()
    assert line.read_at is None
    press(hers, "works")
    db.session.rollback()
    assert db.session.scalars(sa.select(Notification)).one().read_at is not None


@pytest.mark.parametrize("key", ["works", "fails"])
def test_twice_is_once(fixed, key):
    ticket, _, hers = fixed
    first, second = press(hers, key), press(hers, key)
    assert first.json == second.json and second.status_code == 200
    assert len(story(ticket)) == len(set(story(ticket))), "one change of state"


def test_the_worker_and_the_page_are_one_press(fixed):
    ticket, _, hers = fixed
    assert press(hers, "works").status_code == 200
    answer = hers.client.post(deed(hers, "works"))
    assert answer.status_code == 303 and answer.location == f"/p/{ticket.id}"


# --- too late

def refused(answer, words):
    return answer.status_code == 409 and words in answer.json["detail"]


def test_what_is_closed_already_stays_so(fixed, time):
    ticket, tomasz, hers = fixed
    move(ticket, tomasz, "closed")
    address = hers.told[0]["data"]["deeds"]
    assert refused(hers.client.post(address["fails"], headers=JSON), "closed already")
    assert status_of(ticket) == "closed"


def test_what_was_opened_again_meanwhile_is_not_closed(make, fixed):
    ticket, _, hers = fixed
    address = deed(hers, "works")
    press(hers, "fails")
    assert refused(hers.client.post(address, headers=JSON), "opened again in the meantime")
    assert status_of(ticket) == "in_progress"


def test_a_newer_repair_is_not_judged_by_the_notice_of_an_older_one(fixed):
    ticket, tomasz, hers = fixed
    address = deed(hers, "works")
    press(hers, "fails")
    move(ticket, tomasz, "resolved", "Now it is.")
    assert refused(hers.client.post(address, headers=JSON), "fixed once more")
    assert status_of(ticket) == "resolved"
    assert press(hers, "works").status_code == 200 and status_of(ticket) == "closed"


def test_what_a_colleague_has_taken_stays_with_them(make, queued):
    ticket, mona, hers = queued
    lee = make.agent("Lee")
    with transaction():
        tickets.take(ticket.id, lee)
    assert refused(press(hers, "take"), "Lee has it already.")


def test_a_withdrawn_ticket_says_so(fixed):
    ticket, _, hers = fixed
    put(ticket, "canceled")
    assert refused(press(hers, "works"), "withdrawn")
