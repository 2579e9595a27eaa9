"""Kudos: thanks in public, in a circle, and in private, where nobody but those two comes in."""
import pytest
import sqlalchemy as sa

from socialdesk.api.actions import make_token
from socialdesk.db import db, transaction
from socialdesk.errors import Invalid
from socialdesk.notifications import queries as notices
from socialdesk.notifications.models import Delivery
from socialdesk.posts.kudos_actions import give_kudos
from socialdesk.posts.models import Access, Follow, Kudos, Post
from socialdesk.search.models import Document
from socialdesk.tags.actions import own_tag

from .conftest import HTMX, run_due, told_by_now
from .post_desk import events, fragment, fresh, prepared, refused, sees, traces


def thank(browser, body, **data):
    answer = browser.post("/ask", data={"kind": "kudos", "body": body} | data)
    assert answer.status_code == 303, answer.text
    found = db.session.get(Post, int(answer.location.rsplit("/", 1)[1]))
    db.session.rollback()
    return found


def thanked(post):
    db.session.rollback()
    return set(db.session.scalars(sa.select(Kudos.person_id).where(Kudos.post_id == post.id)))


def inbox_of(person):
    db.session.rollback()
    return [line.sentence for line in notices.inbox_of(person).lines]


def test_thanks_go_to_those_named_in_the_text_and_below_it(make, browse):
    ada, ben, cleo = make.person("Ada"), make.person("Ben"), make.person("Cleo")
    post = thank(browse(ada), f"@{ben.handle} found the cable.", to=f"@{cleo.handle}")
    assert thanked(post) == {ben.id, cleo.id} and (post.kind, post.audience) == ("kudos", "everyone")
    page = browse(make.person()).get(f"/p/{post.id}").text
    assert "Thanks to" in page and "Ben" in page and "Cleo" in page
    run_due()
    assert inbox_of(ben) == inbox_of(cleo) == ["Ada thanks you."] and inbox_of(ada) == []
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 0
    assert notices.waiting_of(ben) == []


