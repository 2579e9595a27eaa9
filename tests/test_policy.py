"""Who may see and do what: the answers written by hand, asked of each shape the rule is asked in."""
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from socialdesk import policy
from socialdesk.db import clock, db, now, transaction
from socialdesk.errors import Missing, NotAllowed
from socialdesk.events import Event, Verb
from socialdesk.people.models import Person
from socialdesk.posts.models import Access, Post
from socialdesk.tickets.queries import panel_of

#: thread -> who sees it; everybody who is not named does not.  "agent", "admin", "network" (a member of the open team),
#: "hr" (an agent in the confidential team), "inside" (a member of the circle), "author", "added" (a participant), "glass" (an admin
#: who broke it), "gone" (an admin whose glass has run out), "stranger", "requester_in_hr" (in the team, but no agent)
AGENTS = {"agent", "admin", "network", "hr", "glass", "gone"}
EVERYBODY = AGENTS | {"inside", "author", "added", "stranger", "requester_in_hr"}
SEES = {
    "question_everyone": EVERYBODY,
    "question_circle": {"inside", "author", "added"},
    "ticket_triage": AGENTS | {"author", "added"},
    "ticket_team": AGENTS | {"author", "added"},
    "ticket_confidential": {"hr", "author", "added", "glass"},
}
#: who reads the notes of a thread
NOTES = {
    "question_everyone": set(),
    "question_circle": set(),
    "ticket_triage": AGENTS,
    "ticket_team": AGENTS,
    "ticket_confidential": {"hr", "glass"},
}


@pytest.fixture
def world(make):
    """Everybody, and a thread of each kind, each with a reply, a note and a reply that is still held."""
    network, hr, circle = make.team("Network"), make.team("HR", confidential=True), make.circle("Pilots")
    who = {"agent": make.agent(), "admin": make.admin(), "network": make.agent(teams=[network]), "hr": make.agent(teams=[hr]),
           "inside": make.person(circles=[circle]), "author": make.person(circles=[circle]), "added": make.person(), "glass": make.admin(),
           "gone": make.admin(), "stranger": make.person(), "requester_in_hr": make.person(teams=[hr])}
    author = who["author"]
    threads = {"question_everyone": make.question(author), "question_circle": make.question(author, audience=f"circle:{circle.slug}"),
               "ticket_triage": make.ticket(author), "ticket_team": make.ticket(author, team_id=network.id),
               "ticket_confidential": make.ticket(author, team_id=hr.id)}
    with transaction():
        for name, root in threads.items():
            if name != "question_everyone":
                db.session.add(Access(person_id=who["added"].id, root_id=root.id, why="participant"))
        confidential = threads["ticket_confidential"].id
        db.session.add(Access(person_id=who["glass"].id, root_id=confidential, why="glass", until=now() + timedelta(hours=1)))
        db.session.add(Access(person_id=who["gone"].id, root_id=confidential, why="glass", until=now() - timedelta(hours=1)))
        for root in threads.values():
            add_replies(root, author)
    assert set(who) == EVERYBODY
    return who, {name: root.id for name, root in threads.items()}


def add_replies(root, author):
    for note, hold in ((False, None), (True, None), (False, now() + timedelta(seconds=10))):
        reply = Post(kind="reply", root_id=root.id, parent_id=root.id, author_id=author.id, audience=root.audience, circle_id=root.circle_id,
                     note=note, hold_until=hold, made_at=now(), active_at=now(), body_md="x")
        db.session.add(reply)
    db.session.flush()


@pytest.fixture(params=["literals", "parameters"])
def pose(request):
    """How the rule is asked of a person: (who stands in its conditions, the parameters they are executed with)."""
    if request.param == "literals":
        return lambda viewer: (viewer, {})
    return lambda viewer: (policy.asker(viewer), policy.values(viewer, each=True))


def asked(conditions, given=None):
    """The ids of the roots that fulfil a condition."""
    found = set(db.session.scalars(sa.select(Post.id).where(Post.parent_id.is_(None), conditions), given or {}))
    db.session.rollback()
    return found


