"""Bringing tickets and questions in from a file: line by line, in batches, safe to repeat; nobody is told.
A batch writes in a few statements what posts.publish and open_ticket write one by one."""
from functools import partial
from typing import NamedTuple

import sqlalchemy as sa

from ..db import close_read, db, insert_new, now, transaction
from ..errors import Refusal
from ..people.actions import add_person, add_team
from ..people.checker import fold_name
from ..people.models import Person, Team
from ..policy import are_agents
from ..posts.checker import MAX_TITLE, cut, render, title_of
from ..posts.models import Access, Post
from ..posts.queries import Prepared
from ..tags.actions import tag_threads
from .models import ENDED, OPEN, Ticket
from .models import priority as priority_of
from .row_checker import read_row

BATCH = 200                             # tickets a transaction


class Imported(NamedTuple):
    """What came of it.  bad: [(line number, why)]."""

    added: int
    unchanged: int
    bad: list


class Author(NamedTuple):
    """Who said something, as far as writing it down needs it."""

    id: int
    is_desk: bool


def import_tickets(lines, requester_email=None, dry_run=False, progress=None, index=None):
    """Bring in tickets, JSON Lines as text or bytes.  What is here already stays as it is.  requester_email: whose those
    are that do not say.  progress(lines so far); index(post ids) puts them into the search index in the same transaction."""
    return _import(lines, "import:tickets", partial(read_row, author_email=requester_email), dry_run, progress, index)


def import_posts(lines, dry_run=False, progress=None, index=None):
    """Bring in questions and tickets whose lines say their kind and author_email; the rest as import_tickets."""
    return _import(lines, "import:posts", partial(read_row, author="author_email", kind=None), dry_run, progress, index)


def _import(lines, source, read, dry_run, progress, index):
    added, unchanged, bad, seen = 0, 0, [], set()
    for n, batch in _batches(lines):
        rows = [row for row in (_read(line, text, read, bad) for line, text in batch) if row]
        fresh = _news(rows, source, seen)
        unchanged += len(rows) - len(fresh)
        prepared = [_prepared(row) for row in fresh]
        close_read()
        if fresh and not dry_run:
            with transaction():
                ids = _write(fresh, prepared, source)
                if index:
                    index(ids)
        added += len(fresh)
        if progress:
            progress(n)
    return Imported(added, unchanged, bad)


def _batches(lines):
    batch, n = [], 0
    for n, text in enumerate(lines, 1):
        if text.strip():
            batch.append((n, text))
        if len(batch) == BATCH:
            yield n, batch
            batch = []
    if batch:
        yield n, batch


def _read(line, text, read, bad):
    try:
        return read(line, text, now())
    except Refusal as error:
        bad.append((line, error.sentence))
        return None


def _news(rows, source, seen):
    """Those that are not here yet.  seen: the keys this file brought so far."""
    known = set(db.session.scalars(sa.select(Post.external_id).where(Post.source == source, Post.external_id.in_([row.key for row in rows]))))
    fresh = {row.key: row for row in reversed(rows) if row.key not in known and row.key not in seen}
    seen.update(fresh)
    return sorted(fresh.values(), key=lambda row: row.line)


def _prepared(row):
    """The texts of a row, rendered: its own and each reply's.  Nobody is mentioned by what comes from elsewhere."""
    title = row.title or title_of(row.said.body)
    # what does not fit into the title still stands: nothing of it is lost
    body = row.said.body if len(title) <= MAX_TITLE else f"**{title}**\n\n{row.said.body}"
    return [Prepared(body, cut(title, MAX_TITLE), *render(body), row.tags, {}),
            *(Prepared(said.body, "", *render(said.body), [], {}) for said in row.replies)]


# --- a batch

def _write(rows, prepared, source):
    """Write a batch.  Returns the ids of its threads."""
    people = _people([said for row in rows for said in (row.said, *row.replies)])
    ids = _insert_posts([_root(row, texts[0], people, source) for row, texts in zip(rows, prepared)])
    db.session.execute(sa.update(Post).where(Post.id.in_(ids)).values(root_id=Post.id).execution_options(synchronize_session=False))
    teams = _tag(dict(zip(ids, rows)))
    replies = [_reply(post_id, said, text, people) for post_id, row, texts in zip(ids, rows, prepared)
               for said, text in zip(row.replies, texts[1:])]
    _insert_posts(replies)
    _insert_access(ids, rows, people)
    tickets = [_ticket(post_id, row, people, teams.get(post_id)) for post_id, row in zip(ids, rows) if row.kind == "ticket"]
    if tickets:
        db.session.execute(sa.insert(Ticket), tickets)
    return ids


