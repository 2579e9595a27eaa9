"""What an admin sees of notices and mails, and what they can do about those that failed."""
import logging
from datetime import timedelta

import pytest
import sqlalchemy as sa

from socialdesk import jobs
from socialdesk.db import db, now, transaction
from socialdesk.notifications import words_checker
from socialdesk.notifications.device_checker import Health, health_of, service_name
from socialdesk.notifications.models import Device
from socialdesk.people.mail_actions import queue_mail
from socialdesk.people.models import Mail, Person

from .conftest import HTMX, run_due
from .phones import phone, service  # noqa: F401


@pytest.fixture
def settings_given(service):  # noqa: F811
    service.reset()
    return {"SOCIALDESK_PUSH_HOSTS": service.origin, "SOCIALDESK_SMTP_URL": "smtp://127.0.0.1:9", "SOCIALDESK_MAIL_FROM": "desk@example.org"}


def page_of(browse, admin):
    return " ".join(browse(admin).get("/admin/delivery").text.split())


def say(make, person, count=1):
    for _ in range(count):
        make.reply(make.ticket(person), make.agent())
    run_due()


def bury(kind):
    """A dead letter of this kind.  Returns its id."""
    with transaction():
        jobs.enqueue(kind, lane="push", ids=[])
        job_id = db.session.scalar(sa.select(sa.func.max(jobs.Job.id)))
        db.session.execute(sa.update(jobs.Job).where(jobs.Job.id == job_id).values(state="dead", attempts=8, error_class="OSError"))
    return job_id


# --- for admins alone

@pytest.mark.parametrize("method, path", [("get", "/admin/delivery"), ("post", "/admin/delivery/jobs/1/retry"), ("post", "/admin/delivery/jobs/retry")])
def test_it_is_for_admins_alone(make, browse, method, path):
    job_id = bury("push")
    for person in (make.person(), make.agent()):
        assert getattr(browse(person), method)(path).status_code == 403
    assert getattr(browse(None), method)(path).status_code in (303, 401)
    assert db.session.get(jobs.Job, job_id).state == "dead"


def test_the_admin_page_leads_there(make, browse):
    assert 'href="/admin/delivery"' in browse(make.admin()).get("/admin").text


def test_a_sign_in_of_yesterday_is_asked_again(make, browse, time):
    client = browse(make.admin())
    time.pass_(hours=13)
    assert client.get("/admin/delivery").status_code == 303 and client.post("/admin/delivery/jobs/retry").status_code == 403


def test_a_desk_that_never_told_anybody_says_so(make, browse):
    page = page_of(browse, make.admin())
    assert "Nothing waits" in page and "No notice was sent to a device in the last 24 hours" in page and "Nothing. What fails once" in page


# --- what waits

def test_the_oldest_notice_that_is_due_is_the_lag(make, browse, phone, time):  # noqa: F811
    ada, admin = make.person("Ada"), make.admin()
    phone(ada)
    time.stop()
    make.reply(make.ticket(ada), make.agent())
    jobs.run_due(("now",))
    time.pass_(minutes=7)
    page = page_of(browse, admin)
    assert "1 waits, the oldest for 7 minutes" in page and "app.py worker running?" in page
    run_due()
    assert "Is the desk or app.py worker" not in page_of(browse, admin)


def test_what_waits_for_its_hour_is_no_lag(make, browse, phone, time):  # noqa: F811
    time.stop(2026, 11, 21, 3, 0)
    ada = make.person("Ada", hours={"mon": [["08:00", "18:00"]]})
    phone(ada)
    say(make, ada)
    assert "Nothing waits" in page_of(browse, make.admin())


def test_mails_that_do_not_leave_and_addresses_that_are_refused_are_counted(make, browse, time):
    time.stop()
    ada = make.person("Ada")
    with transaction():
        queue_mail(ada.id, "Hello", "Words.")
        queue_mail(ada.id, "Hello", "Words.")
        db.session.execute(sa.update(Mail).where(Mail.id == db.session.scalar(sa.select(sa.func.max(Mail.id)))).values(state="failed"))
        db.session.execute(sa.update(Person).where(Person.id == ada.id).values(mail_refused_at=now()))
    time.pass_(hours=2)
    page = page_of(browse, make.admin())
    assert "1 waits, the oldest for 2 hours" in page and "1 mail did not go out" in page and "refuses the addresses of 1 person" in page


# --- how the services do

def test_each_push_service_has_its_counts(make, browse, phone, service, time):  # noqa: F811
    time.stop()
    ada = make.person("Ada")
    for status in (None, 410, 403, 503):
        phone(ada)
    for status in (410, 403, 503):
        service.answer_next(status, retry_after=600)
    logging.disable(logging.ERROR)
    say(make, ada)
    logging.disable(logging.NOTSET)
    page = page_of(browse, make.admin())
    name = service.origin.removeprefix("http://")
    assert f"<b>{name}</b>" in page and "1 of 4 sent (25 %) · 1 to devices that are gone · 1 refused · 1 put off" in page
    assert "It has a fault of its own (503). Tried again in 10 minutes." in page and "and at key and subject by app.py check" in page
    assert "3 devices take notices; at 2 the last one failed, 1 of them for a fault" in page


def test_what_was_given_up_after_a_day_is_told_apart(make, browse, phone, service, time):  # noqa: F811
    time.stop()
    ada = make.person("Ada")
    phone(ada)
    service.answer_next(503, retry_after=25 * 3600)
    say(make, ada)
    assert "1 given up after a day" in page_of(browse, make.admin())


def test_yesterdays_pushes_and_what_was_read_in_time_do_not_count(make, browse, phone, time):  # noqa: F811
    ada = make.person("Ada")
    phone(ada)
    say(make, ada)
    time.pass_(hours=25)
    assert "No notice was sent to a device" in page_of(browse, make.admin())


