"""The caller and what they were told, through the API."""
from ..db import now, transaction
from ..errors import Invalid, Missing
from ..notifications import actions as notifications
from ..notifications import choice_actions, choice_queries
from ..notifications import queries as inbox
from ..people.profile_actions import change_profile
from . import queries
from .door_views import PAGED, endpoint, page


@endpoint("GET", "/me", "The person the token belongs to", tag="Me", scope="read", answer="Me")
def show_me(person):
    """The caller."""
    return queries.me_of(person)


@endpoint("PATCH", "/me", "Change your name, handle, hours and the like", tag="Me", scope="write", body="MeChange", answer="Me", refusals=(409,))
def change_me(person, data):
    """All that is named, or nothing."""
    with transaction():
        change_profile(person, **data)
    return queries.me_of(person)


@endpoint("GET", "/notifications", "What you were told, newest first", tag="Me", scope="read", args=PAGED, answer="Notifications")
def show_notifications(person, args):
    """The lines of the inbox."""
    found = inbox.inbox_of(person, args["cursor"], args["limit"])
    return page([_line(line) for line in found.lines], found.next_cursor)


@endpoint("POST", "/notifications/{id}/read", "Mark a line of the inbox as read", tag="Me", scope="write", answer="Notification")
def read_notification(person, id):
    """Twice is as good as once."""
    with transaction():
        notifications.read_line(person, id)
    line = inbox.line_of(person, id)
    if line is None:
        raise Missing()
    return _line(line)


@endpoint("GET", "/me/choices", "How you are told of each matter", tag="Me", scope="read", answer="Choices")
def show_choices(person):
    """Matters of the desk are for its people alone; with whether it is quiet, and just one's tickets."""
    return _choices(person)


@endpoint("PATCH", "/me/choices", "Choose how you are told of a matter, be quiet for a while, or have just your tickets", tag="Me", scope="write",
          body="ChoiceChange", answer="Choices")
def change_choice(person, data):
    """All that is named, or nothing; what is not named stays."""
    with transaction():
        _choose_matter(person, data)
        change_profile(person, only_tickets=data.get("only_tickets"))
        if data.get("quiet"):
            choice_actions.be_quiet(person, data["quiet"])
        elif "quiet" in data:
            choice_actions.ring_again(person)
    return _choices(person)


def _choose_matter(person, data):
    if "matter" not in data:
        if "told" in data or "mail" in data:
            raise Invalid('"told" and "mail" are said of a matter. Name it as "matter"; GET /me/choices lists those there are.', field="matter")
        return
    chosen = next((one for one in _all(person) if one.matter.key == data["matter"]), None)
    if chosen is None:
        raise Invalid("There is no such matter for you. GET /me/choices lists those there are.", field="matter")
    choice_actions.choose(person, data["matter"], data.get("told", chosen.told), data.get("mail", chosen.mail))


def _all(person):
    return [chosen for part in choice_queries.matters_of(person) for chosen in part.matters]


def _choices(person):
    when = choice_queries.when_of(person)
    is_quiet = when.quiet_until is not None and when.quiet_until > now()
    return {"choices": [{"matter": one.matter.key, "sentence": one.matter.sentence, "told": one.told, "mail": one.mail} for one in _all(person)],
            "only_tickets": when.only_tickets, "quiet_until": queries.said_at(when.quiet_until) if is_quiet else None}


def _line(line):
    return {"id": line.id, "post_id": line.root_id, "title": line.title, "sentence": line.sentence, "url": line.url, "needs_you": line.needs_you,
            "unread": line.unread, "n": line.n, "at": queries.said_at(line.at)}
