"""Tickets: whose they are, who has them, what kind they are; the broken glass; tickets brought in from elsewhere."""
import gzip
import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.errors import Invalid, Missing, NotAllowed
from socialdesk.events import Event
from socialdesk.people.models import Person, Team
from socialdesk.posts.models import Access, Post
from socialdesk.tags.actions import own_tag
from socialdesk.tags.models import PostTag, Tag, TagCount
from socialdesk.tags.queries import tags_of
from socialdesk.tickets import actions, queries
from socialdesk.tickets.import_actions import import_posts, import_tickets
from socialdesk.tickets.models import Ticket, priority

from .conftest import HTMX, run_due
from .ticket_desk import row_of, story, traces


@pytest.fixture
def staff(make):
    class Staff:
        network, hr = make.team("Network"), make.team("HR", confidential=True)
        requester, colleague = make.person("Amina Yusuf"), make.person()
        agent, other, member, admin = make.agent("Tomasz Wrona", teams=[network]), make.agent("Priya Nair"), make.agent(teams=[hr]), make.admin()
    with transaction():
        own_tag("wifi", Staff.network.id)
        own_tag("payroll", Staff.hr.id)
    return Staff


def events(ticket, verb):
    db.session.rollback()
    return db.session.execute(sa.select(Event.actor_id, Event.ref_id, Event.before, Event.after, Event.note, Event.facts)
                              .where(Event.root_id == ticket.id, Event.verb == verb).order_by(Event.id)).all()


# --- opened

def test_a_new_ticket_is_a_private_incident_of_medium_urgency(staff, make):
    ticket = make.ticket(staff.requester, "My screen stays black.")
    row = row_of(ticket)
    assert (row["type"], row["status"], row["impact"], row["urgency"], row["priority"]) == ("incident", "new", "low", "medium", "low")
    assert (ticket.audience, ticket.sealed, row["team_id"], row["assignee_id"]) == ("private", False, None, None)
    assert row["opened_at"] == row["last_word_at"] and row["first_word_at"] is None
    assert events(ticket, "ticket_opened")[0].facts == {"route": "triage"}


@pytest.mark.parametrize("more", [{"audience": "everyone"}, {"audience": "circle:all"}, {"type": "problem"}, {"urgency": "huge"},
                                  {"status": "lost"}, {"status": "on_hold"}])
def test_what_a_ticket_cannot_be_is_refused_and_leaves_no_trace(staff, make, more):
    left = traces()
    with pytest.raises(Invalid):
        make.ticket(staff.requester, "My screen stays black.", **more)
    assert traces() == left


def test_a_hashtag_leads_to_the_team_that_owns_it(staff, make):
    ticket = make.ticket(staff.requester, "No network since nine. #headset #WiFi")
    assert row_of(ticket)["team_id"] == ticket.team_id == staff.network.id and not ticket.sealed
    assert events(ticket, "ticket_opened")[0].facts == {"route": "hashtag"}
    assert events(ticket, "ticket_opened")[0].ref_id == staff.network.id


def test_a_hashtag_of_a_confidential_team_seals_at_once_and_never_passes_triage(staff, make):
    for words in ("My pay is wrong. #payroll", "My pay is wrong. #wifi #payroll"):
        ticket = make.ticket(staff.requester, words)
        assert ticket.sealed and row_of(ticket)["team_id"] == staff.hr.id
        assert queries.panel_of(ticket, staff.member).for_desk
        for outsider in (staff.agent, staff.admin):
            with pytest.raises(Missing):
                queries.panel_of(ticket.id, outsider)
    assert [row.title for row in queries.queue_of(staff.agent, "open")[0]] == []


@pytest.mark.parametrize(("impact", "urgency", "word"), [
    ("high", "high", "urgent"), ("high", "medium", "high"), ("medium", "high", "high"), ("high", "low", "medium"),
    ("medium", "medium", "medium"), ("low", "high", "medium"), ("low", "medium", "low"), ("medium", "low", "low"), ("low", "low", "low")])
def test_priority_is_impact_times_urgency(impact, urgency, word):
    assert priority(impact, urgency) == word


# --- who has it

@pytest.mark.parametrize(("path", "data"), [("take", {}), ("assignment", {"assignee": "priya"}), ("assignment/remove", {}),
                                            ("team", {"team": "Network"}), ("type", {"type": "request", "urgency": "high"})])
