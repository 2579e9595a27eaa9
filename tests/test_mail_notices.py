"""Notices by mail: the second channel, once, at an allowed hour, and never what one may not see."""
from datetime import datetime, timezone

import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.notifications.models import Choice, Delivery
from socialdesk.people import admin_actions
from socialdesk.people.models import Holiday, Person
from socialdesk.people.profile_actions import change_profile
from socialdesk.posts import thread_actions
from socialdesk.tickets import actions as tickets

from .conftest import run_due
from .mail_desk import asked_and_answered, html_of, link_of, post_office, settings_given, states, text_of  # noqa: F401
from .phones import phone, service  # noqa: F401

TWO_HOURS = {"hours": 2, "minutes": 1}


def choose(person, matter, level, channel="mail"):
    """What the person wants told otherwise than is usual."""
    with transaction():
        db.session.add(Choice(person_id=person.id, matter=matter, channel=channel, level=level))


# --- when

def test_who_has_no_device_is_mailed_at_once(make, post_office):
    ada, _, ticket = asked_and_answered(make)
    mail, = post_office.to(ada)
    assert mail["Subject"] == "Tomasz replied: My screen stays black." and states() == ["sent"]
    assert f"https://desk.example.org/p/{ticket.id}" in text_of(mail) and "> Which cable is it?" in text_of(mail)


def test_who_has_a_device_is_mailed_after_two_hours_if_it_was_not_opened(make, phone, post_office, time):
    ada = make.person("Ada")
    hers = phone(ada)
    asked_and_answered(make, ada)
    assert hers.bodies and not post_office.mails
    time.pass_(hours=1, minutes=58)
    run_due()
    assert not post_office.mails
    time.pass_(minutes=3)
    run_due()
    assert len(post_office.to(ada)) == 1


def test_what_was_read_meanwhile_is_not_mailed(make, phone, browse, post_office, time):
    ada = make.person("Ada")
    phone(ada)
    _, _, ticket = asked_and_answered(make, ada)
    browse(ada).post(f"/p/{ticket.id}/seen", headers={"HX-Request": "true"})
    browse(ada).post("/inbox/read")
    time.pass_(**TWO_HOURS)
    run_due()
    assert not post_office.mails and states() == ["dropped"]


