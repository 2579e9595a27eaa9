"""The lists of the feed as parts that each follow an index: newest, following, one's own tickets, a hashtag's."""
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..policy import branches, each_of, visible
from ..posts.models import Access, Follow, Post
from ..tags.models import PostTag, TagFollow
from ..tickets.models import Major


def in_list(post=Post):
    """The condition that a thread stands in the feed at all."""
    return sa.and_(post.in_feed, post.deleted_at.is_(None))


def older(column):
    """Ids below the parameter `before`."""
    return column < sa.bindparam("before")


def newer(column):
    """Ids above the parameter `top`."""
    return column > sa.bindparam("top")


def parts_of(view, who, *bounds):
    """SELECTs of ids whose union is what a person may see in a view.  view: newest, for-you (the same without what they
    muted), following, tickets (their own and those they follow).  bounds: older, newer or another condition on a column of ids."""
    return _PARTS[view](who, bounds)


def _newest(who, bounds, *more):
    shared = [sa.select(Post.id).where(in_list(), part, *_on(Post.id, bounds), *more) for part in branches(who, own=False)]
    return [*shared, _own(who, bounds, *more)]


def _on(column, bounds):
    return [bound(column) for bound in bounds]


def _for_you(who, bounds):
    return _newest(who, bounds, unmuted(who))


def unmuted(who):
    """The condition that a person has muted neither a thread nor one of its hashtags."""
    thread = sa.exists().where(Follow.root_id == Post.id, Follow.person_id == who.id, Follow.level == "muted")
    return sa.and_(sa.not_(thread), sa.not_(_carries(who, "muted")))


def _carries(who, level, root_id=Post.id):
    """The condition that a thread carries a hashtag of which a person hears this much: few are followed, so each is looked up."""
    carried = sa.exists().where(PostTag.tag_id == TagFollow.tag_id, PostTag.root_id == root_id).correlate_except(PostTag)
    return sa.exists().where(TagFollow.person_id == who.id, TagFollow.level == level, carried).correlate_except(TagFollow)


def _hears_of(who, level):
    """The condition that there is such a hashtag at all: asked once, not for each thread."""
    return sa.exists().where(TagFollow.person_id == who.id, TagFollow.level == level).correlate_except(TagFollow)


def _own(who, bounds, *more):
    """What a person sees in their own right, along the index of these rows."""
    return (sa.select(Access.root_id.label("id")).join(Post, Post.id == Access.root_id)
            .where(Access.person_id == who.id, Post.audience != "everyone", in_list(), visible(who), *_on(Access.root_id, bounds), *more))


def _following(who, bounds):
    return [_followed(who, bounds), *_followed_tags(who, bounds)]


def _tickets(who, bounds):
    mine = sa.select(Post.id).where(Post.author_id == who.id, Post.kind == "ticket", in_list(), visible(who), *_on(Post.id, bounds))
    return [mine, _followed(who, bounds).where(Post.kind == "ticket")]


def _followed(who, bounds):
    return (sa.select(Follow.root_id.label("id")).join(Post, Post.id == Follow.root_id)
            .where(Follow.person_id == who.id, Follow.level == "all", in_list(), visible(who), *_on(Follow.root_id, bounds)))


_PARTS = {"newest": _newest, "for-you": _for_you, "following": _following, "tickets": _tickets}


def open_majors(who, *more):
    """The SELECT of the ids of the open major incidents that a person may see: few, so it begins with them."""
    seen = sa.exists().where(Post.id == Major.post_id, in_list(), visible(who), *more).correlate(Major)
    return sa.select(Major.post_id).where(Major.ended_at.is_(None), seen)


# --- hashtags: the copied audience finds the rows, the rule itself lets them through

def tag_parts(who, *bounds):
    """The same of one hashtag, the parameter `tag`; what never was in the feed too."""
    own = sa.select(Access.root_id).where(Access.person_id == who.id)
    wheres = [*_stretches(who, PostTag), (PostTag.audience != "everyone", PostTag.root_id.in_(own))]
    return [sa.select(PostTag.root_id.label("id")).join(Post, Post.id == PostTag.root_id)
            .where(PostTag.tag_id == sa.bindparam("tag"), *where, visible(who), Post.deleted_at.is_(None), *_on(PostTag.root_id, bounds))
            for where in wheres]


def _stretches(who, tagged):
    """The stretches of the index of hashtags in which a person finds something, their own rows apart."""
    wheres = [(tagged.audience == "everyone", tagged.circle_id.is_(None))]
    wheres += [(tagged.audience == "circle", tagged.circle_id == circle_id) for circle_id in each_of(who.circle_ids)]
    if who.is_agent:
        wheres.append((tagged.audience == "private", tagged.circle_id.is_(None)))
    return wheres


def _followed_tags(who, bounds):
    """What carries a hashtag that a person follows.  Of each hashtag the newest `limit` are enough, and of all together: what
    is older than these of one alone is not looked at."""
    mine, parts = (TagFollow.person_id == who.id, TagFollow.level == "all"), []
    stretches = list(zip(_stretches(who, PostTag), _stretches(who, _OTHER)))
    of_one = _lowest(who, stretches[0][1], bounds)
    floor = sa.select(sa.func.coalesce(sa.func.max(of_one), 0).label("low")).select_from(TagFollow).where(*mine).cte("floor")
    low = sa.select(floor.c.low).scalar_subquery()
    for n, (where, its) in enumerate(stretches):
        start = sa.func.coalesce(_lowest(who, its, bounds, _OTHER.root_id >= low), low) if n else low
        parts.append(sa.select(PostTag.root_id.label("id")).select_from(TagFollow).join(PostTag, PostTag.tag_id == TagFollow.tag_id)
                     .join(Post, Post.id == PostTag.root_id)
                     .where(*mine, *where, PostTag.root_id >= start, in_list(), visible(who), *_on(PostTag.root_id, bounds)))
    return [*parts, _own(who, bounds, Access.root_id >= low, _hears_of(who, "all"), _carries(who, "all", Access.root_id))]


_OTHER, _OTHERS_POST = aliased(PostTag), aliased(Post)


def _lowest(who, stretch, bounds, *more):
    """The id after the newest `limit` of a followed hashtag in a stretch; NULL where there are no more."""
    return (sa.select(_OTHER.root_id).join(_OTHERS_POST, _OTHERS_POST.id == _OTHER.root_id)
            .where(_OTHER.tag_id == TagFollow.tag_id, *stretch, *more, in_list(_OTHERS_POST), visible(who, _OTHERS_POST), *_on(_OTHER.root_id, bounds))
            .order_by(_OTHER.root_id.desc()).offset(sa.bindparam("limit", type_=sa.Integer)).limit(1).correlate(TagFollow).scalar_subquery())


# --- the parts together

def newest_of(parts, limit):
    """The newest ids of the parts together, each once."""
    cut = [part.order_by(sa.desc(part.selected_columns[0])).limit(limit).subquery() for part in parts]
    every = sa.union_all(*(sa.select(part.c.id) for part in cut)).subquery()
    return sa.select(every.c.id).distinct().order_by(every.c.id.desc()).limit(limit)


def any_of(parts):
    """The condition that one of the parts holds something."""
    return sa.or_(*(sa.exists(part) for part in parts))
