"""The desk's own push key (VAPID): made at the first start, kept in the data folder, worn out never."""
import base64
import threading
import time

from ..config import keep_secret

FILE = "vapid-key"
TOKEN_SECONDS = 12 * 3600               # how long one token serves
SPARE_SECONDS = 3600                    # it is renewed before push services see it run out
_lock = threading.Lock()
_keys = {}


class Keys:
    """The key pair of one desk, and the tokens signed with it, one an origin."""

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


def keys_of(settings):
    """The Keys of a desk; made where they are missing."""
    place = settings.data / FILE
    with _lock:
        if (place, settings.vapid_subject) not in _keys:
            _keys[place, settings.vapid_subject] = Keys(keep_secret(place, _make), settings.vapid_subject)
        return _keys[place, settings.vapid_subject]


def _make():
    from py_vapid import Vapid02
    fresh = Vapid02()
    fresh.generate_keys()
    return fresh.private_pem().decode()
