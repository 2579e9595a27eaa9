"""What the tests of tickets share: the table as promised, a ticket put into a state, and what a deed has left behind."""
import re

import sqlalchemy as sa

from socialdesk.db import db, now, transaction
from socialdesk.events import Event, Hint
from socialdesk.jobs import Job
from socialdesk.posts.models import Access, Idem, Link, Post
from socialdesk.tickets.checker import closing_time
from socialdesk.tickets.models import Sentence, Ticket

STATUSES = ("new", "in_progress", "on_hold", "resolved", "closed", "canceled")

#: the promise, written by hand: where the desk leads a ticket, and where its requester does
DESK = {"new": "in_progress on_hold resolved canceled", "in_progress": "on_hold resolved canceled",
        "on_hold": "in_progress resolved canceled", "resolved": "closed in_progress", "closed": "", "canceled": ""}
REQUESTER = {"new": "canceled", "in_progress": "canceled", "on_hold": "canceled", "resolved": "closed in_progress",
             "closed": "", "canceled": ""}


def put(ticket, status, hold_reason=None):
    """Let a ticket stand so, as if it had come there."""
    with transaction():
        row = db.session.get(Ticket, ticket.id)
        row.status, row.hold_reason = status, hold_reason or ("supplier" if status == "on_hold" else None)
        row.resolved_at = now() if status in ("resolved", "closed") else None
        row.closes_at = closing_time(now()) if status == "resolved" else None
        row.closed_at = now() if status in ("closed", "canceled") else None


def row_of(ticket):
    """The row of a ticket as a dict."""
    db.session.rollback()
    found = db.session.execute(sa.select(*Ticket.__table__.c).where(Ticket.post_id == ticket.id)).one()
    return dict(found._mapping)


def traces():
    """All that a deed could leave behind: refused, it must be the same as before."""
    db.session.rollback()
    rows = {table.__tablename__: sorted(map(str, db.session.execute(sa.select(*table.__table__.c)).all()))
            for table in (Ticket, Event, Job, Sentence, Post, Access, Link, Idem, Hint)}
    db.session.rollback()
    return rows


def told(left):
    """The traces that tell somebody something: without the hints that make open pages look again."""
    return {name: rows for name, rows in left.items() if name != "hint"}


def story(ticket):
    """What the ledger tells of a ticket: (verb, before, after)."""
    db.session.rollback()
    return [tuple(row) for row in db.session.execute(sa.select(Event.verb, Event.before, Event.after)
                                                     .where(Event.root_id == ticket.id).order_by(Event.id))]


def sentences(ticket):
    """The sentences that stand with a ticket's changes of state."""
    db.session.rollback()
    return list(db.session.scalars(sa.select(Sentence.text).join(Event, Event.id == Sentence.event_id)
                                   .where(Event.root_id == ticket.id).order_by(Event.id)))


def offered(page, ticket_id):
    """The statuses the forms of a page offer for a ticket."""
    found = set()
    for form in re.findall(r"<form\b.*?</form>", page, re.S):
        if f'action="/p/{ticket_id}/status"' in form:
            found |= set(re.findall(r'<button[^>]*\bname="status"[^>]*\bvalue="([a-z_]+)"', form))
    return found


def offered_with_a_reply(page, ticket_id):
    """The statuses the reply form of a page offers to set; None where it has no such choice."""
    form = re.search(rf'<form id="reply".*?action="/p/{ticket_id}/reply".*?</form>', page, re.S)[0]
    select = re.search(r'<select name="status".*?</select>', form, re.S)
    return select and {value.partition(":")[0] for value in re.findall(r'<option value="([a-z_:]+)"', select[0])}
