"""Search: any word may match, the best first, and nobody finds what they may not see."""
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socialdesk.db import db, transaction
from socialdesk.events import Verb
from socialdesk.posts.access_actions import give_access, move_rights
from socialdesk.posts.answer_actions import accept, unaccept
from socialdesk.posts.models import Post
from socialdesk.posts.text_actions import delete, edit
from socialdesk.search.actions import index, reindex
from socialdesk.search.ask_queries import view_of
from socialdesk.search.models import Document
from socialdesk.search.queries import EVERYTHING, search
from socialdesk.search.word_checker import plain_of_html, stem, terms_of, words_of
from socialdesk.tickets import desk_actions

from .conftest import run_due


def found(viewer, text):
    """[(kind, id)] of what somebody finds."""
    run_due()
    hits, _next = search(viewer, text)
    db.session.rollback()
    return [(hit.kind, hit.id) for hit in hits]


def has_document(post):
    run_due()
    return db.session.scalar(sa.select(Document.post_id).where(Document.post_id == post.id)) is not None


# --- what is found

def test_any_word_may_match_and_the_best_comes_first(make):
    both = make.article(title="Printer prints twice", body="A page too many.")
    one = make.article(title="Paper jam", body="Open the printer.")
    make.article(title="Wi-Fi on trains", body="It is slow.")
    assert found(make.person(), "printers printing") == [("article", both.id), ("article", one.id)]


def test_the_word_being_typed_is_completed(make):
    article = make.article(title="Certificates expire", body="Renew them.")
    person = make.person()
    assert found(person, "certif") == [("article", article.id)]
    assert found(person, "certif ") == []
    assert found(person, "renew certificate") == [("article", article.id)]


def test_case_accents_and_compatible_letters_make_no_difference(make):
    german = make.article(title="Übergröße der Passwörter", body="Zu lang.", lang="de")
    person = make.person()
    for text in ("UBERGROSSE", "übergrösse", "passworter", "Ｐａｓｓｗöｒｔｅｒ"):
        assert found(person, text) == [("article", german.id)], text


def test_scripts_without_spaces_are_found_by_their_parts(make):
    thai = make.article(title="การรีเฟรชโดยใช้ตัวเชื่อมต่อเว็บ", body="ต้องใช้เกตเวย์เพื่อรีเฟรช", lang="th")
    japanese = make.article(title="パスワードを再設定する", body="画面を開きます。", lang="ja")
    person = make.person()
    assert found(person, "รีเฟรช") == [("article", thai.id)]
    assert found(person, "再設定") == [("article", japanese.id)]


def test_a_hashtag_finds_what_carries_it(make):
    question = make.question(body="Nothing comes out. #printing")
    assert found(make.person(), "#printing") == [("question", question.id)]


def test_an_answer_is_found_once_its_asker_accepted_it(make):
    asker = make.person()
    question = make.question(asker, body="How do I get the beamer on?")
    answer = make.reply(question, make.person(), body="Hold the silver knob for three seconds.")
    person = make.person()
    assert found(person, "silver knob") == []
    with transaction():
        accept(answer.id, asker)
    assert found(person, "silver knob") == [("answer", answer.id)]
    assert search(person, "silver knob")[0][0].url == f"/p/{answer.id}"
    with transaction():
        unaccept(answer.id, asker)
    assert found(person, "silver knob") == []


def test_what_is_edited_is_found_by_its_new_words_alone(make):
    from socialdesk.posts.queries import prepare
    author = make.person()
    question = make.question(author, body="The kettle is cold.")
    prepared = prepare(author, "The samovar is cold.")
    with transaction():
        edit(question.id, author, prepared)
    assert found(author, "samovar") == [("question", question.id)] and found(author, "kettle") == []


def test_what_is_taken_back_is_gone_at_once_and_its_words_after(make):
    author = make.person()
    question = make.question(author, body="Xylophone lessons?")
    assert found(author, "xylophone") == [("question", question.id)]
    with transaction():
        delete(question.id, author)
    assert search(author, "xylophone")[0] == []             # before any job ran
    assert not has_document(question)


def test_indexing_an_event_twice_is_once(make):
    from socialdesk.events import Event
    article = make.article()
    event_id = db.session.scalar(sa.select(Event.id).where(Event.verb == Verb.ARTICLE_PUBLISHED))
    for _ in range(2):
        with transaction():
            index(event_id)
    assert db.session.scalars(sa.select(Document.post_id)).all() == [article.id]
    assert len(search(make.person(), "print both sides")[0]) == 1


def test_everything_can_be_indexed_anew(make):
    article, question = make.article(), make.question(body="Which cable for the monitor?")
    run_due()
    with transaction():
        from socialdesk.search.index_actions import remove
        remove([article.id])
        reindex()
    person = make.person()
    assert found(person, "both sides window") == [("article", article.id)] and found(person, "cable") == [("question", question.id)]


