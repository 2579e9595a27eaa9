"""What the demo's many say, and when: threads of every kind in the order of time, the same for the same seed; pure computing."""
from array import array
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from . import demo_words
from .demo_steps import STEPS, Happened, Many, move
from .events import Verb
from .tags.checker import fold
from .tickets.checker import closing_time

#: kind -> how many of a hundred threads
KINDS = {"ticket": 46, "question": 36, "kudos": 8, "idea": 5, "poll": 2, "announcement": 1, "article": 2}
DAY = 86_400
LEAST_DAYS, MOST_DAYS, THREADS_A_DAY = 60, 400, 250
CLOSES_AFTER = (1, 3, 7, 30, None)      # days
STUCK, LEFT_OUT, IN_CIRCLE, ADDED = 0.03, 0.01, 0.25, 0.04
#: hashtag -> the picture that some attach
PHOTOS = {"printer": "printer", "network": "cable", "plotter": "plotter", "software": "error", "wifi": "cable"}
WITH_PHOTO = 0.15
MOST_WHO = 60                           # people who like, follow or have one thing


class Crowd(NamedTuple):
    """Who is there.  roles: {role: [(id, handle)]}; circles: [(id, members as (id, handle))]; owners: {compared form of a
    hashtag: (team id, is it confidential)}."""

    roles: dict
    circles: list
    owners: dict


