"""Promises of the throw-away PostgreSQL cluster that other tests lean on."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from socialdesk import schema

from .cluster import PROGRAMS, Cluster, find_binaries

pytestmark = pytest.mark.postgres
OWNER = "from tests.cluster import Cluster; c = Cluster(); print(c._keeper.pid, c.folder, flush=True); input()"


@pytest.fixture(scope="module")
def cluster():
    running = Cluster(make_note_table)
    yield running
    running.stop()


def ask(url, statement):
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchone()[0]


def make_note_table(url):
    with psycopg.connect(url) as connection:
        connection.execute("create table note (text varchar)")
        connection.execute("insert into note values ('héllo')")


def is_running(process_id):
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def server_of(folder):
    return int(Path(folder, "data", "postmaster.pid").read_text().split()[0])


def test_a_fresh_database_has_what_was_migrated_and_is_alone(cluster):
    first, second = cluster.url(cluster.fresh()), cluster.url(cluster.fresh())
    with psycopg.connect(first) as connection:
        connection.execute("delete from note")
    assert ask(first, "select count(*) from note") == 0
    assert ask(second, "select text from note") == "héllo"


def test_the_schema_is_made_once_however_many_databases_are_wanted():
    asked = []
    running = Cluster(asked.append)
    names = {running.fresh() for _ in range(3)}
    running.stop()
    assert len(asked) == 1 and len(names) == 3


def test_unless_told_otherwise_the_schema_is_that_of_a_new_desk():
    running = Cluster()
    version = ask(running.url(running.fresh()), "select version_num from alembic_version")
    running.stop()
    assert version == schema.head()


def test_an_empty_database_has_no_table(cluster):
    url = cluster.url(cluster.empty())
    assert ask(url, "select count(*) from information_schema.tables where table_schema = 'public'") == 0


def test_a_dropped_database_is_gone_even_while_in_use(cluster):
    name = cluster.fresh()
    with psycopg.connect(cluster.url(name)) as connection:
        cluster.drop(name)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(cluster.url(name))


def test_no_port_is_opened_and_text_is_utf8(cluster):
    assert ask(cluster.url("postgres"), "show listen_addresses") == ""
    assert ask(cluster.url("postgres"), "show server_encoding") == "UTF8"


def test_stop_leaves_no_process_and_no_folder():
    running = Cluster()
    server = server_of(running.folder)
    assert is_running(server)
    running.stop()
    running.stop()
    assert not is_running(server)
    assert not os.path.exists(running.folder)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for another's process by pidfd, which Linux has")
def test_a_killed_owner_leaves_no_process_and_no_folder():
    Cluster().stop()
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             cwd=Path(__file__).parent.parent)
    with owner:
        keeper, folder = owner.stdout.readline().split()
        server, ended = server_of(folder), os.pidfd_open(int(keeper))
        owner.send_signal(signal.SIGKILL)
    assert select.select([ended], [], [], 20)[0]
    os.close(ended)
    assert not is_running(server)
    assert not os.path.exists(folder)


def test_missing_programs_are_skipped_by_name_and_fail_in_ci(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("tests.cluster.DEBIAN_FOLDER", tmp_path)
    assert find_binaries() is None
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="PostgreSQL is missing"):
        Cluster()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="PostgreSQL is missing"):
        Cluster()


def test_debians_newest_server_is_found(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("tests.cluster.DEBIAN_FOLDER", tmp_path)
    for version in ("9.6", "15", "17"):
        folder = tmp_path / version / "bin"
        folder.mkdir(parents=True)
        for name in PROGRAMS:
            (folder / name).touch(0o755)
    assert find_binaries() == tmp_path / "17" / "bin"


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(monkeypatch):
    Cluster().stop()
    monkeypatch.setattr("tests.cluster.SETTINGS", "max_connections = many")
    before = set(Path("/tmp").glob("sdpg-*"))
    with pytest.raises(RuntimeError, match="max_connections"):
        Cluster()
    assert set(Path("/tmp").glob("sdpg-*")) <= before
