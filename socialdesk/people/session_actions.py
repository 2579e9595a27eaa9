"""Signing in and out: links, codes, sessions.  Tokens and codes are kept as hashes, work once, and end."""
import secrets
from datetime import timedelta

import sqlalchemy as sa
from flask import current_app

from ..db import db, locked, now
from ..errors import Conflict, Invalid, Missing
from ..events import Verb, record
from ..jobs import clockwork
from ..notifications.models import Device
from . import queries
from .hours_checker import is_zone
from .models import LoginCode, Mail, Person, Session, Throttle
from .secret_checker import hash_code, hash_token, new_code, new_token

MAX_SESSIONS = 50                       # a person: the one unseen for longest makes room
SESSION_LIFE = timedelta(days=90)       # unseen
LIVES = {"link": timedelta(hours=24), "setup": timedelta(hours=24), "mail": timedelta(hours=1), "code": timedelta(minutes=10)}
MAX_TRIES = 5                           # wrong codes, then the code is dead; the link of the same mail still works
WORN = "This sign-in link was used already, or its time is over. Ask for a new one on the sign-in page."
NO_SETUP = "This setup link was used already, or is older than a day. Start app.py again, and it prints a new one."
WRONG_CODE = "This code does not fit, or its time is over. Look at the newest mail, or press the button in it; else have a new code mailed."


# --- links and codes

def make_link(person_id, kind="link"):
    """A one-time token that signs this person in at /link/<token>.  kind: link (a day) or mail (an hour)."""
    token = new_token()
    _keep(hash_token(token), kind, person_id, now())
    return token


def make_setup_link():
    """A one-time token that makes the first admin at /setup/<token>.  Raises Conflict once there is an admin."""
    if queries.has_admin():
        raise Conflict("This desk has an admin already. An admin adds people under Me, Admin; app.py link prints a sign-in link.")
    return make_link(None, "setup")


def make_link_and_code(person_id):
    """A link and a code for one mail, made at one moment: using one ends the other.  Returns (token, code, when the code ends)."""
    token, code, moment = new_token(), new_code(), now()
    _keep(hash_token(token), "mail", person_id, moment)
    _keep(_code_hash(person_id, code), "code", person_id, moment)
    return token, code, moment + LIVES["code"]


def _keep(hashed, kind, person_id, moment):
    db.session.add(LoginCode(hash=hashed, kind=kind, person_id=person_id, made_at=moment, expires_at=moment + LIVES[kind]))
    db.session.flush()


def _code_hash(person_id, code):
    return hash_code(current_app.config["SECRET_KEY"], person_id, code)


def use_link(token):
    """Spend a link.  Returns the person's id.  Raises Missing if it does not work (any more)."""
    row = _spend(LoginCode.hash == hash_token(token), LoginCode.kind.in_(("link", "mail")))
    if row is None:
        raise Missing(WORN)
    return row.person_id


def use_setup_link(token):
    """Spend the setup link, and with it all others.  Raises Missing if it does not work (any more)."""
    row = _spend(LoginCode.hash == hash_token(token), LoginCode.kind == "setup")
    if row is None or queries.has_admin():
        raise Missing(NO_SETUP)
    db.session.execute(sa.update(LoginCode).where(LoginCode.kind == "setup", LoginCode.used_at.is_(None)).values(used_at=now()))


def _spend(*which):
    """Mark a live row as used, once even if two come at the same moment.  Returns it, or None."""
    row = db.session.execute(sa.update(LoginCode).where(*which, *_live()).values(used_at=now())
                             .execution_options(synchronize_session=False)
                             .returning(LoginCode.id, LoginCode.kind, LoginCode.person_id, LoginCode.made_at)).first()
    if row is not None and row.kind in ("mail", "code"):
        db.session.execute(sa.update(LoginCode).where(
            LoginCode.person_id == row.person_id, LoginCode.made_at == row.made_at, LoginCode.kind.in_(("mail", "code")),
            LoginCode.used_at.is_(None)).values(used_at=now()).execution_options(synchronize_session=False))
    return row


def _live():
    return LoginCode.used_at.is_(None), LoginCode.expires_at > now(), LoginCode.tries < MAX_TRIES


def use_code(person_id, code):
    """Spend a code.  Returns whether it fits; a wrong one counts against every live code of the person.
    person_id None (nobody has the address): the same work, and never a fit."""
    code = "".join(ch for ch in code if ch.isascii() and ch.isdigit())
    owner = person_id or 0
    fits = _spend(LoginCode.hash == _code_hash(owner, code), LoginCode.kind == "code", LoginCode.person_id == owner) is not None
    db.session.execute(sa.update(LoginCode).where(LoginCode.person_id == owner, LoginCode.kind == "code", *_live())
                       .values(tries=LoginCode.tries + int(not fits)).execution_options(synchronize_session=False))
    return fits


