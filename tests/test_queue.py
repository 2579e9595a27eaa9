"""The desk's queue: who waits longest stands first, and nobody sees or counts what is not theirs."""
import re

import pytest
import sqlalchemy as sa

from socialdesk.db import db, statements, transaction
from socialdesk.errors import Invalid
from socialdesk.posts import actions as posts
from socialdesk.tags.actions import own_tag
from socialdesk.tickets import actions, queries, queue_queries

from .conftest import HTMX
from .ticket_desk import put, row_of, traces


@pytest.fixture
def staff(make):
    class Staff:
        network, hr = make.team("Network"), make.team("HR", confidential=True)
        requester = make.person("Amina Yusuf")
        agent, other, member, admin = make.agent("Tomasz Wrona", teams=[network]), make.agent("Priya Nair"), make.agent(teams=[hr]), make.admin()
    return Staff


def titles(browser, query="", headers=None):
    page = browser.get("/desk" + query, headers=headers or {})
    assert page.status_code == 200
    return re.findall(r'class="row-title" href="/p/\d+">([^<]*)<', page.text)


def counts(browser):
    page = browser.get("/desk").text
    return {name: number for name, number in re.findall(r'href="/desk\?filter=([a-z]+)"[^>]*>[^<]*<b class="num">([^<]+)</b>', page)}


# --- who and what

def test_who_has_waited_longest_for_a_word_from_us_stands_first(staff, make, browse, time):
    time.stop()
    tickets = []
    for words in ("First.", "Second.", "Third."):
        tickets.append(make.ticket(staff.requester, words))
        time.pass_(minutes=10)
    assert titles(browse(staff.agent)) == ["First.", "Second.", "Third."]
    make.reply(tickets[0], staff.agent, "I look at it.")
    assert titles(browse(staff.agent)) == ["Second.", "Third.", "First."]
    make.reply(tickets[1], staff.requester, "Still there?")              # their own words do not end the silence
    make.reply(tickets[1], staff.agent, "Between us.", note=True)        # and no note does
    assert titles(browse(staff.agent)) == ["Second.", "Third.", "First."]
    assert "no word for 20 min" in browse(staff.agent).get("/desk").text


def test_each_filter_shows_its_part(staff, make, browse):
    free, mine, team, waiting, done, ended = (make.ticket(staff.requester, f"Ticket {n}.") for n in range(6))
    with transaction():
        actions.take(mine.id, staff.agent)
        actions.move(team.id, staff.agent, staff.network.id)
        actions.change_status(waiting.id, staff.agent, "on_hold", "Which one?", hold_reason="requester")
        actions.change_status(done.id, staff.agent, "resolved", "Done.")
        actions.change_status(ended.id, staff.agent, "canceled", "Not needed.")
    shown = {name: set(titles(browse(staff.agent), f"?filter={name}")) for name in queries.FILTERS}
    assert shown == {"unassigned": {"Ticket 0.", "Ticket 2.", "Ticket 3."}, "mine": {"Ticket 1."}, "teams": {"Ticket 2."},
                     "waiting": {"Ticket 3."}, "open": {f"Ticket {n}." for n in range(4)}, "resolved": {"Ticket 4."}}
    assert counts(browse(staff.agent)) == {name: str(len(found)) for name, found in shown.items()}


def test_a_confidential_teams_tickets_are_in_nobody_elses_queue_and_no_count(staff, make, browse):
    make.ticket(staff.requester, "About my contract.", team_id=staff.hr.id)
    make.ticket(staff.requester, "About my mouse.")
    assert titles(browse(staff.member)) == ["About my contract.", "About my mouse."]
    for person in (staff.agent, staff.admin):
        assert titles(browse(person)) == ["About my mouse."]
        assert counts(browse(person))["unassigned"] == counts(browse(person))["open"] == "1"


def test_a_ticket_one_was_only_added_to_is_not_in_ones_queue(staff, make, browse):
    ticket = make.ticket(staff.requester, "About my contract.", team_id=staff.hr.id)
    with transaction():
        posts.give_access(ticket.id, staff.requester, staff.agent.id)
    assert browse(staff.agent).get(f"/p/{ticket.id}").status_code == 200
    assert titles(browse(staff.agent)) == [] and counts(browse(staff.agent))["unassigned"] == "0"


def test_the_queue_is_for_the_desk(staff, browse):
    assert browse(staff.requester).get("/desk").status_code == 403
    assert browse(staff.requester).get("/desk", headers=HTMX).status_code == 403
    assert browse(None).get("/desk").location.startswith("/sign-in")
    assert browse(None).get("/desk", headers=HTMX).status_code == 401


def test_a_row_says_who_what_how_it_stands_and_how_long(staff, make, browse, time):
    time.stop()
    ticket = make.ticket(staff.requester, "The headset hears me. #headset")
    with transaction():
        actions.change_status(ticket.id, staff.agent, "on_hold", "Which one?", hold_reason="requester")
    time.pass_(hours=3)
    page = browse(staff.agent).get("/desk").text
    row = page[page.index('<li class="row">'):]
    for words in ("#headset", "Amina Yusuf", "Waiting for Amina", "3 h", ">AY<"):
        assert words in row


def test_words_of_people_are_shown_as_text(staff, make, browse):
    make.ticket(staff.requester, "<script>alert(1)</script> & more")
    assert "<script>alert" not in browse(staff.agent).get("/desk").text


# --- by hashtag, by page

def test_a_hashtag_narrows_the_queue_in_every_spelling(staff, make, browse):
    make.ticket(staff.requester, "No network #WiFi")
    make.ticket(staff.requester, "No sound. #headset")
    for name in ("wifi", "WIFI", "%23Wi-Fi"):
        assert titles(browse(staff.agent), f"?tag={name}") == ["No network #WiFi"]
    assert titles(browse(staff.agent), "?tag=nothing") == []