def test_results_go_on_page_by_page(make):
    for n in range(45):
        make.article(title=f"Monitor number {n}")
    run_due()
    person, seen, cursor = make.person(), [], None
    while True:
        hits, cursor = search(person, "monitor", limit=20, cursor=cursor)
        seen += [hit.id for hit in hits]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 45


# --- who finds what

def test_a_private_ticket_is_found_by_its_requester_and_the_desk_alone(make):
    requester, other, agent = make.person(), make.person(), make.agent()
    ticket = make.ticket(requester, body="My quetzal keyboard types twice.")
    assert found(requester, "quetzal") == [("ticket", ticket.id)] == found(agent, "quetzal")
    assert found(other, "quetzal") == []
    with transaction():
        give_access(ticket.id, requester, other.id)
    assert found(other, "quetzal") == [("ticket", ticket.id)]


def test_a_confidential_ticket_is_found_by_its_team_alone(make):
    team = make.team("HR", confidential=True)
    member, agent, admin, requester = make.agent(teams=[team]), make.agent(), make.admin(), make.person()
    ticket = make.ticket(requester, body="About my okapi salary.", team_id=team.id)
    assert found(member, "okapi") == [("ticket", ticket.id)] == found(requester, "okapi")
    assert found(agent, "okapi") == found(admin, "okapi") == []
    assert db.session.scalar(sa.select(Document.segment)) == f"team:{team.id}"


def test_a_ticket_moved_to_a_confidential_team_is_lost_to_the_others_at_once(make):
    team, agent = make.team("HR", confidential=True), make.agent()
    ticket = make.ticket(body="My narwhal contract.")
    assert found(agent, "narwhal") == [("ticket", ticket.id)]
    with transaction():
        desk_actions.move(ticket.id, agent, team.id)
    assert search(agent, "narwhal")[0] == []                 # before any job ran
    db.session.rollback()
    run_due()
    assert db.session.scalar(sa.select(Document.segment)) == f"team:{team.id}"


def test_a_circle_post_is_found_by_its_members_alone(make):
    circle = make.circle("Pilots")
    member, other, agent = make.person(circles=[circle]), make.person(), make.agent()
    question = make.question(member, body="Does the gecko app crash for you?", audience="circle:pilots")
    assert found(member, "gecko") == [("question", question.id)]
    assert found(other, "gecko") == found(agent, "gecko") == []


def test_notes_are_found_by_nobody(make):
    agent, requester = make.agent(), make.person()
    ticket = make.ticket(requester)
    make.reply(ticket, agent, body="Suspect the wombat cable.", note=True)
    assert found(requester, "wombat") == found(agent, "wombat") == []


def test_a_name_left_out_cannot_be_searched_for(make):
    author = make.person("Zebulon Quick")
    question = make.question(author, body="Who else lost a badge?", shown_as="Somebody")
    assert found(make.person(), "zebulon") == [] and found(make.person(), "badge") == [("question", question.id)]


def test_a_hidden_thing_is_neither_counted_nor_takes_a_place(make):
    for n in range(30):
        make.ticket(body=f"My ibis screen {n} flickers.")
    article = make.article(title="Ibis screens", body="Update the driver.")
    run_due()
    hits, cursor = search(make.person(), "ibis screen", limit=1)
    assert [hit.id for hit in hits] == [article.id] and cursor is None


def test_private_words_count_in_nobody_elses_order(make):
    make.article(title="Lemur one"), make.article(title="Lemur two")
    run_due()
    person = make.viewer(make.person())
    before = view_of(person, EVERYTHING).documents
    make.ticket(body="My axolotl and my lemur."), make.question(make.person(), body="Public pangolin?")
    run_due()
    view = view_of(person, EVERYTHING)
    assert (view.count("lemur"), view.count("axolotl"), view.documents) == (2, 0, before + 1)
    assert view.starting("axo", 9) == ({}, 0) and view.near("axolotls") == [] and view.form_count("axolotl") == 0


def test_a_question_made_private_leaves_the_peoples_words(make):
    question = make.question(body="My tapir mouse squeaks.")
    assert found(make.person(), "tapir") == [("question", question.id)]
    with transaction():
        move_rights(question.id, audience="private")
        post = db.session.get(Post, question.id)
        from socialdesk.events import record
        record(Verb.POST_EDITED, post, None)
    assert search(make.person(), "tapir")[0] == []
    run_due()


# --- the page

