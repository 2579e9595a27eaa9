"""What the pages of notices say: quiet and just my tickets wherever it matters, what was kept, times outside the hours, holidays, refused addresses."""
import re

import pytest
import sqlalchemy as sa

from socialdesk.db import db, now, transaction
from socialdesk.people import holiday_actions
from socialdesk.people.models import Holiday, Person
from socialdesk.people.profile_actions import change_profile
from socialdesk.tickets import actions as tickets

from .conftest import HTMX, run_due
from .phones import phone, service  # noqa: F401

PAGE = "/me/notifications"
WEEK = {day: [["07:30", "16:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
WORDS = re.compile(r"<[^>]*>")


@pytest.fixture
def settings_given(service):  # noqa: F811
    service.reset()
    return {"SOCIALDESK_PUSH_HOSTS": service.origin, "SOCIALDESK_SMTP_URL": "smtp://127.0.0.1:9", "SOCIALDESK_MAIL_FROM": "desk@example.org"}


def said(client, path):
    """What a page says, without its elements."""
    return " ".join(WORDS.sub(" ", client.get(path).text).split())


def chosen(person, **changes):
    with transaction():
        change_profile(person, **changes)


@pytest.fixture
def ada(make, time):
    """Somebody in Berlin, on a Wednesday at 11:00 there."""
    time.stop(2030, 5, 8, 9)
    return make.person("Ada", hours=WEEK, tz="Europe/Berlin")


# --- quiet

@pytest.mark.parametrize("path", ["/inbox", "/me", PAGE])
def test_quiet_is_said_wherever_one_looks_with_the_way_to_ring_again(ada, browse, path):
    client = browse(ada)
    assert "Quiet until" not in said(client, path)
    client.post(f"{PAGE}/quiet", data={"until": "monday"})
    text = client.get(path).text
    assert "Quiet until Monday, 07:30" in text and f'action="{PAGE}/quiet/remove"' in text
    assert "Your phone rings" not in text
    client.post(f"{PAGE}/quiet/remove")
    assert "Quiet until" not in said(client, path)


def test_without_quiet_the_inbox_says_when_the_phone_rings(ada, browse):
    assert "Your phone rings Monday to Friday, 07:30 to 16:00." in said(browse(ada), "/inbox")


def test_quiet_for_longer_than_a_week_names_the_date(ada, make, browse):
    admin = make.admin()
    with transaction():
        for day in ("13", "14", "15"):
            holiday_actions.add_holiday(admin, f"2030-05-{day}", f"Free {day}")
    client = browse(ada)
    client.post(f"{PAGE}/quiet", data={"until": "monday"})
    assert "Quiet until Thursday, 16 May, 07:30" in said(client, "/inbox")


@pytest.mark.parametrize("hours, moment, offered", [
    (WEEK, (2030, 5, 8, 9), [("tomorrow", "Until tomorrow"), ("monday", "Until Monday")]),
    (WEEK, (2030, 5, 10, 9), [("tomorrow", "Until Monday")]), (WEEK, (2030, 5, 12, 9), [("tomorrow", "Until tomorrow")]),
    ("always", (2030, 5, 11, 9), [("tomorrow", "Until tomorrow"), ("monday", "Until Monday")]), ("always", (2030, 5, 12, 9), [("tomorrow", "Until tomorrow")]),
    (WEEK, (2030, 5, 13, 9), [("tomorrow", "Until tomorrow"), ("monday", "Until Monday")])])
def test_two_buttons_stand_there_only_where_they_end_at_different_moments(ada, browse, time, hours, moment, offered):
    chosen(ada, hours=hours)
    time.stop(*moment)
    page = browse(ada).get(PAGE).text
    assert re.findall(r'name="until" value="(\w+)">([^<]+)</button>', page) == offered


# --- just my tickets

def test_just_my_tickets_is_said_where_it_silences(ada, browse, make):
    client = browse(ada)
    before = said(client, PAGE)
    assert "notices too fall silent" in before and "in the inbox, on your devices and by mail" in before
    assert not any("ust my tickets” is on" in said(client, path) or "Just my tickets is on" in said(client, path) for path in ("/inbox", "/me", f"{PAGE}/what"))
    client.post("/me/only-tickets")
    assert "Just my tickets is on: nothing of the social side is told." in said(client, "/inbox")
    assert "Just my tickets is on." in said(client, "/me")
    assert "“Just my tickets” is on: of all this you are told of tickets, major incidents and answers to what you asked, of nothing else." in said(client, f"{PAGE}/what")


def test_me_names_what_people_look_for(ada, browse):
    assert "What you are told, when, quiet, mail" in said(browse(ada), "/me")


# --- kept, without scripts

@pytest.mark.parametrize("path, data, leads_to, part", [
    ("lock-screen", {"lock_private": "who", "lock_screen": "full"}, PAGE + "?kept=lock-screen#lock-screen", "lock-screen"),
    ("digest", {"digest": "daily"}, PAGE + "?kept=digest#digest", "digest"),
    ("what/mine", {"answers-told": "inbox"}, PAGE + "/what?kept=mine#mine", "part-mine"),
    ("when", {"round": ["09:00"], "daily_pushes": "3"}, PAGE + "/when?kept=all#when-keep", "when")])
def test_what_was_kept_is_said_without_scripts_too_in_its_place(ada, browse, path, data, leads_to, part):
    client = browse(ada)
    answer = client.post(f"{PAGE}/{path}", data=data)
    assert (answer.status_code, answer.location) == (303, leads_to)
    where, _, anchor = leads_to.partition("#")
    page = client.get(where).text
    assert page.count("Kept.") == 1 and f'id="{anchor}"' in page
    assert page.index(f'id="{part}"') < page.index("Kept.") and "Kept." not in client.get(where.partition("?")[0]).text


# --- the rest

@pytest.mark.parametrize("rounds, words", [
    (["03:00", "09:00", "15:00"], "03:00 lies outside your hours (Monday to Friday, 07:30 to 16:00), so nothing comes then. What waits comes at 09:00 and 15:00."),
    (["03:00", "16:00"], "03:00 and 16:00 lie outside your hours (Monday to Friday, 07:30 to 16:00), so nothing comes then. What waits comes as your hours begin."),
    (["07:30", "15:59"], None)])
def test_a_time_outside_the_hours_is_said_and_what_comes_instead(ada, browse, rounds, words):
    client = browse(ada)
    fragment = " ".join(WORDS.sub("", client.post(f"{PAGE}/when", data={"round": rounds}, headers=HTMX).text).split())
    page = " ".join(WORDS.sub("", client.get(f"{PAGE}/when").text).split())
    for text in (fragment, page):
        assert words in text if words else "outside your" not in text


def test_night_hours_hold_a_time_after_midnight_and_any_time_holds_all(ada, browse):
    client = browse(ada)
    client.post(f"{PAGE}/when", data={"round": ["03:00", "12:00"]})
    chosen(ada, hours={"fri": [["22:00", "06:00"]]})
    assert "12:00 lies outside your hours" in said(client, f"{PAGE}/when")
    chosen(ada, hours="always")
    assert "outside your" not in said(client, f"{PAGE}/when")
    page = said(client, PAGE)
    assert "Rings at any time Time zone Europe/Berlin " in page and "waits until then" not in page


@pytest.mark.parametrize("rounds, is_double", [(["09:00", "9:00", ""], True), (["09:00", "09:01", ""], False)])
def test_a_time_that_stands_there_twice_is_kept_once_with_a_word(ada, browse, rounds, is_double):
    client = browse(ada)
    for page in (client.post(f"{PAGE}/when", data={"round": rounds}, headers=HTMX), client.get(client.post(f"{PAGE}/when", data={"round": rounds}).location)):
        assert ("A time that stood there twice is kept once." in page.text) is is_double and "Kept." in page.text


def test_the_levels_page_says_what_all_means(make, browse):
    page = browse(make.person("Ada")).get(f"{PAGE}/levels").text
    assert re.search(r'“All” tells you what is new there as you chose under <a href="/me/notifications/what#all">', page)
    assert 'id="all"' in browse(make.person("Ben")).get(f"{PAGE}/what").text


# --- the page of a notice's button

def test_the_page_of_a_button_says_who_did_what_and_their_words(make, phone, browse):  # noqa: F811
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket, hers = make.ticket(ada), phone(ada)
    with transaction():
        tickets.change_status(ticket.id, tomasz, "resolved", "The roller is <new>.")
    run_due()
    address = hers.told[-1]["actions"][0]["navigate"].partition("/notices")[2]
    page = hers.client.get("/notices" + address).text
    assert "Tomasz says it is fixed." in page and "The roller is &lt;new&gt;." in page and "If it works, the ticket is closed." in page
    assert browse(make.person("Ben")).get("/notices" + address).status_code == 404


# --- working hours

def test_going_back_from_any_time_is_no_empty_week(ada, browse):
    client = browse(ada)
    typed = {"when": "always", "mon_from": "06:00", "mon_to": "12:00"}
    assert 'name="mon_from" value="06:00"' in client.post("/me/hours", data=typed, headers=HTMX).text
    page = client.get("/me/hours").text
    assert re.findall(r'name="(\w+)_from" value="08:00"', page) == ["mon", "tue", "wed", "thu", "fri"] and page.count('_to" value="18:00"') == 5


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize("data, beside", [({"when": "hours", "mon_from": "07:00", "mon_to": "12:00", "tue_from": "09:00"}, "tue"), ({"when": "hours"}, "when"),
                                          ({"when": "always", "tz": "Moon/Crater"}, "tz")])
def test_hours_that_cannot_be_are_said_beside_their_field_and_stay_as_typed(ada, browse, headers, data, beside):
    answer = browse(ada).post("/me/hours", data=data, headers=headers)
    assert answer.status_code == 422 and re.findall(r'<p class="wrong" id="([\w-]+)-wrong">', answer.text) == [beside]
    assert answer.text.count("autofocus") == 1 and "HX-Retarget" not in answer.headers
    assert not data.get("tue_from") or 'name="tue_from" value="09:00"' in answer.text and 'name="mon_to" value="12:00"' in answer.text


def test_hours_for_a_program_are_a_problem_in_json(ada, browse):
    answer = browse(ada).post("/me/hours", data={"when": "hours"}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["field"]) == (422, "hours")


# --- holidays

def kept_days():
    found = dict(db.session.execute(sa.select(Holiday.day, Holiday.name)).all())
    db.session.rollback()
    return found


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize("data, beside, words", [
    ({"day": "2030-12-25", "name": "Other"}, "day", "Wednesday, 25 December 2030 is a holiday already: Christmas. Remove it first"),
    ({"day": "2030-05-07", "name": "Late"}, "day", "Tuesday, 7 May 2030 is past"), ({"day": "", "name": "Free"}, "day", "Choose the day."),
    ({"day": "2030-12-26", "name": " "}, "name", "needs a name"), ({"day": "soon", "name": "Free"}, "day", "cannot be read")])
def test_a_holiday_that_cannot_be_added_is_said_beside_its_field(ada, make, browse, headers, data, beside, words):
    admin = make.admin()
    with transaction():
        holiday_actions.add_holiday(admin, "2030-12-25", "Christmas")
    answer = browse(admin).post("/admin/holidays", data=data, headers=headers)
    assert answer.status_code == 422 and kept_days() == {"2030-12-25": "Christmas"}
    assert words in re.search(rf'<p class="wrong" id="{beside}-wrong">.*?</p>', answer.text, re.S)[0] and "novalidate" in answer.text
    assert f'value="{data["day"]}"' in answer.text and ("<html" in answer.text) is not bool(headers)


def test_today_is_no_past_day_where_the_admin_is(make, browse, time):
    time.stop(2030, 5, 8, 3)
    admin = make.admin(tz="America/New_York")
    assert browse(admin).post("/admin/holidays", data={"day": "2030-05-07", "name": "Founding day"}).status_code == 303
    assert browse(admin).post("/admin/holidays", data={"day": "2030-05-06", "name": "Late"}).status_code == 422


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_holiday_taken_off_the_list_comes_back_by_undo(ada, make, browse, headers):
    client = browse(make.admin())
    data = {"day": "2030-12-25", "name": "Christmas & co"}
    client.post("/admin/holidays", data=data)
    answer = client.post("/admin/holidays/2030-12-25/remove", headers=headers)
    page = answer if headers else client.get(answer.location)
    assert "Removed: Christmas &amp; co, Wednesday, 25 December 2030." in page.text and "Undo</button>" in page.text and kept_days() == {}
    assert re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', page.text) == [("day", "2030-12-25"), ("name", "Christmas &amp; co")]
    client.post("/admin/holidays", data=data)
    assert kept_days() == {"2030-12-25": "Christmas & co"} and "Undo</button>" not in client.get("/admin/holidays?gone=2030-12-25&name=x").text


def test_what_is_no_day_or_past_offers_no_undo(ada, make, browse):
    client = browse(make.admin())
    for query in ("gone=tomorrow&name=x", "gone=2030-05-07&name=x", "gone=2030-12-25"):
        assert "Undo</button>" not in client.get("/admin/holidays?" + query).text


# --- what an admin sees

def test_pushes_to_a_device_that_was_turned_off_are_no_unknown_service(make, browse, phone):  # noqa: F811
    ada, admin = make.person("Ada"), make.admin()
    off, on = phone(ada), phone(ada)
    for turned_off, words in ((off, "1 more was sent to devices that their people have turned off since."), (on, "2 were sent to devices that")):
        if turned_off is off:
            make.reply(make.ticket(ada), make.agent())
            run_due()
        turned_off.client.post(f"/me/devices/{turned_off.id}/remove")
        page = said(browse(admin), "/admin/delivery")
        assert words in page and "unknown" not in page and "No notice was sent" not in page
    assert "%" not in page


@pytest.mark.parametrize("count, more", [(1, None), (20, None), (23, "And 3 more.")])
def test_people_whose_address_is_refused_are_named_to_an_admin(make, browse, count, more):
    admin, people = make.admin(), [make.person(f"Refused {n}") for n in range(count)]
    with transaction():
        db.session.execute(sa.update(Person).where(Person.id.in_([person.id for person in people])).values(mail_refused_at=now()))
    page = browse(admin).get("/admin/delivery").text
    assert len(re.findall(r'href="/admin/people/\d+">Refused \d+</a>', page)) == min(count, 20)
    assert f"refuses the addresses of {count} " in page and (more in page if more else "more.</p>" not in page)
