"""How many jobs a second the job table does, and whether kill -9 loses or doubles any in effect."""
import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

import sqlalchemy as sa

from socialdesk import config, create_app, jobs, schema
from socialdesk.db import db, now, transaction

EFFECT = sa.table("bench_effect", sa.column("n"))
WRITE = sa.insert(EFFECT)


@jobs.handler("bench")
def effect(job):
    """The one-row effect of a job."""
    db.session.connection().execute(WRITE, {"n": job.ref_id})


def desk(folder):
    """An app on a folder of its own, with the table of effects."""
    app = create_app(config.load(data=folder))
    with app.app_context():
        schema.migrate(app.config["SETTINGS"])
        with transaction():
            db.session.execute(sa.text("CREATE TABLE IF NOT EXISTS bench_effect (n BIGINT NOT NULL)"))
    return app


def queue(count):
    """Write so many jobs."""
    with transaction():
        db.session.execute(sa.delete(EFFECT))
    for start in range(0, count, 5000):
        with transaction():
            jobs.enqueue_many([{"kind": "bench", "ref_id": n} for n in range(start, min(count, start + 5000))])


def outcome(count):
    """(lost, run twice with effect) of what is in the table of effects."""
    total, distinct = db.session.execute(sa.select(sa.func.count(), sa.func.count(EFFECT.c.n.distinct())).select_from(EFFECT)).one()
    db.session.rollback()
    return count - distinct, total - distinct


def speed(app, count):
    """Jobs a second, by the wall clock and by CPU time, queueing apart."""
    with app.app_context():
        queue(count)
        wall, cpu = time.monotonic(), time.process_time()
        jobs.run_due(lanes=("soon",))
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        return round(count / wall), round(count / cpu), outcome(count)


def killed(app, folder, count, kills):
    """Let two workers do the jobs while they are killed again and again; then what is lost or doubled."""
    with app.app_context():
        queue(count)
        db.session.remove()
        db.engine.dispose()
    done = 0
    for kill in range(kills):
        workers = [subprocess.Popen([sys.executable, "-m", "bench.jobs", "--work", folder]) for _ in range(2)]
        time.sleep(1.2 + 0.15 * kill)
        for process in workers:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        done += 1
    with app.app_context():
        with transaction():                       # what the killed ones held is due again once its lease has run out
            db.session.execute(sa.update(jobs.Job).values(run_at=now()))
        jobs.run_due(lanes=("soon",))
        return outcome(count), done


def work(folder):
    """A worker that is to be killed."""
    app = create_app(config.load(data=folder))
    with app.app_context():
        while jobs.run_due(lanes=("soon",)) or not time.sleep(0.05):
            pass


def main():
    """Print one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m bench.jobs", description=__doc__)
    parser.add_argument("--jobs", type=int, default=20000)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--work", metavar="FOLDER", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        return work(options.work)
    with tempfile.TemporaryDirectory() as folder:
        app = desk(folder)
        print("speed", file=sys.stderr)
        wall, cpu, (lost, twice) = speed(app, options.jobs)
        print(f"{wall}/s; now killing workers", file=sys.stderr)
        (lost_killed, twice_killed), kills = killed(app, folder, options.jobs, options.kills)
        print(json.dumps({"per_second": wall, "per_cpu_second": cpu, "jobs": options.jobs, "lost": lost + lost_killed,
                          "run_twice_with_effect": twice + twice_killed, "kills": kills * 2,
                          "database": app.config["SQLALCHEMY_DATABASE_URI"].split(":")[0]}))


if __name__ == "__main__":
    main()
