"""What an attacker or a bad day tries: each is answered in words and leaves no trace."""
import os

import pytest
import sqlalchemy as sa

from socialdesk import config, policy
from socialdesk.db import db, transaction
from socialdesk.errors import BadSetting, NotAllowed
from socialdesk.events import Event, Verb
from socialdesk.posts import actions, queries
from socialdesk.posts.models import Post
from socialdesk.tags.actions import own_tag
from socialdesk.tickets import actions as tickets

from .conftest import DATABASE


@pytest.mark.skipif(DATABASE != "sqlite", reason="SQLite lives in a file")
def test_a_database_file_that_is_gone_or_replaced_takes_nothing_in_silence(desk, make, browse):
    browser, path = browse(make.person()), desk.config["SETTINGS"].data / "socialdesk.sqlite3"
    assert browser.get("/").status_code == 200
    db.session.rollback()
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(f"{path}{suffix}"):
            os.rename(f"{path}{suffix}", f"{path}.away{suffix}")
    for _ in range(3):
        answer = browser.post("/ask", data={"kind": "ticket", "body": "Is anybody there?"})
        assert answer.status_code == 503 and "Is anybody there?" in answer.get_data(as_text=True)
    assert browser.get("/readyz").status_code == 503 and not path.exists(), "no empty desk is made in passing"
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(f"{path}.away{suffix}"):
            os.rename(f"{path}.away{suffix}", f"{path}{suffix}")
    assert browser.post("/ask", data={"kind": "ticket", "body": "Hello again"}).status_code == 303


@pytest.mark.parametrize("path, fields", [("/sign-in", {"email": "a" * 2_000_000}), ("/sign-in", {"email": "a@b.org", "password": "x" * 2_000_000}),
                                          ("/ask", {"kind": "ticket", "body": "x" * 2_000_000})])
def test_a_text_of_megabytes_is_refused_before_it_is_read(make, browse, path, fields):
    answer = browse(make.person() if path == "/ask" else None).post(path, data=fields)
    assert answer.status_code == 413 and len(answer.data) < 100_000


def test_broken_glass_lets_one_read_and_no_more(make):
    hr, net = make.team("HR", confidential=True), make.team("Net")
    author, admin, other = make.person(), make.admin(), make.person()
    ticket = make.ticket(author, team_id=hr.id)
    with transaction():
        tickets.break_glass(ticket.id, admin)
    assert policy.sees(admin, db.session.get(Post, ticket.id))
    for deed in (lambda: tickets.move(ticket.id, admin, net.id), lambda: tickets.take(ticket.id, admin),
                 lambda: tickets.change_status(ticket.id, admin, "resolved", "Fine."), lambda: actions.give_access(ticket.id, admin, other.id)):
        with pytest.raises(NotAllowed):
            with transaction():
                deed()
    db.session.rollback()
    assert db.session.get(Post, ticket.id).sealed


def test_a_confidential_hashtag_added_later_takes_the_ticket_out_of_the_open_team(make):
    hr, net = make.team("HR", confidential=True), make.team("Net")
    with transaction():
        own_tag("salary", hr.id), own_tag("vpn", net.id)
    author, agent = make.person(), make.agent(teams=[net])
    ticket = make.ticket(author, body="It drops. #vpn")
    prepared = queries.prepare(author, "It drops, and so does my pay. #vpn #salary")
    with transaction():
        actions.edit(ticket.id, author, prepared)
    db.session.rollback()
    post = db.session.get(Post, ticket.id, populate_existing=True)
    assert post.team_id == hr.id and post.sealed and not policy.sees(agent, post)


def test_who_gave_a_hashtag_to_which_team_stands_in_the_ledger(make, browse):
    team, admin = make.team("Net"), make.admin()
    answer = browse(admin).post("/admin/tags/vpn/team", data={"team": str(team.id)})
    assert answer.status_code == 303
    event = db.session.scalars(sa.select(Event).where(Event.verb == Verb.HASHTAG_GIVEN)).one()
    assert event.actor_id == admin.id and event.facts["team"] == team.id


@pytest.mark.parametrize("text", ["", "short"])
def test_a_damaged_secret_is_refused_at_the_start(tmp_path, text):
    (tmp_path / "secret-key").write_text(text)
    with pytest.raises(BadSetting, match="secret-key"):
        config.make_folders(config.load({}, data=tmp_path))


def test_tokens_can_be_ended(desk, make):
    from socialdesk.api.actions import make_token, revoke_tokens
    person = make.person()
    with transaction():
        headers = {"Authorization": f"Bearer {make_token(person.id)}"}
    client = desk.test_client()
    assert client.get("/api/v1/me", headers=headers).status_code == 200
    with transaction():
        assert revoke_tokens(person.id) == 1
    assert client.get("/api/v1/me", headers=headers).status_code == 401


def test_the_database_is_for_its_owner_alone(desk):
    if DATABASE == "sqlite":
        folder = desk.config["SETTINGS"].data / "new"
        config.make_folders(config.load({}, data=folder))
        assert (folder / "socialdesk.sqlite3").stat().st_mode & 0o077 == 0
