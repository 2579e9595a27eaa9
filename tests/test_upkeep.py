"""Backup and restore, self-diagnosis, the commands, and what the desk clears away by itself."""
import gzip
import json
import os
import subprocess
import sys
import tarfile
import threading
import time as seconds
from io import BytesIO

import pytest
import sqlalchemy as sa
from PIL import Image

from socialdesk import backup, config, create_app, schema
from socialdesk.db import db, transaction
from socialdesk.errors import Invalid
from socialdesk.people.models import Person
from socialdesk.posts.models import Attachment, Idem, Post

from .conftest import DATABASE, run_due
from .shell import ROOT, app_py


def photo():
    buffer = BytesIO()
    Image.new("RGB", (30, 30), "green").save(buffer, "PNG")
    buffer.seek(0)
    return buffer


def rows():
    """Every table's rows, as a backup sees them."""
    found = {}
    with db.engine.connect() as connection:
        for table in backup._tables(connection):
            found[table.name] = sorted(map(repr, connection.execute(sa.select(*backup._stored(table)))))
    return found


@pytest.fixture
def filled(make, browse, desk):
    """A desk with a ticket with a photo, a reply and a note, all told."""
    author, agent = make.person(), make.agent()
    browse(author).post("/ask", data={"kind": "ticket", "body": "It hums. #hum", "photo": (photo(), "a.png")}, content_type="multipart/form-data")
    ticket = db.session.scalars(sa.select(Post)).one()
    make.reply(ticket, agent, "Where?")
    make.reply(ticket, agent, "Between us: here.", note=True)
    run_due()
    return author


@pytest.fixture
def elsewhere(tmp_path, template):
    """Another, empty desk on the same kind of database."""
    given, name = {"SOCIALDESK_JOBS": "off"}, None
    if DATABASE == "postgresql":
        name = template.empty()
        given["SOCIALDESK_DATABASE_URL"] = template.url(name)
    app = create_app(config.load(given, data=tmp_path / "elsewhere"))
    yield app
    with app.app_context():
        db.engine.dispose()
    if name:
        template.drop(name)


def test_a_backup_brings_back_every_row_every_file_and_the_keys(filled, desk, elsewhere, tmp_path):
    before, target = rows(), tmp_path / "backup.tar.gz"
    db.session.rollback()
    counts = backup.write(desk, target)
    assert counts["files"] == 1 and (target.stat().st_mode & 0o077) == 0
    assert backup.read(elsewhere, target)["rows"] == counts["rows"]
    with elsewhere.app_context():
        after = rows()
        after["job"] = [row for row in after["job"] if "reindex" not in row]
        assert after == before
        settings = elsewhere.config["SETTINGS"]
        sha = db.session.scalar(sa.select(Attachment.sha256))
        assert (settings.uploads / sha).read_bytes() == (desk.config["SETTINGS"].uploads / sha).read_bytes()
        assert (settings.data / "secret-key").read_text() == (desk.config["SETTINGS"].data / "secret-key").read_text()
        with transaction():
            db.session.add(Idem(person_id=filled.id, key="after", fingerprint="x", at=db.session.get(Person, filled.id).made_at))
        db.session.remove()


def test_what_is_found_after_a_restore_is_what_was_found_before(filled, desk, elsewhere, tmp_path):
    backup.write(desk, tmp_path / "b")
    backup.read(elsewhere, tmp_path / "b")
    with elsewhere.app_context():
        from socialdesk import policy
        from socialdesk.search.queries import search
        run_due()
        found, _cursor = search(policy.viewer_of(filled.id), "hums")
        assert [f.title for f in found]
        db.session.remove()


def test_a_backup_taken_while_people_write_is_of_one_moment(filled, desk, elsewhere, make, tmp_path):
    author, stop = make.person(), threading.Event()

    def keep_writing():
        with desk.app_context():
            while not stop.is_set():
                make.question(author)
    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        seconds.sleep(0.3)
        backup.write(desk, tmp_path / "b")
    finally:
        stop.set()
        writer.join()
    backup.read(elsewhere, tmp_path / "b")
    with elsewhere.app_context():
        posts = db.session.scalar(sa.text("SELECT count(*) FROM post WHERE kind = 'question'"))
        for table, condition in (("event", "verb = 'posted'"), ("access", "why = 'author' AND root_id IN (SELECT id FROM post WHERE kind = 'question')")):
            assert db.session.scalar(sa.text(f"SELECT count(*) FROM {table} WHERE {condition}")) == posts > 0
        db.session.remove()


