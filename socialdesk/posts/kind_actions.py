"""What people say, of whatever kind: one way in for the composer and the API."""
from .actions import publish
from .kudos_actions import give_kudos
from .poll_actions import start_poll

#: what the composer offers beside a ticket and a question
KINDS = ("idea", "kudos", "poll", "announcement")


def say(author, kind, prepared, *, audience="everyone", options=(), closes_days=None, to=()):
    """Write a thread of a kind.  options, closes_days: of a poll; to: ids of those thanked beside those named in the text.
    Returns its Post.  Raises Invalid, Missing, NotAllowed."""
    if kind == "poll":
        return start_poll(author, prepared, options, audience=audience, closes_days=closes_days)
    if kind == "kudos":
        return give_kudos(author, prepared, audience=audience, to=to)
    return publish(author, kind, prepared, audience=audience)
