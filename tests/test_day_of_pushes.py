"""The number of pushes a day: what counts against it is told by the matter, as the person was told of it, not by the verb."""
import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.notifications.matters_checker import BY_KEY, MATTERS
from socialdesk.notifications.models import Delivery
from socialdesk.people.profile_actions import change_profile
from socialdesk.posts import actions as posts
from socialdesk.posts import queries
from socialdesk.tickets import actions as tickets
from socialdesk.tickets.major_actions import declare_major

from .conftest import run_due
from .phones import phone, service, settings_given  # noqa: F401
from .test_push import move, say

MONDAY = (2026, 3, 2, 10, 0)


def limit(person, pushes=3):
    """So many pushes a day and no more."""
    with transaction():
        change_profile(person, daily_pushes=pushes)


def hows():
    """How each push was planned, in order."""
    return list(db.session.scalars(sa.select(Delivery.how).where(Delivery.channel == "push").order_by(Delivery.id)))


@pytest.mark.parametrize("reason, spends", [("supplier", True), ("change", True), ("requester", False)])
def test_a_ticket_that_waits_for_a_supplier_counts_and_one_that_waits_for_its_requester_does_not(make, phone, time, reason, spends):
    time.stop(*MONDAY)
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    limit(ada)
    phone(ada)
    for _ in range(3):
        move(make.ticket(ada), tomasz, "on_hold", hold_reason=reason)
    say(make, make.ticket(ada), tomasz)
    assert hows() == ["alone"] * 3 + ["rest" if spends else "alone"]


def test_a_repair_of_a_ticket_one_only_follows_counts(make, phone, time):
    time.stop(*MONDAY)
    ada, ben, tomasz = make.person("Ada"), make.person("Ben"), make.agent("Tomasz")
    limit(ben)
    phone(ben)
    for _ in range(3):
        ticket = make.ticket(ada)
        with transaction():
            posts.give_access(ticket.id, ada, ben.id)
        move(ticket, tomasz, "resolved")
    last = make.ticket(ben)
    say(make, last, tomasz)
    assert hows() == ["alone"] * 3 + ["rest"]


def test_being_named_in_a_major_incident_counts_and_being_touched_by_it_does_not(make, phone, time):
    time.stop(*MONDAY)
    ada, ben, tomasz = make.person("Ada"), make.person("Ben"), make.agent("Tomasz")
    for person in (ada, ben):
        limit(person)
        phone(person)
    for n in range(3):
        prepared, ticket = queries.prepare(tomasz, f"All {n} are dark, @{ben.handle}."), make.ticket(ada)
        with transaction():
            declare_major(ticket.id, tomasz, prepared, 60)
        run_due()
    for person in (ada, ben):
        say(make, make.ticket(person), tomasz)
    told = [(row.person_id == ada.id, row.how) for row in db.session.execute(
        sa.select(Delivery.person_id, Delivery.how).where(Delivery.channel == "push").order_by(Delivery.id))]
    assert [how for hers, how in told if hers] == ["alone"] * 4 and [how for hers, how in told if not hers] == ["alone"] * 3 + ["rest"]


def test_a_note_on_a_ticket_given_to_one_counts_and_the_ticket_itself_does_not(make, phone, time):
    time.stop(*MONDAY)
    mona, tomasz = make.agent("Mona"), make.agent("Tomasz")
    limit(mona)
    phone(mona)
    given = []
    for _ in range(3):
        given.append(make.ticket())
        with transaction():
            tickets.assign(given[-1].id, tomasz, mona.id)
        run_due()
    for ticket in given:
        make.reply(ticket, tomasz, "A hunch.", note=True)
        run_due()
    make.reply(given[0], tomasz, "Another.", note=True)
    run_due()
    assert hows() == ["alone"] * 6 + ["rest"]


def test_who_wants_no_limit_is_not_counted(make, phone, time):
    time.stop(*MONDAY)
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    limit(ada, 0)
    phone(ada)
    for _ in range(5):
        say(make, make.ticket(ada), tomasz)
    assert hows() == ["alone"] * 5


def test_who_is_named_where_a_major_incident_is_declared_is_told_once(make, phone):
    ben, tomasz, ticket = make.person("Ben"), make.agent("Tomasz"), make.ticket()
    his, prepared = phone(ben), queries.prepare(tomasz, f"All is dark, @{ben.handle}.")
    with transaction():
        declare_major(ticket.id, tomasz, prepared, 60)
    run_due()
    assert [notice["body"] for notice in his.told] == [f"Tomasz mentioned you. “All is dark, @{ben.handle}.”"] and len(hows()) == 1


def test_every_matter_that_may_ring_at_any_time_counts_nothing_and_every_other_does():
    assert {matter.key for matter in MATTERS if not matter.spends} == {"waits", "majors", "assigned", "promises"}
    assert BY_KEY["states"].spends and BY_KEY["mentions"].spends
