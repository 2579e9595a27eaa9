"""The posting lists: nothing is lost between what changed and what is merged, whatever happens between."""
import random

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socialdesk.db import db, transaction
from socialdesk.jobs import Later
from socialdesk.posts.access_actions import move_rights
from socialdesk.search import merge_actions, rebuild_actions
from socialdesk.search.actions import index_posts
from socialdesk.search.ask_queries import view_of
from socialdesk.search.index_actions import Entry, remove, write
from socialdesk.search.models import Change, Document, IndexState, Merged, Segment, Word
from socialdesk.search.queries import EVERYTHING, everything, suggest
from socialdesk.search.rebuild_actions import merge_all, note_damage, rebuild
from socialdesk.search.shelf_queries import Shelf, shelf
from socialdesk.search.state_queries import state
from socialdesk.search.word_checker import terms_of

from .conftest import run_due
from .shell import app_py

WORDS = "printer toner paper badge gate laptop battery wifi train kettle monitor cable".split()


def lists():
    """{(segment, word): (ids, forms)} as they are kept."""
    db.session.rollback()
    names = {row.id: row.name for row in db.session.scalars(sa.select(Segment))}
    return {(names[row.segment_id], row.word): (row.ids, row.forms) for row in db.session.scalars(sa.select(Word)) if row.ids}


def found(viewer, text):
    db.session.rollback()
    return [row.post_id for row in everything(viewer, terms_of(text))]


@pytest.fixture
def articles(make):
    made = [make.article(title=f"The {WORDS[n]} and the {WORDS[-n]}", body=f"About the {WORDS[n]}. Also {WORDS[(n * 5) % 12]}.") for n in range(8)]
    run_due()
    return made


def test_before_and_after_merging_the_same_is_found_in_the_same_order(articles, make):
    person = make.viewer(make.person())
    asked = [f"{one} {other} " for one in WORDS for other in WORDS[:4]] + ["prin", "badg", "monitro", "the"]
    before = [found(person, text) for text in asked]
    assert merge_all() == len(articles) and db.session.scalar(sa.select(sa.func.count()).select_from(Change)) == 0
    assert [found(person, text) for text in asked] == before and any(before)


def test_written_anew_is_what_was_merged_bit_by_bit(articles):
    with transaction():
        remove([articles[2].id])
        index_posts([articles[0].id, articles[1].id])
    while merge_actions.merge_slice(3):
        pass
    merged, rows = lists(), sorted(map(tuple, db.session.execute(sa.select(Merged.post_id, Merged.forms))))
    totals = [tuple(row) for row in db.session.execute(sa.select(Segment.name, Segment.documents, Segment.title_words, Segment.body_words))]
    rebuild()
    assert lists() == merged and sorted(map(tuple, db.session.execute(sa.select(Merged.post_id, Merged.forms)))) == rows
    assert [tuple(row) for row in db.session.execute(sa.select(Segment.name, Segment.documents, Segment.title_words, Segment.body_words))] == totals


def test_what_changes_while_all_is_written_anew_is_found_after(articles, make, monkeypatch):
    person, real = make.viewer(make.person()), rebuild_actions.next_generation
    done = []

    def then_somebody_writes(generation):
        if not done:
            done.append(1)
            db.session.execute(sa.update(Document).where(Document.post_id == articles[3].id).values(title="A zebra", body="Only zebras."))
            db.session.execute(sa.insert(Change), [{"post_id": articles[3].id}])
        return real(generation)
    monkeypatch.setattr(rebuild_actions, "next_generation", then_somebody_writes)
    rebuild()
    assert found(person, "zebra") == [articles[3].id] and articles[3].id not in found(person, WORDS[3] + " ")


def test_two_merges_at_once_count_nothing_twice(articles):
    plan = merge_actions._plan(100)
    db.session.rollback()
    merge_all()
    with pytest.raises(Later), transaction():
        merge_actions._write(plan)
    assert db.session.scalar(sa.select(sa.func.sum(Segment.documents))) == len(articles)


def test_another_process_finds_what_was_saved_and_never_what_was_withdrawn(make):
    person, elsewhere = make.viewer(make.person()), Shelf()
    names = ["everyone/known", "everyone/asked"]
    assert elsewhere.view(names).count("wombat") == 0
    article = make.article(title="Wombats at the gate")
    run_due()
    db.session.rollback()
    assert elsewhere.view(names).count("wombat") == 1 and found(person, "wombat") == [article.id]
    merge_all()
    assert elsewhere.view(names).count("wombat") == 1
    with transaction():
        move_rights(article.id, audience="private")
    db.session.rollback()
    assert len(elsewhere.view(names).gone) == 1 and found(person, "wombat") == []
    assert elsewhere.view(names).starting("womb", 9) == ({}, 0) and elsewhere.view(names).near("wombast") == []


