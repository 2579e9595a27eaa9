"""People, teams and what admins do with them; mail that leaves the desk; people from a file; how often is too often."""
import re
import socketserver
import threading

import pytest
import sqlalchemy as sa

from socialdesk import jobs
from socialdesk.db import db, now, transaction
from socialdesk.errors import Conflict, Invalid, Missing, TooMany
from socialdesk.events import Event
from socialdesk.jobs import Job
from socialdesk.notifications.models import Device
from socialdesk.people import actions, mail_actions, queries, secret_checker, throttle_actions
from socialdesk.people.import_actions import import_people
from socialdesk.people.models import WORKING_WEEK, Mail, Person, Session, Team, TeamMember, Throttle

from .conftest import HTMX, run_due


def count(model, *where):
    total = db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*where))
    db.session.rollback()
    return total


def person(viewer):
    found = db.session.get(Person, viewer.id, populate_existing=True)
    db.session.rollback()
    return found


def add(*given, **more):
    with transaction():
        return actions.add_person(*given, **more)


# --- people and teams, as commands make them

def test_a_person_has_a_handle_and_working_hours_from_the_start(desk):
    ada = add("Ada@Example.org", "Ada Lovelace")
    assert (ada.email, ada.email_fold, ada.handle, ada.role, ada.state) == ("Ada@Example.org", "ada@example.org", "ada", "requester", "active")
    assert ada.hours == WORKING_WEEK and ada.epoch == 1 and ada.pw_hash is None


def test_an_address_belongs_to_one_person(desk):
    add("ada@example.org", "Ada")
    with pytest.raises(Conflict, match="is here already: @ada"):
        add("ADA@example.org", "Another")
    assert count(Person) == 1


def test_a_given_handle_that_is_taken_is_refused(desk):
    add("ada@example.org", "Ada")
    with pytest.raises(Conflict, match="The handle @ada is taken"):
        add("b@example.org", "Ben", handle="Ada")
    assert count(Person) == 1


@pytest.mark.parametrize("more, told", [({"role": "boss"}, "A role is"), ({"tz": "Mars"}, "time zone"), ({"lang": "english please"}, "language"),
                                        ({"hours": "sometimes"}, "Working hours"), ({"handle": "ü"}, "A handle has")])
def test_what_a_person_cannot_be_is_said(desk, more, told):
    with pytest.raises(Invalid, match=told):
        add("ada@example.org", "Ada", **more)
    assert count(Person) == 0


def test_somebody_only_imported_gets_their_sign_in_when_they_are_added(desk):
    known = add("ada@example.org", "ada", state="imported")
    ada = add("ada@example.org", "Ada Lovelace", role="agent", tz="Europe/Paris")
    assert (ada.id, ada.name, ada.role, ada.state, ada.tz) == (known.id, "Ada Lovelace", "agent", "active", "Europe/Paris")
    with pytest.raises(Conflict):
        add("ada@example.org", "Ada", state="imported")


def test_handles_are_looked_up_together(desk):
    ids = {add(f"{name}@example.org", name).handle: True for name in ("Ada", "Ben")}
    with transaction():
        actions.add_person("gone@example.org", "Gone", state="off")
    assert set(queries.handles({"ada", "ben", "gone", "nobody"})) == set(ids) and queries.handles(set()) == {}


def test_a_team_is_made_once_whatever_its_case(make):
    team = make.team("Network")
    assert queries.team_by_name("  network ").id == team.id
    with pytest.raises(Conflict, match="There is a team NETWORK already"):
        make.team("NETWORK")


def test_joining_a_team_twice_is_joining_once(make):
    ada, team = make.agent(), make.team()
    with transaction():
        assert [actions.join_team(ada.id, team.id), actions.join_team(ada.id, team.id)] == [True, False]
        with pytest.raises(Missing):
            actions.join_team(ada.id, 999)
    assert make.viewer(ada).team_ids == {team.id}


# --- admin: who may

