"""The demo's photos, drawn by code: a printer, a cable, a plotter, a window with an error."""
from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = (1200, 900)
WALL, DESK, DARK, PAPER, LIGHT = "#d9d3c7", "#8d6e4f", "#2f3338", "#fbfaf6", "#e9ecef"


def picture(name):
    """The PNG of one of the pictures: printer, cable, plotter or error."""
    image = Image.new("RGB", SIZE, WALL)
    draw = ImageDraw.Draw(image)
    _PICTURES[name](draw)
    out = BytesIO()
    image.filter(ImageFilter.GaussianBlur(1.2)).save(out, "PNG")
    return out.getvalue()


def _font(size):
    return ImageFont.load_default(size)


def _table(draw, top=640):
    draw.rectangle((0, top, *SIZE), fill=DESK)
    for y in range(top + 40, SIZE[1], 60):
        draw.line((0, y, SIZE[0], y + 8), fill="#7f6246", width=3)


def _printer(draw):
    _table(draw)
    draw.rounded_rectangle((220, 300, 980, 680), 28, fill="#c9cdd2")
    draw.rounded_rectangle((220, 300, 980, 400), 28, fill="#b3b8be")
    draw.rounded_rectangle((760, 325, 940, 385), 8, fill="#9fc6b0")
    draw.text((776, 338), "page 2: fog", fill=DARK, font=_font(26))
    draw.rectangle((300, 520, 900, 548), fill=DARK)
    draw.polygon(((330, 540), (870, 540), (910, 800), (290, 800)), fill=PAPER)
    for n, y in enumerate(range(575, 780, 24)):
        draw.line((350 - n * 4, y, 820 + n * 5, y), fill=("#6b6f75", "#c4c4c2")[n > 2], width=7)
    draw.polygon(((420, 120), (780, 120), (800, 305), (400, 305)), fill=PAPER)


def _cable(draw):
    draw.rectangle((0, 600, *SIZE), fill="#b9a48a")
    draw.rounded_rectangle((150, 180, 720, 420), 18, fill=LIGHT, outline="#aeb4ba", width=6)
    for n in range(4):
        x = 190 + n * 130
        draw.rounded_rectangle((x, 240, x + 96, 350), 8, fill=DARK)
        draw.rectangle((x + 28, 222, x + 68, 242), fill=DARK)
        draw.ellipse((x + 36, 372, x + 56, 392), fill="#7a3b3b" if n else "#5f9e6e")
    draw.line(((238, 300), (238, 560), (420, 700), (700, 640), (900, 760), (1180, 690)), fill="#3d6f9c", width=26, joint="curve")
    draw.rounded_rectangle((200, 285, 276, 380), 10, fill="#dfe6ec", outline="#9aa7b2", width=4)
    for n in range(6):
        draw.line(((760 + n * 55, 880), (800 + n * 45, 640), (850 + n * 40, 560)), fill="#55606b", width=12)


def _plotter(draw):
    _table(draw, 760)
    draw.polygon(((90, 150), (1110, 110), (1140, 720), (120, 780)), fill=PAPER)
    for n in range(9):
        draw.line((150, 220 + n * 55, 1090, 190 + n * 55), fill="#d4dde4", width=2)
    draw.arc((180, 320, 620, 900), 190, 350, fill=DARK, width=8)
    draw.arc((580, 310, 1040, 890), 190, 350, fill=DARK, width=8)
    draw.line((130, 500, 1120, 455), fill=DARK, width=10)
    for x in range(200, 1100, 70):
        draw.line((x, 500 - x // 25, x, 430 - x // 25), fill=DARK, width=5)
    draw.line((120, 622, 1130, 574), fill="#2a62b8", width=5)
    draw.text((820, 650), "Sheet 07", fill=DARK, font=_font(40))


def _error(draw):
    draw.rectangle((0, 0, *SIZE), fill="#3a4a57")
    draw.rounded_rectangle((330, 40, 870, 880), 56, fill="#15181b")
    draw.rounded_rectangle((356, 84, 844, 836), 24, fill="#eef1f3")
    for n in range(10):
        x, y = 380 + n % 3 * 152, 110 + n // 3 * 130
        draw.rectangle((x, y, x + 136, y + 112), fill=("#9db4a6", "#b9c6cf", "#c9bfae")[n % 3])
        draw.arc((x + 14, y + 40, x + 122, y + 150), 190, 350, fill="#5c6b73", width=7)
    draw.rounded_rectangle((392, 520, 808, 760), 22, fill="white", outline="#c3c9ce", width=3)
    draw.text((430, 548), "Photo 11 of 10", fill=DARK, font=_font(40))
    draw.text((430, 608), "Line 4410: list is full.", fill="#5b636a", font=_font(30))
    draw.text((430, 648), "The app has to stop.", fill="#5b636a", font=_font(30))
    draw.text((700, 704), "OK", fill="#2a62b8", font=_font(36))


_PICTURES = {"printer": _printer, "cable": _cable, "plotter": _plotter, "error": _error}
