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
    "works": Button("It works", "checks", "Closed. Thank you.", "If it works, the ticket is closed."),
    "fails": Button("It doesn’t", "checks", "Opened again. The desk looks at it once more.", "If it does not work, the ticket is opened again, and the desk looks at it once more."),
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


def stale(key, told, viewer_id):
    """Why a deed is no longer what the notice asked, in words; None if it still is.  told: of button_queries.told_of()."""
    if BUTTONS[key].needs == "takes":
        return _not_free(told, viewer_id)
    if told.status == "resolved" and not told.moved:
        return None
    return {
        "resolved": "It was opened again and fixed once more since that notice. Look at what was done, then say whether it works.",
        "closed": "It is closed already, so nothing was changed. If it does not work, write a reply, and a new ticket opens.",
        "canceled": "It was withdrawn already, so nothing was changed. If you still need it, write a reply, and a new ticket opens.",
    }.get(told.status, "It was opened again in the meantime, so nothing was changed. Look how it stands.")


def _not_free(told, viewer_id):
    if told.assignee_id not in (None, viewer_id):
        return f"{told.assignee} has it already. Take another one, or ask {told.assignee} to hand it over."
    if not told.is_open:
        return f"It {_STANDS[told.status]}, so it needs nobody any more."
    return None


#: how a ticket stands, after "it"
_STANDS = {"new": "is open", "in_progress": "is being worked on", "on_hold": "waits for something", "resolved": "is fixed, as the desk says",
           "closed": "is closed", "canceled": "was withdrawn"}


def done_before(key, told, viewer_id):
    """What is told where the same button is pressed once more: it is not done again, and what is said holds now."""
    if key == "take":
        return _taken_before(told, viewer_id)
    if told.status in {"works": ("closed",), "fails": ("new", "in_progress")}[key]:
        return BUTTONS[key].done
    stands = "is open again" if key == "works" and told.is_open else _STANDS[told.status]
    return f"You pressed this before. By now the ticket {stands}. Look how it stands."


def _taken_before(told, viewer_id):
    if not told.is_open:
        return f"You took it before. By now it {_STANDS[told.status]}."
    if told.assignee_id is None:
        return "You took it before, and by now nobody has it. Open the ticket to take it again."
    return BUTTONS["take"].done if told.assignee_id == viewer_id else f"{told.assignee} has taken it meanwhile."


def in_payload(keys, notification_id, n, root_id, base_url):
    """(actions, deeds) of a push: actions as browsers take them, their addresses absolute; deeds {key: address on this site}.
    No address holds a token: who presses must be signed in."""
    deeds = {key: f"/notices/{notification_id}/{key}?n={n}" for key in keys if BUTTONS[key].done}
    ways = {key: deeds.get(key, f"/p/{root_id}#say") for key in keys}
    return [{"action": key, "title": BUTTONS[key].label, "navigate": base_url + way} for key, way in ways.items()], deeds
