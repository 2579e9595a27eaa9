"""Hashtags: what is one in a text, and which spellings are the same one."""

import unicodedata
from functools import lru_cache

from ..people.text_checker import inside, is_in_word, quiet_spans

MAX_LENGTH = 50
MAX_FOLDED = 150  # a ligature may fold to several letters
MAX_TAGS = 20

# A '#' right after one of these belongs to something else: a#b, &#39;, page/#part, \#escaped.
_NOT_BEFORE = frozenset("#&@/\\=?")


@lru_cache(4096)
def fold(name):
    """The form in which hashtags are compared: NFKC-casefolded letters, marks and digits; '_' and '-' do not count."""
    for _ in range(4):
        folded = "".join(ch for ch in unicodedata.normalize("NFKC", name).casefold() if _counts(ch))
        folded = unicodedata.normalize("NFKC", folded)
        if folded == name:
            break
        name = folded
    return name


def hashtags_in(text):
    """[(start, end, shown)] of the hashtags of a Markdown text; shown is the name as typed, without its '#'.
    After MAX_TAGS different ones, further ones stay plain words."""
    if "#" not in text:
        return []
    quiet, found, different = quiet_spans(text), [], set()
    position = text.find("#")
    while position >= 0:
        shown = None if inside(quiet, position) else hashtag_at(text, position)
        if shown and is_taken(shown, different):
            found.append((position, position + 1 + len(shown), shown))
        position = text.find("#", position + 1)
    return found


def is_taken(shown, different):
    """Is there room for this hashtag beside those already in the set `different`?  Adds its folded form."""
    folded = fold(shown)
    if folded not in different and len(different) >= MAX_TAGS:
        return False
    different.add(folded)
    return True


def hashtag_at(text, position):
    """The name of the hashtag whose '#' stands at the position, or None."""
    if text[position] != "#" or text[position - 1:position] in _NOT_BEFORE or is_in_word(text, position):
        return None
    end = position + 1
    while end < len(text) and _fits(text[end]):
        end += 1
    shown = text[position + 1:end].rstrip("-_")
    return shown if is_name(shown) else None


def is_name(shown):
    """Can this stand after '#'?  1 to 50 letters, marks, digits, '_' or '-', one of them a letter one can see."""
    if not 1 <= len(shown) <= MAX_LENGTH or not all(map(_fits, shown)):
        return False
    if unicodedata.category(shown[0])[0] == "M":  # it would sit on the '#' itself, as in the key #️⃣
        return False
    folded = fold(shown)
    return len(folded) <= MAX_FOLDED and any(unicodedata.category(ch)[0] == "L" for ch in folded)


def from_foreign(text):
    """The hashtag name for a label from elsewhere ("Network / VPN" becomes Network-VPN), or None if it has no letter."""
    text = unicodedata.normalize("NFC", text)
    words = "".join(ch if _fits(ch) else " " for ch in text).split()
    name = "-".join(words).strip("-_")[:MAX_LENGTH].rstrip("-_")
    while name and unicodedata.category(name[0])[0] == "M":
        name = name[1:].lstrip("-_")
    return name if is_name(name) else None


def _fits(ch):
    return ch in "_-" or unicodedata.category(ch)[0] in "LM" or unicodedata.category(ch) == "Nd"


def _counts(ch):
    return ch not in "_-" and _fits(ch) and not _is_ignorable(ch)


def _is_ignorable(ch):
    """Letters and marks that show nothing (fillers, joiners, variation selectors): two names must not differ by them."""
    return (
        ch in "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
        or "\u180b" <= ch <= "\u180f" or "\ufe00" <= ch <= "\ufe0f" or "\U000e0100" <= ch <= "\U000e01ef"
    )