PAGES = ["/admin", "/admin/people", "/admin/teams", "/admin/circles", "/admin/jobs"]


@pytest.mark.parametrize("path", PAGES)
def test_only_an_admin_sees_the_pages_of_an_admin(make, browse, path):
    assert browse(make.admin()).get(path).status_code == 200
    assert browse(make.agent()).get(path).status_code == 403
    assert browse().get(path).status_code == 303


def deeds(person_id, team_id, circle_id):
    return [("/admin/people", {"email": "new@example.org"}), (f"/admin/people/{person_id}/role", {"role": "admin"}),
            (f"/admin/people/{person_id}/off", {}), (f"/admin/people/{person_id}/off/remove", {}), (f"/admin/people/{person_id}/link", {}),
            (f"/admin/people/{person_id}/teams", {"team": team_id}), (f"/admin/people/{person_id}/teams/{team_id}/remove", {}),
            ("/admin/teams", {"name": "New"}), (f"/admin/teams/{team_id}/members", {"who": "ada"}),
            (f"/admin/teams/{team_id}/members/{person_id}/remove", {}), ("/admin/circles", {"name": "New"}),
            (f"/admin/circles/{circle_id}/members", {"who": "ada"}), (f"/admin/circles/{circle_id}/members/{person_id}/remove", {}),
            ("/admin/jobs/1/retry", {})]


def everything():
    """All that an admin's deed could change."""
    tables = [table for table in db.metadata.sorted_tables if table.name not in ("throttle", "session", "idem")]
    found = {table.name: sorted(map(repr, db.session.execute(sa.select(table)).all())) for table in tables}
    db.session.rollback()
    return found


def test_no_deed_of_an_admin_is_open_to_others_and_a_refusal_leaves_no_trace(make, browse):
    make.admin("Root")
    ada, agnes, team, circle = make.person("Ada"), make.agent("Agnes"), make.team(), make.circle()
    before = everything()
    for path, data in deeds(ada.id, team.id, circle.id):
        for client in (browse(agnes), browse(ada)):
            assert client.post(path, data=data).status_code == 403, path
            assert client.post(path, data=data, headers=HTMX).status_code == 403, path
        assert browse().post(path, data=data).status_code == 401
    assert everything() == before


def test_what_an_admin_does_half_a_day_after_the_sign_in_is_asked_again(make, browse, time):
    ada = make.person()
    client = browse(make.admin())
    time.pass_(hours=13)
    assert client.get("/admin/teams").headers["Location"] == "/sign-in?again=1&next=/admin/teams"
    answer = client.post(f"/admin/people/{ada.id}/role", data={"role": "admin"})
    assert answer.status_code == 403 and "sign in once more" in answer.text and person(ada).role == "requester"
    assert client.get("/me").status_code == 200


@pytest.mark.parametrize("path", ["/admin/people/9007199254740990", "/admin/people/99999999999999999999", "/admin/teams/77", "/admin/circles/77"])
def test_what_is_not_there_is_not_found(make, browse, path):
    assert browse(make.admin()).get(path).status_code == 404


@pytest.mark.parametrize("path", ["/admin/people/77/role", "/admin/people/77/off", "/admin/people/77/link", "/admin/people/77/teams",
                                  "/admin/teams/77/members", "/admin/circles/77/members"])
def test_nothing_is_done_to_what_is_not_there(make, browse, path):
    admin = make.admin("Root")
    answer = browse(admin).post(path, data={"role": "agent", "team": "1", "who": admin.handle})
    assert answer.status_code == 404 and count(Event) == 0


# --- admin: people