def test_pages_follow_each_other_without_gap_or_repeat(staff, make):
    for n in range(7):
        make.ticket(staff.requester, f"Ticket {n}.")
    found, cursor = [], None
    while True:
        rows, cursor = queries.queue_of(staff.agent, "open", cursor=cursor, limit=3)
        found += [row.title for row in rows]
        if cursor is None:
            break
    assert found == [f"Ticket {n}." for n in range(7)]


def test_a_long_queue_has_a_way_to_the_next_ones(staff, make, browse):
    for n in range(queries.PAGE + 1):
        make.ticket(staff.requester, f"Ticket {n}.")
    page = browse(staff.agent).get("/desk").text
    link = re.search(r'href="(/desk\?filter=unassigned&amp;cursor=[0-9-]+)"', page)[1].replace("&amp;", "&")
    assert titles(browse(staff.agent), link.removeprefix("/desk")) == [f"Ticket {queries.PAGE}."]


@pytest.mark.parametrize("query", ["?filter=weather", "?cursor=x", "?cursor=1-", "?cursor=1-" + "9" * 40, "?cursor=-5-1"])
def test_an_address_that_leads_nowhere_is_refused_in_words(staff, browse, query):
    answer = browse(staff.agent).get("/desk" + query)
    assert answer.status_code == 422 and "Choose" in answer.text or "Open the list anew" in answer.text


def test_the_list_alone_comes_as_one_fragment_that_fetches_itself(staff, make, browse):
    make.ticket(staff.requester, "One.")
    fragment = browse(staff.agent).get("/desk?filter=open&tag=", headers=HTMX).text
    assert fragment.startswith('<div class="stack" id="queue" data-live-desk hx-get="/desk?filter=open"')
    assert "<html" not in fragment


def test_an_empty_part_says_so_and_leads_on(staff, browse):
    page = browse(staff.agent).get("/desk?filter=resolved").text
    assert "Nothing waits here" in page and 'href="/desk?filter=open"' in page


def test_looking_changes_nothing(staff, make, browse):
    make.ticket(staff.requester, "One.")
    browser, left = browse(staff.agent), traces()
    for path in ("/desk", "/desk?filter=mine", "/me/tickets", "/admin/glass"):
        browser.get(path)
    assert traces() == left


def test_the_queue_asks_few_questions_however_long_it_is(staff, make, browse):
    browser = browse(staff.agent)
    asked = []
    for more in (1, 12):
        for n in range(more):
            make.ticket(staff.requester, f"Ticket {n}. #tag{n}")
        browser.get("/desk")
        asked.append(statements.get()[0] if statements.get() else None)
    assert asked[0] == asked[1]


# --- one's own

def test_a_person_finds_their_own_tickets_newest_first_and_no_others(staff, make, browse):
    first, second = make.ticket(staff.requester, "First."), make.ticket(staff.requester, "Second.")
    make.ticket(make.person(), "Somebody else's.")
    make.question(staff.requester, "A question.")
    put(first, "resolved")
    page = browse(staff.requester).get("/me/tickets").text
    assert re.findall(r'class="row-title" href="/p/\d+">([^<]*)<', page) == ["Second.", "First."]
    assert "Fixed, please check" in page and "Received" in page
    assert row_of(second)["status"] == "new"


def test_an_agents_own_tickets_are_those_they_asked_for(staff, make, browse):
    make.ticket(staff.requester, "Not mine.")
    make.ticket(staff.agent, "Mine.")
    assert re.findall(r'row-title" href="/p/\d+">([^<]*)<', browse(staff.agent).get("/me/tickets").text) == ["Mine."]


def test_who_has_asked_for_nothing_yet_is_led_to_the_composer(staff, browse):
    assert 'href="/ask"' in browse(staff.requester).get("/me/tickets").text


def test_all_that_an_agent_may_see_can_be_asked_for_by_state_owner_and_hashtag(staff, make):
    one, two = make.ticket(staff.requester, "One #wifi"), make.ticket(staff.requester, "Two.")
    make.ticket(staff.requester, "Hidden.", team_id=staff.hr.id)
    with transaction():
        actions.take(two.id, staff.agent)
        actions.change_status(two.id, staff.agent, "in_progress", "On it.")

    def found(person=staff.agent, **more):
        return [row.title for row in queries.tickets_of(person, **{"mine": False} | more)[0]]
    assert found() == ["Two.", "One #wifi"]
    assert found(status="in_progress") == found(assignee=staff.agent.handle) == found(assignee="@" + staff.agent.handle) == ["Two."]
    assert found(assignee="none") == found(tag="WIFI") == ["One #wifi"]
    assert found(staff.requester) == ["Hidden.", "Two.", "One #wifi"]
    assert found(make.person()) == []
    with pytest.raises(Invalid):
        found(status="gone")
    rows, cursor = queries.tickets_of(staff.agent, mine=False, limit=1)
    assert [row.title for row in queries.tickets_of(staff.agent, mine=False, cursor=cursor)[0]] == ["One #wifi"]
    assert rows[0].id == two.id and one.id != two.id


@pytest.mark.parametrize("part", ["unassigned", "open", "waiting", "resolved"])
def test_long_parts_of_the_queue_are_read_in_the_order_of_an_index(staff, desk, part):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("the plan is SQLite's")
    found = str(queue_queries.page_of(staff.agent, part).compile(db.engine, compile_kwargs={"literal_binds": True}))
    plan = " ".join(row[3] for row in db.session.execute(sa.text("EXPLAIN QUERY PLAN " + found.replace(":", "\\:"))))
    assert "ticket USING INDEX" in plan and "TEMP B-TREE" not in plan
