"""The demo's many as rows: written by the slice, with counters, hashtags and ledger as the deeds themselves would leave them."""
from collections import Counter
from hashlib import sha256

import sqlalchemy as sa

from .db import db, insert, transaction
from .demo_words import as_html
from .events import Event, Verb
from .knowledge.actions import slugs_for
from .knowledge.checker import next_review
from .knowledge.models import Article
from .notifications.models import Notification
from .posts.models import Access, Attachment, Follow, Kudos, Mention, MeToo, Poll, PollOption, PollVote, Post, Reaction, Saved, Seen
from .tags.actions import named
from .tags.models import PostTag, Tag, TagCount
from .tickets.models import Sentence, Ticket, priority

SLICE = 1000                            # threads in one transaction
TABLES = (Post, Ticket, Article, Poll, PollOption, Attachment, Event, Sentence, Access, PostTag, Mention, Kudos, Reaction, MeToo, PollVote, Follow,
          Saved, Seen, Notification)
NUMBERED = (Post, Event, PollOption)    # tables whose ids are given here


class Writer:
    """Writes threads (demo_steps.Many) in their order.  photos: {name: the Kept of it}.  Ids are counted here: nobody else writes
    meanwhile."""

    def __init__(self, photos):
        self.tags, self.photos = {}, photos

    def write(self, threads):
        """Write some threads, in transactions of SLICE."""
        for start in range(0, len(threads), SLICE):
            with transaction():
                self._slice(threads[start:start + SLICE])

    def _slice(self, threads):
        self.rows, self.counts = {table: [] for table in TABLES}, Counter()
        self.next = {table: (db.session.scalar(sa.select(sa.func.max(table.id))) or 0) + 1 for table in NUMBERED}
        for many in threads:
            self._thread(many)
        self._name_articles()
        for table, rows in self.rows.items():
            if rows:
                db.session.execute(sa.insert(table.__table__), rows)
        self._count_tags()
        if db.engine.dialect.name == "postgresql":
            for table, number in self.next.items():
                db.session.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.__tablename__, "id"), number, False)))

    def _id(self, table):
        number = self.next[table]
        self.next[table] = number + 1
        return number

    # --- a thread

    def _thread(self, many):
        root_id = self._id(Post)
        spoke = [reply for reply in many.replies if not reply.note]
        self._post(root_id, root_id, many, None, kind=many.kind, title=many.title, audience=many.audience, circle_id=many.circle_id,
                   team_id=many.team_id, sealed=many.sealed, status=many.status, shown_as=many.shown_as, in_feed=many.kind != "article",
                   active_at=spoke[-1].at if spoke else many.at, likes=len(many.likes), votes=len(many.votes), me_toos=len(many.me_toos),
                   replies_public=len(spoke), voices=len({reply.who for reply in spoke} - {many.by}))
        ids = []
        for reply in many.replies:
            ids.append(self._id(Post))
            self._post(ids[-1], root_id, reply, root_id, kind="reply", audience="private", sealed=True, note=reply.note, active_at=reply.at,
                       accepted_at=reply.accepted_at, accepted_by=reply.accepted_at and many.by, likes=len(reply.likes))
            self.rows[Reaction] += _pairs("post_id", ids[-1], reply.likes, kind="like")
        last = self._events(many, root_id, ids)
        self._side(many, root_id)
        self._hang(many, root_id, last)
        self._tag(many, root_id)

    def _post(self, post_id, root_id, said, parent_id, **more):
        self.rows[Post].append(_POST | {"id": post_id, "root_id": root_id, "parent_id": parent_id, "made_at": said.at, "body_md": said.text,
                                        "author_id": said.who if parent_id else said.by, "body_html": as_html(said.text)} | more)

    def _events(self, many, root_id, reply_ids):
        """The ledger's rows.  Returns the id of the newest."""
        for event in many.events:
            event_id, post_id = self._id(Event), root_id if event.reply is None else reply_ids[event.reply]
            ref_id = post_id if event.verb == Verb.ANSWER_ACCEPTED else event.ref
            is_note = event.reply is not None and many.replies[event.reply].note
            self.rows[Event].append({"id": event_id, "at": event.at, "verb": str(event.verb), "root_id": root_id, "post_id": post_id,
                                     "actor_id": event.who, "note": is_note, "before": event.before, "after": event.after, "ref_id": ref_id,
                                     "facts": event.facts})
            if event.sentence:
                self.rows[Sentence].append({"event_id": event_id, "text": event.sentence})
        return event_id

    def _side(self, many, root_id):
        """The row beside the post that its kind has, and its photo."""
        if many.photo:
            self.rows[Attachment].append({"post_id": root_id} | self.photos[many.photo]._asdict())
        if many.ticket:
            self.rows[Ticket].append(many.ticket | {"post_id": root_id, "team_id": many.team_id, "opened_at": many.at, "impact": "low",
                                                    "priority": priority("low", many.ticket["urgency"]), "impact_held": False})
        elif many.kind == "article":
            self.rows[Article].append({"post_id": root_id, "slug": many.title, "summary": "", "lang": "en", "owner_id": many.by,
                                       "content_hash": sha256(many.text.encode()).hexdigest(), "solved": 0, "not_solved": 0,
                                       "review_at": next_review(many.at)})
        elif many.kind == "poll":
            self._poll(many, root_id)

    def _poll(self, many, root_id):
        self.rows[Poll].append({"post_id": root_id, "closes_at": many.closes_at})
        ids, votes = [self._id(PollOption) for _ in many.choices], Counter(option for _, option in many.chosen)
        self.rows[PollOption] += [{"id": key, "post_id": root_id, "n": n + 1, "text": text, "votes": votes[n]}
                                  for n, (key, text) in enumerate(zip(ids, many.choices))]
        self.rows[PollVote] += [{"post_id": root_id, "person_id": who, "option_id": ids[option]} for who, option in many.chosen]

    def _hang(self, many, root_id, last):
        """Who may see it, likes it, has it, follows it, keeps it, has read it."""
        rows = self.rows
        rows[Access] += _pairs("root_id", root_id, [many.by], why="author", until=None)
        rows[Access] += _pairs("root_id", root_id, [who for who, _ in many.added if who != many.by], why="participant", until=None)
        rows[Mention] += _pairs("post_id", root_id, many.thanked)
        rows[Kudos] += _pairs("post_id", root_id, many.thanked)
        rows[Reaction] += _pairs("post_id", root_id, many.likes, kind="like") + _pairs("post_id", root_id, many.votes, kind="vote")
        rows[MeToo] += _pairs("root_id", root_id, many.me_toos)
        spoke = dict.fromkeys(reply.who for reply in many.replies)
        rows[Follow] += _pairs("root_id", root_id, dict.fromkeys([*spoke, *many.me_toos]), level="all")
        rows[Saved] += _pairs("root_id", root_id, many.savers, at=many.at)
        rows[Seen] += _pairs("root_id", root_id, dict.fromkeys([*many.readers, *spoke]), event_id=last, first_at=many.at,
                             at=many.replies[-1].at if many.replies else many.at)
        if many.replies and many.shown_as is None:
            answers = [reply for reply in many.replies if reply.who != many.by and not reply.note]
            rows[Notification] += _pairs("root_id", root_id, [many.by] if answers else [], group_key=f"thread:{root_id}", last_event_id=last,
                                         relation="requester" if many.ticket else "author", n=len(answers), needs_you=False,
                                         at=many.replies[-1].at, read_at=many.replies[-1].at)

    def _tag(self, many, root_id):
        where = {"everyone": "everyone", "circle": f"circle:{many.circle_id}"}.get(many.audience)
        for tag_id in dict.fromkeys(map(self._tag_id, many.tags)):
            self.rows[PostTag].append({"tag_id": tag_id, "root_id": root_id, "audience": many.audience, "circle_id": many.circle_id,
                                       "article": many.kind == "article"})
            if where:
                self.counts[tag_id, where] += 1

    def _tag_id(self, name):
        if name not in self.tags:
            self.tags[name] = named(name).id
        return self.tags[name]

    # --- what goes by the slice

    def _name_articles(self):
        articles = self.rows[Article]
        slugs = slugs_for({row["post_id"]: row["slug"] for row in articles}) if articles else {}
        for row in articles:
            row["slug"] = slugs[row["post_id"]]

    def _count_tags(self):
        rows = [{"tag_id": tag_id, "bucket": where, "posts": posts} for (tag_id, where), posts in sorted(self.counts.items())]
        if rows:
            line = insert(TagCount.__table__)
            db.session.execute(line.on_conflict_do_update(index_elements=["tag_id", "bucket"],
                                                          set_={"posts": TagCount.posts + line.excluded.posts}), rows)
            db.session.execute(sa.update(Tag).where(Tag.id.in_({row["tag_id"] for row in rows})).values(public=True)
                               .execution_options(synchronize_session=False))


def _pairs(column, post_id, person_ids, **more):
    return [{column: post_id, "person_id": person_id} | more for person_id in person_ids]


_POST = {"shown_as": None, "circle_id": None, "team_id": None, "sealed": False, "note": False, "status": None, "title": "", "version": 1,
         "in_feed": False, "accepted_at": None, "accepted_by": None, "likes": 0, "votes": 0, "me_toos": 0, "replies_public": 0, "voices": 0}
