"""What one can ask of posts: a text made ready to be written; threads and timelines stand beside."""
import secrets
import threading
from dataclasses import dataclass, field
from typing import NamedTuple

from flask import current_app

from ..config import keep_file
from ..db import close_read
from ..errors import Invalid
from ..people import queries as people
from ..people.checker import mentions_in
from ..tags.checker import hashtags_in
from . import checker
from .photo_checker import check_photo, name_in_text
from .thread_queries import author_columns, get_post, is_readable, own_title, photos_of, stands, thread_of, versions_of
from .timeline_queries import is_far_back, timeline_of

__all__ = ["Kept", "Prepared", "author_columns", "get_post", "is_far_back", "is_readable", "own_title", "photos_of", "prepare", "stands",
           "thread_of", "timeline_of", "versions_of"]

MAX_PHOTOS = 6


class Kept(NamedTuple):
    """A photo whose bytes are stored; it has no post yet."""

    sha256: str
    mime: str
    bytes: int
    width: int
    height: int


@dataclass
class Prepared:
    """A text ready to be written: checked, rendered, its photos stored.  mentions: {handle: person id};
    photos: [Kept]; mark: what stands in html for the address of a photo until it has one."""

    body_md: str
    title: str
    html: str
    plain: str
    tags: list
    mentions: dict
    photos: list = field(default_factory=list)
    mark: str = ""


_DARKROOM = threading.BoundedSemaphore(2)       # a large picture takes hundreds of megabytes while it is opened


def prepare(viewer, body_md, title=None, files=(), attached=(), kept=()):
    """Everything slow about a text, outside the write transaction: Markdown, photos, who is mentioned.
    files: uploads or bytes; attached: rows of photos_of() the post has already; kept: [Kept] of keep_photos().  A text calls
    a photo photo:1 and so on, or by name_in_text().  Raises Invalid, TooLarge."""
    body = checker.check_body(body_md)
    photos = [*kept, *keep_photos(files, len(attached))]
    mentions = _mentions(body)
    close_read()
    mark = f"new-{secrets.token_hex(8)}"
    places = [*(tuple(row[:3]) for row in attached), *((f"{mark}-{n}", photo.width, photo.height) for n, photo in enumerate(photos))]
    named = {name_in_text(photo.sha256): place for photo, place in zip((*attached, *photos), places)}
    named |= {f"photo:{n}": place for n, place in enumerate(places, 1)}
    html, plain = checker.render(body, links={"people": mentions, "attachments": named})
    tags = list(dict.fromkeys(shown for _, _, shown in hashtags_in(body)))
    return Prepared(body, checker.check_title(title or "") or checker.title_of(body), html, plain, tags, mentions, photos, mark)


def keep_photos(files, present=0, most=MAX_PHOTOS):
    """Check and store photos, which no post has yet: [Kept].  present: how many there are beside them.  Raises Invalid."""
    photos = _photos(files, present, most)
    if photos:
        close_read()
    for photo in photos:
        keep_file(current_app.config["SETTINGS"].uploads / photo.sha256, photo.data)
    return [Kept(photo.sha256, photo.mime, len(photo.data), photo.width, photo.height) for photo in photos]


def _photos(files, present, most):
    chosen = [_read(file) for file in files if isinstance(file, bytes) or getattr(file, "filename", None) != ""]
    if present + len(chosen) > most:
        raise Invalid(f"A post may have {most} photos, and these are {present + len(chosen)}. "
                      "Your text is safe; leave some out, or send them with a reply.", field="photo")
    most_bytes = current_app.config["SETTINGS"].max_upload_bytes
    with _DARKROOM:
        return [check_photo(data, most_bytes) for data in chosen]


def _read(file):
    if isinstance(file, bytes):
        return file
    data = file.read()
    file.seek(0)                                # what the idempotency key stands for is read from it as well
    return data


def _mentions(body):
    """{handle: person id} of those named in a text who exist.  A handle may end in a sign that also ends a sentence."""
    names = set()
    for _, end, handle in mentions_in(body):
        names.add(handle)
        while end < len(body) and body[end] in "._-" and len(handle) < 30:
            handle, end = handle + body[end], end + 1
            names.add(handle)
    known = people.handles(names)
    named = {handle for _, _, handle in mentions_in(body, known)}
    return {handle: person_id for handle, person_id in known.items() if handle in named}
