"""Who sees what: person x thread x surface, the expected answers written by hand.

Each thread says a word that stands nowhere else (in its text), another in a note, and carries a hashtag of its own; a surface shows a
thread if its word is in what the surface answers."""
import io
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from PIL import Image

from socialdesk import live
from socialdesk.api.actions import make_token
from socialdesk.db import db, now, transaction
from socialdesk.notifications.models import Delivery, Device, Notification
from socialdesk.people.models import Session
from socialdesk.posts.models import Access, Attachment, Follow, Post

from .conftest import told_by_now

AGENTS = {"agent", "admin", "network", "hr", "glass", "gone"}
EVERYBODY = AGENTS | {"inside", "author", "added", "stranger", "requester_in_hr"}
THREADS = ("everyone", "circle", "triage", "team", "confidential")
NOBODY = set()

#: surface -> thread -> who is shown it.  Threads of everyone and of the circle are answered questions; the others tickets
SHOWN = {
    "page": {"everyone": EVERYBODY, "circle": {"inside", "author", "added"}, "triage": AGENTS | {"author", "added"},
             "team": AGENTS | {"author", "added"}, "confidential": {"hr", "author", "added", "glass"}},
    "suggestion": {"everyone": EVERYBODY, "circle": {"inside", "author", "added"}, "triage": NOBODY, "team": NOBODY, "confidential": NOBODY},
    "count": {"everyone": EVERYBODY, "circle": {"inside", "author"}, "triage": NOBODY, "team": NOBODY, "confidential": NOBODY},
    "queue": {"everyone": NOBODY, "circle": NOBODY, "triage": AGENTS, "team": AGENTS, "confidential": {"hr", "glass"}},
    "note": {"everyone": NOBODY, "circle": NOBODY, "triage": AGENTS, "team": AGENTS, "confidential": {"hr", "glass"}},
    "note notice": {"everyone": NOBODY, "circle": NOBODY, "triage": {"hr"}, "team": {"hr"}, "confidential": {"hr"}},
}
for surface in ("fragment", "api", "api replies", "search", "api search", "feed", "api feed", "tag page", "notice", "push", "attachment", "live"):
    SHOWN[surface] = SHOWN["page"]
#: the writer of what the notices tell is never told of it
WRITER = "author"


def word(thread):
    """The word of a thread's text."""
    return f"zebra{thread}"


def secret(thread):
    """The word of its note."""
    return f"okapi{thread}"


def picture():
    buffer = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def world(make, desk):
    """Everybody, a thread of each kind with an answer, a photo and a note, followed by all who may."""
    network, hr, circle = make.team("Network"), make.team("HR", confidential=True), make.circle("Pilots")
    who = {"agent": make.agent("Agent"), "admin": make.admin("Admin"), "network": make.agent("Network", teams=[network]),
           "hr": make.agent("Hr", teams=[hr]), "inside": make.person("Inside", circles=[circle]),
           "author": make.person("Author", circles=[circle]), "added": make.person("Added"), "glass": make.admin("Glass"),
           "gone": make.admin("Gone"), "stranger": make.person("Stranger"), "requester_in_hr": make.person("Reqinhr", teams=[hr])}
    author = who["author"]
    body = "The {0} of {1} is broken and humming. #tag{1}"
    threads = {"everyone": make.question(author, body.format(word("everyone"), "everyone")),
               "circle": make.question(author, body.format(word("circle"), "circle"), audience=f"circle:{circle.slug}"),
               "triage": make.ticket(author, body.format(word("triage"), "triage")),
               "team": make.ticket(author, body.format(word("team"), "team"), team_id=network.id),
               "confidential": make.ticket(author, body.format(word("confidential"), "confidential"), team_id=hr.id)}
    ids = {name: post.id for name, post in threads.items()}
    with transaction():
        for name, root in ids.items():
            if name != "everyone":
                db.session.add(Access(person_id=who["added"].id, root_id=root, why="participant"))
            db.session.add(Attachment(post_id=root, sha256=stored(desk), mime="image/png", bytes=10, width=20, height=20))
        db.session.add(Access(person_id=who["glass"].id, root_id=ids["confidential"], why="glass", until=now() + timedelta(days=1)))
        db.session.add(Access(person_id=who["gone"].id, root_id=ids["confidential"], why="glass", until=now() - timedelta(hours=1)))
    return who, ids


