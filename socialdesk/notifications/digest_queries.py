"""What a digest tells: what waits for a person, what is new where they take part, what their hashtags solved, announcements."""
from collections import namedtuple
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..db import db, now
from ..events import Event, Verb
from ..knowledge.models import Article
from ..people.models import Person
from ..policy import readable, visible
from ..posts.checker import plain_of
from ..posts.models import Follow, Link, Post
from ..tags.models import PostTag, TagFollow
from ..tickets.models import Major, Ticket
from . import queries
from .letter_checker import cut
from .matters_checker import levels_of, matter_told
from .models import Choice, Notification

MOST = 10                               # of a part; the page shows the rest
MOST_LINES = 100
OLD = timedelta(days=30)                # what waits longer is no news, and stands in the inbox
EXCERPT = 200

#: more: how many are left out; url: where they stand.  Item: title empty where the thread is confidential
Part = namedtuple("Part", "key title items more url")
Item = namedtuple("Item", "sentence title url at")


def parts_of(viewer, since, until, base_url):
    """The Parts that hold something: what waits now, and what happened after since, up to until.  Rights are asked now."""
    lines = _lines(viewer)
    waiting = [line for line in lines if line.needs_you and line.at > now() - OLD]
    fresh = [line for line in lines if not line.needs_you and since < line.at <= until]
    announced = [line for line in fresh if line.kind == "announcement" and line.relation in ("everyone", "circle")]
    inbox, feed = f"{base_url}/inbox", f"{base_url}/"
    parts = [_part("waiting", "Waits for you", _items(waiting, base_url), inbox),
             _part("new", "New where you take part", _items([line for line in fresh if line not in announced], base_url), inbox),
             _part("solved", "Under hashtags you follow", [] if viewer.only_tickets else solved_of(viewer, since, until, base_url), feed),
             _part("announced", "Announcements", _items(announced, base_url), inbox)]
    return [part for part in parts if part.items]


def _part(key, title, items, url):
    items = sorted(items, key=lambda item: item.at, reverse=True)
    return Part(key, title, items[:MOST], max(0, len(items) - MOST), url)


def _lines(viewer):
    """The unread lines of the inbox that may stand in a digest: what is never to be mailed does not, a confidential thread
    without its title."""
    lines = queries.waiting_of(viewer) + [line for line in queries.inbox_of(viewer, limit=MOST_LINES, waiting=False).lines if line.unread]
    facts = _facts([line.id for line in lines])
    chosen = {}
    for row in db.session.scalars(sa.select(Choice).where(Choice.person_id == viewer.id)):
        chosen.setdefault(row.matter, {})[row.channel] = row.level
    kept = []
    for line in lines:
        row = facts[line.id]
        matter = matter_told(row.verb, row.relation, row.note, row.after, row.facts, row.kind)
        levels = matter and levels_of(matter, chosen.get(matter.key, {}))
        if levels and levels.mail != "never" and levels.inbox == "on":
            kept.append(line._replace(title="", sentence="Something changed in one of your tickets.") if row.sealed else line)
    return kept


def _facts(ids):
    rows = db.session.execute(sa.select(Notification.id, Notification.relation, Event.verb, Event.note, Event.after, Event.facts, Post.kind, Post.sealed)
                              .join(Event, Event.id == Notification.last_event_id).join(Post, Post.id == Notification.root_id)
                              .where(Notification.id.in_(ids))) if ids else ()
    return {row.id: row for row in rows}


def _items(lines, base_url):
    return [Item(line.sentence, line.title, base_url + line.url, line.at) for line in lines]


# --- what hashtags solved: read by the ledger's index of verb and time, since little happens in a week

def solved_of(viewer, since, until, base_url):
    """Items of accepted answers, incidents that are over and new articles under the hashtags this person follows."""
    found = {}
    if db.session.scalar(sa.select(TagFollow.tag_id).where(TagFollow.person_id == viewer.id, TagFollow.level == "all").limit(1)) is None:
        return []                        # most follow none, and need not be asked four times
    for ask in (_answers, _majors, _shared, _articles):
        for row in db.session.execute(ask(viewer, since, until)):
            found.setdefault(row.id, Item(_SAID[ask](row), row.title, f"{base_url}/p/{row.id}", row.at))
    return list(found.values())


