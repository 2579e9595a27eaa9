"""What each page costs: CPU against a bare Flask route in the same run, statements, bytes, requests, growth with the desk."""
import argparse
import gzip
import http.client
import json
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from .desk import Desk, desk, free_port, percentile

BARE = """
from flask import Flask
from socialdesk.server import Server
app = Flask("bare")
app.config["SETTINGS"] = type("Settings", (), {"jobs": "off", "is_sqlite": True})()
@app.get("/")
def bare():
    return "ok"
server = Server(app, "127.0.0.1", %d, 1, 64)
server.options["post_worker_init"] = lambda worker: None
server.cfg.set("post_worker_init", lambda worker: None)
server.run()
"""


class Bare(Desk):
    """A bare Flask route on the same server with the same threads."""

    def start(self):
        """Serve "ok"."""
        self.process = subprocess.Popen([sys.executable, "-c", BARE % self.port], cwd=Path(__file__).parent.parent, start_new_session=True)
        while True:
            try:
                self.request("GET", "/")
                return self
            except OSError:
                time.sleep(0.1)


def cost(made, path, cookie="", seconds=2.5, more=()):
    """(CPU seconds a request, requests a second, latencies) of a path, asked one after the other over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", made.port, timeout=30)
    headers = {"Cookie": cookie, "Accept-Encoding": "br, zstd", "Sec-Fetch-Mode": "navigate"} | dict(more)
    latencies = []

    def ask():
        begin = time.monotonic()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        latencies.append(time.monotonic() - begin)
        return answer, body
    for _ in range(10):
        answer, body = ask()
    if answer.status != 200:
        return None
    latencies.clear()
    cpu, begin = made.cpu_seconds(), time.monotonic()
    while time.monotonic() - begin < seconds:
        ask()
    wall, cpu = time.monotonic() - begin, made.cpu_seconds() - cpu
    sql = re.search(r'sql;desc="(\d+)"', answer.headers.get("Server-Timing", ""))
    return {"cpu": cpu / len(latencies), "rps": len(latencies) / wall, "latencies": latencies, "bytes": len(body), "sql": sql and int(sql[1])}


def first_view(made, path, cookie):
    """How many requests a cold first view makes: the page and what it names, as a browser would fetch it."""
    body = made.request("GET", path, {"Cookie": cookie})[2].decode()
    names = set(re.findall(r'<(?:script|link|img|use)\b[^>]*?(?:src|href)="([^"#]+)', body))
    fetched = {n for n in names if n.startswith(("/static", "/theme", "/attachments", "/manifest"))}
    return 1 + len(fetched)


def fill(made, posts):
    """People, articles, questions, tickets: through import, as an admin would bring them."""
    made.command("person", "add", "--email", "eve@example.org", "--name", "Eve", "--role", "admin", "--hours", "always")
    made.command("person", "add", "--email", "ada@example.org", "--name", "Ada", "--hours", "always")
    made.command("person", "add", "--email", "bo@example.org", "--name", "Bo", "--role", "agent", "--hours", "always")
    with tempfile.TemporaryDirectory() as folder:
        _import(made, Path(folder), "articles", ({"id": f"a{n}", "title": f"How to mend thing {n}", "tags": [f"tag{n % 40}"],
                "body_markdown": f"Open the box {n}. Turn the third screw.\n\nClose it again."} for n in range(min(posts, 2000))))
        _import(made, Path(folder), "posts", ({"id": f"q{n}", "kind": "question", "author_email": "ada@example.org",
                "body": f"Why does machine {n} hum? #tag{n % 40}"} for n in range(posts // 2)))
        _import(made, Path(folder), "tickets", ({"id": f"t{n}", "requester_email": "ada@example.org", "category": f"tag{n % 40}",
                "body": f"Printer {n} prints nothing but hearts.", "replies": [{"from": "bo@example.org", "body": "Which printer?",
                "at": "2026-01-05T10:00:00Z"}] if n % 3 == 0 else []} for n in range(posts // 2)))


    _put_into_the_feed(made)


def _put_into_the_feed(made):
    """What is imported stays out of the feed; here it stands in it as if it had been said, so that the feed grows with the desk."""
    with closing(sqlite3.connect(Path(made.folder) / "socialdesk.sqlite3")) as database, database:
        database.execute("UPDATE post SET in_feed = 1 WHERE parent_id IS NULL AND kind IN ('question', 'ticket')")


def _import(made, folder, what, rows):
    path = folder / f"{what}.jsonl.gz"
    with gzip.open(path, "wt") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")
    print(what, made.command("import", what, path).splitlines()[-1], file=sys.stderr)


def touch_up(made):
    """What import leaves out of the feed: forty posts and a conversation, through the API."""
    token = {who: {"Authorization": "Bearer " + made.command("token", "create", "--email", f"{who}@example.org"),
                   "Content-Type": "application/json"} for who in ("ada", "bo")}
    ids = {}
    for n in range(40):
        status, _headers, body = made.request("POST", "/api/v1/posts", token["ada"], json.dumps({"kind": "question", "body": f"Where is room {n}? It was there last week. #rooms #floor{n % 5}"}))
        ids["post"] = json.loads(body)["id"]
    ids["ticket"] = json.loads(made.request("POST", "/api/v1/tickets", token["ada"], json.dumps({"body": "My laptop forgets the Wi-Fi every morning. #wifi"}))[2])["id"]
    for n in range(10):
        for kind in ("post", "ticket"):
            made.request("POST", f"/api/v1/posts/{ids[kind]}/replies", token["bo" if n % 2 else "ada"], json.dumps({"body": f"Word {n} about it, and some more words to fill a line."}))
    made.request("PATCH", f"/api/v1/tickets/{ids['ticket']}", token["bo"], json.dumps({"status": "in_progress", "sentence": "I am looking at it."}))
    return ids


def measure(posts):
    """page -> raw figures of a desk of so many posts."""
    with desk() as made:
        fill(made, posts)
        made.start("--threads", "64")
        ids = touch_up(made)
        cookie, agent = made.sign_in("ada@example.org"), made.sign_in("bo@example.org")
        time.sleep(2)
        pages = {"feed": ("/", cookie), "feed_cold": ("/", cookie), "post": (f"/p/{ids['post']}", cookie), "ticket": (f"/p/{ids['ticket']}", agent),
                 "desk": ("/desk", agent), "help": ("/help", cookie), "search": ("/search?q=printer+hearts", cookie)}
        raw = {}
        for name, (path, who) in pages.items():
            found = cost(made, path, who, more={"X-Draw-Anew": "yes"} if name == "feed_cold" else ())
            if found:
                raw[name] = found | {"requests": first_view(made, path, who)}
                print(f"{posts} posts, {name}: {1e6 * found['cpu']:.0f} us", file=sys.stderr)
        return raw


def bare():
    """The cost of a bare Flask route."""
    with tempfile.TemporaryDirectory() as folder:
        made = Bare(folder)
        made.port = free_port()
        try:
            return cost(made.start(), "/")
        finally:
            made.stop()


def main():
    """Print one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000)
    options = parser.parse_args()
    floor, small, large = bare(), measure(1000), measure(options.posts)
    pages = {name: {
        "cpu_ratio": round(found["cpu"] / floor["cpu"], 2), "rps_ratio": round(found["rps"] / floor["rps"], 3),
        **{f"p{p}_ms": round(1000 * percentile(found["latencies"], p / 100), 2) for p in (50, 95, 99)},
        "sql": found["sql"], "bytes": found["bytes"], "requests": found["requests"],
        "growth": round(found["cpu"] / small[name]["cpu"], 2)} for name, found in large.items()}
    print(json.dumps({"posts": options.posts, "bare_us": round(1e6 * floor["cpu"]), "pages": pages}))


if __name__ == "__main__":
    main()
