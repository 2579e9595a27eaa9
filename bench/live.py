"""How many open pages one process holds, and how quick pages stay while hints go to all of them."""
import argparse
import http.client
import json
import selectors
import socket
import sys
import threading
import time

from .desk import desk, percentile

RATE, SECONDS, HINTS = 40, 12, 5


def open_streams(made, cookie, count):
    """Open so many streams; each is a socket that has had its first bytes."""
    sockets = []
    request = (f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{made.port}\r\nCookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\n"
               "Accept: text/event-stream\r\n\r\n").encode()
    for n in range(count):
        stream = socket.create_connection(("127.0.0.1", made.port), timeout=20)
        stream.sendall(request)
        sockets.append(stream)
        if n % 50 == 49:
            print(f"{n + 1} streams", file=sys.stderr)
    good = []
    for stream in sockets:
        got = b""
        while b": ok" not in got and b"HTTP/1.1 503" not in got:
            more = stream.recv(4096)
            if not more:
                break
            got += more
        if b": ok" in got:
            good.append(stream)
            stream.setblocking(False)
    return good


class Ear(threading.Thread):
    """Listens to all streams and counts the hints of the feed that each has heard."""

    def __init__(self, streams):
        super().__init__(daemon=True)
        self.selector, self.heard, self.stopped = selectors.DefaultSelector(), {}, False
        for stream in streams:
            self.heard[stream] = 0
            self.selector.register(stream, selectors.EVENT_READ)

    def run(self):
        """Listen until stopped."""
        while not self.stopped:
            for key, _events in self.selector.select(0.2):
                try:
                    data = key.fileobj.recv(65536)
                except OSError:
                    data = b""
                if data:
                    self.heard[key.fileobj] += data.count(b'"feed"')
                else:
                    self.selector.unregister(key.fileobj)


def load(made, cookie, latencies, stop):
    """Ask for the feed at a steady rate from four connections; open-loop, so a slow answer delays no other."""
    def one(offset):
        connection = http.client.HTTPConnection("127.0.0.1", made.port, timeout=30)
        begin = time.monotonic() + offset
        n = 0
        while not stop.is_set():
            due = begin + n * 4 / RATE
            time.sleep(max(0, due - time.monotonic()))
            connection.request("GET", "/", headers={"Cookie": cookie})
            answer = connection.getresponse()
            answer.read()
            latencies.append(time.monotonic() - due)
            n += 1
    threads = [threading.Thread(target=one, args=(i / RATE,)) for i in range(4)]
    [t.start() for t in threads]
    return threads


def measure(made, streams, threads):
    """The figures of one run."""
    made.command("person", "add", "--email", "ada@example.org", "--name", "Ada", "--hours", "always")
    token = made.command("token", "create", "--email", "ada@example.org")
    made.start("--threads", threads)
    cookie = made.sign_in("ada@example.org")
    write = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for n in range(30):
        made.request("POST", "/api/v1/posts", write, json.dumps({"kind": "question", "body": f"Question {n} about #wifi?"}))
    before = made.memory_mb()
    opened = open_streams(made, cookie, streams)
    ear = Ear(opened)
    ear.start()
    latencies, stop = [], threading.Event()
    loaders = load(made, cookie, latencies, stop)
    for n in range(HINTS):
        time.sleep(SECONDS / (HINTS + 1))
        made.request("POST", "/api/v1/posts", write, json.dumps({"kind": "question", "body": f"News {n}?"}))
    time.sleep(SECONDS / (HINTS + 1))
    stop.set()
    [t.join() for t in loaders]
    ear.stopped = True
    heard = list(ear.heard.values())
    return {"streams": len(opened), "asked": streams, "threads": threads, "mb": round(made.memory_mb(), 1), "mb_before": round(before, 1),
            "page_p50_ms": round(1000 * percentile(latencies, .5), 1), "page_p99_ms": round(1000 * percentile(latencies, .99), 1),
            "pages": len(latencies), "hints": HINTS, "streams_that_heard_all": sum(h >= HINTS for h in heard)}


def main():
    """Print one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=1100)
    options = parser.parse_args()
    from socialdesk.server import raise_file_limit
    raise_file_limit()
    with desk() as made:
        print(json.dumps(measure(made, options.streams, options.threads)))


if __name__ == "__main__":
    main()
