"""List beside detail on a wide screen: the thread opens in the pane, its deeds answer there, the address and the keyboard go along."""
import hashlib
import secrets

import pytest
import sqlalchemy as sa

from socialdesk.db import db, now, transaction
from socialdesk.people.models import Session
from socialdesk.posts.models import Post, Reaction

from ..conftest import run_due
from .page_checks import axe_violations, scrolls_sideways
from .test_compose import port, settings_given, site, wait  # noqa: F401

TWICE = "(() => { const all = [...document.querySelectorAll('[id]')].map((one) => one.id); return all.filter((id, n) => all.indexOf(id) !== n); })()"


@pytest.fixture
def screen(chromium, site, make, desk):  # noqa: F811
    """screen(person, path): a page on which this person is signed in; on=: another browser than the desktop's."""
    make.admin()

    def open_page(person, path, on=None, **media):
        token = secrets.token_urlsafe(32)
        with transaction():
            db.session.add(Session(id_hash=hashlib.sha256(token.encode()).hexdigest(), person_id=person.id, epoch=person.epoch,
                                   made_at=now(), seen_at=now(), public_id=secrets.token_hex(8)))
        client = desk.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = token
        browser = on or chromium.desktop
        page = browser.fresh_page(**media)
        page.set_viewport_size(page.viewport_size if on else {"width": 1280, "height": 800})
        browser.set_cookie(site, "socialdesk", client.get_cookie("socialdesk").value)
        browser.open(page, site + path)
        return page
    return open_page


@pytest.fixture
def queue(make):
    """(an agent, three tickets in the order of the queue)."""
    team = make.team("Network")
    agent = make.agent("Tomasz Agent", teams=[team])
    return agent, [make.ticket(make.person(f"Asker {n}"), f"Thing {n} is broken. It stopped this morning.") for n in (1, 2, 3)]


def is_bound(page):
    """Wait until the list opens its threads beside itself."""
    page.evaluate("import(document.querySelector('script[type=module]').src.replace('app.js', 'beside.js')).then(() => 1)")


def open_title(page):
    return page.locator(".pane h2").first.inner_text()


def current(page):
    return page.locator("main [aria-current=true] :is(.row-title, .card-title a)").inner_text()


def test_a_row_opens_its_ticket_beside_the_queue_and_back_leads_to_the_list(screen, queue, chromium):
    agent, (first, second, _third) = queue
    page = screen(agent, "/desk?filter=open")
    is_bound(page)
    assert page.locator(".pane .face").is_visible()
    page.get_by_role("link", name="Thing 2 is broken.").click()
    page.wait_for_url(f"**/p/{second.id}")
    assert open_title(page) == current(page) == "Thing 2 is broken."
    assert page.title().startswith("Thing 2 is broken.") and page.locator("#queue").is_visible() and page.evaluate(TWICE) == []
    page.get_by_role("link", name="Thing 1 is broken.").click()
    page.wait_for_url(f"**/p/{first.id}")
    page.go_back()
    page.wait_for_url("**/desk?filter=open")
    page.locator(".pane .face").wait_for()
    assert page.locator("main .row[aria-current]").count() == 0 and page.title().startswith("Desk")
    page.go_forward()
    page.locator(f".pane #panel-{first.id}").wait_for()
    chromium.desktop.watch.expect_nothing(page)


def test_a_reload_opens_the_thread_alone_and_back_still_leads_to_the_list(screen, queue):
    agent, (first, *_rest) = queue
    page = screen(agent, "/desk?filter=open")
    is_bound(page)
    page.get_by_role("link", name="Thing 1 is broken.").click()
    page.wait_for_url(f"**/p/{first.id}")
    page.reload()
    assert page.locator("h1").inner_text() == "Thing 1 is broken." and page.locator("#queue").count() == 0
    page.go_back()
    page.locator("#queue").wait_for()
    assert "/desk" in page.url