def test_each_deed_answers_a_fragment_or_the_page_and_twice_is_once(staff, make, browse, path, data):
    ticket, browser = make.ticket(staff.requester, "My screen stays black."), browse(staff.agent)
    if path == "assignment/remove":
        browser.post(f"/p/{ticket.id}/take")
    fragment = browser.post(f"/p/{ticket.id}/{path}", data=data, headers=HTMX)
    assert fragment.status_code == 200 and fragment.text.startswith(f'<section class="status-head received" id="panel-{ticket.id}"')
    assert f'<hx-partial hx-target="#facts-{ticket.id}"' in fragment.text
    once = story(ticket), row_of(ticket)
    plain = browser.post(f"/p/{ticket.id}/{path}", data=data)
    assert (plain.status_code, plain.location) == (303, f"/p/{ticket.id}")
    assert (story(ticket), row_of(ticket)) == once


@pytest.mark.parametrize("path", ["take", "assignment", "assignment/remove", "team", "type"])
def test_only_the_desk_hands_tickets_around(staff, make, browse, path):
    ticket = make.ticket(staff.requester, "My screen stays black.")
    left, data = traces(), {"assignee": staff.agent.handle, "team": "Network", "type": "request"}
    assert browse(staff.requester).post(f"/p/{ticket.id}/{path}", data=data, headers=HTMX).status_code == 403
    assert browse(staff.colleague).post(f"/p/{ticket.id}/{path}", data=data, headers=HTMX).status_code == 404
    sealed = make.ticket(staff.requester, "My pay. #payroll")
    before = traces()
    assert browse(staff.admin).post(f"/p/{sealed.id}/{path}", data=data, headers=HTMX).status_code == 404
    assert traces() == before and row_of(ticket)["assignee_id"] is None and left["ticket"][0] == before["ticket"][0]


def test_a_ticket_that_is_taken_is_not_taken_again(staff, make, browse):
    ticket = make.ticket(staff.requester, "My screen stays black.")
    browse(staff.other).post(f"/p/{ticket.id}/take")
    left = traces()
    answer = browse(staff.agent).post(f"/p/{ticket.id}/take", headers=HTMX)
    assert answer.status_code == 409 and "Priya Nair has it already" in answer.text
    assert traces() == left


def test_taking_changes_no_state(staff, make, browse):
    ticket = make.ticket(staff.requester, "My screen stays black.")
    browse(staff.agent).post(f"/p/{ticket.id}/take")
    assert row_of(ticket)["status"] == "new"
    assert "Tomasz Wrona has it" in browse(staff.agent).get(f"/p/{ticket.id}/panel", headers=HTMX).text


def test_a_ticket_goes_to_an_agent_who_may_read_it_and_to_nobody_else(staff, make, browse):
    ticket = make.ticket(staff.requester, "My pay. #payroll")
    browser = browse(staff.member)
    for handle in (staff.requester.handle, staff.colleague.handle, staff.agent.handle, staff.admin.handle, "nobody-here", ""):
        left = traces()
        answer = browser.post(f"/p/{ticket.id}/assignment", data={"assignee": handle}, headers=HTMX)
        assert answer.status_code == 422 and traces() == left
    assert browser.post(f"/p/{ticket.id}/assignment", data={"assignee": staff.member.handle}, headers=HTMX).status_code == 200
    assert row_of(ticket)["assignee_id"] == staff.member.id


def test_it_can_be_handed_over_and_given_back(staff, make):
    ticket = make.ticket(staff.requester, "My screen stays black.")
    with transaction():
        actions.take(ticket.id, staff.agent)
    with transaction():
        actions.assign(ticket.id, staff.agent, staff.other.id)
    with transaction():
        actions.assign(ticket.id, staff.admin, None)
    assert [row.ref_id for row in events(ticket, "ticket_assigned")] == [staff.agent.id, staff.other.id, None]


def test_the_form_offers_those_who_may_have_it(staff, make, browse):
    ticket = make.ticket(staff.requester, "My pay. #payroll")
    page = browse(staff.member).get(f"/p/{ticket.id}/facts").text
    assert f'value="{staff.member.handle}"' in page and staff.agent.handle not in page
    assert browse(staff.requester).get(f"/p/{ticket.id}/facts").status_code == 403
    assert browse(staff.agent).get(f"/p/{ticket.id}/facts").status_code == 404
    fragment = browse(staff.member).get(f"/p/{ticket.id}/facts", headers=HTMX).text
    assert fragment.startswith(f'<section class="rows" id="facts-{ticket.id}"')


