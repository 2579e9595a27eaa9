"""Pictures that wait for their article: what stands for one while its text is written, so that nobody shows another's."""
import hashlib
import hmac
import re
from typing import NamedTuple

_TOKEN = re.compile(r"([0-9a-f]{64})\.([1-9][0-9]{0,4})\.([1-9][0-9]{0,4})\.(jpeg|webp)\.([0-9a-f]{32})")
_SHOWN = re.compile(r"\]\(<?(photo:[0-9a-f]{12})[>) ]")


class Waiting(NamedTuple):
    """A picture that is stored and has no article yet."""

    sha256: str
    width: int
    height: int
    mime: str
    token: str


def token_for(photo, person_id, secret):
    """What stands for a stored photo in the form of the person who sent it.  photo: with sha256, width, height, mime."""
    told = f"{photo.sha256}.{photo.width}.{photo.height}.{photo.mime.removeprefix('image/')}"
    return f"{told}.{_seal(told, person_id, secret)}"


def read_token(token, person_id, secret):
    """The Waiting picture a token stands for, or None where it is not this person's."""
    match = _TOKEN.fullmatch(token)
    told = token.rpartition(".")[0]
    if match is None or not hmac.compare_digest(match[5], _seal(told, person_id, secret)):
        return None
    return Waiting(match[1], int(match[2]), int(match[3]), f"image/{match[4]}", token)


def _seal(told, person_id, secret):
    return hmac.new(secret.encode(), f"picture:{person_id}:{told}".encode(), hashlib.sha256).hexdigest()[:32]


def names_in(text):
    """The names of the pictures a Markdown text shows, in their order."""
    return list(dict.fromkeys(_SHOWN.findall(text)))
