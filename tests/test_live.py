"""Hints to open pages: who hears of what, at once, after a while away, and when there is no thread to spare."""
import json
import queue

import pytest
import sqlalchemy as sa

from socialdesk import live
from socialdesk.db import db, transaction
from socialdesk.errors import Unavailable
from socialdesk.events import Hint, hint
from socialdesk.people.models import Session

from .conftest import run_due


@pytest.fixture
def hub(monkeypatch):
    fresh = live.Hub()
    monkeypatch.setattr(live, "hub", fresh)
    return fresh


@pytest.fixture
def listen(hub, browse):
    """listen(person, posts) is an open stream of a signed-in person; what it hears is taken by heard(stream)."""
    def open_stream(person, *posts):
        browse(person)
        session_id = db.session.scalars(sa.select(Session.public_id).where(Session.person_id == person.id)).first()
        db.session.rollback()

        class Who:
            id = person.id
        Who.session_id = session_id
        stream = live.Stream(Who, frozenset(p.id for p in posts))
        hub.open(stream)
        return stream
    return open_stream


def heard(hub, stream):
    """The topics a stream has heard since it was last asked."""
    hub.pass_on()
    topics = []
    while True:
        try:
            topics.append(stream.queue.get_nowait()[1])
        except queue.Empty:
            return topics


def say(*topics):
    with transaction():
        hint(*topics)


def test_a_page_hears_of_the_thread_it_shows_and_of_no_other(make, listen, hub):
    post, other = make.question(), make.question()
    stream = listen(make.person(), post)
    say(f"post:{post.id}", f"post:{other.id}")
    assert heard(hub, stream) == [f"post:{post.id}"]


def test_who_may_not_see_a_thread_hears_nothing_even_if_their_page_asks_for_it(make, listen, hub):
    ticket = make.ticket()
    stranger, agent = listen(make.person(), ticket), listen(make.agent(), ticket)
    say(f"post:{ticket.id}")
    assert heard(hub, stranger) == [] and heard(hub, agent) == [f"post:{ticket.id}"]


def test_a_note_is_hinted_to_those_who_read_notes_and_looks_like_any_other_change(make, listen, hub):
    author = make.person()
    ticket = make.ticket(author)
    requester, agent = listen(author, ticket), listen(make.agent(), ticket)
    say(f"post:{ticket.id}:desk")
    assert heard(hub, requester) == [] and heard(hub, agent) == [f"post:{ticket.id}"]


def test_rights_are_asked_at_the_hint_not_only_when_the_stream_opened(make, listen, hub):
    from socialdesk.posts.models import Access
    person, author = make.person(), make.person()
    ticket = make.ticket(author)
    with transaction():
        db.session.add(Access(person_id=person.id, root_id=ticket.id, why="participant"))
    stream = listen(person, ticket)
    say(f"post:{ticket.id}")
    assert heard(hub, stream) == [f"post:{ticket.id}"]
    with transaction():
        db.session.execute(sa.delete(Access).where(Access.person_id == person.id))
    say(f"post:{ticket.id}")
    assert heard(hub, stream) == []


def test_the_inbox_is_hinted_to_its_owner_alone(make, listen, hub):
    person, other = make.person(), make.person()
    mine, theirs = listen(person), listen(other)
    say(f"person:{person.id}")
    assert heard(hub, mine) == ["inbox"] and heard(hub, theirs) == []


def test_the_desk_s_channels_are_for_agents_and_a_confidential_team_s_for_its_members(make, listen, hub):
    team = make.team(confidential=True)
    requester, agent, member = listen(make.person()), listen(make.agent()), listen(make.agent(teams=[team]))
    say("desk")
    say(f"desk:team:{team.id}")
    assert heard(hub, requester) == [] and heard(hub, agent) == ["desk"] and heard(hub, member) == ["desk", "desk"]


def test_a_circle_s_feed_is_hinted_to_its_members(make, listen, hub):
    circle = make.circle()
    outside, inside = listen(make.person()), listen(make.person(circles=[circle]))
    say(f"feed:circle:{circle.id}")
    assert heard(hub, outside) == [] and heard(hub, inside) == ["feed"]


def test_a_session_that_ended_hears_nothing(make, listen, hub):
    person = make.person()
    stream = listen(person)
    with transaction():
        db.session.execute(sa.delete(Session).where(Session.person_id == person.id))
    say("feed")
    assert heard(hub, stream) == []


def test_each_hint_is_heard_once(make, listen, hub):
    stream = listen(make.person())
    say("feed")
    assert heard(hub, stream) == ["feed"] and heard(hub, stream) == []


def test_over_the_limit_a_page_is_asked_to_poll(make, listen, hub, browse):
    hub.most = 1
    listen(make.person())
    answer = browse(make.person()).get("/live")
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0


def test_a_process_that_stops_takes_no_stream(hub):
    hub.close()
    with pytest.raises(Unavailable):
        hub.open(object())


def test_a_stream_begins_at_once_and_brings_what_was_missed_in_the_last_minute(make, browse, hub, time):
    post = make.question()
    browser = browse(make.person())
    run_due()
    say("feed")
    time.pass_(seconds=70)
    say(f"post:{post.id}")
    say(f"post:{post.id}")
    answer = browser.get(f"/live?posts={post.id}", headers={"Last-Event-ID": "0"}, buffered=False)
    lines = iter(answer.response)
    assert answer.mimetype == "text/event-stream" and answer.headers["Cache-Control"] == "no-cache"
    first = next(lines)
    assert b": ok" in first
    hub.close()
    hub_stream = next(iter(hub.streams))
    hub_stream.queue.put(None)
    rest = b"".join(lines)
    assert rest.count(f'"post:{post.id}"'.encode()) == 1 and b"feed" not in rest
    answer.close()
    assert not hub.streams


def test_polling_tells_the_same_and_no_more(make, browse):
    author = make.person()
    ticket = make.ticket(author)
    stranger, own = browse(make.person()), browse(author)
    cursor = json.loads(own.get(f"/live/poll?posts={ticket.id}").data)["cursor"]
    say(f"post:{ticket.id}", f"post:{ticket.id}:desk")
    for browser, expected in ((own, [f"post:{ticket.id}"]), (stranger, [])):
        answer = browser.get(f"/live/poll?posts={ticket.id}&since={cursor}").get_json()
        assert answer["topics"] == expected
    assert browse(None).get("/live/poll").status_code == 401 and browse(None).get("/live").status_code == 401


def test_nonsense_asked_of_the_stream_is_ignored(make, browse, hub):
    browser = browse(make.person())
    assert browser.get("/live/poll?posts=x,99999999999999999999999,-1,1%00&since=abc").get_json()["topics"] == []


def test_hints_are_forgotten(make, desk, time):
    say("feed")
    time.pass_(minutes=3)
    run_due(clockwork=True)
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Hint)) == 0
