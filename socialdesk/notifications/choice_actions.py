"""Choosing what one is told, and when."""
import sqlalchemy as sa

from ..db import db, insert, locked, now
from ..errors import Invalid, Missing
from ..events import hint
from ..people.models import Circle, Membership, Person
from ..tags.follow_actions import follow_tag
from .hours_checker import QUIET, quiet_end
from .matters_checker import AT_THE_DESK, BY_KEY, Levels, check_levels
from .models import Choice
from .plan_queries import holidays

LEVELS = ("all", "mentions", "muted")
WAYS = {"now": ("on", "now"), "rest": ("on", "rest"), "inbox": ("on", "never"), "off": ("off", "never")}


def choose(viewer, matter_key, told, mail):
    """Choose how a matter is told.  told: now, rest, inbox, off; mail: always, second, digest, never.  Raises Missing, Invalid."""
    matter = BY_KEY.get(matter_key)
    if matter is None or matter_key in AT_THE_DESK and not viewer.is_agent:
        raise Missing()
    levels = check_levels(matter, *WAYS.get(told, ("", "")), mail)
    db.session.execute(sa.delete(Choice).where(Choice.person_id == viewer.id, Choice.matter == matter.key))
    rows = [{"person_id": viewer.id, "matter": matter.key, "channel": channel, "level": level}
            for channel, level, usual in zip(Levels._fields, levels, matter.usual) if level != usual]
    if rows:
        db.session.execute(insert(Choice.__table__), rows)


def be_quiet(viewer, until):
    """Nothing rings until the morning of a day.  until: tomorrow or monday.  Returns the moment.  Raises Invalid."""
    if until not in QUIET:
        raise Invalid("Quiet lasts until tomorrow or until Monday. Choose one of the two.", field="until")
    person = locked(Person, viewer.id)
    person.quiet_until = quiet_end(until, person.hours, person.tz, now(), holidays())
    db.session.flush()
    return person.quiet_until


def ring_again(viewer):
    """End the quiet."""
    locked(Person, viewer.id).quiet_until = None
    db.session.flush()


def hear_hashtag(viewer, name, level):
    """Choose what one hears of a hashtag: all, mentions, muted.  Raises Invalid."""
    follow_tag(name, viewer, _level(level))


def hear_circle(viewer, slug, level):
    """Choose what one hears of a circle of one's own.  Raises Invalid, Missing."""
    mine = sa.select(Circle.id).where(Circle.slug == slug)
    changed = db.session.execute(sa.update(Membership).where(Membership.person_id == viewer.id, Membership.circle_id.in_(mine))
                                 .values(level=_level(level)).execution_options(synchronize_session=False)).rowcount
    if not changed:
        raise Missing()
    hint(f"lists:{viewer.id}")


def _level(level):
    if level not in LEVELS:
        raise Invalid("One hears all of it, only mentions, or nothing (muted). Choose one of the three.", field="level")
    return level
