"""What is often searched for, and what nobody has written down yet: without anybody's name."""
from datetime import timedelta

import sqlalchemy as sa

from ..db import db, now
from .ask_queries import own_view_of, view_of
from .found_queries import EVERYTHING
from .models import SearchCount
from .queries import known
from .shelf_queries import shelf
from .word_checker import terms_of

DAYS = 30
POPULAR, WANTED = 6, 5
POOL = 30                               # so many counted texts are looked at to choose from


def popular(viewer):
    """Texts that many searched for lately and found something, the commonest first.  Only those each word of which stands in
    what this person may read: nobody learns here what others alone may know."""
    texts = _counted("found")
    view = view_of(viewer, EVERYTHING) if texts else None
    return [text for text, _people in texts if all(view.form_count(term.typed) for term in _finished(text) if term.says_something)][:POPULAR]


def wanted(viewer):
    """[(text, people in the week when most asked)] that many searched for lately and that nothing answers yet, the commonest first."""
    found = []
    for text, people in _counted("missed"):
        if not known(viewer, f"{text} ", 1):
            found.append((text, people))
        if len(found) == WANTED:
            break
    return found


def may_count(viewer, text):
    """May this search be counted?  Not where a word of it stands only in what few may read."""
    terms = [term for term in _finished(text) if term.says_something]
    seen, public = own_view_of(viewer, EVERYTHING), shelf.view([f"everyone/{part}" for part in EVERYTHING])
    return all(public.form_count(term.typed) or not seen.form_count(term.typed) for term in terms)


def fits(viewer, text):
    """Is there something known that answers this?"""
    return bool(known(viewer, text, 1))


def _finished(text):
    return terms_of(f"{text} ")


def _counted(what):
    since = (now() - timedelta(days=DAYS)).date().isoformat()
    most = sa.func.max(SearchCount.number)
    return [tuple(row) for row in db.session.execute(sa.select(SearchCount.words, most).where(
        SearchCount.what == what, SearchCount.day >= since).group_by(SearchCount.words).order_by(most.desc(), SearchCount.words).limit(POOL))]
