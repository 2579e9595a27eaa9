"""Push: who rings, what it says, and what becomes of each answer of a push service."""
import base64
import json
import logging
import time as clock
from datetime import timedelta

import pytest
import sqlalchemy as sa

from socialdesk import jobs
from socialdesk.db import db, transaction
from socialdesk.notifications import actions, push_delivery, round_delivery
from socialdesk.notifications.delivery import Answer, payload_of, wait_of
from socialdesk.notifications.models import Delivery, Device, Notification, Told
from socialdesk.notifications.service_delivery import services
from socialdesk.people.models import Session
from socialdesk.posts import access_actions, answer_actions, thread_actions
from socialdesk.tickets import actions as tickets

from .conftest import HTMX, run_due
from .phones import phone, service, settings_given  # noqa: F401

DISCREET = "Something changed in one of your tickets."


def say(make, root, author, **more):
    """A reply, told at once."""
    post = make.reply(root, author, **more)
    run_due()
    return post


def move(ticket, agent, status, sentence="So it is.", **more):
    """A change of state, told at once."""
    with transaction():
        tickets.change_status(ticket.id, agent, status, sentence, **more)
    run_due()


def states():
    """How each delivery stands, in order."""
    return list(db.session.scalars(sa.select(Delivery.state).order_by(Delivery.id)))


def device(phone):
    """The row of a phone."""
    db.session.rollback()
    return db.session.get(Device, phone.id, populate_existing=True)


# --- who rings

def test_a_reply_reaches_the_phone_of_who_asked_and_not_of_who_wrote(make, phone):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    mine, theirs = phone(ada), phone(tomasz)
    say(make, ticket, tomasz)
    assert mine.bodies == [DISCREET] and theirs.bodies == []


def test_every_change_of_state_reaches_the_requester_and_those_added(make, phone):
    ada, ben, tomasz = make.person("Ada"), make.person("Ben"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    with transaction():
        access_actions.give_access(ticket.id, ada, ben.id)
    run_due()
    first, second, third = phone(ada), phone(ben), phone(tomasz)
    move(ticket, tomasz, "in_progress")
    move(ticket, tomasz, "on_hold", hold_reason="requester")
    move(ticket, tomasz, "resolved")
    assert len(first.told) == len(second.told) == 3 and third.told == []


def test_followers_of_a_question_hear_its_replies_unless_they_muted_it(make, phone):
    ada, ben, cleo, dora, emil = (make.person(name) for name in ("Ada", "Ben", "Cleo", "Dora", "Emil"))
    question = make.question(ada)
    for person, level in ((ben, "all"), (cleo, "mentions"), (dora, "muted")):
        with transaction():
            thread_actions.follow(question.id, person, level)
    phones = [phone(person) for person in (ada, ben, cleo, dora, emil)]
    say(make, question, emil)
    assert [one.bodies for one in phones] == [["Emil answered your question. “Have you tried the other cable?”"],
                                              ["Emil replied. “Have you tried the other cable?”"], [], [], []]


def test_who_follows_for_mentions_alone_is_told_when_named(make, phone):
    ada, cleo = make.person("Ada"), make.person("Cleo")
    question = make.question(ada)
    with transaction():
        thread_actions.follow(question.id, cleo, "mentions")
    hers = phone(cleo)
    say(make, question, make.person("Ben"), body=f"Ask @{cleo.handle}")
    assert hers.bodies == ["Ben mentioned you. “Ask @cleo”"]


def test_a_mention_grants_nothing_and_tells_only_who_may_read_it(make, phone):
    ada, ben, tomasz = make.person("Ada"), make.person("Ben"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    outside, colleague = phone(ben), phone(tomasz)
    say(make, ticket, ada, body=f"@{ben.handle} and @{tomasz.handle} know it")
    assert outside.told == [] and colleague.bodies == ["Somebody mentioned you."]


def test_the_new_assignee_is_told_and_who_takes_a_ticket_is_not(make, phone):
    tomasz, priya = make.agent("Tomasz"), make.agent("Priya")
    ticket = make.ticket()
    first, second = phone(tomasz), phone(priya)
    with transaction():
        tickets.take(ticket.id, tomasz)
    run_due()
    with transaction():
        tickets.assign(ticket.id, tomasz, priya.id)
    run_due()
    assert first.told == [] and second.bodies == ["A ticket was given to you."]


def test_the_assignee_hears_the_answer_of_the_requester_once(make, phone):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    with transaction():
        tickets.take(ticket.id, tomasz)
    move(ticket, tomasz, "on_hold", hold_reason="requester")
    his = phone(tomasz)
    say(make, ticket, ada)                               # it also brings the ticket back to In Progress
    assert his.bodies == [DISCREET]


def test_a_note_reaches_agents_alone(make, phone):
    ada, tomasz, priya = make.person("Ada"), make.agent("Tomasz"), make.agent("Priya")
    ticket = make.ticket(ada)
    with transaction():
        thread_actions.follow(ticket.id, ada)
        tickets.assign(ticket.id, priya, tomasz.id)
    run_due()
    hers, his = phone(ada), phone(tomasz)
    say(make, ticket, priya, body=f"A hunch, @{ada.handle}", note=True)
    assert hers.told == [] and len(his.told) == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Notification).where(Notification.person_id == ada.id)) == 0


