"""What one is told: each row of the table, told at once, with the rest, in the inbox alone, by mail, or not at all."""
import pytest
import sqlalchemy as sa

from socialdesk import jobs
from socialdesk.db import db, transaction
from socialdesk.events import Verb, record
from socialdesk.notifications import matters_checker
from socialdesk.notifications.choice_actions import choose
from socialdesk.notifications.matters_checker import BY_KEY, MATTERS, levels_of
from socialdesk.notifications.models import Delivery, Notification, Told
from socialdesk.posts import actions as posts
from socialdesk.posts import queries, reaction_actions
from socialdesk.posts.idea_actions import move_idea
from socialdesk.posts.kudos_actions import give_kudos
from socialdesk.posts.models import Post
from socialdesk.tags.follow_actions import follow_tag
from socialdesk.tickets import actions as tickets
from socialdesk.tickets.major_actions import declare_major

from .test_major import give_phone
from .told import counted, do, publish

ROWS = [(matter.key, what, relation) for matter in MATTERS for what, relation in matter.rows]
EXPECTED = {"now": (1, [("push", "alone")]), "rest": (1, [("push", "rest")]), "inbox": (1, []), "off": (0, [])}


@pytest.fixture
def settings_given():
    return {"SOCIALDESK_SMTP_URL": "smtp://127.0.0.1:9"}


def happens(verb, post, actor=None, **more):
    """The bare event: what is told of it is under test, not the deed."""
    return lambda: do(record, Verb(verb), post, actor, **more)


class Stage:
    """One person, and everything that can happen to them.  Each row gives a deed that is done once all is prepared."""

    def __init__(self, make):
        self.make, self.team, self.circle = make, make.team("Network"), make.circle("Berlin")
        self.me, self.tom, self.ben = make.agent(teams=[self.team], circles=[self.circle]), make.agent(), make.person(circles=[self.circle])

    def deed(self, what, relation):
        """The deed that tells me as that relation."""
        own = getattr(self, f"{what}_{relation}", None)
        if own:
            return own()
        if what in ("replied", "note"):
            return self._said(relation, what == "note")
        if what in ("ticket_status_changed", "ticket_resumed", "ticket_reopened"):
            return happens(what, self._ticket(relation), self.tom, after="in_progress")
        return self._major(what, relation)

    def _ticket(self, relation):
        ticket = self.make.ticket(self.me if relation == "requester" else self.ben)
        if relation == "assignee":
            do(tickets.take, ticket.id, self.me)
        elif relation == "added":
            do(posts.give_access, ticket.id, self.ben, self.me.id)
        elif relation == "follower":
            do(posts.follow, ticket.id, self.me)
        return ticket

    def _said(self, relation, note):
        if relation in ("author", "follower"):
            root = self.make.question(self.me if relation == "author" else self.ben)
            if relation == "follower":
                do(posts.follow, root.id, self.me)
        else:
            root = self._ticket(relation)
        if relation == "writer":
            self.make.reply(root, self.me, note=True)
        body = f"Look, @{self.me.handle}." if relation == "mentioned" else "So it is."
        return lambda: self.make.reply(root, self.tom, body, note=note)

    def _major(self, verb, relation):
        ticket = self.make.ticket(self.me if relation == "affected" else self.ben)
        prepared = queries.prepare(self.tom, f"All is dark{', @' + self.me.handle if relation == 'mentioned' else ''}.")
        public = db.session.get(Post, do(declare_major, ticket.id, self.tom, prepared, 60))
        if relation == "follower":
            do(posts.follow, public.id, self.me)
        return happens(verb, public, self.tom)

    def waits_requester(self):
        return happens("ticket_status_changed", self._ticket("requester"), self.tom, after="resolved")

    def posted_mentioned(self):
        return lambda: publish(self.ben, "question", f"Ask @{self.me.handle}.")

    def ticket_opened_mentioned(self):
        return lambda: self.make.ticket(self.ben, f"Ask @{self.me.handle}.")

    def ticket_opened_team(self):
        return lambda: self.make.ticket(self.ben, team_id=self.team.id)

    def ticket_moved_team(self):
        ticket = self.make.ticket(self.ben)
        return lambda: do(tickets.move, ticket.id, self.tom, self.team.id)

    def ticket_assigned_assignee(self):
        ticket = self.make.ticket(self.ben)
        return lambda: do(tickets.assign, ticket.id, self.tom, self.me.id)

    def major_overdue_promiser(self):
        return self._overdue("author", self.me.id)

    def major_overdue_team(self):
        return self._overdue("agent", None)

    def _overdue(self, whose, ref_id):
        ticket = self.make.ticket(self.ben)
        public = db.session.get(Post, do(declare_major, ticket.id, self.tom, queries.prepare(self.tom, "All is dark."), 60))
        return happens("major_overdue", public, ref_id=ref_id, after=whose)

    def review_due_owner(self):
        return happens("review_due", self.make.article(self.me), ref_id=self.me.id)

    def access_given_added(self):
        ticket = self.make.ticket(self.ben)
        return lambda: do(posts.give_access, ticket.id, self.ben, self.me.id)

    def answer_accepted_writer(self):
        question = self.make.question(self.ben)
        answer = self.make.reply(question, self.me)
        return lambda: do(posts.accept, answer.id, self.ben)

    def posted_thanked(self):
        prepared = queries.prepare(self.ben, f"Thank you @{self.me.handle}!")
        return lambda: do(give_kudos, self.ben, prepared)

    def thanked_thanked(self):
        kudos = do(give_kudos, self.ben, queries.prepare(self.ben, f"Thank you @{self.me.handle}!"))
        return happens("thanked", kudos, self.ben, ref_id=self.me.id)

    def idea_moved_author(self):
        return self._idea(self.me)

    def idea_moved_voter(self):
        return self._idea(self.ben, lambda idea: reaction_actions.react(idea.id, self.me, "vote"))

    def idea_moved_follower(self):
        return self._idea(self.ben, lambda idea: posts.follow(idea.id, self.me))

    def _idea(self, author, before=None):
        idea = publish(author, "idea", "Bikes for all.")
        if before:
            do(before, idea)
        return lambda: do(move_idea, idea.id, self.tom, "under_review", "We look.")

    def liked_author(self):
        question = self.make.question(self.me)
        return lambda: do(reaction_actions.react, question.id, self.ben)

    def posted_everyone(self):
        return lambda: publish(self.tom, "announcement", "New badges.")

    def posted_circle(self):
        return lambda: publish(self.tom, "announcement", "New badges.", audience=f"circle:{self.circle.slug}", source="test")

    def post_circle(self):
        return lambda: publish(self.ben, "question", "Who has a key?", audience=f"circle:{self.circle.slug}")

    def post_tagged(self):
        do(follow_tag, "vpn", self.me)
        return lambda: publish(self.ben, "question", "Who has a key? #vpn")