def test_sent_twice_with_its_key_it_thanks_once(make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    data = {"kind": "kudos", "body": f"Thank you @{ben.handle}", "key": "k"}
    first, again = browse(ada).post("/ask", data=data), browse(ada).post("/ask", data=data, headers=HTMX)
    assert again.headers["HX-Redirect"] == first.location and db.session.scalar(sa.select(sa.func.count()).select_from(Kudos)) == 1


@pytest.mark.parametrize("body, more, words", [
    ("Thanks everybody", {}, "Say whom you thank"), ("Thanks @ada", {}, "Say whom you thank"), ("Thanks", {"to": "@nobody.there"}, "nobody with the handle"),
    ("Thanks @ben", {"audience": "circle:none"}, "no such circle")])
def test_what_thanks_nobody_is_refused_with_the_text_kept(make, browse, body, more, words):
    ada = make.person("Ada")
    make.person("Ben")
    before = traces()
    answer = browse(ada).post("/ask", data={"kind": "kudos", "body": body} | more)
    assert answer.status_code in (422, 404) and words in answer.text and body in answer.text and traces() == before


def test_who_is_switched_off_is_not_thanked(make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    gone = make.person("Gone")
    browse(make.admin()).post(f"/admin/people/{gone.id}/off")
    before = traces()
    for data in ({"body": f"Thank you @{gone.handle}"}, {"body": "Thank you", "to": f"@{gone.handle}"}):
        assert browse(ada).post("/ask", data={"kind": "kudos"} | data).status_code == 422 and traces() == before
    post = thank(browse(ada), f"Thank you @{ben.handle} and @{gone.handle}")
    assert thanked(post) == {ben.id}
    with pytest.raises(Invalid, match="Say whom you thank"), transaction():
        give_kudos(ada, prepared(ada, "Thank you"), to=[gone.id])



def test_in_a_circle_only_its_members_can_be_thanked(make, browse):
    circle = make.circle("Pilots")
    ada, ben, cleo = make.person("Ada", circles=[circle]), make.person("Ben"), make.person("Cleo", circles=[circle])
    before = traces()
    answer = browse(ada).post("/ask", data={"kind": "kudos", "body": f"Thanks @{ben.handle}", "audience": f"circle:{circle.slug}"})
    assert answer.status_code == 422 and "Ben would not see it" in answer.text and traces() == before
    post = thank(browse(ada), f"Thanks @{cleo.handle}", audience=f"circle:{circle.slug}")
    assert sees(cleo, post) and not sees(ben, post) and not sees(make.agent(), post)


def rewritten(browser, post, body):
    return browser.post(f"/p/{post.id}/edit", data={"body": body})


def test_who_is_named_in_a_changed_text_is_thanked_and_who_no_longer_is_is_not(make, browse):
    ada, ben, cleo, dan = (make.person(name) for name in ("Ada", "Ben", "Cleo", "Dan"))
    post = thank(browse(ada), f"@{ben.handle} found the cable.", to=f"@{dan.handle}")
    run_due()
    assert rewritten(browse(ada), post, f"@{cleo.handle} found the cable.").status_code == 303
    assert thanked(post) == {cleo.id, dan.id}, "who was thanked beside the text stays"
    run_due()
    assert inbox_of(cleo) == ["Ada thanks you."] and inbox_of(dan) == ["Ada thanks you."] and events(post, "thanked") == 1
    page = browse(make.person()).get(f"/p/{post.id}").text
    assert "Cleo" in page and "Dan" in page and "Ben" not in page
    rewritten(browse(ada), post, f"@{cleo.handle} found the long cable.")
    run_due()
    assert inbox_of(cleo) == ["Ada thanks you."] and events(post, "thanked") == 1, "told once"


def test_a_changed_text_that_thanks_nobody_or_somebody_outside_is_refused_and_changes_nothing(make, browse):
    circle = make.circle("Pilots")
    ada, cleo = make.person("Ada", circles=[circle]), make.person("Cleo", circles=[circle])
    ben, dan = make.person("Ben"), make.person("Dan", circles=[circle])
    post = thank(browse(ada), f"Thanks @{cleo.handle}", audience=f"circle:{circle.slug}")
    for body, words in (("Thanks everybody", "Say whom you thank"), (f"Thanks @{cleo.handle} and @{ben.handle}", "Ben would not see it")):
        before = traces()
        answer = rewritten(browse(ada), post, body)
        assert answer.status_code == 422 and words in answer.text and body in answer.text
        assert traces() == before and thanked(post) == {cleo.id}
    assert rewritten(browse(ada), post, f"Thanks @{dan.handle}").status_code == 303 and thanked(post) == {dan.id}


def test_changed_thanks_in_private_let_nobody_new_in_and_leave_out_who_is_dropped(make, browse):
    ada, ben, cleo, dan = (make.person(name) for name in ("Ada", "Ben", "Cleo", "Dan"))
    post = thank(browse(ada), f"Thanks @{ben.handle} and @{cleo.handle}", audience="private")
    assert rewritten(browse(ada), post, f"Thanks @{ben.handle}, I told @{dan.handle}").status_code == 303
    assert thanked(post) == {ben.id} and not sees(dan, post) and sees(ben, post) and not sees(cleo, post) and sees(ada, post)
    run_due()
    assert inbox_of(dan) == []
    before = traces()
    answer = rewritten(browse(ada), post, f"Thanks @{dan.handle}")
    assert answer.status_code == 422 and "nobody else can take their place" in answer.text and traces() == before and thanked(post) == {ben.id}
    assert (fresh(post).audience, fresh(post).sealed) == ("private", True)


# --- in private

@pytest.fixture
def private(make, browse):
    """Thanks in private that carry the hashtag of a confidential team: (everybody by name, the post, its word)."""
    hr = make.team("HR", confidential=True)
    with transaction():
        own_tag("payroll", hr.id)
    who = {"ada": make.person("Ada"), "ben": make.person("Ben"), "stranger": make.person("Stranger"), "agent": make.agent("Agent"),
           "hr": make.agent("Hr", teams=[hr]), "admin": make.admin("Admin")}
    post = thank(browse(who["ada"]), f"Thank you @{who['ben'].handle} for the zebra. #payroll #stripes", audience="private")
    told_by_now()
    return who, post


def test_private_thanks_are_read_by_the_two_alone(private, browse, desk):
    who, post = private
    two = {"ada", "ben"}
    with transaction():
        tokens = {name: make_token(person.id) for name, person in who.items()}
    for name, person in who.items():
        browser, is_one = browse(person), name in two
        assert (browser.get(f"/p/{post.id}").status_code == 200) == is_one
        assert (browser.get(f"/p/{post.id}/timeline", headers=HTMX).status_code == 200) == is_one
        for surface in ("/", "/?view=newest", "/t/stripes", "/t/payroll"):
            assert ("zebra" in browser.get(surface).text) == is_one, (name, surface)
        for surface in ("/search?q=zebra", "/suggestions?q=about+the+zebra", "/people", f"/@{who['ada'].handle}"):
            assert f"/p/{post.id}\"" not in browser.get(surface).text, (name, surface)
        if name in ("agent", "hr", "admin"):
            for queue in ("/desk?filter=open", "/desk"):
                assert "zebra" not in browser.get(queue).text
        head = {"Authorization": f"Bearer {tokens[name]}"}
        assert (desk.test_client().get(f"/api/v1/posts/{post.id}", headers=head).status_code == 200) == is_one
        assert ("zebra" in desk.test_client().get("/api/v1/feed", headers=head).text) == is_one
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Document).where(Document.root_id == post.id)) == 0
    assert (post.team_id, post.sealed) == (None, True)