def stored(desk):
    """A photo in the uploads folder; its name is its content's."""
    from socialdesk.posts import delivery, photo_checker
    photo = photo_checker.check_photo(picture(), 10_000_000)
    delivery.store_photo(photo)
    return photo.sha256


@pytest.fixture
def ask(world, browse, desk):
    """ask(name, path, ...) is what somebody's browser is answered, as text; ask.api(...) what their token is."""
    who, _ids = world
    browsers = {name: browse(viewer) for name, viewer in who.items()}
    with transaction():
        tokens = {name: make_token(viewer.id) for name, viewer in who.items()}

    def get(name, path, **headers):
        answer = browsers[name].get(path, headers=headers)
        assert answer.status_code in (200, 404, 403), (name, path, answer.status_code)
        text = answer.get_data(as_text=True)
        answer.close()
        return text if answer.status_code == 200 else ""

    def api(name, path):
        client = desk.test_client()
        answer = client.get("/api/v1" + path, headers={"Authorization": f"Bearer {tokens[name]}"})
        assert answer.status_code in (200, 404, 403), (name, path, answer.status_code, answer.data)
        return json.dumps(answer.get_json(), ensure_ascii=False) if answer.status_code == 200 else ""
    get.api, get.browsers = api, browsers
    return get


def compare(surface, world, is_shown, leave_out=()):
    """Ask the surface of everybody about every thread and compare with the table."""
    who, ids = world
    wrong = []
    for thread in THREADS:
        shown = {name for name in who if name not in leave_out and is_shown(name, thread, ids[thread])}
        if shown != SHOWN[surface][thread] - set(leave_out):
            wrong.append((thread, "shown but not theirs", sorted(shown - SHOWN[surface][thread]),
                          "theirs but not shown", sorted(SHOWN[surface][thread] - shown - set(leave_out))))
    assert not wrong, (surface, wrong)


def test_the_table_names_everybody(world):
    assert set(world[0]) == EVERYBODY


def test_page_and_fragment(world, ask):
    compare("page", world, lambda name, thread, key: word(thread) in ask(name, f"/p/{key}"))
    compare("fragment", world, lambda name, thread, key: word(thread) in ask(name, f"/p/{key}/timeline", **{"HX-Request": "true"}))


def test_what_is_not_theirs_looks_exactly_like_an_unknown_id(world, ask):
    who, ids = world
    for name in who:
        ask(name, "/me")                                            # the first answer of a week renews the cookie
        for thread in THREADS:
            if name not in SHOWN["page"][thread]:
                hidden, unknown = (ask.browsers[name].get(f"/p/{key}") for key in (ids[thread], 987654))
                assert hidden.status_code == unknown.status_code == 404
                assert hidden.get_data(as_text=True).replace(f"/p/{ids[thread]}", "/p/987654") == unknown.get_data(as_text=True)
                assert {k: v for k, v in hidden.headers.items() if k != "Content-Length"} == {k: v for k, v in unknown.headers.items() if k != "Content-Length"}


def test_api(world, ask):
    compare("api", world, lambda name, thread, key: word(thread) in ask.api(name, f"/posts/{key}"))
    compare("api replies", world, lambda name, thread, key: bool(ask.api(name, f"/posts/{key}/replies")))


def test_feed(world, ask):
    pages = {name: ask(name, "/") for name in world[0]}
    compare("feed", world, lambda name, thread, key: word(thread) in pages[name])
    lists = {name: ask.api(name, "/feed?view=newest&limit=100") for name in world[0]}
    compare("api feed", world, lambda name, thread, key: word(thread) in lists[name])


def test_search(world, ask):
    told_by_now()
    compare("search", world, lambda name, thread, key: f"/p/{key}" in ask(name, f"/search?q={word(thread)}"))
    compare("api search", world, lambda name, thread, key: f'"id": {key},' in ask.api(name, f"/search?q={word(thread)}"))


