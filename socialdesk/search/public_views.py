"""Searching the articles that are for everyone, for who is not signed in."""
from flask import render_template, request

from ..knowledge.public_queries import STRANGER, nameless
from .ask_queries import ask, find, rows_of, view_of
from .queries import Found, url_of
from .rank_checker import best_sentence, marked
from .word_checker import terms_of

LOOKED_AT, SHOWN = 300, 40              # documents for everyone; articles of them
EXCERPT = 220


def results():
    """The articles in which any of the words stand, best first."""
    q = request.args.get("q", "").strip()[:500]
    return render_template("search/public.html", q=q, found=_found(terms_of(q)) if q else [])


def _found(terms):
    view = view_of(STRANGER, ("known",))
    hits = find(view, ask(view, terms), LOOKED_AT)
    rows = rows_of(STRANGER, hits.ids, ("article",))
    best = [rows[post_id] for post_id in hits.ids.tolist() if post_id in rows][:SHOWN]
    texts = nameless([text for row in best for text in (row.title, best_sentence(row.body, terms, EXCERPT))])
    return [Found(row.kind, row.post_id, title, url_of(row), marked(excerpt, terms))
            for row, title, excerpt in zip(best, texts[::2], texts[1::2])]
