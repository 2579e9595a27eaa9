"""The search pages in a browser: what I looked for stays on this device, under my name, until I forget it or sign out."""
import pytest

from ..conftest import run_due
from .page_checks import axe_violations, scrolls_sideways
from .test_beside import screen  # noqa: F401
from .test_compose import phone, port, settings_given, site, wait  # noqa: F401

KEPT = "Object.keys(localStorage).filter((key) => key.endsWith(':searched')).length"


@pytest.fixture
def look(screen, make, chromium, site):  # noqa: F811
    make.article(title="Outlook says disconnected", body="Three things to try with the mail.", tags=["email"])
    run_due()
    page = screen(make.person(), "/search?q=outlook", on=chromium.phone)
    return lambda where="": page.goto(f"{site}{where}") and page if where else page


def test_what_i_looked_for_is_offered_newest_first_until_i_forget_it(look):
    page = look()
    wait(page, f"{KEPT} === 1")
    page = look("/search?q=mail+things")
    wait(page, "localStorage.getItem(Object.keys(localStorage).find((key) => key.endsWith(':searched')))?.includes('mail things')")
    page = look("/search")
    page.locator("#recent").wait_for()
    assert page.locator("section[data-module=searched] .chip").all_inner_texts() == ["mail things", "outlook"]
    page.locator("section[data-module=searched] .chip").first.click()
    page.wait_for_url("**/search?q=mail%20things")
    page = look("/search")
    page.locator("button", has_text="Forget it").click()
    assert page.evaluate(KEPT) == 0 and page.locator("#recent").count() == 0


def test_signing_out_takes_it_along(look):
    page = look()
    wait(page, f"{KEPT} === 1")
    page = look("/me")
    page.locator("[data-sign-out] button").click()
    page.wait_for_url("**/sign-in*")
    assert page.evaluate(KEPT) == 0


def test_the_pages_can_be_read_by_all_and_fit_a_phone(look, chromium):
    for where in ("/search", "/search?q=outlok", "/search?q=outlook&kind=article&tag=email", "/search?q=xyzzy", "/me/learning"):
        page = look(where)
        assert axe_violations(page) == [] and scrolls_sideways(page) == [], where
        chromium.phone.watch.expect_nothing(page)
