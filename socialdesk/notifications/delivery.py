"""One push to one device: encrypted, signed, sent, and what the push service made of it."""
import base64
import hashlib
import json
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from ..db import now
from ..errors import BadSetting
from .device_checker import is_allowed, origin_of
from .keys_delivery import keys_of
from .words_checker import GONE, MAX_QUOTE, cut

TIMEOUT_SECONDS = 10
MAX_WAIT_SECONDS = 24 * 3600            # however long a push service asks to wait
UNREACHABLE, NOT_ALLOWED, BAD_KEY, NO_KEY = 0, -1, -2, -4       # in the place of an HTTP status; NO_KEY: the desk's own is gone
MOST_BYTES = 3000                       # of a payload; push services take 3,993
#: lines of each request; the last one keeps libcurl from asking first whether it may send
ALWAYS = ("Urgency: high", "Content-Encoding: aes128gcm", "Content-Type: application/octet-stream", "Expect:")


class Answer(NamedTuple):
    """What a push service said: an HTTP status (or why there is none), how long it asks to wait, and whether it was not waited for."""

    status: int
    retry_after: float | None = None
    late: bool = False

    @property
    def outcome(self):
        """sent; gone: the device is no more; later: again after a while; shrink: too long; refused: a fault on our side."""
        if 200 <= self.status < 300:
            return "sent"
        if self.status in GONE:
            return "gone"
        if self.status == 413:
            return "shrink"
        # 406 is how one service says that it is asked too often
        return "later" if self.status in (UNREACHABLE, 406, 408, 425, 429) or self.status >= 500 else "refused"


class PostOffice:
    """Sends pushes, many at a time, each signed with the key its device signed up with.
    most_at_once: sends at one time; seconds: how long each may take."""

    def __init__(self, settings, most_at_once, seconds):
        from pywebpush import WebPusher         # heavy, both: only who sends needs them
        from .wire_delivery import Wire
        self._pusher = WebPusher({"endpoint": ""})       # one for all: it only encrypts, with the keys of the moment
        self._wire, self.known = Wire(most_at_once, seconds), []     # known: answers that nobody had to be asked for
        self._settings, self._keys = settings, {}
        self._hosts, self._routes = settings.push_hosts, settings.push_route
        self._secret = settings.secret_key.encode()[:64]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._wire.close()

    def seal(self, device, payload):
        """The payload encrypted for a device; None where the device's keys are damaged."""
        try:
            self._pusher.receiver_key = base64.urlsafe_b64decode(device.p256dh + "==")
            self._pusher.auth_key = base64.urlsafe_b64decode(device.auth + "==")
            return self._pusher.encode(payload)["body"]
        except ValueError:                                   # one damaged row must not hold up the others
            return None

    def post(self, token, endpoint, sealed, topic, ttl_seconds, key_id=""):
        """Begin to post what is sealed to its endpoint.  token: whatever answers() shall give back with the Answer; key_id: of the
        key its device signed up with.  Raises nothing for the network."""
        origin = origin_of(endpoint)
        if origin is None or not is_allowed(origin, self._hosts):
            self.known.append((token, Answer(NOT_ALLOWED)))
        elif sealed is None:
            self.known.append((token, Answer(BAD_KEY)))
        elif (keys := self._keys_of(key_id)) is None:
            self.known.append((token, Answer(NO_KEY)))
        else:
            head = (f"Authorization: {keys.header(origin)['Authorization']}", f"TTL: {ttl_seconds}", f"Topic: {topic}", *ALWAYS)
            self._wire.post(token, self._where(endpoint), head, sealed)

    def answers(self, seconds):
        """[(token, Answer)] of those that ended; waits at most so long for the first."""
        known, self.known = self.known, []
        ended = self._wire.ended(0 if known else seconds)
        return known + [(token, Answer(reply.status, wait_of(reply.retry_after), reply.late)) for token, reply in ended]

    def _keys_of(self, key_id):
        if key_id not in self._keys:
            try:
                self._keys[key_id] = keys_of(self._settings, key_id)
            except (BadSetting, ValueError):             # one lost key must not hold up the devices of the others
                self._keys[key_id] = None
        return self._keys[key_id]

    def _where(self, endpoint):
        if not self._routes:
            return endpoint
        parts = urlsplit(endpoint)
        route = self._routes.get(parts.hostname)
        return route + endpoint[len(f"{parts.scheme}://{parts.netloc}"):] if route else endpoint

    def topic(self, person_id, root_id):
        """The name under which a push service replaces an older push of the same thread by a newer one; tells it nothing."""
        mark = hashlib.blake2b(f"topic:{person_id}:{root_id}".encode(), digest_size=18, key=self._secret)
        return base64.urlsafe_b64encode(mark.digest()).decode()


def wait_of(text):
    """Seconds to wait by a Retry-After header, a number or a date; None if it says nothing we can use."""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
            seconds = (moment - now()).total_seconds()
        except Exception:                                # the parser has many ways to fail, and none may end a round
            return None
    return min(max(seconds, 0), MAX_WAIT_SECONDS) if seconds == seconds else None


def payload_of(title, body, navigate, tag, mark, badge, lang="en", *, actions=(), **data):
    """A declarative push message, as bytes.  navigate: an absolute address; mark: names this very telling, shown once.
    data: for our worker, left out where it is empty: lines (of the inbox that it tells of), read (lines that may leave the screen),
    deeds ({action: address on this site})."""
    notice = {"title": title, "body": body, "navigate": navigate, "tag": tag, "lang": lang, "silent": False, "app_badge": badge,
              **({"actions": actions} if actions else {}), "data": {"id": mark, **{name: value for name, value in data.items() if value}}}
    whole = _bytes(notice, badge)
    while len(whole) > MOST_BYTES and len(notice["body"]) > 40:
        notice["body"] = cut(notice["body"], min(MAX_QUOTE, len(notice["body"]) // 2))
        whole = _bytes(notice, badge)
    return whole


def _bytes(notice, badge):
    return _encoder.encode({"web_push": 8030, "notification": notice, "app_badge": badge}).encode()


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
