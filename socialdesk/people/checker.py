"""Names, handles, e-mail addresses and @mentions: what they may be and how they are compared."""

import re
import string
import unicodedata

from ..errors import Invalid
from .password_checker import check_password
from .text_checker import clean, clean_line, inside, is_in_word, quiet_spans

__all__ = [
    "check_email", "check_handle", "check_name", "check_password", "clean", "clean_line", "fold_email", "fold_name", "handle_from",
    "initials", "is_email", "is_handle", "mention_at", "mentions_in", "slug_from",
]

MAX_NAME = 80
MAX_EMAIL = 254
MAX_MENTIONS = 20

_HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,29}")
_MENTION = re.compile(r"@([A-Za-z0-9][A-Za-z0-9._-]*)")
# An '@' right after one of these belongs to an address, a path or a longer word.
_NOT_BEFORE = frozenset("@+-/\\&=%#")
_LOCAL = re.compile(r"[^\s@\"(),:;<>\[\]\\\x00-\x1f\x7f-\x9f]{1,64}")
_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)")

_TITLES = frozenset("dr prof mr mrs ms miss mx sir herr frau mme mlle ing dipl".split())
_LATIN = dict(zip("ßæœøłđðþıħŋ", "ss ae oe o l d d th i h n".split()))
_CYRILLIC = dict(zip(
    "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґўјљњћђџѓќѕ",
    "a b v g d e zh z i i k l m n o p r s t u f kh ts ch sh shch - y - e yu ya i i ye g u j lj nj c dj dz g k dz".split(),
))
_GREEK = dict(zip("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split()))
_ASCII = str.maketrans({letter: plain.strip("-") for letter, plain in (_LATIN | _CYRILLIC | _GREEK).items()})


def check_name(text):
    """A person's name on one line.  Raises Invalid if it is empty or longer than MAX_NAME."""
    name = clean_line(text)
    if not any(unicodedata.category(ch)[0] in "LNS" for ch in name):
        raise Invalid("There is no name yet. Write the name others know you by.", field="name")
    if len(name) > MAX_NAME:
        raise Invalid(f"This name has {len(name)} characters; it may have {MAX_NAME}. Write a shorter form of it.", field="name")
    return name


def initials(name):
    """One or two letters to draw for a person without a picture: first and last word; '?' if there are none."""
    words = ["".join(ch for ch in word if unicodedata.category(ch)[0] in "LN") for word in _in_order(name)]
    words = [word for word in words if word]
    chosen = words[:1] + words[1:][-1:]
    return "".join(word[0].upper()[0] for word in chosen) or "?"


def is_handle(text):
    """Is this a handle: a-z or 0-9 first, then up to 29 of a-z 0-9 . _ -?"""
    return _HANDLE.fullmatch(text) is not None


def check_handle(text):
    """The handle in small letters, without a leading '@'.  Raises Invalid if it cannot be one."""
    handle = clean_line(text).removeprefix("@").lower()
    if not is_handle(handle):
        raise Invalid(
            "A handle has 1 to 30 of the letters a to z, figures, and . _ - after the first. "
            f"{handle_from(handle)} would work.", field="handle")
    return handle


def handle_from(name):
    """A handle from the first name, in ASCII: "Zoë Müller" gives zoe; "person" if no letter can be written so.
    Whether it is taken is for the caller, who adds a number."""
    words = [word for word in _in_order(name) if word.strip(".").casefold() not in _TITLES] or _in_order(name)
    for word in words:
        handle = re.sub(r"[^a-z0-9-]", "", _to_ascii(word)).strip("-")[:24].rstrip("-")
        if handle:
            return handle
    return "person"


def fold_name(text):
    """The form in which names are searched and ordered."""
    return unicodedata.normalize("NFKC", clean_line(text)).casefold()


def slug_from(name):
    """The name of a group as part of an address, "Pilot group 2" gives pilot-group-2; "" if no letter can be written so."""
    words = [re.sub(r"[^a-z0-9]+", "-", _to_ascii(word)).strip("-") for word in clean_line(name).split()]
    return "-".join(word for word in words if word)[:30].strip("-")


def fold_email(text):
    """The form in which addresses are compared.  Only a-z fold: other letters that look alike stay different,
    so that nobody gets a link meant for another."""
    text = unicodedata.normalize("NFC", text.strip())
    return text.translate(str.maketrans(string.ascii_uppercase, string.ascii_lowercase))


def is_email(text):
    """Could this be an address that mail reaches?  Only a mail that arrives proves it."""
    local, at, domain = text.rpartition("@")
    if not at or len(text) > MAX_EMAIL or not _LOCAL.fullmatch(local):
        return False
    if local[0] == "." or local[-1] == "." or ".." in local:
        return False
    labels = domain.split(".")
    return len(labels) > 1 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def check_email(text):
    """The address as typed, without spaces around it.  Raises Invalid if it cannot be one."""
    email = unicodedata.normalize("NFC", text.strip())
    if not email:
        raise Invalid("There is no e-mail address yet. Write yours, such as ada@example.org.", field="email")
    if clean(email) != email or not is_email(email):
        raise Invalid(
            "This does not look like an e-mail address. It needs a name, an @ and a domain, such as ada@example.org.",
            field="email")
    return email


def mentions_in(text, known=None):
    """[(start, end, handle)] of the @handles of a Markdown text, in small letters, not in code or addresses.
    known: the handles there are, to tell "@ada." (a full stop) from the handle "ada."."""
    if "@" not in text:
        return []
    quiet, found, different = quiet_spans(text), [], set()
    position = text.find("@")
    while position >= 0:
        mention = None if inside(quiet, position) else mention_at(text, position, known)
        if mention and (mention in different or len(different) < MAX_MENTIONS):
            different.add(mention)
            found.append((position, position + 1 + len(mention), mention))
        position = text.find("@", position + 1)
    return found


def mention_at(text, position, known=None):
    """The handle whose '@' stands at the position, or None.  With `known`, only one of these."""
    found = _MENTION.match(text, position)
    if not found or text[position - 1:position] in _NOT_BEFORE or is_in_word(text, position, joining="_."):
        return None
    if text[found.end():found.end() + 1] == "@":
        return None
    return _handle_of(found.group(1).lower(), known)


def _handle_of(typed, known):
    """The longest known handle, leaving out what ends the sentence; without `known`, all of that left out."""
    shortest = typed.rstrip("._-")
    if known is None:
        return shortest if is_handle(shortest) else None
    for end in range(min(len(typed), 30), len(shortest) - 1, -1):
        if typed[:end] in known:
            return typed[:end]
    return None


def _in_order(name):
    """The words of a name, the first name first: "Lovelace, Ada" is turned around."""
    last, comma, first = clean_line(name).partition(",")
    return (f"{first} {last}" if comma and first.strip() else last).split()


def _to_ascii(word):
    """Small ASCII letters for the Latin, Cyrillic and Greek ones; others are dropped."""
    plain = unicodedata.normalize("NFKD", word).casefold()
    plain = "".join(ch for ch in plain if unicodedata.category(ch)[0] != "M").translate(_ASCII)
    return plain.encode("ascii", "ignore").decode()
