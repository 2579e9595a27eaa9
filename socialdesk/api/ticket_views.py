"""Tickets through the API."""
from ..db import transaction
from ..posts.queries import prepare
from ..tickets import actions as tickets
from ..tickets import queries as desk
from ..tickets.models import STATUSES
from . import ticket_actions, ticket_queries
from .door_views import PAGED, endpoint, once, page, shown

_FILTERS = {
    "status": {"type": "string", "enum": list(STATUSES)},
    "assignee": {"type": "string", "description": "a handle, me, or none"},
    "tag": {"type": "string", "description": "a hashtag"},
    "mine": {"type": "boolean", "default": False, "description": "only those the caller asked for; of a requester it is always so"}}


@endpoint("GET", "/tickets", "Tickets, newest first", tag="Tickets", scope="read", args=_FILTERS | PAGED, answer="Tickets")
def show_tickets(person, args):
    """A requester's own; an agent's all visible."""
    assignee = person.handle if args["assignee"] == "me" else args["assignee"]
    rows, after = desk.tickets_of(person, mine=args["mine"], status=args["status"], assignee=assignee, tag=args["tag"],
                                                    cursor=args["cursor"], limit=args["limit"])
    return page(ticket_queries.tickets_of(person, [row.id for row in rows]), after)


@endpoint("POST", "/tickets", "Open a ticket", tag="Tickets", scope="write", body="NewTicket", answer="Ticket", status=201, keyed=True)
def make_ticket(person, data):
    """A private ticket in the caller's name."""
    prepared = prepare(person, data["body"], title=data.get("title"))
    choices = {name: data[name] for name in ("type", "urgency") if name in data}
    made = once(person, lambda: {"id": tickets.open_ticket(person, prepared, **choices).id})
    return shown(ticket_queries.ticket_of, person, made)


@endpoint("GET", "/tickets/{id}", "A ticket", tag="Tickets", scope="read", answer="Ticket")
def show_ticket(person, id):
    """A ticket the caller may see."""
    return ticket_queries.ticket_of(person, id)


@endpoint("PATCH", "/tickets/{id}", "Change a ticket: all that is named, or nothing", tag="Tickets", scope="write", body="TicketChange",
          answer="ChangedTicket", refusals=(409,))
def change_ticket(person, id, data):
    """Status, owner, team, type, urgency and impact in one deed."""
    with transaction():
        ticket_actions.change_ticket(id, person, data)
    return shown(ticket_queries.ticket_of, person, id)


@endpoint("POST", "/tickets/{id}/take", "Take a ticket", tag="Tickets", scope="write", answer="Ticket", refusals=(409,))
def take_ticket(person, id):
    """409 if another agent has it."""
    with transaction():
        tickets.take(id, person)
    return shown(ticket_queries.ticket_of, person, id)


@endpoint("GET", "/tickets/{id}/timeline", "All that happened to a ticket, oldest first", tag="Tickets", scope="read", args=PAGED, answer="Timeline")
def show_timeline(person, id, args):
    """Events and replies as the caller may see them."""
    return page(*ticket_queries.timeline_of(person, id, args["cursor"], args["limit"]))
