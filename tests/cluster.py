"""A throw-away PostgreSQL cluster for tests: Unix socket only, nothing kept, nothing left running."""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from socialdesk import config, create_app, schema
from socialdesk.db import db

PROGRAMS = ("initdb", "pg_isready", "postgres")
DEBIAN_FOLDER = Path("/usr/lib/postgresql")
STOP_SECONDS = 20
SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
max_connections = 200
shared_buffers = 64MB
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
jit = off
"""
# Outlives its parent by a moment: when the pipe from it closes, even by SIGKILL,
# it stops the server and clears the folder away.
KEEPER = """
"$1/postgres" -D "$2/data" </dev/null >"$2/log" 2>&1 &
server=$!
until "$1/pg_isready" -q -h "$2"; do
  kill -0 $server 2>/dev/null || { tail -n 20 "$2/log"; exit 1; }
  sleep 0.05
done
echo ready
cat
kill -QUIT $server
wait $server
cd / && rm -rf "$2"
"""


def find_binaries():
    """The folder that holds PostgreSQL's programs, or None: PATH first, then Debian's newest."""
    on_path = shutil.which("initdb")
    versioned = sorted(DEBIAN_FOLDER.glob("[0-9]*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    folders = ([Path(on_path).resolve().parent] if on_path else []) + versioned
    return next((folder for folder in folders if _holds_server(folder)), None)


class Cluster:
    """A running server; stop(), or the end of this process however it comes, stops and removes it.

    Where PostgreSQL is missing the test is skipped by name; with CI set it fails.
    migrate(url) makes the schema of a new desk and leaves no connection open; it is called once, at the first fresh()."""

    def __init__(self, migrate=None):
        self.binaries = _binaries_or_skip()
        self._migrate = migrate or migrate_desk
        self._numbers = count(1)
        self._keeper = self._admin = self._template = None
        # Straight under /tmp: a Unix socket's path may have 107 bytes at most.
        self.folder = tempfile.mkdtemp(prefix="sdpg-", dir="/tmp" if os.path.isdir("/tmp") else None)
        atexit.register(self.stop)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def url(self, name):
        """The address of a database of this cluster, for SOCIALDESK_DATABASE_URL."""
        return f"postgresql://sd@/{name}?host={self.folder}"

    def fresh(self):
        """Create a database with the schema of a new desk; its name."""
        if self._template is None:
            template = self.empty()
            self._migrate(self.url(template))
            self._template = template
        return self._create(self._template)

    def empty(self):
        """Create a database with nothing in it; its name."""
        return self._create("template0")

    def drop(self, name):
        """Drop a database, connections to it and all."""
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def stop(self):
        """Stop the server and remove its folder; twice is as good as once."""
        atexit.unregister(self.stop)
        if self._admin is not None:
            self._admin.close()
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            self._end(keeper)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self):
        place = {"cwd": self.folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, **self._hand_over()}
        self._make(place)
        self._keeper = subprocess.Popen(
            ["sh", "-c", KEEPER, "sh", self.binaries, self.folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            # A session of its own, so that Ctrl-C reaches the tests first.
            stderr=subprocess.STDOUT, text=True, start_new_session=True, **place)
        first = self._keeper.stdout.readline()
        if first != "ready\n":
            raise RuntimeError(f"PostgreSQL did not start: {first}{self._keeper.stdout.read()}")
        self._admin = psycopg.connect(self.url("postgres"), autocommit=True)

    def _hand_over(self):
        if os.geteuid() != 0:
            return {}
        # PostgreSQL refuses to run as root.
        account = _first_account("postgres", "nobody")
        os.chown(self.folder, account.pw_uid, account.pw_gid)
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def _make(self, place):
        data = Path(self.folder, "data")
        made = subprocess.run(
            [self.binaries / "initdb", "-D", data, "-A", "trust", "-U", "sd", "-E", "UTF8", "--no-sync"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, **place)
        if made.returncode:
            raise RuntimeError(f"PostgreSQL's initdb failed: {made.stderr.strip()}")
        with open(data / "postgresql.conf", "a") as settings:
            settings.write(SETTINGS.format(folder=self.folder))

    def _end(self, keeper):
        keeper.stdin.close()
        try:
            keeper.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            _kill(int(Path(self.folder, "data", "postmaster.pid").read_text().split()[0]))
            _kill(keeper.pid)
            keeper.wait()
        keeper.stdout.close()

    def _create(self, template):
        name = f"t{next(self._numbers)}"
        # Copying files is seven times as quick as the default since 15, a copy through the log.
        how = sql.SQL("STRATEGY file_copy" if self._admin.info.server_version >= 150000 else "")
        self._execute("CREATE DATABASE {} TEMPLATE {} {}", name, sql.Identifier(template), how)
        return name

    def _execute(self, statement, name, *parts):
        self._admin.execute(sql.SQL(statement).format(sql.Identifier(name), *parts))


def migrate_desk(url):
    """Make the schema of a new desk in the database at url."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(config.load({"SOCIALDESK_JOBS": "off", "SOCIALDESK_DATABASE_URL": url}, data=folder))
        with app.app_context():
            schema.migrate(app.config["SETTINGS"])
            db.session.remove()
            db.engine.dispose()


def _binaries_or_skip():
    folder = find_binaries()
    if folder:
        return folder
    reason = "PostgreSQL is missing: no initdb on PATH or in /usr/lib/postgresql/*/bin"
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _holds_server(folder):
    return all(os.access(folder / name, os.X_OK) for name in PROGRAMS)


def _first_account(*names):
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(known[name] for name in names if name in known)


def _kill(process_id):
    try:
        os.kill(process_id, signal.SIGKILL)
    except ProcessLookupError:
        pass
