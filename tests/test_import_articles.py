"""Importing articles: safe to repeat, bad rows told by line, nothing lost of where they come from."""
import gzip
import json
from pathlib import Path
from time import monotonic

import pytest
import sqlalchemy as sa

from socialdesk.db import db
from socialdesk.events import Event
from socialdesk.knowledge.import_actions import import_articles
from socialdesk.knowledge.models import Article
from socialdesk.people.models import Person
from socialdesk.posts.models import Mention, Post, Version
from socialdesk.search.actions import index_posts
from socialdesk.search.models import Document
from socialdesk.tags.models import PostTag, Tag, TagCount

from .conftest import run_due

SHARED = Path(__file__).parent.parent.parent / "shared" / "data" / "kb"


def line(title="Reset the router", body_markdown="Press the button.", **more):
    return json.dumps({"title": title, "body_markdown": body_markdown} | more)


def bring(*lines, **how):
    return import_articles(lines, index=index_posts, **how)


def count(model, *where):
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*where))


def test_articles_come_in_with_their_source_licence_language_and_hashtags(desk):
    assert bring(line(tags=["Network / VPN", "wifi"], source_url="https://example.org/a b", licence="CC-BY-4.0", lang="de", surprise=1)) == (1, 0, [])
    article = db.session.scalars(sa.select(Article)).one()
    assert (article.slug, article.source_url, article.licence, article.lang) == ("reset-the-router", "https://example.org/a%20b", "CC-BY-4.0", "de")
    assert db.session.scalars(sa.select(Tag.shown).order_by(Tag.fold)).all() == ["Network-VPN", "wifi"]
    assert set(db.session.scalars(sa.select(TagCount.posts))) == {1} and count(PostTag) == 2 and count(Tag, Tag.public) == 2


def test_the_same_file_again_changes_nothing(desk):
    lines = [line("One", id=1), line("Two", id="b"), line("Three")]
    assert bring(*lines) == (3, 0, [])
    assert bring(*lines) == (0, 3, [])
    assert (count(Article), count(Version), set(db.session.scalars(sa.select(TagCount.posts)))) == (3, 0, set())


def test_what_changed_under_its_id_becomes_a_new_version(desk):
    bring(line("Router", "Old way.", id=7, tags=["a"]))
    assert bring(line("Router", "New way.", id=7, tags=["a", "b"], licence="MIT")) == (1, 0, [])
    post = db.session.scalars(sa.select(Post)).one()
    assert (post.version, "New way." in post.body_html, count(Version)) == (2, True, 2)
    assert db.session.scalars(sa.select(Article.licence)).one() == "MIT"
    assert sorted(db.session.scalars(sa.select(TagCount.posts))) == [1, 1]
    assert "New way." in db.session.scalars(sa.select(Document.body)).one()


def test_what_the_desk_changed_itself_is_not_undone_by_the_same_file(desk, make, browse):
    bring(line(id=1))
    browse(make.agent()).post("/help/reset-the-router/edit", data={"title": "Reset the router", "body": "Better words."})
    assert bring(line(id=1)) == (0, 1, [])
    assert db.session.scalars(sa.select(Post.body_md)).one() == "Better words."


def test_bad_rows_are_told_by_line_and_the_good_ones_go_in(desk):
    lines = [line("Good"), "", "no json", "[1]", line(""), line("No body", ""), line(tags="x"), line(source_url="javascript:alert(1)"),
             line(title=5), line(lang="d/e"), line("Too long", "x" * 20_001), line(id={"a": 1}), line("Same", id=1), line("Same id", id=1),
             '{"title": "\\ud800", "body_markdown": "half a sign \\ud83d here"}', b'{"title": "b", "body_markdown": "bytes"}', b"\xff\xfe", "[" * 100_000]
    added, unchanged, bad = bring(*lines)
    assert (added, unchanged) == (4, 0)
    assert [number for number, _ in bad] == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 17, 18]
    assert all(reason.endswith((".", "!")) and len(reason) > 20 for _, reason in bad)
    assert bring(*lines)[:2] == (0, 4)


def test_a_dry_run_says_the_same_and_writes_nothing(desk):
    assert bring(line("One"), line("Two"), "x", dry_run=True)[:2] == (2, 0)
    assert (count(Post), count(Person)) == (0, 0)


def test_imported_articles_tell_nobody_and_stay_out_of_the_feed(desk, make):
    make.person("Ada", handle="ada")
    events = count(Event)
    bring(line(body_markdown="Ask @ada about #printing."))
    post = db.session.scalars(sa.select(Post).where(Post.kind == "article")).one()
    assert (post.in_feed, count(Mention), count(Event)) == (False, 0, events)


def test_a_long_title_is_cut_and_stands_whole_in_the_text(desk):
    title = "When the " + "very " * 30 + "long title ends"
    bring(line(title))
    post = db.session.scalars(sa.select(Post)).one()
    assert len(post.title) <= 120 and post.title.endswith("…") and title in post.body_md


def test_without_an_index_at_hand_a_job_indexes(desk):
    import_articles([line()])
    assert count(Document) == 0
    run_due()
    assert count(Document) == 1


def test_progress_is_told_and_batches_add_up(desk):
    told = []
    assert bring(*(line(f"Number {n}") for n in range(230)), progress=told.append)[:2] == (230, 0)
    assert told == [100, 200, 230]


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data/kb is not here")
def test_real_articles_in_three_languages_come_in_and_are_found(desk, make, browse):
    start, total = monotonic(), 0
    for path in sorted(SHARED.glob("*.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            lines = [text for _, text in zip(range(60), file)]
        added, unchanged, bad = bring(*lines)
        assert bad == []
        total += added
    assert total == count(Article) == count(Document) and monotonic() - start < 60
    assert not count(Article, sa.or_(Article.source_url.is_(None), Article.licence.is_(None)))
    person = browse(make.person())
    for row in db.session.execute(sa.select(Post.title, Article.slug).join(Article, Article.post_id == Post.id).where(Article.lang != "en").limit(20)).all():
        found = person.get("/suggestions", query_string={"q": row.title}, headers={"Accept": "application/json"}).json["suggestions"]
        assert row.title in [one["title"] for one in found]