def test_an_ended_ticket_is_not_handed_around(staff, make, browse):
    ticket = make.ticket(staff.requester, "My screen stays black.")
    with transaction():
        actions.change_status(ticket.id, staff.requester, "canceled")
    left = traces()
    for path, data in (("take", {}), ("assignment", {"assignee": staff.agent.handle}), ("team", {"team": "Network"}), ("type", {"type": "request"})):
        assert browse(staff.agent).post(f"/p/{ticket.id}/{path}", data=data, headers=HTMX).status_code == 409
    assert traces() == left


# --- another team

def test_moving_takes_every_copy_of_the_rights_along(staff, make):
    ticket = make.ticket(staff.requester, "My pay. #wages")
    with transaction():
        actions.take(ticket.id, staff.agent)
        actions.move(ticket.id, staff.agent, staff.hr.id)
    row, post = row_of(ticket), db.session.get(Post, ticket.id, populate_existing=True)
    assert (row["team_id"], post.team_id, post.sealed) == (staff.hr.id, staff.hr.id, True)
    assert row["assignee_id"] is None                       # who had it may not read it any more
    with pytest.raises(Missing):
        queries.panel_of(ticket.id, staff.agent)
    with transaction():
        actions.move(ticket.id, staff.member, None)
    assert db.session.get(Post, ticket.id, populate_existing=True).sealed is False
    assert queries.panel_of(ticket.id, staff.agent).t.team is None
    assert [row.ref_id for row in events(ticket, "ticket_moved")] == [staff.hr.id, None]


