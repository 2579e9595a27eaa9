"""What of the last word in a ticket may begin an article: the solution, without greeting, farewell, people called and photos."""
import re

from ..people.checker import mentions_in

_PHOTO = re.compile(r"!\[[^\]]*\]\([^)]*\)[ \t]*\n?")             # it stays with the ticket
_GREETING = re.compile(r"\s*(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|moin|guten (?:morgen|tag|abend)|liebe[rs]?|sehr geehrte[rs]?)"
                       r"\b(?:[ \t]+[^\s,.!:;?]+){0,4}[ \t]*(?:[,.!:–-]+|\n)\s*", re.IGNORECASE)
_FAREWELL = re.compile(r"\n\s*(?:(?:best|kind|warm) (?:regards|wishes)|best|regards|cheers|thanks|thank you|many thanks|yours|"
                       r"(?:viele|beste|liebe|freundliche) grüße|mit freundlichen grüßen|gruß|mfg|lg|vg)\b[^\n]{0,40}(?:\n[^\n]{0,60}){0,4}\s*\Z",
                       re.IGNORECASE)


def solution_in(body_md):
    """The Markdown of a reply as an article may begin with it."""
    text = _FAREWELL.sub("", "\n" + _PHOTO.sub("", _nameless(body_md)).strip())
    text = _GREETING.sub("", text.strip(), count=1) if _GREETING.match(text.strip()) else text.strip()
    return text[:1].upper() + text[1:]


def _nameless(text):
    for start, end, _handle in reversed(mentions_in(text)):
        text = f"{text[:start]}a colleague{text[end:]}"
    return text


def names_in(text, names):
    """Which of these names, or the first or last part of one, stand in a text.  names: of people."""
    parts = {part for name in names for part in name.split() if len(part) > 1}
    return sorted(part for part in parts if re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text, re.IGNORECASE))
