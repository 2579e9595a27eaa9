"""How many pushes a second one core sends, inbox and delivery rows included, and what kill -9 loses or shows twice."""
import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta

import http_ece
import sqlalchemy as sa
from pywebpush import WebPusher

from socialdesk.db import now
from socialdesk.jobs import Job
from socialdesk.notifications.models import Delivery
from socialdesk.notifications.round_delivery import IN_FLIGHT
from socialdesk.workers import THREADS

from .desk import Desk
from .push_desk import KEY, POINT, SECRET, fill, text
from .push_service import PushService

WAIT_SECONDS = 300


def say(words):
    """Progress."""
    print(words, file=sys.stderr, flush=True)


def encryption_us():
    """CPU of one bare encryption, to tell a slow machine from a slow sender."""
    pusher = WebPusher({"endpoint": "", "keys": {"p256dh": text(POINT), "auth": text(SECRET)}})
    begin = time.process_time()
    for _ in range(400):
        pusher.encode(bytes(260))
    return round((time.process_time() - begin) / 400 * 1e6)


def _post(desk, token, path, **body):
    status, _headers, answer = desk.request("POST", path, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}, json.dumps(body))
    if status != 201:
        raise RuntimeError(f"{path} answered {status}: {answer[:200]!r}")


def reply(desk, token, post_id, words):
    """An agent's reply through the API."""
    _post(desk, token, f"/api/v1/posts/{post_id}/replies", body=words)


def do(plan, desk, token, question_id):
    """The deed that very many are told of."""
    if plan.deed == "reply":
        reply(desk, token, question_id, "Yes, and it works.")
    else:
        _post(desk, token, "/api/v1/posts", kind="announcement", body="The printers are serviced on Saturday.")


def wait_for(service, count, otherwise, seconds=WAIT_SECONDS):
    """Wait until so many pushes were taken."""
    end = time.monotonic() + seconds
    while (there := service.count()) < count:
        if time.monotonic() > end:
            raise RuntimeError(f"{otherwise}: {there} of {count} pushes after {seconds} s.")
        time.sleep(0.02)


