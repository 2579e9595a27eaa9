"""The articles that are for everyone, as somebody reads them who is not signed in: without the names of people."""
import re

from ..people.checker import mentions_in
from ..people.queries import handles
from ..viewer import Viewer
from . import help_queries, queries

#: who is nobody here: no teams, no circles, nothing of their own
STRANGER = Viewer(id=0, handle="", name="", role="stranger")

_CALLED = re.compile(r'<a href="/@[^"]*">@[^<]*</a>')
_HASHTAG = re.compile(r'<a href="/t/[^"]*">(#[^<]*)</a>')
_SHOWN = ("id", "slug", "title", "summary", "lang", "made_at", "edited_at", "solved", "source_url", "licence")


def articles(order, cursor=None, tag_id=None):
    """(rows as dicts, next cursor or None): the articles anybody may read.  Raises Invalid."""
    rows, following = help_queries.articles(STRANGER, order, cursor, tag_id=tag_id)
    return _nameless_rows(rows, "title", "summary"), following


def article_of(slug):
    """The article at this address as a dict: what of it anybody may read, so without owner and author.  Raises Missing."""
    (found,) = _nameless_rows([queries.article_of(slug, STRANGER)], "title", "summary")
    return {name: found[name] for name in _SHOWN} | {"body_html": _HASHTAG.sub(r"\1", _CALLED.sub("a colleague", found["body_html"]))}


def _nameless_rows(rows, *columns):
    """Rows as dicts, these columns of them without names."""
    texts = iter(nameless([getattr(row, column) for row in rows for column in columns]))
    return [dict(row._mapping) | {column: next(texts) for column in columns} for row in rows]


def nameless(texts):
    """Plain texts without the handles of people who are here."""
    named = {handle for text in texts for _start, _end, handle in mentions_in(text)}
    known = handles(named) if named else {}
    return [_without(text, known) for text in texts]


def _without(text, known):
    for start, end, _handle in reversed(mentions_in(text, known) if known else []):
        text = f"{text[:start]}a colleague{text[end:]}"
    return text
