"""What a thread's page shows of its kind beside the text: the poll, whom it thanks."""
import sqlalchemy as sa

from ..db import db
from ..people.models import Person
from .models import IDEA_NEXT, Kudos
from .poll_queries import polls_of


def kind_of(thread, viewer):
    """{"poll", "thanked", "next_statuses"} of a thread's row: each None or empty where it is of another kind."""
    return {"poll": polls_of(viewer, [thread.id]).get(thread.id) if thread.kind == "poll" else None,
            "thanked": thanked_in(thread.id) if thread.kind == "kudos" else [],
            "next_statuses": list(IDEA_NEXT[thread.status]) if thread.kind == "idea" else []}


def thanked_in(post_id):
    """Rows of id, name, handle of those a post thanks, which the caller may see."""
    return db.session.execute(sa.select(Person.id, Person.name, Person.handle).join(Kudos, Kudos.person_id == Person.id)
                              .where(Kudos.post_id == post_id).order_by(Person.name_fold, Person.id)).all()
