"""Kudos: thanks to a person, in public, in a circle, or between the two alone."""
from ..db import insert_new
from .access_actions import audience_of
from .actions import publish
from .models import Access, Kudos
from .thanks_actions import check_members, thanked_of


def give_kudos(author, prepared, *, audience="everyone", to=()):
    """Thank those named in a text, and those of these ids.  In private only they read it: no desk, no admin.
    Returns the Post.  Raises Invalid, Missing."""
    thanked = thanked_of(author.id, [*prepared.mentions.values(), *to])
    name, circle_id = audience_of(author, audience)
    if name == "circle":
        check_members(thanked, circle_id)
    # sealed and of no team: the desk's way in needs a team, so nobody comes in by it
    post = publish(author, "kudos", prepared, audience=audience, sealed=name == "private")
    insert_new(Kudos.__table__, [{"post_id": post.id, "person_id": person_id} for person_id in thanked], "post_id", "person_id")
    if name == "private":
        insert_new(Access.__table__, [{"person_id": person_id, "root_id": post.id, "why": "participant", "until": None} for person_id in thanked],
                   "person_id", "root_id")
    return post
