"""What each page costs: CPU against a bare Flask route in the same run, statements, bytes, requests, growth with the desk."""
import argparse
import http.client
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

from .desk import ROOT, Desk, desk, free_port, percentile

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
        self.process = subprocess.Popen([sys.executable, "-c", BARE % self.port], cwd=ROOT, start_new_session=True)
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


FILL = """
import sys
from socialdesk import config, create_app, schema
from socialdesk.demo import fill
app = create_app(config.load({"SOCIALDESK_JOBS": "off"}, data=sys.argv[1]))
with app.app_context():
    schema.migrate(app.config["SETTINGS"])
    fill(app, posts=int(sys.argv[2]), people=int(sys.argv[3]))
"""
REQUESTER, AGENT = "colleague7@alderbrook.example", "mei@alderbrook.example"
POSTS_A_PERSON, LEAST_PEOPLE, MOST_PEOPLE = 50, 60, 2000
FOLLOWED = ("software", "wifi", "printer")
ROUNDS, SECONDS = 3, 0.8                # of each page on each desk, one desk after the other


def fill(made, posts):
    """The demo's organisation with so many threads, and people to match, so that each has as much of their own on any desk."""
    people = min(MOST_PEOPLE, max(LEAST_PEOPLE, posts // POSTS_A_PERSON))
    environ = made.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", FILL, str(made.folder), str(posts), str(people)], cwd=ROOT, env=environ, check=True)


def touch_up(made, cookie):
    """What fills the pages of two people on every desk alike: forty posts, tickets, two conversations, hashtags and threads followed,
    threads saved.  Returns the ids of the conversations."""
    token = {who: {"Authorization": "Bearer " + made.command("token", "create", "--email", email), "Content-Type": "application/json"}
             for who, email in (("ada", REQUESTER), ("bo", AGENT))}
    ids = {}
    for n in range(40):
        question = {"kind": "question", "body": f"Where is room {n}? It was there last week. #rooms #floor{n % 5}"}
        ids["post"] = _created(made, "/api/v1/posts", token["ada"], question)
        if n < 25:
            _created(made, f"/api/v1/posts/{ids['post']}/replies", token["bo"], {"body": "Behind the stairs, since Monday."})
    for n in range(35):                                     # a page of the desk, on any desk
        _created(made, "/api/v1/tickets", token["ada"], {"body": f"The lamp at desk {n} flickers. #lamps"})
    ids["ticket"] = _created(made, "/api/v1/tickets", token["ada"], {"body": "My laptop forgets the Wi-Fi every morning. #wifi"})
    for n in range(10):
        for kind in ("post", "ticket"):
            _created(made, f"/api/v1/posts/{ids[kind]}/replies", token["bo" if n % 2 else "ada"],
                     {"body": f"Word {n} about it, and some more words to fill a line."})
    made.request("PATCH", f"/api/v1/tickets/{ids['ticket']}", token["bo"], json.dumps({"status": "in_progress", "sentence": "I am looking at it."}))
    _keep(made, cookie)
    return ids


def _created(made, path, headers, body):
    status, _headers, answer = made.request("POST", path, headers, json.dumps(body))
    if status != 201:
        raise RuntimeError(f"{path} answered {status}: {answer[:200]}")
    return json.loads(answer)["id"]


def _keep(made, cookie):
    """Follow three hashtags; save and follow what stands on the first two pages of Newest."""
    own = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
    for tag in FOLLOWED:
        made.request("POST", f"/t/{tag}/follow", own, "")
    newest = re.findall(r'id="card-(\d+)"', made.request("GET", "/?view=newest", {"Cookie": cookie})[2].decode())
    last = newest[-1] if newest else ""
    more = re.findall(r'id="card-(\d+)"', made.request("GET", f"/?view=newest&cursor={last}", {"Cookie": cookie})[2].decode())
    for post_id in [*newest, *more]:
        made.request("POST", f"/p/{post_id}/save", own, "")
        made.request("POST", f"/p/{post_id}/follow", own, "")


def ready(made, posts, filled=None):
    """Fill a desk, or copy one that is filled, and start it.  Returns {page: (path, cookie, more headers)}."""
    if filled:
        shutil.copytree(filled, made.folder, dirs_exist_ok=True)
    else:
        fill(made, posts)
    made.start("--threads", "64")
    cookie, agent = made.sign_in(REQUESTER), made.sign_in(AGENT)
    ids = touch_up(made, cookie)
    article = re.search(r'href="(/help/[a-z0-9._-]+)"', made.request("GET", "/help?order=newest", {"Cookie": cookie})[2].decode())
    me = re.search(r"/@[\w.-]+", made.request("GET", "/me", {"Cookie": cookie})[2].decode())
    pages = {"feed": ("/?view=for-you", cookie), "feed_cold": ("/?view=for-you", cookie, ("X-Draw-Anew", "yes")),
             "feed_newest": ("/?view=newest", cookie), "feed_following": ("/?view=following", cookie), "post": (f"/p/{ids['post']}", cookie),
             "ticket": (f"/p/{ids['ticket']}", agent), "desk": ("/desk", agent), "help": ("/help", cookie), "article": (article and article[1], cookie),
             "search": ("/search?q=printer+stripe", cookie), "suggestions": ("/suggestions?q=the+printer+prints+a+stripe", cookie),
             "saved": ("/me/saved", cookie), "inbox": ("/inbox", cookie), "profile": (me and me[0], cookie), "tag": ("/t/software", cookie)}
    return {name: (path, who, more) for name, (path, who, *more) in pages.items() if path}


def measure(small, large, floor, pages):
    """{page: [raw figures on the small desk, on the large one]} and those of the bare route; in turns, the cheapest round of each."""
    cost(floor, "/", seconds=SECONDS)
    best, raw = cost(floor, "/", seconds=SECONDS), {}
    for name in pages[large]:
        found = [None, None]
        for _ in range(ROUNDS):
            best = _cheaper(best, cost(floor, "/", seconds=SECONDS / 2))
            for n, made in enumerate((small, large)):
                path, who, more = pages[made][name]
                found[n] = _cheaper(found[n], cost(made, path, who, SECONDS, more))
        if all(found):
            path, who, _more = pages[large][name]
            raw[name] = found[0], found[1] | {"requests": first_view(large, path, who)}
            print(f"{name}: {1e6 * found[0]['cpu']:.0f} us, grown {1e6 * found[1]['cpu']:.0f} us", file=sys.stderr, flush=True)
    return raw, best


def _cheaper(one, other):
    return min(filter(None, (one, other)), key=lambda found: found["cpu"], default=None)


@contextmanager
def bare():
    """A bare Flask route, served."""
    with tempfile.TemporaryDirectory() as folder:
        made = Bare(folder)
        made.port = free_port()
        try:
            yield made.start()
        finally:
            made.stop()


def main():
    """Print one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000, help="threads on the grown desk; replies come on top")
    parser.add_argument("--from", type=int, default=1000, dest="least", help="threads on the desk it is compared with")
    parser.add_argument("--filled", nargs=2, metavar="FOLDER", default=(None, None), help="data folders of the two, filled by app.py demo before")
    options = parser.parse_args()
    with bare() as floor, desk() as small, desk() as large:
        pages = {small: ready(small, options.least, options.filled[0]), large: ready(large, options.posts, options.filled[1])}
        time.sleep(3)
        raw, best = measure(small, large, floor, pages)
    shown = {name: {
        "cpu_ratio": round(found["cpu"] / best["cpu"], 2), "rps_ratio": round(found["rps"] / best["rps"], 3),
        **{f"p{p}_ms": round(1000 * percentile(found["latencies"], p / 100), 2) for p in (50, 95, 99)},
        "sql": found["sql"], "bytes": found["bytes"], "requests": found["requests"],
        "growth": round(found["cpu"] / before["cpu"], 2)} for name, (before, found) in raw.items()}
    print(json.dumps({"posts": options.posts, "from": options.least, "bare_us": round(1e6 * best["cpu"]), "pages": shown}))


if __name__ == "__main__":
    main()
