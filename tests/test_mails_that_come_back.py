"""A mail the mail server refuses was told to nobody: its notices stand as refused, what waits for that address goes with it, an admin reads so."""
import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.jobs import Job
from socialdesk.notifications import health_queries
from socialdesk.people import admin_actions
from socialdesk.people.mail_actions import queue_mail
from socialdesk.people.models import Mail

from .conftest import run_due
from .mail_desk import asked_and_answered, fetch, post_office, settings_given, states  # noqa: F401
from .phones import service  # noqa: F401

RCPT = "rcpt to:<ada@example.org>"


@pytest.fixture
def ada(make):
    return make.person("Ada", email="ada@example.org")


def page_of(browse, make):
    return " ".join(browse(make.admin()).get("/admin/delivery").text.split())


def waiting():
    found = health_queries.mails_waiting().count
    db.session.rollback()
    return found


def mail_states():
    found = list(db.session.scalars(sa.select(Mail.state).order_by(Mail.id)))
    db.session.rollback()
    return found


@pytest.mark.parametrize("word, answer", [(RCPT, b"550 5.1.1 no such person"), ("RCPT", b"554 5.7.1 we do not relay for you"),
                                          ("MAIL", b"550 not from you"), ("DATA", b"554 we do not like it")])
def test_a_mail_that_got_a_final_no_counts_as_refused_not_as_sent(make, ada, post_office, browse, word, answer):  # noqa: F811
    post_office.answers[word] = answer
    asked_and_answered(make, ada)
    assert states() == ["refused"] and mail_states() == ["failed"] and waiting() == 0
    page = page_of(browse, make)
    assert "1 mail did not go out: the mail server refused it, or it was out of date by then. It is not tried again. 1 notice was refused with it; it stands in the inbox all the same." in page
    assert ("refuses the addresses of 1 person" in page) is (word == RCPT)


def test_one_that_was_taken_is_sent_and_nothing_is_refused(make, ada, post_office, browse):  # noqa: F811
    asked_and_answered(make, ada)
    page = page_of(browse, make)
    assert states() == ["sent"] and "No mail was refused or came too late." in page and "did not go out" not in page and "refuses the address" not in page


def test_what_waits_for_a_refused_address_is_refused_with_it(make, ada, post_office, browse):  # noqa: F811
    post_office.answers[RCPT] = b"451 later"
    _, agent, _ = asked_and_answered(make, ada)
    asked_and_answered(make, make.person("Ben"), agent)
    with transaction():
        queue_mail(ada.id, "A code", "It waits for this one.")
    run_due()
    assert states() == ["sent", "sent"] and waiting() == 2, "the notice and the code are tried again"
    post_office.answers[RCPT] = b"550 5.1.1 no such person"
    asked_and_answered(make, ada, agent, body="Another thing.")
    assert fetch(ada).mail_refused_at is not None
    assert states() == ["refused", "sent", "refused"] and waiting() == 1, "the code is tried still, the notices are not"
    assert "2 notices were refused so; they stand" in page_of(browse, make)
    texts = list(db.session.scalars(sa.select(Mail.body).where(Mail.state == "failed")))
    assert texts == ["", ""], "and no text stays behind"


def test_a_refused_one_stays_refused_when_its_turn_comes(make, ada, post_office, time):  # noqa: F811
    post_office.answers[RCPT] = b"451 later"
    _, agent, _ = asked_and_answered(make, ada)
    post_office.answers[RCPT] = b"550 5.1.1 no such person"
    asked_and_answered(make, ada, agent, body="Another thing.")
    del post_office.answers[RCPT]
    for _ in range(3):
        time.pass_(hours=1)
        run_due()
    assert states() == ["refused", "refused"] and post_office.mails == []
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.kind.in_(("mail", "mail_notices")))) == 0


def test_one_that_nobody_wants_any_more_was_not_sent_either(make, ada, post_office, time):  # noqa: F811
    post_office.answers[RCPT] = b"451 later"
    asked_and_answered(make, ada)
    boss = make.admin()
    with transaction():
        admin_actions.switch_off(boss, ada.id)
    del post_office.answers[RCPT]
    time.pass_(minutes=5)
    run_due()
    assert states() == ["dropped"] and post_office.mails == []
