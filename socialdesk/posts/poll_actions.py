"""What one can do with polls: start one, choose, take the choice back.  Nobody is shown who chose what."""
import sqlalchemy as sa

from ..db import db, insert, now
from ..errors import Conflict, Invalid
from ..events import Verb, record
from ..policy import require
from .access_actions import locked_thread
from .actions import publish
from .models import Poll, PollOption, PollVote
from .poll_checker import check_options, closing_of


def start_poll(author, prepared, options, *, audience="everyone", closes_days=None):
    """Ask what people choose.  options: two to eight texts; closes_days: 1, 3, 7, 30, or None.  Returns its Post.  Raises Invalid, Missing."""
    options, closes_at = check_options(options), closing_of(closes_days, now())
    post = publish(author, "poll", prepared, audience=audience)
    db.session.add(Poll(post_id=post.id, closes_at=closes_at))
    db.session.add_all([PollOption(post_id=post.id, n=n, text=text) for n, text in enumerate(options, 1)])
    db.session.flush()
    return post


def answer_poll(post_id, viewer, option_id):
    """Choose one of the options; another one takes its place.  Raises Missing, Invalid, Conflict (closed)."""
    root = _open_poll(post_id, viewer)
    if db.session.scalar(sa.select(PollOption.id).where(PollOption.id == option_id, PollOption.post_id == root.id)) is None:
        raise Invalid("This is none of the options of this poll. Choose one of those it shows.", field="option")
    if _chosen(root, viewer) == option_id:
        return
    row = {"post_id": root.id, "person_id": viewer.id, "option_id": option_id}
    db.session.execute(insert(PollVote.__table__).values(row).on_conflict_do_update(
        index_elements=["post_id", "person_id"], set_={"option_id": option_id}))
    _count(root)
    record(Verb.POLL_ANSWERED, root, viewer)                # the ledger knows that somebody answered, not what


def take_back_answer(post_id, viewer):
    """Choose nothing.  Raises Missing, Invalid, Conflict (closed)."""
    root = _open_poll(post_id, viewer)
    mine = sa.delete(PollVote).where(PollVote.post_id == root.id, PollVote.person_id == viewer.id)
    if db.session.execute(mine).rowcount:
        _count(root)
        record(Verb.POLL_ANSWER_TAKEN_BACK, root, viewer)


def _open_poll(post_id, viewer):
    root, _ = locked_thread(post_id)
    require(viewer, "poll.answer", root)
    poll = db.session.get(Poll, root.id, populate_existing=True)
    if poll is None:
        raise Invalid("There is nothing to choose from here. A reply says what you think.")
    if root.deleted_at:
        raise Conflict("This poll was taken back in the meantime, so nothing was counted.")
    if poll.closes_at and poll.closes_at <= now():
        raise Conflict("This poll has closed, so answers stay as they are. The result stands on its page.")
    return root


def _chosen(root, viewer):
    return db.session.scalar(sa.select(PollVote.option_id).where(PollVote.post_id == root.id, PollVote.person_id == viewer.id))


def _count(root):
    votes = sa.select(sa.func.count()).where(PollVote.option_id == PollOption.id).scalar_subquery()
    db.session.execute(sa.update(PollOption).where(PollOption.post_id == root.id).values(votes=votes)
                       .execution_options(synchronize_session=False))
