"""One short day at a desk, in a process of its own that tests kill between any two steps.

Takes orders on stdin, a JSON object a line: folder, what, fail ("point:pass"), later (seconds), subscription.
set-up makes the desk and its people.  day is a ticket, an agent's reply, "fixed", and all the work that follows; it may be run
again: each deed carries its key, as a browser's would that got no answer."""
import hashlib
import json
import os
import sys
import traceback
from datetime import timedelta
from pathlib import Path

from socialdesk import config, create_app, jobs, schema
from socialdesk import db as database
from socialdesk.db import clock, db, now, transaction
from socialdesk.people.models import Session


def set_up(app, subscription):
    """The desk, a requester with a device, an agent, each with a session whose token is their name."""
    from socialdesk.people import actions
    schema.migrate(app.config["SETTINGS"])
    with transaction():
        for name, role in (("Ada", "requester"), ("Bo", "agent")):
            person = actions.add_person(f"{name}@example.org", name, role=role, hours="always")
            db.session.add(Session(id_hash=hashlib.sha256(name.encode()).hexdigest(), person_id=person.id, epoch=person.epoch,
                                   made_at=now(), seen_at=now(), public_id=name))
    answer = browser(app, "Ada").post("/me/devices", json=subscription)
    assert answer.status_code == 201, answer.data


def browser(app, name):
    """A browser signed in as somebody."""
    client = app.test_client()
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    with client.session_transaction() as session:
        session["_user_id"] = name
    return client


def day(app):
    """Each deed with its key; then time passes until all is told."""
    clock.offset = timedelta(seconds=float(os.environ.get("SD_LATER", "0")))
    ada, bo = browser(app, "Ada"), browser(app, "Bo")
    where = send(ada, "/ask", kind="ticket", body="The printer prints hearts. #printing", key="k1")
    send(bo, f"{where}/reply", body="Which printer is it?", key="k2")
    send(bo, f"{where}/status", status="resolved", sentence="It prints letters again.", key="k3")
    with app.app_context():
        for _ in range(3):
            clock.offset += timedelta(seconds=11)
            jobs.run_due()


def send(client, path, **fields):
    """POST a form; what came already is answered by its first result."""
    answer = client.post(path, data=fields)
    assert answer.status_code in (303, 409), (path, answer.status_code, answer.data[:500])
    return answer.headers.get("Location", "").split("#")[0].split("?")[0]


def child(order):
    """One run in a process of its own, which may be killed on the way."""
    if order["fail"]:
        name, _, count = order["fail"].partition(":")
        database._fail_at = [name, int(count)]
    os.environ["SD_LATER"] = str(order["later"])
    app = create_app(config.load(data=order["folder"]))
    if order["what"] == "set-up":
        with app.app_context():
            set_up(app, order["subscription"])
    else:
        day(app)
    left = database._fail_at[1] if database._fail_at else 0
    Path(order["folder"], "left").write_text(str(left))


def main():
    """Take orders, a line of JSON each; do each in a fork; answer with how it ended."""
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                child(order)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(status)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
