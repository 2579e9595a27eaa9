"""What one can do with API tokens."""
import sqlalchemy as sa

from ..db import db, locked, now
from ..errors import Conflict
from ..people.models import Person
from ..people.secret_checker import hash_token, new_token
from .models import ApiToken
from .token_checker import PREFIX, check_scopes


def make_token(person_id, scopes=None):
    """An API token of a person.  Returns its text, which nobody can read again.
    scopes: words of SCOPES, as a list or parted by commas; None: all the person may do.  Raises Missing, Invalid, Conflict."""
    words = None if scopes is None else check_scopes(scopes)
    person = locked(Person, person_id)
    if person.state != "active":
        raise Conflict(f"@{person.handle} has no sign-in here, so a token would open nothing. Switch the account on first.")
    token = PREFIX + new_token()
    db.session.add(ApiToken(hash=hash_token(token), person_id=person.id, scopes=None if words is None else " ".join(words), made_at=now()))
    db.session.flush()
    return token


def touch(used):
    """Write down when tokens were used.  used: {token id: moment}."""
    for token_id, moment in sorted(used.items()):
        stale = sa.or_(ApiToken.used_at.is_(None), ApiToken.used_at < moment)
        db.session.execute(sa.update(ApiToken).where(ApiToken.id == token_id, stale).values(used_at=moment)
                           .execution_options(synchronize_session=False))


def revoke_tokens(person_id):
    """End all tokens of a person.  Returns how many there were."""
    return db.session.execute(sa.delete(ApiToken).where(ApiToken.person_id == person_id)).rowcount
