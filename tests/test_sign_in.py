"""Signing in: password, mailed link and code, the first admin; what guesses cost, and what nobody learns from an answer."""
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa

from socialdesk.db import db, now, transaction
from socialdesk.errors import Conflict
from socialdesk.events import Event
from socialdesk.jobs import Job
from socialdesk.notifications.models import Device
from socialdesk.people import actions, queries, secret_checker, session_actions
from socialdesk.people.models import LoginCode, Mail, Person, Session, Throttle

from .conftest import HTMX, run_due

PASSWORD = "teapot lantern gravel"


@pytest.fixture
def ada(make):
    """Somebody with a password, on a desk that has an admin."""
    make.admin("Root")
    viewer = make.person("Ada", email="ada@example.org")
    pw_hash = secret_checker.hash_password(PASSWORD)
    with transaction():
        db.session.get(Person, viewer.id).pw_hash = pw_hash
    return viewer


def count(model, *where):
    total = db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*where))
    db.session.rollback()
    return total


def who(client):
    answer = client.get("/me/epoch")
    return answer.json["person"]


def sign_in(client, password=PASSWORD, email="ada@example.org", **more):
    return client.post("/sign-in", data={"email": email, "password": password} | more)


def last_mail():
    mail = db.session.scalars(sa.select(Mail).order_by(Mail.id.desc())).first()
    db.session.rollback()
    return mail


def mailed(client, email="ada@example.org"):
    """The (link, code) of the mail that is asked for."""
    client.post("/sign-in/mail", data={"email": email})
    run_due()
    body = last_mail().body
    return re.search(r"/link/[\w-]+", body)[0], re.search(r"(\d{4}) (\d{4})", body)[0].replace(" ", "")


@pytest.fixture
def hashed(monkeypatch):
    """How often argon2 computed."""
    class Counting:
        def __init__(self, real):
            self.real, self.n = real, 0

        def hash(self, password):
            self.n += 1
            return self.real.hash(password)

        def verify(self, kept, password):
            self.n += 1
            return self.real.verify(kept, password)

        def check_needs_rehash(self, kept):
            return self.real.check_needs_rehash(kept)
    counting = Counting(secret_checker._hasher)
    monkeypatch.setattr(secret_checker, "_hasher", counting)
    return counting


# --- password

def test_a_password_signs_in_and_leads_where_one_wanted_to_go(ada, browse):
    client = browse()
    answer = sign_in(client, next="/inbox?x=1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/inbox?x=1")
    assert who(client) == ada.id


