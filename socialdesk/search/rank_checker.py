"""What comes first, whether it fits at all, and the sentence that shows it."""
import re
from bisect import bisect_right
from typing import NamedTuple

from markupsafe import Markup, escape

from ..posts.checker import cut
from .word_checker import places_of

SAME, SAME_SENSE = 0.15, 0.25           # how much less one counts that says what another said: by the words of its title, or their sense
POOL = 12                               # of so many the shown ones are chosen
MAX_LOOKED_AT = 12_000                  # characters of a text in which the best sentence is looked for

_HASHTAGS = re.compile(r"(?:#\S+\s*)+")         # a line of nothing else says nothing
_END = re.compile(r"[.!?。！？](?=\s|$)|\n")


class Ranked(NamedTuple):
    """A document that was found.  value: 0..1, its place among the others; fit: 0..1, how sure we are that it answers; fits: is that enough?"""

    value: float
    fit: float
    fits: bool
    row: object
    sense: object = None                # the vector of its title, where the sense is known


def varied(found, most):
    """[Ranked], best first, of which none says the same as another if there is something else to say.  found: best first."""
    titles = [frozenset(one.row.title.casefold().split()) for one in found]
    pool, chosen = list(range(len(found)))[:POOL], []
    while pool and len(chosen) < most:
        worth = {n: found[n].value - max((_likeness(found[n], found[m], titles[n], titles[m]) for m, _value in chosen), default=0) for n in pool}
        best = max(pool, key=lambda n: (worth[n], -n))
        chosen.append((best, worth[best]))
        pool.remove(best)
    return [found[n]._replace(value=value) for n, value in chosen] + list(found[POOL:most])


def _likeness(one, other, title, other_title):
    """How much less one counts beside another."""
    if one.sense is not None and other.sense is not None:
        return SAME_SENSE * float(one.sense @ other.sense)
    return SAME * len(title & other_title) / max(1, len(title | other_title))


def best_sentence(body, terms, length=140):
    """The sentence of a text in which most of the words stand that say something, on one line, at most `length` characters."""
    body = body[:MAX_LOOKED_AT]
    ends = [found.end() for found in _END.finditer(body)] + [len(body)]
    hits = {}
    for at, which in _places(body, [term for term in terms if term.says_something] or terms):
        hits.setdefault(bisect_right(ends, at), set()).add(which)
    for n in sorted(hits, key=lambda n: (-len(hits[n]), n)) + list(range(min(len(ends), 20))):
        sentence = " ".join(body[ends[n - 1] if n else 0:ends[n]].split()) if n < len(ends) else ""
        if len(sentence) > 2 and not _HASHTAGS.fullmatch(sentence):
            return cut(sentence, length)
    return ""


def _places(body, terms):
    """[(where, which term)] of the terms in a text, by the beginnings of its words."""
    lower, found = body.lower(), []
    for which, term in enumerate(terms):
        for start in {term.word, term.start} - {""}:
            begins_word = start[0].isascii()
            at = lower.find(start)
            while at >= 0:
                if not begins_word or not at or not lower[at - 1].isalnum():
                    found.append((at, which))
                at = lower.find(start, at + len(start))
    return found


def marked(text, terms):
    """A plain text as HTML, the words asked for in <mark>."""
    parts, end = [], 0
    for start, stop, words in places_of(text):
        if any(_is(word, term) for word in words for term in terms if term.says_something):
            parts += [escape(text[end:start]), Markup("<mark>"), escape(text[start:stop]), Markup("</mark>")]
            end = stop
    return Markup("").join([*parts, escape(text[end:])])


def _is(word, term):
    return word == term.word or bool(term.start) and word.startswith(term.start)
