"""Who may see and do what: one rule, two shapes of asking, one table of deeds."""
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from .db import UtcTime, db, now
from .errors import SENTENCES, Missing, NotAllowed
from .people.models import Membership, Person, TeamMember
from .posts.models import Access, Post
from .viewer import Asker, Viewer, asker, each_of, some_of, values, viewer_of, viewer_of_session, viewer_of_token

#: rooms ask for a person's rights here
__all__ = ["MOMENT", "Asker", "Viewer", "asker", "each_of", "some_of", "values", "viewer_of", "viewer_of_session", "viewer_of_token"]

#: the present moment of whoever executes a condition, however long ago it was built
MOMENT = sa.bindparam("moment", callable_=now, type_=UtcTime(), unique=True)


# --- who may see: one rule, asked of a Viewer or of many rows of Person at once

class _One:
    """The rule's questions for a Viewer, answered by literals, or for an Asker, answered by parameters."""

    def __init__(self, viewer):
        self.viewer = viewer

    def is_(self, column):
        return column == self.viewer.id

    def is_agent(self):
        return sa.true() if self.viewer.is_agent else sa.false()

    def in_circle(self, column):
        return column.in_(some_of(self.viewer.circle_ids)) if self.viewer.circle_ids else sa.false()

    def in_team(self, column):
        return column.in_(some_of(self.viewer.team_ids)) if self.viewer.team_ids else sa.false()

    def access(self, root, *why):
        return _access(root, self.is_(Access.person_id), why)


class _Each:
    """The rule's questions for each row of a Person table: answered by subqueries."""

    def __init__(self, person):
        self.person = person

    def is_(self, column):
        return column == self.person.id

    def is_agent(self):
        return are_agents(self.person)

    def in_circle(self, column):
        return sa.exists().where(Membership.circle_id == column, Membership.person_id == self.person.id).correlate_except(Membership)

    def in_team(self, column):
        return sa.exists().where(TeamMember.team_id == column, TeamMember.person_id == self.person.id).correlate_except(TeamMember)

    def access(self, root, *why):
        return _access(root, Access.person_id == self.person.id, why)


def _access(root, whose, why):
    lasting = sa.or_(Access.until.is_(None), Access.until > MOMENT)
    of_kind = (Access.why.in_(why),) if why else ()
    return sa.exists().where(Access.root_id == root.id, whose, lasting, *of_kind).correlate_except(Access)


def _desk(who, root):
    """The desk's way in: open teams and triage for every agent, a confidential team for its members."""
    return sa.and_(root.audience == "private", who.is_agent(), sa.or_(sa.not_(root.sealed), who.in_team(root.team_id)))


def _released(who, post):
    """Not held any more, or one's own."""
    return sa.or_(post.hold_until.is_(None), post.hold_until <= MOMENT, who.is_(post.author_id))


def _visible(who, root):
    return sa.and_(_released(who, root), sa.or_(
        root.audience == "everyone",
        sa.and_(root.audience == "circle", who.in_circle(root.circle_id)),
        _desk(who, root),
        who.access(root)))


def _notes(who, root):
    return sa.and_(who.is_agent(), sa.or_(_desk(who, root), who.access(root, "glass")))


def _readable(who, post, root):
    return sa.and_(_visible(who, root), _released(who, post), sa.or_(sa.not_(post.note), _notes(who, root)))


def visible(viewer, root=Post):
    """The condition that a thread's root is for this person.  root: Post or an alias of it, always of a root.
    viewer, here and below: a Viewer, or asker(viewer), whose statement is executed with values(viewer)."""
    return _visible(_One(viewer), root) if viewer else sa.false()


def readable(viewer, post, root):
    """The condition that a post of a visible thread is for this person: notes and what is held included."""
    return _readable(_One(viewer), post, root) if viewer else sa.false()


def may_read_notes(viewer, root=Post):
    """The condition that this person reads the notes of a thread: through its team, triage or break glass."""
    return _notes(_One(viewer), root) if viewer else sa.false()


def event_visible(viewer, event, root):
    """The condition that an event of a thread is for this person."""
    if not viewer:
        return sa.false()
    who = _One(viewer)
    held = sa.or_(event.hold_until.is_(None), event.hold_until <= MOMENT, who.is_(event.actor_id))
    return sa.and_(_visible(who, root), held, sa.or_(sa.not_(event.note), _notes(who, root)))


def readers(root_id, note=False, among=Person):
    """The condition on Person (or an alias) that they may read a thread now; with note, that they may read its notes."""
    root = aliased(Post)
    rule = _notes(_Each(among), root) if note else sa.true()
    return sa.and_(among.state != "off", sa.exists().where(root.id == root_id, _visible(_Each(among), root), rule))


def branches(viewer, root=Post, own=True):
    """visible() as parts that each follow an index, for long lists: every part gives root ids in descending order.
    Returns conditions on root; their union is what the person may see.
    Of an Asker they are executed with values(viewer, each=True).  own: with what access rows give; without it
    the caller walks the index of these rows by itself."""
    who = _One(viewer)
    parts = [root.audience == "everyone"]
    parts += [sa.and_(root.audience == "circle", root.circle_id == circle_id) for circle_id in each_of(viewer.circle_ids)]
    if viewer.is_agent:
        parts.append(sa.and_(root.audience == "private", sa.not_(root.sealed)))
        parts += [sa.and_(root.audience == "private", root.sealed, root.team_id == team_id) for team_id in each_of(viewer.team_ids)]
    if own:
        rows = sa.select(Access.root_id).where(who.is_(Access.person_id), sa.or_(Access.until.is_(None), Access.until > MOMENT))
        parts.append(sa.and_(root.audience != "everyone", root.id.in_(rows)))
    return [sa.and_(part, _released(who, root)) for part in parts]


