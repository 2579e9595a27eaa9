"""What was told and waits: is it wanted still, and is it so still?  Conditions on rows of a delivery, asked when it is sent."""
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..events import Event, Verb
from ..people.models import Person, TeamMember
from ..posts.models import Access, Follow, Mention, Post
from ..tags.models import PostTag, TagFollow
from ..tickets.models import IS_OPEN, Major, Ticket
from .audience_queries import PASSIVE, RELATIONS
from .told_queries import hearing


def still_heard(root, event, relation):
    """Conditions that neither the thread nor its hashtags or circle were muted meanwhile."""
    mine = sa.exists().where(Follow.root_id == root.id, Follow.person_id == Person.id)
    waits_for_one = sa.or_(relation.in_(("assignee", "promiser")), sa.and_(
        relation == "requester", event.verb == Verb.TICKET_STATUS_CHANGED, event.after.in_(("resolved", "on_hold"))))
    quiet, deaf = hearing(root)
    return (sa.or_(waits_for_one, sa.not_(mine.where(Follow.level == "muted"))),
            sa.or_(waits_for_one, relation == "mentioned", sa.not_(mine.where(Follow.level == "mentions"))),
            sa.or_(relation.not_in([RELATIONS[place] for place in PASSIVE]), sa.not_(quiet)), sa.or_(relation != "mentioned", sa.not_(deaf)))


def still_true(root, event, relation, moment):
    """Conditions that what was told is so still: the ticket is theirs, or waits for their team; it stands as it was told, and what came
    back is not done again; the answer is the accepted one; the promised word is still owed; they are named, and follow it."""
    later, ticket = aliased(Event), sa.exists().where(Ticket.post_id == root.id)
    undone = sa.exists().where(later.root_id == root.id, later.id > event.id, later.verb == Verb.ANSWER_UNACCEPTED)
    team = sa.exists().where(TeamMember.team_id == root.team_id, TeamMember.person_id == Person.id)
    waits_there = sa.and_(team, ticket.where(Ticket.assignee_id.is_(None), IS_OPEN))
    owed = sa.exists().where(Major.post_id == root.id, Major.next_update_at <= moment)
    named = sa.exists().where(Mention.post_id == event.post_id, Mention.person_id == Person.id)
    follows = sa.exists().where(Follow.root_id == root.id, Follow.person_id == Person.id, Follow.level == "all")
    tagged = sa.exists().where(TagFollow.person_id == Person.id, TagFollow.level == "all", PostTag.tag_id == TagFollow.tag_id, PostTag.root_id == root.id)
    theirs = ticket.where(Ticket.assignee_id == Person.id)
    return (sa.or_(event.verb != Verb.TICKET_ASSIGNED, theirs), sa.or_(relation != "assignee", theirs, _concerns_anyway(root, event)),
            sa.or_(event.verb != Verb.TICKET_STATUS_CHANGED, ticket.where(Ticket.status == event.after)),
            sa.or_(event.verb.not_in((Verb.TICKET_REOPENED, Verb.TICKET_RESUMED)), ticket.where(IS_OPEN)),
            sa.or_(event.verb != Verb.ANSWER_ACCEPTED, sa.not_(undone)), sa.or_(event.verb != Verb.MAJOR_OVERDUE, owed),
            sa.or_(relation != "team", event.verb.not_in((Verb.TICKET_OPENED, Verb.TICKET_MOVED)), waits_there),
            sa.or_(relation != "mentioned", named), sa.or_(relation != "follower", follows), sa.or_(relation != "tagged", tagged))


def _concerns_anyway(root, event):
    """The condition that somebody is told of it whoever has the ticket: they are named; they asked it or were added; of a reply, they
    follow; of a note, they left one before.  As far as they did not silence the thread."""
    mine, noted = sa.exists().where(Follow.root_id == root.id, Follow.person_id == Person.id), aliased(Post)
    named = sa.exists().where(Mention.post_id == event.post_id, Mention.person_id == Person.id)
    added = sa.exists().where(Access.root_id == root.id, Access.person_id == Person.id, Access.why == "participant")
    wrote = sa.exists().where(noted.root_id == root.id, noted.author_id == Person.id, noted.note, noted.id < event.post_id, noted.deleted_at.is_(None))
    reads_along = sa.or_(root.author_id == Person.id, added, sa.and_(event.verb == Verb.REPLIED, mine.where(Follow.level == "all")))
    takes_part = sa.and_(sa.case((event.note, wrote), else_=reads_along), sa.not_(mine.where(Follow.level == "mentions")))
    return sa.and_(sa.or_(named, takes_part), sa.not_(mine.where(Follow.level == "muted")))
