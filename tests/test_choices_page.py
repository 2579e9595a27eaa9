"""The pages of choices: what cannot be kept is said beside its field, and who presses a button is not left without a place to stand."""
import re

import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.people.models import Person
from socialdesk.posts import thread_actions

from .conftest import HTMX

WHEN = "/me/notifications/when"


def kept(person):
    """What a person has chosen about when."""
    row = db.session.execute(sa.select(Person.batch_hours, Person.daily_pushes, Person.even_outside).where(Person.id == person.id)).one()
    db.session.rollback()
    return tuple(row)


def fieldset(page, legend):
    """The part of a page that stands under this legend."""
    return next(part for part in re.findall(r"<fieldset.*?</fieldset>", page, re.S) if legend in part)


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize("rounds, words", [(["", "", ""], "Choose one to three times of day"), (["25:00", "", ""], "cannot be read")])
def test_times_that_cannot_be_kept_are_said_beside_them(make, browse, headers, rounds, words):
    ada = make.person("Ada")
    before = kept(ada)
    answer = browse(ada).post(WHEN, data={"round": rounds, "daily_pushes": "12", "even": ["majors"]}, headers=headers)
    part = fieldset(answer.text, "What can wait comes together")
    assert answer.status_code == 422 and kept(ada) == before
    assert re.search(rf'<p class="wrong" id="round-wrong">.*{words}', part, re.S)
    assert part.count('aria-invalid="true"') == part.count("round-wrong\"") - 1 == 3 and part.count("autofocus") == 1
    assert ("<html" in answer.text) is not bool(headers) and "HX-Retarget" not in answer.headers


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_was_typed_beside_it_stays(make, browse, headers):
    ada = make.person("Ada")
    page = browse(ada).post(WHEN, data={"round": ["", "", ""], "daily_pushes": "12", "even": ["majors"]}, headers=headers).text
    assert '<option value="12" selected>' in page and re.search(r'value="majors" checked', page) and 'value="waits" checked' not in page
    assert 'value="09:00"' not in page and "Kept." not in page


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize("data, ident", [({"daily_pushes": "7"}, "daily_pushes-wrong"), ({"daily_pushes": "many"}, "daily_pushes-wrong"),
                                         ({"daily_pushes": "3", "even": "all"}, "even-wrong")])
def test_the_other_fields_say_theirs(make, browse, headers, data, ident):
    answer = browse(make.person("Ada")).post(WHEN, data=data | {"round": ["09:00"]}, headers=headers)
    assert answer.status_code == 422 and f'id="{ident}"' in answer.text and 'id="round-wrong"' not in answer.text


def test_for_a_program_it_is_a_problem_in_json(make, browse):
    answer = browse(make.person("Ada")).post(WHEN, data={"round": [""]}, headers={"Accept": "application/json"})
    assert answer.status_code == 422 and answer.content_type == "application/problem+json" and answer.json["field"] == "batch_hours"


def test_the_page_itself_says_nothing_is_wrong_and_takes_no_focus(make, browse):
    page = browse(make.person("Ada"))
    for address in (WHEN, "/me/notifications"):
        text = page.get(address).text
        assert "autofocus" not in text and 'aria-invalid="true"' not in text


@pytest.mark.parametrize("until", ["tomorrow", "monday"])
def test_quiet_hands_the_focus_on(make, browse, until):
    page = browse(make.person("Ada"))
    for address, words in (("/me/notifications/quiet", "Ring again"), ("/me/notifications/quiet/remove", "Until tomorrow")):
        text = page.post(address, data={"until": until}, headers=HTMX).text
        button, = re.findall(r"<button[^>]* autofocus.*?</button>", text, re.S)
        assert words in button and 'id="quiet-deed"' in button


def test_a_thread_that_is_heard_again_hands_the_focus_to_the_one_in_its_place(make, browse):
    ada = make.person("Ada")
    threads = [make.question(body=f"Question {n}?") for n in range(3)]
    for thread in threads:
        with transaction():
            thread_actions.follow(thread.id, ada, "muted")
    page = browse(ada)

    def unmute(thread):
        return page.post(f"/me/notifications/muted/{thread.id}/remove", headers=HTMX).text
    first, second, third = threads                                         # shown the newest first
    for thread, place in ((second, first), (first, third)):
        form, = re.findall(r'<form[^>]*action="([^"]*)"(?:(?!</form>).)*autofocus', unmute(thread), re.S)
        assert form == f"/me/notifications/muted/{place.id}/remove"
    assert re.search(r'<h2 id="muted-title" tabindex="-1" autofocus>', unmute(third))
