"""Bringing tickets in from a file: line by line, in batches, safe to repeat; nobody is told."""
from typing import NamedTuple

import sqlalchemy as sa

from ..db import close_read, db, now, transaction
from ..errors import Refusal
from ..people.actions import add_person, add_team
from ..people.checker import fold_name
from ..people.models import Person, Team
from ..posts import actions as posts
from ..posts.checker import MAX_TITLE, cut, render, title_of
from ..posts.models import Post
from ..posts.queries import Prepared
from .actions import open_ticket
from .models import OPEN, Ticket
from .row_checker import read_row

SOURCE = "import:tickets"
BATCH = 200                             # tickets a transaction


class Imported(NamedTuple):
    """What came of it.  bad: [(line number, why)]."""

    added: int
    unchanged: int
    bad: list


class Author(NamedTuple):
    """A person as far as writing down what they said needs one."""

    id: int
    is_desk: bool
    circle_ids: frozenset = frozenset()


def import_tickets(lines, requester_email=None, dry_run=False, progress=None, index=None):
    """Bring in tickets, JSON Lines as text or bytes.  What is here already stays as it is.  requester_email: whose those
    are that do not say.  progress(lines so far); index(post ids) puts them into the search index in the same transaction."""
    added, unchanged, bad, seen = 0, 0, [], set()
    for n, batch in _batches(lines):
        rows = [row for row in (_read(line, text, requester_email, bad) for line, text in batch) if row]
        fresh = _news(rows, seen)
        unchanged += len(rows) - len(fresh)
        prepared = [_prepared(row) for row in fresh]
        close_read()
        if fresh and not dry_run:
            _write(fresh, prepared, index)
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


def _read(line, text, requester_email, bad):
    try:
        return read_row(line, text, now(), requester_email)
    except Refusal as error:
        bad.append((line, error.sentence))
        return None


def _news(rows, seen):
    """Those that are not here yet.  seen: the keys this file brought so far."""
    known = set(db.session.scalars(sa.select(Post.external_id).where(Post.source == SOURCE, Post.external_id.in_([row.key for row in rows]))))
    fresh = {row.key: row for row in reversed(rows) if row.key not in known and row.key not in seen}
    seen.update(fresh)
    return sorted(fresh.values(), key=lambda row: row.line)


def _prepared(row):
    """The texts of a row, rendered: the ticket's and each reply's.  Nobody is mentioned by what comes from elsewhere."""
    title = row.title or title_of(row.said.body)
    # what does not fit into the title still stands: nothing of it is lost
    body = row.said.body if len(title) <= MAX_TITLE else f"**{title}**\n\n{row.said.body}"
    return [Prepared(body, cut(title, MAX_TITLE), *render(body), row.tags, {}),
            *(Prepared(said.body, "", *render(said.body), [], {}) for said in row.replies)]


def _write(rows, prepared, index):
    with transaction():
        people = _people([said for row in rows for said in (row.said, *row.replies)])
        teams = _teams({row.team for row in rows if row.team})
        ids = [_write_one(row, texts, people, teams) for row, texts in zip(rows, prepared)]
        if index:
            index(ids)


def _write_one(row, texts, people, teams):
    author = people[row.said.email]
    post = open_ticket(author, texts[0], in_feed=False, made_at=row.said.at or now(), source=SOURCE, external_id=row.key, status=row.status,
                       hold_reason="requester" if row.status == "on_hold" else None, team_id=teams.get(fold_name(row.team)), event=False)
    words = []
    for said, text in zip(row.replies, texts[1:]):
        reply = posts.reply(post.id, people[said.email], text, made_at=said.at or post.made_at, event=False)
        if people[said.email].is_desk and people[said.email].id != author.id:
            words.append(reply.made_at)
    last = max((said.at for said in row.replies if said.at), default=None)
    _set_times(db.session.get(Ticket, post.id), words, last)
    return post.id


def _set_times(ticket, words, last):
    """The times a ticket has by its replies.  One that was resolved elsewhere waits for its requester and does not close itself."""
    if words:
        ticket.first_word_at, ticket.last_word_at = min(words), max(words)
    if last and ticket.status not in OPEN:
        ticket.resolved_at = last
        ticket.closed_at = last if ticket.closed_at else None


def _people(said):
    """{folded address: Author} of all who speak; who is unknown becomes a person without sign-in."""
    wanted = {one.email: one.name for one in reversed(said)}
    rows = db.session.execute(sa.select(Person.email_fold, Person.id, Person.role).where(Person.email_fold.in_(wanted)))
    found = {row.email_fold: Author(row.id, row.role in ("agent", "admin")) for row in rows}
    for email, name in wanted.items():
        if email not in found:
            found[email] = Author(add_person(email, name or email.partition("@")[0], state="imported").id, False)
    return found


def _teams(names):
    """{folded name: id} of teams; one that is not there is made."""
    found = {fold_name(name): name for name in names}
    known = dict(map(tuple, db.session.execute(sa.select(Team.name_fold, Team.id).where(Team.name_fold.in_(found)))))
    return known | {fold: add_team(name).id for fold, name in found.items() if fold not in known}
