"""Bringing articles in from a file: line by line, in batches, safe to repeat."""
import json
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from ..db import close_read, db, insert_new, now, transaction
from ..errors import Invalid, Refusal
from ..events import Verb, record
from ..people.actions import add_person
from ..people.queries import person_by_email
from ..people.text_checker import clean_line, is_utf8
from ..policy import viewer_of
from ..posts import checker as texts
from ..posts.models import Access, Post
from ..posts.queries import Prepared
from ..posts.text_actions import edit
from ..tags.actions import tag_threads
from ..tags.checker import MAX_TAGS, from_foreign
from .actions import fingerprint, origin, slugs_for
from .checker import READERS
from .models import Article

SOURCE = "import:articles"
BATCH = 100                             # articles a transaction
AUTHOR = ("knowledge@desk.invalid", "Knowledge base")       # who stands for what nobody here wrote


@dataclass
class _Row:
    """A line that can be used.  key: its id, else its content."""

    line: int
    key: str
    title: str
    body: str
    tags: list
    facts: dict
    content_hash: str
    known: object = None                # (post id, content_hash) of the article it was before
    prepared: object = None


class Imported(NamedTuple):
    """What came of it.  bad: [(line number, why)]."""

    added: int
    unchanged: int
    bad: list


def import_articles(lines, dry_run=False, progress=None, index=None):
    """Bring in articles, JSON Lines as text or bytes.  The same again changes nothing; what changed becomes a new version
    and counts as added.  progress(lines so far); index(post ids) puts them into the search index in the same transaction,
    else a job does."""
    author, added, unchanged, bad, seen = None, 0, 0, [], {}
    for n, batch in _batches(lines):
        rows = [row for row in (_read(line, text, bad) for line, text in batch) if row]
        fresh, same = _news(rows, seen, bad)
        unchanged += same
        fresh = [row for row in fresh if _prepare(row, bad)]
        if fresh and not dry_run:
            author = author or _author()
            _write(fresh, author, index)
        added += len(fresh)
        if progress:
            progress(n)
    return Imported(added, unchanged, sorted(bad))


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


# --- a line

def _read(line, text, bad):
    """The row of a line; else None, and why."""
    try:
        return _row(line, _parsed(text))
    except Refusal as error:
        bad.append((line, error.sentence))
        return None


def _parsed(text):
    if not is_utf8(text):
        raise Invalid("This line is not UTF-8 text. Save the file as UTF-8, then import it again.")
    try:
        found = json.loads(text.decode("utf-8") if isinstance(text, bytes) else text)
    except (ValueError, RecursionError):
        raise Invalid("This line is no JSON. Write one article a line, as an object.") from None
    if not isinstance(found, dict):
        raise Invalid("This line is JSON, but no object. Write one article a line, as an object with title and body_markdown.")
    return found


def _row(line, given):
    title, body = _text(given, "title"), _text(given, "body_markdown")
    if not title.strip() or not body.strip():
        raise Invalid(f"It has no {'body_markdown' if title.strip() else 'title'}, and an article needs both.")
    tags = given.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Invalid('"tags" must be a list of words.')
    facts = origin(*(_text(given, name) for name in ("lang", "source_url", "licence", "summary")))
    names = list(dict.fromkeys(filter(None, map(from_foreign, tags))))[:MAX_TAGS]
    content = fingerprint(title, body, names, facts)
    return _Row(line, _key(given) or f"content:{content}", title, body, names, facts, content)


def _text(given, name):
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise Invalid(f'"{name}" must be text.')
    return value or ""


def _key(given):
    value = given.get("id")
    if value in (None, ""):
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)) or len(str(value)) > 200:
        raise Invalid('"id" must be a text or a whole number of at most 200 signs.')
    return f"id:{clean_line(str(value))}"


# --- a batch