def expected(table, name, threads):
    return {key for thread, key in threads.items() if name in table[thread]}


def test_each_sees_exactly_what_the_table_says(world, pose):
    who, threads = world
    for name, viewer in who.items():
        person, given = pose(viewer)
        assert asked(policy.visible(person, Post), given) == expected(SEES, name, threads), name
    assert asked(policy.visible(None, Post)) == set()


def test_lists_are_cut_from_the_same_rule(world, pose):
    who, threads = world
    for name, viewer in who.items():
        person, given = pose(viewer)
        assert asked(sa.or_(*policy.branches(person, Post)), given) == expected(SEES, name, threads), name


@pytest.mark.parametrize("rule", [policy.visible, lambda who: sa.or_(*policy.branches(who))], ids=["visible", "branches"])
def test_a_statement_built_once_gives_each_person_of_the_same_shape_what_is_theirs(world, make, rule):
    who, threads = world
    one, two, three = (make.circle(name) for name in ("One", "Two", "Three"))
    red, blue = make.team("Red", confidential=True), make.team("Blue", confidential=True)
    asker = make.person(circles=[one, two, three])
    within = [make.question(asker, audience=f"circle:{circle.slug}").id for circle in (one, two, three)]
    sealed = [make.ticket(asker, team_id=team.id).id for team in (red, blue)]
    members = {"1 2": make.person(circles=[one, two]), "2 3": make.person(circles=[two, three]),
               "red": make.agent(teams=[red]), "blue": make.agent(teams=[blue])}
    more = {"1 2": {within[0], within[1]}, "2 3": {within[1], within[2]}, "red": {sealed[0]}, "blue": {sealed[1]}}
    statements, found = {}, {}
    for name, viewer in (who | members).items():
        shape = policy.asker(viewer)
        if shape not in statements:
            statements[shape] = sa.select(Post.id).where(Post.parent_id.is_(None), rule(shape))
        found[name] = set(db.session.scalars(statements[shape], policy.values(viewer, each=True)))
        db.session.rollback()
    assert len(statements) == 6                 # a person of no, one and two circles; one of a team; an agent of none and of one
    for name, keys in found.items():
        assert keys & set(within + sealed) == more.get(name, set()), name
        if name in who:
            assert keys & set(threads.values()) == expected(SEES, name, threads), name


def test_what_is_held_is_seen_when_the_hold_ends_by_the_very_statement_that_did_not_see_it(world, pose):
    who, threads = world
    clock.stands_at = now()
    with transaction():
        db.session.execute(sa.update(Post).where(Post.id == threads["question_everyone"]).values(hold_until=now() + timedelta(seconds=10)))
    (stranger, given), (glass, given_to_glass) = pose(who["stranger"]), pose(who["glass"])
    def build(rule, person):
        return sa.select(Post.id).where(Post.parent_id.is_(None), rule(person))
    statements = [build(policy.visible, stranger), build(lambda person: sa.or_(*policy.branches(person)), stranger)]
    through_glass = build(policy.may_read_notes, glass).where(Post.sealed)
    def read(statement, given):
        found = set(db.session.scalars(statement, given))
        db.session.rollback()
        return found
    assert [read(statement, given) for statement in statements] == [set(), set()]
    assert read(through_glass, given_to_glass) == {threads["ticket_confidential"]}
    clock.stands_at += timedelta(seconds=10)
    assert [read(statement, given) for statement in statements] == [{threads["question_everyone"]}] * 2
    assert read(build(policy.visible, stranger), given) == {threads["question_everyone"]}      # its text is compiled already
    clock.stands_at += timedelta(hours=1)
    assert read(through_glass, given_to_glass) == set()


def test_asked_of_many_people_at_once_the_rule_answers_the_same(world):
    who, threads = world
    names = {viewer.id: name for name, viewer in who.items()}
    for thread, key in threads.items():
        for table, note in ((SEES, False), (NOTES, True)):
            found = set(db.session.scalars(sa.select(Person.id).where(policy.readers(key, note=note))))
            assert {names[i] for i in found} == table[thread], (thread, note)


