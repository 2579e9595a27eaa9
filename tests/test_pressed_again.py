"""A button of a notice pressed once more: nothing is done again, and what is said of it holds at that moment."""
import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.people.models import Person, TeamMember
from socialdesk.tickets import actions as tickets
from socialdesk.tickets.models import Ticket

from .phones import phone, service, settings_given  # noqa: F401
from .test_deeds import deed, fixed, press, queued  # noqa: F401
from .ticket_desk import put, row_of, story

JSON = {"Accept": "application/json"}


def again(phone, address):  # noqa: F811
    """The same press once more: what is said of it, after a look that nothing was done."""
    rows = {row.post_id: (row.status, row.assignee_id) for row in db.session.scalars(sa.select(Ticket))}
    answer = phone.client.post(address, headers=JSON)
    assert answer.status_code == 200, answer.json
    assert rows == {row.post_id: (row.status, row.assignee_id) for row in db.session.scalars(sa.select(Ticket))}
    return answer.json["sentence"]


def test_while_it_holds_the_same_is_said(fixed, queued):
    for hers, key in ((fixed[2], "works"), (queued[2], "take")):
        first = press(hers, key).json["sentence"]
        assert again(hers, deed(hers, key)) == first


def test_a_ticket_somebody_else_has_by_now_is_not_said_to_be_mine(make, queued):
    ticket, mona, hers = queued
    address, tomasz = deed(hers, "take"), make.agent("Tomasz")
    press(hers, "take")
    with transaction():
        tickets.assign(ticket.id, mona, tomasz.id)
    assert again(hers, address) == "Tomasz has taken it meanwhile."
    assert row_of(ticket)["assignee_id"] == tomasz.id


def test_a_ticket_given_back_is_not_said_to_be_mine_nor_taken_again(queued):
    ticket, mona, hers = queued
    address = deed(hers, "take")
    press(hers, "take")
    with transaction():
        tickets.assign(ticket.id, mona, None)
    assert "nobody has it" in again(hers, address) and row_of(ticket)["assignee_id"] is None


@pytest.mark.parametrize("status, words", [("resolved", "By now it is fixed"), ("closed", "By now it is closed"), ("canceled", "By now it was withdrawn")])
def test_a_ticket_that_is_done_by_now_is_not_said_to_be_mine(queued, status, words):
    ticket, _, hers = queued
    press(hers, "take")
    put(ticket, status)
    assert words in again(hers, deed(hers, "take"))


def test_a_ticket_that_was_closed_and_is_open_again_is_not_said_to_be_closed(fixed):
    ticket, _, hers = fixed
    press(hers, "works")
    put(ticket, "in_progress")
    assert "By now the ticket is open again" in again(hers, deed(hers, "works"))


@pytest.mark.parametrize("status, words", [("resolved", "is fixed, as the desk says"), ("closed", "is closed"), ("on_hold", "waits for something")])
def test_a_ticket_that_was_opened_again_and_moved_on_is_not_said_to_be_looked_at(fixed, status, words):
    ticket, tomasz, hers = fixed
    address = deed(hers, "fails")
    assert press(hers, "fails").json["sentence"].startswith("Opened again.")
    put(ticket, status)
    before = story(ticket)
    assert f"By now the ticket {words}." in again(hers, address) and story(ticket) == before


def test_a_ticket_that_is_out_of_sight_by_now_is_not_spoken_of(queued):
    ticket, mona, hers = queued
    address = deed(hers, "take")
    press(hers, "take")
    with transaction():
        db.session.execute(sa.delete(TeamMember).where(TeamMember.person_id == mona.id))
        db.session.execute(sa.update(Person).where(Person.id == mona.id).values(role="requester"))
    answer = hers.client.post(address, headers=JSON)
    assert answer.status_code == 404 and answer.json["detail"] == "You pressed this before. By now the ticket is not here for you any more."


def test_the_page_of_take_it_offers_nothing_that_would_be_refused(make, queued):
    ticket, mona, hers = queued
    address, tomasz = deed(hers, "take"), make.agent("Tomasz")
    assert f'action="{address}"' in hers.client.get(address).text
    with transaction():
        tickets.take(ticket.id, tomasz)
    page = hers.client.get(address).text
    assert "Tomasz has it already." in page and f'action="{address}"' not in page and f'href="/p/{ticket.id}"' in page


def test_what_is_fixed_meanwhile_is_no_longer_taken(queued):
    ticket, _, hers = queued
    put(ticket, "resolved")
    answer = press(hers, "take")
    assert answer.status_code == 409 and "needs nobody any more" in answer.json["detail"] and row_of(ticket)["assignee_id"] is None


def test_by_its_page_the_press_leads_to_the_thread_as_it_stands(make, queued):
    ticket, mona, hers = queued
    address = deed(hers, "take")
    for _ in range(2):
        answer = hers.client.post(address)
        assert answer.status_code == 303 and answer.location == f"/p/{ticket.id}"
    assert row_of(ticket)["assignee_id"] == mona.id
