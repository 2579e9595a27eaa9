"""Under the thumb and on a wide screen: what is like a ticket, one tap into the reply, and the warning that a note does not need."""
import pytest

from socialdesk.db import transaction
from socialdesk.search.actions import index_posts

from ..conftest import run_due
from ..ticket_desk import put
from .page_checks import axe_violations, scrolls_sideways, small_targets
from .test_beside import screen  # noqa: F401
from .test_compose import picture, port, settings_given, site, wait  # noqa: F401

TICKET = "The VPN tunnel drops whenever the laptop wakes from sleep"
BOX = "#reply textarea[name=body]"


@pytest.fixture
def case(make):
    """(agent, ticket of Ada's, article like it, somebody else's solved ticket like it)."""
    agent = make.agent("Tomasz Nowak")
    for title in ("Renew an expired certificate", "A chair for the reception", "Invoices are booked twice", "The lift stops between floors"):
        make.article(agent, title=title, body=f"{title}. Open the portal and choose it there.")
    article = make.article(agent, title="VPN tunnel drops after sleep", body="Wait a bit.\n\nWhen the laptop wakes, press Reconnect tunnel.")
    other = make.ticket(make.person("Ben Roe"), "My VPN tunnel drops when the laptop wakes from sleep")
    make.reply(other, make.agent(), "Hi Ben,\n\nUpdate the VPN driver and the tunnel stays.\n\nBest regards\nBo")
    put(other, "resolved")
    with transaction():
        index_posts([other.id])
    run_due()
    return agent, make.ticket(make.person("Ada Nwosu"), TICKET), article, other


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_one_tap_puts_a_link_where_the_caret_stands(screen, case, chromium, device):  # noqa: F811
    agent, ticket, _article, other = case
    page = screen(agent, f"/p/{ticket.id}", on=getattr(chromium, device))
    part = page.locator(f"#like-this-{ticket.id}")
    part.get_by_role("heading", name="Like this one").wait_for()
    page.evaluate("import(document.querySelector('script[type=module]').src.replace('app.js', 'like-this.js')).then(() => 1)")
    page.fill(BOX, "Please read this and tell me.")
    page.evaluate("box => { const area = document.querySelector(box); area.focus(); area.setSelectionRange(16, 16); }", BOX)
    part.get_by_role("button", name="Insert the link to VPN tunnel drops after sleep").click()
    assert page.input_value(BOX) == "Please read this [VPN tunnel drops after sleep](/help/vpn-tunnel-drops-after-sleep) and tell me."
    assert page.evaluate("document.activeElement.name") == "body"
    wait(page, "Object.keys(localStorage).some((key) => key.startsWith('keep:'))")
    assert part.get_by_text("Ada cannot open this ticket").is_visible() and part.get_by_role("button", name="Insert what helped").is_visible()
    part.get_by_role("button", name="Insert what helped").click()
    assert "[VPN tunnel drops after sleep](/help/vpn-tunnel-drops-after-sleep) Update the VPN driver and the tunnel stays. and tell me." in page.input_value(BOX)
    page.locator("#reply label", has_text="Note").click()
    assert not part.get_by_text("Ada cannot open this ticket").is_visible() and not part.get_by_role("button", name="Insert what helped").is_visible()
    assert part.get_by_role("button", name="Insert the link to My VPN tunnel").is_visible()
    assert not axe_violations(page) and not scrolls_sideways(page) and not [one for one in small_targets(page) if one.startswith("button")]
    getattr(chromium, device).watch.expect_nothing(page)
    assert other.id


def test_what_is_typed_finds_more_and_nothing_typed_is_lost(screen, case, chromium, tmp_path):  # noqa: F811
    agent, ticket, _article, _other = case
    page = screen(agent, f"/p/{ticket.id}", on=chromium.phone)
    part = page.locator(f"#like-this-{ticket.id}")
    part.get_by_role("heading", name="Like this one").wait_for()
    assert part.get_by_text("Renew an expired certificate").count() == 0
    page.fill(BOX, "")                                          # a browser keeps drafts from test to test
    sent = []
    page.on("request", lambda request: sent.append(request.post_data or "") if request.url.endswith("/like-this") else None)
    page.set_input_files("#reply [name=photo]", picture(tmp_path / "a.png", "teal"))
    page.locator(BOX).press_sequentially("The certificate has expired, renew it please", delay=5)
    part.get_by_role("link", name="Renew an expired certificate").wait_for()
    assert page.input_value(BOX) == "The certificate has expired, renew it please"
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('keep:')).length") == 1
    assert len(sent) == 1 and len(sent[0]) < 400                # once, and the photo is not sent along
    chromium.phone.watch.expect_nothing(page)


def test_beside_the_queue_it_works_the_same(screen, case):  # noqa: F811
    agent, ticket, _article, _other = case
    page = screen(agent, "/desk?filter=open")
    page.evaluate("import(document.querySelector('script[type=module]').src.replace('app.js', 'beside.js')).then(() => 1)")
    page.get_by_role("link", name=TICKET).click()
    part = page.locator(f".pane #like-this-{ticket.id}")
    part.get_by_role("heading", name="Like this one").wait_for()
    page.evaluate("import(document.querySelector('script[type=module]').src.replace('app.js', 'like-this.js')).then(() => 1)")
    part.get_by_role("button", name="Insert the link to VPN tunnel drops after sleep").click()
    wait(page, "document.querySelector('#reply textarea[name=body]').value.includes('/help/vpn-tunnel-drops-after-sleep')")


def test_an_article_is_written_beside_its_thread_and_a_reload_loses_nothing(screen, case, chromium):  # noqa: F811
    agent, _ticket, _article, other = case
    for browser, is_wide in ((chromium.desktop, True), (chromium.phone, False)):
        page = screen(agent, f"/help/new?from={other.id}", on=browser)
        wait(page, "!document.querySelector('[data-tool]').hidden")
        assert page.input_value("#body") == "Update the VPN driver and the tunnel stays."
        thread = page.locator(".source") if is_wide else page.locator("details", has_text="What was said in the ticket")
        if not is_wide:
            thread.locator("summary").tap()
        assert thread.get_by_text("Best regards").is_visible()
        assert not axe_violations(page) and not scrolls_sideways(page)
        page.fill("#body", "Update the driver to 9.2.")
        page.reload()
        wait(page, "document.getElementById('body').value === 'Update the driver to 9.2.'")
        page.get_by_role("button", name="Drop it").click()
        assert page.input_value("#body") == "Update the VPN driver and the tunnel stays."
        browser.watch.expect_nothing(page)
