"""The queue of the desk and a person's own tickets: pages of rows by cursor, and counts of what one may see."""
from datetime import timedelta
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from .. import policy
from ..db import EPOCH, db
from ..errors import Invalid
from ..people.models import Person, Team
from ..posts.models import Post
from ..tags.checker import fold
from ..tags.models import PostTag, Tag
from .models import IS_FREE, IS_OPEN, OPEN, STATUSES, Ticket

#: the queue's filters, in the order of the page
FILTERS = {"unassigned": "Unassigned", "mine": "Mine", "teams": "My teams", "waiting": "Waiting", "open": "All open",
           "resolved": "Resolved"}
PAGE = 30
MOST_COUNTED = 100              # counts go so far and no further
owner, asker = aliased(Person), aliased(Person)


def queue_of(viewer, filter="unassigned", tag=None, cursor=None, limit=PAGE):
    """A page of the queue, longest silence first: (rows, next cursor or None).  Only what this agent reads as the desk.
    tag: a hashtag's name.  Raises Invalid."""
    at, post_id = _read_cursor(cursor) if cursor else (None, None)
    given = policy.values(viewer) | {"tag": fold(tag or ""), "at": at, "after": post_id, "limit": limit + 1}
    rows = db.session.execute(page_of(policy.asker(viewer), filter, bool(tag), bool(cursor)), given).all()
    more = len(rows) > limit
    return rows[:limit], _cursor(rows[limit - 1]) if more else None


@lru_cache
def page_of(who, filter, is_tagged=False, is_further=False):
    """The statement of such a page, one row longer, with the parameters `tag`, `at`, `after` and `limit`.  Raises Invalid."""
    found = (_rows().where(policy.visible(who, Post), policy.may_read_notes(who, Post), _filter(who, filter))
             .order_by(Ticket.last_word_at, Ticket.post_id).limit(sa.bindparam("limit", type_=sa.Integer)))
    if is_tagged:
        found = found.where(_tagged(sa.bindparam("tag")))
    if is_further:
        at, after = sa.bindparam("at"), sa.bindparam("after")
        found = found.where(sa.or_(Ticket.last_word_at > at, sa.and_(Ticket.last_word_at == at, Ticket.post_id > after)))
    return found


def tickets_of(viewer, mine=True, status=None, assignee=None, tag=None, cursor=None, limit=PAGE):
    """A page of tickets, newest first: (rows, next cursor or None).  mine: those this person asked for, else all they may
    see.  assignee: a handle, or "none".  Raises Invalid."""
    found = _rows().where(policy.visible(viewer, Post)).order_by(Ticket.post_id.desc()).limit(limit + 1)
    if mine or not viewer.is_agent:
        found = found.where(Post.author_id == viewer.id)
    if status:
        if status not in STATUSES:
            raise Invalid("A ticket can be " + ", ".join(STATUSES) + ". Choose one of these.", field="status")
        found = found.where(Ticket.status == status)
    if assignee:
        found = found.where(Ticket.assignee_id.is_(None) if assignee == "none" else owner.handle == assignee.removeprefix("@"))
    if tag:
        found = found.where(_tagged(fold(tag)))
    if cursor:
        found = found.where(Ticket.post_id < _whole(cursor))
    rows = db.session.execute(found).all()
    more = len(rows) > limit
    return rows[:limit], str(rows[limit - 1].id) if more else None


def counts_of(viewer):
    """{filter: how many tickets it shows this agent, counted to MOST_COUNTED}.  One statement."""
    return dict(db.session.execute(_counts(policy.asker(viewer)), policy.values(viewer)).one()._mapping)


@lru_cache
def _counts(who):
    def count(name):
        some = (sa.select(sa.literal(1)).select_from(Ticket).join(Post, Post.id == Ticket.post_id)
                .where(policy.visible(who, Post), policy.may_read_notes(who, Post), _filter(who, name)).limit(MOST_COUNTED))
        return sa.select(sa.func.count()).select_from(some.subquery()).scalar_subquery().label(name)
    return sa.select(*map(count, FILTERS))


def _rows():
    named = Post.shown_as.is_(None)
    return (sa.select(
        Post.id, Post.title, Post.audience, Post.made_at, Post.me_toos,
        sa.func.coalesce(Post.shown_as, asker.name).label("asker"), sa.case((named, asker.handle)).label("asker_handle"),
        Ticket.type, Ticket.status, Ticket.hold_reason, Ticket.urgency, Ticket.priority, Ticket.opened_at, Ticket.first_word_at,
        Ticket.last_word_at, Ticket.resolved_at, Ticket.closes_at, Ticket.closed_at, Ticket.reopened, Ticket.assignee_id,
        Team.name.label("team"), owner.name.label("owner"), owner.handle.label("owner_handle"))
        .select_from(Ticket).join(Post, Post.id == Ticket.post_id).join(asker, asker.id == Post.author_id)
        .outerjoin(Team, Team.id == Ticket.team_id).outerjoin(owner, owner.id == Ticket.assignee_id))


def _filter(who, name):
    conditions = {
        "unassigned": lambda: sa.and_(IS_OPEN, IS_FREE),
        "mine": lambda: sa.and_(Ticket.status.in_(OPEN), Ticket.assignee_id == who.id),         # along the index of assignees
        "teams": lambda: sa.and_(IS_OPEN, Ticket.team_id.in_(policy.some_of(who.team_ids))),
        "waiting": lambda: sa.and_(Ticket.status == "on_hold", Ticket.hold_reason == "requester"),
        "open": lambda: IS_OPEN,
        "resolved": lambda: Ticket.status == "resolved"}
    if name not in conditions:
        raise Invalid("The queue has no such part. Choose one of its filters.")
    return conditions[name]()


def _tagged(name):
    """name: folded."""
    main = sa.select(sa.func.coalesce(Tag.synonym_of, Tag.id)).where(Tag.fold == name)
    return sa.exists().where(PostTag.root_id == Post.id, PostTag.tag_id.in_(main))


def _cursor(row):
    return f"{(row.last_word_at - EPOCH) // timedelta(microseconds=1)}-{row.id}"


def _read_cursor(cursor):
    at, _, post_id = cursor.partition("-")
    return EPOCH + timedelta(microseconds=min(_whole(at), 10 ** 17)), _whole(post_id)


def _whole(text):
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid("This part of the list is not known any more. Open the list anew.")
    return int(text)