def test_the_keys_lead_through_the_list_into_the_thread_and_back(screen, queue):
    agent, (first, second, third) = queue
    page = screen(agent, "/desk?filter=open")
    is_bound(page)
    page.keyboard.press("j")
    wait(page, "document.activeElement.matches('.row-title')")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/p/{first.id}")
    wait(page, "document.activeElement.matches('.pane h2')")
    page.keyboard.press("j")
    page.wait_for_url(f"**/p/{second.id}")
    page.keyboard.press("ArrowDown")
    page.wait_for_url(f"**/p/{third.id}")
    page.keyboard.press("k")
    page.wait_for_url(f"**/p/{second.id}")
    assert open_title(page) == current(page) == "Thing 2 is broken."
    page.keyboard.press("r")
    wait(page, "document.activeElement.matches('.pane #reply textarea')")
    page.keyboard.type("jr")
    assert page.input_value("#reply textarea") == "jr"
    page.keyboard.press("Escape")
    wait(page, "document.activeElement.textContent === 'Thing 2 is broken.' && document.activeElement.matches('.row-title')")
    assert page.locator(".pane #reply").count() == 1
    page.keyboard.press("Escape")
    page.wait_for_url("**/desk?filter=open")
    wait(page, "document.activeElement.textContent === 'Thing 2 is broken.'")


def test_running_down_the_list_fetches_only_where_one_stays(screen, queue):
    agent, (first, _second, third) = queue
    page = screen(agent, "/desk?filter=open")
    is_bound(page)
    page.get_by_role("link", name="Thing 1 is broken.").click()
    page.wait_for_url(f"**/p/{first.id}")
    asked = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]) if "/p/" in request.url and request.method == "GET" else None)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.wait_for_url(f"**/p/{third.id}")
    assert asked[0] == str(third.id)


def test_a_like_in_the_pane_answers_in_the_pane_and_no_id_stands_twice(screen, make):
    post, reader = make.question(make.person("Ada"), "Which #printer is quick? I have a deadline."), make.person()
    make.question(reader, "Is this mine?")
    page = screen(reader, "/?view=newest")
    is_bound(page)
    assert not page.locator(".pane").is_visible()
    card = page.locator(f"#card-{post.id}")
    card.get_by_role("link", name="Which #printer is quick?").click()
    page.wait_for_url(f"**/p/{post.id}")
    assert page.evaluate(TWICE) == []
    for name, deed in (("Like", "like"), ("Save for later", "save"), ("Me too", "me-too")):
        page.locator(".pane").get_by_role("button", name=name).first.click()
        page.locator(f".pane #thread-{deed}-{post.id}[aria-pressed=true]").wait_for()
        assert page.locator(f"#card-{post.id} #{deed}-{post.id}").count() == 1 and page.evaluate(TWICE) == []
    assert page.evaluate("document.activeElement.id") == f"thread-me-too-{post.id}"
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).where(Reaction.post_id == post.id)) == 1
    page.get_by_role("link", name="Is this mine?").click()
    page.locator(".pane .mine").wait_for()
    assert page.evaluate(TWICE) == []
    card.get_by_role("button", name="Like").click()
    wait(page, f"document.querySelector('#like-{post.id}').getAttribute('aria-pressed') !== null && document.activeElement.id === 'like-{post.id}'")
    assert page.evaluate(TWICE) == []


def test_the_thread_beside_the_inbox_is_read_answered_and_goes_on_by_itself(screen, make, chromium):
    ada, ben = make.person("Ada"), make.person("Ben")
    post = make.question(ada, "Which printer is quick?")
    make.reply(post, ben, "The one by the stairs.")
    run_due()
    page = screen(ada, "/inbox")
    is_bound(page)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator(".row.unread .row-title").click()
    page.wait_for_url(f"**/p/{post.id}")
    page.locator(".row.unread").wait_for(state="detached")       # it stood before her eyes for a second, and list and bar know
    assert page.locator("#bar .count").count() == 0
    assert current(page) == "Which printer is quick?"
    page.fill(".pane #reply textarea", "Thank you, Ben.")
    page.get_by_role("button", name="Send").click()
    page.locator(".pane .bubble", has_text="Thank you, Ben.").wait_for()
    assert page.input_value(".pane #reply textarea") == "" and page.url.endswith(f"/p/{post.id}")
    make.reply(post, ben, "Any time.")
    chromium.desktop.wait_until(lambda: any(address.endswith(f"/live?posts={post.id}") for address in asked))      # the stream tells of this thread, too
    page.evaluate("document.querySelector('.pane [data-live-post]').dispatchEvent(new CustomEvent('live'))")
    page.locator(".pane .bubble", has_text="Any time.").wait_for()
    assert page.evaluate(TWICE) == [] and db.session.scalar(sa.select(sa.func.count()).where(Post.parent_id == post.id)) == 3
    page.get_by_role("button", name="Back to the list").click()
    page.wait_for_url("**/inbox")
    assert page.locator(".pane .face").is_visible()
    chromium.desktop.watch.expect_nothing(page)


