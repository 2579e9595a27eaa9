"""A line of an import file of tickets or posts: what it says, or why it cannot be used."""
import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import parseaddr

from ..errors import Invalid
from ..people.checker import fold_email, is_email
from ..people.text_checker import clean_line, is_utf8
from ..posts.checker import check_body
from ..tags.checker import MAX_TAGS, from_foreign, hashtags_in

KINDS = ("ticket", "question")
LATER = ("announcement", "idea", "kudos", "poll", "article", "reply")
QUESTION_STATUSES = ("open", "answered")
STATUSES = ("new", "in_progress", "on_hold", "resolved", "closed", "canceled")
MAX_REPLIES = 1000


@dataclass
class Said:
    """A text of somebody.  email: folded; name: as it stood beside the address, else ""; at: when, or None."""

    email: str
    name: str
    body: str
    at: datetime | None


@dataclass
class Row:
    """A line that can be used.  key: its id, else its content; tags: names without "#"."""

    line: int
    kind: str
    key: str
    title: str
    said: Said
    status: str
    tags: list
    team: str
    replies: list = field(default_factory=list)


def read_row(line, text, present, author_email=None, author="requester_email", kind="ticket"):
    """The Row of a line, text or bytes.  present: now, no time may lie after it.  author: the field that says whose it is;
    author_email: whose it is where it does not.  kind: None if the line says it.  Raises Invalid."""
    given = _parsed(text)
    kind = kind or _kind(given)
    body = _body(_text(given, "body") or _text(given, "text"))
    said = Said(*_who(_text(given, author) or author_email or "", author), body, _when(given, "created_at", present))
    row = Row(line, kind, "", clean_line(_text(given, "title")), said, _status(given, kind), _tags(given, body),
              clean_line(_text(given, "team")), _replies(given, present, said.at))
    row.key = _key(given) or "content:" + _hash(kind, row.title, body, said.email, str(said.at))
    return row


def _kind(given):
    kind = _text(given, "kind")
    if kind in KINDS:
        return kind
    if kind in LATER:
        raise Invalid(f'A line of kind "{kind}" cannot be brought in this way. Questions and tickets can.')
    raise Invalid(f'"kind" must be {" or ".join(KINDS)}, and is {f"{kind[:40]!r}" if kind else "missing"}.')


def _status(given, kind):
    known = STATUSES if kind == "ticket" else QUESTION_STATUSES
    status = _text(given, "status") or known[0]
    if status not in known:
        raise Invalid(f'"{status[:40]}" is no status of a {kind}. Use one of {", ".join(known)}.')
    return status


def _parsed(text):
    if not is_utf8(text):
        raise Invalid("This line is not UTF-8 text. Save the file as UTF-8, then import it again.")
    try:
        found = json.loads(text.decode("utf-8") if isinstance(text, bytes) else text)
    except (ValueError, RecursionError):
        raise Invalid("This line is no JSON. Write one object a line.") from None
    if not isinstance(found, dict):
        raise Invalid("This line is JSON, but no object. Write one object a line, with at least a body.")
    return found


def _text(given, name):
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise Invalid(f'"{name}" must be text.')
    return value or ""


def _body(text):
    if not text.strip():
        raise Invalid('It has no text: give it a "body" (or "text").')
    return check_body(text)


def _who(address, name):
    shown, email = parseaddr(address)
    if not email:
        raise Invalid(f'"{name}" is missing: say whose it is{", or give --requester EMAIL for the whole file" if name == "requester_email" else ""}.')
    if not is_email(email):
        raise Invalid(f'"{email[:80]}" is no e-mail address. Correct "{name}".')
    return fold_email(email), clean_line(shown)[:80]


def _when(given, name, present):
    text = _text(given, name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(f'"{text[:40]}" is no time. Write "{name}" like 2026-03-02T09:15:00Z.') from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    if moment.year < 1970 or moment > present + timedelta(minutes=5):
        raise Invalid(f'"{name}" lies {"in the future" if moment.year >= 1970 else "before 1970"}. Correct it, or leave it out.')
    return moment.astimezone(timezone.utc)


def _tags(given, body):
    """Its hashtags: those of the list, the category as one, those in the text; each once."""
    tags = given.get("tags")
    if tags is None:
        tags = [given["category"]] if given.get("category") not in (None, "") else []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Invalid('"tags" must be a list of words, and "category" one word or several as text.')
    names = [*filter(None, map(from_foreign, tags)), *(shown for _, _, shown in hashtags_in(body))]
    return list(dict.fromkeys(names))[:MAX_TAGS]


def _replies(given, present, opened):
    replies = given.get("replies") or []
    if not isinstance(replies, list) or not all(isinstance(reply, dict) for reply in replies) or len(replies) > MAX_REPLIES:
        raise Invalid(f'"replies" must be a list of at most {MAX_REPLIES:,} objects with "from", "body" and "at".')
    found = [Said(*_who(_text(reply, "from"), "from"), _body(_text(reply, "body")), _when(reply, "at", present)) for reply in replies]
    for reply in found:
        opened = reply.at = max(filter(None, (reply.at or opened, opened)), default=None)     # none before what it answers
    return found


def _key(given):
    value = given.get("id")
    if value in (None, ""):
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)) or len(str(value)) > 200:
        raise Invalid('"id" must be a text or a whole number of at most 200 signs.')
    return f"id:{clean_line(str(value))}"


def _hash(*parts):
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()
