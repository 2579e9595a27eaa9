"""Where mail leaves the desk: SMTP, and nothing is sent twice knowingly."""
import logging
import re
import smtplib
import ssl
import time
from datetime import timedelta
from email.errors import MessageError
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa
from flask import current_app

from ..db import close_read, db, now
from ..jobs import Later, handler
from .mail_actions import close_mail, give_up, queue_mail, refuse_waiting
from .models import Mail, Person
from .session_actions import make_link_and_code

log = logging.getLogger(__name__)

SMTP_SECONDS = 15                       # for each answer of the mail server
BATCH_SECONDS = 60                      # then the rest waits for the next turn: the lease of a batch is two minutes
WITHOUT_SERVER_SECONDS = 600
STALE = timedelta(minutes=10)           # a mail that waited longer, and can be written anew, is: rights and reading have moved on
OURS = (530, 534, 535, 538)             # the mail server wants something of the desk: no word about the person's address


@handler("sign-in-mail")
def write_sign_in_mail(job):
    """Write the mail with link and code.  Without a person (nobody has that address) there is nothing to do."""
    if not job.ref_id:
        return
    token, code, ends = make_link_and_code(job.ref_id)
    link = f"{current_app.config['SETTINGS'].base_url}/link/{token}"
    shown = f"{code[:4]} {code[4:]}"
    # the environment itself: a mail has no request, and needs nothing that pages are given
    body = current_app.jinja_env.get_template("people/mail/sign_in.txt").render(link=link, code=shown)
    queue_mail(job.ref_id, f"{shown} is your SocialDesk code", body, expires_at=ends)


@handler("mail", outside=True)
def send_mails(jobs):
    """Send what is due.  Returns {job id: what to do with its row}."""
    mails = _read([job.ref_id for job in jobs])
    until, server, finishes = time.monotonic() + BATCH_SECONDS, None, {}
    try:
        for job in jobs:
            mail = mails.get(job.ref_id)
            if mail is None or mail.state != "due":
                continue
            mail.back = job.payload.get("back")
            refusal = _cannot_go(mail)
            if refusal is None and time.monotonic() > until:
                refusal = _again(1)
            if refusal is None:
                server, refusal = _send(server, mail)
            finishes[job.id] = refusal or _sent(mail)
    finally:
        _leave(server)
    return finishes


def _read(ids):
    rows = db.session.execute(sa.select(Mail, Person.email, Person.name, Person.state.label("person_state"), Person.mail_refused_at)
                              .outerjoin(Person, Person.id == Mail.person_id).where(Mail.id.in_(ids))).all()
    mails = {row.Mail.id: _Letter(row) for row in rows}
    close_read()
    return mails


class _Letter:
    """What a mail needs to be sent, read before the sending."""

    def __init__(self, row):
        mail = row.Mail
        self.id, self.state, self.subject, self.body, self.html = mail.id, mail.state, mail.subject, mail.body, mail.html
        self.message_id, self.made_at, self.expires_at, self.unsubscribe = mail.message_id, mail.made_at, mail.expires_at, mail.unsubscribe
        self.person_id, self.email, self.name, self.is_refused = mail.person_id, row.email, row.name, row.mail_refused_at is not None
        # to an address that is refused goes what the person waits for, such as a code, and nothing that only tells
        self.is_wanted = row.person_state not in (None, "off") and not (self.is_refused and self.unsubscribe)


def _cannot_go(mail):
    if mail.expires_at is not None and mail.expires_at <= now() or not mail.is_wanted:
        return _close(mail, "failed", "refused" if mail.is_refused else "dropped")
    if mail.back and mail.made_at <= now() - STALE:
        return lambda: give_up(mail.id, mail.back)
    if not current_app.config["SETTINGS"].smtp_url:
        return _again(WITHOUT_SERVER_SECONDS)
    return None


def _close(mail, state, how=None):
    """The finish that writes how it ended.  how: refused or dropped, where it never went."""
    return lambda: close_mail(mail.id, state, mail.back, how)