def test_an_agent_who_asked_does_not_hear_notes_of_a_confidential_team_about_it(make, phone):
    hr = make.team("HR", confidential=True)
    ada, hanna = make.agent("Ada"), make.agent("Hanna", teams=[hr])
    ticket = make.ticket(ada, team_id=hr.id)
    run_due()
    hers = phone(ada)
    say(make, ticket, hanna, body=f"Careful with @{ada.handle}", note=True)
    assert hers.told == []


def test_muting_silences_all_but_what_waits_for_the_person(make, phone):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    with transaction():
        thread_actions.follow(ticket.id, ada, "muted")
    hers = phone(ada)
    say(make, ticket, tomasz)
    move(ticket, tomasz, "in_progress")
    assert hers.told == []
    move(ticket, tomasz, "on_hold", hold_reason="requester")
    assert len(hers.told) == 1


def test_what_does_not_wait_for_anybody_rings_no_phone(make, phone):
    ada, ben = make.person("Ada"), make.person("Ben")
    team = make.team()
    member = make.agent("Mona", teams=[team])
    question = make.question(ada)
    answer = make.reply(question, ben)
    run_due()
    phones = [phone(ben), phone(member)]
    with transaction():
        answer_actions.accept(answer.id, ada)
    make.ticket(ada, team_id=team.id)
    run_due()
    assert [one.told for one in phones] == [[], []]
    lines = db.session.execute(sa.select(Notification.person_id, Notification.relation)).all()
    assert (ben.id, "writer") in lines and (member.id, "team") in lines


def test_a_held_reply_rings_only_after_its_hold(make, phone, time):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    hers = phone(ada)
    say(make, ticket, tomasz, hold_seconds=10)
    assert hers.told == []
    time.pass_(seconds=11)
    run_due()
    assert len(hers.told) == 1


def test_somebody_imported_or_switched_off_is_not_told(make, phone):
    ada, ben = make.person("Ada"), make.person("Ben", state="imported")
    question = make.question(ada)
    with transaction():
        db.session.execute(sa.text("INSERT INTO follow (root_id, person_id, level) VALUES (:root, :person, 'all')"),
                           {"root": question.id, "person": ben.id})
    say(make, question, make.person())
    assert db.session.scalars(sa.select(Notification.person_id)).all() == [ada.id]


# --- what it says

