"""Sharing a thread through the API: the text is read first, the post is new, and nothing of the thread goes along but what stands in it."""
import pytest

from .api_desk import UNKNOWN, call, everything, world  # noqa: F401
from .conftest import told_by_now


def test_the_text_to_begin_with_is_read_without_writing_anything(world, call):
    callers = {person: call(person) for person in (world.ada, world.sam, world.bob, world.cleo)}
    before = everything("api_token")
    assert callers[world.ada].get(f"/posts/{world.ticket.id}/share").json == {"body": "I have this: My screen stays black.", "audiences": ["everyone"]}
    assert callers[world.sam].get(f"/posts/{world.ticket.id}/share").json["body"] == "", "the words of another are not offered"
    assert f"(/p/{world.question.id})" in callers[world.bob].get(f"/posts/{world.question.id}/share").json["body"]
    assert callers[world.cleo].get(f"/posts/{world.flight.id}/share").json == {"body": "Who flies on Monday?", "audiences": ["everyone", "circle:pilots"]}
    assert everything("api_token") == before


def test_sharing_makes_a_question_and_leaves_the_ticket_as_it_is(world, call, make):
    make.reply(world.ticket, world.sam, "Your password was okapi.")
    was = call(world.ada).get(f"/tickets/{world.ticket.id}").json
    made = call(world.ada).post(f"/posts/{world.ticket.id}/share", {"body": "Is yours black too? #screen"}, key="s")
    assert made.status_code == 201
    again = call(world.ada).post(f"/posts/{world.ticket.id}/share", {"body": "Is yours black too? #screen"}, key="s")
    assert again.json["id"] == made.json["id"] and again.headers["Idempotency-Replayed"] == "true"
    post = made.json
    assert (post["kind"], post["audience"], post["author"]["handle"], post["hashtags"], post["replies"]) == ("question", "everyone", world.ada.handle, ["screen"], 0)
    told_by_now()
    seen = call(world.bob)
    assert "okapi" not in seen.get(f"/posts/{post['id']}").text and seen.get(f"/posts/{post['id']}/replies").json["items"] == []
    assert seen.get(f"/tickets/{world.ticket.id}").status_code == 404 and call(world.ada).get(f"/tickets/{world.ticket.id}").json == was


def test_a_left_out_name_is_left_out_and_a_circle_may_be_told_alone(world, call):
    made = call(world.cleo).post(f"/posts/{world.flight.id}/share", {"body": "Who flies?", "audience": "circle:pilots", "leave_name_out": True}).json
    assert made["audience"] == "circle:pilots" and made["author"]["handle"] == world.cleo.handle, "its author knows that it is theirs"
    assert call(world.bob).get(f"/posts/{made['id']}").status_code == 404
    open_ = call(world.cleo).post(f"/posts/{world.flight.id}/share", {"body": "Who flies?", "leave_name_out": True}).json
    for person in (world.bob, world.sam, world.root):
        assert call(person).get(f"/posts/{open_['id']}").json["author"] is None


@pytest.mark.parametrize("who, thing, body, code", [
    ("bob", "ticket", {"body": "x"}, 404), ("sam", "secret", {"body": "x"}, 404), ("bob", "flight", {"body": "x"}, 404), ("ada", None, {"body": "x"}, 404),
    ("ada", "ticket", {"body": " "}, 422), ("ada", "ticket", {"body": "x", "audience": "private"}, 422), ("ada", "ticket", {"body": "x", "audience": "circle:pilots"}, 404),
    ("ada", "ticket", {"body": "x", "leave_name_out": "yes"}, 422), ("ada", "ticket", {}, 422)])
def test_who_may_not_share_it_or_not_so_changes_nothing(world, call, who, thing, body, code):
    caller, key = call(getattr(world, who)), getattr(world, thing).id if thing else UNKNOWN
    before = everything("api_token")
    assert caller.post(f"/posts/{key}/share", body).status_code == code
    assert everything("api_token") == before


def test_of_a_private_thread_who_was_added_shares_nothing(world, call, browse):
    assert browse(world.ada).post(f"/p/{world.ticket.id}/access", data={"handle": world.bob.handle}).status_code == 303
    assert call(world.bob).get(f"/posts/{world.ticket.id}").status_code == 200
    assert call(world.bob).get(f"/posts/{world.ticket.id}/share").status_code == 403 == call(world.bob).post(f"/posts/{world.ticket.id}/share", {"body": "x"}).status_code
