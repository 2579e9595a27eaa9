"""What every text is cleaned of, and the places of a Markdown text where no name or hashtag is read."""

import re
import unicodedata
from bisect import bisect_right

from markdown_it import MarkdownIt

_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")
# Controls, halves of surrogate pairs and non-characters: databases, mail and JSON stumble over them.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# They turn around how all that follows is read; marks that only say the direction of what stands beside them stay.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_BLANK = "\u034f\u115f\u1160\u2800\u3164\uffa0\ufe0f"        # counted as letters and marks, and seen by nobody

_URL = re.compile(r"(?<![\w@])(?:https?://|www\.)(?=\w)[^\s<>\"`\[\]{}|\\^]+", re.IGNORECASE)
_TICKS = re.compile("`+")
# Bounded repeats keep the search linear on text made to be slow.
_DESTINATION = re.compile(
    r"\]\((?:<[^<>\n]{0,2000}>|[^\s()<>]*(?:\([^\s()]{0,200}\)[^\s()<>]*)*)"
    r"(?:[ \t]{1,9}(?:\"[^\"\n]{0,200}\"|'[^'\n]{0,200}'|\([^)\n]{0,200}\)))?"
)
_REFERENCE = re.compile(r"^ {0,3}\[[^\[\]\n]{1,200}\]:[ \t]*\S+", re.MULTILINE)
_LINE_END = re.compile("\r\n?|\n")
_BLOCKS = MarkdownIt("commonmark", {"html": False}).enable("table").disable("inline")


def clean(text):
    """The text in NFC with plain line ends, without controls, NUL, lone surrogates, and what turns the direction of writing around."""
    text = _LINE_ENDS.sub("\n", text)
    return unicodedata.normalize("NFC", unturned(_UNSEEN.sub("", text)))


def unturned(text):
    """The text without the controls that turn the direction of writing around."""
    return _TURNING.sub("", text)


def clean_line(text):
    """The cleaned text on one line, single-spaced."""
    return " ".join(clean(text).split())


def shows(text):
    """Is there anything in it that can be seen?"""
    return any(unicodedata.category(ch)[0] not in "CZ" and ch not in _BLANK for ch in text)


def is_utf8(text):
    """Was this, bytes or what surrogateescape made of them, UTF-8?"""
    try:
        text.decode("utf-8") if isinstance(text, bytes) else text.encode("utf-8")
    except UnicodeError:
        return False
    return True


def url_spans(text):
    """[(start, end)] of the bare web addresses, without the punctuation that ends the sentence around them."""
    return [(found.start(), found.start() + _kept(found.group())) for found in _URL.finditer(text)]


def _kept(url):
    """How much of what looks like a URL is one: 'https://x.org/a).' ends before the ')' it never opened."""
    surplus = url.count(")") - url.count("(")
    end = len(url)
    while end:
        if url[end - 1] == ")" and surplus > 0:
            surplus -= 1
        elif url[end - 1] not in ".,;:!?'*_~":
            break
        end -= 1
    return end


def inside(spans, position):
    """The end of the span that the position lies in, or 0.  spans: sorted, apart from each other."""
    index = bisect_right(spans, position, key=lambda span: span[0]) - 1
    return spans[index][1] if index >= 0 and position < spans[index][1] else 0


def is_in_word(text, position, joining="_"):
    """Does what starts at the position belong to a word before it?  Signs that show nothing, and those in `joining`,
    are looked through: ⚠️#vpn and _#vpn_ start anew, a_#b does not."""
    before = position - 1
    while before >= 0 and (text[before] in joining or "\ufe00" <= text[before] <= "\ufe0f"):
        before -= 1
    return before >= 0 and unicodedata.category(text[before])[0] in "LMN"


def quiet_spans(text):
    """[(start, end)], sorted and merged, of code, addresses and link targets in a Markdown text."""
    starts = [0] + [end.end() for end in _LINE_END.finditer(text)] + [len(text) + 1]
    spans = url_spans(text)
    for token in _BLOCKS.parse(text):
        if not token.map:
            continue
        start, end = starts[token.map[0]], min(starts[min(token.map[1], len(starts) - 1)], len(text))
        if token.type in ("fence", "code_block"):
            spans.append((start, end))
        elif token.type == "inline":
            spans.extend(_code_spans(text, start, end))
    for pattern in (_DESTINATION, _REFERENCE):
        spans.extend(found.span() for found in pattern.finditer(text))
    return _merged(spans)


def _code_spans(text, start, end):
    """Code in text[start:end], from each run of backticks to the next run of the same length."""
    # A backslash takes the first tick away from a run that opens, not from one that closes.
    runs = [(*found.span(), _is_escaped(text, found.start())) for found in _TICKS.finditer(text, start, end)]
    places = {}
    for index, (begin, stop, _) in enumerate(runs):
        places.setdefault(stop - begin, []).append(index)
    spans, index = [], 0
    while index < len(runs):
        begin, stop, escaped = runs[index]
        same = places.get(stop - begin - escaped, [])
        place = bisect_right(same, index)
        if stop - begin > escaped and place < len(same):
            index = same[place]
            spans.append((begin + escaped, runs[index][1]))
        index += 1
    return spans


def _is_escaped(text, position):
    """Does an odd number of backslashes stand before the position?"""
    before = position
    while before and text[before - 1] == "\\":
        before -= 1
    return (position - before) % 2


def _merged(spans):
    merged = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
