"""An address that mail servers refuse: marked, told in words, mailed no more, and believed again."""
from datetime import timedelta

import pytest
import sqlalchemy as sa

from socialdesk.db import db, now, transaction
from socialdesk.people.models import Mail, Person

from .conftest import run_due
from .mail_desk import asked_and_answered, fetch, post_office, settings_given, states  # noqa: F401
from .phones import service  # noqa: F401


def test_a_refused_address_is_marked_told_in_words_and_mailed_no_more(make, post_office, browse):
    ada = make.person("Ada", email="ada@example.org")
    post_office.answers["rcpt to:<ada@example.org>"] = b"550 5.1.1 no such person"
    asked_and_answered(make, ada)
    assert fetch(ada).mail_refused_at is not None
    for page in ("/me", "/me/notifications"):
        assert "Our mails to ada@example.org come back" in browse(ada).get(page).text
    assert "come back" in browse(make.admin()).get(f"/admin/people/{ada.id}").text
    del post_office.answers["rcpt to:<ada@example.org>"]
    asked_and_answered(make, ada, body="Another thing.")
    assert not post_office.mails and states() == ["refused", "dropped"]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Mail)) == 1, "not even written"


def test_try_again_clears_the_mark_and_sends_a_mail(make, post_office, browse):
    ada = make.person("Ada", email="ada@example.org")
    with transaction():
        db.session.get(Person, ada.id).mail_refused_at = now() - timedelta(days=1)
    answer = browse(ada).post("/me/mail/again")
    assert answer.status_code == 303 and fetch(ada).mail_refused_at is None
    assert "come back" not in browse(ada).get("/me").text
    assert browse(ada).post("/me/mail/again", headers={"HX-Request": "true"}).status_code == 200
    run_due()
    assert [mail["Subject"] for mail in post_office.to(ada)] == ["Mails reach you again"]
    assert post_office.mails[0]["List-Unsubscribe"] is None


@pytest.mark.parametrize("answer", [b"450 4.2.1 busy", b"451 later", b"554 5.7.1 we do not relay for you", b"530 5.7.0 sign in first"])
def test_what_is_no_word_about_the_address_marks_nobody(make, post_office, answer):
    ada = make.person("Ada")
    post_office.answers["RCPT"] = answer
    asked_and_answered(make, ada)
    assert fetch(ada).mail_refused_at is None


def test_a_code_still_goes_to_a_refused_address_and_its_arrival_clears_the_mark(make, post_office, browse):
    make.admin()
    ada = make.person("Ada", email="ada@example.org")
    with transaction():
        db.session.get(Person, ada.id).mail_refused_at = now() - timedelta(days=1)
    browse().post("/sign-in/mail", data={"email": "ada@example.org"})
    run_due()
    assert "is your SocialDesk code" in post_office.to(ada)[0]["Subject"] and fetch(ada).mail_refused_at is None