def _news(rows, seen, bad):
    """(rows that are not here yet as they are, how many are).  seen: {key: row} of what this file brought so far."""
    known = {row.external_id: row for row in db.session.execute(
        sa.select(Post.external_id, Post.id, Post.deleted_at, Post.audience, Article.content_hash).join(Article, Article.post_id == Post.id)
        .where(Post.source == SOURCE, Post.external_id.in_([row.key for row in rows])))}
    close_read()
    fresh, same = [], 0
    for row in rows:
        before, row.known = seen.setdefault(row.key, row), known.get(row.key)
        if before.content_hash != row.content_hash:
            bad.append((row.line, f"Its id stands in line {before.line} already, with other content. Give each article an id of its own."))
        elif before is not row or row.known and row.known.content_hash == row.content_hash:
            same += 1
        elif row.known and row.known.deleted_at:
            bad.append((row.line, "The desk took this article back. Bring it back under Your articles, then import it again, or leave its line out."))
        else:
            fresh.append(row)
    return fresh, same


def _prepare(row, bad):
    """Render outside of any transaction; False where that cannot be.  Nobody is mentioned by what comes from elsewhere."""
    title = texts.clean_line(row.title)
    # What does not fit into the title still stands: nothing of it is lost.
    body = row.body if len(title) <= texts.MAX_TITLE else f"**{title}**\n\n{row.body}"
    try:
        body = texts.check_body(body)
    except Refusal as error:
        bad.append((row.line, error.sentence))
        return False
    row.prepared = Prepared(body, texts.cut(title, texts.MAX_TITLE), *texts.render(body), [], {})
    return True


def _write(rows, author, index):
    with transaction():
        new = [row for row in rows if row.known is None]
        ids = dict(zip((row.line for row in new), _write_new(new, author)))
        ids |= {row.line: _revise(row, author) for row in rows if row.known}
        for audience in READERS:
            tag_threads({ids[row.line]: row.tags for row in rows if _readers_of(row) == audience}, audience, article=True)
        if index:
            index(list(ids.values()))
        else:
            for post_id in ids.values():
                record(Verb.ARTICLE_PUBLISHED, db.session.get(Post, post_id), author)


def _readers_of(row):
    return row.known.audience if row.known else "everyone"


def _write_new(rows, author):
    """Write in a few statements what publish_article writes one by one.  Returns the ids, in the order of the rows."""
    if not rows:
        return []
    moment = now()
    posts = [{"kind": "article", "author_id": author.id, "audience": "everyone", "in_feed": False, "title": row.prepared.title,
              "body_md": row.prepared.body_md, "body_html": row.prepared.html, "made_at": moment, "active_at": moment,
              "source": SOURCE, "external_id": row.key} for row in rows]
    ids = list(db.session.scalars(sa.insert(Post).returning(Post.id, sort_by_parameter_order=True), posts))
    db.session.execute(sa.update(Post).where(Post.id.in_(ids)).values(root_id=Post.id).execution_options(synchronize_session=False))
    insert_new(Access.__table__, [{"person_id": author.id, "root_id": post_id, "why": "author", "until": None} for post_id in ids], "person_id", "root_id")
    slugs = slugs_for({post_id: row.prepared.title for post_id, row in zip(ids, rows)})
    db.session.execute(sa.insert(Article), [{"post_id": post_id, "slug": slugs[post_id], "content_hash": row.content_hash, **row.facts}
                                            for post_id, row in zip(ids, rows)])
    return ids


def _revise(row, author):
    edit(row.known.id, author, row.prepared, verb=Verb.ARTICLE_REVISED)
    db.session.execute(sa.update(Article).where(Article.post_id == row.known.id).values(content_hash=row.content_hash, **row.facts)
                       .execution_options(synchronize_session=False))
    return row.known.id


def _author():
    found = person_by_email(AUTHOR[0])
    if found is None:
        with transaction():
            found = add_person(*AUTHOR, role="agent", state="imported")
    return viewer_of(found.id)
