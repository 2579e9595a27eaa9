"""What one is told: each row of the table, told at once, with the rest, in the inbox alone, by mail, or not at all."""
from pathlib import Path

import pytest
import sqlalchemy as sa

from socialdesk import jobs
from socialdesk.db import db, transaction
from socialdesk.events import Verb, record
from socialdesk.notifications import matters_checker
from socialdesk.notifications.choice_actions import choose
from socialdesk.notifications.matters_checker import BY_KEY, MATTERS, levels_of
from socialdesk.notifications.models import Choice, Delivery, Notification, Told
from socialdesk.people.models import Person
from socialdesk.posts import actions as posts
from socialdesk.posts import queries, reaction_actions
from socialdesk.posts.idea_actions import move_idea
from socialdesk.posts.kudos_actions import give_kudos
from socialdesk.posts.models import Post
from socialdesk.tags.follow_actions import follow_tag
from socialdesk.tickets import actions as tickets
from socialdesk.tickets.major_actions import declare_major

from .api_desk import call  # noqa: F401
from .conftest import HTMX, run_due
from .test_major import give_phone

ROWS = [(matter.key, what, relation) for matter in MATTERS for what, relation in matter.rows]
EXPECTED = {"now": (1, [("push", "alone")]), "rest": (1, [("push", "rest")]), "inbox": (1, []), "off": (0, [])}


@pytest.fixture
def settings_given():
    return {"SOCIALDESK_SMTP_URL": "smtp://127.0.0.1:9"}


@pytest.fixture(autouse=True)
def _written_not_sent(monkeypatch):
    """Deliveries are counted here; sending them is tested elsewhere."""
    for kind in ("push", "push_rest", "mail_notices"):
        monkeypatch.setitem(jobs._handlers, kind, jobs.Handler(lambda claimed: {}, True))


def publish(author, kind, body, **more):
    prepared = queries.prepare(author, body)
    with transaction():
        return posts.publish(author, kind, prepared, **more)


def do(deed, *given, **more):
    with transaction():
        return deed(*given, **more)


def happens(verb, post, actor=None, **more):
    """The bare event: what is told of it is under test, not the deed."""
    return lambda: do(record, Verb(verb), post, actor, **more)


class Stage:
    """One person, and everything that can happen to them.  Each row gives a deed that is done once all is prepared."""

    def __init__(self, make, circle, team):
        self.make, self.team = make, team
        self.me, self.tom, self.ben = make.agent(teams=[team], circles=[circle]), make.agent(), make.person(circles=[circle])
        self.circle = circle

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
def stage(make):
    """stage() is a new Stage on the same desk."""
    circle, team = make.circle("Berlin"), make.team("Network")
    return lambda: Stage(make, circle, team)


def counted(person):
    """(unread lines of this person, [(channel, how)] of their deliveries)."""
    db.session.rollback()
    lines = db.session.scalar(sa.select(sa.func.count()).select_from(Notification).where(Notification.person_id == person.id))
    rows = db.session.execute(sa.select(Delivery.channel, Delivery.how).where(Delivery.person_id == person.id).order_by(Delivery.id)).all()
    db.session.rollback()
    return lines, [tuple(row) for row in rows]


def act(stage, browse, key, what, relation, told=None, mail="never"):
    """What a person is told when such a thing happens, having chosen so; told: None for what is usual."""
    play = stage()
    give_phone(browse, play.me)
    deed = play.deed(what, relation)
    run_due()
    with transaction():
        for table in (Delivery, Notification, Told):
            db.session.execute(sa.delete(table))
        if told:
            choose(play.me, key, told, mail)
    deed()
    run_due()
    return counted(play.me)


@pytest.mark.parametrize("key, what, relation", ROWS)
def test_each_row_is_told_as_chosen(stage, browse, key, what, relation):
    matter = BY_KEY[key]
    for told, expected in EXPECTED.items():
        if matter.pushes or told in ("inbox", "off"):
            if matter.silent or told != "off":
                assert act(stage, browse, key, what, relation, told) == expected, told