def test_notes_are_read_by_the_desk_alone_and_never_for_being_the_requester_or_added(world, pose):
    who, threads = world
    for name, viewer in who.items():
        person, given = pose(viewer)
        assert asked(policy.may_read_notes(person, Post), given) == expected(NOTES, name, threads), name


def test_a_requester_who_is_an_agent_does_not_read_the_notes_of_a_confidential_team(make):
    hr = make.team("HR", confidential=True)
    author = make.agent()
    ticket = make.ticket(author, team_id=hr.id)
    assert ticket.id in asked(policy.visible(author, Post)) and ticket.id not in asked(policy.may_read_notes(author, Post))


def test_of_a_thread_each_reads_the_replies_the_notes_only_with_right_and_held_ones_only_as_author(world, pose):
    who, threads = world
    root = aliased(Post)
    for name, viewer in who.items():
        person, given = pose(viewer)
        for thread, key in threads.items():
            rows = db.session.execute(sa.select(Post.note, Post.hold_until).join(root, root.id == Post.root_id).where(
                Post.root_id == key, Post.parent_id.isnot(None), policy.readable(person, Post, root)), given).all()
            db.session.rollback()
            reads = {("note" if note else "held" if hold else "reply") for note, hold in rows}
            want = set()
            if name in SEES[thread]:
                want = {"reply"} | ({"note"} if name in NOTES[thread] else set()) | ({"held"} if name == "author" else set())
            assert reads == want, (name, thread)


def test_an_event_of_a_note_or_a_held_one_is_for_the_same_people(world, pose):
    who, threads = world
    author = who["author"]
    with transaction():
        for key in threads.values():
            for note, hold in ((False, None), (True, None), (False, now() + timedelta(seconds=10))):
                db.session.add(Event(at=now(), verb=Verb.REPLIED, root_id=key, post_id=key, actor_id=author.id, note=note, hold_until=hold,
                                     after="reply"))
    for name, viewer in who.items():
        person, given = pose(viewer)
        for thread, key in threads.items():
            rows = db.session.execute(sa.select(Event.note, Event.hold_until).join(Post, Post.id == Event.root_id).where(
                Event.root_id == key, Event.after == "reply", policy.event_visible(person, Event, Post)), given).all()
            db.session.rollback()
            kinds = {("note" if note else "held" if hold else "plain") for note, hold in rows}
            assert ("plain" in kinds) == (name in SEES[thread]), (name, thread)
            assert ("note" in kinds) == (name in NOTES[thread]), (name, thread)
            assert ("held" in kinds) == (name == "author"), (name, thread)


def test_who_is_switched_off_reads_nothing_and_is_nobody(world):
    who, threads = world
    with transaction():
        db.session.execute(sa.update(Person).where(Person.id == who["hr"].id).values(state="off"))
    assert policy.viewer_of(who["hr"].id) is None
    db.session.rollback()
    for key in threads.values():
        assert who["hr"].id not in set(db.session.scalars(sa.select(Person.id).where(policy.readers(key))))


def test_nobody_is_let_through_by_no_rule(world):
    for rule in (policy.visible(None), policy.readable(None, Post, Post), policy.may_read_notes(None)):
        assert asked(rule) == set()
    assert not db.session.scalars(sa.select(Event.id).join(Post, Post.id == Event.root_id).where(policy.event_visible(None, Event, Post))).all()


def test_a_held_thread_is_its_authors_alone_among_all_people(world):
    who, threads = world
    with transaction():
        db.session.execute(sa.update(Post).where(Post.id == threads["question_everyone"]).values(hold_until=now() + timedelta(minutes=10)))
    assert list(db.session.scalars(sa.select(Person.id).where(policy.readers(threads["question_everyone"])))) == [who["author"].id]


