"""What one can ask of the feed: pages of cards of what a person may see, in the order of a view."""
from functools import lru_cache
from typing import NamedTuple

import sqlalchemy as sa

from ..errors import Invalid
from ..people.models import FEED_VIEWS
from ..policy import asker, values
from ..ready import Ready
from . import ranked_queries
from .cursor_checker import is_number
from .part_queries import newer, newest_of, older, parts_of, tag_parts
from .row_queries import major_rows, newest_rows

PAGE = 20
MOST_NEW = 100                          # new posts are counted so far and no further
TICKETS = "tickets"                     # the view of those who want just their tickets
CHANGED = "This list cannot go on from there: its address was changed on the way. Open the list anew."


class Page(NamedTuple):
    """Rows of cards (row_queries), the cursor of those after them or None at the end, and the newest id there was."""

    rows: list
    next_cursor: str | None
    newest: int


def view_of(viewer, asked=None):
    """The view to show: the one asked for, else the one this person chose; newest where nobody knows it."""
    if viewer.only_tickets:
        return TICKETS
    asked = asked or viewer.feed_view
    return asked if asked in FEED_VIEWS else "newest"


def feed_page(viewer, cursor=None, limit=PAGE, view="newest"):
    """A page of the feed, what may be seen of it now.  view: newest, for-you, following, tickets.  cursor: a page's
    next_cursor, of the same view.  Raises Invalid for a forged one."""
    if view == "for-you":
        return Page(*ranked_queries.page_of(viewer, _place(cursor), limit))
    before = read_cursor(cursor)
    found = _page(viewer, _view_rows(view, asker(viewer), before is None), limit, before=before)
    return _with_majors(viewer, found) if view == TICKETS and before is None else found


def tag_page(viewer, tag_id, cursor=None, limit=PAGE):
    """The newest threads with a hashtag that this person may see, before the cursor.  Raises Invalid."""
    before = read_cursor(cursor)
    return _page(viewer, _tagged_rows(asker(viewer), before is None), limit, before=before, tag=tag_id)


def count_new(viewer, since, view="newest"):
    """How many threads newer than the one of this id this person may see in a view, counted to MOST_NEW."""
    given = values(viewer, each=True) | {"top": read_cursor(since or "0"), "limit": MOST_NEW}
    return _newer_count(view, asker(viewer)).scalar(given)


def read_cursor(text):
    """The id a cursor stands for, or None without one.  Raises Invalid."""
    if not text:
        return None
    if not is_number(text):
        raise Invalid(CHANGED, field="cursor")
    return int(text)


def _place(cursor):
    try:
        return ranked_queries.read_place(cursor) if cursor else None
    except ValueError:
        raise Invalid(CHANGED, field="cursor") from None


@lru_cache
def _newer_count(view, who):
    newest = newest_of(parts_of(view, who, newer), MOST_NEW).subquery()
    return Ready(sa.select(sa.func.count()).select_from(newest))


@lru_cache
def _view_rows(view, who, is_first):
    return newest_rows(parts_of(view, who, *_older(is_first)))


@lru_cache
def _tagged_rows(who, is_first):
    return newest_rows(tag_parts(who, *_older(is_first)))


def _older(is_first):
    return () if is_first else (older,)


def _page(viewer, statement, limit, **more):
    rows = statement.all(values(viewer, each=True) | more | {"limit": limit + 1})
    shown = rows[:limit]
    return Page(shown, str(shown[-1].id) if len(rows) > limit else None, shown[0].id if shown else 0)


def _with_majors(viewer, page):
    """What concerns everybody stands above one's own."""
    majors = major_rows(asker(viewer)).all(values(viewer))
    return page._replace(rows=majors + page.rows)
