"""Backup and restore: every table as JSON Lines, the files, the keys, in one archive that fits both databases."""
import base64
import hashlib
import io
import json
import os
import tarfile
import tempfile
import warnings
from pathlib import Path

import sqlalchemy as sa
from alembic import command

from . import schema
from .db import db, now, transaction
from .errors import Invalid
from .notifications.keys_delivery import CURRENT as PUSH_KEY_IN_USE, files_of as push_keys
from .posts.models import Attachment
from .search.actions import reindex

FORMAT = 1
#: hints are for pages that are open now; the index is made anew
LEFT_OUT = {"hint", "alembic_version", "document", "index_change", "index_segment", "index_word", "index_merged", "index_sense", "index_state"}
BATCH = 1000


def write(app, target):
    """Write a backup.  One reading transaction sees the same moment in every table; files are named by their content
    and never change.  Returns {"rows", "files"}."""
    settings = app.config["SETTINGS"]
    draft = target.with_name(target.name + ".part")
    counts = {"rows": 0, "files": 0}
    with tempfile.TemporaryDirectory(dir=settings.data) as folder, open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw, \
            tarfile.open(fileobj=raw, mode="w:gz", compresslevel=3) as archive:
        photos, version = set(), None
        with _snapshot() as connection:
            version = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
            for table in _tables(connection):
                counts["rows"] += _write_table(archive, connection, table, Path(folder))
            photos = set(connection.scalars(sa.select(Attachment.sha256)))
        for name in sorted(photos):
            if (settings.uploads / name).is_file():
                archive.add(settings.uploads / name, f"files/{name}")
                counts["files"] += 1
        for name in ("secret-key", *push_keys(settings), "socialdesk.toml"):
            if (settings.data / name).exists():
                archive.add(settings.data / name, f"keys/{name}")
        _add(archive, "about.json", json.dumps({"format": FORMAT, "schema": version, "made_at": now().isoformat(), **counts}).encode())
        archive.close()
        raw.flush()
        os.fsync(raw.fileno())
    os.replace(draft, target)
    return counts


def _snapshot():
    connection = db.engine.connect()
    if db.engine.dialect.name == "postgresql":
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
    return connection


def _tables(connection):
    """The desk's tables as they stand in the database, parents before children; the search index is made anew."""
    metadata = sa.MetaData()
    with warnings.catch_warnings():             # an index over an expression is none of a backup's business
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index", sa.exc.SAWarning)
        metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name in db.metadata.tables and table.name not in LEFT_OUT]


def _write_table(archive, connection, table, folder):
    path, n = folder / table.name, 0
    plain = [sa.type_coerce(c, c.type) if not isinstance(c.type, sa.Computed) else c for c in _stored(table)]
    with open(path, "w", encoding="utf-8", errors="surrogatepass") as file:
        result = connection.execution_options(yield_per=BATCH).execute(sa.select(*plain).order_by(*table.primary_key))
        names = [c.name for c in _stored(table)]
        for row in result:
            file.write(json.dumps(dict(zip(names, map(_out, row))), ensure_ascii=False) + "\n")
            n += 1
    archive.add(path, f"tables/{table.name}.jsonl")
    path.unlink()
    return n


def _stored(table):
    known = db.metadata.tables[table.name].columns
    return [c for c in table.columns if c.name in known and c.computed is None]


def _out(value):
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, (bytes, memoryview)) else value


def _in(value):
    return base64.b64decode(value["base64"]) if isinstance(value, dict) and set(value) == {"base64"} else value


def _add(archive, name, data):
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(data), 0o600, int(now().timestamp())
    archive.addfile(info, io.BytesIO(data))


# --- restore

def read(app, source, replace=False):
    """Bring a backup back.  Raises Invalid onto a desk that is not empty (without replace), or from a newer program.
    Nothing is changed unless all of it could be read."""
    settings = app.config["SETTINGS"]
    if not source.is_file():
        raise Invalid(f"There is no file {source}.")
    try:
        with tarfile.open(source, "r:gz") as archive:
            about = json.load(archive.extractfile("about.json"))
            with app.app_context():
                _check(about, settings, replace)
                files = _checked_files(archive, settings)
                rows = _restore_tables(archive, about, settings)
                for draft, path in files:
                    os.replace(draft, path)
                if settings.data / PUSH_KEY_IN_USE not in {path for _draft, path in files}:
                    (settings.data / PUSH_KEY_IN_USE).unlink(missing_ok=True)       # the first key is in use there
                schema.migrate(settings)
                _index_anew()
    except (tarfile.TarError, KeyError, EOFError, OSError, json.JSONDecodeError) as error:
        raise Invalid(f"{source} cannot be read as a backup ({type(error).__name__}). Nothing was changed in the database; take another copy.") from error
    return {"rows": rows, "files": about["files"]}


