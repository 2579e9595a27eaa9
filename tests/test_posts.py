"""What people say: text, photos, hashtags, mentions; changed with its versions, taken back with a trace."""
from dataclasses import replace
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.errors import Conflict, Invalid, Missing
from socialdesk.posts import actions, queries
from socialdesk.posts.models import Access, Attachment, Mention, Post, Version
from socialdesk.tags import actions as tag_actions
from socialdesk.tags import queries as tag_queries
from socialdesk.tags.models import PostTag, Tag, TagCount

from .conftest import HTMX, run_due
from .post_desk import done_twice, events, form, fresh, photo, prepared, refused, traces


def counts():
    db.session.rollback()
    return {(tag, bucket): posts for tag, bucket, posts in db.session.execute(
        sa.select(Tag.fold, TagCount.bucket, TagCount.posts).join(Tag, Tag.id == TagCount.tag_id))}


def test_a_question_is_open_and_its_author_has_access(make):
    ada = make.person("Ada")
    post = make.question(ada, "How do I print on *both* sides? It only does one.")
    assert (post.status, post.title, post.root_id, post.audience) == ("open", "How do I print on both sides?", post.id, "everyone")
    assert "<em>both</em>" in post.body_html
    assert db.session.scalar(sa.select(Access.why).where(Access.root_id == post.id, Access.person_id == ada.id)) == "author"
    assert events(post) == ["posted"]


def test_what_is_shown_holds_no_script(make, browse):
    post = make.question(body='<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)> ![y](https://evil.example/p.png)')
    page = browse(make.person()).get(f"/p/{post.id}").text
    body = page.partition('class="prose"')[2].partition("</section>")[0]
    assert "<script" not in body and "<img" not in body and 'href="javascript' not in body


@pytest.mark.parametrize("body, words", [("", "There is no text yet"), ("  \n ", "There is no text yet"), ("a" * 20_001, "it may have 20,000")])
def test_an_empty_or_endless_reply_is_refused_and_its_text_kept(make, browse, body, words):
    question, ben = make.question(), make.person()
    refused(browse(ben), f"/p/{question.id}/reply", 422, words, body=body)
    page = browse(ben).post(f"/p/{question.id}/reply", data={"body": body}).text
    assert body[:50].strip() in page


def test_the_longest_text_is_taken(make):
    assert len(make.question(body="word " * 3_999 + "fives").body_md) == 20_000


def test_a_photo_is_kept_once_and_stands_where_the_text_says(make, desk):
    ada, (stream, _) = make.person(), photo()
    data = stream.read()
    made = prepared(ada, "Look ![screen](photo:1) and below", files=[data, data])
    with transaction():
        post = actions.publish(ada, "question", made)
    first, second = db.session.scalars(sa.select(Attachment).order_by(Attachment.id)).all()
    assert first.sha256 == second.sha256 and first.post_id == post.id and (first.width, first.height) == (40, 30)
    assert f'src="/attachments/{first.id}"' in post.body_html and "new-" not in post.body_html
    stored = desk.config["SETTINGS"].uploads / first.sha256
    assert stored.stat().st_size == first.bytes and [p.name for p in stored.parent.iterdir()] == [first.sha256]


def test_a_photo_the_text_does_not_name_stands_below_it(make, browse):
    question, ben = make.question(), make.person()
    answer = browse(ben).post(f"/p/{question.id}/reply", data={"body": "See here", "photo": [photo(), photo(color=(1, 2, 3))]}, headers=HTMX)
    assert answer.text.count("<img") == 2
    inline = browse(ben).post(f"/p/{question.id}/reply", data={"body": "![here](photo:1)", "photo": photo()}, headers=HTMX)
    assert inline.text.count("<img") == 3


def test_seven_photos_are_one_too_many(make, browse):
    question = make.question()
    before = traces()
    answer = browse(make.person()).post(f"/p/{question.id}/reply", headers=HTMX, data={"body": "Many", "photo": [photo() for _ in range(7)]})
    assert answer.status_code == 422 and "6 photos, and these are 7" in answer.text and traces() == before


def test_a_file_that_is_no_photo_is_refused_with_the_text_safe(make, browse):
    from io import BytesIO
    question = make.question()
    before = traces()
    for data in (b"%PDF-1.4 hello", b"<svg xmlns='x'/>", b"", b"\x89PNG\r\n\x1a\nbroken"):
        answer = browse(make.person()).post(f"/p/{question.id}/reply", data={"body": "My precious words", "photo": (BytesIO(data), "x.png")})
        assert answer.status_code == 422 and "Your text is safe" in answer.text and "My precious words" in answer.text
    assert traces() == before


