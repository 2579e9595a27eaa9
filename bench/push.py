"""How many pushes a second one core sends, inbox and delivery rows included, and what kill -9 loses or shows twice."""
import argparse
import base64
import hashlib
import json
import os
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta

import http_ece
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pywebpush import WebPusher

from socialdesk import config, create_app, schema
from socialdesk.db import db, now, transaction
from socialdesk.jobs import Job
from socialdesk.notifications.models import Delivery, Device
from socialdesk.notifications.push_delivery import IN_FLIGHT
from socialdesk.people import actions as people
from socialdesk.people.models import Person, Session
from socialdesk.policy import viewer_of
from socialdesk.posts import actions as posts
from socialdesk.posts import queries
from socialdesk.posts.models import Follow
from socialdesk.tickets import actions as tickets
from socialdesk.workers import THREADS

from .desk import Desk
from .push_service import PushService

KEY, SECRET = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)      # one for all devices: the sender cannot tell
POINT = KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
WAIT_SECONDS = 300


def say(words):
    """Progress."""
    print(words, file=sys.stderr, flush=True)


def text(data):
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encryption_us():
    """CPU of one bare encryption, to tell a slow machine from a slow sender."""
    pusher = WebPusher({"endpoint": "", "keys": {"p256dh": text(POINT), "auth": text(SECRET)}})
    begin = time.process_time()
    for _ in range(400):
        pusher.encode(bytes(260))
    return round((time.process_time() - begin) / 400 * 1e6)


def fill(folder, origin, followers):
    """A question with so many followers, one device each, and a ticket beside it.  Returns (question id, ticket id)."""
    app = create_app(config.load({"SOCIALDESK_DATA": str(folder), "SOCIALDESK_JOBS": "off"}))
    with app.app_context():
        schema.migrate(app.config["SETTINGS"])
        with transaction():
            asker = people.add_person("asker@example.org", "Ada", hours="always")
            agent = people.add_person("agent@example.org", "Tomasz", role="agent", hours="always")
            db.session.flush()
            asker, agent = viewer_of(asker.id), viewer_of(agent.id)
        question, ticket = (queries.prepare(asker, words) for words in ("Who else prints on both sides?", "My screen stays black."))
        with transaction():
            question = posts.publish(asker, "question", question, event=False)
            ticket = tickets.open_ticket(asker, ticket, event=False)
            made = {"role": "requester", "hours": "always", "made_at": now(), "state": "active", "tz": "UTC", "lang": "en"}
            db.session.execute(sa.insert(Person), [made | {
                "email": f"p{n}@example.org", "email_fold": f"p{n}@example.org", "handle": f"p{n}", "name": f"Person {n}",
                **({"name_fold": f"person {n}"} if hasattr(Person, "name_fold") else {})} for n in range(followers)])
            ids = db.session.scalars(sa.select(Person.id).where(Person.handle.like("p%"), Person.email.like("p%@example.org"))).all()
            db.session.execute(sa.insert(Follow), [{"root_id": question.id, "person_id": key, "level": "all"} for key in ids])
            _devices([asker.id], origin, "single")
            _devices(ids, origin, "many")
        found = question.id, ticket.id
        db.session.remove()
        db.engine.dispose()
        return found


def _devices(person_ids, origin, kind):
    moment = now()
    db.session.execute(sa.insert(Session), [{
        "id_hash": f"{kind}{key}", "person_id": key, "epoch": 1, "made_at": moment, "seen_at": moment, "label": "bench", "public_id": f"{kind}{key}"}
        for key in person_ids])
    db.session.execute(sa.insert(Device), [{
        "person_id": key, "endpoint": f"{origin}/{kind}-{key}", "endpoint_hash": hashlib.sha256(f"{kind}{key}".encode()).hexdigest(),
        "p256dh": text(POINT), "auth": text(SECRET), "session_public_id": f"{kind}{key}", "label": "bench", "made_at": moment,
        "last_seen_at": moment, "failures": 0} for key in person_ids])


def reply(desk, token, post_id, words):
    """The deed: an agent's reply through the API."""
    status, _headers, body = desk.request("POST", f"/api/v1/posts/{post_id}/replies", {
        "Authorization": f"Bearer {token}", "Content-Type": "application/json"}, json.dumps({"body": words}))
    if status != 201:
        raise RuntimeError(f"The reply answered {status}: {body[:200]!r}")


def wait_for(service, count, otherwise, seconds=WAIT_SECONDS):
    """Wait until so many pushes were taken."""
    end = time.monotonic() + seconds
    while (there := service.count()) < count:
        if time.monotonic() > end:
            raise RuntimeError(f"{otherwise}: {there} of {count} pushes after {seconds} s.")
        time.sleep(0.02)