def link_kind(token):
    """Does this link (or setup link) still work?  Its kind, or None.  Reads only."""
    return db.session.scalar(sa.select(LoginCode.kind).where(LoginCode.hash == hash_token(token), LoginCode.kind != "code", *_live()))


# --- sessions

def sign_in(person_id, how, label, former=None, tz=None):
    """Begin a session.  how: password, link, code, setup.  former: the token of the session this browser had, which ends.
    tz: the browser's time zone, taken while the person has none of their own.
    Returns the token for the cookie.  Raises Invalid if the person may not sign in."""
    person = locked(Person, person_id)
    if person.state != "active":
        raise Invalid("This account has no sign-in. If that is a mistake, ask the desk by phone.")
    if former:
        end_session(former)
    if person.tz == "UTC" and is_zone(tz):
        person.tz = tz
    _make_room(person.id)
    token = new_token()
    db.session.add(Session(id_hash=hash_token(token), person_id=person.id, epoch=person.epoch, made_at=now(), seen_at=now(),
                           label=label, public_id=secrets.token_hex(8)))
    record(Verb.SIGNED_IN, actor=person, after=how)
    return token


def keep_hash(person_id, kept, fresh):
    """Right after a sign-in by password: the hash that was checked must still be the one; fresh: the same password, hashed anew."""
    person = locked(Person, person_id)
    if person.pw_hash != kept:
        raise Conflict("The password was changed at this very moment. Sign in with the new one.")
    person.pw_hash = fresh or kept


def _make_room(person_id):
    keep = (sa.select(Session.id_hash).where(Session.person_id == person_id).order_by(Session.seen_at.desc())
            .limit(MAX_SESSIONS - 1).scalar_subquery())
    _end(Session.person_id == person_id, Session.id_hash.not_in(keep))


def end_session(token):
    """End the session of this cookie, and the pushes that belong to it.  Its browser is signed out."""
    _end(Session.id_hash == hash_token(token))


def end_own_session(viewer, public_id):
    """Sign out one of one's own devices; one that is gone already is fine."""
    _end(Session.person_id == viewer.id, Session.public_id == public_id)


def _end(*which):
    gone = db.session.scalars(sa.delete(Session).where(*which).returning(Session.public_id)
                              .execution_options(synchronize_session=False)).all()
    if gone:
        db.session.execute(sa.delete(Device).where(Device.session_public_id.in_(gone)).execution_options(synchronize_session=False))


def sign_out_everywhere(viewer):
    """End every session of the viewer, this one too, and all pushes."""
    person = locked(Person, viewer.id)
    end_all(person)
    record(Verb.SIGNED_OUT_EVERYWHERE, actor=person)


def end_all(person, but=None):
    """End the sessions of a person (read for update) by a new epoch.  but: the public id of the one that goes on."""
    person.epoch += 1
    _end(Session.person_id == person.id, Session.public_id != (but or ""))
    if but:
        db.session.execute(sa.update(Session).where(Session.public_id == but).values(epoch=person.epoch)
                           .execution_options(synchronize_session=False))
    else:
        db.session.execute(sa.delete(Device).where(Device.person_id == person.id).execution_options(synchronize_session=False))
    db.session.execute(sa.delete(LoginCode).where(LoginCode.person_id == person.id).execution_options(synchronize_session=False))


def touch(seen):
    """Write down when sessions were last seen.  seen: {public id: moment}."""
    for public_id, moment in sorted(seen.items()):
        db.session.execute(sa.update(Session).where(Session.public_id == public_id, Session.seen_at < moment).values(seen_at=moment)
                           .execution_options(synchronize_session=False))


@clockwork("sign-in-cleanup", 3600)
def forget_old():
    """Clear away sessions unseen for long, codes and links whose time is over, idle buckets, and mails that were sent."""
    _end(Session.seen_at < now() - SESSION_LIFE)
    for which in (sa.delete(LoginCode).where(LoginCode.expires_at < now() - timedelta(days=1)),
                  sa.delete(Throttle).where(Throttle.at < now() - timedelta(days=1)),
                  sa.update(Mail).where(Mail.state == "due", Mail.expires_at < now() - timedelta(days=1)).values(state="failed", body=""),
                  sa.delete(Mail).where(Mail.state != "due", Mail.made_at < now() - timedelta(days=30))):
        db.session.execute(which.execution_options(synchronize_session=False))
