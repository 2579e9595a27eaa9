"""Mails to people: written with the deed, sent by delivery."""
import secrets

import sqlalchemy as sa
from flask import current_app

from ..db import db, locked, now
from ..jobs import Job, enqueue
from .checker import clean, clean_line
from .models import Mail, Person

MAX_SUBJECT = 200
WORN = "(sent)"                         # the subject of a mail whose text is gone
MAX_ATTEMPTS = 14                       # some six hours, then a dead letter: mail servers have bad mornings
TRIED = ("This mail says that the address works again. From now on SocialDesk mails you here what you chose.\n\n"
         "There is nothing to do.\n")

_takers, _hearers = {}, {}


def takes_back(kind):
    """Register the function that takes back what a mail told, where it could not be sent for so long that its words may not
    hold any more: called with the payload given as `back`, in the transaction that gives the mail up."""
    def register(take):
        _takers[kind] = take
        return take
    return register


def hears_end(kind):
    """Register the function that hears of a mail that never went: called with "refused" (the mail server does not take it) or "dropped"
    (nobody wants it any more) and the payload given as `back`, in the transaction that writes how the mail ended."""
    def register(hear):
        _hearers[kind] = hear
        return hear
    return register


def queue_mail(person_id, subject, body, expires_at=None, *, html="", unsubscribe=None, key=None, back=None, lane="now"):
    """Write a mail to a person, to be sent once the deed is committed.  expires_at: not sent later than that; html: the same
    for who reads HTML; unsubscribe: the address that ends such mails by one click; key: names the mail, so that the same one
    written again stays one; back: {"kind": of takes_back(), ids}.  Returns the Mail."""
    host = current_app.config["SETTINGS"].origin.partition("://")[2].partition(":")[0]
    message_id = f"<{key or secrets.token_hex(16)}@{host}>"
    mail = key and db.session.scalar(sa.select(Mail).where(Mail.message_id == message_id).with_for_update())
    if mail and mail.state != "failed":
        return mail
    mail = mail or Mail(message_id=message_id)
    mail.person_id, mail.subject, mail.body, mail.html = person_id, clean_line(subject)[:MAX_SUBJECT], clean(body), clean(html)
    mail.expires_at, mail.unsubscribe, mail.made_at, mail.state = expires_at, unsubscribe, now(), "due"
    db.session.add(mail)
    db.session.flush()
    enqueue("mail", mail.id, lane=lane, dedupe=f"mail:{mail.id}", most=MAX_ATTEMPTS, **({"back": back} if back else {}))
    return mail


def close_mail(mail_id, state, back=None, how=None):
    """Write how a mail ended; its text goes, since it may hold a code.  how, back: what is said, and to whom, where it never went."""
    db.session.execute(sa.update(Mail).where(Mail.id == mail_id).values(state=state, subject=WORN, body="", html=""))
    if how and back and back["kind"] in _hearers:
        _hearers[back["kind"]](how, **_without_kind(back))


def refuse_waiting(person_id):
    """An address is refused: what waits for it and only tells is refused with it."""
    rows = db.session.execute(sa.select(Mail.id, Job.payload).join(Job, Job.ref_id == Mail.id).where(
        Job.kind == "mail", Job.state == "due", Mail.person_id == person_id, Mail.state == "due", Mail.unsubscribe.is_not(None))).all()
    for row in rows:
        close_mail(row.id, "failed", row.payload.get("back"), "refused")


def give_up(mail_id, back):
    """Give up a mail that is still due, and take back what it told, so that it can be told anew."""
    gone = db.session.execute(sa.update(Mail).where(Mail.id == mail_id, Mail.state == "due").values(state="failed", subject="", body="", html=""))
    if gone.rowcount:
        _takers[back["kind"]](**_without_kind(back))


def _without_kind(back):
    return {name: value for name, value in back.items() if name != "kind"}


def try_again(viewer):
    """Believe the person that their address works again, and send a mail that tries it."""
    person = locked(Person, viewer.id)
    if person.mail_refused_at is not None:
        person.mail_refused_at = None
        db.session.flush()
        queue_mail(person.id, "Mails reach you again", TRIED)
    return person
