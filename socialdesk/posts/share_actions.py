"""Sharing: a new post from a text its author saw first; what was said before stays where it is."""
from ..db import insert_new
from ..errors import Conflict, Invalid
from ..events import Verb, record
from ..policy import require
from .access_actions import locked_thread
from .actions import publish
from .models import Link

NAMELESS = "A colleague"                # what stands in the place of a name that is left out


def share(post_id, viewer, prepared, *, audience="everyone", leave_name_out=False):
    """Tell others of a thread in a new question of one's own.  audience: everyone or circle:<slug>.  Nothing of the thread
    goes along but what stands in the text.  Returns the new Post.  Raises Missing, NotAllowed, Conflict, Invalid."""
    root, _ = locked_thread(post_id)
    require(viewer, "post.share", root)
    if root.deleted_at:
        raise Conflict("This was taken back in the meantime, so it can no longer be shared. Your text is kept: ask it as a question of your own.")
    if audience == "private":
        raise Invalid("To share is to let others read it. Choose everyone or a circle.", field="audience")
    post = publish(viewer, "question", prepared, audience=audience, shown_as=NAMELESS if leave_name_out else None)
    tie(post, root)
    record(Verb.SHARED, root, viewer, ref_id=post.id)
    return post


def tie(post, root):
    """Note that a post tells of a thread: its me toos count for that as well."""
    insert_new(Link.__table__, {"from_id": post.id, "to_id": root.id, "kind": "shared"}, "from_id", "to_id", "kind")
