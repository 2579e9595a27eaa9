"""Whose part in a thread is what: an admin who only broke the glass, who was added, who asked; who shares and adds; what a requester may set."""
from datetime import timedelta
from types import SimpleNamespace

import pytest

from socialdesk import policy
from socialdesk.db import db, now, transaction
from socialdesk.errors import Missing, NotAllowed
from socialdesk.posts.kudos_actions import give_kudos
from socialdesk.posts.models import Access, Post
from socialdesk.tickets.models import Ticket
from socialdesk.tickets.queries import next_statuses

from .post_desk import prepared
from .ticket_desk import DESK, REQUESTER, STATUSES

SPEAKING = ("post.reply", "post.follow", "post.like", "post.me_too")


@pytest.fixture
def town(make):
    """People of every part, and threads of every kind, each with a reply."""
    hr, circle = make.team("HR", confidential=True), make.circle("Pilots")
    who = {"asker": make.person("Asker", circles=[circle]), "added": make.person("Added"), "agent": make.agent("Agent"), "member": make.agent("Member", teams=[hr]),
           "glass": make.admin("Glass"), "added_admin": make.admin("Added Admin"), "member_admin": make.admin("Member Admin", teams=[hr]),
           "asking_admin": make.admin("Asking Admin", circles=[circle]), "stranger": make.person("Stranger")}
    asker, admin = who["asker"], who["asking_admin"]
    thanks = prepared(asker, f"Thank you @{who['added_admin'].handle}!")
    threads = {"everyone": make.question(asker), "circle": make.question(asker, audience=f"circle:{circle.slug}"), "open": make.ticket(asker),
               "sealed": make.ticket(asker, team_id=hr.id), "own": make.ticket(admin, team_id=hr.id)}
    with transaction():
        threads["thanks"] = give_kudos(asker, thanks)
        threads["secret"] = give_kudos(asker, thanks, audience="private")
        for name in ("open", "sealed"):
            db.session.add_all([Access(person_id=who[one].id, root_id=threads[name].id, why="participant") for one in ("added", "added_admin")])
        db.session.add(Access(person_id=who["glass"].id, root_id=threads["sealed"].id, why="glass", until=now() + timedelta(hours=1)))
    replies = {name: make.reply(threads[name], asker) for name in ("everyone", "circle", "open", "sealed")}
    return SimpleNamespace(who=who, threads={name: post.id for name, post in threads.items()}, replies={name: post.id for name, post in replies.items()})


def may(town, deed, post_id):
    """Who may do a deed with a post, of those who see it."""
    post = db.session.get(Post, post_id)
    found = {name for name, viewer in town.who.items() if policy.sees(viewer, post) and policy.can(viewer, deed, post)}
    db.session.rollback()
    return found


EVERYBODY = {"asker", "added", "agent", "member", "glass", "added_admin", "member_admin", "asking_admin", "stranger"}
DESK_PEOPLE = EVERYBODY - {"asker", "added", "stranger"}
PARTS = {"everyone": EVERYBODY, "circle": {"asker", "asking_admin"}, "open": DESK_PEOPLE | {"asker", "added"},
         "sealed": {"asker", "added", "added_admin", "member", "member_admin"}, "own": {"asking_admin", "member", "member_admin"},
         "thanks": EVERYBODY, "secret": {"asker", "added_admin"}}


@pytest.mark.parametrize("deed", SPEAKING)
def test_all_who_see_a_thread_take_part_but_for_who_broke_the_glass(town, deed):
    for name, people in PARTS.items():
        assert may(town, deed, town.threads[name]) == people, name
        if name in town.replies:
            assert may(town, deed, town.replies[name]) == people, name
    sealed = db.session.get(Post, town.threads["sealed"])
    assert policy.sees(town.who["glass"], sealed) and not policy.can(town.who["glass"], "post.delete", db.session.get(Post, town.replies["sealed"]))
    assert policy.can(town.who["asking_admin"], "post.delete", db.session.get(Post, town.replies["everyone"]))


def test_what_does_not_stand_yet_is_nobodys_work_but_anybody_may_begin(town):
    new = SimpleNamespace(id=None, root_id=None, audience="private", kind="ticket", author_id=0, sealed=False, team_id=None)
    assert not any(policy.can(viewer, "note.write", new) for viewer in town.who.values())
    assert all(policy.can(viewer, "post.reply", new) for viewer in town.who.values())


def test_who_carries_a_thread_further(town):
    assert {name: may(town, "post.share", key) for name, key in town.threads.items()} == {
        "everyone": EVERYBODY, "circle": {"asker"}, "open": DESK_PEOPLE | {"asker"}, "sealed": {"asker", "member", "member_admin"},
        "own": {"asking_admin", "member", "member_admin"}, "thanks": EVERYBODY, "secret": set()}


def test_who_lets_others_into_a_thread(town):
    assert {name: may(town, "access.give", key) for name, key in town.threads.items()} == {
        "everyone": {"asker"}, "circle": {"asker"}, "open": DESK_PEOPLE | {"asker"}, "sealed": {"asker", "member", "member_admin"},
        "own": {"asking_admin", "member", "member_admin"}, "thanks": set(), "secret": set()}


@pytest.mark.parametrize("status", STATUSES)
def test_a_requester_is_offered_their_own_steps_and_the_desk_its(town, status):
    post, own = (db.session.get(Post, town.threads[name]) for name in ("sealed", "own"))
    ticket = Ticket(status=status)
    steps = {name: set(next_statuses(viewer, post, ticket)) for name, viewer in town.who.items() if policy.sees(viewer, post)}
    desk, requester = set(DESK[status].split()), set(REQUESTER[status].split())
    assert steps == {"asker": requester, "added": set(), "added_admin": set(), "glass": set(), "member": desk, "member_admin": desk}
    assert set(next_statuses(town.who["asking_admin"], own, ticket)) == requester, "an admin who asks is a requester"
    assert next_statuses(None, post, ticket) == []


def test_what_one_does_not_see_is_missing_before_anything_else_is_asked(town):
    sealed = db.session.get(Post, town.threads["sealed"])
    for deed in ("post.read", "post.reply", "ticket.take", "post.edit"):
        with pytest.raises(Missing):
            policy.require(town.who["stranger"], deed, sealed)
        with pytest.raises(NotAllowed, match="Sign in first"):
            policy.require(None, deed, sealed)
    with pytest.raises(NotAllowed, match="desk"):
        policy.require(town.who["added"], "ticket.take", sealed)
    with pytest.raises(NotAllowed):
        policy.require(town.who["stranger"], "desk")
    policy.require(town.who["asker"], "post.reply", sealed)
    assert not policy.sees(None, sealed)
