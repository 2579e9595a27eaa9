"""What every test stands on: a desk of its own, people to act, browsers that are signed in, a clock that can be moved."""
import hashlib
import os
import secrets
import shutil
from datetime import datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from socialdesk import config, create_app, jobs, policy, schema, web
from socialdesk import db as database
from socialdesk.db import clock, db, now, transaction
from socialdesk.feed import card_views, ranked_queries
from socialdesk.notifications.service_delivery import services
from socialdesk.people.models import Session
from socialdesk.search.shelf_queries import shelf

DATABASE = os.environ.get("SD_TEST_DB", "sqlite")
HTMX = {"HX-Request": "true"}
database._PRAGMAS += ("synchronous=OFF",)            # no test cuts the power, so none waits for the disk


def pytest_collection_modifyitems(items):
    for item in items:
        if "desk" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.database)


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """An empty, migrated database, made once: each test gets a copy."""
    if DATABASE == "postgresql":
        from .cluster import Cluster
        with_cluster = Cluster()
        yield with_cluster
        with_cluster.stop()
        return
    folder = tmp_path_factory.mktemp("template")
    app = create_app(config.load({}, data=folder))
    with app.app_context():
        schema.migrate(app.config["SETTINGS"])
        db.session.remove()
        db.engine.dispose()
    yield folder / "socialdesk.sqlite3"


@pytest.fixture
def settings_given():
    """Settings of this test's desk beside the defaults; override in a test file."""
    return {}


class Browser(FlaskClient):
    """A test client whose every request has a context of its own, as in a server: nobody's sign-in or session is shared."""

    def open(self, *args, **kwargs):
        db.session.rollback()
        with self.application.app_context():
            answer = super().open(*args, **kwargs)
        db.session.rollback()
        return answer


@pytest.fixture(scope="session")
def shared_app(tmp_path_factory):
    """One app for the tests that want nothing special of it: only its database and folder change."""
    app = create_app(config.load({"SOCIALDESK_JOBS": "off"}, data=tmp_path_factory.mktemp("shared")))
    app.test_client_class = Browser
    return app


def _move_in(app, settings):
    """Give the shared app another database and folder."""
    config.make_folders(settings)
    engine = sa.create_engine(settings.database_url, **database.engine_options(settings))
    database.set_up(engine)
    with app.app_context():
        db.engines[None].dispose()
        db.engines[None] = engine
    app.config.update(SETTINGS=settings, SECRET_KEY=settings.secret_key, PROPAGATE_EXCEPTIONS=None,
                      MAX_CONTENT_LENGTH=6 * settings.max_upload_bytes)
    return app


_compiled = {}                          # the first engine's dialect and its compiled statements: all databases here are alike


def _share_statements(engine):
    """Let an engine use the statements that earlier tests have compiled: half of a short test is compiling them."""
    engine.dialect, engine._compiled_cache = _compiled.setdefault(engine.dialect.name, (engine.dialect, engine._compiled_cache))


def _forget(app):
    """What a process keeps in memory belongs to the test before."""
    web._buckets._rows.clear()
    card_views.forget()
    ranked_queries.frozen.drop()
    shelf.reset()
    services.forget()
    app.extensions["searches"].tally.reset()
    app.extensions.pop("people", None)
    for name in ("presence", "token_presence"):
        app.extensions[name].noted.clear()
        app.extensions[name].waiting.clear()


@pytest.fixture
def app_of_its_own():
    """Override with True where a test changes the app itself."""
    return False


@pytest.fixture
def desk(template, tmp_path, settings_given, app_of_its_own, shared_app):
    """An app with an empty database, its jobs waiting until run_due()."""
    given = {"SOCIALDESK_JOBS": "off"} | settings_given
    name = None
    if DATABASE == "postgresql":
        name = template.fresh()
        given["SOCIALDESK_DATABASE_URL"] = template.url(name)
    else:
        shutil.copy(template, tmp_path / "socialdesk.sqlite3")
    settings = config.load(given, data=tmp_path)
    app = create_app(settings) if app_of_its_own else _move_in(shared_app, settings)
    app.testing, app.test_client_class = True, Browser
    _forget(app)
    with app.app_context():
        _share_statements(db.engine)
        yield app
        db.session.remove()
        db.engine.dispose()
    if name:
        template.drop(name)


