"""How the tests of posts ask: a deed in its two forms, sent twice; a refusal that leaves no trace."""
from io import BytesIO

import sqlalchemy as sa
from PIL import Image

from socialdesk import policy
from socialdesk.db import db
from socialdesk.events import Event
from socialdesk.jobs import Job
from socialdesk.posts import queries
from socialdesk.posts.models import Access, Attachment, Follow, MeToo, Mention, Post, Version
from socialdesk.tags.models import PostTag

from .conftest import HTMX

TABLES = (Post, Event, Job, Access, Attachment, Follow, MeToo, Mention, Version, PostTag)


def traces():
    """How many rows each table of the room has."""
    db.session.rollback()
    found = {table.__tablename__: db.session.scalar(sa.select(sa.func.count()).select_from(table)) for table in TABLES}
    db.session.rollback()
    return found


def fragment(browser, address, **data):
    """A deed by htmx: its fragment."""
    answer = browser.post(address, data=data, headers=HTMX)
    assert answer.status_code == 200, answer.text
    assert "<html" not in answer.text and "/ Sent by" not in answer.text
    return answer.text


def form(browser, address, go_to, **data):
    """A deed as a plain form: 303 to the page."""
    answer = browser.post(address, data=data)
    assert answer.status_code == 303, answer.text
    assert answer.location.split("#")[0] == go_to


def done_twice(browser, address, go_to, **data):
    """A deed as fragment and as form, each sent twice: once is as good.  Returns the fragment."""
    text = fragment(browser, address, **data)
    after = traces()
    fragment(browser, address, **data)
    form(browser, address, go_to, **data)
    form(browser, address, go_to, **data)
    assert traces() == after
    return text


def refused(browser, address, code, words="", **data):
    """A deed that is refused as fragment and as form, with a sentence, and leaves no trace."""
    before = traces()
    for headers in (HTMX, {}):
        answer = browser.post(address, data=data, headers=headers)
        assert answer.status_code == code, answer.text
        assert words in answer.text
        assert "<html" not in answer.text or not headers
    assert traces() == before


def events(root, verb=None):
    """The verbs of a thread in order, or how often one stands there."""
    db.session.rollback()
    verbs = list(db.session.scalars(sa.select(Event.verb).where(Event.root_id == root.id).order_by(Event.id)))
    return verbs if verb is None else verbs.count(verb)


def fresh(post):
    """A post as it stands now."""
    db.session.rollback()
    found = db.session.get(Post, post.id, populate_existing=True)
    db.session.rollback()
    return found


def sees(person, post):
    """Does the page of this post open for this person?"""
    db.session.rollback()
    found = policy.sees(person, post)
    db.session.rollback()
    return found


def prepared(person, body, **more):
    """A text made ready."""
    return queries.prepare(person, body, **more)


def photo(size=(40, 30), name="photo.png", color=(200, 40, 90)):
    """An upload: (stream, name)."""
    out = BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return BytesIO(out.getvalue()), name
