"""The inbox: what it says, to whom, how it counts, and what a person chooses."""
from datetime import datetime, timezone

import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.notifications import actions, device_actions, queries
from socialdesk.notifications.hours_checker import describe, next_start
from socialdesk.notifications.models import Notification, Told
from socialdesk.posts import access_actions, answer_actions, thread_actions
from socialdesk.tickets import actions as tickets

from .conftest import HTMX, run_due


def say(make, root, author, **more):
    post = make.reply(root, author, **more)
    run_due()
    return post


def move(ticket, agent, status, sentence="So it is.", **more):
    with transaction():
        tickets.change_status(ticket.id, agent, status, sentence, **more)
    run_due()


def inbox_of(person):
    """The sentences of a person's inbox, newest first."""
    db.session.rollback()
    return [line.sentence for line in queries.inbox_of(person).lines]


def needing(person):
    db.session.rollback()
    return [line.sentence for line in queries.waiting_of(person)]


# --- what it says

def test_the_states_of_a_ticket_are_told_as_one_would_say_them(make):
    ada, ben, tomasz = make.person("Ada"), make.person("Ben"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    with transaction():
        access_actions.give_access(ticket.id, ada, ben.id)
    run_due()
    told = []
    for status, more in (("in_progress", {}), ("on_hold", {"hold_reason": "requester"}), ("in_progress", {}),
                         ("on_hold", {"hold_reason": "supplier"}), ("resolved", {})):
        for person in (ada, ben):
            with transaction():
                actions.read_all(person)
        move(ticket, tomasz, status, **more)
        told.append((inbox_of(ada)[0], inbox_of(ben)[0], bool(needing(ada)), bool(needing(ben))))
    assert told == [
        ("Tomasz is working on it.", "Tomasz is working on it.", False, False),
        ("Tomasz needs an answer from you. It waits until then.", "Tomasz waits for an answer from the person who asked.", True, False),
        ("Tomasz is working on it.", "Tomasz is working on it.", False, False),
        ("It waits for a supplier now.", "It waits for a supplier now.", False, False),
        ("Tomasz says it is fixed. Does it work?", "Tomasz says it is fixed.", True, False)]


def test_a_ticket_that_closed_itself_says_why(make, time):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    move(ticket, tomasz, "resolved")
    with transaction():
        actions.read_all(ada)
    time.pass_(days=10)
    run_due(clockwork=True)
    assert inbox_of(ada)[0] == "It is done. Nobody objected, so it closed itself." and needing(ada) == []


def test_replies_mentions_notes_assignments_and_answers_each_have_their_words(make):
    ada, ben, tomasz, priya = make.person("Ada"), make.person("Ben"), make.agent("Tomasz"), make.agent("Priya")
    ticket, question = make.ticket(ada), make.question(ada)
    with transaction():
        tickets.assign(ticket.id, priya, tomasz.id)
    run_due()
    assert inbox_of(tomasz) == ["Priya gave it to you."] and needing(tomasz) == inbox_of(tomasz)
    with transaction():
        actions.read_all(tomasz)
    say(make, ticket, priya, note=True)
    assert inbox_of(tomasz)[0] == "Priya left a note for the desk." and needing(tomasz) == []
    say(make, ticket, priya, note=True, body=f"Look, @{tomasz.handle}")
    assert inbox_of(tomasz)[0] == "Priya mentioned you in a note for the desk. One more thing happened before."
    answer = say(make, question, ben)
    assert inbox_of(ada)[0] == "Ben answered your question."
    with transaction():
        answer_actions.accept(answer.id, ada)
    run_due()
    assert inbox_of(ben) == ["Ada says your answer helped."] and needing(ben) == []


def test_a_new_ticket_is_nice_to_know_for_its_team_and_silent_in_triage(make):
    team = make.team()
    ada, member, other = make.person("Ada"), make.agent("Mona", teams=[team]), make.agent("Olaf")
    make.ticket(ada, team_id=team.id)
    make.ticket(ada)
    run_due()
    assert inbox_of(member) == ["Ada asks your team."] and needing(member) == [] and inbox_of(other) == []


def test_a_ticket_moved_to_a_team_is_nice_to_know_for_its_members(make):
    team = make.team()
    tomasz, member = make.agent("Tomasz"), make.agent("Mona", teams=[team])
    ticket = make.ticket()
    with transaction():
        tickets.move(ticket.id, tomasz, team.id)
    run_due()
    assert inbox_of(member) == ["Tomasz moved it to your team."] and needing(member) == [] and inbox_of(tomasz) == []


def test_access_given_is_told_to_that_person_alone(make):
    ada, ben, cleo = make.person("Ada"), make.person("Ben"), make.person("Cleo")
    ticket = make.ticket(ada)
    for person in (ben, cleo):
        with transaction():
            access_actions.give_access(ticket.id, ada, person.id)
        run_due()
    assert inbox_of(ben) == inbox_of(cleo) == ["Ada added you, so you can read along."]


def test_one_thread_is_one_line_however_much_happens(make):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    for words in ("One.", "Two.", "Three."):
        say(make, ticket, tomasz, body=words)
    move(ticket, tomasz, "resolved")
    assert inbox_of(ada) == ["Tomasz says it is fixed. Does it work? 3 more things happened before."]
    assert queries.unread_count(ada) == 1
    with transaction():
        actions.read_thread(ada, ticket.id)
    say(make, ticket, tomasz, body="Four.")
    assert inbox_of(ada)[0] == "Tomasz replied." and len(inbox_of(ada)) == 2


def test_what_no_longer_waits_is_no_longer_under_needs_you(make):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    move(ticket, tomasz, "on_hold", hold_reason="requester")
    assert needing(ada)
    move(ticket, tomasz, "in_progress")
    assert needing(ada) == [] and queries.unread_count(ada) == 1


def test_nobody_is_told_of_their_own_deed(make):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada, body=f"I mention @{tomasz.handle}")
    say(make, ticket, ada)
    with transaction():
        tickets.take(ticket.id, tomasz)
    run_due()
    assert inbox_of(ada) == [] and inbox_of(tomasz)[-1].startswith(("Ada mentioned you.", "Ada replied."))


