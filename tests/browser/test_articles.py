"""The editor of articles under a thumb: preview while typing, tools, a picture where the caret stands, drafts that overwrite nobody."""
import sqlalchemy as sa

from socialdesk.db import db
from socialdesk.knowledge.models import Article
from socialdesk.posts.models import Post

from .page_checks import axe_violations, scrolls_sideways
from .test_compose import phone, picture, port, settings_given, site, wait  # noqa: F401

TEXT = "Before.\n\n## One\n\nUno.\n\n## Two\n\nDue.\n\n## Three\n\nTre."


def editor(phone, person, path="/help/new"):  # noqa: F811
    page = phone(person, path)
    wait(page, "!document.querySelector('[data-tool]').hidden")
    return page


def choose(page, words):
    """Put the selection on some words of the text."""
    page.evaluate("words => { const box = document.getElementById('body'), at = box.value.indexOf(words);"
                  " box.focus(); box.setSelectionRange(at, at + words.length); }", words)


def test_the_tools_write_markdown_and_the_preview_follows(phone, make, chromium):  # noqa: F811
    page = editor(phone, make.agent())
    page.fill("#body", "press the button\nwait")
    choose(page, "button")
    page.get_by_role("button", name="Bold").tap()
    choose(page, "wait")
    page.get_by_role("button", name="List").tap()
    assert page.input_value("#body") == "press the **button**\n- wait"
    page.locator("#preview strong", has_text="button").wait_for()
    page.locator("#preview li", has_text="wait").wait_for()
    choose(page, "**button**")
    page.get_by_role("button", name="Bold").tap()
    assert page.input_value("#body") == "press the button\n- wait"
    assert not axe_violations(page) and not scrolls_sideways(page)
    chromium.phone.watch.expect_nothing(page)


def test_a_picture_stands_where_the_caret_was_and_in_the_preview_before_it_is_saved(phone, make, chromium, tmp_path):  # noqa: F811
    person = make.agent()
    page = editor(phone, person)
    page.fill("#body", TEXT)
    choose(page, "## Two")
    page.evaluate("document.getElementById('body').setSelectionRange(document.getElementById('body').selectionStart, document.getElementById('body').selectionStart)")
    page.set_input_files("#article-photo", picture(tmp_path / "a.png", "teal"))
    wait(page, "document.getElementById('body').value.includes('![Picture](photo:')")
    page.keyboard.type("A teal wall")
    assert "Uno.\n\n![A teal wall](photo:" in page.input_value("#body") and ")\n\n## Two" in page.input_value("#body")
    wait(page, "document.querySelector('#preview img[alt=\"A teal wall\"]')?.naturalWidth === 300")
    page.reload()
    wait(page, "document.getElementById('body').value.includes('A teal wall')")     # text and picture are kept on this device
    page.get_by_role("button", name="Publish").tap()
    page.locator("article img[alt='A teal wall']").wait_for()
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('keep:')).length") == 0
    assert page.locator("nav.phone-only a").count() == 3 and not axe_violations(page) and not scrolls_sideways(page)
    chromium.phone.watch.expect_nothing(page)


def test_a_draft_taken_up_again_does_not_overwrite_what_came_meanwhile(phone, make, browse):  # noqa: F811
    post, person = make.article(title="Both", body="Old."), make.agent()
    slug = db.session.scalar(sa.select(Article.slug).where(Article.post_id == post.id))
    page = editor(phone, person, f"/help/{slug}/edit")
    page.fill("#body", "Mine.")
    assert browse(make.agent("Ivy Stone")).post(f"/help/{slug}/edit", data={"title": "Both", "body": "Hers."}).status_code == 303
    page.reload()
    page.get_by_text("What you typed here before is back").wait_for()
    assert page.input_value("#body") == "Mine."
    page.get_by_role("button", name="Save").tap()
    page.get_by_role("alert").filter(has_text="Somebody saved version 2").wait_for()
    assert page.input_value("#body") == "Mine." and page.get_by_role("heading", name="What Ivy Stone changed").is_visible()
    page.get_by_role("button", name="Save").tap()
    page.wait_for_url(f"**/help/{slug}")
    db.session.rollback()
    assert db.session.get(Post, post.id).body_md == "Mine." and db.session.get(Post, post.id).version == 3


def test_what_was_typed_before_can_be_dropped_for_the_text_as_it_stands(phone, make):  # noqa: F811
    post = make.article(title="Kept", body="As it stands.")
    slug = db.session.scalar(sa.select(Article.slug).where(Article.post_id == post.id))
    page = editor(phone, make.agent(), f"/help/{slug}/edit")
    page.fill("#body", "Half an idea.")
    page.reload()
    page.get_by_role("button", name="Drop it").tap()
    assert (page.input_value("#body"), page.input_value("#title"), page.input_value("[name=version]")) == ("As it stands.", "Kept", "1")
    page.reload()
    wait(page, "!document.querySelector('[data-tool]').hidden")
    assert page.input_value("#body") == "As it stands." and not page.get_by_text("What you typed here before").is_visible()
