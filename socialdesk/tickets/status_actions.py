"""How a ticket moves from state to state: by a person with a sentence, by a reply, by the clock."""
from datetime import timedelta

import sqlalchemy as sa

from .. import policy
from ..db import EPOCH, db, locked, now
from ..errors import Conflict, Invalid, NotAllowed
from ..events import Verb, hint, record
from ..jobs import clockwork
from ..posts.models import Post
from .checker import check_sentence, closing_time
from .major_actions import ENDING, end_with
from .models import ENDED, HOLD_REASONS, NEXT, OPEN, STATUSES, Sentence, Ticket
from .queries import next_statuses

#: the states as people say them
WORDS = {"new": "received", "in_progress": "being worked on", "on_hold": "waiting", "resolved": "fixed", "closed": "done",
         "canceled": "withdrawn"}
CLOSE_AT_ONCE = 200             # tickets closed in one transaction of the clockwork
TIMES = ("resolved_at", "closes_at", "closed_at")


def ticket_for(ticket_id, viewer, deed):
    """(Ticket, its Post) for a deed, locked in the order everybody locks them.  Raises Missing, NotAllowed."""
    post, ticket = locked(Post, ticket_id), locked(Ticket, ticket_id)
    policy.require(viewer, deed, post)
    return ticket, post


def change_status(ticket_id, viewer, status, sentence="", hold_reason=None, hold_seconds=0, reply_id=None):
    """Move a ticket on.  sentence: what the desk says with it; reply_id: the reply that says it.  Returns the Event.
    hold_seconds: so long its author may undo it.  Raises Missing, NotAllowed, Invalid, Conflict."""
    ticket, post = ticket_for(ticket_id, viewer, "ticket.change_status")
    text = check_sentence(sentence)
    check_status(status)
    _check_move(viewer, post, ticket, status)
    check_status(status, hold_reason)
    is_requester = post.author_id == viewer.id
    if not text and not (is_requester and "requester" in NEXT[ticket.status][status]):
        raise Invalid("Add one sentence for the person who asked: what was done, or what happens next.", field="sentence")
    reopens = is_requester and ticket.status == "resolved" and status == "in_progress"
    return move_on(ticket, post, viewer, status, verb=Verb.TICKET_REOPENED if reopens else Verb.TICKET_STATUS_CHANGED,
                   hold_reason=hold_reason, text=text, hold_seconds=hold_seconds, reply_id=reply_id)


def check_status(status, hold_reason="requester"):
    """A status that exists, and what one on hold waits for.  Raises Invalid."""
    if status not in STATUSES:
        raise Invalid("A ticket can be " + ", ".join(STATUSES) + ". Choose one of these.", field="status")
    if status == "on_hold" and hold_reason not in HOLD_REASONS:
        raise Invalid("Say what it waits for: the person who asked (requester), a supplier, or a planned change.", field="hold_reason")


def _check_move(viewer, post, ticket, status):
    """Does the table lead from here to there, and for this person?"""
    if status not in NEXT[ticket.status]:
        raise Conflict(_why_not(ticket.status, status))
    if status not in next_statuses(viewer, post, ticket):
        raise NotAllowed(f"Only the desk can say that your ticket is {WORDS[status]}. Write a reply, and they read it."
                         if (ticket.status, status) != ("on_hold", "in_progress") else
                         "Your ticket goes on as soon as what it waits for is there. Write a reply if you have news.")


def _why_not(before, after):
    if before in ENDED:
        return f"This ticket is {WORDS[before]}, and that is its end. Write a reply, and a new one opens that is linked to it."
    if before == after:
        return f"This ticket is {WORDS[before]} already. Look at it again before you change it."
    return f"A ticket that is {WORDS[before]} cannot become {WORDS[after]} in one step. Choose one of the steps its page offers."


def move_on(ticket, post, actor, status, *, verb=Verb.TICKET_STATUS_CHANGED, hold_reason=None, text="", hold_seconds=0, reply_id=None):
    """Set a state and record it, with all that undoing it needs while it is held.  actor: None for the clock.  Returns the Event."""
    before, former = ticket.status, _former(ticket) if hold_seconds else {}
    set_status(ticket, status, hold_reason)
    ticket.reopened += verb == Verb.TICKET_REOPENED
    by = _by(actor, post)
    reason = {"hold_reason": ticket.hold_reason} if ticket.hold_reason else {}
    event = record(verb, post, actor, before=before, after=status, ref_id=reply_id, by=by, version=ticket.version,
                   hold_until=now() + timedelta(seconds=hold_seconds) if hold_seconds else None, **reason, **former)
    if text:
        db.session.add(Sentence(event_id=event.id, text=text))
        if by == "agent":
            count_word(ticket, event.at)
    db.session.flush()
    if status in ENDING:
        end_with(post, actor, event.hold_until)
    if hold_seconds:
        show(post)
    return event


def show(post):
    """Let open pages fetch a state at once: its sentence and its notices follow when they are told."""
    hint(f"post:{post.id}", f"desk:team:{post.team_id}" if post.sealed else "desk")


def set_status(ticket, status, hold_reason=None):
    """Give a ticket a state and the times that go with it."""
    ticket.status = status
    ticket.hold_reason = hold_reason if status == "on_hold" else None
    ticket.closes_at = closing_time(now()) if status == "resolved" else None
    ticket.closed_at = now() if status in ENDED else None
    if status == "resolved":
        ticket.resolved_at = now()
    elif status in OPEN:
        ticket.resolved_at = None
    ticket.version += 1


def _by(actor, post):
    """Whose doing it is, as a word of the ledger.  On one's own ticket nobody is the desk."""
    if actor is None:
        return "clockwork"
    return "agent" if speaks_for_desk(actor, post) else "requester"


def speaks_for_desk(person, post):
    """Is what this person says on a ticket a word from the desk?"""
    return post.author_id != person.id and policy.can(person, "ticket.take", post)


def count_word(ticket, at):
    """A person of the desk said something its requester can read."""
    ticket.first_word_at = ticket.first_word_at or at
    ticket.last_word_at = max(ticket.last_word_at, at)


def _former(ticket):
    """How a ticket stands, as facts of the ledger: closed words and microseconds."""
    facts = {f"was_{name}": micro(getattr(ticket, name)) for name in TIMES}
    facts |= {"was_hold_reason": ticket.hold_reason, "was_reopened": ticket.reopened}
    return {name: value for name, value in facts.items() if value is not None}


def micro(moment):
    """A moment as whole microseconds since 1970, or None."""
    return None if moment is None else (moment - EPOCH) // timedelta(microseconds=1)


@clockwork("close_resolved", 60)
def close_resolved():
    """Close the tickets whose requester did not object in time."""
    due = sa.select(Ticket.post_id).where(Ticket.status == "resolved", Ticket.closes_at <= now()).order_by(Ticket.closes_at)
    for ticket_id in db.session.scalars(due.limit(CLOSE_AT_ONCE)).all():
        post = locked(Post, ticket_id)
        ticket = locked(Ticket, ticket_id)
        if ticket.status == "resolved" and ticket.closes_at and ticket.closes_at <= now():      # else reopened in the meantime
            move_on(ticket, post, None, "closed")
