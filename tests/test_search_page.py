"""The results page: words, phrases, AND, -words, filters, what was meant; and nothing that is typed raises."""
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socialdesk.db import db, transaction
from socialdesk.search.found_queries import KINDS, did_you_mean, search
from socialdesk.search.query_checker import parse
from socialdesk.tickets import status_actions

from .conftest import run_due
from .test_search import HOSTILE

HARD = HOSTILE + ['"a b', '"" AND ""', "AND", "AND AND AND", "a AND", "AND b", "-", "--x", "-\"a b\"", "-\"", "„a b“", "«x»", '"' * 10_000, '"a" ' * 2_500, "-a " * 3_400, "a AND " * 1_700,
                  '-"\u202eabc" AND "🇩🇪"', '"שלום" -עולם', "x AND\x00 y", '"\x00"', '-\ud800 "\udfff"', '"𝕱𝖔" AND "ก"', "a -b\u0301 AND \u0301"]


def found(viewer, q, **where):
    """[(kind, id)] of what somebody finds."""
    run_due()
    hits, _next = search(viewer, q, **where)
    db.session.rollback()
    return [(hit.kind, hit.id) for hit in hits]


def ids(viewer, q, **where):
    return [post_id for _kind, post_id in found(viewer, q, **where)]


# --- what may be typed

def test_words_in_quotes_must_stand_next_to_each_other(make):
    apart = make.article(title="Paper", body="Paper and other things that may jam.")
    near = make.article(title="A note", body="There is a paper jam in tray two.")
    person = make.person()
    assert set(ids(person, "paper jam")) == {apart.id, near.id}
    for typed in ('"paper jam"', "“paper jam”", "„Papers Jam“", 'tray "paper jam"'):
        assert ids(person, typed) == [near.id], typed
    assert ids(person, '"jam paper"') == []


def test_words_in_quotes_are_whole_ones(make):
    make.article(title="Certificates expire", body="Renew them.")
    assert found(make.person(), '"certif"') == [] and found(make.person(), "certif") != []


def test_a_phrase_is_found_in_the_last_word_of_a_solved_ticket(make):
    requester, agent = make.person(), make.agent()
    ticket = make.ticket(requester, body="Nothing prints.")
    make.reply(ticket, agent, body="I changed the fuser unit of it.")
    with transaction():
        status_actions.change_status(ticket.id, agent, "resolved", "Done, please check.")
    assert found(agent, '"fuser unit"') == [("ticket", ticket.id)]


def test_and_makes_the_words_beside_it_required(make):
    both = make.article(title="Printer and scanner", body="Two in one.")
    make.article(title="Printer", body="Alone."), make.article(title="Scanner", body="Alone.")
    person = make.person()
    assert len(ids(person, "printer scanner")) == 3 and len(ids(person, "printer and scanner")) == 3
    assert ids(person, "printer AND scanner") == ids(person, "scanners AND printers two") == [both.id]
    assert ids(person, "printer AND nowhere") == []


def test_a_minus_leaves_out(make):
    plain = make.article(title="Printer", body="Black and white.")
    color = make.article(title="Printer in color", body="Toner is dear.")
    tagged = make.article(title="Printer of the cellar", body="Old.", tags=["color"])
    person = make.person()
    assert set(ids(person, "printer")) == {plain.id, color.id, tagged.id}
    assert ids(person, "printer -color") == [plain.id] and ids(person, 'printer -"black and white"') != [plain.id]
    assert set(ids(person, "printer -blackandwhite")) == {plain.id, color.id, tagged.id}
    assert found(person, "-color") == []


def test_a_dash_inside_a_word_leaves_nothing_out(make):
    article = make.article(title="Wi-Fi on trains", body="It is slow.")
    assert ids(make.person(), "wi-fi") == [article.id]


def test_what_was_edited_no_longer_has_its_old_required_word(make):
    from socialdesk.posts.queries import prepare
    from socialdesk.posts.text_actions import edit
    from socialdesk.search.rebuild_actions import merge_all
    author = make.person()
    question = make.question(author, body="The kettle in the kitchen is cold.")
    run_due()
    merge_all()
    prepared = prepare(author, "The samovar in the kitchen is cold.")
    with transaction():
        edit(question.id, author, prepared)
    assert ids(author, "kettle AND kitchen") == [] and ids(author, "samovar AND kitchen") == [question.id]


