"""What changed between two texts: line by line, and word by word in the lines that are alike; bounded, so that none takes long."""
import re
from difflib import SequenceMatcher
from typing import NamedTuple

AROUND = 2                              # unchanged lines shown on both sides of a change
MOST_LINES = 1_200                      # of both texts that are compared line by line; the rest is told as a whole
MOST_WORDS = 300                        # of two lines that are compared word by word
MOST_PAIRS = 100                        # lines looked at for their likeness, gone times new
ALIKE = 0.4                             # below, two lines are two lines, not one that was changed

_WORD = re.compile(r"\w+|\s+|[^\w\s]")


class Line(NamedTuple):
    """A line of the difference.  kind: same, gone, new, or skipped, whose count is how many lines are left out.
    parts: [(text, was it changed?)]."""

    kind: str
    parts: list
    count: int = 1


def difference(before, after):
    """[Line] that leads from one text to the other; empty where they are the same."""
    old, new = before.split("\n"), after.split("\n")
    if old == new:
        return []
    lines = []
    for kind, a, b, c, d in _steps(old, new):
        lines += [_whole("same", line) for line in old[a:b]] if kind == "equal" else _changed(old[a:b], new[c:d])
    return _folded(lines)


def _steps(old, new):
    """What difflib says of the lines between the common beginning and the common end."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    middle = (old[start:len(old) - end], new[start:len(new) - end])
    inner = SequenceMatcher(None, *middle).get_opcodes() if len(middle[0]) + len(middle[1]) <= MOST_LINES else [
        ("replace", 0, len(middle[0]), 0, len(middle[1]))]
    yield "equal", 0, start, 0, start
    for kind, a, b, c, d in inner:
        yield kind, a + start, b + start, c + start, d + start
    yield "equal", len(old) - end, len(old), len(new) - end, len(new)


def _common(one, other):
    for count, (a, b) in enumerate(zip(one, other)):
        if a != b:
            return count
    return min(len(one), len(other))


def _changed(old, new):
    """Lines that made room for others; where two are alike, with their words marked."""
    left, right = {}, {}
    for a, b in _pairs(old, new):
        left[a], right[b] = _words(old[a], new[b])
    gone = [Line("gone", left.get(n) or [(line, True)]) for n, line in enumerate(old)]
    return gone + [Line("new", right.get(n) or [(line, True)]) for n, line in enumerate(new)]


def _pairs(old, new):
    """[(n, m)] of lines that may be the same one, changed: in order where they are as many, else the most alike ones."""
    if len(old) == len(new) or len(old) * len(new) > MOST_PAIRS:
        return list(zip(range(len(old)), range(len(new))))
    found, start = [], 0
    for a, line in enumerate(old):
        likeness = {b: SequenceMatcher(None, line, new[b], autojunk=False).quick_ratio() for b in range(start, len(new))}
        best = max(likeness, key=likeness.get, default=None)
        if best is not None and likeness[best] >= ALIKE:
            found.append((a, best))
            start = best + 1
    return found


def _words(before, after):
    """The parts of two lines that are alike, or (None, None)."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    if len(old) + len(new) > MOST_WORDS:
        return None, None
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.quick_ratio() < ALIKE or matcher.ratio() < ALIKE:
        return None, None
    left, right = [], []
    for kind, a, b, c, d in matcher.get_opcodes():
        left += [("".join(old[a:b]), kind != "equal")] if b > a else []
        right += [("".join(new[c:d]), kind != "equal")] if d > c else []
    return left, right


def _whole(kind, line):
    return Line(kind, [(line, False)])


def _folded(lines):
    """Long stretches that did not change, but for what stands around a change, told by their number."""
    near = {n + step for n, line in enumerate(lines) if line.kind != "same" for step in range(-AROUND, AROUND + 1)}
    kept, skipped = [], 0
    for n, line in enumerate(lines):
        if n in near:
            kept += [Line("skipped", [], skipped), line] if skipped else [line]
            skipped = 0
        else:
            skipped += 1
    return kept + ([Line("skipped", [], skipped)] if skipped else [])
