"""Who sees and may do what through the API: every expected answer is written by hand."""
import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.posts.actions import give_access
from socialdesk.tickets.actions import break_glass

from .api_desk import UNKNOWN, call, everything, world  # noqa: F401
from .conftest import run_due

WHO = ["ada", "bob", "cleo", "ivy", "sam", "hal", "root"]
#: ada asked; bob is a stranger, whom she added to the ticket "shared"; cleo is a pilot; ivy is of Network, sam of no team,
#: hal of Payroll, which is confidential; root is an admin
SEES = {
    "ticket":   {"ada": 1, "bob": 0, "cleo": 0, "ivy": 1, "sam": 1, "hal": 1, "root": 1},
    "shared":   {"ada": 1, "bob": 1, "cleo": 0, "ivy": 1, "sam": 1, "hal": 1, "root": 1},
    "secret":   {"ada": 1, "bob": 0, "cleo": 0, "ivy": 0, "sam": 0, "hal": 1, "root": 0},
    "question": {"ada": 1, "bob": 1, "cleo": 1, "ivy": 1, "sam": 1, "hal": 1, "root": 1},
    "flight":   {"ada": 0, "bob": 0, "cleo": 1, "ivy": 0, "sam": 0, "hal": 0, "root": 0},
    "inside":   {"ada": 0, "bob": 0, "cleo": 0, "ivy": 1, "sam": 1, "hal": 1, "root": 1},      # a note on the ticket "shared"
    "kept":     {"ada": 0, "bob": 0, "cleo": 0, "ivy": 0, "sam": 0, "hal": 1, "root": 0},      # a note on the ticket "secret"
    "held":     {"ada": 0, "bob": 0, "cleo": 0, "ivy": 0, "sam": 1, "hal": 0, "root": 0},      # sam's reply to the question, not sent yet
}
TICKETS, NOTES = ("ticket", "shared", "secret"), {"inside": "shared", "kept": "secret", "held": "question"}
MARK = {"ticket": "zebra", "shared": "yak", "secret": "walrus", "question": "vulture", "flight": "urchin", "inside": "tapir", "kept": "snail",
        "held": "raven"}


@pytest.fixture
def stage(make, world, time):
    """One thing of each kind, each with a word of its own; the clock stands, so that what is held stays so."""
    time.stop()
    things = {"ticket": make.ticket(world.ada, "My zebra stays black."), "shared": make.ticket(world.ada, "My yak has no paper. #vpn"),
              "secret": make.ticket(world.ada, "My walrus is too small. #payroll"), "question": make.question(world.ada, "Where is the vulture?"),
              "flight": make.question(world.cleo, "Who flies the urchin?", audience="circle:pilots")}
    with transaction():
        give_access(things["shared"].id, world.ada, world.bob.id)
    things |= {"inside": make.reply(things["shared"], world.ivy, "The tapir knows more.", note=True),
               "kept": make.reply(things["secret"], world.hal, "The snail knows more.", note=True),
               "held": make.reply(things["question"], world.sam, "The raven has it.", hold_seconds=10)}
    run_due()
    return things


def test_who_sees_which_thing(desk, call, world, stage):
    for who in WHO:
        program = call(getattr(world, who))
        unknown = program.get(f"/posts/{UNKNOWN}")
        for name, thing in stage.items():
            sees = SEES[name][who]
            for path in (f"/posts/{thing.id}", *((f"/tickets/{thing.id}", f"/tickets/{thing.id}/timeline") if name in TICKETS else ()),
                         f"/posts/{thing.id}/replies"):
                answer = program.get(path)
                assert answer.status_code == (200 if sees else 404), (who, name, path)
                assert (MARK[name] in answer.text) == bool(sees) or not path.endswith(str(thing.id))
                if not sees:
                    assert answer.data == unknown.data, "not yours looks like unknown"
                    assert answer.headers.get("ETag") == unknown.headers.get("ETag")


