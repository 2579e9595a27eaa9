"""Notices by mail: the second channel, once, at an allowed hour, and never what one may not see."""
from datetime import timedelta

import pytest
import sqlalchemy as sa

from socialdesk import db as database
from socialdesk import jobs
from socialdesk.db import db, now, transaction
from socialdesk.notifications import mail_actions
from socialdesk.notifications.models import Choice, Delivery
from socialdesk.people import admin_actions
from socialdesk.people.models import Mail, Person
from socialdesk.people.profile_actions import change_profile
from socialdesk.posts import thread_actions
from socialdesk.tickets import actions as tickets

from .conftest import run_due
from .mail_desk import Killed, Killer, html_of, link_of, post_office, settings_given, text_of  # noqa: F401
from .phones import phone, service  # noqa: F401

TWO_HOURS = {"hours": 2, "minutes": 1}


def choose(person, matter, level, channel="mail"):
    """What the person wants told otherwise than is usual."""
    with transaction():
        db.session.add(Choice(person_id=person.id, matter=matter, channel=channel, level=level))


def states():
    """How each delivery by mail stands, in order."""
    found = list(db.session.scalars(sa.select(Delivery.state).where(Delivery.channel == "mail").order_by(Delivery.id)))
    db.session.rollback()
    return found


def fetch(person):
    """The row of a person."""
    row = db.session.get(Person, person.id, populate_existing=True)
    db.session.rollback()
    return row


def asked_and_answered(make, ada=None, agent=None, **more):
    """A ticket and a reply to it, told."""
    ada, agent = ada or make.person("Ada"), agent or make.agent("Tomasz")
    ticket = make.ticket(ada, **more)
    run_due()
    make.reply(ticket, agent, "Which cable is it?")
    run_due()
    return ada, agent, ticket


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


# --- exactly once

@pytest.mark.parametrize("point", ["transaction.before_commit", "transaction.after_commit", "jobs.claimed", "jobs.outside", "mail.written"])
def test_a_kill_between_any_two_steps_loses_and_doubles_no_mail(make, post_office, time, monkeypatch, point):
    ada, agent = make.person("Ada"), make.agent("Tomasz")
    for nth in range(1, 40):
        ticket = make.ticket(ada, body=f"Number {nth} is broken.")
        run_due()
        make.reply(ticket, agent)
        post_office.raw.clear()
        killer = Killer(point, nth)
        for module in (database, jobs, mail_actions):
            monkeypatch.setattr(module, "fail_point", killer)
        try:
            run_due()
        except Killed:
            db.session.rollback()
        for module in (database, jobs, mail_actions):
            monkeypatch.setattr(module, "fail_point", lambda name: None)
        time.pass_(minutes=3)                                            # past every lease
        run_due()
        assert len({mail["Message-ID"] for mail in post_office.mails}) == 1, (point, nth)
        assert len(post_office.mails) <= 2, "a mail taken by the server and not written down goes again, as the same one"
        if killer.left > 0:
            break
    assert killer.left > 0 and nth > 1 and set(states()) == {"sent"}


def test_the_job_done_twice_writes_one_mail(make, post_office):
    ada, _, _ = asked_and_answered(make)
    ids = list(db.session.scalars(sa.select(Delivery.id).where(Delivery.channel == "mail")))
    with transaction():
        jobs.enqueue("mail_notices", ids=ids)
        jobs.enqueue("mail_notices", ids=ids)
    run_due()
    assert len(post_office.mails) == 1 and db.session.scalar(sa.select(sa.func.count()).select_from(Mail)) == 1


def test_a_mail_that_could_not_be_sent_for_long_is_asked_anew(make, post_office, browse, time):
    post_office.answers["MAIL"] = b"451 later"
    ada, _, ticket = asked_and_answered(make)
    other, _, _ = asked_and_answered(make)
    assert states() == ["sent", "sent"] and not post_office.mails
    browse(ada).post("/inbox/read")
    del post_office.answers["MAIL"]
    time.pass_(minutes=30)
    run_due()
    assert not post_office.to(ada) and len(post_office.to(other)) == 1 and states() == ["dropped", "sent"]
    kept = db.session.execute(sa.select(Mail.state, Mail.body, Mail.html)).all()
    assert sorted(kept) == [("failed", "", ""), ("sent", "", "")], "and no text stays behind"


def test_a_mail_server_that_returns_at_night_mails_in_the_morning(make, post_office, time):
    time.stop(2026, 3, 9, 17, 50)
    post_office.answers["MAIL"] = b"451 later"
    ada = make.person("Ada", hours={day: [["08:00", "18:00"]] for day in ("mon", "tue")})
    asked_and_answered(make, ada)
    del post_office.answers["MAIL"]
    time.stop(2026, 3, 9, 23, 0)
    run_due()
    assert not post_office.mails
    time.stop(2026, 3, 10, 8, 0)
    run_due()
    assert len(post_office.to(ada)) == 1


# --- an address that is refused

def test_a_refused_address_is_marked_told_in_words_and_mailed_no_more(make, post_office, browse):
    ada = make.person("Ada", email="ada@example.org")
    post_office.answers["rcpt to:<ada@example.org>"] = b"550 5.1.1 no such person"
    asked_and_answered(make, ada)
    assert fetch(ada).mail_refused_at is not None
    for page in ("/me", "/me/notifications"):
        assert "Our mails to ada@example.org come back" in browse(ada).get(page).text
    assert "come back" in browse(make.admin()).get(f"/admin/people/{ada.id}").text
    del post_office.answers["rcpt to:<ada@example.org>"]
    asked_and_answered(make, ada, body="Another thing.")
    assert not post_office.mails


def test_try_again_clears_the_mark_and_sends_a_mail(make, post_office, browse):
    ada = make.person("Ada", email="ada@example.org")
    with transaction():
        db.session.get(Person, ada.id).mail_refused_at = now() - timedelta(days=1)
    answer = browse(ada).post("/me/mail/again")
    assert answer.status_code == 303 and fetch(ada).mail_refused_at is None
    assert "come back" not in browse(ada).get("/me").text
    assert browse(ada).post("/me/mail/again", headers={"HX-Request": "true"}).status_code == 200
    run_due()
    assert [mail["Subject"] for mail in post_office.to(ada)] == ["Mails reach you again"]
    assert post_office.mails[0]["List-Unsubscribe"] is None


@pytest.mark.parametrize("answer", [b"450 4.2.1 busy", b"451 later", b"554 5.7.1 we do not relay for you", b"530 5.7.0 sign in first"])
def test_what_is_no_word_about_the_address_marks_nobody(make, post_office, answer):
    ada = make.person("Ada")
    post_office.answers["RCPT"] = answer
    asked_and_answered(make, ada)
    assert fetch(ada).mail_refused_at is None


def test_a_code_still_goes_to_a_refused_address_and_its_arrival_clears_the_mark(make, post_office, browse):
    make.admin()
    ada = make.person("Ada", email="ada@example.org")
    with transaction():
        db.session.get(Person, ada.id).mail_refused_at = now() - timedelta(days=1)
    browse().post("/sign-in/mail", data={"email": "ada@example.org"})
    run_due()
    assert "is your SocialDesk code" in post_office.to(ada)[0]["Subject"] and fetch(ada).mail_refused_at is None
