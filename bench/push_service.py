"""A push service for benchmarks: a process of its own that takes POSTs as fast as it can, or lets each hang, and keeps what it took."""
import argparse
import asyncio
import base64
import http.client
import json
import subprocess
import sys
import time

from .desk import ROOT, free_port

TAKEN = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nLocation: /m\r\n\r\n"


class _Connection(asyncio.Protocol):
    """One kept-alive connection: POST /<token> is taken, GET /count and GET /taken ask."""

    def __init__(self, taken, hang_seconds):
        self.taken, self.buffer, self.hang_seconds = taken, b"", hang_seconds

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        while True:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            lower = head.lower()
            at = lower.find(b"content-length:")
            length = int(lower[at + 15:].partition(b"\r\n")[0]) if at >= 0 else 0
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            self._take(head.split(b" ", 2), rest[:length])

    def _take(self, line, body):
        if line[0] == b"POST":
            self.taken.append((time.time(), line[1], body))
            if self.hang_seconds:
                asyncio.get_running_loop().call_later(self.hang_seconds, self.transport.write, TAKEN)
            else:
                self.transport.write(TAKEN)
        else:
            answer = str(len(self.taken)).encode() if line[1] == b"/count" else json.dumps(
                [[at, token.decode()[1:], base64.b64encode(body).decode()] for at, token, body in self.taken]).encode()
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)


async def serve(port, hang_seconds):
    """Take pushes until the process ends.  hang_seconds: how long each waits for its answer."""
    taken = []
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(taken, hang_seconds), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


class PushService:
    """The process, and what one asks of it.  origin: what endpoints begin with."""

    def __init__(self, hang_seconds=0):
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen([sys.executable, "-m", "bench.push_service", "--port", str(self.port), "--hang", str(hang_seconds)], cwd=ROOT)
        end = time.monotonic() + 20
        while self._ask("/count") is None:
            if time.monotonic() > end:
                raise RuntimeError("The push service did not start.")
            time.sleep(0.05)

    def _ask(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        except OSError:
            return None
        finally:
            connection.close()

    def count(self):
        """How many pushes were taken so far."""
        return self._ask("/count")

    def taken(self):
        """[(time, token, encrypted body)] of all pushes taken."""
        return [(at, token, base64.b64decode(body)) for at, token, body in self._ask("/taken")]

    def stop(self):
        """End the process."""
        self.process.kill()
        self.process.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--hang", type=float, default=0)
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.hang))
