"""The database: engine, session, the one write transaction, the clock, and what differs between SQLite and PostgreSQL."""
import errno
import os
import signal
import sqlite3
import threading
import time
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, registry

from .errors import Missing, Unavailable

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class UtcTime(sa.types.TypeDecorator):
    """An aware datetime in UTC, kept as whole microseconds since 1970: the same order and precision on every database."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value, dialect):
        return None if value is None else EPOCH + timedelta(microseconds=value)


Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Base(DeclarativeBase):
    """The base of every table."""

    registry = registry(
        metadata=sa.MetaData(naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s", "fk": "fk_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"}),
        type_annotation_map={int: Id, str: sa.Text, datetime: UtcTime, dict: sa.JSON, list: sa.JSON, bytes: sa.LargeBinary})


db = SQLAlchemy(model_class=Base, session_options={"autoflush": False, "expire_on_commit": False})

_writing = ContextVar("socialdesk_writing", default=False)
statements = ContextVar("socialdesk_statements", default=None)      # a one-item list while a request counts its statements


# --- the clock

class _Clock:
    """Where now() comes from; tests move it."""

    offset = timedelta(0)
    stands_at = None


clock = _Clock()


def now():
    """The present moment, in UTC."""
    return clock.stands_at if clock.stands_at else datetime.now(timezone.utc) + clock.offset


# --- transactions

def fail_point(name):
    """A place between two steps.  With SD_FAIL_POINT=name:n in the environment the process is killed at the n-th pass."""
    if _fail_at and _fail_at[0] == name:
        _fail_at[1] -= 1
        if _fail_at[1] == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _read_fail_point(text):
    name, _, count = text.partition(":")
    return [name, int(count or 1)] if name else None


_fail_at = _read_fail_point(os.environ.get("SD_FAIL_POINT", ""))


def is_writing():
    """Is the write transaction open?"""
    return _writing.get()


WAIT_SECONDS = 10                       # for others who write
#: writers of this process at one time: those who wait for a lock must leave connections to those who read
_writers = threading.BoundedSemaphore(12)


@contextmanager
def transaction():
    """The one write transaction: commits at the end, rolls back on any error.  What was read before is read anew.
    Raises Unavailable where the database is locked, gone or full."""
    if _writing.get():
        raise RuntimeError("A write transaction is open already: an action never opens its own.")
    db.session.rollback()
    if not _writers.acquire(timeout=WAIT_SECONDS):
        raise Unavailable(_FAULTS[0][1])
    token = _writing.set(True)
    hooks = db.session.info["after_commit"] = []
    try:
        yield db.session
        db.session.flush()
        fail_point("transaction.before_commit")
        db.session.commit()
    except BaseException as error:
        db.session.rollback()
        raise_as_refusal(error)
        raise
    finally:
        _writing.reset(token)
        _writers.release()
        db.session.info.pop("after_commit", None)
    fail_point("transaction.after_commit")
    for hook in hooks:
        hook()


def after_commit(hook):
    """Call hook() once the open write transaction is committed; never if it is not."""
    hooks = db.session.info.get("after_commit")
    if hooks is None:
        raise RuntimeError("Only within transaction().")
    if hook not in hooks:
        hooks.append(hook)


def locked(model, key):
    """The row to decide on, read inside the write transaction and held until its end.  Raises Missing."""
    if not _writing.get():
        raise RuntimeError("locked() decides only within transaction().")
    row = db.session.get(model, key, with_for_update=True, populate_existing=True)
    if row is None:
        raise Missing()
    return row


def close_read():
    """End the read transaction, so that nothing slow happens inside one."""
    if not _writing.get():
        db.session.rollback()


def insert(table):
    """An INSERT that knows on_conflict_do_nothing and on_conflict_do_update on both databases, and counts its rows."""
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    return dialect.insert(table).inline().execution_options(preserve_rowcount=True)


def insert_new(table, rows, *keys):
    """Insert the rows that are not there yet, in one statement.  Returns how many went in.  keys: the unique columns."""
    rows = rows if isinstance(rows, list) else [rows]
    if not rows:
        return 0
    total = 0
    for start in range(0, len(rows), 500):
        statement = insert(table).values(rows[start:start + 500]).on_conflict_do_nothing(index_elements=list(keys) or None)
        total += db.session.execute(statement).rowcount
    return total


# --- faults of the database, in words

_FAULTS = (("database is locked", "Many people are writing at this very moment. Your text is safe: send it again in a few seconds."),
           ("disk is full", "The desk's disk is full, so nothing can be saved. Your text is safe here; please tell the desk by phone."),
           ("disk i/o error", "The desk's disk does not answer, so nothing can be saved. Your text is safe here; please tell the desk by phone."),
           ("readonly database", "The desk may not write to its database just now. Your text is safe here; please tell the desk by phone."),
           ("unable to open database", "The desk cannot find its database just now. Your text is safe here; please tell the desk by phone."),
           ("no such table", "The desk's database is not set up. Please tell the desk by phone; an admin can run: app.py migrate."))


def refusal_of(error):
    """The Unavailable that says a database fault in words, or None if the error is something else."""
    if isinstance(error, PoolTimeout):
        return Unavailable("Very many people are here at once. Wait a few seconds and send it again; your text is safe.")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable(_FAULTS[1][1])
    if not isinstance(error, (DBAPIError, sqlite3.Error)):
        return None
    text = str(getattr(error, "orig", None) or error).lower()
    for sign, sentence in _FAULTS:
        if sign in text:
            return Unavailable(sentence)
    if getattr(error, "connection_invalidated", False) or "connection" in text:
        return Unavailable("The desk cannot reach its database just now. Your text is safe here: send it again in a minute.", 20)
    return None


def raise_as_refusal(error):
    """Raise the refusal that says this database fault in words; return if it is no such fault."""
    refusal = refusal_of(error)
    if refusal:
        raise refusal from error


# --- the recipes

_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "foreign_keys=ON", "cache_size=-16000",
            "temp_store=MEMORY", "journal_size_limit=67108864")


def engine_options(settings):
    """How the pool is set: enough connections for the threads that work at one time."""
    options = {"pool_size": 16, "max_overflow": 16, "pool_timeout": 5}
    if settings.is_sqlite:
        path = sa.make_url(settings.database_url).database
        options["creator"] = lambda: _open_file(path)
    else:
        options |= {"pool_pre_ping": True, "connect_args": {"connect_timeout": 5}}
    return options


def set_up(engine):
    """Teach an engine our transactions: reading ones cannot write, writing ones take their place in the queue at once."""
    sa.event.listen(engine, "before_cursor_execute", _count)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _sqlite_connect)
        sa.event.listen(engine, "begin", _sqlite_begin)
    else:
        sa.event.listen(engine, "begin", _postgresql_begin)


def _count(connection, cursor, statement, parameters, context, executemany):
    counter = statements.get()
    if counter is not None:
        counter[0] += 1


def _open_file(path):
    """A connection to a file that must be there: one made in passing would be an empty desk."""
    return sqlite3.connect(f"file:{quote(path)}?mode=rw", uri=True, timeout=10, check_same_thread=False)


def _is_moved(connection):
    """Has the file a connection was opened on been removed or replaced?  What is written to it would be lost."""
    opened = connection.info.get("file")
    try:
        found = os.stat(connection.engine.url.database)
    except FileNotFoundError:
        return True
    return opened != (found.st_dev, found.st_ino)


def _sqlite_connect(dbapi, record):
    path = dbapi.execute("PRAGMA database_list").fetchone()[2]
    found = os.stat(path)
    record.info.update(file=(found.st_dev, found.st_ino), writing=None)
    dbapi.isolation_level = None                         # the driver's own transactions lose updates; we emit BEGIN
    for pragma in _PRAGMAS:
        dbapi.execute("PRAGMA " + pragma)


def _sqlite_begin(connection):
    if _is_moved(connection):
        connection.invalidate()
        raise sqlite3.OperationalError("unable to open database file")
    dbapi = connection.connection.dbapi_connection
    writing = _writing.get()
    if connection.info.get("writing") is not writing:           # the pragma makes SQLite forget every statement it has prepared
        dbapi.execute(f"PRAGMA query_only={'OFF' if writing else 'ON'}")
        connection.info["writing"] = writing
    dbapi.execute("BEGIN IMMEDIATE" if writing else "BEGIN")


def _postgresql_begin(connection):
    connection.connection.dbapi_connection.read_only = not _writing.get()


def wait_until(condition, seconds, pause=0.02):
    """Wait for condition() to become true, at most so many seconds.  Returns its last value."""
    end = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(pause)
    return value
