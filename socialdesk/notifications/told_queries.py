"""Who is told of an event: the people it concerns, asked in SQL with their rights, their mutes and choices."""
from functools import lru_cache
from types import SimpleNamespace

import sqlalchemy as sa

from ..events import Verb
from ..knowledge.models import Article
from ..people.models import Membership, Person, TeamMember
from ..policy import are_agents, readers
from ..posts.models import Access, Follow, Kudos, Link, Mention, MeToo, Post, Reaction
from ..tags.models import PostTag, TagFollow
from ..tickets.models import Major, Ticket
from .audience_queries import MENTIONED, PASSIVE, RELATIONS
from .models import Choice

ROOT_ID, POST_ID, AUTHOR_ID, CIRCLE_ID, ACTOR_ID, REF_ID, ANSWER_ID, ASSIGNEE_ID = (
    sa.bindparam(name, type_=Post.id.type)
    for name in ("root_id", "post_id", "author_id", "circle_id", "actor_id", "ref_id", "answer_id", "assignee_id"))


@lru_cache(maxsize=512)
def told_by(shape, part=False, most=None):
    """SELECT id, tz, hours, rank … of the people an event of this Shape concerns, who may read it now, are not its actor and want it: a
    row for each relation by which they do.  To be executed with Concern.values.  rank: index into RELATIONS.  part: only persons in a
    range of ids, the parameters first and last; most: so many rows."""
    best = _candidates(shape, part)
    follow = sa.and_(Follow.root_id == ROOT_ID, Follow.person_id == Person.id)
    breaks = [RELATIONS.index(relation) for relation in shape.breaks_silence]
    own = sa.false() if shape.verb == Verb.LIKED else sa.or_(Person.id == AUTHOR_ID, best.c.rank == RELATIONS.index("owner"))
    for_quiet = (sa.or_(sa.not_(Person.only_tickets), own),) if shape.is_social else ()
    wanted = sa.or_(Follow.level.is_(None), Follow.level == "all", best.c.rank.in_(breaks),
                    sa.and_(Follow.level == "mentions", best.c.rank == MENTIONED))
    return (sa.select(Person.id, Person.tz, Person.hours, Person.quiet_until, Person.even_outside, Person.batch_hours, Person.daily_pushes,
                      best.c.rank).join(best, best.c.person_id == Person.id)
            .outerjoin(Follow, follow)
            .where(Person.state == "active", Person.id != ACTOR_ID, wanted, *for_quiet, *_heard(shape, best),
                   _chosen(shape, best), readers(ROOT_ID, note=shape.note, among=Person))
            .order_by(Person.id, best.c.rank).limit(most))


def _heard(shape, best):
    """The conditions that neither a hashtag nor the circle of the thread is muted by the person, as far as that counts:
    what one asked, owns or follows by itself is told all the same."""
    quiet, deaf = hearing(SimpleNamespace(id=ROOT_ID, circle_id=CIRCLE_ID))
    passive = [place for place in PASSIVE if RELATIONS[place] in dict(shape.matters)]
    if not passive and "mentioned" not in dict(shape.matters):
        return ()
    return sa.not_(sa.or_(sa.and_(best.c.rank.in_(passive), quiet), sa.and_(best.c.rank == MENTIONED, deaf))),


def hearing(root):
    """(quiet, deaf): the conditions on Person that a hashtag of the thread, or its circle, is not to be heard wholly; not even where
    they are named.  root: a row, or a table."""
    tag = sa.exists().where(TagFollow.person_id == Person.id, PostTag.tag_id == TagFollow.tag_id, PostTag.root_id == root.id)
    circle = sa.exists().where(Membership.person_id == Person.id, Membership.circle_id == root.circle_id)
    return (sa.or_(tag.where(TagFollow.level != "all"), circle.where(Membership.level != "all")),
            sa.or_(tag.where(TagFollow.level == "muted"), circle.where(Membership.level == "muted")))


def _chosen(shape, best):
    """The condition that the person wants this matter in the inbox at all."""
    keys = sa.case({RELATIONS.index(relation): matter.key for relation, matter in shape.matters}, value=best.c.rank)
    other = sa.exists().where(Choice.person_id == Person.id, Choice.channel == "inbox", Choice.matter == keys)
    by_choice = [RELATIONS.index(relation) for relation, matter in shape.matters if matter.by_choice]
    silent = [RELATIONS.index(relation) for relation, matter in shape.matters if matter.silent and not matter.by_choice]
    return sa.and_(sa.or_(best.c.rank.not_in(by_choice), other.where(Choice.level == "on")),
                   sa.or_(best.c.rank.not_in(silent), sa.not_(other.where(Choice.level == "off"))))


def _candidates(shape, part):
    """(person_id, rank): each candidate by each relation, once."""
    found = []
    for relation, matter in shape.matters:
        person, statement = _CANDIDATES[relation](shape)
        if statement is None:
            continue
        if matter.by_choice:              # few ask for it: nobody else is looked at
            statement = statement.where(person.in_(sa.select(Choice.person_id).where(
                Choice.matter == matter.key, Choice.channel == "inbox", Choice.level == "on")))
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