def measured(devices):
    """A run without a kill: pushes per CPU second, how long the last device and a single one meanwhile waited."""
    service = PushService()
    with tempfile.TemporaryDirectory(prefix="socialdesk-bench-") as folder:
        desk = Desk(folder, PUSH_HOSTS=service.origin)
        try:
            question, ticket = fill(folder, service.origin, devices)
            token = desk.command("token", "create", "--email", "agent@example.org")
            desk.start()
            reply(desk, token, ticket, "Warm up.")
            wait_for(service, 1, "warming up")
            time.sleep(1)
            say(f"{devices} devices")
            cpu, begin = desk.cpu_seconds(), time.time()
            reply(desk, token, question, "Yes, and it works.")
            wait_for(service, 1 + devices // 10, "fan-out")
            beside = time.time()
            reply(desk, token, ticket, "On my way.")
            wait_for(service, devices + 3, "fan-out")           # the followers, the asker for both
            cpu = desk.cpu_seconds() - cpu
            alone = encryption_us()
            many = [at for at, name, _ in service.taken() if name.startswith("many")]
            single = [at for at, name, _ in service.taken() if name.startswith("single") and at >= beside]
            return {"per_core": round((devices + 2) / cpu), "cpu_seconds": round(cpu, 2), "encryption_us": alone,
                    "deed_to_last_device_s": round(max(many) - begin, 2),
                    "first_device_s": round(min(many) - begin, 2), "single_during_fanout_s": round(max(single) - beside, 3)}
        finally:
            desk.stop()
            desk.stop(9)
            service.stop()


def killed(devices, kills):
    """A run with kill -9: what is lost, sent again, shown twice by a phone that shows an id once."""
    service = PushService()
    with tempfile.TemporaryDirectory(prefix="socialdesk-bench-") as folder:
        desk = Desk(folder, PUSH_HOSTS=service.origin)
        try:
            question, _ticket = fill(folder, service.origin, devices)
            token = desk.command("token", "create", "--email", "agent@example.org")
            desk.start()
            reply(desk, token, question, "Yes, and it works.")
            for kill in range(kills):
                wait_for(service, devices * (kill + 1) // (kills + 1), "before a kill")
                desk.stop(9)
                say(f"killed after {service.count()} pushes")
                _due_at_once(folder)
                desk.start()
            _wait_until_done(folder, desk)
            return _judge(service.taken(), devices) | {"kills": kills}
        finally:
            desk.stop()
            desk.stop(9)
            service.stop()


def _engine(folder):
    return sa.create_engine(f"sqlite:///{folder}/socialdesk.sqlite3", poolclass=sa.pool.NullPool)


def _due_at_once(folder):
    """What a killed process held is due again when its lease runs out: the bench does not wait for that."""
    with _engine(folder).begin() as connection:
        connection.execute(sa.update(Job).where(Job.lane.in_(("now", "push", "bulk"))).values(run_at=now() - timedelta(seconds=1)))


def _wait_until_done(folder, desk):
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        with _engine(folder).connect() as connection:
            jobs = connection.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.lane.in_(("now", "push", "bulk")), Job.state == "due"))
            due = connection.scalar(sa.select(sa.func.count()).select_from(Delivery).where(Delivery.state == "due"))
        if not jobs and not due:
            return
        time.sleep(0.2)
    raise RuntimeError(f"After {WAIT_SECONDS} s {jobs} jobs and {due} deliveries are still due.")


def _judge(taken, devices):
    """What the devices made of it: each shows an id once."""
    many = [(name, body) for _at, name, body in taken if name.startswith("many")]
    shown = Counter()
    for name, mark in {(name, json.loads(http_ece.decrypt(body, private_key=KEY, auth_secret=SECRET))["notification"]["data"]["id"])
                       for name, body in many}:
        shown[name] += 1
    return {"lost": devices - len(shown), "reposted": len(many) - len({name for name, _ in many}),
            "shown_twice": sum(count - 1 for count in shown.values())}


def main():
    """Print one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m bench.push", description=__doc__)
    parser.add_argument("--devices", type=int, default=10_000, help="followers of the question, one device each")
    parser.add_argument("--kills", type=int, default=3)
    options = parser.parse_args()
    fast = measured(options.devices)
    say(json.dumps(fast))
    safe = killed(options.devices, options.kills)
    print(json.dumps(fast | safe | {"devices": options.devices, "in_flight_limit": IN_FLIGHT * THREADS["bulk"]}))


if __name__ == "__main__":
    main()
