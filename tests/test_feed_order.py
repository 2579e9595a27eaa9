"""For you: its order and reasons by the published formula, and cursors that repeat nothing and lose nothing."""
import random
from math import log10

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from socialdesk.db import db, now, transaction
from socialdesk.errors import Invalid
from socialdesk.feed import cursor_checker, queries, rank_checker, ranked_queries
from socialdesk.feed.cursor_checker import Place
from socialdesk.feed.rank_checker import HOUR, Candidate, rank, reasons
from socialdesk.posts import actions
from socialdesk.posts.models import Post, Seen
from socialdesk.posts.queries import prepare
from tests.feed_desk import follow_tag, ids_in, make_major, publish, walk

from .conftest import HTMX, told_by_now

NOW = 1_000_000 * HOUR


@pytest.fixture(autouse=True)
def admin(make):
    """Without an admin the front page tells of the setup link instead."""
    return make.admin()


def card(key, author=None, hours=1.0, made=None, **more):
    quiet = int(NOW - hours * HOUR)
    return Candidate(key, author or key, quiet if made is None else int(NOW - made * HOUR), quiet, **more)


# --- the formula

def test_the_score_is_the_published_one():
    one = card(1, hours=7, me_toos=3, likes=4, votes=2, voices=2)
    assert rank_checker.points(one, NOW) == 2 + 3 + 2 + 3
    assert rank_checker.score(one, NOW) == pytest.approx(log10(10) / 9 ** 1.5)
    assert rank_checker.score(one._replace(tags=("vpn",)), NOW) == pytest.approx(1.5 * log10(10) / 9 ** 1.5)
    assert rank_checker.score(card(1, hours=-5), NOW) == rank_checker.score(card(1, hours=0), NOW)


@pytest.mark.parametrize("hours, points", [(23, 12), (25, 4)])
def test_what_is_settled_counts_its_replies_and_me_toos_for_a_day(hours, points):
    assert rank_checker.points(card(1, hours=hours, me_toos=5, voices=3, likes=4, is_done=True), NOW) == points
    assert rank_checker.points(card(1, hours=hours, me_toos=5, voices=3, likes=4), NOW) == 12


def test_majors_come_first_then_unread_announcements_of_two_weeks_then_the_rest():
    busy, old, major = card(1, hours=0, me_toos=50), card(2, hours=15 * 24, is_unread=True), card(3, hours=90, is_major=True)
    unread, read = card(4, hours=13 * 24, is_unread=True), card(5, hours=2)
    assert rank([busy, old, major, unread, read], NOW) == [3, 4, 1, 5, 2]


_cards = some.lists(some.builds(card, some.integers(1, 10 ** 6), some.integers(1, 3), some.floats(0, 500), likes=some.integers(0, 9),
                                is_major=some.sampled_from([False] * 9 + [True]), is_unread=some.booleans()), max_size=30, unique_by=lambda one: one.id)


@settings(max_examples=150, deadline=None)
@given(_cards)
def test_no_author_has_a_third_card_in_a_row_while_anothers_is_left(cards):
    by_id = {one.id: one for one in cards}
    order = [by_id[key] for key in rank(cards, NOW)]
    assert sorted(by_id) == sorted(one.id for one in order)
    majors = sum(one.is_major for one in cards)
    assert all(one.is_major for one in order[:majors])
    for n in range(max(2, majors), len(order)):
        if {one.author for one in order[n - 2:n + 1]} == {order[n].author}:
            assert all(one.author == order[n].author for one in order[n:])
    for author in {one.author for one in cards}:
        own = [one for one in order if one.author == author and not one.is_major]
        assert own == sorted(own, key=lambda one: (rank_checker.shelf(one, NOW), -rank_checker.score(one, NOW), -one.id))


def test_left_out_names_count_as_different_authors(make):
    author, reader = make.person(), make.person()
    for n in range(3):
        make.question(author, f"Hidden {n}?", shown_as="A colleague")
    make.question(author, "Open?")
    authors = [one.author for one in ranked_queries.candidates_of(reader).cards]
    assert len(set(authors)) == 4


def test_reasons_are_closed_words_and_true():
    assert reasons(card(1, hours=400), NOW) == []
    assert reasons(card(1, hours=2, is_major=True, me_toos=1), NOW) == ["major", "1 colleague has it too", "new"]
    assert reasons(card(1, hours=2, made=30, is_unread=True, tags=("vpn", "net"), me_toos=3, voices=2), NOW) == \
        ["unread announcement", "you follow #vpn", "you follow #net", "3 colleagues have it too", "busy"]
    assert reasons(card(1, hours=30, me_toos=30, is_done=True), NOW) == []