def test_who_finds_which_thing_in_lists(desk, call, world, stage):
    for who in WHO:
        program = call(getattr(world, who))

        def told(path):
            return program.get(path).text
        feed, found = told("/feed?limit=100"), told("/search?q=zebra+yak+walrus+vulture+urchin+tapir+snail+raven&limit=100")
        suggested = "".join(told(f"/suggestions?q=where+is+the+{word}&limit=20") for word in MARK.values())
        inbox = told("/notifications?limit=100")
        threads = {name: told(f"/posts/{stage[root].id}/replies") + told(f"/tickets/{stage[root].id}/timeline") for name, root in NOTES.items()}
        for name, word in MARK.items():
            sees = bool(SEES[name][who])
            assert sees or word not in feed + found + suggested + inbox, (who, name)
            if name in NOTES:
                assert (word in threads[name]) == sees and word not in feed, (who, name)
            else:
                assert (word in feed) == (word in found) == sees, (who, name)


#: the tickets each lists; of a requester their own alone
LISTS = {"ada": {"secret", "shared", "ticket"}, "bob": set(), "cleo": set(), "ivy": {"ticket", "shared"}, "sam": {"ticket", "shared"},
         "hal": {"ticket", "shared", "secret"}, "root": {"ticket", "shared"}}


def test_who_lists_which_tickets(desk, call, world, stage):
    names = {thing.id: name for name, thing in stage.items()}
    for who, expected in LISTS.items():
        program = call(getattr(world, who))
        for query, tagged in (("", set(TICKETS)), ("&tag=payroll", {"secret"}), ("&tag=vpn", {"shared"})):
            items = program.get(f"/tickets?limit=100{query}").json["items"]
            assert {names[item["id"]] for item in items if item["id"] in names} == expected & tagged, (who, query)


def test_a_note_changes_no_count_for_who_does_not_read_it(desk, call, world, stage):
    for who in WHO:
        program = call(getattr(world, who))
        for name, root in NOTES.items():
            answer = program.get(f"/posts/{stage[root].id}")
            if answer.status_code == 200:
                assert answer.json["replies"] == SEES[name][who], (who, name)
                items = program.get(f"/tickets/{stage[root].id}/timeline").json.get("items", ())
                assert len([item for item in items if item["kind"] == "reply"]) == (SEES[name][who] if root != "question" else 0)
                assert SEES[name][who] or not any(item["note"] for item in items)


