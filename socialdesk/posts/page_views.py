"""What a thread's page and its fragments are drawn from."""
from flask import request

from ..errors import Missing
from ..tickets.checker import MINUTES
from ..tickets.major_queries import major_of
from ..tickets.queries import panel_of
from . import queries
from .kind_queries import kind_of


def page_of(root_id, viewer, before=None):
    """The context of posts/show.html and of each fragment of it: thread, timeline, panel (of a ticket), what its kind has."""
    thread = root_id if not isinstance(root_id, int) else queries.thread_of(root_id, viewer)
    timeline = queries.timeline_of(thread, viewer, before)
    panel = panel_of(thread, viewer) if thread.kind == "ticket" else None
    major = major_of(thread.id, viewer) if thread.major_id == thread.id else None
    return {"thread": thread, "timeline": timeline, "panel": panel, "major": major, "minutes": MINUTES, **kind_of(thread, viewer)}


def before_asked():
    """The reply before which the page was asked for (?before=), or None.  Raises Missing."""
    text = request.args.get("before", "")
    if text and not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Missing()
    return int(text) if text else None