def test_what_is_typed_is_read_as_it_was_meant():
    query = parse('beamer AND "silver knob" -laser -"two lamps" now')
    assert query.text.split() == ["beamer", "silver", "knob", "now"] and query.phrases == (("silver", "knob"),)
    assert set(query.excluded) == {("laser",), ("two", "lamp")} and query.required == {"beamer", "silver", "knob"}
    assert parse("a and b").required == frozenset() and parse('5" screen').phrases == () and parse("rock 'n' roll").phrases == ()


# --- filters

def test_one_kind_alone_and_one_hashtag_alone(make):
    article = make.article(title="Lamp", body="About the lamp.", tags=["light"])
    question = make.question(body="Which lamp? #light")
    ticket = make.ticket(body="My lamp is dark.")
    agent = make.agent()
    assert set(ids(agent, "lamp")) == {article.id, question.id, ticket.id}
    assert found(agent, "lamp", kind="article") == [("article", article.id)]
    assert found(agent, "lamp", kind="question") == [("question", question.id)]
    assert found(agent, "lamp", kind="ticket") == [("ticket", ticket.id)] and found(make.person(), "lamp", kind="ticket") == []
    for tag in ("light", "#Light"):
        assert set(ids(agent, "lamp", tag=tag)) == {article.id, question.id}
    assert ids(agent, "lamp", tag="light", kind="question") == [question.id] and found(agent, "lamp", tag="nosuch") == []


def test_ones_own_ticket_is_found_among_tickets(make):
    requester = make.person()
    ticket = make.ticket(requester, body="My quetzal keyboard types twice.")
    assert found(requester, "quetzal", kind="ticket") == [("ticket", ticket.id)] and found(requester, "quetzal", kind="article") == []
    assert found(requester, 'quetzal AND "types twice"') == [("ticket", ticket.id)]


def test_a_kind_that_is_rare_is_found_among_many(make, monkeypatch):
    monkeypatch.setattr("socialdesk.search.found_queries.FEW", 2)
    for n in range(6):
        make.article(title=f"Lamp {n}", body="lamp lamp lamp")
    question = make.question(body="A lamp?")
    assert ids(make.person(), "lamp", kind="question") == [question.id] and len(ids(make.person(), "lamp", kind="article")) == 6


def test_a_solved_ticket_and_an_incident_stand_on_the_page(browse, make):
    from socialdesk.posts.queries import prepare
    from socialdesk.tickets.major_actions import declare_major
    requester, agent = make.person(), make.agent()
    solved, broken = make.ticket(requester, body="The gecko app crashes."), make.ticket(requester, body="Gecko servers are down.")
    prepared = prepare(agent, "The gecko servers do not answer.")
    with transaction():
        status_actions.change_status(solved.id, agent, "resolved", "A new version mended it.")
        major = declare_major(broken.id, agent, prepared, 60)
    run_due()
    page = browse(agent).get("/search?q=gecko").text
    assert f'href="/p/{solved.id}"' in page and "<small>Ticket" in page and f'href="/p/{major}"' in page and "<small>Incident" in page
    assert ("incident", major) in found(make.person(), "gecko", kind="incident") and ("ticket", solved.id) in found(agent, "gecko", kind="ticket")


# --- did you mean

def test_a_word_that_stands_nowhere_is_asked_back(browse, make):
    make.article(title="Projector", body="Turn it on.")
    run_due()
    page = browse(make.person()).get("/search?q=the+projectxr+on").text
    assert 'Did you mean <a href="/search?q=the%20projector%20on"><strong>the projector on</strong></a>?' in page
    assert "Did you mean" not in browse(make.person()).get("/search?q=projector").text
    assert "Did you mean" not in browse(make.person()).get("/search?q=project").text


