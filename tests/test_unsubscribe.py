"""The link that ends mails: one click, no sign-in, no end, and good for nothing else."""
import re

import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.notifications import unsubscribe_actions
from socialdesk.notifications.matters_checker import BY_KEY
from socialdesk.notifications.models import Choice
from socialdesk.notifications.unsubscribe_checker import make_token, make_undo, read_token, read_undo
from socialdesk.people import admin_actions
from socialdesk.people.models import Person

from .conftest import run_due
from .mail_desk import link_of, post_office, settings_given  # noqa: F401
from .phones import service  # noqa: F401

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def token_of(desk, person, kind):
    """The token that ends such mails to a person."""
    return make_token(desk.config["SETTINGS"].secret_key, person.id, kind)


def chosen(person):
    """{matter: level} of what a person chose for mail."""
    found = dict(db.session.execute(sa.select(Choice.matter, Choice.level).where(Choice.person_id == person.id, Choice.channel == "mail")).all())
    db.session.rollback()
    return found


def digest_of(person):
    """The digest a person chose."""
    found = db.session.scalar(sa.select(Person.digest).where(Person.id == person.id))
    db.session.rollback()
    return found


def stranger(desk):
    """A mail program's service: no cookie, no header of a browser."""
    return desk.test_client(use_cookies=False)


def mailed(make, ada=None, agent=None):
    """A ticket of Ada's with a reply, mailed."""
    ada, agent = ada or make.person("Ada"), agent or make.agent("Tomasz")
    make.reply(make.ticket(ada), agent)
    run_due()
    return ada, agent


def test_one_click_from_a_mail_program_ends_this_kind_alone(desk, make, post_office):
    ada, agent = mailed(make)
    answer = stranger(desk).post(link_of(post_office.mails[0]), data=ONE_CLICK)
    assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
    assert chosen(ada) == {"answers": "digest"} and digest_of(ada) == "weekly"
    mailed(make, ada, agent)
    assert len(post_office.mails) == 1


@pytest.mark.parametrize("headers", [{"Origin": "https://webmail.example.com"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}])
def test_a_mail_program_on_another_site_may_click_there_and_nowhere_else(desk, make, browse, headers):
    ada = make.person()
    browser = browse(ada)
    del browser.environ_base["HTTP_SEC_FETCH_SITE"]
    assert browser.post(f"/unsubscribe/{token_of(desk, ada, 'digest')}", data=ONE_CLICK, headers=headers).status_code == 200
    assert digest_of(ada) == "off"
    undo = make_undo(desk.config["SETTINGS"].secret_key, ada.id, {"digest": "weekly"})
    for path in (f"/unsubscribe/undo/{undo}", "/me/notifications/digest", "/unsubscribe/x/y", "/me/theme"):
        assert browser.post(path, data={"digest": "daily"}, headers=headers).status_code == 403, path
    assert digest_of(ada) == "off"


def test_a_look_ends_nothing_and_says_what_the_button_does(desk, make):
    ada = make.person("Ada Lovelace", email="ada@example.org")
    client = stranger(desk)
    for kind, words in (("digest", "the digest"), ("notices", "mails about notices"), ("answers", "Somebody answers what I asked")):
        page = client.get(f"/unsubscribe/{token_of(desk, ada, kind)}")
        assert page.status_code == 200 and words in page.text and "Stop them" in page.text
        assert "Ada" not in page.text and "ada@" not in page.text, "whoever the mail was passed on to learns no name"
    assert chosen(ada) == {} and digest_of(ada) == "weekly"


def test_undo_brings_back_what_was_chosen(desk, make):
    ada, client = make.person(), stranger(desk)
    with transaction():
        unsubscribe_actions.set_mail_level(ada.id, "answers", "always")
        db.session.add(Choice(person_id=ada.id, matter="answers", channel="push", level="rest"))
    before = chosen(ada)
    for kind in ("digest", "notices", "answers", "assigned"):
        page = client.post(f"/unsubscribe/{token_of(desk, ada, kind)}").text
        assert (chosen(ada), digest_of(ada)) != (before, "weekly")
        undo = re.search(r'action="(/unsubscribe/undo/[^"]+)"', page)[1]
        assert client.post(undo).status_code == 200 and client.post(undo).status_code == 200
        assert (chosen(ada), digest_of(ada)) == (before, "weekly"), kind
    assert db.session.scalar(sa.select(Choice.level).where(Choice.person_id == ada.id, Choice.channel == "push")) == "rest"


