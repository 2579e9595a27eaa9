"""What the desk clears away by itself: keys of deeds long done, photos that no post has."""
import time
from datetime import timedelta

import sqlalchemy as sa
from flask import current_app

from ..db import db, now
from ..jobs import clockwork
from .models import Attachment, Idem

KEYS_KEPT = timedelta(days=30)
UNUSED_SECONDS = 24 * 3600              # a photo is stored before its post is written; later than this nobody is coming for it
NAME_LENGTH = 64                        # of a SHA-256 in hex: nothing else in the folder is ours to take away


@clockwork("forget_keys", 3600)
def forget_keys():
    """Idempotency keys are kept for 30 days."""
    db.session.execute(sa.delete(Idem).where(Idem.at < now() - KEYS_KEPT))


@clockwork("clear_photos", 24 * 3600)
def clear_photos():
    """Photos whose post was refused, or whose text was taken back for good, go after a day."""
    folder, used = current_app.config["SETTINGS"].uploads, set(db.session.scalars(sa.select(Attachment.sha256)))
    for path in folder.iterdir():
        if len(path.name) == NAME_LENGTH and path.name not in used and path.stat().st_mtime < time.time() - UNUSED_SECONDS:
            path.unlink(missing_ok=True)
