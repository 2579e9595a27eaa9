"""Photos: given to those who may read the post they hang on, and asked anew each time."""
import logging

import sqlalchemy as sa
from flask import Blueprint, current_app, request, send_file
from sqlalchemy.orm import aliased

from .. import policy
from ..config import keep_file
from ..db import close_read, db
from ..errors import Missing
from ..web import limit_reads, viewer
from .delivery import photo_path
from .models import Attachment, Post
from .photo_checker import thumb

log = logging.getLogger(__name__)
bp = Blueprint("attachments", __name__)

SMALL = 640                             # the one other size that is made, pixels a side
GONE = "This photo is not here for you. It may be private, or its author took it back."
HEADERS = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, no-cache"}


@bp.get("/attachments/<int:attachment_id>")
def show(attachment_id):
    """A photo, or with ?size=640 a small copy of it.  Unknown and not allowed look the same."""
    photo = _photo(attachment_id)
    close_read()
    path, mime = (photo_path(photo.sha256), photo.mime)
    if request.args.get("size") == str(SMALL) and max(photo.width, photo.height) > SMALL:
        path, mime = _small(path, photo.sha256)
    return _answer(path, mime, attachment_id)


def _photo(attachment_id):
    root = aliased(Post)
    photo = db.session.execute(
        sa.select(Attachment.sha256, Attachment.mime, Attachment.width, Attachment.height)
        .join(Post, Post.id == Attachment.post_id).join(root, root.id == Post.root_id)
        .where(Attachment.id == attachment_id, policy.readable(viewer(), Post, root),
               Post.deleted_at.is_(None), root.deleted_at.is_(None))).first() if attachment_id < 2**63 else None
    if photo is None:
        raise Missing(GONE)
    return photo


def _small(path, sha256):
    """The path and MIME type of the small copy, made at first use and kept beside the uploads."""
    small = current_app.config["SETTINGS"].data / "small" / f"{sha256}-{SMALL}"
    if not small.exists():
        limit_reads("photo", burst=120, per_second=10)
        small.parent.mkdir(mode=0o700, exist_ok=True)
        keep_file(small, thumb(_bytes_of(path), SMALL).data)
    with open(small, "rb") as file:
        return small, "image/webp" if file.read(4) == b"RIFF" else "image/jpeg"


def _bytes_of(path):
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise _lost(path) from None


def _lost(path):
    log.error("a photo's file is missing", extra={"sha256": path.name})
    return Missing("The file of this photo is gone from the desk's disk. Ask its author to send it again.")


def _answer(path, mime, attachment_id):
    ending = "webp" if mime == "image/webp" else "jpg"
    try:
        answer = send_file(path, mimetype=mime, download_name=f"photo-{attachment_id}.{ending}", conditional=True, etag=path.name, max_age=None)
    except FileNotFoundError:
        raise _lost(path) from None
    answer.headers.update(HEADERS)
    answer.headers["Content-Disposition"] = f'inline; filename="photo-{attachment_id}.{ending}"'
    del answer.headers["Last-Modified"]         # the ETag alone says what it is; a file's time says when it was sent
    return answer
