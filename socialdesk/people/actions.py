"""What one can do to people, teams and circles: rows made by commands, admins and imports."""
import re
import secrets

import sqlalchemy as sa

from ..db import db, insert, insert_new, now
from ..errors import Conflict, Invalid, Missing
from . import checker, queries
from .hours_checker import check_hours, check_tz
from .models import JOINS, ROLES, WORKING_WEEK, Circle, Membership, Person, Team, TeamMember
from .session_actions import make_link

__all__ = ["add_circle", "add_person", "add_team", "join_circle", "join_team", "leave_circle", "leave_team", "make_link"]

MAX_TEAM_NAME = 60
#: what would be mistaken for the desk itself
RESERVED = frozenset("admin all channel desk everyone here helpdesk nobody root socialdesk support system team".split())


def add_person(email, name, role="requester", handle=None, tz=None, lang=None, hours=None, state="active"):
    """Make a person; one that was only imported gets a sign-in.  handle: else from the first name, with a number if taken.
    Raises Conflict if the address or the given handle is taken, Invalid if something cannot be used."""
    facts = _checked(email, name, role, handle, tz, lang, hours, state)
    known = db.session.scalar(sa.select(Person).where(Person.email_fold == facts["email_fold"]).with_for_update())
    if known is not None:
        return _adopt(known, facts, handle, tz, lang, hours)
    for candidate in [facts["handle"]] if handle else _handles_for(facts["handle"]):
        row = facts | {"handle": candidate, "made_at": now()}
        made = db.session.execute(insert(Person.__table__).values(row).on_conflict_do_nothing().returning(Person.id)).scalar()
        if made:
            return db.session.get(Person, made)
    raise Conflict(f"The handle @{facts['handle']} is taken. Choose another one.", field="handle")


def _checked(email, name, role, handle, tz, lang, hours, state):
    email = checker.check_email(email)
    name = checker.check_name(name)
    return {"email": email, "email_fold": checker.fold_email(email), "name": name, "name_fold": checker.fold_name(name),
            "role": check_role(role), "handle": check_free_word(handle) if handle else checker.handle_from(name),
            "tz": check_tz(tz) if tz else "UTC", "lang": check_lang(lang) if lang else "en",
            "hours": check_hours(hours) if hours is not None else WORKING_WEEK, "theme": "auto",
            "epoch": 1, "state": state}


def check_role(role):
    """One of the three roles.  Raises Invalid."""
    if role not in ROLES:
        raise Invalid("A role is requester, agent or admin.", field="role")
    return role


def check_lang(lang):
    """A language tag such as en or pt-BR.  Raises Invalid."""
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}", lang.strip()):
        raise Invalid("A language is written like en or pt-BR.", field="lang")
    return lang.strip()


def check_free_word(handle):
    """A handle that is not one of the desk's own words.  Raises Invalid, Conflict."""
    handle = checker.check_handle(handle)
    if handle in RESERVED:
        raise Conflict(f"The handle @{handle} is taken by the desk itself. Choose another one.", field="handle")
    return handle


def _handles_for(stem):
    """The stem, then the stem with numbers; those that are surely taken are left out."""
    taken = set(db.session.scalars(sa.select(Person.handle).where(Person.handle.startswith(stem, autoescape=True)))) | RESERVED
    if stem not in taken:
        yield stem
    number, tries = 2, 0
    while tries < 20:                   # each try may be lost to somebody who adds a person at the same moment
        if f"{stem}{number}" not in taken:
            tries += 1
            yield f"{stem}{number}"
        number += 1


def _adopt(person, facts, handle, tz, lang, hours):
    if person.state != "imported" or facts["state"] == "imported":
        raise Conflict(f"Somebody with the address {person.email} is here already: @{person.handle}.", field="email")
    person.name, person.name_fold, person.role, person.state = facts["name"], facts["name_fold"], facts["role"], facts["state"]
    if handle:
        set_handle(person, handle)
    for given, column in ((tz, "tz"), (lang, "lang"), (hours, "hours")):
        if given:
            setattr(person, column, facts[column])
    db.session.flush()
    return person


