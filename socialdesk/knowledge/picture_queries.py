"""The pictures of an article while it is written: those it has, and those that wait for it."""
from typing import NamedTuple

from flask import current_app

from ..db import close_read
from ..errors import Invalid
from ..posts.photo_checker import name_in_text
from ..posts.queries import Kept, photos_of, prepare
from .picture_checker import names_in, read_token, token_for

MOST = 40                               # pictures of an article
SMALL = 640


class Picture(NamedTuple):
    """A picture as the editor shows it.  name: what the text calls it; src: its address; token: while it waits."""

    name: str
    src: str
    token: str | None
    width: int
    height: int


def secret():
    """What seals the tokens."""
    return current_app.config["SECRET_KEY"]


def token_of(kept, viewer):
    """What stands in a form for a photo that was just stored for this person."""
    return token_for(kept, viewer.id, secret())


def waiting_of(tokens, viewer):
    """The Waiting pictures of a form that are this person's and still here, each once.  tokens: apart by spaces."""
    found = (read_token(token, viewer.id, secret()) for token in tokens.split()[:2 * MOST])
    return list({one.sha256: one for one in found if one and path_of(one.sha256).is_file()}.values())


def path_of(sha256):
    """Where the bytes of a stored photo lie."""
    return current_app.config["SETTINGS"].uploads / sha256


def pictures_of(article, tokens, viewer):
    """[Picture] for the editor: those the article (or None) has, then those that wait for it."""
    there = photos_of(article.id) if article else []
    known = {row.sha256 for row in there}
    return [*(Picture(name_in_text(row.sha256), f"/attachments/{row.id}?size={SMALL}", None, row.width, row.height) for row in there),
            *(Picture(name_in_text(one.sha256), f"/help/preview/{one.token}", one.token, one.width, one.height)
              for one in waiting_of(tokens, viewer) if one.sha256 not in known)]


def prepare_article(viewer, body, title, tokens="", article=None, is_last_word=False):
    """The text of an article with its pictures, ready to be written, outside the write transaction.  is_last_word: a
    picture that the text shows and that is nowhere is then refused, so that none is lost without a word.  Raises Invalid."""
    there = photos_of(article.id) if article else []
    named = {name_in_text(row.sha256) for row in there}
    waiting = [one for one in waiting_of(tokens, viewer) if name_in_text(one.sha256) not in named and name_in_text(one.sha256) in body]
    _check(body, named | {name_in_text(one.sha256) for one in waiting}, len(there) + len(waiting), is_last_word)
    close_read()
    kept = [Kept(one.sha256, one.mime, path_of(one.sha256).stat().st_size, one.width, one.height) for one in waiting]
    return prepare(viewer, body, title=title, attached=there, kept=kept)


def _check(body, known, count, is_last_word):
    if count > MOST:
        raise Invalid(f"An article may have {MOST} pictures, and these are {count}. Take some out of the text, or write a second article.", field="photo")
    lost = [name for name in names_in(body) if name not in known]
    if lost and is_last_word:
        raise Invalid(f"The text shows a picture ({lost[0]}) that is no longer here, or belongs to another article. Your text is safe: "
                      "add the picture once more, or take its line out.", field="photo")


def shown(prepared, viewer):
    """The HTML of a prepared article with its waiting pictures at the address where their owner can see them."""
    html = prepared.html
    for n, photo in enumerate(prepared.photos):
        html = html.replace(f'"/attachments/{prepared.mark}-{n}"', f'"/help/preview/{token_of(photo, viewer)}"')
    return html
