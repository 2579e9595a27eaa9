"""The words of a card: what a post says beyond its title, short."""
import re
from html import unescape

from ..posts.checker import cut

START = 1500                            # so much of a post's HTML is enough for a card
LONGEST = 280                           # characters of an excerpt

_BLOCK = re.compile(r"</?(?:p|h[1-6]|li|ul|ol|blockquote|pre|br|hr|table|tr|td|th)\b[^>]*>?")
_TAG = re.compile(r"<[^>]*>?")
_LAST_TAGS = re.compile(r"(?:(?:^|\s)#[\w-]+)+$")        # the card shows the hashtags on a line of their own
_HALF_ENTITY = re.compile(r"&[#\w]{0,8}$")


def beyond(title, html):
    """The start of a text without what its title says already; empty where the title says it all.
    html: rendered Markdown, or its first START characters."""
    words = _LAST_TAGS.sub("", _words(html))
    start = _LAST_TAGS.sub("", title.removesuffix("…"))
    if not words.startswith(start):
        return cut(words, LONGEST)
    rest = words[len(start):].lstrip(" .,;:")
    return cut("… " + rest if rest and title.endswith("…") else rest, LONGEST)


def _words(html):
    if len(html) >= START:
        html = _HALF_ENTITY.sub("", html)
    return " ".join(unescape(_TAG.sub("", _BLOCK.sub(" ", html))).split())
