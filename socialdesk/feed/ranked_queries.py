"""For you, page by page: a list ranked once and kept for a while, walked by cursors that carry what was shown, so that any
process goes on from any of them; then the rest, newest first."""
from array import array
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from ..db import EPOCH, now
from ..policy import asker, values
from .candidate_queries import candidate_of, candidates_of
from .cursor_checker import Place, pack, step_bytes, unpack
from .kept_index import Kept
from .part_queries import older, parts_of
from .rank_checker import rank
from .row_queries import newest_rows, ranked_rows

KEEP_SECONDS = 120
MOST_BYTES = 2000                       # of the ids of a list: a cursor that carries all of them still fits an address
frozen = Kept(most=2000, seconds=KEEP_SECONDS)


class Ranked(NamedTuple):
    """A ranked list.  top: the newest id there was; lowest: where what is older goes on, 0 where nothing is."""

    top: int
    lowest: int
    ids: array


read_place = unpack                     # a cursor's Place; raises ValueError for a forged one


def page_of(viewer, place, limit):
    """(rows, next cursor or None, the newest id there was) of the list of this person after a Place, None for its start."""
    if place and place.below:
        return _rest(viewer, place, limit)
    shown = place.shown if place else frozenset()
    listed = frozen.get(_key(viewer, place), now().timestamp())
    rows, has_more = _walk(viewer, listed, shown, limit) if listed else ((), False)
    if listed is None or place is None and (not rows or rows[0].is_behind):
        listed = _rank(viewer, place)
        rows, has_more = _walk(viewer, listed, shown, limit)
    return rows, _next(listed, shown.union(row.id for row in rows), has_more), listed.top


def _key(viewer, place):
    return viewer.id, place.top if place else None


def _walk(viewer, listed, shown, limit):
    """(the first rows of a list that were not shown and may be seen now, whether it has more)."""
    waiting = [key for key in listed.ids if key not in shown] if shown else listed.ids
    rows, at, given = [], 0, values(viewer, each=True) | {"top": listed.top}
    while len(rows) < limit and at < len(waiting):
        ids = list(waiting[at:at + limit])
        found = {row.id: row for row in ranked_rows(asker(viewer)).all(given | {"ids": ids})}
        rows += [found[key] for key in ids if key in found]
        at += limit
    return rows[:limit], at < len(waiting) or len(rows) > limit


def _next(listed, shown, has_more):
    if has_more:
        return pack(Place(listed.top, 0, shown))
    below = listed.lowest
    return pack(Place(listed.top, below, frozenset(key for key in shown if key < below))) if below else None


def _rank(viewer, place):
    """Rank anew, of what there was at a Place, and keep it."""
    cards, top, lowest = candidates_of(viewer, place.top if place else None)
    cards, lowest = _fitting(cards, lowest)
    top = place.top if place else top
    listed = Ranked(top, lowest, array("q", rank(cards, moment_us())))
    for key in {(viewer.id, top), _key(viewer, place)}:
        frozen.put(key, listed, now().timestamp())
    return listed


def _fitting(cards, lowest):
    """As many of the newest as a cursor can carry, and what stands before all of them however old it is."""
    cards = sorted(cards, reverse=True)
    ids, most = [card.id for card in cards], len(cards)
    while most > 1 and step_bytes(ids[:most]) > MOST_BYTES:
        most = most * 9 // 10
        lowest = ids[most - 1]
    return cards[:most] + [card for card in cards[most:] if card.is_major or card.is_unread], lowest


def _rest(viewer, place, limit):
    """What is older than the list, newest first."""
    given = values(viewer, each=True) | {"before": place.below, "limit": limit + 1 + len(place.shown)}
    rows = [row for row in _rest_rows(asker(viewer)).all(given) if row.id not in place.shown]
    if len(rows) <= limit:
        return rows, None, place.top
    last = rows[limit - 1].id
    return rows[:limit], pack(Place(place.top, last, frozenset(key for key in place.shown if key < last))), place.top


@lru_cache
def _rest_rows(who):
    return newest_rows(parts_of("for-you", who, older))


# --- what the list is asked about

def moment_us():
    """The present moment as the formula counts it: microseconds."""
    return (now() - EPOCH) // timedelta(microseconds=1)


def standing_of(viewer, root_id):
    """(the thread as a Candidate, its place in the list that is kept, from 1, or None).  Raises Missing."""
    listed = frozen.get(_key(viewer, None), now().timestamp())
    ids = listed.ids if listed else ()
    return candidate_of(viewer, root_id), ids.index(root_id) + 1 if root_id in ids else None


def first_of(viewer):
    """The id of the first card, or None where there is nothing."""
    rows = page_of(viewer, None, 1)[0]
    return rows[0].id if rows else None


def forget(person_id):
    """This person's list is to be ranked anew: they have said, followed or muted something."""
    frozen.drop(lambda key: key[0] == person_id)
