"""Major incidents through the API: as from the page, once a key, by the desk alone; and what each reads of it."""
import pytest

from socialdesk.db import now

from .api_desk import UNKNOWN, call, everything, world  # noqa: F401
from .conftest import told_by_now
from .ticket_desk import put, row_of

PUBLIC = {"body": "The Wi-Fi of the whole house is gone. #wifi", "minutes": 60}


@pytest.fixture
def public(world, call):
    """The post that tells everyone of the world's ticket."""
    answer = call(world.sam).post(f"/tickets/{world.ticket.id}/major", PUBLIC)
    assert answer.status_code == 201
    return answer.json


def test_an_incident_becomes_a_major_one_with_a_promise_everyone_reads(world, call, public, time):
    assert (public["kind"], public["audience"], public["author"]["handle"], public["hashtags"]) == ("announcement", "everyone", world.sam.handle, ["wifi"])
    promised = public["major"]["next_word_at"]
    assert promised > now().isoformat()[:19] and public["major"] == {
        "post_id": public["id"], "ticket_id": world.ticket.id, "next_word_at": promised, "ended_at": None}
    for person in (world.bob, world.cleo):
        seen = call(person).get(f"/posts/{public['id']}").json
        assert seen["major"] == public["major"] | {"ticket_id": None} and seen["body"] == PUBLIC["body"]
        assert str(world.ticket.id) not in call(person).get("/feed?view=for-you").json["items"][0]["url"].split("/")
        assert call(person).get(f"/tickets/{world.ticket.id}").status_code == 404
    assert call(world.ada).get(f"/tickets/{world.ticket.id}").json["major"] == public["major"]
    assert call(world.bob).get("/feed?view=for-you").json["items"][0]["id"] == public["id"]


def test_declared_again_it_is_the_same_one_and_a_key_makes_it_once(world, call, public):
    assert call(world.ivy).post(f"/tickets/{world.ticket.id}/major", PUBLIC | {"body": "Once more"}).json["id"] == public["id"]
    ticket = call(world.ada).post("/tickets", {"body": "The mail is slow."}).json
    made = [call(world.sam).post(f"/tickets/{ticket['id']}/major", PUBLIC, key="k") for _ in range(2)]
    assert made[0].json["id"] == made[1].json["id"] != public["id"] and made[1].headers["Idempotency-Replayed"] == "true"


def test_the_next_word_is_a_reply_that_moves_the_promise(world, call, public):
    caller = call(world.sam)
    said = caller.post(f"/posts/{public['id']}/word", {"body": "We found the switch.", "minutes": 240}, key="w")
    assert said.status_code == 201 and said.json["kind"] == "reply" and said.json["thread_id"] == public["id"]
    assert caller.post(f"/posts/{public['id']}/word", {"body": "We found the switch.", "minutes": 240}, key="w").json["id"] == said.json["id"]
    assert [reply["body"] for reply in call(world.bob).get(f"/posts/{public['id']}/replies").json["items"]] == ["We found the switch."]
    assert caller.get(f"/posts/{public['id']}").json["major"]["next_word_at"] > public["major"]["next_word_at"]


def test_it_ends_for_everyone_and_the_ticket_goes_on(world, call, public):
    ended = call(world.sam).delete(f"/tickets/{world.ticket.id}/major")
    assert ended.status_code == 200 and ended.json["status"] == "new" and ended.json["major"]["ended_at"] and not ended.json["major"]["next_word_at"]
    assert call(world.sam).delete(f"/tickets/{world.ticket.id}/major").json["major"] == ended.json["major"], "twice is once"
    assert call(world.bob).get(f"/posts/{public['id']}").json["major"]["ended_at"] == ended.json["major"]["ended_at"]
    assert call(world.sam).post(f"/posts/{public['id']}/word", {"body": "More", "minutes": 30}).status_code == 409


def test_one_whose_public_word_was_taken_back_is_none(world, call, public):
    assert call(world.sam).delete(f"/posts/{public['id']}").status_code == 204
    told_by_now()
    assert call(world.sam).get(f"/tickets/{world.ticket.id}").json["major"] is None


@pytest.mark.parametrize("who, thing, body, code", [
    ("ada", "ticket", PUBLIC, 403), ("bob", "ticket", PUBLIC, 404), ("cleo", "ticket", PUBLIC, 404), ("sam", "secret", PUBLIC, 404), ("root", "secret", PUBLIC, 404),
    ("sam", "question", PUBLIC, 404), ("sam", None, PUBLIC, 404), ("sam", "ticket", PUBLIC | {"minutes": 7}, 422), ("sam", "ticket", PUBLIC | {"body": " "}, 422),
    ("sam", "ticket", {"body": "x"}, 422), ("sam", "ticket", {"minutes": 60}, 422)])
def test_who_may_not_or_does_not_say_enough_changes_nothing(world, call, who, thing, body, code):
    caller, key = call(getattr(world, who)), getattr(world, thing).id if thing else UNKNOWN
    before = everything("api_token")
    assert caller.post(f"/tickets/{key}/major", body).status_code == code
    assert everything("api_token") == before


def test_neither_word_nor_end_is_for_others(world, call, public):
    callers = {person: call(person) for person in (world.ada, world.bob, world.cleo)}
    before = everything("api_token")
    for person, caller in callers.items():
        assert caller.post(f"/posts/{public['id']}/word", {"body": "Mine", "minutes": 30}).status_code == 403
        assert caller.delete(f"/tickets/{world.ticket.id}/major").status_code == (403 if person is world.ada else 404)
    assert everything("api_token") == before


def test_what_is_no_open_incident_becomes_no_major_one(world, call):
    put(world.ticket, "closed")
    assert call(world.sam).post(f"/tickets/{world.ticket.id}/major", PUBLIC).status_code == 409
    assert call(world.sam).delete(f"/tickets/{world.ticket.id}/major").status_code == 409
    assert row_of(world.ticket)["status"] == "closed" and call(world.sam).get(f"/tickets/{world.ticket.id}").json["major"] is None
