"""Which buttons a notice carries on a phone, what each needs, and what is told back; pure data."""
from typing import NamedTuple

MOST = 2                                # more are shown by no browser


class Button(NamedTuple):
    """label: on the notice.  needs: what must hold when it is sent, a fact of button_queries.  done: what is told once it is
    done; empty where it only opens the thread.  asks: what its own page asks."""

    label: str
    needs: str
    done: str = ""
    asks: str = ""


BUTTONS = {
    "works": Button("It works", "checks", "Closed. Thank you.", "Does it work? Then the ticket is closed."),
    "fails": Button("It doesn’t", "checks", "Opened again. The desk looks at it once more.", "Does it not work? Then the ticket is opened again."),
    "take": Button("Take it", "takes", "It is yours now.", "Do you take this ticket? Then it is yours, and its team sees that."),
    "reply": Button("Reply", "speaks"),
}
_SPOKEN_TO = ("requester", "author", "assignee", "added", "follower", "mentioned")
#: (what, relation) -> the buttons; what: a verb, or "fixed" and "asked" for what a verb alone does not say
_BY_ROW = {
    **{("fixed", "requester"): ("works", "fails"), ("asked", "requester"): ("reply",)},
    **{(verb, "team"): ("take", "reply") for verb in ("ticket_opened", "ticket_moved")},
    **{("replied", relation): ("reply",) for relation in _SPOKEN_TO},
    **{(verb, "mentioned"): ("reply",) for verb in ("posted", "ticket_opened", "major_declared", "major_updated")},
}
_VERBS = {deed: {what for (what, _), keys in _BY_ROW.items() if deed in keys} for deed in BUTTONS}


def keys_for(happening):
    """The keys of the buttons that a notice of a words_checker.Happening may carry.  A note is answered on its page alone:
    from a phone it would too easily go to who asked."""
    return () if happening.note else _BY_ROW.get((_what(happening.verb, happening.after, happening.hold_reason), happening.relation), ())[:MOST]


def is_deed(key, verb, after, hold_reason=None):
    """Is this the key of a button that does something, and was it ever offered for such an event?"""
    return key in BUTTONS and bool(BUTTONS[key].done) and _what(verb, after, hold_reason) in _VERBS[key]


def _what(verb, after, hold_reason):
    if verb != "ticket_status_changed":
        return verb
    return {("resolved", None): "fixed", ("on_hold", "requester"): "asked"}.get((after, hold_reason), verb)


def stale(key, status, moved_since):
    """Why a deed is no longer what the notice asked, in words; None if it still is.  moved_since: has the ticket changed its
    state after what the notice told of?"""
    if BUTTONS[key].needs != "checks" or status == "resolved" and not moved_since:
        return None
    return {
        "resolved": "It was opened again and fixed once more since that notice. Look at what was done, then say whether it works.",
        "closed": "It is closed already, so nothing was changed. If it does not work, write a reply, and a new ticket opens.",
        "canceled": "It was withdrawn already, so nothing was changed. If you still need it, write a reply, and a new ticket opens.",
    }.get(status, "It was opened again in the meantime, so nothing was changed. Look how it stands.")


def in_payload(keys, notification_id, n, root_id, base_url):
    """(actions, deeds) of a push: actions as browsers take them, their addresses absolute; deeds {key: address on this site}.
    No address holds a token: who presses must be signed in."""
    deeds = {key: f"/notices/{notification_id}/{key}?n={n}" for key in keys if BUTTONS[key].done}
    ways = {key: deeds.get(key, f"/p/{root_id}#say") for key in keys}
    return [{"action": key, "title": BUTTONS[key].label, "navigate": base_url + way} for key, way in ways.items()], deeds
