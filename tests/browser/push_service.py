"""What every push service does: take a POST (RFC 8030), judge it, hold it for a device that is away."""
import asyncio
import re
import time
import uuid
from collections import Counter, deque
from dataclasses import dataclass, field

from aiohttp import web

from . import vapid
from .background import Changes, LoopThread

MAX_BODY_BYTES = 4096
URGENCIES = {"very-low", "low", "normal", "high"}
TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")


@dataclass
class Channel:
    """One subscription: `device` is who holds it, `name` what the device calls it, `key` the sender's public key."""
    device: object
    name: str
    key: str | None
    app: str = ""


@dataclass
class Post:
    """One POST as it came in: header names in lower case, `at` on the monotonic clock.
    `status` is None until answered; `ack` is the browser's word on it (Firefox: 100 = delivered)."""
    token: str
    headers: dict
    body: bytes
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    at: float = field(default_factory=time.monotonic)
    status: int | None = None
    reason: str = ""
    ack: int | None = None


@dataclass
class Held:
    """A message on its way to a device: kept until acknowledged or out of date."""
    post: Post
    message: object
    topic: str | None
    expires_at: float


class PushService:
    """The side that senders see, and the controls for tests.  A subclass speaks to the browsers."""

    push_path = "/push/"

    def __init__(self):
        self.posts = []
        self.most_at_once = 0
        self._channels, self._held, self._connected = {}, {}, {}
        self._answers, self._delay_seconds, self._in_flight = deque(), 0, 0
        self._changes = Changes()

    # Controls

    def start(self):
        """Listen on free loopback ports."""
        self._loop = LoopThread(type(self).__name__)
        self._loop.run(self._open())
        return self

    def stop(self):
        """Close every connection and the ports."""
        self._loop.run(self._close())
        self._loop.stop()

    def answer_next(self, status, retry_after=None, count=1, location=None):
        """Answer the next `count` posts with this status, delivering nothing.
        retry_after: seconds or an HTTP date; location: where a 3xx points."""
        named = {"Retry-After": retry_after, "Location": location}
        headers = {name: str(value) for name, value in named.items() if value is not None}
        self._answers.extend([(status, headers)] * count)

    def delay(self, seconds):
        """Let every request hang this long before it is answered; 0 ends it."""
        self._delay_seconds = seconds

    def reset(self):
        """Forget the posts and the planned answers; subscriptions stay."""
        self.posts.clear()
        self._answers.clear()
        self._delay_seconds = self.most_at_once = 0

    def forget_tokens(self):
        """Every subscription is gone: the next post to any of them gets 410."""
        self._channels.clear()

    def wait_for_posts(self, count=1, seconds=10):
        """The posts, once `count` of them are answered."""
        def answered():
            done = [post for post in self.posts if post.status is not None]
            return done if len(done) >= count else None
        return self._changes.wait_for(answered, seconds, lambda: f"Waited for {count} posts in vain. {self.summary()}")

    def wait_for_ack(self, post, seconds=10):
        """The code with which the browser acknowledged this post (Firefox: 100 = delivered)."""
        return self._changes.wait_for(lambda: post.ack, seconds, lambda: f"No acknowledgement. {self.summary()}")

    def wait_for_devices(self, count=1, seconds=15):
        """Wait until exactly `count` browsers are connected."""
        self._changes.wait_for(lambda: len(self._connected) == count, seconds,
                               lambda: f"{len(self._connected)} devices are connected, not {count}. {self.summary()}")

    def wait_until_gone(self, endpoint, seconds=10):
        """Wait until this subscription has ended; Chromium says so a moment after the page's unsubscribe() is done."""
        token = endpoint.rpartition("/")[2]
        self._changes.wait_for(lambda: token not in self._channels, seconds, lambda: f"Still subscribed. {self.summary()}")

    def summary(self):
        """One line on what happened so far, for failure messages."""
        seen = Counter(f"{post.status} {post.reason}".strip() for post in self.posts)
        return f"{type(self).__name__}: {dict(seen)}, {len(self._connected)} connected, {len(self._channels)} subscriptions."

    def device_token(self, key, receive):
        """Subscribe something that is no browser: `receive(post)` gets each message.  key: the sender's public key."""
        token = uuid.uuid4().hex
        self._channels[token] = Channel(receive, token, key)
        return token

    # For subclasses

    async def _open(self):
        raise NotImplementedError

    def _compose(self, channel, post):
        """The message as it travels to the browser."""
        raise NotImplementedError

    async def _transmit(self, connection, message):
        raise NotImplementedError

    async def _serve(self, routes):
        app = web.Application(client_max_size=1024 * 1024)
        app.add_routes([*routes, web.post(self.push_path + "{token}", self._take_post)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        self.origin = f"http://127.0.0.1:{self.port}"

    async def _close(self):
        await self._runner.cleanup()

    async def _arrived(self, device, connection, already=()):
        """A browser connected: send what waits for it, but for the ids it has `already`."""
        self._connected[device] = connection
        self._changes.notify()
        self._acknowledge(device, already)
        for held in self._held.get(device, []):
            if held.expires_at > time.monotonic():
                await self._transmit(connection, held.message)

    def _left(self, device, connection):
        if self._connected.get(device) is connection:
            del self._connected[device]
            self._changes.notify()

    def _acknowledge(self, device, ids, code=100):
        for held in [held for held in self._held.get(device, []) if held.post.id in ids]:
            held.post.ack = code
            self._held[device].remove(held)
        self._changes.notify()

    # The sender's side

    async def _take_post(self, request):
        headers = {name.lower(): value for name, value in request.headers.items()}
        post = Post(request.match_info["token"], headers, await request.read())
        self.posts.append(post)
        self._in_flight += 1
        self.most_at_once = max(self.most_at_once, self._in_flight)
        self._changes.notify()
        try:
            await asyncio.sleep(self._delay_seconds)
            return await self._answer(post)
        finally:
            self._in_flight -= 1
            self._changes.notify()

    async def _answer(self, post):
        if self._answers:
            post.status, headers = self._answers.popleft()
            post.reason = "as planned by the test"
            return web.Response(status=post.status, headers=headers)
        channel = self._channels.get(post.token)
        post.status, post.reason = self._refusal(channel, post) or (201, "")
        if post.status != 201:
            return web.Response(status=post.status, text=post.reason)
        await self._deliver(channel, post)
        return web.Response(status=201, headers={"Location": f"{self.origin}/message/{post.id}", "TTL": post.headers["ttl"]})

    def _refusal(self, channel, post):
        if channel is None:
            return 410, "no such subscription"
        if len(post.body) > MAX_BODY_BYTES:
            return 413, f"{len(post.body)} bytes, {MAX_BODY_BYTES} allowed"
        if channel.key and (refusal := vapid.refusal(post.headers.get("authorization", ""), channel.key, self.audiences)):
            return refusal
        return _header_refusal(post)

    async def _deliver(self, channel, post):
        if callable(channel.device):
            channel.device(post)
            return
        ttl_seconds, topic = int(post.headers["ttl"]), post.headers.get("topic")
        held = Held(post, self._compose(channel, post), topic and f"{channel.name} {topic}", time.monotonic() + ttl_seconds)
        connection = self._connected.get(channel.device)
        waiting = self._held.setdefault(channel.device, [])
        if topic and connection is None:
            waiting[:] = [other for other in waiting if other.topic != held.topic]
        if ttl_seconds > 0:
            waiting.append(held)
        if connection is not None:
            await self._transmit(connection, held.message)


def _header_refusal(post):
    headers = post.headers
    if not headers.get("ttl", "").isdecimal():
        return 400, "TTL must be a number of seconds"
    if post.body and headers.get("content-encoding") != "aes128gcm":
        return 400, "Content-Encoding must be aes128gcm"
    if headers.get("urgency", "normal") not in URGENCIES:
        return 400, f"Urgency must be one of {sorted(URGENCIES)}"
    if "topic" in headers and not TOPIC.fullmatch(headers["topic"]):
        return 400, "Topic must be 1 to 32 base64url characters"
    return None
