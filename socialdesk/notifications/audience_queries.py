"""Whom an event concerns, by which relations, and by which matter each is told."""
from typing import NamedTuple

import sqlalchemy as sa

from ..events import Event, Verb
from ..posts.models import Post
from ..tickets.models import Major, Ticket
from .matters_checker import MAJORS, MATTERS, STATES, matter_of, waits

#: why somebody is told, the nearest first: who fits twice is told by the first
RELATIONS = ("thanked", "mentioned", "assignee", "requester", "promiser", "author", "added", "affected", "voter", "follower", "writer", "team",
             "owner", "circle", "everyone", "tagged")
PASSIVE = tuple(RELATIONS.index(relation) for relation in ("voter", "circle", "tagged", "everyone"))
MENTIONED = RELATIONS.index("mentioned")


def is_quiet(root, verb, relation, person_id):
    """The condition that somebody who wants just their tickets hears of it all the same: of a ticket, a major incident, what they
    said themselves, an article they answer for.  root: its thread's table; the others: columns."""
    return sa.or_(root.kind == "ticket", verb.in_(MAJORS), relation == "owner", sa.and_(root.author_id == person_id, verb != Verb.LIKED))


class Shape(NamedTuple):
    """What statements of who is told of an event are built by; all else is a parameter.  matters: (relation, Matter), …;
    is_for_team: is it the thread's team that the event names?  The others are as in Concern."""

    verb: Verb
    matters: tuple
    after: str | None
    note: bool
    is_ticket: bool
    is_for_team: bool
    is_social: bool
    breaks_silence: tuple


class Concern:
    """An event with all that decides whom it concerns and how.
    event, post, root: rows of the tables; ticket: a row, or None.  relations: who is told of it, and by which matter."""

    def __init__(self, event, post, root, ticket, is_major=False):
        self.event, self.post, self.root, self.ticket, self.is_major = event, post, root, ticket, is_major
        self.verb = Verb(event.verb)
        self.matters = {} if self._is_told_in_public else dict(self._matters())
        self.relations = tuple(self.matters)

    @property
    def _is_told_in_public(self):
        """What everyone is told of a major incident stands in the ticket's story as well, and is told once."""
        return self.verb in (Verb.MAJOR_DECLARED, Verb.MAJOR_ENDED) and self.ticket is not None

    def _matters(self):
        whats = ("note",) if self.event.note and self.verb != Verb.LIKED else (self.verb, "post") if self.verb == Verb.POSTED else (self.verb,)
        for matter in MATTERS:
            for what, relation in matter.rows:
                if what in whats and self._fits(what, relation):
                    yield relation, matter
        if self.waits_for_requester:
            yield "requester", matter_of("waits", "requester")

    def _fits(self, what, relation):
        """An announcement is told to all who may read it; another post to those who asked for its circle or hashtag.
        Of a major incident its own verbs tell."""
        if self.verb == Verb.POSTED and self.is_major and relation in ("mentioned", "circle", "tagged", "everyone"):
            return False
        if relation == "mentioned" and self.root.kind == "kudos" and what == Verb.POSTED:
            return False                                         # those named there are thanked, and told so
        if relation == "everyone":
            return self.root.audience == "everyone" and (what != Verb.POSTED or self.root.kind == "announcement")
        if relation == "circle":
            return self.root.audience == "circle" and (what == Verb.POSTED) == (self.root.kind == "announcement")
        return True

    @property
    def rings(self):
        """May a phone ring?  Where a reply changed the state, the reply rings by itself."""
        return not (self.verb in STATES and self.event.ref_id)

    def needs(self, relation):
        """Does it wait for such a person to do something?"""
        if relation in ("mentioned", "owner") or relation == "assignee" and not self.event.note and self.verb != Verb.TICKET_STATUS_CHANGED:
            return True
        if self.verb == Verb.MAJOR_OVERDUE:
            return True
        return relation == "requester" and (self.verb == Verb.REPLIED or self.waits_for_requester)

    @property
    def group(self):
        """The line of the inbox that tells of it: one a thread, likes apart."""
        return f"likes:{self.root.id}" if self.verb == Verb.LIKED else f"thread:{self.root.id}"

    @property
    def waits_for_requester(self):
        """Is the ticket, after this event, at its requester: to answer, or to check?"""
        return waits(self.verb, self.event.after, self.event.facts)

    @property
    def is_social(self):
        """Is it of the side that one may do without: neither of a ticket nor of a major incident?"""
        return self.root.kind != "ticket" and self.verb not in MAJORS

    @property
    def shape(self):
        """All that decides how the statement of told_by() is built."""
        is_for_team = self.event.ref_id is not None and self.event.ref_id == self.root.team_id
        return Shape(self.verb, tuple(self.matters.items()), self.event.after, self.event.note, self.ticket is not None, is_for_team,
                     self.is_social, self.breaks_silence)

    @property
    def values(self):
        """The parameters of that statement."""
        return {"root_id": self.root.id, "post_id": self.post.id, "author_id": self.root.author_id, "circle_id": self.root.circle_id,
                "actor_id": self.event.actor_id or 0, "ref_id": self.event.ref_id, "answer_id": self.event.ref_id or self.post.id,
                "assignee_id": self.ticket and self.ticket.assignee_id}

    @property
    def breaks_silence(self):
        """The relations that hear of it although they muted the thread: what waits for them in person."""
        return ("assignee", "promiser", *(("requester",) if self.waits_for_requester else ()))


def concern_of(session, event_id):
    """The Concern of an event that still stands, or None: it, its post or its thread was taken back."""
    event = session.get(Event, event_id)
    if event is None or event.root_id is None:
        return None
    root, post = session.get(Post, event.root_id), session.get(Post, event.post_id or event.root_id)
    if root is None or post is None or root.deleted_at or post.deleted_at:
        return None
    ticket = session.get(Ticket, root.id) if root.kind == "ticket" else None
    is_major = root.kind == "announcement" and session.scalar(sa.select(Major.post_id).where(Major.post_id == root.id)) is not None
    found = Concern(event, post, root, ticket, is_major)
    return found if found.relations else None
