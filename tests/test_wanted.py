"""What many search for: shown to all, and to the desk where nothing answers it; counted without anybody's name."""
import pytest
import sqlalchemy as sa

from socialdesk.db import db, now, transaction
from socialdesk.search.models import SearchCount
from socialdesk.search.tally_actions import forget_old_counts, write_counts
from socialdesk.search.tally_index import LEAST_PEOPLE, Tally, folded

from .conftest import run_due


@pytest.fixture
def asked(browse, desk):
    """asked(q, *people): each searches for it once, and it is written down."""
    def search(q, *people):
        for person in people:
            assert browse(person).get("/search", query_string={"q": q}).status_code == 200
        desk.extensions["searches"].flush()
        db.session.rollback()
    return search


def kept():
    found = {(row.what, row.words): row.number for row in db.session.scalars(sa.select(SearchCount).where(SearchCount.what != "shown"))}
    db.session.rollback()
    return found


def crowd(make, number=LEAST_PEOPLE):
    return [make.person() for _ in range(number)]


# --- counting

def test_what_fewer_than_five_people_ask_for_is_never_written_down(make, asked):
    make.article(title="Projector", body="Turn it on.")
    run_due()
    few = crowd(make, 4)
    for _ in range(3):
        asked("projector", *few)
    assert kept() == {}
    asked("Projector ", make.person())
    assert kept() == {("found", "projector"): 5}
    asked("projector", few[0])
    assert kept() == {("found", "projector"): 5}


def test_a_search_writes_nothing_itself(make, browse):
    for person in crowd(make):
        browse(person).get("/search?q=projector")
    assert kept() == {} and db.session.scalar(sa.select(sa.func.count()).select_from(SearchCount)) == 0


def test_a_new_week_begins_anew(make, asked, time):
    time.stop(2026, 1, 8, 12, 0)
    people = crowd(make, 8)
    asked("samovar", *people[:4])
    time.pass_(days=7)
    asked("samovar", *people[4:])
    assert kept() == {}


def test_no_row_names_a_person(make, asked):
    asked("samovar", *crowd(make))
    assert {column.name for column in SearchCount.__table__.c} == {"day", "what", "words", "number"}
    assert kept() == {("missed", "samovar"): 5}


def test_several_processes_never_count_one_person_as_two(desk):
    for number in (6, 5, 9, 7):
        with transaction():
            write_counts("2026-01-05", {(True, "lamp"): number}, 2)
    assert kept() == {("found", "lamp"): 9}
    assert db.session.scalar(sa.select(sa.func.sum(SearchCount.number)).where(SearchCount.what == "shown")) == 8


def test_old_counts_go(make, asked, time):
    asked("samovar", *crowd(make))
    time.pass_(days=100)
    with transaction():
        forget_old_counts()
    assert kept() == {}


def test_a_search_with_a_word_that_few_may_read_is_not_counted(make, asked):
    team = make.team("HR", confidential=True)
    members = [make.agent(teams=[team]) for _ in range(6)]
    make.ticket(body="The okapi dismissal.", team_id=team.id)
    run_due()
    asked("okapi dismissal letter", *members)
    asked("letter paper", *members)
    assert kept() == {("missed", "letter paper"): 6}


def test_a_search_in_a_part_only_is_not_counted(make, browse, desk):
    for person in crowd(make):
        browse(person).get("/search?q=samovar&kind=article")
    desk.extensions["searches"].flush()
    assert kept() == {}


def test_a_text_is_counted_by_its_words():
    assert folded("  VPN,  on\nTrains? ") == folded("vpn on trains") == "vpn on trains"
    for text in ("", "is it the", "...", "x" * 81, "word " * 9, "\x00", "a" * 100_000):
        assert folded(text) == "", text[:20]


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr("socialdesk.search.tally_index.MOST_TEXTS", 10)
    monkeypatch.setattr("socialdesk.search.tally_index.MOST_PEOPLE", 6)
    tally = Tally()
    for person in range(9):
        tally.note(True, "often", person, "w")
    for n in range(50):
        tally.note(True, f"once {n}", 1, "w")
    assert len(tally._people) <= 11 and tally.take() == ("w", {(True, "often"): 6}, 0) and tally.take() == ("w", {}, 0)


# --- what others look for

def test_what_many_look_for_is_offered(make, asked, browse):
    make.article(title="Projector", body="Turn it on.")
    run_due()
    asked("projector", *crowd(make))
    page = browse(make.person()).get("/search").text
    assert "What others look for" in page and 'href="/search?q=projector">projector</a>' in page


def test_what_one_may_not_read_is_not_offered(make, browse):
    make.ticket(body="The quetzal adapter is lost.")
    run_due()
    with transaction():
        write_counts(now().date().isoformat(), {(True, "quetzal adapter"): 9}, 0)
    assert "quetzal adapter" in browse(make.agent()).get("/search").text
    assert "quetzal" not in browse(make.person()).get("/search").text


# --- articles wanted

def test_what_many_did_not_find_is_shown_to_the_desk_with_a_way_to_write_it(make, asked, browse):
    make.article(title="Print on both sides")
    run_due()
    asked("samovar descaling", *crowd(make, 6))
    page = browse(make.agent()).get("/help").text
    assert "People looked for these and found nothing" in page and "samovar descaling" in page and "6 people in a week" in page
    assert 'href="/help/new?title=Samovar%20descaling"' in page
    assert 'value="Samovar descaling"' in browse(make.agent()).get("/help/new?title=Samovar%20descaling").text
    assert "found nothing" not in browse(make.person()).get("/help").text


def test_it_goes_once_it_is_written(make, asked, browse):
    asked("samovar descaling", *crowd(make))
    agent = make.agent()
    assert "samovar descaling" in browse(agent).get("/help").text
    make.article(agent, title="Samovar descaling", body="Vinegar, and an hour.")
    run_due()
    assert "People looked" not in browse(agent).get("/help").text


def test_what_only_touches_a_word_is_not_found_either(make, asked, browse):
    for n in range(5):
        make.article(title=f"Printer of floor {n}", body="Where the printer stands and which paper it takes.")
    run_due()
    asked("printer descaling vinegar samovar", *crowd(make))
    assert kept() == {("missed", "printer descaling vinegar samovar"): 5}
