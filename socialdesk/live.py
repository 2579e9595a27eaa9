"""Hints to open pages (SSE): a hub in each process, fed from the hint table; polling where streams run out."""
import json
import queue
import threading
import time
from datetime import timedelta

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, jsonify, request

from . import events, policy
from .db import db, now
from .errors import Unavailable
from .events import Event, Hint, Verb, hint
from .jobs import clockwork, wake as wake_jobs
from .people.models import Membership, Person, Session, TeamMember
from .posts.models import Post
from .web import viewer

bp = Blueprint("live", __name__)

INNER = ("lists",)                      # topics that no page is told of: each process lets go of what it keeps
inner = {}                              # topic -> what a process does with the id behind it

KEEP = timedelta(minutes=2)             # hints are kept this long; a page that comes back hears those of the last minute
REPLAY = timedelta(minutes=1)
STREAM_SECONDS, BEAT_SECONDS = 600, 20
POLL_SECONDS = 0.5                      # how long another process's hint may go unnoticed on SQLite
MOST_POSTS = 20                         # threads one browser listens to
AT_ONCE, BREATH_SECONDS = 5, 0.004     # streams woken at a time, and the pause in which pages get their turn
QUEUE = 100                             # a slower client is dropped; it reconnects and catches up


class Stream:
    """One browser that listens: a session, the threads it shows, and what it has yet to hear."""

    def __init__(self, person, posts):
        self.session_id, self.person_id, self.posts = person.session_id, person.id, posts
        self.queue = queue.SimpleQueue()
        self.closed = False


def condition(topic):
    """The condition on Person under which somebody hears of a topic: the rights, asked anew for each hint."""
    kind, _, rest = topic.partition(":")
    if kind == "post":
        root, _, desk = rest.partition(":")
        return policy.readers(int(root), note=desk == "desk")
    if kind == "person":
        return Person.id == int(rest)
    key = int(rest.rpartition(":")[2]) if rest else None
    if kind == "feed":
        return sa.true() if not rest else sa.exists().where(Membership.circle_id == key, Membership.person_id == Person.id)
    agent = policy.are_agents()
    return agent if not rest else sa.and_(agent, sa.exists().where(TeamMember.team_id == key, TeamMember.person_id == Person.id))


def shown(topic):
    """A topic as the page is told it: the desk's own channels carry no mark."""
    kind, _, rest = topic.partition(":")
    return f"post:{rest.partition(':')[0]}" if kind == "post" else "inbox" if kind == "person" else kind


def listeners(topic, streams):
    """Those of the streams that may hear of a topic now."""
    if topic.startswith(INNER):
        return []
    root = int(topic.split(":")[1]) if topic.startswith("post:") else None
    streams = [s for s in streams if root in s.posts] if root else streams
    if topic.startswith("person:"):
        streams = [s for s in streams if s.person_id == int(topic[7:])]
    if not streams:
        return []
    allowed = set()
    ids = sorted({s.session_id for s in streams})
    for start in range(0, len(ids), 1000):
        allowed |= set(db.session.scalars(
            sa.select(Session.public_id).join(Person, Person.id == Session.person_id)
            .where(Session.public_id.in_(ids[start:start + 1000]), Session.epoch == Person.epoch, Person.state == "active", condition(topic))))
    return [s for s in streams if s.session_id in allowed]


class Hub:
    """The streams of this process, and the thread that feeds them."""

    def __init__(self):
        self.streams, self.lock = set(), threading.Lock()
        self.bell = threading.Event()
        self.most = 448
        self.closing = False
        self.heard = {}                 # ids of hints passed on lately; they commit out of order, so none is tailed

    def open(self, stream):
        """Take a stream in.  Raises Unavailable where there is no thread to spare."""
        with self.lock:
            if self.closing or len(self.streams) >= self.most:
                raise Unavailable("Very many pages are open. This one asks now and then instead.", 20)
            self.streams.add(stream)

    def drop(self, stream):
        """Let a stream go."""
        with self.lock:
            self.streams.discard(stream)

    def close(self):
        """End all streams, so that the process can stop."""
        with self.lock:
            self.closing = True
            streams = list(self.streams)
        for stream in streams:
            stream.queue.put(None)

    def pass_on(self):
        """Read the latest hints and put each to the streams that may hear it; what is for processes is done here."""
        with self.lock:
            streams = list(self.streams)
        mine = sa.or_(Hint.topic.not_like("person:%"), Hint.topic.in_({f"person:{stream.person_id}" for stream in streams}))
        rows = db.session.execute(sa.select(Hint.id, Hint.topic).where(Hint.at > now() - timedelta(seconds=10), mine).order_by(Hint.id)).all()
        for key, topic in rows:
            if key in self.heard:
                continue
            self.heard[key] = time.monotonic()
            kind, _, rest = topic.partition(":")
            if kind in inner:
                inner[kind](int(rest))
            hearing = listeners(topic, streams)
            db.session.rollback()
            self._tell(hearing, (key, shown(topic)))
        db.session.rollback()
        old = time.monotonic() - 60
        self.heard = {key: at for key, at in self.heard.items() if at > old}

    def _tell(self, streams, item):
        """Put a hint to streams, some at a time: a thousand threads that wake at once would keep every page waiting."""
        for n, stream in enumerate(streams, 1):
            if stream.queue.qsize() > QUEUE:
                stream.queue.put(None)
            stream.queue.put(item)
            if n % AT_ONCE == 0:
                time.sleep(BREATH_SECONDS)

    def feed(self, app, pause):
        """Pass hints on, for as long as the process lives.  pause: seconds between looks when nothing rings."""
        while not self.closing:
            self.bell.wait(pause)
            self.bell.clear()
            try:
                if self.streams or inner:
                    with app.app_context():
                        self.pass_on()
            except Exception as error:  # a locked or lost database: the next look comes soon
                app.logger.warning("live hub waits", exc_info=error)
                time.sleep(1)


