"""Polls: two to eight options, one choice each, which nobody else is shown; counts after choosing or closing."""
import json
import re

import pytest
import sqlalchemy as sa

from socialdesk.api.actions import make_token
from socialdesk.db import db, transaction
from socialdesk.events import Event
from socialdesk.posts.models import Poll, PollOption, PollVote, Post

from .conftest import HTMX, run_due
from .post_desk import done_twice, events, fragment, refused, traces


def poll(browser, options=("Tea", "Coffee"), **data):
    """Start a poll by the composer: (its Post, the ids of its options)."""
    answer = browser.post("/ask", data={"kind": "poll", "body": "Tea or coffee?", "option": list(options)} | data)
    assert answer.status_code == 303, answer.text
    key = int(answer.location.rsplit("/", 1)[1])
    found = db.session.get(Post, key), list(db.session.scalars(sa.select(PollOption.id).where(PollOption.post_id == key).order_by(PollOption.n)))
    db.session.rollback()
    return found


def counts(text):
    """What is shown of each option, or [] while nothing is."""
    return [int(n) for n in re.findall(r'<progress[^>]* value="(\d+)"', text)]


def as_json(desk, person, path):
    with transaction():
        token = make_token(person.id)
    return desk.test_client().get("/api/v1" + path, headers={"Authorization": f"Bearer {token}"}).json


def test_a_poll_stands_on_its_page_with_its_options_and_no_counts(make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    post, options = poll(browse(ada), ("Tea", " Coffee ", "", "tea"))
    assert len(options) == 2 and events(post, "posted") == 1
    for who in (ada, ben):
        page = browse(who).get(f"/p/{post.id}").text
        assert "Tea" in page and "Coffee" in page and counts(page) == []


def test_a_choice_counts_once_may_be_changed_and_taken_back(make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    post, (tea, coffee) = poll(browse(ada))
    text = done_twice(browse(ben), f"/p/{post.id}/poll", f"/p/{post.id}", option=tea)
    assert counts(text) == [1, 0] and f'id="poll-{post.id}"' in text
    assert counts(fragment(browse(ben), f"/p/{post.id}/poll", option=coffee)) == [0, 1]
    assert counts(fragment(browse(ada), f"/p/{post.id}/poll", option=tea)) == [1, 1]
    text = done_twice(browse(ben), f"/p/{post.id}/poll/remove", f"/p/{post.id}")
    assert counts(text) == [] and counts(browse(ada).get(f"/p/{post.id}").text) == [1, 0]


def test_counts_show_after_choosing_or_closing_and_not_before(make, browse, time, desk):
    ada, ben = make.person("Ada"), make.person("Ben")
    post, (tea, _) = poll(browse(ada), closes_days="3")
    fragment(browse(ben), f"/p/{post.id}/poll", option=tea)
    assert counts(browse(ada).get(f"/p/{post.id}").text) == []
    assert [option["votes"] for option in as_json(desk, ada, f"/posts/{post.id}")["poll"]["options"]] == [None, None]
    assert [option["votes"] for option in as_json(desk, ben, f"/posts/{post.id}")["poll"]["options"]] == [1, 0]
    time.pass_(days=3, minutes=1)
    assert counts(browse(ada).get(f"/p/{post.id}").text) == [1, 0]
    refused(browse(ada), f"/p/{post.id}/poll", 409, "has closed", option=tea)
    refused(browse(ben), f"/p/{post.id}/poll/remove", 409, "has closed")


def test_nobody_is_shown_who_chose_what(make, browse, desk):
    ada, ben, tom, root = make.person("Ada"), make.person("Bartholomew"), make.agent("Tom"), make.admin("Root")
    post, (tea, coffee) = poll(browse(ada))
    for person, option in ((ben, coffee), (ada, tea), (tom, tea), (root, tea)):
        fragment(browse(person), f"/p/{post.id}/poll", option=option)
    run_due()
    db.session.rollback()
    for event in db.session.scalars(sa.select(Event).where(Event.verb.like("poll_answer%"))).all():
        assert event.facts == {} and event.ref_id is None and event.before is None and event.after is None
    db.session.rollback()
    for who in (ada, tom, root):
        for page in (f"/p/{post.id}", f"/p/{post.id}/timeline", "/"):
            assert "Bartholomew" not in browse(who).get(page, headers=HTMX if "timeline" in page else {}).text
        assert ben.handle not in json.dumps(as_json(desk, who, f"/posts/{post.id}"))
    assert as_json(desk, ben, f"/posts/{post.id}")["poll"]["chosen"] == coffee


@pytest.mark.parametrize("data, words", [
    ({"option": ["Only one"]}, "2 to 8 different options"), ({"option": [f"O{n}" for n in range(9)]}, "2 to 8 different options"),
    ({"option": ["Same", "same"]}, "2 to 8 different options"), ({"option": ["x" * 101, "y"]}, "may have 100 characters"),
    ({"option": ["a", "b"], "closes_days": "2"}, "1, 3, 7 or 30 days"), ({"option": ["a", "b"], "audience": "private"}, "for others to read")])
def test_what_makes_no_poll_is_refused_with_everything_kept(make, browse, data, words):
    ada, before = make.person("Ada"), traces()
    answer = browse(ada).post("/ask", data={"kind": "poll", "body": "Kept words"} | data)
    assert answer.status_code == 422 and words in answer.text and "Kept words" in answer.text and data["option"][0] in answer.text
    assert traces() == before and db.session.scalar(sa.select(sa.func.count()).select_from(Poll)) == 0


def test_a_choice_that_is_none_is_refused(make, browse):
    ada = make.person("Ada")
    post, (tea, _) = poll(browse(ada))
    other, (foreign, _) = poll(browse(ada))
    for wrong in (str(foreign), "", "x", str(2 ** 70)):
        refused(browse(ada), f"/p/{post.id}/poll", 422, "Choose one", option=wrong)
    refused(browse(ada), f"/p/{make.question(ada).id}/poll", 422, "nothing to choose", option=tea)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PollVote)) == 0


def test_a_poll_that_was_taken_back_counts_nothing_more(make, browse):
    ada, ben, cleo = make.person("Ada"), make.person("Ben"), make.person("Cleo")
    post, (tea, coffee) = poll(browse(ada))
    fragment(browse(ben), f"/p/{post.id}/poll", option=tea)
    make.reply(post, ben)                       # so that a line of it stays
    assert browse(ada).post(f"/p/{post.id}/delete").status_code == 303
    refused(browse(cleo), f"/p/{post.id}/poll", 409, "taken back", option=coffee)
    refused(browse(ben), f"/p/{post.id}/poll/remove", 409, "taken back")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PollVote)) == 1



def test_a_circles_poll_is_the_circles(make, browse):
    circle = make.circle("Pilots")
    cleo, ben = make.person("Cleo", circles=[circle]), make.person("Ben")
    post, (tea, _) = poll(browse(cleo), audience=f"circle:{circle.slug}")
    refused(browse(ben), f"/p/{post.id}/poll", 404, option=tea)
    fragment(browse(cleo), f"/p/{post.id}/poll", option=tea)
    assert db.session.scalar(sa.select(PollOption.votes).where(PollOption.id == tea)) == 1
