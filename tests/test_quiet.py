"""Quiet for now, holidays, and the pages that keep them."""
import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.notifications.queries import unread_count
from socialdesk.people import holiday_actions
from socialdesk.people.models import Person

from .conftest import HTMX, run_due
from .phones import phone, service, settings_given  # noqa: F401
from .test_when import ada, at, rings  # noqa: F401


@pytest.mark.parametrize("headers, status", [({}, 303), (HTMX, 200)])
@pytest.mark.parametrize("until, moment, ends", [("tomorrow", (2026, 3, 2, 10), at(3, 8)), ("tomorrow", (2026, 3, 6, 10), at(9, 8)),
                                                ("monday", (2026, 3, 2, 10), at(9, 8)), ("monday", (2026, 3, 8, 10), at(9, 8))])
def test_one_tap_is_quiet_until_then(make, browse, ada, time, until, moment, ends, headers, status):
    time.stop(*moment)
    page = browse(ada)
    assert page.post("/me/notifications/quiet", data={"until": until}, headers=headers).status_code == status
    assert db.session.scalar(sa.select(Person.quiet_until).where(Person.id == ada.id)) == ends
    db.session.rollback()
    assert f"Quiet until {ends:%A}, 08:00" in page.get("/me/notifications").text
    page.post("/me/notifications/quiet/remove")
    assert "Quiet for now?" in page.get("/me/notifications").text


def test_quiet_holds_and_ends(make, phone, ada, browse, time):
    time.stop(2026, 3, 2, 10, 0)
    hers = phone(ada)
    browse(ada).post("/me/notifications/quiet", data={"until": "tomorrow"})
    rings(make, ada, 2)
    assert hers.told == []
    time.stop(2026, 3, 3, 8, 0)
    run_due()
    assert [notice["title"] for notice in hers.told] == ["2 things are new"]
    assert browse(ada).post("/me/notifications/quiet", data={"until": "doomsday"}).status_code == 422


def test_who_has_no_hours_is_quiet_until_eight_in_their_zone(make, browse, time):
    time.stop(2026, 3, 2, 22, 0)
    kim = make.person("Kim", hours="always", tz="Asia/Seoul")
    browse(kim).post("/me/notifications/quiet", data={"until": "tomorrow"})
    assert db.session.scalar(sa.select(Person.quiet_until).where(Person.id == kim.id)) == at(3, 23)


@pytest.mark.parametrize("headers, status", [({}, 303), (HTMX, 200)])
def test_an_admin_keeps_the_holidays(make, browse, headers, status):
    page = browse(make.admin())
    for _ in range(2):
        assert page.post("/admin/holidays", data={"day": "2026-12-25", "name": "Christmas"}, headers=headers).status_code == status
    assert page.get("/admin/holidays").text.count("Christmas</b>") == 1
    for data in ({"day": "tomorrow", "name": "x"}, {"day": "2026-12-24", "name": " "}):
        assert page.post("/admin/holidays", data=data).status_code == 422
    assert page.post("/admin/holidays/2026-12-25/remove", headers=headers).status_code == status
    assert "None yet" in page.get("/admin/holidays").text
    assert page.post("/admin/holidays/2026-12-25/remove").status_code == 404
    assert browse(make.agent()).post("/admin/holidays", data={"day": "2026-12-25", "name": "Christmas"}).status_code in (403, 404)


def test_nothing_rings_on_a_holiday(make, phone, ada, time):
    time.stop(2026, 3, 2, 10, 0)
    hers, admin = phone(ada), make.admin()
    with transaction():
        holiday_actions.add_holiday(admin, "2026-03-02", "Founding day")
    rings(make, ada, 1)
    assert hers.told == []
    time.stop(2026, 3, 3, 8, 0)
    run_due()
    assert len(hers.told) == 1


@pytest.mark.parametrize("headers, status", [({}, 303), (HTMX, 200)])
def test_rounds_number_and_exceptions_are_chosen_on_a_page(browse, ada, headers, status):
    page = browse(ada)
    answer = page.post("/me/notifications/when", data={"round": ["15:00", "", "10:00"], "daily_pushes": "12", "even": ["majors", "waits"]}, headers=headers)
    assert answer.status_code == status
    row = db.session.execute(sa.select(Person.batch_hours, Person.daily_pushes, Person.even_outside).where(Person.id == ada.id)).one()
    db.session.rollback()
    assert tuple(row) == (["10:00", "15:00"], 12, ["waits", "majors"])
    assert "The rest at 10:00, 15:00" in page.get("/me/notifications").text
    for data in ({"round": ["25:00"]}, {"round": [""]}, {"daily_pushes": "7"}, {"daily_pushes": "many"}, {"daily_pushes": "3", "even": "all"}):
        assert page.post("/me/notifications/when", data=data).status_code == 422


def test_quiet_until_tomorrow_knows_the_holidays(make, browse, ada, time):
    time.stop(2026, 3, 2, 10, 0)
    admin = make.admin()
    with transaction():
        holiday_actions.add_holiday(admin, "2026-03-03", "Founding day")
    browse(ada).post("/me/notifications/quiet", data={"until": "tomorrow"})
    assert db.session.scalar(sa.select(Person.quiet_until).where(Person.id == ada.id)) == at(4, 8)


@pytest.mark.parametrize("up_to, left", [("9" * 20, 0), ("", 0), ("-1", 1), ("abc", 1), ("٣", 1)])
def test_what_is_no_event_reads_nothing_and_breaks_nothing(make, browse, ada, up_to, left):
    rings(make, ada, 1)
    assert browse(ada).post("/inbox/read", data={"up_to": up_to}).status_code == 303
    assert unread_count(make.viewer(ada)) == left
