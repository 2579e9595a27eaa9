"""What one can ask of posts."""
import secrets
from dataclasses import dataclass, field
from typing import NamedTuple

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import aliased

from ..config import keep_file
from ..db import close_read, db
from ..errors import Invalid, Missing
from ..people import queries as people
from ..people.checker import mentions_in
from ..policy import readable
from ..tags.checker import hashtags_in
from . import checker
from .models import Post
from .photo_checker import check_photo

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


def prepare(viewer, body_md, title=None, files=(), attached=()):
    """Everything slow about a text, outside the write transaction: Markdown, photos, who is mentioned.
    files: uploads or bytes; attached: (id, width, height) of photos the post has already.  Raises Invalid, TooLarge."""
    body = checker.check_body(body_md)
    photos = _photos(files, len(attached))
    mentions = _mentions(body)
    close_read()
    for photo in photos:
        keep_file(current_app.config["SETTINGS"].uploads / photo.sha256, photo.data)
    mark = f"new-{secrets.token_hex(8)}"
    places = [*attached, *((f"{mark}-{n}", photo.width, photo.height) for n, photo in enumerate(photos))]
    html, plain = checker.render(body, links={"people": mentions, "attachments": {f"photo:{n}": place for n, place in enumerate(places, 1)}})
    tags = list(dict.fromkeys(shown for _, _, shown in hashtags_in(body)))
    return Prepared(body, checker.check_title(title or "") or checker.title_of(body), html, plain, tags, mentions,
                    [Kept(photo.sha256, photo.mime, len(photo.data), photo.width, photo.height) for photo in photos], mark)


def _photos(files, present):
    chosen = [file if isinstance(file, bytes) else file.read() for file in files
              if isinstance(file, bytes) or getattr(file, "filename", None) != ""]
    if present + len(chosen) > MAX_PHOTOS:
        raise Invalid(f"A post may have {MAX_PHOTOS} photos, and these are {present + len(chosen)}. "
                      "Your text is safe; leave some out, or send them with a reply.", field="photo")
    most = current_app.config["SETTINGS"].max_upload_bytes
    return [check_photo(data, most) for data in chosen]


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


def get_post(post_id, viewer):
    """The Post, if this person may read it; a reply that was held or noted away from them is Missing like any other."""
    root = aliased(Post)
    post = db.session.scalar(sa.select(Post).join(root, root.id == Post.root_id)
                             .where(Post.id == post_id, readable(viewer, Post, root), stands(root)))
    if post is None:
        raise Missing()
    return post


def stands(root):
    """The condition that a thread is still there: not taken back, or kept as a trace because others answered."""
    answer = aliased(Post)
    return sa.or_(root.deleted_at.is_(None), sa.exists().where(
        answer.root_id == root.id, answer.id != root.id, answer.author_id != root.author_id,
        answer.deleted_at.is_(None), sa.not_(answer.note)))
