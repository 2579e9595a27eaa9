"""Draws the pictures of the install dialog and the README from a running demo:  python docs/pictures.py URL LINK [FOLDER]
URL: where it serves.  LINK: the requester's sign-in link, as `app.py demo` printed it.  FOLDER: where the pictures go."""
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

BRAND = Path(__file__).resolve().parent.parent / "socialdesk" / "static" / "brand"
MOST_BYTES = 60_000
PHONE = {"viewport": {"width": 360, "height": 640}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
TYPED = "How do I print on both sides"


def main(url, link, folder=BRAND):
    """Sign in once, take the four pictures, say what they weigh."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium())
        context = browser.new_context(**PHONE, color_scheme="light", reduced_motion="reduce", locale="en-GB")
        page = context.new_page()
        page.goto(link)
        page.click("main button[type=submit]")
        page.wait_for_url(lambda address: "/link/" not in address)
        cookies = context.cookies()
        for name, path in (("screen-feed", "/"), ("screen-ticket", _ticket_of(page, url)), ("screen-ask", "/ask")):
            _draw(page, url + path, Path(folder) / f"{name}.png")
        wide = browser.new_context(**DESKTOP, color_scheme="light", reduced_motion="reduce", locale="en-GB")
        wide.add_cookies(cookies)
        _draw(wide.new_page(), url + "/", Path(folder) / "screen-wide.png")
        browser.close()


def _chromium():
    return next((path for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome") if Path(path).exists()), None)


def _ticket_of(page, url):
    """The person's ticket with the most to tell: one that waits for their word, else the first."""
    page.goto(url + "/me/tickets")
    rows = page.locator("main .row")
    told = rows.filter(has_text="Fixed, please check")
    return (told if told.count() else rows).first.locator(".row-title").get_attribute("href")


def _draw(page, address, path):
    page.goto(address)
    if address.endswith("/ask"):
        page.fill("textarea[name=body]", "")                 # a draft of an earlier run
        page.locator("textarea[name=body]").press_sequentially(TYPED, delay=20)
        page.wait_for_selector("#suggestions :is(li, article, .row)", timeout=8000)
    page.wait_for_load_state("load")
    page.evaluate("() => { document.activeElement.blur(); for (const one of document.querySelectorAll('.notices, #install-card')) one.hidden = true; scrollTo(0, 0); }")
    path.write_bytes(_small(page.screenshot()))
    print(path.name, path.stat().st_size)


def _small(png):
    """A picture of few colors that weighs less than what phones are asked to fetch."""
    picture = Image.open(BytesIO(png)).convert("RGB")
    for colors in (128, 64, 32, 16):
        out = BytesIO()
        picture.quantize(colors, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() < MOST_BYTES:
            break
    return out.getvalue()


if __name__ == "__main__":
    main(*sys.argv[1:])
