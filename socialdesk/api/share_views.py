"""Sharing a thread through the API: the text is seen first, then sent."""
from ..policy import require
from ..posts.ask_queries import circles_of
from ..posts.queries import get_post, prepare, thread_of
from ..posts.share_actions import share
from ..posts.share_queries import text_to_share
from . import queries
from .door_views import endpoint, once, shown


@endpoint("GET", "/posts/{id}/share", "The text to begin with where one shares a thread", tag="Posts", scope="read", answer="Share")
def show_share(person, id):
    """Nothing is written; nothing of what was said later goes along."""
    thread = _thread(person, id)
    circles = [f"circle:{circle.slug}" for circle in circles_of(person)]
    return {"body": text_to_share(thread, person), "audiences": ["everyone", *circles]}


@endpoint("POST", "/posts/{id}/share", "Tell others of a thread in a new question", tag="Posts", scope="write", body="NewShare", answer="Post", status=201, keyed=True)
def share_post(person, id, data):
    """The new post; the thread itself stays as it is, and who may read it too."""
    thread = _thread(person, id)
    prepared = prepare(person, data["body"])
    made = once(person, lambda: {"id": share(thread.id, person, prepared, audience=data.get("audience", "everyone"),
                                             leave_name_out=data.get("leave_name_out", False)).id})
    return shown(queries.post_of, person, made)


def _thread(person, post_id):
    thread = thread_of(post_id, person)
    require(person, "post.share", get_post(thread.id, person))
    return thread
