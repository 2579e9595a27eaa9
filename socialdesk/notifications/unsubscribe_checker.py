"""The tokens in mails that end such mails, and undo that: signed, without an end, and good for nothing else; pure computing."""
import base64
import hashlib
import hmac

from .matters_checker import BY_KEY, LEVELS

#: what a token may end: the digest, every mail about notices, or those of one matter
DIGEST, NOTICES = "digest", "notices"
LEVELS_BEFORE = ("daily", "weekly")
MAX_TOKEN = 2_000


def make_token(secret, person_id, kind):
    """The token by which whoever holds the mail ends such mails to this person.  kind: digest, notices, or a matter's key."""
    return _signed(secret, "unsubscribe", str(person_id), kind)


def read_token(secret, token):
    """(person id, kind) of a token made here, or None."""
    parts = _read(secret, "unsubscribe", token, 2)
    return (int(parts[0]), parts[1]) if parts and (parts[1] in (DIGEST, NOTICES) or parts[1] in BY_KEY) else None


def make_undo(secret, person_id, before):
    """The token that brings back what was chosen before.  before: {matter's key or "digest": level}."""
    return _signed(secret, "undo", str(person_id), "_".join(f"{key}~{level}" for key, level in sorted(before.items())))


def read_undo(secret, token):
    """(person id, before) of a token made here, or None.  What this version does not know is left out."""
    parts = _read(secret, "undo", token, 2)
    if not parts:
        return None
    before = dict(pair.split("~", 1) for pair in parts[1].split("_") if "~" in pair)
    return int(parts[0]), {key: level for key, level in before.items() if level in (LEVELS_BEFORE if key == DIGEST else LEVELS["mail"] if key in BY_KEY else ())}


def _signed(secret, purpose, *parts):
    return ".".join((*parts, _sign(secret, purpose, parts)))


def _read(secret, purpose, token, count):
    if len(token) > MAX_TOKEN or not token.isascii():
        return None
    *parts, sign = token.split(".")
    if not hmac.compare_digest(_sign(secret, purpose, parts), sign) or len(parts) != count or not parts[0].isdecimal():
        return None
    return parts


def _sign(secret, purpose, parts):
    mark = hmac.new(secret.encode(), "\0".join(("mail", purpose, *parts)).encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mark).rstrip(b"=").decode()