#: deed -> (method, path, body) and what each gets; 404 for who does not see it, else as written
DEEDS = {
    "reply to shared": (("POST", "/posts/{shared}/replies", {"body": "Hello"}),
                        {"ada": 201, "bob": 201, "cleo": 404, "ivy": 201, "sam": 201, "hal": 201, "root": 201}),
    "note on shared": (("POST", "/posts/{shared}/replies", {"body": "Hello", "note": True}),
                       {"ada": 403, "bob": 403, "cleo": 404, "ivy": 201, "sam": 201, "hal": 201, "root": 201}),
    "note on secret": (("POST", "/posts/{secret}/replies", {"body": "Hello", "note": True}),
                       {"ada": 403, "bob": 404, "cleo": 404, "ivy": 404, "sam": 404, "hal": 201, "root": 404}),
    "note on a question": (("POST", "/posts/{question}/replies", {"body": "Hello", "note": True}),
                           {"ada": 403, "bob": 403, "cleo": 403, "ivy": 403, "sam": 403, "hal": 403, "root": 403}),
    "reply to flight": (("POST", "/posts/{flight}/replies", {"body": "Hello"}),
                        {"ada": 404, "bob": 404, "cleo": 201, "ivy": 404, "sam": 404, "hal": 404, "root": 404}),
    "reply to a note": (("POST", "/posts/{inside}/replies", {"body": "Hello", "note": True}),
                        {"ada": 404, "bob": 404, "cleo": 404, "ivy": 201, "sam": 201, "hal": 201, "root": 201}),
    "take": (("POST", "/tickets/{shared}/take", None), {"ada": 403, "bob": 403, "cleo": 404, "ivy": 200, "sam": 200, "hal": 200, "root": 200}),
    "take secret": (("POST", "/tickets/{secret}/take", None), {"ada": 403, "bob": 404, "cleo": 404, "ivy": 404, "sam": 404, "hal": 200, "root": 404}),
    "resolve": (("PATCH", "/tickets/{shared}", {"status": "resolved", "sentence": "Done."}),
                {"ada": 403, "bob": 403, "cleo": 404, "ivy": 200, "sam": 200, "hal": 200, "root": 200}),
    "withdraw": (("PATCH", "/tickets/{shared}", {"status": "canceled", "sentence": "Not needed."}),
                 {"ada": 200, "bob": 403, "cleo": 404, "ivy": 200, "sam": 200, "hal": 200, "root": 200}),
    "move": (("PATCH", "/tickets/{ticket}", {"team": "Payroll"}), {"ada": 403, "bob": 404, "cleo": 404, "ivy": 200, "sam": 200, "hal": 200, "root": 200}),
    "move nowhere": (("PATCH", "/tickets/{ticket}", {"team": "No such"}),
                     {"ada": 403, "bob": 404, "cleo": 404, "ivy": 422, "sam": 422, "hal": 422, "root": 422}),
    "assign": (("PATCH", "/tickets/{shared}", {"assignee": "ivy"}),
               {"ada": 403, "bob": 403, "cleo": 404, "ivy": 200, "sam": 200, "hal": 200, "root": 200}),
    "assign secret": (("PATCH", "/tickets/{secret}", {"assignee": "ivy"}),
                      {"ada": 403, "bob": 404, "cleo": 404, "ivy": 404, "sam": 404, "hal": 422, "root": 404}),
    "urgency": (("PATCH", "/tickets/{shared}", {"urgency": "high"}),
                {"ada": 403, "bob": 403, "cleo": 404, "ivy": 200, "sam": 200, "hal": 200, "root": 200}),
    "edit": (("PATCH", "/posts/{question}", {"body": "Mine"}), {"ada": 200, "bob": 403, "cleo": 403, "ivy": 403, "sam": 403, "hal": 403, "root": 403}),
    "edit secret": (("PATCH", "/posts/{secret}", {"body": "Mine"}),
                    {"ada": 200, "bob": 404, "cleo": 404, "ivy": 404, "sam": 404, "hal": 403, "root": 404}),
    "edit a note": (("PATCH", "/posts/{inside}", {"body": "Mine"}), {"ada": 404, "bob": 404, "cleo": 404, "ivy": 200, "sam": 403, "hal": 403, "root": 403}),
    "delete": (("DELETE", "/posts/{question}", None), {"ada": 204, "bob": 403, "cleo": 403, "ivy": 403, "sam": 403, "hal": 403, "root": 204}),
    "delete a ticket": (("DELETE", "/posts/{shared}", None), {"ada": 403, "bob": 403, "cleo": 404, "ivy": 403, "sam": 403, "hal": 403, "root": 403}),
    "delete what is held (undo takes it back)": (("DELETE", "/posts/{held}", None), {"ada": 404, "bob": 404, "cleo": 404, "ivy": 404, "sam": 409, "hal": 404, "root": 404}),
    "me too": (("POST", "/posts/{secret}/me-too", None), {"ada": 403, "bob": 404, "cleo": 404, "ivy": 404, "sam": 404, "hal": 200, "root": 404}),
    "follow": (("POST", "/posts/{flight}/follows", None), {"ada": 404, "bob": 404, "cleo": 200, "ivy": 404, "sam": 404, "hal": 404, "root": 404}),
    "unfollow": (("DELETE", "/posts/{flight}/follows", None), {"ada": 404, "bob": 404, "cleo": 200, "ivy": 404, "sam": 404, "hal": 404, "root": 404}),
    "accept": (("POST", "/posts/{answer}/accepted-answer", None), {"ada": 200, "bob": 403, "cleo": 403, "ivy": 403, "sam": 403, "hal": 403, "root": 403}),
    "accept what is held": (("POST", "/posts/{held}/accepted-answer", None),
                            {"ada": 404, "bob": 404, "cleo": 404, "ivy": 404, "sam": 403, "hal": 404, "root": 404}),
    "publish": (("POST", "/articles", {"title": "Scan", "body": "Press Scan."}),
                {"ada": 403, "bob": 403, "cleo": 403, "ivy": 201, "sam": 201, "hal": 201, "root": 201}),
    "post to pilots": (("POST", "/posts", {"body": "Hello", "audience": "circle:pilots"}),
                       {"ada": 404, "bob": 404, "cleo": 201, "ivy": 404, "sam": 404, "hal": 404, "root": 404}),
}


def test_who_may_not_is_refused_and_leaves_no_trace(desk, make, call, world, stage):
    ids = {name: thing.id for name, thing in stage.items()} | {"answer": make.reply(stage["question"], world.bob).id}
    programs = {who: call(getattr(world, who)) for who in WHO}
    before = everything()
    for deed, ((method, path, body), expected) in DEEDS.items():
        for who in WHO:
            if expected[who] >= 300:
                assert programs[who].send(method, path.format(**ids), body).status_code == expected[who], (deed, who)
        assert everything() == before, deed


