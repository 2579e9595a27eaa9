"""Whatever happens to the posting lists on disk is noticed, said by check, mended by a job, and search answers meanwhile."""
import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.health import check
from socialdesk.search.models import Document, IndexState, Merged, Segment, Word
from socialdesk.search.queries import everything
from socialdesk.search.rebuild_actions import _verify, merge_all, rebuild
from socialdesk.search.shelf_queries import shelf
from socialdesk.search.state_queries import is_damaged, state
from socialdesk.search.word_checker import terms_of

from .conftest import DATABASE, run_due

TEXTS = ("printer toner ", "prin", "tonre ", "badge", "nothing of it ")
IS_SQLITE = pytest.mark.skipif(DATABASE != "sqlite", reason="PostgreSQL takes no other type and no broken text")


def run(statement):
    def spoil():
        db.session.execute(sa.text(statement))
    return spoil


def lose_a_segment():
    if DATABASE == "sqlite":                                        # as a tool does it that does not look after what hangs on it
        db.session.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
    db.session.execute(sa.text("DELETE FROM index_segment WHERE name = 'everyone/known'"))


DAMAGE = {
    "some lists are gone": run("DELETE FROM index_word WHERE word IN ('printer', 'toner')"),
    "all lists are gone": run("DELETE FROM index_word"),
    "a segment is gone": lose_a_segment,
    "all segments are gone": run("DELETE FROM index_segment"),
    "what is merged is gone": run("DELETE FROM index_merged"),
    "the state is gone": run("DELETE FROM index_state"),
    "other forms": run("UPDATE index_word SET forms = '{\"printxr\": 2}' WHERE word = 'printer'"),
    "a list of another word": run("UPDATE index_word SET word = 'zebra' WHERE word = 'printer'"),
}
BROKEN = {
    "text where bytes are": run("UPDATE index_word SET ids = 'garbage', weights = 'garbage' WHERE word = 'printer'"),
    "numbers where bytes are": run("UPDATE index_word SET ids = 7 WHERE word = 'printer'"),
    "bytes that are no text": run("UPDATE index_word SET forms = CAST(X'FFFE00' AS TEXT) WHERE word = 'printer'"),
    "a word that is no text": run("UPDATE index_word SET word = CAST(X'FFFE' AS TEXT) WHERE word = 'printer'"),
    "text that is no JSON": run("UPDATE index_word SET forms = '{' WHERE word = 'printer'"),
    "JSON that is no object": run("UPDATE index_word SET forms = '5' WHERE word = 'printer'"),
    "a checksum that is none": run("UPDATE index_word SET crc = 'x' WHERE word = 'printer'"),
    "totals that are no numbers": run("UPDATE index_segment SET documents = 'many'"),
    "a name that is no text": run("UPDATE index_segment SET name = CAST(X'FF' AS TEXT) WHERE name = 'everyone/known'"),
    "merged forms that are none": run("UPDATE index_merged SET forms = 'a'"),
    "merged forms that are no text": run("UPDATE index_merged SET forms = CAST(X'FFFE' AS TEXT)"),
}
CASES = [pytest.param(spoil, id=name) for name, spoil in DAMAGE.items()] + [pytest.param(spoil, id=name, marks=IS_SQLITE) for name, spoil in BROKEN.items()]


def found(viewer, text):
    db.session.rollback()
    return [row.post_id for row in everything(viewer, terms_of(text))]


@pytest.fixture
def written(make):
    """(a person, what they find by each of TEXTS), all of it merged, and somebody's later change."""
    articles = [make.article(title=title, body="Printer and toner stand by the badge reader.") for title in ("Printer", "Toner", "Badge")]
    run_due()
    merge_all()
    person = make.viewer(make.person())
    return person, {text: found(person, text) for text in TEXTS}, articles


@pytest.mark.parametrize("spoil", CASES)
def test_damage_is_reported_and_mended_and_search_answers_meanwhile(spoil, written, browse, make, desk):
    person, before, _articles = written
    with transaction():
        spoil()
    shelf.reset()
    assert is_damaged() and state().damaged
    db.session.rollback()
    index = {what: (well, said) for well, what, said in check(desk)}["index"]
    assert not index[0] and "a job writes" in index[1]
    db.session.rollback()
    client = browse(make.person())
    for text in TEXTS:
        for path in ("/search", "/suggestions", "/suggestions/asked"):
            assert client.get(path, query_string={"q": text}).status_code == 200, (path, text)
    with transaction():
        _verify()
    run_due()
    assert not is_damaged() and state().damaged == 0 and db.session.scalar(sa.select(IndexState.damaged_at)) is None
    assert {text: found(person, text) for text in TEXTS} == before and any(before.values())


@pytest.mark.parametrize("spoil", CASES)
def test_what_changes_upon_damage_is_merged_all_the_same(spoil, written, make):
    person, before, articles = written
    with transaction():
        spoil()
    shelf.reset()
    article = make.article(title="Kettle", body="Kettle and printer.")
    run_due()
    found(person, "kettle")
    with transaction():
        _verify()
    run_due()
    merge_all()
    assert not is_damaged() and found(person, "kettle") == [article.id] and set(found(person, "printer ")) == {article.id, *(one.id for one in articles)}


@pytest.mark.parametrize("name", ["some lists are gone", "all lists are gone", "a segment is gone"])
def test_what_is_gone_is_noticed_by_who_reads_the_words_first(name, written):
    person, _before, _articles = written
    with transaction():
        DAMAGE[name]()
    shelf.reset()
    found(person, "prin")
    assert shelf.damaged


def test_nothing_is_damaged_by_merging_taking_out_and_writing_anew(written, make, browse):
    person, _before, articles = written
    for deed in (merge_all, rebuild, merge_all):
        browse(make.admin()).post(f"/p/{articles.pop().id}/delete")
        make.article(title="Another printer"), make.ticket(body="My printer is on fire.")
        run_due()
        deed()
        db.session.rollback()
        assert not is_damaged() and not shelf.damaged
    for row in db.session.execute(sa.select(Segment.name, Segment.words)):
        assert row.words == db.session.scalar(sa.select(sa.func.count()).select_from(Word).join(Segment).where(Segment.name == row.name))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Document)) == db.session.scalar(sa.select(sa.func.count()).select_from(Merged))


def test_words_that_went_while_all_was_written_anew_are_completed_by_no_process(written, make):
    from socialdesk.search.index_actions import remove
    from socialdesk.search.shelf_queries import Shelf
    article = make.article(title="Thylacine", body="It hums.")
    run_due()
    merge_all()
    elsewhere = Shelf()
    assert elsewhere.view(["everyone/known"]).starting("thyla", 9)[1] == 1
    with transaction():
        remove([article.id])
    rebuild()
    db.session.rollback()
    assert elsewhere.view(["everyone/known"]).starting("thyla", 9) == ({}, 0)


def test_a_process_at_work_notices_that_a_list_is_gone_by_the_first_word_that_needs_it(written):
    person, _before, _articles = written
    shelf.reset()
    found(person, "badge")                                  # what the segment holds is known by now
    assert not shelf.damaged
    with transaction():
        db.session.execute(sa.text("DELETE FROM index_word WHERE word = 'toner'"))
    found(person, "plotter")
    assert not shelf.damaged, "a word that nobody wrote is no damage"
    found(person, "toner")
    assert shelf.damaged
