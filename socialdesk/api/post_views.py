"""Posts and replies through the API."""
from ..db import transaction
from ..errors import Invalid
from ..posts import actions as posts
from ..posts import thread_queries
from ..posts.ask_queries import people_named
from ..posts.checker import title_of
from ..posts.kind_actions import say
from ..posts.queries import get_post, prepare
from ..tickets import actions as tickets
from . import queries
from .door_views import PAGED, endpoint, once, page, shown


@endpoint("POST", "/posts", "Ask a question, open a ticket, or say something else", tag="Posts", scope="write", body="NewPost", answer="Post", status=201, keyed=True,
          refusals=(404,))
def make_post(person, data):
    """A new thread in the caller's name."""
    kind = data.get("kind", "question")
    audience = data.get("audience", "private" if kind == "ticket" else "everyone")
    prepared = prepare(person, data["body"], title=data.get("title"))
    more = {name: data[name] for name in ("options", "closes_days") if name in data}
    more |= {"to": people_named(" ".join(data["to"]))} if "to" in data else {}

    def deed():
        if kind == "ticket":
            return {"id": tickets.open_ticket(person, prepared, audience=audience).id}
        return {"id": say(person, kind, prepared, audience=audience, **more).id}
    return shown(queries.post_of, person, once(person, deed))


@endpoint("GET", "/posts/{id}", "A post, or a reply", tag="Posts", scope="read", answer="Post")
def show_post(person, id):
    """A post the caller may read."""
    return queries.post_of(person, id)


@endpoint("PATCH", "/posts/{id}", "Change the text of a post or reply", tag="Posts", scope="write", body="PostChange", answer="Post",
          refusals=(409,))
def change_post(person, id, data):
    """What it was stays as a version."""
    prepared = prepared_change(person, id, data)
    with transaction():
        posts.edit(id, person, prepared, base=data.get("version"))
    return shown(queries.post_of, person, id)


def prepared_change(person, post_id, data):
    """A changed text, prepared; what is not named stays, and a title made from the text is made anew.  Raises Missing, Invalid."""
    post = get_post(post_id, person)
    if post.parent_id and "title" in data:
        raise Invalid("A reply has no title. Send its body alone.", field="title")
    kept = post.title if post.title != title_of(post.body_md) else None
    return prepare(person, data.get("body", post.body_md), title=data.get("title", kept), attached=thread_queries.photos_of(post_id))


@endpoint("DELETE", "/posts/{id}", "Take a post or reply back", tag="Posts", scope="write", status=204)
def delete_post(person, id):
    """Its text is gone for good; a ticket is withdrawn instead (status canceled)."""
    with transaction():
        posts.delete(id, person)


@endpoint("GET", "/posts/{id}/replies", "The replies of a thread, oldest first", tag="Posts", scope="read", args=PAGED, answer="Posts")
def show_replies(person, id, args):
    """A page of replies."""
    return page(*queries.replies_of(person, id, _read_id(args["cursor"]), args["limit"]))


@endpoint("POST", "/posts/{id}/replies", "Reply in a thread", tag="Posts", scope="write", body="NewReply", answer="Post", status=201, keyed=True)
def make_reply(person, id, data):
    """A reply; on a ticket that has ended it is a new ticket, linked to it."""
    get_post(id, person)
    prepared = prepare(person, data["body"])
    made = once(person, lambda: {"id": tickets.reply(id, person, prepared, note=data.get("note", False)).id})
    return shown(queries.post_of, person, made)


# --- what the caller has with a thread: set and cleared, twice is as good as once

@endpoint("POST", "/posts/{id}/me-too", "Say that you have this as well", tag="Posts", scope="write", answer="Post", refusals=(409, 422))
def say_me_too(person, id):
    """Set me too."""
    return done(posts.me_too, person, id)


@endpoint("DELETE", "/posts/{id}/me-too", "Take a me too back", tag="Posts", scope="write", answer="Post")
def take_back_me_too(person, id):
    """Clear me too."""
    return done(posts.take_back_me_too, person, id)


@endpoint("POST", "/posts/{id}/follows", "Follow a thread, or mute it", tag="Posts", scope="write", body="Follow", needs_body=False, answer="Post")
def follow_post(person, id, data):
    """Set how much the caller hears of it."""
    return done(posts.follow, person, id, data.get("level", "all"))


@endpoint("DELETE", "/posts/{id}/follows", "Stop following a thread", tag="Posts", scope="write", answer="Post")
def unfollow_post(person, id):
    """Clear following."""
    return done(posts.unfollow, person, id)


@endpoint("POST", "/posts/{id}/accepted-answer", "Accept a reply as an answer", tag="Posts", scope="write", answer="Post", refusals=(409, 422))
def accept_answer(person, id):
    """id is the reply's; the question becomes answered."""
    return done(posts.accept, person, id)


@endpoint("DELETE", "/posts/{id}/accepted-answer", "Take the acceptance of a reply back", tag="Posts", scope="write", answer="Post",
          refusals=(422,))
def unaccept_answer(person, id):
    """id is the reply's; without another accepted one the question is open again."""
    return done(posts.unaccept, person, id)


def done(deed, person, post_id, *more):
    """Do a deed that sets or clears, and show the post as it is then."""
    with transaction():
        deed(post_id, person, *more)
    return shown(queries.post_of, person, post_id)


def _read_id(cursor):
    if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise Invalid("This cursor is not one of this list. Begin without one, and take next_cursor from each answer.", field="cursor")
    return int(cursor) if cursor else None
