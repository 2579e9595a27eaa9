"""Choices by the API: a matter, quiet, just my tickets; all that is named or nothing, and nothing unknown is passed over in silence."""
from datetime import datetime, timezone

import pytest
import sqlalchemy as sa

from socialdesk.db import db
from socialdesk.notifications.models import Choice
from socialdesk.people.models import Person

from .api_desk import call, everything  # noqa: F401


def kept(person):
    """(just my tickets, quiet until) of a person."""
    row = db.session.execute(sa.select(Person.only_tickets, Person.quiet_until).where(Person.id == person.id)).one()
    db.session.rollback()
    return tuple(row)


def test_just_my_tickets_is_chosen_and_taken_back(make, call, browse):  # noqa: F811
    ada = make.person("Ada")
    hers = call(ada)
    assert hers.get("/me/choices").json["only_tickets"] is False
    for _ in range(2):
        answer = hers.patch("/me/choices", {"only_tickets": True})
        assert answer.status_code == 200 and answer.json["only_tickets"] is True and kept(ada)[0] is True
    assert "Show the whole feed again" in browse(ada).get("/me/notifications").text
    assert hers.patch("/me/choices", {"only_tickets": False}).json["only_tickets"] is False and kept(ada)[0] is False


@pytest.mark.parametrize("until, ends", [("tomorrow", "2026-03-03T08:00:00Z"), ("monday", "2026-03-09T08:00:00Z")])
def test_it_is_quiet_until_then_and_rings_again(make, call, browse, time, until, ends):  # noqa: F811
    time.stop(2026, 3, 2, 10, 0)
    ada = make.person("Ada")
    hers = call(ada)
    assert hers.get("/me/choices").json["quiet_until"] is None
    for _ in range(2):
        said = hers.patch("/me/choices", {"quiet": until}).json["quiet_until"]
        assert datetime.fromisoformat(said) == datetime.fromisoformat(ends) == kept(ada)[1]
    assert "Quiet until" in browse(ada).get("/me/notifications").text
    for _ in range(2):
        assert hers.patch("/me/choices", {"quiet": None}).json["quiet_until"] is None and kept(ada)[1] is None


def test_a_quiet_that_is_over_is_none(make, call, time):  # noqa: F811
    time.stop(2026, 3, 2, 10, 0)
    hers = call(make.person("Ada"))
    hers.patch("/me/choices", {"quiet": "tomorrow"})
    time.stop(2026, 3, 3, 8, 0)
    assert hers.get("/me/choices").json["quiet_until"] is None


def test_all_of_it_goes_in_one_request(make, call, time):  # noqa: F811
    time.stop(2026, 3, 2, 10, 0)
    ada = make.person("Ada")
    answer = call(ada).patch("/me/choices", {"matter": "answers", "told": "rest", "mail": "never", "only_tickets": True, "quiet": "tomorrow"})
    assert answer.status_code == 200 and kept(ada) == (True, datetime(2026, 3, 3, 8, tzinfo=timezone.utc))
    assert [(one["told"], one["mail"]) for one in answer.json["choices"] if one["matter"] == "answers"] == [("rest", "never")]


@pytest.mark.parametrize("body, field, words", [
    ({"only_tickets": True, "sound": "red"}, "sound", "not known here"),
    ({"matter": "answers", "told": "rest", "push": "now"}, "push", "not known here"),
    ({"matter": "answers", "quiet_until": "2026-03-09T08:00:00Z"}, "quiet_until", "not known here"),
    ({"sound": "red"}, None, "Nothing to change was named"),
    ({}, None, "Nothing to change was named"),
    ({"told": "rest"}, "matter", "said of a matter"),
    ({"mail": "never", "only_tickets": True}, "matter", "said of a matter"),
    ({"quiet": "doomsday"}, "quiet", "tomorrow, monday"),
    ({"quiet": True}, "quiet", "a text or null"),
    ({"only_tickets": "yes"}, "only_tickets", "true or false"),
    ({"only_tickets": None}, "only_tickets", "true or false"),
    ({"matter": "nothing", "only_tickets": True, "quiet": "monday"}, "matter", "no such matter"),
    ({"matter": "waits", "told": "off", "only_tickets": True}, "waits", "waits for you in person"),
])
def test_what_does_not_fit_is_refused_whole_and_in_words(make, call, body, field, words):  # noqa: F811
    hers = call(make.person("Ada"))
    before = everything("throttle", "api_token")
    answer = hers.patch("/me/choices", body)
    assert answer.status_code == 422 and words in answer.json["detail"] and answer.json.get("field") == field, answer.json
    assert everything("throttle", "api_token") == before and db.session.scalar(sa.select(sa.func.count()).select_from(Choice)) == 0


def test_the_document_says_that_nothing_else_is_taken(desk):
    change = desk.test_client().get("/api/v1/openapi.json").json["components"]["schemas"]["ChoiceChange"]
    assert change["additionalProperties"] is False and {"matter", "told", "mail", "only_tickets", "quiet"} == set(change["properties"])
    assert change["properties"]["quiet"]["enum"] == ["tomorrow", "monday", None]
