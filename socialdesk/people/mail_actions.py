"""Mails to people: written with the deed, sent by delivery."""
import secrets

from flask import current_app

from ..db import db, now
from ..jobs import enqueue
from .checker import clean, clean_line
from .models import Mail

MAX_SUBJECT = 200
MAX_ATTEMPTS = 14                       # some six hours, then a dead letter: mail servers have bad mornings


def queue_mail(person_id, subject, body, expires_at=None):
    """Write a mail to a person, to be sent once the deed is committed.  expires_at: not sent later than that.  Returns the Mail."""
    host = current_app.config["SETTINGS"].origin.partition("://")[2].partition(":")[0]
    mail = Mail(person_id=person_id, subject=clean_line(subject)[:MAX_SUBJECT], body=clean(body), expires_at=expires_at,
                made_at=now(), message_id=f"<{secrets.token_hex(16)}@{host}>")
    db.session.add(mail)
    db.session.flush()
    enqueue("mail", mail.id, lane="now", dedupe=f"mail:{mail.id}", most=MAX_ATTEMPTS)
    return mail
