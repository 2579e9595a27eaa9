"""Major incidents: an incident that everyone is told of, in a public post of its own, with a promised time of the next word."""
from datetime import timedelta

import sqlalchemy as sa

from .. import events, policy
from ..db import EPOCH, db, locked, now
from ..errors import Conflict, Invalid
from ..events import Event, Verb, record
from ..jobs import clockwork
from ..posts import actions as posts
from ..posts.models import Post
from ..posts.share_actions import tie
from .checker import check_promise
from .models import OPEN, Major, Ticket

TEAM_AFTER = timedelta(minutes=30)      # an overdue promise: first its author is told, so much later the team
MOST_OVERDUE = 100
ENDING = ("resolved", "canceled")       # a ticket that gets there is no major incident any more


def declare_major(ticket_id, viewer, prepared, minutes):
    """Tell everyone of an incident.  prepared: the public text; minutes: until the next word.  Where it is one already, nothing
    happens; one that was over comes back in its own thread.  Returns the id of the public post.
    Raises Missing, NotAllowed, Invalid, Conflict."""
    post, ticket = locked(Post, ticket_id), locked(Ticket, ticket_id)
    policy.require(viewer, "major.declare", post)
    promise = now() + check_promise(minutes)
    major = _major_of(ticket_id)
    if major and major.ended_at is None:
        return major.post_id
    if ticket.type != "incident" or ticket.status not in OPEN:
        raise Conflict("Only an incident that is still open can be a major one. Look at how the ticket stands, and change its type if need be.")
    public = _say_again(major, viewer, prepared) if major else _say_first(post, viewer, prepared)
    major = db.session.get(Major, public.root_id)
    major.next_update_at, major.ended_at = promise, None
    db.session.flush()
    record(Verb.MAJOR_DECLARED, public, viewer, next_at=_micro(promise))
    record(Verb.MAJOR_DECLARED, post, viewer, ref_id=public.root_id)
    return public.root_id


def _major_of(ticket_id):
    """The Major of a ticket whose public post still stands, or None."""
    major = db.session.scalar(sa.select(Major).where(Major.ticket_id == ticket_id).with_for_update().execution_options(populate_existing=True))
    if major and db.session.scalar(sa.select(Post.deleted_at).where(Post.id == major.post_id)):
        db.session.delete(major)                # taken back: nobody reads it any more
        db.session.flush()
        return None
    return major


def _say_first(post, viewer, prepared):
    public = posts.publish(viewer, "announcement", prepared, audience="everyone")
    db.session.add(Major(post_id=public.id, ticket_id=post.id, next_update_at=now()))
    db.session.flush()
    tie(public, post)
    return public


def _say_again(major, viewer, prepared):
    return posts.reply(major.post_id, viewer, prepared, event=False)


def say_word(public_id, viewer, prepared, minutes):
    """The next word on a major incident, and when the one after it comes.  Returns the reply.  Raises Missing, NotAllowed, Invalid, Conflict."""
    root_id = db.session.scalar(sa.select(Post.root_id).where(Post.id == public_id))
    policy.require(viewer, "major.update", locked(Post, root_id or public_id))
    major = db.session.get(Major, root_id, with_for_update=True, populate_existing=True)
    if major is None or major.ended_at is not None:
        raise Conflict("This is no major incident any more, so there is no next word to promise. Write a reply instead; your text is kept.")
    promise = now() + check_promise(minutes)
    reply = posts.reply(root_id, viewer, prepared, event=False)
    major.next_update_at = promise
    db.session.flush()
    record(Verb.MAJOR_UPDATED, reply, viewer, next_at=_micro(promise))
    return reply


def end_major(ticket_id, viewer):
    """Say that it is over for everyone; the ticket itself goes on.  Twice is once.  Raises Missing, NotAllowed, Conflict."""
    post, _ = locked(Post, ticket_id), locked(Ticket, ticket_id)
    policy.require(viewer, "major.declare", post)
    if not end_with(post, viewer) and _major_of(ticket_id) is None:
        raise Conflict("This ticket is no major incident, so there is nothing to end.")


def end_with(post, actor, hold_until=None):
    """End the major incident of a ticket, if it is one.  post: the ticket's, locked.  Returns whether it was."""
    major = _major_of(post.id)
    if major is None or major.ended_at is not None:
        return False
    major.ended_at = now()
    db.session.flush()
    public = db.session.get(Post, major.post_id)
    record(Verb.MAJOR_ENDED, public, actor, hold_until=hold_until)
    record(Verb.MAJOR_ENDED, post, actor, hold_until=hold_until, ref_id=public.id)
    return True


def revive_with(post):
    """Take the end of a major incident back with the change of state that brought it, while that is held."""
    major = _major_of(post.id)
    if major is None:
        return
    held = db.session.scalars(sa.select(Event.id).where(
        Event.verb == Verb.MAJOR_ENDED, Event.root_id.in_((post.id, major.post_id)), Event.hold_until > now())).all()
    if held and all([events.take_back(event_id) for event_id in held]):
        major.ended_at = None
        db.session.flush()


def _micro(moment):
    return (moment - EPOCH) // timedelta(microseconds=1)


@clockwork("overdue_majors", 60)
def remind_of_promises():
    """A promised word that has not come: its author is told, half an hour later the team."""
    due = sa.select(Major).join(Post, Post.id == Major.post_id).where(
        Major.ended_at.is_(None), Major.next_update_at <= now(), Post.deleted_at.is_(None)).order_by(Major.next_update_at).limit(MOST_OVERDUE)
    for major in db.session.scalars(due.execution_options(populate_existing=True)).all():
        public = locked(Post, major.post_id)
        told = db.session.scalars(sa.select(Event.after).where(
            Event.root_id == public.id, Event.verb == Verb.MAJOR_OVERDUE, Event.at >= major.next_update_at)).all()
        if "author" not in told:
            record(Verb.MAJOR_OVERDUE, public, None, after="author", ref_id=_promiser(public.id))
        elif "agent" not in told and major.next_update_at + TEAM_AFTER <= now():
            record(Verb.MAJOR_OVERDUE, public, None, after="agent")


def _promiser(public_id):
    """Who gave the promise that stands now."""
    return db.session.scalar(sa.select(Event.actor_id).where(
        Event.root_id == public_id, Event.verb.in_((Verb.MAJOR_DECLARED, Verb.MAJOR_UPDATED))).order_by(Event.id.desc()).limit(1))
