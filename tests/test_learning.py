"""What helped one person helps others find it: kept only of who allows it, exported, and undone when it is erased."""
import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.events import Event, Verb
from socialdesk.knowledge.public_queries import STRANGER
from socialdesk.people.models import Person
from socialdesk.search.ask_queries import view_of
from socialdesk.search.lesson_actions import MAX_TEXT, forget, learn, let_learn, unlearn
from socialdesk.search.merge_actions import merge_slice
from socialdesk.search.models import Document, Lesson
from socialdesk.search.queries import EVERYTHING, known, search, suggest

from .conftest import HTMX, run_due

TYPED = "my external screen flickers whenever the laptop sits on the docking station"
PARAPHRASE = "flickering monitor on a docking station"


def merge():
    run_due()
    while merge_slice():
        pass
    db.session.rollback()


def scores(viewer, text):
    """[(post id, value)] of what is known, best first."""
    found = [(one.row.post_id, one.value) for one in known(viewer, text, 10, shy=False)]
    db.session.rollback()
    return found


def teach(person, post, text=TYPED, why="solved"):
    with transaction():
        learn(person, post.id, why, text)


def teach_by(make, number, post, text=TYPED, why="solved"):
    """So many people teach the same."""
    people = [make.person() for _ in range(number)]
    for person in people:
        teach(person, post, text, why)
    return people


def two_articles(make):
    """(the one that words speak for, the one that helps)."""
    worded = make.article(title="Monitor stand", body="A stand for a monitor that shakes or is flickering in the wind.")
    helps = make.article(title="Update the firmware", body="Plug in power, start the updater, wait ten minutes.")
    merge()
    return worded, helps


def learned_of(post):
    return db.session.scalar(sa.select(Document.learned).where(Document.post_id == post.id))


@pytest.mark.parametrize("between", [run_due, merge], ids=["fresh", "merged"])
def test_ten_who_say_it_solved_it_lift_an_article_on_a_paraphrase_and_erasing_undoes_it_exactly(make, between):
    worded, helps = two_articles(make)
    reader, people = make.person(), [make.person() for _ in range(10)]
    before = scores(reader, PARAPHRASE)
    assert [post_id for post_id, _score in before] == [worded.id]
    for person in people:
        teach(person, helps)
    between()
    assert [post_id for post_id, _score in scores(reader, PARAPHRASE)][0] == helps.id
    assert suggest(reader, PARAPHRASE)[0].id == helps.id
    for person in people:
        with transaction():
            forget(person)
    merge()
    assert scores(reader, PARAPHRASE) == before and learned_of(helps) == {}


def test_who_learned_by_the_page_is_undone_by_the_page(browse, make):
    worded, helps = two_articles(make)
    reader, people = make.person(), [make.person() for _ in range(10)]
    for person in people:
        teach(person, helps)
    run_due()
    assert scores(reader, PARAPHRASE)[0][0] == helps.id
    for person in people:
        assert browse(person).post("/me/learning/erase").status_code == 303
    run_due()
    assert [post_id for post_id, _score in scores(reader, PARAPHRASE)] == [worded.id]


def test_only_what_one_erases_goes(make):
    _worded, helps = two_articles(make)
    one, *others = teach_by(make, 6, helps)
    with transaction():
        forget(one)
    run_due()
    assert db.session.scalars(sa.select(Lesson.person_id)).all() == [other.id for other in others] and learned_of(helps)["dock"] == 5.0


def test_twice_is_once(make):
    _worded, helps = two_articles(make)
    people = teach_by(make, 5, helps)
    teach(people[0], helps), teach(people[0], helps, f"{TYPED} still")
    run_due()
    assert db.session.scalar(sa.select(sa.func.count(Lesson.id))) == 6 and learned_of(helps)["dock"] == 5.0


def test_what_is_taken_back_is_forgotten(make):
    _worded, helps = two_articles(make)
    people = teach_by(make, 5, helps)
    run_due()
    assert learned_of(helps)["dock"] == 5.0
    with transaction():
        unlearn(people[0], helps.id, "solved")
    run_due()
    assert "dock" not in learned_of(helps)


def test_a_verdict_taken_back_takes_what_was_learned_with_it(browse, make):
    _worded, helps = two_articles(make)
    *_others, person = teach_by(make, 5, helps)
    for way, form in (("verdict/remove", {}), ("verdict", {"solved": "no"})):
        teach(person, helps)
        run_due()
        assert learned_of(helps)["dock"] == 5.0
        assert browse(person).post(f"/p/{helps.id}/{way}", data=form).status_code == 303
        run_due()
        assert "dock" not in learned_of(helps) and db.session.scalar(sa.select(sa.func.count(Lesson.id))) == 4


