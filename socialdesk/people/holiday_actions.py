"""Holidays: days on which nothing rings for who has working hours."""
from datetime import date

import sqlalchemy as sa

from ..db import db, insert
from ..errors import Invalid, Missing
from ..policy import require
from .checker import clean_line
from .models import Holiday

MAX_NAME = 60
MOST = 400


def add_holiday(viewer, day, name):
    """Add a day, or name it anew.  day: "2026-12-25".  Raises Invalid."""
    require(viewer, "admin")
    try:
        shown = date.fromisoformat(day.strip()).isoformat()
    except (ValueError, AttributeError):
        raise Invalid("This day cannot be read. Write it like 2026-12-25.", field="day") from None
    words = clean_line(name or "")[:MAX_NAME]
    if not words:
        raise Invalid("A holiday needs a name, such as New Year.", field="name")
    if db.session.scalar(sa.select(sa.func.count()).select_from(Holiday)) >= MOST:
        raise Invalid(f"There are {MOST} holidays already. Remove those that are past.", field="day")
    db.session.execute(insert(Holiday.__table__).values(day=shown, name=words)
                       .on_conflict_do_update(index_elements=["day"], set_={"name": words}))


def remove_holiday(viewer, day):
    """Take a day off the list.  Raises Missing."""
    require(viewer, "admin")
    if not db.session.execute(sa.delete(Holiday).where(Holiday.day == day)).rowcount:
        raise Missing()
