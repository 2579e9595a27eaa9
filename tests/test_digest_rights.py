"""The digest: nothing in it that one may not see or muted, and each one once, whatever dies or stands still meanwhile."""
from datetime import datetime, timezone

import pytest
import sqlalchemy as sa

from socialdesk import db as database
from socialdesk import jobs
from socialdesk.db import db, now, transaction
from socialdesk.notifications import digest_actions
from socialdesk.people.models import Mail, Person
from socialdesk.people.profile_actions import change_profile
from socialdesk.posts import access_actions, answer_actions, thread_actions
from socialdesk.tags.follow_actions import follow_tag

from .conftest import run_due
from .mail_desk import Killed, Killer, fetch, html_of, post_office, settings_given, text_of  # noqa: F401
from .phones import service  # noqa: F401
from .test_digest import WEEK, _friday, digest_of, monday, reader  # noqa: F401


# --- what is not in it

def test_a_confidential_thread_is_in_it_without_a_word(make, post_office, time):
    hr = make.team("HR", confidential=True)
    ada = reader(make)
    make.reply(make.ticket(ada, "My salary is wrong.", team_id=hr.id), make.agent("Tomasz", teams=[hr]))
    run_due()
    monday(time)
    raw = text_of(digest_of(post_office, ada)) + html_of(digest_of(post_office, ada))
    assert "Something changed in one of your tickets." in raw and "salary" not in raw and "Tomasz" not in raw


def test_a_right_that_was_taken_away_takes_its_lines_along(make, post_office, time):
    ada, ben = reader(make), make.person("Ben")
    ticket = make.ticket(ben, "My secret printer.")
    with transaction():
        access_actions.give_access(ticket.id, ben, ada.id)
        follow_tag("vpn", ada)
    circle = make.circle()
    with transaction():
        from socialdesk.people import actions as people
        people.join_circle(ada.id, circle.id), people.join_circle(ben.id, circle.id)
    ben = make.viewer(ben)
    question = make.question(ben, "Only for us. #vpn", audience=f"circle:{circle.slug}")
    reply = make.reply(question, make.viewer(ada), "Because.")
    with transaction():
        answer_actions.accept(reply.id, ben)
    make.article(make.agent(), "For the desk alone", "The gateway's cupboard. #vpn", audience="private")
    make.reply(ticket, make.agent())
    run_due()
    with transaction():
        access_actions.take_access(ticket.id, ben, ada.id)
        people.leave_circle(ada.id, circle.id)
    monday(time)
    for mail in post_office.to(ada):
        assert "secret printer" not in text_of(mail) and "Only for us" not in text_of(mail)
    assert not post_office.to(ada)


def answered(make, author, agent, body, **more):
    """A question of the author's, and the answer that helped."""
    question = make.question(author, body, **more)
    reply = make.reply(question, agent)
    with transaction():
        answer_actions.accept(reply.id, author)
    return question


def test_what_one_muted_or_may_not_show_is_no_news_of_a_hashtag(make, post_office, time):
    hr = make.team("HR", confidential=True)
    ada, ben, tom = reader(make, role="agent", teams=[hr]), make.person("Ben"), make.agent("Tom", teams=[hr])
    with transaction():
        for name, level in (("vpn", "all"), ("print", "mentions"), ("canteen", "muted")):
            follow_tag(name, ada, level)
    answered(make, ben, tom, "The tunnel drops. #vpn")
    answered(make, ben, tom, "The tray is empty. #print")
    answered(make, ben, tom, "The soup is cold. #canteen")
    answered(make, ben, tom, "My salary is wrong. #vpn", audience="private", team_id=hr.id)
    muted = answered(make, ben, tom, "The gateway hums. #vpn")
    with transaction():
        thread_actions.follow(muted.id, ada, "muted")
    run_due()
    monday(time)
    mail = digest_of(post_office, ada)
    for raw in (text_of(mail), html_of(mail)):
        assert "The tunnel drops." in raw
        assert not [word for word in ("tray", "soup", "salary", "hums") if word in raw]


def test_just_my_tickets_leaves_the_social_side_out(make, post_office, time):
    ada, ben = reader(make), make.person("Ben")
    with transaction():
        follow_tag("vpn", ada)
        change_profile(ada, only_tickets=True)
    reply = make.reply(question := make.question(ben, "It drops. #vpn"), make.agent())
    with transaction():
        answer_actions.accept(reply.id, ben)
    run_due()
    monday(time)
    assert question.id and not post_office.to(ada)


def test_a_hostile_title_is_text(make, post_office, time):
    ada = reader(make)
    make.reply(make.ticket(ada, "<script>alert(1)</script>"), make.agent())
    run_due()
    monday(time)
    assert "<script" not in html_of(digest_of(post_office, ada)) and "&lt;script&gt;" in html_of(digest_of(post_office, ada))


# --- exactly once

def turn():
    """The turn of the clockwork that looks for digests, and no other: each has steps of its own."""
    with transaction():
        jobs.enqueue("digests", lane="quiet", dedupe="clockwork:digests")


