"""What the buttons of a notice do: the same deeds as on the page, for what the notice told of and nothing newer."""
from ..db import locked
from ..errors import Conflict
from ..posts.models import Post
from ..tickets import actions as tickets
from . import button_queries
from .actions import read_thread
from .button_checker import BUTTONS, stale

#: key of a button -> (thread, who)
_DO = {
    "works": lambda root_id, viewer: tickets.change_status(root_id, viewer, "closed"),
    "fails": lambda root_id, viewer: tickets.change_status(root_id, viewer, "in_progress"),
    "take": tickets.take,
}
assert set(_DO) == {key for key, button in BUTTONS.items() if button.done}


def press(viewer, notification_id, deed, n):
    """Do what a button of a notice says; its thread is read then.  Returns the thread's id.
    Raises Missing, NotAllowed, Conflict (it stands otherwise by now)."""
    told = button_queries.told_of(viewer, notification_id, deed, n)
    locked(Post, told.root_id)
    told = button_queries.told_of(viewer, notification_id, deed, n)      # what stands now, nobody changes until this is done
    why = stale(deed, told, viewer.id)
    if why:
        raise Conflict(why)
    _DO[deed](told.root_id, viewer)
    read_thread(viewer, told.root_id)
    return told.root_id
