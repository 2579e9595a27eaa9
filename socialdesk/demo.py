"""The demo: a believable organisation, made by the same deeds as everybody's, at moments of the past."""
import random
import sys
from bisect import bisect_left
from datetime import time, timedelta
from itertools import groupby

import sqlalchemy as sa

from . import demo_content as content
from .db import clock, db, now, transaction
from .demo_bulk import SLICE, Writer
from .demo_crowd import crowd_of, follow_hashtags, join_circles, part_of
from .demo_many import MOST_DAYS, PHOTOS, Teller, moments
from .demo_pictures import picture
from .demo_plan import RECENT, day_before, plan
from .errors import Conflict
from .jobs import Done, claim, done_once, run_batch, run_due
from .knowledge import actions as knowledge
from .notifications.actions import read_all, read_thread
from .notifications.models import Notification
from .people import actions as people
from .people.models import Person
from .people.queries import person_by_email, team_by_name
from .people.session_actions import make_link
from .policy import can, viewer_of
from .posts import actions as posts
from .posts.idea_actions import move_idea
from .posts.kind_actions import KINDS, say
from .posts.models import PollOption, Post
from .posts.poll_actions import answer_poll
from .posts.queries import keep_photos, prepare
from .posts.reaction_actions import react
from .search.actions import reindex
from .tags.actions import own_tag
from .tags.synonym_actions import make_synonym
from .tickets import actions as tickets
from .tickets.major_actions import declare_major
from .tickets.status_actions import close_resolved

MAIN = ("amina", "tomasz", "ines")              # requester, agent, admin: in the order their links are printed
AT_ONCE = 40                                    # deeds in one transaction
QUIET = 500                                     # what is less is done before one has read how far it is
LANES = ("now", "soon")                         # nobody has a phone yet, so nothing is pushed


def fill(app, people=24, posts=120, seed=7):
    """Fill an empty desk; one that is filled already stays as it is.  people: at least the 24 of the story.
    Returns one-time sign-in tokens of the requester, the agent, the admin.  Raises Conflict on a desk that is somebody's own."""
    with app.app_context():
        if not _is_filled():
            stood = clock.stands_at
            try:
                has_many = Stage(now(), seed, people).play(posts)
            finally:
                clock.stands_at = stood
            if has_many:
                _index()
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


class Stage:
    """Who plays, and what stands of each thread so far."""

    def __init__(self, present, seed, size):
        self.present, self.rng, self.size = present, random.Random(seed), size
        self.chance = random.Random(f"{seed} many")             # the story stays the same, however many speak beside it
        self.recent = present - RECENT
        self.cast, self.teams, self.circles, self.extras = {}, {}, {}, []
        self.roots, self.replies, self.seen = {}, {}, set()

    def play(self, total):
        """The people first, then everything they say, in the order of time.  Returns whether there is more than the story."""
        clock.stands_at = day_before(self.present, MOST_DAYS + 1, time(8), "UTC")
        self.make_people()
        deeds, more = plan(self.present, self.rng, total, {handle: viewer.tz for handle, viewer in self.cast.items()})
        opening = more + sum(isinstance(deed.step, content.Thread) for deed in deeds)
        self.prepare_many(more)
        for slot, some in groupby(deeds, self._slot):
            self.write_many(bisect_left(self.begins, slot.timestamp()), opening)
            self._act(list(some), slot)
        self.write_many(more, opening)
        with transaction():
            follow_hashtags(self.extras, self.chance)
            done_once(0, "demo")
            if more:
                reindex()
        return bool(more)

    def prepare_many(self, count):
        """Get ready to tell so many threads beside the story."""
        self.teller = Teller(self.chance, crowd_of(), self.present)
        self.begins, self.written, self.writer = moments(self.present, self.chance, count), 0, Writer(_photos())
        db.session.rollback()

    def write_many(self, upto, opening=0):
        """Write the threads of the many up to this one, between the deeds of the story, so that ids follow time."""
        while self.written < upto:
            some = self.begins[self.written:min(upto, self.written + SLICE)]
            self.writer.write(list(map(self.teller.tell, some)))
            self.written += len(some)
            _show("posts", self.written + len(self.roots), opening)

    # --- the people

    def make_people(self):
        """Everybody, their teams and circles."""
        with transaction():
            self.teams = {name: people.add_team(name, confidential=sealed).id for name, (sealed, _) in content.TEAMS.items()}
            self.circles = {name: people.add_circle(name).id for name in content.CIRCLES}
            ids = {handle: self._add(_email(handle), name, tz, role, handle, team) for handle, name, role, tz, team in content.PEOPLE}
            for circle, members in content.CIRCLES.items():
                for handle in members:
                    people.join_circle(ids[handle], self.circles[circle])
            self._own_hashtags()
        extras = list(enumerate(content.extra_people(self.size - len(ids))))
        for start in range(0, len(extras), AT_ONCE):
            with transaction():
                self.extras += [self._add(email, name, (content.PORTO, content.GDANSK)[n % 2], part_of(n)[0], team=part_of(n)[1])
                                for n, (email, name) in extras[start:start + AT_ONCE]]
            _show("people", len(self.extras), len(extras))
        with transaction():
            join_circles(self.extras, self.chance)
        self.cast = {viewer.handle: viewer for viewer in map(viewer_of, [*ids.values(), *self.extras])}
        db.session.rollback()

    def _slot(self, deed):
        """Deeds whose jobs are done together: those of a day, of late those of ten minutes."""
        if deed.at < self.recent:
            return deed.at.replace(hour=0, minute=0, second=0, microsecond=0)
        return deed.at - timedelta(seconds=deed.at.timestamp() % 600)

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

    # --- the deeds

    def _act(self, deeds, slot):
        """Do these deeds and the work that follows from them."""
        for start in range(0, len(deeds), AT_ONCE):
            some = deeds[start:start + AT_ONCE]
            texts = [self._prepared(deed.step) for deed in some]
            with transaction():
                for deed, prepared in zip(some, texts):
                    clock.stands_at = deed.at
                    self._do(deed, prepared)
        run_due(LANES)
        self._tidy(deeds, slot)

    def _tidy(self, deeds, slot):
        """By day, what nobody objected to closes and the inboxes are read; of late only who did something in a thread has read it."""
        with transaction():
            if slot >= self.recent:
                for deed in deeds:
                    read_thread(self._who(deed.step), self.roots[deed.number])
                return
            close_resolved()
            if slot > self.recent - timedelta(days=4):
                for person_id in db.session.scalars(sa.select(Notification.person_id).where(Notification.read_at.is_(None)).distinct()).all():
                    read_all(viewer_of(person_id))

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


