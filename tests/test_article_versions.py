"""The versions of an article: the list, one of them, what changed between two, and bringing one back."""
import re
import time as clocks

import pytest
import sqlalchemy as sa

from socialdesk.db import db, now, transaction
from socialdesk.events import Event, Verb
from socialdesk.knowledge.difference_checker import MOST_LINES, difference
from socialdesk.posts.models import Post, Version

from .conftest import HTMX, run_due
from .test_article_editor import added, count, slug


@pytest.fixture
def written(make, browse):
    """An article in three versions, and the browser of its author."""
    tom = make.agent("Tomasz Nowak")
    post, browser = make.article(tom, title="Print", body="Press *Print*.\n\nWait for it."), browse(tom)
    there = f"/help/{slug(post)}"
    for title, body in (("Print", "Press *Print* twice.\n\nWait for it."), ("Print well", "Press *Print* twice.\n\nFetch it.")):
        assert browser.post(there + "/edit", data={"title": title, "body": body}).status_code == 303
    return post.id, there, browser


def body_of(post_id):
    db.session.rollback()
    post = db.session.get(Post, post_id)
    return post.title, post.body_md, post.version


def test_the_list_tells_who_wrote_what_when(written, browse, make):
    _, there, browser = written
    page = browser.get(there + "/versions").text
    assert re.findall(r">Version (\d)", page) == ["3", "2", "1"] and "Tomasz Nowak" in page and "Version 3, as it is now" in page
    assert f'{there}/difference?from=2&amp;to=3' in page and "from=0" not in page
    fresh = make.article(title="Fresh")
    assert "Version 1, as it is now" in browser.get(f"/help/{slug(fresh)}/versions").text


def test_many_versions_come_page_by_page(make, browse):
    agent = make.agent()
    post, browser = make.article(agent, title="Busy", body="0"), browse(agent)
    with transaction():
        db.session.add_all(Version(post_id=post.id, n=n, title="Busy", body_md=str(n), by_id=agent.id, at=now()) for n in range(1, 36))
        db.session.execute(sa.update(Post).where(Post.id == post.id).values(version=35))
    first = browser.get(f"/help/{slug(post)}/versions").text
    older = re.search(r'href="([^"]+\?before=\d+)"', first)[1]
    numbers = re.findall(r">Version (\d+)", first) + re.findall(r">Version (\d+)", browser.get(older).text)
    assert [int(n) for n in numbers] == list(range(35, 0, -1))
    assert browser.get(f"/help/{slug(post)}/versions?before=x").status_code == 422


def test_a_version_is_shown_as_it_looked(written):
    _, there, browser = written
    page = browser.get(there + "/versions/1").text
    assert "Press <em>Print</em>.</p>" in page and "Bring it back" in page and "it becomes version 4" in page
    assert "everybody reads it now" in browser.get(there + "/versions/3").text
    for missing in ("/versions/0", "/versions/4", "/versions/99999999999999999999"):
        assert browser.get(there + missing).status_code == 404


def test_the_difference_marks_lines_and_words_by_element_sign_and_word(written):
    _, there, browser = written
    page = browser.get(there + "/difference").text
    assert "<del>Wait for it.</del>" in page or "<del>Wait for</del>" in page
    assert '<span class="visually-hidden">Gone: </span>' in page and '<span class="visually-hidden">New: </span>' in page
    assert "<del>Print</del>" in page and "<ins>Print well</ins>" in page
    whole = browser.get(there + "/difference?from=1&to=2").text
    assert "Press *Print*<ins> twice</ins>." in whole
    assert "The text is the same in both" in browser.get(there + "/difference?from=2&to=2").text
    assert "<ins> twice</ins>" not in browser.get(there + "/difference?from=2&to=1").text and "<del> twice</del>" in browser.get(there + "/difference?from=2&to=1").text
    for address, status in (("?from=1&to=9", 404), ("?from=x", 422), ("?from=0", 404), ("?to=-1", 422)):
        assert browser.get(there + "/difference" + address).status_code == status


def test_hostile_text_stays_text_in_a_difference(make, browse):
    agent = make.agent()
    post, browser = make.article(agent, title="<i>x", body="<script>a</script>"), browse(agent)
    browser.post(f"/help/{slug(post)}/edit", data={"title": "<b>y", "body": "<script>b</script></ins><img src=x onerror=y>"})
    page = browser.get(f"/help/{slug(post)}/difference").text
    assert "<script>a" not in page and "<img src=x" not in page and "<b>y" not in page and "&lt;" in page


