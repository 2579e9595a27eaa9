"""Told once, at the right time, by push and by mail: what both ways promise, and mails that are neither lost nor doubled."""
from datetime import datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from socialdesk import db as database
from socialdesk import jobs
from socialdesk.db import db, transaction
from socialdesk.notifications import mail_actions
from socialdesk.notifications.choice_actions import choose
from socialdesk.notifications.models import Delivery
from socialdesk.people.models import Holiday, Mail, Person
from socialdesk.people.profile_actions import change_profile
from socialdesk.posts import access_actions
from socialdesk.tickets import actions as tickets

from .conftest import run_due
from .mail_desk import Killed, Killer, asked_and_answered, post_office, settings_given, states, text_of  # noqa: F401
from .phones import phone, service  # noqa: F401
from .told import do, written_not_sent  # noqa: F401

WEEK = {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def at(day, hour, minute=0):
    """A moment of March 2026 in UTC; the 2nd is a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=timezone.utc)


def comes(time, day, hour, minute=0):
    """The desk gets to that moment, and does what is due."""
    time.stop(2026, 3, day, hour, minute)
    run_due()


# --- both ways

def test_what_was_read_meanwhile_neither_rings_nor_is_mailed(make, phone, browse, post_office, time):
    comes(time, 2, 3)                                                    # at night
    ada, tom = make.person("Ada", hours=WEEK), make.agent("Tom")
    hers, read, unread = phone(ada), make.ticket(ada, "My red lamp."), make.ticket(ada, "My blue lamp.")
    for ticket in (read, unread):
        make.reply(ticket, tom)
    do(change_profile, ada, lock_private="full")
    run_due()
    browse(ada).post(f"/p/{read.id}/seen", headers={"HX-Request": "true"})
    comes(time, 2, 8)
    notice, = hers.told
    assert "blue" in notice["title"] + notice["body"] and "red" not in notice["title"] + notice["body"]
    comes(time, 2, 10, 1)
    mail, = post_office.to(ada)
    assert "blue" in text_of(mail) and "red" not in text_of(mail)
    make.reply(unread, tom, "Second word.")
    run_due()
    browse(ada).post("/inbox/read")
    comes(time, 2, 13)
    assert len(hers.told) == 2 and len(post_office.to(ada)) == 1


def test_both_ways_are_planned_for_an_allowed_hour_and_not_merely_stopped_at_the_door(make, phone, post_office, time, written_not_sent):
    comes(time, 2, 3)
    do(db.session.add, Holiday(day="2026-03-03", name="A day off"))
    ada, ben, tom = make.person("Ada", hours=WEEK), make.person("Ben"), make.agent("Tom")
    for person in (ada, ben):
        phone(person)
        do(choose, person, "mentions", "now", "always")

    def planned(person, mentions="", *moment):
        time.stop(2026, 3, *moment)
        if person is ben:
            with transaction():
                db.session.get(Person, ben.id).quiet_until = at(5, 6, 30)
        make.reply(make.ticket(person), tom, f"Look. {mentions}")
        run_due()
        rows = db.session.execute(sa.select(Delivery.channel, Delivery.how, Delivery.send_at).order_by(Delivery.id.desc()).limit(2)).all()
        db.session.rollback()
        return {row.channel: (row.how, row.send_at) for row in rows}

    assert planned(ada, "", 2, 3) == {"push": ("rest", at(2, 8)), "mail": ("alone", at(2, 10))}
    assert planned(ada, f"@{ada.handle}", 2, 19) == {"push": ("rest", at(4, 8)), "mail": ("alone", at(4, 8))}, "after the day off"
    assert planned(ada, "", 4, 17) == {"push": ("alone", at(4, 17)), "mail": ("alone", at(5, 8))}
    assert planned(ben, "", 4, 17) == {"push": ("rest", at(5, 6, 30)), "mail": ("alone", at(5, 8, 30))}, "after the quiet"


@pytest.mark.parametrize("change", ["hours", "quiet", "holiday"])
def test_what_would_come_at_an_hour_forbidden_meanwhile_comes_once_at_the_next_allowed_one(make, phone, post_office, time, change):
    comes(time, 1, 20)                                                   # a Sunday evening
    ada, hers, tom = (ada := make.person("Ada", hours=WEEK)), phone(ada), make.agent("Tom")
    make.reply(make.ticket(ada), tom)
    run_due()
    with transaction():
        if change == "hours":
            change_profile(ada, hours={"tue": [["09:00", "18:00"]]})
        elif change == "quiet":
            db.session.get(Person, ada.id).quiet_until = at(3, 9)
        else:
            db.session.add(Holiday(day="2026-03-02", name="A day off"))
    begins = 8 if change == "holiday" else 9
    for day, hour, minute, told in ((2, 8, 0, (0, 0)), (2, 10, 0, (0, 0)), (2, 17, 0, (0, 0)), (3, begins - 1, 59, (0, 0)), (3, begins, 0, (1, 0)),
                                    (3, begins + 1, 59, (1, 0)), (3, begins + 2, 0, (1, 1)), (4, 12, 0, (1, 1))):
        comes(time, day, hour, minute)
        assert (len(hers.told), len(post_office.to(ada))) == told, (day, hour)


@pytest.mark.parametrize("told", ["inbox", "off"])
def test_who_said_a_word_in_ones_own_thread_is_told_by_what_one_chose_for_it(make, phone, post_office, told):
    ada, tom, ben = make.person("Ada"), make.agent("Tom"), make.person("Ben")
    question, ticket = make.question(ada), make.ticket(ben)
    do(access_actions.give_access, ticket.id, ben, ada.id)
    do(tickets.assign, ticket.id, tom, tom.id)
    for root, who in ((question, ada), (ticket, ada), (ticket, tom)):
        make.reply(root, who)                                            # who says a word in a thread follows it from then on
    run_due()
    hers, his = phone(ada), phone(tom)
    for person, matter in ((ada, "answers"), (ada, "joined"), (tom, "work")):
        do(choose, person, matter, told, "never")
    for root in (question, ticket):
        make.reply(root, ben)
    run_due()
    assert hers.told == his.told == [] and not post_office.to(ada) and not post_office.to(tom)


# --- mails: exactly once

@pytest.mark.parametrize("point", ["transaction.before_commit", "transaction.after_commit", "jobs.claimed", "jobs.outside", "mail.written"])
def test_a_kill_between_any_two_steps_loses_and_doubles_no_mail(make, post_office, time, monkeypatch, point):
    ada, agent = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    run_due()
    for nth in range(1, 40):
        make.reply(ticket, agent, f"Word {nth}.")
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
        assert all(f"Word {nth}." in text_of(mail) for mail in post_office.mails)
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
