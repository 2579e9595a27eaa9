"""What people's searches teach: a text somebody typed and what came of what was found for it, kept until they erase it."""
from datetime import timedelta

import sqlalchemy as sa

from ..db import db, insert, locked, now
from ..events import Event, Verb, record
from ..jobs import enqueue, handler
from ..people.models import Person
from ..people.text_checker import clean
from ..posts.models import Post
from .actions import SLICE, WORTH, index_posts
from .ask_queries import rows_of
from .models import Document, Lesson
from .word_checker import terms_of

MAX_TEXT = 500
MOST_KEPT = 1_000                       # of a person; the oldest make room
#: what is told of, so that an admin can read what suggestions saved; "solved" is told with the verdict itself
TOLD = {"opened": Verb.SUGGESTION_OPENED, "me_too": Verb.SUGGESTION_JOINED, "sent": Verb.SENT_ANYWAY}
ONCE = timedelta(minutes=10)            # a deed that comes again within so long is the same


def learn(viewer, post_id, why, text):
    """Keep that this came of a text.  why: solved, me_too, opened, sent (to a person all the same).  Twice is once; nothing is
    kept of who switched it off, of a text that says nothing, and of what they may not read.  Raises ValueError for another why."""
    if why not in WORTH:
        raise ValueError(f"A lesson is one of {', '.join(WORTH)}.")
    root_id = next((row.root_id for row in rows_of(viewer, [post_id]).values()), None)
    if root_id is None:
        return
    _tell(viewer, post_id, why)
    text = clean(text)[:MAX_TEXT].strip()
    if _may_keep(viewer) and any(term.says_something for term in terms_of(text)):
        row = {"person_id": viewer.id, "post_id": post_id, "why": why, "text": text, "at": now()}
        if db.session.execute(insert(Lesson.__table__).values(row).on_conflict_do_nothing()).rowcount:
            _learn_anew([root_id, *_make_room(viewer)])


def unlearn(viewer, post_id, why):
    """It was not so after all: what was kept of it goes."""
    gone = sa.delete(Lesson).where(Lesson.person_id == viewer.id, Lesson.post_id == post_id, Lesson.why == why)
    if db.session.execute(gone.execution_options(synchronize_session=False)).rowcount:
        _learn_anew(_roots([post_id]))


def forget(viewer):
    """Erase all that was kept of this person, and let what was found by it be found as if it had never been."""
    post_ids = list(db.session.scalars(sa.select(Lesson.post_id).where(Lesson.person_id == viewer.id).distinct()))
    db.session.execute(sa.delete(Lesson).where(Lesson.person_id == viewer.id).execution_options(synchronize_session=False))
    for start in range(0, len(post_ids), SLICE):
        _learn_anew(_roots(post_ids[start:start + SLICE]))


def let_learn(viewer, may):
    """Switch on or off whether what helped this person may help others find it.  What was kept stays until it is erased."""
    locked(Person, viewer.id).learns = bool(may)
    db.session.flush()


def _may_keep(viewer):
    return db.session.scalar(sa.select(Person.learns).where(Person.id == viewer.id))


def _tell(viewer, post_id, why):
    """Record what a suggestion led to, whoever it was learned from or not: the ledger holds no text."""
    verb = TOLD.get(why)
    which = () if why == "sent" else (Event.post_id == post_id,)        # a text is sent once, whatever was shown for it
    if verb and not db.session.scalar(sa.select(sa.exists().where(
            Event.actor_id == viewer.id, Event.verb == verb, Event.at > now() - ONCE, *which))):
        record(verb, db.session.get(Post, post_id), viewer)


def _make_room(viewer):
    """Threads whose oldest lessons of this person went, since there were too many."""
    old = db.session.execute(sa.select(Lesson.id, Lesson.post_id).where(Lesson.person_id == viewer.id)
                             .order_by(Lesson.id.desc()).offset(MOST_KEPT)).all()
    if old:
        db.session.execute(sa.delete(Lesson).where(Lesson.id.in_([row.id for row in old])).execution_options(synchronize_session=False))
    return _roots([row.post_id for row in old])


def _roots(post_ids):
    return list(db.session.scalars(sa.select(Document.root_id).where(Document.post_id.in_(post_ids)).distinct())) if post_ids else []


def _learn_anew(root_ids):
    """Have these threads indexed by what is known of them now: by a job, so that many people at once wait for nobody."""
    if root_ids:
        alone = f"learn_anew:{root_ids[0]}" if len(set(root_ids)) == 1 else None
        enqueue("learn_anew", dedupe=alone, roots=sorted(set(root_ids)))


@handler("learn_anew")
def _index_anew(job):
    index_posts(job.payload["roots"])
