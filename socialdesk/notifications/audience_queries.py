"""Who is told of what: the people an event concerns, asked in SQL with their rights."""
import sqlalchemy as sa

from ..events import Event, Verb
from ..knowledge.models import Article
from ..people.models import Membership, Person, TeamMember
from ..policy import are_agents, readers
from ..posts.models import Access, Follow, Kudos, Link, Mention, MeToo, Post, Reaction
from ..tags.models import PostTag, TagFollow
from ..tickets.models import Major, Ticket
from .matters_checker import MAJORS, MATTERS, STATES, matter_of, waits
from .models import Choice

#: why somebody is told, the nearest first: who fits twice is told by the first
RELATIONS = ("thanked", "mentioned", "assignee", "requester", "promiser", "author", "added", "affected", "voter", "follower", "writer", "team",
             "owner", "circle", "everyone", "tagged")
PASSIVE = tuple(RELATIONS.index(relation) for relation in ("voter", "circle", "tagged", "everyone"))
MENTIONED = RELATIONS.index("mentioned")


def is_quiet(root, verb, relation, person_id):
    """The condition that somebody who wants just their tickets hears of it all the same: of a ticket, a major incident, what they
    said themselves, an article they answer for.  root: its thread's table; the others: columns."""
    return sa.or_(root.kind == "ticket", verb.in_(MAJORS), relation == "owner", sa.and_(root.author_id == person_id, verb != Verb.LIKED))


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


def told_by(concern, part=False):
    """SELECT id, tz, hours, rank … of the people this event concerns, who may read it now, are not its actor and want it: a row for each
    relation by which they do.  rank: index into RELATIONS.  part: only persons in a range of ids, the parameters first and last."""
    best = _candidates(concern, part)
    follow = sa.and_(Follow.root_id == concern.root.id, Follow.person_id == Person.id)
    breaks = [RELATIONS.index(relation) for relation in concern.breaks_silence]
    own = sa.false() if concern.verb == Verb.LIKED else sa.or_(Person.id == concern.root.author_id, best.c.rank == RELATIONS.index("owner"))
    for_quiet = (sa.or_(sa.not_(Person.only_tickets), own),) if concern.is_social else ()
    wanted = sa.or_(Follow.level.is_(None), Follow.level == "all", best.c.rank.in_(breaks),
                    sa.and_(Follow.level == "mentions", best.c.rank == MENTIONED))
    return (sa.select(Person.id, Person.tz, Person.hours, Person.quiet_until, Person.even_outside, Person.batch_hours, Person.daily_pushes,
                      best.c.rank).join(best, best.c.person_id == Person.id)
            .outerjoin(Follow, follow)
            .where(Person.state == "active", Person.id != (concern.event.actor_id or 0), wanted, *for_quiet, *_heard(concern, best),
                   _chosen(concern, best), readers(concern.root.id, note=concern.event.note, among=Person))
            .order_by(Person.id, best.c.rank))


def _heard(concern, best):
    """The conditions that neither a hashtag nor the circle of the thread is muted by the person, as far as that counts:
    what one asked, owns or follows by itself is told all the same."""
    quiet, deaf = hearing(concern.root)
    passive = [place for place in PASSIVE if RELATIONS[place] in concern.relations]
    if not passive and "mentioned" not in concern.relations:
        return ()
    return sa.not_(sa.or_(sa.and_(best.c.rank.in_(passive), quiet), sa.and_(best.c.rank == MENTIONED, deaf))),


def hearing(root):
    """(quiet, deaf): the conditions on Person that a hashtag of the thread, or its circle, is not to be heard wholly; not even where
    they are named.  root: a row, or a table."""
    tag = sa.exists().where(TagFollow.person_id == Person.id, PostTag.tag_id == TagFollow.tag_id, PostTag.root_id == root.id)
    circle = sa.exists().where(Membership.person_id == Person.id, Membership.circle_id == root.circle_id)
    return (sa.or_(tag.where(TagFollow.level != "all"), circle.where(Membership.level != "all")),
            sa.or_(tag.where(TagFollow.level == "muted"), circle.where(Membership.level == "muted")))


def _chosen(concern, best):
    """The condition that the person wants this matter in the inbox at all."""
    keys = sa.case({RELATIONS.index(relation): matter.key for relation, matter in concern.matters.items()}, value=best.c.rank)
    other = sa.exists().where(Choice.person_id == Person.id, Choice.channel == "inbox", Choice.matter == keys)
    by_choice = [RELATIONS.index(relation) for relation, matter in concern.matters.items() if matter.by_choice]
    silent = [RELATIONS.index(relation) for relation, matter in concern.matters.items() if matter.silent and not matter.by_choice]
    return sa.and_(sa.or_(best.c.rank.not_in(by_choice), other.where(Choice.level == "on")),
                   sa.or_(best.c.rank.not_in(silent), sa.not_(other.where(Choice.level == "off"))))


def _candidates(concern, part):
    """(person_id, rank): each candidate by each relation, once."""
    found = []
    for relation in concern.relations:
        person, statement = _CANDIDATES[relation](concern)
        if statement is None:
            continue
        if concern.matters[relation].by_choice:              # few ask for it: nobody else is looked at
            statement = statement.where(person.in_(sa.select(Choice.person_id).where(
                Choice.matter == concern.matters[relation].key, Choice.channel == "inbox", Choice.level == "on")))
        statement = statement.add_columns(sa.literal(RELATIONS.index(relation)).label("rank")).where(person.is_not(None))
        found.append(statement.where(person.between(sa.bindparam("first"), sa.bindparam("last"))) if part else statement)
    if not found:
        found = [sa.select(sa.literal(0).label("person_id"), sa.literal(0).label("rank")).where(sa.false())]
    every = sa.union_all(*found).subquery()
    return sa.select(every.c.person_id, every.c.rank).distinct().subquery()


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
    if concern.verb == Verb.LIKED:
        return _people(Post.author_id, Post.id == concern.post.id)
    return _people(Post.author_id, Post.id == concern.root.id)


def _requester(concern):
    return _author(concern) if concern.ticket is not None else _nobody()


def _added(concern):
    only = (Access.person_id == concern.event.ref_id,) if concern.verb == Verb.ACCESS_GIVEN else ()
    return _people(Access.person_id, Access.root_id == concern.root.id, Access.why == "participant", *only)


def _follower(concern):
    """Who follows.  Whoever stands nearer, and is told of it as such, chooses there how: one word of theirs made them follow."""
    nearer = []
    if {"author", "requester"} & set(concern.relations):
        nearer.append(Follow.person_id.is_distinct_from(concern.root.author_id))
    if "assignee" in concern.relations and concern.ticket:
        nearer.append(Follow.person_id.is_distinct_from(concern.ticket.assignee_id))
    if "added" in concern.relations:
        nearer.append(Follow.person_id.not_in(_added(concern)[1]))
    return _people(Follow.person_id, Follow.root_id == concern.root.id, Follow.level == "all", *nearer)


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


def _everyone(concern):
    return _people(Person.id, Person.state == "active")


def _circle(concern):
    return _people(Membership.person_id, Membership.circle_id == concern.root.circle_id)


def _tagged(concern):
    return _people(TagFollow.person_id, TagFollow.level == "all", TagFollow.tag_id == PostTag.tag_id, PostTag.root_id == concern.root.id)


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
               "affected": _affected, "promiser": _promiser, "everyone": _everyone, "circle": _circle, "tagged": _tagged}
