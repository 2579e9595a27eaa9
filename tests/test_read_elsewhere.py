"""What is read on one device leaves the others with the next real push, and no push is sent for that alone."""
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.notifications.models import Delivery, Notification
from socialdesk.people.models import Person
from socialdesk.tickets import actions as tickets

from .conftest import HTMX, run_due
from .phones import phone, service, settings_given  # noqa: F401
from .test_deeds import JSON, move


def test_the_next_push_says_what_was_read_meanwhile(make, phone):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    first, second = make.ticket(ada), make.ticket(ada)
    hers, other = phone(ada), phone(ada)
    move(first, tomasz, "in_progress")
    read = db.session.scalar(sa.select(Notification.id))
    other.client.post(f"/p/{first.id}/seen", headers=HTMX)
    late = phone(ada)
    move(second, tomasz, "in_progress")
    assert hers.told[-1]["data"]["read"] == [read] and other.told[-1]["data"]["read"] == [read]
    assert "read" not in late.told[-1]["data"], "that device never showed it"


def test_what_is_told_anew_after_reading_is_not_taken_off(make, phone):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket, hers = make.ticket(ada), phone(ada)
    move(ticket, tomasz, "in_progress")
    hers.client.post(f"/p/{ticket.id}/seen", headers=HTMX)
    move(ticket, tomasz, "resolved")
    newest = hers.told[-1]["data"]
    assert newest["lines"][0] not in newest["read"]


def test_at_most_twenty_lines_of_the_last_three_days_are_named(make, phone, time):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    with transaction():
        db.session.execute(sa.update(Person).where(Person.id == ada.id).values(daily_pushes=0))
    hers = phone(ada)
    for ticket in [make.ticket(ada) for _ in range(25)]:
        with transaction():
            tickets.change_status(ticket.id, tomasz, "in_progress", "So it is.")
    run_due()
    assert len(hers.told) == 25
    newest = list(db.session.scalars(sa.select(Delivery.notification_id).order_by(Delivery.id.desc()).limit(20)))
    hers.client.post("/inbox/read")
    move(make.ticket(ada), tomasz, "in_progress")
    assert hers.told[-1]["data"]["read"] == newest and len(newest) == 20
    time.pass_(days=4)
    move(make.ticket(ada), tomasz, "in_progress")
    assert len(hers.told[-1]["data"].get("read", ())) == 0


def test_a_device_asks_which_of_its_notices_still_stand(make, phone, browse):
    ada, ben, tomasz = make.person("Ada"), make.person("Ben"), make.agent("Tomasz")
    first, second, foreign = make.ticket(ada), make.ticket(ada), make.ticket(ben)
    hers = phone(ada)
    for ticket in (first, second, foreign):
        move(ticket, tomasz, "in_progress")
    lines = dict(db.session.execute(sa.select(Notification.root_id, Notification.id)).all())
    hers.client.post(f"/p/{first.id}/seen", headers=HTMX)
    asked = ",".join(str(lines[ticket.id]) for ticket in (first, second, foreign))
    assert hers.client.get(f"/inbox/standing?lines={asked}", headers=JSON).json == {"unread": [lines[second.id]], "badge": 1}
    assert hers.client.get("/inbox/standing?lines=,x,99999999999999999999", headers=JSON).json == {"unread": [], "badge": 1}
    assert browse(None).get("/inbox/standing", headers=JSON).status_code == 401


def test_nothing_is_ever_pushed_just_to_take_something_off(make, phone):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket, hers = make.ticket(ada), phone(ada)
    move(ticket, tomasz, "in_progress")
    before = db.session.scalar(sa.select(sa.func.count()).select_from(Delivery))
    hers.client.post(f"/p/{ticket.id}/seen", headers=HTMX)
    run_due()
    assert len(hers.posts) == 1 and db.session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == before