def test_an_admin_adds_a_person_once_however_often_it_is_sent(make, browse):
    client = browse(make.admin())
    data = {"email": "ada.king@example.org", "role": "agent", "key": "k1"}
    first = client.post("/admin/people", data=data)
    ada = queries.person_by_email("ada.king@example.org")
    assert (ada.name, ada.role) == ("Ada King", "agent") and first.headers["Location"] == f"/admin/people/{ada.id}"
    assert client.post("/admin/people", data=data).headers["Location"] == first.headers["Location"]
    assert client.post("/admin/people", data=data, headers=HTMX).headers["HX-Redirect"] == first.headers["Location"]
    assert client.post("/admin/people", data=data | {"key": "k2"}).status_code == 409 and count(Person) == 2
    assert client.post("/admin/people", data=data | {"email": "b@example.org"}).status_code == 409


def test_a_person_is_found_by_name_handle_or_address(make, browse):
    client = browse(make.admin("Root"))
    make.person("Zoë Øst", email="z.oest@example.org"), make.person("Gone", state="off"), make.person("Known", state="imported")
    for typed, found in (("zo", ["Zoë Øst"]), ("z.oe", ["Zoë Øst"]), ("", ["Gone", "Known", "Root", "Zoë Øst"]), ("nobody", [])):
        page = client.get("/admin/people", query_string={"q": typed}, headers=HTMX).text
        assert re.findall(r'row-title" href="/admin/people/\d+">([^<]*)<', page) == found


def both_twice(client, path, data, leads_to):
    """A deed as form and as fragment, each twice."""
    for _ in range(2):
        plain = client.post(path, data=data)
        assert (plain.status_code, plain.headers["Location"]) == (303, leads_to), plain.text
        fragment = client.post(path, data=data, headers=HTMX)
        assert fragment.status_code == 200 and "<html" not in fragment.text


def test_a_role_is_given_and_stands_in_the_ledger_once(make, browse):
    ada, root = make.person(), make.admin()
    both_twice(browse(root), f"/admin/people/{ada.id}/role", {"role": "agent"}, f"/admin/people/{ada.id}")
    assert person(ada).role == "agent"
    event = db.session.scalars(sa.select(Event)).one()
    assert (event.verb, event.actor_id, event.ref_id, event.before, event.after) == ("role_changed", root.id, ada.id, "requester", "agent")


def test_the_last_admin_stays(make, browse):
    root = make.admin("Root")
    client = browse(root)
    assert "is the only admin" in client.post(f"/admin/people/{root.id}/role", data={"role": "agent"}).text
    assert client.post(f"/admin/people/{root.id}/off").status_code == 409
    assert person(root).role == "admin" and person(root).state == "active" and count(Event) == 0
    make.admin("Second")
    assert client.post(f"/admin/people/{root.id}/role", data={"role": "agent"}).status_code == 303


def test_switching_a_person_off_ends_sessions_and_devices_and_keeps_the_rest(make, browse):
    ada = make.person("Ada", email="ada@example.org")
    theirs = browse(ada)
    with transaction():
        db.session.add(Device(person_id=ada.id, endpoint_hash="x", endpoint="https://push.example", p256dh="", auth="", made_at=now(), last_seen_at=now()))
    client = browse(make.admin())
    both_twice(client, f"/admin/people/{ada.id}/off", {}, f"/admin/people/{ada.id}")
    assert theirs.get("/me/epoch").status_code == 401
    assert count(Session, Session.person_id == ada.id) == 0 and count(Device) == 0 and count(Event, Event.verb == "switched_off") == 1
    assert "No longer here" in client.get("/@ada").text
    both_twice(client, f"/admin/people/{ada.id}/off/remove", {}, f"/admin/people/{ada.id}")
    assert person(ada).state == "active" and theirs.get("/me/epoch").status_code == 401


def test_an_admin_hands_out_a_sign_in_link(make, browse):
    ada = make.person()
    client = browse(make.admin())
    for headers in ({}, HTMX):
        page = client.post(f"/admin/people/{ada.id}/link", headers=headers).text
        link = re.search(r"http://127\.0\.0\.1:8000(/link/[\w-]+)", page)[1]
        theirs = browse()
        assert theirs.post(link).status_code == 303 and theirs.get("/me/epoch").json["person"] == ada.id
    assert count(Event, Event.verb == "link_made", Event.ref_id == ada.id) == 2
    assert "/link/" not in client.get(f"/admin/people/{ada.id}").text.replace(f"/admin/people/{ada.id}/link", "")


