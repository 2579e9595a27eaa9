"""What every answer keeps: headers, the same-origin rule, refusals in words, twice is once."""
import json
import threading

import pytest
import sqlalchemy as sa
from flask import request

from socialdesk import errors, web
from socialdesk.db import db
from socialdesk.errors import Conflict, Invalid, Missing, NotAllowed, TooLarge, TooMany, Unavailable
from socialdesk.people.models import Team
from socialdesk.posts.models import Idem

from .conftest import HTMX

REFUSALS = [Invalid("The box is empty. Write a word."), NotAllowed("Only Ada may."), Missing(), Conflict("Bo has it already."),
            TooLarge("Too big."), TooMany("Wait a bit.", 7), Unavailable("The disk is full.")]


@pytest.fixture
def app_of_its_own(request):
    """An app that takes these views in cannot be the others' as well."""
    return "rooms" in request.fixturenames


@pytest.fixture
def rooms(desk):
    """A few views of this test alone."""
    def refuse(name):
        raise next(r for r in REFUSALS if type(r).__name__ == name)

    def make_team():
        def deed():
            team = Team(name=request.form["name"], name_fold=request.form["name"])
            db.session.add(team)
            db.session.flush()
            return {"team": team.id}
        return json.dumps(web.once(web.viewer(), deed))

    def fault():
        raise sa.exc.OperationalError("SELECT", {}, Exception("database is locked"))

    def bug():
        raise RuntimeError("Ada's secret")
    for rule, view in (("/try/refuse/<name>", refuse), ("/try/team", make_team), ("/try/fault", fault), ("/try/bug", bug)):
        desk.add_url_rule(rule, view_func=view, methods=["GET", "POST"])
    return desk


def headers_are_strict(answer):
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Referrer-Policy"] == "same-origin"
    assert "Permissions-Policy" in answer.headers and answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    return True


@pytest.mark.parametrize("path", ["/", "/sign-in", "/no-such-page", "/static/nothing.css", "/api/v1/nothing", "/healthz", "/offline",
                                  "/service-worker.js", "/manifest.webmanifest", "/live", "/p/1", "/attachments/1"])
def test_every_answer_carries_the_strict_headers(browse, path):
    answer = browse(None).get(path)
    assert headers_are_strict(answer)
    answer.close()


def test_static_files_carry_them_too_and_may_be_kept_for_ever(desk, browse):
    with desk.test_request_context():
        path = desk.jinja_env.globals["asset"]("app.css")
    answer = browse(None).get(path)
    assert answer.status_code == 200 and headers_are_strict(answer) and "immutable" in answer.headers["Cache-Control"]
    answer.close()


def test_answers_say_what_they_depend_on_and_are_nobody_elses(make, browse):
    answer = browse(make.person()).get("/")
    assert {"HX-Request", "Cookie"} <= set(answer.headers["Vary"].replace(" ", "").split(","))
    assert answer.headers["Cache-Control"] == "private, no-cache"


# --- cross-site

@pytest.mark.parametrize("headers, fine", [
    ({"Sec-Fetch-Site": "same-origin"}, True),
    ({"Sec-Fetch-Site": "same-site"}, False),
    ({"Sec-Fetch-Site": "cross-site"}, False),
    ({"Sec-Fetch-Site": "none"}, False),
    ({"Origin": "http://127.0.0.1:8000"}, True),
    ({"Origin": "http://127.0.0.1:8001"}, False),
    ({"Origin": "https://evil.example.org"}, False),
    ({"Origin": "null"}, False),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8000"}, False),
    ({}, False),
])
def test_a_deed_from_another_site_is_refused_and_leaves_no_trace(rooms, make, browse, headers, fine):
    browser = browse(make.person())
    del browser.environ_base["HTTP_SEC_FETCH_SITE"]
    answer = browser.post("/try/team", data={"name": "A"}, headers=headers)
    assert answer.status_code == (200 if fine else 403)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Team)) == fine
    if not fine:
        assert b"another site" in answer.data


# --- refusals

@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda r: type(r).__name__)
def test_a_refusal_is_a_page_a_notice_or_a_problem_always_with_its_sentence(rooms, make, browse, refusal):
    browser, path = browse(make.person()), f"/try/refuse/{type(refusal).__name__}"
    page = browser.get(path)
    notice = browser.get(path, headers=HTMX)
    problem = browser.get(path, headers={"Accept": "application/json"})
    for answer in (page, notice, problem):
        assert answer.status_code == refusal.status and headers_are_strict(answer)
    assert refusal.sentence in page.get_data(as_text=True) and "<html" in page.get_data(as_text=True)
    assert refusal.sentence in notice.get_data(as_text=True) and "<html" not in notice.get_data(as_text=True)
    assert notice.headers["HX-Retarget"] == "#notices"
    assert problem.mimetype == "application/problem+json" and problem.get_json()["detail"] == refusal.sentence
    assert problem.get_json()["status"] == refusal.status
    if hasattr(refusal, "retry_after"):
        assert page.headers["Retry-After"] == problem.headers["Retry-After"] == str(refusal.retry_after)


@pytest.mark.parametrize("refusal", [r for r in REFUSALS if r.status not in (403, 404)], ids=lambda r: type(r).__name__)
def test_without_javascript_nothing_typed_is_lost(rooms, make, browse, refusal):
    page = browse(make.person()).post(f"/try/refuse/{type(refusal).__name__}", data={"body": "My <b>long</b> story", "kind": "ticket", "key": "k", "password": "secret12"})
    text = page.get_data(as_text=True)
    assert "My &lt;b&gt;long&lt;/b&gt; story" in text and 'name="body"' in text and 'value="ticket"' in text
    assert "secret12" not in text and 'value="k"' not in text


