"""The digest: worth opening, in the morning of a working day."""
from datetime import date, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from socialdesk.db import clock, db, now, transaction
from socialdesk.notifications.digest_checker import digest_before, next_digest
from socialdesk.people import admin_actions
from socialdesk.people.models import Holiday, Mail, Person
from socialdesk.people.profile_actions import change_profile
from socialdesk.posts import answer_actions, queries, share_actions, thread_actions
from socialdesk.posts import actions as posts
from socialdesk.tags.follow_actions import follow_tag
from socialdesk.tickets import actions as tickets

from .conftest import HTMX, run_due
from .mail_desk import html_of, link_of, post_office, settings_given, text_of  # noqa: F401
from .phones import service  # noqa: F401

WEEK = {day: [["08:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


@pytest.fixture(autouse=True)
def _friday(time):
    """Tests begin on a Friday afternoon; the first Monday after it is 2026-03-09."""
    time.stop(2026, 3, 6, 15, 0)


def reader(make, name="Ada", how_often="weekly", **more):
    """Somebody who is told of everything in the inbox and by digest alone."""
    person = make.person(name, **{"hours": WEEK} | more)
    with transaction():
        change_profile(person, digest=how_often)
        for matter in ("answers", "mentions", "follows"):
            from socialdesk.notifications.models import Choice
            db.session.add(Choice(person_id=person.id, matter=matter, channel="mail", level="digest"))
    clock.stands_at += timedelta(minutes=10)             # the clockwork gives the digest its time
    run_due(clockwork=True)
    return person


def monday(time, hour=8, minute=0, day=9):
    """The next Monday morning, with all that is due then."""
    time.stop(2026, 3, day, hour, minute)
    run_due(clockwork=True)


def digest_of(post_office, person):
    """The one digest to a person."""
    mail, = post_office.to(person)
    return mail


# --- what is in it

def test_what_waits_and_what_is_new_is_in_it(make, post_office, time):
    ada, agent = reader(make), make.agent("Tomasz")
    ticket, question = make.ticket(ada), make.question(make.person("Ben"))
    with transaction():
        thread_actions.follow(question.id, ada)
    make.reply(ticket, agent, "Which cable?")
    make.reply(question, agent)
    run_due()
    monday(time)
    mail = digest_of(post_office, ada)
    text = text_of(mail)
    assert mail["Subject"] == "1 thing waits for you, 1 is new"
    for words in ("WAITS FOR YOU", "My screen stays black.", "Tomasz replied.", f"https://desk.example.org/p/{ticket.id}",
                  "NEW WHERE YOU TAKE PART", "How do I print on both sides?", f"https://desk.example.org/p/{question.id}", "/me/notifications"):
        assert words in text, words
        assert words.capitalize() in html_of(mail) or words in html_of(mail) or words.isupper()
    assert link_of(mail) in text and mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_what_a_followed_hashtag_solved_is_in_it(make, post_office, time):
    ada, ben, agent = reader(make), make.person("Ben"), make.agent("Tomasz")
    with transaction():
        follow_tag("vpn", ada)
    question = make.question(ben, "The tunnel drops. #vpn")
    other = make.question(ben, "Where is the coffee? #kitchen")
    for root in (question, other):
        reply = make.reply(root, agent, "Choose **the second gateway**.")
        with transaction():
            answer_actions.accept(reply.id, ben)
    make.article(agent, "Two gateways", "Which one to take. #vpn", summary="When to take which.")
    ticket = make.ticket(ben, "My tunnel is down. #secret-project")
    prepared = queries.prepare(ben, "The tunnel is down for many. #vpn")
    with transaction():
        shared = share_actions.share(ticket.id, ben, prepared)
    with transaction():
        tickets.change_status(ticket.id, agent, "resolved", "The gateway was cut by Eve.")
    run_due()
    monday(time)
    text = text_of(digest_of(post_office, ada))
    assert "Answered: Choose the second gateway." in text and "New article. When to take which." in text
    assert f"/p/{shared.id}\n" in text and "It is solved." in text
    for private in ("coffee", "secret-project", "My tunnel", "Eve", f"/p/{ticket.id}\n"):
        assert private not in text, private


def test_an_incident_that_is_over_is_in_it(make, post_office, time):
    from .feed_desk import make_major
    from socialdesk.tickets import major_actions
    ada, agent = reader(make), make.agent("Tomasz")
    with transaction():
        follow_tag("mail", ada)
    ticket = make.ticket(make.person())
    make_major(make, agent, ticket, "Mail is slow at every site. #mail")
    with transaction():
        major_actions.end_major(ticket.id, agent)
    run_due()
    monday(time)
    assert "The incident is over." in text_of(digest_of(post_office, ada))


def test_announcements_have_a_part_of_their_own(make, post_office, time):
    ada, agent = reader(make), make.agent("Tomasz")
    prepared = queries.prepare(agent, "The canteen opens at noon.")
    with transaction():
        posts.publish(agent, "announcement", prepared, audience="everyone")
    run_due()
    monday(time)
    mail = digest_of(post_office, ada)
    assert "ANNOUNCEMENTS" in text_of(mail) and mail["Subject"] == "The canteen opens at noon."


def test_an_empty_digest_is_not_sent(make, post_office, time):
    ada = reader(make)
    monday(time)
    assert not post_office.mails
    db.session.rollback()
    assert db.session.get(Person, ada.id).digest_at == datetime(2026, 3, 16, 8, tzinfo=timezone.utc)


def test_what_was_read_or_is_never_to_be_mailed_is_not_in_it(make, post_office, browse, time):
    from socialdesk.notifications.models import Choice
    ada, ben, agent = reader(make), reader(make, "Ben"), make.agent("Tomasz")
    with transaction():
        db.session.query(Choice).filter_by(person_id=ben.id, matter="answers").one().level = "never"
    for person in (ada, ben):
        make.reply(make.ticket(person), agent)
    run_due()
    browse(ada).post("/inbox/read")
    monday(time)
    assert not post_office.mails


def test_a_daily_digest_calls_nothing_out_each_morning(make, post_office, time):
    ada = reader(make, how_often="daily")
    make.reply(make.ticket(ada), make.agent())
    run_due()
    monday(time)
    assert len(post_office.mails) == 1
    time.stop(2026, 3, 10, 8, 0)
    run_due(clockwork=True)
    assert len(post_office.mails) == 1, "it still waits, and that was said"


# --- when, and to whom

def test_it_comes_as_the_week_begins_where_the_person_is(make, post_office, time):
    ada = reader(make, tz="America/New_York")
    make.reply(make.ticket(ada), make.agent())
    run_due()
    monday(time, 11, 50)
    assert not post_office.mails
    monday(time, 12, 0)                                                  # 08:00 there, in summer time
    assert len(post_office.to(ada)) == 1
    monday(time, 12, 20)
    monday(time, 20, 0)
    assert len(post_office.mails) == 1


def test_a_holiday_and_quiet_move_it(make, post_office, time):
    with transaction():
        db.session.add(Holiday(day="2026-03-09", name="A day off"))
    ada = reader(make)
    make.reply(make.ticket(ada), make.agent())
    run_due()
    monday(time)
    assert not post_office.mails
    with transaction():
        db.session.get(Person, ada.id).quiet_until = datetime(2026, 3, 10, 12, tzinfo=timezone.utc)
    monday(time, day=10)
    assert not post_office.mails
    monday(time, 12, 10, day=10)
    assert len(post_office.mails) == 1


def test_a_desk_that_stood_still_over_the_night_mails_at_the_next_allowed_hour(make, post_office, time):
    ada = reader(make)
    make.reply(make.ticket(ada), make.agent())
    run_due()
    monday(time, 23, 0)
    assert not post_office.mails
    monday(time, 8, 0, day=10)
    assert len(post_office.to(ada)) == 1


@pytest.mark.parametrize("change", ["off", "switched_off", "refused", "imported"])
def test_who_wants_none_or_cannot_get_it_gets_none(make, post_office, time, change):
    ada = reader(make)
    make.reply(make.ticket(ada), make.agent())
    run_due()
    with transaction():
        person = db.session.get(Person, ada.id)
        if change == "off":
            change_profile(ada, digest="off")
        elif change == "switched_off":
            admin_actions.switch_off(make_admin(), ada.id)
        elif change == "refused":
            person.mail_refused_at = now()
        else:
            person.state = "imported"
    monday(time)
    assert not post_office.mails and db.session.scalar(sa.select(sa.func.count()).select_from(Mail)) == 0


def make_admin():
    """An admin, within the open transaction."""
    from socialdesk import policy
    from socialdesk.people import actions
    return policy.viewer_of(actions.add_person("boss@example.org", "Boss", role="admin").id)


def test_the_choice_is_kept_and_a_wrong_one_is_refused_in_words(make, browse):
    ada = make.person("Ada", email="ada@example.org")
    page = browse(ada).get("/me/notifications").text
    assert "Digest by mail" in page and 'value="weekly" checked' in page
    assert browse(ada).post("/me/notifications/digest", data={"digest": "daily"}).status_code == 303
    answer = browse(ada).post("/me/notifications/digest", data={"digest": "daily"}, headers=HTMX)
    assert answer.status_code == 200 and 'value="daily" checked' in answer.text and 'id="digest"' in answer.text
    refused = browse(ada).post("/me/notifications/digest", data={"digest": "hourly"}, headers=HTMX)
    assert refused.status_code == 422 and "off, daily or weekly" in refused.text
    db.session.rollback()
    assert db.session.get(Person, ada.id).digest == "daily"


# --- the calendar

@pytest.mark.parametrize("how_often, hours, tz, moment, due", [
    ("weekly", WEEK, "UTC", (2026, 3, 6, 15), (2026, 3, 9, 8)), ("weekly", WEEK, "UTC", (2026, 3, 9, 7), (2026, 3, 16, 8)),
    ("weekly", "always", "UTC", (2026, 3, 6, 15), (2026, 3, 9, 8)), ("weekly", "always", "Asia/Tokyo", (2026, 3, 6, 15), (2026, 3, 8, 23)),
    ("daily", WEEK, "UTC", (2026, 3, 6, 15), (2026, 3, 9, 8)), ("daily", WEEK, "UTC", (2026, 3, 9, 8), (2026, 3, 10, 8)),
    ("daily", "always", "UTC", (2026, 3, 6, 15), (2026, 3, 9, 8)), ("daily", WEEK, "Europe/Berlin", (2026, 3, 27, 15), (2026, 3, 30, 6)),
    ("weekly", {"wed": [["13:00", "15:00"]]}, "UTC", (2026, 3, 6, 15), (2026, 3, 11, 13))])
def test_the_next_digest_is_in_a_working_morning(how_often, hours, tz, moment, due):
    assert next_digest(how_often, hours, tz, datetime(*moment, tzinfo=timezone.utc)) == datetime(*due, tzinfo=timezone.utc)


@pytest.mark.parametrize("how_often", ["daily", "weekly"])
@pytest.mark.parametrize("hours", [WEEK, "always", {"tue": [["09:00", "12:00"]], "thu": [["13:00", "24:00"]]}])
@pytest.mark.parametrize("tz", ["UTC", "Europe/Berlin", "America/New_York"])
def test_each_digest_begins_where_the_one_before_ended(how_often, hours, tz):
    off, moment = {"2026-03-10", "2026-04-03", "2026-04-06"}, datetime(2026, 2, 25, 12, tzinfo=timezone.utc)
    before = next_digest(how_often, hours, tz, moment, off)
    for _ in range(40):
        at = next_digest(how_often, hours, tz, before, off)
        assert before < at and at.date() not in {date.fromisoformat(day) for day in off}
        assert digest_before(how_often, hours, tz, at, off) == before, (before, at)
        before = at
