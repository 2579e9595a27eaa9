"""What a person chose about being told, as its pages show it."""
from collections import namedtuple

import sqlalchemy as sa

from ..db import db, now
from ..people.models import Circle, Membership, Person
from ..policy import visible
from ..posts.models import Follow, Post
from ..tags.models import Tag, TagFollow
from .hours_checker import QUIET, day_of, quiet_end, zone_of
from .matters_checker import MATTERS, PARTS, levels_of
from .models import Choice
from .plan_queries import holidays

Chosen = namedtuple("Chosen", "matter told mail")
Part = namedtuple("Part", "key title matters")
#: how a matter is told, in one word: what stands in the inbox, and how it rings
TOLD = {("on", "now"): "now", ("on", "rest"): "rest", ("on", "never"): "inbox"}


def told_of(levels):
    """now, rest, inbox or off."""
    return TOLD.get((levels.inbox, levels.push), "off")


def matters_of(viewer):
    """The Parts of the page of choices, each matter with what is chosen; those of the desk for its people alone."""
    rows = {}
    for row in db.session.scalars(sa.select(Choice).where(Choice.person_id == viewer.id)):
        rows.setdefault(row.matter, {})[row.channel] = row.level
    chosen = {matter.key: levels_of(matter, rows.get(matter.key, {})) for matter in MATTERS}
    return [Part(key, title, [Chosen(matter, told_of(chosen[matter.key]), chosen[matter.key].mail) for matter in MATTERS if matter.part == key])
            for key, title in PARTS if key != "desk" or viewer.is_agent]


def when_of(viewer):
    """hours, tz, quiet_until, even_outside, batch_hours, daily_pushes, lock_screen, lock_private, digest, only_tickets."""
    return db.session.execute(sa.select(
        Person.hours, Person.tz, Person.quiet_until, Person.even_outside, Person.batch_hours, Person.daily_pushes, Person.lock_screen,
        Person.lock_private, Person.digest, Person.only_tickets).where(Person.id == viewer.id)).one()


def quiet_of(chosen):
    """Until when it is quiet for a person, as they say it: "Monday, 07:30"; None where it rings.  chosen: anything with quiet_until and tz."""
    if chosen.quiet_until is None or chosen.quiet_until <= now():
        return None
    local, today = (moment.astimezone(zone_of(chosen.tz)) for moment in (chosen.quiet_until, now()))
    far = (local.date() - today.date()).days > 7
    return f"{local:%A}{f', {local.day} {local:%B}' if far else ''}, {local:%H:%M}"


def quiet_ways(chosen):
    """[(name, day)] of one tap of quiet: tomorrow and Monday; one alone where both end at the same moment, as on a Sunday."""
    moment, off = now(), holidays()
    ends = {name: quiet_end(name, chosen.hours, chosen.tz, moment, off) for name in QUIET}
    return [(name, day_of(at, chosen.tz, moment)) for place, (name, at) in enumerate(ends.items()) if at not in list(ends.values())[:place]]


def hashtags_of(viewer):
    """[(shown, level)] of the hashtags this person follows or muted, in order."""
    return db.session.execute(sa.select(Tag.shown, TagFollow.level).join(Tag, Tag.id == TagFollow.tag_id)
                              .where(TagFollow.person_id == viewer.id).order_by(Tag.fold)).all()


def circles_of(viewer):
    """[(slug, name, level)] of the circles this person belongs to."""
    return db.session.execute(sa.select(Circle.slug, Circle.name, Membership.level).join(Circle, Circle.id == Membership.circle_id)
                              .where(Membership.person_id == viewer.id).order_by(Circle.name)).all()


def muted_of(viewer):
    """The threads this person has muted: id and title, the newest first."""
    return db.session.execute(
        sa.select(Post.id, Post.title).join(Follow, Follow.root_id == Post.id)
        .where(Follow.person_id == viewer.id, Follow.level == "muted", visible(viewer, Post)).order_by(Post.id.desc()).limit(100)).all()