def set_handle(person, handle):
    """Give a person (read for update) another handle.  Raises Conflict if it is taken."""
    handle = check_free_word(handle) if handle != person.handle else handle
    if db.session.scalar(sa.select(Person.id).where(Person.handle == handle, Person.id != person.id)) is not None:
        raise Conflict(f"The handle @{handle} is taken. Choose another one.", field="handle")
    person.handle = handle


# --- teams

def add_team(name, confidential=False):
    """Make a team.  Raises Conflict if there is one of that name."""
    name = check_group_name(name)
    row = {"name": name, "name_fold": checker.fold_name(name), "confidential": bool(confidential)}
    made = db.session.execute(insert(Team.__table__).values(row).on_conflict_do_nothing().returning(Team.id)).scalar()
    if made is None:
        raise Conflict(f"There is a team {name} already. Choose another name, or add people to that one.", field="name")
    return db.session.get(Team, made)


def check_group_name(name):
    """The name of a team or circle on one line.  Raises Invalid."""
    name = checker.clean_line(name)
    if not re.search(r"[^\W_]", name):
        raise Invalid("There is no name yet. Write one that people will recognize.", field="name")
    if len(name) > MAX_TEAM_NAME:
        raise Invalid(f"This name has {len(name)} characters; it may have {MAX_TEAM_NAME}. Write a shorter one.", field="name")
    return name


def join_team(person_id, team_id):
    """Make a person a member of a team; twice is as good as once.  Returns whether they were not one before."""
    _found(Person, person_id), _found(Team, team_id)
    return bool(insert_new(TeamMember.__table__, {"team_id": team_id, "person_id": person_id, "lead": False}, "team_id", "person_id"))


def leave_team(person_id, team_id):
    """End a membership.  Returns whether there was one."""
    return bool(db.session.execute(sa.delete(TeamMember).where(TeamMember.team_id == team_id,
                                                               TeamMember.person_id == person_id)).rowcount)


# --- circles

def add_circle(name, join="open"):
    """Make a circle; its slug from its name, else its id.  join: open, request, invite.  Raises Conflict, Invalid."""
    name = check_group_name(name)
    if join not in JOINS:
        raise Invalid("A circle is joined by open, request or invite.", field="join")
    if db.session.scalar(sa.select(Circle.id).where(Circle.name == name)) is not None:
        raise Conflict(f"There is a circle {name} already. Choose another name, or add people to that one.", field="name")
    slug = checker.slug_from(name)
    free = slug and not slug.isdigit() and queries.circle_by_slug(slug) is None
    row = {"name": name, "slug": slug if free else f"new:{secrets.token_hex(8)}", "join": join}
    made = db.session.execute(insert(Circle.__table__).values(row).on_conflict_do_nothing().returning(Circle.id)).scalar()
    if made is None:
        raise Conflict(f"There is a circle {name} already. Choose another name, or add people to that one.", field="name")
    circle = db.session.get(Circle, made)
    if not free:
        circle.slug = str(made)
        db.session.flush()
    return circle


def join_circle(person_id, circle_id):
    """Make a person a member of a circle; twice is as good as once.  Returns whether they were not one before."""
    _found(Person, person_id), _found(Circle, circle_id)
    return bool(insert_new(Membership.__table__, {"circle_id": circle_id, "person_id": person_id, "role": "member"},
                           "circle_id", "person_id"))


def leave_circle(person_id, circle_id):
    """End a membership.  Returns whether there was one."""
    return bool(db.session.execute(sa.delete(Membership).where(Membership.circle_id == circle_id,
                                                               Membership.person_id == person_id)).rowcount)


def _found(model, key):
    if db.session.scalar(sa.select(model.id).where(model.id == key)) is None:
        raise Missing(f"There is no such {model.__name__.lower()} any more. Go back and look at the list again.")
