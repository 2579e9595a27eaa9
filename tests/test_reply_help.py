"""Beside the reply box: articles and solved tickets like the one at hand, never a word of what an agent may not read."""
import re

import pytest

from socialdesk.db import db, transaction
from socialdesk.posts.access_actions import give_access
from socialdesk.posts.answer_actions import accept
from socialdesk.posts.queries import thread_of
from socialdesk.search.desk_queries import like_ticket

from .conftest import HTMX, run_due, told_by_now
from .ticket_desk import put, traces

NOISE = ("The coffee machine on floor two leaks", "A new chair for the reception", "Invoices are booked twice", "The lift stops between floors",
         "Parking permits for visitors", "Holiday calendar shows the wrong year", "Headset microphone is silent", "Projector in the big room flickers")


@pytest.fixture
def desk_of(make):
    """(agent, requester, their ticket), among other things that are known."""
    agent, ada = make.agent("Tomasz Nowak"), make.person("Ada Nwosu")
    for title in NOISE:
        make.article(agent, title=title, body=f"{title}. Ask the front office about it.")
    return agent, ada, make.ticket(ada, "The VPN tunnel drops whenever the laptop wakes from sleep")


def solved(make, author, body, answer, team=None, status="resolved"):
    ticket = make.ticket(author, body, **({"team_id": team.id} if team else {}))
    make.reply(ticket, make.agent(teams=[team] if team else ()), answer)
    put(ticket, status)
    with transaction():                                         # what moves a ticket also indexes it; here it was put
        from socialdesk.search.actions import index_posts
        index_posts([ticket.id])
    return ticket


def like(viewer, ticket, typed=""):
    run_due()
    articles, tickets = like_ticket(viewer, thread_of(ticket.id, viewer), typed)
    db.session.rollback()
    return [one.id for one in articles], [one.id for one in tickets]


# --- what is found

def test_articles_and_solved_tickets_like_this_one_stand_beside_the_reply_box(browse, make, desk_of):
    agent, _ada, ticket = desk_of
    article = make.article(agent, title="VPN tunnel drops after sleep", body="Wait.\n\nWhen the laptop wakes, press *Reconnect tunnel*.")
    other = solved(make, make.person(), "My VPN tunnel drops when the laptop wakes from sleep", "Update the VPN driver to 9.2 and the tunnel stays.")
    assert like(agent, ticket) == ([article.id], [other.id])
    part = browse(agent).get(f"/p/{ticket.id}/like-this", headers=HTMX).text
    assert part.startswith(f'\n<section class="stack" id="like-this-{ticket.id}"') or f'id="like-this-{ticket.id}"' in part
    assert "When the laptop wakes, press Reconnect tunnel." in part and "Update the VPN driver to 9.2" in part
    assert 'data-insert="[VPN tunnel drops after sleep](/help/vpn-tunnel-drops-after-sleep)"' in part and f"(/p/{other.id})" in part
    assert len(re.findall("<li ", part)) == 2


def test_the_page_asks_for_them_once_it_stands_and_has_a_link_without_scripts(browse, desk_of):
    agent, _ada, ticket = desk_of
    page = browse(agent).get(f"/p/{ticket.id}").text
    assert f'hx-get="/p/{ticket.id}/like-this" hx-trigger="load"' in page and f'href="/p/{ticket.id}/like-this"' in page
    assert f'hx-post="/p/{ticket.id}/like-this"' in page.split("<textarea id=\"say\" name=\"body\"")[1].split(">")[0]


def test_where_nothing_is_like_it_nothing_is_said_of_copying(browse, desk_of):
    agent, _ada, ticket = desk_of
    page = browse(agent).get(f"/p/{ticket.id}/like-this").text
    assert "is like this one so far" in page and "Copy the line" not in page


def test_without_scripts_they_are_a_page_with_links_to_copy(browse, make, desk_of):
    agent, _ada, ticket = desk_of
    make.article(agent, title="VPN tunnel drops after sleep", body="Press Reconnect when the laptop wakes.")
    run_due()
    page = browse(agent).get(f"/p/{ticket.id}/like-this").text
    assert "<title>" in page and "<code>[VPN tunnel drops after sleep](/help/vpn-tunnel-drops-after-sleep)</code>" in page and "data-insert" not in page


def test_what_the_agent_types_finds_more(browse, make, desk_of):
    agent, _ada, ticket = desk_of
    article = make.article(agent, title="Renew an expired certificate", body="Open the portal and choose Renew certificate.")
    assert like(agent, ticket)[0] == []
    assert like(agent, ticket, "Your certificate has expired, please renew it")[0] == [article.id]
    part = browse(agent).post(f"/p/{ticket.id}/like-this", data={"body": "Your certificate has expired, please renew it", "note": ""}, headers=HTMX).text
    assert "Renew an expired certificate" in part


