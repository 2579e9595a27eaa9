"""What people are told of: the table of verb, relation and channel, as plain sentences with their usual levels; pure data.

A matter is one sentence on the page of choices and one or more rows (verb, relation).  Levels of a channel:
inbox: on, off (then nothing at all) · push: now, rest (at the hours one picks), never · mail: always, second (where it was not
opened for two hours, or at once for who has no device), digest, never."""
from typing import NamedTuple

from ..errors import Invalid

LEVELS = {"inbox": ("on", "off"), "push": ("now", "rest", "never"), "mail": ("always", "second", "digest", "never")}
STATES = ("ticket_status_changed", "ticket_resumed", "ticket_reopened")
MAJORS = ("major_declared", "major_ended", "major_overdue", "major_updated")
#: what may ring outside the hours where the person allows it: (key, words)
EXCEPTIONS = (("waits", "What waits for me in person: a question on my ticket, a ticket that is given to me"),
              ("majors", "Major incidents that touch me or that I look after"))


class Levels(NamedTuple):
    """How a matter is told."""

    inbox: str
    push: str
    mail: str


class Matter(NamedTuple):
    """A sentence and its rows.  part: where it stands on the page; pushes: may it ring at all; silent: may it be left out of the
    inbox; exception: key of EXCEPTIONS; spends: does it count as one of the day's pushes."""

    key: str
    part: str
    sentence: str
    rows: tuple
    usual: Levels
    pushes: bool = True
    silent: bool = True
    exception: str | None = None

    @property
    def spends(self):
        """Does such a push count against the day's number?  What may not wait does not."""
        return self.exception is None

    @property
    def by_choice(self):
        """Is it told only to those who ask for it?"""
        return self.usual.inbox == "off"


def _rows(verbs, *relations):
    return tuple((verb, relation) for verb in verbs for relation in relations)


_NEEDS, _NOW, _REST, _LIST, _OFF = (Levels("on", "now", "second"), Levels("on", "now", "digest"), Levels("on", "rest", "digest"),
                                    Levels("on", "never", "digest"), Levels("off", "never", "digest"))
PARTS = (("mine", "What I asked"), ("desk", "At the desk"), ("others", "What I take part in"), ("all", "For everybody"))

