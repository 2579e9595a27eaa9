"""The digest: written when it is due, each once, and only where something is in it."""
import time
from collections import defaultdict
from datetime import timedelta

import sqlalchemy as sa
from flask import current_app

from ..db import EPOCH, db, fail_point, now, transaction
from ..jobs import Later, clockwork, enqueue, handler
from ..people.mail_actions import queue_mail, takes_back
from ..people.models import Person
from ..policy import viewer_of
from .digest_checker import digest_before, next_digest
from .digest_queries import due_people, due_person, parts_of, untimed_people
from .hours_checker import next_start
from .letter_checker import subject_of_digest
from .mail_actions import rendered, unsubscribe_address
from .plan_queries import holidays
from .unsubscribe_checker import DIGEST

SLICE = 200                             # people a job
MOST_TIMED = 5_000                      # people who get the time of their next digest in one go
ROUND_SECONDS = 40
WINDOW = timedelta(days=31)             # a digest looks no further back, however long the desk stood still
WORTH = timedelta(days=1)               # later nobody wants it: the next one is near


@clockwork("digests", 600)
def digests():
    """Find the digests that are due, and give a time to those that have none."""
    if not current_app.config["SETTINGS"].smtp_url:
        return
    _give_times()
    ids = due_people(now())
    for part, start in enumerate(range(0, len(ids), SLICE)):
        enqueue("digest_slice", lane="mail", dedupe=f"digest:{part}", ids=ids[start:start + SLICE])


def _give_times():
    moment, off, of_time, known = now(), holidays(), defaultdict(list), {}
    for row in untimed_people(MOST_TIMED):
        habit = row.digest, str(row.hours), row.tz
        if habit not in known:
            known[habit] = next_digest(row.digest, row.hours, row.tz, moment, off)
        of_time[known[habit]].append(row.id)
    for at, ids in of_time.items():
        for start in range(0, len(ids), SLICE):
            db.session.execute(sa.update(Person).where(Person.id.in_(ids[start:start + SLICE]), Person.digest_at.is_(None)).values(digest_at=at)
                               .execution_options(synchronize_session=False))


@handler("digest_slice", outside=True)
def digest_slice(jobs):
    """Write the digests of the claimed slices: read without a lock, each written in a transaction of its own."""
    until, finishes, off = time.monotonic() + ROUND_SECONDS, {}, holidays()
    for job in jobs:
        for person_id in job.payload["ids"]:
            if time.monotonic() > until:
                finishes[job.id] = _later
                break
            _digest(person_id, off)
    db.session.rollback()
    return finishes


def _later():
    raise Later(1)


def _digest(person_id, off):
    """Write one person's digest.  Out of their hours it waits; who does it first moves the time, and the other does nothing."""
    moment = now()
    row = due_person(person_id, moment)
    if row is None or next_start(row.hours, row.tz, moment, off, row.quiet_until) > moment:
        return db.session.rollback()
    since = max(digest_before(row.digest, row.hours, row.tz, row.digest_at, off), moment - WINDOW)
    following = next_digest(row.digest, row.hours, row.tz, moment, off)
    until = min(digest_before(row.digest, row.hours, row.tz, following, off), moment)       # there the next one begins
    parts = parts_of(viewer_of(person_id), since, until, current_app.config["SETTINGS"].base_url)
    db.session.rollback()
    with transaction():
        moved = db.session.execute(
            sa.update(Person).where(Person.id == person_id, Person.digest == row.digest, Person.digest_at == row.digest_at)
            .values(digest_at=following).execution_options(synchronize_session=False)).rowcount
        if moved and _is_worth_it(parts, since, row.digest):
            _queue(person_id, row, parts, moment)
    fail_point("digest.written")


def _is_worth_it(parts, since, how_often):
    """Is something in it?  In a daily one something must be new: what waits is not called out each morning."""
    return bool(parts) and (how_often == "weekly" or any(item.at > since for part in parts for item in part.items))


def _queue(person_id, row, parts, moment):
    end, at = unsubscribe_address(person_id, DIGEST), (row.digest_at - EPOCH) // timedelta(microseconds=1)
    text, html = rendered("digest", parts=parts, how_often=row.digest, unsubscribe=end)
    queue_mail(person_id, subject_of_digest(parts), text, moment + WORTH, html=html, unsubscribe=end, lane="mail",
               key=f"digest.{person_id}.{at}", back={"kind": "digest", "person": person_id, "at": at})


@takes_back("digest")
def take_back(person, at):
    """A digest lay too long: it is due again as of its own time, and written anew."""
    at = EPOCH + timedelta(microseconds=at)
    db.session.execute(sa.update(Person).where(Person.id == person, Person.digest != "off", Person.digest_at > at).values(digest_at=at)
                       .execution_options(synchronize_session=False))
