"""Cards as HTML: what everybody reads of one is drawn once and kept under all that went into it; what only this person did is
put in afterwards."""
import secrets
from datetime import timedelta
from typing import NamedTuple

from flask import current_app
from markupsafe import Markup

from ..db import EPOCH
from ..tags.checker import fold
from ..web import viewer
from .checker import beyond
from .kept_index import Kept
from .row_queries import PUBLIC, followed_of, texts_of

MOST_KEPT = 4000
PUBLIC_SIZE = len(PUBLIC)
#: parts two faces of a deed from the rest of a card; nobody can write it into a text
MARK = secrets.token_hex(8)

kept = Kept(MOST_KEPT)


class Drawn(NamedTuple):
    """A page of the feed, drawn."""

    html: Markup
    ids: list
    next_cursor: str | None
    newest: int


def drawn(page):
    """A Page of queries as Drawn, for whoever is signed in.  One statement for cards that are not kept yet, none for the others."""
    person, rows = viewer(), page.rows
    has_bell = "follow" in (person.swipe_right, person.swipe_left)
    keys = [(row[:PUBLIC_SIZE], person.lang, has_bell) for row in rows]
    found = [kept.get(key) for key in keys]
    missing = [n for n, pieces in enumerate(found) if pieces is None]
    for n, pieces in zip(missing, _draw([rows[n] for n in missing], has_bell)):
        found[n] = pieces
        kept.put(keys[n], pieces)
    ids = [row.id for row in rows]
    followed = followed_of(person, ids) if has_bell else ()
    html = "".join([_filled(pieces, row, followed) for pieces, row in zip(found, rows)])
    return Drawn(Markup(html), ids, page.next_cursor, page.newest)


def _filled(pieces, row, followed):
    """A card for one person: of each deed the face that fits what they did.  followed: the ids of threads they follow."""
    done = {"me-too": row.has_me_too, "like": row.liked, "vote": row.voted, "save": row.saved, "follow": row.id in followed}
    slots, end = pieces
    return "".join([text + (after if done[name] else before) for text, name, before, after in slots]) + end


def _draw(rows, has_bell):
    """The pieces of cards that are not kept: ((text, name of a deed, its face before it is done, its face after), ...), the last
    text.  has_bell: with a button to follow, for those who swipe to follow."""
    texts = texts_of([row.id for row in rows])
    template = current_app.jinja_env.get_template("feed/_card.html")
    return [_pieces(template, row, *texts.get(row.id, ("", [])), has_bell) for row in rows]


def _pieces(template, row, start, photos, has_bell):
    tags = sorted((row.tags or "").split(), key=fold)
    moments = {"made_at": _moment(row.made), "next_word_at": _moment(row.next_word), "closes_at": _moment(row.closes)}
    html = template.render(card=row, **moments, excerpt=beyond(row.title, start), tags=tags, photos=photos, has_bell=has_bell, mark=Markup(MARK))
    parts = html.split(MARK)
    return tuple(zip(parts[0::4], parts[1::4], parts[2::4], parts[3::4])), parts[-1]


def _moment(kept):
    return None if kept is None else EPOCH + timedelta(microseconds=kept)


def forget():
    """Let every card be drawn anew."""
    kept.drop()
