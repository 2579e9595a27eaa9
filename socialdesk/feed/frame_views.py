"""The page around the cards: drawn once for all who get the same one, and filled in for each."""
import secrets
from typing import NamedTuple

from flask import current_app
from markupsafe import Markup

from .card_views import Drawn
from .kept_index import Kept

MOST_KEPT = 500
MARK = secrets.token_hex(8)             # parts what is filled in from the rest

kept = Kept(MOST_KEPT)


def _slot(name):
    return Markup(f"{MARK}{name}{MARK}")


class Reader(NamedTuple):
    """All that the page may know of a person, so that nothing of one gets into another's: id and epoch are filled in."""

    lang: str
    theme: str
    is_agent: bool
    swipe_right: str
    swipe_left: str

    id = property(lambda self: _slot("id"))
    epoch = property(lambda self: _slot("epoch"))


class Frame(NamedTuple):
    """All that a page is drawn from beside its slots."""

    viewer: Reader
    unread: int
    view: str
    first: bool
    has_cards: bool
    has_more: bool
    has_own: bool
    shows_hint: bool


def framed(person, page, **more):
    """The page of a Drawn for a person, whole.  more: the other fields of Frame."""
    reader = Reader(*[getattr(person, name) for name in Reader._fields])
    frame = Frame(viewer=reader, has_cards=bool(page.ids), has_more=page.next_cursor is not None, **more)
    pieces = kept.get((current_app.jinja_env, frame))
    if pieces is None:
        pieces = _drawn(frame)
        kept.put((current_app.jinja_env, frame), pieces)
    slots = {"id": str(person.id), "epoch": str(person.epoch), "cards": str(page.html), "cursor": page.next_cursor or "",
             "newest": str(page.newest), "start": str(page.ids[0]) if page.ids else ""}
    texts, names = pieces
    return "".join([text + slots[name] for text, name in zip(texts, names)]) + texts[-1]


def _drawn(frame):
    """(texts, the slots between them)."""
    page = Drawn(_slot("cards"), [_slot("start")] if frame.has_cards else [], _slot("cursor") if frame.has_more else None, _slot("newest"))
    template = current_app.jinja_env.get_template("feed/page.html")
    parts = template.render(page=page, where=f"/?view={frame.view}", **frame._asdict()).split(MARK)
    return parts[::2], parts[1::2]
