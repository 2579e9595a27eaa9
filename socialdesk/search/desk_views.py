"""What is like a ticket, beside the reply box of who answers it."""
from flask import Blueprint, render_template, request

from ..errors import Missing
from ..posts.checker import MAX_BODY
from ..posts.queries import thread_of
from ..tickets.queries import panel_of
from ..web import limit_reads, viewer
from .desk_queries import like_ticket

bp = Blueprint("like_this", __name__)


@bp.route("/p/<int:post_id>/like-this", methods=("GET", "POST"))
def show(post_id):
    """Articles and solved tickets like this one; by htmx the fragment alone.  body: what stands in the reply box, posted so
    that it stands in no address.  Nothing is written.  There for who works on the ticket, for nobody else."""
    limit_reads("like-this", burst=60, per_second=5)
    thread = thread_of(post_id, viewer())
    panel = panel_of(thread, viewer()) if thread.kind == "ticket" and thread.asked_id == thread.id else None
    if panel is None or not panel.for_desk:
        raise Missing()
    articles, tickets = like_ticket(viewer(), thread, request.values.get("body", "")[:MAX_BODY])
    template = "search/_like_this.html" if request.wants_fragment else "search/like_this.html"
    return render_template(template, thread=thread, panel=panel, articles=articles, tickets=tickets, here="desk", first=_first_name(thread))


def _first_name(thread):
    return (thread.author_name or "Who asked").split()[0]
