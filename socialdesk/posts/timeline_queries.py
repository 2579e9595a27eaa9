"""All that happened to a thread, in order: its replies merged with the events of the ledger, as the viewer may see them."""
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..db import Id, UtcTime, db
from ..events import Event, Verb
from ..people.models import Person, Team
from ..policy import MOMENT, asker, can, event_visible, readable, readers, values
from ..tags.models import PostTag, Tag
from ..tickets.models import Sentence
from .models import Access, Attachment, Mention, MeToo, Post, Seen
from .thread_queries import author_columns, has_reacted, is_hidden, thread_of

PAGE = 100                      # replies shown at a time
MAX_EVENTS = 300
NAMING = (Verb.TICKET_ASSIGNED, Verb.ACCESS_GIVEN, Verb.ACCESS_TAKEN)           # ref_id is a person
PLACING = (Verb.TICKET_OPENED, Verb.TICKET_MOVED)                               # ref_id is a team
TOGETHER = (Verb.ME_TOO_SAID, Verb.SEEN)                                        # one line for several in a row
SHOWN = (*NAMING, *PLACING, *TOGETHER, Verb.ANSWER_ACCEPTED, Verb.ANSWER_UNACCEPTED, Verb.GLASS_BROKEN, Verb.IDEA_MOVED,
         Verb.IMPACT_CHANGED, Verb.MAJOR_DECLARED, Verb.MAJOR_ENDED, Verb.TICKET_CHANGED,
         Verb.TICKET_REOPENED, Verb.TICKET_RESUMED, Verb.TICKET_STATUS_CHANGED, Verb.TICKET_WRITTEN_UP)
_ROOT, _POSTS = sa.bindparam("root", type_=Id), sa.bindparam("posts", type_=Id, expanding=True)


class Entry(NamedTuple):
    """Something said or something that happened.  what: said, happened; day: in the viewer's time zone; row: of a post or
    an event; photos, unseen (mentioned, but cannot see it), read_by (of the desk): rows; people: names, where several did the same."""

    what: str
    at: datetime
    day: date
    row: object
    photos: tuple = ()
    unseen: tuple = ()
    read_by: tuple = ()
    people: tuple = ()


class Timeline(NamedTuple):
    """The entries after the root, which is an entry of its own.  earlier: pass it as before to see what was before;
    newest: does it reach the present?  tags: names; added: rows of people who were added."""

    root: Entry
    entries: list
    earlier: int | None
    newest: bool
    tags: list
    added: list


def timeline_of(root_id, viewer, before=None):
    """The Timeline of a thread: the newest replies, or those before a reply's id.  root_id: its id, or its row from
    thread_of().  At most four statements.  Raises Missing."""
    thread = thread_of(root_id, viewer) if isinstance(root_id, int) else root_id
    replies = _replies(thread.id, viewer, before)
    earlier = replies[PAGE - 1].id if len(replies) > PAGE else None
    replies = replies[:PAGE][::-1]
    happened = _happened(thread.id, viewer, replies[0].made_at if earlier else None, before)
    hangs = _hangs(thread, viewer, [thread.id, *(row.id for row in replies)])
    zone = ZoneInfo(viewer.tz)
    said = [_said(row, hangs, zone, viewer) for row in replies if _shows(row)]
    entries = sorted([*said, *_grouped(happened, zone)], key=lambda entry: (entry.at, entry.what == "happened", entry.row.id))
    return Timeline(_said(thread, hangs, zone, viewer), entries, earlier, before is None,
                    [row.name for row in hangs.get(("tag", thread.id), ())], list(hangs.get(("added", thread.id), ())))


def _replies(root_id, viewer, before):
    """The newest replies first, one more than a page."""
    return db.session.execute(_reply_rows(asker(viewer), bool(before)), values(viewer) | {"root": root_id, "until": before}).all()


