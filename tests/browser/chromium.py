"""Chromium as people have it, on a phone and on a desk, driven with Playwright."""
import json
import os
import tempfile
import time

from playwright.sync_api import Error, TimeoutError, sync_playwright

from . import processes
from .page_watch import PageWatch

PROFILES = {
    "phone": {"viewport": {"width": 360, "height": 640}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True},
    "desktop": {"viewport": {"width": 1280, "height": 800}},
}
TIMEOUT_MS = 10_000


class Chromium:
    """Starts browsers at first use and keeps them: `phone`, `desktop`, or browser("phone", java_script_enabled=False).
    flags: added to the command line, such as GooglePush.flags; environment: added to the own one."""

    def __init__(self, flags=(), environment=None):
        self._flags, self._environment = list(flags), {**os.environ, **(environment or {})}
        self._browsers = {}

    def start(self):
        """Start Playwright; browsers start at their first use."""
        self._playwright = sync_playwright().start()
        return self

    def stop(self):
        """Close every browser and remove its profile."""
        try:
            for browser in self._browsers.values():
                browser.dispose()
        finally:
            self._playwright.stop()

    @property
    def phone(self):
        """360 x 640, touch, a profile of its own."""
        return self.browser("phone")

    @property
    def desktop(self):
        """1280 x 800, mouse, a profile of its own."""
        return self.browser("desktop")

    def browser(self, profile, **options):
        """The running browser of this profile and these Playwright context options; each set of options is one process."""
        name = (profile, repr(sorted(options.items())))
        if name not in self._browsers:
            settings = {**PROFILES[profile], **options, "args": self._flags, "env": self._environment}
            self._browsers[name] = Browser(self._playwright.chromium, settings).start()
        return self._browsers[name]


def _looked(look):
    """What there is to see; nothing while a page gives way to the next."""
    try:
        return look()
    except Error as error:
        if "context was destroyed" not in error.message:
            raise
        return None


class Browser:
    """One process with its own profile.  `context` is Playwright's; `watch` notes what pages complain of."""

    def __init__(self, kind, settings):
        self._kind, self._settings = kind, settings
        self._folder = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        self._allowed = set()

    def start(self):
        """Start the browser on its profile: a persistent one, since push does not work in private windows."""
        self._write_permissions()
        # Playwright leaves the sandbox off unless asked: root has none, and few build machines allow it to others.
        self.context = self._kind.launch_persistent_context(
            self._folder.name, executable_path=processes.find("chromium", "chromium-browser", "google-chrome"),
            headless=True, locale="en-US", **self._settings)
        self.context.set_default_timeout(TIMEOUT_MS)
        self.watch = PageWatch(self.context)
        return self

    def quit(self):
        """Close it; what it has stored stays in the profile."""
        self.context.close()

    def restart(self):
        """Quit and start again on the same profile."""
        self.quit()
        return self.start()

    def dispose(self):
        """Quit and remove the profile."""
        try:
            self.quit()
        finally:
            self._folder.cleanup()

    def fresh_page(self, url=None, color_scheme="light", reduced_motion="no-preference"):
        """A new page alone: no cookies, no permissions, no other pages, on line, nothing noted.  url: where to go."""
        self.context.set_offline(False)
        self.context.clear_cookies()
        self.context.clear_permissions()
        self._allowed.clear()
        page = self.new_page(color_scheme=color_scheme, reduced_motion=reduced_motion)
        if not self._close_all_but(page):
            self.restart()
            page = self.new_page(color_scheme=color_scheme, reduced_motion=reduced_motion)
        self.watch.clear()
        if url:
            self.open(page, url)
        return page

    def open(self, page, url):
        """Go somewhere.  On a crowded machine Chromium now and then never sends the first request of a new page: it is asked again."""
        try:
            page.goto(url)
        except TimeoutError:
            page.goto(url)

    def _close_all_but(self, page):
        """Close the other pages.  Returns whether they went: now and then one never answers, and waiting for it has no end."""
        for other in self.context.pages:
            if other is not page:
                other.close(run_before_unload=True)             # asks, and does not wait
        end = time.monotonic() + 10
        while len(self.context.pages) > 1 and time.monotonic() < end:
            page.wait_for_timeout(20)
        return len(self.context.pages) == 1

    def new_page(self, url=None, **media):
        """One more page.  media: color_scheme, reduced_motion, forced_colors, contrast."""
        page = self.context.new_page()
        if media:
            page.emulate_media(**media)
        if url:
            page.goto(url)
        return page

    def allow_notifications(self, origin):
        """Grant notifications and Background Sync to an origin, restarts included; what is not named is denied."""
        self._allowed.add(origin)
        self.context.grant_permissions(["notifications", "background-sync"], origin=origin)

    def forget(self, page, origin):
        """Remove all that an origin has stored: workers, caches, databases, subscriptions."""
        session = self.context.new_cdp_session(page)
        session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        session.detach()

    def set_cookie(self, url, name, value):
        """Store a cookie for the host of this address, as a sign-in would."""
        self.context.add_cookies([{"url": url, "name": name, "value": value, "httpOnly": True, "sameSite": "Lax"}])

    def page_at(self, part, seconds=10):
        """The page whose address contains `part`, once it is there and loaded, also one that a notice opened."""
        page = self.wait_until(lambda: next((page for page in self.context.pages if part in page.url), None), seconds,
                               lambda: f"No page went to {part!r}. Open: {[page.url for page in self.context.pages]}")
        page.wait_for_load_state()
        return page

    def wait_until(self, look, seconds=10, otherwise=lambda: "What the test waited for did not come."):
        """The first true value of `look()`, pages going on meanwhile.  Raises AssertionError(otherwise())."""
        end = time.monotonic() + seconds
        while not (found := _looked(look)):
            if time.monotonic() > end:
                raise AssertionError(otherwise())
            self._let_events_in()
        return found

    def _write_permissions(self):
        """Put what was allowed into the profile: a grant by the debugger ends with the process."""
        path = os.path.join(self._folder.name, "Default", "Preferences")
        preferences = {}
        if os.path.exists(path):
            with open(path) as file:
                preferences = json.load(file)
        settings = preferences.setdefault("profile", {}).setdefault("content_settings", {}).setdefault("exceptions", {})
        settings["notifications"] = {f"{origin},*": {"setting": 1} for origin in self._allowed}
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            json.dump(preferences, file)

    def _let_events_in(self):
        """Give Playwright a moment to hear of new pages."""
        (self.context.pages or [self.context.new_page()])[0].wait_for_timeout(50)