def test_a_move_out_of_ones_sight_leads_back_to_the_queue(staff, make, browse):
    first, second = make.ticket(staff.requester, "My pay."), make.ticket(staff.requester, "My pay too.")
    assert browse(staff.agent).post(f"/p/{first.id}/team", data={"team": "hr"}).location == "/desk"
    answer = browse(staff.agent).post(f"/p/{second.id}/team", data={"team": "HR"}, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/desk")
    assert browse(staff.agent).get(f"/p/{first.id}/panel", headers=HTMX).status_code == 404


def test_an_unknown_team_is_refused_and_no_team_is_triage(staff, make, browse):
    ticket = make.ticket(staff.requester, "No network. #wifi")
    left = traces()
    answer = browse(staff.agent).post(f"/p/{ticket.id}/team", data={"team": "Weather"}, headers=HTMX)
    assert answer.status_code == 422 and "no such team" in answer.text and traces() == left
    browse(staff.agent).post(f"/p/{ticket.id}/team", data={"team": ""})
    assert row_of(ticket)["team_id"] is None


# --- what kind it is

def test_type_and_urgency_change_the_priority_and_are_told_one_by_one(staff, make):
    ticket = make.ticket(staff.requester, "A second screen, please.")
    with transaction():
        actions.change(ticket.id, staff.agent, type="request", urgency="high")
    row = row_of(ticket)
    assert (row["type"], row["urgency"], row["priority"]) == ("request", "high", "medium")
    assert [(row.before, row.after, row.facts) for row in events(ticket, "ticket_changed")] \
        == [("incident", "request", {"field": "type"}), ("medium", "high", {"field": "urgency"})]


def test_an_unknown_type_or_urgency_is_refused(staff, make, browse):
    ticket = make.ticket(staff.requester, "A second screen, please.")
    left = traces()
    for data in ({"type": "problem"}, {"urgency": "yesterday"}, {"type": "request", "urgency": "yesterday"}):
        assert browse(staff.agent).post(f"/p/{ticket.id}/type", data=data, headers=HTMX).status_code == 422
    assert traces() == left


# --- broken glass

def test_an_admin_reads_a_confidential_ticket_for_an_hour_and_its_team_sees_it(staff, make, browse, time):
    time.stop()
    ticket = make.ticket(staff.requester, "My pay. #payroll")
    browser = browse(staff.admin)
    assert browser.get(f"/p/{ticket.id}").status_code == 404
    answer = browser.post("/admin/glass", data={"number": str(ticket.id)})
    assert answer.location == f"/p/{ticket.id}"
    assert browser.get(f"/p/{ticket.id}").status_code == 200
    assert "broke the glass" in browse(staff.member).get(f"/p/{ticket.id}").text
    assert "broke the glass" not in browse(staff.requester).get(f"/p/{ticket.id}").text
    time.pass_(minutes=59)
    assert browser.get(f"/p/{ticket.id}").status_code == 200
    time.pass_(minutes=2)
    assert browser.get(f"/p/{ticket.id}").status_code == 404
    browser.post(f"/p/{ticket.id}/glass")
    assert browser.get(f"/p/{ticket.id}").status_code == 200
    assert [row.actor_id for row in events(ticket, "glass_broken")] == [staff.admin.id] * 2


def test_breaking_it_twice_is_written_down_once(staff, make, browse):
    ticket = make.ticket(staff.requester, "My pay. #payroll")
    answers = [browse(staff.admin).post(f"/p/{ticket.id}/glass", headers=headers) for headers in (HTMX, {})]
    assert [answer.status_code for answer in answers] == [204, 303]
    assert len(events(ticket, "glass_broken")) == 1


def test_nobody_but_an_admin_breaks_glass_and_only_where_there_is_some(staff, make, browse):
    sealed, plain = make.ticket(staff.requester, "My pay. #payroll"), make.ticket(staff.requester, "My mouse.")
    left = traces()
    for person in (staff.requester, staff.agent, staff.member):
        for path in (f"/p/{sealed.id}/glass", "/admin/glass"):
            assert browse(person).post(path, data={"number": str(sealed.id)}).status_code == 403
        assert browse(person).get("/admin/glass").status_code == 403
    for number in (plain.id, 987654, "x", "", "1" * 40):
        assert browse(staff.admin).post("/admin/glass", data={"number": str(number)}).status_code in (404, 422)
    assert traces() == left


def test_who_is_part_of_a_ticket_does_not_break_its_glass(staff, make, browse):
    own = make.ticket(staff.admin, "My own pay. #payroll")
    left = traces()
    answer = browse(staff.admin).post(f"/p/{own.id}/glass", headers=HTMX)
    assert answer.status_code == 403 and "another admin" in answer.text
    assert traces() == left


def test_through_broken_glass_an_admin_reads_and_no_more(staff, make, browse):
    ticket = make.ticket(staff.requester, "My pay. #payroll")
    make.reply(ticket, staff.member, "He is right.", note=True)
    with transaction():
        actions.break_glass(ticket.id, staff.admin)
    assert "He is right." in browse(staff.admin).get(f"/p/{ticket.id}").get_data(as_text=True)
    panel = queries.panel_of(ticket.id, staff.admin)
    assert not panel.for_desk and panel.statuses == []
    with pytest.raises(NotAllowed):
        with transaction():
            actions.change_status(ticket.id, staff.admin, "resolved", "Paid.")
    with pytest.raises(NotAllowed):
        with transaction():
            actions.break_glass(ticket.id, staff.agent)


# --- from elsewhere

def lines(*rows):
    return [row if isinstance(row, str) else json.dumps(row) for row in rows]


FULL = {"id": 17, "title": "Black screen", "body": "It went **dark** at noon. #screen", "requester_email": "Amina@Example.org",
        "created_at": "2025-03-03T12:00:00Z", "status": "resolved", "tags": ["Hard ware", "laptop"], "team": "Field service",
        "replies": [{"from": "tomasz@example.org", "body": "A new cable.", "at": "2025-03-03T13:00:00+00:00"},
                    {"from": "Amina <amina@example.org>", "body": "Thank you.", "at": "2025-03-03T15:00:00+01:00"}]}


def imported(external_id):
    db.session.rollback()
    return db.session.scalar(sa.select(Post).where(Post.external_id == external_id))


def test_an_imported_ticket_stands_as_it_stood(make):
    agent = make.agent("Tomasz Wrona", email="tomasz@example.org")
    assert import_tickets(lines(FULL)) == (1, 0, [])
    post = imported("id:17")
    row = row_of(post)
    asker = db.session.get(Person, post.author_id)
    assert (asker.email_fold, asker.state, asker.role) == ("amina@example.org", "imported", "requester")
    assert (post.title, post.body_html, post.in_feed, post.audience) \
        == ("Black screen", post.body_html, False, "private") and "<strong>dark</strong>" in post.body_html
    assert post.made_at.isoformat() == row["opened_at"].isoformat() == "2025-03-03T12:00:00+00:00"
    assert (row["status"], row["closes_at"], db.session.get(Team, row["team_id"]).name) == ("resolved", None, "Field service")
    assert row["first_word_at"].isoformat() == row["last_word_at"].isoformat() == "2025-03-03T13:00:00+00:00"
    assert tags_of([post.id])[post.id] == ["Hard-ware", "laptop", "screen"]
    said = db.session.execute(sa.select(Post.author_id, Post.body_md, Post.note).where(Post.root_id == post.id, Post.id != post.id)
                              .order_by(Post.id)).all()
    assert list(map(tuple, said)) == [(agent.id, "A new cable.", False), (asker.id, "Thank you.", False)]


def test_an_imported_ticket_is_like_one_that_was_opened(make):
    asker = make.person(email="amina@example.org")
    opened = make.ticket(asker, "It went dark. #screen")
    import_tickets(lines({"body": "It went dark. #screen", "requester_email": "amina@example.org"}))
    brought = db.session.scalar(sa.select(Post).where(Post.source == "import:tickets"))
    own = {"id", "root_id", "made_at", "active_at", "in_feed", "source", "external_id", "post_id", "opened_at", "last_word_at"}

    def shown(model, key):
        row = db.session.execute(sa.select(*model.__table__.c).where(key)).one()._mapping
        return {name: value for name, value in row.items() if name not in own}
    assert shown(Post, Post.id == brought.id) == shown(Post, Post.id == opened.id)
    assert shown(Ticket, Ticket.post_id == brought.id) == shown(Ticket, Ticket.post_id == opened.id)
    assert db.session.get(Access, {"person_id": asker.id, "root_id": brought.id}).why == "author"
    assert len({tuple(row) for row in db.session.execute(sa.select(PostTag.tag_id, PostTag.audience))}) == 1


def test_importing_tells_nobody_and_counts_nothing_in_public(make, browse):
    make.agent(email="tomasz@example.org")
    import_tickets(lines(FULL))
    run_due(clockwork=True)
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Event)) == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(TagCount)) == 0
    assert not db.session.scalars(sa.select(Tag.public)).first()
    assert imported("id:17").in_feed is False and row_of(imported("id:17"))["status"] == "resolved"


