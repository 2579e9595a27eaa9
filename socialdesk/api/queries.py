"""What one can ask through the API: whose a token is, and posts and what hangs on them as the API shows them."""
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..db import db
from ..errors import Missing
from ..people.models import Circle, Membership, Person, Team, TeamMember
from ..people.secret_checker import hash_token
from ..policy import readable
from ..policy import viewer_of_token as _viewer_of_token
from ..posts.models import Follow, MeToo, Post, Saved
from ..posts.poll_queries import polls_of
from ..posts.thread_queries import author_columns, get_post, has_reacted, stands
from ..tags.queries import tags_of
from ..tickets.major_queries import majors_of
from ..tickets.models import Ticket
from .token_checker import PREFIX

MAX_HEADER = 200


def bearer_of(authorization):
    """(Viewer, id of the token) of an Authorization header, or (None, None).  At most two statements."""
    kind, _, token = (authorization or "").partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token.startswith(PREFIX) or len(token) > MAX_HEADER:
        return None, None
    return _viewer_of_token(hash_token(token))


def viewer_of_token(authorization):
    """The Viewer an Authorization header stands for, with the token's scopes, or None."""
    return bearer_of(authorization)[0]


def said_at(moment):
    """A moment as the API writes it, or None."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


# --- posts

def post_of(viewer, post_id):
    """A post as the API shows it.  Raises Missing."""
    found = posts_of(viewer, [post_id])
    if not found:
        raise Missing()
    return found[0]


def posts_of(viewer, post_ids):
    """The posts of these ids that this person may read, in the order given.  At most six statements."""
    rows = {row.id: row for row in db.session.execute(_posts(viewer, post_ids))} if post_ids else {}
    roots = [key for key, row in rows.items() if row.root_id == key]
    tags, counts, accepted = tags_of(roots), _reply_counts(viewer, roots), _accepted(viewer, roots)
    polls = polls_of(viewer, [key for key in roots if rows[key].kind == "poll"])
    majors = majors_of([key for key in roots if rows[key].kind in ("announcement", "ticket")], viewer)
    return [_post(rows[key], tags.get(key, []), counts.get(key, 0), accepted.get(key, []), polls.get(key), majors.get(key))
            for key in post_ids if key in rows]


def _posts(viewer, post_ids):
    root, person = aliased(Post), aliased(Person)
    has_me_too = sa.exists().where(MeToo.root_id == Post.id, MeToo.person_id == viewer.id)
    return (sa.select(Post.id, Post.root_id, Post.kind, Post.title, Post.body_md, Post.body_html, Post.note, Post.made_at, Post.edited_at, Post.version,
                      Post.deleted_at, Post.accepted_at, Post.me_toos, Post.likes, Post.votes, has_reacted(viewer, "like").label("liked"),
                      sa.exists().where(Saved.root_id == root.id, Saved.person_id == viewer.id).label("saved"), sa.func.coalesce(Ticket.status, Post.status).label("status"),
                      root.audience, Circle.slug, Follow.level.label("following"), has_me_too.label("has_me_too"),
                      *author_columns(viewer, root, Post.author_id, person))
            .join(root, root.id == Post.root_id).join(person, person.id == Post.author_id)
            .outerjoin(Circle, Circle.id == root.circle_id).outerjoin(Ticket, Ticket.post_id == Post.id)
            .outerjoin(Follow, sa.and_(Follow.root_id == root.id, Follow.person_id == viewer.id))
            .where(Post.id.in_(post_ids), readable(viewer, Post, root), stands(root)))


def _post(row, tags, replies, accepted, poll, major):
    return {"id": row.id, "kind": row.kind, "thread_id": row.root_id, "title": row.title, "body": row.body_md, "body_html": row.body_html,
            "author": {"handle": row.author_handle, "name": row.author_name} if row.author_handle else None,
            "audience": f"circle:{row.slug}" if row.slug else row.audience, "status": row.status, "note": row.note,
            "accepted": row.accepted_at is not None, "deleted": row.deleted_at is not None, "hashtags": tags,
            "created_at": said_at(row.made_at), "edited_at": said_at(row.edited_at), "version": row.version,
            "likes": row.likes, "liked": row.liked, "votes": row.votes, "saved": row.saved, "poll": poll and _poll(poll),
            "major": major and _major(major), "me_toos": row.me_toos, "me_too": row.has_me_too,
            "following": row.following, "replies": replies, "accepted_replies": accepted,
            "url": f"/p/{row.root_id}" + ("" if row.id == row.root_id else f"#p{row.id}")}


def _major(row):
    return {"post_id": row.post_id, "ticket_id": row.ticket_id, "ended_at": said_at(row.ended_at),
            "next_word_at": None if row.ended_at else said_at(row.next_update_at)}


def _poll(poll):
    return {"options": [{"id": option.id, "text": option.text, "votes": option.votes} for option in poll.options],
            "closes_at": said_at(poll.closes_at), "chosen": poll.chosen}


def _readable_replies(viewer, root_ids, *columns):
    root = aliased(Post)
    return (sa.select(Post.root_id, *columns).join(root, root.id == Post.root_id)
            .where(Post.root_id.in_(root_ids), Post.id != Post.root_id, Post.deleted_at.is_(None), readable(viewer, Post, root)))


def _reply_counts(viewer, root_ids):
    """{thread: how many replies this person may read}: notes are counted for the desk alone."""
    if not root_ids:
        return {}
    return dict(db.session.execute(_readable_replies(viewer, root_ids, sa.func.count()).group_by(Post.root_id)).all())


def _accepted(viewer, root_ids):
    found = {}
    rows = db.session.execute(_readable_replies(viewer, root_ids, Post.id).where(Post.accepted_at.is_not(None)).order_by(Post.id)) \
        if root_ids else ()
    for root_id, reply_id in rows:
        found.setdefault(root_id, []).append(reply_id)
    return found


def replies_of(viewer, post_id, after, limit):
    """A page of a thread's replies, oldest first: ([post], next cursor or None).  after: the id of the last one had.  Raises Missing."""
    root_id = get_post(post_id, viewer).root_id
    root = aliased(Post)
    ids = db.session.scalars(sa.select(Post.id).join(root, root.id == Post.root_id).where(
        Post.root_id == root_id, Post.id != root_id, Post.id > (after or 0), sa.or_(Post.deleted_at.is_(None), sa.not_(Post.note)),
        readable(viewer, Post, root)).order_by(Post.id).limit(limit + 1)).all()
    return posts_of(viewer, ids[:limit]), str(ids[limit - 1]) if len(ids) > limit else None


# --- me

def me_of(viewer):
    """The caller as the API shows them."""
    person = db.session.execute(sa.select(Person.id, Person.name, Person.handle, Person.email, Person.role, Person.tz, Person.lang,
                                          Person.hours, Person.lock_screen, Person.lock_private, Person.batch_hours, Person.daily_pushes,
                                          Person.even_outside, Person.digest).where(Person.id == viewer.id)).one()
    teams = sa.select(Team.name).join(TeamMember, TeamMember.team_id == Team.id).where(TeamMember.person_id == viewer.id).order_by(Team.name_fold)
    circles = sa.select(Circle.slug).join(Membership, Membership.circle_id == Circle.id).where(Membership.person_id == viewer.id)
    return person._asdict() | {"teams": list(db.session.scalars(teams)), "circles": list(db.session.scalars(circles.order_by(Circle.slug)))}
