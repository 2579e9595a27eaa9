"""Who is told of what: the people an event concerns, asked in SQL with their rights."""
import sqlalchemy as sa

from ..events import Event, Verb
from ..knowledge.models import Article
from ..people.models import Person, TeamMember
from ..policy import are_agents, readers
from ..posts.models import Access, Follow, Kudos, Link, Mention, MeToo, Post, Reaction
from ..tickets.models import Major, Ticket

#: why somebody is told, the nearest first: who fits twice is told by the first
RELATIONS = ("thanked", "mentioned", "assignee", "requester", "promiser", "author", "added", "affected", "voter", "follower", "writer", "team",
             "owner")
STATES = (Verb.TICKET_STATUS_CHANGED, Verb.TICKET_RESUMED, Verb.TICKET_REOPENED)

#: verb -> who; a note has its own line below
CONCERNS = {
    Verb.ACCESS_GIVEN: ("added",),
    Verb.ANSWER_ACCEPTED: ("writer",),
    Verb.IDEA_MOVED: ("author", "voter", "follower"),
    Verb.MAJOR_DECLARED: ("mentioned", "affected", "follower"),
    Verb.MAJOR_ENDED: ("affected", "follower"),
    Verb.MAJOR_OVERDUE: ("promiser", "team"),
    Verb.MAJOR_UPDATED: ("mentioned", "affected", "follower"),
    Verb.POSTED: ("thanked", "mentioned"),
    Verb.REPLIED: ("mentioned", "assignee", "requester", "author", "added", "follower"),
    Verb.REVIEW_DUE: ("owner",),
    Verb.THANKED: ("thanked",),
    Verb.TICKET_ASSIGNED: ("assignee",),
    Verb.TICKET_MOVED: ("team",),
    Verb.TICKET_OPENED: ("mentioned", "team"),
    **{verb: ("assignee", "requester", "added", "follower") for verb in STATES},
}
NOTE = ("mentioned", "assignee", "writer")

#: verb -> whose phone rings; the others find it in their inbox
RINGS = {
    Verb.MAJOR_DECLARED: ("mentioned", "affected", "follower"),
    Verb.MAJOR_ENDED: ("affected", "follower"),
    Verb.MAJOR_OVERDUE: ("promiser", "team"),
    Verb.MAJOR_UPDATED: ("mentioned", "affected", "follower"),
    Verb.POSTED: ("mentioned",),
    Verb.REPLIED: ("mentioned", "assignee", "requester", "author", "added", "follower"),
    Verb.TICKET_ASSIGNED: ("assignee",),
    Verb.TICKET_OPENED: ("mentioned",),
    Verb.TICKET_STATUS_CHANGED: ("requester", "added"),
    Verb.TICKET_RESUMED: ("assignee", "requester", "added"),
    Verb.TICKET_REOPENED: ("assignee", "requester", "added"),
}


MAJORS = (Verb.MAJOR_DECLARED, Verb.MAJOR_ENDED, Verb.MAJOR_OVERDUE, Verb.MAJOR_UPDATED)


def is_quiet(root, verb, relation, person_id):
    """The condition that somebody who wants just their tickets hears of it all the same: of a ticket, a major incident, what they
    said themselves, an article they answer for.  root: its thread's table; the others: columns."""
    return sa.or_(root.kind == "ticket", verb.in_(MAJORS), relation == "owner", root.author_id == person_id)


class Concern:
    """An event with all that decides whom it concerns and how.
    event, post, root: rows of the tables; ticket: a row, or None."""

    def __init__(self, event, post, root, ticket):
        self.event, self.post, self.root, self.ticket = event, post, root, ticket
        self.verb = Verb(event.verb)
        self.relations = () if self._is_told_in_public else NOTE if event.note else CONCERNS.get(self.verb, ())

    @property
    def _is_told_in_public(self):
        """What everyone is told of a major incident stands in the ticket's story as well, and is told once."""
        return self.verb in (Verb.MAJOR_DECLARED, Verb.MAJOR_ENDED) and self.ticket is not None

    def rings(self, relation):
        """Does the phone of such a person ring, or is the inbox enough?"""
        if self.verb in STATES and self.event.ref_id:           # a reply did it, and rings itself
            return False
        return relation in RINGS.get(self.verb, ()) or self.event.note and relation in NOTE

    def needs(self, relation):
        """Does it wait for such a person to do something?"""
        if relation in ("mentioned", "owner") or relation == "assignee" and not self.event.note and self.verb != Verb.TICKET_STATUS_CHANGED:
            return True
        if self.verb == Verb.MAJOR_OVERDUE:
            return True
        return relation == "requester" and (self.verb == Verb.REPLIED or self.waits_for_requester)

    @property
    def waits_for_requester(self):
        """Is the ticket, after this event, at its requester: to answer, or to check?"""
        asked = self.event.after == "on_hold" and self.event.facts.get("hold_reason") == "requester"
        return self.verb == Verb.TICKET_STATUS_CHANGED and (asked or self.event.after == "resolved")

    @property
    def is_social(self):
        """Is it of the side that one may do without: neither of a ticket nor of a major incident?"""
        return self.root.kind != "ticket" and self.verb not in MAJORS

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
    found = Concern(event, post, root, ticket)
    return found if found.relations else None


