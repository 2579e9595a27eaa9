"""Kudos: thanks to a person, in public, in a circle, or between the two alone."""
import sqlalchemy as sa

from ..db import db, insert_new
from ..errors import Invalid
from ..people.models import Membership, Person
from .access_actions import audience_of
from .actions import publish
from .models import Access, Kudos

MOST = 20                               # people thanked at once


def give_kudos(author, prepared, *, audience="everyone", to=()):
    """Thank those named in a text, and those of these ids.  In private only they read it: no desk, no admin.
    Returns the Post.  Raises Invalid, Missing."""
    thanked = _thanked(author, [*prepared.mentions.values(), *to])
    name, circle_id = audience_of(author, audience)
    if name == "circle":
        _check_members(thanked, circle_id)
    # sealed and of no team: the desk's way in needs a team, so nobody comes in by it
    post = publish(author, "kudos", prepared, audience=audience, sealed=name == "private")
    insert_new(Kudos.__table__, [{"post_id": post.id, "person_id": person_id} for person_id in thanked], "post_id", "person_id")
    if name == "private":
        insert_new(Access.__table__, [{"person_id": person_id, "root_id": post.id, "why": "participant", "until": None} for person_id in thanked],
                   "person_id", "root_id")
    return post


def _thanked(author, person_ids):
    wanted = [person_id for person_id in dict.fromkeys(person_ids) if person_id != author.id]
    here = set(db.session.scalars(sa.select(Person.id).where(Person.id.in_(wanted), Person.state != "off")))
    thanked = [person_id for person_id in wanted if person_id in here]
    if not thanked:
        raise Invalid("Say whom you thank: write @ and their handle in the text, such as @ada. Thanks to oneself do not count.", field="to")
    if len(thanked) > MOST:
        raise Invalid(f"At most {MOST} people can be thanked at once. Thank a circle in its own words instead.", field="to")
    return thanked


def _check_members(thanked, circle_id):
    inside = sa.select(Membership.person_id).where(Membership.circle_id == circle_id)
    outside = db.session.scalars(sa.select(Person.name).where(Person.id.in_(thanked), Person.id.not_in(inside)).order_by(Person.name)).all()
    if outside:
        raise Invalid(f"{' and '.join(outside)} would not see it: not in this circle. Choose everyone, or thank in private.", field="audience")
