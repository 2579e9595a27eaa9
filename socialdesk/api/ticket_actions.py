"""Several changes of a ticket as one deed."""
import sqlalchemy as sa

from ..db import db, locked
from ..errors import Invalid
from ..people import queries as people
from ..people.models import Team
from ..policy import require
from ..posts.models import Post
from ..tickets import actions as tickets
from ..tickets.models import Ticket


#: what is changed -> the deed it is
DEEDS = {"team": "ticket.move", "assignee": "ticket.assign", "status": "ticket.change_status"}


def change_ticket(ticket_id, viewer, changes):
    """Change what is named of a ticket: status with sentence and hold_reason, assignee (a handle or None), team (a name
    or None), type, urgency, impact.  The caller's transaction makes it all or nothing.  Raises Missing, NotAllowed, Invalid, Conflict."""
    _check_together(changes)
    post = db.session.get(Post, locked(Ticket, ticket_id).post_id, populate_existing=True)
    for name, deed in DEEDS.items():            # asked before a team or person is looked up, so that no name is told to others
        if name in changes:
            require(viewer, deed, post)
    team_id = _team_id(changes)
    if {"type", "urgency", "impact"} & set(changes):
        tickets.change(ticket_id, viewer, type=changes.get("type"), urgency=changes.get("urgency"), impact=changes.get("impact"))
    leaves = _leaves(viewer, team_id)
    if "team" in changes and not leaves:
        tickets.move(ticket_id, viewer, team_id)
    if "assignee" in changes:
        tickets.assign(ticket_id, viewer, _person_id(changes["assignee"]))
    if "status" in changes:
        tickets.change_status(ticket_id, viewer, changes["status"], changes.get("sentence", ""), changes.get("hold_reason"))
    if "team" in changes and leaves:            # last, since nothing of it can be changed from here afterwards
        tickets.move(ticket_id, viewer, team_id)
    _check_assignee(ticket_id, changes)


def _check_together(changes):
    for name in ("sentence", "hold_reason"):
        if name in changes and "status" not in changes:
            raise Invalid(f'"{name}" goes with a change of status. Send the status too, or a reply instead.', field=name)
    if "hold_reason" in changes and changes["status"] != "on_hold":
        raise Invalid('"hold_reason" goes with the status on_hold alone. Leave it out.', field="hold_reason")


def _team_id(changes):
    if changes.get("team") is None:
        return None
    team = people.team_by_name(changes["team"])
    if team is None:
        raise Invalid("There is no team of this name. Look at its spelling, or leave it out.", field="team")
    return team.id


def _leaves(viewer, team_id):
    """Is this a confidential team the caller is not in?"""
    return team_id is not None and team_id not in viewer.team_ids and bool(
        db.session.scalar(sa.select(Team.confidential).where(Team.id == team_id)))


def _person_id(handle):
    if handle is None:
        return None
    person = people.person_by_handle(handle)
    if person is None or person.state == "off":
        raise Invalid("There is nobody of this handle. Look at its spelling, or send null for nobody.", field="assignee")
    return person.id


def _check_assignee(ticket_id, changes):
    """A team that the new assignee does not belong to takes the ticket from them: then the two changes contradict each other."""
    if changes.get("assignee") and db.session.scalar(sa.select(Ticket.assignee_id).where(Ticket.post_id == ticket_id)) is None:
        raise Invalid("This agent does not see what that team has. Choose one of the team, or leave the assignee out.", field="assignee")