def test_bringing_a_version_back_makes_a_new_one_and_twice_is_once(written, make, browse):
    post_id, there, browser = written
    for headers in (HTMX, {}, HTMX, {}):
        answer = browser.post(there + "/versions/1/restore", headers=headers)
        assert (answer.status_code, answer.headers.get("HX-Redirect") or answer.location) == (204 if headers else 303, there)
    assert body_of(post_id) == ("Print", "Press *Print*.\n\nWait for it.", 4) and count(Version) == 4
    assert count(Event, Event.verb == Verb.ARTICLE_REVISED) == 3
    page = browse(make.person()).get(there).text
    assert "Wait for it." in page and "Fetch it." not in page
    run_due()
    assert there in browser.get("/search?q=wait").text and there not in browser.get("/search?q=fetch").text


def test_a_restored_version_has_its_pictures_again(make, browse):
    agent = make.agent()
    browser = browse(agent)
    token, name = added(browser)
    there = browser.post("/help/new", data={"title": "Seen", "body": f"![Red]({name})", "pictures": token}).location
    browser.post(there + "/edit", data={"title": "Seen", "body": "None left."})
    assert "<img" not in browser.get(there).text
    assert 'src="/attachments/' in browser.get(there + "/versions/1").text
    browser.post(there + "/versions/1/restore")
    assert 'alt="Red"' in browser.get(there).text


def test_bringing_back_what_is_not_there_changes_nothing(written):
    post_id, there, browser = written
    for headers in (HTMX, {}):
        assert browser.post(there + "/versions/9/restore", headers=headers).status_code == 404
        assert browser.post("/help/unknown/versions/1/restore", headers=headers).status_code == 404
    assert body_of(post_id)[2] == 3


# --- the difference itself

def kinds(before, after):
    return [line.kind for line in difference(before, after)]


def plain(before, after, kind):
    return ["".join(text for text, _ in line.parts) for line in difference(before, after) if line.kind == kind]


def test_the_same_text_has_no_difference():
    assert difference("", "") == [] and difference("a\nb", "a\nb") == []


def test_words_are_marked_in_lines_that_are_alike():
    lines = difference("Press the red button now", "Press the green button now")
    assert lines == [("gone", [("Press the ", False), ("red", True), (" button now", False)], 1),
                     ("new", [("Press the ", False), ("green", True), (" button now", False)], 1)]
    assert difference("abc", "xyz") == [("gone", [("abc", True)], 1), ("new", [("xyz", True)], 1)]


def test_a_line_put_before_a_changed_one_does_not_hide_what_changed():
    found = difference("top\n\nIt lasts a year.", "top\n\nPut the cable back.\n\nIt lasts a whole year.")
    assert found[-1].parts == [("It lasts a ", False), ("whole ", True), ("year.", False)]


def test_far_lines_are_told_by_their_number():
    before = "\n".join(f"line {n}" for n in range(30))
    found = difference(before, before.replace("line 15", "row 15"))
    assert [line.kind for line in found] == ["skipped", "same", "same", "gone", "new", "same", "same", "skipped"]
    assert (found[0].count, found[-1].count) == (13, 12)


@pytest.mark.parametrize("before, after", [("a\nb\nc", "a\nc"), ("", "a"), ("a", ""), ("a\n\nb", "b\n\na"), ("x\n" * 50, "x\n" * 40 + "y\n" * 3)])
def test_a_difference_tells_both_texts_whole(before, after):
    found = difference(before, after)
    old = [line for line in found if line.kind in ("same", "gone", "skipped")]
    assert sum(line.count for line in old) == len(before.split("\n"))
    assert sum(line.count for line in found if line.kind in ("same", "new", "skipped")) == len(after.split("\n"))
    assert plain(before, after, "gone") == [line for line in plain(before, after, "gone") if line in before.split("\n")]


@pytest.mark.parametrize("before, after", [
    ("ab\n" * 6_000, "ba\n" * 6_000), ("a b " * 5_000, "b a " * 5_000), ("\n" * 19_000, "\n" * 19_000 + "x"),
    ("\n".join(f"{n % 7}" for n in range(MOST_LINES // 2)), "\n".join(f"{n % 5}" for n in range(MOST_LINES // 2))),
    ("\n".join("x y " * 30 + str(n) for n in range(160)), "\n".join("y x " * 30 + str(n) for n in range(160)))])
def test_no_difference_takes_long(before, after):
    start = clocks.process_time()
    difference(before, after)
    assert clocks.process_time() - start < 2
