"""A client of WebDriver BiDi, the standard way to drive a browser over a WebSocket."""
import asyncio
import json
from itertools import count

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


class BidiError(RuntimeError):
    """The browser refused a command or a script failed."""


class Bidi:
    """One session.  `hear(method, params)` is called for every event."""

    @classmethod
    async def open(cls, address, hear):
        """Connect to a browser that listens at ws://host:port and start a session."""
        self = cls()
        self._socket = await connect(f"{address}/session", max_size=None, proxy=None)
        self._waiting, self._numbers, self._hear = {}, count(1), hear
        self._reader = asyncio.create_task(self._read())
        await self.command("session.new", capabilities={"alwaysMatch": {"unhandledPromptBehavior": {"default": "ignore"}}})
        return self

    async def command(self, method, seconds=30, **params):
        """The result of a command.  Raises BidiError."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        message = await asyncio.wait_for(answer, seconds)
        if message.get("type") == "error":
            raise BidiError(f"{method}: {message['error']}: {message['message']}")
        return message["result"]

    async def close(self):
        """Leave the browser; it goes on running."""
        await self._socket.close()
        await self._reader

    async def _read(self):
        try:
            async for raw in self._socket:
                self._take(json.loads(raw))
        except ConnectionClosed:
            pass
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(BidiError("The browser closed the connection."))

    def _take(self, message):
        answer = self._waiting.pop(message.get("id"), None)
        if answer is None:
            if message.get("type") == "event":
                self._hear(message["method"], message["params"])
        elif not answer.done():
            answer.set_result(message)
