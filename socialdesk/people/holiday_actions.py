"""Holidays: days on which nothing rings for who has working hours."""
from datetime import date

import sqlalchemy as sa

from ..db import db, insert, now
from ..errors import Invalid, Missing
from ..policy import require
from .checker import clean_line
from .hours_checker import local_time
from .models import Holiday

MAX_NAME = 60
MOST = 400


def in_words(day):
    """A day as one says it: Friday, 25 December 2026.  day: "2026-12-25"."""
    known = date.fromisoformat(day)
    return f"{known:%A}, {known.day} {known:%B} {known.year}"


def is_coming(viewer, day):
    """Is this a day, and not past where this person is?"""
    try:
        return date.fromisoformat(day) >= local_time(viewer.tz, now()).date()
    except ValueError:
        return False


def add_holiday(viewer, day, name):
    """Add a day; the same day by the same name twice is once.  day: "2026-12-25".  Raises Invalid."""
    require(viewer, "admin")
    shown, words = _coming(viewer, day), clean_line(name or "")[:MAX_NAME]
    if not words:
        raise Invalid("A holiday needs a name, such as New Year.", field="name")
    if db.session.scalar(sa.select(sa.func.count()).select_from(Holiday)) >= MOST:
        raise Invalid(f"There are {MOST} holidays already. Remove those that are past.", field="day")
    if db.session.execute(insert(Holiday.__table__).values(day=shown, name=words).on_conflict_do_nothing()).rowcount:
        return
    known = db.session.scalar(sa.select(Holiday.name).where(Holiday.day == shown))
    if known != words:
        raise Invalid(f"{in_words(shown)} is a holiday already: {known}. Remove it first if it should have another name.", field="day")


def _coming(viewer, day):
    if not (day or "").strip():
        raise Invalid("Choose the day.", field="day")
    try:
        shown = date.fromisoformat(day.strip()).isoformat()
    except ValueError:
        raise Invalid("This day cannot be read. Write it like 2026-12-25.", field="day") from None
    if not is_coming(viewer, shown):
        raise Invalid(f"{in_words(shown)} is past, so it can keep nothing quiet any more. Choose today or a day to come.", field="day")
    return shown


def remove_holiday(viewer, day):
    """Take a day off the list.  Returns its name.  Raises Missing."""
    require(viewer, "admin")
    name = db.session.scalar(sa.delete(Holiday).where(Holiday.day == day).returning(Holiday.name))
    if name is None:
        raise Missing()
    return name
