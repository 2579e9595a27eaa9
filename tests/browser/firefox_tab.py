"""A tab of Firefox: go, look, click, type."""
import json
import time

from .bidi import BidiError

FORGET_SITE = """(async () => {
  for (const registration of await navigator.serviceWorker.getRegistrations()) {
    await (await registration.pushManager.getSubscription())?.unsubscribe();
    await registration.unregister();
  }
  for (const name of await caches.keys()) await caches.delete(name);
  for (const {name} of await indexedDB.databases()) indexedDB.deleteDatabase(name);
  localStorage.clear();
  sessionStorage.clear();
})()"""


class Tab:
    """Made by Firefox.new_tab() and its kin."""

    def __init__(self, firefox, context):
        self._firefox, self._context = firefox, context

    def goto(self, url):
        """Open an address and wait until the page has loaded."""
        self._firefox.command("browsingContext.navigate", context=self._context, url=url, wait="complete")
        return self

    def reload(self):
        """Load the page again."""
        self._firefox.command("browsingContext.reload", context=self._context, wait="complete")

    def close(self):
        """Close the tab."""
        self._firefox.command("browsingContext.close", context=self._context)

    def resize(self, width, height):
        """Give the page this many CSS pixels."""
        self._firefox.command("browsingContext.setViewport", context=self._context, viewport={"width": width, "height": height})

    @property
    def url(self):
        """The address it shows."""
        tree = self._firefox.command("browsingContext.getTree", root=self._context, maxDepth=0)
        return tree["contexts"][0]["url"]

    def evaluate(self, expression, gesture=False):
        """The value of a JavaScript expression, awaited, as JSON gives it.  gesture: as if the person had just clicked.
        Raises BidiError with the script's own words."""
        return self._firefox.command_value(self._context, expression, gesture)

    def text(self, css="body"):
        """The words a person reads in the first such element."""
        return self.evaluate(f"document.querySelector({json.dumps(css)})?.innerText ?? ''")

    def wait_until(self, expression, seconds=10):
        """Wait until a JavaScript expression is true; its value."""
        return self._firefox.poll(lambda: self._attempt(expression), seconds,
                                  lambda: f"Never true: {expression}. The page at {self.url} says: {self.text()[:500]!r}")

    def wait_for(self, css, seconds=10):
        """Wait until such an element is visible."""
        self.wait_until(f"!!document.querySelector({json.dumps(css)})?.checkVisibility()", seconds)

    def wait_for_url(self, part, seconds=10):
        """Wait until the address contains `part` and the page has loaded."""
        self.wait_until(f"location.href.includes({json.dumps(part)}) && document.readyState === 'complete'", seconds)

    def click(self, css):
        """Press the middle of the first such element with the mouse."""
        end = time.monotonic() + 10
        while True:
            self.wait_for(css)
            pointer = [{"type": "pointerMove", "x": 0, "y": 0, "origin": {"type": "element", "element": self._element(css)}},
                       {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
            try:
                return self._act({"type": "pointer", "id": "mouse", "actions": pointer})
            except BidiError:                   # a page that is still being laid out or swapped: nothing was pressed
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def type(self, css, text):
        """Click into a field and press one key for each character."""
        self.click(css)
        self.press(*text)

    def press(self, *keys):
        """Press keys one after the other: characters, or WebDriver's codes such as "\\ue007" for Enter."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keyboard", "actions": strokes})

    def forget_site(self):
        """Remove the workers, subscriptions, caches, databases and local values of the site it shows."""
        self.evaluate(FORGET_SITE)

    def _element(self, css):
        script = f"""(() => {{
          const element = document.querySelector({json.dumps(css)});
          element.scrollIntoView({{block: "center", behavior: "instant"}});
          return element;
        }})()"""
        target = {"context": self._context}
        answer = self._firefox.command("script.evaluate", expression=script, target=target, awaitPromise=False)
        return {"sharedId": answer["result"]["sharedId"]}

    def _act(self, source):
        self._firefox.command("input.performActions", context=self._context, actions=[source])

    async def _attempt(self, expression):
        try:
            return await self._firefox.value_of(self._context, expression)
        except BidiError:
            return None     # the page is on its way elsewhere; the next look decides
