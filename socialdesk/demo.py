"""The demo: a believable organisation, made by the same deeds as everybody's, at moments of the past."""
import random
import sys
from collections import namedtuple
from datetime import datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from . import demo_bulk as bulk
from . import demo_content as content
from .db import clock, db, now, transaction
from .demo_pictures import picture
from .errors import Conflict
from .jobs import Done, done_once, run_due
from .knowledge import actions as knowledge
from .notifications.actions import read_all, read_thread
from .people import actions as people
from .people.models import Person
from .people.queries import person_by_email, team_by_name
from .people.session_actions import make_link
from .policy import can, viewer_of
from .posts import actions as posts
from .posts.queries import prepare
from .search.actions import index_posts
from .tags.actions import own_tag
from .tags.synonym_actions import make_synonym
from .tickets import actions as tickets
from .tickets.status_actions import close_resolved

MAIN = ("amina", "tomasz", "ines")              # requester, agent, admin: in the order their links are printed
DAYS = 43                                       # working days the story goes back
RECENT = timedelta(hours=40)                    # what is younger lies unread in the inboxes
AT_ONCE = 40                                    # deeds in one transaction
LANES = ("now", "soon")                         # nobody has a phone yet, so nothing is pushed
LIVELY = 100                                    # threads that are played deed by deed; what is beyond is written in bulk

#: a step of the thread of that number at its moment; the Thread itself stands for its first words.
#: all_at: the moments of all its steps, where the whole thread is written at once
Deed = namedtuple("Deed", "at number step all_at")


def fill(app, people=24, posts=120, seed=7):
    """Fill an empty desk; one that is filled already stays as it is.  people: at least the 24 of the story.
    Returns one-time sign-in tokens of the requester, the agent, the admin.  Raises Conflict on a desk that is somebody's own."""
    with app.app_context():
        if not _is_filled():
            stood = clock.stands_at
            try:
                _Stage(now(), random.Random(seed), people).play(posts)
            finally:
                clock.stands_at = stood
            run_due(with_clockwork=True)
        with transaction():
            return [make_link(person_by_email(_email(handle)).id) for handle in MAIN]


def _is_filled():
    if db.session.scalar(sa.select(Done.event_id).where(Done.event_id == 0, Done.consequence == "demo")) is not None:
        return True
    if db.session.scalar(sa.select(Person.id).limit(1)) is not None:
        raise Conflict("This desk has people already, so no demo is written into it. Leave SOCIALDESK_DATA out, or name an empty "
                       "folder; a demo that was interrupted begins anew in one.")
    return False


def _email(handle):
    return f"{handle}@{content.DOMAIN}"