def test_no_link_is_given_into_a_confidential_team_one_is_not_in(make, browse):
    hr = make.team("HR", confidential=True)
    hana = make.agent("Hana", teams=[hr])
    answer = browse(make.admin()).post(f"/admin/people/{hana.id}/link")
    assert answer.status_code == 403 and "confidential team" in answer.text and count(Event) == 0
    assert browse(make.admin(teams=[hr])).post(f"/admin/people/{hana.id}/link").status_code == 200


def test_no_link_is_made_for_who_has_no_sign_in(make, browse):
    known = add("known@example.org", "Known", state="imported")
    answer = browse(make.admin()).post(f"/admin/people/{known.id}/link")
    assert answer.status_code == 409 and "has no sign-in" in answer.text and count(Event) == 0


# --- admin: teams and circles

def test_an_admin_makes_teams_and_fills_them(make, browse):
    ada = make.agent("Ada", email="ada@example.org")
    client = browse(make.admin())
    made = client.post("/admin/teams", data={"name": "HR", "confidential": "1", "key": "k"})
    team = queries.team_by_name("hr")
    assert team.confidential and made.headers["Location"] == f"/admin/teams/{team.id}"
    assert client.post("/admin/teams", data={"name": "HR", "confidential": "1", "key": "k"}, headers=HTMX).status_code == 204
    for who in ("ada", "@ADA", "ada@example.org"):
        both_twice(client, f"/admin/teams/{team.id}/members", {"who": who}, f"/admin/teams/{team.id}")
    assert make.viewer(ada).team_ids == {team.id} and count(Event, Event.verb == "team_joined") == 1
    both_twice(client, f"/admin/teams/{team.id}/members/{ada.id}/remove", {}, f"/admin/teams/{team.id}")
    assert make.viewer(ada).team_ids == frozenset() and count(Event, Event.verb == "team_left") == 1
    assert count(Team) == 1


def test_a_team_is_joined_from_the_persons_page_too(make, browse):
    ada, team = make.agent(), make.team("Network")
    client = browse(make.admin())
    assert "Network" in client.get(f"/admin/people/{ada.id}").text
    both_twice(client, f"/admin/people/{ada.id}/teams", {"team": team.id}, f"/admin/people/{ada.id}")
    assert make.viewer(ada).team_ids == {team.id}
    both_twice(client, f"/admin/people/{ada.id}/teams/{team.id}/remove", {}, f"/admin/people/{ada.id}")
    assert make.viewer(ada).team_ids == frozenset()


def test_an_admin_does_not_add_themselves_to_a_confidential_team(make, browse):
    root, hr, network = make.admin("Root"), make.team("HR", confidential=True), make.team("Network")
    client = browse(root)
    for path, data in ((f"/admin/teams/{hr.id}/members", {"who": root.handle}), (f"/admin/people/{root.id}/teams", {"team": hr.id})):
        answer = client.post(path, data=data)
        assert answer.status_code == 403 and "nobody adds themselves" in answer.text
    assert count(TeamMember) == 0 and count(Event) == 0
    assert client.post(f"/admin/teams/{network.id}/members", data={"who": root.handle}).status_code == 303


@pytest.mark.parametrize("who", ["", "nobody", "nobody@example.org", "%", "\x00"])
def test_a_member_nobody_knows_is_said(make, browse, who):
    team = make.team()
    answer = browse(make.admin()).post(f"/admin/teams/{team.id}/members", data={"who": who})
    assert answer.status_code == 404 and "Nobody here has this handle" in answer.text and count(TeamMember) == 0


@pytest.mark.parametrize("path", ["/admin/teams", "/admin/circles"])
def test_a_group_without_a_name_is_not_made(make, browse, path):
    client = browse(make.admin())
    assert "There is no name yet" in client.post(path, data={"name": " "}).text
    assert client.post(path, data={"name": "x" * 61}, headers=HTMX).status_code == 422