def workers(root, among=Person):
    """The condition on Person that they have this thread as the desk.  root: a joined Post."""
    return _desk(_Each(among), root)


def speakers(root, among=Person):
    """The condition on Person that they may speak in a thread they see: all but an admin who only broke the glass.  root: a joined Post."""
    who = _Each(among)
    return sa.or_(sa.not_(runs_desk(among)), root.audience != "private", _desk(who, root), who.access(root, "author", "participant"))


# --- who may do: one table

def _is_author(viewer, thing):
    return thing.author_id == viewer.id


def _is_agent(viewer, thing):
    return viewer.is_agent


def _is_admin(viewer, thing):
    return viewer.is_admin


def _anyone(viewer, thing):
    return True


def _works_on(viewer, thing):
    """Agents who see the thread as the desk: not as its requester, not as somebody added, not through broken glass, which
    lets one read and no more.  A root's row that was read with may_read_notes() as its column for_desk is not asked again."""
    if not viewer.is_agent or thing.root_id is None:
        return False
    known = getattr(thing, "for_desk", None)
    if known is None:
        return bool(db.session.scalar(_of_desk(asker(viewer)), values(viewer) | {"root": thing.root_id}))
    return bool(known) and (not thing.sealed or thing.team_id in viewer.team_ids)


def _takes_part(viewer, thing):
    """Everyone who sees a thread may speak in it, but for an admin who only broke the glass."""
    if not viewer.is_admin or thing.root_id is None or thing.id == thing.root_id and thing.audience != "private":
        return True
    return _works_on(viewer, thing) or bool(db.session.scalar(_part_of(asker(viewer)), values(viewer) | {"root": thing.root_id}))


@lru_cache
def _part_of(who):
    part = sa.or_(Post.audience != "private", _One(who).access(Post, "author", "participant"))
    return sa.select(sa.literal(1)).where(Post.id == sa.bindparam("root"), part)


@lru_cache
def _of_desk(who):
    return sa.select(sa.literal(1)).where(Post.id == sa.bindparam("root"), _desk(_One(who), Post))


def _is_asker(viewer, thing):
    """thing: the question's root."""
    return thing.author_id == viewer.id and thing.kind == "question"


def _may_edit(viewer, thing):
    return (_is_author(viewer, thing) or thing.kind == "article" and viewer.is_agent) and thing.deleted_at is None


def _may_delete(viewer, thing):
    return (_is_author(viewer, thing) or viewer.is_admin and _takes_part(viewer, thing)) and thing.kind not in ("ticket", "article") and thing.deleted_at is None


def _may_add(viewer, thing):
    """Thanks in private stay between those they were said to."""
    return thing.kind != "kudos" and (thing.author_id == viewer.id or _works_on(viewer, thing))


def _may_share(viewer, thing):
    """What everyone reads, anyone may point to; what fewer read, its author alone carries further, and of a ticket the desk."""
    return thing.audience == "everyone" or thing.kind != "kudos" and (_is_author(viewer, thing) or _works_on(viewer, thing))


#: deed -> (viewer, post) -> bool; alphabetical
MAY = {
    "access.give": _may_add,
    "admin": _is_admin,
    "announcement.write": _is_agent,
    "answer.accept": _is_asker,
    **dict.fromkeys(("article.move", "article.restore", "article.withdraw", "article.write"), _is_agent),
    "desk": _is_agent,
    "glass.break": _is_admin,
    "idea.move": _is_agent,
    "idea.vote": _anyone,
    "major.declare": _works_on,
    "major.update": _is_agent,
    "note.write": _works_on,
    "poll.answer": _anyone,
    "post.delete": _may_delete,
    "post.edit": _may_edit,
    "post.follow": _takes_part,
    "post.like": _takes_part,
    "post.me_too": _takes_part,
    "post.read": _anyone,
    "post.reply": _takes_part,
    "post.save": _anyone,
    "post.share": _may_share,
    "ticket.assign": _works_on,
    "ticket.change": _works_on,
    "ticket.change_status": lambda viewer, thing: _is_author(viewer, thing) or _works_on(viewer, thing),
    "ticket.move": _works_on,
    "ticket.take": _works_on,
}


def runs_desk(person=Person):
    """Of Person: the condition that somebody is an admin; of one row: whether they are."""
    return person.role == "admin"


def can(viewer, deed, thing=None):
    """May this person do this with this thing, which they see?  thing: a Post (of a ticket: its post), or None."""
    return viewer is not None and MAY[deed](viewer, thing)


def are_agents(person=Person):
    """The condition on Person that they may work the queue."""
    return person.role.in_(("agent", "admin"))


def are_admins(person=Person):
    """The condition on Person that they may run the desk now."""
    return sa.and_(person.role == "admin", person.state == "active")


def sees(viewer, post):
    """Does this person see this post now?  One statement."""
    return viewer is not None and db.session.scalar(_seen(asker(viewer)), values(viewer) | {"post": post.id}) is not None


@lru_cache
def _seen(who):
    root = aliased(Post)
    return (sa.select(sa.literal(1)).select_from(Post).join(root, root.id == Post.root_id)
            .where(Post.id == sa.bindparam("post"), readable(who, Post, root)))


def require(viewer, deed, thing=None):
    """The same question in an action: first whether they see it (else Missing), then the table (else NotAllowed)."""
    if viewer is None:
        raise NotAllowed("Sign in first.")
    if thing is not None and not sees(viewer, thing):
        raise Missing()
    if not can(viewer, deed, thing):
        raise NotAllowed(SENTENCES.get(deed, "You can read this, but not change it. Ask its author or the desk."))
