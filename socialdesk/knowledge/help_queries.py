"""What the Help page shows: articles by use, by age, by hashtag, and those somebody should look at again."""
import time

import sqlalchemy as sa

from ..db import EPOCH, db, now
from ..errors import Invalid
from ..events import Event, Verb
from ..people.models import Person
from ..posts.models import Post
from ..tags.models import PostTag, Tag
from .models import Article
from .queries import stands

PAGE = 20
ORDERS = ("helpful", "newest")
MOST_TAGS = 12
COUNTS_SECONDS = 60                     # so long counted hashtags are believed while no article is written

_USE = Article.solved - Article.not_solved
_ROW = (Post.id, Post.title, Post.made_at, Post.edited_at, Article.slug, Article.summary, Article.lang, Article.solved, Article.not_solved,
        Post.audience, _USE.label("use"))


def articles(viewer, order="helpful", cursor=None, limit=PAGE, tag_id=None):
    """(rows, next cursor or None): the articles this person may read.  order: helpful (whom it solved it, less whom it
    did not) or newest.  tag_id: only those with this hashtag.  Raises Invalid."""
    found = sa.select(*_ROW).join(Article, Article.post_id == Post.id).where(stands(viewer))
    if tag_id is not None:
        found = found.join(PostTag, PostTag.root_id == Article.post_id).where(PostTag.tag_id == tag_id, PostTag.article)
    if order == "helpful":
        use, last = _cursor(cursor, 2) or (None, None)
        # the first half is what the index is entered by
        after = sa.and_(_USE <= use, sa.or_(_USE < use, Article.post_id < last)) if cursor else sa.true()
        found = found.where(after).order_by(_USE.desc(), Article.post_id.desc())
    else:
        after = Article.post_id < _cursor(cursor, 1)[0] if cursor else sa.true()
        found = found.where(after).order_by(Article.post_id.desc())
    return _page(found, limit, lambda row: f"{row.use}.{row.id}" if order == "helpful" else str(row.id))


def to_review(viewer, cursor=None, limit=PAGE):
    """(rows with mine, review_at, owner_name; next cursor or None): the articles whose review date has come, the viewer's
    own first, then the longest waiting."""
    others = sa.case((Article.owner_id == viewer.id, 0), else_=1)
    order = (others, sa.type_coerce(Article.review_at, sa.BigInteger), Article.post_id)
    found = (sa.select(*_ROW, Article.review_at, Person.name.label("owner_name"), others.label("others")).join(Article, Article.post_id == Post.id)
             .outerjoin(Person, Person.id == Article.owner_id).where(stands(viewer), Article.review_at <= now()))
    if cursor:
        found = found.where(sa.tuple_(*order) > sa.tuple_(*(sa.literal(part) for part in _cursor(cursor, 3))))
    return _page(found.order_by(*order), limit, lambda row: f"{row.others}.{int((row.review_at - EPOCH).total_seconds() * 1_000_000)}.{row.id}")


def reviews_due(viewer):
    """How many articles of this person's own wait to be looked at again."""
    return db.session.scalar(sa.select(sa.func.count()).join(Post, Post.id == Article.post_id).select_from(Article)
                             .where(Article.owner_id == viewer.id, Article.review_at <= now(), stands(viewer)))


def _page(found, limit, cursor_of):
    rows = db.session.execute(found.limit(limit + 1)).all()
    return rows[:limit], cursor_of(rows[limit - 1]) if len(rows) > limit else None


def _cursor(cursor, parts):
    numbers = (cursor or "").split(".")
    signs = numbers if parts == 1 else [numbers[0].removeprefix("-"), *numbers[1:]]             # fewer may have been helped than not
    if cursor and (len(numbers) != parts or not all(n.isascii() and n.isdigit() and len(n) < 18 for n in signs)):
        raise Invalid("This page of articles does not exist. Open Help anew.", field="cursor")
    return [int(n) for n in numbers] if cursor else None


# --- hashtags

_counted = {}                           # database -> (what stood when it was counted, when that was, the counts)


def article_tags():
    """[(name as shown, compared form, articles)] of the hashtags with most articles that everyone may read.  They are the
    same for all, so a process counts them once until an article is written."""
    place, stood = str(db.engine.url), _written()
    kept = _counted.get(place)
    if kept is None or kept[0] != stood or time.monotonic() - kept[1] > COUNTS_SECONDS:
        _counted[place] = kept = (stood, time.monotonic(), _count())
    return kept[2]


_CHANGES = (Verb.ARTICLE_PUBLISHED, Verb.ARTICLE_REVISED, Verb.ARTICLE_MOVED, Verb.ARTICLE_WITHDRAWN, Verb.ARTICLE_RESTORED)


def _written():
    """What changes whenever an article is written, imported, moved or taken back: a look into an index each."""
    newest = [sa.select(sa.func.max(Event.at)).where(Event.verb == verb).scalar_subquery() for verb in _CHANGES]
    return tuple(db.session.execute(sa.select(sa.func.max(Article.post_id), *newest)).one())


def _count():
    number = sa.func.count()
    rows = db.session.execute(
        sa.select(Tag.shown, Tag.fold, number).join(PostTag, PostTag.tag_id == Tag.id).join(Article, Article.post_id == PostTag.root_id)
        .join(Post, Post.id == Article.post_id)
        .where(PostTag.article, PostTag.audience == "everyone", Post.deleted_at.is_(None), Post.merged_into_id.is_(None))
        .group_by(Tag.id, Tag.shown, Tag.fold).order_by(number.desc(), Tag.fold).limit(MOST_TAGS))
    return [tuple(row) for row in rows]
