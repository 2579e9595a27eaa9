"""The lab's fixtures: what is missing is skipped by name, and fails where CI is set."""
import ctypes.util
import os

import pytest

from . import processes
from .chromium import Chromium
from .desktop import Desktop
from .firefox import Firefox
from .google_push import GooglePush
from .mozilla_push import MozillaPush


def need(found, name, package):
    """Skip when something is not installed; fail where CI is set, since there nothing may be left out."""
    if found:
        return
    sentence = f"{name} is not installed (Debian package {package})."
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def _mozilla_push():
    service = MozillaPush().start()
    yield service
    service.stop()


@pytest.fixture
def mozilla_push(_mozilla_push):
    """Stand-in of Mozilla's push service; posts, planned answers and delay begin empty in each test."""
    _mozilla_push.reset()
    return _mozilla_push


@pytest.fixture(scope="session")
def _google_push():
    service = GooglePush().start()
    yield service
    service.stop()


@pytest.fixture
def google_push(_google_push):
    """Stand-in of Google's push service; posts, planned answers and delay begin empty in each test."""
    _google_push.reset()
    return _google_push


@pytest.fixture(scope="session")
def _desktop():
    need(processes.find("dbus-daemon"), "dbus-daemon", "dbus")
    desktop = Desktop().start()
    yield desktop
    desktop.stop()


@pytest.fixture
def desktop(_desktop):
    """The desktop that shows the browsers' notices; its screen begins empty in each test."""
    _desktop.clear()
    return _desktop


@pytest.fixture(scope="session")
def firefox(_mozilla_push, _desktop):
    """A running Firefox on the stand-in's push and the desktop.  Begin with firefox.fresh_tab()."""
    need(processes.find("firefox-esr", "firefox"), "Firefox", "firefox-esr")
    need(ctypes.util.find_library("notify"), "libnotify", "libnotify4")
    browser = Firefox(_mozilla_push.websocket_url, _desktop.environment)
    try:
        yield browser.start()
    finally:
        browser.dispose()


@pytest.fixture(scope="session")
def _desktop_if_any(request):
    """The desktop's environment; empty on a machine without D-Bus, where pages can still be tested."""
    if processes.find("dbus-daemon") or os.environ.get("CI"):
        return request.getfixturevalue("_desktop").environment
    return {}


@pytest.fixture(scope="session")
def chromium(_google_push, _desktop_if_any):
    """Chromium on the stand-in's push and the desktop.  Begin with chromium.phone.fresh_page(), or .desktop."""
    need(processes.find("chromium", "chromium-browser", "google-chrome"), "Chromium", "chromium")
    browsers = Chromium(_google_push.flags, _desktop_if_any).start()
    yield browsers
    browsers.stop()