def test_of_who_switched_it_off_nothing_is_kept(browse, make):
    _worded, helps = two_articles(make)
    person = make.person()
    page = browse(person)
    assert page.post("/me/learning", data={}).status_code == 303
    teach(person, helps)
    run_due()
    assert db.session.scalars(sa.select(Lesson.id)).all() == [] and learned_of(helps) == {}
    assert page.post("/me/learning", data={"learns": "yes"}).status_code == 303
    teach(person, helps)
    assert len(db.session.scalars(sa.select(Lesson.id)).all()) == 1


def test_nothing_is_kept_of_what_one_may_not_read_or_of_a_text_that_says_nothing(make):
    ticket, article = make.ticket(body="My quetzal keyboard types twice."), make.article()
    run_due()
    person = make.person()
    for post, text in ((ticket, TYPED), (article, "is it not the"), (article, ""), (article, " \x00\u202e "), (article, "🇩🇪 ... ???")):
        teach(person, post, text)
    teach(person, type("Gone", (), {"id": 10**12}), TYPED)
    assert db.session.scalars(sa.select(Lesson.id)).all() == []


def test_any_text_may_be_learned_from_and_is_cut(make):
    from .test_search import HOSTILE
    article, person = make.article(), make.person()
    run_due()
    for text in HOSTILE:
        teach(person, article, f"printer {text}")
    run_due()
    assert all(len(text) <= MAX_TEXT and "\x00" not in text for text in db.session.scalars(sa.select(Lesson.text)))


def test_only_the_newest_lessons_of_a_person_are_kept(make, monkeypatch):
    monkeypatch.setattr("socialdesk.search.lesson_actions.MOST_KEPT", 3)
    article, people = make.article(), [make.person() for _ in range(5)]
    run_due()
    for person in people:
        for n in range(5):
            teach(person, article, f"wobbly wheel number{n}")
    run_due()
    assert db.session.scalars(sa.select(Lesson.text).where(Lesson.person_id == people[0].id).order_by(Lesson.id)).all() == [f"wobbly wheel number{n}" for n in (2, 3, 4)]
    assert "number0" not in learned_of(article) and learned_of(article)["number4"] == 5.0


def test_what_people_typed_is_never_completed_or_repaired_in_another_box(make):
    _worded, helps = two_articles(make)
    for _ in range(10):
        teach(make.person(), helps, "the quetzalcoatl projector of Zebulon blinks")
    reader = make.viewer(make.person())
    for between in (run_due, merge):
        between()
        view = view_of(reader, EVERYTHING)
        assert view.count("quetzalcoatl") == 1                          # whoever types the whole word finds it
        assert view.starting("quetz", 9) == ({}, 0) and view.starting("zebul", 9) == ({}, 0)
        assert view.near("quetzalcoatk") == [] and view.near("zebulom") == [] and view.form_count("zebulon") == 0
        assert scores(reader, "blinks quetz") == scores(reader, "blinks ") and scores(reader, "quetzalcoatk zebulom ") == []


def test_what_was_shown_and_not_taken_speaks_a_little_against_it(make):
    _worded, helps = two_articles(make)
    teach_by(make, 5, helps), teach_by(make, 23, helps, why="sent")
    run_due()
    assert learned_of(helps) == {}
    teach_by(make, 1, helps)
    run_due()
    assert learned_of(helps)["dock"] == 1.4


# --- what one person typed is nobody else's to find out

@pytest.mark.parametrize("between", [run_due, merge], ids=["fresh", "merged"])
def test_the_words_of_one_persons_text_find_nothing_for_anybody_else(make, browse, between):
    _worded, helps = two_articles(make)
    ruth, kofi = make.person(), make.person()
    browse(ruth).post("/suggestions/solved", data={"post_id": helps.id, "body": "abrakadab secretmerger with Initech"})
    between()
    for reader in (kofi, make.agent(), make.admin(), STRANGER):
        for text in ("initech", "initech ", "secretmerger ", "abrakadab initech"):
            assert search(reader, text)[0] == [] and scores(reader, text) == [], text
    assert learned_of(helps) == {}


def test_a_word_counts_from_three_people_on_and_one_that_stands_nowhere_public_from_five(make):
    _worded, helps = two_articles(make)
    circle = make.circle()
    make.question(make.person(circles=[circle]), body="The thylacine hums.", audience=f"circle:{circle.slug}")
    make.ticket(body="My numbat hums.")
    merge()
    text = "monitor quetzalcoatl thylacine numbat"
    for number, words in ((2, set()), (3, {"monitor"}), (4, {"monitor"}), (5, {"monitor", "quetzalcoatl", "thylacin", "numbat"})):
        teach_by(make, number - len(set(db.session.scalars(sa.select(Lesson.person_id)))), helps, text)
        run_due()
        assert set(learned_of(helps)) == words, number