# --- what a person sees of it

def test_for_you_puts_majors_unread_announcements_and_followed_hashtags_first(make, browse):
    author, agent, reader = make.person(), make.agent(), make.person()
    news, plain = publish(agent, "announcement", "New badges."), make.question(author, "Plain?")
    followed = make.question(author, "Followed? #vpn")
    major = make_major(make, agent, make.ticket(author))
    newest = make.question(author, "Newest?")
    follow_tag(reader, "vpn")
    browser = browse(reader)
    assert ids_in(browser.get("/")) == [major.id, news.id, followed.id, newest.id, plain.id]
    with transaction():
        db.session.add_all([Seen(person_id=reader.id, root_id=post.id, event_id=1, first_at=now(), at=now()) for post in (news, major)])
        db.session.execute(sa.text("UPDATE major SET ended_at = next_update_at"))
    ranked_queries.forget(reader.id)
    assert ids_in(browser.get("/"))[0] == followed.id
    assert ids_in(browse(agent).get("/"))[0] != news.id                    # one's own is not news to oneself


def test_what_one_muted_is_left_out_at_once(make, browse):
    author, reader = make.person(), make.person()
    thread, tagged, other = (make.question(author, body) for body in ("Noise?", "More noise? #noise", "Calm?"))
    browser = browse(reader)
    assert set(ids_in(browser.get("/"))) == {thread.id, tagged.id, other.id}
    browser.post(f"/p/{thread.id}/follow", data={"level": "muted"})
    follow_tag(reader, "noise", "muted")
    ranked_queries.forget(reader.id)
    assert ids_in(browser.get("/")) == [other.id] and walk(reader, 1, "for-you") == [other.id]
    assert ids_in(browser.get("/?view=newest")) == [other.id, tagged.id, thread.id]


def test_voices_are_the_people_who_answered_their_author_apart(make, browse):
    asker, ben, agent = make.person(), make.person(), make.agent()
    ticket = make.ticket(asker)
    with transaction():
        actions.give_access(ticket.id, asker, ben.id)
    for who, note in ((asker, False), (ben, False), (ben, False), (agent, True)):
        make.reply(ticket, who, note=note)
    told_by_now()
    assert db.session.scalar(sa.select(Post.voices).where(Post.id == ticket.id)) == 1
    reply = db.session.scalars(sa.select(Post.id).where(Post.author_id == ben.id)).all()
    for key in reply:
        browse(ben).post(f"/p/{key}/delete")
    told_by_now()
    assert db.session.scalar(sa.select(Post.voices).where(Post.id == ticket.id)) == 0


def test_a_card_says_why_it_stands_where_it_stands(make, browse):
    author, reader = make.person(), make.person()
    post = make.question(author, "Slow? #vpn")
    colleague = make.person()
    with transaction():
        actions.me_too(post.id, colleague)
    follow_tag(reader, "vpn")
    browser = browse(reader)
    assert 'href="/feed/order"' in browser.get("/").text
    part, page = browser.get(f"/feed/why/{post.id}", headers=HTMX).text, browser.get(f"/feed/why/{post.id}").text
    for words in ("number 1 in For you", "You follow #vpn.", "1 colleague has it too.", "It is new.", "1 me too", "with the first two 3 points", "× 1.5"):
        assert words in part and words in page
    assert "<html" not in part and "<html" in page and 'href="/feed/order"' in part
    order = browser.get("/feed/order").text
    assert "log10(points)" in order and "Your first card just now" in order and f'href="/p/{post.id}"' in order
    hidden = make.ticket(author)
    assert browser.get(f"/feed/why/{hidden.id}").status_code == browser.get("/feed/why/999999").status_code == 404
    assert browse(None).get("/feed/order").status_code == 303


# --- cursors

@settings(max_examples=100, deadline=None)
@given(some.integers(0, 2 ** 62), some.integers(0, 2 ** 62), some.frozensets(some.integers(1, 2 ** 62), min_size=1, max_size=60))
def test_a_cursor_carries_a_place_whole(top, below, shown):
    text = cursor_checker.pack(Place(top, below, shown))
    assert cursor_checker.unpack(text) == Place(top, below, shown) and text.isascii() and "=" not in text


def test_a_cursor_of_a_whole_list_fits_an_address():
    ids = sorted(random.Random(3).sample(range(1, 10 ** 9), 1000), reverse=True)
    cards, _lowest = ranked_queries._fitting([card(key) for key in ids], 0)
    assert 300 < len(cards) < 1000
    assert len(cursor_checker.pack(Place(ids[0], 0, frozenset(one.id for one in cards)))) < 3500