def test_among_all_people_a_circles_thread_is_for_that_circle_and_no_other(make):
    one, two = make.circle("One"), make.circle("Two")
    author, member, _other = make.person(circles=[one]), make.person(circles=[one]), make.person(circles=[two])
    question = make.question(author, audience="circle:one")
    assert set(db.session.scalars(sa.select(Person.id).where(policy.readers(question.id)))) == {author.id, member.id}


def test_among_all_people_an_agent_who_asked_or_was_added_does_not_read_the_notes_of_a_confidential_team(make):
    hr = make.team("HR", confidential=True)
    author, added, member = make.agent(), make.agent(), make.agent(teams=[hr])
    ticket = make.ticket(author, team_id=hr.id)
    with transaction():
        db.session.add(Access(person_id=added.id, root_id=ticket.id, why="participant"))
    assert set(db.session.scalars(sa.select(Person.id).where(policy.readers(ticket.id)))) == {author.id, added.id, member.id}
    assert set(db.session.scalars(sa.select(Person.id).where(policy.readers(ticket.id, note=True)))) == {member.id}


def test_a_broken_glass_is_whole_again_at_the_very_moment_it_was_given(world, pose):
    who, threads = world
    (person, given), key = pose(who["glass"]), threads["ticket_confidential"]
    until = db.session.scalar(sa.select(Access.until).where(Access.person_id == who["glass"].id))
    for moment, sees in ((until - timedelta(seconds=1), True), (until, False)):
        clock.stands_at = moment
        for rule in (policy.visible(person), policy.may_read_notes(person), sa.or_(*policy.branches(person))):
            assert (key in asked(rule, given)) == sees


def test_who_is_no_agent_any_more_reads_no_notes_through_the_glass_they_broke(world, pose):
    who, threads = world
    with transaction():
        db.session.execute(sa.update(Person).where(Person.id == who["glass"].id).values(role="requester"))
    person, given = pose(policy.viewer_of(who["glass"].id))
    assert asked(policy.may_read_notes(person), given) == set()
    assert who["glass"].id not in set(db.session.scalars(sa.select(Person.id).where(policy.readers(threads["ticket_confidential"], note=True))))


def test_a_held_event_is_for_all_from_the_moment_its_hold_ends(world, pose):
    who, threads = world
    key, clock.stands_at = threads["question_everyone"], now()
    with transaction():
        db.session.add(Event(at=now(), verb=Verb.REPLIED, root_id=key, post_id=key, actor_id=who["author"].id, after="reply",
                             hold_until=now() + timedelta(seconds=10)))
    person, given = pose(who["stranger"])
    statement = sa.select(Event.after).join(Post, Post.id == Event.root_id).where(Event.after == "reply", policy.event_visible(person, Event, Post))
    for seconds, told in ((9, []), (1, ["reply"])):
        clock.stands_at += timedelta(seconds=seconds)
        assert list(db.session.scalars(statement, given)) == told
        db.session.rollback()


# --- deeds

#: deed -> who may do it with the team's ticket they see; everybody who sees it and is not named is NotAllowed
DEEDS = {
    "access.give": AGENTS | {"author"},
    "idea.move": AGENTS,
    "idea.vote": AGENTS | {"author", "added"},
    "major.declare": AGENTS,
    "major.update": AGENTS,
    "note.write": AGENTS,
    "poll.answer": AGENTS | {"author", "added"},
    "post.edit": {"author"},
    "post.delete": set(),
    "post.follow": AGENTS | {"author", "added"},
    "post.like": AGENTS | {"author", "added"},
    "post.me_too": AGENTS | {"author", "added"},
    "post.read": AGENTS | {"author", "added"},
    "post.reply": AGENTS | {"author", "added"},
    "post.save": AGENTS | {"author", "added"},
    "post.share": AGENTS | {"author"},
    "ticket.assign": AGENTS,
    "ticket.change": AGENTS,
    "ticket.change_status": AGENTS | {"author"},
    "ticket.move": AGENTS,
    "ticket.take": AGENTS,
    "answer.accept": set(),
}


