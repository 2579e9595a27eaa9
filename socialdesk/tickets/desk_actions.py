"""Who has a ticket: take, assign, move to another team, change what kind it is; and an admin's broken glass."""
from datetime import timedelta

import sqlalchemy as sa

from .. import policy
from ..db import db, insert_new, locked, now
from ..errors import Conflict, Invalid, Missing, NotAllowed
from ..events import Verb, record
from ..people.models import Person, Team
from ..posts import actions as posts
from ..posts.models import Access, Post
from .impact_actions import set_impact
from .models import ENDED, LEVELS, TYPES
from .status_actions import ticket_for

GLASS = timedelta(hours=1)


def take(ticket_id, viewer):
    """Take a ticket; one that is yours already stays yours.  Raises Missing, NotAllowed, Conflict (another has it)."""
    ticket, post = ticket_for(ticket_id, viewer, "ticket.take")
    _check_open(ticket)
    if ticket.assignee_id not in (None, viewer.id):
        name = db.session.scalar(sa.select(Person.name).where(Person.id == ticket.assignee_id))
        raise Conflict(f"{name} has it already. Take another one, or ask {name} to hand it over.")
    _give(ticket, post, viewer, viewer.id)


def assign(ticket_id, viewer, person_id):
    """Give a ticket to an agent who may read it as the desk; None: to nobody.  Raises Missing, NotAllowed, Invalid, Conflict."""
    ticket, post = ticket_for(ticket_id, viewer, "ticket.assign")
    if ticket.assignee_id == person_id:
        return
    _check_open(ticket)
    if person_id is not None and not _works_here(person_id, post.id):
        raise Invalid("Only an agent who may read this ticket can have it. Choose somebody of its team, or move it first.", field="assignee")
    _give(ticket, post, viewer, person_id)


def move(ticket_id, viewer, team_id):
    """Give a ticket to another team, or back to triage (None); who may read it changes with it.
    Who had it keeps it only if they may still read it.  Raises Missing, NotAllowed, Invalid, Conflict."""
    ticket, post = ticket_for(ticket_id, viewer, "ticket.move")
    if ticket.team_id == team_id:
        return
    _check_open(ticket)
    if team_id is not None and db.session.scalar(sa.select(Team.id).where(Team.id == team_id)) is None:
        raise Invalid("There is no such team. Choose one from the list.", field="team")
    before, ticket.team_id = ticket.team_id, team_id
    db.session.flush()
    _move_rights(post, team_id)
    record(Verb.TICKET_MOVED, post, viewer, ref_id=team_id, **({"from_id": before} if before else {}))
    if ticket.assignee_id is not None and not _works_here(ticket.assignee_id, post.id):
        _give(ticket, post, viewer, None)


def _move_rights(post, team_id):
    """Rewrite every copy of the rights; what a confidential team gets is private from now on."""
    confidential = team_id and db.session.scalar(sa.select(Team.confidential).where(Team.id == team_id))
    posts.move_rights(post.id, team_id=team_id, **({"audience": "private"} if confidential else {}))
    db.session.flush()
    db.session.refresh(post)


def change(ticket_id, viewer, type=None, urgency=None, impact=None):
    """Say what kind of ticket it is, how urgent, and how many it touches; None leaves it.  An impact said here stays: me toos
    no longer move it.  Raises Missing, NotAllowed, Invalid, Conflict."""
    ticket, post = ticket_for(ticket_id, viewer, "ticket.change")
    for name, value, check in (("type", type, check_type), ("urgency", urgency, check_urgency)):
        if value is None or check(value) == getattr(ticket, name):
            continue
        _check_open(ticket)
        record(Verb.TICKET_CHANGED, post, viewer, before=getattr(ticket, name), after=value, field=name)
        setattr(ticket, name, value)
    if impact is not None:
        _decide_impact(ticket, post, viewer, check_impact(impact))
    set_impact(ticket, ticket.impact)


def _decide_impact(ticket, post, viewer, impact):
    if ticket.impact_held and ticket.impact == impact:
        return
    _check_open(ticket)
    if ticket.impact != impact:
        record(Verb.IMPACT_CHANGED, post, viewer, before=ticket.impact, after=impact)
    ticket.impact, ticket.impact_held = impact, True


def check_type(type):
    """The type of a ticket.  Raises Invalid."""
    if type not in TYPES:
        raise Invalid("A ticket is an incident (something is broken) or a request (something is wanted). Choose one.", field="type")
    return type


def check_urgency(urgency):
    """The urgency of a ticket.  Raises Invalid."""
    if urgency not in LEVELS:
        raise Invalid("The urgency is low, medium or high. Choose one.", field="urgency")
    return urgency


def check_impact(impact):
    """The impact of a ticket.  Raises Invalid."""
    if impact not in LEVELS:
        raise Invalid("The impact is low (one person), medium (several) or high (many). Choose one.", field="impact")
    return impact


def _check_open(ticket):
    if ticket.status in ENDED:
        raise Conflict("This ticket is at its end, so there is nothing left to hand over. A reply opens a new one that is linked to it.")


def _works_here(person_id, root_id):
    """May this person read the ticket as the desk?"""
    return db.session.scalar(sa.select(Person.id).where(Person.id == person_id, policy.readers(root_id, note=True))) is not None


def _give(ticket, post, viewer, person_id):
    if ticket.assignee_id != person_id:
        ticket.assignee_id = person_id
        record(Verb.TICKET_ASSIGNED, post, viewer, ref_id=person_id)


def break_glass(root_id, viewer):
    """Let an admin read a confidential team's thread for an hour; the team sees that it happened.
    Raises NotAllowed, Missing, Conflict (they are part of it themselves)."""
    policy.require(viewer, "glass.break")
    root = locked(Post, root_id)
    if root.root_id != root.id or not root.sealed or root.kind != "ticket":
        raise Missing("There is no confidential ticket with this number. Look at the number again; others open without breaking glass.")
    key = {"person_id": viewer.id, "root_id": root.id}
    row = db.session.get(Access, key, populate_existing=True)
    if policy.can(viewer, "note.write", root) or row and row.why == "glass" and row.until > now():
        return
    if row and row.why != "glass" or root.author_id == viewer.id:
        raise NotAllowed("You are part of this ticket yourself, so another admin has to look at it.")
    until = now() + GLASS
    if not row and not insert_new(Access.__table__, key | {"why": "glass", "until": until}, "person_id", "root_id"):
        raise Conflict("This was done a moment ago. Open the ticket.")
    if row:
        row.until = until
    record(Verb.GLASS_BROKEN, root, viewer, note=True, ref_id=viewer.id)
