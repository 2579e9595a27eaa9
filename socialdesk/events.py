"""The ledger: what happened, when, by whom; timeline, audit trail and outbox in one."""
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from .db import after_commit, db, now
from .jobs import enqueue


class Verb(StrEnum):
    """Everything that can happen: a closed list, in the past tense."""

    ACCESS_GIVEN = "access_given"
    ACCESS_TAKEN = "access_taken"
    ANSWER_ACCEPTED = "answer_accepted"
    ANSWER_UNACCEPTED = "answer_unaccepted"
    ARTICLE_MOVED = "article_moved"
    ARTICLE_PUBLISHED = "article_published"
    ARTICLE_RESTORED = "article_restored"
    ARTICLE_REVIEWED = "article_reviewed"
    ARTICLE_REVISED = "article_revised"
    ARTICLE_WITHDRAWN = "article_withdrawn"
    FOLLOWED = "followed"
    GLASS_BROKEN = "glass_broken"
    HASHTAG_GIVEN = "hashtag_given"
    IDEA_MOVED = "idea_moved"
    IMPACT_CHANGED = "impact_changed"
    LIKED = "liked"
    LIKE_TAKEN_BACK = "like_taken_back"
    LINK_MADE = "link_made"
    MAJOR_DECLARED = "major_declared"
    MAJOR_ENDED = "major_ended"
    MAJOR_OVERDUE = "major_overdue"
    MAJOR_UPDATED = "major_updated"
    ME_TOO_SAID = "me_too_said"
    ME_TOO_TAKEN_BACK = "me_too_taken_back"
    POLL_ANSWERED = "poll_answered"
    POLL_ANSWER_TAKEN_BACK = "poll_answer_taken_back"
    POST_DELETED = "post_deleted"
    POST_EDITED = "post_edited"
    POSTED = "posted"
    REPLIED = "replied"
    REVIEW_DUE = "review_due"
    ROLE_CHANGED = "role_changed"
    SEEN = "seen"
    SENT_ANYWAY = "sent_anyway"
    SHARED = "shared"
    SIGNED_IN = "signed_in"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    PASSWORD_CHANGED = "password_changed"
    SUGGESTION_JOINED = "suggestion_joined"
    SUGGESTION_OPENED = "suggestion_opened"
    SUGGESTION_SOLVED = "suggestion_solved"
    SWITCHED_OFF = "switched_off"
    SWITCHED_ON = "switched_on"
    TAG_FOLLOWED = "tag_followed"
    TAG_UNFOLLOWED = "tag_unfollowed"
    TEAM_JOINED = "team_joined"
    TEAM_LEFT = "team_left"
    THANKED = "thanked"
    TICKET_ASSIGNED = "ticket_assigned"
    TICKET_CHANGED = "ticket_changed"
    TICKET_MOVED = "ticket_moved"
    TICKET_OPENED = "ticket_opened"
    TICKET_REOPENED = "ticket_reopened"
    TICKET_RESUMED = "ticket_resumed"
    TICKET_STATUS_CHANGED = "ticket_status_changed"
    TICKET_WRITTEN_UP = "ticket_written_up"
    UNFOLLOWED = "unfollowed"
    VOTED = "voted"
    VOTE_TAKEN_BACK = "vote_taken_back"


#: the words a fact may be; everything else in the ledger is a number
WORDS = {"new", "in_progress", "on_hold", "resolved", "closed", "canceled", "open", "answered",
         "requester", "supplier", "change", "incident", "request", "low", "medium", "high",
         "question", "ticket", "article", "reply", "everyone", "circle", "private",
         "follow_up", "participant", "glass", "author", "clockwork", "hashtag", "triage", "agent", "admin",
         "announcement", "idea", "kudos", "poll", "proposed", "under_review", "planned", "shipped", "declined", "impact", "me_too",
         "type", "urgency", "muted", "all", "mentions", "password", "link", "code", "setup", "title", "body"}


class Event(db.Model):
    """One thing that happened.  facts: ids and closed words only, so that erasing a person breaks no history."""

    __table_args__ = (sa.Index(None, "root_id", "id"), sa.Index(None, "verb", "at"), sa.Index(None, "actor_id", "id"),
                      {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    verb: Mapped[str]
    root_id: Mapped[int | None]
    post_id: Mapped[int | None]
    actor_id: Mapped[int | None]                # None: the desk itself
    note: Mapped[bool] = mapped_column(default=False)         # read by those who may read notes
    hold_until: Mapped[datetime | None]
    before: Mapped[str | None]
    after: Mapped[str | None]
    ref_id: Mapped[int | None]                  # the version, person, team, reply it is about
    facts: Mapped[dict] = mapped_column(default=dict)


def record(verb, post=None, actor=None, *, note=False, hold_until=None, before=None, after=None, ref_id=None, **facts):
    """Write what happened, and with it the job that will follow it up once hold_until has passed.
    post: the post itself, or None.  actor: anything with an id, or None for the desk itself.  Returns the Event."""
    _check(facts, before, after)
    event = Event(at=now(), verb=Verb(verb), root_id=post and post.root_id, post_id=post and post.id,
                  actor_id=actor and actor.id, note=note, hold_until=hold_until, before=before, after=after,
                  ref_id=ref_id, facts=facts)
    db.session.add(event)
    db.session.flush()
    enqueue("follow", event.id, lane="now", run_at=hold_until)
    return event


def _check(facts, *words):
    for word in (*words, *facts.values()):
        if isinstance(word, str) and word not in WORDS:
            raise ValueError("The ledger keeps ids and closed words only: add the word to events.WORDS, or keep the text elsewhere.")
        if word is not None and not isinstance(word, (str, int, bool)):
            raise ValueError("The ledger keeps ids and closed words only.")


class Hint(db.Model):
    """A hint to open pages that something changed; kept for minutes.
    topic: post:<root>, post:<root>:desk (note readers), person:<id> (the inbox), feed, feed:circle:<id>, desk, desk:team:<id>;
    lists:<person> is for processes alone: what they keep of this person's lists holds no longer."""

    __table_args__ = {"sqlite_autoincrement": True}
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    topic: Mapped[str]


hint_listeners = []                     # called after a commit that wrote hints: live.py wakes its hub by it


def hint(*topics):
    """Tell open pages, once the open transaction is committed, that what they show has changed."""
    db.session.execute(sa.insert(Hint.__table__), [{"at": now(), "topic": topic} for topic in topics])
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text("SELECT pg_notify('socialdesk', '')"))
    for listener in hint_listeners:
        after_commit(listener)


def take_back(event_id):
    """Withdraw an event that is still held, with its follow-up.  Returns False if it is told already."""
    from .jobs import Job
    gone = db.session.execute(sa.delete(Event).where(Event.id == event_id, Event.hold_until > now())).rowcount
    if gone:
        db.session.execute(sa.delete(Job).where(Job.kind == "follow", Job.ref_id == event_id))
    return bool(gone)


def withdraw(verb, post, actor):
    """Withdraw what this person did to a post a moment ago, while it is held.  Returns its row (before, facts), or None: told already."""
    held = db.session.execute(sa.select(Event.id, Event.before, Event.facts).where(
        Event.root_id == post.root_id, Event.post_id == post.id, Event.actor_id == actor.id, Event.verb == verb,
        Event.hold_until > now()).order_by(Event.id.desc()).limit(1)).first()
    return held if held and take_back(held.id) else None


def held_for(seconds):
    """The moment until which a deed waits to be told, or None: at once."""
    return now() + timedelta(seconds=seconds) if seconds else None