@pytest.mark.parametrize("n", range(28))
def test_a_cursor_changed_on_the_way_is_refused_or_means_the_same(n):
    place = Place(900, 0, frozenset({5, 17, 800}))
    text = cursor_checker.pack(place)
    changed = text[:n] + ("A" if text[n:n + 1] != "A" else "B") + text[n + 1:]
    try:
        found = cursor_checker.unpack(changed)
    except ValueError:
        return
    assert found == place, "bits that fill up the last byte mean nothing"


def test_after_the_ranked_list_it_goes_on_newest_first(make, monkeypatch):
    monkeypatch.setattr("socialdesk.feed.candidate_queries.MOST", 6)
    author, reader, agent = make.person(), make.person(), make.agent()
    major = make_major(make, agent, make.ticket(author))
    posts = [make.question(author, f"Question {n}?").id for n in range(15)]
    seen = walk(reader, 4, "for-you")
    assert seen[0] == major.id and set(seen[1:7]) == set(posts[-6:]) and seen[7:] == posts[-7::-1]
    assert seen == walk(reader, 4, "for-you", between=ranked_queries.frozen.drop)


def test_what_is_taken_back_between_two_pages_of_for_you_is_on_neither(make, browse):
    author, reader = make.person(), make.person()
    posts = [make.question(author, f"Question {n}?") for n in range(5)]
    page = queries.feed_page(reader, None, 2, "for-you")
    rest = [post for post in posts if post.id not in {row.id for row in page.rows}]
    assert len(rest) == 3 and browse(author).post(f"/p/{rest[0].id}/delete").status_code == 303
    seen = queries.feed_page(reader, page.next_cursor, 5, "for-you")
    assert {row.id for row in seen.rows} == {rest[1].id, rest[2].id} and seen.next_cursor is None



_audiences = some.sampled_from(["everyone", "circle", "private", "elsewhere"])
_deeds = some.lists(some.tuples(some.sampled_from(["post", "edit", "delete", "close", "lose"]), _audiences, some.integers(0, 30)), max_size=10)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(view=some.sampled_from(["newest", "for-you"]), first=some.lists(_audiences, max_size=12), deeds=_deeds, limit=some.integers(1, 5))
def test_every_post_that_stayed_is_reached_exactly_once_whatever_others_do(desk, make, view, first, deeds, limit):
    pilot, elsewhere = make.circle(), make.circle()
    reader, author, other = make.person(circles=[pilot]), make.person(circles=[pilot]), make.person(circles=[elsewhere])
    start = db.session.scalar(sa.select(sa.func.max(Post.id))) or 0
    db.session.rollback()
    stays, hidden = [], set()

    def post(audience, is_first=False):
        circle = {"circle": pilot, "elsewhere": elsewhere}.get(audience)
        if audience == "private":
            key = make.ticket(other).id
        else:
            key = make.question(other if audience == "elsewhere" else author, audience=f"circle:{circle.slug}" if circle else "everyone").id
        if audience in ("private", "elsewhere"):
            hidden.add(key)
        elif is_first:
            stays.append(key)

    def happen(deed, audience, n):
        if deed == "lose":
            ranked_queries.frozen.drop()
        elif deed == "post" or not stays:
            post(audience)
        else:
            key = stays[n % len(stays)]
            with transaction():
                if deed == "edit":
                    actions.edit(key, author, prepare(author, f"Now it is {n}?"))
                elif deed == "delete":
                    actions.delete(key, author)
                else:
                    db.session.execute(sa.update(Post).where(Post.id == key).values(audience="circle", circle_id=elsewhere.id))
            if deed == "close":
                hidden.add(key)
            if deed != "edit":
                stays.remove(key)

    for audience in first:
        post(audience, is_first=True)
    waiting, cursor, seen = list(deeds), None, []
    while True:
        page = queries.feed_page(reader, cursor, limit, view)
        now_seen = [row.id for row in page.rows if row.id > start]
        assert not hidden & set(now_seen)
        seen += now_seen
        cursor = page.next_cursor
        if cursor is None:
            break
        if waiting:
            happen(*waiting.pop())
    assert len(seen) == len(set(seen)) and set(stays) <= set(seen)
    assert view == "for-you" or seen == sorted(seen, reverse=True)


def test_a_cursor_of_one_view_is_refused_by_another(make):
    author = make.person()
    for n in range(3):
        make.question(author, f"Question {n}?")
    cursor = queries.feed_page(author, None, 1, "for-you").next_cursor
    with pytest.raises(Invalid):
        queries.feed_page(author, cursor, 1, "newest")
