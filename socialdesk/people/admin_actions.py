"""What admins do to people and teams; each deed stands in the ledger."""
import sqlalchemy as sa

from .. import jobs
from ..db import db, locked
from ..errors import Conflict, NotAllowed
from ..events import Verb, record
from ..policy import require, runs_desk
from ..posts.models import Access
from . import actions
from .models import Person, Team, TeamMember
from .session_actions import end_all, make_link


def add_person(viewer, email, name, role="requester"):
    """Add a person; without a name, from the address.  Returns the Person."""
    require(viewer, "admin")
    return actions.add_person(email, name.strip() or name_from(email), role=role)


def name_from(email):
    """A name to begin with: ada.lovelace@example.org gives Ada Lovelace."""
    words = email.partition("@")[0].replace(".", " ").replace("_", " ").split()
    return " ".join(word[:1].upper() + word[1:] for word in words)


def change_role(viewer, person_id, role):
    """Give a person another role.  Raises Conflict if nobody would run the desk any more."""
    require(viewer, "admin")
    person = _person(person_id)
    if actions.check_role(role) == person.role:
        return person
    if runs_desk(person):
        _leave_an_admin(person)
    before, person.role = person.role, role
    db.session.execute(sa.delete(Access).where(Access.person_id == person.id, Access.why == "glass"))        # an admin's alone
    record(Verb.ROLE_CHANGED, actor=viewer, ref_id=person.id, before=before, after=role)
    return person


def switch_off(viewer, person_id):
    """Take a person's sign-in: sessions end, devices are dropped; what they wrote stays."""
    require(viewer, "admin")
    person = _person(person_id)
    if person.id == viewer.id:
        raise Conflict("You cannot switch yourself off. Another admin can.")
    if runs_desk(person):
        _leave_an_admin(person)
    end_all(person)
    if person.state != "off":
        person.state = "off"
        record(Verb.SWITCHED_OFF, actor=viewer, ref_id=person.id)
    return person


def switch_on(viewer, person_id):
    """Let a person sign in (again)."""
    require(viewer, "admin")
    person = _person(person_id)
    if person.state != "active":
        person.state = "active"
        record(Verb.SWITCHED_ON, actor=viewer, ref_id=person.id)
    return person


def _person(person_id):
    # every admin's row is held, so that two cannot take the last two roles at the same moment
    db.session.execute(sa.select(Person.id).where(runs_desk()).order_by(Person.id).with_for_update()).all()
    return locked(Person, person_id)


def _leave_an_admin(person):
    others = sa.select(Person.id).where(runs_desk(), Person.state == "active", Person.id != person.id)
    if db.session.scalar(others.limit(1)) is None:
        raise Conflict(f"{person.name} is the only admin. Make somebody else an admin first, so that the desk is not left alone.")


def give_link(viewer, person_id):
    """A one-time sign-in link to hand to a person.  Returns the token.
    Whoever holds it can read what the person reads: so not into a confidential team one is not in oneself."""
    require(viewer, "admin")
    person = locked(Person, person_id)
    if person.state != "active":
        raise Conflict(f"{person.name} has no sign-in. Switch it on first.")
    closed = sa.select(Team.name).join(TeamMember, TeamMember.team_id == Team.id).where(
        TeamMember.person_id == person.id, Team.confidential, Team.id.not_in(sorted(viewer.team_ids)))
    if person.id != viewer.id and db.session.scalar(closed.limit(1)) is not None:
        raise NotAllowed(f"{person.name} reads what a confidential team keeps to itself, so an admin gets no link into this account. "
                         "They can have a code mailed to them; on the machine itself, app.py link prints a link.")
    record(Verb.LINK_MADE, actor=viewer, ref_id=person.id)
    return make_link(person.id)


def add_team(viewer, name, confidential):
    """Make a team.  Returns the Team."""
    require(viewer, "admin")
    return actions.add_team(name, confidential=confidential)


def add_member(viewer, team_id, person_id):
    """Add a person to a team; nobody but a member adds themselves to a confidential one."""
    require(viewer, "admin")
    team = locked(Team, team_id)
    if team.confidential and person_id == viewer.id and team.id not in viewer.team_ids:
        raise NotAllowed("This team is confidential: nobody adds themselves. Let another admin add you, "
                         "or break the glass on the one ticket you must see; both are written down.")
    if actions.join_team(person_id, team_id):
        record(Verb.TEAM_JOINED, actor=viewer, ref_id=person_id, team=team_id)


def remove_member(viewer, team_id, person_id):
    """End a membership; one that is no more is fine."""
    require(viewer, "admin")
    if actions.leave_team(person_id, team_id):
        record(Verb.TEAM_LEFT, actor=viewer, ref_id=person_id, team=team_id)


def add_circle(viewer, name, join):
    """Make a circle.  Returns the Circle."""
    require(viewer, "admin")
    return actions.add_circle(name, join=join)


def add_to_circle(viewer, circle_id, person_id):
    """Add a person to a circle."""
    require(viewer, "admin")
    actions.join_circle(person_id, circle_id)


def remove_from_circle(viewer, circle_id, person_id):
    """Take a person out of a circle."""
    require(viewer, "admin")
    actions.leave_circle(person_id, circle_id)


def retry_job(viewer, job_id):
    """Give a dead job another life; one that is gone or at work is fine."""
    require(viewer, "admin")
    return jobs.retry_dead(job_id)
