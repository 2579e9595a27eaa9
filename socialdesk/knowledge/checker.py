"""What an article's address, headings and origin may look like."""
import re
import unicodedata

from ..errors import Invalid
from ..people.text_checker import clean_line

MAX_SLUG = 80
RESERVED = frozenset(("new", "preview"))        # pages of their own under /help
LEAST_HEADINGS = 3                              # fewer need no table of contents

_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "o", "å": "a", "ł": "l"})
_HEADING = re.compile(r"<h([2-6])>(.*?)</h\1>", re.DOTALL)


def slug_of(title):
    """The title as the last part of an address, or "" where none of its letters fit there."""
    bare = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", title.lower()).translate(_SPELLED))
    words = re.sub("[^a-z0-9._-]+", "-", re.sub("[\u0300-\u036f'’]", "", bare))
    slug = re.sub("-+", "-", words).strip("._-")
    if len(slug) > MAX_SLUG:
        slug = slug[:MAX_SLUG + 1].rpartition("-")[0][:MAX_SLUG] or slug[:MAX_SLUG]
    return slug.strip("._-")


def is_free_to_use(slug):
    """May it stand alone?  A number would be mistaken for an id, "new" for a page."""
    return bool(slug) and not slug.isdigit() and slug not in RESERVED


def is_edit_address(path):
    """Is this the address of the form that changes an article?"""
    return re.fullmatch(r"/help/[a-z0-9][a-z0-9._-]*/edit", path) is not None


def check_slug(slug):
    """A slug somebody chose.  Raises Invalid."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", slug) or len(slug) > MAX_SLUG or not is_free_to_use(slug):
        raise Invalid(f"An address has small letters, digits, '.', '_' or '-', at most {MAX_SLUG}, and is no plain number. "
                      "Choose another one, or leave it out.", field="slug")
    return slug


def check_address(url):
    """Where an article comes from, or None.  Raises Invalid where it leads nowhere safe."""
    url = clean_line(url or "").replace(" ", "%20")
    if url and not re.fullmatch(r"https?://[^\s<>\"]{1,2000}", url, re.IGNORECASE):
        raise Invalid("The source is no address that begins with http:// or https://. Mend it, or leave it out.", field="source_url")
    return url or None


def check_line(text, name, limit=200):
    """A short line such as a licence, or None.  Raises Invalid."""
    line = clean_line(text or "")
    if len(line) > limit:
        raise Invalid(f"The {name} has {len(line)} characters; it may have {limit}.", field=name)
    return line or None


def check_lang(lang):
    """A language tag such as en or pt-BR, en if none was given.  Raises Invalid."""
    lang = clean_line(lang or "") or "en"
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}", lang):
        raise Invalid("A language is written like en or pt-BR.", field="lang")
    return lang


def with_contents(body_html):
    """(html, [(id, level, words)]): the headings begin below the page's own and can be led to."""
    found = []

    def anchor(match):
        level = max(2, int(match[1]) - 1)
        name = f"part-{len(found) + 1}"
        found.append((name, level, re.sub("<[^>]*>", "", match[2])))
        return f'<h{level} id="{name}">{match[2]}</h{level}>'

    return _HEADING.sub(anchor, body_html), found
