"""Searching the articles that are for everyone, for who is not signed in."""
from flask import render_template, request

from ..knowledge.public_queries import STRANGER, nameless
from .found_queries import Found, among, page_of, url_of
from .query_checker import parse
from .rank_checker import best_sentence, marked

MOST_LETTERS = 500
EXCERPT = 220


def results():
    """The articles that were meant, best first; what may be typed is what it is for everybody."""
    q, cursor = request.args.get("q", "").strip()[:MOST_LETTERS], request.args.get("cursor")
    found, next_cursor = _found(parse(q), cursor) if q else ([], None)
    return render_template("search/public.html", q=q, found=found, next_cursor=next_cursor, first=not cursor)


def _found(query, cursor):
    rows, following = page_of(STRANGER, query, among("article"), cursor=cursor)
    texts = nameless([text for row in rows for text in (row.title, best_sentence(row.body, query.terms, EXCERPT))])
    return [Found(row.kind, row.post_id, title, url_of(row), marked(excerpt, query.terms))
            for row, title, excerpt in zip(rows, texts[::2], texts[1::2])], following
