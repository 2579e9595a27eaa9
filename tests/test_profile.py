"""Oneself and others: name, handle, hours, look, password, devices, and the pages that show them."""
import re

import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.errors import Invalid
from socialdesk.events import Event
from socialdesk.people import hours_checker, queries, secret_checker, session_actions
from socialdesk.people.label_checker import label_of
from socialdesk.people.models import WORKING_WEEK, Mail, Person, Session

from .conftest import HTMX, run_due

PASSWORD = "teapot lantern gravel"
OTHER = "violin harbor spoon"


@pytest.fixture
def ada(make):
    make.admin("Root")
    return make.person("Ada Lovelace", email="ada@example.org", hours=WORKING_WEEK)


def person(viewer):
    found = db.session.get(Person, viewer.id, populate_existing=True)
    db.session.rollback()
    return found


def count(model, *where):
    total = db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*where))
    db.session.rollback()
    return total


def three_ways(client, path, data, leads_to, root):
    """A deed as form, as fragment, and each twice: always the same end."""
    for _ in range(2):
        plain = client.post(path, data=data)
        assert (plain.status_code, plain.headers["Location"]) == (303, leads_to)
        fragment = client.post(path, data=data, headers=HTMX)
        assert fragment.status_code == 200 and f'id="{root}"' in fragment.text and "<html" not in fragment.text


# --- pages