@pytest.mark.parametrize("key", [matter.key for matter in MATTERS])
def test_each_matter_is_told_as_usual_and_mailed_where_that_is_chosen(stage, browse, key):
    matter = BY_KEY[key]
    what, relation = matter.rows[0]
    lines, deliveries = act(stage, browse, key, what, relation)
    usual = matter.usual
    pushes = {"now": [("push", "alone")], "rest": [("push", "rest")], "never": []}[usual.push] if usual.inbox == "on" else []
    assert (lines, [one for one in deliveries if one[0] == "push"]) == (int(usual.inbox == "on"), pushes)
    assert [one for one in deliveries if one[0] == "mail"] == ([("mail", "alone")] if usual.mail == "second" else [])
    assert act(stage, browse, key, what, relation, "inbox", "always") == (1, [("mail", "alone")])
    assert act(stage, browse, key, what, relation, "inbox", "digest") == (1, [])


def test_likes_never_ring_and_what_waits_in_person_always_stands_in_the_inbox(make, browse):
    ada = make.agent()
    page = browse(ada)
    for data in ({"likes-told": "now"}, {"likes-told": "rest"}):
        assert page.post("/me/notifications/what/others", data=data).status_code == 422
    for part, data in (("mine", {"waits-told": "off"}), ("desk", {"assigned-told": "off"}), ("mine", {"answers-told": "loud"}),
                       ("mine", {"answers-mail": "pigeon"})):
        assert page.post(f"/me/notifications/what/{part}", data=data).status_code == 422
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Choice)) == 0


def test_usual_rows_of_the_table_push_only_what_is_for_oneself():
    """Nice to know waits; nobody is rung at once for what concerns a crowd."""
    crowd = {"voter", "circle", "everyone", "tagged", "team", "thanked"}
    for matter in MATTERS:
        if matter.usual.push == "now":
            assert not crowd & {relation for _, relation in matter.rows} or matter.key == "promises", matter.key


# --- the page

@pytest.mark.parametrize("headers, status", [({}, 303), (HTMX, 200)])
def test_choices_are_kept_by_form_and_only_what_differs_is_written(make, browse, headers, status):
    ada = make.person()
    page = browse(ada)
    for told in ("rest", "rest", "now"):
        answer = page.post("/me/notifications/what/mine", data={"answers-told": told, "answers-mail": "second"}, headers=headers)
        assert answer.status_code == status
        rows = db.session.execute(sa.select(Choice.matter, Choice.channel, Choice.level)).all()
        db.session.rollback()
        assert [tuple(row) for row in rows] == ([("answers", "push", "rest")] if told == "rest" else [])
    assert "Somebody answers what I asked" in page.get("/me/notifications/what").text


def test_matters_of_the_desk_are_for_its_people_alone(make, browse):
    ada, tom = make.person(), make.agent()
    assert "My team gets a ticket" in browse(tom).get("/me/notifications/what").text
    assert "My team gets a ticket" not in browse(ada).get("/me/notifications/what").text
    browse(ada).post("/me/notifications/what/desk", data={"queue-told": "now"})
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Choice)) == 0
    assert browse(tom).post("/me/notifications/what/nothing").status_code == 404


def test_each_sentence_has_its_name_and_two_choices(make, browse):
    text = browse(make.agent()).get("/me/notifications/what").text
    for matter in MATTERS:
        assert f"<legend>{matter.sentence}</legend>" in text and f'name="{matter.key}-told"' in text and f'name="{matter.key}-mail"' in text


def test_a_choice_is_for_oneself_alone(make, browse, stage):
    play = stage()
    give_phone(browse, play.me)
    give_phone(browse, play.tom)
    with transaction():
        choose(play.me, "announcements", "off", "never")
    publish(make.agent(), "announcement", "New badges.")
    run_due()
    assert counted(play.me) == (0, []) and counted(play.tom) == (1, [("push", "rest")])


# --- hashtags and circles

@pytest.mark.parametrize("level, asked, named", [("all", 1, 1), ("mentions", 0, 1), ("muted", 0, 0)])
def test_a_hashtag_is_heard_as_chosen(make, browse, level, asked, named):
    ada, ben = make.person(), make.person()
    with transaction():
        choose(ada, "hashtags", "inbox", "never")
    page = browse(ada)
    assert page.post("/me/notifications/levels/hashtag", data={"hashtag": "vpn", "level": level}).status_code == 303
    publish(ben, "question", "Who has a key? #vpn")
    run_due()
    assert counted(ada)[0] == asked
    publish(ben, "question", f"Does @{ada.handle} have one? #vpn")
    run_due()
    assert counted(ada)[0] == asked + named
    publish(ben, "question", f"Does @{ada.handle} have one? #keys")
    run_due()
    assert counted(ada)[0] == asked + named + 1, "another hashtag is heard as before"


