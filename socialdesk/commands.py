"""The commands of app.py, a function each; each makes the data folder and the schema if they are missing."""
import gzip
import json
import os
import signal
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

from . import config, create_app, schema
from .db import db, refusal_of, transaction


class Sentence(Exception):
    """Something a command cannot do; its text says why and what to do."""


def _settings(options):
    port = getattr(options, "port", None)
    settings = config.load(data=getattr(options, "data", None))
    if port and settings.source["base_url"] == "default":
        settings.base_url = f"http://127.0.0.1:{port}"
    return settings


@contextmanager
def _desk(options, settings=None, serves=False):
    """An app with its schema in place, inside its context."""
    app = create_app(settings or _settings(options), serves)
    with app.app_context():
        try:
            schema.migrate(app.config["SETTINGS"])
        except Exception as error:
            if refusal_of(error) or type(error).__name__ == "OperationalError":
                raise Sentence(f"The database does not answer ({str(getattr(error, 'orig', error)).splitlines()[0]}). "
                                "Look at SOCIALDESK_DATABASE_URL, and whether the database runs.") from None
            raise
        try:
            yield app
        finally:
            db.session.remove()


# --- serve and work

def serve(options):
    """Serve the desk; the first start makes everything it needs and prints the setup link."""
    from . import server
    from .notifications.keys_delivery import make_key
    with _desk(options, serves=True) as app:
        settings = app.config["SETTINGS"]
        make_key(settings)
        _print_setup_link(settings)
        print(f"SocialDesk serves on {settings.base_url if settings.source['base_url'] != 'default' else f'http://{options.host}:{options.port}'}",
              file=sys.stderr, flush=True)
    server.serve(app, options.host, options.port, options.workers, options.threads)


def _print_setup_link(settings):
    from .people import queries, session_actions
    if not queries.has_admin():
        with transaction():
            token = session_actions.make_setup_link()
        print(f"Nobody runs this desk yet. Open this link to become its admin; it works once, for a day:\n  {settings.base_url}/setup/{token}",
              flush=True)


def worker(options):
    """Do jobs only, until stopped."""
    from . import server
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with _desk(options) as app:
        pass
    print("The worker is at work.", file=sys.stderr, flush=True)
    server.work(app, stopping)


def demo(options):
    """Serve a filled desk on a data folder of its own."""
    from . import server
    from .demo import fill
    if "SOCIALDESK_DATA" not in os.environ:
        options.data = tempfile.mkdtemp(prefix="socialdesk-demo-")
    with _desk(options, serves=True) as app:
        settings = app.config["SETTINGS"]
        for token in fill(app, people=options.people, posts=options.posts, seed=options.seed):
            print(f"{settings.base_url}/link/{token}", flush=True)
    server.serve(app, options.host, options.port, options.workers, options.threads)


# --- upkeep

def migrate(options):
    """Bring the schema up to date."""
    app = create_app(_settings(options), serves=False)
    with app.app_context():
        before, after = schema.migrate(app.config["SETTINGS"])
    print(f"The schema is of version {after}" + ("." if before == after else f", made from {before or 'nothing'}."))


def check(options):
    """Say how the desk is; exit status 1 if something is wrong."""
    from . import health
    from .search.rebuild_actions import note_damage
    with _desk(options) as app:
        settings = app.config["SETTINGS"]
        for name in sorted(config.KNOWN | {"data"}):
            shown = "set" if name in ("secret_key", "smtp_url", "database_url") and settings.source[name] != "default" else getattr(settings, name)
            print(f"  setting  {config.PREFIX}{name.upper()} = {shown!s}  ({settings.source[name]})")
        results = list(health.check(app))
        if any(what == "index" and not fine for fine, what, _sentence in results):
            with transaction():
                note_damage()
    for fine, what, sentence in results:
        print(f"{'  ok     ' if fine else '! WRONG  '}{what}: {sentence}")
    return 0 if all(fine for fine, *_ in results) else 1


def backup(options):
    """Write a consistent copy of everything to one file, while the desk runs."""
    from .backup import write
    with _desk(options) as app:
        counts = write(app, Path(options.file))
    print(f"{options.file}: {counts['rows']} rows, {counts['files']} files, keys. Keep it where only you can read it.")