# --- who may read it

def test_a_name_left_out_stands_in_no_line(make):
    ada, ben = make.person("Adalbert"), make.person("Ben")
    question = make.question(ada, shown_as="Somebody from Sales")
    with transaction():
        thread_actions.follow(question.id, ben)
    say(make, question, ada, body="I mean both sides.")
    line = queries.inbox_of(ben).lines[0]
    assert line.sentence == "Somebody from Sales replied." and line.handle is None and "Adalbert" not in repr(line)


def test_a_thread_one_may_no_longer_see_is_neither_listed_nor_counted(make, browse):
    ada, ben, tomasz = make.person("Ada"), make.person("Ben"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    with transaction():
        access_actions.give_access(ticket.id, ada, ben.id)
    say(make, ticket, tomasz)
    assert queries.unread_count(ben) == 1
    with transaction():
        access_actions.take_access(ticket.id, ada, ben.id)
    assert inbox_of(ben) == [] and queries.unread_count(ben) == 0 and needing(ben) == []
    line_id = db.session.scalar(sa.select(Notification.id).where(Notification.person_id == ben.id))
    assert browse(ben).post(f"/inbox/{line_id}/read").status_code == 404


def test_a_note_in_the_inbox_is_gone_with_the_right_to_read_notes(make):
    hr = make.team("HR", confidential=True)
    ada, hanna, hugo = make.person("Ada"), make.agent("Hanna", teams=[hr]), make.agent("Hugo", teams=[hr])
    ticket = make.ticket(ada, team_id=hr.id)
    with transaction():
        tickets.assign(ticket.id, hanna, hugo.id)
    say(make, ticket, hanna, note=True)
    assert len(inbox_of(hugo)) == 1
    with transaction():
        db.session.execute(sa.text("DELETE FROM team_member WHERE person_id = :id"), {"id": hugo.id})
    assert inbox_of(make.viewer(hugo)) == [] and queries.unread_count(make.viewer(hugo)) == 0


def test_a_post_taken_back_before_it_was_told_is_told_to_nobody(make):
    from socialdesk.posts import text_actions
    ada, ben = make.person("Ada"), make.person("Ben")
    question = make.question(ada)
    reply = make.reply(question, ben)
    with transaction():
        text_actions.delete(reply.id, ben)
    run_due()
    assert inbox_of(ada) == []


# --- the page

def test_the_inbox_shows_what_needs_one_first(make, browse):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    fixed, other = make.ticket(ada, body="Screen is black."), make.ticket(ada, body="Mouse is gone.")
    move(fixed, tomasz, "resolved")
    move(other, tomasz, "in_progress")
    page = browse(ada).get("/inbox").text
    assert page.index("Needs you") < page.index("Screen is black") < page.index("Nice to know") < page.index("Mouse is gone")
    assert "Fixed, please check" in page and f'href="/p/{fixed.id}"' in page


def test_an_empty_inbox_says_so_kindly(make, browse):
    assert "Nothing here yet, and that is fine" in browse(make.person()).get("/inbox").text


def test_older_lines_come_by_cursor_each_once(make, browse):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    for n in range(5):
        make.reply(make.ticket(ada, body=f"Trouble {n}."), tomasz)
    run_due()
    titles, cursor = [], None
    while True:
        page = queries.inbox_of(ada, cursor, limit=2)
        titles += [line.title for line in page.lines]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(titles) == [f"Trouble {n}." for n in range(5)]
    client = browse(ada)
    assert client.get("/inbox?cursor=nonsense").status_code == 422
    assert client.get("/inbox?cursor=1.1", headers=HTMX).text.strip().count("<li") == 0


def test_the_inbox_as_a_fragment_is_one_element(make, browse):
    ada = make.person("Ada")
    say(make, make.ticket(ada), make.agent())
    text = browse(ada).get("/inbox", headers=HTMX).text.strip()
    assert text.startswith('<div class="stack roomy" id="inbox"') and "<html" not in text


@pytest.mark.parametrize("headers, status", [(HTMX, 200), ({}, 303)])
def test_a_line_and_all_lines_are_read_by_a_deed_twice_as_good_as_once(make, browse, headers, status):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    for _ in range(3):
        say(make, make.ticket(ada), tomasz)
    client = browse(ada)
    line = queries.inbox_of(ada).lines[0]
    for _ in range(2):
        assert client.post(f"/inbox/{line.id}/read", headers=headers).status_code == status
    assert queries.unread_count(ada) == 2
    for _ in range(2):
        assert client.post("/inbox/read", headers=headers).status_code == status
    assert queries.unread_count(ada) == 0


def test_reading_all_leaves_what_came_after_the_page(make, browse):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    say(make, make.ticket(ada), tomasz)
    seen = queries.inbox_of(ada).lines[0].event_id
    say(make, make.ticket(ada), tomasz)
    browse(ada).post("/inbox/read", data={"up_to": seen})
    db.session.rollback()
    assert queries.unread_count(ada) == 1


def test_a_line_of_another_person_is_not_there(make, browse):
    ada = make.person("Ada")
    say(make, make.ticket(ada), make.agent())
    line = queries.inbox_of(ada).lines[0]
    assert browse(make.person()).post(f"/inbox/{line.id}/read").status_code == 404
    assert queries.unread_count(ada) == 1


def test_the_bar_counts_to_a_hundred_and_no_further(make, browse):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    say(make, ticket, tomasz)
    event_id = db.session.scalar(sa.select(sa.func.max(Told.event_id)))
    with transaction():
        db.session.execute(sa.insert(Notification), [
            {"person_id": ada.id, "group_key": f"test:{n}", "root_id": ticket.id, "last_event_id": event_id, "relation": "requester",
             "n": 1, "needs_you": False, "at": ticket.made_at} for n in range(150)])
    assert queries.unread_count(ada) == 100 and "99+" in browse(ada).get("/inbox").text


def test_a_get_writes_nothing(make, browse):
    ada = make.person("Ada")
    say(make, make.ticket(ada), make.agent())
    client = browse(ada)
    for address in ("/inbox", "/me/notifications", "/me/devices"):
        assert client.get(address, headers=HTMX if address == "/me/devices" else {}).status_code == 200
    assert queries.unread_count(ada) == 1


# --- choices

@pytest.mark.parametrize("headers, status", [(HTMX, 200), ({}, 303)])
def test_what_a_locked_phone_shows_is_chosen(make, browse, headers, status):
    client = browse(make.person())
    for _ in range(2):
        assert client.post("/me/notifications/lock-screen", data={"lock_screen": "full"}, headers=headers).status_code == status
    assert 'value="full" checked' in client.get("/me/notifications").text
    assert client.post("/me/notifications/lock-screen", data={"lock_screen": "everything"}, headers=headers).status_code == 422
    assert 'value="full" checked' in client.get("/me/notifications").text


@pytest.mark.parametrize("headers, status", [(HTMX, 200), ({}, 303)])
def test_a_muted_thread_is_listed_and_heard_again(make, browse, headers, status):
    ada, ben = make.person("Ada"), make.person("Ben")
    question = make.question(ada, body="Why is the sky blue?")
    with transaction():
        thread_actions.follow(question.id, ben, "muted")
    client = browse(ben)
    assert "Why is the sky blue?" in client.get("/me/notifications").text
    assert client.post(f"/me/notifications/muted/{question.id}/remove", headers=headers).status_code == status
    assert "Nothing is muted" in client.get("/me/notifications").text


def test_the_page_says_when_the_phone_rings(make, browse):
    page = browse(make.person(hours={"mon": [["08:00", "18:00"]], "tue": [["08:00", "18:00"]]}, tz="Europe/Berlin")).get("/me/notifications").text
    assert "Rings Monday to Tuesday, 08:00 to 18:00" in page and "Europe/Berlin" in page


def test_what_is_long_past_is_forgotten(make, time):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    old, unread = make.ticket(ada), make.ticket(ada)
    say(make, old, tomasz)
    say(make, unread, tomasz)
    with transaction():
        actions.read_thread(ada, old.id)
    time.pass_(days=device_actions.KEEP_DAYS + 1)
    say(make, make.ticket(ada), tomasz)
    run_due(clockwork=True)
    assert len(inbox_of(ada)) == 2 and db.session.scalar(sa.select(sa.func.count()).select_from(Told)) == 1


# --- hours

def at(*moment):
    return datetime(*moment, tzinfo=timezone.utc)


WEEK = {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


@pytest.mark.parametrize("hours, tz, moment, expected", [
    ("always", "Europe/Berlin", at(2026, 11, 21, 3), at(2026, 11, 21, 3)),
    (WEEK, "Europe/Berlin", at(2026, 11, 20, 7, 30), at(2026, 11, 20, 7, 30)),          # within: at once
    (WEEK, "Europe/Berlin", at(2026, 11, 20, 6, 59), at(2026, 11, 20, 7)),              # before it begins
    (WEEK, "Europe/Berlin", at(2026, 11, 20, 17), at(2026, 11, 23, 7)),                 # the end belongs to the quiet; over the weekend
    (WEEK, "Europe/Berlin", at(2026, 3, 27, 20), at(2026, 3, 30, 6)),                   # over the change to summer time
    (WEEK, "Europe/Berlin", at(2026, 10, 23, 20), at(2026, 10, 26, 7)),                 # and back
    (WEEK, "America/St_Johns", at(2026, 11, 20, 11, 29), at(2026, 11, 20, 11, 30)),     # half hours
    (WEEK, "Pacific/Kiritimati", at(2026, 11, 20, 5), at(2026, 11, 22, 18)),            # a day ahead of UTC
    (WEEK, "Pacific/Pago_Pago", at(2026, 11, 21, 3), at(2026, 11, 21, 3)),              # Friday there still
    (WEEK, "Nowhere/Land", at(2026, 11, 20, 7, 30), at(2026, 11, 20, 8)),               # an unknown zone counts as UTC
    ({"sun": [["02:30", "04:00"]]}, "Europe/Berlin", at(2026, 3, 29, 0), at(2026, 3, 29, 1, 30)),       # an hour that does not exist
    ({"sun": [["02:00", "03:00"]]}, "Europe/Berlin", at(2026, 10, 25, 1, 30), at(2026, 10, 25, 1, 30)),  # one that comes twice: both
    ({"mon": [["22:00", "24:00"]], "tue": [["00:00", "06:00"]]}, "UTC", at(2026, 11, 24, 0), at(2026, 11, 24, 0)),
    ({"mon": [["22:00", "06:00"]]}, "UTC", at(2026, 11, 24, 5), at(2026, 11, 24, 5)),   # a span over midnight
    ({"mon": [["08:00", "12:00"], ["13:00", "17:00"]]}, "UTC", at(2026, 11, 23, 12), at(2026, 11, 23, 13)),
    ({"mon": [["08:00", "12:00"]]}, "UTC", at(2026, 11, 23, 12), at(2026, 11, 30, 8)),  # a week ahead
    ({}, "UTC", at(2026, 11, 23, 12), at(2026, 11, 23, 12)),                            # none at all: rather told than never
    ({"mon": [["late", "later"], 7]}, "UTC", at(2026, 11, 23, 12), at(2026, 11, 23, 12)),
])
def test_a_push_outside_the_hours_waits_for_the_next_start(hours, tz, moment, expected):
    assert next_start(hours, tz, moment) == expected


def test_hours_are_described_as_one_says_them():
    assert describe("always") == "at any time" and describe(WEEK) == "Monday to Friday, 08:00 to 18:00" and describe({}) == "never"
    assert describe({"mon": [["08:00", "12:00"], ["13:00", "24:00"]], "wed": [["09:00", "10:00"]]}) == \
        "Monday, 08:00 to 12:00 and 13:00 to 24:00; Wednesday, 09:00 to 10:00"
