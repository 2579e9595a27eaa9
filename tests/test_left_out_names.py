"""A left-out name: who shares or asks without their name stands nowhere, on no surface, whoever looks, and whatever happens there later."""
import json
import re
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from socialdesk import jobs, live
from socialdesk.api.actions import make_token
from socialdesk.db import db, now, transaction
from socialdesk.events import Hint
from socialdesk.feed import queries as feed
from socialdesk.notifications import push_delivery
from socialdesk.notifications.due_queries import due_of, quotes_of
from socialdesk.notifications.models import Delivery, Device
from socialdesk.people.models import Person, Session
from socialdesk.posts import thread_actions
from socialdesk.posts.models import Post
from socialdesk.posts.share_actions import NAMELESS

from .conftest import HTMX, run_due, told_by_now
from .post_desk import sees
from .test_share import shared


@pytest.fixture
def hushed(make, browse, monkeypatch):
    """Zelda asked without her name, for everyone and in her circle; colleagues and the desk answered, followed, have it too,
    saved it and have phones that show everything; then she answered, accepted, changed her text and added somebody."""
    monkeypatch.setitem(jobs._handlers, "push", jobs.Handler(lambda claimed: {}, True))
    circle = make.circle("Pilots")
    zelda = make.person("Zelda Quagga", email="zelda.quagga@example.org", circles=[circle])
    who = {"ben": make.person("Ben", circles=[circle]), "tom": make.agent("Tom", circles=[circle]), "root": make.admin("Root", circles=[circle])}
    for person in who.values():
        give_phone(browse, person)
    ticket = make.ticket(zelda, "My printer hums.", team_id=make.team("Elsewhere", confidential=True).id)       # there her name may stand
    browser = browse(zelda)
    posts = [shared(browser, ticket, nameless="on", body=f"The printer hums, says @{who['ben'].handle}. #hum"),
             shared(browser, ticket, nameless="on", audience=f"circle:{circle.slug}", body="The scanner hums in our circle. #hum")]
    with transaction():
        for person in who.values():
            for post in posts:
                thread_actions.follow(post.id, person)
    told_by_now()
    later_on(make, browse, zelda, who["ben"], posts)
    return SimpleNamespace(zelda=zelda, who=who, posts=posts, ticket=ticket, ids=[post.id for post in posts])


def later_on(make, browse, zelda, ben, posts):
    """All that somebody can do in a thread of their own, and others there."""
    answers = [make.reply(post, ben, "Mine too.") for post in posts]
    added = make.person("Added")
    for post, answer in zip(posts, answers):
        for deed in ("me-too", "reaction", "save"):
            assert browse(ben).post(f"/p/{post.id}/{deed}").status_code == 303
        make.reply(post, zelda, "And it hums still.")
        browser = browse(zelda)
        assert browser.post(f"/p/{post.id}/accepted-answer", data={"reply_id": answer.id}).status_code == 303
        assert browser.post(f"/p/{answer.id}/reaction").status_code == 303
        assert browser.post(f"/p/{post.id}/edit", data={"body": "The printer hums, and loudly. #hum"}).status_code == 303
        assert browser.post(f"/p/{post.id}/seen", headers=HTMX).status_code == 204
    assert browse(zelda).post(f"/p/{posts[1].id}/access", data={"handle": added.handle}).status_code == 303
    told_by_now()


def give_phone(browse, person):
    browse(person)
    with transaction():
        db.session.execute(sa.update(Person).where(Person.id == person.id).values(lock_screen="full"))
        session = db.session.scalars(sa.select(Session).where(Session.person_id == person.id)).first()
        db.session.add(Device(person_id=person.id, endpoint_hash=str(person.id), endpoint=f"https://fcm.googleapis.com/{person.id}", p256dh="x",
                              auth="x", made_at=now(), last_seen_at=now(), session_public_id=session.public_id))


def tells(text, hushed):
    """Does a text tell who it was?"""
    return "Quagga" in text or "Zelda" in text or re.search(rf"\b{hushed.zelda.handle}\b", text) is not None


LOOKS = ("ben", "tom", "root")


