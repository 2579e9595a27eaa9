"""When a digest is due, and what it was due before: working days, time zones, holidays; pure computing."""
from datetime import datetime, time, timedelta, timezone

from .hours_checker import ALWAYS, LOOK_AHEAD, next_start, zone_of

#: the mornings of who is told at any time: nobody reads a digest at midnight
MORNINGS = {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def next_digest(how_often, hours, tz, moment, holidays=()):
    """When the first digest after the day of `moment` is due: daily, as the next working day starts; weekly, as the week does."""
    today = moment.astimezone(zone_of(tz)).date()
    return _start(hours, tz, today + timedelta(days=1 if how_often == "daily" else 7 - today.weekday()), holidays)


def digest_before(how_often, hours, tz, at, holidays=()):
    """When the digest before the one due at `at` was due: what is new begins there."""
    day = at.astimezone(zone_of(tz)).date()
    if how_often == "weekly":
        return min(_start(hours, tz, day - timedelta(days=day.weekday() + 7), holidays), at)
    for back in range(1, LOOK_AHEAD):
        before = _start(hours, tz, day - timedelta(days=back), holidays)
        if before < at and before.astimezone(zone_of(tz)).date() == day - timedelta(days=back):
            return before
    return at - timedelta(days=1)


def _start(hours, tz, day, holidays):
    """The first moment of work from that day on."""
    midnight = datetime.combine(day, time(), zone_of(tz)).astimezone(timezone.utc)
    return next_start(MORNINGS if hours == ALWAYS else hours, tz, midnight, holidays)
