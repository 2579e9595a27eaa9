"""Hashtags that fit a text, learned from what others wrote in public."""
import re

import pytest
import sqlalchemy as sa

from bench.hashtags import macro_f1, part_of, scores, threshold_of
from socialdesk.db import db, transaction
from socialdesk.search.tag_queries import likely_tags
from socialdesk.tags.models import Tag
from socialdesk.tags.synonym_actions import make_synonym

from .api_desk import call  # noqa: F401
from .conftest import HTMX, run_due


def names(viewer, text):
    found = [name for name, _sure in likely_tags(viewer, text)]
    db.session.rollback()
    return found


def learned(make, **more):
    """Five posts about the copier, five about the tunnel, each with its hashtag."""
    for n in range(5):
        make.question(make.person(**more), f"Paper jam number {n} in the machine on our floor #copier", **({"audience": "circle:pilots"} if more else {}))
        make.question(make.person(), f"The tunnel to home drops again, number {n} #vpn")
    run_due()


def test_the_hashtag_of_what_is_like_it_comes_first_and_is_the_surest(make):
    learned(make)
    (first, sure), *others = likely_tags(make.person(), "paper jams in that machine")
    assert first == "copier" and 0.5 < sure <= 1 and all(less < sure for _name, less in others)
    assert names(make.person(), "my tunnel drops at home")[0] == "vpn"


def test_the_first_post_of_a_new_hashtag_teaches_it_at_once(make):
    learned(make)
    person = make.person()
    assert "beamer" not in names(person, "the projector shows a green picture")
    make.question(make.person(), "A green picture on the projector #beamer")
    run_due()
    assert names(person, "the projector shows a green picture")[0] == "beamer"


def test_at_most_three_are_offered_and_none_where_nothing_is_like_it(make):
    learned(make)
    for n in range(6):
        make.question(make.person(), f"Paper jam in the machine #one{n}x")
    run_due()
    person = make.person()
    assert len(names(person, "paper jam in the machine")) == 3
    assert names(person, "") == names(person, "the of and") == names(person, "zebra telescope") == []


def test_private_posts_and_other_circles_teach_nobody(make):
    make.circle("Other")
    circle = make.circle("Pilots")
    learned(make, circles=[circle])
    for n in range(3):
        make.ticket(body=f"My burnout, week {n}, the doctor says so #burnout")
    run_due()
    text = "paper jam in the machine"
    assert names(make.person(circles=[circle]), text)[0] == "copier"
    assert "copier" not in names(make.person(), text) and "copier" not in names(make.agent(), text)
    for viewer in (make.person(), make.agent(), make.admin()):
        assert names(viewer, "burnout doctor week says") == []


def test_what_was_made_private_since_teaches_no_more(make, browse):
    learned(make)
    person, author = make.person(), make.person()
    post = make.question(author, "The projector shows a green picture #beamer")
    run_due()
    assert "beamer" in names(person, "projector with a green picture")
    browse(author).post(f"/p/{post.id}/delete")
    run_due()
    assert "beamer" not in names(person, "projector with a green picture")


def test_a_synonym_is_offered_as_what_it_stands_for(make):
    learned(make)
    with transaction():
        make_synonym("copier", "printer")
    assert names(make.person(), "paper jam in the machine")[0] == "printer"
    assert db.session.scalar(sa.select(Tag.synonym_of).where(Tag.fold == "copier"))


def test_three_chips_are_offered_none_applied(make, browse):
    learned(make)
    page = browse(make.person()).get("/ask/tags?body=paper+jam+in+the+machine", headers=HTMX).text
    assert 'value="copier"' in page and page.count('type="checkbox"') <= 3 and "checked" not in page
    page = browse(make.person()).get("/ask/tags?body=paper+jam+%23copier", headers=HTMX).text
    assert re.search(r'value="copier" checked', page)


@pytest.mark.parametrize("text", ["x" * 10_000, "\x00\x01\u202e", "😀" * 500, '"print" AND -(jam)', "مرحبا بالعالم " * 40, "紙が詰まりました"])
def test_no_text_is_too_odd_to_be_looked_at(make, text):
    learned(make)
    assert isinstance(likely_tags(make.person(), text), list)


def test_the_api_answers_names_with_how_sure_it_is(make, call):  # noqa: F811
    learned(make)
    answer = call(make.person()).post("/hashtags/suggest", {"text": "paper jam in the machine"})
    assert answer.status_code == 200 and answer.json["hashtags"][0]["name"] == "copier" and 0 < answer.json["hashtags"][0]["confidence"] <= 1


# --- the bench's own arithmetic

def test_the_threshold_keeps_what_is_right_often_enough():
    answers = [("a", [("a", 0.9)])] * 19 + [("a", [("b", 0.8)])] + [("a", [("b", 0.3)])] * 5
    assert threshold_of(answers) == 0.8 and threshold_of([("a", [("b", 0.5)])]) > 1
    assert threshold_of([("a", [("a", 0.5)])] * 10 + [("a", [("b", 0.5)])] * 10) > 1, "those as sure as each other go together"


def test_the_scores_are_those_of_the_first_and_of_three():
    answers = [("a", [("a", 0.9), ("b", 0.1)]), ("b", [("a", 0.6), ("b", 0.4)]), ("c", [])]
    assert scores(answers, 0.7) == {"r1": 0.333, "r3": 0.667, "macro_f1": 0.222, "unasked_precision": 1.0, "unasked_coverage": 0.333, "threshold": 0.7}
    assert macro_f1([("a", "a"), ("b", "b")]) == 1.0
    assert {part_of(str(n)) for n in range(100)} == set(range(5)) and part_of("x") == part_of("x")
