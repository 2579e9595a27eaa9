"""Buttons pressed at the same moment, and what others did while a press waited for its turn: each deed is done once, on what stands then."""
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa

from socialdesk import policy
from socialdesk.db import db, transaction, wait_until
from socialdesk.notifications import deed_actions
from socialdesk.notifications.models import Choice
from socialdesk.posts.models import Post
from socialdesk.tickets import actions as tickets

from .conftest import DATABASE, run_due
from .phones import phone, service, settings_given  # noqa: F401
from .test_deeds import JSON, deed, fixed, status_of  # noqa: F401
from .ticket_desk import row_of, story


def at_once(desk, *presses):
    """The answers to presses, (client, address) each, of as many threads at the same moment."""
    together = Barrier(len(presses))

    def one(press):
        client, address = press
        with desk.app_context():
            together.wait(60)
            answer = client.post(address, headers=JSON)
            db.session.remove()
            return answer
    with ThreadPoolExecutor(len(presses)) as pool:
        return list(pool.map(one, presses))


def changes(ticket):
    """How often the ticket changed its state after it was fixed."""
    return [entry[1:] for entry in story(ticket) if entry[1] is not None and entry[2] != "resolved"]


@pytest.mark.parametrize("key, after", [("works", "closed"), ("fails", "in_progress")])
def test_the_same_button_on_two_phones_at_once_is_one_deed(desk, fixed, key, after):
    ticket, _, hers = fixed
    answers = at_once(desk, *[(hers.client, deed(hers, key))] * 4)
    assert [answer.status_code for answer in answers] == [200] * 4
    assert status_of(ticket) == after and changes(ticket) == [("resolved", after)]


def test_both_buttons_at_once_are_one_deed(desk, fixed):
    ticket, _, hers = fixed
    answers = at_once(desk, *((hers.client, deed(hers, key)) for key in ("works", "fails")))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    done = "closed" if answers[0].status_code == 200 else "in_progress"
    assert status_of(ticket) == done and changes(ticket) == [("resolved", done)]


def test_of_a_team_that_takes_it_at_once_one_has_it(desk, make, phone):
    team = make.team("Printers")
    people = [make.agent(teams=[team]) for _ in range(3)]
    for person in people:
        with transaction():
            db.session.add(Choice(person_id=person.id, matter="queue", channel="push", level="now"))
    phones = [phone(person) for person in people]
    ticket = make.ticket(team_id=team.id)
    run_due()
    answers = at_once(desk, *((one.client, deed(one, "take")) for one in phones))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    [has_it] = [person.id for person, answer in zip(people, answers) if answer.status_code == 200]
    assert row_of(ticket)["assignee_id"] == has_it and [entry[0] for entry in story(ticket)].count("ticket_assigned") == 1


# --- while it waited for its turn

@pytest.fixture
def asker(fixed):
    """Who asked for what is fixed."""
    return policy.viewer_of(db.session.scalar(sa.select(Post.author_id).where(Post.id == fixed[0].id)))


def fixed_anew(ticket_id, asker, agent):
    """Within a transaction: who asked opens it again on its page, and the desk says once more that it is fixed."""
    tickets.change_status(ticket_id, asker, "in_progress")
    tickets.change_status(ticket_id, agent, "resolved", "Now it is.")


@pytest.mark.parametrize("key", ["works", "fails"])
def test_what_happened_while_a_press_waited_for_its_turn_is_looked_at(fixed, asker, monkeypatch, key):
    ticket, tomasz, hers = fixed
    ticket_id, turn = ticket.id, deed_actions.locked

    def after_others(*row):
        fixed_anew(ticket_id, asker, tomasz)
        return turn(*row)
    monkeypatch.setattr(deed_actions, "locked", after_others)
    answer = hers.client.post(deed(hers, key), headers=JSON)
    assert answer.status_code == 409 and status_of(ticket) == "resolved"


@pytest.mark.postgres
@pytest.mark.skipif(DATABASE != "postgresql", reason="SQLite lets one write at a time: nothing happens in between (SD_TEST_DB=postgresql)")
@pytest.mark.parametrize("key", ["works", "fails"])
def test_a_press_waits_for_who_is_at_the_ticket_and_looks_again(desk, fixed, asker, key):
    ticket, tomasz, hers = fixed
    address = deed(hers, key)
    waits = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with ThreadPoolExecutor(1) as pool:
        with transaction():
            fixed_anew(ticket.id, asker, tomasz)
            press = pool.submit(at_once, desk, (hers.client, address))
            assert wait_until(lambda: db.session.scalar(waits), 30), "the press waits for its turn"
        [answer] = press.result(30)
    assert answer.status_code == 409 and status_of(ticket) == "resolved"
