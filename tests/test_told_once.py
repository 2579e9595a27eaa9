"""Whatever people choose or read, whenever it happens and wherever the worker dies: told exactly once, by push and by mail, never at a
forbidden hour, never what one may not see, never what one has read."""
import re
from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from socialdesk import db as database
from socialdesk import policy
from socialdesk.db import clock, db, now, transaction
from socialdesk.events import Event
from socialdesk.jobs import Job, enqueue
from socialdesk.notifications.actions import read_all, read_thread
from socialdesk.notifications.choice_actions import choose
from socialdesk.notifications.models import Delivery, Device, Notification, Told
from socialdesk.notifications.service_delivery import services
from socialdesk.people.hours_checker import is_within
from socialdesk.people.models import Person
from socialdesk.people.profile_actions import change_profile
from socialdesk.posts import access_actions, text_actions
from socialdesk.posts.models import Post

from .air import Death, air, settings_given  # noqa: F401
from .conftest import run_due
from .test_major import give_phone

POINTS = ("transaction.before_commit", "transaction.after_commit", "jobs.claimed", "jobs.effect", "jobs.completed", "jobs.outside",
          "push.sent", "push.recorded", "mail.written")
HOURS = ({"mon": [["08:00", "18:00"]], "wed": [["22:00", "02:00"]]}, {day: [["09:00", "12:00"]] for day in ("mon", "tue", "sat")}, "always")
ZONES = ("UTC", "Asia/Tokyo", "America/Los_Angeles")
START = datetime(2026, 3, 2, 6, 0, tzinfo=timezone.utc)


