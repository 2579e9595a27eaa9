"""Working days, the day a ticket closes itself in words, and the sentence that goes with a change of state."""
from datetime import datetime, time, timedelta
from datetime import timezone as _timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..errors import Invalid
from ..people.text_checker import clean

MAX_SENTENCE = 500
DAYS_TO_OBJECT = 5              # working days after which a resolved ticket closes itself
MINUTES = (15, 30, 60, 120, 240, 480, 1440)     # of a major incident: how long the next word may take
DESK_ZONE = _timezone.utc       # Monday to Friday is counted here until the desk has a calendar


def closing_time(moment, days=DAYS_TO_OBJECT, zone=DESK_ZONE):
    """When so many working days (Monday to Friday in zone) have passed since moment; a weekend counts as Monday's start."""
    local = moment.astimezone(zone)
    if local.weekday() > 4:
        local = datetime.combine(local.date() + timedelta(days=7 - local.weekday()), time(), zone)
    while days:
        local += timedelta(days=1)
        days -= local.weekday() < 5
    return local.astimezone(_timezone.utc)


def day_in_words(moment, present, tz="UTC"):
    """The day of a coming moment as people say it: today, tomorrow, on Thursday; from a week on, on 3 March."""
    zone = zone_of(tz)
    day = moment.astimezone(zone).date()
    ahead = (day - present.astimezone(zone).date()).days
    if ahead <= 1:
        return "tomorrow" if ahead == 1 else "today"
    if ahead < 7:
        return f"on {day:%A}"
    return f"on {day.day} {day:%B}"


def how_long(since, present):
    """How long something lasts, as people say it: under a minute, 41 min, 3 h, 2 days."""
    minutes = int((present - since).total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min" if minutes > 0 else "under a minute"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"


def zone_of(tz):
    """The time zone of a name; UTC where there is none of that name."""
    try:
        return ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError):
        return _timezone.utc


def check_promise(minutes):
    """How long until the next word, from one of MINUTES as number or text.  Raises Invalid."""
    if str(minutes) not in map(str, MINUTES):
        raise Invalid("Promise when the next word comes: in " + ", ".join(map(str, MINUTES)) + " minutes. Choose one of these.", field="minutes")
    return timedelta(minutes=int(minutes))


def check_sentence(text):
    """The cleaned sentence on one line; empty if none was written.  Raises Invalid if longer than MAX_SENTENCE."""
    sentence = " ".join(clean(text or "").split())
    if len(sentence) > MAX_SENTENCE:
        raise Invalid(f"Your sentence has {len(sentence)} characters; it may have {MAX_SENTENCE}. "
                      "Say it shorter here, and the rest in a reply.", field="sentence")
    return sentence
