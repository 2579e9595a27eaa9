"""Two agents at the same ticket at the same moment: exactly one has it."""
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa

from socialdesk.db import db
from socialdesk.events import Event
from socialdesk.tickets.models import Ticket

from .conftest import HTMX

TICKETS = 200


@pytest.fixture
def settings_given():
    return {"SOCIALDESK_LIMITS": "off"}


def test_two_agents_take_one_ticket_at_once_200_times_and_exactly_one_wins_each(desk, make, browse):
    requester, agents = make.person(), [make.agent("Priya Nair"), make.agent("Tomasz Wrona")]
    tickets = [make.ticket(requester, f"Ticket number {n}.").id for n in range(TICKETS)]
    browsers, together = [browse(agent) for agent in agents], Barrier(2)

    def take_all(browser):
        answers = []
        with desk.app_context():
            for ticket_id in tickets:
                together.wait(60)
                answers.append(browser.post(f"/p/{ticket_id}/take", headers=HTMX))
        return [(answer.status_code, "has it already" in answer.text) for answer in answers]

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(take_all, browsers)
    for one, other in zip(first, second):
        assert sorted((one, other)) == [(200, False), (409, True)]
    winners = {row.post_id: row.assignee_id for row in db.session.execute(sa.select(Ticket.post_id, Ticket.assignee_id))}
    assert winners == {ticket_id: agents[0].id if answer[0] == 200 else agents[1].id for ticket_id, answer in zip(tickets, first)}
    told = db.session.execute(sa.select(Event.root_id, Event.ref_id).where(Event.verb == "ticket_assigned")).all()
    assert sorted(map(tuple, told)) == sorted(winners.items())


def test_two_people_move_one_ticket_at_once_and_only_one_step_is_taken(desk, make, browse):
    requester, agent = make.person(), make.agent()
    tickets = [make.ticket(requester, f"Ticket number {n}.").id for n in range(20)]
    deeds = [(browse(requester), {"status": "canceled"}), (browse(agent), {"status": "canceled", "sentence": "Twice sent."})]
    together = Barrier(2)

    def withdraw_all(deed):
        browser, data = deed
        answers = []
        with desk.app_context():
            for ticket_id in tickets:
                together.wait(60)
                answers.append(browser.post(f"/p/{ticket_id}/status", data=data, headers=HTMX).status_code)
        return answers

    with ThreadPoolExecutor(2) as pool:
        pairs = list(zip(*pool.map(withdraw_all, deeds)))
    assert [sorted(pair) for pair in pairs] == [[200, 409]] * 20
    steps = db.session.scalar(sa.select(sa.func.count()).select_from(Event).where(Event.verb == "ticket_status_changed"))
    assert steps == 20