def test_the_message_is_declarative_and_its_headers_are_those_of_a_timely_push(make, phone, time):
    time.stop()
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    hers = phone(ada)
    say(make, ticket, tomasz)
    message = json.loads(hers.device.messages()[0])
    notification = db.session.scalars(sa.select(Notification)).one()
    assert message == {"web_push": 8030, "app_badge": 1, "notification": {
        "title": "SocialDesk", "body": DISCREET, "navigate": f"http://127.0.0.1:8000/p/{ticket.id}", "tag": f"thread-{ticket.id}",
        "lang": "en", "silent": False, "app_badge": 1,
        "actions": [{"action": "reply", "title": "Reply", "navigate": f"http://127.0.0.1:8000/p/{ticket.id}#say"}],
        "data": {"id": f"{notification.id}.1", "lines": [notification.id]}}}
    headers = hers.posts[0].headers
    assert headers["ttl"] == "86400" and headers["urgency"] == "high" and len(headers["topic"]) == 24


def test_one_thread_has_one_topic_and_tag_and_another_person_another_topic(make, phone):
    ada, ben, tomasz = make.person("Ada"), make.person("Ben"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    with transaction():
        access_actions.give_access(ticket.id, ada, ben.id)
    run_due()
    first, second = phone(ada), phone(ben)
    say(make, ticket, tomasz)
    say(make, ticket, tomasz, body="And one thing more.")
    assert len({post.headers["topic"] for post in first.posts}) == 1
    assert first.posts[0].headers["topic"] != second.posts[0].headers["topic"]
    assert [notice["tag"] for notice in first.told] == [f"thread-{ticket.id}"] * 2
    assert [notice["data"]["id"].partition(".")[2] for notice in first.told] == ["1", "2"]


def test_nothing_private_stands_on_a_locked_phone(make, phone):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada, body="My salary slip shows Mallory's amount.")
    hers = phone(ada)
    say(make, ticket, tomasz, body="Mallory will be told.")
    text = hers.device.messages()[0].decode()
    assert not any(word in text for word in ("salary", "Mallory", "Tomasz"))


def test_who_chose_so_reads_title_and_text_on_the_locked_phone(make, phone, browse):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada, body="My screen stays black.")
    hers = phone(ada)
    browse(ada).post("/me/notifications/lock-screen", data={"lock_private": "full"})
    say(make, ticket, tomasz, body="Have you tried **the other** cable?")
    move(ticket, tomasz, "resolved", "The cable was loose.")
    assert [notice["title"] for notice in hers.told] == ["My screen stays black."] * 2
    assert hers.bodies == ["Tomasz replied. “Have you tried the other cable?”",
                           "Tomasz says it is fixed. Does it work? One more thing happened before. “The cable was loose.”"]


def test_a_confidential_ticket_stays_discreet_whatever_was_chosen(make, phone, browse):
    hr = make.team("HR", confidential=True)
    ada, hanna = make.person("Ada"), make.agent("Hanna", teams=[hr])
    ticket = make.ticket(ada, team_id=hr.id)
    hers = phone(ada)
    browse(ada).post("/me/notifications/lock-screen", data={"lock_screen": "full", "lock_private": "full"})
    say(make, ticket, hanna)
    assert hers.bodies == [DISCREET]


def test_a_name_left_out_stands_in_no_push(make, phone, browse):
    ada, ben = make.person("Adalbert"), make.person("Ben")
    question = make.question(ada, shown_as="Somebody from Sales")
    with transaction():
        thread_actions.follow(question.id, ben)
    his = phone(ben)
    browse(ben).post("/me/notifications/lock-screen", data={"lock_screen": "full"})
    say(make, question, ada, body="I mean both sides.")
    assert his.bodies == ["Somebody from Sales replied. “I mean both sides.”"]


def test_the_badge_counts_what_is_unread(make, phone):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    first, second = make.ticket(ada), make.ticket(ada)
    hers = phone(ada)
    for ticket in (first, first, second):
        say(make, ticket, tomasz, body="Look.")
    assert [notice["app_badge"] for notice in hers.told] == [1, 1, 2]