def machine(make, browse, air):
    """The machine over one desk: each run has people and threads of its own."""

    class Telling(RuleBasedStateMachine):
        @initialize(hours=st.tuples(*[st.sampled_from(HOURS)] * 3), zones=st.tuples(*[st.sampled_from(ZONES)] * 3),
                    phones=st.tuples(*[st.sampled_from((True, True, False))] * 3), wishes=st.tuples(*[st.sampled_from(("", "read", "quiet", "hours"))] * 3))
        def open(self, hours, zones, phones, wishes):
            run_due()
            clock.stands_at = START
            services.forget()
            self.people = [make.person(f"P{n}", hours=hour, tz=zone) for n, (hour, zone) in enumerate(zip(hours, zones))]
            self.agent = make.agent("Tom")
            for person, has_phone in zip(self.people, phones):
                if has_phone:
                    give_phone(browse, person)
            self.threads = [make.question(self.people[0], "Alpha?"), make.ticket(self.people[1], "Beta."), make.question(self.people[0], "Gamma?")]
            with transaction():
                access_actions.give_access(self.threads[1].id, self.people[1], self.people[2].id)
            self.added, self.gone, self.crashed, self.is_ill = True, set(), False, False
            self.expected, self.choices, self.mailed, self.changed = Counter(), {}, {}, {}
            self.words = 0
            run_due()
            for kept in (air.sent, air.mails, air.turned_away):
                kept.clear()
            self.read = self.opened = 0
            for thread in range(3):
                self.reply(thread, 3, at_once=thread == 2)
            for who, wish in enumerate(wishes):                         # at the time when most waits
                if wish == "read":
                    self.somebody_reads(who, 3)
                elif wish:
                    self.somebody_wants_quiet(who, 30) if wish == "quiet" else self.somebody_changes_hours(who, HOURS[1], 0)

        def told_off(self, person, matter):
            return self.choices.get((person.id, matter), ("now",))[0] == "off"

        def work(self):
            self.crashed |= bool(database._fail_at)
            try:
                run_due()
            except Death:
                database.db.session.rollback()
                clock.stands_at += timedelta(seconds=121)            # the lease of what it had in hand runs out
                run_due()
            database._fail_at = None
            self.check_air()

        def let_pass(self, until):
            """Time goes from one thing that is due to the next, so that each is done at its very moment."""
            while True:
                at = db.session.scalar(sa.select(sa.func.min(Job.run_at)).where(Job.state == "due"))
                db.session.rollback()
                clock.stands_at = until if at is None or at > until else max(at, clock.stands_at)
                self.work()
                if at is None or at > until:
                    return

        def check_air(self):
            """Each push and mail that left since the last look: was it allowed?"""
            rows = db.session.execute(sa.select(Person.id, Person.hours, Person.tz, Person.quiet_until).where(Person.id.in_([one.id for one in self.people])))
            people = {row.id: row for row in rows}
            unread = set(db.session.scalars(sa.select(Notification.id).where(Notification.person_id.in_(people), Notification.read_at.is_(None))))
            for person_id, notice, _ in air.sent[self.read:]:
                self.check_hour(people[person_id])
                assert set(notice["data"]["lines"]) <= unread, "what is read does not ring"
                if notice["tag"].startswith("thread-"):
                    self.check_thread(person_id, int(notice["tag"].removeprefix("thread-")), 0, ("now", "rest"))
            for mail in air.mails[self.opened:]:
                self.check_mail(mail, people[mail.person_id])
            self.check_what_waits()
            self.read, self.opened = len(air.sent), len(air.mails)
            db.session.rollback()

        def check_hour(self, row):
            assert is_within(row.hours, row.tz, now() - timedelta(seconds=121 if self.crashed else 0)) or is_within(row.hours, row.tz, now())
            assert row.quiet_until is None or row.quiet_until <= now()

        def check_thread(self, person_id, root_id, channel, wanted):
            owner = self.people[1] if root_id == self.threads[1].id else self.people[0]
            matter = "answers" if person_id == owner.id else "joined" if root_id == self.threads[1].id else "follows"
            usual = "now", "second" if matter == "answers" else "digest"
            assert self.choices.get((person_id, matter), usual)[channel] in wanted, "what was chosen meanwhile holds"
            assert root_id not in self.gone
            viewer = policy.viewer_of(person_id)
            assert db.session.scalar(sa.select(Post.id).where(Post.id == root_id, policy.visible(viewer, Post)))

        def check_mail(self, mail, person):
            """At an allowed hour, of threads one may see and has not read, and no word in two different mails."""
            self.check_hour(person)
            for root_id in map(int, re.findall(r"/p/(\d+)$", mail.body, re.M)):
                self.check_thread(person.id, root_id, 1, ("always", "second"))
                assert db.session.scalar(sa.select(Notification.id).where(
                    Notification.person_id == person.id, Notification.root_id == root_id, Notification.read_at.is_(None))), "what is read is not mailed"
            for word in re.findall(r"Word \d+", mail.body):
                assert self.mailed.setdefault((person.id, word), mail.message_id) == mail.message_id, "each telling is mailed once"
                assert self.crashed or sum(one.message_id == mail.message_id for one in air.mails) == 1

        def check_what_waits(self):
            """Nothing whose time has come; and what nothing came between was planned for an allowed hour, not stopped at the door."""
            ours = Delivery.person_id.in_([one.id for one in self.people])
            assert not db.session.scalars(sa.select(Delivery.id).where(ours, Delivery.state == "due", Delivery.send_at <= now())).all()
            for person_id, at in db.session.execute(sa.select(Delivery.person_id, Event.at).join(Event, Event.id == Delivery.event_id)
                                                    .where(Delivery.id.in_(air.turned_away))):
                assert self.crashed or self.is_ill or at <= self.changed.get(person_id, START - timedelta(1))
            air.turned_away.clear()

        def word(self):
            self.words += 1
            return f"Word {self.words}."

        def reply(self, thread, by, at_once=True):
            root, author = self.threads[thread], [*self.people, self.agent][by]
            may = {0: (0, 1, 2, 3), 1: (1, 3, *((2,) if self.added else ())), 2: (0, 1, 2, 3)}[thread]
            if root.id in self.gone or by not in may:
                return
            make.reply(root, author, self.word())
            owner = self.people[1] if thread == 1 else self.people[0]
            if owner.id != author.id and not self.told_off(owner, "answers"):
                self.expected[owner.id] += 1
            if thread == 1 and self.added and self.people[2].id != author.id and not self.told_off(self.people[2], "joined"):
                self.expected[self.people[2].id] += 1
            if at_once:
                self.work()

        @rule(thread=st.integers(0, 2), by=st.integers(0, 3))
        def somebody_replies(self, thread, by):
            self.reply(thread, by)

        @rule(point=st.sampled_from(POINTS), n=st.integers(1, 6), thread=st.integers(0, 2))
        def the_worker_dies(self, point, n, thread):
            root = self.threads[thread]
            if root.id in self.gone:
                return
            make.reply(root, self.agent, self.word())
            owner = self.people[1] if thread == 1 else self.people[0]
            self.expected[owner.id] += not self.told_off(owner, "answers")
            if thread == 1 and self.added:
                self.expected[self.people[2].id] += not self.told_off(self.people[2], "joined")
            database._fail_at = [point, n]
            self.work()

        @rule(who=st.integers(0, 2), thread=st.integers(0, 3))
        def somebody_reads(self, who, thread):
            with transaction():
                read_all(self.people[who]) if thread == 3 else read_thread(self.people[who], self.threads[thread].id)

        @rule()
        def all_is_asked_for_again(self):
            """A job that is there twice tells nothing twice: neither a push nor a mail."""
            for channel, kind, lane in (("push", "push", "push"), ("mail", "mail_notices", "soon")):
                ids = db.session.scalars(sa.select(Delivery.id).where(Delivery.channel == channel, Delivery.person_id.in_([one.id for one in self.people]),
                                                                      Delivery.how == "alone", Delivery.send_at <= now())).all()
                with transaction():
                    enqueue(kind, lane=lane, ids=ids)
            self.work()

        @rule(who=st.integers(0, 2), matter=st.sampled_from(("answers", "joined", "follows")), told=st.sampled_from(("now", "rest", "inbox", "off")),
              mail=st.sampled_from(("always", "second", "never")))
        def somebody_chooses(self, who, matter, told, mail):
            with transaction():
                choose(self.people[who], matter, told, mail)
            self.choices[self.people[who].id, matter] = told, mail

        @rule(who=st.integers(0, 2), hours=st.sampled_from(HOURS), limit=st.sampled_from((0, 3)))
        def somebody_changes_hours(self, who, hours, limit):
            with transaction():
                change_profile(self.people[who], hours=hours, daily_pushes=limit)
            self.changed[self.people[who].id] = now()

        @rule(who=st.integers(0, 2), hours=st.integers(1, 40))
        def somebody_wants_quiet(self, who, hours):
            with transaction():
                db.session.execute(sa.update(Person).where(Person.id == self.people[who].id).values(quiet_until=now() + timedelta(hours=hours)))
            self.changed[self.people[who].id] = now()

        @rule()
        def the_one_added_loses_access(self):
            with transaction():
                access_actions.take_access(self.threads[1].id, self.people[1], self.people[2].id)
            self.added = False

        @rule()
        def a_thread_is_taken_back(self):
            if self.threads[2].id not in self.gone:
                with transaction():
                    text_actions.delete(self.threads[2].id, self.people[0])
                self.gone.add(self.threads[2].id)

        @rule(hours=st.integers(1, 30))
        def time_passes(self, hours):
            self.let_pass(now() + timedelta(hours=hours))

        @rule(status=st.sampled_from((503, 429, 0)))
        def the_push_service_is_ill(self, status):
            air.answers[:], self.is_ill = [status] * 2, True

        @invariant()
        def each_was_told_of_each_once(self):
            if not hasattr(self, "people"):
                return
            for person in self.people:
                told = db.session.scalar(sa.select(sa.func.count()).select_from(Told).where(Told.person_id == person.id))
                assert told >= self.expected[person.id]
                lines = db.session.scalar(sa.select(sa.func.sum(Notification.n)).where(Notification.person_id == person.id)) or 0
                assert lines == told, "each happening stands in a line, once"
            db.session.rollback()

        def teardown(self):
            if not hasattr(self, "people"):
                return
            database._fail_at, air.answers[:] = None, []
            self.let_pass(now() + timedelta(days=12))
            marks = Counter((device, notice["data"]["id"]) for device, notice, status in air.sent if status == 201)
            if not self.crashed:
                assert set(marks.values()) <= {1}, "without a death nothing is sent twice"
            left = db.session.scalars(sa.select(Delivery.id).where(Delivery.state == "due", Delivery.person_id.in_([one.id for one in self.people]))).all()
            assert left == [] and db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.state == "dead")) == 0
            self.all_that_rings_has_rung(marks)
            db.session.rollback()

        def all_that_rings_has_rung(self, marks):
            """The newest telling of each line that was not dropped for a reason has reached the device."""
            rows = db.session.execute(sa.select(Delivery.state, Delivery.n, Delivery.http, Delivery.how, Notification.id, Device.person_id)
                                      .join(Notification, Notification.id == Delivery.notification_id).join(Device, Device.id == Delivery.device_id)
                                      .where(Delivery.person_id.in_([one.id for one in self.people]))).all()
            shown = {mark for _, mark in marks}
            for row in rows:
                if row.state == "sent" and row.how == "alone":
                    assert f"{row.id}.{row.n}" in shown

    return Telling


def run(make, browse, air, examples):
    run_state_machine_as_test(machine(make, browse, air), settings=settings(
        max_examples=examples, stateful_step_count=20, deadline=None, database=None, phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck)))
    db.session.rollback()


def test_told_once_at_an_allowed_hour_and_only_what_one_may_see(make, browse, air):
    run(make, browse, air, 8)


@pytest.mark.slow
def test_the_same_many_more_times(make, browse, air):
    run(make, browse, air, 60)
