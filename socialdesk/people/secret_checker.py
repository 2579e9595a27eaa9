"""Passwords, tokens and codes: made, hashed and compared; nothing is stored here."""
import hashlib
import hmac
import secrets
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ..errors import Unavailable
from .password_checker import MAX_LENGTH

CODE_DIGITS = 8
AT_ONCE = 4                             # hashes a process computes at a time: each takes 19 MB
WAIT_SECONDS = 10

# OWASP's second choice for argon2id: 19 MiB, two rounds, one lane
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
#: the hash of a password nobody knows, so that an unknown account takes as long as a known one
_NOBODY = _hasher.hash(secrets.token_hex(16))
_gate = threading.BoundedSemaphore(AT_ONCE)


def hash_password(password):
    """The argon2id hash to keep of a checked password.  Slow by intent: call it outside any transaction."""
    with _Turn():
        return _hasher.hash(_bytes(password))


def is_password(kept, typed):
    """Does what was typed fit the kept hash?  kept None: no, in the same time.  Slow by intent."""
    with _Turn():
        try:
            return _hasher.verify(kept or _NOBODY, _bytes(typed)) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def _bytes(password):
    return unicodedata.normalize("NFKC", password[:MAX_LENGTH + 1])[:MAX_LENGTH + 1].encode("utf-8", "surrogatepass")


def is_outdated(kept):
    """Was this hash made with other parameters than today's?"""
    return _hasher.check_needs_rehash(kept)


class _Turn:
    """One of the few places to hash in."""

    def __enter__(self):
        if not _gate.acquire(timeout=WAIT_SECONDS):
            raise Unavailable("Very many people are signing in at once. Wait a few seconds and send it again.")

    def __exit__(self, *_):
        _gate.release()


def new_token():
    """A secret nobody can guess, for a link or a cookie: 32 random bytes."""
    return secrets.token_urlsafe(32)


def hash_token(token):
    """What is kept of a token: it is random, so one round of SHA-256 is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_code():
    """Eight random digits."""
    return f"{secrets.randbelow(10 ** CODE_DIGITS):0{CODE_DIGITS}}"


def hash_code(secret, person_id, code):
    """What is kept of a code: eight digits are soon tried through, so the desk's secret goes in."""
    return hmac.new(secret.encode(), f"code:{person_id}:{code}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def blur(secret, text):
    """A personal key (address, account) as it is kept: the same text gives the same key, and nobody can read it back."""
    return hmac.new(secret.encode(), f"key:{text}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]