class _Stage:
    """Who plays, and what stands of each thread so far."""

    def __init__(self, present, rng, size):
        self.present, self.rng, self.size = present, rng, size
        self.cast, self.extras, self.teams, self.circles = {}, [], {}, {}
        self.roots, self.replies, self.seen = {}, {}, set()

    def play(self, total):
        """The people first, then everything they say, in the order of time."""
        clock.stands_at = self._day_at(DAYS + 1, time(8), "UTC")
        self._make_people()
        deeds = self._deeds(self._threads(total))
        opening = sum(isinstance(deed.step, content.Thread) for deed in deeds)
        for slot, some in groupby(deeds, self._slot):
            self._act(list(some), slot)
            _show(len(self.roots), opening)
        with transaction():
            done_once(0, "demo")

    # --- the people

    def _make_people(self):
        with transaction():
            self.teams = {name: people.add_team(name, confidential=sealed).id for name, (sealed, _) in content.TEAMS.items()}
            self.circles = {name: people.add_circle(name).id for name in content.CIRCLES}
            ids = {handle: self._add(_email(handle), name, tz, role, handle, team) for handle, name, role, tz, team in content.PEOPLE}
            for circle, members in content.CIRCLES.items():
                for handle in members:
                    people.join_circle(ids[handle], self.circles[circle])
            self._own_hashtags()
        extras = list(content.extra_people(self.size - len(ids)))
        for start in range(0, len(extras), AT_ONCE):
            with transaction():
                more = [self._add(email, name, (content.PORTO, content.GDANSK)[n % 2]) for n, (email, name) in
                        enumerate(extras[start:start + AT_ONCE])]
            self.extras += [viewer_of(person_id) for person_id in more]
        self.cast = {handle: viewer_of(person_id) for handle, person_id in ids.items()} | {one.handle: one for one in self.extras}
        db.session.rollback()

    def _add(self, email, name, tz, role="requester", handle=None, team=None):
        person = people.add_person(email, name, role=role, handle=handle, tz=tz, hours=content.HOURS[tz])
        if team:
            people.join_team(person.id, self.teams[team])
        return person.id

    def _own_hashtags(self):
        for team, (_, names) in content.TEAMS.items():
            for name in names:
                own_tag(name, self.teams[team])
        for name, of in content.SYNONYMS.items():
            make_synonym(name, of)

    # --- what is said, and when

    def _threads(self, total):
        """So many threads: those that are written out, the newest first, then variations of what is asked often."""
        latest = content.threads_of("now.md")
        written = latest + content.threads_of("articles.md") + content.threads_of("past.md")
        written = [self._with_readers(thread) for thread in written[:max(total, len(latest))]]
        cast = {role: [*handles, *(one.handle for one in self.extras)] if role in ("asker", "helper", "other") else handles
                for role, handles in content.CAST.items()}
        often, chosen = content.source_of("often.md"), []
        missing = total - sum(content.roots_in(thread) for thread in written)
        while len(chosen) < missing:
            if len(chosen) % len(often) == 0:
                self.rng.shuffle(often)
            chosen.append(content.variation(often[len(chosen) % len(often)], self.rng, cast))
        return written + chosen

    def _with_readers(self, thread):
        """A question somebody follows, an article that somebody says solved it."""
        who = self.rng.sample([row[0] for row in content.PEOPLE[8:] if row[0] != thread.by], 7)
        if thread.kind == "article":
            thread.steps += [content.Step(one, "unsolved" if n == 5 else "solved", "", timedelta(hours=self.rng.randint(2, 90)))
                             for n, one in enumerate(who[:self.rng.randint(2, 7)])]
        elif thread.kind == "question" and "circle" not in thread.options:
            thread.steps[:0] = [content.Step(one, "follows", "", timedelta(0)) for one in who[:self.rng.randint(0, 3)]]
        return thread

    def _deeds(self, threads):
        """Everything that happens, in the order of time."""
        deeds = []
        for number, thread in enumerate(threads):
            moments = [self._begin(thread)]
            for step in thread.steps:
                moments.append(self._later(moments[-1], step.after, thread.when))
            if number < LIVELY:
                deeds += [Deed(at, number, step, None) for at, step in zip(moments, (thread, *thread.steps))]
            else:
                deeds.append(Deed(moments[0], number, thread, moments))
        return sorted(deeds, key=lambda deed: deed.at)

    def _begin(self, thread):
        if thread.when is None:
            minutes = self.rng.randint(0, 8 * 60)
            return self._day_at(self.rng.randint(3, DAYS - 1), time(8 + minutes // 60, minutes % 60), self.cast[thread.by].tz)
        how, much, *clock_time = thread.when
        return self._day_at(much, *clock_time, self.cast[thread.by].tz) if how == "day" else self.present - much

    def _day_at(self, working_days, moment, tz):
        """So many working days before the present, at a time of day there."""
        zone = ZoneInfo(tz)
        day = self.present.astimezone(zone).date()
        while working_days:
            day -= timedelta(days=1)
            working_days -= day.weekday() < 5
        return datetime.combine(day, moment, zone).astimezone(self.present.tzinfo) + timedelta(seconds=self.rng.randint(0, 59))

    def _later(self, at, after, when):
        """The next moment: by day on a working day, except where a thread is told in hours before the present."""
        then = at + after
        if when is None or when[0] == "day":
            if not 7 <= then.hour < 19:
                then = (then + timedelta(hours=5)).replace(hour=8)
            if then.weekday() > 4:
                then += timedelta(days=7 - then.weekday())
        return max(at, min(then, self.present - timedelta(minutes=2)))

    def _slot(self, deed):
        """Deeds whose jobs are done together: those of a day, of late those of five minutes."""
        if deed.at < self.present - RECENT:
            return deed.at.replace(hour=0, minute=0, second=0, microsecond=0)
        return deed.at - timedelta(seconds=deed.at.timestamp() % 300)

    # --- the deeds

    def _act(self, deeds, slot):
        """Do these deeds and the work that follows from them."""
        for start in range(0, len(deeds), AT_ONCE):
            some = deeds[start:start + AT_ONCE]
            texts = [self._texts(deed) for deed in some]
            with transaction():
                for deed, prepared in zip(some, texts):
                    clock.stands_at = deed.at
                    self._do(deed, prepared)
                index_posts([self.roots[deed.number] for deed in some if deed.all_at])
        run_due(LANES)
        self._tidy(deeds, slot)

    def _tidy(self, deeds, slot):
        """By day, what nobody objected to closes and the inboxes are read; of late only who did something in a thread has read it."""
        with transaction():
            if slot >= self.present - RECENT:
                for deed in deeds:
                    read_thread(self._who(deed.step), self.roots[deed.number])
                return
            close_resolved()
            if slot > self.present - RECENT - timedelta(days=4):
                for viewer in self.cast.values():
                    read_all(viewer)

    def _texts(self, deed):
        """The text of a deed made ready; of a thread that is written at once, those of its steps too."""
        if deed.all_at:
            return [self._prepared(step) for step in (deed.step, *deed.step.steps)]
        return self._prepared(deed.step)

    def _who(self, step):
        return self.cast[step.by if isinstance(step, content.Thread) else step.who]

    def _prepared(self, step):
        if not step.text:
            return None
        title, text = step.text.split("\n", 1) if step.text.startswith("# ") else ("", step.text)
        photo = step.options.get("photo") if isinstance(step, content.Thread) else None
        return prepare(self._who(step), text, title=title.removeprefix("# "), files=[picture(photo)] if photo else ())

    def _do(self, deed, prepared):
        number, step, who = deed.number, deed.step, self._who(deed.step)
        if deed.all_at:
            self.roots[number] = bulk.write(step, deed.all_at, prepared, self.cast)
            return
        if isinstance(step, content.Thread):
            self.roots[number] = _OPENS[step.kind](who, prepared, step.options).id
            return
        if (number, step.who) not in self.seen:
            self.seen.add((number, step.who))
            if can(who, "desk"):
                posts.mark_seen(self.roots[number], who)
        _STEPS[step.verb](self, number, who, step, prepared)

    def say(self, number, who, step, prepared):
        """A reply; to an ended ticket a new one, with which the thread goes on."""
        post = tickets.reply(self.roots[number], who, prepared, note=step.verb == "notes")
        (self.roots if post.root_id == post.id else self.replies)[number] = post.id

    def set_status(self, number, who, step, prepared):
        """Another state, with a sentence."""
        status, _, reason = step.argument.partition(":")
        tickets.change_status(self.roots[number], who, status, step.text, reason or None)


def _open_question(who, prepared, options):
    return posts.publish(who, "question", prepared, audience=f"circle:{options['circle']}" if "circle" in options else "everyone")


def _open_ticket(who, prepared, options):
    return tickets.open_ticket(who, prepared, **{name: options[name] for name in ("type", "urgency") if name in options})


#: kind -> how its thread begins
_OPENS = {"question": _open_question, "ticket": _open_ticket, "article": lambda who, prepared, _: knowledge.publish_article(who, prepared)}

#: verb of the samples -> the deed; stage, number of the thread, viewer, step, prepared text
_STEPS = {
    "says": _Stage.say,
    "notes": _Stage.say,
    "sets": _Stage.set_status,
    "takes": lambda stage, number, who, step, _: tickets.take(stage.roots[number], who),
    "assigns": lambda stage, number, who, step, _: tickets.assign(stage.roots[number], who, stage.cast[step.argument].id),
    "moves": lambda stage, number, who, step, _: tickets.move(stage.roots[number], who, team_by_name(step.argument).id),
    "adds": lambda stage, number, who, step, _: posts.give_access(stage.roots[number], who, stage.cast[step.argument].id),
    "accepts": lambda stage, number, who, step, _: posts.accept(stage.replies[number], who),
    "has-it": lambda stage, number, who, step, _: posts.me_too(stage.roots[number], who),
    "follows": lambda stage, number, who, step, _: posts.follow(stage.roots[number], who),
    "solved": lambda stage, number, who, step, _: knowledge.give_verdict(stage.roots[number], who, True),
    "unsolved": lambda stage, number, who, step, _: knowledge.give_verdict(stage.roots[number], who, False),
}


def _show(done, total):
    """How far it is, on a terminal's stderr."""
    if sys.stderr.isatty():
        print(f"\r[{'#' * (30 * done // total):30}] {done} of {total} posts", end="\n" if done == total else "", file=sys.stderr, flush=True)
