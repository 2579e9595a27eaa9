"""Circles: rows made by command, with members; their pages come later."""
import pytest

from socialdesk.db import db, transaction
from socialdesk.errors import Conflict, Invalid, Missing
from socialdesk.people import actions, queries


def test_a_circle_has_a_slug_from_its_name(make):
    circle = make.circle("Pilot group 2")
    assert (circle.slug, circle.join) == ("pilot-group-2", "open")
    assert queries.circle_by_slug("Pilot-Group-2").id == circle.id


@pytest.mark.parametrize("name", ["東京", "2024"])
def test_a_name_that_makes_no_slug_gives_the_id(make, name):
    circle = make.circle(name)
    assert circle.slug == str(circle.id)


def test_two_names_of_one_slug_are_told_apart(make):
    first, second = make.circle("Quay Street"), make.circle("Quay-Street")
    assert first.slug == "quay-street" and second.slug == str(second.id)


def test_a_second_circle_of_the_same_name_is_refused(make):
    make.circle("Finance")
    with pytest.raises(Conflict, match="There is a circle Finance already"):
        make.circle("Finance")


@pytest.mark.parametrize("name, join, told", [("", "open", "no name"), ("---", "open", "no name"), ("x" * 61, "open", "61 characters"),
                                              ("Finance", "maybe", "open, request or invite")])
def test_what_cannot_be_a_circle_is_said(make, name, join, told):
    with pytest.raises(Invalid, match=told), transaction():
        actions.add_circle(name, join=join)


def test_joining_twice_is_joining_once_and_leaving_ends_it(make):
    ada, circle = make.person(), make.circle()
    with transaction():
        assert [actions.join_circle(ada.id, circle.id), actions.join_circle(ada.id, circle.id)] == [True, False]
    assert make.viewer(ada).circle_ids == {circle.id}
    with transaction():
        assert [actions.leave_circle(ada.id, circle.id), actions.leave_circle(ada.id, circle.id)] == [True, False]
    assert make.viewer(ada).circle_ids == frozenset()


def test_nobody_joins_what_is_not_there(make):
    ada = make.person()
    with pytest.raises(Missing), transaction():
        actions.join_circle(ada.id, 999)
    with pytest.raises(Missing), transaction():
        actions.join_circle(999, make_circle_id())
    db.session.rollback()


def make_circle_id():
    return actions.add_circle("Last").id