def test_all_notices_end_by_one_link_and_a_second_click_changes_nothing(desk, make):
    ada, client = make.person(), stranger(desk)
    address = f"/unsubscribe/{token_of(desk, ada, 'notices')}"
    assert "/unsubscribe/undo/" in client.post(address).text
    ended = chosen(ada)
    assert set(ended) == {key for key, matter in BY_KEY.items() if matter.usual.mail in ("always", "second")} and set(ended.values()) == {"digest"}
    again = client.post(address)
    assert again.status_code == 200 and "/unsubscribe/undo/" not in again.text and chosen(ada) == ended


def test_a_token_that_is_none_gets_one_plain_page_whoever_it_names(desk, make):
    ada, gone = make.person(), make.person()
    good, client = token_of(desk, ada, "digest"), stranger(desk)
    with transaction():
        db.session.delete(db.session.get(Person, gone.id))
    sign = good.rpartition(".")[2]
    bad = [good[:-1] + ("A" if good[-1] != "A" else "B"), f"{ada.id}.notices.{sign}", f"{ada.id + 1}.digest.{sign}", f"{ada.id}.digest.", "x", "....", "é" * 40,
           "9" * 5000, make_token("another secret key", ada.id, "digest"), token_of(desk, gone, "digest")]
    pages = set()
    for token in bad:
        answer = client.post(f"/unsubscribe/{token}", data=ONE_CLICK)
        assert answer.status_code == 404, token
        pages.add(answer.text)
    for token in bad[:-1]:
        assert client.get(f"/unsubscribe/{token}").status_code == 404, token
    assert len(pages) == 1 and digest_of(ada) == "weekly" and chosen(ada) == {}


def test_an_undo_token_ends_nothing_and_the_other_way_round(desk, make):
    secret, ada = desk.config["SETTINGS"].secret_key, make.person()
    undo, end = make_undo(secret, ada.id, {"digest": "daily"}), make_token(secret, ada.id, "digest")
    assert stranger(desk).post(f"/unsubscribe/{undo}").status_code == 404 and stranger(desk).post(f"/unsubscribe/undo/{end}").status_code == 404
    assert digest_of(ada) == "weekly"


def test_tokens_hold_what_they_were_made_for():
    assert read_token("s" * 20, make_token("s" * 20, 7, "all-majors")) == (7, "all-majors")
    assert read_token("s" * 20, make_token("s" * 20, 7, "a matter of another version")) is None
    before = {key: "second" for key in BY_KEY} | {"digest": "daily"}
    assert read_undo("s" * 20, make_undo("s" * 20, 7, before)) == (7, before)
    assert read_undo("s" * 20, make_undo("s" * 20, 7, {"answers": "now", "x": "always"})) == (7, {})


def test_who_was_switched_off_may_end_mails_too(desk, make):
    ada, boss = make.person(), make.admin()
    with transaction():
        admin_actions.switch_off(boss, ada.id)
    assert stranger(desk).post(f"/unsubscribe/{token_of(desk, ada, 'digest')}", data=ONE_CLICK).status_code == 200 and digest_of(ada) == "off"


def test_somebody_elses_sign_in_is_not_touched(desk, make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    page = browse(ben).post(f"/unsubscribe/{token_of(desk, ada, 'digest')}")
    assert page.status_code == 200 and "Ben" not in page.text and digest_of(ben) == "weekly" and digest_of(ada) == "off"


def test_pressing_the_link_over_and_over_costs_its_person_nothing_else(desk, make, browse):
    ada = make.person("Ada")
    where = f"/unsubscribe/{token_of(desk, ada, 'digest')}"
    assert {stranger(desk).post(where, data=ONE_CLICK).status_code for _ in range(125)} == {200, 429}
    assert browse(ada).post("/me/notifications/quiet", data={"until": "tomorrow"}).status_code == 303