def test_a_desk_that_is_not_empty_is_only_overwritten_when_told_to(filled, desk, elsewhere, tmp_path):
    backup.write(desk, tmp_path / "b")
    backup.read(elsewhere, tmp_path / "b")
    with pytest.raises(Invalid, match="not empty"):
        backup.read(elsewhere, tmp_path / "b")
    assert backup.read(elsewhere, tmp_path / "b", replace=True)["rows"] > 0


@pytest.mark.parametrize("harm", ["truncated", "not an archive", "newer", "file"])
def test_a_backup_that_cannot_be_read_changes_nothing(filled, desk, elsewhere, tmp_path, harm):
    path = tmp_path / "b"
    backup.write(desk, path)
    backup.read(elsewhere, path)
    with elsewhere.app_context():
        before = rows()
    data = path.read_bytes()
    if harm == "truncated":
        path.write_bytes(data[:len(data) // 2])
    elif harm == "not an archive":
        path.write_bytes(b"hello")
    else:
        _rewrite(path, harm)
    with pytest.raises(Invalid):
        backup.read(elsewhere, path, replace=True)
    with elsewhere.app_context():
        assert rows() == before


def _rewrite(path, harm):
    """The same archive from a newer program, or with a damaged photo."""
    with tarfile.open(path) as source:
        members = [(m, source.extractfile(m).read()) for m in source]
    with tarfile.open(path, "w:gz") as target:
        for member, data in members:
            if harm == "newer" and member.name == "about.json":
                data = json.dumps(json.loads(data) | {"schema": "9999"}).encode()
            if harm == "file" and member.name.startswith("files/"):
                data = b"harm" + data
            member.size = len(data)
            target.addfile(member, BytesIO(data))


# --- the commands, as a shell sees them

def test_a_command_of_its_own_says_how_it_is_used():
    done = subprocess.run([sys.executable, "app.py", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and all(word in done.stdout for word in ("backup", "restore", "person", "import", "demo", "--port"))


def test_the_commands_in_the_order_one_needs_them(tmp_path):
    folder = tmp_path / "data"
    made = app_py(folder, "person", "add", "--email", "ada@example.org", "--name", "Ada Nwosu", "--role", "agent", "--team", "Network", "--hours", "always")
    assert made.returncode == 0 and made.stdout == "@ada\n", made.stderr
    again = app_py(folder, "person", "add", "--email", "ADA@example.org", "--name", "Ada")
    assert again.returncode == 2 and "already" in again.stderr and again.stdout == ""
    assert app_py(folder, "team", "add", "HR", "--confidential").returncode == 0
    assert app_py(folder, "circle", "add", "Pilot group", "--join", "invite").stdout == "pilot-group\n"
    token = app_py(folder, "token", "create", "--email", "ada@example.org")
    assert token.returncode == 0 and len(token.stdout.split()) == 1
    link = app_py(folder, "link", "--email", "ada@example.org")
    assert link.stdout.startswith("http://127.0.0.1:8000/link/") and len(link.stdout.split()) == 1
    nobody = app_py(folder, "link", "--email", "nobody@example.org")
    assert nobody.returncode == 2 and "person add" in nobody.stderr
    check = app_py(folder, "check")
    assert "SOCIALDESK_BASE_URL" in check.stdout and "(default)" in check.stdout and "schema" in check.stdout, check.stderr
    assert "Traceback" not in check.stderr + again.stderr + nobody.stderr


def test_import_says_each_bad_row_and_takes_the_good_ones(tmp_path):
    people = tmp_path / "people.csv"
    people.write_text("email,name,role\nada@example.org,Ada,agent\nnonsense,Bo,agent\ncy@example.org,Cy,king\n")
    done = app_py(tmp_path / "d", "import", "people", people)
    assert done.returncode == 0 and json.loads(done.stdout.splitlines()[-1]) == {"added": 1, "unchanged": 0, "bad": 2}
    assert "line 3:" in done.stderr and "line 4:" in done.stderr
    again = app_py(tmp_path / "d", "import", "people", people)
    assert json.loads(again.stdout.splitlines()[-1]) == {"added": 0, "unchanged": 1, "bad": 2} and again.returncode == 0
    tickets = tmp_path / "tickets.jsonl.gz"
    with gzip.open(tickets, "wt") as file:
        file.write('{"id": 1, "text": "it hums", "category": "Noise & hum"}\nnot json\n{"id": 2, "text": "x", "status": "lost"}\n')
    dry = app_py(tmp_path / "d", "import", "tickets", tickets, "--requester", "ada@example.org", "--dry-run")
    assert json.loads(dry.stdout.splitlines()[-1]) == {"added": 1, "unchanged": 0, "bad": 2}
    done = app_py(tmp_path / "d", "import", "tickets", tickets, "--requester", "ada@example.org")
    assert json.loads(done.stdout.splitlines()[-1]) == {"added": 1, "unchanged": 0, "bad": 2}
    for what, line in (("people", b"bj\xf6rn@example.org,Bj\xf6rn\n"), ("articles", b'{"title": "Caf\xe9", "body_markdown": "x"}\n'),
                       ("tickets", b'{"text": "caf\xe9", "requester_email": "ada@example.org"}\n')):
        (tmp_path / "latin").write_bytes(line)
        done = app_py(tmp_path / "d", "import", what, tmp_path / "latin")
        assert done.returncode == 1 and "UTF-8" in done.stderr, "half a text is never taken"
    only_bad = tmp_path / "bad.jsonl"
    only_bad.write_text("[]\n")
    assert app_py(tmp_path / "d", "import", "articles", only_bad).returncode == 1
    assert app_py(tmp_path / "d", "import", "articles", tmp_path / "none").returncode == 2


@pytest.mark.parametrize("settings, word", [({"SOCIALDESK_TYPO": "1"}, "SOCIALDESK_TYPO"), ({"SOCIALDESK_IMAP_URL": "imaps://x"}, "SOCIALDESK_IMAP_URL"),
                                            ({"SOCIALDESK_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "SOCIALDESK_DATABASE_URL")])
def test_what_cannot_start_says_why_in_a_sentence(tmp_path, settings, word):
    done = app_py(tmp_path, "check", **settings)
    assert done.returncode == 2 and word in done.stderr and "Traceback" not in done.stderr


def test_a_database_of_a_newer_program_is_not_opened(tmp_path):
    app = create_app(config.load({}, data=tmp_path))
    with app.app_context():
        schema.migrate(app.config["SETTINGS"])
        with transaction():
            db.session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        db.session.remove()
        db.engine.dispose()
    done = app_py(tmp_path, "migrate")
    assert done.returncode != 0 and "newer" in done.stderr and "Traceback" not in done.stderr


# --- by itself

def test_old_keys_and_photos_nobody_has_are_cleared_away(filled, desk, time, browse):
    uploads = desk.config["SETTINGS"].uploads
    orphan, foreign, young = uploads / ("0" * 64), uploads / "readme", uploads / ("1" * 64)
    young.write_bytes(b"x")                     # its post is being written at this moment
    for path in (orphan, foreign):
        path.write_bytes(b"x")
        os.utime(path, (1, 1))
    with transaction():
        db.session.add(Idem(person_id=filled.id, key="k", fingerprint="x", at=db.session.get(Person, filled.id).made_at))
    kept = db.session.scalar(sa.select(Attachment.sha256))
    time.pass_(days=31)
    run_due(clockwork=True)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Idem)) == 0
    assert not orphan.exists() and foreign.exists() and young.exists() and (uploads / kept).exists()


def test_a_photo_that_is_wanted_again_is_not_cleared_away_from_under_its_post(desk):
    path = desk.config["SETTINGS"].uploads / ("1" * 64)
    for _ in range(2):
        config.keep_file(path, b"x")
        age = path.stat().st_mtime
        os.utime(path, (1, 1))
    assert age > 1


def test_readiness_says_what_is_not_well(desk, browse, time):
    browser = browse(None)
    late = browser.get("/readyz")
    assert late.status_code == 503 and late.get_json()["worker"] == "late"
    run_due(clockwork=True)
    assert browser.get("/readyz").get_json() == {"database": "ok", "schema": "ok", "worker": "ok"}
    time.pass_(minutes=5)
    assert browser.get("/readyz").status_code == 503
    assert browser.get("/healthz").status_code == 200


def test_metrics_are_for_this_machine_or_an_admin_s_token(desk, browse, make):
    from socialdesk.api.actions import make_token
    browser = browse(None)
    assert b"socialdesk_jobs_dead 0" in browser.get("/metrics").data
    assert browser.get("/metrics", environ_base={"REMOTE_ADDR": "198.51.100.7"}).status_code == 404
    for passed_on in ("X-Forwarded-For", "X-Real-IP", "Via"):
        assert browser.get("/metrics", headers={passed_on: "127.0.0.1"}).status_code == 404, "a proxy asks for somebody else"
    for person, status in ((make.admin(), 200), (make.agent(), 404)):
        with transaction():
            token = make_token(person.id)
        assert browser.get("/metrics", headers={"Authorization": f"Bearer {token}"}, environ_base={"REMOTE_ADDR": "198.51.100.7"}).status_code == status