def test_notes_are_found_by_nobody_who_may_not_read_them(world, ask, make):
    who, ids = world
    for thread, key in ids.items():
        if thread not in ("everyone", "circle"):
            make.reply(Root(key), who["hr"] if thread == "confidential" else who["agent"], f"Between us: {secret(thread)}.", note=True)
    told_by_now()
    for surface in ("/search?q={}", "/suggestions?q=about+{}+again"):
        for name in who:
            for thread in THREADS[2:]:
                if name not in SHOWN["note"][thread]:
                    answer = ask(name, surface.format(secret(thread)))
                    assert f"/p/{ids[thread]}" not in answer and f"Between us: {secret(thread)}" not in answer


def test_suggestions_of_answers(world, ask, make):
    from socialdesk.posts import actions
    who, ids = world
    answers = {}
    for thread in ("everyone", "circle"):
        reply = make.reply(Root(ids[thread]), who["inside"], f"Turn the {word(thread)} knob twice, the humming stops.")
        with transaction():
            actions.accept(reply.id, who["author"])
        answers[thread] = reply.id
    told_by_now()
    told_by_now()
    compare("suggestion", world, lambda name, thread, key: f"/p/{answers.get(thread, key)}" in ask(name, f"/suggestions?q=broken+humming+{word(thread)}"))


def test_hashtags_their_pages_counts_and_completions(world, ask):
    compare("tag page", world, lambda name, thread, key: word(thread) in ask(name, f"/t/tag{thread}"))
    compare("count", world, lambda name, thread, key: f"#tag{thread}" in ask(name, f"/complete?q=%23tag{thread[:-1]}", Accept="application/json"))


def test_queue(world, ask):
    pages = {name: ask(name, "/desk?filter=open") for name in world[0]}
    compare("queue", world, lambda name, thread, key: word(thread) in pages[name])
    for name in world[0]:
        if name not in AGENTS:
            assert ask(name, "/desk") == ""


def test_attachments(world, ask):
    who, ids = world
    photos = dict(db.session.execute(sa.select(Attachment.post_id, Attachment.id)).all())
    db.session.rollback()

    def fetched(name, thread, key):
        answer = ask.browsers[name].get(f"/attachments/{photos[key]}")
        found = answer.status_code == 200
        assert found or answer.status_code == 404
        answer.close()
        return found
    compare("attachment", world, fetched)


def test_notes(world, ask, make):
    who, ids = world
    for thread in THREADS[2:]:
        make.reply(Root(ids[thread]), who["hr"] if thread == "confidential" else who["agent"], f"Between us: {secret(thread)}.", note=True)
    told_by_now()
    compare("note", world, lambda name, thread, key: secret(thread) in ask(name, f"/p/{key}"))
    compare("note", world, lambda name, thread, key: secret(thread) in ask.api(name, f"/posts/{key}/replies"))
    compare("note", world, lambda name, thread, key: secret(thread) in ask.api(name, f"/tickets/{key}/timeline"))


def test_a_note_changes_nothing_a_requester_can_measure(world, ask, make):
    who, ids = world

    def measured(name):
        return [ask(name, f"/p/{key}").count("<") for key in ids.values()] + [ask.api(name, f"/posts/{key}") for key in ids.values()] \
            + [ask.api(name, "/notifications"), ask(name, "/inbox")]
    before = {name: measured(name) for name in ("author", "added", "stranger")}
    for thread in THREADS[2:]:
        make.reply(Root(ids[thread]), who["hr"] if thread == "confidential" else who["agent"], f"Between us: {secret(thread)}.", note=True)
    told_by_now()
    assert {name: measured(name) for name in before} == before


# --- what is sent

class Root:
    """Just a thread's id, as `make` wants it."""

    def __init__(self, key):
        self.id = key


