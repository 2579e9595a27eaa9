"""The work of sending pushes: which go out now, what they say, and what is written down of each."""
import logging
import math
from collections import defaultdict
from datetime import timedelta
from itertools import groupby

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import aliased

from .. import jobs
from ..db import db, fail_point, now, transaction
from . import words_checker
from .actions import KEPT_FOR, SLICE, queue_rest
from .button_checker import in_payload
from .delivery import payload_of
from .device_checker import origin_of
from .due_queries import due_of, quotes_of
from .models import Delivery, Device
from .round_delivery import CHUNK, Letter, Result, Round
from .plan_queries import UNOPENED
from .service_delivery import services
from .words_checker import GONE

log = logging.getLogger(__name__)


@jobs.handler("push", outside=True)
def push(claimed):
    """Send the deliveries of the claimed jobs; each job stays until none of its deliveries is due any more."""
    ids = sorted({delivery_id for job in claimed for delivery_id in job.payload["ids"]})
    elsewhere = _send(claimed, [ids[start:start + CHUNK] for start in range(0, len(ids), CHUNK)])
    return {job.id: _finish(elsewhere, Delivery.id.in_(job.payload["ids"]), Delivery.how == "alone") for job in claimed}


@jobs.handler("push_rest", outside=True)
def push_rest(claimed):
    """Send to the people of each job what waited, a push a device."""
    parts = {job.id: Delivery.person_id.between(job.payload["first"], job.payload["last"]) for job in claimed}
    elsewhere = _send(claimed, _whole_devices(sa.or_(*parts.values()), Delivery.how == "rest", Delivery.send_at <= now()))
    # what is planned for later, or was put off, has a job of its own
    return {job_id: _finish(elsewhere, part, Delivery.how == "rest", Delivery.send_at <= now()) for job_id, part in parts.items()}


@jobs.handler("push_slow", outside=True)
def push_slow(claimed):
    """Send what a push service kept waiting, with all the time there is."""
    ids = {delivery_id for job in claimed for delivery_id in job.payload["ids"]}
    elsewhere = _send(claimed, _whole_devices(Delivery.id.in_(ids)), patient=True)
    return {job.id: _finish(elsewhere, Delivery.id.in_(job.payload["ids"])) for job in claimed}


def _whole_devices(*which):
    """Chunks of delivery ids that keep those of a device together."""
    rows = db.session.execute(sa.select(Delivery.device_id, Delivery.id).where(*which, Delivery.state == "due", Delivery.channel == "push")
                              .order_by(Delivery.device_id, Delivery.id)).all()
    db.session.rollback()
    chunks = [[]]
    for _, of_device in groupby(rows, key=lambda row: row.device_id):
        ids = [row.id for row in of_device]
        if len(chunks[-1]) + len(ids) > CHUNK and chunks[-1]:
            chunks.append([])
        chunks[-1] += ids
    return chunks


def _send(claimed, chunks, patient=False):
    """Returns the ids of the deliveries that another job has by now."""
    sending = Round(current_app._get_current_object(), claimed, chunks, patient, _load, _write)
    sending.run()
    return sending.elsewhere


def _finish(elsewhere, *which):
    def finish():
        rows = db.session.execute(sa.select(Delivery.id, Delivery.send_at).where(*which, Delivery.state == "due", Delivery.channel == "push"))
        again = min((row.send_at for row in rows if row.id not in elsewhere), default=None)
        if again is not None:
            raise jobs.Later(max(1, (again - now()).total_seconds()))
    return finish


def _load(ids, office, patient):
    """(Letters of the deliveries that may go out now, the ids of those that another job has by now); nobody's are dropped.
    Sealed all together: in turns with the sending, the processor's caches lose both."""
    base_url = current_app.config["SETTINGS"].base_url
    fine, unwanted, later = due_of(ids)
    now_ones, waiting = _by_service(fine, patient)
    told = [one for due, _ in now_ones for one in (due, *due.others)]
    quotes = quotes_of({due.event_id for due in told if due.words == "full"})
    db.session.rollback()
    moved = set()
    if unwanted or later or waiting:
        with transaction():
            db.session.execute(_set(unwanted, state="dropped"))
            _put_over(later)
            moved = _keep_waiting(waiting)
    letters = [(due, origin, *_payloads(due, quotes, base_url)) for due, origin in now_ones]
    return [Letter(due, office.seal(due, payload), short, origin) for due, origin, payload, short in letters], moved | set(later)


def _by_service(dues, patient):
    """([(due, origin)] whose service takes them now, [Result] of the others: there is no need to seal what is not sent)."""
    fine, waiting = [], []
    for due in dues:
        origin = origin_of(due.endpoint)
        if services.is_slow(origin) and not patient:
            waiting.append(Result(due))
        elif pause := services.pause(origin):
            waiting.append(Result(due, pause=pause))
        else:
            fine.append((due, origin))
    return fine, waiting


def _put_over(later):
    """What would ring at a forbidden hour waits for the next allowed one, with whatever else waits by then."""
    for start in set(later.values()):
        ids = [delivery_id for delivery_id, moment in later.items() if moment == start]
        _put_over_mails(ids, start + UNOPENED)
        db.session.execute(_set(ids, send_at=start, expires_at=start + KEPT_FOR, how="rest"))
        queue_rest(start, set(db.session.scalars(sa.select(Delivery.person_id).where(Delivery.id.in_(ids)))))


