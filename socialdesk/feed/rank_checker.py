"""For you: what comes first for whom, by one published formula, and why."""
from collections import deque
from math import log10
from typing import NamedTuple

HOUR = 3_600_000_000                    # microseconds, as moments are kept
FRESH_HOURS = 24                        # so long a post is new, and what was settled still counts
UNREAD_HOURS = 14 * 24                  # so long an announcement nobody opened stays in front
FOLLOWED = 1.5                          # what a hashtag one follows is worth
BUSY = 5                                # so many points beyond the first two make a thread busy
IN_A_ROW = 2                            # cards of one author


class Candidate(NamedTuple):
    """A thread that may come up.  author: the same for the cards of one person, its own where the name is left out;
    made, active: microseconds; is_unread: an announcement this person has not opened; tags: those of it they follow."""

    id: int
    author: int
    made: int
    active: int
    me_toos: int = 0
    likes: int = 0
    votes: int = 0
    voices: int = 0
    is_done: bool = False
    is_major: bool = False
    is_unread: bool = False
    tags: tuple = ()


def hours_quiet(card, moment):
    """Hours since the last activity."""
    return max(0.0, (moment - card.active) / HOUR)


def still_counts(card, moment):
    """Do me toos and voices count?  Of what is settled only for a day."""
    return not card.is_done or hours_quiet(card, moment) <= FRESH_HOURS


def points(card, moment):
    """What people gave it: 2, each me too and each voice 1, each like and vote a half."""
    heard = card.me_toos + card.voices if still_counts(card, moment) else 0
    return 2 + heard + 0.5 * (card.likes + card.votes)


def score(card, moment):
    """log10(points) / (hours since the last activity + 2) ^ 1.5, times 1.5 with a hashtag one follows."""
    return log10(points(card, moment)) / (hours_quiet(card, moment) + 2) ** 1.5 * (FOLLOWED if card.tags else 1)


def shelf(card, moment):
    """0 for an open major incident, 1 for an unread announcement, 2 for all else."""
    if card.is_major:
        return 0
    return 1 if card.is_unread and moment - card.made <= UNREAD_HOURS * HOUR else 2


def rank(cards, moment):
    """The ids in their order.  Major incidents stand in front whoever tells of them; after these no author has a third card
    in a row while another's is left."""
    ordered = sorted(cards, key=lambda card: (shelf(card, moment), -score(card, moment), -card.id))
    front = [card for card in ordered if card.is_major]
    return [card.id for card in _spread(front, ordered[len(front):])]


def _spread(placed, rest):
    """Put the rest after those placed; who is in a third time waits for the next card of somebody else."""
    placed, rest, waiting = list(placed), deque(rest), deque()
    while rest or waiting:
        tired = _tired(placed)
        if waiting and waiting[0].author != tired:
            placed.append(waiting.popleft())
            continue
        while rest and rest[0].author == tired:
            waiting.append(rest.popleft())
        placed.append(rest.popleft() if rest else waiting.popleft())
    return placed


def _tired(placed):
    """The author of the last two cards, if it is one."""
    last = {card.author for card in placed[-IN_A_ROW:]}
    return last.pop() if len(last) == 1 and len(placed) >= IN_A_ROW else None


def reasons(card, moment):
    """Why a thread stands where it stands, in closed words, the weightiest first; empty: only its time speaks for it."""
    found = ["major"] if card.is_major else ["unread announcement"] if shelf(card, moment) == 1 else []
    found += [f"you follow #{tag}" for tag in card.tags]
    if card.me_toos and still_counts(card, moment):
        found.append(f"{card.me_toos} colleague{' has' if card.me_toos == 1 else 's have'} it too")
    if moment - card.made <= FRESH_HOURS * HOUR:
        found.append("new")
    if points(card, moment) - 2 >= BUSY:
        found.append("busy")
    return found