@pytest.mark.parametrize("path", ["/me", "/me/profile", "/me/hours", "/me/password", "/me/sessions", "/people", "/@ada"])
def test_every_page_of_oneself_opens_and_asks_for_a_sign_in(ada, browse, path):
    assert browse(ada).get(path).status_code == 200
    assert browse().get(path).headers["Location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("path", ["/me", "/me/profile", "/me/hours", "/me/password", "/me/sessions", "/sign-in", "/sign-in/code", "/people"])
def test_no_form_has_more_than_one_field_that_must_be_filled(ada, browse, path):
    page = browse(None if path.startswith("/sign") else ada).get(path).text
    forms = re.findall(r"<form.*?</form>", page, re.S)
    assert forms and all(form.count(" required") <= 1 for form in forms)


def test_the_epoch_is_told_as_json_and_as_text(ada, browse):
    client = browse(ada)
    assert client.get("/me/epoch").json == {"person": ada.id, "epoch": 1}
    assert client.get("/me/epoch", headers=HTMX).text == f"{ada.id}:1"


# --- name and handle

def test_name_and_handle_are_changed(ada, browse):
    three_ways(browse(ada), "/me/profile", {"name": "  Ada   King ", "handle": "@Ada.King"}, "/me/profile", "profile-form")
    assert (person(ada).name, person(ada).handle, person(ada).name_fold) == ("Ada King", "ada.king", "ada king")


@pytest.mark.parametrize("data, status, told", [
    ({"handle": "ben"}, 409, "The handle @ben is taken"), ({"handle": "admin"}, 409, "taken by the desk itself"),
    ({"handle": "a b"}, 422, "A handle has 1 to 30"), ({"handle": ""}, 422, "A handle has 1 to 30"), ({"handle": "x" * 31}, 422, "1 to 30"),
    ({"name": " "}, 422, "There is no name yet"), ({"name": "x" * 81}, 422, "it may have 80"),
    ({"name": "Fine", "handle": "ben"}, 409, "taken")])
def test_a_name_or_handle_that_does_not_fit_changes_nothing(ada, make, browse, data, status, told):
    make.person("Ben")
    client = browse(ada)
    plain, fragment = client.post("/me/profile", data=data), client.post("/me/profile", data=data, headers=HTMX)
    assert (plain.status_code, fragment.status_code) == (status, status)
    assert told in plain.text and told in fragment.text and fragment.headers["HX-Retarget"] == "#notices"
    assert (person(ada).name, person(ada).handle) == ("Ada Lovelace", "ada")


def test_what_was_typed_is_kept_when_the_handle_is_taken(ada, make, browse):
    make.person("Ben")
    answer = browse(ada).post("/me/profile", data={"name": "Ada King", "handle": "ben"})
    assert 'value="Ada King"' in answer.text and 'value="ben"' in answer.text


def test_two_people_of_one_name_get_handles_of_their_own(make):
    assert [make.person("Zoë Müller").handle for _ in range(3)] == ["zoe", "zoe2", "zoe3"]
    assert make.person("Desk").handle == "desk2"


# --- look

def test_the_look_is_chosen_and_the_page_drawn_anew(ada, browse):
    client = browse(ada)
    for _ in range(2):
        assert client.post("/me/theme", data={"theme": "dark"}).headers["Location"] == "/me"
        assert client.post("/me/theme", data={"theme": "dark"}, headers=HTMX).headers["HX-Redirect"] == "/me"
    assert 'data-theme="dark"' in client.get("/me").text


@pytest.mark.parametrize("data", [{"theme": "pink"}, {}])
def test_a_look_that_is_none_changes_nothing(ada, browse, data):
    assert browse(ada).post("/me/theme", data=data).status_code == 422 and person(ada).theme == "auto"


# --- hours

def test_hours_are_set_by_the_day(ada, browse):
    data = {"when": "hours", "tz": "Europe/Berlin", "mon_from": "07:30", "mon_to": "16:00", "fri_from": "22:00", "fri_to": "06:00",
            "sun_from": "12:00", "sun_to": "00:00"}
    three_ways(browse(ada), "/me/hours", data, "/me/hours", "hours-form")
    assert person(ada).hours == {"mon": [["07:30", "16:00"]], "fri": [["22:00", "06:00"]], "sun": [["12:00", "24:00"]]}
    assert person(ada).tz == "Europe/Berlin"


def test_two_spans_of_a_day_survive_the_form(ada, browse):
    client = browse(ada)
    client.post("/me/hours", data={"when": "hours", "mon_from": ["08:00", "13:00"], "mon_to": ["12:00", "17:00"]})
    assert person(ada).hours == {"mon": [["08:00", "12:00"], ["13:00", "17:00"]]}
    assert client.get("/me/hours").text.count('name="mon_from"') == 2


def test_hours_may_be_always(ada, browse):
    three_ways(browse(ada), "/me/hours", {"when": "always"}, "/me/hours", "hours-form")
    assert person(ada).hours == "always"


@pytest.mark.parametrize("data, told", [
    ({"when": "hours"}, "nothing would ever reach you"), ({"when": "hours", "mon_from": "08:00"}, "Monday has a time that cannot be read"),
    ({"when": "hours", "tue_from": "8", "tue_to": "18:00"}, "Tuesday has a time"), ({"when": "hours", "mon_from": "08:00", "mon_to": "08:00"}, "ends when it begins"),
    ({"when": "hours", "mon_from": ["08:00", "09:00"], "mon_to": ["12:00", "17:00"]}, "overlap"),
    ({"when": "always", "tz": "Moon/Crater"}, "time zone is not known"),
    ({"when": "hours", "mon_from": ["01:00", "03:00", "05:00", "07:00", "09:00"], "mon_to": ["02:00", "04:00", "06:00", "08:00", "10:00"]}, "at most 4")])
def test_hours_that_cannot_be_are_said_and_change_nothing(ada, browse, data, told):
    for headers in ({}, HTMX):
        answer = browse(ada).post("/me/hours", data=data, headers=headers)
        assert answer.status_code == 422 and told in answer.text
    assert person(ada).hours == WORKING_WEEK and person(ada).tz == "UTC"


@pytest.mark.parametrize("value", [None, [], {"monday": []}, {"mon": "08:00"}, {"mon": [["08:00"]]}, {"mon": [[8, 18]]}, {"mon": [["25:00", "26:00"]]},
                                   {"mon": [["24:00", "24:00"]]}, {"mon": []}, "never"])
def test_hours_from_a_program_are_checked_too(value):
    with pytest.raises(Invalid):
        hours_checker.check_hours(value)


def test_night_hours_reach_into_the_next_morning(time):
    night = {"fri": [["22:00", "06:00"]]}
    from datetime import datetime, timezone
    at = lambda day, hour: datetime(2030, 5, day, hour, tzinfo=timezone.utc)          # noqa: E731  the 10th is a Friday
    assert [hours_checker.is_within(night, "UTC", at(10, 21)), hours_checker.is_within(night, "UTC", at(10, 23)),
            hours_checker.is_within(night, "UTC", at(11, 5)), hours_checker.is_within(night, "UTC", at(11, 6)),
            hours_checker.is_within(night, "UTC", at(10, 5))] == [False, True, True, False, False]


# --- password

def test_a_first_password_is_set_and_signs_in(ada, browse):
    client = browse(ada)
    answer = client.post("/me/password", data={"password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/me")
    assert browse().post("/sign-in", data={"email": "ada@example.org", "password": PASSWORD}).status_code == 303
    assert count(Event, Event.verb == "password_changed", Event.actor_id == ada.id) == 1
    assert PASSWORD not in person(ada).pw_hash


def test_setting_the_same_password_twice_is_setting_it_once(ada, browse):
    client = browse(ada)
    for headers in ({}, HTMX, {}, HTMX):
        assert client.post("/me/password", data={"password": PASSWORD}, headers=headers).status_code in (200, 303)
    assert count(Event, Event.verb == "password_changed") == 1


def test_a_new_password_ends_every_other_session(ada, browse):
    here, there = browse(ada), browse(ada)
    with transaction():
        link = session_actions.make_link(ada.id)
    here.post("/me/password", data={"password": PASSWORD}, headers=HTMX)
    assert here.get("/me/epoch").json == {"person": ada.id, "epoch": 2}
    assert there.get("/me/epoch").status_code == 401 and count(Session) == 1
    assert browse().post(f"/link/{link}").status_code == 404


def test_the_person_is_told_by_mail_that_the_password_changed(ada, browse):
    browse(ada).post("/me/password", data={"password": PASSWORD})
    mail = db.session.scalars(sa.select(Mail)).one()
    assert mail.subject == "Your SocialDesk password was changed" and mail.person_id == ada.id and PASSWORD not in mail.body


def test_a_while_after_the_sign_in_the_present_password_is_asked(ada, browse, time):
    client = browse(ada)
    client.post("/me/password", data={"password": PASSWORD})
    time.pass_(minutes=16)
    assert 'name="current"' in client.get("/me/password").text
    for data in ({"password": OTHER}, {"password": OTHER, "current": "wrong words here"}):
        plain, fragment = client.post("/me/password", data=data), client.post("/me/password", data=data, headers=HTMX)
        assert plain.status_code == fragment.status_code == 422
        assert "This is not your present password" in plain.text and "wrong words" not in plain.text
    assert secret_checker.is_password(person(ada).pw_hash, PASSWORD)
    assert client.post("/me/password", data={"password": OTHER, "current": PASSWORD}).status_code == 303
    assert secret_checker.is_password(person(ada).pw_hash, OTHER)


def test_who_forgot_the_password_signs_in_by_link_and_sets_a_new_one(ada, browse, time):
    browse(ada).post("/me/password", data={"password": PASSWORD})
    time.pass_(days=1)
    with transaction():
        link = session_actions.make_link(ada.id)
    client = browse()
    client.post(f"/link/{link}")
    assert 'name="current"' not in client.get("/me/password").text
    assert client.post("/me/password", data={"password": OTHER}).status_code == 303
    assert secret_checker.is_password(person(ada).pw_hash, OTHER)


@pytest.mark.parametrize("password, told", [("", "it needs 10"), ("short", "it needs 10"), ("passwordpassword", "one of the first"),
                                            ("Ada-Lovelace1", "your name"), ("x" * 300, "it may have 200")])
def test_a_weak_password_is_refused_with_what_to_choose(ada, browse, password, told):
    client = browse(ada)
    plain, fragment = client.post("/me/password", data={"password": password}), client.post("/me/password", data={"password": password}, headers=HTMX)
    assert plain.status_code == fragment.status_code == 422 and told in plain.text and told in fragment.text
    assert person(ada).pw_hash is None and count(Event) == 0 and person(ada).epoch == 1


def test_guessing_the_present_password_is_slowed(ada, browse, time):
    client = browse(ada)
    client.post("/me/password", data={"password": PASSWORD})
    time.pass_(minutes=16)
    codes = [client.post("/me/password", data={"password": OTHER, "current": "guess"}).status_code for _ in range(11)]
    assert codes == [422] * 10 + [429]


# --- others

def test_a_profile_shows_name_teams_and_shared_circles_only(make, browse):
    make.admin("Root")
    network, hr = make.team("Network"), make.team("HR", confidential=True)
    pilots, board = make.circle("Pilots"), make.circle("Board")
    make.person("Tom", role="agent", teams=[network, hr], circles=[pilots, board], email="tom.secret@example.org")
    page = browse(make.person(circles=[pilots])).get("/@tom").text
    for shown in ("Tom", "Network", "Pilots"):
        assert shown in page
    assert "HR" not in page and "Board" not in page and "tom.secret" not in page
    assert "HR" in browse(make.agent(teams=[hr])).get("/@tom").text


def test_a_profile_tells_the_time_there_and_whether_it_is_worktime(make, browse, time):
    make.admin("Root")
    make.person("Kim", tz="Asia/Tokyo", hours=WORKING_WEEK)
    time.stop(2030, 5, 6, 3, 0)
    assert "12:00 there, within working hours" in browse(make.person()).get("/@kim").text
    time.stop(2030, 5, 6, 12, 0)
    assert "21:00 there, outside working hours" in browse(make.person()).get("/@Kim").text


@pytest.mark.parametrize("handle", ["nobody", "%00", "x" * 500, "é"])
def test_an_unknown_handle_is_not_here(ada, browse, handle):
    assert browse(ada).get(f"/@{handle}").status_code == 404


@pytest.mark.parametrize("typed, found", [("lo", ["Ada Lovelace"]), ("ADA", ["Ada Lovelace"]), ("@ada", ["Ada Lovelace"]), ("zo", ["Zoë Øst"]),
                                          ("ø", ["Zoë Øst"]), ("%", []), ("_", []), ("ovelace", []), ("", ["Ada Lovelace", "Root", "Zoë Øst"])])
def test_the_directory_finds_by_the_beginning_of_name_or_handle(ada, make, browse, typed, found):
    make.person("Zoë Øst")
    page = browse(ada).get("/people", query_string={"q": typed}, headers=HTMX).text
    assert re.findall(r'row-title" href="/@[^"]*">([^<]*)<', page) == found


def test_those_without_a_sign_in_are_not_listed(ada, make, browse):
    make.person("Gone", state="off"), make.person("Known", state="imported")
    page = browse(ada).get("/people").text
    assert "Gone" not in page and "Known" not in page
    assert [row.handle for row in queries.find_people(ada, "")] == ["ada", "root2"]


def test_the_directory_goes_on_page_by_page(ada, make, browse):
    for n in range(60):
        make.person(f"Person {n:02}")
    client = browse(ada)
    first = client.get("/people").text
    onward = re.search(r'href="(/people\?cursor=\d+)"', first)[1]
    names = [re.findall(r'row-title" href="/@[^"]*">([^<]*)<', page) for page in (first, client.get(onward).text)]
    assert len(names[0]) == 50 and len(names[1]) == 12 and names[0] + names[1] == sorted(names[0] + names[1])
    assert client.get("/people?cursor=x%00").status_code == 200


def test_completion_knows_nothing_for_strangers(ada):
    assert queries.find_people(None, "a") == [] and queries.directory(None) == ([], None) and queries.profile_of(None, "ada") is None


@pytest.mark.parametrize("agent, label", [
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge on Windows"),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"), ("curl/8", "A browser"), ("", "A browser")])
def test_a_device_is_called_what_people_call_it(agent, label):
    assert label_of(agent) == label


def test_the_cookie_is_renewed_for_those_who_come_back(ada, browse, time):
    client = browse(ada)
    first = client.get("/me")
    assert "Set-Cookie" in first.headers and "Set-Cookie" not in client.get("/me").headers
    time.pass_(days=8)
    assert "Set-Cookie" in client.get("/me").headers


def test_jobs_of_sign_in_leave_nothing_behind(ada, browse):
    browse().post("/sign-in/mail", data={"email": "nobody@example.org"})
    run_due()
    assert count(Mail) == 0