def test_nothing_private_is_asked_back(make):
    requester = make.person()
    make.ticket(requester, body="My quetzalcoatl keyboard types twice.")
    circle = make.circle("Pilots")
    member = make.person(circles=[circle])
    make.question(member, body="The xylophone app crashes?", audience="circle:pilots")
    run_due()
    other = make.viewer(make.person())
    assert did_you_mean(other, "quetzalcoatk keyboard") is None and did_you_mean(other, "xylophonr app") is None
    assert did_you_mean(make.viewer(make.agent()), "quetzalcoatk ") == "quetzalcoatl " and did_you_mean(make.viewer(member), "xylophonr ") == "xylophone "


# --- the page

def test_filters_are_links_that_keep_the_words(browse, make):
    make.article(title="Lamp & light", body="Bright.", tags=["light"])
    run_due()
    page = browse(make.person()).get("/search?q=lamp+%26").text
    assert 'href="/search?q=lamp%20%26&amp;kind=article"' in page and 'href="/search?q=lamp%20%26&amp;tag=light"' in page
    page = browse(make.person()).get("/search?q=lamp&kind=article&tag=light").text
    assert '<input type="hidden" name="kind" value="article">' in page and 'href="/search?q=lamp&amp;kind=article" aria-current' in page
    assert "Nothing of this kind" in browse(make.person()).get("/search?q=lamp&kind=idea").text


def test_more_pages_keep_the_filters(browse, make):
    for n in range(25):
        make.article(title=f"Monitor number {n}")
    run_due()
    person = browse(make.person())
    assert 'href="/search?q=monitor&amp;kind=article&amp;cursor=20"' in person.get("/search?q=monitor&kind=article").text
    assert person.get("/search?q=monitor&kind=article&cursor=20").text.count("row-title") == 5


def test_words_are_marked_without_what_was_left_out(browse, make):
    make.article(title="Tray", body="The paper jam stays in tray two.")
    run_due()
    page = browse(make.person()).get("/search", query_string={"q": '"paper jam" -color'}).text
    assert "<mark>paper</mark> <mark>jam</mark>" in page


def test_the_api_takes_the_same(browse, make, desk):
    from socialdesk.api.actions import make_token
    lamp = make.article(title="Lamp", body="A bright lamp.", tags=["light"])
    make.question(body="Which lamp is bright? #light")
    run_due()
    person = make.person()
    with transaction():
        token = make_token(person.id)
    client, bearer = desk.test_client(), {"Authorization": f"Bearer {token}"}
    items = client.get("/api/v1/search", query_string={"q": '"bright lamp"', "kind": "article", "tag": "light"}, headers=bearer).get_json()["items"]
    assert [item["id"] for item in items] == [lamp.id]
    assert client.get("/api/v1/search?q=lamp&kind=secret", headers=bearer).status_code == 422


# --- bad input

def test_nothing_that_is_typed_raises(browse, make):
    make.article(title="it's ß 123 שלום", body="ab x ก ÷ a b", tags=["x"])
    run_due()
    viewer = make.viewer(make.person())
    people = [browse(make.person()) for _ in range(6)]             # nobody alone types so fast
    for n, text in enumerate(HARD):
        parse(text), did_you_mean(viewer, text)
        for where in ({}, {"kind": "article"}, {"tag": "x"}):
            search(viewer, text, **where)
        safe = text.encode("utf-8", "replace").decode()
        for asked in ({"q": safe}, {"q": "a b", "kind": safe, "tag": safe}):
            assert people[n % 6].get("/search", query_string=asked).status_code == 200, text[:40]
    db.session.rollback()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_asked_for(browse, make, kind):
    assert browse(make.person()).get(f"/search?q=lamp&kind={kind}").status_code == 200


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=200) | st.text("\"“”-AND aZé'", max_size=60), kind=st.sampled_from(["", *KINDS]))
def test_no_text_at_all_raises(make, text, kind):
    if not hasattr(make, "reader"):
        make.article(title='A "quoted" title: a-b AND é ZZ', body="Every - sign AND a Z stands here.")
        run_due()
        make.reader = make.viewer(make.person())
    search(make.reader, text, kind=kind, tag=text[:50])
    did_you_mean(make.reader, text)
    db.session.rollback()