@pytest.mark.parametrize("look", LOOKS)
def test_it_stands_on_no_page_and_in_no_fragment(hushed, browse, look):
    browser = browse(hushed.who[look])
    pages = ["/", "/?view=newest", "/?view=following", "/t/hum", "/search?q=printer+hums", "/search?q=hums+%23hum", "/inbox", "/me/saved", "/me",
             "/me/notifications", "/feed/order", "/help", "/status", "/suggestions?q=the+printer+hums", "/complete?q=%23hum", "/desk?filter=open"]
    for key in hushed.ids:
        pages += [f"/p/{key}", f"/p/{key}/versions", f"/p/{key}/share", f"/feed/why/{key}"]
    for page in pages:
        for headers in ({}, HTMX):
            answer = browser.get(page, headers=headers)
            assert not tells(answer.text, hushed) and not tells(str(answer.headers), hushed), page
    for key in hushed.ids:
        for deed in ("me-too", "me-too/remove", "reaction", "save", "follow", "seen"):
            assert not tells(browser.post(f"/p/{key}/{deed}", headers=HTMX).text, hushed), deed
        assert not tells(browser.get(f"/p/{key}/timeline", headers=HTMX).text, hushed)
        assert not tells(browser.post(f"/p/{key}/reply", data={"body": "Odd."}, headers=HTMX).text, hushed)
    cursor = feed.feed_page(hushed.who[look], None, 1, "newest").next_cursor
    assert not tells(browser.get(f"/?view=newest&cursor={cursor}", headers=HTMX).text, hushed)


