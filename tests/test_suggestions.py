"""Suggestions while typing: what is known, for whom it may be, and silence where nothing fits."""
from types import SimpleNamespace

import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.events import Event, Verb
from socialdesk.knowledge.models import Article, Verdict
from socialdesk.posts.answer_actions import accept
from socialdesk.posts.kind_actions import say
from socialdesk.posts.models import Draft
from socialdesk.posts.queries import prepare
from socialdesk.search.models import Lesson
from socialdesk.search.queries import suggest
from socialdesk.search.rank_checker import best_sentence
from socialdesk.search.word_checker import terms_of
from socialdesk.tickets.major_actions import declare_major

from .conftest import HTMX, run_due

JSON = {"Accept": "application/json"}


def titles(viewer, text):
    run_due()
    found = [one.title for one in suggest(viewer, text)]
    db.session.rollback()
    return found


def answered(make, asker, question, text):
    root = make.question(asker, body=question)
    answer = make.reply(root, make.person("Lena Hoffmann"), body=text)
    with transaction():
        accept(answer.id, asker)
    run_due()
    return root, answer


def filler(make):
    for title in ("Order a new phone", "Book a meeting room", "Clean the coffee machine", "Lost badge at the gate", "Holiday requests in the portal"):
        make.article(title=title, body="Ask at the reception, they will help you with it.")


def test_an_article_answers_while_one_types(make):
    filler(make)
    make.article(title="Print on both sides", body="Open the print window. Choose *Both sides*. Press OK.")
    person = make.person()
    assert titles(person, "how do I print on both sid") == ["Print on both sides"]
    assert suggest(person, "print on both sides")[0].sentence == "Choose Both sides."


def test_an_accepted_answer_is_suggested_and_leads_to_its_question(make):
    filler(make)
    root, answer = answered(make, make.person(), "The beamer shows a green picture, what now?", "Push the plug in until it clicks. Then wait.")
    one = suggest(make.person(), "green beamer picture")[0]
    assert (one.kind, one.id, one.url, one.title) == ("answer", answer.id, f"/p/{answer.id}", "The beamer shows a green picture, what now?")
    assert one.sentence == "Push the plug in until it clicks."


def test_open_questions_and_tickets_answer_nothing(make):
    asker = make.person()
    make.question(asker, body="Why is the giraffe server down today?")
    make.ticket(asker, body="The giraffe server is down today.")
    assert titles(asker, "giraffe server down today") == titles(make.agent(), "giraffe server down today") == []


def test_an_answer_in_a_circle_is_for_its_members_alone(make):
    circle = make.circle("Pilots")
    member = make.person(circles=[circle])
    root = make.question(member, body="Does the gecko tablet reboot?", audience="circle:pilots")
    answer = make.reply(root, make.person(circles=[circle]), body="Only with the old firmware.")
    with transaction():
        accept(answer.id, member)
    assert titles(member, "gecko tablet reboot") == ["Does the gecko tablet reboot?"]
    assert titles(make.person(), "gecko tablet reboot") == titles(make.agent(), "gecko tablet reboot") == titles(make.admin(), "gecko tablet reboot") == []


def test_with_nearly_everything_hidden_the_one_visible_article_is_still_first(make):
    circle = make.circle("Others")
    owner = make.person(circles=[circle])
    for n in range(70):
        root = make.question(owner, body=f"Meerkat laptop battery {n}?", audience="circle:others")
        answer = make.reply(root, owner, body="Meerkat laptop battery answer.")
        with transaction():
            accept(answer.id, owner)
    make.article(title="Laptop battery", body="For the meerkat, order a new one.")
    assert titles(make.person(), "meerkat laptop battery") == ["Laptop battery"]


def test_nothing_is_shown_where_nothing_fits(make):
    filler(make)
    person = make.person()
    for text in ("what is the meaning of life", "please help me with my problem it does not work", "my cat sleeps on the warm radiator", "hello there", "thanks a lot"):
        assert titles(person, text) == [], text


