"""Photos: given to those who may read the post they hang on, and asked anew each time."""
import logging

import sqlalchemy as sa
from flask import Blueprint, current_app, make_response, request
from sqlalchemy.orm import aliased

from .. import policy
from ..config import keep_file
from ..db import close_read, db
from ..errors import Missing, SignedOut
from ..request import for_strangers
from ..web import limit_reads, viewer
from .delivery import photo_path
from .models import Attachment, Post
from .photo_checker import thumb

log = logging.getLogger(__name__)
bp = Blueprint("attachments", __name__)

SMALL = 640                             # the one other size that is made, pixels a side
HEADERS = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, no-cache"}


def show_public(attachment_id):
    """The same for who is not signed in: a picture that an article for everyone shows now, and nothing else."""
    photo = db.session.execute(
        sa.select(Attachment.sha256, Attachment.width, Attachment.height, Post.body_html).join(Post, Post.id == Attachment.post_id)
        .where(Attachment.id == attachment_id, Post.kind == "article", Post.audience == "everyone", Post.root_id == Post.id,
               Post.deleted_at.is_(None), Post.merged_into_id.is_(None), sa.or_(Post.hold_until.is_(None), Post.hold_until <= policy.MOMENT))).first()
    if photo is None or f'"/attachments/{attachment_id}"' not in photo.body_html:
        raise SignedOut("This page asks you to sign in.")
    return _shown(photo, attachment_id)


@bp.get("/attachments/<int:attachment_id>")
@for_strangers(show_public)
def show(attachment_id):
    """A photo, or with ?size=640 a small copy of it.  Unknown and not allowed look the same."""
    return _shown(_photo(attachment_id), attachment_id)


def _shown(photo, attachment_id):
    close_read()
    path = photo_path(photo.sha256)
    if request.args.get("size") == str(SMALL) and max(photo.width, photo.height) > SMALL:
        path = _small(path, photo.sha256)
    return _answer(path, attachment_id)


def _photo(attachment_id):
    root = aliased(Post)
    photo = db.session.execute(
        sa.select(Attachment.sha256, Attachment.width, Attachment.height)
        .join(Post, Post.id == Attachment.post_id).join(root, root.id == Post.root_id)
        .where(Attachment.id == attachment_id, policy.readable(viewer(), Post, root),
               Post.deleted_at.is_(None), root.deleted_at.is_(None))).first() if attachment_id < 2**63 else None
    if photo is None:
        raise Missing()
    return photo


def _small(path, sha256):
    """The path of the small copy, made at first use and kept beside the uploads."""
    small = current_app.config["SETTINGS"].data / "small" / f"{sha256}-{SMALL}"
    if not small.exists():
        limit_reads("photo", burst=120, per_second=10)
        copy = thumb(_read(path), SMALL).data
        try:
            small.parent.mkdir(mode=0o700, exist_ok=True)
            keep_file(small, copy)
        except OSError:                         # a full disk: the photo itself can still be read
            log.warning("a small copy could not be kept", exc_info=True)
            return path
    return small


def _read(path):
    try:
        return path.read_bytes()
    except FileNotFoundError:
        log.error("a photo's file is missing", extra={"sha256": path.name})
        raise Missing("The file of this photo is gone from the desk's disk. Ask its author to send it again.") from None


def _answer(path, attachment_id):
    data = _read(path)
    ending, mime = ("webp", "image/webp") if data.startswith(b"RIFF") else ("jpg", "image/jpeg")
    answer = make_response(data, {**HEADERS, "Content-Type": mime, "Content-Disposition": f'inline; filename="photo-{attachment_id}.{ending}"'})
    answer.set_etag(path.name)
    return answer.make_conditional(request)