def _assignee(shape):
    if not shape.is_ticket:
        return _nobody()
    named = () if shape.verb != Verb.TICKET_ASSIGNED else (Ticket.assignee_id == REF_ID,)
    return _people(Ticket.assignee_id, Ticket.post_id == ROOT_ID, *named)


def _mentioned(shape):
    return _people(Mention.person_id, Mention.post_id == POST_ID)


def _author(shape):
    if shape.verb == Verb.LIKED:
        return _people(Post.author_id, Post.id == POST_ID)
    return _people(Post.author_id, Post.id == ROOT_ID)


def _requester(shape):
    return _author(shape) if shape.is_ticket else _nobody()


def _added(shape):
    only = (Access.person_id == REF_ID,) if shape.verb == Verb.ACCESS_GIVEN else ()
    return _people(Access.person_id, Access.root_id == ROOT_ID, Access.why == "participant", *only)


def _follower(shape):
    """Who follows.  Whoever stands nearer, and is told of it as such, chooses there how: one word of theirs made them follow."""
    nearer = []
    if {"author", "requester"} & set(dict(shape.matters)):
        nearer.append(Follow.person_id.is_distinct_from(AUTHOR_ID))
    if "assignee" in dict(shape.matters) and shape.is_ticket:
        nearer.append(Follow.person_id.is_distinct_from(ASSIGNEE_ID))
    if "added" in dict(shape.matters):
        nearer.append(Follow.person_id.not_in(_added(shape)[1]))
    return _people(Follow.person_id, Follow.root_id == ROOT_ID, Follow.level == "all", *nearer)


def _writer(shape):
    """Of an accepted answer, its author; of a note, those who left one before."""
    if shape.verb == Verb.ANSWER_ACCEPTED:
        return _people(Post.author_id, Post.id == ANSWER_ID, Post.parent_id.is_not(None))
    return _people(Post.author_id, Post.root_id == ROOT_ID, Post.note, Post.id < POST_ID, Post.deleted_at.is_(None))


def _thanked(shape):
    later = (Kudos.person_id == REF_ID,) if shape.verb == Verb.THANKED else ()         # named when the text was changed
    return _people(Kudos.person_id, Kudos.post_id == ROOT_ID, *later)


def _voter(shape):
    return _people(Reaction.person_id, Reaction.post_id == ROOT_ID, Reaction.kind == "vote")


def _affected(shape):
    """Of a major incident: who said me too on anything that tells of it, who asked, and who was added there."""
    ticket_id = sa.select(Major.ticket_id).where(Major.post_id == ROOT_ID).scalar_subquery()
    telling = sa.select(Link.from_id).where(Link.to_id == ticket_id, Link.kind == "shared")
    every = sa.union_all(
        sa.select(MeToo.person_id).where(sa.or_(MeToo.root_id.in_(telling), MeToo.root_id == ticket_id)),
        sa.select(Access.person_id).where(Access.root_id == ticket_id, Access.why.in_(("author", "participant")))).subquery()
    return _people(every.c.person_id)


def _promiser(shape):
    return _people(Person.id, Person.id == REF_ID) if shape.after == "author" else _nobody()


def _team(shape):
    if shape.verb == Verb.MAJOR_OVERDUE:
        return _team_of_major(shape) if shape.after == "agent" else _nobody()
    if not shape.is_for_team:                                    # triage: the desk's queue shows it, nobody's inbox does; or moved on
        return _nobody()
    return _people(TeamMember.person_id, TeamMember.team_id == REF_ID)


def _everyone(shape):
    return _people(Person.id, Person.state == "active")


def _circle(shape):
    return _people(Membership.person_id, Membership.circle_id == CIRCLE_ID)


def _tagged(shape):
    return _people(TagFollow.person_id, TagFollow.level == "all", TagFollow.tag_id == PostTag.tag_id, PostTag.root_id == ROOT_ID)


def _owner(shape):
    """Of an article, whoever answers for it still, and may write it."""
    return _people(Article.owner_id, Article.post_id == ROOT_ID, Article.owner_id == REF_ID,
                   Article.owner_id.in_(sa.select(Person.id).where(are_agents(Person))))


def _team_of_major(shape):
    """The team of a major incident's ticket; of one in triage, the desk."""
    team_id = sa.select(Ticket.team_id).join(Major, Major.ticket_id == Ticket.post_id).where(Major.post_id == ROOT_ID).scalar_subquery()
    member = sa.exists().where(TeamMember.person_id == Person.id, TeamMember.team_id == team_id)
    return _people(Person.id, are_agents(Person), sa.or_(team_id.is_(None), member))


_CANDIDATES = {"assignee": _assignee, "mentioned": _mentioned, "requester": _requester, "author": _author, "added": _added,
               "follower": _follower, "writer": _writer, "team": _team, "owner": _owner, "thanked": _thanked, "voter": _voter,
               "affected": _affected, "promiser": _promiser, "everyone": _everyone, "circle": _circle, "tagged": _tagged}
