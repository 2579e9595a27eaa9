"""How an idea goes on: the desk says so, with a reason where it declines."""
from ..db import db
from ..errors import Conflict, Invalid
from ..events import Verb, record
from ..policy import require
from ..tickets.checker import check_sentence
from ..tickets.models import Sentence
from .access_actions import locked_thread
from .models import IDEA_NEXT

WORDS = {"proposed": "proposed", "under_review": "under review", "planned": "planned", "in_progress": "in progress", "shipped": "shipped",
         "declined": "declined"}


def move_idea(post_id, viewer, status, sentence=""):
    """Move an idea on; where it stands there already, nothing happens.  sentence: kept beside the event; declining needs one.
    Raises Missing, NotAllowed, Invalid, Conflict."""
    root, _ = locked_thread(post_id)
    require(viewer, "idea.move", root)
    if root.kind != "idea":
        raise Invalid("Only ideas go this way. A ticket has states of its own.", field="status")
    if status not in IDEA_NEXT:
        raise Invalid("An idea can be " + ", ".join(IDEA_NEXT) + ". Choose one of these.", field="status")
    text = check_sentence(sentence)
    if root.status == status:
        return
    if root.deleted_at or status not in IDEA_NEXT[root.status]:
        raise Conflict(_why_not(root, status))
    if status == "declined" and not text:
        raise Invalid("Say in one sentence why it is declined: who had the idea, and who wants it, will read it.", field="sentence")
    before, root.status = root.status, status
    db.session.flush()
    event = record(Verb.IDEA_MOVED, root, viewer, before=before, after=status)
    if text:
        db.session.add(Sentence(event_id=event.id, text=text))
        db.session.flush()


def _why_not(root, status):
    if root.deleted_at:
        return "This idea was taken back in the meantime. Nothing was changed."
    if not IDEA_NEXT[root.status]:
        return f"This idea is {WORDS[root.status]}, and that is its end. A new idea can go on from it."
    return f"An idea that is {WORDS[root.status]} cannot become {WORDS[status]} in one step. Choose one of the steps its page offers."