def test_words_that_stand_only_in_private_text_are_never_completed_or_repaired(make):
    circle = make.circle()
    member, other = make.viewer(make.person(circles=[circle])), make.viewer(make.person())
    make.question(make.person(circles=[circle]), body="The thylacine server hums.", audience=f"circle:{circle.slug}")
    make.ticket(body="My thylacine hums.")
    for merged in (False, True):
        run_due()
        if merged:
            merge_all()
        mine, theirs = view_of(member, EVERYTHING), view_of(other, EVERYTHING)
        assert mine.starting("thyla", 9)[1] == 1 and [near.word for near in mine.near("thylacina")] == ["thylacin"]
        assert theirs.starting("thyla", 9) == ({}, 0) and theirs.near("thylacina") == [] and theirs.count("thylacin") == 0


def test_with_99_of_100_documents_hidden_the_right_visible_one_is_first(make):
    circle, person = make.circle(), make.viewer(make.person())
    article = make.article(title="Laptop battery", body="For the meerkat, order a new one.")
    asker = make.person(circles=[circle])
    hidden = [make.question(asker, body=f"Meerkat laptop battery {n}", audience=f"circle:{circle.slug}").id for n in range(99)]
    run_due()
    with transaction():
        write([Entry(key, key, f"circle:{circle.id}", "answer", "Meerkat laptop battery", "Meerkat laptop battery") for key in hidden])
    run_due()
    assert [one.id for one in suggest(person, "meerkat laptop battery")] == [article.id]


# --- damage

def test_damage_is_noticed_reported_and_mended_while_search_answers(articles, make, browse, desk):
    merge_all()
    person = make.viewer(make.person())
    good = found(person, "printer toner")
    with transaction():
        db.session.execute(sa.update(Word).where(Word.word == "printer").values(ids=b"\xff" * 8))
    shelf.reset()
    assert state().damaged == 1
    client = browse(make.person())
    assert client.get("/search?q=printer+toner").status_code == 200 and found(person, "toner")
    desk.extensions["index_damage"].flush()
    assert db.session.scalar(sa.select(IndexState.damaged_at)) is not None
    db.session.rollback()
    run_due()
    assert state().damaged == 0 and db.session.scalar(sa.select(IndexState.damaged_at)) is None
    assert found(person, "printer toner") == good


def test_check_reports_damage(tmp_path):
    first = app_py(tmp_path, "check")
    assert "index: 0 documents" in first.stdout


def test_a_list_that_is_damaged_is_never_added_up(articles, make):
    merge_all()
    with transaction():
        db.session.execute(sa.update(Word).values(weights=b"\xff" * 3))
        note_damage()
    shelf.reset()
    assert found(make.viewer(make.person()), "printer") == [] and shelf.damaged
    db.session.rollback()
    run_due()
    assert found(make.viewer(make.person()), "printer") != []


# --- whatever happens between

DEEDS = st.lists(st.tuples(st.sampled_from(["write", "write", "remove", "move", "merge", "rebuild", "forget"]), st.integers(0, 9)), max_size=14)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=DEEDS)
def test_what_is_found_is_what_stands_now_whatever_was_merged(desk, make, deeds):
    person, posts = _once(make)
    with transaction():
        remove(posts)
        db.session.execute(sa.delete(Document))
    stands, luck = {}, random.Random(1)
    for deed, n in deeds:
        post_id, words = posts[n], " ".join(luck.choices(WORDS, k=3))
        if deed in ("merge", "rebuild"):
            merge_all() if deed == "merge" else rebuild()
        elif deed == "forget":
            shelf.reset()
        else:
            with transaction():
                if deed == "remove":
                    remove([post_id])
                    stands.pop(post_id, None)
                else:
                    segment = "everyone" if deed == "write" else "desk"
                    write([Entry(post_id, post_id, segment, "article", words, "")])
                    stands[post_id] = segment, set(words.split())
        for word in WORDS[:6]:
            db.session.rollback()
            view = view_of(person, EVERYTHING)
            expected = {key for key, (segment, words) in stands.items() if segment == "everyone" and word in words}
            assert set(found(person, word + " ")) == expected and view.count(terms_of(word + " ")[0].word) >= len(expected)


_made = {}


def _once(make):
    key = db.engine.url
    if key not in _made:
        _made.clear()
        posts = [make.article(title=f"Number {n}").id for n in range(10)]
        run_due()
        _made[key] = make.viewer(make.person()), posts
    return _made[key]
