"""The schema: made or brought up to date at the start, by one process at a time."""
import fcntl
import sqlite3
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from .db import db, now

LOCK = 7_361_027                        # the advisory lock of migrations on PostgreSQL


def _config():
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def head():
    """The newest version this code knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def current():
    """The version of the database, or None where it is empty."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_known(version):
    """Is this version one of ours?  A newer program's is not."""
    return version in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def migrate(settings):
    """Bring the schema to the newest version; a SQLite file is copied beside itself before.  Returns (before, after)."""
    with _alone(settings):
        before, target = current(), head()
        if before == target:
            return before, before
        if before and not is_known(before):
            raise SystemExit(f"The database is of a newer version ({before}) than this program ({target}). Install the newer program.")
        if before and settings.is_sqlite:
            _copy_aside(settings, before)
        config = _config()
        with _connection() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        return before, target


@contextmanager
def _alone(settings):
    """One migrator: a lock file on SQLite, an advisory lock on PostgreSQL."""
    if settings.is_sqlite:
        with open(settings.data / "migrate.lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    with db.engine.connect() as connection:
        connection.connection.dbapi_connection.read_only = False
        connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
        try:
            yield
        finally:
            connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})


@contextmanager
def _connection():
    """A connection of an engine without our transactions: foreign keys off on SQLite, since a batch drops parent tables."""
    engine = sa.create_engine(db.engine.url, poolclass=sa.pool.NullPool)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", lambda dbapi, _: (dbapi.execute("PRAGMA journal_mode=WAL"), dbapi.execute("PRAGMA busy_timeout=10000")))
    with engine.connect() as connection:
        yield connection


def _copy_aside(settings, version):
    path = Path(db.engine.url.database)
    target = path.with_name(f"{path.stem}-before-{version}-{now():%Y%m%dT%H%M%S}.sqlite3")
    with sqlite3.connect(path) as source, sqlite3.connect(target) as copy:
        source.backup(copy)
    target.chmod(0o600)