def _sent(mail):
    """The finish of a mail that was taken: its address works."""
    return _close_and_mark(mail, "sent") if mail.is_refused else _close(mail, "sent")


def _close_and_mark(mail, state, how=None):
    """The finish that also writes whether the address is refused; not where it was changed meanwhile."""
    def finish():
        _close(mail, state, how)()
        marked = db.session.execute(
            sa.update(Person).where(Person.id == mail.person_id, Person.email == mail.email).values(mail_refused_at=how and now())
            .execution_options(synchronize_session=False)).rowcount
        if how and marked:
            refuse_waiting(mail.person_id)
    return finish


def _again(seconds):
    return _raiser(Later(seconds))


def _raiser(error):
    def finish():
        raise error
    return finish


def _send(server, mail):
    """Send one.  Returns (the open connection or None, the finish if it did not go, else None)."""
    try:
        message = _message(mail)
    except (MessageError, ValueError, IndexError, UnicodeError):        # an address no mail header can hold
        log.warning("mail has no usable address", extra={"mail": mail.id})
        return server, _close(mail, "failed", "refused")
    try:
        server = server or _connect()
        server.send_message(message)
        return server, None
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        if _is_final(error):
            log.warning("mail was refused", extra={"mail": mail.id, "error": type(error).__name__})
            return _reset(server), (_close_and_mark if _is_about_address(error) else _close)(mail, "failed", "refused")
        _leave(server)
        return None, _raiser(error)


def _is_about_address(error):
    """Is it the address that is refused, rather than the desk (X.7: policy, a sign-in that is wanted)?"""
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return False
    return all(code not in OURS and not re.match(rb"\s*5\.7\.", said) for code, said in error.recipients.values())


class _OneLine:
    """A header that is an address in angle brackets: folded as a text it would be torn into encoded words."""

    max_count = 1

    @classmethod
    def parse(cls, value, given):
        """What HeaderRegistry asks of a kind of header."""
        given |= {"decoded": value, "parse_tree": None}

    def fold(self, *, policy):
        """The header as it is sent."""
        return f"{self.name}: {self}{policy.linesep}"


_headers = HeaderRegistry()
_headers.map_to_type("list-unsubscribe", _OneLine)
_POLICY = SMTP.clone(cte_type="7bit", header_factory=_headers)          # some mail servers still take nothing else


def _is_final(error):
    """Did the server say that this mail will never go?  A refused sign-in or a lost connection is no such word."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _ in error.recipients.values())
    if isinstance(error, (smtplib.SMTPNotSupportedError, UnicodeError)):
        return True                     # an address beyond ASCII at a server that takes none
    return isinstance(error, (smtplib.SMTPSenderRefused, smtplib.SMTPDataError)) and 500 <= error.smtp_code < 600


def _message(mail):
    settings = current_app.config["SETTINGS"]
    message = EmailMessage(policy=_POLICY)
    name, address = parseaddr(settings.mail_from or f"desk@{urlsplit(settings.base_url).hostname}")
    message["From"] = Address(name or "SocialDesk", addr_spec=address)
    message["To"] = Address(mail.name, addr_spec=mail.email)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.made_at)
    message["Message-ID"] = mail.message_id             # the row's own: a repeat after a crash shows as the same mail
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if mail.unsubscribe:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.body)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    return message


def _connect():
    parts = urlsplit(current_app.config["SETTINGS"].smtp_url)
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(parts.hostname, parts.port or 465, timeout=SMTP_SECONDS, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(parts.hostname, parts.port or (587 if parts.scheme == "smtp+starttls" else 25), timeout=SMTP_SECONDS)
    try:
        if parts.scheme == "smtp+starttls":
            server.starttls(context=ssl.create_default_context())
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        _leave(server)
        raise
    return server


def _reset(server):
    """The connection, ready for the next mail, or None if it is gone."""
    try:
        server.rset()
        return server
    except (smtplib.SMTPException, OSError):
        _leave(server)
        return None


def _leave(server):
    if server is not None:
        try:
            server.quit()
        except (smtplib.SMTPException, OSError):
            server.close()
