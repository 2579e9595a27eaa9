"""A person as the rules see them."""
from dataclasses import dataclass, field

import sqlalchemy as sa

from .api.models import ApiToken
from .db import db
from .people.models import Membership, Person, Session, TeamMember


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


_VIEWER = (Person.id, Person.handle, Person.name, Person.role, Person.email, Person.tz, Person.lang, Person.theme, Person.epoch)


def _groups(person_id):
    teams = sa.select(sa.literal("t").label("what"), TeamMember.team_id.label("id")).where(TeamMember.person_id == person_id)
    circles = sa.select(sa.literal("c"), Membership.circle_id).where(Membership.person_id == person_id)
    found = {"t": set(), "c": set()}
    for what, key in db.session.execute(sa.union_all(teams, circles)):
        found[what].add(key)
    return {"team_ids": frozenset(found["t"]), "circle_ids": frozenset(found["c"])}


def viewer_of(person_id, **more):
    """The Viewer of a person who may act, or None.  Two statements."""
    row = db.session.execute(sa.select(*_VIEWER).where(Person.id == person_id, Person.state != "off")).first()
    return row and Viewer(*row, **_groups(person_id), **more)


def viewer_of_session(id_hash):
    """The Viewer signed in by this session, or None; a session of a former epoch is none.  Two statements."""
    row = db.session.execute(sa.select(*_VIEWER, Session.public_id).join(Session, Session.person_id == Person.id).where(
        Session.id_hash == id_hash, Session.epoch == Person.epoch, Person.state == "active")).first()
    return row and Viewer(*row[:-1], **_groups(row.id), session_id=row.public_id)


def viewer_of_token(token_hash):
    """(Viewer, id of the token) of an API token's hash, or (None, None).  Two statements.
    A token that has scopes, but not admin, makes of an admin an agent."""
    row = db.session.execute(sa.select(*_VIEWER, ApiToken.id.label("token_id"), ApiToken.scopes).join(
        ApiToken, ApiToken.person_id == Person.id).where(ApiToken.hash == token_hash, Person.state == "active")).first()
    if row is None:
        return None, None
    scopes = None if row.scopes is None else frozenset(row.scopes.split())
    role = "agent" if row.role == "admin" and scopes is not None and "admin" not in scopes else row.role
    facts = row._asdict() | {"role": role, "scopes": scopes}
    return Viewer(**{name: value for name, value in facts.items() if name != "token_id"}, **_groups(row.id)), row.token_id