def test_it_begins_with_the_second_word_or_the_eighth_letter(make):
    make.article(title="Password reset", body="Open the portal.")
    person = make.person()
    assert titles(person, "passwor") == [] and titles(person, "") == titles(person, "   ") == []
    assert titles(person, "password") == titles(person, "reset p") == ["Password reset"]


def test_at_most_three_and_each_thread_once(make):
    asker = make.person()
    root = make.question(asker, body="Which walrus adapter fits?")
    for text in ("The walrus adapter with one notch.", "The walrus adapter with two."):
        answer = make.reply(root, make.person(), body=text)
        with transaction():
            accept(answer.id, asker)
    for n in range(4):
        make.article(title=f"Walrus adapter number {n}")
    run_due()
    found = suggest(asker, "which walrus adapter")
    assert len(found) == 3 and len({one.title for one in found}) == 3
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_the_sentence_shown_is_the_one_that_matches():
    body = "First of all, restart. If the VPN asks for a token, open the app on your phone. See version 2.1 of the guide!"
    assert best_sentence(body, terms_of("vpn token ")) == "If the VPN asks for a token, open the app on your phone."
    assert best_sentence(body, terms_of("guide version ")) == "See version 2.1 of the guide!"
    assert best_sentence("", terms_of("vpn ")) == "" and len(best_sentence("long words " * 100, terms_of("long "))) <= 140


# --- over HTTP

def test_the_fragment_names_kind_title_and_sentence(browse, make):
    filler(make)
    make.article(title="Print on both sides", body="Choose <b>both</b> sides.")
    run_due()
    for name in ("q", "body"):
        page = browse(make.person()).get("/suggestions", query_string={name: "print on both sides"}, headers=HTMX).text
        assert "Is it one of these?" in page and "Article · Choose &lt;b&gt;both&lt;/b&gt; sides." in page and 'href="/help/print-on-both-sides"' in page
        assert 'action="/suggestions/solved"' in page and "This solved it" in page and "<html" not in page


def test_nothing_known_is_an_empty_fragment(browse, make):
    page = browse(make.person()).get("/suggestions?q=nothing+known+here", headers=HTMX)
    assert page.status_code == 200 and "Is it one of these?" not in page.text and 'id="known"' in page.text


def test_json_has_the_shape_of_the_api(browse, make):
    article = make.article(title="Print on both sides")
    run_due()
    answer = browse(make.person()).get("/suggestions?q=print+both+sides&limit=2", headers=JSON).json
    assert set(answer) == {"suggestions"} and answer["suggestions"][0] | {"score": 0} == {
        "kind": "article", "id": article.id, "title": "Print on both sides", "url": "/help/print-on-both-sides", "score": 0}
    assert answer["suggestions"][0]["score"] > 0


def test_a_limit_that_is_none_is_refused(browse, make):
    for limit in ("0", "-1", "x", "99999999", "1.5"):
        assert browse(make.person()).get(f"/suggestions?q=print&limit={limit}", headers=JSON).status_code == 422


def test_suggestions_need_a_sign_in(browse):
    assert browse(None).get("/suggestions?q=print+it", headers=HTMX).status_code == 401
    assert browse(None).get("/suggestions?q=print+it", headers=JSON).status_code == 401


def test_who_asks_without_end_is_slowed_down(browse, make, monkeypatch):
    monkeypatch.setattr("socialdesk.buckets.time", SimpleNamespace(monotonic=lambda: 1e9))
    person = browse(make.person())
    answers = [person.get("/suggestions?q=a", headers=JSON).status_code for _ in range(200)]
    assert 429 in answers and answers[:100] == [200] * 100


def test_typing_writes_nothing(browse, make):
    make.article()
    run_due()
    before = db.session.scalar(sa.select(sa.func.count()).select_from(Event))
    browse(make.person()).get("/suggestions?q=print+both+sides")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Event)) == before


# --- this solved it

