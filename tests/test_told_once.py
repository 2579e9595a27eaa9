"""Whatever people choose, whenever it happens and wherever the worker dies: told exactly once, never at a forbidden hour,
never what one may not see."""
import json
import os
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
from socialdesk.jobs import Job
from socialdesk.notifications import delivery
from socialdesk.notifications.choice_actions import choose
from socialdesk.notifications.models import Delivery, Device, Notification, Told
from socialdesk.notifications.service_delivery import services
from socialdesk.people.hours_checker import is_within
from socialdesk.people.models import Person
from socialdesk.people.profile_actions import change_profile
from socialdesk.posts import access_actions, text_actions
from socialdesk.posts.models import Post

from .conftest import run_due
from .test_major import give_phone

POINTS = ("transaction.before_commit", "transaction.after_commit", "jobs.claimed", "jobs.effect", "jobs.completed", "jobs.outside",
          "push.sent", "push.recorded")
HOURS = ({"mon": [["08:00", "18:00"]], "wed": [["22:00", "02:00"]]}, {day: [["09:00", "12:00"]] for day in ("mon", "tue", "sat")}, "always")
ZONES = ("UTC", "Asia/Tokyo", "America/Los_Angeles")
START = datetime(2026, 3, 2, 6, 0, tzinfo=timezone.utc)


class Death(BaseException):
    """Where the worker is killed: nothing after it runs."""


class Air:
    """What leaves the desk: each push as it is posted, with what was allowed at that moment."""

    def __init__(self):
        self.sent, self.answers = [], []

    def seal(self, office, device, payload):
        return payload

    async def post(self, office, endpoint, sealed, topic, ttl):
        notice = json.loads(sealed)["notification"]
        status = self.answers.pop() if self.answers else 201
        self.sent.append((int(endpoint.rsplit("/", 1)[1]), notice, status))
        return delivery.Answer(status, 60 if status == 429 else None)


@pytest.fixture
def air(monkeypatch):
    air = Air()
    monkeypatch.setattr(delivery.PostOffice, "seal", lambda office, device, payload: air.seal(office, device, payload))

    async def post(office, endpoint, sealed, topic, ttl, *more, **other):
        return await air.post(office, endpoint, sealed, topic, ttl)
    monkeypatch.setattr(delivery.PostOffice, "post", post)
    services.forget()

    def die(pid, signal):
        database._fail_at = None
        raise Death()
    monkeypatch.setattr(os, "kill", die)
    yield air
    database._fail_at = None


def machine(make, browse, air):
    """The machine over one desk: each run has people and threads of its own."""

    class Telling(RuleBasedStateMachine):
        @initialize(hours=st.tuples(*[st.sampled_from(HOURS)] * 3), zones=st.tuples(*[st.sampled_from(ZONES)] * 3))
        def open(self, hours, zones):
            run_due()
            clock.stands_at = START
            air.sent.clear()
            self.people = [make.person(f"P{n}", hours=hour, tz=zone) for n, (hour, zone) in enumerate(zip(hours, zones))]
            self.agent = make.agent("Tom")
            for person in self.people:
                give_phone(browse, person)
            self.threads = [make.question(self.people[0], "Alpha?"), make.ticket(self.people[1], "Beta."), make.question(self.people[0], "Gamma?")]
            with transaction():
                access_actions.give_access(self.threads[1].id, self.people[1], self.people[2].id)
            self.added, self.gone, self.crashed, self.read = True, set(), False, 0
            self.expected, self.choices = Counter(), {}
            self.work()
            air.sent.clear()
            for thread in range(3):
                self.reply(thread, 3)

        def told_off(self, person, matter):
            return self.choices.get((person.id, matter)) == "off"

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
            """Each push that left since the last look: was it allowed?"""
            people = {row.id: row for row in db.session.execute(sa.select(
                Person.id, Person.hours, Person.tz, Person.quiet_until).where(Person.id.in_([one.id for one in self.people])))}
            for person_id, notice, _ in air.sent[self.read:]:
                row = people[person_id]
                assert is_within(row.hours, row.tz, now() - timedelta(seconds=121 if self.crashed else 0)) or is_within(row.hours, row.tz, now())
                assert row.quiet_until is None or row.quiet_until <= now()
                if notice["tag"].startswith("thread-"):
                    root_id = int(notice["tag"].removeprefix("thread-"))
                    owner = self.people[1] if root_id == self.threads[1].id else self.people[0]
                    matter = "answers" if person_id == owner.id else "joined" if root_id == self.threads[1].id else "follows"
                    assert self.choices.get((person_id, matter), "now") in ("now", "rest"), "what was chosen meanwhile holds"
                    assert root_id not in self.gone
                    viewer = policy.viewer_of(person_id)
                    assert db.session.scalar(sa.select(Post.id).where(Post.id == root_id, policy.visible(viewer, Post)))
            self.read = len(air.sent)
            db.session.rollback()

        def reply(self, thread, by):
            root, author = self.threads[thread], [*self.people, self.agent][by]
            may = {0: (0, 1, 2, 3), 1: (1, 3, *((2,) if self.added else ())), 2: (0, 1, 2, 3)}[thread]
            if root.id in self.gone or by not in may:
                return
            make.reply(root, author, f"Word {thread} of {by}.")
            owner = self.people[1] if thread == 1 else self.people[0]
            if owner.id != author.id and not self.told_off(owner, "answers"):
                self.expected[owner.id] += 1
            if thread == 1 and self.added and self.people[2].id != author.id and not self.told_off(self.people[2], "joined"):
                self.expected[self.people[2].id] += 1
            self.work()

        @rule(thread=st.integers(0, 2), by=st.integers(0, 3))
        def somebody_replies(self, thread, by):
            self.reply(thread, by)

        @rule(point=st.sampled_from(POINTS), n=st.integers(1, 6), thread=st.integers(0, 2))
        def the_worker_dies(self, point, n, thread):
            root = self.threads[thread]
            if root.id in self.gone:
                return
            make.reply(root, self.agent, "Before it dies.")
            owner = self.people[1] if thread == 1 else self.people[0]
            self.expected[owner.id] += not self.told_off(owner, "answers")
            if thread == 1 and self.added:
                self.expected[self.people[2].id] += not self.told_off(self.people[2], "joined")
            database._fail_at = [point, n]
            self.work()

        @rule(who=st.integers(0, 2), matter=st.sampled_from(("answers", "joined")), told=st.sampled_from(("now", "rest", "inbox", "off")))
        def somebody_chooses(self, who, matter, told):
            with transaction():
                choose(self.people[who], matter, told, "never")
            self.choices[self.people[who].id, matter] = told

        @rule(who=st.integers(0, 2), hours=st.sampled_from(HOURS), limit=st.sampled_from((0, 3)))
        def somebody_changes_hours(self, who, hours, limit):
            with transaction():
                change_profile(self.people[who], hours=hours, daily_pushes=limit)

        @rule(who=st.integers(0, 2), hours=st.integers(1, 40))
        def somebody_wants_quiet(self, who, hours):
            with transaction():
                db.session.execute(sa.update(Person).where(Person.id == self.people[who].id).values(quiet_until=now() + timedelta(hours=hours)))

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
            air.answers[:] = [status] * 2

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