def test_the_key_knows_one_photo_from_another(make, browse):
    question, ben = make.question(), browse(make.person())
    send = lambda color: ben.post(f"/p/{question.id}/reply", headers=HTMX, data={"body": "See", "key": "k", "photo": photo(color=color)})
    assert [send((1, 1, 1)).status_code, send((1, 1, 1)).status_code, send((250, 9, 9)).status_code] == [200, 200, 409]
    assert traces()["attachment"] == 1


# --- hashtags

def test_hashtags_are_counted_where_everyone_or_a_circle_reads_and_nowhere_else(make):
    lab = make.circle("Lab")
    member = make.person(circles=[lab])
    make.question(body="#WiFi and #wi-fi are one, #printing another")
    make.question(member, body="#wifi here", audience="circle:lab")
    make.question(body="#wifi #secret", audience="private")
    assert counts() == {("wifi", "everyone"): 1, ("printing", "everyone"): 1, ("wifi", f"circle:{lab.id}"): 1}


def test_completion_shows_what_the_reader_may_know_of(make):
    lab = make.circle("Lab")
    inside, outside = make.person(circles=[lab]), make.person()
    make.question(inside, body="#labrats only", audience="circle:lab")
    make.question(body="#labels #labels2", audience="private")
    make.question(body="#labour for all")
    assert tag_queries.complete(inside, "lab") == [("labour", 1), ("labrats", 1)]
    assert tag_queries.complete(outside, "#LAB") == [("labour", 1)]
    assert tag_queries.complete(outside, "la%") == [("labour", 1)]


def test_a_team_answers_for_a_hashtag_and_its_synonyms(make):
    network = make.team("Network")
    with transaction():
        vpn = tag_actions.own_tag("VPN", network.id)
        db.session.add(Tag(fold="remoteaccess", shown="remote-access", synonym_of=vpn.id))
    post = make.question(body="No #Remote_Access today", audience="private")
    assert fresh(post).team_id == network.id
    assert tag_queries.tags_of([post.id]) == {post.id: ["VPN"]}


def test_a_confidential_team_comes_before_the_others(make):
    network, people = make.team("Network"), make.team("HR", confidential=True)
    with transaction():
        tag_actions.own_tag("wifi", network.id)
        tag_actions.own_tag("harassment", people.id)
    post = make.question(body="#wifi in the office of my #harassment case", audience="private")
    assert (fresh(post).team_id, fresh(post).sealed) == (people.id, True)


def test_twenty_hashtags_stay_and_the_rest_are_words(make):
    post = make.question(body=" ".join(f"#tag{n}x" for n in range(25)))
    assert len(tag_queries.tags_of([post.id])[post.id]) == 20


# --- mentions

def test_a_mention_is_kept_for_those_who_exist(make):
    ada, ben = make.person("Ada"), make.person("Ben")
    post = make.question(ada, "Hello @ben. and @nobody and mail@ada and `@ada`")
    assert db.session.execute(sa.select(Mention.post_id, Mention.person_id)).all() == [(post.id, ben.id)]
    assert '<a href="/@ben">@ben</a>.' in post.body_html


# --- change

