"""What one can do with drafts: keep what is typed and not yet sent, let it go."""
import re

import sqlalchemy as sa

from ..db import db, insert, now
from ..errors import Invalid
from ..people.text_checker import clean
from .checker import MAX_BODY
from .models import Draft

MOST = 50                               # drafts a person keeps; the oldest goes first
_PLACE = re.compile(r"ask|article-new|(reply|note|article|article-from)-[0-9]{1,18}")


def keep_draft(person, place, text):
    """Keep what somebody has typed at a place ("ask", "reply-<id>", "note-<id>", "article-<id>"); an empty text lets it go.  Raises Invalid."""
    if not _PLACE.fullmatch(place):
        raise Invalid("Drafts are kept for asking, for replies and for articles, and for nothing else.", field="place")
    if not clean(text).strip():
        return drop_draft(person, place)
    # A text that is too long to be sent is kept as far as it goes, so that it can be shortened.
    row = {"person_id": person.id, "place": place, "text": clean(text)[:2 * MAX_BODY], "at": now()}
    put = insert(Draft.__table__).values(row)
    db.session.execute(put.on_conflict_do_update(index_elements=["person_id", "place"], set_={"text": row["text"], "at": row["at"]}))
    kept = sa.select(Draft.place).where(Draft.person_id == person.id).order_by(Draft.at.desc(), Draft.place).limit(MOST)
    db.session.execute(sa.delete(Draft).where(Draft.person_id == person.id, Draft.place.not_in(kept))
                       .execution_options(synchronize_session=False))


def drop_draft(person, place):
    """Let a draft go: it was sent, or emptied."""
    db.session.execute(sa.delete(Draft).where(Draft.person_id == person.id, Draft.place == place)
                       .execution_options(synchronize_session=False))
