"""Working hours: what they may be, and whether a moment lies within them."""
import re
from zoneinfo import ZoneInfo, available_timezones

from ..errors import Invalid

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_NAMES = dict(zip(DAYS, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")))
MAX_ROUNDS = 3
EXCEPTIONS = ("waits", "majors")        # what may ring outside the hours where somebody allows it
MAX_SPANS = 4                           # a day: more is a mistake

_TIME = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")
_zones = frozenset(available_timezones())


def check_tz(text):
    """The name of a time zone.  Raises Invalid with an example."""
    name = (text or "").strip()
    if name not in _zones:
        raise Invalid("This time zone is not known. Write it as region and city, such as Europe/Berlin, or UTC.", field="tz")
    return name


def is_zone(name):
    """Is there a time zone of this name?"""
    return name in _zones


def zones():
    """The time zones to choose from, in order: those named by region and city, and UTC."""
    return ["UTC", *sorted(z for z in _zones if "/" in z and not z.startswith(("Etc/", "posix/", "right/", "SystemV/", "US/")))]


def check_hours(value):
    """Hours in their one form: "always", or {"mon": [["08:00", "18:00"]], ...} with the days in order.  Raises Invalid."""
    if value == "always":
        return value
    if not isinstance(value, dict) or not set(value) <= set(DAYS):
        raise Invalid('Working hours are "always", or times for mon, tue, wed, thu, fri, sat, sun.', field="hours")
    hours = {day: _check_day(day, value[day]) for day in DAYS if value.get(day)}
    if not hours:
        raise Invalid("These hours are empty, so nothing would ever reach you. Give at least one day its times.", field="hours")
    return hours


def check_rounds(value):
    """The times of day at which what can wait is told together: one to three, in order.  Raises Invalid."""
    if not isinstance(value, (list, tuple)):
        raise Invalid('The times to be told the rest are a list such as ["09:00", "16:00"].', field="batch_hours")
    rounds = sorted({_check_round(text) for text in value if text})
    if not 1 <= len(rounds) <= MAX_ROUNDS:
        raise Invalid("Choose one to three times of day at which you are told the rest.", field="batch_hours")
    return rounds


def _check_round(text):
    found = _TIME.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found or found[1] == "24":
        raise Invalid("One of the times to be told the rest cannot be read. Write it like 09:00.", field="batch_hours")
    return f"{int(found[1]):02}:{found[2]}"


def check_exceptions(value):
    """What may ring at any time: some of EXCEPTIONS.  Raises Invalid."""
    if not isinstance(value, (list, tuple)) or not set(value) <= set(EXCEPTIONS):
        raise Invalid("Only these may ring outside your hours: " + ", ".join(EXCEPTIONS) + ".", field="even_outside")
    return [one for one in EXCEPTIONS if one in value]


def _check_day(day, spans):
    if not isinstance(spans, (list, tuple)) or len(spans) > MAX_SPANS:
        raise Invalid(f"{DAY_NAMES[day]} takes at most {MAX_SPANS} spans, each from a time to a time.", field="hours")
    checked = sorted(_check_span(day, span) for span in spans)
    for (start, end), (following, _) in zip(checked, checked[1:]):
        if end < start or following < end:
            raise Invalid(f"Two of the times of {DAY_NAMES[day]} overlap. Let one end before the next begins.", field="hours")
    return checked


def _check_span(day, span):
    if not isinstance(span, (list, tuple)) or len(span) != 2:
        raise Invalid(f"{DAY_NAMES[day]} needs a time to begin and a time to end.", field="hours")
    start, end = (_check_time(day, text) for text in span)
    end = "24:00" if end == "00:00" else end
    if start in (end, "24:00"):
        raise Invalid(f"{DAY_NAMES[day]} ends when it begins. Give it two different times, or leave both empty for a free day.", field="hours")
    return [start, end]


def _check_time(day, text):
    found = _TIME.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found or (found[1] == "24" and found[2] != "00"):
        raise Invalid(f"{DAY_NAMES[day]} has a time that cannot be read. Write it like 08:00.", field="hours")
    return f"{int(found[1]):02}:{found[2]}"


def is_within(hours, tz, moment):
    """Does the moment lie within the working hours of that time zone?  A span that ends before it begins passes midnight."""
    if hours == "always":
        return True
    local = moment.astimezone(ZoneInfo(tz))
    clock, today, yesterday = f"{local:%H:%M}", DAYS[local.weekday()], DAYS[local.weekday() - 1]
    return (any(start <= clock and (clock < end or end < start) for start, end in hours.get(today, ()))
            or any(clock < end < start for start, end in hours.get(yesterday, ())))


def local_time(tz, moment):
    """The moment on the clock of that time zone."""
    return moment.astimezone(ZoneInfo(tz))
