"""Ending mails by the link in them, and taking that back."""
import sqlalchemy as sa

from ..db import db, insert, locked
from ..people.models import DIGESTS, Person
from .matters_checker import BY_KEY, MATTERS, levels_of
from .models import Choice
from .unsubscribe_checker import DIGEST, NOTICES

ENDED = "digest"                        # the level of a matter whose mails were ended: it still stands in the digest, which has its own link
SINGLE = ("always", "second")           # the levels by which a matter has mails of its own


def unsubscribe(person_id, kind):
    """End such mails to a person.  kind: digest, notices, or a matter's key.  Returns what was chosen before: {key: level}.
    Raises Missing where nobody is left."""
    person = locked(Person, person_id)
    if kind == DIGEST:
        before = person.digest
        person.digest, person.digest_at = "off", None
        db.session.flush()
        return {DIGEST: before} if before != "off" else {}
    before = _mailed(person_id, [matter.key for matter in MATTERS] if kind == NOTICES else [kind])
    for key in before:
        set_mail_level(person_id, key, ENDED)
    return before


def subscribe_again(person_id, before):
    """Bring back what was chosen before an end of mails.  before: as unsubscribe() gave it."""
    person = locked(Person, person_id)
    for key, level in before.items():
        if key != DIGEST:
            set_mail_level(person_id, key, level)
        elif level in DIGESTS:
            person.digest, person.digest_at = level, None
    db.session.flush()


def set_mail_level(person_id, key, level):
    """Choose how a matter is mailed; the usual level needs no row."""
    db.session.execute(sa.delete(Choice).where(Choice.person_id == person_id, Choice.matter == key, Choice.channel == "mail"))
    if level != BY_KEY[key].usual.mail:
        db.session.execute(insert(Choice.__table__).values(person_id=person_id, matter=key, channel="mail", level=level))


def _mailed(person_id, keys):
    """{key: level} of those of these matters that have mails of their own."""
    chosen = dict(db.session.execute(sa.select(Choice.matter, Choice.level).where(
        Choice.person_id == person_id, Choice.channel == "mail", Choice.matter.in_(keys))).all())
    levels = {key: levels_of(BY_KEY[key], {"mail": chosen[key]} if key in chosen else {}).mail for key in keys}
    return {key: level for key, level in levels.items() if level in SINGLE}