@pytest.mark.parametrize("deed", sorted(DEEDS))
def test_each_may_do_exactly_what_the_table_says(world, deed):
    who, threads = world
    ticket = db.session.get(Post, threads["ticket_team"])
    for name, viewer in who.items():
        outcome = "may"
        try:
            policy.require(viewer, deed, ticket)
        except Missing:
            outcome = "missing"
        except NotAllowed as refusal:
            outcome = "not allowed"
            assert refusal.sentence.endswith(".") and "forbidden" not in refusal.sentence.lower()
        assert outcome == ("missing" if name not in SEES["ticket_team"] else "may" if name in DEEDS[deed] else "not allowed"), name


def test_without_a_thing_the_desk_is_for_agents_and_admin_deeds_for_admins(world):
    who, _threads = world
    for name, viewer in who.items():
        assert policy.can(viewer, "desk") == policy.can(viewer, "article.write") == policy.can(viewer, "announcement.write") == (name in AGENTS), name
        assert {policy.can(viewer, f"article.{deed}") for deed in ("move", "restore", "withdraw", "write")} == {name in AGENTS}, name
        assert policy.can(viewer, "admin") == policy.can(viewer, "glass.break") == (name in {"admin", "glass", "gone"}), name
    assert not any(policy.can(None, deed) for deed in policy.MAY)


def test_what_a_circle_reads_its_author_alone_shares_and_private_thanks_nobody(world):
    who, threads = world
    for name, sharers in (("question_everyone", EVERYBODY), ("question_circle", {"author"})):
        root = db.session.get(Post, threads[name])
        assert {one for one, viewer in who.items() if policy.can(viewer, "post.share", root)} == sharers, name
    thanks = db.session.get(Post, threads["ticket_team"])
    thanks.kind = "kudos"
    assert not any(policy.can(viewer, deed, thanks) for viewer in who.values() for deed in ("post.share", "access.give"))
    db.session.rollback()


def test_only_the_asker_accepts_an_answer(world):
    who, threads = world
    question = db.session.get(Post, threads["question_everyone"])
    assert {name for name, viewer in who.items() if policy.can(viewer, "answer.accept", question)} == {"author"}


def test_a_row_that_says_who_is_the_desk_is_worked_on_by_the_same_people_and_not_through_glass(world):
    who, threads = world
    for thread, works in (("ticket_triage", AGENTS), ("ticket_team", AGENTS), ("ticket_confidential", {"hr"})):
        post = db.session.get(Post, threads[thread])
        for name in SEES[thread]:
            row = panel_of(threads[thread], who[name]).t
            assert policy.can(who[name], "note.write", row) == policy.can(who[name], "note.write", post) == (name in works), (thread, name)


@pytest.mark.parametrize("kind, edit, delete", [("question", {"author"}, {"author", "admin"}), ("reply", {"author"}, {"author", "admin"}),
                                                ("ticket", {"author"}, set()), ("article", {"author", "agent", "admin"}, set())])
def test_who_changes_a_text_or_takes_it_back_while_it_stands(make, kind, edit, delete):
    who = {"author": make.person(), "agent": make.agent(), "admin": make.admin(), "stranger": make.person()}
    root = make.question(who["author"])
    stands, gone = (SimpleNamespace(kind=kind, author_id=root.author_id, id=root.id, root_id=root.id, audience=root.audience, deleted_at=moment)
                    for moment in (None, now()))
    for deed, people in (("post.edit", edit), ("post.delete", delete)):
        assert {name for name, viewer in who.items() if policy.can(viewer, deed, stands)} == people
        assert not any(policy.can(viewer, deed, gone) for viewer in who.values())


def test_the_table_of_deeds_is_in_order_and_each_test_knows_it():
    assert list(policy.MAY) == sorted(policy.MAY)
    assert set(DEEDS) | {"admin", "announcement.write", "article.move", "article.restore", "article.withdraw", "article.write", "desk", "glass.break"} == set(policy.MAY)