def test_a_payload_never_outgrows_what_push_services_take():
    payload = payload_of("t" * 90, "\N{ROLLING ON THE FLOOR LAUGHING}" * 3000, "http://desk.example.org/p/1", "thread-1", "1.1", 3)
    assert len(payload) <= 3000 and json.loads(payload)["notification"]["body"]


# --- one instead of five

def test_a_newer_telling_takes_the_place_of_one_that_waits(make, phone, time):
    time.stop(2026, 11, 21, 3, 0)                        # a Saturday night
    ada, tomasz = make.person("Ada", hours={"mon": [["08:00", "18:00"]]}, tz="Europe/Berlin"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    hers = phone(ada)
    for words in ("One.", "Two.", "Three."):
        say(make, ticket, tomasz, body=words)
    assert hers.told == []
    time.stop(2026, 11, 23, 6, 59)
    run_due()
    assert hers.told == []
    time.stop(2026, 11, 23, 7, 0)
    run_due()
    assert len(hers.told) == 1 and hers.told[0]["data"]["id"].endswith(".3")
    assert states() == ["dropped", "dropped", "sent"]


def test_what_was_read_meanwhile_does_not_ring(make, phone, time):
    time.stop(2026, 11, 21, 3, 0)
    ada, tomasz = make.person("Ada", hours={"mon": [["08:00", "18:00"]]}), make.agent("Tomasz")
    ticket = make.ticket(ada)
    hers = phone(ada)
    say(make, ticket, tomasz)
    with transaction():
        actions.read_thread(ada, ticket.id)
    time.pass_(days=3)
    run_due()
    assert hers.told == [] and states() == ["dropped"]


def test_rights_are_asked_again_when_it_is_sent(make, phone, time):
    time.stop(2026, 11, 21, 3, 0)
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ben = make.person("Ben", hours={"mon": [["08:00", "18:00"]]})
    ticket = make.ticket(ada)
    with transaction():
        access_actions.give_access(ticket.id, ada, ben.id)
    run_due()
    his = phone(ben)
    say(make, ticket, tomasz)
    with transaction():
        access_actions.take_access(ticket.id, ada, ben.id)
    time.pass_(days=3)
    run_due()
    assert his.told == [] and states() == ["dropped"]


def test_a_phone_whose_sign_in_ended_does_not_ring(make, phone):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    hers, other = phone(ada), phone(ada)
    with transaction():
        db.session.execute(sa.delete(Session).where(Session.public_id == device(hers).session_public_id))
    say(make, ticket, tomasz)
    assert hers.told == [] and len(other.told) == 1


# --- twice is once

def test_telling_again_doubles_nothing(make, phone):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    hers = phone(ada)
    say(make, ticket, tomasz)
    event_id = db.session.scalar(sa.select(sa.func.max(Told.event_id)).where(Told.person_id == ada.id))
    with transaction():
        actions.tell(event_id)
    run_due()
    assert len(hers.told) == 1
    assert db.session.scalars(sa.select(Notification.n)).all() == [1]


def test_many_followers_are_told_in_slices_each_once(make, phone, monkeypatch):
    monkeypatch.setattr(actions, "SLICE", 3)
    question = make.question(make.person())
    people = [make.person() for _ in range(8)]
    for person in people:
        with transaction():
            thread_actions.follow(question.id, person)
    phones = [phone(person) for person in people]
    say(make, question, make.person())
    assert [len(one.told) for one in phones] == [1] * 8
    assert states() == ["sent"] * 8
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Told)) == 9


def test_a_repeated_slice_does_nothing(make, phone, monkeypatch):
    monkeypatch.setattr(actions, "SLICE", 1)
    ada, ben = make.person(), make.person()
    question = make.question(ada)
    with transaction():
        thread_actions.follow(question.id, ben)
    his = phone(ben)
    slices = []
    run = jobs._handlers["tell_slice"].run
    monkeypatch.setitem(jobs._handlers, "tell_slice", jobs.Handler(lambda claimed: (slices.extend(claimed), run(claimed))[1], True))
    say(make, question, make.person())
    run(slices)
    run_due()
    assert [job.payload["part"] for job in slices] == [0, 1, 2] and len(his.told) == 1      # the last one is for who joins meanwhile


