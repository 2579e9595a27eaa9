"""Two who change one text: who began with an older version is told, and overwrites nothing; an article is changed in its editor alone."""
import pytest

from .api_desk import call, everything, world  # noqa: F401
from .conftest import HTMX
from .post_desk import fresh


def test_the_api_refuses_to_write_over_a_version_the_caller_has_not_read(make, call, world):
    article = make.article(world.sam, body="Line one.")
    base = call(world.ivy).get(f"/articles/{article.id}").json["version"]
    assert base == 1
    assert call(world.sam).patch(f"/articles/{article.id}", {"body": "Line one by Sam.", "version": base}).json["version"] == 2
    caller = call(world.ivy)
    before = everything("api_token")
    refused = caller.patch(f"/articles/{article.id}", {"body": "Line one by Ivy.", "version": base})
    assert refused.status_code == 409 and refused.json["field"] == "version" and "version 2" in refused.json["detail"]
    assert everything("api_token") == before
    assert caller.patch(f"/articles/{article.id}", {"body": "Line one by both.", "version": 2}).json["version"] == 3
    assert caller.patch(f"/articles/{article.id}", {"body": "Line one by both.", "version": 2}).json["version"] == 3, "the same text again is no conflict"
    assert caller.patch(f"/articles/{article.id}", {"title": "No version named"}).json["version"] == 4


def test_what_stands_beside_the_text_changes_whatever_version_was_read(make, call, world):
    article = make.article(world.sam)
    assert call(world.sam).patch(f"/articles/{article.id}", {"owner": None, "version": 1}).json["owner"] is None
    call(world.sam).patch(f"/articles/{article.id}", {"body": "Another text."})
    assert call(world.ivy).patch(f"/articles/{article.id}", {"owner": world.ivy.handle, "version": 1}).json["owner"] == world.ivy.handle


@pytest.mark.parametrize("path", ["/posts/{}", "/articles/{}"])
def test_no_address_of_an_article_goes_around_it(make, call, world, path):
    article = make.article(world.sam)
    call(world.sam).patch(f"/articles/{article.id}", {"body": "Newer."})
    assert call(world.ivy).patch(path.format(article.id), {"body": "Mine.", "version": 1}).status_code == 409
    assert fresh(article).body_md == "Newer."


def test_ones_own_post_from_two_devices_is_not_written_over_either(call, world):
    caller, path = call(world.ada), f"/posts/{world.question.id}"
    assert caller.patch(path, {"body": "From the phone", "version": 1}).json["version"] == 2
    assert caller.patch(path, {"body": "From the laptop", "version": 1}).status_code == 409
    assert fresh(world.question).body_md == "From the phone" and caller.patch(path, {"body": "From the laptop", "version": 2}).status_code == 200


def test_the_form_of_a_post_leads_from_an_article_to_its_editor(make, browse):
    sam, article = make.agent("Sam"), make.article(title="Print on both sides")
    for headers in ({}, HTMX):
        answer = browse(sam).get(f"/p/{article.id}/edit", headers=headers)
        assert answer.status_code == 303 and answer.location == "/help/print-on-both-sides/edit"
    assert 'name="version"' in browse(sam).get(answer.location).text
    assert browse(make.person()).get(f"/p/{article.id}/edit").status_code == 403


def test_a_text_sent_to_the_plain_form_of_an_article_is_kept_and_changes_nothing(make, browse):
    article = make.article(body="As it stands.")
    for headers in ({}, HTMX):
        answer = browse(make.agent()).post(f"/p/{article.id}/edit", data={"body": "Written in the old form.", "title": "Old"}, headers=headers)
        assert answer.status_code == 409 and "its own editor" in answer.text
        assert headers or "Written in the old form." in answer.text
    assert fresh(article).body_md == "As it stands." and fresh(article).version == 1
