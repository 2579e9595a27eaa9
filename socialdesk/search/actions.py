"""Keeping the index true to what is said."""
from collections import defaultdict

import sqlalchemy as sa

from ..db import db
from ..events import Event
from ..jobs import enqueue, handler
from ..posts.access_actions import segment_of
from ..posts.models import Link, Post
from ..tags.queries import tags_of
from ..tickets.models import Major, Ticket
from .index_actions import Entry, remove, write
from .rebuild_actions import merge_all     # its jobs are known by being imported
from .models import PARTS, Document, Lesson, Segment, Word
from .word_checker import plain_of_html, words_of

KINDS = ("article", "question", "ticket", "announcement", "idea")
SLICE = 200                             # threads that are indexed anew at a time
#: what a lesson counts for each of its words
WORTH = {"solved": 1.0, "me_too": 1.0, "opened": 0.1, "sent": -0.2}
LEAST_WORTH = 0.5                       # a word of fewer is not learned yet
#: so many different people must have typed a word before it counts: nobody learns from it what one of them wrote.  One that
#: stands in no document the same people may read waits for more of them
LEAST_PEOPLE, LEAST_FOR_UNKNOWN = 3, 5
MOST_SOLUTION = 2_000                   # characters of the last word of a solved ticket

_POST = (Post.id, Post.root_id, Post.kind, Post.audience, Post.circle_id, Post.sealed, Post.team_id, Post.title, Post.body_html, Post.shown_as)


def index(event_id):
    """Bring the index up to date with the thread an event belongs to: always by what stands now, so twice is once."""
    root_id = db.session.scalar(sa.select(Event.root_id).where(Event.id == event_id))
    if root_id is not None:
        index_posts([root_id, *db.session.scalars(sa.select(Link.from_id).where(Link.to_id == root_id, Link.kind == "shared"))])


def index_posts(root_ids):
    """Index threads anew, or take them out where nothing of them may be found any more."""
    entries = _entries(root_ids)
    known = db.session.scalars(sa.select(Document.post_id).where(Document.root_id.in_(root_ids)))
    remove(sorted(set(known) - {entry.post_id for entry in entries}))
    write(entries)


def reindex():
    """Index everything anew, slice by slice, in jobs; search goes on meanwhile."""
    enqueue("reindex", 0, lane="quiet", dedupe="reindex")


@handler("reindex")
def _reindex(job):
    root_ids = list(db.session.scalars(sa.select(Post.id).where(Post.id > job.ref_id, Post.parent_id.is_(None)).order_by(Post.id).limit(SLICE)))
    if root_ids:
        index_posts(root_ids)
        enqueue("reindex", root_ids[-1], lane="quiet", dedupe=f"reindex:{root_ids[-1]}")
    else:
        enqueue("merge_index", lane="quiet", dedupe="merge_index")


def _entries(root_ids):
    """What may be found of these threads: the root, and the answers its asker accepted.  Never a note."""
    roots = db.session.execute(sa.select(*_POST).where(
        Post.id.in_(root_ids), Post.kind.in_(KINDS), Post.deleted_at.is_(None), Post.merged_into_id.is_(None))).all()
    asked = {root.id: root for root in roots if root.kind == "question"}
    answers = db.session.execute(sa.select(*_POST).where(
        Post.root_id.in_(asked), Post.accepted_at.is_not(None), sa.not_(Post.note), Post.deleted_at.is_(None))).all() if asked else []
    ids = [row.id for row in (*roots, *answers)]
    of_root = {root.id: segment_of(root) for root in roots}
    segments = {row.id: of_root[row.root_id] for row in (*roots, *answers)}
    tags, happening, ends, learned = tags_of([root.id for root in roots]), _happening(ids), _solutions(ids), _learned(ids, segments)
    # a hashtag counts twice: it says what all of it is about
    found = [_entry(root, root, "incident" if root.id in happening and root.audience != "private" else "solved" if root.id in ends else root.kind,
                    f"{' '.join(2 * tags.get(root.id, []))}\n{ends.get(root.id, '')}".strip(), learned) for root in roots]
    return found + [_entry(answer, asked[answer.root_id], "answer", plain_of_html(asked[answer.root_id].body_html), learned) for answer in answers]


def _entry(post, root, kind, more, learned):
    return Entry(post.id, root.id, segment_of(root), kind, root.title, plain_of_html(post.body_html), more, learned.get(post.id, {}))


def _happening(ids):
    """Those that tell of an incident that goes on: an open major one, or a ticket shared under its author's own name."""
    shared = sa.select(Link.from_id).join(Ticket, Ticket.post_id == Link.to_id).join(Post, Post.id == Link.from_id).where(
        Link.from_id.in_(ids), Link.kind == "shared", Ticket.resolved_at.is_(None), Ticket.closed_at.is_(None), Ticket.type == "incident",
        Post.shown_as.is_(None))
    return set(db.session.scalars(sa.select(Major.post_id).where(Major.post_id.in_(ids), Major.ended_at.is_(None)).union(shared))) if ids else set()


def _solutions(ids):
    """{ticket id: the last word its requester was told} of the solved ones."""
    reply = sa.orm.aliased(Post)
    last = sa.select(sa.func.max(reply.id)).where(reply.root_id == Ticket.post_id, reply.parent_id.is_not(None), sa.not_(reply.note),
                                                  reply.deleted_at.is_(None)).correlate(Ticket).scalar_subquery()
    rows = db.session.execute(sa.select(Ticket.post_id, Post.body_html).outerjoin(Post, Post.id == last).where(
        Ticket.post_id.in_(ids), Ticket.status.in_(("resolved", "closed")))) if ids else ()
    return {row.post_id: plain_of_html(row.body_html or "")[:MOST_SOLUTION] for row in rows}


def _learned(ids, segments):
    """{post id: {word: what people found it by, summed up}}.  segments: {post id: segment}."""
    worth, people = defaultdict(lambda: defaultdict(float)), defaultdict(lambda: defaultdict(set))
    for post_id, person_id, why, word in _lessons(ids):
        worth[post_id][word] += WORTH[why]
        if WORTH[why] > 0:
            people[post_id][word].add(person_id)
    found = {}
    for post_id, words in worth.items():
        many = {word: len(people[post_id][word]) for word, much in words.items() if much >= LEAST_WORTH and len(people[post_id][word]) >= LEAST_PEOPLE}
        known = _written_words({"everyone", segments[post_id]}, [word for word, number in many.items() if number < LEAST_FOR_UNKNOWN])
        found[post_id] = {word: round(words[word], 2) for word, number in many.items() if number >= LEAST_FOR_UNKNOWN or word in known}
    return found
    return found


def _lessons(ids):
    """{(post id, person id, why, word)}: who says it often says it once."""
    rows = db.session.execute(sa.select(Lesson.person_id, Lesson.post_id, Lesson.why, Lesson.text).where(Lesson.post_id.in_(ids)).order_by(Lesson.id)) if ids else ()
    return dict.fromkeys((row.post_id, row.person_id, row.why, word) for row in rows for word in set(words_of(row.text)))


def _written_words(names, words):
    """Which of these words stand written in a document of these segments; what was only learned does not count.  As of the last merging."""
    if not words:
        return set()
    parts = [f"{name}/{part}" for name in names for part in {"asked", *PARTS.values()}]
    rows = db.session.execute(sa.select(Word.word, Word.forms).join(Segment, Segment.id == Word.segment_id).where(Segment.name.in_(parts), Word.word.in_(words)))
    return {row.word for row in rows if row.forms}