def _insert_posts(rows):
    return list(db.session.scalars(sa.insert(Post).returning(Post.id, sort_by_parameter_order=True), rows)) if rows else []


def _root(row, text, people, source):
    made_at = row.said.at or now()
    is_ticket = row.kind == "ticket"
    return {"kind": row.kind, "author_id": people[row.said.email].id, "audience": "private" if is_ticket else "everyone", "in_feed": False,
            "status": None if is_ticket else row.status, "title": text.title, "body_md": text.body_md, "body_html": text.html,
            "made_at": made_at, "active_at": max([made_at, *(said.at for said in row.replies if said.at)]),
            "replies_public": len(row.replies), "voices": len({said.email for said in row.replies} - {row.said.email}),
            "source": source, "external_id": row.key}


def _reply(post_id, said, text, people):
    made_at = said.at or now()
    return {"kind": "reply", "root_id": post_id, "parent_id": post_id, "author_id": people[said.email].id, "audience": "private", "sealed": True,
            "body_md": text.body_md, "body_html": text.html, "made_at": made_at, "active_at": made_at, "source": "import"}


def _insert_access(ids, rows, people):
    """Who asked sees their thread, and so does who spoke in a ticket: they knew it."""
    insert_new(Access.__table__, [{"person_id": people[row.said.email].id, "root_id": post_id, "why": "author", "until": None}
                                  for post_id, row in zip(ids, rows)], "person_id", "root_id")
    spoke = {(people[said.email].id, post_id) for post_id, row in zip(ids, rows) if row.kind == "ticket"
             for said in row.replies if not people[said.email].is_desk}
    insert_new(Access.__table__, [{"person_id": person_id, "root_id": post_id, "why": "participant", "until": None}
                                  for person_id, post_id in sorted(spoke)], "person_id", "root_id")


def _tag(rows):
    """Put the hashtags on.  rows: {post id: Row}.  Returns {ticket's id: team id}: the team it names, or its hashtags'
    owner; a confidential owner in any case."""
    tag_threads({post_id: row.tags for post_id, row in rows.items() if row.kind == "question"})
    owners = tag_threads({post_id: row.tags for post_id, row in rows.items() if row.kind == "ticket"}, audience="private")
    named = _teams({row.team for row in rows.values() if row.team and row.kind == "ticket"})
    closed = set(db.session.scalars(sa.select(Team.id).where(Team.confidential)))
    teams = {post_id: named[fold_name(row.team)] for post_id, row in rows.items() if row.team and row.kind == "ticket"}
    teams = owners | teams | {post_id: team_id for post_id, team_id in owners.items() if team_id in closed}
    for team_id in set(teams.values()):
        of_team = [post_id for post_id, its in teams.items() if its == team_id]
        db.session.execute(sa.update(Post).where(Post.id.in_(of_team)).values(team_id=team_id, sealed=team_id in closed)
                           .execution_options(synchronize_session=False))
    return teams


def _ticket(post_id, row, people, team_id):
    """The row of a ticket with the times its replies give it.  One that was resolved elsewhere does not close itself."""
    opened, author = row.said.at or now(), people[row.said.email]
    words = [said.at or opened for said in row.replies if people[said.email].is_desk and people[said.email].id != author.id]
    last = max([opened, *(said.at for said in row.replies if said.at)])
    return {"post_id": post_id, "status": row.status, "hold_reason": "requester" if row.status == "on_hold" else None,
            "priority": priority_of("low", "medium"), "team_id": team_id, "opened_at": opened,
            "first_word_at": min(words, default=None), "last_word_at": max(words, default=opened),
            "resolved_at": None if row.status in OPEN else last, "closed_at": last if row.status in ENDED else None}


def _people(said):
    """{folded address: Author} of all who speak; who is unknown becomes a person without sign-in."""
    wanted = {one.email: one.name for one in reversed(said)}
    rows = db.session.execute(sa.select(Person.email_fold, Person.id, are_agents().label("is_desk")).where(Person.email_fold.in_(wanted)))
    found = {row.email_fold: Author(row.id, row.is_desk) for row in rows}
    for email, name in wanted.items():
        if email not in found:
            found[email] = Author(add_person(email, name or email.partition("@")[0], state="imported").id, False)
    return found


def _teams(names):
    """{folded name: id} of teams; one that is not there is made."""
    found = {fold_name(name): name for name in names}
    known = dict(map(tuple, db.session.execute(sa.select(Team.name_fold, Team.id).where(Team.name_fold.in_(found)))))
    return known | {fold: add_team(name).id for fold, name in found.items() if fold not in known}