def test_the_last_public_replies_find_more_and_notes_do_not(make, desk_of):
    agent, ada, ticket = desk_of
    article = make.article(agent, title="Renew an expired certificate", body="Open the portal and choose Renew certificate.")
    make.reply(ticket, agent, "Surely the expired certificate, renew it.", note=True)
    assert like(agent, ticket)[0] == []
    make.reply(ticket, ada, "It says now that my certificate expired. How do I renew it?")
    told_by_now()
    assert like(agent, ticket)[0] == [article.id]


def test_a_long_reply_is_looked_at_where_it_ends(make, desk_of):
    agent, _ada, ticket = desk_of
    article = make.article(agent, title="Renew an expired certificate", body="Open the portal and choose Renew certificate.")
    story = "I looked at your laptop this morning together with Bo. We changed the battery, the screen and the keyboard.\n\n" * 6
    assert like(agent, ticket, story)[0] == []
    assert like(agent, ticket, f"{story}Your certificate has expired, please renew it")[0] == [article.id]


def test_a_link_taken_over_does_not_find_itself_again(make, desk_of):
    agent, _ada, ticket = desk_of
    make.article(agent, title="Renew an expired certificate", body="Open the portal and choose Renew certificate.")
    assert like(agent, ticket, "Look: [Renew an expired certificate](/help/renew-an-expired-certificate)")[0] == []


def test_an_accepted_answer_of_a_colleague_counts_like_an_article(make, desk_of):
    agent, _ada, ticket = desk_of
    asker = make.person()
    question = make.question(asker, "VPN tunnel drops when my laptop wakes from sleep?")
    answer = make.reply(question, make.person(), "Press Reconnect in the tunnel window.")
    with transaction():
        accept(answer.id, asker)
    assert like(agent, ticket)[0] == [answer.id]


def test_at_most_three_of_each(make, desk_of):
    agent, _ada, ticket = desk_of
    for n in range(5):
        make.article(agent, title=f"VPN tunnel drops after sleep, way {n}", body="Reconnect the tunnel when the laptop wakes.")
        solved(make, make.person(), f"VPN tunnel drops when laptop number {n} wakes from sleep", "Reconnect the tunnel.")
    articles, tickets = like(agent, ticket)
    assert (len(articles), len(tickets), len(set(articles + tickets))) == (3, 3, 6)


def test_where_nothing_fits_nothing_is_offered_and_a_sentence_says_so(browse, make, desk_of):
    agent, _ada, ticket = desk_of
    run_due()
    part = browse(agent).get(f"/p/{ticket.id}/like-this", headers=HTMX).text
    assert "<li" not in part and "No article and no solved ticket is like this one so far." in part


def test_a_ticket_is_not_like_itself_and_open_ones_help_nobody(make, desk_of):
    agent, ada, ticket = desk_of
    make.ticket(ada, "The VPN tunnel drops whenever the laptop wakes from sleep")
    assert like(agent, ticket) == ([], [])
    put(ticket, "resolved")
    assert like(agent, ticket) == ([], [])


# --- who may

def test_only_who_works_on_a_ticket_is_helped(browse, make, desk_of):
    agent, ada, ticket = desk_of
    hr = make.team("HR", confidential=True)
    member, admin = make.agent(teams=[hr]), make.admin()
    sealed = make.ticket(agent, "My pay slip shows the wrong tax class", team_id=hr.id)
    question = make.question()
    added = make.person()
    with transaction():
        give_access(ticket.id, agent, added.id)
    for person, what in ((ada, ticket), (added, ticket), (make.person(), ticket), (agent, sealed), (admin, sealed), (agent, question)):
        for answer in (browse(person).get(f"/p/{what.id}/like-this", headers=HTMX), browse(person).post(f"/p/{what.id}/like-this", data={"body": "x"})):
            assert answer.status_code == 404
    assert browse(member).get(f"/p/{sealed.id}/like-this").status_code == 200
    assert browse(agent).get("/p/99999/like-this").status_code == 404
    assert browse(None).get(f"/p/{ticket.id}/like-this", headers=HTMX).status_code == 401
    for person in (ada, added):
        assert "like-this" not in browse(person).get(f"/p/{ticket.id}").text


