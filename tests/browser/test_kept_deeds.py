"""Deeds that were pressed and could not be sent, in two stock browsers: whatever wakes the worker or shows the desk again sends them."""
import pytest

from socialdesk.db import wait_until

from .test_buttons import chrome, desk, fixed, line_of, phone, status_of  # noqa: F401

KEEP = """(path, tag, url) => caches.open("deeds").then((kept) => kept.put("/deeds" + path, new Response(JSON.stringify({ path, tag, url }))))"""


def keep(desk, phone, ticket):  # noqa: F811
    """A deed that was pressed and not sent, as the worker keeps it; a page is open that has asked for such deeds already."""
    phone.go(desk.origin + "/me")
    assert wait_until(lambda: phone.evaluate_at("/me", "sessionStorage.getItem('push-checked') !== null"), 30, pause=0.3)
    line, n = line_of(desk, ticket)
    phone.evaluate_at("/me", f"({KEEP})({f'/notices/{line}/works?n={n}'!r}, 'kept', {f'{desk.origin}/p/{ticket}'!r}).then(() => 1)")
    assert status_of(desk, ticket) == "resolved"


@pytest.mark.parametrize("happens", ["window.dispatchEvent(new Event('online'))", "document.dispatchEvent(new Event('visibilitychange'))"])
def test_what_was_kept_is_sent_when_an_open_page_is_on_line_or_looked_at_again(desk, phone, desktop, happens):  # noqa: F811
    ticket = fixed(desk, phone)
    desktop.wait_for("fixed", 15)
    keep(desk, phone, ticket)
    phone.evaluate_at("/me", happens)
    assert wait_until(lambda: status_of(desk, ticket) == "closed", 15, pause=0.2)
    assert wait_until(lambda: "Closed. Thank you." in phone.text_at("/me") or any("Closed. Thank you." in one.text for one in desktop.shown), 10, pause=0.3)


def test_what_was_kept_is_sent_when_the_worker_starts_anew(desk, chrome, desktop):  # noqa: F811
    ticket = fixed(desk, chrome)
    desktop.wait_for("fixed", 15)
    keep(desk, chrome, ticket)
    worker = next(one for one in chrome.browser.context.service_workers if one.url.startswith(desk.origin))
    worker.evaluate("void dispatchEvent(new ExtendableEvent('activate'))")
    desktop.wait_for("Closed. Thank you.", 15)
    assert status_of(desk, ticket) == "closed"


def test_what_was_kept_is_sent_with_the_next_page(desk, phone, desktop):  # noqa: F811
    ticket = fixed(desk, phone)
    desktop.wait_for("fixed", 15)
    keep(desk, phone, ticket)
    phone.go(desk.origin + "/inbox")
    assert wait_until(lambda: status_of(desk, ticket) == "closed", 15, pause=0.2)
