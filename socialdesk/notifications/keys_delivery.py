"""The desk's push keys (VAPID): one made at the first start, more by rotation; all are kept, for the devices that signed up with them."""
import base64
import hashlib
import os
import re
import threading
import time

from ..config import keep_secret
from ..errors import BadSetting

FILE = "vapid-key"                      # the first key; its id is empty
CURRENT = "vapid-current"               # the id of the key that browsers sign up with; missing: the first one
TOKEN_SECONDS = 12 * 3600               # how long one token serves
SPARE_SECONDS = 3600                    # it is renewed before push services see it run out
_lock = threading.Lock()
_keys = {}


class Keys:
    """A key pair of one desk, and the tokens signed with it, one an origin."""

    def __init__(self, pem, subject):
        from py_vapid import Vapid02    # heavy, and with it the rest of pywebpush: only who sends needs it
        self._vapid = Vapid02.from_pem(pem.encode())
        self._vapid.conf = {"no-strict": True}          # its own check refuses an https subject with a port
        self._subject = subject
        self._tokens = {}

    @property
    def public(self):
        """The public key as browsers take it: an uncompressed point in base64url."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
        point = self._vapid.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    def header(self, origin):
        """The Authorization header for a push service.  origin: of the subscription's endpoint."""
        token, until = self._tokens.get(origin, (None, 0))
        if until < time.time():
            # a new dict each time: the library adds to what it is given
            expires = int(time.time()) + TOKEN_SECONDS + SPARE_SECONDS
            token = self._vapid.sign({"sub": self._subject, "aud": origin, "exp": expires})
            self._tokens[origin] = token, expires - SPARE_SECONDS
        return token


def make_key(settings):
    """Make the push key where it is missing, as the first start does: every backup holds it from then on."""
    if not (settings.data / FILE).exists():
        keep_secret(settings.data / FILE, _make)


def keys_of(settings, key_id=None):
    """The Keys of a desk.  key_id: those a device signed up with; left out: the current ones; the first are made where they
    are missing.  Raises BadSetting where others are."""
    place = _place(settings, current_id(settings) if key_id is None else key_id)
    with _lock:
        if (place, settings.vapid_subject) not in _keys:
            if place.name != FILE and not place.exists():
                raise BadSetting(f"{place.name} is missing in the data folder. Bring it back from a backup, or make a new key: app.py push-key rotate")
            _keys[place, settings.vapid_subject] = Keys(keep_secret(place, _make), settings.vapid_subject)
        return _keys[place, settings.vapid_subject]


def current_id(settings):
    """The id of the key that browsers sign up with now; empty: the first one.  Read anew each time: another process may rotate it."""
    try:
        text = (settings.data / CURRENT).read_text("ascii").strip()
    except FileNotFoundError:
        return ""
    if not re.fullmatch(r"[0-9a-f]{12}|", text):
        raise BadSetting(f"{CURRENT} in the data folder is damaged. Bring it back from a backup, or make a new key: app.py push-key rotate")
    return text


def id_of(settings, public):
    """The id of the key with this public half, as a browser gives it; None if the desk has no such key (any more)."""
    name = _name(public)
    if _place(settings, name).exists():
        return name
    return "" if keys_of(settings, "").public == public else None


def rotate(settings):
    """Make a new key and let browsers sign up with it from now on; the others stay.  Returns its id."""
    make_key(settings)
    pem = _make()
    name = _name(Keys(pem, settings.vapid_subject).public)
    keep_secret(_place(settings, name), lambda: pem)
    draft = settings.data / f"{CURRENT}.new"
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(name)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, settings.data / CURRENT)
    return name


def files_of(settings):
    """The names of all key files in the data folder."""
    return sorted(path.name for path in settings.data.glob("vapid-*") if re.fullmatch(rf"{FILE}|{CURRENT}|{FILE}-[0-9a-f]{{12}}", path.name))


def _place(settings, key_id):
    return settings.data / (f"{FILE}-{key_id}" if key_id else FILE)


def _name(public):
    return hashlib.sha256(public.encode()).hexdigest()[:12]


def _make():
    from py_vapid import Vapid02
    fresh = Vapid02()
    fresh.generate_keys()
    return fresh.private_pem().decode()