def test_a_ticket_of_a_confidential_team_helps_its_members_alone(browse, make, desk_of):
    agent, _ada, ticket = desk_of
    hr = make.team("HR", confidential=True)
    member = make.agent(teams=[hr])
    secret = solved(make, make.person("Zoe Secret"), "VPN tunnel drops when the laptop wakes from sleep after parental leave", "Zoe pregnancy: reconnect the tunnel.", team=hr)
    assert like(agent, ticket) == like(make.admin(), ticket) == ([], [])
    assert like(member, ticket) == ([], [secret.id])
    for person in (agent, make.admin()):
        for typed in ("", "parental leave pregnancy tunnel"):
            part = browse(person).post(f"/p/{ticket.id}/like-this", data={"body": typed}, headers=HTMX).text
            assert "parental" not in part and "pregnancy" not in part and f"/p/{secret.id}" not in part


def test_what_a_circle_says_helps_its_members_alone(make, desk_of):
    agent, _ada, ticket = desk_of
    circle = make.circle("Pilots")
    inside, asker = make.agent(circles=[circle]), make.person(circles=[circle])
    question = make.question(asker, "VPN tunnel drops when my laptop wakes from sleep?", audience=f"circle:{circle.slug}")
    answer = make.reply(question, inside, "Press Reconnect in the tunnel window.")
    with transaction():
        accept(answer.id, asker)
    assert like(agent, ticket)[0] == [] and like(inside, ticket)[0] == [answer.id]


# --- what may be passed on

def test_a_ticket_who_asked_cannot_open_is_said_so_and_its_solution_offered_instead(browse, make, desk_of):
    agent, _ada, ticket = desk_of
    solved(make, make.person("Ben Roe"), "My VPN tunnel drops when the laptop wakes from sleep",
           "Hi Ben,\n\nUpdate the VPN driver and the tunnel stays. It takes a minute.\n\nBest regards\nBo")
    run_due()
    part = browse(agent).get(f"/p/{ticket.id}/like-this", headers=HTMX).text
    assert "Ada cannot open this ticket: use its link in a note, or pass on what helped." in part
    assert 'data-insert="Update the VPN driver and the tunnel stays."' in part and "Hi Ben" not in part and "Best regards" not in part


def test_ones_own_former_ticket_and_what_everyone_reads_are_linked_without_a_warning(browse, make, desk_of):
    agent, ada, ticket = desk_of
    solved(make, ada, "My VPN tunnel drops when the laptop wakes from sleep", "Update the VPN driver.")
    make.article(agent, title="VPN tunnel drops after sleep", body="Reconnect the tunnel when the laptop wakes.")
    run_due()
    part = browse(agent).get(f"/p/{ticket.id}/like-this", headers=HTMX).text
    assert part.count("Insert link") == 2 and "cannot open" not in part and "Insert what helped" not in part


def test_a_title_inserted_calls_nobody_and_gives_no_hashtag(browse, make, desk_of):
    agent, _ada, ticket = desk_of
    make.article(agent, title="VPN [tunnel] drops *after* sleep #vpn @ada", body="Reconnect the tunnel when the laptop wakes.")
    run_due()
    part = browse(agent).get(f"/p/{ticket.id}/like-this", headers=HTMX).text
    words = part.split('data-insert="')[1].split('"')[0]
    assert words.startswith(r"[VPN \[tunnel\] drops \*after\* sleep vpn ada](/help/")
    reply = make.reply(ticket, agent, words)
    assert 'href="/@ada"' not in reply.body_html and 'href="/t/' not in reply.body_html and ">VPN [tunnel] drops *after* sleep vpn ada</a>" in reply.body_html


# --- it only looks

@pytest.mark.parametrize("typed", ["", " ", "\x00\x07", "x" * 10_000, '"(AND) OR -* "', "مرحبا بالعالم كيف الحال", "🙈" * 400, "[a](/p/1) " * 900])
def test_odd_text_is_taken_and_nothing_is_written(browse, make, desk_of, typed):
    agent, _ada, ticket = desk_of
    run_due()
    before = traces()
    assert browse(agent).post(f"/p/{ticket.id}/like-this", data={"body": typed}, headers=HTMX).status_code == 200
    assert browse(agent).get(f"/p/{ticket.id}/like-this", query_string={"body": typed[:500]}).status_code == 200
    assert traces() == before


def test_a_ticket_page_asks_for_it_only_where_there_is_a_box_to_answer(browse, make, desk_of):
    agent, _ada, ticket = desk_of
    put(ticket, "closed")
    assert "like-this" not in browse(agent).get(f"/p/{ticket.id}").text
    own = make.ticket(agent, "My own screen flickers")
    assert "like-this" not in browse(agent).get(f"/p/{own.id}").text


def test_a_ticket_is_not_like_itself(make, desk_of):
    agent, _ada, _ticket = desk_of
    own = solved(make, make.person(), "My scanner makes green stripes on every page", "Clean the glass of the scanner.")
    other = solved(make, make.person(), "The scanner makes green stripes on a page", "Clean its glass.")
    assert like(agent, own)[1] == [other.id] and like(agent, other)[1] == [own.id]
