"""Where photos go: files in the uploads folder, named by the SHA-256 of their content."""
from flask import current_app

from .. import config


def store_photo(photo):
    """Keep a photo's bytes; the same photo twice is one file.  Outside any transaction."""
    config.keep_file(photo_path(photo.sha256), photo.data)


def photo_path(sha256):
    """Where the bytes of a photo lie."""
    return current_app.config["SETTINGS"].uploads / sha256