def test_importing_again_changes_nothing_by_id_else_by_content(make):
    rows = lines(FULL, {"text": "No id here.", "requester_email": "a@example.org"}, {"text": "No id here.", "requester_email": "a@example.org"})
    assert import_tickets(rows) == (2, 1, [])
    left = traces()
    assert import_tickets(rows) == (0, 3, [])
    assert import_tickets(lines(FULL | {"body": "Changed there."})) == (0, 1, [])
    assert traces() == left


def test_a_dry_run_says_what_would_come_of_it_and_writes_nothing(make):
    left = traces()
    assert import_tickets(lines(FULL, {"body": ""}), dry_run=True) == (1, 0, [(2, 'It has no text: give it a "body" (or "text").')])
    assert traces() == left and db.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 0


@pytest.mark.parametrize(("row", "words"), [
    ("{not json", "no JSON"), ("[1]", "no object"), ("\"x\"", "no object"), ("[" * 100_000, "no JSON"),
    ({"requester_email": "a@example.org"}, "no text"), ({"body": "   "}, "no text"), ({"body": 7}, "must be text"),
    ({"body": "x"}, "requester_email"), ({"body": "x", "requester_email": "nobody"}, "no e-mail address"),
    ({"body": "x", "requester_email": "a@example.org", "status": "pending"}, "no status"),
    ({"body": "x", "requester_email": "a@example.org", "created_at": "yesterday"}, "no time"),
    ({"body": "x", "requester_email": "a@example.org", "created_at": "2999-01-01"}, "in the future"),
    ({"body": "x", "requester_email": "a@example.org", "tags": "vpn"}, '"tags"'),
    ({"body": "x", "requester_email": "a@example.org", "category": 5}, '"category"'),
    ({"body": "x", "requester_email": "a@example.org", "id": {"a": 1}}, '"id"'),
    ({"body": "x", "requester_email": "a@example.org", "replies": "none"}, '"replies"'),
    ({"body": "x", "requester_email": "a@example.org", "replies": [{"body": "x"}]}, '"from"'),
    ({"body": "x" * 20_001, "requester_email": "a@example.org"}, "20,000")])