def moments(present, rng, count):
    """The moments of so many threads, in seconds since 1970 and in order: months of working days, more of them of late."""
    days = min(MOST_DAYS, LEAST_DAYS + count // THREADS_A_DAY)
    latest = present.timestamp()
    midnight = latest - latest % DAY
    starts = [midnight - n * DAY for n in range(days, -1, -1)]
    weights = [(1 + n / days) * (0.05 if datetime.fromtimestamp(start, timezone.utc).weekday() > 4 else 1) for n, start in enumerate(starts)]
    found = [start + rng.triangular(7 * 3600, 19 * 3600, 10.5 * 3600) for start in rng.choices(starts, weights, k=count)]
    return array("d", sorted(at if at < latest - 180 else latest - 180 - rng.random() * 9 * 3600 for at in found))


class Teller:
    """Tells threads.  present: after it nothing has happened yet."""

    def __init__(self, rng, crowd, present):
        self.rng, self.crowd, self.limit = rng, crowd, present - timedelta(minutes=2)
        self.kinds, self.weights = list(KINDS), list(KINDS.values())
        self.more_tags = [f"{river}-{structure}".replace(" ", "-") for structure in demo_words.words()["structure"]
                          for river in demo_words.words()["river"]]

    def tell(self, seconds):
        """A thread that begins at this moment."""
        kind = self.rng.choices(self.kinds, self.weights)[0]
        model = self._one(demo_words.models(kind), 1)
        circle_id, members = self._circle(model)
        cast = self._cast(members)
        talk = demo_words.Talk(self.rng, {role: handle for role, (_, handle) in cast.items()})
        at = datetime.fromtimestamp(seconds, timezone.utc)
        many = self._begin(model, cast, talk, at, circle_id)
        many.events.append(Happened(*_FIRST.get(kind, (Verb.POSTED,)), many.by, at, ref=many.team_id, facts=self._first_facts(many)))
        self._play(many, model, cast, talk)
        self._end(many)
        self._hang(many, members or self.crowd.roles["asker"], cast)
        if kind in ("ticket", "question") and self.rng.random() < WITH_PHOTO:
            many.photo = next(filter(None, map(PHOTOS.get, many.tags)), None)
        return many

    # --- who and what

    def _one(self, some, skew=1.6):
        return some[int(len(some) * self.rng.random() ** skew)]

    def _circle(self, model):
        """(circle id, its members) for some of what colleagues say among themselves, else (None, None)."""
        if model.kind in ("question", "poll", "kudos", "idea") and self.crowd.circles and _is_among_peers(model) \
                and ("circle" in model.options or self.rng.random() < IN_CIRCLE):
            return self._one(self.crowd.circles)
        return None, None

    def _cast(self, members):
        """{role: (id, handle)}: everybody another one, as far as there are enough."""
        cast, taken = {}, set()
        for role in demo_words.ROLES:
            some = members if members and role in _PEERS else self.crowd.roles[role]
            for _ in range(8):
                cast[role] = self._one(some)
                if cast[role] not in taken:
                    break
            taken.add(cast[role])
        return cast

    def _begin(self, model, cast, talk, at, circle_id):
        title, text = demo_words.split(talk.fill(model.text))
        if self.rng.random() < 0.5:
            text = f"{text} #{self._one(self.more_tags, 3)}"
        by = cast[model.by.strip("{}")][0]
        many = Many(model.kind, by, at, title, text, demo_words.hashtags(text), status=_STATUS.get(model.kind))
        if circle_id:
            many.audience, many.circle_id = "circle", circle_id
        if model.kind == "ticket":
            self._open(many, model)
        elif model.kind == "kudos":
            self._thank(many, cast)
        elif model.kind == "poll":
            many.choices = list(dict.fromkeys(talk.fill(choice) for choice in model.options["choices"]))
            days = self._one(CLOSES_AFTER, 1)
            many.closes_at = days and at + timedelta(days=days)
        elif model.kind == "question" and not circle_id and self.rng.random() < LEFT_OUT:
            many.shown_as = "A colleague"
        return many

    def _open(self, many, model):
        owners = [owner for owner in map(self.crowd.owners.get, map(fold, many.tags)) if owner]
        team_id, many.sealed = next((owner for owner in owners if owner[1]), owners[0] if owners else (None, False))
        many.audience, many.team_id = "private", team_id
        many.ticket = {"type": model.options.get("type", "incident"), "urgency": model.options.get("urgency", "medium"), "status": "new",
                       "hold_reason": None, "assignee_id": None, "first_word_at": None, "last_word_at": many.at, "resolved_at": None,
                       "closes_at": None, "closed_at": None, "reopened": 0, "version": 1}

    def _thank(self, many, cast):
        many.thanked = [cast[role][0] for role in ("helper", "other") if f"@{cast[role][1]} " in many.text + " " and cast[role][0] != many.by]
        if not many.circle_id and self.rng.random() < 0.15:
            many.audience, many.sealed, many.added = "private", True, [(person_id, None) for person_id in many.thanked]

    def _first_facts(self, many):
        if many.kind == "ticket":
            return {"route": "hashtag" if many.team_id else "triage"}
        return {} if many.kind == "article" else {"kind": many.kind}

    # --- what comes of it

    def _play(self, many, model, cast, talk):
        at, stops = many.at, self.rng.random() < STUCK
        for step in model.steps:
            at = _in_working_hours(at + demo_words.after(self.rng, step.after))
            if at >= self.limit or stops and self.rng.random() < 0.4:
                return
            text = talk.fill(step.text) if step.text else ""
            STEPS[step.verb](many, cast[step.who.strip("{}")][0], at, text, step.argument)

    def _end(self, many):
        """What nobody objected to closes by itself; a question is answered by what was accepted."""
        ticket = many.ticket
        if ticket and ticket["status"] == "resolved":
            ticket["closes_at"] = closing_time(ticket["resolved_at"])
            if ticket["closes_at"] < self.limit:
                move(many, None, ticket["closes_at"], "closed", by="clockwork")

    def _hang(self, many, people, cast):
        """Likes, me toos, votes and the rest: few for most, many for some."""
        if many.audience == "private":
            if many.ticket and not many.sealed and self.rng.random() < ADDED and cast["helper"][0] != many.by:
                many.added = [(cast["helper"][0], many.by)]
                many.events.append(Happened(Verb.ACCESS_GIVEN, many.by, many.at, ref=cast["helper"][0], after="participant"))
            return
        some = [person_id for person_id, _ in people if person_id != many.by]
        many.likes, many.savers = self._some(some, 0.5, 1.2), self._some(some, 0.12, 2.5)
        many.readers = self._some(some, 0.9, 0.8 if many.kind == "announcement" else 1.5)
        if many.kind == "question":
            many.me_toos = list(dict.fromkeys([*many.me_toos, *self._some(some, 0.25, 1.3)]))
        elif many.kind == "idea":
            many.votes = self._some(some, 0.95, 0.9)
        elif many.kind == "poll":
            many.chosen = [(person_id, int(self.rng.random() ** 1.5 * len(many.choices))) for person_id in self._some(some, 1, 0.7)]
        for reply in many.replies:
            reply.likes = self._some([one for one in some if one != reply.who], 0.3, 1.8)

    def _some(self, people, share, steep):
        """Some people: with this chance at least one, the steeper the fewer."""
        if self.rng.random() >= share:
            return []
        return self.rng.sample(people, min(len(people), MOST_WHO, int(self.rng.paretovariate(steep))))


_PEERS = ("asker", "helper", "other", "third", "porto", "local")
_STATUS = {"question": "open", "idea": "proposed"}
_FIRST = {"ticket": (Verb.TICKET_OPENED,), "article": (Verb.ARTICLE_PUBLISHED,)}


def _is_among_peers(model):
    return all(step.who.strip("{}") in _PEERS for step in model.steps)


def _in_working_hours(at):
    if not 7 <= at.hour < 19:
        at += timedelta(hours=12)
    return at + timedelta(days=7 - at.weekday()) if at.weekday() > 4 else at