def test_an_admin_makes_circles_and_fills_them(make, browse):
    ada = make.person("Ada")
    client = browse(make.admin())
    data = {"name": "Pilot group", "join": "invite", "key": "k"}
    assert client.post("/admin/circles", data=data).headers["Location"] == client.post("/admin/circles", data=data).headers["Location"]
    circle = queries.circle_by_slug("pilot-group")
    assert circle.join == "invite"
    both_twice(client, f"/admin/circles/{circle.id}/members", {"who": "ada"}, f"/admin/circles/{circle.id}")
    assert make.viewer(ada).circle_ids == {circle.id}
    both_twice(client, f"/admin/circles/{circle.id}/members/{ada.id}/remove", {}, f"/admin/circles/{circle.id}")
    assert make.viewer(ada).circle_ids == frozenset()
    assert "Pilot group" in client.get("/admin/circles").text


def test_dead_work_is_listed_and_gets_another_life(make, browse):
    client = browse(make.admin())
    assert "Nothing failed for good" in client.get("/admin/jobs").text
    with transaction():
        db.session.add(Job(lane="soon", kind="thumbnail", ref_id=7, run_at=now(), attempts=8, state="dead", error_class="TimeoutError"))
    job_id = db.session.scalar(sa.select(Job.id).where(Job.kind == "thumbnail"))
    page = client.get("/admin/jobs").text
    assert "thumbnail" in page and "TimeoutError" in page and "8 attempts" in page
    both_twice(client, f"/admin/jobs/{job_id}/retry", {}, "/admin/jobs")
    job = db.session.get(Job, job_id, populate_existing=True)
    assert (job.state, job.attempts) == ("due", 0)


# --- how often is too often

def test_a_bucket_runs_out_and_fills_up_again(make, time):
    ada = make.person()
    time.stop(2030, 5, 6, 12, 0)
    for _ in range(throttle_actions.LIMITS["push-test"][0]):
        throttle_actions.spend("push-test", ada.id)
    with pytest.raises(TooMany, match=r"^Many tests at once\. The next one can go in (a minute|\d)") as refused:
        throttle_actions.spend("push-test", ada.id)
    assert 60 <= refused.value.retry_after <= 180
    throttle_actions.spend("push-test", ada.id + 1)
    time.pass_(seconds=refused.value.retry_after)
    throttle_actions.spend("push-test", ada.id)


def test_a_deed_that_is_refused_costs_nothing_and_one_token_is_one_token(make, time):
    time.stop(2030, 5, 6, 12, 0)
    with pytest.raises(Invalid), transaction():
        throttle_actions.spend("post", 1)
        raise Invalid("no")
    assert count(Throttle) == 0
    with transaction():
        throttle_actions.spend("post", 1)
        throttle_actions.spend("post", 1)
    assert db.session.scalar(sa.select(Throttle.tokens)) == throttle_actions.LIMITS["post"][0] - 2


def test_a_clock_set_back_neither_locks_nor_fills(make, time):
    time.stop(2030, 5, 6, 12, 0)
    throttle_actions.spend("mail", "x")
    time.stop(2029, 1, 1, 0, 0)
    throttle_actions.spend("mail", "x")
    assert db.session.scalar(sa.select(Throttle.tokens)) == 3


@pytest.mark.parametrize("settings_given", [{"SOCIALDESK_LIMITS": "off"}])
def test_without_limits_nothing_is_counted(make):
    for _ in range(50):
        throttle_actions.spend("push-test", 1)
    assert count(Throttle) == 0


# --- mail

class Server(socketserver.ThreadingTCPServer):
    """A mail server of the loopback: answers by table, keeps what it is given."""

    allow_reuse_address = daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mails, self.answers, self.says = [], {}, []
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


