"""Likes in the inbox: one line an author and thread, that tells of those likes alone which were told on it and stand."""
import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.jobs import Job
from socialdesk.notifications.models import Notification, Told

from .conftest import run_due
from .post_desk import form, fragment


@pytest.fixture
def like(browse):
    """like(post, *people): each likes it, and it is told."""
    def press(post, *people):
        for person in people:
            fragment(browse(person), f"/p/{post.id}/reaction")
            run_due()
    return press


@pytest.fixture
def unlike(browse):
    """unlike(post, *people): each takes it back, and it is told."""
    def press(post, *people):
        for person in people:
            fragment(browse(person), f"/p/{post.id}/reaction/remove")
            run_due()
    return press


@pytest.fixture
def people(make):
    """Who wrote and who likes."""
    return [make.person(name) for name in ("Xenia", "Ada", "Ben", "Cleo")]


def read_all(browse, person):
    assert browse(person).post("/inbox/read").status_code in (200, 303)


def unread(person):
    """n of each unread line of likes a person has."""
    db.session.rollback()
    found = list(db.session.scalars(sa.select(Notification.n).where(
        Notification.person_id == person.id, Notification.group_key.like("likes:%"), Notification.read_at.is_(None))))
    db.session.rollback()
    return found


def test_who_is_left_likes_what_the_author_wrote_and_nobody_elses(make, browse, like, unlike, people):
    xenia, ada, ben, cleo = people
    yuri = make.person("Yuri")
    question = make.question(xenia)
    reply = make.reply(question, yuri)
    run_due()
    like(question, ada, ben)
    assert "Ben and one more like what you wrote." in browse(xenia).get("/inbox").text
    like(reply, cleo)
    unlike(question, ada)
    inbox = browse(xenia).get("/inbox").text
    assert "Ben likes what you wrote." in inbox and "Cleo" not in inbox
    assert "Cleo likes what you wrote." in browse(yuri).get("/inbox").text


def test_likes_of_two_things_one_wrote_in_a_thread_are_one_line(make, browse, like, unlike, people):
    xenia, ada, ben, cleo = people
    question = make.question(xenia)
    reply = make.reply(question, xenia)
    run_due()
    like(question, ada)
    like(reply, ben)
    like(question, cleo)
    unlike(question, cleo)
    assert "Ben and one more like what you wrote." in browse(xenia).get("/inbox").text
    unlike(question, ada)
    assert "Ben likes what you wrote." in browse(xenia).get("/inbox").text


def test_a_like_that_was_read_takes_nothing_from_what_is_unread(make, browse, like, unlike, people):
    xenia, ada, ben, cleo = people
    question = make.question(xenia)
    like(question, ada)
    read_all(browse, xenia)
    like(question, ben)
    unlike(question, ada)
    assert unread(xenia) == [1] and "Ben likes what you wrote." in browse(xenia).get("/inbox").text
    like(question, cleo)
    assert "Cleo and one more like what you wrote." in browse(xenia).get("/inbox").text


def test_nor_does_the_unread_line_name_who_was_read_before(make, browse, like, unlike, people):
    xenia, ada, ben, cleo = people
    question = make.question(xenia)
    like(question, ada)
    read_all(browse, xenia)
    like(question, ben, cleo)
    unlike(question, cleo)
    assert unread(xenia) == [1] and "Ben likes what you wrote." in browse(xenia).get("/inbox").text
    unlike(question, ben)
    assert unread(xenia) == []


def test_who_likes_again_after_it_was_read_is_told_and_untold_again(make, browse, like, unlike, people):
    xenia, ada, *_ = people
    question = make.question(xenia)
    like(question, ada)
    read_all(browse, xenia)
    unlike(question, ada)
    like(question, ada)
    assert unread(xenia) == [1]
    unlike(question, ada)
    assert unread(xenia) == []


def test_ones_own_like_is_never_part_of_the_line(make, browse, like, unlike, people):
    xenia, ada, ben, _ = people
    question = make.question(xenia)
    like(question, ada, ben, xenia)
    unlike(question, ben)
    assert unread(xenia) == [1] and "Ada likes what you wrote." in browse(xenia).get("/inbox").text
    unlike(question, xenia)
    like(question, xenia, ben)
    assert unread(xenia) == [2]
    unlike(question, ben)
    assert unread(xenia) == [1] and "Ada likes what you wrote." in browse(xenia).get("/inbox").text