@pytest.fixture
def listening(world):
    """Everybody follows everything and has a device: only the rule keeps what is not theirs from them."""
    who, ids = world
    with transaction():
        for viewer in who.values():
            session = db.session.scalars(sa.select(Session).where(Session.person_id == viewer.id)).first()
            db.session.add(Device(person_id=viewer.id, endpoint_hash=str(viewer.id), endpoint=f"https://fcm.googleapis.com/{viewer.id}", p256dh="x",
                                  auth="x", made_at=now(), last_seen_at=now(), session_public_id=session and session.public_id))
            for key in ids.values():
                db.session.add(Follow(root_id=key, person_id=viewer.id, level="all"))


def told():
    """{(person id, thread id)} of the inbox lines, and of the deliveries."""
    lines = set(db.session.execute(sa.select(Notification.person_id, Notification.root_id)).all())
    sent = set(db.session.execute(sa.select(Notification.person_id, Notification.root_id).join(Delivery, Delivery.notification_id == Notification.id)).all())
    db.session.rollback()
    return lines, sent


@pytest.fixture
def no_network(monkeypatch):
    """Pushes are written, not sent."""
    from socialdesk import jobs
    monkeypatch.setitem(jobs._handlers, "push", jobs.Handler(lambda claimed: {}, True))


def test_notices_and_pushes(world, ask, listening, no_network, make):
    who, ids = world
    told_by_now()
    with transaction():
        for model in (Delivery, Notification):
            db.session.execute(sa.delete(model))
    for thread, key in ids.items():
        make.reply(Root(key), who[WRITER], f"Any news about the {word(thread)}?")
    told_by_now()
    lines, sent = told()
    compare("notice", world, lambda name, thread, key: (who[name].id, key) in lines, leave_out={WRITER})
    compare("push", world, lambda name, thread, key: (who[name].id, key) in sent, leave_out={WRITER})
    inboxes = {name: ask(name, "/inbox") for name in who}
    compare("notice", world, lambda name, thread, key: f"/p/{key}" in inboxes[name], leave_out={WRITER})


def test_who_lost_the_right_is_shown_nothing_of_what_they_were_told(world, ask, listening, no_network, make):
    who, ids = world
    make.reply(Root(ids["confidential"]), who["hr"], "We look into it.")
    told_by_now()
    assert f"/p/{ids['confidential']}" in ask("added", "/inbox")
    with transaction():
        db.session.execute(sa.delete(Access).where(Access.person_id == who["added"].id, Access.why == "participant"))
    for surface in ("/inbox", "/", "/search?q=zebraconfidential"):
        assert f"/p/{ids['confidential']}\"" not in ask("added", surface), surface
    assert word("confidential") not in ask.api("added", "/notifications")


def test_a_note_is_told_to_those_who_read_notes_and_are_in_it(world, ask, listening, no_network, make):
    who, ids = world
    told_by_now()
    from socialdesk.people import actions as people
    colleague = make.agent("Colleague")
    with transaction():
        people.join_team(colleague.id, db.session.get(Post, ids["confidential"]).team_id)
    colleague = make.viewer(colleague)
    for thread in THREADS[2:]:
        make.reply(Root(ids[thread]), colleague if thread == "confidential" else who["agent"], f"Between us, @hr: {secret(thread)}.", note=True)
    with transaction():
        for model in (Delivery, Notification):
            db.session.execute(sa.delete(model))
    told_by_now()
    lines, sent = told()
    compare("note notice", world, lambda name, thread, key: (who[name].id, key) in lines, leave_out={"agent"})
    assert sent <= lines


def test_hints_to_open_pages(world, ask, monkeypatch):
    who, ids = world
    streams = {}
    for name, viewer in who.items():
        session = db.session.scalars(sa.select(Session.public_id).where(Session.person_id == viewer.id)).first()
        streams[name] = live.Stream(type("Who", (), {"session_id": session, "id": viewer.id}), frozenset(ids.values()))
    for suffix, surface in (("", "live"), (":desk", "note")):
        heard = {key: {s.person_id for s in live.listeners(f"post:{key}{suffix}", list(streams.values()))} for key in ids.values()}
        compare(surface, world, lambda name, thread, key: who[name].id in heard[key])
    db.session.rollback()
