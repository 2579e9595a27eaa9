"""Major incidents through the API: tell everyone, say the next word, say that it is over."""
from ..db import transaction
from ..policy import require
from ..posts.queries import get_post, prepare
from ..tickets import major_actions
from ..tickets.queries import panel_of
from . import queries, ticket_queries
from .door_views import endpoint, once, shown


@endpoint("POST", "/tickets/{id}/major", "Tell everyone of an incident", tag="Tickets", scope="write", body="NewMajor", answer="Post", status=201, keyed=True)
def declare_major(person, id, data):
    """The public post, with its promise; where the ticket is one already, the post that tells of it."""
    panel_of(id, person)
    require(person, "major.declare", get_post(id, person))
    prepared = prepare(person, data["body"])
    made = once(person, lambda: {"id": major_actions.declare_major(id, person, prepared, data["minutes"])})
    return shown(queries.post_of, person, made)


@endpoint("POST", "/posts/{id}/word", "Say the next word on a major incident", tag="Posts", scope="write", body="NewWord", answer="Post", status=201, keyed=True)
def say_word(person, id, data):
    """id is the public post's; the answer is the reply, and the promise moves on."""
    root_id = get_post(id, person).root_id
    prepared = prepare(person, data["body"])
    made = once(person, lambda: {"id": major_actions.say_word(root_id, person, prepared, data["minutes"]).id})
    return shown(queries.post_of, person, made)


@endpoint("DELETE", "/tickets/{id}/major", "Say that a major incident is over", tag="Tickets", scope="write", answer="Ticket", refusals=(409,))
def end_major(person, id):
    """It is over for everyone; the ticket goes on as it stands."""
    panel_of(id, person)
    with transaction():
        major_actions.end_major(id, person)
    return shown(ticket_queries.ticket_of, person, id)