@pytest.mark.parametrize("look", LOOKS)
def test_neither_does_the_api_tell_it(hushed, desk, look):
    with transaction():
        token = make_token(hushed.who[look].id)
    paths = ["/feed?view=newest", "/feed?view=for-you", "/feed?view=following", "/notifications", "/search?q=printer+hums", "/suggestions?q=the+printer+hums",
             *(f"/posts/{key}{more}" for key in hushed.ids for more in ("", "/replies"))]
    replies = list(db.session.scalars(sa.select(Post.id).where(Post.root_id.in_(hushed.ids), Post.author_id == hushed.zelda.id)))
    assert len(replies) == 4
    for path in [*paths, *(f"/posts/{key}" for key in replies)]:
        answer = desk.test_client().get("/api/v1" + path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200 and not tells(answer.text, hushed), path
    for key, code in zip(hushed.ids, (200, 403)):               # a circle's post its author alone shares
        answer = desk.test_client().get(f"/api/v1/posts/{key}/share", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == code and not tells(answer.text, hushed)
    shown = desk.test_client().get(f"/api/v1/posts/{replies[-1]}", headers={"Authorization": f"Bearer {token}"}).json
    assert shown["author"] is None


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_of_it_is_found_by_the_person(hushed, browse, look):
    browser, handle = browse(hushed.who[look]), hushed.zelda.handle
    for address in (f"/@{handle}", "/search?q=Zelda", "/search?q=Quagga", f"/search?q=%40{handle}", f"/search?q={handle}", "/people?q=Zelda", "/people?q=Quagga",
                    f"/complete?q=%40{handle}", "/suggestions?q=Zelda+Quagga+printer", f"/admin/people/{hushed.zelda.id}", "/admin/people?q=Zelda"):
        text = browser.get(address).text.replace("A colleague’s answer", "An answer")           # what kind of thing it is, whoever wrote it
        assert not [key for key in hushed.ids if f"/p/{key}" in text] and "A colleague" not in text, address
        assert "#hum" not in text and ("hums" not in text or "search" in address or "suggestions" in address), address


def test_no_notice_and_no_push_tells_it_though_the_phone_shows_everything(hushed, desk):
    from socialdesk.notifications.queries import inbox_of
    ids = list(db.session.scalars(sa.select(Delivery.id)))
    told = set(db.session.scalars(sa.select(Device.person_id).join(Delivery, Delivery.device_id == Device.id)))
    assert told == {person.id for person in hushed.who.values()}, "each was told something"
    for start in range(len(ids)):
        fine, _dropped, _later = due_of(ids[start:start + 1])
        quotes = quotes_of({due.event_id for due in fine})
        for due in fine:
            due = due._replace(words="full")
            for payload in push_delivery._payloads(due, quotes, "https://desk.example"):
                said = payload if isinstance(payload, str) else payload.decode() if isinstance(payload, bytes) else json.dumps(payload)
                assert not tells(said, hushed), said
    for person in hushed.who.values():
        lines = [line for line in inbox_of(person).lines if line.root_id in hushed.ids]
        assert lines and not tells(repr(lines), hushed)
    assert any(line.actor == NAMELESS and line.handle is None for line in lines)


def test_a_hint_to_open_pages_names_a_thread_and_nobody(hushed, browse):
    topics = set(db.session.scalars(sa.select(Hint.topic)))
    known = {f"post:{key}" for key in hushed.ids} | {"feed"}
    assert known <= topics
    told = {live.shown(topic) for topic in topics if not topic.startswith("person:")}
    assert not tells(" ".join(told), hushed) and all(re.fullmatch(r"post:\d+|feed|desk|lists", topic) for topic in told)
    said = browse(hushed.who["ben"]).get(f"/live/poll?posts={hushed.ids[0]}&since=1").json
    assert f"post:{hushed.ids[0]}" in said["topics"] and str(hushed.ticket.id) not in "".join(said["topics"]).replace(f"post:{hushed.ids[0]}", "")


def test_who_asked_without_their_name_still_sees_that_it_is_theirs(hushed, browse):
    browser = browse(hushed.zelda)
    assert 'href="/p/%d"' % hushed.ids[1] in browser.get(f"/p/{hushed.ticket.id}").text
    for key in hushed.ids:
        page = browser.get(f"/p/{key}").text
        assert f'href="/p/{hushed.ticket.id}"' in page and f'action="/p/{key}/delete"' in page


# --- nothing leads from the one to the other

def tie_to(post):
    return f'href="/p/{post.id}"'


def test_neither_thread_leads_others_to_the_other_where_the_name_is_left_out(make, browse):
    zelda, tom = make.person("Zelda Quagga"), make.agent("Tom")
    ticket = make.ticket(zelda)
    post = shared(browse(zelda), ticket, nameless="on")
    assert sees(tom, ticket) and sees(tom, post)
    assert tie_to(post) not in browse(tom).get(f"/p/{ticket.id}").text
    assert tie_to(ticket) not in browse(tom).get(f"/p/{post.id}").text
    assert tie_to(post) in browse(zelda).get(f"/p/{ticket.id}").text and tie_to(ticket) in browse(zelda).get(f"/p/{post.id}").text


def test_what_only_its_author_could_share_is_not_tied_to_what_bears_their_name(hushed, browse):
    """Of a circle's post its author alone tells others, so the tie would say who that is."""
    source, ben = hushed.posts[1], hushed.who["ben"]
    named = shared(browse(hushed.zelda), source, body="Does yours hum as well?")
    assert tie_to(named) not in browse(ben).get(f"/p/{source.id}").text
    page = browse(ben).get(f"/p/{named.id}").text
    assert "Zelda Quagga" in page and tie_to(source) not in page
    assert tie_to(named) in browse(hushed.zelda).get(f"/p/{source.id}").text and tie_to(source) in browse(hushed.zelda).get(f"/p/{named.id}").text


def test_taking_it_back_or_leaving_it_out_of_the_feed_gives_no_name_away(hushed, browse):
    post, ben = hushed.posts[0], browse(hushed.who["ben"])
    assert browse(hushed.zelda).post(f"/p/{post.id}/delete").status_code == 303
    told_by_now()
    for address in (f"/p/{post.id}", "/me/saved", "/inbox", "/?view=newest"):
        text = ben.get(address).text
        assert not tells(text, hushed) and "And loudly" not in text, address


def test_two_posts_without_a_name_are_not_known_to_be_of_one_person(make):
    from socialdesk.feed import ranked_queries
    zelda, reader = make.person("Zelda Quagga"), make.person()
    for n in range(2):
        make.question(zelda, f"Hidden {n}?", shown_as=NAMELESS)
    run_due()
    authors = {one.author for one in ranked_queries.candidates_of(reader).cards}
    assert len(authors) == 2 and zelda.id not in authors
