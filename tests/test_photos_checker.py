"""Photos are judged by their content, lose everything but the picture, and bad ones are refused with a way out."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageDraw, PngImagePlugin

from socialdesk.errors import Invalid
from socialdesk.posts.photo_checker import MAX_SCANS, MAX_SIDE, check_photo, thumb

LIMIT = 10 * 1024 * 1024
SECRET = b"SECRET-PLACE"


def picture(mode="RGB", size=(60, 40), color=None):
    image = Image.new(mode, size, color if color is not None else 0)
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2, size[1] // 2), fill=200 if len(image.getbands()) == 1 else (200,) * len(image.getbands()))
    return image


def file_of(image, kind, **more):
    out = BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def opened(photo):
    return Image.open(BytesIO(photo.data))


def refusal(data, limit=LIMIT):
    with pytest.raises(Invalid) as refused:
        check_photo(data, limit)
    assert refused.value.field == "photo"
    assert "Your text is safe; " in refused.value.sentence
    return refused.value.sentence


@pytest.mark.parametrize("kind, modes", [
    ("JPEG", ["1", "L", "RGB", "CMYK"]), ("PNG", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"]), ("WEBP", ["L", "LA", "P", "RGB", "RGBA"]),
    ("GIF", ["1", "L", "LA", "P", "RGB", "RGBA"]),
])
def test_every_mode_of_the_four_formats_becomes_a_jpeg_or_a_webp(kind, modes):
    for mode in modes:
        image = Image.new(mode, (60, 40)) if mode in ("P", "1", "I;16") else picture(mode)
        photo = check_photo(file_of(image, kind), LIMIT)
        assert (photo.width, photo.height) == opened(photo).size == (60, 40)
        assert photo.mime == Image.MIME[opened(photo).format]
        assert photo.mime == ("image/webp" if opened(photo).mode == "RGBA" else "image/jpeg")
        assert len(photo.sha256) == 64


def test_the_same_photo_has_the_same_name_each_time_and_another_has_another():
    data = file_of(picture(), "PNG")
    assert check_photo(data, LIMIT) == check_photo(data, LIMIT)
    assert check_photo(data, LIMIT).sha256 != check_photo(file_of(picture(color=(9, 9, 9)), "PNG"), LIMIT).sha256


def test_what_shows_through_stays_so_and_an_opaque_screenshot_becomes_a_jpeg():
    clear = picture("RGBA", color=(10, 20, 30, 0))
    assert opened(check_photo(file_of(clear, "PNG"), LIMIT)).getpixel((59, 39))[3] == 0
    opaque = Image.new("RGBA", (60, 40), (10, 20, 30, 255))
    assert check_photo(file_of(opaque, "PNG"), LIMIT).mime == "image/jpeg"
    palette = Image.new("P", (8, 8))
    palette.putpalette([255, 0, 0])
    assert check_photo(file_of(palette, "PNG", transparency=0), LIMIT).mime == "image/webp"


def test_sixteen_bit_gray_keeps_its_shades():
    image = Image.frombytes("I;16", (4, 4), struct.pack("<16H", *[32768] * 16))
    assert abs(opened(check_photo(file_of(image, "PNG"), LIMIT)).getpixel((1, 1)) - 128) <= 1


def test_cmyk_is_shown_in_its_colors():
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    red, green, blue = opened(check_photo(file_of(image, "JPEG"), LIMIT)).getpixel((8, 8))
    assert red > 200 and green < 60 and blue < 60


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_taken_with_the_phone_turned_is_shown_upright(orientation):
    """The camera stores the picture turned; a red corner tells where the upper left has gone."""
    upright = Image.new("RGB", (64, 32))
    ImageDraw.Draw(upright).rectangle((0, 0, 15, 15), fill=(255, 0, 0))
    back = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
            5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270}
    stored = upright.transpose(back[orientation]) if orientation in back else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = check_photo(file_of(stored, "JPEG", exif=exif, quality=95), LIMIT)
    assert (photo.width, photo.height) == (64, 32)
    assert opened(photo).getpixel((4, 4))[0] > 200 and opened(photo).getpixel((60, 28))[0] < 50


def exif_with_place():
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[0x001D] = SECRET.decode()
    return exif


def png_texts():
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", SECRET.decode())
    texts.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    texts.add_text("Place", SECRET.decode(), zip=True)
    return texts


@pytest.mark.parametrize("kind, more", [
    ("JPEG", {"exif": exif_with_place(), "comment": SECRET, "icc_profile": SECRET, "xmp": SECRET}),
    ("PNG", {"exif": exif_with_place(), "pnginfo": png_texts(), "icc_profile": SECRET}),
    ("WEBP", {"exif": exif_with_place(), "xmp": SECRET, "icc_profile": SECRET}),
    ("GIF", {"comment": SECRET}),
])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_nothing_but_the_picture_is_kept(kind, more, mode):
    if (kind, mode) == ("JPEG", "RGBA"):
        mode = "L"
    data = file_of(picture(mode), kind, **more)
    assert SECRET in data
    for photo in (check_photo(data, LIMIT), thumb(check_photo(data, LIMIT).data, 20)):
        assert SECRET not in photo.data
        left = opened(photo)
        assert not left.getexif() and not {"icc_profile", "comment", "xmp", "exif", "Comment"} & set(left.info)


@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>" + SECRET, b"PK\x03\x04" + SECRET, b"%PDF-1.7" + SECRET])
def test_what_hangs_on_behind_a_picture_is_left_behind(tail):
    for kind in ("JPEG", "PNG", "WEBP", "GIF"):
        assert SECRET not in check_photo(file_of(picture(), kind) + tail, LIMIT).data


def test_of_an_animation_the_first_picture_is_kept():
    frames = [Image.new("RGB", (20, 20), color) for color in ((250, 0, 0), (0, 250, 0), (0, 0, 250))]
    for kind in ("GIF", "WEBP", "PNG"):
        data = file_of(frames[0], kind, save_all=True, append_images=frames[1:])
        photo = check_photo(data, LIMIT)
        assert getattr(opened(photo), "n_frames", 1) == 1
        assert opened(photo).getpixel((10, 10))[0] > 200


@pytest.mark.parametrize("size, expected", [((4096, 1024), (2048, 512)), ((100, 3000), (68, 2048)), ((5000, 1), (2048, 1)), ((1, 1), (1, 1))])
def test_large_photos_are_made_smaller_and_small_ones_stay(size, expected):
    photo = check_photo(file_of(Image.new("L", size), "PNG"), LIMIT)
    assert (photo.width, photo.height) == expected
    assert max(photo.width, photo.height) <= MAX_SIDE


def test_a_thumbnail_is_a_small_copy():
    photo = check_photo(file_of(picture(size=(1280, 960)), "JPEG"), LIMIT)
    small = thumb(photo.data, 640)
    assert (small.width, small.height, small.mime) == (640, 480, "image/jpeg")
    assert len(small.data) < len(photo.data)


def test_a_photo_with_too_many_bytes_is_refused_with_both_numbers():
    assert refusal(b"\xff\xd8" + bytes(14 * 1024 * 1024 - 2)) == (
        "Your photo was too big. It may have 10 MB, this one has 14. "
        "Your text is safe; take the photo again at a smaller size.")
    assert "It may have 10 MB, this one has 10.1." in refusal(bytes(LIMIT + 1))


def png_header(width, height, depth=8, kind=2):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    pixels = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("width, height", [(8000, 7000), (60_000, 60_000), (2**31 - 1, 2**31 - 1), (50_000_001, 1)])
def test_a_header_that_promises_too_many_dots_is_refused_before_anything_is_decoded(width, height, monkeypatch):
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", lambda self: pytest.fail("decoded"))
    assert "too many dots" in refusal(png_header(width, height))


def test_a_jpeg_that_paints_over_itself_for_hours_is_refused():
    data = file_of(picture(size=(64, 64)), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda"):-2]
    assert check_photo(data[:-2] + scan * 3 + data[-2:], LIMIT)
    assert "not a photo" in refusal(data[:-2] + scan * MAX_SCANS + data[-2:])


@pytest.mark.parametrize("data", [
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"\xef\xbb\xbf <?xml version='1.0'?><svg/>",
    b"<!DOCTYPE html><script>alert(1)</script>", b"%PDF-1.7", b"PK\x03\x04", b"hello", b"GIF89a/*", b"\x00" * 100,
    b"BM" + bytes(60), b"II*\x00" + bytes(60), b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"RIFF\x00\x00\x00\x00WAVE",
    b"\x00\x00\x00\x1cftypavif" + bytes(40), b"\x00\x00\x00\x1cftypisom" + bytes(40),
])
def test_what_is_no_photo_is_refused_whatever_its_name(data):
    assert refusal(data).startswith("This file is not a photo that can be shown here")


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM", "TGA"])
def test_pictures_in_other_formats_are_refused(kind):
    assert "JPEG, PNG, WebP and GIF can" in refusal(file_of(picture(), kind))


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1"])
def test_a_heic_photo_is_refused_with_the_setting_that_helps(brand):
    sentence = refusal(b"\x00\x00\x00\x18ftyp" + brand + bytes(100))
    assert "HEIC" in sentence and "Most Compatible" in sentence


def test_an_empty_file_is_refused():
    assert "arrived empty" in refusal(b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_photo_of_which_only_part_arrived_is_refused(kind):
    noisy = Image.effect_noise((200, 200), 90).convert("RGB")
    data = file_of(noisy, kind)
    for part in (20, len(data) // 3, len(data) // 2):
        refusal(data[:part])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_photo_with_bytes_gone_wrong_is_shown_or_refused_but_never_breaks(kind):
    data = file_of(picture(size=(40, 30)), kind)
    for place in range(0, len(data), max(1, len(data) // 60)):
        broken = data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1:]
        try:
            assert check_photo(broken, LIMIT).width <= MAX_SIDE
        except Invalid as refused:
            assert "Your text is safe" in refused.sentence


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")  # Pillow says it aloud, and goes on
def test_damaged_metadata_does_not_spoil_a_good_photo():
    data = file_of(picture(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff\xff\xff")
    assert check_photo(data, LIMIT).width == 60
