"""The text of a post: change it, take it back, and count anew what hangs on it."""
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..db import db, insert_new, now
from ..errors import Conflict
from ..events import Event, Verb, record
from ..jobs import done_once
from ..people.models import Team
from ..policy import can, require, sees
from ..tags.actions import owning_team, tag_thread, untag_thread
from ..tags.checker import fold, hashtags_in
from ..tags.queries import tags_of
from ..tickets.checker import MAX_SENTENCE
from ..tickets.models import MOVES, Sentence
from .access_actions import locked_thread, move_rights
from .answer_actions import settle
from .checker import excerpt
from .models import Attachment, Follow, Mention, Post, Version
from .thanks_actions import thank_anew


def edit(post_id, viewer, prepared, verb=None, base=None):
    """Change the text of a post; what it was stays as a version.  The same text again changes nothing.
    base: the version the text was written on.  Raises Missing, NotAllowed, Conflict (taken back; another version came meanwhile)."""
    root, post = locked_thread(post_id)
    if post.deleted_at and post.author_id == viewer.id:
        raise Conflict("You took this back, so it can no longer be changed. Your text is kept: send it as a new one.")
    require(viewer, "post.edit", post)
    title = prepared.title if post is root else ""
    is_same = (post.title, post.body_md) == (title, prepared.body_md)
    if base not in (None, post.version) and not is_same:
        raise Conflict(f"Somebody saved version {post.version} while you wrote. Your text is kept as you typed it: look at what changed "
                       "meanwhile, take over what you want, then save.", field="version")
    if is_same and not prepared.photos:
        return post
    if post is root:
        _retag(root, prepared)
    if post.kind == "kudos":
        thank_anew(post, viewer, prepared)
    _write_version(post, title, prepared, viewer)
    _mention_anew(post, prepared)
    hang(post, prepared)
    _say_anew(post, excerpt(prepared.plain, MAX_SENTENCE))
    db.session.flush()
    verb = verb or (Verb.ARTICLE_REVISED if post.kind == "article" else Verb.POST_EDITED)
    record(verb, post, viewer, note=post.note, hold_until=post.hold_until, ref_id=post.version)
    if post is root and root.audience == "private" and root.kind == "ticket":
        _route(root, viewer)
    return post


def _write_version(post, title, prepared, viewer):
    if post.version == 1:
        db.session.add(Version(post_id=post.id, n=1, title=post.title, body_md=post.body_md, by_id=post.author_id, at=post.made_at))
    post.version += 1
    post.title, post.body_md, post.body_html, post.edited_at = title, prepared.body_md, prepared.html, now()
    db.session.add(Version(post_id=post.id, n=post.version, title=title, body_md=prepared.body_md, by_id=viewer.id, at=post.edited_at))


def _retag(root, prepared):
    """Hashtags follow the text; those that came beside it, by import, stay."""
    former = {fold(shown) for _, _, shown in hashtags_in(root.body_md)}
    beside = [name for name in tags_of([root.id]).get(root.id, []) if fold(name) not in former]
    untag_thread(root, keep=[*prepared.tags, *beside])
    tag_thread(root, prepared.tags)


def _route(root, viewer):
    """A thread without a team goes to the one that owns a hashtag it got; to a confidential one it goes whoever had it."""
    team_id = owning_team(root.id)
    if team_id and team_id != root.team_id and (root.team_id is None or _is_confidential(team_id)):
        move_rights(root.id, team_id=team_id)
        record(Verb.TICKET_MOVED, root, viewer, ref_id=team_id, route="hashtag")


def _is_confidential(team_id):
    return db.session.scalar(sa.select(Team.confidential).where(Team.id == team_id))


def _mention_anew(post, prepared):
    db.session.execute(sa.delete(Mention).where(Mention.post_id == post.id, Mention.person_id.not_in(list(prepared.mentions.values()))))


def hang(post, prepared):
    """Photos and mentions of a text just written."""
    photos = [Attachment(post_id=post.id, sha256=photo.sha256, mime=photo.mime, bytes=photo.bytes, width=photo.width, height=photo.height)
              for photo in prepared.photos]
    db.session.add_all(photos)
    db.session.flush()
    for n, photo in enumerate(photos):
        post.body_html = post.body_html.replace(f'"/attachments/{prepared.mark}-{n}"', f'"/attachments/{photo.id}"')
    insert_new(Mention.__table__, [{"post_id": post.id, "person_id": person_id} for person_id in prepared.mentions.values()],
               "post_id", "person_id")


def delete(post_id, viewer):
    """Take a post back: its text is gone for good, a line says that it was here.  Twice is once.  Raises Missing, NotAllowed."""
    root, post = locked_thread(post_id)
    if post.deleted_at and sees(viewer, post) and (post.author_id == viewer.id or can(viewer, "admin")):
        return post
    require(viewer, "post.delete", post)
    if post.hold_until and post.hold_until > now():
        raise Conflict("It is still on its way out, and nobody has seen it: undo it instead.")
    post.deleted_at, post.in_feed = now(), False
    post.title = post.body_md = post.body_html = ""
    for table in (Version, Attachment, Mention):
        db.session.execute(sa.delete(table).where(table.post_id == post.id))
    _say_anew(post, None)
    if post is root:
        untag_thread(root)
    post.accepted_at = post.accepted_by = None
    db.session.flush()
    before, after = settle(root)
    moved = {"before": before, "after": after} if before != after else {}
    record(Verb.POST_DELETED, post, viewer, note=post.note, hold_until=post.hold_until, **moved)
    return post


def _say_anew(post, text):
    """A reply that moved its ticket on is also the sentence of that step: it follows the text.  None: it is taken back."""
    if post.parent_id is None:
        return
    of_post = Sentence.event_id.in_(sa.select(Event.id).where(Event.root_id == post.root_id, Event.ref_id == post.id, Event.verb.in_(MOVES)))
    statement = sa.update(Sentence).values(text=text) if text else sa.delete(Sentence)
    db.session.execute(statement.where(of_post).execution_options(synchronize_session=False))


def recount(event_id):
    """Count a thread's replies that all its readers see and those who wrote them, and say when it last moved; who answers follows from now on."""
    event = db.session.get(Event, event_id)
    told = sa.and_(Post.root_id == event.root_id, Post.id != event.root_id, sa.not_(Post.note), Post.deleted_at.is_(None),
                   sa.or_(Post.hold_until.is_(None), Post.hold_until <= now()))
    asked = aliased(Post)
    other = sa.case((Post.author_id != asked.author_id, Post.author_id))
    replies, last, voices = db.session.execute(sa.select(sa.func.count(), sa.func.max(Post.made_at), sa.func.count(other.distinct()))
                                               .join(asked, asked.id == Post.root_id).where(told)).one()
    moved = sa.case((Post.made_at > last, Post.made_at), else_=sa.literal(last, Post.made_at.type)) if last else Post.made_at
    db.session.execute(sa.update(Post).where(Post.id == event.root_id).values(replies_public=replies, voices=voices, active_at=moved)
                       .execution_options(synchronize_session=False))
    if event.verb == Verb.REPLIED and event.actor_id and done_once(event_id, "follow"):
        insert_new(Follow.__table__, {"root_id": event.root_id, "person_id": event.actor_id, "level": "all"}, "root_id", "person_id")