@lru_cache
def _reply_rows(who, is_earlier):
    root, person = aliased(Post), aliased(Person)
    window = (Post.id < sa.bindparam("until"),) if is_earlier else ()
    return (
        sa.select(Post.id, Post.root_id, Post.parent_id, Post.kind, Post.note, Post.body_html, Post.version, Post.made_at, Post.edited_at,
                  Post.deleted_at, Post.hold_until, Post.accepted_at, Post.likes, has_reacted(who, "like").label("liked"), (Post.hold_until > MOMENT).label("is_held"),
                  *author_columns(who, root, Post.author_id, person),
                  sa.and_(person.role.in_(("agent", "admin")), sa.not_(is_hidden(who, root, Post.author_id))).label("by_desk"))
        .join(root, root.id == Post.root_id).join(person, person.id == Post.author_id)
        .where(Post.root_id == _ROOT, Post.id != _ROOT, readable(who, Post, root), *window)
        .order_by(Post.id.desc()).limit(PAGE + 1))


def is_far_back(root_id, reply_id, viewer):
    """Is a reply older than what the newest page of its thread shows?"""
    return db.session.scalar(_later_count(asker(viewer)), values(viewer) | {"root": root_id, "reply": reply_id}) == PAGE


@lru_cache
def _later_count(who):
    root = aliased(Post)
    later = sa.select(Post.id).join(root, root.id == Post.root_id).where(
        Post.root_id == _ROOT, Post.id > sa.bindparam("reply"), readable(who, Post, root)).limit(PAGE).subquery()
    return sa.select(sa.func.count()).select_from(later)


def _shows(row):
    """A note that was taken back leaves no trace outside the ledger."""
    return not (row.deleted_at and row.note)


def _happened(root_id, viewer, since, before):
    """The events of a stretch of the timeline, oldest first."""
    given = values(viewer) | {"root": root_id, "since": since, "until": before}
    return db.session.execute(_event_rows(asker(viewer), since is not None, bool(before)), given).all()[::-1]


@lru_cache
def _event_rows(who, has_start, is_earlier):
    root, actor, about, team = aliased(Post), aliased(Person), aliased(Person), aliased(Team)
    stretch = [Event.at >= sa.bindparam("since")] if has_start else []
    if is_earlier:
        later = sa.select(sa.func.min(Post.made_at)).where(Post.root_id == _ROOT, Post.id >= sa.bindparam("until"), Post.id != _ROOT).scalar_subquery()
        stretch.append(sa.or_(later.is_(None), Event.at < later))
    still = sa.or_(Event.verb != Verb.ME_TOO_SAID, sa.exists().where(MeToo.root_id == Event.root_id, MeToo.person_id == Event.actor_id))
    own = sa.or_(Event.verb != Verb.SEEN, Event.actor_id != who.id)
    return (
        sa.select(Event.id, Event.at, Event.verb, Event.post_id, Event.note, Event.hold_until, Event.before, Event.after, Event.ref_id,
                  Event.facts, Sentence.text.label("sentence"), team.name.label("team_name"),
                  *author_columns(who, root, Event.actor_id, actor, "actor"), *author_columns(who, root, Event.ref_id, about, "about"))
        .join(root, root.id == Event.root_id).outerjoin(actor, actor.id == Event.actor_id).outerjoin(Sentence, Sentence.event_id == Event.id)
        .outerjoin(about, sa.and_(Event.verb.in_(NAMING), about.id == Event.ref_id))
        .outerjoin(team, sa.and_(Event.verb.in_(PLACING), team.id == Event.ref_id))
        .where(Event.root_id == _ROOT, Event.verb.in_(SHOWN), event_visible(who, Event, root), still, own, *stretch)
        .order_by(Event.id.desc()).limit(MAX_EVENTS))