def restore(options):
    """Bring back a backup."""
    from .backup import read
    settings = _settings(options)
    counts = read(create_app(settings, serves=False), Path(options.file), replace=options.replace)
    print(f"Restored {counts['rows']} rows and {counts['files']} files. Start the desk: app.py")


def rotate_push_key(options):
    """Make a new push key; the old ones stay for the devices that signed up with them."""
    from .notifications import keys_delivery, queries
    with _desk(options) as app:
        settings = app.config["SETTINGS"]
        name = keys_delivery.rotate(settings)
        old = queries.on_other_keys(name)
        public = keys_delivery.keys_of(settings).public
    print(f"The new push key is {public[:12]}… (vapid-key-{name}). {old} {'device rings' if old == 1 else 'devices ring'} on with an older one until SocialDesk is opened there. "
          "Make a backup now: it holds all keys.")


# --- people and things

def add_person(options):
    """Add a person, or say that the address has one."""
    from .people import actions, queries
    with _desk(options), transaction():
        hours = {"hours": "always"} if options.hours == "always" else {}
        known = queries.person_by_email(options.email)
        if known and known.state != "imported":
            raise Sentence(f"{options.email} has a person already.")
        circle = options.circle and queries.circle_by_slug(options.circle)
        if options.circle and not circle:
            raise Sentence(f"There is no circle {options.circle}. Make it first: app.py circle add {options.circle}")
        person = actions.add_person(options.email, options.name, role=options.role, **hours)
        if options.team:
            team = queries.team_by_name(options.team) or actions.add_team(options.team)
            actions.join_team(person.id, team.id)
        if circle:
            actions.join_circle(person.id, circle.id)
        handle = person.handle
    print(f"@{handle}")


def add_team(options):
    """Add a team."""
    from .people import actions
    with _desk(options), transaction():
        name = actions.add_team(options.name, confidential=options.confidential).name
    print(name)


def add_circle(options):
    """Add a circle."""
    from .people import actions
    with _desk(options), transaction():
        slug = actions.add_circle(options.name, join=options.join).slug
    print(slug)


def _person(email):
    from .people import queries
    person = queries.person_by_email(email)
    if person is None:
        raise Sentence(f"Nobody has the address {email}. Add them first: app.py person add --email {email} --name …")
    return person


def token(options):
    """Make an API token and print it alone."""
    from .api import actions
    with _desk(options), transaction():
        made = actions.make_token(_person(options.email).id, options.scopes)
    print(made)


def revoke(options):
    """End all API tokens of a person."""
    from .api import actions
    with _desk(options), transaction():
        count = actions.revoke_tokens(_person(options.email).id)
    print(f"{count} tokens ended.")


def link(options):
    """Make a one-time sign-in link and print it alone."""
    from .people import session_actions
    with _desk(options) as app, transaction():
        made = session_actions.make_link(_person(options.email).id)
    print(f"{app.config['SETTINGS'].base_url}/link/{made}")


# --- import

def import_(options):
    """Bring in people, articles, tickets or posts from a file; safe to repeat."""
    from .importing import IMPORTS
    path = Path(options.file)
    if not path.is_file():
        raise Sentence(f"There is no file {path}.")
    opened = gzip.open if path.suffix == ".gz" else open
    more = {"requester_email": options.requester} if options.what == "tickets" and options.requester else {}
    with _desk(options), opened(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        added, unchanged, bad = IMPORTS[options.what](_progress(file, path), dry_run=options.dry_run, **more)
    for line, reason in bad:
        print(f"line {line}: {reason}", file=sys.stderr)
    print(json.dumps({"added": added, "unchanged": unchanged, "bad": len(bad)}))
    return 1 if added + unchanged == 0 else 0


def _progress(file, path):
    """The lines of a file, with a bar on a terminal's stderr."""
    shows, n = sys.stderr.isatty(), 0
    size = max(1, path.stat().st_size)
    for n, line in enumerate(file, 1):
        if shows and n % 200 == 0:
            raw = getattr(file.buffer, "fileobj", None) or getattr(file.buffer, "raw", None)
            share = min(1, raw.tell() / size) if raw else 0
            print(f"\r[{'#' * int(30 * share):30}] {n} lines", end="", file=sys.stderr, flush=True)
        yield line
    if shows:
        print(f"\r[{'#' * 30}] {n} lines", file=sys.stderr)