class _Talk(socketserver.StreamRequestHandler):
    def handle(self):
        self.say(b"220 test")
        while line := self.rfile.readline().decode("utf-8", "replace").strip():
            word = line.split()[0].upper()
            self.server.says.append(line)
            answer = self.server.answers.get(word)
            if answer:
                self.say(answer)
            elif word == "EHLO":
                self.say(b"250-test\r\n250 AUTH PLAIN")
            elif word == "DATA":
                self.say(b"354 go on")
                self.take()
            elif word == "QUIT":
                return self.say(b"221 bye")
            else:
                self.say(b"235 ok" if word == "AUTH" else b"250 ok")

    def take(self):
        lines = iter(self.rfile.readline, b".\r\n")
        self.server.mails.append(b"".join(lines).decode())
        self.say(self.server.answers.get("END", b"250 taken"))

    def say(self, answer):
        self.wfile.write(answer + b"\r\n")


@pytest.fixture
def mail_server():
    server = Server()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings_given(request):
    """With mail_server in a test, its desk mails through it."""
    if "mail_server" not in request.fixturenames:
        return {}
    port = request.getfixturevalue("mail_server").server_address[1]
    return {"SOCIALDESK_SMTP_URL": f"smtp://desk:p%40ss@127.0.0.1:{port}", "SOCIALDESK_MAIL_FROM": "The desk <desk@example.org>"}


def write(viewer, subject="Hello", body="Grüße\n", **more):
    with transaction():
        return mail_actions.queue_mail(viewer.id, subject, body, **more).id


def state_of(mail_id):
    mail = db.session.get(Mail, mail_id, populate_existing=True)
    db.session.rollback()
    return mail


def test_a_mail_goes_out_and_its_text_goes_from_the_desk(mail_server, make):
    ada = make.person("Ada Çelik", email="ada@example.org")
    mail_id = write(ada, subject="Your\r\nBcc: eve@example.org code")
    run_due()
    text = mail_server.mails[0]
    assert "To: Ada =?utf-8?q?=C3=87elik?= <ada@example.org>" in text and "From: The desk <desk@example.org>" in text
    assert "Auto-Submitted: auto-generated" in text and "Subject: Your Bcc: eve@example.org code" in text
    assert "Message-ID: <" in text and "Date: " in text and not re.search(r"^Bcc:", text, re.M)
    assert [line for line in mail_server.says if line.lower().startswith("rcpt")] == ["rcpt TO:<ada@example.org>"]
    assert any(line.startswith("AUTH PLAIN") for line in mail_server.says)
    mail = state_of(mail_id)
    assert (mail.state, mail.body, mail.subject) == ("sent", "", "(sent)") and count(Job) == 0


def test_many_mails_go_by_one_connection(mail_server, make):
    for _ in range(3):
        write(make.person())
    run_due()
    assert len(mail_server.mails) == 3 and sum(line.lower().startswith("ehlo") for line in mail_server.says) == 1


def test_a_mail_server_that_is_busy_is_asked_again_with_the_same_message_id(mail_server, make, time):
    mail_id = write(make.person())
    mail_server.answers["END"] = b"451 later"
    run_due()
    assert state_of(mail_id).state == "due" and count(Job, Job.state == "due") == 1
    del mail_server.answers["END"]
    time.pass_(minutes=1)
    run_due()
    ids = {re.search("Message-ID: (.*)", mail)[1].strip() for mail in mail_server.mails}
    assert state_of(mail_id).state == "sent" and len(mail_server.mails) == 2 and len(ids) == 1


@pytest.mark.parametrize("word", ["RCPT", "MAIL", "END"])
def test_a_mail_refused_for_good_is_not_sent_again_and_holds_up_no_other(mail_server, make, word):
    mail_server.answers[word] = b"550 no such person"
    mail_id = write(make.person())
    run_due()
    mail = state_of(mail_id)
    assert (mail.state, mail.body) == ("failed", "") and count(Job) == 0
    del mail_server.answers[word]
    other = write(make.person())
    run_due()
    assert state_of(other).state == "sent"


