"""The text of a post: its limits, its HTML, its plain words and its title."""

import html
import re
import unicodedata

from ..errors import Invalid
from ..people.text_checker import clean, clean_line, shows, unturned
from .markup_checker import parse, to_html

__all__ = ["check_body", "check_title", "clean", "clean_line", "excerpt", "joined", "plain_of", "render", "title_of"]

MAX_BODY = 20_000
MAX_TITLE = 120

# A full stop ends a sentence if a space follows and then no small letter; "e.g. this" and "Dr. No" go on.
_ENDS = re.compile(r"(?:[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？]+[」』”’]*)")
_ABBREVIATION = re.compile(r"[\s(](?:e\.g|i\.e|z\.\s?b|etc|dr|mr|mrs|ms|prof|no|nr|st|vs|approx|ca)\.$", re.IGNORECASE)
_INITIALS = re.compile(r"\w\.(?:\s?\w\.)*")
_GREETING = re.compile(r",\n\n")


def check_body(text, limit=MAX_BODY):
    """The cleaned text of a post.  Raises Invalid if it says nothing or is longer than `limit` characters."""
    body = clean(text).strip("\n").rstrip()
    if not shows(body):
        raise Invalid("There is no text yet. Write what is going on, one sentence is enough.", field="body")
    if len(body) > limit:
        raise Invalid(
            f"Your text has {len(body):,} characters; it may have {limit:,}. Nothing is lost: "
            "shorten it, or send the rest as a reply.", field="body")
    return body


def check_title(text):
    """The cleaned title on one line; empty if none was given.  Raises Invalid if longer than MAX_TITLE."""
    title = clean_line(text)
    if len(title) > MAX_TITLE:
        raise Invalid(
            f"The title has {len(title)} characters; it may have {MAX_TITLE}. Say it shorter and put the rest into the text.",
            field="title")
    return title


def joined(*texts, between="\n\n"):
    """Several texts as one: empty ones left out, and those that another one holds already."""
    said = [clean(text).strip() for text in texts]
    return between.join(text for n, text in enumerate(said) if text and not any(
        text in other and (text != other or m < n) for m, other in enumerate(said) if m != n))


def render(markdown, links=None, heading=3):
    """(html, plain) of a Markdown text.  links: {"people": known handles, "attachments": {"photo:1": id or
    (id, width, height)}}.  heading: the level of the highest heading in it.  The html is safe to show as it is."""
    text = clean(markdown)
    tokens = parse(text, links or {}, heading)
    plain = _plain(tokens)
    if plain or _draws(tokens):
        return unturned(to_html(tokens)), plain         # some can be written as signs of Markdown
    # Nested too deep, or signs that come to nothing: better the text as typed than an empty post.
    return f"<p>{html.escape(text.strip(), quote=False)}</p>" if text.strip() else "", text.strip()


def plain_of(markdown):
    """The words of a Markdown text without its signs; an empty line between paragraphs and list items."""
    return _plain(parse(clean(markdown), {}, 3))


def title_of(markdown):
    """The first sentence as plain text, at most MAX_TITLE characters, cut at a word; never empty for a text."""
    # The first sentence cannot reach further than this, and titles are made for whole imports.
    text = clean(markdown).strip()[:4_000]
    plain = clean(plain_of(text))
    title = clean_line(_first_sentence(plain)) or clean_line(plain) or clean_line(text)
    return cut(title, MAX_TITLE) if title or not markdown.strip() else "…"


def excerpt(plain, length):
    """The start of a plain text on one line, at most `length` characters, cut at a word."""
    return cut(clean_line(plain), length)


def cut(text, length):
    """A text on one line, at most `length` characters; what is cut ends with … and after a whole word, if one fits."""
    if len(text) <= length:
        return text
    end = length - 1
    space = text.rfind(" ", end // 2, end + 1)
    if space > 0:
        end = space
    while end > 0 and _joins(text[end - 1], text[end]):
        end -= 1
    return text[:end].rstrip(" ,;:-–") + "…"


def _joins(before, after):
    """Do these two make one sign, as an accent or a joined emoji does?"""
    return unicodedata.category(after)[0] == "M" or "\u200d" in (before, after) or "\U0001f3fb" <= after <= "\U0001f3ff"


def _first_sentence(plain):
    """Up to the first end of a sentence or of a line that does not go on in the next."""
    paragraph = _GREETING.sub(", ", plain, count=1).partition("\n\n")[0]
    line = re.split(r"(?<![,;:])\n(?![a-zß-öø-ÿа-яα-ω])", paragraph, maxsplit=1)[0]
    for end in _ENDS.finditer(line):
        rest = line[end.end():].lstrip()
        if rest[:1].islower() or _goes_on(line[:end.end()]) and rest:
            continue
        return line[:end.end()]
    return line


def _goes_on(start):
    """Is the full stop at the end one of an abbreviation or of initials?"""
    return _ABBREVIATION.search(" " + start[-12:]) or len(start) < 12 and _INITIALS.fullmatch(start)


def _plain(tokens):
    """The words of the tokens: paragraphs and list items apart by an empty line, rows by a line end."""
    words = []
    for token in tokens:
        if token.type == "inline":
            words.append("".join(map(_words, token.children)))
        elif token.type in ("fence", "code_block"):
            words.append(token.content.rstrip("\n") + "\n\n")
        elif token.type in ("th_close", "td_close"):
            words.append(" ")
        elif token.type in ("tr_close", "list_item_close") or token.type == "paragraph_close" and token.hidden:
            words.append("\n")
        elif token.type in ("paragraph_close", "heading_close", "table_close"):
            words.append("\n\n")
    return re.sub(r" *\n", "\n", re.sub(r"\n{3,}", "\n\n", clean("".join(words)))).strip()


def _words(token):
    if token.type in ("softbreak", "hardbreak"):
        return "\n"
    if token.type == "image":
        return token.content or "Photo"
    return token.content if token.type in ("text", "code_inline") else ""


def _draws(tokens):
    """Is there something to see even without words?"""
    return any(token.type in ("hr", "fence", "code_block") for token in tokens)
