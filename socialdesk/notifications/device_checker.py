"""What a browser's push subscription may be: its address, its keys; pure computing."""
import base64
import binascii
import re
from functools import lru_cache
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from ..errors import Invalid
from .words_checker import tested

MAX_ENDPOINT = 2048
MAX_LABEL = 80
#: the push services of the browsers; a name stands for itself and all below it, reached by https on its own port
SERVICES = ("fcm.googleapis.com", "jmt17.google.com", "android.googleapis.com", "push.services.mozilla.com",
            "push.apple.com", "notify.windows.com")
#: whose they are, in words that mean something to those who run a desk
NAMES = {"fcm.googleapis.com": "Google", "jmt17.google.com": "Google", "android.googleapis.com": "Google",
         "push.services.mozilla.com": "Mozilla", "push.apple.com": "Apple", "notify.windows.com": "Microsoft"}
LONG = timedelta(days=3)                # a device that failed for so long has a lasting trouble
MANY_FAILURES = 5
UNSEEN = timedelta(days=60)


class Health(NamedTuple):
    """How a device does.  kind: good, bad (the last notice failed), long (for days), or nothing, while none was sent; words: why."""

    kind: str
    words: tuple


class Subscription(NamedTuple):
    """A checked subscription; keys in base64url."""

    endpoint: str
    p256dh: str
    auth: str


def health_of(device, moment):
    """The Health of a device.  device: anything with made_at, last_seen_at, last_ok_at, failures, last_status."""
    words, since = [], device.last_ok_at or device.made_at
    is_failing = device.last_status is not None and not tested(device.last_status)[0]
    kind = "bad" if is_failing else "good" if device.last_ok_at else ""
    if is_failing and device.failures >= MANY_FAILURES and moment - since > LONG:
        kind = "long"
        words.append(f"It has not rung for {(moment - since).days} days: {device.failures} notices in a row failed.")
    if is_failing:
        words.append(tested(device.last_status)[1])
    if moment - device.last_seen_at > UNSEEN:
        words.append("SocialDesk was not opened on it for two months. If you no longer have it, turn it off.")
    return Health(kind, tuple(words))


def service_name(origin):
    """Whose push service this is, in a word or two; its host where it is none of the known ones."""
    host = (urlsplit(origin).netloc or origin) if origin else "unknown"
    return next((name for known, name in NAMES.items() if host == known or host.endswith("." + known)), host)


def check_subscription(given, extra=()):
    """The Subscription in what a browser's PushSubscription gives as JSON.  extra: settings.push_hosts.  Raises Invalid."""
    if not isinstance(given, dict):
        raise Invalid("This is not a push subscription: it must be the JSON object that the browser gives.")
    endpoint = given.get("endpoint")
    refusal = endpoint_refusal(endpoint, tuple(extra))
    if refusal:
        raise Invalid(refusal, field="endpoint")
    keys = given.get("keys")
    keys = keys if isinstance(keys, dict) else {}
    point, secret = _bytes(keys.get("p256dh")), _bytes(keys.get("auth"))
    if not _is_on_curve(point):
        raise Invalid("The subscription's key p256dh is damaged: it must be 65 bytes, a point of P-256. Turn notices off and on again.", field="p256dh")
    if len(secret) != 16:
        raise Invalid("The subscription's key auth is damaged: it must be 16 bytes. Turn notices off and on again.", field="auth")
    return Subscription(endpoint, _text(point), _text(secret))


def endpoint_refusal(endpoint, extra=()):
    """Why the desk will not send to this address, as a sentence; None if it will.  Asked when stored and when sending."""
    if not isinstance(endpoint, str) or not endpoint:
        return "The subscription has no endpoint, so there is nowhere to send to. Turn notices off and on again."
    if len(endpoint) > MAX_ENDPOINT:
        return f"The subscription's endpoint is longer than {MAX_ENDPOINT} characters. Turn notices off and on again."
    if not re.fullmatch(r"[\x21-\x7e]+", endpoint) or "\\" in endpoint:
        return "The subscription's endpoint is not a plain web address. Turn notices off and on again."
    origin = origin_of(endpoint)
    if origin is None or not re.fullmatch(r"https?://[a-z0-9.\-]+(:\d+)?", origin) or not is_allowed(origin, extra):
        return ("This browser uses a push service the desk does not know, and the desk sends only to those it knows. "
                "An admin can add it to the setting SOCIALDESK_PUSH_HOSTS.")
    return None


def origin_of(endpoint):
    """Scheme, host and port of an address in lower case; None if it has none, or carries a name or password."""
    end = endpoint.find("/", endpoint.find("://") + 3)
    return _origin(endpoint if end < 0 else endpoint[:end])


@lru_cache(maxsize=1024)
def _origin(address):
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    standard = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{host}" + ("" if port in (None, standard) else f":{port}")


@lru_cache(maxsize=1024)
def is_allowed(origin, extra=()):
    """May the desk send to this origin?  extra: further hosts (https) or whole origins."""
    if origin in extra:
        return True
    scheme, _, host = origin.partition("://")
    known = SERVICES + tuple(one for one in extra if "://" not in one)
    return scheme == "https" and any(host == name or host.endswith("." + name) for name in known)


def _bytes(text):
    try:
        plain = text.rstrip("=").encode("ascii")
        if not re.fullmatch(rb"[A-Za-z0-9_-]+", plain.translate(bytes.maketrans(b"+/", b"-_"))):
            return b""
        return base64.b64decode(plain.translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(plain) % 4))
    except (AttributeError, UnicodeEncodeError, binascii.Error):
        return b""


def _text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _is_on_curve(point):
    from cryptography.hazmat.primitives.asymmetric import ec    # heavy: only who registers a device needs it
    if len(point) != 65:
        return False
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return False
    return True