def _put_over_mails(ids, after):
    """The second channel waits for the first: mails of the same tellings that were to go after the push go no sooner than that."""
    mail = aliased(Delivery)
    pairs = db.session.execute(
        sa.select(mail.id, mail.send_at, Delivery.send_at.label("push_at"))
        .join(Delivery, sa.and_(Delivery.notification_id == mail.notification_id, Delivery.n == mail.n))
        .where(Delivery.id.in_(ids), mail.channel == "mail", mail.state == "due", mail.send_at < after))
    mails = sorted({pair.id for pair in pairs if pair.send_at - pair.push_at >= UNOPENED / 2})      # the push may have been tried for a while
    if mails:
        db.session.execute(_set(mails, send_at=after, expires_at=after + KEPT_FOR))
        jobs.enqueue("mail_notices", lane="soon", run_at=after, ids=mails)


def _payloads(due, quotes, base_url):
    """(the payload as its person wants it on a locked phone, one without a word of what happened)."""
    actions, deeds = in_payload(due.buttons, due.notification_id, due.n, due.root_id, base_url)
    where = {"navigate": f"{base_url}/p/{due.root_id}", "tag": f"thread-{due.root_id}", "mark": f"{due.notification_id}.{due.n}",
             "lines": [due.notification_id], "read": due.read, "actions": actions, "deeds": deeds}
    if due.others:
        lines = sorted({one.notification_id for one in (*due.others, due)})
        where |= {"navigate": f"{base_url}/inbox", "tag": "rest", "mark": f"rest.{due.id}", "lines": lines}
    short = payload_of(*_words(due, quotes, "discreet"), badge=due.badge, **where)
    return (short if due.words == "discreet" and not due.others else payload_of(*_words(due, quotes, None), badge=due.badge, **where)), short


def _words(due, quotes, most):
    """(title, body); most: what may be said at most, else what each thread's words allow."""
    def said(one):
        return words_checker.words(one.happening, one.title, quotes.get(one.event_id, ""), most or one.words)
    return words_checker.together([said(one) for one in (*due.others, due)]) if due.others else said(due)


def _write(results, claimed):
    """Write the results of a batch, a statement for each outcome.  Returns the ids of the deliveries that another job has by now."""
    fail_point("push.sent")
    by_answer, waiting = defaultdict(list), []
    for result in results:
        if result.answer is None or result.answer.outcome == "later":
            waiting.append(result)
        else:
            by_answer[result.answer.outcome, result.answer.status] += (result.due, *result.due.others)
    with transaction():
        for (outcome, status), dues in by_answer.items():
            state = {"sent": "sent", "gone": "gone"}.get(outcome, "dropped")
            db.session.execute(_set([due.id for due in dues], state=state, http=status, attempts=Delivery.attempts + 1))
            _note_devices(outcome, status, dues)
        moved = _keep_waiting(waiting)
    fail_point("push.recorded")
    for job in claimed:
        jobs.renew(job)
    return moved


def _set(ids, **values):
    return (sa.update(Delivery).where(Delivery.id.in_(ids), Delivery.state == "due").values(**values)
            .execution_options(synchronize_session=False))


def _keep_waiting(results):
    """What could not go yet: put off, or sent the slow way.  Returns the ids of what another job has by now."""
    slow, moved, groups = set(), set(), defaultdict(list)
    for due, answer, pause in results:
        dues = (due, *due.others)
        if answer is None and pause is None:
            slow.update(one.id for one in dues)
        else:
            groups[answer, pause and math.ceil(pause), None if answer is None else due.attempts] += dues
    for (answer, pause, attempts), dues in groups.items():
        moved |= _put_off(dues, answer, pause, attempts)
    ids = sorted(slow)
    for start in range(0, len(ids), SLICE):
        jobs.enqueue("push_slow", lane="slow", ids=ids[start:start + SLICE])
    return slow | moved


def _put_off(dues, answer, pause, attempts):
    """Again after what the service asked for, else after a pause that grows; never beyond its time.  Returns the ids of what waits
    together for that moment: it has a job of its own."""
    seconds = pause if answer is None else answer.retry_after if answer.retry_after is not None else jobs.backoff(attempts + 1)
    at = now() + timedelta(seconds=seconds)
    noted = {} if answer is None else {"attempts": Delivery.attempts + 1, "http": answer.status}
    in_time = [due for due in dues if at < due.expires_at]
    too_late = [due for due in dues if at >= due.expires_at]
    for some, values in ((in_time, {"send_at": at}), (too_late, {"state": "dropped"})):
        if some:
            db.session.execute(_set([due.id for due in some], **values, **noted))
    if answer is not None:
        _note_devices("later", answer.status, dues)
    rest = [due for due in in_time if due.how == "rest"]
    queue_rest(at, {due.person_id for due in rest})
    return {due.id for due in rest}


def _note_devices(outcome, status, dues):
    """What a device's row says of it.  Ours is the fault where the service refuses: the device stays, somebody is told."""
    if outcome == "sent":
        dues = [due for due in dues if due.stale]
        values = {"last_ok_at": now(), "failures": 0, "last_status": status}
    else:
        values = {"failures": Device.failures + 1, "last_status": status} | ({"off_at": now()} if outcome == "gone" else {})
    ids, addresses = sorted({due.device_id for due in dues}), {due.endpoint for due in dues}
    if ids:                             # it may have another address by now, of which this says nothing, or one that is known to be dead
        lives = sa.or_(Device.last_status.is_(None), Device.last_status.not_in(GONE))
        db.session.execute(sa.update(Device).where(Device.id.in_(ids), Device.endpoint.in_(addresses), lives)
                           .values(**values).execution_options(synchronize_session=False))
    if outcome in ("refused", "shrink"):
        log.error("push refused", extra={"status": status, "deliveries": [due.id for due in dues][:20]})
