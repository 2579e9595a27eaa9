"""What comes first, whether it fits at all, and the sentence that shows it."""
import math
import re
from typing import NamedTuple

from markupsafe import Markup, escape

from ..posts.checker import cut
from .word_checker import places_of

TITLE_WEIGHT, B, K1 = 6, 0.4, 1.2       # BM25F; the order hardly depends on them
MAX_LOOKED_AT = 12_000                  # characters of a text in which the best sentence is looked for
MOST_ASKED = 5                          # words that a document must speak of to fit wholly: a long story need not be told again
SMOOTH = 100                            # as if so many more documents were there: in a young desk no word is rare yet

_SENTENCE = re.compile(r"[^\n.!?。！？]*(?:[.!?](?!\s|$)[^\n.!?。！？]*)*(?:[.!?。！？]+|\n|$)")


class Ranked(NamedTuple):
    """A document that was found.  score: its place among the others; fit: 0..1, how much of what was typed it speaks of;
    said: how many words that say something it has."""

    score: float
    fit: float
    said: int
    row: object


def rank(rows, terms, documents, counts):
    """[Ranked], best first.  rows: with title_words and body_words; counts: {word: documents it stands in}."""
    weights = [rarity(documents, counts.get(term.word, 0)) for term in terms]
    title_length = 1 + sum(len(row.title_words) for row in rows) / max(1, len(rows))
    body_length = 1 + sum(len(row.body_words) for row in rows) / max(1, len(rows))
    said = sum(sorted((weight for term, weight in zip(terms, weights) if term.says_something), reverse=True)[:MOST_ASKED]) or 1
    found = []
    for row in rows:
        title_part = TITLE_WEIGHT / (1 - B + B * len(row.title_words) / title_length)
        body_part = 1 / (1 - B + B * len(row.body_words) / body_length)
        score = fit = words = 0
        for term, weight in zip(terms, weights):
            in_title, in_body = _times(term, row.title_words), _times(term, row.body_words)
            if in_title or in_body:
                frequency = in_title * title_part + in_body * body_part
                score += weight * frequency / (K1 + frequency)
                if term.says_something:
                    fit, words = fit + weight * (1 if in_title else 0.6), words + 1
        found.append(Ranked(score, min(1, fit / said), words, row))
    return sorted(found, key=lambda one: (-one.score, -one.row.post_id))


def rarity(documents, count):
    """How much a word says: the rarer, the more.  A word that stands nowhere says as much as one that stands once."""
    count = max(count, 1)
    return math.log(1 + (documents + SMOOTH - count + 0.5) / (count + 0.5))


def _times(term, words):
    times = words.count(f" {term.word} ")
    return max(times, words.count(f" {term.start}")) if term.start else times


def best_sentence(body, terms, length=140):
    """The sentence of a text in which most of the words stand that say something, on one line, at most `length` characters."""
    telling = [term for term in terms if term.says_something] or terms
    best, most = "", -1
    for found in _SENTENCE.finditer(body[:MAX_LOOKED_AT]):
        sentence = found.group().strip()
        words = {word for _, _, some in places_of(sentence) for word in some}
        hits = sum(any(_is(word, term) for word in words) for term in telling)
        if len(sentence) > 2 and hits > most:
            best, most = sentence, hits
    return cut(" ".join(best.split()), length)


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