def test_a_send_that_could_not_be_written_down_is_repeated_under_the_same_id(make, phone, monkeypatch, time):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    hers = phone(ada)
    write, failed = push_delivery._write, []

    def fail_once(*given):
        if not failed:
            failed.append(True)
            raise OSError("the disk is full")
        return write(*given)
    monkeypatch.setattr(push_delivery, "_write", fail_once)
    logging.disable(logging.WARNING)
    say(make, ticket, tomasz)
    logging.disable(logging.NOTSET)
    time.pass_(minutes=1)
    run_due()
    assert len(hers.told) == 2 and len({notice["data"]["id"] for notice in hers.told}) == 1
    assert len({post.headers["topic"] for post in hers.posts}) == 1 and states() == ["sent"]


def test_more_than_may_be_in_flight_all_arrive(make, phone, monkeypatch):
    monkeypatch.setattr(round_delivery, "IN_FLIGHT", 4)
    monkeypatch.setattr(push_delivery, "CHUNK", 3)
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    phones = [phone(ada) for _ in range(10)]
    say(make, ticket, tomasz)
    assert [len(one.told) for one in phones] == [1] * 10


# --- what a push service answers

@pytest.fixture
def ticket_of(make, phone):
    """(ticket, agent, phone of its requester)"""
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    return make.ticket(ada), tomasz, phone(ada)


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_is_gone_is_switched_off(make, ticket_of, service, status):
    ticket, tomasz, hers = ticket_of
    service.answer_next(status)
    say(make, ticket, tomasz)
    say(make, ticket, tomasz, body="Still there?")
    assert device(hers).off_at is not None and states() == ["gone"] and len(service.posts) == 1


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refusal_of_our_key_keeps_the_device_and_alerts_the_operator(make, ticket_of, service, status, caplog):
    ticket, tomasz, hers = ticket_of
    service.answer_next(status)
    with caplog.at_level(logging.ERROR):
        say(make, ticket, tomasz)
    row = device(hers)
    assert row.off_at is None and row.failures == 1 and row.last_status == status and states() == ["dropped"]
    assert [record.message for record in caplog.records] == ["push refused"]
    say(make, ticket, tomasz, body="Again.")
    assert len(hers.told) == 1 and device(hers).failures == 0


def test_a_redirect_is_not_followed(make, ticket_of, service):
    ticket, tomasz, hers = ticket_of
    service.answer_next(307, location=hers.device.endpoint)
    say(make, ticket, tomasz)
    assert len(service.posts) == 1 and hers.told == [] and device(hers).off_at is None


