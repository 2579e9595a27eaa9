"""A thumb on the feed: real touches by the browser's debugger, and what to wait for afterwards."""
import sqlalchemy as sa

from socialdesk.db import db

from .test_compose import wait

CARD = "article[data-card]"
MOVED = "getComputedStyle(document.querySelector('article[data-card]')).transform !== 'none'"
AT_HOME = "!document.querySelector('.swipe-under') && !document.querySelector('.settling')"
BOUND = "document.querySelector('main.swipes') !== null"
MARKS = """() => {
  const card = document.querySelector('article[data-card]'), painted = then => requestAnimationFrame(() => setTimeout(then));
  let start = 0;
  window.moves = [];
  addEventListener('pointerdown', event => { start = event.clientX; }, true);
  addEventListener('pointermove', event => {
    const at = performance.now(), x = event.clientX;
    requestAnimationFrame(() => moves.push({ ms: performance.now() - at, px: Math.abs(x - start - new DOMMatrix(getComputedStyle(card).transform).m41) }));
  });
  addEventListener('pointerup', () => { performance.clearMarks(); performance.mark('let-go'); }, true);
  new MutationObserver(changes => { if (changes.some(one => one.target.matches('[data-deed] button'))) painted(() => performance.mark('shown')); })
    .observe(card, { subtree: true, attributes: true, attributeFilter: ['aria-pressed'] });
  new MutationObserver(changes => { if (changes.some(one => one.addedNodes.length)) painted(() => performance.mark('said')); })
    .observe(document.querySelector('#notices'), { childList: true });
}"""


class Finger:
    """A real finger on a page, by the browser's debugger."""

    def __init__(self, page):
        self.page, self.devtools = page, page.context.new_cdp_session(page)

    def touch(self, kind, *points):
        self.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]})

    def down(self, x, y):
        self.x, self.y = x, y
        self.touch("touchStart", (x, y))

    def move(self, dx, dy=0, steps=10):
        for step in range(1, steps + 1):
            self.page.wait_for_timeout(16)
            self.touch("touchMove", (self.x + dx * step / steps, self.y + dy * step / steps))

    def up(self):
        self.touch("touchEnd")

    def tap(self, css):
        """A touch that goes nowhere."""
        self.down(*self.middle(css))
        self.up()

    def swipe(self, dx, dy=0, at=None, steps=10):
        """From the middle of the first card, or from `at`."""
        self.down(*(at or self.middle()))
        self.move(dx, dy, steps)
        self.up()

    def middle(self, css=CARD):
        box = self.page.locator(css).first.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def count(table):
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(table))


def said(page, words):
    page.locator("#notices", has_text=words).wait_for()
    page.wait_for_timeout(200)                  # as a thumb needs to get there: a touch sooner after a swipe is none to the browser


def still(page):
    """Long enough for a deed to be sent, were there one."""
    page.wait_for_timeout(300)
    wait(page, AT_HOME)