def test_a_script_that_signs_in_is_led_on_too(ada, browse):
    client = browse()
    answer = client.post("/sign-in", data={"email": "ada@example.org", "password": PASSWORD, "next": "/me"}, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/me")
    assert who(client) == ada.id


def test_the_address_may_be_cased_otherwise(ada, browse):
    client = browse()
    assert sign_in(client, email=" Ada@Example.ORG ").status_code == 303
    assert who(client) == ada.id


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nb", ""])
def test_signing_in_leads_to_no_other_site(ada, browse, target):
    assert sign_in(browse(), next=target).headers["Location"] == "/"


def test_a_sign_in_stands_in_the_ledger_and_in_the_list_of_devices(ada, desk, browse):
    client = browse()
    client.post("/sign-in", data={"email": "ada@example.org", "password": PASSWORD},
                headers={"User-Agent": "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"})
    assert count(Event, Event.verb == "signed_in", Event.actor_id == ada.id, Event.after == "password") == 1
    assert b"Firefox on Android" in client.get("/me/sessions").data


def test_twice_signing_in_leaves_one_session_of_this_browser(ada, browse):
    client = browse()
    sign_in(client)
    first = db.session.scalar(sa.select(Session.id_hash).where(Session.person_id == ada.id))
    sign_in(client)
    assert db.session.scalars(sa.select(Session.id_hash).where(Session.person_id == ada.id)).all() != [first]
    assert count(Session, Session.person_id == ada.id) == 1


def test_a_session_planted_before_is_worth_nothing_after(ada, make, browse):
    """The cookie a browser had before signing in does not become the one that is signed in."""
    client = browse(make.person("Eve"))
    with client.session_transaction() as session:
        planted = session["_user_id"]
    sign_in(client)
    with client.session_transaction() as session:
        assert session["_user_id"] != planted
    other = browse()
    with other.session_transaction() as session:
        session["_user_id"] = planted
    assert other.get("/me/epoch").status_code == 401


@pytest.mark.parametrize("email, password", [("ada@example.org", "wrong words here"), ("nobody@example.org", PASSWORD),
                                             ("bare@example.org", PASSWORD), ("gone@example.org", PASSWORD), ("known@example.org", PASSWORD)])
def test_a_wrong_guess_hears_the_same_and_takes_the_same(ada, make, browse, hashed, email, password):
    """A wrong password, nobody, no password set, switched off, only imported: one answer, one hash."""
    kept = secret_checker._NOBODY
    make.person(email="bare@example.org")
    for address, state in (("gone@example.org", "off"), ("known@example.org", "imported")):
        with transaction():
            actions.add_person(address, "X", state=state).pw_hash = kept
    hashed.n = 0
    answer = sign_in(browse(), password, email)
    assert answer.status_code == 422 and hashed.n == 1
    assert "E-mail and password do not fit together" in answer.text
    assert answer.text.replace(email, "") == sign_in(browse(), "other words", "ada@example.org").text.replace("ada@example.org", "")
    assert count(Session) == 0 and count(Event, Event.verb == "signed_in") == 0


def test_a_refused_guess_comes_as_a_notice_to_a_script_and_as_json(ada, browse):
    notice = browse().post("/sign-in", data={"email": "ada@example.org", "password": "wrong"}, headers=HTMX)
    assert notice.status_code == 422 and notice.headers["HX-Retarget"] == "#notices"
    as_json = browse().post("/sign-in", data={"email": "ada@example.org", "password": "wrong"}, headers={"Accept": "application/json"})
    assert as_json.status_code == 422 and as_json.json["detail"].startswith("E-mail and password")


def test_what_was_typed_is_still_there_but_never_the_password(ada, browse):
    answer = sign_in(browse(), "wrong words here", "ada@example.org", next="/help")
    assert 'value="ada@example.org"' in answer.text and 'value="/help"' in answer.text and "wrong words" not in answer.text


@pytest.mark.parametrize("email", ["", "ada", "ada@", "a b@example.org", "ada@example.org\x00", "x" * 300 + "@example.org"])
def test_what_is_no_address_is_said(ada, browse, email):
    answer = sign_in(browse(), email=email)
    assert answer.status_code == 422 and ("e-mail address" in answer.text)


def test_a_monstrous_password_is_only_wrong(ada, browse):
    assert sign_in(browse(), PASSWORD + "x" * 50_000).status_code == 422
    assert sign_in(browse(), "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")).status_code == 422


def test_an_old_hash_is_made_anew_at_the_next_sign_in(ada, browse):
    from argon2 import PasswordHasher
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    with transaction():
        db.session.get(Person, ada.id).pw_hash = old
    assert sign_in(browse()).status_code == 303
    kept = db.session.get(Person, ada.id, populate_existing=True).pw_hash
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert sign_in(browse()).status_code == 303


def test_the_page_says_what_the_cookie_may_not(ada, browse):
    answer = sign_in(browse())
    cookies = answer.headers.getlist("Set-Cookie")
    assert len(cookies) == 2 and all("HttpOnly" in one and "SameSite=Lax" in one for one in cookies)


