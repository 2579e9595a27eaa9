"""What one can do with tickets: open one, answer in any thread; the other deeds stand beside, by noun."""
import sqlalchemy as sa

from .. import policy
from ..db import db, insert_new, locked, now
from ..errors import Conflict, Invalid
from ..events import Event, Verb, record
from ..people.models import Team
from ..posts import actions as posts
from ..posts.checker import excerpt
from ..posts.models import Access, Link, Post
from ..tags.actions import owning_team
from .checker import MAX_SENTENCE
from .desk_actions import assign, break_glass, change, check_type, check_urgency, move, take
from .models import ENDED, OPEN, Ticket, priority
from .status_actions import change_status, check_status, count_word, move_on, speaks_for_desk
from .undo_actions import undo_reply, undo_status

__all__ = ["assign", "break_glass", "change", "change_status", "move", "open_ticket", "reply", "take", "undo_reply", "undo_status"]


def open_ticket(author, prepared, *, type="incident", urgency="medium", audience="private", in_feed=True, made_at=None,
                source=None, external_id=None, status="new", hold_reason=None, team_id=None, event=True, follows_id=None):
    """Open a ticket with the team that answers for its hashtags, or in triage.  status, made_at, source: it comes from
    elsewhere.  follows_id: the ended ticket it goes on from.  Returns its Post.  Raises Invalid, Missing."""
    check_type(type), check_urgency(urgency), check_status(status, hold_reason)
    if audience != "private":
        raise Invalid("A ticket is read by the person who asked, those they add, and the desk. To tell others, ask a question as well.",
                      field="audience")
    post = posts.publish(author, "ticket", prepared, audience=audience, team_id=team_id, in_feed=in_feed, made_at=made_at,
                         source=source, external_id=external_id, event=event)
    if team_id is not None and prepared.tags:
        _keep_confidential(post)
    moment = made_at or now()
    db.session.add(Ticket(post_id=post.id, type=type, status=status, urgency=urgency, priority=priority("low", urgency),
                          hold_reason=hold_reason, team_id=post.team_id, opened_at=moment, last_word_at=moment,
                          resolved_at=None if status in OPEN else moment, closed_at=moment if status in ENDED else None))
    db.session.flush()
    if event:
        record(Verb.TICKET_OPENED, post, author, ref_id=post.team_id, route=_route(post, team_id, follows_id))
    if follows_id:
        _link(post, author, follows_id)
    return post


def _route(post, team_id, follows_id):
    """Why it is with the team it is with, as a word of the ledger."""
    if follows_id:
        return "follow_up"
    return "triage" if post.team_id is None else "hashtag" if team_id is None else "agent"


def _keep_confidential(post):
    """A hashtag of a confidential team leads there, whatever team was said."""
    owner = owning_team(post.id)
    if owner != post.team_id and owner and db.session.scalar(sa.select(Team.confidential).where(Team.id == owner)):
        posts.move_rights(post.id, team_id=owner)


def _link(post, author, follows_id):
    """Tie a follow-up to the ticket it goes on from; who asked there reads it as well."""
    asked = db.session.scalar(sa.select(Post.author_id).where(Post.id == follows_id))
    insert_new(Link.__table__, {"from_id": post.id, "to_id": follows_id, "kind": "follow_up"}, "from_id", "to_id", "kind")
    row = {"person_id": asked, "root_id": post.id, "why": "participant", "until": None}
    if insert_new(Access.__table__, row, "person_id", "root_id"):
        record(Verb.ACCESS_GIVEN, post, author, ref_id=asked, after="participant")


def reply(root_id, author, prepared, *, note=False, hold_seconds=0, status=None, hold_reason=None):
    """Answer in any thread; on a ticket an answer also resumes, reopens or follows up.  status: the desk sets it with
    these words.  Returns the reply's Post, or the Post of the ticket it opened.  Raises Missing, NotAllowed, Conflict, Invalid."""
    thread_id = db.session.scalar(sa.select(Post.root_id).where(Post.id == root_id))
    is_ticket = thread_id and db.session.scalar(sa.select(Ticket.post_id).where(Ticket.post_id == thread_id))
    if not is_ticket:
        return posts.reply(root_id, author, prepared, note=note, hold_seconds=hold_seconds)
    locked(Post, thread_id)
    ticket = locked(Ticket, thread_id)
    if note and status:
        raise Invalid("A note is for the desk alone, so it cannot change how the ticket stands. Send it as a reply, or leave the state.",
                      field="status")
    if ticket.status in ENDED and not note and not status:
        return _follow_up(ticket, author, prepared)
    post = posts.reply(root_id, author, prepared, note=note, hold_seconds=hold_seconds)
    if not note:
        _take_notice(ticket, author, post, hold_seconds)
    if status:
        status, _, reason = status.partition(":")
        change_status(thread_id, author, status, excerpt(prepared.plain, MAX_SENTENCE), hold_reason or reason, hold_seconds, reply_id=post.id)
    return post


def _take_notice(ticket, author, post, hold_seconds):
    """What a reply does to its ticket: a word from the desk, or the requester's answer."""
    root = db.session.get(Post, ticket.post_id)
    if author.id == root.author_id:
        _bring_back(ticket, root, author, post, hold_seconds)
    elif speaks_for_desk(author, root):
        event = db.session.scalar(sa.select(Event).where(Event.post_id == post.id, Event.verb == Verb.REPLIED))
        event.facts = {**event.facts, "by": "agent"}            # what undoing counts the words from
        count_word(ticket, event.at)
    db.session.flush()


def _bring_back(ticket, root, author, post, hold_seconds):
    """The requester's reply: what waited for it goes on, what was fixed is open again."""
    verb = {("on_hold", "requester"): Verb.TICKET_RESUMED, ("resolved", None): Verb.TICKET_REOPENED}.get((ticket.status, ticket.hold_reason))
    if verb:
        move_on(ticket, root, author, "in_progress", verb=verb, hold_seconds=hold_seconds, reply_id=post.id)


def _follow_up(ticket, author, prepared):
    """A reply to an ended ticket: a new one with the same team, linked to it."""
    ended = db.session.get(Post, ticket.post_id)
    policy.require(author, "post.reply", ended)
    if ended.deleted_at:
        raise Conflict("This was taken back in the meantime, so it takes no more replies. Your text is kept: ask anew, or copy it.")
    return open_ticket(author, prepared, type=ticket.type, urgency=ticket.urgency, team_id=ticket.team_id, follows_id=ended.id)
