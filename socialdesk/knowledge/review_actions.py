"""Articles whose review date has come: their owner is told once."""
import sqlalchemy as sa

from ..db import db, now
from ..events import Event, Verb, record
from ..jobs import clockwork
from ..people.models import Person
from ..policy import are_agents
from ..posts.models import Post
from .models import Article

AT_ONCE = 500                           # articles in one go; the rest comes with the next


@clockwork("remind_of_reviews", 3600)
def remind_of_reviews():
    """Write down that an article's review is due: once for each date and owner.  What follows tells the owner."""
    told = sa.exists().where(Event.root_id == Article.post_id, Event.verb == Verb.REVIEW_DUE, Event.ref_id == Article.owner_id,
                             Event.at >= Article.review_at)
    due = (sa.select(Post, Article.owner_id).join(Article, Article.post_id == Post.id).join(Person, Person.id == Article.owner_id)
           .where(Article.review_at <= now(), Person.state == "active", are_agents(Person), Post.deleted_at.is_(None),
                  Post.merged_into_id.is_(None), sa.not_(told))
           .order_by(Article.post_id).limit(AT_ONCE))
    for post, owner_id in db.session.execute(due).all():
        record(Verb.REVIEW_DUE, post, ref_id=owner_id)
