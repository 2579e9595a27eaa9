"""Just my tickets: who wants no social side has none, in the feed, the inbox, on the phone or in the composer; what is theirs still comes."""
import pytest

from socialdesk.db import transaction
from socialdesk.knowledge import review_actions
from socialdesk.notifications.queries import inbox_of, unread_count
from socialdesk.people.profile_actions import change_profile
from socialdesk.posts import actions, reaction_actions
from socialdesk.posts.idea_actions import move_idea
from socialdesk.posts.kudos_actions import give_kudos
from socialdesk.tickets import actions as tickets

from .api_desk import call  # noqa: F401
from .conftest import HTMX, run_due, told_by_now
from .feed_desk import ids_in, publish
from .phones import phone, service, settings_given  # noqa: F401
from .post_desk import prepared
from .test_major import declare


@pytest.fixture(autouse=True)
def admin(make):
    """Without an admin the front page tells of the setup link instead."""
    return make.admin()


def quiet(make, person, is_on=True):
    """This person, who wants just their tickets."""
    with transaction():
        change_profile(person, only_tickets=is_on)
    return make.viewer(person)


def threads(person):
    """The threads the inbox tells of."""
    return {line.root_id for line in inbox_of(person).lines}


@pytest.fixture
def noise(make):
    """noise(person) is all that colleagues can do to somebody on the social side, told by now: the ids of its threads."""
    def happen(person):
        ben, tom = make.person("Ben"), make.agent()
        question, idea = make.question(ben, "Does it work?"), publish(ben, "idea", "Bikes for all.")
        with transaction():
            for post in (question, idea):
                actions.follow(post.id, person)
            reaction_actions.react(idea.id, person, "vote")
        answer = make.reply(question, person, "Turn it off.")
        named = make.question(ben, f"What does @{person.handle} think?")
        news = publish(tom, "announcement", f"New badges; ask @{person.handle}.")
        make.reply(question, ben, "Still dark.")
        thanks = prepared(ben, f"Thank you @{person.handle}!")
        with transaction():
            actions.accept(answer.id, ben)
            move_idea(idea.id, tom, "under_review", "We look.")
            kudos = give_kudos(ben, thanks)
            secret = give_kudos(ben, thanks, audience="private")
        told_by_now()
        return {post.id for post in (question, idea, named, news, kudos, secret)}
    return happen


def test_all_of_it_reaches_who_did_not_choose_so(make, noise, phone):
    """The ground of the next test: what is silent there is told here."""
    ada = make.person("Ada")
    hers = phone(ada)
    loud = noise(ada)
    assert threads(ada) == loud and unread_count(ada) == 6 and len(hers.told) >= 3


def test_the_social_side_tells_who_wants_just_their_tickets_nothing(make, noise, phone, browse, call):
    ada = quiet(make, make.person("Ada"))
    hers = phone(ada)
    loud = noise(ada)
    assert threads(ada) == set() and unread_count(ada) == 0 and hers.told == []
    browser = browse(ada)
    assert not [key for key in loud if f"/p/{key}" in browser.get("/inbox").text + browser.get("/").text]
    assert call(ada).get("/notifications").json["items"] == []


def test_what_was_told_before_goes_with_the_choice_and_comes_back_with_it(make, noise, browse, call):
    ada = make.person("Ada")
    loud = noise(ada)
    browser = browse(ada)
    assert browser.post("/me/only-tickets", headers=HTMX).status_code == 200
    assert not [key for key in loud if f"/p/{key}" in browser.get("/inbox").text] and unread_count(make.viewer(ada)) == 0
    assert call(ada).get("/notifications").json["items"] == []
    browser.post("/me/only-tickets/remove")
    assert threads(make.viewer(ada)) == loud and unread_count(make.viewer(ada)) == 6