def test_another_site_signs_nobody_in(ada, browse):
    answer = browse().post("/sign-in", data={"email": "ada@example.org", "password": PASSWORD}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403 and count(Session) == 0


def test_who_is_signed_in_does_not_see_the_page_again(ada, browse):
    client = browse(ada)
    assert client.get("/sign-in?next=/help").headers["Location"] == "/help"
    assert "Is it still you?" in client.get("/sign-in?again=1").text


# --- limits

def test_the_eleventh_guess_waits_and_says_how_long(ada, browse, hashed):
    for _ in range(10):
        assert sign_in(browse(), "wrong words here").status_code == 422
    hashed.n = 0
    answer = sign_in(browse())
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 60
    assert "Wait" in answer.text and 'value="ada@example.org"' in answer.text
    assert hashed.n == 0 and count(Session) == 0


def test_guesses_are_forgiven_after_a_while(ada, browse, time):
    time.stop(2030, 5, 6, 12, 0)
    for _ in range(11):
        sign_in(browse(), "wrong words here")
    time.pass_(minutes=3)
    assert sign_in(browse()).status_code == 303


def test_a_strangers_guesses_lock_nobody_out_elsewhere(ada, browse):
    for _ in range(11):
        browse().post("/sign-in", data={"email": "ada@example.org", "password": "guess"}, environ_base={"REMOTE_ADDR": "198.51.100.7"})
    assert browse().post("/sign-in", data={"email": "ada@example.org", "password": PASSWORD},
                         environ_base={"REMOTE_ADDR": "198.51.100.7"}).status_code == 429
    assert sign_in(browse()).status_code == 303


def test_a_device_that_was_signed_in_before_has_tries_of_its_own(ada, browse):
    """Even behind the same address as who guesses."""
    client = browse()
    sign_in(client)
    client.post("/sign-out")
    for _ in range(11):
        sign_in(browse(), "wrong words here")
    assert sign_in(browse()).status_code == 429
    assert sign_in(client).status_code == 303


def test_a_device_cookie_of_ones_own_making_is_worth_nothing(ada, browse):
    for _ in range(11):
        sign_in(browse(), "wrong words here")
    client = browse()
    client.set_cookie("socialdesk-device", f'["x",[{ada.id}]].forged')
    assert sign_in(client).status_code == 429


def test_many_accounts_guessed_from_one_address_are_slowed(ada, browse):
    for n in range(100):
        assert browse().post("/sign-in", data={"email": f"p{n}@example.org", "code": "1"}).status_code == 422
    assert browse().post("/sign-in", data={"email": "ada@example.org", "code": "1"}).status_code == 429


def test_an_office_behind_one_address_signs_in_without_end(ada, browse):
    """Who gets it right is not counted."""
    for _ in range(3):
        sign_in(browse())
    tokens = {kind: left for kind, left in db.session.execute(sa.select(Throttle.kind, Throttle.tokens))}
    assert tokens == {"sign-in": 10.0, "sign-in-address": 100.0}


def test_nothing_personal_is_kept_in_the_buckets(ada, browse):
    sign_in(browse(), "wrong")
    keys = db.session.scalars(sa.select(Throttle.key)).all()
    assert keys and not any("ada@" in key or "127.0" in key for key in keys)


def test_the_mailed_code_still_works_when_guesses_must_wait(ada, browse):
    for _ in range(11):
        browse().post("/sign-in", data={"email": "ada@example.org", "password": "guess"}, environ_base={"REMOTE_ADDR": "198.51.100.7"})
    client = browse()
    link, _ = mailed(client)
    assert client.post(link).status_code == 303 and who(client) == ada.id


# --- mailed link and code

def test_a_mailed_code_signs_in(ada, browse):
    client = browse()
    asked = client.post("/sign-in/mail", data={"email": "ada@example.org", "next": "/inbox"})
    assert (asked.status_code, asked.headers["Location"]) == (303, "/sign-in/code?next=/inbox")
    page = client.get(asked.headers["Location"]).text
    assert 'name="email" value="ada@example.org"' in page and 'value="/inbox"' in page
    run_due()
    code = re.search(r"\d{4} \d{4}", last_mail().body)[0]
    answer = client.post("/sign-in", data={"email": "ada@example.org", "code": code, "next": "/inbox"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/inbox") and who(client) == ada.id


def test_the_address_alone_asks_for_a_code(ada, browse):
    assert browse().post("/sign-in", data={"email": "ada@example.org"}).headers["Location"].startswith("/sign-in/code")
    assert run_due() == 2 and count(Mail) == 1


def test_asking_by_script_leads_to_the_same_page(ada, browse):
    answer = browse().post("/sign-in/mail", data={"email": "ada@example.org"}, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/sign-in/code?next=/")


def test_asking_for_nobody_looks_and_works_the_same(ada, browse, make):
    with transaction():
        actions.add_person("gone@example.org", "Gone", state="off")
    answers, work = [], []
    for email in ("ada@example.org", "nobody@example.org", "gone@example.org"):
        client = browse()
        answer = client.post("/sign-in/mail", data={"email": email})
        answers.append((answer.status_code, answer.headers["Location"], client.get("/sign-in/code").text.replace(email, "")))
        work.append(db.session.execute(sa.select(Job.kind, Job.lane).where(Job.kind == "sign-in-mail").order_by(Job.id.desc())).first())
        db.session.rollback()
    assert answers[0] == answers[1] == answers[2] and work[0] == work[1] == work[2]
    run_due()
    assert db.session.scalars(sa.select(Mail.person_id)).all() == [ada.id]


def test_a_link_shows_a_button_and_signs_in_on_pressing_it_once(ada, browse):
    link, _ = mailed(browse())
    client = browse()
    page = client.get(link)
    assert page.status_code == 200 and f'action="{link}"' in page.text and client.get("/me/epoch").status_code == 401
    answer = client.post(link)
    assert answer.status_code == 303 and who(client) == ada.id
    again = browse()
    assert again.post(link).status_code == 404 and again.get(link).status_code == 404
    assert count(Session, Session.person_id == ada.id) == 1


def test_a_link_pressed_twice_at_the_same_moment_signs_in_once(ada, desk, browse):
    with transaction():
        tokens = [session_actions.make_link(ada.id) for _ in range(10)]
    together = Barrier(2)

    def press_all(client):
        answers = []
        with desk.app_context():
            for token in tokens:
                together.wait(60)
                answers.append(client.post(f"/link/{token}").status_code)
        return answers

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(press_all, [browse(), browse()])
    assert [sorted(pair) for pair in zip(first, second)] == [[303, 404]] * 10
    assert count(Event, Event.verb == "signed_in") == 10


def test_a_mail_scanner_that_opens_the_link_uses_nothing_up(ada, browse):
    link, _ = mailed(browse())
    for _ in range(5):
        browse().get(link), browse().head(link)
    assert browse().post(link).status_code == 303


def test_a_program_without_cookies_may_press_the_button(ada, desk):
    with transaction():
        token = session_actions.make_link(ada.id)
    answer = desk.test_client().post(f"/link/{token}")
    assert answer.status_code == 303


def test_using_the_code_ends_the_link_of_the_same_mail(ada, browse):
    link, code = mailed(browse())
    assert browse().post("/sign-in", data={"email": "ada@example.org", "code": code}).status_code == 303
    assert browse().post(link).status_code == 404
    assert browse().post("/sign-in", data={"email": "ada@example.org", "code": code}).status_code == 422


def test_a_code_lasts_ten_minutes_a_link_an_hour(ada, browse, time):
    time.stop(2030, 5, 6, 12, 0)
    link, code = mailed(browse())
    time.pass_(minutes=11)
    assert browse().post("/sign-in", data={"email": "ada@example.org", "code": code}).status_code == 422
    assert browse().get(link).status_code == 200
    time.pass_(minutes=50)
    assert browse().post(link).status_code == 404


def test_five_wrong_codes_end_the_right_one_but_not_the_link(ada, browse):
    link, code = mailed(browse())
    wrong = "00000000" if code != "00000000" else "11111111"
    for _ in range(5):
        answer = browse().post("/sign-in", data={"email": "ada@example.org", "code": wrong})
        assert answer.status_code == 422 and "This code does not fit" in answer.text
    assert browse().post("/sign-in", data={"email": "ada@example.org", "code": code}).status_code == 422
    assert browse().post(link).status_code == 303


def test_a_code_fits_only_its_own_person(ada, make, browse):
    make.person("Ben", email="ben@example.org")
    _, code = mailed(browse())
    assert browse().post("/sign-in", data={"email": "ben@example.org", "code": code}).status_code == 422
    assert browse().post("/sign-in", data={"email": "nobody@example.org", "code": code}).status_code == 422
    assert browse().post("/sign-in", data={"email": "ada@example.org", "code": code}).status_code == 303


def test_codes_and_links_are_kept_as_hashes(ada, browse):
    link, code = mailed(browse())
    kept = " ".join(db.session.scalars(sa.select(LoginCode.hash)))
    assert code not in kept and link.rpartition("/")[2] not in kept
    assert secret_checker.hash_token(f"{ada.id}:{code}") not in kept
    assert all(payload == {} for payload in db.session.scalars(sa.select(Job.payload)))


def test_the_sixth_mail_waits(ada, browse):
    for _ in range(5):
        assert browse().post("/sign-in/mail", data={"email": "ada@example.org"}).status_code == 303
    answer = browse().post("/sign-in/mail", data={"email": "ada@example.org"})
    assert answer.status_code == 429 and "mails asked for" in answer.text
    assert count(Job, Job.kind == "sign-in-mail") == 5
    for _ in range(5):
        browse().post("/sign-in/mail", data={"email": "nobody@example.org"})
    assert browse().post("/sign-in/mail", data={"email": "nobody@example.org"}).text.replace("nobody", "ada") == answer.text


def test_a_desk_without_mail_says_so_to_everybody(ada, browse):
    assert "no mail set up" in browse().get("/sign-in").text
    for email in ("ada@example.org", "nobody@example.org"):
        client = browse()
        client.post("/sign-in/mail", data={"email": email})
        assert "no mail set up" in client.get("/sign-in/code").text


@pytest.mark.parametrize("token", ["x", "%00", "a" * 3000, "..%2f"])
def test_an_unknown_link_is_said_to_be_over(ada, browse, token):
    assert browse().get(f"/link/{token}").status_code == 404
    assert browse().post(f"/link/{token}").status_code == 404
    assert "used already" in browse().get("/link/abc").text


def test_a_link_of_somebody_switched_off_opens_nothing(ada, make, browse):
    admin = make.admin()
    with transaction():
        token = session_actions.make_link(ada.id)
    browse(admin).post(f"/admin/people/{ada.id}/off")
    assert browse().post(f"/link/{token}").status_code == 404 and count(Session, Session.person_id == ada.id) == 0


def test_the_browsers_time_zone_is_taken_once(ada, browse):
    sign_in(browse(), tz="Asia/Kolkata")
    assert db.session.get(Person, ada.id, populate_existing=True).tz == "Asia/Kolkata"
    sign_in(browse(), tz="Europe/Paris")
    assert db.session.get(Person, ada.id, populate_existing=True).tz == "Asia/Kolkata"


def test_a_time_zone_nobody_knows_is_passed_over(ada, browse):
    assert sign_in(browse(), tz="Moon/Crater").status_code == 303
    assert db.session.get(Person, ada.id, populate_existing=True).tz == "UTC"


# --- out

def test_signing_out_ends_this_session_and_its_pushes(ada, browse):
    client, other = browse(), browse()
    sign_in(client), sign_in(other)
    add_device(client), add_device(other)
    answer = client.post("/sign-out")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert client.get("/me/epoch").status_code == 401 and who(other) == ada.id
    assert count(Device) == 1 and count(Session) == 1
    assert client.post("/sign-out", headers=HTMX).headers["HX-Redirect"] == "/sign-in"


def add_device(client):
    public_id = db.session.scalar(sa.select(Session.public_id).where(Session.id_hash == secret_checker.hash_token(token_of(client))))
    person_id = who(client)
    with transaction():
        db.session.add(Device(person_id=person_id, endpoint_hash=public_id, endpoint="https://push.example", p256dh="", auth="",
                              session_public_id=public_id, made_at=now(), last_seen_at=now()))


def token_of(client):
    with client.session_transaction() as session:
        return session["_user_id"]


def test_a_stolen_cookie_ends_with_the_session(ada, browse):
    client, thief = browse(), browse()
    sign_in(client)
    with thief.session_transaction() as session:
        session["_user_id"] = token_of(client)
    assert who(thief) == ada.id
    client.post("/sign-out")
    assert thief.get("/me/epoch").status_code == 401


def test_signing_out_everywhere_ends_all(ada, browse):
    clients = [browse(), browse(), browse()]
    for client in clients:
        sign_in(client)
        add_device(client)
    answer = clients[0].post("/me/sessions/remove")
    assert answer.headers["Location"] == "/sign-in"
    assert [client.get("/me/epoch").status_code for client in clients] == [401] * 3
    assert count(Session) == 0 and count(Device) == 0 and count(Event, Event.verb == "signed_out_everywhere") == 1
    assert clients[0].post("/me/sessions/remove").status_code == 401
    assert sign_in(clients[0]).status_code == 303


def test_one_device_is_signed_out_from_another(ada, browse):
    here, there = browse(), browse()
    sign_in(here), sign_in(there)
    public_id = db.session.scalar(sa.select(Session.public_id).where(Session.id_hash == secret_checker.hash_token(token_of(there))))
    answer = here.post(f"/me/sessions/{public_id}/remove", headers=HTMX)
    assert answer.status_code == 200 and answer.text.count("Sign out") and public_id not in answer.text
    assert here.post(f"/me/sessions/{public_id}/remove").headers["Location"] == "/me/sessions"
    assert there.get("/me/epoch").status_code == 401 and who(here) == ada.id


def test_nobody_signs_out_anothers_device(ada, make, browse):
    client = browse()
    sign_in(client)
    public_id = db.session.scalar(sa.select(Session.public_id).where(Session.person_id == ada.id))
    browse(make.person()).post(f"/me/sessions/{public_id}/remove")
    assert who(client) == ada.id


def test_the_fifty_first_session_ends_the_one_unseen_for_longest(ada, browse, time):
    time.stop(2030, 5, 6, 12, 0)
    first = browse(ada)
    for _ in range(50):
        time.pass_(minutes=1)
        with transaction():
            session_actions.sign_in(ada.id, "link", "x")
    assert count(Session) == 50 and first.get("/me/epoch").status_code == 401


def test_a_session_unseen_for_ninety_days_ends(ada, browse, time):
    client = browse(ada)
    time.pass_(days=89)
    run_due(clockwork=True)
    assert who(client) == ada.id
    time.pass_(days=2)
    run_due(clockwork=True)
    assert client.get("/me/epoch").status_code == 401 and count(Session) == 0


def test_a_session_that_is_seen_goes_on_and_reading_writes_nothing(ada, desk, browse, time):
    client = browse(ada)
    time.pass_(days=60)
    before = db.session.scalar(sa.select(Session.seen_at))
    client.get("/people")
    assert db.session.scalar(sa.select(Session.seen_at)) == before
    db.session.rollback()
    desk.extensions["presence"].flush()
    time.pass_(days=60)
    run_due(clockwork=True)
    assert who(client) == ada.id


def test_a_session_is_written_down_at_most_hourly(ada, desk, browse, time):
    client, presence = browse(ada), desk.extensions["presence"]
    client.get("/people")
    presence.flush()
    client.get("/people")
    assert presence.waiting == {}
    time.pass_(minutes=61)
    client.get("/people")
    assert len(presence.waiting) == 1


def test_codes_buckets_and_mails_are_cleared_away(ada, browse, time):
    mailed(browse())
    sign_in(browse(), "wrong")
    time.pass_(days=40)
    run_due(clockwork=True)
    time.pass_(hours=2)
    run_due(clockwork=True)
    assert count(LoginCode) == count(Throttle) == count(Mail) == 0


# --- the first admin

def test_a_new_desk_says_where_the_setup_link_stands(desk, browse):
    page = browse().get("/")
    assert page.status_code == 200 and "The setup link stands in the terminal where app.py was started" in page.text


def test_the_setup_link_makes_the_admin_and_signs_in(desk, browse):
    with transaction():
        token = session_actions.make_setup_link()
    client = browse()
    page = client.get(f"/setup/{token}")
    assert page.status_code == 200 and page.text.count(" required") == 1
    answer = client.post(f"/setup/{token}", data={"email": "root@example.org", "name": "Root Hall", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    person = queries.person_by_email("root@example.org")
    assert (person.name, person.role, person.handle) == ("Root Hall", "admin", "root2")
    assert who(client) == person.id and client.get("/admin").status_code == 200
    assert "terminal" not in browse().get("/").text
    assert sign_in(browse(), email="root@example.org").status_code == 303


def test_the_setup_link_works_once_and_no_other_one_after_it(desk, browse):
    with transaction():
        tokens = [session_actions.make_setup_link(), session_actions.make_setup_link()]
    browse().post(f"/setup/{tokens[0]}", data={"email": "root@example.org"})
    for token in tokens:
        answer = browse().post(f"/setup/{token}", data={"email": "eve@example.org"})
        assert answer.status_code == 404 and "used already" in answer.text
        assert browse().get(f"/setup/{token}").status_code == 404
    assert count(Person) == 1
    with pytest.raises(Conflict), transaction():
        session_actions.make_setup_link()


def test_the_address_alone_is_enough_to_set_up(desk, browse):
    with transaction():
        token = session_actions.make_setup_link()
    client = browse()
    assert client.post(f"/setup/{token}", data={"email": "ada.lovelace@example.org"}).status_code == 303
    person = queries.person_by_email("ada.lovelace@example.org")
    assert (person.name, person.pw_hash, person.role) == ("Ada Lovelace", None, "admin")


@pytest.mark.parametrize("data, told", [({"email": "root"}, "does not look like"), ({"email": "root@example.org", "password": "short"}, "needs 10"),
                                        ({"email": "root@example.org", "name": "x" * 99}, "it may have 80")])
def test_what_does_not_fit_the_setup_is_said_and_the_link_still_works(desk, browse, data, told):
    with transaction():
        token = session_actions.make_setup_link()
    answer = browse().post(f"/setup/{token}", data=data)
    assert answer.status_code == 422 and told in answer.text and data["email"] in answer.text and "short" not in re.findall('value="([^"]*)"', answer.text)
    assert count(Person) == 0
    assert browse().post(f"/setup/{token}", data={"email": "root@example.org"}).status_code == 303


def test_a_setup_link_ends_after_a_day(desk, browse, time):
    with transaction():
        token = session_actions.make_setup_link()
    time.pass_(hours=25)
    assert browse().get(f"/setup/{token}").status_code == 404


def test_a_setup_link_is_no_sign_in_link(desk, make, browse):
    with transaction():
        token = session_actions.make_setup_link()
    assert browse().post(f"/link/{token}").status_code == 404
    ada = make.person()
    with transaction():
        link = session_actions.make_link(ada.id)
    assert browse().get(f"/setup/{link}").status_code == 404


def test_who_is_here_already_can_become_the_first_admin(desk, make, browse):
    ada = make.person("Ada", email="ada@example.org")
    with transaction():
        token = session_actions.make_setup_link()
    client = browse()
    client.post(f"/setup/{token}", data={"email": "ada@example.org"})
    assert who(client) == ada.id and make.viewer(ada).is_admin


def test_pages_send_strangers_to_sign_in_and_back(ada, browse):
    assert browse().get("/me/profile?x=1").headers["Location"] == "/sign-in?next=/me/profile%3Fx%3D1"
    assert browse().get("/me", headers=HTMX).status_code == 401
    assert browse().get("/me", headers={"Accept": "application/json"}).status_code == 401
    assert browse().get("/me/epoch").json == {"person": None, "epoch": None}
