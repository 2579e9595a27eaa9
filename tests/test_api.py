"""The API: tokens, what it takes and refuses, twice is once, and each deed through to what it leaves behind."""
import hashlib
import threading
from datetime import timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa

from socialdesk import web
from socialdesk.api import door_views
from socialdesk.api.actions import make_token
from socialdesk.api.models import ApiToken
from socialdesk.api.queries import viewer_of_token
from socialdesk.buckets import Buckets
from socialdesk.db import db, now, statements, transaction
from socialdesk.errors import Conflict, Invalid, Missing
from socialdesk.events import Event, Verb
from socialdesk.people import throttle_actions
from socialdesk.people.models import Person
from socialdesk.posts.models import Post
from socialdesk.tickets.models import Ticket

from .api_desk import UNKNOWN, Caller, call, everything, world  # noqa: F401
from .conftest import run_due


def one(statement):
    db.session.rollback()
    found = db.session.execute(statement).scalar()
    db.session.rollback()
    return found


def count(model):
    return one(sa.select(sa.func.count()).select_from(model))


# --- tokens

def test_a_token_is_kept_as_a_hash_alone(desk, make):
    ada = make.person()
    with transaction():
        token = make_token(ada.id)
    assert token.startswith("sd_") and len(token) >= 46
    assert one(sa.select(ApiToken.hash)) == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(everything())


def test_a_token_stands_for_its_person_in_one_statement(desk, make, world):
    with transaction():
        token = make_token(world.ivy.id)
    counter = [0]
    mark = statements.set(counter)
    try:
        found = viewer_of_token(f"Bearer {token}")
    finally:
        statements.reset(mark)
    db.session.rollback()
    assert found == world.ivy and counter == [1]


def test_without_a_good_token_nothing_opens(desk, call):
    for header in ("", "Bearer", "Bearer ", "Bearer sd_", "Bearer sd_wrong", "Basic YTpi", "sd_wrong", "Bearer \x00", "Bearer sd_" + "x" * 5000, "Bearer sd_é"):
        answer = call().get("/me", headers={"Authorization": header})
        assert answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer"), header


def test_the_token_of_a_person_who_is_switched_off_is_dead(desk, call, world):
    program = call(world.bob)
    assert program.get("/me").status_code == 200
    with transaction():
        db.session.execute(sa.update(Person).where(Person.id == world.bob.id).values(state="off"))
    assert program.get("/me").status_code == 401
    with transaction(), pytest.raises(Conflict):
        make_token(world.bob.id)