def test_changing_a_text_keeps_how_it_was(make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    post = make.question(ada, "My mouse is ded #mouse @ben")
    assert "ded" in browse(ada).get(f"/p/{post.id}/edit").text
    answer = browse(ada).post(f"/p/{post.id}/edit", data={"body": "My mouse is dead #trackpad"}, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"/p/{post.id}")
    after = traces()
    form(browse(ada), f"/p/{post.id}/edit", f"/p/{post.id}", body="My mouse is dead #trackpad")
    assert traces() == after
    now_ = fresh(post)
    assert (now_.title, now_.version) == ("My mouse is dead #trackpad", 2) and now_.edited_at
    assert tag_queries.tags_of([post.id]) == {post.id: ["trackpad"]} and counts()["mouse", "everyone"] == 0
    assert after["mention"] == 0 and events(post) == ["posted", "post_edited"]
    page = browse(ben).get(f"/p/{post.id}").text
    assert f'href="/p/{post.id}/versions"' in page and "dead" in page
    before = browse(ben).get(f"/p/{post.id}/versions").text
    assert "My mouse is ded #mouse" in before and "As it is now" in before


def test_a_title_of_ones_own_is_kept_and_shown_once(make, browse):
    ada = make.person("Ada")
    post = make.question(ada, "Every morning it asks for the password.")
    browse(ada).post(f"/p/{post.id}/edit", data={"title": "Wi-Fi forgets me", "body": "Every morning it asks for the password."})
    assert fresh(post).title == "Wi-Fi forgets me"
    assert "<h2>Wi-Fi forgets me</h2>" in browse(ada).get(f"/p/{post.id}").text
    assert 'value="Wi-Fi forgets me"' in browse(ada).get(f"/p/{post.id}/edit").text


def test_only_the_author_changes_a_text(make, browse):
    post, ben, tom = make.question(), make.person(), make.agent()
    for person in (ben, tom):
        refused(browse(person), f"/p/{post.id}/edit", 403, "Only its author can change this text", body="Mine now")
        assert browse(person).get(f"/p/{post.id}/edit").status_code == 403
    assert fresh(post).version == 1


def test_changing_keeps_the_photos_and_hashtags_that_came_beside_the_text(make):
    ada, (stream, _) = make.person(), photo()
    made = prepared(ada, "See ![it](photo:1) #one", files=[stream.read()])
    with transaction():
        post = actions.publish(ada, "question", replace(made, tags=["one", "imported"]), source="import", external_id="1")
    again = prepared(ada, "Better ![it](photo:1) #two", attached=queries.photos_of(post.id))
    with transaction():
        actions.edit(post.id, ada, again)
    assert 'src="/attachments/1"' in fresh(post).body_html
    assert tag_queries.tags_of([post.id]) == {post.id: ["imported", "two"]}


def test_a_private_post_goes_to_the_team_of_a_hashtag_it_gets(make):
    team, ada = make.team("HR", confidential=True), make.person()
    with transaction():
        tag_actions.own_tag("payslip", team.id)
    ticket, tom = make.ticket(ada, "Something is wrong"), make.agent()
    assert queries.get_post(ticket.id, tom)
    made = prepared(ada, "Something is wrong with my #payslip")
    with transaction():
        actions.edit(ticket.id, ada, made)
    assert (fresh(ticket).team_id, fresh(ticket).sealed) == (team.id, True)
    with pytest.raises(Missing):
        queries.get_post(ticket.id, tom)


# --- take back

def test_a_question_nobody_answered_is_gone_when_taken_back(make, browse):
    ada, ben = make.person("Ada"), make.person()
    post = make.question(ada, "My embarrassing question #oops")
    answer = browse(ada).post(f"/p/{post.id}/delete", headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/")
    after = traces()
    form(browse(ada), f"/p/{post.id}/delete", "/")
    assert traces() == after
    gone = fresh(post)
    assert (gone.title, gone.body_md, gone.body_html, gone.in_feed) == ("", "", "", False)
    assert counts() == {("oops", "everyone"): 0} and tag_queries.complete(ben, "oops") == []
    for person in (ada, ben):
        assert browse(person).get(f"/p/{post.id}").status_code == 404


def test_a_question_others_answered_keeps_its_thread_as_a_trace(make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    post = make.question(ada, "My embarrassing question")
    make.reply(post, ben, "Not at all!")
    form(browse(ada), f"/p/{post.id}/delete", f"/p/{post.id}")
    page = browse(ben).get(f"/p/{post.id}").text
    assert "embarrassing" not in page and "<b>Ada</b> took this back" in page and "Not at all!" in page and 'id="reply"' not in page
    refused(browse(ben), f"/p/{post.id}/reply", 409, "taken back", body="But wait")
    refused(browse(ben), f"/p/{post.id}/me-too", 409, "taken back")


def test_a_reply_taken_back_leaves_a_line_and_no_text(make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    post = make.question(ada)
    reply = make.reply(post, ben, "Use the blue button")
    made = prepared(ben, "Use the red button")
    with transaction():
        actions.edit(reply.id, ben, made)
    run_due()
    assert fresh(post).replies_public == 1
    text = done_twice(browse(ben), f"/p/{reply.id}/delete", f"/p/{post.id}")
    assert "<b>You</b> took this back" in text
    run_due()
    page = browse(ada).get(f"/p/{post.id}").text
    assert "button" not in page.partition('class="timeline"')[2].partition("</section>")[0].replace("<button", "")
    assert "<b>Ben</b> took this back" in page and fresh(post).replies_public == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Version)) == 0


def test_only_its_author_or_an_admin_takes_a_post_back(make, browse):
    post, ben, tom = make.question(), make.person(), make.agent()
    for person in (ben, tom):
        refused(browse(person), f"/p/{post.id}/delete", 403, "Only its author can take this back")
    form(browse(make.admin()), f"/p/{post.id}/delete", "/")


def test_a_ticket_is_withdrawn_never_deleted(make, browse):
    ada = make.person()
    refused(browse(ada), f"/p/{make.ticket(ada).id}/delete", 403, "A ticket is withdrawn instead")


def test_what_was_taken_back_cannot_be_changed(make):
    ada, ben = make.person(), make.person()
    reply = make.reply(make.question(ada), ben)
    made = prepared(ben, "Again")
    with transaction():
        actions.delete(reply.id, ben)
    with pytest.raises(Conflict), transaction():
        actions.edit(reply.id, ben, made)


# --- audience

def test_a_circle_is_asked_by_its_members_alone(make):
    circle, outside = make.circle("Lab"), make.person()
    member = make.person(circles=[circle])
    assert make.question(member, audience="circle:lab").circle_id == circle.id
    before = traces()
    for audience in ("circle:lab", "circle:unknown"):
        with pytest.raises(Missing):
            make.question(outside, audience=audience)
    for audience in ("nobody", "circle:", "", "circle"):
        with pytest.raises(Invalid):
            make.question(member, audience=audience)
    assert traces() == before


def test_moving_a_thread_rewrites_every_copy_of_its_rights(make):
    from socialdesk.search.models import Document
    ada, team = make.person(), make.team("HR", confidential=True)
    lab = make.circle("Lab")
    ticket = make.ticket(ada, "About my #pay")
    with transaction():
        db.session.execute(sa.delete(Document))
        db.session.add(Document(post_id=ticket.id, root_id=ticket.id, segment="desk", kind="ticket", part="asked", title="t", body="b"))
    assert counts() == {}

    def copies():
        db.session.rollback()
        from socialdesk.tickets.models import Ticket
        post = fresh(ticket)
        return (post.audience, post.circle_id, post.team_id, post.sealed, db.session.get(Ticket, ticket.id, populate_existing=True).team_id,
                db.session.execute(sa.select(PostTag.audience, PostTag.circle_id)).one(), db.session.scalar(sa.select(Document.segment)),
                {key: n for key, n in counts().items() if n}, db.session.scalar(sa.select(Tag.public)))

    def move(**how):
        with transaction():
            actions.move_rights(ticket.id, **how)

    move(team_id=team.id, audience="private")
    assert copies() == ("private", None, team.id, True, team.id, ("private", None), f"team:{team.id}", {}, False)
    move(team_id=None)
    assert copies() == ("private", None, None, False, None, ("private", None), "desk", {}, False)
    move(audience="circle:lab")
    assert copies() == ("circle", lab.id, None, False, None, ("circle", lab.id), f"circle:{lab.id}", {("pay", f"circle:{lab.id}"): 1}, True)
    move(audience="everyone")
    assert copies() == ("everyone", None, None, False, None, ("everyone", None), "everyone", {("pay", "everyone"): 1}, True)


def test_unknown_numbers_are_simply_not_here(make, browse):
    ada = browse(make.person())
    for number in ("999", "99999999999999999999", "0"):
        assert ada.get(f"/p/{number}").status_code == 404
        assert ada.post(f"/p/{number}/reply", data={"body": "x"}).status_code == 404


def test_posts_from_elsewhere_come_once_and_quietly(make):
    ada = make.person()
    made = prepared(ada, "Brought along")
    with transaction():
        post = actions.publish(ada, "question", made, source="import", external_id="7", event=False, in_feed=False)
        reply = actions.reply(post.id, ada, made, made_at=post.made_at, event=False)
    assert (events(post), reply.source, traces()["job"]) == ([], "import", 0)
    from sqlalchemy.exc import IntegrityError
    with pytest.raises(IntegrityError), transaction():
        actions.publish(ada, "question", made, source="import", external_id="7")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Post)) == 2


def test_who_looks_at_versions_faster_than_anybody_reads_is_told_to_wait(make, browse, monkeypatch):
    monkeypatch.setattr("socialdesk.buckets.time", SimpleNamespace(monotonic=lambda: 7.0))
    question, reader = make.question(), browse(make.person())
    codes = [reader.get(f"/p/{question.id}/versions").status_code for _ in range(61)]
    assert codes == [200] * 60 + [429]