@pytest.mark.parametrize("level, asked, named", [("all", 1, 1), ("mentions", 0, 1), ("muted", 0, 0)])
def test_a_circle_is_heard_as_chosen(make, browse, level, asked, named):
    circle = make.circle("Berlin")
    ada, ben = make.person(circles=[circle]), make.person(circles=[circle])
    with transaction():
        choose(ada, "circles", "inbox", "never")
    assert browse(ada).post("/me/notifications/levels/circle", data={"circle": circle.slug, "level": level}).status_code == 303
    for words, expected in (("Who has a key?", asked), (f"Does @{ada.handle} have one?", asked + named)):
        publish(ben, "question", words, audience=f"circle:{circle.slug}")
        run_due()
        assert counted(ada)[0] == expected


def test_what_is_ones_own_is_heard_however_muted_its_hashtag(make, browse):
    ada, ben = make.person(), make.person()
    browse(ada).post("/me/notifications/levels/hashtag", data={"hashtag": "vpn", "level": "muted"})
    question = make.question(ada, "Who has a key? #vpn")
    make.reply(question, ben)
    run_due()
    assert counted(ada)[0] == 1


def test_levels_are_refused_in_words_and_for_circles_of_others_missing(make, browse):
    make.circle("Berlin")
    page = browse(make.person())
    assert page.post("/me/notifications/levels/hashtag", data={"hashtag": "vpn", "level": "loud"}).status_code == 422
    assert page.post("/me/notifications/levels/hashtag", data={"hashtag": "#", "level": "all"}).status_code == 422
    assert page.post("/me/notifications/levels/circle", data={"circle": "berlin", "level": "all"}).status_code == 404
    assert "no circle yet" in page.get("/me/notifications/levels").text


def test_the_table_knows_every_level_it_uses():
    for matter in MATTERS:
        assert all(level in matters_checker.LEVELS[channel] for channel, level in matter.usual._asdict().items())
        assert levels_of(matter, {"push": "loud"}) == matter.usual, "a level of another version counts as the usual"
    assert len({row for matter in MATTERS for row in matter.rows}) == sum(len(matter.rows) for matter in MATTERS)


def test_a_locked_phone_shows_as_much_of_each_kind_as_chosen(make, browse):
    ada = make.person()
    page = browse(ada)
    assert page.post("/me/notifications/lock-screen", data={"lock_screen": "who", "lock_private": "full"}).status_code == 303
    row = db.session.execute(sa.select(Person.lock_screen, Person.lock_private).where(Person.id == ada.id)).one()
    db.session.rollback()
    assert tuple(row) == ("who", "full")
    assert page.post("/me/notifications/lock-screen", data={"lock_screen": "loud"}).status_code == 422


def test_a_program_reads_and_changes_the_choices_of_its_person(make, call):
    ada = make.person()
    program = call(ada)
    told = {one["matter"]: one for one in program.get("/me/choices").json["choices"]}
    assert told["answers"]["told"] == "now" and "queue" not in told
    changed = program.patch("/me/choices", {"matter": "answers", "told": "rest"})
    assert {one["matter"]: (one["told"], one["mail"]) for one in changed.json["choices"]}["answers"] == ("rest", "second")
    for wrong in ({"matter": "waits", "told": "off"}, {"matter": "queue", "told": "now"}, {"matter": "answers", "told": "loud"}):
        assert program.patch("/me/choices", wrong).status_code == 422
    me = program.patch("/me", {"batch_hours": ["15:00", "09:00"], "daily_pushes": 3, "even_outside": ["majors"], "digest": "daily", "lock_private": "who"})
    assert [me.json[name] for name in ("batch_hours", "daily_pushes", "even_outside", "digest", "lock_private")] == [["09:00", "15:00"], 3, ["majors"], "daily", "who"]
    assert program.patch("/me", {"digest": "hourly"}).status_code == 422


def test_the_page_about_notices_names_every_matter_as_it_is():
    page = (Path(__file__).parent.parent / "docs" / "notices.md").read_text("utf-8")
    push, mail = {"now": "at once", "rest": "with the rest", "never": "no"}, {"second": "if unread after 2 h", "digest": "in the digest", "never": "no"}
    for matter in MATTERS:
        inbox = "yes" if matter.usual.inbox == "on" else "who asks for it"
        rings = push[matter.usual.push] if matter.pushes else "never"
        assert f"| {matter.sentence} | {inbox} | {rings} | {mail[matter.usual.mail]} |" in page