def test_this_solved_it_thanks_the_author_counts_and_lets_the_draft_go(browse, make):
    author, person = make.agent("Tomasz Nowak"), make.person()
    article = make.article(author, title="Print on both sides")
    with transaction():
        db.session.add(Draft(person_id=person.id, place="ask", text="How do I print", at=article.made_at))
    for _ in range(2):
        answer = browse(person).post("/suggestions/solved", data={"post_id": article.id}, headers=HTMX)
    assert answer.status_code == 200 and "Thanks to Tomasz Nowak" in answer.text and 'id="known"' in answer.text and "send it to a person" in answer.text
    assert db.session.scalar(sa.select(Article.solved)) == 1 and db.session.scalar(sa.select(sa.func.count()).select_from(Draft)) == 0
    assert db.session.scalars(sa.select(Event.actor_id).where(Event.verb == Verb.SUGGESTION_SOLVED)).all() == [person.id]


def test_without_javascript_a_page_thanks_the_author_and_leads_to_the_article(browse, make):
    article, person = make.article(make.agent("Tomasz Nowak"), title="Print on both sides"), make.person()
    answer = browse(person).post("/suggestions/solved", data={"post_id": article.id})
    assert (answer.status_code, answer.location) == (303, f"/suggestions/{article.id}/solved")
    page = browse(person).get(answer.location).text
    assert "Thanks to Tomasz Nowak, who wrote this." in page and 'href="/help/print-on-both-sides"' in page and "still in the box" not in page
    assert browse(make.person()).get(answer.location).location == "/help/print-on-both-sides"          # who has not said so is not thanked for


def test_a_text_too_long_for_an_address_is_posted(browse, make):
    article = make.article(title="Print on both sides")
    run_due()
    text = "how do I print on both sides " * 345
    for path, form in (("/suggestions", {"body": text}), ("/suggestions", {"q": text, "limit": "1"})):
        found = browse(make.person()).post(path, data=form, headers={"Accept": "application/json"}).json["suggestions"]
        assert [one["id"] for one in found] == [article.id]
    assert browse(make.person()).post("/suggestions/asked", data={"body": text}, headers=HTMX).status_code == 200


def test_an_answer_that_solved_it_thanks_who_gave_it(browse, make):
    root, answer = answered(make, make.person(), "Green beamer?", "Push the plug.")
    page = browse(make.person()).post("/suggestions/solved", data={"post_id": answer.id}, headers=HTMX)
    assert "Thanks to Lena Hoffmann" in page.text and db.session.scalars(sa.select(Verdict.post_id)).all() == [answer.id]
    plain = browse(make.person()).post("/suggestions/solved", data={"post_id": answer.id})
    assert plain.location == f"/suggestions/{answer.id}/solved"


def test_a_name_left_out_is_not_thanked(browse, make):
    author = make.person("Zebulon Quick")
    root = make.question(author, body="Green beamer?", shown_as="Somebody")
    answer = make.reply(root, author, body="Found it: push the plug.")
    with transaction():
        accept(answer.id, author)
    page = browse(make.person()).post("/suggestions/solved", data={"post_id": answer.id}, headers=HTMX)
    assert page.status_code == 200 and "Zebulon" not in page.text and "That is counted" in page.text


def test_what_one_may_not_see_solved_nothing(browse, make):
    ticket, question = make.ticket(), make.question()
    person = browse(make.person())
    for post_id, status in ((ticket.id, 404), (999_999, 404), (question.id, 422), ("x", 422), ("", 422), ("9" * 40, 422)):
        assert person.post("/suggestions/solved", data={"post_id": post_id}).status_code == status
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Verdict)) == 0
    assert db.session.scalars(sa.select(Event.id).where(Event.verb == Verb.SUGGESTION_SOLVED)).all() == []


# --- in the composer

def test_each_says_in_plain_words_what_it_is_and_what_speaks_for_it(browse, make):
    filler(make)
    article = make.article(title="Walrus adapter for the beamer", body="Take the walrus adapter out of the drawer.")
    for _ in range(3):
        browse(make.person()).post("/suggestions/solved", data={"post_id": article.id})
    answered(make, make.person(), "Which walrus adapter fits the beamer?", "The one with a notch fits.")
    run_due()
    page = browse(make.person()).get("/suggestions?q=walrus+adapter+beamer", headers=HTMX).text
    assert "Article · Solved it for 3 people · Take the walrus adapter out of the drawer." in page
    assert "A colleague’s answer" in page and f'data-open="{article.id}"' in page
    shown = page.split('name="shown" form="ask" value="')[1].split('"')[0].split(",")
    assert str(article.id) in shown and f'data-ids="{",".join(shown)}"' in page


