"""Who may see a thread: people added and taken off, and the one function that rewrites every copy of its rights."""
import sqlalchemy as sa

from ..db import db, insert_new, locked
from ..errors import Invalid, Missing
from ..events import Verb, record
from ..people.models import Circle, Person, Team
from ..policy import require, sees
from ..search.models import Change, Document
from ..tags.actions import retag
from ..tickets.models import Ticket
from .models import Access, Follow, Post

_SAME = object()


def locked_thread(post_id):
    """(root, post) of a thread, locked in this order, so that two deeds never wait for each other.  Raises Missing."""
    root_id = db.session.scalar(sa.select(Post.root_id).where(Post.id == post_id))
    if root_id is None:
        raise Missing()
    root = locked(Post, root_id)
    return root, root if root_id == post_id else locked(Post, post_id)


def give_access(root_id, viewer, person_id, why="participant", until=None):
    """Let somebody read the whole thread; twice is once.  Raises Missing, NotAllowed, Invalid (everyone can already)."""
    root, _ = locked_thread(root_id)
    require(viewer, "access.give", root)
    if root.audience == "everyone":
        raise Invalid("Everyone can read this already, so nobody has to be added. Name them with @ instead, and they are told.", field="handle")
    if db.session.scalar(sa.select(Person.id).where(Person.id == person_id, Person.state != "off")) is None:
        raise Missing("There is nobody of this name here. Look at the handle again.", field="handle")
    row = {"person_id": person_id, "root_id": root.id, "why": why, "until": until}
    db.session.execute(sa.delete(Access).where(Access.root_id == root.id, Access.person_id == person_id, Access.why == "glass"))
    if insert_new(Access.__table__, row, "person_id", "root_id"):
        record(Verb.ACCESS_GIVEN, root, viewer, ref_id=person_id, after=why)


def take_access(root_id, viewer, person_id):
    """Take somebody added off again; one may leave by oneself.  Raises Missing, NotAllowed."""
    root, _ = locked_thread(root_id)
    if person_id != viewer.id:
        require(viewer, "access.give", root)
    elif not sees(viewer, root):
        raise Missing()
    gone = db.session.execute(sa.delete(Access).where(Access.root_id == root.id, Access.person_id == person_id, Access.why == "participant"))
    if gone.rowcount:
        db.session.execute(sa.delete(Follow).where(Follow.root_id == root.id, Follow.person_id == person_id))
        record(Verb.ACCESS_TAKEN, root, viewer, ref_id=person_id)


def move_rights(root_id, *, team_id=_SAME, audience=_SAME):
    """Give a thread another team or audience, and rewrite every copy of its rights in the same transaction.
    audience: everyone, private, circle:<slug>.  Asks nobody and records nothing: the deed that calls it does."""
    root = locked(Post, root_id)
    if team_id is not _SAME:
        root.team_id = team_id
    if audience is not _SAME:
        root.audience, root.circle_id = audience_of(None, audience, check=False)
    root.sealed = is_sealed(root)
    db.session.flush()
    retag(root)
    for table, where, values in ((Ticket, Ticket.post_id == root.id, {"team_id": root.team_id}),
                                 (Document, Document.root_id == root.id, {"segment": segment_of(root)})):
        db.session.execute(sa.update(table).where(where).values(values).execution_options(synchronize_session="fetch"))
    db.session.execute(sa.insert(Change).from_select(["post_id"], sa.select(Document.post_id).where(Document.root_id == root.id)))
    return root


def segment_of(root):
    """The segment of the index a thread belongs to: everyone, circle:<id>, desk, or team:<id> of a confidential team."""
    if root.audience != "private":
        return f"circle:{root.circle_id}" if root.audience == "circle" else "everyone"
    return f"team:{root.team_id}" if root.sealed else "desk"


def is_sealed(root):
    """Does this thread belong to the members of a confidential team alone?"""
    return root.audience == "private" and root.team_id is not None and bool(
        db.session.scalar(sa.select(Team.confidential).where(Team.id == root.team_id)))


def audience_of(author, audience, check=True):
    """(audience, circle id) of the words everyone, private, circle:<slug>."""
    if audience in ("everyone", "private"):
        return audience, None
    kind, _, slug = audience.partition(":")
    if kind != "circle" or not slug:
        raise Invalid("A post is for everyone, private, or for a circle. Choose one of these.", field="audience")
    circle_id = db.session.scalar(sa.select(Circle.id).where(Circle.slug == slug))
    if circle_id is None or check and circle_id not in author.circle_ids:
        raise Missing("There is no such circle for you. Choose another audience; your text is kept.", field="audience")
    return "circle", circle_id