def the_same_monday(time, *people):
    """Monday morning once more, as if no digest had been written yet."""
    time.stop(2026, 3, 9, 8, 0)
    with transaction():
        db.session.execute(sa.delete(Mail))
        db.session.execute(sa.update(Person).where(Person.id.in_([one.id for one in people])).values(digest_at=now()))


@pytest.mark.parametrize("point", ["transaction.before_commit", "transaction.after_commit", "jobs.claimed", "jobs.outside", "digest.written"])
def test_a_kill_between_any_two_steps_loses_and_doubles_no_digest(make, post_office, time, monkeypatch, point):
    ada, ben, agent = reader(make), reader(make, "Ben"), make.agent()
    for person in (ada, ben):
        make.reply(make.ticket(person), agent)
    run_due()
    for nth in range(1, 60):
        the_same_monday(time, ada, ben)
        post_office.raw.clear()
        killer = Killer(point, nth)
        turn()
        for module in (database, jobs, digest_actions):
            monkeypatch.setattr(module, "fail_point", killer)
        try:
            run_due()
        except Killed:
            db.session.rollback()
        for module in (database, jobs, digest_actions):
            monkeypatch.setattr(module, "fail_point", lambda name: None)
        for _ in range(3):
            time.pass_(minutes=11)                                       # past every lease, and the clockwork's next turn
            turn()
            run_due()
        for person in (ada, ben):
            assert len({mail["Message-ID"] for mail in post_office.to(person)}) == 1, (point, nth)
        assert len(post_office.mails) <= 4
        assert {fetch(person).digest_at for person in (ada, ben)} == {datetime(2026, 3, 16, 8, tzinfo=timezone.utc)}
        if killer.left > 0:
            break
    assert killer.left > 0 and nth > 1


def test_a_slice_done_twice_writes_one_digest(make, post_office, time):
    ada = reader(make)
    make.reply(make.ticket(ada), make.agent())
    run_due()
    time.stop(2026, 3, 9, 8, 0)
    with transaction():
        jobs.enqueue("digest_slice", ids=[ada.id])
        jobs.enqueue("digest_slice", ids=[ada.id])
    run_due(clockwork=True)
    assert len(post_office.mails) == 1


def test_a_worker_that_stood_still_over_the_night_writes_nothing_anew_and_moves_no_time_back(make, post_office, time, monkeypatch):
    ada, agent = reader(make, how_often="daily"), make.agent()
    make.reply(make.ticket(ada), agent)
    run_due()
    look, others = digest_actions.parts_of, []

    def stand_still(*given):
        if not others:
            others.append("at work")
            with transaction():
                change_profile(ada, hours={day: [["10:00", "17:00"]] for day in WEEK})
            monday(time, 10)
            make.reply(make.ticket(ada), agent)
            monday(time, 10, day=10)
        return look(*given)
    monkeypatch.setattr(digest_actions, "parts_of", stand_still)
    monday(time)
    assert others and len(post_office.mails) == 2 and fetch(ada).digest_at == datetime(2026, 3, 11, 10, tzinfo=timezone.utc)
    monday(time, 11, day=10)
    monday(time, 11, 10, day=10)
    assert len(post_office.mails) == 2


def test_a_digest_that_could_not_be_sent_for_long_is_written_anew_as_the_same_mail(make, post_office, browse, time):
    ada, ben, agent = reader(make), reader(make, "Ben"), make.agent()
    for person in (ada, ben):
        make.reply(make.ticket(person), agent)
    run_due()
    post_office.answers["MAIL"] = b"451 later"
    monday(time)
    before = db.session.scalar(sa.select(Mail.message_id).where(Mail.person_id == ben.id))
    browse(ada).post("/inbox/read")
    del post_office.answers["MAIL"]
    for minute in (30, 45, 59):
        monday(time, 9, minute)
    assert not post_office.to(ada), "what it told was read meanwhile"
    assert digest_of(post_office, ben)["Message-ID"] == before


def test_without_a_mail_server_none_is_due(make, desk, post_office, time, monkeypatch):
    monkeypatch.setattr(desk.config["SETTINGS"], "smtp_url", "")
    ada = reader(make)
    make.reply(make.ticket(ada), make.agent())
    run_due(clockwork=True)
    monday(time)
    assert db.session.get(Person, ada.id).digest_at is None and db.session.scalar(sa.select(sa.func.count()).select_from(Mail)) == 0


def test_many_people_are_written_to_in_slices(make, post_office, time, monkeypatch):
    monkeypatch.setattr(digest_actions, "SLICE", 2)
    people, agent = [reader(make, f"Reader {n}") for n in range(5)], make.agent()
    for person in people:
        make.reply(make.ticket(person), agent)
    run_due()
    taken = []
    handler = digest_actions.digest_slice
    monkeypatch.setitem(jobs._handlers, "digest_slice", jobs.Handler(lambda some: taken.extend(len(job.payload["ids"]) for job in some) or handler(some), True))
    monday(time)
    assert taken == [2, 2, 1] and len(post_office.mails) == 5
