"""How often somebody may do what costs: buckets of tokens in the database, the same for every process."""
import sqlalchemy as sa
from flask import current_app

from .. import db as database
from ..db import db, insert, now, transaction
from ..errors import TooMany
from .models import Throttle
from .secret_checker import blur

#: kind -> (how many at once, how many an hour after that, what to call it)
LIMITS = {
    "api": (600, 36_000, "requests"),
    "deed": (120, 1_800, "small deeds"),
    "device": (20, 60, "changes of devices"),
    "import": (5, 20, "imports"),
    "mail": (5, 12, "mails asked for"),
    "mail-account": (20, 30, "mails asked for"),
    "mail-address": (60, 240, "mails asked for"),
    "post": (30, 180, "posts"),
    "push-test": (6, 30, "tests"),
    "sign-in": (10, 30, "attempts"),
    "sign-in-address": (100, 400, "attempts"),
    "unsubscribe": (30, 60, "presses of that link"),
    "upload": (30, 180, "photos"),
}
#: what is said instead, where nothing was typed; {}: how long to wait
SENTENCES = {"push-test": "Many tests at once. The next one can go in {}."}


def spend(kind, key):
    """Take one token of a bucket.  key: a person's id, or a text that is kept blurred.
    Within a write transaction it counts with the deed; without one it counts at once.  Raises TooMany."""
    if not current_app.config["SETTINGS"].limits:
        return
    if database.is_writing():
        _spend(kind, _key(key))
    else:
        with transaction():
            _spend(kind, _key(key))


def give_back(kind, key):
    """Put a token back: what looked like a guess was not one.  Only within a write transaction."""
    if current_app.config["SETTINGS"].limits:
        burst = LIMITS[kind][0]
        more = sa.case((Throttle.tokens + 1 > burst, burst), else_=Throttle.tokens + 1)
        db.session.execute(sa.update(Throttle).where(Throttle.kind == kind, Throttle.key == _key(key))
                           .values(tokens=more).execution_options(synchronize_session=False))


def _key(key):
    return str(key) if isinstance(key, int) else blur(current_app.config["SECRET_KEY"], key)


def _spend(kind, key):
    burst, per_hour, what = LIMITS[kind]
    tokens = _tokens(burst, per_hour)
    take = (insert(Throttle.__table__).values(kind=kind, key=key, tokens=burst - 1, at=now())
            .on_conflict_do_update(index_elements=["kind", "key"], set_={"tokens": tokens - 1, "at": now()}, where=tokens >= 1)
            .returning(Throttle.tokens))
    if db.session.execute(take).first() is None:
        left = db.session.scalar(sa.select(tokens).where(Throttle.kind == kind, Throttle.key == key))
        wait = (1 - left) * 3600 / per_hour
        sentence = SENTENCES.get(kind, f"That were very many {what} in a short time. Wait {{}}, then go on; nothing typed is lost.")
        raise TooMany(sentence.format(_in_words(wait)), wait + 1)


def _tokens(burst, per_hour):
    """How many tokens the bucket holds by now; a clock that was set back adds none."""
    moment = database.UtcTime().process_bind_param(now(), None)         # microseconds, as the column keeps them
    gone = sa.literal(moment, sa.BigInteger) - sa.type_coerce(Throttle.at, sa.BigInteger)
    refilled = Throttle.tokens + gone * (per_hour / 3600 / 1_000_000)
    return sa.case((gone < 0, Throttle.tokens), (refilled > burst, float(burst)), else_=refilled)


def _in_words(seconds):
    minutes = int(seconds // 60)
    return f"{max(1, int(seconds) + 1)} seconds" if minutes < 1 else "a minute" if minutes == 1 else f"{minutes} minutes"