def test_nothing_is_mailed_at_a_forbidden_hour(make, post_office, time):
    time.stop(2026, 3, 6, 20, 0)                                         # a Friday evening
    week = {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    ada = make.person("Ada", hours=week)
    _, agent, ticket = asked_and_answered(make, ada)
    time.stop(2026, 3, 8, 12, 0)
    run_due()
    assert not post_office.mails
    time.stop(2026, 3, 9, 8, 0)
    run_due()
    assert len(post_office.to(ada)) == 1


def test_hours_that_were_changed_meanwhile_are_kept(make, post_office, phone, time):
    time.stop(2026, 3, 9, 10, 0)
    ada = make.person("Ada")
    phone(ada)
    asked_and_answered(make, ada)
    with transaction():
        change_profile(ada, hours={"tue": [["08:00", "09:00"]]})
    time.stop(2026, 3, 9, 12, 30)
    run_due()
    assert not post_office.mails and states() == ["due"]
    time.stop(2026, 3, 10, 8, 0)
    run_due()
    assert len(post_office.to(ada)) == 1


def test_quiet_and_a_holiday_that_came_meanwhile_are_kept(make, post_office, phone, time):
    time.stop(2026, 3, 9, 9, 0)                                          # a Monday
    week = {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    ada, ben = make.person("Ada", hours=week), make.person("Ben", hours=week)
    for person in (ada, ben):
        phone(person)
        asked_and_answered(make, person)
    with transaction():
        db.session.get(Person, ada.id).quiet_until = datetime(2026, 3, 9, 13, 0, tzinfo=timezone.utc)
    time.stop(2026, 3, 9, 11, 1)
    run_due()
    assert not post_office.to(ada) and len(post_office.to(ben)) == 1
    time.stop(2026, 3, 9, 13, 0)
    run_due()
    assert len(post_office.to(ada)) == 1
    time.stop(2026, 3, 9, 17, 0)
    asked_and_answered(make, ben)                                        # its mail is planned for Tuesday at eight
    with transaction():
        db.session.add(Holiday(day="2026-03-10", name="A day off"))
    for day, hour, mails in ((10, 8, 1), (10, 12, 1), (11, 7, 1), (11, 8, 2)):
        time.stop(2026, 3, day, hour, 0)
        run_due()
        assert len(post_office.to(ben)) == mails, (day, hour)


def test_what_came_in_the_night_is_one_mail_in_the_morning(make, post_office, time):
    time.stop(2026, 3, 9, 22, 0)
    ada = make.person("Ada", hours={day: [["08:00", "18:00"]] for day in ("mon", "tue")})
    agent = make.agent("Tomasz")
    asked_and_answered(make, ada, agent)
    asked_and_answered(make, ada, agent, body="The printer prints hearts.")
    time.stop(2026, 3, 10, 8, 0)
    run_due()
    mail, = post_office.to(ada)
    assert mail["Subject"] == "2 things are new, in “The printer prints hearts.” and elsewhere" and states() == ["sent", "sent"]
    assert "My screen stays black." in text_of(mail) and "The printer prints hearts." in text_of(mail)


def test_a_second_reply_before_the_mail_is_told_with_the_first(make, phone, post_office, time):
    ada = make.person("Ada")
    phone(ada)
    _, agent, ticket = asked_and_answered(make, ada)
    time.pass_(minutes=30)
    make.reply(ticket, agent, "And which screen?")
    run_due()
    time.pass_(hours=1, minutes=31)
    run_due()
    mail, = post_office.to(ada)
    assert "> And which screen?" in text_of(mail) and "One more thing happened before." in text_of(mail) and states() == ["dropped", "sent"]
    time.pass_(hours=1)
    run_due()
    assert len(post_office.mails) == 1


def test_what_is_older_than_a_day_is_not_mailed(make, phone, post_office, time):
    ada = make.person("Ada")
    phone(ada)
    asked_and_answered(make, ada)
    time.pass_(days=2)
    run_due()
    assert not post_office.mails and states() == ["dropped"]


# --- to whom

def test_a_right_that_was_taken_away_meanwhile_stops_the_mail(make, phone, post_office, time):
    ada, agent = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    ben = make.agent("Ben")
    with transaction():
        tickets.assign(ticket.id, agent, ben.id)
    phone(ben)
    run_due()
    make.reply(ticket, ada, f"@{ben.handle}, it is worse.")
    run_due()
    boss = make.admin()
    with transaction():
        admin_actions.change_role(boss, ben.id, "requester")
    time.pass_(**TWO_HOURS)
    run_due()
    assert not post_office.to(ben) and set(states()) == {"dropped"}


def test_a_note_is_mailed_to_who_may_read_notes_alone(make, post_office):
    ada, agent, ben = make.person("Ada"), make.agent("Tomasz"), make.agent("Ben")
    ticket = make.ticket(ada)
    with transaction():
        thread_actions.follow(ticket.id, ada)
    make.reply(ticket, agent, f"@{ben.handle} the pump is ours, do not tell.", note=True)
    run_due()
    assert not post_office.to(ada) and post_office.to(ben)[0]["Subject"].startswith("Tomasz mentioned you in a note for the desk:")
    assert "pump" not in text_of(post_office.to(ben)[0])


def test_who_was_switched_off_or_wants_just_tickets_gets_no_mail(make, phone, post_office, time):
    ada, ben = make.person("Ada"), make.person("Ben")
    phone(ada), phone(ben)
    asked_and_answered(make, ada)
    question, dora = make.question(make.person()), make.person("Dora")
    make.reply(question, dora, f"Ask @{ben.handle}")
    run_due()
    waiting = set(db.session.scalars(sa.select(Delivery.person_id).where(Delivery.channel == "mail", Delivery.state == "due")))
    assert waiting == {ada.id, ben.id}
    boss = make.admin()
    with transaction():
        admin_actions.switch_off(boss, ada.id)
        change_profile(ben, only_tickets=True)
    time.pass_(**TWO_HOURS)
    run_due()
    assert not post_office.to(ada) and not post_office.to(ben)


@pytest.mark.parametrize("level, mails", [("always", 1), ("second", 0), ("digest", 0), ("never", 0)])
def test_each_level_of_a_matter_is_kept(make, phone, post_office, level, mails):
    ada = make.person("Ada")
    phone(ada)
    choose(ada, "answers", level)
    asked_and_answered(make, ada)
    assert len(post_office.to(ada)) == mails


def test_a_choice_made_meanwhile_stops_the_mail(make, phone, post_office, time):
    ada = make.person("Ada")
    phone(ada)
    asked_and_answered(make, ada)
    choose(ada, "answers", "never")
    time.pass_(**TWO_HOURS)
    run_due()
    assert not post_office.mails and states() == ["dropped"]


# --- what it says

def test_a_confidential_ticket_is_mailed_without_a_word_of_it(make, post_office):
    hr = make.team("HR", confidential=True)
    ada = make.person("Ada")
    asked_and_answered(make, ada, make.agent("Tomasz", teams=[hr]), body="My salary is wrong.", team_id=hr.id)
    mail, = post_office.to(ada)
    assert mail["Subject"] == "Something changed in one of your tickets."
    for words in ("salary", "cable", "Tomasz"):
        assert words not in post_office.raw[0].decode() and words not in text_of(mail) and words not in html_of(mail)


def test_a_hostile_title_is_text_in_the_html_and_no_header(make, post_office):
    ada = make.person("Ada")
    asked_and_answered(make, ada, body='<img src=x onerror=alert(1)> "&" </a><script>\r\nBcc: eve@example.org')
    mail, = post_office.to(ada)
    assert "<script" not in html_of(mail) and "<img" not in html_of(mail) and "&lt;img src=x onerror=alert(1)&gt;" in html_of(mail)
    assert mail["Bcc"] is None and "style=" not in html_of(mail) and " on" + "click" not in html_of(mail)


def test_the_plain_text_holds_no_markup_and_both_parts_say_the_same(make, post_office):
    ada, agent = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    make.reply(ticket, agent, "**Look** at [this](https://example.org/help) & say:\n\n- one\n- two")
    run_due()
    mail, = post_office.to(ada)
    text = text_of(mail)
    assert "**" not in text and "<" not in text and "&amp;" not in text and "> Look at this & say:" in text
    for words in ("Tomasz replied.", "My screen stays black.", "because you asked this", "/me/notifications", link_of(mail)):
        assert words in text and words in html_of(mail), words
    assert mail.get_content_type() == "multipart/alternative"


def test_the_headers_are_those_of_rfc_8058_and_whole(make, post_office):
    ada, _, _ = asked_and_answered(make)
    raw = post_office.raw[0].decode()
    line = next(line for line in raw.split("\r\n") if line.startswith("List-Unsubscribe:"))
    assert line.startswith("List-Unsubscribe: <https://desk.example.org/unsubscribe/") and line.endswith(">")
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw and "Auto-Submitted: auto-generated" in raw


def test_a_name_that_was_left_out_stands_in_no_mail(make, post_office):
    ada, ben = make.person("Ada"), make.person("Ben")
    from socialdesk.posts import queries, share_actions
    source = make.question(ada)
    prepared = queries.prepare(ada, f"It is my own. @{ben.handle}")
    with transaction():
        share_actions.share(source.id, ada, prepared, leave_name_out=True)
    run_due()
    mail, = post_office.to(ben)
    assert "Ada" not in text_of(mail) and "A colleague mentioned you" in mail["Subject"]
