"""Photos: told by their content, bounded before they are decoded, turned upright, bare of metadata, made small."""

import hashlib
import math
import re
from io import BytesIO
from typing import NamedTuple

from PIL import Image

from ..errors import Invalid

MAX_PIXELS = 50_000_000
MAX_SCANS = 32  # cameras write 1, progressive pictures about 10
MAX_SIDE = 2048
QUALITY = 82
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")

# Pillow itself then refuses what would fill the memory, whatever way a picture gets here.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS

# What starts a JPEG segment: not a stuffed zero, a restart or a filler.
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]", re.DOTALL)
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}


class Photo(NamedTuple):
    """A photo ready to be kept: its bytes, their SHA-256 (hex) and MIME type, width and height in pixels."""

    sha256: str
    mime: str
    data: bytes
    width: int
    height: int


def check_photo(data, max_bytes):
    """The photo as JPEG, or WebP where it is see-through, at most MAX_SIDE pixels a side, without any metadata.
    Raises Invalid with what to do instead.  Slow: outside any transaction."""
    if not data:
        raise _refusal("The photo arrived empty.", "choose it once more, or take it again")
    if len(data) > max_bytes:
        raise _refusal(
            f"Your photo was too big. It may have {_megabytes(max_bytes, math.floor)} MB, "
            f"this one has {_megabytes(len(data), math.ceil)}.", "take the photo again at a smaller size")
    _refuse_other_formats(data)
    return _encoded(_decoded(data, MAX_SIDE))


def name_in_text(sha256):
    """What a text calls a photo: it stays the same whatever other photos come and go."""
    return f"photo:{sha256[:12]}"


def thumb(data, side):
    """A small copy of a photo that check_photo made, at most `side` pixels a side."""
    return _encoded(_decoded(data, side))


def _refuse_other_formats(data):
    """The formats people really send and browsers do not show get a sentence of their own."""
    brand = data[8:12] if data[4:8] == b"ftyp" else b""
    if brand in _HEIF:
        raise _refusal(
            "This photo is a HEIC file, which most browsers cannot show.",
            "send a screenshot of it, or on an iPhone set Settings, Camera, Formats to Most Compatible and take it again")
    start = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<svg", b"<?xml", b"<!doctype", b"<html", b"%pdf", b"pk\x03\x04")) or brand:
        raise _not_a_photo()


def _decoded(data, side):
    """The upright picture, at most `side` pixels a side, in mode L, RGB or RGBA."""
    # A hostile file can make the decoders raise nearly anything; all of it means the same to the person.
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except Exception:
        raise _not_a_photo() from None
    if image.width * image.height > MAX_PIXELS:
        raise _too_many_pixels()
    if image.format in ("JPEG", "MPO") and _scans(data) > MAX_SCANS:
        raise _not_a_photo()
    try:
        return _upright(_small(image, side), _orientation(image))
    except Exception:
        raise _damaged() from None


def _scans(data):
    """How often a JPEG paints over itself: each pass costs a full decoding, and a few bytes are enough to ask for one."""
    position, scans = 2, 0
    while found := _MARKER.search(data, position):
        marker, position = data[found.end() - 1], found.end()
        if marker == 0xD9:
            break
        scans += marker == 0xDA
        position += int.from_bytes(data[position:position + 2], "big")
    return scans


def _small(image, side):
    """The first picture of the file, no larger than `side`; a JPEG is decoded at a fraction of its size at once."""
    image.draft(None, (side, side))
    image.load()
    image = _plain_mode(image)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    is_opaque = image.mode == "RGBA" and image.getextrema()[3][0] == 255
    return image.convert("RGB") if is_opaque else image


def _plain_mode(image):
    """Palettes, CMYK, 16-bit and the like as L, RGB, or RGBA if something may show through."""
    if image.mode.startswith("I"):
        return _eight_bits(image)
    mode = "RGBA" if image.has_transparency_data else "L" if image.mode in ("1", "L") else "RGB"
    # A large picture is not copied without need.
    return image if image.mode == mode else image.convert(mode)


def _eight_bits(image):
    """16-bit grays keep their upper eight bits; a plain conversion would clip them to white."""
    return image.convert("I").point(lambda level: level / 256).convert("L")


def _orientation(image):
    """How the camera was held (1 to 8); 1 if nothing readable says so."""
    try:
        return image.getexif().get(0x0112, 1)
    except Exception:  # damaged metadata is no reason to refuse a good picture
        return 1


def _upright(image, orientation):
    return image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image


def _encoded(image):
    """Written anew from the pixels alone: no EXIF, GPS, XMP, color profile, comment or trailing bytes come along.
    The profile is dropped, not applied: reading it would let strangers' bytes into one more parser."""
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    out = BytesIO()
    if bare.mode == "RGBA":
        bare.save(out, "WEBP", quality=QUALITY, method=4)
    else:
        bare.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    data = out.getvalue()
    mime = "image/webp" if bare.mode == "RGBA" else "image/jpeg"
    return Photo(hashlib.sha256(data).hexdigest(), mime, data, *bare.size)


def _megabytes(count, rounded):
    """To one decimal; the limit rounded down and the size up, so that they never read the same."""
    return f"{rounded(count / (1024 * 1024) * 10) / 10:g}"


def _too_many_pixels():
    return _refusal(
        f"Your photo has too many dots: more than {MAX_PIXELS // 1_000_000} million.", "take it again at a smaller size")


def _not_a_photo():
    return _refusal(
        "This file is not a photo that can be shown here: JPEG, PNG, WebP and GIF can.",
        "choose another, or send a screenshot of it")


def _damaged():
    return _refusal(
        "The photo is damaged or only part of it arrived.", "choose it once more, or send a screenshot of it")


def _refusal(what, instead):
    return Invalid(f"{what} Your text is safe; {instead}.", field="photo")
