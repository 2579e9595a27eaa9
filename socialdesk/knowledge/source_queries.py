"""Tickets that articles are written from: the thread beside the editor, the solution it begins with, and what was written from what."""
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..db import db
from ..errors import Missing
from ..events import Event
from ..people.models import Person
from ..policy import MOMENT, are_agents, can, visible
from ..posts.checker import cut
from ..posts.models import Link, Post
from ..posts.thread_queries import thread_of
from ..posts.timeline_queries import timeline_of
from ..tickets.models import Sentence
from .source_checker import names_in, solution_in

SOLVED = ("resolved", "closed")


class Source(NamedTuple):
    """A ticket to write an article from.  said: entries of its timeline, the ticket's own first; solution: Markdown;
    named: what of the asker's name stands in title or solution."""

    id: int
    title: str
    asker: str
    said: list
    solution: str
    named: list


def source_of(ticket_id, viewer):
    """The Source for somebody of the desk who works on this ticket.  ticket_id: as an address has it.  Raises Missing."""
    text = str(ticket_id)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Missing()
    thread = thread_of(int(text), viewer)
    if thread.kind != "ticket" or thread.asked_id != thread.id or not can(viewer, "note.write", thread) or not can(viewer, "article.write"):
        raise Missing()
    timeline = timeline_of(thread, viewer)
    said = [timeline.root, *(entry for entry in timeline.entries if entry.what == "said" and not entry.row.deleted_at)]
    solution = solution_in(solutions_of([thread.id]).get(thread.id, ""))
    return Source(thread.id, thread.title, thread.author_name or "", said, solution, names_in(f"{thread.title}\n{solution}", [thread.author_name or ""]))


def solutions_of(ticket_ids):
    """{ticket id: Markdown of the last word the desk said to who asked}, of tickets the caller's viewer may see."""
    if not ticket_ids:
        return {}
    words = [*_replies(ticket_ids), *_sentences(ticket_ids)]
    return {row.root_id: row.text for row in sorted(words, key=lambda row: row.at)}


def _replies(ticket_ids):
    """The last public reply of the desk, a ticket each."""
    reply, root = aliased(Post), aliased(Post)
    last = (sa.select(sa.func.max(reply.id)).join(root, root.id == reply.root_id).join(Person, Person.id == reply.author_id)
            .where(reply.root_id.in_(ticket_ids), reply.id != root.id, sa.not_(reply.note), reply.deleted_at.is_(None), reply.author_id != root.author_id,
                   are_agents(Person), sa.or_(reply.hold_until.is_(None), reply.hold_until <= MOMENT)).group_by(reply.root_id))
    return db.session.execute(sa.select(Post.root_id, Post.made_at.label("at"), Post.body_md.label("text")).where(Post.id.in_(last))).all()


def _sentences(ticket_ids):
    """What the desk said when it solved them."""
    return db.session.execute(
        sa.select(Event.root_id, Event.at, Sentence.text).join(Sentence, Sentence.event_id == Event.id).join(Post, Post.id == Event.root_id)
        .where(Event.root_id.in_(ticket_ids), Event.after.in_(SOLVED), Event.actor_id != Post.author_id, Event.ref_id.is_(None),
               sa.or_(Event.hold_until.is_(None), Event.hold_until <= MOMENT)).order_by(Event.id)).all()


def tickets_behind(article_id, viewer):
    """Rows of id, title of the tickets an article was written from, as far as one may read them."""
    return db.session.execute(
        sa.select(Post.id, Post.title).join(Link, Link.to_id == Post.id)
        .where(Link.from_id == article_id, Link.kind == "article", Post.deleted_at.is_(None), visible(viewer, Post)).order_by(Post.id)).all()


def draft_from(source):
    """What an article from this ticket begins with: title and text, and nothing else."""
    return {"title": cut(source.title, 120), "body": source.solution, "from": str(source.id)}
