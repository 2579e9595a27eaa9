"""Firefox as people have it, without a window, driven over WebDriver BiDi by plain calls."""
import json
import os
import re
import tempfile
from urllib.parse import urlsplit

from . import processes
from .background import LoopThread, poll
from .bidi import Bidi, BidiError
from .firefox_tab import Tab

QUIET = {
    "app.update.enabled": False, "extensions.update.enabled": False, "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0, "browser.startup.homepage_override.mstone": "ignore", "browser.aboutwelcome.enabled": False,
    "browser.sessionstore.resume_from_crash": False, "browser.topsites.contile.enabled": False,
    "browser.safebrowsing.downloads.enabled": False, "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.enabled": False, "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False, "network.proxy.type": 0,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
}
LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
START_SECONDS = 30


class Firefox:
    """start(), use tabs, quit() or restart(): the profile stays until dispose().
    push_url: the WebSocket address of the push service; environment: added to the own one, such as Desktop.environment."""

    def __init__(self, push_url=None, environment=None, preferences=None):
        self._folder = tempfile.TemporaryDirectory(prefix="firefox-", ignore_cleanup_errors=True)
        own = {"HOME": self._folder.name, "MOZ_CRASHREPORTER_DISABLE": "1"}
        self._environment = {**os.environ, **(environment or {}), **own}
        self._preferences = {**QUIET, **_push_preferences(push_url), **(preferences or {})}
        self._process = None
        self.errors = []
        os.mkdir(self._path("profile"))

    def start(self):
        """Start the browser on its profile."""
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in self._preferences.items()]
        with open(self._path("profile/user.js"), "w") as file:
            file.writelines(lines)
        with open(self._path("log"), "w") as log:
            self._process = processes.start([
                processes.find("firefox-esr", "firefox"), "--headless", "--no-remote", "--profile", self._path("profile"),
                "--remote-debugging-port", "0"], stdout=log, stderr=log, env=self._environment)
        self._loop = LoopThread("Firefox")
        try:
            self._bidi = self._loop.run(self._connect(), START_SECONDS + 10)
        except BaseException:
            self.kill()
            raise
        return self

    def quit(self):
        """Close it as a person does; what it has stored stays in the profile."""
        if self._process is None:
            return
        try:
            self._loop.run(self._leave(), 20)
            self._process.wait(15)
        finally:
            self.kill()

    def restart(self):
        """Quit and start again on the same profile."""
        self.quit()
        return self.start()

    def kill(self):
        """End the process at once."""
        if self._process is not None:
            processes.end(self._process)
            self._loop.stop()
            self._process = None

    def dispose(self):
        """Quit and remove the profile."""
        try:
            self.quit()
        finally:
            self._folder.cleanup()

    # What a person decides

    def allow_notifications(self, origin, state="granted"):
        """Answer the permission question for an origin: granted, denied or prompt."""
        self.command("permissions.setPermission", descriptor={"name": "notifications"}, state=state, origin=origin)

    def set_cookie(self, url, name, value, http_only=True):
        """Store a cookie for the host of this address, for every path."""
        cookie = {"name": name, "value": {"type": "string", "value": value}, "domain": urlsplit(url).hostname,
                  "path": "/", "httpOnly": http_only, "sameSite": "lax"}
        self.command("storage.setCookie", cookie=cookie)

    def cookies(self):
        """{name: value} of every cookie."""
        return {cookie["name"]: cookie["value"]["value"] for cookie in self.command("storage.getCookies")["cookies"]}

    def clear_cookies(self):
        """Sign out everywhere, on this side at least."""
        self.command("storage.deleteCookies")

    # Tabs

    def tabs(self):
        """The open tabs."""
        return [Tab(self, context["context"]) for context in self.command("browsingContext.getTree", maxDepth=0)["contexts"]]

    def new_tab(self, url=None):
        """A new tab in front, gone to `url` if given."""
        tab = Tab(self, self.command("browsingContext.create", type="tab")["context"])
        if url:
            tab.goto(url)
        return tab

    def fresh_tab(self, url=None, width=1280, height=800):
        """A new tab alone: no cookies, no other tabs, no errors noted."""
        self.clear_cookies()
        others = self.tabs()
        tab = self.new_tab()
        for other in others:
            other.close()
        self.errors.clear()
        tab.resize(width, height)
        if url:
            tab.goto(url)
        return tab

    def tab_at(self, part, seconds=10):
        """The tab whose address contains `part`, once it is there and loaded."""
        async def look():
            tree = await self._bidi.command("browsingContext.getTree", maxDepth=0)
            seen[:] = [context["url"] for context in tree["contexts"]]
            return next((context for context in tree["contexts"] if part in context["url"]), None)

        seen = []
        context = self.poll(look, seconds, lambda: f"No tab went to {part!r}. Open: {seen}")
        tab = Tab(self, context["context"])
        tab.wait_until("document.readyState === 'complete'")
        return tab

    # For Tab

    def command(self, method, **params):
        """One BiDi command.  Raises BidiError."""
        return self._loop.run(self._bidi.command(method, **params), 40)

    def poll(self, look, seconds, otherwise):
        """Ask `await look()` until it is true; AssertionError(otherwise()) past `seconds`."""
        return self._loop.run(poll(look, seconds, otherwise), seconds + 40)

    def command_value(self, context, expression, gesture):
        """The value of a JavaScript expression in a tab."""
        return self._loop.run(self.value_of(context, expression, gesture), 40)

    async def value_of(self, context, expression, gesture=False):
        """The same, from within a coroutine."""
        answer = await self._bidi.command(
            "script.evaluate", target={"context": context}, awaitPromise=True, userActivation=gesture,
            expression=f"(async () => JSON.stringify(await ({expression})))()")
        if answer["type"] == "exception":
            raise BidiError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"].get("value", "null"))

    def _path(self, name):
        return os.path.join(self._folder.name, name)

    def _log(self):
        with open(self._path("log")) as log:
            return log.read()

    async def _connect(self):
        async def listening():
            return LISTENING.search(self._log())
        found = await poll(listening, START_SECONDS, lambda: f"Firefox did not start listening: {self._log()[-2000:]}")
        bidi = await Bidi.open(found[1], self._hear)
        await bidi.command("session.subscribe", events=["log.entryAdded"])
        return bidi

    async def _leave(self):
        try:
            await self._bidi.command("browser.close")
        except BidiError:
            pass    # it may hang up before it answers
        await self._bidi.close()

    def _hear(self, method, params):
        if method == "log.entryAdded" and params["level"] == "error":
            self.errors.append(params["text"])


def _push_preferences(push_url):
    preferences = {"dom.push.enabled": True, "dom.push.connection.enabled": bool(push_url), "alerts.useSystemBackend": True}
    if push_url:
        preferences |= {"dom.push.serverURL": push_url, "dom.push.testing.allowInsecureServerURL": True}
    return preferences
