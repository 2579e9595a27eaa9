"""One is told by the strongest of what is wanted, nothing wanted is lost behind what is not, and it is said in words that fit."""
import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.jobs import Job
from socialdesk.notifications.choice_actions import choose, hear_hashtag
from socialdesk.notifications.models import Delivery
from socialdesk.people.profile_actions import change_profile
from socialdesk.posts import actions as posts
from socialdesk.posts import queries, thread_actions
from socialdesk.posts.kudos_actions import give_kudos
from socialdesk.tickets import actions as tickets
from socialdesk.tickets.major_actions import declare_major

from .conftest import HTMX, run_due
from .phones import phone, service, settings_given  # noqa: F401
from .test_push import say
from .test_when import WEEK, at, rings
from .test_when_sent import at_night, in_the_morning
from .told import publish


def test_a_mention_one_does_not_want_hides_no_answer_to_ones_own(make, phone, time):
    time.stop(2026, 3, 2, 9, 30)
    ada = make.person("Ada", hours=WEEK)
    hers, ben = phone(ada), make.person("Ben")
    for told in ("off", "inbox"):
        with transaction():
            choose(ada, "mentions", told, "never")
        say(make, make.question(ada), ben, body=f"Hi @{ada.handle}, turn it.")
    with transaction():
        choose(ada, "mentions", "now", "never")
        hear_hashtag(ada, "vpn", "muted")
    say(make, make.question(ada, "Why? #vpn"), ben, body=f"Hi @{ada.handle}, so.")
    assert [notice["body"].split(".")[0] for notice in hers.told] == ["Ben answered your question"] * 3


def test_a_major_that_names_one_rings_by_what_one_allows(make, phone, time):
    time.stop(2026, 3, 2, 3, 0)
    ada, tom = make.person("Ada", hours=WEEK), make.agent("Tom")
    hers, ticket = phone(ada), make.ticket(ada)
    with transaction():
        change_profile(ada, even_outside=["majors"])
    prepared = queries.prepare(tom, f"All is dark, @{ada.handle}.")
    with transaction():
        declare_major(ticket.id, tom, prepared, 60)
    run_due()
    assert len(hers.told) == 1


@pytest.mark.parametrize("later", ["chosen otherwise", "only mentions", "un-accepted", "given on"])
def test_what_one_wants_is_not_lost_behind_a_later_telling_that_is_dropped(make, phone, time, later):
    at_night(time)
    ada, ben, tom = make.agent("Ada", hours=WEEK), make.person("Ben"), make.agent("Tom")
    hers, root = phone(ada), make.ticket(ben) if later == "given on" else make.question(ben)
    with transaction():
        thread_actions.follow(root.id, ada)
    answer = make.reply(root, ada)
    say(make, root, tom, body=f"Look, @{ada.handle}.")
    if later == "chosen otherwise":
        say(make, root, tom, body="And more.")
        with transaction():
            choose(ada, "follows", "inbox", "never")
    elif later == "only mentions":
        say(make, root, tom, body="And more.")
        with transaction():
            thread_actions.follow(root.id, ada, "mentions")
    elif later == "un-accepted":
        with transaction():
            posts.accept(answer.id, ben)
        run_due()
        with transaction():
            posts.unaccept(answer.id, ben)
    else:
        for who in (ada, tom):
            with transaction():
                tickets.assign(root.id, tom, who.id)
            run_due()
    in_the_morning(time)
    time.stop(2026, 3, 2, 9, 0)
    run_due()
    assert len(hers.told) == 1 and "mentioned you" in hers.told[0]["body"] + " mentioned you" * (later == "given on")


@pytest.mark.parametrize("happening, words", [
    ("announcement", "There is a new announcement."), ("kudos", "Somebody thanks you."), ("accepted", "An answer of yours helped.")])
def test_discreet_words_fit_what_happened(make, phone, time, happening, words):
    time.stop(2026, 3, 2, 8, 30)
    ada, ben = make.person("Ada", hours=WEEK), make.person("Ben")
    hers = phone(ada)
    with transaction():
        change_profile(ada, lock_screen="discreet")
    if happening == "announcement":
        publish(make.agent(), "announcement", "New badges.")
    elif happening == "kudos":
        prepared = queries.prepare(ben, f"Thank you @{ada.handle}")
        with transaction():
            give_kudos(ben, prepared)
    else:
        answer = make.reply(make.question(ben), ada)
        with transaction():
            posts.accept(answer.id, ben)
    run_due()
    time.stop(2026, 3, 2, 9, 0)
    run_due()
    assert [notice["body"] for notice in hers.told] == [words]


def test_mail_waits_two_hours_for_the_push(make, phone, desk, time):
    at_night(time)
    desk.config["SETTINGS"].smtp_url = "smtp://127.0.0.1:9"
    ada = make.person("Ada", hours=WEEK)
    phone(ada)
    rings(make, ada, 1)
    rows = db.session.execute(sa.select(Delivery.channel, Delivery.send_at).order_by(Delivery.send_at)).all()
    assert [tuple(row) for row in rows] == [("push", at(2, 8)), ("mail", at(2, 10))]


def test_a_like_taken_back_breaks_no_later_one(make, browse, desk):
    desk.config["SETTINGS"].smtp_url = "smtp://127.0.0.1:9"
    ada = make.person("Ada")
    with transaction():
        choose(ada, "likes", "inbox", "second")
    question = make.question(ada)
    ben, cy, dan = (make.person(name) for name in ("Ben", "Cy", "Dan"))
    for who, kind in ((ben, "reaction"), (cy, "reaction"), (cy, "reaction/remove"), (dan, "reaction")):
        browse(who).post(f"/p/{question.id}/{kind}", headers=HTMX)
        run_due()
    assert "Dan and one more like what you wrote." in browse(ada).get("/inbox").text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.kind == "consequence")) == 0