def test_a_bad_row_is_named_with_its_reason_and_the_good_ones_go_in(make, row, words):
    good = {"body": "The good one.", "requester_email": "good@example.org"}
    added, unchanged, bad = import_tickets(lines(good, "", row, good | {"body": "Another good one."}))
    assert (added, unchanged, [line for line, _ in bad]) == (2, 0, [3]) and words in bad[0][1]


def test_who_asked_may_be_said_for_the_whole_file_and_a_category_is_one_hashtag(make):
    import_tickets(lines({"id": "a", "text": "work experience", "category": "Access / rights"}), requester_email="desk@example.org")
    post = imported("id:a")
    assert db.session.get(Person, post.author_id).email == "desk@example.org"
    assert tags_of([post.id])[post.id] == ["Access-rights"] and post.title == "work experience"


def test_a_confidential_hashtag_seals_what_is_imported_whatever_team_it_names(staff):
    import_tickets(lines({"id": 1, "body": "My pay.", "tags": ["payroll"], "team": "Network", "requester_email": "a@example.org"},
                         {"id": 2, "body": "No network. #wifi", "requester_email": "a@example.org"},
                         {"id": 3, "body": "No network. #wifi", "team": "Elsewhere", "requester_email": "a@example.org"}))
    teams = [(imported(f"id:{n}").sealed, db.session.get(Team, row_of(imported(f"id:{n}"))["team_id"]).name) for n in (1, 2, 3)]
    assert teams == [(True, "HR"), (False, "Network"), (False, "Elsewhere")]
    with pytest.raises(Missing):
        queries.panel_of(imported("id:1").id, staff.agent)


def test_what_is_imported_is_put_into_the_index_in_the_same_breath(make):
    asked = []
    import_tickets(lines(FULL), index=lambda ids: asked.extend(ids))
    assert asked == [imported("id:17").id]
    with pytest.raises(ZeroDivisionError):
        import_tickets(lines(FULL | {"id": 18}), index=lambda ids: 1 / 0)
    assert imported("id:18") is None


def test_bytes_that_are_no_text_do_not_stop_an_import(make):
    broken = b'{"id": 5, "body": "caf\xe9 \xff", "requester_email": "a@example.org"}'
    for line in (broken, broken.decode("utf-8", "surrogateescape")):
        done = import_tickets([line, b'{"body": "It hums.", "requester_email": "a@example.org"}'])
        assert done.added + done.unchanged == 1 and "UTF-8" in done.bad[0][1]


def test_questions_are_imported_as_posts(make):
    row = {"id": 1, "kind": "question", "body": "How do I print on both sides? #printing", "author_email": "a@example.org", "status": "answered",
           "replies": [{"from": "b@example.org", "body": "Choose Both sides."}]}
    added, unchanged, bad = import_posts(lines(row, row | {"id": 2, "kind": "ticket", "status": "new"}, row | {"id": 3, "kind": "poll"},
                                               row | {"id": 4, "kind": "nonsense"}, row | {"id": 5, "status": "new"}))
    assert (added, unchanged, [line for line, _ in bad]) == (2, 0, [3, 4, 5])
    question = db.session.scalar(sa.select(Post).where(Post.external_id == "id:1"))
    assert (question.kind, question.audience, question.status, question.replies_public, question.in_feed) == ("question", "everyone", "answered", 1, False)
    assert db.session.scalar(sa.select(TagCount.posts)) == 1
    assert row_of(db.session.scalar(sa.select(Post).where(Post.external_id == "id:2")))["status"] == "new"


def test_real_tickets_go_in_whole(make):
    path = Path(__file__).parents[2] / "shared/data/tickets/it-service-tickets.dev.jsonl.gz"
    if not path.exists():
        pytest.skip("../shared/data/tickets is not here")
    with gzip.open(path) as file:
        rows = [line for _, line in zip(range(500), file)]
    assert import_tickets(rows, requester_email="desk@example.org") == (len(rows), 0, [])
    assert import_tickets(rows, requester_email="desk@example.org") == (0, len(rows), [])