@pytest.fixture(autouse=True)
def _clock():
    yield
    clock.offset, clock.stands_at = timedelta(0), None


class Time:
    """The desk's clock."""

    def stop(self, *moment):
        """Let it stand at a moment in UTC: year, month, day, hour, minute."""
        clock.stands_at = datetime(*moment, tzinfo=timezone.utc) if moment else now()

    def pass_(self, **much):
        """Let time pass: days=, hours=, minutes=, seconds=."""
        if clock.stands_at:
            clock.stands_at += timedelta(**much)
        else:
            clock.offset += timedelta(**much)


@pytest.fixture
def time():
    return Time()


def run_due(clockwork=False):
    """Do all work that is due now."""
    return jobs.run_due(with_clockwork=clockwork)


def told_by_now(seconds=11):
    """Let the hold of a page's reply pass, then do the work."""
    clock.offset += timedelta(seconds=seconds)
    if clock.stands_at:
        clock.stands_at += timedelta(seconds=seconds)
    return jobs.run_due()


class Make:
    """Builds the least that works; every thing is its own."""

    def __init__(self):
        self.n = 0

    def _name(self, what):
        self.n += 1
        return f"{what}{self.n}"

    def person(self, name=None, role="requester", teams=(), circles=(), **more):
        """A Viewer of a new person."""
        from socialdesk.people import actions
        name = name or self._name("Person")
        with transaction():
            person = actions.add_person(more.pop("email", f"{self._name('p')}@example.org"), name, role=role,
                                        **{"hours": "always"} | more)
            for team in teams:
                actions.join_team(person.id, team.id)
            for circle in circles:
                actions.join_circle(person.id, circle.id)
        return self.viewer(person)

    def agent(self, name=None, **more):
        return self.person(name, role="agent", **more)

    def admin(self, name=None, **more):
        return self.person(name, role="admin", **more)

    def viewer(self, person):
        found = policy.viewer_of(person.id)
        db.session.rollback()
        return found

    def team(self, name=None, confidential=False):
        from socialdesk.people import actions
        with transaction():
            return actions.add_team(name or self._name("Team"), confidential=confidential)

    def circle(self, name=None, join="open"):
        from socialdesk.people import actions
        with transaction():
            return actions.add_circle(name or self._name("Circle"), join=join)

    def question(self, author=None, body="How do I print on both sides?", audience="everyone", **more):
        from socialdesk.posts import actions, queries
        author = author or self.person()
        if audience == "private":
            more.setdefault("source", "elsewhere")              # here nobody asks a question that none may see
        prepared = queries.prepare(author, body)
        with transaction():
            return actions.publish(author, "question", prepared, audience=audience, **more)

    def ticket(self, author=None, body="My screen stays black.", **more):
        from socialdesk.posts import queries
        from socialdesk.tickets import actions
        author = author or self.person()
        prepared = queries.prepare(author, body)
        with transaction():
            return actions.open_ticket(author, prepared, **more)

    def reply(self, root, author, body="Have you tried the other cable?", **more):
        from socialdesk.posts import queries
        from socialdesk.tickets import actions
        prepared = queries.prepare(author, body)
        with transaction():
            return actions.reply(root.id, author, prepared, **more)

    def article(self, author=None, title="Print on both sides", body="Choose *Both sides* in the print window.", **more):
        from socialdesk.knowledge import actions
        from socialdesk.posts import queries
        author = author or self.agent()
        prepared = queries.prepare(author, body, title=title)
        with transaction():
            return actions.publish_article(author, prepared, **more)


@pytest.fixture
def make(desk):
    return Make()


@pytest.fixture
def browse(desk):
    """browse(person) is a browser signed in as that person; browse(None) a stranger's."""
    def open_browser(person=None):
        client = desk.test_client()
        client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
        if person is not None:
            token = secrets.token_urlsafe(32)
            with transaction():
                db.session.add(Session(id_hash=hashlib.sha256(token.encode()).hexdigest(), person_id=person.id, epoch=person.epoch,
                                       made_at=now(), seen_at=now(), public_id=secrets.token_hex(8)))
            with client.session_transaction() as session:
                session["_user_id"] = token
        return client
    return open_browser
