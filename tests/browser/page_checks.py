"""Checks and gestures for any page in Chromium: accessibility, width, size of targets, swipes."""
from axe_playwright_python.sync_playwright import Axe

AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

STICKING_OUT = """width => {
  const root = document.scrollingElement;
  if (root.scrollWidth <= width) return [];
  const name = e => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + [...e.classList].map(c => "." + c).join("");
  const out = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > width + 0.5);
  const inner = out.filter(e => !out.some(other => other !== e && e.contains(other)));
  return inner.length ? inner.map(e => `${name(e)} ends at ${Math.round(e.getBoundingClientRect().right)}`)
                      : [`the page is ${root.scrollWidth} wide`];
}"""

SMALL_TARGETS = """least => {
  const controls = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button]";
  const all = [...document.querySelectorAll(controls)];
  // A link inside a sentence is exempt, and so is what only a screen reader sees.
  const inSentence = e => e.tagName === "A" && getComputedStyle(e).display === "inline"
    && [...e.parentNode.childNodes].some(n => n.nodeType === 3 && n.data.trim());
  return all.filter(e => e.checkVisibility({visibilityProperty: true, opacityProperty: true}) && !inSentence(e)).flatMap(e => {
    const label = (e.type === "checkbox" || e.type === "radio") && e.labels?.[0];
    const box = (label || e).getBoundingClientRect();
    const hidden = box.width <= 1 || box.height <= 1 || box.bottom < 0;
    if (hidden || (box.width >= least - 0.5 && box.height >= least - 0.5)) return [];
    const words = (e.ariaLabel || e.innerText || e.name || e.id || "").trim().slice(0, 40);
    return [`${e.tagName.toLowerCase()} "${words}" is ${Math.round(box.width)} x ${Math.round(box.height)}`];
  });
}"""

TOUCH_STEPS, TOUCH_STEP_MS = 10, 16


def axe_violations(page, rules=None, exclude=()):
    """A sentence for each accessibility fault axe finds; empty is good.  rules: axe tags; exclude: CSS selectors to skip."""
    context = {"exclude": [[css] for css in exclude]} if exclude else None
    found = Axe().run(page, context=context, options={"runOnly": rules or AXE_RULES, "resultTypes": ["violations"]})
    return [f"{fault['id']} ({fault['impact']}): {fault['help']}: "
            + ", ".join(str(node["target"][0]) for node in fault["nodes"][:5]) for fault in found.response["violations"]]


def scrolls_sideways(page):
    """What makes the page wider than the screen, as a list of elements; empty (false) is good."""
    return page.evaluate(STICKING_OUT, page.viewport_size["width"])


def small_targets(page, least_px=44):
    """Controls smaller than a thumb, as a list; empty is good."""
    return page.evaluate(SMALL_TARGETS, least_px)


def swipe(page, css, dx=0, dy=0):
    """Move a finger by (dx, dy) CSS pixels, beginning in the middle of the element, and lift it."""
    target = page.locator(css).first
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    _touch(session, "touchStart", x, y)
    for step in range(1, TOUCH_STEPS + 1):
        page.wait_for_timeout(TOUCH_STEP_MS)
        _touch(session, "touchMove", x + dx * step / TOUCH_STEPS, y + dy * step / TOUCH_STEPS)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


def _touch(session, kind, x, y):
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
