"""Who may not press a button of a notice, what is none, and the page with the same button."""
import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.notifications.models import Choice, Notification
from socialdesk.people.models import Person, Team, TeamMember
from socialdesk.tickets import actions as tickets

from .conftest import run_due
from .phones import phone, service, settings_given  # noqa: F401
from .test_deeds import JSON, deed, fixed, move, status_of  # noqa: F401
from .ticket_desk import row_of


def test_a_notice_of_somebody_else_is_not_there(make, browse, fixed):
    ticket, tomasz, hers = fixed
    for person in (make.person(), tomasz, make.admin()):
        client = browse(person)
        assert client.post(deed(hers, "works"), headers=JSON).status_code == 404
        assert client.get(deed(hers, "works")).status_code == 404
    assert status_of(ticket) == "resolved"


def test_who_is_signed_out_is_asked_to_sign_in_and_nothing_happens(browse, fixed):
    ticket, _, hers = fixed
    address = deed(hers, "works")
    assert browse(None).post(address, headers=JSON).status_code == 401 and status_of(ticket) == "resolved"
    answer = browse(None).get(address)
    assert answer.status_code == 303 and answer.location.startswith("/sign-in?next=/notices/")


def test_another_site_presses_nothing(fixed):
    ticket, _, hers = fixed
    assert hers.client.post(deed(hers, "works"), headers=JSON | {"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert status_of(ticket) == "resolved"


@pytest.mark.parametrize("address", ["/notices/{id}/take?n={n}", "/notices/{id}/reply?n={n}", "/notices/{id}/dance?n={n}", "/notices/{id}/works?n=99",
                                     "/notices/{id}/works", "/notices/{id}/works?n=one", "/notices/999/works?n=1"])
def test_what_was_never_offered_is_not_there(fixed, address):
    ticket, _, hers = fixed
    line = db.session.scalars(sa.select(Notification)).one()
    assert hers.client.post(address.format(id=line.id, n=line.n), headers=JSON).status_code == 404
    assert status_of(ticket) == "resolved"


@pytest.fixture
def sealed(make, phone):
    """(ticket of a confidential team, who is on that team, her phone, which rang for it)."""
    team = make.team("HR", confidential=True)
    hanna = make.agent("Hanna", teams=[team])
    with transaction():
        db.session.add(Choice(person_id=hanna.id, matter="queue", channel="push", level="now"))
    hers, ticket = phone(hanna), make.ticket(body="My salary slip is wrong.", team_id=team.id)
    run_due()
    return ticket, hanna, hers


def _leaves_the_team(person):
    db.session.execute(sa.delete(TeamMember).where(TeamMember.person_id == person.id))


def _leaves_the_desk(person):
    _leaves_the_team(person)
    db.session.execute(sa.update(Person).where(Person.id == person.id).values(role="requester"))


@pytest.mark.parametrize("leave", [_leaves_the_team, _leaves_the_desk])
@pytest.mark.parametrize("somebody_has_it", [False, True])
def test_who_may_no_longer_see_it_is_told_nothing_of_it_and_does_nothing_to_it(make, sealed, leave, somebody_has_it):
    ticket, hanna, hers = sealed
    address, helen = deed(hers, "take"), make.agent("Helen", teams=[db.session.get(Team, ticket.team_id)])
    assert "My salary slip" in hers.client.get(address).text
    with transaction():
        leave(hanna)
        if somebody_has_it:
            tickets.take(ticket.id, helen)
    before = row_of(ticket)
    for answer in (hers.client.get(address), hers.client.post(address), hers.client.post(address, headers=JSON)):
        assert answer.status_code == 404 and "salary" not in answer.text and "Helen" not in answer.text
    assert row_of(ticket) == before


# --- the page with the same button

def test_the_page_asks_and_does_nothing_until_pressed(fixed):
    ticket, _, hers = fixed
    page = hers.client.get(deed(hers, "works"))
    assert page.status_code == 200 and "Does it work?" in page.text and f'action="{deed(hers, "works")}"' in page.text
    assert status_of(ticket) == "resolved"
    answer = hers.client.post(deed(hers, "works"))
    assert answer.status_code == 303 and answer.location == f"/p/{ticket.id}" and status_of(ticket) == "closed"


def test_the_page_of_a_late_press_says_why_and_leads_to_the_ticket(fixed):
    ticket, tomasz, hers = fixed
    address = deed(hers, "works")
    move(ticket, tomasz, "closed")
    page = hers.client.get(address).text
    assert "closed already" in page and f'href="/p/{ticket.id}"' in page and f'action="{address}"' not in page


def test_the_reply_box_is_where_the_button_leads(make, fixed, browse):
    ticket, tomasz, hers = fixed
    for client in (hers.client, browse(tomasz)):
        assert client.get(f"/p/{ticket.id}").text.count('id="say"') == 1
