"""What an attacker or a bad day tries: each is answered in words and leaves no trace."""
import os
from io import BytesIO

import pytest
import sqlalchemy as sa
from PIL import Image

from socialdesk import config, policy
from socialdesk.db import db, transaction
from socialdesk.errors import BadSetting, NotAllowed
from socialdesk.events import Event, Verb
from socialdesk.people import admin_actions
from socialdesk.posts import actions, queries
from socialdesk.posts.models import Attachment, Follow, Post
from socialdesk.tags.actions import own_tag
from socialdesk.tickets import actions as tickets
from socialdesk.tickets.models import Sentence

from .conftest import DATABASE, told_by_now
from .ticket_desk import traces


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


def test_broken_glass_speaks_with_nobody(make, browse):
    hr = make.team("HR", confidential=True)
    author, member, admin = make.person(), make.agent(teams=[hr]), make.admin()
    ticket = make.ticket(author, team_id=hr.id)
    answer = make.reply(ticket, member)
    with transaction():
        tickets.break_glass(ticket.id, admin)
    before, browser = traces(), browse(admin)
    page = browser.get(f"/p/{ticket.id}")
    assert page.status_code == 200 and 'id="reply"' not in page.text
    for address, data in ((f"/p/{ticket.id}/reply", {"body": "Hello"}), (f"/p/{ticket.id}/me-too", {}), (f"/p/{ticket.id}/follow", {}),
                          (f"/p/{ticket.id}/reaction", {}), (f"/p/{answer.id}/delete", {})):
        assert browser.post(address, data=data).status_code == 403, address
    assert traces() == before
    with transaction():
        actions.give_access(ticket.id, member, admin.id)
    assert browser.post(f"/p/{ticket.id}/reply", data={"body": "Now I was asked."}).status_code == 303, "who was added may speak"


def test_words_taken_back_or_changed_are_gone_from_the_step_they_made(make, browse, time):
    author, agent = make.person(), make.agent()
    ticket = make.ticket(author)
    for deed in ("edit", "delete"):
        reply = make.reply(ticket, agent, "The password is hunter2.", status="on_hold:requester")
        assert "hunter2" in browse(author).get(f"/p/{ticket.id}").text
        assert browse(agent).post(f"/p/{reply.id}/{deed}", data={"body": "Ask me on the phone."}).status_code == 303
        shown = browse(author).get(f"/p/{ticket.id}").text
        assert "hunter2" not in shown and "on the phone" in shown
        make.reply(ticket, author, "Here is my answer.")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Sentence).where(Sentence.text.contains("hunter2"))) == 0


def test_who_once_broke_the_glass_can_be_added(make, time):
    hr = make.team("HR", confidential=True)
    author, member, admin = make.person(), make.agent(teams=[hr]), make.admin()
    ticket = make.ticket(author, team_id=hr.id)
    with transaction():
        tickets.break_glass(ticket.id, admin)
    time.pass_(days=3)
    assert not policy.sees(admin, db.session.get(Post, ticket.id))
    with transaction():
        actions.give_access(ticket.id, member, admin.id)
    assert policy.sees(admin, db.session.get(Post, ticket.id))


def test_broken_glass_ends_with_the_role(make):
    ticket, admin, boss = make.ticket(team_id=make.team("HR", confidential=True).id), make.admin(), make.admin()
    with transaction():
        tickets.break_glass(ticket.id, admin)
    with transaction():
        admin_actions.change_role(boss, admin.id, "agent")
    assert not policy.sees(make.viewer(admin), db.session.get(Post, ticket.id))


@pytest.mark.parametrize("next_", ["//[", "http://[", "/\\[::", "//[::1"])
def test_an_address_that_is_none_is_no_fault(desk, browse, next_):
    assert browse().get("/sign-in", query_string={"next": next_}).status_code == 200
    answer = browse().post("/p/1/reply", headers={"HX-Request": "true", "HX-Current-URL": next_})
    assert answer.status_code == 401


def test_one_who_was_added_does_not_count_as_the_desk_that_has_read_it(make, browse):
    author, friend, agent = make.person(), make.person("Friend"), make.agent("Agnes")
    ticket = make.ticket(author)
    with transaction():
        actions.give_access(ticket.id, author, friend.id)
    for person in (friend, agent):
        assert browse(person).post(f"/p/{ticket.id}/seen", headers={"HX-Request": "true"}).status_code == 204
    seen = db.session.scalars(sa.select(Event.actor_id).where(Event.verb == Verb.SEEN)).all()
    assert seen == [agent.id]


def test_who_is_taken_off_follows_no_longer(make):
    author, friend = make.person(), make.person()
    ticket = make.ticket(author)
    with transaction():
        actions.give_access(ticket.id, author, friend.id)
        actions.follow(ticket.id, friend)
    with transaction():
        actions.take_access(ticket.id, author, friend.id)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Follow).where(Follow.person_id == friend.id)) == 0


def test_the_photos_of_a_thread_that_was_taken_back_are_gone_for_everybody(make, browse):
    author, helper = make.person(), make.person()
    question = make.question(author)
    buffer = BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, "PNG")
    buffer.seek(0)
    browse(helper).post(f"/p/{question.id}/reply", data={"body": "Look.", "photo": (buffer, "a.png")}, content_type="multipart/form-data")
    photo = db.session.scalar(sa.select(Attachment.id))
    told_by_now()
    assert browse(author).get(f"/attachments/{photo}").status_code == 200
    browse(author).post(f"/p/{question.id}/delete")
    assert browse(author).get(f"/attachments/{photo}").status_code == 404


def test_an_admin_speaks_where_everybody_does(make, browse):
    question = make.question()
    reply, admin = make.reply(question, make.person()), make.admin()
    for deed in ("reaction", "reply", "delete"):
        assert browse(admin).post(f"/p/{reply.id}/{deed}", data={"body": "Thank you."}).status_code == 303, deed