MATTERS = (
    Matter("waits", "mine", "My ticket waits for me: a question, or a repair to check",
           (("waits", "requester"),), _NEEDS, silent=False, exception="waits"),
    Matter("answers", "mine", "Somebody answers what I asked", _rows(["replied"], "requester", "author"), _NEEDS),
    Matter("states", "mine", "My ticket moves on", _rows(STATES, "requester"), _NOW),
    Matter("mentions", "mine", "Somebody mentions me",
           _rows(["posted", "replied", "ticket_opened", "major_declared", "major_updated", "note"], "mentioned"), _NEEDS),
    Matter("majors", "mine", "A major incident that touches me: it is declared, there is news, it is over",
           _rows(["major_declared", "major_updated", "major_ended"], "affected", "follower"), _NEEDS, exception="majors"),
    Matter("assigned", "desk", "A ticket is given to me", _rows(["ticket_assigned"], "assignee"), _NEEDS, silent=False, exception="waits"),
    Matter("work", "desk", "My work gets a reply, or comes back to me", _rows(["replied", "ticket_resumed", "ticket_reopened"], "assignee"), _NOW),
    Matter("work-states", "desk", "Somebody else changes how my work stands", _rows(["ticket_status_changed"], "assignee"), _LIST),
    Matter("queue", "desk", "My team gets a ticket", _rows(["ticket_opened", "ticket_moved"], "team"), _REST),
    Matter("notes", "desk", "A note in a ticket of mine, or where I left one", _rows(["note"], "assignee", "writer"), _NOW),
    Matter("promises", "desk", "A promised word on a major incident is overdue", _rows(["major_overdue"], "promiser", "team"),
           _NEEDS, silent=False, exception="majors"),
    Matter("reviews", "desk", "An article of mine is due for review", _rows(["review_due"], "owner"), _LIST),
    Matter("follows", "others", "A reply in a thread I follow", _rows(["replied"], "follower"), _NOW),
    Matter("joined", "others", "A ticket I was added to gets a reply, or moves on", _rows(["replied", *STATES], "added"), _NOW),
    Matter("added", "others", "I am added to a ticket", _rows(["access_given"], "added"), _LIST),
    Matter("followed-states", "others", "A ticket I follow moves on", _rows(STATES, "follower"), _LIST),
    Matter("helped", "others", "My answer helped", _rows(["answer_accepted"], "writer"), _REST),
    Matter("thanks", "others", "Somebody thanks me in public", _rows(["posted", "thanked"], "thanked"), _REST),
    Matter("ideas", "others", "An idea of mine, or one I voted for, moves on", _rows(["idea_moved"], "author", "voter", "follower"), _REST),
    Matter("likes", "others", "Somebody likes what I wrote", _rows(["liked"], "author"), Levels("on", "never", "never"), pushes=False),
    Matter("announcements", "all", "An announcement for everybody, or for a circle of mine",
           _rows(["posted"], "everyone", "circle"), _REST),
    Matter("circles", "all", "Something new in a circle of mine", _rows(["post"], "circle"), _OFF),
    Matter("hashtags", "all", "Something new under a hashtag I follow", _rows(["post"], "tagged"), _OFF),
    Matter("all-majors", "all", "A major incident that does not touch me", _rows(["major_declared", "major_ended"], "everyone"), _OFF),
)
BY_KEY = {matter.key: matter for matter in MATTERS}
_BY_ROW = {row: matter for matter in MATTERS for row in matter.rows}
AT_THE_DESK = tuple(matter.key for matter in MATTERS if matter.part == "desk")


def matter_of(what, relation):
    """The Matter of a row of the table.  what: a verb, or "waits", "note", "post" for what a verb alone does not say."""
    return _BY_ROW[what, relation]


def exception_of(verb, relation, note, after, facts):
    """The key of EXCEPTIONS under which a telling may ring at any time, or None."""
    matter = matter_told(verb, relation, note, after, facts)
    return matter and matter.exception


def matter_told(verb, relation, note, after, facts, kind=""):
    """The Matter by which a happening was told to somebody, or None.  kind: of its thread."""
    what = "note" if note and verb != "liked" else "waits" if relation == "requester" and waits(verb, after, facts) else verb
    if verb == "posted" and not note and (relation == "tagged" or relation == "circle" and kind != "announcement"):
        what = "post"
    return _BY_ROW.get((what, relation))


def waits(verb, after, facts):
    """Is the ticket, after this event, at its requester: to answer, or to check?"""
    asked = after == "on_hold" and facts.get("hold_reason") == "requester"
    return verb == "ticket_status_changed" and (asked or after == "resolved")


def levels_of(matter, chosen):
    """The Levels of a matter for somebody.  chosen: {channel: level}, what differs from the usual."""
    return matter.usual._replace(**{channel: level for channel, level in chosen.items() if level in LEVELS.get(channel, ())})


def check_levels(matter, inbox, push, mail):
    """Levels somebody may choose for a matter.  Raises Invalid."""
    if inbox not in LEVELS["inbox"] or push not in LEVELS["push"] or mail not in LEVELS["mail"]:
        raise Invalid(f"“{matter.sentence}” can be told at once, with the rest, in the inbox alone, or not at all. Choose one of them.", field=matter.key)
    if push != "never" and not matter.pushes:
        raise Invalid(f"“{matter.sentence}” never rings a phone. It stands in your inbox.", field=matter.key)
    if inbox == "off" and not matter.silent:
        raise Invalid(f"“{matter.sentence}” waits for you in person, so it always stands in your inbox. Choose how it rings.", field=matter.key)
    return Levels(inbox, push, mail)
