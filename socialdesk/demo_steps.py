"""What comes of a thread of the demo's many, step by step, as the rules of the desk have it; pure computing."""
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from .events import Verb
from .posts.models import IDEA_NEXT
from .tickets.models import ENDED, NEXT


@dataclass
class Said:
    """A reply.  who: a person's id."""

    who: int
    at: datetime
    text: str
    note: bool = False
    accepted_at: datetime | None = None
    likes: list = field(default_factory=list)


class Happened(NamedTuple):
    """An event of the ledger.  reply: the number of the reply it is about, or None for the thread."""

    verb: Verb
    who: int | None
    at: datetime
    before: str | None = None
    after: str | None = None
    ref: int | None = None
    facts: dict = {}
    sentence: str = ""
    reply: int | None = None


@dataclass
class Many:
    """A thread as it stands in the end.  The lists are ids of people; ticket: columns of Ticket; chosen: (person, option);
    photo: the name of one of demo_pictures."""

    kind: str
    by: int
    at: datetime
    title: str
    text: str
    tags: list
    audience: str = "everyone"
    circle_id: int | None = None
    team_id: int | None = None
    sealed: bool = False
    status: str | None = None
    shown_as: str | None = None
    replies: list = field(default_factory=list)
    events: list = field(default_factory=list)
    ticket: dict | None = None
    likes: list = field(default_factory=list)
    votes: list = field(default_factory=list)
    me_toos: list = field(default_factory=list)
    savers: list = field(default_factory=list)
    readers: list = field(default_factory=list)
    added: list = field(default_factory=list)
    thanked: list = field(default_factory=list)
    choices: list = field(default_factory=list)
    chosen: list = field(default_factory=list)
    closes_at: datetime | None = None
    photo: str | None = None


# --- the steps: many, who, at, text, argument

def _says(many, who, at, text, _):
    number = len(many.replies)
    many.replies.append(Said(who, at, text))
    by_desk = many.ticket is not None and who != many.by
    many.events.append(Happened(Verb.REPLIED, who, at, reply=number, facts={"by": "agent"} if by_desk else {}))
    if by_desk:
        _word(many.ticket, at)
    elif many.ticket:
        verb = {("on_hold", "requester"): Verb.TICKET_RESUMED, ("resolved", None): Verb.TICKET_REOPENED}.get(
            (many.ticket["status"], many.ticket["hold_reason"]))
        if verb:
            move(many, who, at, "in_progress", verb=verb, by="requester")


def _notes(many, who, at, text, _):
    many.events.append(Happened(Verb.REPLIED, who, at, reply=len(many.replies)))
    many.replies.append(Said(who, at, text, note=True))


def _sets(many, who, at, text, argument):
    status, _, reason = argument.partition(":")
    if status not in NEXT[many.ticket["status"]]:
        return
    if who != many.by and many.ticket["assignee_id"] is None:
        _takes(many, who, at, "", "")
    move(many, who, at, status, reason or None, text, by="agent" if who != many.by else "requester")


def move(many, who, at, status, reason=None, sentence="", verb=Verb.TICKET_STATUS_CHANGED, by="agent"):
    """Another state of a ticket, with its times and its event."""
    ticket = many.ticket
    before, ticket["status"], ticket["hold_reason"] = ticket["status"], status, reason
    ticket["resolved_at"] = at if status == "resolved" else None if status not in ENDED else ticket["resolved_at"]
    ticket["closed_at"], ticket["closes_at"] = at if status in ENDED else None, None
    ticket["version"] += 1
    ticket["reopened"] += verb == Verb.TICKET_REOPENED
    facts = {"by": by, "version": ticket["version"]} | ({"hold_reason": reason} if reason else {})
    many.events.append(Happened(verb, who, at, before, status, None, facts, sentence))
    if sentence and by == "agent":
        _word(ticket, at)


def _word(ticket, at):
    ticket["first_word_at"], ticket["last_word_at"] = ticket["first_word_at"] or at, at


def _takes(many, who, at, text, argument):
    many.ticket["assignee_id"] = who
    many.events.append(Happened(Verb.TICKET_ASSIGNED, who, at, ref=who))


def _accepts(many, who, at, text, argument):
    answers = [reply for reply in many.replies if reply.who != many.by]
    if answers and who == many.by:
        answers[0].accepted_at = at
        before, many.status = many.status, "answered"
        many.events.append(Happened(Verb.ANSWER_ACCEPTED, who, at, before, "answered", reply=many.replies.index(answers[0])))


def _has_it(many, who, at, text, argument):
    if who != many.by and who not in many.me_toos:
        many.me_toos.append(who)


def _weighs(many, who, at, text, argument):
    if argument in IDEA_NEXT[many.status]:
        before, many.status = many.status, argument
        many.events.append(Happened(Verb.IDEA_MOVED, who, at, before, argument, sentence=text))


#: verb of the samples -> what it does
STEPS = {"says": _says, "notes": _notes, "sets": _sets, "takes": _takes, "accepts": _accepts, "has-it": _has_it, "weighs": _weighs}