hub = Hub()


def start(app, threads=512):
    """Start the hub's threads in a serving process.  threads: how many the server has; 64 are kept for pages."""
    hub.most = max(1, threads - 64)
    sqlite = app.config["SETTINGS"].is_sqlite
    events.hint_listeners.append(hub.bell.set)
    threading.Thread(target=hub.feed, args=(app, POLL_SECONDS if sqlite else 5), name="live-hub", daemon=True).start()
    start_listening(app)


def start_listening(app):
    """On PostgreSQL, hear of what other processes wrote; on SQLite the tables are looked at twice a second anyway."""
    if not app.config["SETTINGS"].is_sqlite:
        threading.Thread(target=_listen, args=(app,), name="live-listen", daemon=True).start()


def _listen(app):
    """PostgreSQL's NOTIFY from other processes rings the hub and wakes the job threads."""
    import psycopg
    with app.app_context():
        url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    while not hub.closing:
        try:
            with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
                connection.execute("LISTEN socialdesk")
                for _ in connection.notifies():
                    hub.bell.set()
                    wake_jobs()
        except psycopg.Error as error:
            app.logger.warning("live listener reconnects", exc_info=error)
            time.sleep(2)


# --- what browsers ask

def _posts_asked():
    ids = [int(part) for part in request.args.get("posts", "").split(",") if part.isdecimal() and len(part) < 19]
    ids = ids[:MOST_POSTS]
    if not ids:
        return frozenset()
    return frozenset(db.session.scalars(sa.select(Post.id).where(Post.id.in_(ids), policy.visible(viewer(), Post))))


@bp.get("/live")
def stream():
    """The stream of hints for this browser."""
    me = Stream(viewer(), _posts_asked())
    hub.open(me)
    missed = _missed(me, request.headers.get("Last-Event-ID", "")) if "Last-Event-ID" in request.headers else []
    db.session.rollback()
    return Response(_lines(me, missed), mimetype="text/event-stream", headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})


def _lines(me, missed):
    end = time.monotonic() + STREAM_SECONDS
    try:
        yield ": ok\nretry: 3000\n\n"
        for item in missed:
            yield _line(item)
        while time.monotonic() < end:
            try:
                item = me.queue.get(timeout=BEAT_SECONDS)
            except queue.Empty:
                yield ": still here\n\n"
                continue
            if item is None:
                return
            yield _line(item)
    finally:
        hub.drop(me)


def _line(item):
    return f"id: {item[0]}\ndata: {json.dumps({'topic': item[1]})}\n\n"


def _missed(me, last):
    """The hints of the last minute after the one a page heard last, as it may hear them."""
    after = int(last) if last.isdecimal() and len(last) < 19 else 0
    rows = db.session.execute(sa.select(Hint.id, Hint.topic).where(Hint.id > after, Hint.at > now() - REPLAY).order_by(Hint.id).limit(200)).all()
    mine = [(key, shown(topic)) for key, topic in rows if listeners(topic, [me])]
    return list({topic: (key, topic) for key, topic in mine}.values())


@bp.get("/live/poll")
def poll():
    """The same for pages without a stream: what changed since the hint `since`."""
    me = Stream(viewer(), _posts_asked())
    since = request.args.get("since", "")
    missed = _missed(me, since) if since else []
    last = db.session.scalar(sa.select(sa.func.max(Hint.id))) or 0
    return jsonify(cursor=str(last), topics=[topic for _, topic in missed])


# --- consequences

_QUEUE_VERBS = {Verb.TICKET_OPENED, Verb.TICKET_ASSIGNED, Verb.TICKET_CHANGED, Verb.TICKET_MOVED, Verb.TICKET_REOPENED,
                Verb.TICKET_RESUMED, Verb.TICKET_STATUS_CHANGED, Verb.REPLIED, Verb.IMPACT_CHANGED}


def hint_pages(event_id):
    """Tell open pages that an event has changed what they show; a note's only to those who read notes."""
    event = db.session.get(Event, event_id)
    root = event.root_id and db.session.get(Post, event.root_id)
    if root is None:
        return
    topics = [f"post:{root.id}:desk" if event.note else f"post:{root.id}"]
    if root.kind == "ticket" and event.verb in _QUEUE_VERBS:
        topics.append(f"desk:team:{root.team_id}" if root.sealed else "desk")
    if event.verb == Verb.POSTED and root.in_feed:
        topics += ["feed"] if root.audience == "everyone" else [f"feed:circle:{root.circle_id}"] if root.audience == "circle" else []
    hint(*topics)


@clockwork("forget_hints", 60)
def forget_hints():
    """Hints are for open pages: those of two minutes ago go."""
    db.session.execute(sa.delete(Hint).where(Hint.at < now() - KEEP))


__all__ = ["bp", "hint", "hint_pages", "hub", "start"]