def test_a_wrong_password_at_the_mail_server_loses_no_mail(mail_server, make, time):
    mail_id = write(make.person())
    mail_server.answers["AUTH"] = b"535 no"
    run_due()
    assert state_of(mail_id).state == "due"
    del mail_server.answers["AUTH"]
    time.pass_(minutes=1)
    run_due()
    assert state_of(mail_id).state == "sent"


def test_a_mail_server_that_is_away_loses_no_mail(mail_server, make, time):
    mail_id = write(make.person())
    mail_server.shutdown()
    mail_server.server_close()
    run_due()
    assert state_of(mail_id).state == "due" and db.session.scalar(sa.select(Job.error_class)) == "ConnectionRefusedError"


def test_a_mail_that_came_too_late_is_not_sent(mail_server, make, time):
    mail_id = write(make.person(), expires_at=now())
    run_due()
    assert mail_server.mails == [] and state_of(mail_id).state == "failed" and state_of(mail_id).body == ""


def test_nobody_who_is_switched_off_gets_mail(mail_server, make):
    with transaction():
        gone = actions.add_person("gone@example.org", "Gone", state="off")
    write(gone)
    run_due()
    assert mail_server.mails == []


def test_an_address_beyond_ascii_fails_alone(mail_server, make):
    odd, fine = write(make.person(email="grüße@example.org")), write(make.person())
    run_due()
    assert (state_of(odd).state, state_of(fine).state) == ("failed", "sent")


def test_the_code_arrives(mail_server, make, browse):
    make.admin()
    make.person("Ada", email="ada@example.org")
    client = browse()
    assert "Mail me a code" in client.get("/sign-in").text
    client.post("/sign-in/mail", data={"email": "ada@example.org"})
    assert "is on its way" in client.get("/sign-in/code").text
    run_due()
    code = re.search(r"Subject: (\d{4} \d{4}) is your", mail_server.mails[0])[1]
    assert client.post("/sign-in", data={"email": "ada@example.org", "code": code}).status_code == 303


def test_without_a_mail_server_mail_waits(make, time):
    mail_id = write(make.person())
    run_due()
    assert state_of(mail_id).state == "due" and state_of(mail_id).body == "Grüße\n"
    assert db.session.execute(sa.select(Job.state, Job.attempts)).one() == ("due", 0)


# --- people from a file

def lines(text):
    return text.strip("\n").splitlines(keepends=True)


PEOPLE = """
email,name,handle,role,team,tz,lang
ada@example.org,Ada Lovelace,ada,agent,Network,Europe/London,en
ben@example.org,"Okoro, Ben"
cleo@example.org,Cleo,,requester,,,de
"""


def test_people_come_in_and_a_repeat_changes_nothing(desk):
    assert import_people(lines(PEOPLE)) == (3, 0, [])
    assert import_people(lines(PEOPLE)) == (0, 3, [])
    ada = queries.person_by_handle("ada")
    assert (ada.name, ada.role, ada.tz, ada.state) == ("Ada Lovelace", "agent", "Europe/London", "active")
    assert queries.person_by_email("ben@example.org").handle == "ben" and queries.person_by_email("cleo@example.org").lang == "de"
    assert count(TeamMember) == 1 and count(Team) == 1 and count(Event) == 0


def test_a_changed_row_changes_the_person(desk):
    import_people(lines(PEOPLE))
    assert import_people(["email,name,role,team\n", "ben@example.org,Ben Okoro,agent,Network\n"]) == (1, 0, [])
    ben = queries.person_by_email("ben@example.org")
    assert (ben.name, ben.role, ben.handle) == ("Ben Okoro", "agent", "ben") and count(TeamMember) == 2


def test_a_file_without_a_first_row_of_names_is_read_in_order(desk):
    assert import_people(["ada@example.org,Ada\n", "\n", "ben@example.org,Ben,benny\n"]) == (2, 0, [])
    assert queries.person_by_handle("benny").name == "Ben"


