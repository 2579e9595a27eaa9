"""Any order of deeds on a ticket, held and undone ones too, leaves it where the table says and its story whole."""
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from socialdesk.db import db, transaction
from socialdesk.errors import Refusal
from socialdesk.posts.models import Post
from socialdesk.tickets import actions

from .conftest import run_due
from .ticket_desk import DESK, REQUESTER, STATUSES, row_of, story

KEPT = ("status", "hold_reason", "reopened", "resolved_at", "closes_at", "closed_at", "first_word_at", "last_word_at", "version")
HOLDS = st.sampled_from([0, 10])


@pytest.fixture
def settings_given():
    return {"SOCIALDESK_LIMITS": "off"}


def machine(make, time):
    """The machine over one desk: each run has a ticket of its own."""
    requester, agent, colleague = make.person(), make.agent(), make.agent()

    class Deeds(RuleBasedStateMachine):
        @initialize()
        def open(self):
            time.stop()
            self.ticket = make.ticket(requester, "My screen stays black.")
            self.status, self.reason, self.reopened, self.undo = "new", None, 0, None

        def goes(self, status, reason=None, reopened=0):
            self.status, self.reason, self.reopened = status, reason, self.reopened + reopened

        def do(self, deed, held_by=None):
            """Do a deed; keep how it was, if it may be undone."""
            before = {name: row_of(self.ticket)[name] for name in KEPT}, (self.status, self.reason, self.reopened)
            with transaction():
                done = deed()
            self.undo = (held_by, done, *before) if held_by else None

        @rule(person=st.sampled_from([requester, agent, colleague]), after=st.sampled_from(STATUSES),
              reason=st.sampled_from(["requester", "supplier", "change"]), hold=HOLDS)
        def change(self, person, after, reason, hold):
            table = REQUESTER if person is requester else DESK
            allowed = after in table[self.status].split()
            try:
                self.do(lambda: actions.change_status(self.ticket.id, person, after, "So it is.", reason, hold), hold and person)
            except Refusal:
                assert not allowed
            else:
                assert allowed
                self.goes(after, reason if after == "on_hold" else None, person is requester and (self.status, after) == ("resolved", "in_progress"))

        @rule(person=st.sampled_from([requester, agent]), hold=HOLDS)
        def reply(self, person, hold):
            ended = self.status in ("closed", "canceled")
            before = {name: row_of(self.ticket)[name] for name in KEPT}, (self.status, self.reason, self.reopened)
            post = make.reply(self.ticket, person, "And so it goes.", hold_seconds=hold)
            self.undo = (person, post, *before) if hold and not ended else None if not ended else self.undo
            assert (post.root_id != self.ticket.id) is ended
            if person is requester and (self.status, self.reason) == ("on_hold", "requester"):
                self.goes("in_progress")
            elif person is requester and self.status == "resolved":
                self.goes("in_progress", reopened=1)

        @rule()
        def take_back(self):
            if not self.undo:
                return
            person, done, was, (self.status, self.reason, self.reopened) = self.undo
            with transaction():
                actions.undo_reply(done.id, person) if isinstance(done, Post) else actions.undo_status(self.ticket.id, person)
            self.undo = None
            assert {name: row_of(self.ticket)[name] for name in KEPT} == was

        @rule(days=st.sampled_from([0, 1, 4, 8]))
        def time_passes(self, days):
            time.pass_(days=days, seconds=11)
            run_due(clockwork=True)
            due = row_of(self.ticket)["closed_at"] is not None and self.status == "resolved"
            assert not (self.status == "resolved" and days == 8) or due
            if due:
                self.goes("closed")
            self.undo = None

        @invariant()
        def the_row_is_where_the_deeds_lead(self):
            if not hasattr(self, "ticket"):
                return
            row = row_of(self.ticket)
            assert (row["status"], row["hold_reason"], row["reopened"]) == (self.status, self.reason, self.reopened)
            assert (row["closes_at"] is not None) == (self.status == "resolved")
            assert (row["closed_at"] is not None) == (self.status in ("closed", "canceled"))
            assert (row["resolved_at"] is not None) >= (self.status == "resolved")

        @invariant()
        def the_ledger_tells_the_whole_way(self):
            if not hasattr(self, "ticket"):
                return
            steps = [step for step in story(self.ticket) if step[0] in ("ticket_status_changed", "ticket_reopened", "ticket_resumed")]
            at = "new"
            for _, before, after in steps:
                assert before == at and after in DESK[before].split()
                at = after
            assert at == self.status
            assert [verb for verb, *_ in steps].count("ticket_reopened") == self.reopened
            assert row_of(self.ticket)["version"] == 1 + len(steps)

    return Deeds


def test_any_order_of_deeds_keeps_ticket_table_and_ledger_together(make, time):
    run_state_machine_as_test(machine(make, time), settings=settings(
        max_examples=15, stateful_step_count=12, deadline=None, database=None, suppress_health_check=list(HealthCheck)))
    db.session.rollback()