def test_who_only_sent_it_to_a_person_is_none_of_those_who_found_it_so(make):
    _worded, helps = two_articles(make)
    teach_by(make, 2, helps, "monitor", why="solved"), teach_by(make, 2, helps, "monitor", why="sent")
    run_due()
    assert learned_of(helps) == {}


# --- what suggestions saved

def test_what_a_suggestion_led_to_is_told_once_even_of_who_teaches_nothing(make):
    article, other, person = make.article(), make.article(title="Other"), make.person()
    run_due()
    with transaction():
        let_learn(person, False)
    for _ in range(2):
        for why in ("opened", "me_too", "sent"):
            teach(person, article, why=why)
    teach(person, other, why="sent")
    told = [Verb.SUGGESTION_OPENED, Verb.SUGGESTION_JOINED, Verb.SENT_ANYWAY]
    assert db.session.scalars(sa.select(Event.verb).where(Event.verb.in_(told)).order_by(Event.id)).all() == told
    assert db.session.scalars(sa.select(Lesson.id)).all() == []


def test_an_admin_reads_what_suggestions_saved(browse, make):
    article, person = make.article(), make.person()
    run_due()
    for why in ("opened", "me_too", "sent"):
        teach(person, article, why=why)
    browse(person).post("/suggestions/solved", data={"post_id": article.id})
    for _ in range(3):
        browse(person).get("/suggestions?q=print+both+sides")
    desk_flush(browse(person))
    page = browse(make.admin()).get("/admin").text
    assert "Shown 1 time, opened 1, solved it 1, joined an incident 1, sent anyway 1" in page
    assert browse(person).get("/admin").status_code == 403


def desk_flush(client):
    client.application.extensions["searches"].flush()


def test_what_was_long_ago_is_not_counted(browse, make, time):
    article, person = make.article(), make.person()
    run_due()
    teach(person, article, why="opened")
    time.pass_(days=31)
    assert "Shown 0 times, opened 0" in browse(make.admin()).get("/admin").text


# --- the page

def test_the_page_shows_what_is_kept_and_leads_back(browse, make):
    article, person = make.article(title="Print <on> both sides"), make.person()
    run_due()
    teach(person, article, "printer <b>jam</b>")
    page = browse(person).get("/me/learning").text
    assert "Print &lt;on&gt; both sides" in page and "printer &lt;b&gt;jam&lt;/b&gt;" in page and "Let what helped me help others find it" in page
    assert 'href="/me/learning"' in browse(person).get("/me").text
    assert browse(None).get("/me/learning").location == "/sign-in?next=/me/learning"


def test_a_title_that_may_not_be_read_any_more_is_not_shown(browse, make):
    from socialdesk.posts.access_actions import move_rights
    question, person = make.question(make.person(), body="Where is the okapi lounge?"), make.person()
    run_due()
    teach(person, question, "the lounge of okapis")
    with transaction():
        move_rights(question.id, audience="private")
    page = browse(person).get("/me/learning").text
    assert "the lounge of okapis" in page and "Where is the okapi lounge" not in page
    assert "Where is" not in browse(person).get("/me/learning.json").text


def test_the_export_holds_ones_own_alone(browse, make):
    article, one, other = make.article(), make.person(), make.person()
    run_due()
    teach(one, article, "mine alone"), teach(other, article, "theirs alone")
    answer = browse(one).get("/me/learning.json")
    assert answer.mimetype == "application/json" and "attachment" in answer.headers["Content-Disposition"]
    found = answer.get_json()
    assert found["learns"] is True and [lesson["text"] for lesson in found["lessons"]] == ["mine alone"]
    assert set(found["lessons"][0]) == {"text", "why", "post", "title", "url", "at"} and found["lessons"][0]["post"] == article.id


def test_who_is_not_signed_in_is_told_so_in_the_words_of_a_program(browse):
    answer = browse(None).get("/me/learning.json")
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json") and "Sign in" in answer.get_json()["detail"]


def test_the_page_says_from_how_many_on_a_word_counts(browse, make):
    assert "only once three people have used it; a word that stands in nothing they can read needs five" in browse(make.person()).get("/me/learning").text


def test_switch_and_erasing_answer_fragments_and_twice_is_once(browse, make):
    article, person = make.article(), make.person()
    run_due()
    teach(person, article)
    page = browse(person)
    for _ in range(2):
        answer = page.post("/me/learning", data={}, headers=HTMX)
        assert answer.status_code == 200 and 'id="learning"' in answer.text and "<html" not in answer.text
        assert db.session.scalar(sa.select(Person.learns).where(Person.id == person.id)) is False
    for _ in range(2):
        answer = page.post("/me/learning/erase", headers=HTMX)
        assert answer.status_code == 200 and "Nothing is kept" in answer.text
    assert db.session.scalars(sa.select(Lesson.id)).all() == []