def test_a_push_that_waits_for_the_morning_is_not_sent_to_who_chose_so_at_night(make, phone, time):
    time.stop(2026, 11, 21, 3, 0)
    ada, ben = make.person("Ada", hours={"mon": [["08:00", "18:00"]]}), make.person("Ben")
    ticket, tom = make.ticket(ada), make.agent("Tom")
    hers = phone(ada)
    make.question(ben, f"What does @{ada.handle} think?")
    make.reply(ticket, tom, "Look at the plug.")
    run_due()
    quiet(make, ada)
    time.stop(2026, 11, 23, 9, 0)
    run_due()
    assert hers.bodies == ["Something changed in one of your tickets."] and hers.told[0]["app_badge"] == 1


def test_tickets_major_incidents_and_answers_to_ones_own_still_come(make, phone, browse):
    ada, ben, tom = quiet(make, make.person("Ada")), make.person("Ben"), make.agent("Tom")
    hers = phone(ada)
    mine, added, asked = make.ticket(ada), make.ticket(ben), make.question(ada, "Who has a key?")
    with transaction():
        actions.give_access(added.id, ben, ada.id)
    make.reply(mine, tom, "Which room?")
    with transaction():
        tickets.change_status(added.id, tom, "resolved", "It works again.")
    make.reply(asked, ben, f"@{ada.handle}, Cem has it.")
    public = declare(browse(tom), mine)
    run_due()
    assert threads(ada) == {mine.id, added.id, asked.id, public.id} and unread_count(ada) == 4
    assert len(hers.told) == 4 and hers.told[-1]["app_badge"] == 4
    assert set(ids_in(browse(ada).get("/"))) >= {public.id, mine.id}
    make.reply(public, ben, "Here too!")
    told_by_now()
    assert [line.n for line in inbox_of(ada).lines if line.root_id == public.id] == [1], "what colleagues say below it is social"


def test_an_agent_still_hears_of_the_work(make, phone, time):
    time.stop(2026, 3, 2, 9, 0)
    net = make.team("Network")
    tom, ada = quiet(make, make.agent("Tom", teams=[net])), make.person("Ada")
    ticket, article = make.ticket(ada, team_id=net.id), make.article(tom)
    ivy = make.agent("Ivy")
    with transaction():
        tickets.assign(ticket.id, ivy, tom.id)
    make.reply(ticket, ivy, f"Between us, @{tom.handle}.", note=True)
    time.pass_(days=200)
    with transaction():
        review_actions.remind_of_reviews()
    run_due()
    assert threads(tom) == {ticket.id, article.id}


def test_the_composer_offers_help_and_no_social_kinds(make, browse):
    ada, tom = make.person("Ada"), make.agent("Tom")
    assert "/ask?kind=kudos" in browse(ada).get("/ask").text
    page = browse(quiet(make, ada)).get("/ask").text
    assert "/ask?kind=" not in page and "Something else" not in page and "Send it to a person" in page and "Ask colleagues" in page
    page = browse(quiet(make, tom)).get("/ask").text
    assert "/ask?kind=announcement" in page and "/ask?kind=kudos" not in page
    assert 'href="/ask"' in browse(ada).get("/ask?kind=idea").text, "a link that leads there still leads there"


def test_no_part_of_the_feed_leads_around_it(make, noise, browse):
    ada = quiet(make, make.person("Ada"))
    loud = noise(ada)
    mine, browser = make.ticket(ada), browse(ada)
    assert ids_in(browser.get("/?view=newest")) == [mine.id]
    assert "1 new post<" in browser.get("/feed/new?since=0", headers=HTMX).text and "new post" not in browser.get(f"/feed/new?since={mine.id}").text
    for address in ("/", "/?view=newest", "/?view=for-you", "/?view=following", f"/?cursor={max(loud) + 1}"):
        for headers in ({}, HTMX):
            answer = browser.get(address, headers=headers)
            assert not [key for key in loud if f'card-{key}"' in answer.text] and f"/p/{max(loud)}" not in answer.text, address