def test_the_page_shows_kind_title_and_the_marked_words_escaped(browse, make):
    article = make.article(title="Printing <b>both</b> sides", body="Choose `<script>` and *both* sides in the window.")
    run_due()
    page = browse(make.person()).get("/search?q=both+sides").text
    assert "Printing &lt;b&gt;both&lt;/b&gt; sides" in page and "<script>" not in page.partition("<main")[2]
    assert "&lt;script&gt; and <mark>both</mark> <mark>sides</mark>" in page and "Article" in page
    assert f'href="/help/{db.session.scalar(sa.text("SELECT slug FROM article"))}"' in page and article.id


def test_where_nothing_is_found_one_can_ask_with_the_same_words(browse, make):
    page = browse(make.person()).get("/search", query_string={"q": 'nobody knows "this" & that'}).text
    assert "Ask instead" in page and "/ask?text=nobody%20knows%20%22this%22%20%26%20that" in page


def test_an_empty_search_says_what_to_do(browse, make):
    assert "What are you looking for?" in browse(make.person()).get("/search").text


def test_a_page_of_results_that_never_was_is_refused(browse, make):
    make.article()
    run_due()
    for cursor in ("x", "-1", "9" * 30, "20.5", "٣", "%00"):
        assert browse(make.person()).get(f"/search?q=print&cursor={cursor}").status_code == 422


def test_the_second_page_is_led_to(browse, make):
    for n in range(25):
        make.article(title=f"Monitor number {n}")
    run_due()
    person = browse(make.person())
    first = person.get("/search?q=monitor").text
    assert 'href="/search?q=monitor&amp;cursor=20"' in first
    assert person.get("/search?q=monitor&cursor=20").text.count("row-title") == 5


def test_search_asks_for_a_sign_in(browse):
    assert browse(None).get("/search?q=x").location == "/sign-in?next=/search%3Fq%3Dx"


# --- bad input

HOSTILE = ['"', "'", "a AND b OR NOT", "NEAR(a b, 3)", "title:secret", "a*", "(", ")", "^x", "a:b", "-x", "{a b}", '"unclosed', "a\x00b", "\ud800", "%", "_",
           "x" * 10_000, "ab " * 3_400, "'" * 10_000, "שלום עולם", "\u202eabc\u202c", "🇩🇪👩‍👩‍👧‍👦🎉", "' | 'b':* & !c", "\\", "a\\'b", "ก" * 10_000, "１２３", "ﷺ" * 500, "İ", "ß", "½⅓",
           "a\u0301" * 100, "\u0301", "....." * 2_000, "-- DROP TABLE post", "$$", ":q", "<->", "it's", "''''a", "\n\t\r", "\u200b\u200d", "𝕱𝖔𝖓𝖙", "\U0001e922\U0001e923", "ꙮ", "᠎"]


def test_nothing_that_is_typed_raises(browse, make):
    make.article(title="it's ß 123 שלום", body="ab x ก ÷")
    run_due()
    person = browse(make.person())
    for text in HOSTILE:
        safe = text.encode("utf-8", "replace").decode()
        assert person.get("/search", query_string={"q": safe}).status_code == 200, text[:40]
        assert person.get("/suggestions", query_string={"q": safe}).status_code == 200, text[:40]
        search(make.viewer(person_of(person)), text)


def person_of(client):
    from socialdesk.people.models import Person
    return db.session.scalars(sa.select(Person).order_by(Person.id.desc())).first()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=200) | st.text("\"'*:()^-+{}|&!<>\\ aZé", max_size=60))
def test_no_text_at_all_raises(make, text):
    viewer = _viewer_once(make)
    search(viewer, text)
    db.session.rollback()


def _viewer_once(make):
    if not hasattr(make, "reader"):
        make.article(title='A "quoted" title: a-b (c) é ZZ', body="Every * sign ^ stands & here | too.")
        run_due()
        make.reader = make.person()
    return make.reader


@given(st.text(max_size=300))
def test_what_a_text_is_indexed_by_finds_it_again(text):
    terms = {term.word for term in terms_of(text + " ")}
    assert terms <= set(words_of(text))
    for word in words_of(text):
        assert word and not any(sign in word for sign in "\"'\\* \n\x00")


def test_words_lose_their_common_endings():
    pairs = {"printers": "printer", "printing": "print", "printed": "print", "boxes": "box", "policies": "policy", "running": "run", "address": "address",
             "status": "status", "bus": "bus", "calling": "call", "passes": "pass", "vpn": "vpn", "2019": "2019"}
    assert {word: stem(word) for word in pairs} == pairs
    assert stem("save") == stem("saved") == stem("saving")


def test_html_becomes_lines_of_words():
    assert plain_of_html("<p>One <b>two</b></p><ul><li>A &lt;b&gt;</li><li>C</li></ul>") == "One two\nA <b>\nC"
