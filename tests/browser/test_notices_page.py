"""The page of notices on a phone and by keyboard: what one presses is large enough, and the focus is never lost."""
import pytest
import sqlalchemy as sa

from socialdesk.db import db, now, transaction
from socialdesk.people.models import Person
from socialdesk.posts import thread_actions

from .page_checks import axe_violations, scrolls_sideways, small_targets
from .test_beside import screen  # noqa: F401
from .test_compose import port, settings_given, site, wait  # noqa: F401

PAGE = "/me/notifications"


def mute(person, *threads):
    for thread in threads:
        with transaction():
            thread_actions.follow(thread.id, person, "muted")


def focused(page):
    """What stands in the focus, in words."""
    return page.evaluate("document.activeElement === document.body ? '' : document.activeElement.innerText.trim()")


def press(page, css):
    """Press a button by keyboard."""
    page.locator(css).first.focus()
    page.keyboard.press("Enter")


def test_everything_one_touches_is_as_large_as_a_thumb(chromium, screen, make):  # noqa: F811
    ada = make.person("Ada")
    mute(ada, make.question(body="Short?"), make.question(body="A very long question that needs several lines of a narrow phone to be read as a whole?"))
    page = screen(ada, PAGE, on=chromium.phone)
    page.set_viewport_size({"width": 360, "height": 640})
    assert small_targets(page) == [] and scrolls_sideways(page) == [] and axe_violations(page) == []


@pytest.mark.parametrize("until", ["tomorrow", "monday"])
def test_quiet_by_keyboard_leads_to_ring_again_and_back(screen, make, time, until):  # noqa: F811
    time.stop(2030, 5, 8, 10)           # a Wednesday: on a Sunday both are one
    page = screen(make.person("Ada"), PAGE)
    assert focused(page) == ""
    press(page, f"#quiet button[value={until}]")
    wait(page, "document.activeElement.innerText.trim() === 'Ring again'")
    page.keyboard.press("Enter")
    wait(page, "document.activeElement.innerText.trim() === 'Until tomorrow'")


def test_hearing_threads_again_by_keyboard_goes_from_one_to_the_next_and_ends_at_the_heading(screen, make):  # noqa: F811
    ada = make.person("Ada")
    threads = [make.question(body=f"Question {n}?") for n in range(3)]
    mute(ada, *threads)
    page = screen(ada, PAGE)
    place = "document.activeElement.closest('.row')?.querySelector('.row-title').innerText"
    press(page, f"form[action='/me/notifications/muted/{threads[1].id}/remove'] button")
    for following in ("Question 0?", "Question 2?"):
        wait(page, f"{place} === {following!r} && document.activeElement.innerText.trim() === 'Hear of it again'")
        page.keyboard.press("Enter")
    wait(page, "document.activeElement.id === 'muted-title'")


@pytest.mark.parametrize("css, words", [("#only-tickets button", "Show the whole feed again"), ("#digest-keep", "Keep this choice"),
                                        ("#lock-screen-keep", "Keep this choice"), ("#swipes-keep", "Keep these swipes")])
def test_the_other_choices_keep_the_focus_too(screen, make, css, words):  # noqa: F811
    page = screen(make.person("Ada"), PAGE)
    page.evaluate("(css) => { window.pressed = document.querySelector(css) }", css)
    press(page, css)
    wait(page, f"!window.pressed.isConnected && document.activeElement.innerText.trim() === {words!r}")


def test_times_that_are_all_empty_are_said_beside_them_and_the_first_is_ready(screen, make):  # noqa: F811
    page = screen(make.person("Ada"), PAGE + "/when")
    for box in page.locator("input[name=round]").all():
        box.fill("")
    press(page, "#when-keep")
    page.wait_for_selector("#round-wrong")
    wait(page, "document.activeElement.name === 'round'")
    assert "Choose one to three times" in page.inner_text("#when fieldset") and page.locator(".notice").count() == 0
    assert axe_violations(page) == [] and scrolls_sideways(page) == []
    page.locator("input[name=round]").first.fill("10:15")
    page.locator("#when-keep").click()
    page.wait_for_selector("text=Kept.")
    assert page.locator("#round-wrong").count() == 0


def test_a_mail_tried_again_by_keyboard_leads_to_the_word_that_it_is_on_its_way(screen, make):  # noqa: F811
    ada = make.person("Ada")
    with transaction():
        db.session.execute(sa.update(Person).where(Person.id == ada.id).values(mail_refused_at=now()))
    page = screen(ada, PAGE)
    press(page, "#mail-again")
    wait(page, "document.activeElement.innerText.startsWith('A mail that tries')")


def test_the_words_under_the_devices_stand_in_line_with_those_of_the_rows(screen, make):  # noqa: F811
    page = screen(make.person("Ada"), PAGE)
    begins = "(css) => { const one = document.querySelector(css); return one.getBoundingClientRect().left + parseFloat(getComputedStyle(one).paddingLeft) }"
    assert {page.evaluate(begins, css) for css in ("#devices p.muted", "#devices [data-push-words]")} == {page.evaluate(begins, "a.row")}