def test_a_file_with_semicolons_and_other_columns_is_read_too(desk):
    assert import_people(["\ufeffName;E-Mail;email\n", "Ada;x;ada@example.org\n"]) == (1, 0, [])
    assert queries.person_by_email("ada@example.org").name == "Ada"


@pytest.mark.parametrize("row, told", [
    ("no-address,Ada", "does not look like"), (",Ada", "no e-mail address"), ("x@example.org,", "no name yet"), ("x@example.org,X,ada", "handle @ada is taken"),
    ("x@example.org,X,,boss", "A role is"), ("x@example.org,X,,,,Moon", "time zone"), ("x@example.org,X,,,,,xx-yy-zz-aa", "language"),
    ('x@example.org,"X', "quotation mark"), ("x@example.org,X,,,,,,more", "8 fields"), ("x@example.org,\udce9", "not UTF-8"),
    ("x@example.org," + "x" * 3000, "at most 2000"), ("x@example.org,X\x00", "not UTF-8")])
def test_a_bad_row_is_told_with_its_line_and_the_good_ones_go_in(desk, row, told):
    text = ["email,name,handle,role,team,tz,lang\n", "ada@example.org,Ada,ada\n", row + "\n", "ben@example.org,Ben\n"]
    added, unchanged, bad = import_people(text)
    assert (added, unchanged, [line for line, _ in bad]) == (2, 0, [3]) and told in bad[0][1]
    assert count(Person) == 2


def test_a_bad_row_leaves_nothing_half_done(desk):
    import_people(["ada@example.org,Ada\n"])
    import_people(["ada@example.org,Ada Changed,,,\n".replace(",,,", ",bad handle,,")])
    assert queries.person_by_email("ada@example.org").name == "Ada"


def test_a_trial_run_answers_the_same_and_keeps_nothing(desk):
    assert import_people(lines(PEOPLE), dry_run=True) == (3, 0, []) and count(Person) == 0
    assert import_people(lines(PEOPLE)) == (3, 0, [])


def test_an_import_takes_no_admins_role(make):
    root = make.admin("Root", email="root@example.org")
    _, _, bad = import_people(["root@example.org,Root,,requester\n"])
    assert "is an admin" in bad[0][1] and person(root).role == "admin"


def test_somebody_known_from_tickets_gets_a_sign_in_by_import(desk):
    with transaction():
        actions.add_person("ada@example.org", "ada", state="imported")
    assert import_people(["ada@example.org,Ada Lovelace\n"]) == (1, 0, [])
    assert queries.person_by_email("ada@example.org").state == "active"


def test_people_come_in_by_the_hundred(desk):
    rows = [f"p{n}@example.org,Ada Number{n}\n" for n in range(450)]
    assert import_people(rows) == (450, 0, []) and count(Person) == 450
    assert count(Person, Person.handle.like("ada%")) == 450


# --- secrets

def test_a_password_hash_fits_only_its_password():
    kept = secret_checker.hash_password("ﬁne words here")
    assert secret_checker.is_password(kept, "fine words here") and not secret_checker.is_password(kept, "fine words")
    assert not secret_checker.is_password(None, "x") and not secret_checker.is_password("no hash", "x")


def test_only_so_many_hashes_are_computed_at_a_time(monkeypatch):
    monkeypatch.setattr(secret_checker, "WAIT_SECONDS", 0.01)
    from socialdesk.errors import Unavailable
    held = [secret_checker._gate.acquire(timeout=1) for _ in range(secret_checker.AT_ONCE)]
    try:
        with pytest.raises(Unavailable, match="signing in at once"):
            secret_checker.hash_password("x")
    finally:
        for _ in held:
            secret_checker._gate.release()


def test_jobs_know_the_handlers_of_this_room():
    assert {"mail", "sign-in-mail", "sign-in-cleanup"} <= set(jobs._handlers)