def _check(about, settings, replace):
    if about["format"] > FORMAT or not schema.is_known(about["schema"]):
        raise Invalid(f"This backup is of a newer program (schema {about['schema']}; this one knows {schema.head()}). Install that one first.")
    if not replace and schema.current() is not None:
        filled = db.session.scalar(sa.text("SELECT EXISTS (SELECT 1 FROM person)"))
        db.session.rollback()
        if filled:
            raise Invalid("This desk is not empty. With --replace everything it holds is lost and the backup takes its place.")


def _checked_files(archive, settings):
    """Write photos and keys beside their places and check them; they move in once the tables are back."""
    found = []
    for member in archive:
        folder, _, name = member.name.partition("/")
        if not member.isfile() or folder not in ("files", "keys") or "/" in name or name.startswith("."):
            continue
        data = archive.extractfile(member).read()
        if folder == "files" and hashlib.sha256(data).hexdigest() != name:
            raise Invalid(f"The file {name} in the backup is damaged. Nothing was changed; take another copy.")
        path = (settings.uploads if folder == "files" else settings.data) / name
        draft = path.with_name(path.name + ".restored")
        draft.touch(mode=0o600)
        draft.write_bytes(data)
        found.append((draft, path))
    return found


def _restore_tables(archive, about, settings):
    if settings.is_sqlite:
        return _into_new_file(archive, about, settings)
    engine = sa.create_engine(db.engine.url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
        return _fill(connection, archive, about)


def _into_new_file(archive, about, settings):
    """SQLite: the desk is built beside the old file and takes its place at the end."""
    path = Path(db.engine.url.database)
    draft = path.with_name("restore.sqlite3")
    draft.unlink(missing_ok=True)
    engine = sa.create_engine(f"sqlite:///{draft}", poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        rows = _fill(connection, archive, about)
        connection.commit()
    db.session.remove()
    db.engine.dispose()
    for leftover in (f"{path}-wal", f"{path}-shm"):
        Path(leftover).unlink(missing_ok=True)
    os.replace(draft, path)
    path.chmod(0o600)
    return rows


def _fill(connection, archive, about):
    config = schema._config()
    config.attributes["connection"] = connection
    command.upgrade(config, about["schema"])
    rows = 0
    for table in _tables(connection):
        rows += _fill_table(connection, archive, table)
    return rows


def _fill_table(connection, archive, table):
    try:
        file = archive.extractfile(f"tables/{table.name}.jsonl")
    except KeyError:                            # a table the backup's version did not have
        return 0
    n, batch, later = 0, [], []
    own = [c.name for c in table.columns for key in c.foreign_keys if key.column.table is table]
    for line in file:
        row = {name: _in(value) for name, value in json.loads(line).items()}
        for name in own:
            if (row[name] or 0) > row["id"]:                 # points at a row that is yet to come
                later.append({"row": row["id"], name: row[name]})
                row[name] = None
        batch.append(row)
        if len(batch) == BATCH:
            connection.execute(table.insert(), batch)
            n, batch = n + len(batch), []
    if batch:
        connection.execute(table.insert(), batch)
    for change in later:
        key = change.pop("row")
        connection.execute(table.update().where(table.c.id == key).values(change))
    _set_sequence(connection, table)
    return n + len(batch)


def _set_sequence(connection, table):
    if connection.dialect.name == "postgresql" and "id" in table.columns:
        sequence = connection.scalar(sa.text("SELECT pg_get_serial_sequence(:t, 'id')"), {"t": f'"{table.name}"'})
        if sequence:
            connection.execute(sa.text(f'SELECT setval(:s, GREATEST((SELECT max(id) FROM "{table.name}"), 1))'), {"s": sequence})


def _index_anew():
    """The search index holds nothing of its own: it is made anew by the desk's workers, slice by slice."""
    with transaction():
        reindex()


__all__ = ["read", "write"]
