"""The desk as shipped, for browser tests: app.py in its own process, with people, on the lab's push services."""
import json

from playwright.sync_api import Error as PlaywrightError

from bench.desk import Desk

PEOPLE = (("ada", "Ada Nwosu", "requester"), ("bo", "Bo Lindahl", "agent"), ("cy", "Cy Admin", "admin"), ("dee", "Dee Okafor", "requester"),
          ("eve", "Eve Sato", "requester"))

LINKS = 4                               # one-time links made beforehand, a person: a command costs seconds


class Served(Desk):
    """A running desk; people are known by their first name."""

    def __init__(self, folder, mozilla_push, google_push):
        super().__init__(folder, PUSH_HOSTS=mozilla_push.origin, PUSH_ROUTE=google_push.route)
        self.origin = f"http://127.0.0.1:{self.port}"
        self.commands(*(["person", "add", "--email", f"{name}@example.org", "--name", full, "--role", role, "--hours", "always"]
                        for name, full, role in PEOPLE))
        made = self.commands(*([*words, "--email", f"{name}@example.org"] for name, *_ in PEOPLE
                               for words in (["token", "create"], *[["link"]] * LINKS)))
        self.tokens = {name: made[n * (LINKS + 1)] for n, (name, *_) in enumerate(PEOPLE)}
        self.links = {name: made[n * (LINKS + 1) + 1:(n + 1) * (LINKS + 1)] for n, (name, *_) in enumerate(PEOPLE)}

    def api(self, name, method, path, **body):
        """What the API answers somebody, parsed; anything but success is an error."""
        headers = {"Authorization": f"Bearer {self.tokens[name]}", "Content-Type": "application/json"}
        status, _headers, data = self.request(method, "/api/v1" + path, headers, json.dumps(body) if body else None)
        assert status in (200, 201), (status, data)
        return json.loads(data)

    def cookie(self, name):
        """The session cookie's value of somebody who signs in now."""
        signed_in = self.open_link(self.links[name].pop()) if self.links[name] else self.sign_in(f"{name}@example.org")
        pairs = dict(pair.split("=", 1) for pair in signed_in.split("; "))
        return pairs["socialdesk"]

    def ticket(self, name="ada", body="The printer on floor 2 prints hearts. #printing"):
        """The id of a new ticket."""
        return self.api(name, "POST", "/tickets", body=body)["id"]


class ChromiumPhone:
    """A Chromium phone and how a test drives it; the same four things as FirefoxTab."""

    def __init__(self, browser, origin):
        self.browser, self.origin = browser, origin

    def open(self, cookie, path):
        """A page on which somebody is signed in."""
        self.page = self.browser.fresh_page()
        self.browser.allow_notifications(self.origin)
        self.browser.set_cookie(self.origin, "socialdesk", cookie)
        self.page.goto(self.origin + path)

    def click(self, css):
        """Touch something."""
        self.page.locator(css).first.click()

    def click_if_shown(self, css):
        """Touch something unless it is hidden by now."""
        try:
            self.page.locator(css).first.click(timeout=1500)
        except PlaywrightError:
            pass

    def text(self):
        """What the page says."""
        return self.page.inner_text("body")

    def wait_for_address(self, part):
        """Wait until a page of the browser is at an address."""
        assert self.browser.page_at(part, 30)


class FirefoxTab:
    """The same for Firefox."""

    def __init__(self, browser, origin):
        self.browser, self.origin = browser, origin

    def open(self, cookie, path):
        """A page on which somebody is signed in."""
        self.tab = self.browser.fresh_tab()
        self.browser.allow_notifications(self.origin)
        self.browser.set_cookie(self.origin, "socialdesk", cookie)
        self.tab.goto(self.origin + path)

    def click(self, css):
        """Press something."""
        self.tab.click(css)

    def click_if_shown(self, css):
        """Press something unless it is hidden by now."""
        if self.tab.evaluate(f"Boolean(document.querySelector({json.dumps(css)})?.checkVisibility())"):
            self.tab.click(css)

    def text(self):
        """What the page says."""
        return self.tab.text()

    def wait_for_address(self, part):
        """Wait until a page of the browser is at an address."""
        assert self.browser.tab_at(part, 30)
