"""What one can ask about people, teams and circles.  Everyone who is signed in may see who is here."""
import sqlalchemy as sa

from ..db import db
from ..policy import runs_desk
from .checker import fold_email, fold_name
from .models import Circle, Membership, Person, Session, Team, TeamMember

MAX_FOUND = 50


def has_admin():
    """Is there somebody who runs the desk?"""
    return db.session.scalar(sa.select(Person.id).where(runs_desk(), Person.state == "active").limit(1)) is not None


def person_by_email(email):
    """The Person with this address, or None."""
    fold = fold_email(email)
    return None if "\x00" in fold else db.session.scalar(sa.select(Person).where(Person.email_fold == fold))


def person_by_handle(handle):
    """The Person with this handle, with or without its @, or None."""
    handle = handle.strip().removeprefix("@").lower()
    return None if "\x00" in handle else db.session.scalar(sa.select(Person).where(Person.handle == handle))


def handles(names):
    """{handle: person's id} of those among the names that belong to somebody who is here."""
    if not names:
        return {}
    rows = db.session.execute(sa.select(Person.handle, Person.id).where(Person.handle.in_(sorted(names)), Person.state != "off"))
    return {row.handle: row.id for row in rows}


def team_by_name(name):
    """The Team of this name, however it is cased, or None."""
    fold = fold_name(name)
    return db.session.scalar(sa.select(Team).where(Team.name_fold == fold))


def circle_by_slug(slug):
    """The Circle with this slug, or None."""
    return None if "\x00" in slug else db.session.scalar(sa.select(Circle).where(Circle.slug == slug.lower()))


def find_people(viewer, prefix, limit=8):
    """Those whose handle, first name or last name begins so: rows of id, handle, name.  For completion and the directory."""
    if viewer is None:
        return []
    return list(db.session.execute(_named(prefix).limit(min(limit, MAX_FOUND))))


def directory(viewer, prefix="", after="", limit=MAX_FOUND):
    """A page of everybody who is here, by name: (rows of id, handle, name, role; the next cursor or None)."""
    if viewer is None:
        return [], None
    return page_of(_named(prefix), after, limit)


def _named(prefix):
    columns = (Person.id, Person.handle, Person.name, Person.role, Person.state, Person.name_fold)
    found = sa.select(*columns).where(Person.state == "active").order_by(Person.name_fold, Person.id)
    text = fold_name(prefix).removeprefix("@")
    return found.where(begins(text)) if text else found


def begins(text):
    """The condition that a person's handle, first or last name begins so.  text: folded."""
    return sa.or_(Person.handle.startswith(text, autoescape=True), Person.name_fold.startswith(text, autoescape=True),
                  Person.name_fold.contains(" " + text, autoescape=True))


def page_of(found, after, limit):
    """One page behind a cursor, which is the id of the last row before it."""
    if after.isdigit() and len(after) < 19:
        last = sa.select(Person.name_fold).where(Person.id == int(after)).scalar_subquery()
        found = found.where(sa.or_(Person.name_fold > last, sa.and_(Person.name_fold == last, Person.id > int(after))))
    rows = list(db.session.execute(found.limit(limit + 1)))
    return rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None


def profile_of(viewer, handle):
    """What a person shows to others: (row, teams, circles both are in), or None if there is nobody of that handle."""
    person = viewer and person_by_handle(handle)
    if not person:
        return None
    shown = sa.or_(sa.not_(Team.confidential), Team.id.in_(sorted(viewer.team_ids)))
    teams = db.session.execute(sa.select(Team.id, Team.name).join(TeamMember, TeamMember.team_id == Team.id)
                               .where(TeamMember.person_id == person.id, shown).order_by(Team.name_fold)).all()
    circles = db.session.execute(sa.select(Circle.id, Circle.slug, Circle.name).join(Membership, Membership.circle_id == Circle.id)
                                 .where(Membership.person_id == person.id, Circle.id.in_(sorted(viewer.circle_ids)))
                                 .order_by(Circle.name)).all()
    return person, teams, circles


def own(viewer):
    """The viewer's own row of Person, to show."""
    return db.session.get(Person, viewer.id)


def sign_in_facts(email):
    """What signing in needs of the person with this address: (id, pw_hash); (None, None) if nobody may sign in with it."""
    row = db.session.execute(sa.select(Person.id, Person.pw_hash).where(
        Person.email_fold == fold_email(email), Person.state == "active")).first()
    return tuple(row) if row else (None, None)


def sessions_of(viewer):
    """The viewer's devices that are signed in, the one seen last first."""
    return db.session.execute(sa.select(Session.public_id, Session.label, Session.made_at, Session.seen_at)
                              .where(Session.person_id == viewer.id, Session.epoch == viewer.epoch)
                              .order_by(Session.seen_at.desc(), Session.public_id)).all()


def signed_in_at(viewer):
    """When the viewer proved last who they are: the beginning of this session, or None without one."""
    return db.session.scalar(sa.select(Session.made_at).where(Session.public_id == viewer.session_id)) if viewer.session_id else None
