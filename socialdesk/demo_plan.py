"""What happens in the demo and when: threads chosen and put in the order of time; pure computing."""
from collections import namedtuple
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from . import demo_content as content

DAYS = 43                                       # working days the story goes back
RECENT = timedelta(hours=40)                    # what is younger is told in hours before the present

#: a step of the thread of that number at its moment; the Thread itself stands for its first words
Deed = namedtuple("Deed", "at number step")


def plan(present, rng, total, zones):
    """([Deed] in the order of time of the threads that are written out, the newest first; how many more are to be made).
    zones: {handle: time zone} of everybody who is there; the same rng gives the same plan."""
    threads = _threads(rng, total)
    return _in_order(threads, present, rng, zones), max(0, total - sum(map(content.roots_in, threads)))


def day_before(present, working_days, moment, tz):
    """So many working days before the present, at a time of day there."""
    zone = ZoneInfo(tz)
    day = present.astimezone(zone).date()
    while working_days:
        day -= timedelta(days=1)
        working_days -= day.weekday() < 5
    return datetime.combine(day, moment, zone).astimezone(present.tzinfo)


def _threads(rng, total):
    latest = content.threads_of("now.md")
    written = latest + content.threads_of("social.md") + content.threads_of("articles.md") + content.threads_of("past.md")
    return [_with_readers(thread, rng) for thread in written[:max(total, len(latest))]]


def _with_readers(thread, rng):
    """A question somebody follows, an article that somebody says solved it."""
    who = rng.sample([row[0] for row in content.PEOPLE[8:] if row[0] != thread.by], 7)
    if thread.kind == "article":
        thread.steps += [content.Step(one, "unsolved" if n == 5 else "solved", "", timedelta(hours=rng.randint(2, 90)))
                         for n, one in enumerate(who[:rng.randint(2, 7)])]
    elif thread.kind == "question" and "circle" not in thread.options:
        thread.steps[:0] = [content.Step(one, "follows", "", timedelta(0)) for one in who[:rng.randint(0, 3)]]
    return thread


def _in_order(threads, present, rng, zones):
    deeds = []
    for number, thread in enumerate(threads):
        moments = [_begin(thread, present, rng, zones[thread.by])]
        for step in thread.steps:
            moments.append(_later(moments[-1], step.after, thread.when, present))
        deeds += [Deed(at, number, step) for at, step in zip(moments, (thread, *thread.steps))]
    return sorted(deeds, key=lambda deed: deed.at)


def _begin(thread, present, rng, tz):
    seconds = timedelta(seconds=rng.randint(0, 59))
    if thread.when is None:
        minutes = rng.randint(0, 8 * 60)
        return day_before(present, rng.randint(3, DAYS - 1), time(8 + minutes // 60, minutes % 60), tz) + seconds
    how, much, *moment = thread.when
    return day_before(present, much, *moment, tz) + seconds if how == "day" else present - much + seconds


def _later(at, after, when, present):
    """The next moment: in working hours, except where a thread is told in hours before the present."""
    then = at + after
    if when is None or when[0] == "day":
        if not 7 <= then.hour < 19:
            then = (then + timedelta(hours=5)).replace(hour=8)
        if then.weekday() > 4:
            then += timedelta(days=7 - then.weekday())
    return max(at, min(then, present - timedelta(minutes=2)))