def _say(kind):
    return lambda who, prepared, options: say(who, kind, prepared, options=options.get("choices", ()))


def _declare(stage, number, who, step, prepared):
    """An incident that everyone is told of; its public post is what others join."""
    stage.replies[number] = declare_major(stage.roots[number], who, prepared, int(step.argument))


def _choose(stage, number, who, step, _):
    posted = stage.roots[number]
    option = db.session.scalar(sa.select(PollOption.id).where(PollOption.post_id == posted).order_by(PollOption.n).offset(int(step.argument) - 1).limit(1))
    answer_poll(posted, who, option)


#: kind -> how its thread begins
_OPENS = {"question": _open_question, "ticket": _open_ticket, "article": lambda who, prepared, _: knowledge.publish_article(who, prepared),
          **{kind: _say(kind) for kind in KINDS}}

#: verb of the samples -> the deed; stage, number of the thread, viewer, step, prepared text
_STEPS = {
    "says": Stage.say,
    "notes": Stage.say,
    "sets": Stage.set_status,
    "takes": lambda stage, number, who, step, _: tickets.take(stage.roots[number], who),
    "assigns": lambda stage, number, who, step, _: tickets.assign(stage.roots[number], who, stage.cast[step.argument].id),
    "moves": lambda stage, number, who, step, _: tickets.move(stage.roots[number], who, team_by_name(step.argument).id),
    "adds": lambda stage, number, who, step, _: posts.give_access(stage.roots[number], who, stage.cast[step.argument].id),
    "accepts": lambda stage, number, who, step, _: posts.accept(stage.replies[number], who),
    "has-it": lambda stage, number, who, step, _: posts.me_too(stage.roots[number], who),
    "follows": lambda stage, number, who, step, _: posts.follow(stage.roots[number], who),
    "solved": lambda stage, number, who, step, _: knowledge.give_verdict(stage.roots[number], who, True),
    "likes": lambda stage, number, who, step, _: react(stage.roots[number], who),
    "votes": lambda stage, number, who, step, _: react(stage.roots[number], who, "vote"),
    "weighs": lambda stage, number, who, step, _: move_idea(stage.roots[number], who, step.argument, step.text),
    "chooses": _choose,
    "declares": _declare,
    "joins": lambda stage, number, who, step, _: posts.me_too(stage.replies[number], who),
    "unsolved": lambda stage, number, who, step, _: knowledge.give_verdict(stage.roots[number], who, False),
}


def _photos():
    return {name: keep_photos([picture(name)])[0] for name in sorted(set(PHOTOS.values()))}


def _index():
    """Do the work that builds the search index anew, with all that the many said."""
    last = db.session.scalar(sa.select(sa.func.max(Post.id)))
    while jobs := claim("quiet"):
        run_batch(jobs)
        _show("search index", max((job.ref_id or 0 for job in jobs if job.kind == "reindex"), default=last), last)
    _show("search index", last, last)
    if db.engine.dialect.name == "postgresql":
        with transaction():
            db.session.execute(sa.text("ANALYZE"))          # else it plans for some time as for an empty desk


def _show(what, done, total):
    """How far it is, on stderr: a bar on a terminal, else a line at every tenth."""
    if not total or total <= QUIET or _shown.get(what) == (tenth := 10 * done // total) and not sys.stderr.isatty():
        return
    _shown[what] = tenth
    if sys.stderr.isatty():
        print(f"\r[{'#' * (30 * done // total):30}] {done} of {total} {what}", end="\n" if done >= total else "", file=sys.stderr, flush=True)
    else:
        print(f"{10 * tenth} % of {total} {what}", file=sys.stderr, flush=True)


_shown = {}