def measured(plan):
    """A run without a kill: pushes per CPU second, how long the last device and a single one meanwhile waited."""
    service = PushService()
    with tempfile.TemporaryDirectory(prefix="socialdesk-bench-") as folder:
        plan.clear()
        desk = Desk(folder, PUSH_HOSTS=service.origin, **plan.desk_settings())
        try:
            question, ticket = fill(folder, plan, service.origin)
            token = desk.command("token", "create", "--email", "agent@example.org")
            desk.start()
            reply(desk, token, ticket, "Warm up.")
            wait_for(service, 1, "warming up")
            time.sleep(1)
            say(f"{plan.devices} devices")
            cpu, begin = desk.cpu_seconds(), time.time()
            do(plan, desk, token, question)
            wait_for(service, 1 + plan.devices // 10, "fan-out")
            beside = time.time()
            reply(desk, token, ticket, "On my way.")
            others = 2 if plan.deed == "reply" else 1           # the asker, for the question and for the ticket
            wait_for(service, plan.devices + 1 + others, "fan-out")
            cpu = desk.cpu_seconds() - cpu
            alone = encryption_us()
            many = [at for at, name, _ in service.taken() if name.startswith("many")]
            single = [at for at, name, _ in service.taken() if name.startswith("single") and at >= beside]
            sent = plan.devices + others
            return {"per_core": round(sent / cpu), "cpu_seconds": round(cpu, 2), "encryption_us": alone,
                    "encryptions_a_push": round(cpu / sent * 1e6 / alone, 2),
                    "deed_to_last_device_s": round(max(many) - begin, 2),
                    "first_device_s": round(min(many) - begin, 2), "single_during_fanout_s": round(max(single) - beside, 3)}
        finally:
            desk.stop()
            desk.stop(9)
            service.stop()


def hung(plan):
    """A run beside a push service that lets each request hang: a tenth more devices are there, and a second one of who is told
    alone, one word after the other until the fan-out is over.  single_during_fanout_s: the longest that one of them took."""
    service, alone, away = PushService(), PushService(), PushService(plan.hang)
    with tempfile.TemporaryDirectory(prefix="socialdesk-bench-") as folder:
        plan.clear()
        desk = Desk(folder, PUSH_HOSTS=f"{service.origin} {alone.origin} {away.origin}", **plan.desk_settings())
        try:
            question, ticket = fill(folder, plan, service.origin, alone.origin, away.origin)
            token = desk.command("token", "create", "--email", "agent@example.org")
            desk.start()
            begin = time.time()
            do(plan, desk, token, question)
            wait_for(service, 1, "fan-out")
            took = []
            while not took or service.count() < plan.devices:
                there, since = alone.count(), time.time()
                reply(desk, token, ticket, f"Word {len(took)}.")
                wait_for(alone, there + 1, "told alone", 60)
                took.append(time.time() - since)
                if time.time() > begin + WAIT_SECONDS:
                    raise RuntimeError(f"{service.count()} of {plan.devices} pushes after {WAIT_SECONDS} s.")
            last = max(at for at, _name, _body in service.taken())
            return {"single_during_fanout_s": round(max(took), 3), "single_median_s": round(sorted(took)[len(took) // 2], 3), "told_alone": len(took), "deed_to_last_device_s": round(last - begin, 2),
                    "asked_of_the_hanging_one": away.count(), "hang_s": plan.hang}
        finally:
            desk.stop()
            desk.stop(9)
            for one in (service, alone, away):
                one.stop()


def killed(plan):
    """A run with kill -9: what is lost, sent again, shown twice by a phone that shows an id once."""
    service = PushService()
    with tempfile.TemporaryDirectory(prefix="socialdesk-bench-") as folder:
        plan.clear()
        desk = Desk(folder, PUSH_HOSTS=service.origin, **plan.desk_settings())
        try:
            question, _ticket = fill(folder, plan, service.origin)
            token = desk.command("token", "create", "--email", "agent@example.org")
            desk.start()
            do(plan, desk, token, question)
            for kill in range(plan.kills):
                wait_for(service, plan.devices * (kill + 1) // (plan.kills + 1), "before a kill")
                desk.stop(9)
                say(f"killed after {service.count()} pushes")
                _due_at_once(plan.engine(folder))
                desk.start()
            _wait_until_done(plan.engine(folder))
            return _judge(service.taken(), plan.devices) | {"kills": plan.kills}
        finally:
            desk.stop()
            desk.stop(9)
            service.stop()


class Plan:
    """What is measured, and where."""

    def __init__(self, options):
        self.devices, self.kills, self.deed, self.hang, self.database = options.devices, options.kills, options.deed, options.hang, options.database

    def settings(self):
        """The setting that names the database, for an app; empty for a file of its own."""
        return {"SOCIALDESK_DATABASE_URL": self.database} if self.database else {}

    def desk_settings(self):
        """The same for a Desk."""
        return {"DATABASE_URL": self.database} if self.database else {}

    def engine(self, folder):
        """The database of a run, seen from outside the desk."""
        url = self.database.replace("postgresql://", "postgresql+psycopg://") or f"sqlite:///{folder}/socialdesk.sqlite3"
        return sa.create_engine(url, poolclass=sa.pool.NullPool)

    def clear(self):
        """Empty the given database: each run begins with a fresh one."""
        if self.database:
            with self.engine(None).begin() as connection:
                connection.execute(sa.text("DROP SCHEMA public CASCADE"))
                connection.execute(sa.text("CREATE SCHEMA public"))


LANES = ("now", "push", "bulk", "slow")


def _due_at_once(engine):
    """What a killed process held is due again when its lease runs out: the bench does not wait for that."""
    with engine.begin() as connection:
        connection.execute(sa.update(Job).where(Job.lane.in_(LANES)).values(run_at=now() - timedelta(seconds=1)))


def _wait_until_done(engine):
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        with engine.connect() as connection:
            jobs = connection.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.lane.in_(LANES), Job.state == "due"))
            due = connection.scalar(sa.select(sa.func.count()).select_from(Delivery).where(Delivery.state == "due", Delivery.channel == "push"))
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
    parser.add_argument("--devices", type=int, default=10_000, help="how many are told, one device each")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--deed", choices=("reply", "announcement"), default="reply", help="a reply to a question all follow, or an announcement all want at once")
    parser.add_argument("--hang", type=float, nargs="?", const=10, metavar="SECONDS",
                        help="only this: how long one told alone waits beside a push service that lets each request hang so long (10)")
    parser.add_argument("--database", default="", metavar="URL", help="a PostgreSQL database to use; everything in it is lost")
    plan = Plan(parser.parse_args())
    about = {"devices": plan.devices, "deed": plan.deed, "database": plan.database.partition(":")[0] or "sqlite"}
    if plan.hang:
        print(json.dumps(hung(plan) | about))
        return
    fast = measured(plan)
    say(json.dumps(fast))
    safe = killed(plan) if plan.kills else {}
    print(json.dumps(fast | safe | about | {"in_flight_limit": IN_FLIGHT * THREADS["bulk"]}))


if __name__ == "__main__":
    main()
