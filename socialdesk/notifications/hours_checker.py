"""Working hours: when a push may go out, over time zones and clock changes; pure computing."""
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = "always"


def next_start(hours, tz, moment):
    """The first moment from `moment` (UTC) on that lies in the person's hours.
    hours: "always" or {"mon": [["08:00", "18:00"], …], …} in the zone tz; a span may pass midnight."""
    if hours == ALWAYS:
        return moment
    zone = zone_of(tz)
    today = moment.astimezone(zone).date()
    for ahead in range(-1, 9):                           # yesterday's span may have passed midnight; a week and a holiday ahead
        for begins, ends in _spans_of(hours, today + timedelta(days=ahead), zone):
            if moment < ends:
                return max(moment, begins)
    return moment                                        # no hours at all cannot be kept: rather told than never


@lru_cache(maxsize=256)
def zone_of(name):
    """The time zone of that name; UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError, TypeError):   # ZoneInfoNotFoundError is a KeyError
        return ZoneInfo("UTC")


def describe(hours):
    """The hours in words: "at any time", "Monday to Friday, 08:00 to 18:00"."""
    if hours == ALWAYS:
        return "at any time"
    runs = []
    for place, spans in _spoken(hours):
        if runs and runs[-1][1] == place - 1 and runs[-1][2] == spans:
            runs[-1][1] = place
        else:
            runs.append([place, place, spans])
    return "; ".join(f"{_days(first, last)}, {spans}" for first, last, spans in runs) or "never"


def _spoken(hours):
    for place, day in enumerate(DAYS):
        spans = [f"{start:%H:%M} to {'24:00' if end == time() else f'{end:%H:%M}'}" for start, end in _times(hours, day)]
        if spans:
            yield place, " and ".join(spans)


def _days(first, last):
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    return names[first] if first == last else f"{names[first]} to {names[last]}"


def _times(hours, day):
    """[(start, end)] of a day, sorted; what cannot be read is left out.  "24:00" is the midnight that follows."""
    found = []
    spans = hours.get(day) if isinstance(hours, dict) else None
    for span in spans if isinstance(spans, list) else ():
        try:
            start, end = span
            found.append((time.fromisoformat(start), time() if end == "24:00" else time.fromisoformat(end)))
        except (TypeError, ValueError):
            continue
    return sorted(found)


def _spans_of(hours, day, zone):
    for start, end in _times(hours, DAYS[day.weekday()]):
        last_day = day if end > start else day + timedelta(days=1)
        # an hour that comes twice in autumn: from its first time to its second
        yield _moment(day, start, zone, 0), _moment(last_day, end, zone, 1)


def _moment(day: date, at: time, zone, fold):
    return datetime.combine(day, at, zone).replace(fold=fold).astimezone(timezone.utc)
