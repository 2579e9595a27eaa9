"""What follows from what: one table.  A consequence takes an event's id, may run twice, and never changes the deed itself."""
import sqlalchemy as sa

from .db import db
from .events import Event, Verb
from .jobs import enqueue_many, handler
from .live import hint_pages
from .notifications.actions import tell, untell
from .posts.actions import recount
from .search.actions import index
from .tickets.impact_actions import weigh_impact

FOLLOWS = {
    Verb.ACCESS_GIVEN: [tell, hint_pages],
    Verb.ACCESS_TAKEN: [hint_pages],
    Verb.ANSWER_ACCEPTED: [tell, index, hint_pages],
    Verb.ANSWER_UNACCEPTED: [index, hint_pages],
    Verb.ARTICLE_MOVED: [index, hint_pages],
    Verb.ARTICLE_PUBLISHED: [index],
    Verb.ARTICLE_RESTORED: [index, hint_pages],
    Verb.ARTICLE_REVIEWED: [],
    Verb.ARTICLE_REVISED: [index],
    Verb.ARTICLE_WITHDRAWN: [index, hint_pages],
    Verb.FOLLOWED: [],
    Verb.GLASS_BROKEN: [hint_pages],
    Verb.HASHTAG_GIVEN: [],
    Verb.IDEA_MOVED: [tell, hint_pages],
    Verb.IMPACT_CHANGED: [hint_pages],
    Verb.LIKED: [tell, hint_pages],
    Verb.LIKE_TAKEN_BACK: [untell, hint_pages],
    Verb.LINK_MADE: [],
    Verb.MAJOR_DECLARED: [recount, tell, index, hint_pages],
    Verb.MAJOR_ENDED: [tell, index, hint_pages],
    Verb.MAJOR_OVERDUE: [tell],
    Verb.MAJOR_UPDATED: [recount, tell, hint_pages],
    Verb.ME_TOO_SAID: [weigh_impact, hint_pages],
    Verb.ME_TOO_TAKEN_BACK: [weigh_impact, hint_pages],
    Verb.PASSWORD_CHANGED: [],
    Verb.POLL_ANSWERED: [hint_pages],
    Verb.POLL_ANSWER_TAKEN_BACK: [hint_pages],
    Verb.POSTED: [tell, index, hint_pages],
    Verb.POST_DELETED: [recount, index, hint_pages],
    Verb.POST_EDITED: [index, hint_pages],
    Verb.REPLIED: [recount, tell, index, hint_pages],
    Verb.REVIEW_DUE: [tell],
    Verb.ROLE_CHANGED: [],
    Verb.SEEN: [hint_pages],
    Verb.SENT_ANYWAY: [],
    Verb.SHARED: [hint_pages],
    Verb.SIGNED_IN: [],
    Verb.SIGNED_OUT_EVERYWHERE: [],
    Verb.SUGGESTION_JOINED: [],
    Verb.SUGGESTION_OPENED: [],
    Verb.SUGGESTION_SOLVED: [],
    Verb.SWITCHED_OFF: [],
    Verb.SWITCHED_ON: [],
    Verb.TAG_FOLLOWED: [],
    Verb.TAG_UNFOLLOWED: [],
    Verb.TEAM_JOINED: [],
    Verb.TEAM_LEFT: [],
    Verb.THANKED: [tell],
    Verb.TICKET_ASSIGNED: [tell, hint_pages],
    Verb.TICKET_CHANGED: [hint_pages],
    Verb.TICKET_MOVED: [tell, index, hint_pages],
    Verb.TICKET_OPENED: [tell, index, hint_pages],
    Verb.TICKET_REOPENED: [tell, index, hint_pages],
    Verb.TICKET_RESUMED: [tell, hint_pages],
    Verb.TICKET_STATUS_CHANGED: [tell, index, hint_pages],
    Verb.TICKET_WRITTEN_UP: [hint_pages],
    Verb.UNFOLLOWED: [],
    Verb.VOTED: [hint_pages],
    Verb.VOTE_TAKEN_BACK: [hint_pages],
}

LANE = {index: "soon"}                  # the others are what somebody waits for: "now"
_by_name = {follow.__name__: follow for follows in FOLLOWS.values() for follow in follows}


def check():
    """Every verb has its line.  Raises KeyError at the start if one was forgotten."""
    for verb in Verb:
        FOLLOWS[verb]


@handler("follow")
def follow(job):
    """Queue each consequence of an event as a job of its own, retried alone."""
    verb = db.session.scalar(sa.select(Event.verb).where(Event.id == job.ref_id))
    if verb is None:                    # taken back while it was held
        return
    enqueue_many([{"kind": "consequence", "ref_id": job.ref_id, "lane": LANE.get(function, "now"),
                   "payload": {"name": function.__name__}, "dedupe": f"{function.__name__}:{job.ref_id}"}
                  for function in FOLLOWS[Verb(verb)]])


@handler("consequence")
def consequence(job):
    """Run one consequence of an event that still stands."""
    if db.session.scalar(sa.select(Event.id).where(Event.id == job.ref_id)) is not None:
        _by_name[job.payload["name"]](job.ref_id)
