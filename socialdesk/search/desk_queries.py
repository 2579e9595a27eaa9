"""What helps an agent answer a ticket: articles and solved tickets like it, and what of them may be passed on."""
import math
import re
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from ..db import db
from ..knowledge.source_checker import solution_in
from ..knowledge.source_queries import solutions_of
from ..policy import MOMENT, viewer_of, visible
from ..posts.checker import plain_of
from ..posts.models import Post
from . import semantic_index
from .ask_queries import ask, find, rows_of, view_of
from .fit_queries import fit, sensed
from .queries import CANDIDATES, LEAST_LETTERS, SENSED, url_of
from .rank_checker import POOL, Ranked, best_sentence, varied
from .word_checker import plain_of_html, terms_of

SHOWN = 3
LAST_REPLIES = 2                        # so many of the last public ones are looked at
SENTENCE, SOLUTION = 140, 300           # characters shown; characters offered for the reply

_LINK = re.compile(r"!?\[((?:\\.|[^\]\\])*)\]\([^)\s]*\)")
_END = re.compile(r"(?<=[.!?])\s+|\n")
_SIGNS = re.compile(r"([\\\[\]*_`<>~|])")


class Like(NamedTuple):
    """An article or a solved ticket like the one at hand.  sentence: where it says so; solution: what helped, of a ticket,
    in plain words; link: Markdown; is_open: can who asked open it?"""

    kind: str
    id: int
    title: str
    url: str
    sentence: str
    solution: str
    link: str
    solved: int
    is_open: bool


def like_ticket(viewer, root, typed=""):
    """([Like] of articles and answers, [Like] of solved tickets), best first and at most three each; empty where nothing
    fits well.  root: the ticket's row; typed: what stands in the reply box.  Everything is what this person may read."""
    texts = [text for text in (f"{root.title}\n{plain_of_html(root.body_html)}", _last_said(root), *_last_typed(typed)) if len(text.strip()) >= LEAST_LETTERS]
    articles = _fitting(viewer, texts, "known", ("article", "answer"), root.id)
    tickets = _fitting(viewer, texts, "solved", ("solved",), root.id)
    shown = [one.row for one, _terms in (*articles, *tickets)]
    is_open = _open_to(root.author_id, [row.root_id for row in shown])
    ends = solutions_of([one.row.root_id for one, _terms in tickets])
    return ([_like(one.row, terms, is_open) for one, terms in articles], [_like(one.row, terms, is_open, ends.get(one.row.root_id, "")) for one, terms in tickets])


def _last_said(root):
    """The last public replies that are told already."""
    rows = db.session.scalars(sa.select(Post.body_html).where(
        Post.root_id == root.id, Post.id != root.id, sa.not_(Post.note), Post.deleted_at.is_(None),
        sa.or_(Post.hold_until.is_(None), Post.hold_until <= MOMENT)).order_by(Post.id.desc()).limit(LAST_REPLIES)).all()
    return "\n".join(plain_of_html(html) for html in reversed(rows))


def _last_typed(typed):
    """The sentence somebody is at in a reply, and the same with the one before; without what they took over from here."""
    sentences = [part.strip() for part in _END.split(_LINK.sub(" ", typed)) if part.strip()]
    return dict.fromkeys("\n".join(sentences[-count:]) for count in (1, 2))


def _fitting(viewer, texts, part, kinds, root_id):
    """[(Ranked, terms)] of what fits any of these texts, the surest first."""
    view, best = view_of(viewer, (part,)), {}
    for text in texts:
        terms = terms_of(text)
        for one in _found(viewer, view, text, terms, kinds):
            known = best.get(one.row.root_id)
            if one.row.root_id != root_id and (known is None or known[0].value < one.value):
                best[one.row.root_id] = one, terms
    ranked = sorted(best.values(), key=lambda pair: (-pair[0].value, -pair[0].row.post_id))[:POOL]
    terms_by_id = {one.row.post_id: terms for one, terms in ranked}
    return [(one, terms_by_id[one.row.post_id]) for one in varied([one for one, _terms in ranked], SHOWN)]


def _found(viewer, view, text, terms, kinds):
    """[Ranked] of what fits this text, by how sure it is and whom it helped."""
    hits = find(view, ask(view, terms), SENSED if semantic_index.model() else CANDIDATES)
    if not len(hits.ids):
        return []
    values, senses = sensed(hits, text, float(hits.scores[0]))
    order = np.argsort(-values, kind="stable")[:CANDIDATES]
    ids, (sure, enough) = hits.ids[order].tolist(), fit(hits, view.gone, order, senses)
    rows = rows_of(viewer, ids, kinds)
    return [Ranked(share * (1 + min(0.2, 0.04 * math.log2(1 + rows[post_id].solved))), share, True, rows[post_id], senses.titles[at] if senses else None)
            for at, post_id, share, fits in zip(order.tolist(), ids, sure.tolist(), enough.tolist()) if fits and post_id in rows]


def _open_to(person_id, root_ids):
    """Which of these threads who asked can open."""
    if not root_ids:
        return set()
    asker = viewer_of(person_id)
    return set(db.session.scalars(sa.select(Post.id).where(Post.id.in_(root_ids), sa.or_(Post.audience == "everyone", visible(asker, Post)))))


def _like(row, terms, is_open, solution_md=""):
    url, sentence = url_of(row), best_sentence(row.body, terms, SENTENCE)
    solution = best_sentence(plain_of(solution_in(solution_md)), terms, SOLUTION) if solution_md else ""
    return Like("ticket" if row.kind == "solved" else row.kind, row.post_id, row.title, url, "" if sentence.rstrip("….!?") in row.title else sentence,
                solution, f"[{_as_words(row.title)}]({url})", row.solved, row.root_id in is_open)


def _as_words(title):
    """A title as plain words of Markdown, that neither calls anybody nor gives a hashtag."""
    return _SIGNS.sub(r"\\\1", re.sub(r"[#@](?=\w)", "", title))