@pytest.fixture
def stage(make, browse):
    """A Stage whose person has a phone."""
    play = Stage(make)
    give_phone(browse, play.me)
    return play


def act(stage, key, what, relation, told=None, mail="never"):
    """What the person is told when such a thing happens anew, having chosen so; told: None for what is usual.  Who is told and how
    is written by the lane of what somebody waits for; what led up to the deed is told to nobody, and nothing is sent."""
    deed = stage.deed(what, relation)
    with transaction():
        for table in (jobs.Job, Delivery, Notification, Told):
            db.session.execute(sa.delete(table))
        if told:
            choose(stage.me, key, told, mail)
    deed()
    jobs.run_due(("now",))
    return counted(stage.me)


@pytest.mark.parametrize("key, what, relation", ROWS)
def test_each_row_is_told_as_chosen(stage, key, what, relation):
    matter = BY_KEY[key]
    for told, expected in EXPECTED.items():
        if matter.pushes or told in ("inbox", "off"):
            if matter.silent or told != "off":
                assert act(stage, key, what, relation, told) == expected, told


@pytest.mark.parametrize("key", [matter.key for matter in MATTERS])
def test_each_matter_is_told_as_usual_and_mailed_where_that_is_chosen(stage, key):
    matter = BY_KEY[key]
    what, relation = matter.rows[0]
    lines, deliveries = act(stage, key, what, relation)
    usual = matter.usual
    pushes = {"now": [("push", "alone")], "rest": [("push", "rest")], "never": []}[usual.push] if usual.inbox == "on" else []
    assert (lines, [one for one in deliveries if one[0] == "push"]) == (int(usual.inbox == "on"), pushes)
    assert [one for one in deliveries if one[0] == "mail"] == ([("mail", "alone")] if usual.mail == "second" else [])
    assert act(stage, key, what, relation, "inbox", "always") == (1, [("mail", "alone")])
    assert act(stage, key, what, relation, "inbox", "digest") == (1, [])


def test_usual_rows_of_the_table_push_only_what_is_for_oneself():
    """Nice to know waits; nobody is rung at once for what concerns a crowd."""
    crowd = {"voter", "circle", "everyone", "tagged", "team", "thanked"}
    for matter in MATTERS:
        if matter.usual.push == "now":
            assert not crowd & {relation for _, relation in matter.rows} or matter.key == "promises", matter.key


def test_the_table_knows_every_level_it_uses():
    for matter in MATTERS:
        assert all(level in matters_checker.LEVELS[channel] for channel, level in matter.usual._asdict().items())
        assert levels_of(matter, {"push": "loud"}) == matter.usual, "a level of another version counts as the usual"
    assert len({row for matter in MATTERS for row in matter.rows}) == sum(len(matter.rows) for matter in MATTERS)
