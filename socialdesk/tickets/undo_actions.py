"""Taking back what is still held: a change of state, or a reply and the change of state it brought."""
from datetime import timedelta

import sqlalchemy as sa

from .. import events
from ..db import EPOCH, db, locked, now
from ..errors import Conflict
from ..events import Event, Verb
from ..people.models import Person
from ..posts import actions as posts
from ..posts.models import Post
from .major_actions import revive_with
from .models import MOVES, Ticket
from .status_actions import TIMES, show, ticket_for

_COLUMNS = (Event.id, Event.before, Event.facts, Event.ref_id)


def undo_status(ticket_id, viewer):
    """Take a change of state back while it is held; one that came with a reply goes with its reply.
    Raises Missing, NotAllowed, Conflict."""
    ticket, post = ticket_for(ticket_id, viewer, "ticket.change_status")
    move = db.session.execute(_held(viewer).where(Event.root_id == ticket_id).order_by(Event.id.desc())).first()
    if move is None:
        raise Conflict("This has been told already, so it can no longer be undone. Choose the state it should have instead.")
    if move.ref_id:
        undo_reply(move.ref_id, viewer)
        return
    _restore(ticket, move)
    count_words_again(ticket)
    show(post)


def undo_reply(post_id, viewer):
    """Take a reply back while it is held, and with it the change of state it brought.  Returns its text.
    Raises Missing, Conflict."""
    root_id = db.session.scalar(sa.select(Post.root_id).where(Post.id == post_id))
    if not root_id or not db.session.scalar(sa.select(Ticket.post_id).where(Ticket.post_id == root_id)):
        return posts.undo_reply(post_id, viewer)
    post = locked(Post, root_id)
    ticket = locked(Ticket, root_id)
    move = db.session.execute(_held(viewer).where(Event.ref_id == post_id)).first()
    text = posts.undo_reply(post_id, viewer)
    if move and move.facts["version"] == ticket.version:
        _restore(ticket, move)
        show(post)
    elif move:                          # the state has moved on from there, so this step of it stays in the story
        db.session.execute(sa.update(Event).where(Event.id == move.id).values(ref_id=None))
    count_words_again(ticket)
    return text


def _held(viewer):
    return sa.select(*_COLUMNS).where(Event.verb.in_(MOVES), Event.actor_id == viewer.id, Event.hold_until > now())


def _restore(ticket, move):
    """Give a ticket the state it had before this event, and withdraw the event."""
    facts = move.facts
    if facts["version"] != ticket.version:
        raise Conflict("Somebody has changed this ticket after you, so your step can no longer be undone. Choose the state it should have.")
    ticket.status, ticket.hold_reason = move.before, facts.get("was_hold_reason")
    ticket.reopened, ticket.version = facts["was_reopened"], facts["version"] - 1
    for name in TIMES:
        value = facts.get(f"was_{name}")
        setattr(ticket, name, None if value is None else EPOCH + timedelta(microseconds=value))
    if not events.take_back(move.id):
        raise Conflict("This has been told already, so it can no longer be undone. Choose the state it should have instead.")
    db.session.flush()
    revive_with(locked(Post, ticket.post_id))


def count_words_again(ticket):
    """Read the first and the last word of the desk anew: from the ledger, and from replies that came by import."""
    told = sa.select(Event.at.label("at")).where(Event.root_id == ticket.post_id, Event.verb.in_((Verb.REPLIED, *MOVES)),
                                                 Event.facts["by"].as_string() == "agent")
    brought = (sa.select(Post.made_at.label("at")).join(Person, Person.id == Post.author_id)
               .where(Post.root_id == ticket.post_id, Post.id != ticket.post_id, Post.source == "import", sa.not_(Post.note),
                      Person.role.in_(("agent", "admin")), Post.author_id != sa.select(Post.author_id).where(
                          Post.id == ticket.post_id).correlate(None).scalar_subquery()))
    words = sa.union_all(told, brought).subquery()
    first, last = db.session.execute(sa.select(sa.func.min(words.c.at), sa.func.max(words.c.at))).one()
    ticket.first_word_at, ticket.last_word_at = first, max(last, ticket.opened_at) if last else ticket.opened_at
    db.session.flush()
