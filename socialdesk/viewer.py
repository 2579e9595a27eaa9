"""A person as the rules see them."""
from dataclasses import dataclass, field, replace
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa

from .api.models import ApiToken
from .db import Id, db
from .people.models import Membership, Person, Session, TeamMember
from .ready import Ready


@dataclass(frozen=True)
class Viewer:
    """A person as the rules see them: read once a request, with their teams and circles."""

    id: int
    handle: str
    name: str
    role: str
    email: str = ""
    tz: str = "UTC"
    lang: str = "en"
    theme: str = "auto"
    epoch: int = 1
    feed_view: str = "for-you"
    only_tickets: bool = False
    swipe_right: str = "me-too"
    swipe_left: str = "save"
    team_ids: frozenset = frozenset()
    circle_ids: frozenset = frozenset()
    session_id: str = ""                        # the session's public id; empty for tokens, jobs and commands
    scopes: frozenset | None = field(default=None, compare=False)       # an API token's; None: all

    is_authenticated = is_active = True         # what Flask-Login asks
    is_anonymous = False

    @property
    def is_agent(self):
        """May work the queue?"""
        return self.role in ("agent", "admin")

    @property
    def is_admin(self):
        """May run the desk?"""
        return self.role == "admin"

    def get_id(self):
        """For Flask-Login: views sign in by people.views, which keeps the session's token itself."""
        return self.session_id


# --- the shape of a person, for statements that are built once

class _Ids(NamedTuple):
    """The ids of so many circles or teams, not known yet: the parameter `name`s, or `name`_0, `name`_1 ..."""

    name: str
    count: int

    def __bool__(self):
        return self.count > 0


class Asker(NamedTuple):
    """Stands for every Viewer with as many circles and teams: conditions for it hold parameters where theirs hold ids."""

    is_agent: bool
    circles: int
    teams: int

    @property
    def id(self):
        """The parameter `me`."""
        return _ME

    @property
    def circle_ids(self):
        """Parameters, for some_of() and each_of()."""
        return _Ids("circle", self.circles)

    @property
    def team_ids(self):
        """Parameters, for some_of() and each_of()."""
        return _Ids("team", self.teams)


_ME = sa.bindparam("me", type_=Id)


def asker(viewer):
    """The Asker that stands for this person; a statement built for it is executed with values(viewer)."""
    return Asker(viewer.is_agent, len(viewer.circle_ids), len(viewer.team_ids))


def values(viewer, each=False):
    """The parameters of an Asker's conditions for this person.  each: also those of branches()."""
    circles, teams = sorted(viewer.circle_ids), sorted(viewer.team_ids)
    given = {"me": viewer.id, "circles": circles, "teams": teams}
    if each:
        given |= {f"circle_{n}": key for n, key in enumerate(circles)} | {f"team_{n}": key for n, key in enumerate(teams)}
    return given


def some_of(ids):
    """Ids of a Viewer or an Asker, for an IN."""
    return sa.bindparam(f"{ids.name}s", type_=Id, expanding=True) if isinstance(ids, _Ids) else sorted(ids)


def each_of(ids):
    """Ids of a Viewer or an Asker, one by one."""
    return [sa.bindparam(f"{ids.name}_{n}", type_=Id) for n in range(ids.count)] if isinstance(ids, _Ids) else sorted(ids)


# --- reading a person

def _together(column, of_person):
    """The ids of a person's groups in one text, so that a person is one row and one statement."""
    return sa.select(sa.func.aggregate_strings(sa.cast(column, sa.Text), ",")).where(of_person == Person.id).correlate(Person).scalar_subquery()


_PERSON = (Person.id, Person.handle, Person.name, Person.role, Person.email, Person.tz, Person.lang, Person.theme, Person.epoch,
           Person.feed_view, Person.only_tickets, Person.swipe_right, Person.swipe_left)
_VIEWER = (*_PERSON, _together(TeamMember.team_id, TeamMember.person_id).label("teams"),
           _together(Membership.circle_id, Membership.person_id).label("circles"))


def _ids(text):
    return frozenset(map(int, text.split(","))) if text else frozenset()


def _read(row, **more):
    size = len(_PERSON)
    return Viewer(*row[:size], team_ids=_ids(row[size]), circle_ids=_ids(row[size + 1]), **more)


@cache
def _of_person():
    return sa.select(*_VIEWER).where(Person.id == sa.bindparam("me"), Person.state != "off")


def viewer_of(person_id, **more):
    """The Viewer of a person who may act, or None.  One statement."""
    row = db.session.execute(_of_person(), {"me": person_id}).first()
    return row and _read(row, **more)


@cache
def _of_session():
    return Ready(sa.select(*_VIEWER, Session.public_id).join(Session, Session.person_id == Person.id).where(
        Session.id_hash == sa.bindparam("hash"), Session.epoch == Person.epoch, Person.state == "active"))


def viewer_of_session(id_hash):
    """The Viewer signed in by this session, or None; a session of a former epoch is none.  One statement."""
    row = _of_session().first({"hash": id_hash})
    return row and _read(row, session_id=row.public_id)


@cache
def _of_token():
    return sa.select(*_VIEWER, ApiToken.id.label("token_id"), ApiToken.scopes).join(
        ApiToken, ApiToken.person_id == Person.id).where(ApiToken.hash == sa.bindparam("hash"), Person.state == "active")


def viewer_of_token(token_hash):
    """(Viewer, id of the token) of an API token's hash, or (None, None).  One statement.
    A token that has scopes, but not admin, makes of an admin an agent."""
    row = db.session.execute(_of_token(), {"hash": token_hash}).first()
    if row is None:
        return None, None
    scopes = None if row.scopes is None else frozenset(row.scopes.split())
    found = _read(row, scopes=scopes)
    if found.is_admin and scopes is not None and "admin" not in scopes:
        found = replace(found, role="agent")
    return found, row.token_id