def test_the_list_keeps_its_place_while_threads_open_beside_it(screen, make):
    author = make.person("Ada")
    for n in range(12):
        make.question(author, f"Question {n}? " + "It is long to tell. " * 20)
    page = screen(make.person(), "/?view=newest")
    is_bound(page)
    title = page.get_by_role("link", name="Question 4?")
    title.scroll_into_view_if_needed()
    before = title.bounding_box()["y"]
    title.click()
    page.wait_for_url("**/p/*")
    assert abs(title.bounding_box()["y"] - before) < 60
    page.locator(".pane").hover()
    page.mouse.wheel(0, 4000)
    page.go_back()
    page.locator(".pane").wait_for(state="hidden")
    assert abs(title.bounding_box()["y"] - before) < 60


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_panes_are_plain_to_everyone_at_every_width(screen, queue, chromium, scheme):
    agent, (first, *_rest) = queue
    page = screen(agent, "/desk?filter=open", color_scheme=scheme)
    is_bound(page)
    assert not axe_violations(page)
    page.get_by_role("link", name="Thing 1 is broken.").click()
    page.wait_for_url(f"**/p/{first.id}")
    for width in (1024, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert not axe_violations(page) and not scrolls_sideways(page)
        assert page.locator(".pane .aside").is_visible() == (width > 1024)
        assert page.locator(f".pane a[href='/p/{first.id}/facts']", has_text="Triage").is_visible() == (width == 1024)
    page.set_viewport_size({"width": 800, "height": 800})
    page.locator("h1", has_text="Thing 1 is broken.").wait_for()
    chromium.desktop.watch.expect_nothing(page)


def test_a_thread_that_is_gone_says_so_on_its_own_page(screen, queue):
    agent, (first, *_rest) = queue
    page = screen(agent, "/desk?filter=open")
    is_bound(page)
    with transaction():
        db.session.execute(sa.update(Post).where(Post.id == first.id).values(sealed=True, team_id=None))
    page.get_by_role("link", name="Thing 1 is broken.").click()
    page.get_by_role("heading", name="This is not here for you").or_(page.locator("h1", has_text="not")).first.wait_for()
    assert page.url.endswith(f"/p/{first.id}")


@pytest.mark.parametrize("profile, scripts", [("phone", True), ("desktop", False)])
def test_on_a_phone_and_without_scripts_the_links_lead_to_the_thread(screen, queue, chromium, profile, scripts):
    agent, (first, *_rest) = queue
    page = screen(agent, "/desk?filter=open", on=chromium.browser(profile, java_script_enabled=scripts))
    assert not page.locator(".pane").is_visible()
    page.get_by_role("link", name="Thing 1 is broken.").click()
    page.wait_for_url(f"**/p/{first.id}")
    assert page.locator("h1").inner_text() == "Thing 1 is broken."


def test_closing_the_thread_leaves_its_card_where_the_eye_is(screen, make):
    for n in range(19):
        make.question(make.person(f"Asker {n}"), f"Does machine {n} hum? " + "It hums all day and all night, and nobody knows why. " * 2)
    page = screen(make.person(), "/?view=newest")
    is_bound(page)
    card = page.locator("main .card", has_text="Does machine 2 hum?").first
    card.scroll_into_view_if_needed()
    page.evaluate("scrollBy(0, 120)")
    before = card.bounding_box()["y"]
    assert page.evaluate("scrollY") > 900
    card.locator(".card-title a").click()
    page.wait_for_url("**/p/*")
    page.go_back()
    page.wait_for_url("**/?view=newest")
    page.locator(".pane").wait_for(state="hidden")
    wait(page, "() => history.scrollRestoration === 'auto'")
    assert abs(card.bounding_box()["y"] - before) < 4


def test_a_list_that_is_drawn_anew_keeps_the_keyboard_on_its_row(screen, make):
    person, agent = make.person(), make.agent()
    question = make.question(person, "Does the kettle hum?")
    make.reply(question, agent, body="It does.")
    run_due()
    page = screen(person, "/inbox")
    is_bound(page)
    row = page.locator("main .row-title").first
    row.focus()
    with page.expect_response("**/inbox*"):
        page.evaluate("document.querySelector('[data-live-inbox]').dispatchEvent(new CustomEvent('live'))")
    wait(page, "() => document.activeElement.matches('.row-title')")
