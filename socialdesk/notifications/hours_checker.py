"""Working hours: when a push may go out, over time zones and clock changes; pure computing."""
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = "always"
ROUNDS_AHEAD = 8
MORNING = time(8)                       # when the day begins of who has no hours
#: one tap of quiet: name -> how many days from today it ends
QUIET = {"tomorrow": lambda weekday: 1, "monday": lambda weekday: 7 - weekday}
LOOK_AHEAD = 400                        # days: the longest row of holidays and days off that is looked beyond


def next_start(hours, tz, moment, holidays=(), quiet_until=None):
    """The first moment from `moment` (UTC) on that lies in the person's hours, not before quiet_until, not on a holiday.
    hours: "always" or {"mon": [["08:00", "18:00"], …], …} in the zone tz; a span may pass midnight.  holidays: {"2026-12-25", …},
    which do not bind who has no hours."""
    moment = max(moment, quiet_until) if quiet_until else moment
    if hours == ALWAYS:
        return moment
    zone = zone_of(tz)
    today = moment.astimezone(zone).date()
    for ahead in range(-1, LOOK_AHEAD):                  # yesterday's span may have passed midnight
        day = today + timedelta(days=ahead)
        for begins, ends in _open_spans(hours, day, zone, holidays):
            if moment < ends:
                return max(moment, begins)
    return moment                                        # no hours at all cannot be kept: rather told than never


def quiet_end(until, hours, tz, moment, holidays=()):
    """The moment at which one tap of quiet (a name of QUIET) ends: as work begins on that day, or on the first working day from then on."""
    zone = zone_of(tz)
    today = moment.astimezone(zone).date()
    day = today + timedelta(days=QUIET[until](today.weekday()))
    return next_start(hours, tz, _moment(day, MORNING if hours == ALWAYS else time(), zone, 0), holidays)


def next_round(rounds, hours, tz, moment, holidays=(), quiet_until=None):
    """The next of the times of day at which what can wait is told together: the first within the hours in the week ahead; where none
    lies in them, when the hours begin next.  rounds: ["09:00", "12:30"], or none."""
    start = next_start(hours, tz, moment, holidays, quiet_until)
    zone = zone_of(tz)
    today = start.astimezone(zone).date()
    times = sorted(filter(None, map(_time, rounds)))
    for ahead in range(ROUNDS_AHEAD):
        day = today + timedelta(days=ahead)
        spans = [span for one in (day - timedelta(days=1), day) for span in _open_spans(hours, one, zone, holidays)]
        for at in times:
            time_of_day = _moment(day, at, zone, 0)
            if time_of_day >= start and (hours == ALWAYS or any(begins <= time_of_day < ends for begins, ends in spans)):
                return time_of_day
    return start if start > moment else next_start(hours, tz, _end_of(hours, start, today, zone), holidays, quiet_until)


def _end_of(hours, moment, today, zone):
    """The end of the span that a moment lies in; for who has no hours, of the day."""
    tomorrow = _moment(today + timedelta(days=1), time(), zone, 0)
    if hours == ALWAYS:
        return tomorrow
    spans = [span for day in (today - timedelta(days=1), today) for span in _spans_of(hours, day, zone)]
    return max((ends for begins, ends in spans if begins <= moment < ends), default=tomorrow)


def _open_spans(hours, day, zone, holidays):
    return () if hours == ALWAYS or day.isoformat() in holidays else _spans_of(hours, day, zone)


def _time(text):
    try:
        return time.fromisoformat(text)
    except (TypeError, ValueError):
        return None


@lru_cache(maxsize=256)
def zone_of(name):
    """The time zone of that name; UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError, TypeError):   # ZoneInfoNotFoundError is a KeyError
        return ZoneInfo("UTC")


def day_of(at, tz, moment):
    """The day of a coming moment, as a button says it: tomorrow, Monday; further on than a week, 4 January."""
    day, today = (one.astimezone(zone_of(tz)).date() for one in (at, moment))
    ahead = (day - today).days
    return "tomorrow" if ahead == 1 else f"{day:%A}" if ahead <= 7 else f"{day.day} {day:%B}"


def outside(rounds, hours):
    """Those of the times of day that lie in no day's hours."""
    if hours == ALWAYS:
        return []
    spans = [span for day in DAYS for span in _times(hours, day)]
    return [text for text in rounds if (at := _time(text)) is not None and not any(_holds(at, *span) for span in spans)]


def _holds(at, start, end):
    return start <= at < end if start < end else at >= start or at < end


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