def test_who_may_can(desk, make, call, world, stage):
    fresh = {"ticket": lambda: make.ticket(world.ada), "shared": lambda: _shared(make, world), "secret": lambda: make.ticket(world.ada, "#payroll"),
             "question": lambda: make.question(world.ada), "flight": lambda: make.question(world.cleo, audience="circle:pilots"),
             "inside": lambda: make.reply(stage["shared"], world.ivy, note=True), "answer": lambda: make.reply(make.question(world.ada), world.bob)}
    programs = {who: call(getattr(world, who)) for who in WHO}
    for deed, ((method, path, body), expected) in DEEDS.items():
        for who in (who for who in WHO if expected[who] < 300):
            ids = {name: build().id for name, build in fresh.items() if f"{{{name}}}" in path}
            before = everything() if who == "hal" else None
            assert programs[who].send(method, path.format(**ids), body).status_code == expected[who], (deed, who)
            assert before is None or everything() != before, deed


def _shared(make, world):
    thing = make.ticket(world.ada)
    with transaction():
        give_access(thing.id, world.ada, world.bob.id)
    return thing


def test_broken_glass_opens_one_thread_for_an_hour(desk, call, world, stage, time):
    program, path = call(world.root), f"/tickets/{stage['secret'].id}"
    with transaction():
        break_glass(stage["secret"].id, world.root)
    assert program.get(path).status_code == 200 and "snail" in program.get(f"{path}/timeline").text
    assert "glass_broken" in call(world.hal).get(f"{path}/timeline").text
    assert "glass_broken" not in call(world.ada).get(f"{path}/timeline").text
    assert program.get(f"/tickets/{world.secret.id}").status_code == 404
    time.pass_(minutes=61)
    assert program.get(path).status_code == 404


@pytest.mark.parametrize("kind, seen_by", [("question", ("bob", "sam", "root")), ("ticket", ("sam", "root"))])
def test_a_left_out_name_is_nowhere(desk, make, call, world, kind, seen_by):
    thing = getattr(make, kind)(world.ada, "Somebody made the printer wet. #printer")
    with transaction():
        db.session.execute(sa.text("UPDATE post SET shown_as = 'A colleague' WHERE id = :id"), {"id": thing.id})
    make.reply(thing, world.ada, "It is dry now.")
    make.reply(thing, world.sam, "Thank you.")
    if kind == "ticket":
        call(world.sam).patch(f"/tickets/{thing.id}", {"status": "on_hold", "hold_reason": "requester", "sentence": "Which one is it?"})
    make.reply(thing, world.ada, "The one on the left.")
    run_due()
    for who in seen_by:
        program = call(getattr(world, who))
        own = [str(item) for path in ("/feed", "/tickets") for item in program.get(path).json["items"] if item["id"] == thing.id]
        texts = [program.get(path).text for path in (f"/posts/{thing.id}", f"/tickets/{thing.id}", f"/posts/{thing.id}/replies",
                                                    f"/tickets/{thing.id}/timeline", "/search?q=printer", "/notifications")]
        assert own and "printer" in texts[0] and "on the left" in texts[2]
        assert not any("Ada" in text or '"ada"' in text or "'ada'" in text or "@ada" in text for text in texts + own), who
        assert program.get(f"/posts/{thing.id}").json["author"] is None
    assert call(world.ada).get(f"/posts/{thing.id}").json["author"]["handle"] == world.ada.handle


def test_who_was_taken_out_of_a_circle_or_team_sees_nothing_more_of_it(desk, call, world, stage):
    pilot, payroll = call(world.cleo), call(world.hal)
    assert pilot.get(f"/posts/{stage['flight'].id}").status_code == payroll.get(f"/posts/{stage['secret'].id}").status_code == 200
    with transaction():
        db.session.execute(sa.text("DELETE FROM membership"))
        db.session.execute(sa.text("DELETE FROM team_member"))
    assert payroll.get(f"/posts/{stage['secret'].id}").status_code == 404
    assert pilot.get(f"/posts/{world.flight.id}").status_code == 200, "one's own stays one's own"
    assert call(world.ivy).get(f"/posts/{stage['flight'].id}").status_code == 404