def test_services_of_one_house_stand_together():
    assert service_name("https://wns2-db5p.notify.windows.com") == service_name("https://notify.windows.com") == "Microsoft"
    assert service_name("https://updates.push.services.mozilla.com") == "Mozilla" and service_name("https://web.push.apple.com") == "Apple"
    assert service_name("https://ntfy.example.org:8443") == "ntfy.example.org:8443" and service_name("") == "unknown"
    assert service_name("https://evilfcm.googleapis.com.example.org") == "evilfcm.googleapis.com.example.org"


# --- work that gave up

def test_only_what_tells_people_stands_there(make, browse):
    kinds = ("push", "push_rest", "push_slow", "tell_slice", "mail", "sign-in-mail", "mail_notices", "digest_slice", "merge_index", "consequence")
    ids = {kind: bury(kind) for kind in kinds}
    page = page_of(browse, make.admin())
    shown = {kind for kind, job_id in ids.items() if f"/admin/delivery/jobs/{job_id}/retry" in page}
    assert shown == set(kinds) - {"merge_index", "consequence"}


@pytest.mark.parametrize("headers, status", [({}, 303), (HTMX, 200)])
def test_one_is_tried_again(make, browse, headers, status):
    first, second = bury("push"), bury("push_slow")
    client = browse(make.admin())
    for _ in range(2):
        answer = client.post(f"/admin/delivery/jobs/{first}/retry", headers=headers)
        assert answer.status_code == status
    if headers:
        assert 'id="dead-letters"' in answer.text and f"/jobs/{second}/retry" in answer.text and f"/jobs/{first}/retry" not in answer.text
    else:
        assert answer.location.endswith("/admin/delivery#dead-letters")
    db.session.rollback()
    assert (db.session.get(jobs.Job, first).state, db.session.get(jobs.Job, second).state) == ("due", "dead")


def test_all_are_tried_again_at_once_and_nothing_else(make, browse):
    ours, other = [bury("push"), bury("mail_notices")], bury("merge_index")
    assert browse(make.admin()).post("/admin/delivery/jobs/retry", headers=HTMX).status_code == 200
    db.session.rollback()
    assert [db.session.get(jobs.Job, job_id).state for job_id in (*ours, other)] == ["due", "due", "dead"]


def test_a_dead_letter_tried_again_rings(make, browse, phone, time):  # noqa: F811
    ada = make.person("Ada")
    hers = phone(ada)
    make.reply(make.ticket(ada), make.agent())
    jobs.run_due(("now",))
    with transaction():
        db.session.execute(sa.update(jobs.Job).where(jobs.Job.kind == "push").values(state="dead", attempts=8))
    run_due()
    assert hers.told == []
    browse(make.admin()).post("/admin/delivery/jobs/retry")
    run_due()
    assert len(hers.told) == 1


# --- a device's health, for its person

def test_a_device_that_failed_for_days_is_shown_as_such(make, phone, service, time):  # noqa: F811
    ada = make.person("Ada")
    mine = phone(ada)
    say(make, ada)
    with transaction():
        db.session.execute(sa.update(Device).values(failures=6, last_status=503, last_ok_at=now() - timedelta(days=4, hours=1)))
    page = " ".join(mine.client.get("/me/devices", headers=HTMX).text.split())
    assert "It has not rung for 4 days: 6 notices in a row failed." in page and "fault of its own (503)" in page and "6 failed" in page
    assert 'class="kind bad"' in page


def test_a_device_says_when_it_was_reached_and_opened(make, phone):  # noqa: F811
    ada = make.person("Ada")
    mine = phone(ada)
    say(make, ada)
    page = " ".join(mine.client.get("/me/devices", headers=HTMX).text.split())
    assert "Reached" in page and "opened" in page and 'class="kind good"' in page and "failed" not in page


def test_health_has_words_for_each_way_to_be():
    moment = now()

    def device(**facts):
        return Device(**{"made_at": moment, "last_seen_at": moment, "last_ok_at": None, "failures": 0, "last_status": None} | facts)
    assert health_of(device(), moment) == Health("", ())
    assert health_of(device(last_ok_at=moment, last_status=201), moment) == Health("good", ())
    assert health_of(device(last_ok_at=moment, last_status=0, failures=1), moment).kind == "bad"
    assert health_of(device(made_at=moment - timedelta(days=9), last_status=403, failures=5), moment).kind == "long"
    old = health_of(device(last_ok_at=moment, last_status=201, last_seen_at=moment - timedelta(days=61)), moment)
    assert old.kind == "good" and "two months" in old.words[0]


def test_times_and_troubles_are_told_in_words():
    assert [words_checker.how_long(seconds) for seconds in (0, 1, 59, 60, 7300, 90000)] == [
        "0 seconds", "1 second", "59 seconds", "1 minute", "2 hours", "1 day"]
    assert words_checker.of_service(0) == words_checker.of_service(None) == "It does not answer."
    assert "asks us to wait" in words_checker.of_service(429) and "(502)" in words_checker.of_service(502)


# --- figures for machines

def test_the_figures_tell_of_notices_and_mails(make, desk, phone, time):  # noqa: F811
    time.stop()
    ada = make.person("Ada")
    phone(ada)
    make.reply(make.ticket(ada), make.agent())
    jobs.run_due(("now",))
    time.pass_(seconds=30)
    figures = desk.test_client().get("/metrics").text
    for line in ("socialdesk_push_due 1", "socialdesk_push_lag_seconds 30.0", 'socialdesk_devices{state="devices"} 1',
                 'socialdesk_jobs_due{lane="slow"} 0', "socialdesk_mail_due 0"):
        assert line in figures, line
