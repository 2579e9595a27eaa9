"""Stand-in of Mozilla's push service: its WebSocket protocol for Firefox, RFC 8030 for senders."""
import asyncio
import json
import uuid

from aiohttp import WSMsgType, web

from . import vapid
from .push_service import Channel, PushService


class MozillaPush(PushService):
    """Listens on one port: `websocket_url` for the browser, `origin` for senders."""

    push_path = "/wpush/v2/"

    @property
    def websocket_url(self):
        """What the preference dom.push.serverURL must say."""
        return f"ws://127.0.0.1:{self.port}/"

    @property
    def audiences(self):
        """Origins a sender's token may be meant for."""
        return {self.origin}

    def endpoint(self, token):
        """The endpoint of a subscription, as browsers report it."""
        return f"{self.origin}{self.push_path}{token}"

    async def _open(self):
        await self._serve([web.get("/", self._browser)])

    async def _browser(self, request):
        """One browser's connection, from its hello to its end."""
        socket = web.WebSocketResponse(protocols=("push-notification",))
        await socket.prepare(request)
        device = None
        try:
            async for frame in socket:
                if frame.type == WSMsgType.TEXT:
                    device = await self._hear(socket, device, json.loads(frame.data))
        except asyncio.CancelledError:
            pass
        finally:
            self._left(device, socket)
        return socket

    async def _hear(self, socket, device, message):
        """Answer one message; the device's id, known from its hello on."""
        kind = message.get("messageType")
        if kind == "hello":
            return await self._greet(socket, message)
        if kind == "register":
            await self._register(socket, device, message)
        elif kind == "unregister":
            await self._unregister(socket, device, message)
        elif kind == "ack":
            for update in message["updates"]:
                self._acknowledge(device, {update["version"]}, update.get("code", 100))
        elif kind == "nack":
            self._acknowledge(device, {message["version"]}, message.get("code", 301))
        elif kind in (None, "ping"):
            await socket.send_str("{}")
        return device

    async def _greet(self, socket, message):
        # Another id than the one the browser holds would make it drop its subscriptions.
        device = message.get("uaid") or uuid.uuid4().hex
        await socket.send_json({"messageType": "hello", "uaid": device, "status": 200, "use_webpush": True, "broadcasts": {}})
        await self._arrived(device, socket)
        return device

    async def _register(self, socket, device, message):
        token = uuid.uuid4().hex
        self._channels[token] = Channel(device, message["channelID"], message.get("key"))
        await socket.send_json({"messageType": "register", "channelID": message["channelID"], "status": 200,
                                "uaid": device, "pushEndpoint": self.endpoint(token)})

    async def _unregister(self, socket, device, message):
        gone = [token for token, channel in self._channels.items()
                if (channel.device, channel.name) == (device, message["channelID"])]
        for token in gone:
            del self._channels[token]
        self._changes.notify()
        await socket.send_json({"messageType": "unregister", "channelID": message["channelID"], "status": 200})

    def _compose(self, channel, post):
        message = {"messageType": "notification", "channelID": channel.name, "version": post.id,
                   "ttl": int(post.headers["ttl"]), "topic": post.headers.get("topic")}
        if post.body:
            message["data"] = vapid.encode(post.body)
            message["headers"] = {"encoding": post.headers["content-encoding"]}
        return message

    async def _transmit(self, connection, message):
        if not connection.closed:
            await connection.send_json(message)