def test_cookies_open_nothing_and_change_nothing(desk, call, browse, world):
    signed_in = browse(world.ada)
    assert signed_in.get("/api/v1/me").status_code == 401
    token = call(world.bob).headers
    assert signed_in.get("/api/v1/me", headers=token).json["handle"] == world.bob.handle
    assert signed_in.post("/api/v1/tickets", json={"body": "Help"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 401


def test_scopes_are_a_closed_list(desk, make):
    ada = make.person()
    for scopes in ("all", "read,all", "", [], ["read", "READ"]):
        with pytest.raises(Invalid), transaction():
            make_token(ada.id, scopes)
    with pytest.raises(Missing), transaction():
        make_token(UNKNOWN)
    assert count(ApiToken) == 0


def test_a_token_with_scopes_does_those_alone(desk, call, world):
    reads, writes = call(world.ada, "read"), call(world.ada, ["write"])
    assert reads.get("/me").status_code == 200 and writes.get("/me").status_code == 403
    before = everything()
    assert reads.post("/tickets", {"body": "Help"}).status_code == 403
    assert everything() == before
    assert writes.post("/tickets", {"body": "Help"}).status_code == 201


def test_without_the_scope_admin_an_admin_is_an_agent(desk, call, world):
    assert call(world.root, "read write").delete(f"/posts/{world.question.id}").status_code == 403
    assert call(world.root, "read,write,admin").delete(f"/posts/{world.question.id}").status_code == 204


def test_when_a_token_was_used_is_written_down_at_most_hourly_and_never_by_a_get(desk, call, world, time):
    program = call(world.ada)
    presence = desk.extensions["token_presence"]
    before = everything()
    assert program.get("/me").status_code == program.get("/feed").status_code == 200
    assert everything() == before
    presence.flush()
    used = one(sa.select(ApiToken.used_at))
    assert now() - used < timedelta(minutes=1)
    time.pass_(minutes=30)
    program.get("/me"), presence.flush()
    assert one(sa.select(ApiToken.used_at)) == used
    time.pass_(minutes=31)
    program.get("/me"), presence.flush()
    assert one(sa.select(ApiToken.used_at)) > used + timedelta(hours=1)


# --- what is sent

UNUSABLE = [
    (b"", 415, None), (b"{", 400, None), (b"[" * 100_000, 400, None), (b'{"body": ' + b"9" * 5000 + b"}", 400, None), (b"\xff\xfe", 400, None),
    (b"[]", 422, None), (b"null", 422, None), (b'"text"', 422, None), (b"{}", 422, "body"), (b'{"body": null}', 422, "body"),
    (b'{"body": 5}', 422, "body"), (b'{"body": ["a"]}', 422, "body"), (b'{"body": ""}', 422, "body"), (b'{"body": " \\u0000 "}', 422, "body"),
    (b'{"body": "\\ud800"}', 422, "body"), (b'{"body": "Help", "title": 1}', 422, "title"), (b'{"body": "Help", "urgency": "now"}', 422, "urgency"),
    (b'{"body": "Help", "urgency": true}', 422, "urgency"), (b'{"body": "Help", "type": "problem"}', 422, "type"),
    (b'{"body": "' + b"x" * 20_001 + b'"}', 422, "body"), (b'{"body": "Help", "title": "' + b"x" * 121 + b'"}', 422, "title"),
    (b'{"body": "' + b"x" * 1_000_001 + b'"}', 413, None), (b'{"body": NaN}', 422, "body")]


def test_what_cannot_be_used_is_refused_in_words_and_leaves_no_trace(desk, call, world):
    program = call(world.ada)
    before = everything()
    for sent, status, field in UNUSABLE:
        kind = {} if sent == b"" else {"content_type": "application/json"}
        answer = program.post("/tickets", data=sent, key="again", **kind)
        assert (answer.status_code, answer.json.get("field")) == (status, field), answer.json
        assert everything() == before, sent[:80]


def test_a_body_of_unknown_length_is_read_so_far_and_no_further(desk, call, world):
    program = call(world.ada)

    def send(text):
        return program.post("/tickets", input_stream=BytesIO(b'{"body": "%s"}' % text), content_type="application/json",
                            environ_overrides={"wsgi.input_terminated": True})
    assert send(b"Help").status_code == 201
    before = everything()
    assert send(b"x" * 1_500_000).status_code == 413 and everything() == before


def test_a_form_is_not_json(desk, call, world):
    answer = call(world.ada).post("/tickets", data={"body": "Help"})
    assert answer.status_code == 415 and "application/json" in answer.json["detail"]


def test_unknown_members_are_not_looked_at(desk, call, world):
    made = call(world.ada).post("/tickets", {"body": "Help", "colour": ["red"], "assignee": "ivy", "status": "closed"}).json
    assert (made["assignee"], made["status"]) == (None, "new")


def test_half_a_character_in_a_text_does_no_harm(desk, call, world):
    program = call(world.ada)
    made = program.post("/tickets", {"body": "Smile \ud83d and \u0000 go"}).json
    assert program.get(f"/posts/{made['id']}").json["body"] == "Smile  and  go"


def test_an_id_that_is_none_is_not_found(desk, call, world):
    program = call(world.ada)
    for path in ("/posts/{}", "/tickets/{}", "/articles/{}", "/tickets/{}/timeline", "/posts/{}/replies"):
        for key in (0, UNKNOWN, 2 ** 63 - 1, 2 ** 63, 10 ** 40, "-1", "1.5", "x", "%00"):
            assert program.get(path.format(key)).status_code == 404, (path, key)


LISTS = ["/feed?", "/tickets?", "/articles?", "/notifications?", "/search?q=print&", "/posts/{}/replies?", "/tickets/{}/timeline?"]


def test_lists_take_a_limit_from_1_to_100_and_their_own_cursors(desk, call, world):
    program = call(world.ada)
    for path in (path.format(world.ticket.id) for path in LISTS):
        for limit in ("0", "101", "-1", "x", "1.0", "9" * 30, "١"):
            answer = program.get(f"{path}limit={limit}")
            assert (answer.status_code, answer.json.get("field")) == (422, "limit"), (path, limit)
        for cursor in ("x", "-1", "1-2", "1-2-3-4", "9" * 40, "a-b-c", "1.x", "'", "²", "1 2"):
            assert program.get(f"{path}cursor={cursor}").status_code == 422, (path, cursor)
        assert program.get(f"{path}limit=100").status_code == 200 and program.get(f"{path}limit=&cursor=").status_code == 200


def test_what_does_not_stand_yet_is_not_here(desk, call, world):
    program = call(world.ada)
    for method, path in (("GET", "/"), ("GET", "/nothing"), ("POST", "/wording"),
                         ("GET", "/tickets/"), ("GET", "/posts")):
        answer = program.send(method, path, {"text": "x"} if method == "POST" else None)
        assert answer.status_code == (405 if path == "/posts" else 404), path
    assert program.send("PUT", "/me", {}).headers["Allow"]


def test_who_asks_too_fast_waits(desk, call, world, monkeypatch):
    monkeypatch.setitem(throttle_actions.LIMITS, "api", (2, 3600, "requests"))
    program = call(world.ada)
    answers = [program.post(f"/posts/{world.question.id}/follows") for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429] and int(answers[2].headers["Retry-After"]) >= 1
    assert call(world.bob).post(f"/posts/{world.question.id}/follows").status_code == 200
    monkeypatch.setattr(web, "_buckets", Buckets())
    monkeypatch.setattr(door_views, "BURST", 2)
    monkeypatch.setattr(door_views, "PER_SECOND", 0.001)
    answers = [program.get("/me") for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429] and int(answers[2].headers["Retry-After"]) > 60


# --- twice is once

CREATING = [("/posts", {"body": "How do I print?"}), ("/posts", {"kind": "ticket", "body": "Help"}), ("/tickets", {"body": "Help", "urgency": "high"}),
            ("/posts/{question}/replies", {"body": "Turn it on."}), ("/posts/{ticket}/replies", {"body": "Look", "note": True}),
            ("/articles", {"title": "Print", "body": "Press *Print*."})]


@pytest.mark.parametrize("path, body", CREATING)
def test_a_deed_sent_twice_with_a_key_is_done_once(desk, call, world, path, body):
    program = call(world.sam)
    path = path.format(question=world.question.id, ticket=world.ticket.id)
    first = program.post(path, body, key="k-1")
    before = everything()
    again = program.post(path, dict(reversed(body.items())), key="k-1")
    assert first.status_code == again.status_code == 201 and first.json == again.json
    assert "Idempotency-Replayed" not in first.headers and again.headers["Idempotency-Replayed"] == "true"
    assert everything() == before
    other = program.post(path, body | {"body": "Other words"}, key="k-1")
    assert other.status_code == 409 and everything() == before
    assert program.post(path, body, key="k-2").json["id"] != first.json["id"]
    assert call(world.ivy).post(path, body, key="k-1").json["id"] != first.json["id"]


def test_a_key_that_is_too_long_is_refused(desk, call, world):
    before = everything("api_token")
    assert call(world.ada).post("/tickets", {"body": "Help"}, key="k" * 201).status_code == 422
    assert everything("api_token") == before


def test_a_deed_that_was_refused_can_be_sent_again_with_its_key(desk, call, world):
    program = call(world.ada)
    assert program.post("/posts", {"body": "Who flies?", "audience": "circle:pilots"}, key="k").status_code == 404
    assert program.post("/posts", {"body": "Who flies?", "audience": "everyone"}, key="k").status_code == 201


def test_the_first_result_is_given_even_where_it_is_out_of_sight_by_now(desk, call, world):
    program = call(world.ivy)
    made = program.post("/posts", {"body": "Nobody answers this."}, key="k").json
    assert program.delete(f"/posts/{made['id']}").status_code == 204
    again = program.post("/posts", {"body": "Nobody answers this."}, key="k")
    assert again.status_code == 201 and again.json == {"id": made["id"]}


def test_one_key_at_the_same_moment_is_one_ticket(desk, call, world):
    token = call(world.ada).headers["Authorization"].removeprefix("Bearer ")
    answers = []

    def send():
        with desk.app_context():
            answers.append(Caller(desk, token).post("/tickets", {"body": "Help"}, key="same"))
    before = count(Ticket)
    threads = [threading.Thread(target=send) for _ in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert {a.status_code for a in answers} == {201} and len({a.json["id"] for a in answers}) == 1
    assert count(Ticket) == before + 1


# --- posts

def test_a_question_is_for_everyone_and_has_what_was_sent(desk, call, world):
    made = call(world.ada).post("/posts", {"body": "How do I **scan**? Thanks #Scanner"})
    assert made.status_code == 201
    kept = call(world.bob).get(f"/posts/{made.json['id']}").json
    assert kept["title"] == "How do I scan?" and "<strong>scan</strong>" in kept["body_html"]
    assert {name: kept[name] for name in ("kind", "audience", "status", "hashtags", "author", "replies", "accepted_replies", "edited_at")} == {
        "kind": "question", "audience": "everyone", "status": "open", "hashtags": ["Scanner"],
        "author": {"handle": world.ada.handle, "name": "Ada Asker"}, "replies": 0, "accepted_replies": [], "edited_at": None}
    assert kept["created_at"].endswith("Z") and kept["url"] == f"/p/{kept['id']}"


def test_a_ticket_by_way_of_posts_is_private(desk, call, world):
    made = call(world.ada).post("/posts", {"kind": "ticket", "body": "Help"}).json
    assert (made["kind"], made["audience"], made["status"]) == ("ticket", "private", "new")
    assert call(world.bob).get(f"/posts/{made['id']}").status_code == 404


def test_a_question_nobody_could_see_is_refused(desk, call, world):
    ada = call(world.ada)
    before = everything()
    refused = ada.post("/posts", {"body": "Who reads this?", "audience": "private"})
    assert refused.status_code == 422 and "somebody has to see it" in refused.json["detail"] and everything() == before


def test_a_post_for_a_circle_is_for_its_members(desk, call, world):
    made = call(world.cleo).post("/posts", {"body": "Who lands?", "audience": "circle:pilots"}).json
    assert made["audience"] == "circle:pilots"
    before = everything()
    for audience, status in (("circle:pilots", 404), ("circle:none", 404), ("circle:", 422), ("friends", 422), ("circle:\x00", 422)):
        assert call(world.bob).post("/posts", {"body": "Who lands?", "audience": audience}).status_code == status, audience
    assert {k: v for k, v in everything("api_token").items()} == {k: v for k, v in before.items() if k != "api_token"}


def test_an_author_changes_the_text_and_the_old_one_stays_as_a_version(desk, call, world):
    path = f"/posts/{world.question.id}"
    program = call(world.ada)
    changed = program.patch(path, {"body": "How do I print on *one* side? #paper"}).json
    assert changed["title"] == "How do I print on one side?" and changed["hashtags"] == ["paper"] and changed["edited_at"]
    titled = program.patch(path, {"title": "Printing"}).json
    assert titled["title"] == "Printing" and titled["body"] == changed["body"]
    assert program.patch(path, {"body": "And now?"}).json["title"] == "Printing"
    before = everything()
    assert program.patch(path, {"body": "And now?"}).status_code == 200 and everything() == before
    for body in ({}, {"colour": "red"}, {"body": ""}, {"body": None}):
        assert program.patch(path, body).status_code == 422, body
    assert call(world.bob).patch(path, {"body": "Mine now"}).status_code == 403
    assert everything("api_token") | {"api_token": 0} == before | {"api_token": 0}


def test_a_reply_has_no_title(desk, call, world, make):
    reply = make.reply(world.question, world.bob)
    program = call(world.bob)
    assert program.patch(f"/posts/{reply.id}", {"title": "Cable"}).status_code == 422
    assert program.patch(f"/posts/{reply.id}", {"body": "The red cable"}).json["body"] == "The red cable"


def test_a_post_that_was_taken_back_leaves_a_trace_only_where_others_answered(desk, call, world, make):
    make.reply(world.question, world.bob)
    assert call(world.ada).delete(f"/posts/{world.question.id}").status_code == 204
    assert call(world.ada).delete(f"/posts/{world.question.id}").status_code == 204
    left = call(world.bob).get(f"/posts/{world.question.id}").json
    assert left["deleted"] and left["title"] == left["body"] == left["body_html"] == ""
    alone = call(world.ada).post("/posts", {"body": "Alone?"}).json["id"]
    assert call(world.bob).delete(f"/posts/{alone}").status_code == 403
    assert call(world.ada).delete(f"/posts/{alone}").status_code == 204
    assert call(world.ada).get(f"/posts/{alone}").status_code == 404
    assert call(world.ada).delete(f"/posts/{world.ticket.id}").status_code == 403


def test_replies_come_in_order_by_pages(desk, call, world, make):
    replies = [make.reply(world.question, world.bob, f"Answer {n}").id for n in range(5)]
    program, found, cursor = call(world.ada), [], ""
    for _ in range(3):
        answer = program.get(f"/posts/{world.question.id}/replies?limit=2&cursor={cursor}").json
        found += [reply["id"] for reply in answer["items"]]
        cursor = answer["next_cursor"]
    assert found == replies and cursor is None
    assert program.get(f"/posts/{world.question.id}").json["replies"] == 5
    assert program.get(f"/posts/{replies[2]}").json["thread_id"] == world.question.id


def test_a_reply_through_the_api_is_not_held(desk, call, world):
    made = call(world.bob).post(f"/posts/{world.question.id}/replies", {"body": "Duplex."}).json
    assert made["kind"] == "reply" and call(world.ada).get(f"/posts/{made['id']}").status_code == 200
    assert one(sa.select(Event.hold_until).where(Event.verb == Verb.REPLIED)) is None


def test_me_too_and_following_are_set_and_cleared(desk, call, world):
    program, path = call(world.bob), f"/posts/{world.question.id}"
    for _ in range(2):
        said = program.post(f"{path}/me-too").json
        assert (said["me_toos"], said["me_too"], said["following"]) == (1, True, "all")
    for _ in range(2):
        cleared = program.delete(f"{path}/me-too").json
        assert (cleared["me_toos"], cleared["me_too"]) == (0, False)
    assert program.post(f"{path}/follows", {"level": "muted"}).json["following"] == "muted"
    assert program.post(f"{path}/follows").json["following"] == "all"
    assert program.post(f"{path}/follows", {"level": "loud"}).status_code == 422
    for _ in range(2):
        assert program.delete(f"{path}/follows").json["following"] is None
    assert call(world.ada).post(f"{path}/me-too").status_code == 403


def test_the_asker_accepts_an_answer_and_takes_it_back(desk, call, world, make):
    reply = make.reply(world.question, world.bob)
    program, question = call(world.ada), f"/posts/{world.question.id}"
    for _ in range(2):
        assert program.post(f"/posts/{reply.id}/accepted-answer").json["accepted"]
    assert {name: program.get(question).json[name] for name in ("status", "accepted_replies")} == {"status": "answered", "accepted_replies": [reply.id]}
    assert call(world.bob).delete(f"/posts/{reply.id}/accepted-answer").status_code == 403
    assert not program.delete(f"/posts/{reply.id}/accepted-answer").json["accepted"]
    assert program.get(question).json["status"] == "open"
    assert program.post(f"{question}/accepted-answer").status_code == 422


# --- tickets

def test_a_ticket_is_routed_and_read_by_the_desk(desk, call, world):
    made = call(world.ada).post("/tickets", {"body": "No connection #vpn", "title": "Down", "urgency": "high", "type": "request"})
    assert made.status_code == 201
    told = {"title": "Down", "type": "request", "urgency": "high", "impact": "low", "priority": "medium", "status": "new", "team": "Network",
            "assignee": None, "audience": "private", "hashtags": ["vpn"]}
    assert {name: made.json[name] for name in told} == told and made.json["next_statuses"] == ["canceled"]
    assert call(world.sam).get(f"/tickets/{made.json['id']}").json["next_statuses"] == ["in_progress", "on_hold", "resolved", "canceled"]
    assert call(world.sam).get(f"/tickets/{world.question.id}").status_code == 404


def test_several_changes_of_a_ticket_are_one_deed(desk, call, world):
    path = f"/tickets/{world.ticket.id}"
    changed = call(world.sam).patch(path, {"status": "on_hold", "hold_reason": "supplier", "sentence": "The part is ordered.", "team": "network",
                                           "assignee": f"@{world.ivy.handle}", "urgency": "high", "type": "request"})
    told = {"status": "on_hold", "hold_reason": "supplier", "team": "Network", "assignee": world.ivy.handle, "urgency": "high", "type": "request"}
    assert changed.status_code == 200 and {name: changed.json[name] for name in told} == told
    back = call(world.sam).patch(path, {"team": None, "assignee": None}).json
    assert (back["team"], back["assignee"]) == (None, None)


IMPOSSIBLE = [
    ({}, 422, None), ({"sentence": "Hello"}, 422, "sentence"), ({"hold_reason": "supplier"}, 422, "hold_reason"),
    ({"status": "resolved", "sentence": "Done.", "hold_reason": "supplier"}, 422, "hold_reason"), ({"status": "resolved"}, 422, "sentence"),
    ({"status": "resolved", "sentence": "x" * 501}, 422, "sentence"), ({"status": "on_hold", "sentence": "Wait."}, 422, "hold_reason"),
    ({"status": "done", "sentence": "Done."}, 422, "status"), ({"status": "closed", "sentence": "Done."}, 409, None),
    ({"status": "resolved", "sentence": "Done.", "team": "nobody's"}, 422, "team"), ({"team": "network", "assignee": "nobody"}, 422, "assignee"),
    ({"urgency": "high", "assignee": "ada"}, 422, "assignee"), ({"urgency": "high", "type": "problem"}, 422, "type"),
    ({"urgency": "high", "status": "closed", "sentence": "Done."}, 409, None), ({"urgency": None}, 422, "urgency"), ({"team": 5}, 422, "team"),
    ({"team": "\x00", "urgency": "high"}, 422, "team"), ({"assignee": "\ud800", "urgency": "high"}, 422, "assignee"),
    ({"assignee": "sam", "team": "Payroll", "urgency": "high"}, 422, "assignee")]


def test_a_change_that_cannot_be_is_refused_whole(desk, call, world):
    program = call(world.sam)
    before = everything()
    for change, status, field in IMPOSSIBLE:
        answer = program.patch(f"/tickets/{world.ticket.id}", change)
        assert (answer.status_code, answer.json.get("field")) == (status, field), (change, answer.json)
        assert everything() == before, change


def test_a_deed_that_takes_the_ticket_out_of_sight_answers_its_id_alone(desk, call, world):
    path = f"/tickets/{world.ticket.id}"
    answer = call(world.sam).patch(path, {"team": "Payroll", "assignee": world.hal.handle, "status": "in_progress", "sentence": "Payroll looks at it."})
    assert answer.status_code == 200 and answer.json == {"id": world.ticket.id}
    assert call(world.sam).get(path).status_code == 404
    seen = call(world.hal).get(path).json
    assert (seen["team"], seen["assignee"], seen["status"]) == ("Payroll", world.hal.handle, "in_progress")


def test_out_of_a_confidential_team_to_its_new_owner_in_one_deed(desk, call, world):
    answer = call(world.hal).patch(f"/tickets/{world.secret.id}", {"team": "Network", "assignee": world.ivy.handle})
    assert (answer.json["team"], answer.json["assignee"]) == ("Network", world.ivy.handle)


def test_a_ticket_is_taken_by_one(desk, call, world):
    path = f"/tickets/{world.ticket.id}/take"
    for _ in range(2):
        assert call(world.sam).post(path).json["assignee"] == world.sam.handle
    before = everything("api_token")
    answer = call(world.ivy).post(path)
    assert answer.status_code == 409 and "Sam Agent" in answer.json["detail"] and everything("api_token") == before


def test_the_requesters_reply_brings_a_ticket_back_and_opens_a_follow_up_at_its_end(desk, call, world):
    ada, sam, path = call(world.ada), call(world.sam), f"/tickets/{world.ticket.id}"
    sam.patch(path, {"status": "on_hold", "hold_reason": "requester", "sentence": "Which screen is it?"})
    assert ada.post(f"/posts/{world.ticket.id}/replies", {"body": "The left one."}).status_code == 201
    assert ada.get(path).json["status"] == "in_progress"
    sam.patch(path, {"status": "resolved", "sentence": "It was the cable."})
    assert ada.patch(path, {"status": "closed"}).json["status"] == "closed"
    more = ada.post(f"/posts/{world.ticket.id}/replies", {"body": "Black again."}).json
    assert more["kind"] == "ticket" and more["id"] != world.ticket.id
    verbs = [item["verb"] for item in ada.get(f"{path}/timeline").json["items"] if item["kind"] == "event"]
    assert verbs == ["ticket_opened", "ticket_status_changed", "ticket_resumed", "ticket_status_changed", "ticket_status_changed"]


def test_the_timeline_tells_in_order_and_by_pages(desk, call, world, make):
    sam, path = call(world.sam), f"/tickets/{world.ticket.id}"
    sam.post(f"{path}/take")
    sam.post(f"/posts/{world.ticket.id}/replies", {"body": "Looking."})
    sam.patch(path, {"status": "resolved", "sentence": "It was the cable.", "team": "Network"})
    whole = call(world.ada).get(f"{path}/timeline").json
    told = [(i["kind"], i["verb"], i["actor"], i["before"], i["after"], i["sentence"], i["person"], i["team"], i["body"]) for i in whole["items"]]
    ada, sam_ = world.ada.handle, world.sam.handle
    assert told == [("event", "ticket_opened", ada, None, None, None, None, None, None),
                    ("event", "ticket_assigned", sam_, None, None, None, sam_, None, None),
                    ("reply", None, sam_, None, None, None, None, None, "Looking."),
                    ("event", "ticket_moved", sam_, None, None, None, None, "Network", None),
                    ("event", "ticket_status_changed", sam_, "new", "resolved", "It was the cable.", None, None, None)]
    parts, cursor = [], ""
    while cursor is not None:
        part = call(world.ada).get(f"{path}/timeline?limit=2&cursor={cursor}").json
        parts, cursor = parts + part["items"], part["next_cursor"]
    assert parts == whole["items"] and whole["next_cursor"] is None
    assert call(world.ada).get(f"/tickets/{world.question.id}/timeline").status_code == 404


def test_tickets_are_found_by_what_they_are(desk, call, world, make):
    vpn = make.ticket(world.bob, "No connection #VPN")
    sam = call(world.sam)
    sam.post(f"/tickets/{vpn.id}/take")

    def ids(program, query=""):
        return [item["id"] for item in program.get(f"/tickets?{query}").json["items"]]
    assert ids(sam) == [vpn.id, world.ticket.id] and ids(sam, "limit=1") == [vpn.id]
    assert ids(sam, "tag=vpn") == ids(sam, "assignee=me") == ids(sam, f"assignee={world.sam.handle}") == [vpn.id]
    assert ids(sam, "assignee=none") == [world.ticket.id] and ids(sam, "mine=true") == ids(sam, "status=closed") == []
    assert ids(call(world.ada)) == ids(call(world.ada), "mine=false") == [world.secret.id, world.ticket.id] and ids(call(world.cleo)) == []
    for query in ("status=done", "mine=perhaps"):
        assert sam.get(f"/tickets?{query}").status_code == 422
    page = sam.get("/tickets?limit=1").json
    assert ids(sam, f"limit=1&cursor={page['next_cursor']}") == [world.ticket.id]
    assert ids(sam, "tag=none-such") == ids(sam, "assignee=nobody") == ids(sam, "tag=%23") == []


# --- what is known, and me

def test_what_is_known_is_found(desk, call, world, make):
    article = make.article(title="Print on both sides", body="Choose *Both sides* in the print window.")
    run_due()
    found = call(world.bob).get("/suggestions?q=how+to+print+on+both+sides").json["suggestions"]
    assert [(one["kind"], one["id"], one["url"]) for one in found] == [("article", article.id, "/help/print-on-both-sides")]
    hits = call(world.bob).get("/search?q=print&limit=1").json
    assert hits["items"][0]["id"] in (article.id, world.question.id) and hits["next_cursor"]
    assert call(world.bob).get("/search?q=").json == {"items": [], "next_cursor": None}
    assert [item["id"] for item in call(world.bob).get("/feed?view=for-you").json["items"]] == [world.question.id]
    assert call(world.bob).get("/feed?view=loud").status_code == 422


def test_agents_write_articles(desk, call, world):
    made = call(world.sam).post("/articles", {"title": "Reset your PIN", "body": "Open **Settings**. #pin", "summary": "In a minute", "lang": "en",
                                              "source_url": "https://example.org/pin", "licence": "CC0"})
    assert made.status_code == 201
    kept = call(world.bob).get(f"/articles/{made.json['id']}").json
    told = {"slug": "reset-your-pin", "url": "/help/reset-your-pin", "summary": "In a minute", "licence": "CC0", "solved": 0, "kind": "article"}
    assert kept == made.json and {name: kept[name] for name in told} == told
    assert call(world.ivy).patch(f"/articles/{kept['id']}", {"body": "Open *Settings*, then PIN."}).json["title"] == "Reset your PIN"
    assert [item["id"] for item in call(world.bob).get("/articles").json["items"]] == [kept["id"]]
    before = everything("api_token")
    assert call(world.bob).post("/articles", {"title": "Mine", "body": "Text"}).status_code == 403
    assert call(world.bob).patch(f"/articles/{kept['id']}", {"body": "Mine"}).status_code == 403
    assert call(world.sam).patch(f"/articles/{world.question.id}", {"body": "Mine"}).status_code == 404
    assert call(world.sam).post("/articles", {"title": "", "body": "Text", "source_url": "javascript:alert(1)"}).status_code == 422
    assert everything("api_token") == before


def test_i_change_what_is_mine(desk, call, world):
    program = call(world.ivy)
    me = program.get("/me").json
    assert (me["handle"], me["role"], me["teams"], me["circles"], me["hours"]) == (world.ivy.handle, "agent", ["Network"], [], "always")
    week = {"mon": [["08:00", "12:00"], ["13:00", "17:00"]], "fri": [["08:00", "12:00"]]}
    changed = program.patch("/me", {"name": "Ivy Net", "handle": "ivy-net", "tz": "Europe/Berlin", "lang": "de", "hours": week, "lock_screen": "full"})
    assert changed.status_code == 200 and changed.json == program.get("/me").json
    assert {name: changed.json[name] for name in ("name", "handle", "tz", "hours")} == {
        "name": "Ivy Net", "handle": "ivy-net", "tz": "Europe/Berlin", "hours": week}


NOT_ME = [
    ({"name": "New", "handle": "ada"}, 409), ({"name": "New", "handle": "A B"}, 422), ({"name": ""}, 422), ({"name": "New", "tz": "Mars"}, 422),
    ({"name": "New", "lang": "\x00"}, 422), ({"name": "New", "lock_screen": "open"}, 422), ({}, 422), ({"role": "admin"}, 422), ({"hours": None}, 422),
    *(({"name": "New", "hours": hours}, 422) for hours in (
        "never", {}, [], 5, {"mon": []}, {"day": [["08:00", "18:00"]]}, {"mon": "08:00"}, {"mon": [["08:00"]]}, {"mon": [["08:00", "08:00"]]},
        {"mon": [[8, 18]]}, {"mon": [["08:00", "25:00"]]}, {"mon": [["08:00", "12:00"], ["11:00", "13:00"]]}, {"mon": [["\ud800", "18:00"]]}))]


def test_what_i_may_not_be_is_refused_whole(desk, call, world):
    program = call(world.bob)
    before = everything()
    for change, status in NOT_ME:
        assert program.patch("/me", change).status_code == status, change
        assert everything() == before, change


def test_what_i_was_told_is_listed_and_read(desk, call, world):
    call(world.sam).post(f"/posts/{world.ticket.id}/replies", {"body": "Which screen?"})
    run_due()
    program = call(world.ada)
    line = program.get("/notifications").json["items"][0]
    assert line["unread"] and line["post_id"] == world.ticket.id and "Sam" in line["sentence"] and "Which screen" not in line["sentence"]
    assert call(world.bob).post(f"/notifications/{line['id']}/read").status_code == 404
    for _ in range(2):
        assert program.post(f"/notifications/{line['id']}/read").json["unread"] is False
    assert program.get("/notifications").json["items"][0]["unread"] is False


def test_posts_are_made_with_the_ledger(desk, call, world):
    before = count(Post)
    made = call(world.ada).post("/tickets", {"body": "Help"}).json
    assert count(Post) == before + 1
    assert one(sa.select(Event.actor_id).where(Event.root_id == made["id"], Event.verb == Verb.TICKET_OPENED)) == world.ada.id
