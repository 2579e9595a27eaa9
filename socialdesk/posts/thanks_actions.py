"""Whom kudos thank: checked when they are given, and anew when their text is changed."""
import sqlalchemy as sa

from ..db import db, insert_new
from ..errors import Invalid
from ..events import Verb, record
from ..people.models import Membership, Person
from .models import Access, Follow, Kudos, Mention

MOST = 20                               # people thanked at once


def thanked_of(author_id, person_ids, field="to"):
    """Those of these people who can be thanked, each once.  Raises Invalid where nobody is left, or too many are."""
    wanted = [person_id for person_id in dict.fromkeys(person_ids) if person_id != author_id]
    here = set(db.session.scalars(sa.select(Person.id).where(Person.id.in_(wanted), Person.state != "off")))
    thanked = [person_id for person_id in wanted if person_id in here]
    if not thanked:
        raise Invalid("Say whom you thank: write @ and their handle in the text, such as @ada. Thanks to oneself do not count.", field=field)
    if len(thanked) > MOST:
        raise Invalid(f"At most {MOST} people can be thanked at once. Thank a circle in its own words instead.", field=field)
    return thanked


def check_members(thanked, circle_id, field="audience", instead="Choose everyone, or thank in private."):
    """Raises Invalid where somebody of them is not in the circle that reads the thanks."""
    inside = sa.select(Membership.person_id).where(Membership.circle_id == circle_id)
    outside = db.session.scalars(sa.select(Person.name).where(Person.id.in_(thanked), Person.id.not_in(inside)).order_by(Person.name)).all()
    if outside:
        raise Invalid(f"{' and '.join(outside)} would not see it: not in this circle. {instead}", field=field)


def thank_anew(post, viewer, prepared):
    """Before the text of kudos changes: who is named in it now is thanked and told, who no longer is loses the thanks; those
    thanked beside the text stay.  In private nobody new comes in.  Raises Invalid."""
    former, named = _ids(Kudos, post), prepared.mentions.values()
    gone = (former & _ids(Mention, post)) - set(named)
    stay = former - gone
    if post.audience == "private":
        _stay_between(post, stay, named)
        _shut_out(post, viewer, gone)
    else:
        _thank(post, viewer, [one for one in thanked_of(post.author_id, [*sorted(stay), *named], field="body") if one not in stay])
    db.session.execute(sa.delete(Kudos).where(Kudos.post_id == post.id, Kudos.person_id.in_(gone)))


def _thank(post, viewer, new):
    if post.audience == "circle":
        check_members(new, post.circle_id, "body", "Leave them out of the text, or thank them in a post of their own.")
    insert_new(Kudos.__table__, [{"post_id": post.id, "person_id": person_id} for person_id in new], "post_id", "person_id")
    for person_id in new:
        record(Verb.THANKED, post, viewer, ref_id=person_id)


def _stay_between(post, stay, named):
    if not stay:
        thanked_of(post.author_id, named, field="body")
        raise Invalid("Thanks in private stay between those they were said to, so nobody else can take their place. Your text is kept: "
                      "say it in a post of its own, and take this one back.", field="body")


def _shut_out(post, viewer, gone):
    """Who is no longer thanked in private no longer reads it."""
    for person_id in sorted(gone):
        for table in (Access, Follow):
            db.session.execute(sa.delete(table).where(table.root_id == post.id, table.person_id == person_id))
        record(Verb.ACCESS_TAKEN, post, viewer, ref_id=person_id)


def _ids(table, post):
    return set(db.session.scalars(sa.select(table.person_id).where(table.post_id == post.id)))