def test_nobody_gets_into_private_thanks_by_another_door(private, browse, make):
    who, post = private
    refused(browse(who["admin"]), f"/p/{post.id}/glass", 404, "no confidential ticket")
    refused(browse(who["ada"]), f"/p/{post.id}/access", 403, handle=who["stranger"].handle)
    refused(browse(who["ben"]), f"/p/{post.id}/access", 403, handle=who["stranger"].handle)
    for name in ("agent", "hr", "admin", "stranger"):
        for deed in ("reaction", "save", "follow", "reply", "share", "major", "idea", "poll"):
            refused(browse(who[name]), f"/p/{post.id}/{deed}", 404, body="x", option="1", status="planned")
    refused(browse(who["ben"]), f"/p/{post.id}/share", 403, body="x")
    assert browse(who["ada"]).post(f"/p/{post.id}/edit", data={"body": f"Thank you @{who['ben'].handle} and @{who['stranger'].handle}, zebra. #payroll"}).status_code == 303
    told_by_now()
    found = db.session.get(Post, post.id, populate_existing=True)
    assert (found.team_id, found.sealed) == (None, True)
    db.session.rollback()
    assert [sees(who[name], post) for name in who] == [True, True, False, False, False, False]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Access).where(Access.root_id == post.id)) == 2


def test_private_thanks_are_told_to_the_thanked_alone_whoever_follows(private, browse, make):
    who, post = private
    assert inbox_of(who["ben"]) == ["Ada thanks you."]
    with transaction():
        for person in who.values():
            from socialdesk.db import insert_new
            insert_new(Follow.__table__, {"root_id": post.id, "person_id": person.id, "level": "all"}, "root_id", "person_id")
    make.reply(post, who["ada"], f"Once more, @{who['stranger'].handle} should know of the zebra")
    told_by_now()
    assert [bool(inbox_of(who[name])) for name in ("stranger", "agent", "hr", "admin")] == [False] * 4
    assert len(inbox_of(who["ben"])) == 1


def test_the_page_says_in_words_who_reads_private_thanks(private, browse):
    who, post = private
    page = " ".join(browse(who["ada"]).get(f"/p/{post.id}").text.split())
    assert "Only you and Ben can read this" in page and "desk" not in page.split("<main")[0].split("top-title")[1]
    assert "Only Ada and you can read this" in " ".join(browse(who["ben"]).get(f"/p/{post.id}").text.split())
    assert events(post, "posted") == 1
    assert fragment(browse(who["ben"]), f"/p/{post.id}/reaction")