def _grouped(rows, zone):
    """Events as entries; several people who did the same in a row share one."""
    entries = []
    for row in rows:
        entry = Entry("happened", row.at, row.at.astimezone(zone).date(), row, people=(row.actor_name,))
        last = entries[-1] if entries else None
        if last and row.verb in TOGETHER and last.row.verb == row.verb and last.day == entry.day:
            names = last.people if row.verb == Verb.SEEN and row.actor_name in last.people else (*last.people, row.actor_name)
            entries[-1] = last._replace(people=names)
        else:
            entries.append(entry)
    return entries


def _said(row, hangs, zone, viewer):
    """A post as an entry, with what hangs on it."""
    at = max(filter(None, (row.made_at, row.hold_until)))
    read_by = tuple(reader for reader in hangs.get(("seen", row.root_id), ()) if reader.at >= at) if row.author_id == viewer.id else ()
    return Entry("said", row.made_at, row.made_at.astimezone(zone).date(), row, read_by=read_by,
                 photos=tuple(photo for photo in hangs.get(("photo", row.id), ()) if f'/attachments/{photo.id}"' not in row.body_html),
                 unseen=tuple(hangs.get(("unseen", row.id), ())))


def _hangs(thread, viewer, post_ids):
    """{(what, post id): rows} of all that hangs on these posts, in one statement."""
    is_closed = thread.audience != "everyone"
    statement = _hanging(asker(viewer), is_closed, is_closed and can(viewer, "access.give", thread), thread.kind == "ticket")
    found = {}
    for row in db.session.execute(statement, values(viewer) | {"root": thread.id, "posts": post_ids}):
        found.setdefault((row.what, row.post_id), []).append(row)
    return found


@lru_cache
def _hanging(who, is_closed, may_give, is_ticket):
    parts = [_photos(), _tags(), *([_added()] if is_closed else []), *([_unseen(who)] if may_give else []),
             *([_readers_of_desk(who)] if is_ticket else [])]
    every = sa.union_all(*parts).subquery()
    return sa.select(every).order_by(every.c.what, every.c.id)


def _part(what, id, post_id, name, handle=None, width=None, height=None, at=None):
    def whole(column):
        return sa.cast(sa.null() if column is None else column, Id)
    return sa.select(sa.literal(what).label("what"), whole(id).label("id"), whole(post_id).label("post_id"), sa.cast(name, sa.Text).label("name"),
                     sa.cast(sa.null() if handle is None else handle, sa.Text).label("handle"), whole(width).label("width"),
                     whole(height).label("height"), sa.type_coerce(whole(at), UtcTime).label("at"))


def _photos():
    return _part("photo", Attachment.id, Attachment.post_id, Attachment.mime, width=Attachment.width, height=Attachment.height).where(
        Attachment.post_id.in_(_POSTS))


def _tags():
    return _part("tag", Tag.id, PostTag.root_id, Tag.shown).join(Tag, Tag.id == PostTag.tag_id).where(PostTag.root_id == _ROOT)


def _added():
    """Who was added; one whose name is left out was never added, but is the author."""
    return _part("added", Person.id, Access.root_id, Person.name, Person.handle).select_from(Access).join(
        Person, Person.id == Access.person_id).where(Access.root_id == _ROOT, Access.why == "participant")


def _unseen(who):
    """Whom the viewer named in a post of theirs, though they cannot read it."""
    return _part("unseen", Person.id, Post.id, Person.name, Person.handle).select_from(Mention).join(Post, Post.id == Mention.post_id).join(
        Person, Person.id == Mention.person_id).where(
            Post.id.in_(_POSTS), Post.author_id == who.id, sa.not_(Post.note), Person.state != "off", sa.not_(readers(_ROOT)))


def _readers_of_desk(who):
    """Who of the desk has read another's ticket, and when last."""
    root = aliased(Post)
    return _part("seen", Person.id, Seen.root_id, Person.name, Person.handle, at=sa.type_coerce(Seen.at, Id)).select_from(Seen).join(
        Person, Person.id == Seen.person_id).join(root, root.id == Seen.root_id).where(
            Seen.root_id == _ROOT, Person.id != who.id, Person.id != root.author_id, Person.role.in_(("agent", "admin")))