def test_a_fault_of_the_database_is_a_503_in_words(rooms, make, browse):
    answer = browse(make.person()).post("/try/fault", data={"body": "kept"})
    assert answer.status_code == 503 and "Retry-After" in answer.headers
    assert "kept" in answer.get_data(as_text=True) and "SELECT" not in answer.get_data(as_text=True)


def test_our_own_mistake_is_said_without_its_insides(rooms, make, browse):
    browser = browse(make.person())
    rooms.testing = False
    rooms.config["PROPAGATE_EXCEPTIONS"] = False
    answer = browser.post("/try/bug", data={"body": "kept"})
    assert answer.status_code == 500 and "secret" not in answer.get_data(as_text=True) and "kept" in answer.get_data(as_text=True)


def test_an_unknown_address_and_a_wrong_method_are_said_in_words(make, browse):
    browser = browse(make.person())
    assert browser.get("/no-such").status_code == 404
    answer = browser.post("/healthz")
    assert answer.status_code == 405 and "GET" in answer.headers["Allow"]
    for bad in ("Forbidden", "Invalid input", "Oops"):
        assert bad not in answer.get_data(as_text=True)


@pytest.mark.parametrize("path, headers, status", [
    ("/inbox", {}, 303), ("/p/1", {}, 303), ("/p/1", HTMX, 401), ("/live", {}, 401), ("/p/1", {"Accept": "application/json"}, 401),
    ("/api/v1/me", {}, 401), ("/suggestions?q=printer", HTMX, 401), ("/me/devices/key", {"Accept": "application/json"}, 401)])
def test_signed_out_a_page_leads_to_signing_in_and_everything_else_says_401(make, browse, path, headers, status):
    make.admin()
    answer = browse(None).get(path, headers=headers)
    assert answer.status_code == status
    if status == 303:
        assert answer.headers["Location"].startswith("/sign-in?next=/")


@pytest.mark.parametrize("target, safe", [("/p/7", "/p/7"), ("/p/7?x=1#r", "/p/7?x=1#r"), ("//evil.example.org", "/"), ("https://evil.example.org", "/"),
                                          ("/\\evil.example.org", "/"), ("javascript:alert(1)", "/"), ("", "/"), (None, "/"), ("/a\nb", "/"), ("evil", "/")])
def test_after_signing_in_one_is_only_ever_led_to_our_own_pages(target, safe):
    assert web.safe_next(target) == safe


# --- twice is once

def teams():
    return db.session.scalars(sa.select(Team.name)).all()


@pytest.mark.parametrize("as_header", [True, False])
def test_the_same_deed_with_the_same_key_is_done_once_and_gets_the_first_result(rooms, make, browse, as_header):
    browser = browse(make.person())

    def send(name):
        if as_header:
            return browser.post("/try/team", data={"name": name}, headers={"Idempotency-Key": "k1"})
        return browser.post("/try/team", data={"name": name, "key": "k1"})
    first, again = send("A"), send("A")
    assert first.data == again.data and teams() == ["A"]
    other = send("B")
    assert other.status_code == 409 and "another message" in other.get_data(as_text=True) and "B" in other.get_data(as_text=True)
    assert teams() == ["A"]


def test_a_key_is_each_person_s_own_and_without_one_nothing_is_remembered(rooms, make, browse):
    for n in range(2):
        browse(make.person()).post("/try/team", data={"name": f"T{n}", "key": "same"})
    assert teams() == ["T0", "T1"]
    browse(make.person()).post("/try/team", data={"name": "C"})
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Idem)) == 2


def test_a_refused_deed_leaves_its_key_free(rooms, make, browse):
    browser = browse(make.person())
    assert browser.post("/try/team", data={"key": "k"}).status_code == 400
    assert browser.post("/try/team", data={"name": "A", "key": "k"}).status_code == 200


def test_at_the_same_moment_one_wins_and_the_other_gets_its_result(rooms, make, browse):
    person = make.person()
    browsers, answers = [browse(person) for _ in range(6)], []
    barrier = threading.Barrier(6)

    def send(browser):
        with rooms.app_context():
            barrier.wait()
            answers.append(browser.post("/try/team", data={"name": "A", "key": "k"}).data)
    threads = [threading.Thread(target=send, args=(b,)) for b in browsers]
    [t.start() for t in threads]
    [t.join() for t in threads]
    db.session.rollback()
    assert len(set(answers)) == 1 and teams() == ["A"]


def test_a_key_of_any_length_is_answered_in_words(rooms, make, browse):
    answer = browse(make.person()).post("/try/team", data={"name": "A", "key": "k" * 300})
    assert answer.status_code == 422 and teams() == []


def test_reading_too_fast_is_asked_to_wait(desk, make, browse, monkeypatch):
    browser = browse(make.person())
    monkeypatch.setattr("socialdesk.buckets.time.monotonic", lambda: 1000.0)
    answers = {browser.get("/people?q=a", headers=HTMX).status_code for _ in range(80)}
    assert 429 in answers and 200 in answers


def test_every_refusal_has_a_title_of_its_own():
    kinds = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.Refusal)]
    assert len({c.title for c in kinds}) == len(kinds)


def test_a_number_too_long_for_a_column_is_just_an_unknown_address(make, browse):
    browser = browse(make.agent())
    for path in ("/p/9223372036854775807", "/p/9223372036854775808", "/p/" + "9" * 60, "/attachments/" + "9" * 30):
        assert browser.get(path).status_code == 404
        assert browser.post(path + "/reply", data={"body": "x"}).status_code == 404