def test_an_incident_offers_me_too_and_an_announcement_may_have_solved_it(browse, make):
    filler(make)
    agent, admin = make.agent(), make.admin()
    ticket = make.ticket(body="Mail is slow.")
    with transaction():
        declare_major(ticket.id, agent, prepare(agent, "The walrus mail server is down at every site."), 60)
        news = say(admin, "announcement", prepare(agent, "The otter portal moves to another address on Monday."))
    run_due()
    page = browse(make.person()).get("/suggestions?q=walrus+mail+server+down", headers=HTMX).text
    assert "Happening now" in page and "/me-too" in page and "This solved it" not in page
    page = browse(make.person()).get("/suggestions?q=otter+portal+address", headers=HTMX).text
    assert "Announcement" in page and "This solved it" in page
    assert browse(make.person()).post("/suggestions/solved", data={"post_id": news.id}, headers=HTMX).status_code == 200


def test_the_sheet_holds_all_of_it_and_the_ways_on(browse, make):
    article = make.article(title="Print on both sides", body="Choose *Both sides*. Then press OK.")
    root, answer = answered(make, make.person(), "Green beamer?", "Push the plug until it clicks.")
    run_due()
    reader = browse(make.person())
    page = reader.get(f"/suggestions/{article.id}", headers=HTMX).text
    assert "<em>Both sides</em>" in page and "This solved it" in page and "Back to my text" in page and "Send it to a person" in page and "<html" not in page
    assert "Push the plug until it clicks." in reader.get(f"/suggestions/{answer.id}", headers=HTMX).text
    plain = reader.get(f"/suggestions/{article.id}")
    assert (plain.status_code, plain.location) == (303, "/help/print-on-both-sides")


def test_the_sheet_of_what_one_may_not_see_is_like_one_that_is_not_there(browse, make):
    ticket = make.ticket(body="A private matter.")
    run_due()
    for post_id in (ticket.id, 999_999):
        assert browse(make.person()).get(f"/suggestions/{post_id}", headers=HTMX).status_code == 404
        assert browse(make.person()).post("/suggestions/opened", data={"post_id": post_id, "body": "a private matter"}, headers=HTMX).status_code == 404
    assert db.session.scalars(sa.select(Lesson.id)).all() == []
    assert browse(None).get(f"/suggestions/{ticket.id}", headers=HTMX).status_code == 401


def test_what_came_of_a_text_is_kept_as_a_lesson(browse, make):
    article, person = make.article(title="Print on both sides"), make.person()
    run_due()
    for _ in range(2):
        assert browse(person).post("/suggestions/opened", data={"post_id": article.id, "body": "print both sides"}, headers=HTMX).status_code == 204
        browse(person).post("/suggestions/solved", data={"post_id": article.id, "body": "print both sides"}, headers=HTMX)
    assert sorted(db.session.execute(sa.select(Lesson.why, Lesson.text)).all()) == [("opened", "print both sides"), ("solved", "print both sides")]
    browse(person).post(f"/p/{article.id}/verdict/remove", headers=HTMX)
    assert db.session.scalars(sa.select(Lesson.why)).all() == ["opened"]


def test_sent_all_the_same_is_a_lesson_too_and_not_part_of_the_message(browse, make):
    article, hidden, person = make.article(title="Print on both sides"), make.ticket(), make.person()
    run_due()
    sent = {"kind": "ticket", "body": "print both sides jams", "key": "k1"}
    first = browse(person).post("/ask", data=sent | {"shown": f"{article.id},{hidden.id},x,,999999"})
    again = browse(person).post("/ask", data=sent | {"shown": ""})
    assert first.status_code == again.status_code == 303 and first.location == again.location
    assert db.session.execute(sa.select(Lesson.post_id, Lesson.why, Lesson.text)).all() == [(article.id, "sent", "print both sides jams")]
