"""What a notice says, in the inbox and on a phone; pure computing."""
from datetime import timedelta
from typing import NamedTuple

from ..db import EPOCH
from ..tickets.checker import day_in_words, zone_of

NAME = "SocialDesk"
SOMEBODY = "The desk"                   # who did it when nobody did: the clock
GONE = (404, 410)                       # a push service answered so: the address is dead for good
TAKEN_BACK = "taken_back"               # in the place of the verb, where what was said is gone by now
MAX_TITLE, MAX_LINE, MAX_QUOTE = 90, 50, 180


class Happening(NamedTuple):
    """What is told of: an event, seen from the person who is told.
    relation: as in audience_queries.RELATIONS; actor: a name as it may be shown, or None; kind: of the thread;
    n: how many happenings the notice stands for; promised: when the next word comes, in words."""

    verb: str
    relation: str
    actor: str | None = None
    kind: str = "ticket"
    private: bool = True
    note: bool = False
    after: str | None = None
    hold_reason: str | None = None
    n: int = 1
    promised: str = ""


def promised(facts, tz, present):
    """When the next word on a major incident comes, as its reader says it; empty where none was promised.  facts: of the event."""
    if "next_at" not in (facts or {}):
        return ""
    moment = EPOCH + timedelta(microseconds=facts["next_at"])
    day = day_in_words(moment, present, tz)
    return f"{'' if day == 'today' else day + ' '}at {moment.astimezone(zone_of(tz)):%H:%M}"


def sentence(what):
    """What happened last, as one would say it, and how much before it."""
    if what.verb == "liked":
        return _liked(what.actor or SOMEBODY, what.n)
    more = {1: "", 2: " One more thing happened before."}.get(what.n, f" {what.n - 1} more things happened before.")
    return _last(what, what.actor or SOMEBODY) + more


def discreet(what):
    """(title, body) for a locked phone: no name, no title, no word of what was said."""
    if what.relation == "mentioned":
        return NAME, "Somebody mentioned you."
    if what.verb == "ticket_assigned":
        return NAME, "A ticket was given to you."
    if what.verb in _MAJOR:
        return NAME, "There is news of a major incident." if what.verb != "major_overdue" else "A promised word is overdue."
    if what.relation == "team" and what.verb in ("ticket_opened", "ticket_moved"):
        return NAME, "There is a ticket for your team."
    if what.verb in _DISCREET:
        return NAME, _DISCREET[what.verb]
    if what.relation in ("thanked", "circle", "everyone", "tagged"):
        return NAME, {"thanked": "Somebody thanks you.", "tagged": "There is something new under a hashtag you follow."}.get(
            what.relation, "There is a new announcement." if what.kind == "announcement" else "There is something new in a circle of yours.")
    if what.kind == "ticket" or what.private and what.kind != "kudos":
        return NAME, "Something changed in one of your tickets."
    if what.relation == "author":
        return NAME, "New reply to your question." if what.kind == "question" else "New reply to your post."
    return NAME, "New reply in a thread you follow."


def _liked(who, n):
    whom = {1: f"{who} likes", 2: f"{who} and one more like"}.get(n, f"{who} and {n - 1} more like")
    return f"{whom} what you wrote."


_DISCREET = {"answer_accepted": "An answer of yours helped.", "access_given": "You were added to a ticket.", "idea_moved": "There is news of an idea.",
             "review_due": "An article of yours is due for review."}


def words(what, title, quote, allowed):
    """(title, body) on a locked phone.  allowed: discreet; who: the name and what they did; full: title and the words that came too."""
    if allowed == "discreet":
        return discreet(what)
    body = sentence(what)
    if allowed == "who":
        return NAME, body
    return cut(title, MAX_TITLE) or NAME, f"{body} “{cut(quote, MAX_QUOTE)}”" if quote else body


def together(said):
    """(title, body) of several, the newest last: how many there are, and the last three in a line each.  said: (title, body) of each."""
    lines = []
    for title, body in reversed(said):
        line = body if title == NAME else f"{cut(title, MAX_LINE)}: {body}"
        if line not in lines:
            lines.append(cut(line, MAX_QUOTE))
    return f"{len(said)} things are new", "\n".join(lines[:3])


