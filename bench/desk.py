"""A desk as shipped, started for a benchmark: app.py in its own process, a client that is signed in, its CPU time."""
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
SEVERAL = """
import json, sys
from socialdesk.cli import main
for line in json.load(sys.stdin):
    print("\\0", end="")
    if main(line):
        sys.exit(f"{line} failed")
"""
TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    """A port nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Desk:
    """A running desk.  folder: its data; port: where it serves."""

    def __init__(self, folder, **settings):
        self.folder, self.port = folder, free_port()
        self.environ = {k: v for k, v in os.environ.items() if not k.startswith("SOCIALDESK_")} | {
            "SOCIALDESK_DATA": str(folder), "SOCIALDESK_LIMITS": "off"} | {f"SOCIALDESK_{k}": str(v) for k, v in settings.items()}
        self.process = None

    def command(self, *arguments):
        """Run a command of app.py and return what it printed."""
        done = subprocess.run([sys.executable, "app.py", *map(str, arguments)], cwd=ROOT, env=self.environ, check=True,
                              stdout=subprocess.PIPE, text=True)
        return done.stdout.strip()

    def commands(self, *lines):
        """Run several commands, each a list of arguments, in one process.  Returns what each printed."""
        done = subprocess.run([sys.executable, "-c", SEVERAL], cwd=ROOT, env=self.environ, check=True, stdout=subprocess.PIPE, text=True,
                              input=json.dumps([[str(argument) for argument in line] for line in lines]))
        return [said.strip() for said in done.stdout.split("\0")[1:]]

    def start(self, *arguments):
        """Serve."""
        self.process = subprocess.Popen([sys.executable, "app.py", "--port", str(self.port), *map(str, arguments)], cwd=ROOT,
                                        env=self.environ, stdout=subprocess.DEVNULL, start_new_session=True)
        return self.wait()

    def wait(self):
        """Wait until it answers."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                if self.request("GET", "/healthz")[0] == 200:
                    return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("The desk did not start.")

    def stop(self, number=15):
        """Stop it (15) or kill it with everything it started (9)."""
        if self.process and self.process.poll() is None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                pass
            self.process.wait(30)

    def request(self, method, path, headers=None, body=None):
        """(status, headers, body) over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def sign_in(self, email):
        """The cookie of somebody signed in by a one-time link."""
        return self.open_link(self.command("link", "--email", email))

    def open_link(self, link):
        """The cookie that a one-time link gives."""
        path = re.sub(r"^https?://[^/]+", "", link)
        status, headers, _body = self.request("POST", path, {"Sec-Fetch-Site": "same-origin"})
        if status != 303:
            raise RuntimeError(f"Signing in answered {status}.")
        first = _cookies(headers)
        status, headers, _body = self.request("GET", "/", {"Cookie": first, "Sec-Fetch-Mode": "navigate"})
        return _cookies(headers) or first               # a browser keeps the one that the first page gives anew

    def processes(self):
        """The ids of the server's processes, the parent included."""
        found = [self.process.pid]
        for pid in found:
            children = Path(f"/proc/{pid}/task/{pid}/children")
            if children.exists():
                found += [int(child) for child in children.read_text().split()]
        return found

    def cpu_seconds(self):
        """User and system time of the server's processes so far."""
        total = 0
        for pid in self.processes():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def memory_mb(self):
        """Resident memory of the server's processes."""
        total = 0
        for pid in self.processes():
            total += int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])
        return total / 1024


def _cookies(headers):
    return "; ".join(one.split(";")[0] for one in headers.get_all("Set-Cookie") or ())


@contextmanager
def desk(**settings):
    """A desk on a temporary folder, stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="socialdesk-bench-") as folder:
        made = Desk(folder, **settings)
        try:
            yield made
        finally:
            made.stop()
            made.stop(9)


def percentile(values, share):
    """The value below which a share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
