"""Where a list goes on: a number, or all that was shown of a ranked list, packed, so that any process can go on from it."""
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

MARK = "f"                              # a packed cursor; the others are plain numbers
MAX_TEXT = 8000                         # characters of an address
MAX_BYTES = 16_000                      # unpacked
MAX_ID = 2 ** 63 - 1


class Place(NamedTuple):
    """How far somebody is.  top: the newest id there was when the list was made; below: 0, or where the newest-first
    rest goes on; shown: the ids that were on the screen and could come again."""

    top: int
    below: int
    shown: frozenset


def pack(place):
    """A Place as a cursor: a plain number where nothing shown can come again."""
    if place.below and not place.shown:
        return str(place.below)
    ids = sorted(place.shown, reverse=True)
    steps = [before - after for before, after in zip([MAX_ID, *ids], ids)]
    data = zlib.compress(b"".join(map(_varint, (place.top, place.below, *steps))), 9)
    return MARK + urlsafe_b64encode(data).rstrip(b"=").decode()


def unpack(text):
    """The Place a cursor stands for.  Raises ValueError where it was not made here."""
    if is_number(text):
        return Place(0, int(text), frozenset())
    if not text.startswith(MARK) or len(text) > MAX_TEXT or not text.isascii():
        raise ValueError("no cursor")
    top, below, *steps = _varints(_unzip(text[len(MARK):]))
    ids, last = [], MAX_ID
    for step in steps:
        last -= step
        ids.append(last)
    if 0 in steps or last < 1 or top > MAX_ID or below > MAX_ID or below and not ids:
        raise ValueError("no cursor")
    return Place(top, below, frozenset(ids))


def is_number(text):
    """Is it a cursor that is a plain id?"""
    return text.isascii() and text.isdigit() and len(text) < 19


def step_bytes(ids):
    """How many bytes the ids would take, packed but not compressed.  ids: newest first."""
    return sum((step.bit_length() + 6) // 7 for step in map(int.__sub__, ids, ids[1:]))


def _unzip(text):
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        unzip = zlib.decompressobj()
        raw = unzip.decompress(data, MAX_BYTES)
    except zlib.error as error:
        raise ValueError("no cursor") from error
    if not unzip.eof or unzip.unused_data or urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise ValueError("no cursor")
    return raw


def _varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _varints(raw):
    numbers, number, shift = [], 0, 0
    for byte in raw:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(number)
            number = shift = 0
        elif shift > 63:
            raise ValueError("no cursor")
    if shift or len(numbers) < 2:
        raise ValueError("no cursor")
    return numbers