def told_by(concern, part=False):
    """SELECT id, tz, hours, rank of the people this event concerns, who may read it now, are not its actor and want it.
    rank: index into RELATIONS.  part: only persons in a range of ids, the parameters first and last."""
    best = _nearest(concern, part)
    follow = sa.and_(Follow.root_id == concern.root.id, Follow.person_id == Person.id)
    breaks = [RELATIONS.index(relation) for relation in concern.breaks_silence]
    own = sa.or_(Person.id == concern.root.author_id, best.c.rank == RELATIONS.index("owner"))
    for_quiet = (sa.or_(sa.not_(Person.only_tickets), own),) if concern.is_social else ()
    wanted = sa.or_(Follow.level.is_(None), Follow.level == "all", best.c.rank.in_(breaks),
                    sa.and_(Follow.level == "mentions", best.c.rank == RELATIONS.index("mentioned")))
    return (sa.select(Person.id, Person.tz, Person.hours, best.c.rank).join(best, best.c.person_id == Person.id)
            .outerjoin(Follow, follow)
            .where(Person.state == "active", Person.id != (concern.event.actor_id or 0), wanted, *for_quiet,
                   readers(concern.root.id, note=concern.event.note, among=Person))
            .order_by(Person.id))


def _nearest(concern, part):
    """(person_id, rank): each candidate once, by the nearest relation."""
    found = []
    for relation in concern.relations:
        person, statement = _CANDIDATES[relation](concern)
        if statement is None:
            continue
        statement = statement.add_columns(sa.literal(RELATIONS.index(relation)).label("rank")).where(person.is_not(None))
        found.append(statement.where(person.between(sa.bindparam("first"), sa.bindparam("last"))) if part else statement)
    if not found:
        found = [sa.select(sa.literal(0).label("person_id"), sa.literal(0).label("rank")).where(sa.false())]
    every = sa.union_all(*found).subquery()
    return sa.select(every.c.person_id, sa.func.min(every.c.rank).label("rank")).group_by(every.c.person_id).subquery()


def _people(column, *where):
    return column, sa.select(column.label("person_id")).where(*where)


def _nobody():
    return None, None


def _assignee(concern):
    if concern.ticket is None:
        return _nobody()
    named = () if concern.verb != Verb.TICKET_ASSIGNED else (Ticket.assignee_id == concern.event.ref_id,)
    return _people(Ticket.assignee_id, Ticket.post_id == concern.root.id, *named)


def _mentioned(concern):
    return _people(Mention.person_id, Mention.post_id == concern.post.id)


def _author(concern):
    return _people(Post.author_id, Post.id == concern.root.id)


def _requester(concern):
    return _author(concern) if concern.ticket is not None else _nobody()


def _added(concern):
    only = (Access.person_id == concern.event.ref_id,) if concern.verb == Verb.ACCESS_GIVEN else ()
    return _people(Access.person_id, Access.root_id == concern.root.id, Access.why == "participant", *only)


def _follower(concern):
    return _people(Follow.person_id, Follow.root_id == concern.root.id, Follow.level == "all")


def _writer(concern):
    """Of an accepted answer, its author; of a note, those who left one before."""
    if concern.verb == Verb.ANSWER_ACCEPTED:
        return _people(Post.author_id, Post.id == (concern.event.ref_id or concern.post.id), Post.parent_id.is_not(None))
    return _people(Post.author_id, Post.root_id == concern.root.id, Post.note, Post.id < concern.post.id, Post.deleted_at.is_(None))


def _thanked(concern):
    later = (Kudos.person_id == concern.event.ref_id,) if concern.verb == Verb.THANKED else ()         # named when the text was changed
    return _people(Kudos.person_id, Kudos.post_id == concern.root.id, *later)


def _voter(concern):
    return _people(Reaction.person_id, Reaction.post_id == concern.root.id, Reaction.kind == "vote")


def _affected(concern):
    """Of a major incident: who said me too on anything that tells of it, who asked, and who was added there."""
    ticket_id = sa.select(Major.ticket_id).where(Major.post_id == concern.root.id).scalar_subquery()
    telling = sa.select(Link.from_id).where(Link.to_id == ticket_id, Link.kind == "shared")
    every = sa.union_all(
        sa.select(MeToo.person_id).where(sa.or_(MeToo.root_id.in_(telling), MeToo.root_id == ticket_id)),
        sa.select(Access.person_id).where(Access.root_id == ticket_id, Access.why.in_(("author", "participant")))).subquery()
    return _people(every.c.person_id)


def _promiser(concern):
    return _people(Person.id, Person.id == concern.event.ref_id) if concern.event.after == "author" else _nobody()


def _team(concern):
    if concern.verb == Verb.MAJOR_OVERDUE:
        return _team_of_major(concern) if concern.event.after == "agent" else _nobody()
    team_id = concern.event.ref_id
    if team_id is None or team_id != concern.root.team_id:      # triage: the desk's queue shows it, nobody's inbox does; or moved on
        return _nobody()
    return _people(TeamMember.person_id, TeamMember.team_id == team_id)


def _owner(concern):
    """Of an article, whoever answers for it still, and may write it."""
    return _people(Article.owner_id, Article.post_id == concern.root.id, Article.owner_id == concern.event.ref_id,
                   Article.owner_id.in_(sa.select(Person.id).where(are_agents(Person))))


def _team_of_major(concern):
    """The team of a major incident's ticket; of one in triage, the desk."""
    team_id = sa.select(Ticket.team_id).join(Major, Major.ticket_id == Ticket.post_id).where(Major.post_id == concern.root.id).scalar_subquery()
    member = sa.exists().where(TeamMember.person_id == Person.id, TeamMember.team_id == team_id)
    return _people(Person.id, are_agents(Person), sa.or_(team_id.is_(None), member))


_CANDIDATES = {"assignee": _assignee, "mentioned": _mentioned, "requester": _requester, "author": _author, "added": _added,
               "follower": _follower, "writer": _writer, "team": _team, "owner": _owner, "thanked": _thanked, "voter": _voter,
               "affected": _affected, "promiser": _promiser}
