"""What an article's address, headings, hashtags, dates and origin may look like."""
import calendar
import html
import re
import unicodedata
from datetime import datetime, timedelta, timezone

from ..errors import Invalid
from ..people.text_checker import clean_line
from ..tags.checker import MAX_TAGS, fold, is_name

MAX_SLUG = 80
RESERVED = frozenset(("new", "preview"))        # pages of their own under /help
LEAST_HEADINGS = 3                              # fewer need no table of contents
READERS = ("everyone", "private")               # who may read an article: private is the desk alone
KEPT = timedelta(days=30)                       # so long one that was taken back can be brought back
OVER = "This article was taken back more than 30 days ago, and its text is gone. Write it anew under Help."
REVIEW_MONTHS = 6                               # so long an article is taken to hold

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


def tags_from(text):
    """Names of hashtags typed into a line of their own, with or without "#".  Raises Invalid."""
    names = {}
    for word in re.split(r"[\s,;]+", text or ""):
        name = word.removeprefix("#")
        if name and not is_name(name):
            raise Invalid(f"“{name[:60]}” is no hashtag: it has 1 to 50 letters, digits, _ or -, and at least one letter. Mend it, or take it out.",
                          field="tags")
        if name:
            names.setdefault(fold(name), name)
    if len(names) > MAX_TAGS:
        raise Invalid(f"These are {len(names)} hashtags; an article may have {MAX_TAGS}. Keep those people would look for.", field="tags")
    return list(names.values())


# --- when to look again

def day_of(text):
    """The day a text such as 2030-05-31 names, as its first moment in UTC; of a moment, the day it lies in.  None for an
    empty one.  Raises Invalid."""
    if not (text or "").strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment.astimezone(timezone.utc) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        raise Invalid("A review date is written like 2030-05-31. Choose one from the calendar, or leave it empty.", field="review_at") from None
    return datetime(moment.year, moment.month, moment.day, tzinfo=timezone.utc)


def check_review(day, moment, before=None):
    """The day somebody chose to look at an article again.  before: the one it had, which may stay.  Raises Invalid."""
    if day is not None and day != before and day <= moment:
        raise Invalid("This review date has passed already. Choose a day to come, or leave it empty.", field="review_at")
    return day


def next_review(moment):
    """The first moment of the day, in UTC, REVIEW_MONTHS from now; the last of its month where that month is shorter."""
    months = moment.month - 1 + REVIEW_MONTHS
    year, month = moment.year + months // 12, months % 12 + 1
    return datetime(year, month, min(moment.day, calendar.monthrange(year, month)[1]), tzinfo=timezone.utc)


# --- headings

def with_contents(body_html):
    """(html, [(id, level, words)]): the headings begin below the page's own and can be led to.
    body_html: as posts.checker.render() gives it, so that a heading holds nothing but text and marks of it."""
    found, taken = [], {}

    def anchor(match):
        level = max(2, int(match[1]) - 1)
        words = " ".join(html.unescape(re.sub("<[^>]*>", "", match[2])).split())
        name = _anchor_of(words, taken)
        found.append((name, level, words))
        return f'<h{level} id="{name}">{match[2]}</h{level}>'

    made = _HEADING.sub(anchor, body_html)
    return made, [heading for heading in found if heading[2]]


def _anchor_of(words, taken):
    """An id that no other heading of the page has.  taken: {id: how often it was wished for}."""
    wish = name = f"h-{slug_of(words) or 'part'}"
    while name in taken:
        taken[wish] += 1
        name = f"{wish}-{taken[wish]}"
    taken[name] = 1
    return name