def test_what_is_too_long_is_sent_again_shorter(make, ticket_of, service, browse):
    ticket, tomasz, hers = ticket_of
    hers.client.post("/me/notifications/lock-screen", data={"lock_screen": "full"})
    service.answer_next(413)
    say(make, ticket, tomasz)
    assert hers.bodies == [DISCREET] and states() == ["sent"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again_when_it_said(make, ticket_of, service, time, status):
    ticket, tomasz, hers = ticket_of
    service.answer_next(status, retry_after=120)
    time.stop()
    say(make, ticket, tomasz)
    time.pass_(seconds=115)
    run_due()
    assert hers.told == [] and states() == ["due"]
    time.pass_(seconds=10)
    run_due()
    assert len(hers.told) == 1 and states() == ["sent"]


def test_without_a_word_of_the_service_the_pause_grows(make, ticket_of, service, time):
    ticket, tomasz, hers = ticket_of
    service.answer_next(500, count=3)
    time.stop()
    say(make, ticket, tomasz)
    for pause in (8, 16, 31):
        assert hers.told == []
        time.pass_(seconds=pause)
        run_due()
    assert len(hers.told) == 1 and len(service.posts) == 4


def test_after_a_day_nobody_wants_it_any_more(make, ticket_of, service, time):
    ticket, tomasz, hers = ticket_of
    service.answer_next(503, retry_after=25 * 3600)
    say(make, ticket, tomasz)
    time.pass_(days=2)
    run_due()
    assert hers.told == [] and states() == ["dropped"] and db.session.scalar(sa.select(sa.func.count()).select_from(jobs.Job)) == 0


def test_a_service_that_keeps_failing_is_left_alone_for_a_while(make, phone, service):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    [phone(ada) for _ in range(10)]
    service.answer_next(503, count=10)
    for _ in range(5):
        services.note(service.origin, Answer(500), clock.monotonic())
    say(make, ticket, tomasz)
    assert service.posts == [] and states() == ["due"] * 10


def test_a_service_that_cannot_be_reached_is_tried_later(make, desk, browse, time):
    desk.config["SETTINGS"].push_hosts = ("http://127.0.0.1:9",)
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    subscription = {"endpoint": "http://127.0.0.1:9/away", "keys": KEYS}
    assert browse(ada).post("/me/devices", json=subscription).status_code == 201
    say(make, ticket, tomasz)
    assert states() == ["due"] and db.session.scalars(sa.select(Device.last_status)).all() == [0]


KEYS = {"p256dh": "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU", "auth": "AAECAwQFBgcICQoLDA0ODw"}


def test_a_host_no_longer_allowed_gets_nothing(make, ticket_of, service, desk, caplog):
    ticket, tomasz, hers = ticket_of
    desk.config["SETTINGS"].push_hosts = ()
    with caplog.at_level(logging.ERROR):
        say(make, ticket, tomasz)
    assert service.posts == [] and states() == ["dropped"] and "push refused" in caplog.messages


def test_a_routed_host_is_signed_for_under_its_own_name(make, browse, desk, service):
    """The endpoint is Google's; only where it is sent to is ours."""
    settings = desk.config["SETTINGS"]
    settings.push_route = {"jmt17.google.com": service.origin}
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    browse(ada).post("/me/devices", json={"endpoint": "https://jmt17.google.com/wpush/v2/unknown", "keys": KEYS})
    say(make, ticket, tomasz)
    post = service.posts[0]
    token = post.headers["authorization"].partition("t=")[2].split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(token + "=="))["aud"] == "https://jmt17.google.com"


def test_times_to_wait_are_read_as_seconds_or_date(time):
    time.stop(2026, 11, 21, 12, 0)
    assert wait_of("120") == 120 and wait_of("Sat, 21 Nov 2026 12:01:00 GMT") == 60
    assert wait_of("Sat, 21 Nov 2026 11:00:00 GMT") == 0 and wait_of("soon") is None and wait_of(None) is None
    assert wait_of("1e9") == timedelta(days=1).total_seconds() and wait_of("nan") is None


# --- jobs and the ledger hold no words

def test_neither_jobs_nor_deliveries_hold_a_word_of_what_was_said(make, phone, time):
    time.stop(2026, 11, 21, 3, 0)
    ada, tomasz = make.person("Ada", hours={"mon": [["08:00", "18:00"]]}), make.agent("Tomasz")
    ticket = make.ticket(ada, body="Sesame opens it.")
    phone(ada)
    say(make, ticket, tomasz, body="Sesame indeed.")
    rows = db.session.execute(sa.select(jobs.Job.kind, jobs.Job.payload)).all()
    assert [kind for kind, _ in rows] == ["push_rest"] and "Sesame" not in repr(rows) and sorted(rows[0].payload) == ["first", "last"]


def test_a_page_deed_rings_as_one_of_the_api_does(make, phone, browse, time):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    hers = phone(ada)
    assert browse(tomasz).post(f"/p/{ticket.id}/reply", data={"body": "On my way."}, headers=HTMX).status_code == 200
    assert run_due() and hers.told == []
    time.pass_(seconds=11)
    run_due()
    assert len(hers.told) == 1
