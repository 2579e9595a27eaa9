"""Killed between any two steps, the desk loses and doubles nothing."""
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from socialdesk import config
from socialdesk.notifications.keys_delivery import keys_of

from .browser.mozilla_push import MozillaPush
from .browser.paper_device import PaperDevice

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent
POINTS = ("transaction.before_commit", "transaction.after_commit", "jobs.claimed", "jobs.effect", "jobs.completed", "jobs.outside")
MANY = 1_000_000
IN_FLIGHT = 2                           # pushes a kill may repeat: those of the job in hand


@pytest.fixture(scope="module")
def service():
    push = MozillaPush().start()
    yield push
    push.stop()


@pytest.fixture(scope="module")
def drive(service):
    """drive(folder, what, ...) runs the driver in a fork of a process that has everything loaded.  Returns the exit status."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("SOCIALDESK_")} | {
        "SOCIALDESK_PUSH_HOSTS": service.origin, "SOCIALDESK_JOBS": "off"}
    process = subprocess.Popen([sys.executable, "-m", "tests.crash_driver"], cwd=ROOT, env=environ, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)

    def order(folder, what, fail="", later=0, subscription=None):
        process.stdin.write(json.dumps({"folder": str(folder), "what": what, "fail": fail, "later": later, "subscription": subscription}) + "\n")
        process.stdin.flush()
        return int(process.stdout.readline())
    yield order
    process.stdin.close()
    process.wait(20)
    process.stdout.close()


@pytest.fixture(scope="module")
def fresh(tmp_path_factory, service, drive):
    """A desk that is set up, made once and copied for each crash."""
    folder = tmp_path_factory.mktemp("desk")
    settings = config.load({}, data=folder)
    config.make_folders(settings)
    device = PaperDevice(service, keys_of(settings).public)
    assert drive(folder, "set-up", subscription=device.subscription) == 0
    return folder, device


def passes(fresh, drive, tmp_path, point):
    """How often a day passes a fail point."""
    folder = shutil.copytree(fresh[0], tmp_path / "count")
    assert drive(folder, "day", f"{point}:{MANY}") == 0
    return MANY - int((folder / "left").read_text())


def outcome(folder):
    """What a day must leave behind, whatever happened on the way."""
    with sqlite3.connect(folder / "socialdesk.sqlite3") as database:
        def rows(sql):
            return database.execute(sql).fetchall()
        return {
            "posts": rows("SELECT kind, count(*) FROM post GROUP BY kind ORDER BY kind"),
            "status": rows("SELECT status FROM ticket"),
            "events": rows("SELECT verb, count(*) FROM event WHERE verb IN ('ticket_opened', 'replied', 'ticket_status_changed') GROUP BY verb ORDER BY verb"),
            "sentences": rows("SELECT text FROM sentence"),
            "told": rows("SELECT person_id, count(*) FROM told GROUP BY person_id"),
            "inbox": rows("SELECT person_id, sum(n) FROM notification GROUP BY person_id"),
            "deliveries": rows("SELECT state, count(*) FROM delivery GROUP BY state"),
            "found": rows("SELECT kind, count(*) FROM document GROUP BY kind"),
            "jobs": rows("SELECT state, kind FROM job"),
        }


@pytest.fixture(scope="module")
def quiet_day(fresh, service, drive, tmp_path_factory):
    """The outcome of a day without a crash."""
    folder = shutil.copytree(fresh[0], tmp_path_factory.mktemp("quiet") / "desk")
    service.reset(), fresh[1].posts.clear()
    assert drive(folder, "day") == 0
    found = outcome(folder)
    assert found["status"] == [("resolved",)] and found["events"] == [("replied", 1), ("ticket_opened", 1), ("ticket_status_changed", 1)]
    assert found["inbox"] and found["jobs"] == []
    return found, pushed(fresh[1])


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_any_pass_loses_and_doubles_nothing(point, fresh, service, drive, quiet_day, tmp_path):
    total = passes(fresh, drive, tmp_path, point)
    assert total > 0
    for n in range(1, total + 1):
        folder = shutil.copytree(fresh[0], tmp_path / f"{n}")
        service.reset(), fresh[1].posts.clear()
        assert drive(folder, "day", f"{point}:{n}") == -signal.SIGKILL
        assert drive(folder, "day", later=200) == 0                 # past every lease
        assert outcome(folder) == quiet_day[0], f"{point}, pass {n}"
        sent, expected = pushed(fresh[1]), quiet_day[1]
        assert set(sent) == set(expected), "the same notices, by whose ids the service worker shows each once"
        assert len(sent) <= len(expected) + IN_FLIGHT, f"{point}, pass {n}"
        shutil.rmtree(folder)


def pushed(device):
    """The ids of the notices that were sent to the device."""
    return [json.loads(message)["notification"]["data"]["id"] for message in device.messages()]
