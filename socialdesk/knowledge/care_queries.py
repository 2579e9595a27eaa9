"""Articles that need their owner: the review date came, there is no sign for long that they are used, or they do not help."""
from datetime import timedelta

import sqlalchemy as sa

from ..db import db, now
from ..errors import Invalid
from ..events import Event, Verb
from ..people.models import Person
from ..posts.models import Post
from .models import Article, Verdict
from .queries import stands

IDLE = timedelta(days=180)              # not changed, not opened from the suggestions, not said to have helped or to still hold
LEAST_VERDICTS = 3                      # fewer say nothing
PAGE = 20
MOST_OWNERS = 100

_CHANGED = sa.func.coalesce(Post.edited_at, Post.made_at)


def _said(solved):
    """How many said so of the text as it stands now."""
    return (sa.select(sa.func.count()).select_from(Verdict).where(Verdict.post_id == Post.id, Verdict.solved == solved, Verdict.at >= _CHANGED)
            .correlate(Post).scalar_subquery())


def _reasons():
    """(is it due, is it idle, does it not help): conditions on an article."""
    limit, yes, no = now() - IDLE, _said(True), _said(False)
    used = sa.or_(sa.exists().where(Verdict.post_id == Post.id, Verdict.solved, Verdict.at > limit),
                  sa.exists().where(Event.root_id == Post.id, Event.verb.in_((Verb.ARTICLE_REVIEWED, Verb.SUGGESTION_OPENED)), Event.at > limit))
    is_due = sa.and_(Article.review_at.is_not(None), Article.review_at <= now())
    return is_due, sa.and_(_CHANGED <= limit, sa.not_(used)), sa.and_(no >= yes, yes + no >= LEAST_VERDICTS)


def to_care_for(viewer, cursor=None, limit=PAGE):
    """(rows, next cursor or None): a person's own articles that need them, the oldest first.  Columns: id, slug, title, lang,
    review_at, yes and no (verdicts since it was changed), is_due, is_idle, is_unhelpful.  Raises Invalid."""
    if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 18):
        raise Invalid("This page of your articles does not exist. Open the list anew.")
    is_due, is_idle, is_unhelpful = _reasons()
    rows = db.session.execute(
        sa.select(Post.id, Article.slug, Post.title, Article.lang, Article.review_at, _said(True).label("yes"), _said(False).label("no"),
                  is_due.label("is_due"), is_idle.label("is_idle"), is_unhelpful.label("is_unhelpful"))
        .join(Article, Article.post_id == Post.id)
        .where(Article.owner_id == viewer.id, Post.id > int(cursor or 0), stands(viewer), sa.or_(is_due, is_idle, is_unhelpful))
        .order_by(Post.id).limit(limit + 1)).all()
    return rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None


def care_by_owner(viewer):
    """Rows of name, handle (None: nobody answers for them), all, due, idle, unhelpful, who has most to do first: how the
    articles stand that this person may read."""
    is_due, is_idle, is_unhelpful = (sa.func.sum(sa.case((reason, 1), else_=0)) for reason in _reasons())
    return db.session.execute(
        sa.select(Person.name, Person.handle, sa.func.count().label("all"), is_due.label("due"), is_idle.label("idle"), is_unhelpful.label("unhelpful"))
        .select_from(Article).join(Post, Post.id == Article.post_id).outerjoin(Person, Person.id == Article.owner_id)
        .where(stands(viewer)).group_by(Person.id, Person.name, Person.handle)
        .order_by((is_due + is_idle + is_unhelpful).desc(), Person.name).limit(MOST_OWNERS)).all()