def _happened(viewer, span, root, verb, *columns):
    """SELECT of events of a verb in that span in threads under hashtags this person follows, which they may see and did not write."""
    tagged = sa.exists().where(PostTag.root_id == root.id, PostTag.tag_id == TagFollow.tag_id, TagFollow.person_id == viewer.id, TagFollow.level == "all")
    muted = sa.exists().where(Follow.root_id == root.id, Follow.person_id == viewer.id, Follow.level == "muted")
    return (sa.select(root.id, root.title, Event.at, *columns).select_from(Event)
            .where(Event.verb == verb, Event.at > span[0], Event.at <= span[1], sa.or_(Event.hold_until.is_(None), Event.hold_until <= now()),
                   Event.actor_id.is_distinct_from(viewer.id), tagged, sa.not_(muted), root.author_id != viewer.id,
                   visible(viewer, root), root.deleted_at.is_(None), sa.not_(root.sealed)).order_by(Event.id.desc()).limit(MOST_LINES))


def _answers(viewer, *span):
    root, reply = aliased(Post), aliased(Post)
    return (_happened(viewer, span, root, Verb.ANSWER_ACCEPTED, reply.body_md).join(reply, reply.id == Event.post_id).join(root, root.id == Event.root_id)
            .where(root.kind == "question", reply.accepted_at.is_not(None), reply.deleted_at.is_(None), reply.author_id != viewer.id,
                   readable(viewer, reply, root)))


def _majors(viewer, *span):
    root = aliased(Post)
    return (_happened(viewer, span, root, Verb.MAJOR_ENDED).join(root, root.id == Event.root_id).join(Major, Major.post_id == root.id)
            .where(Major.ended_at.is_not(None)))


def _shared(viewer, *span):
    """Posts that tell of a ticket, as their readers know, which is solved: of the ticket itself nothing is said."""
    root = aliased(Post)
    return (_happened(viewer, span, root, Verb.TICKET_STATUS_CHANGED)
            .join(Link, sa.and_(Link.to_id == Event.root_id, Link.kind == "shared")).join(root, root.id == Link.from_id)
            .join(Ticket, Ticket.post_id == Event.root_id)
            .where(Event.after == "resolved", Ticket.resolved_at.is_not(None), Ticket.type == "incident", root.kind == "question"))


def _articles(viewer, *span):
    root = aliased(Post)
    return (_happened(viewer, span, root, Verb.ARTICLE_PUBLISHED, Article.summary).join(root, root.id == Event.root_id)
            .join(Article, Article.post_id == root.id))


def _excerpt(text):
    return cut(" ".join(text.split()), EXCERPT)


_SAID = {_answers: lambda row: f"Answered: {_excerpt(plain_of(row.body_md))}", _majors: lambda row: "The incident is over.",
         _shared: lambda row: "It is solved.", _articles: lambda row: f"New article. {_excerpt(row.summary)}".strip()}


# --- to whom

def due_people(moment):
    """The ids of those whose digest is due, the longest overdue first."""
    return list(db.session.scalars(sa.select(Person.id).where(*_takes_digests(), Person.digest_at <= moment).order_by(Person.digest_at, Person.id)))


def untimed_people(most):
    """id, digest, hours, tz of so many who want digests and have no time for the next one yet."""
    return db.session.execute(sa.select(Person.id, Person.digest, Person.hours, Person.tz)
                              .where(*_takes_digests(), Person.digest_at.is_(None)).order_by(Person.id).limit(most)).all()


def due_person(person_id, moment):
    """digest, digest_at, hours, tz, quiet_until of somebody whose digest is due, or None."""
    return db.session.execute(sa.select(Person.digest, Person.digest_at, Person.hours, Person.tz, Person.quiet_until)
                              .where(Person.id == person_id, *_takes_digests(), Person.digest_at <= moment)).first()


def _takes_digests():
    return Person.state == "active", Person.digest != "off", Person.mail_refused_at.is_(None)