def cut(text, most):
    """A text on one line, at most so many characters, cut between words."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    return line[:most - 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


def _last(what, who):
    if what.verb == TAKEN_BACK:
        return f"What {who} wrote was taken back."
    if what.relation == "mentioned":
        return f"{who} mentioned you" + (" in a note for the desk." if what.note else ".")
    if what.verb == "replied":
        return _reply(what, who)
    if what.verb == "ticket_status_changed":
        return _state(what, who)
    if what.verb in _MAJOR:
        return _major(what, who)
    if what.verb == "idea_moved":
        return _idea(what, who)
    if what.relation == "thanked":
        return f"{who} thanks you."
    return {
        "access_given": f"{who} added you, so you can read along.",
        "answer_accepted": f"{who} says your answer helped.",
        "review_due": "The review date of your article has come. Does it still hold?",
        "ticket_assigned": f"{who} gave it to you.",
        "ticket_moved": f"{who} moved it to your team.",
        "ticket_opened": f"{who} asks your team.",
        "ticket_reopened": f"{who} says it is not fixed yet.",
        "ticket_resumed": f"{who} answered, so it goes on.",
    }.get(what.verb, f"{who} wrote something new.")


_MAJOR = ("major_declared", "major_updated", "major_ended", "major_overdue")
_IDEAS = {"under_review": "is looked into now", "planned": "is planned", "in_progress": "is being made real", "shipped": "is there now",
          "declined": "is declined; the reason stands beside it"}


def _major(what, who):
    next_word = f" The next word comes {what.promised}." if what.promised else ""
    return {
        "major_declared": f"It is bigger than one person: many have it, and {who} tells everyone how it goes on.{next_word}",
        "major_updated": f"{who} says how it stands.{next_word}",
        "major_ended": "It is over. If you still have it, reply there.",
        "major_overdue": "The next word was promised for now. Say how it stands, even if nothing is new." if what.relation == "promiser"
                         else "The next word is half an hour late. Say how it stands.",
    }[what.verb]


def _idea(what, who):
    whose = {"author": "Your idea", "voter": "An idea you want"}.get(what.relation, "An idea you follow")
    return f"{whose} {_IDEAS.get(what.after, 'has moved on')}."


def _reply(what, who):
    if what.note:
        return f"{who} left a note for the desk."
    return f"{who} answered your question." if what.relation == "author" and what.kind == "question" else f"{who} replied."


def _state(what, who):
    mine = what.relation == "requester"
    if what.after == "on_hold":
        return {"supplier": "It waits for a supplier now.", "change": "It waits for a planned change now."}.get(
            what.hold_reason, f"{who} needs an answer from you. It waits until then." if mine
            else f"{who} waits for an answer from the person who asked.")
    if what.after == "closed" and what.actor is None:
        return "It is done. Nobody objected, so it closed itself."
    return {
        "resolved": f"{who} says it is fixed." + (" Does it work?" if mine else ""),
        "in_progress": f"{who} is working on it.",
        "closed": f"{who} closed it. It is done.",
        "canceled": f"{who} withdrew it.",
    }.get(what.after, f"{who} changed how it stands.")


def tested(status):
    """What came of a test push: (did it work, what to tell).  status: HTTP, 0 unreachable, -1 host not allowed, -2 bad key."""
    if 200 <= status < 300:
        return True, "Sent. It should show on that device within seconds; if not, look whether its own settings silence SocialDesk."
    if status in GONE:
        return False, "That device has stopped taking notices, so it was removed. Turn them on again on the device itself."
    return False, _FAULTS.get(status) or (
        "The push service is very busy and asks us to wait. Test again in a few minutes." if status in (406, 429) else
        f"The push service has a fault of its own ({status}). Nothing is wrong here: test again in a few minutes." if status >= 500 else
        f"The push service answered something we cannot use ({status}). Tell the desk; other devices are not touched by it.")


def of_service(status):
    """Why a push service gets its pushes later, in a sentence.  status: its last answer, 0 if none."""
    if not status:
        return "It does not answer."
    return "It asks us to wait." if status in (406, 408, 425, 429) else f"It has a fault of its own ({status})."


def how_long(seconds):
    """A time in words, rounded down: 12 seconds, 5 minutes, 3 hours, 2 days."""
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size or size == 1:
            count = int(seconds // size)
            return f"{count} {word}" + ("" if count == 1 else "s")


_REFUSED = "The push service refuses the desk's key ({}). Turn notices off and on again on that device; if that does not help, tell the desk."
_FAULTS = {
    0: "The push service of that browser cannot be reached from here. Notices wait and are sent when it can; tell the desk if it lasts.",
    -1: "The desk does not send to that browser's push service, since it does not know it. An admin can add it to SOCIALDESK_PUSH_HOSTS.",
    -2: "The key of that device is damaged. Turn notices off and on again on it.",
    -4: "The desk no longer has the key that device signed up with. Open SocialDesk on it once: it signs up anew by itself.",
    400: _REFUSED.format(400), 401: _REFUSED.format(401), 403: _REFUSED.format(403),
    413: "The push service finds even a short notice too long. That is a fault on its side; tell the desk.",
}
