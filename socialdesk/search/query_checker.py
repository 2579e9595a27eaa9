"""What somebody may write into the search box: words, "words next to each other", one AND another, -not this."""
import re
from collections import deque
from typing import NamedTuple

from .word_checker import MAX_TEXT, clean, terms_of, words_of

MOST_PARTS = 24                         # phrases and signs that are looked at; of more the words alone count

_QUOTED = re.compile(r'(?:(?<=\s)|^)(-?)["“”„«»]([^"“”„«»]*)["“”„«»]')
_LEFT_OUT = re.compile(r"(?:(?<=\s)|^)-(?=[^\W_])(\S+)")
_AND = re.compile(r"\s+AND(?=\s+\S)")


class Query(NamedTuple):
    """A search as it was meant.  text: what to look for, in its order, without signs; terms: of it; required: words each of
    which must stand; phrases, excluded: tuples of words that must, must not, stand next to each other."""

    text: str
    terms: list
    required: frozenset = frozenset()
    phrases: tuple = ()
    excluded: tuple = ()

    @property
    def is_strict(self):
        """Must what is found be looked at, word by word?"""
        return bool(self.phrases or self.excluded)


def parse(text):
    """The Query that was typed.  Signs that stand alone or make no sense are left out.  Never raises."""
    text, phrases, excluded = clean(text[:MAX_TEXT]), [], []

    def take_quoted(found):
        words = tuple(words_of(found.group(2)))
        if not words or len(phrases) + len(excluded) >= MOST_PARTS:
            return f" {found.group(2)} "
        (excluded if found.group(1) else phrases).append(words)
        return " " if found.group(1) else f" {found.group(2)} "

    def take_excluded(found):
        words = tuple(words_of(found.group(1)))
        if not words or len(excluded) >= MOST_PARTS:
            return " "
        excluded.append(words)
        return " "

    plain = _LEFT_OUT.sub(take_excluded, _QUOTED.sub(take_quoted, text))
    required = {word for words in phrases for word in words} | _both_sides(plain)
    plain = _AND.sub(" ", plain)
    return Query(plain.strip() if not plain.endswith(" ") else plain.lstrip(), terms_of(plain), frozenset(required), tuple(phrases), tuple(excluded))


def _both_sides(text):
    """The words right before and right after each AND."""
    parts = _AND.split(text)[:MOST_PARTS]
    found = set()
    for before, after in zip(parts, parts[1:]):
        for side in (before.split()[-1:], after.split()[:1]):
            found |= {word for typed in side for word in words_of(typed)}
    return found


def stands_in(phrase, words):
    """Do these words stand next to each other?  phrase: a tuple; words: an iterable, read no further than needed."""
    last = deque(maxlen=len(phrase))
    for word in words:
        last.append(word)
        if word == phrase[-1] and tuple(last) == phrase:
            return True
    return False