def test_a_like_that_is_held_for_its_undo_is_not_named_before_it_is_told(make, browse, like, unlike, people, time):
    time.stop()
    xenia, ada, ben, cleo = people
    question = make.question(xenia)
    like(question, ada, ben)
    fragment(browse(cleo), f"/p/{question.id}/reaction", hold="10")
    unlike(question, ada)
    assert unread(xenia) == [1] and "Ben likes what you wrote." in browse(xenia).get("/inbox").text
    fragment(browse(cleo), f"/p/{question.id}/reaction/remove")
    time.pass_(seconds=11)
    run_due()
    assert "Ben likes what you wrote." in browse(xenia).get("/inbox").text


def test_of_one_that_is_taken_back_and_given_again_nothing_is_said_until_it_is_told(make, browse, like, people, time):
    time.stop()
    xenia, ada, ben, _ = people
    question = make.question(xenia)
    like(question, ada, ben)
    fragment(browse(ben), f"/p/{question.id}/reaction/remove")
    fragment(browse(ben), f"/p/{question.id}/reaction", hold="10")
    run_due()
    assert unread(xenia) == [1] and "Ada likes what you wrote." in browse(xenia).get("/inbox").text
    time.pass_(seconds=11)
    run_due()
    assert "Ben and one more like what you wrote." in browse(xenia).get("/inbox").text


def test_where_both_unread_likes_are_being_taken_back_nobody_read_before_is_named(make, browse, like, unlike, people, time):
    time.stop()
    xenia, ada, ben, cleo = people
    question = make.question(xenia)
    like(question, ada)
    read_all(browse, xenia)
    like(question, ben, cleo)
    fragment(browse(ben), f"/p/{question.id}/reaction/remove", hold="10")
    unlike(question, cleo)
    assert unread(xenia) == []


def test_a_like_that_was_not_told_takes_nothing_away(make, browse, like, unlike, people):
    xenia, ada, ben, cleo = people
    question = make.question(xenia)
    form(browse(xenia), f"/p/{question.id}/follow", f"/p/{question.id}", level="muted")
    run_due()
    like(question, cleo)
    form(browse(xenia), f"/p/{question.id}/follow/remove", f"/p/{question.id}")
    run_due()
    like(question, ada, ben)
    unlike(question, cleo)
    assert unread(xenia) == [2]
    unlike(question, ben)
    assert "Ada likes what you wrote." in browse(xenia).get("/inbox").text


def test_a_like_whose_telling_comes_late_is_not_told_once_it_is_taken_back(make, browse, like, unlike, people):
    xenia, ada, ben, _ = people
    question = make.question(xenia)
    like(question, ada)
    fragment(browse(ben), f"/p/{question.id}/reaction")
    with transaction():
        late, = db.session.execute(sa.delete(Job).where(Job.kind == "follow").returning(*Job.__table__.c)).mappings().all()
    unlike(question, ben)
    assert unread(xenia) == [1]
    with transaction():
        db.session.execute(sa.insert(Job.__table__).values(**late))
    run_due()
    assert unread(xenia) == [1] and "Ada likes what you wrote." in browse(xenia).get("/inbox").text


def test_what_was_told_long_ago_is_still_taken_back(make, browse, like, unlike, people, time):
    xenia, ada, ben, cleo = people
    question = make.question(xenia)
    reply = make.reply(question, ada)
    run_due()
    like(question, ada)
    like(reply, cleo)
    like(question, ben)
    time.pass_(days=100)
    run_due(clockwork=True)
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Told)) == 0
    unlike(question, ben)
    assert unread(xenia) == [1] and "Ada likes what you wrote." in browse(xenia).get("/inbox").text
    unlike(question, ada)
    assert unread(xenia) == []


# --- likes and replies of one thread

def test_a_like_between_two_replies_is_not_counted_with_them(make, browse, like, people):
    xenia, ada, ben, _ = people
    question = make.question(xenia)
    first = make.reply(question, ada, "Turn it.")
    run_due()
    like(question, ben)
    make.reply(question, ben, "Or buy one.")
    run_due()
    form(browse(ada), f"/p/{first.id}/delete", f"/p/{question.id}")
    run_due()
    inbox = browse(xenia).get("/inbox").text
    assert "Ben answered your question." in inbox and "more thing" not in inbox


def test_nor_is_a_reply_between_two_likes(make, browse, like, people):
    xenia, ada, ben, cleo = people
    question = make.question(xenia)
    liked = make.reply(question, xenia, "It is the new one.")
    run_due()
    like(liked, ada)
    make.reply(question, cleo, "Turn it.")
    run_due()
    like(question, ben)
    form(browse(xenia), f"/p/{liked.id}/delete", f"/p/{question.id}")
    run_due()
    inbox = browse(xenia).get("/inbox").text
    assert "Ben likes what you wrote." in inbox and "one more like" not in inbox
