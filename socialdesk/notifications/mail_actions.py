"""Notices by mail: written when their time has come, one mail to a person, each telling once."""
import time

import sqlalchemy as sa
from flask import current_app

from ..db import db, fail_point, now, transaction
from ..jobs import Later, enqueue, handler
from ..people.mail_actions import hears_end, queue_mail, takes_back
from .actions import KEPT_FOR
from .letter_checker import subject_of
from .mail_queries import mailed_to, round_of
from .matters_checker import BY_KEY
from .models import Delivery
from .unsubscribe_checker import make_token

CHUNK = 50                              # people written to in one transaction: others write too
ROUND_SECONDS = 40                      # then the rest waits for the next turn, well within the lease


@handler("mail_notices", outside=True)
def mail_notices(jobs):
    """Write the mails of the claimed jobs, in a short transaction for a few people each."""
    until, finishes = time.monotonic() + ROUND_SECONDS, {}
    for job in jobs:
        people = mailed_to(job.payload["ids"])
        db.session.rollback()
        for start in range(0, len(people), CHUNK):
            if time.monotonic() > until:
                finishes[job.id] = _later
                break
            with transaction():
                _write(people[start:start + CHUNK])
            fail_point("mail.written")
    return finishes


def _later():
    raise Later(1)


def _write(people):
    """Write to these people what is due, and mark it as told in the same transaction."""
    found = round_of(people, current_app.config["SETTINGS"].base_url)
    _set(found.unwanted, state="dropped")
    for start, ids in found.later.items():
        _set(ids, send_at=start, expires_at=start + KEPT_FOR)
        enqueue("mail_notices", lane="soon", run_at=start, ids=ids)
    if not current_app.config["SETTINGS"].smtp_url:
        return _set([delivery_id for letter in found.letters for delivery_id in letter.told], state="dropped")
    for letter in found.letters:
        _set(letter.told, state="sent", attempts=Delivery.attempts + 1)
        _queue(letter)


def _queue(letter):
    end = unsubscribe_address(letter.person_id, letter.kind)
    what = BY_KEY[letter.kind].sentence if letter.kind in BY_KEY else None
    text, html = rendered("notices", items=letter.items, what=what, unsubscribe=end)
    queue_mail(letter.person_id, subject_of(letter.items), text, letter.expires_at, html=html, unsubscribe=end, lane="mail",
               key=f"notices.{max(letter.told)}", back={"kind": "notices", "ids": letter.told})


def unsubscribe_address(person_id, kind):
    """The address that ends such mails to a person."""
    settings = current_app.config["SETTINGS"]
    return f"{settings.base_url}/unsubscribe/{make_token(settings.secret_key, person_id, kind)}"


def rendered(name, **given):
    """(text, HTML) of a mail of this room: by the environment itself, since a mail has no request and no viewer."""
    base = current_app.config["SETTINGS"].base_url
    return tuple(current_app.jinja_env.get_template(f"notifications/mail/{name}.{kind}").render(base=base, **given) for kind in ("txt", "html"))


@takes_back("notices")
def take_back(ids):
    """A mail lay too long: what it told is due again, to be asked anew."""
    _set(ids, "sent", state="due", send_at=now())
    enqueue("mail_notices", lane="soon", ids=ids)


@hears_end("notices")
def mark(how, ids):
    """A mail never went: nobody was told by it.  how: refused, dropped."""
    _set(ids, "sent", state=how)


def _set(ids, state_now="due", **values):
    if ids:
        db.session.execute(sa.update(Delivery).where(Delivery.id.in_(ids), Delivery.state == state_now, Delivery.channel == "mail").values(**values)
                           .execution_options(synchronize_session=False))
