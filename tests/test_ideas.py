"""Ideas and announcements: the composer's other kinds, votes, how an idea goes on, who is told, and following a hashtag."""
import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.events import Event
from socialdesk.notifications import queries as notices
from socialdesk.notifications.models import Delivery
from socialdesk.posts.models import Post, Reaction
from socialdesk.tags.models import TagFollow
from socialdesk.tickets.models import Sentence

from .conftest import HTMX, run_due
from .post_desk import done_twice, events, fragment, fresh, refused, traces
from .test_reactions import pressed


def sent(browser, kind, body, **data):
    """Send something by the composer.  Returns its id."""
    answer = browser.post("/ask", data={"kind": kind, "body": body} | data)
    assert answer.status_code == 303, answer.text
    return int(answer.location.rsplit("/", 1)[1])


def idea(browser, body="Put a printer on every floor. #printer"):
    key = sent(browser, "idea", body)
    found = db.session.get(Post, key)
    db.session.rollback()
    return found


def inbox_of(person):
    db.session.rollback()
    return [line.sentence for line in notices.inbox_of(person).lines]


# --- the composer

def test_the_composer_offers_its_other_kinds_quietly_and_keeps_one_mandatory_field(make, browse):
    ada, tom = make.person("Ada"), make.agent("Tom")
    page = browse(ada).get("/ask").text
    for kind in ("idea", "kudos", "poll"):
        assert f'href="/ask?kind={kind}"' in page
        own = browse(ada).get(f"/ask?kind={kind}").text
        assert own.count(" required") == 1 and f'name="kind" value="{kind}"' in own and 'name="audience"' in own
    assert "kind=announcement" not in page and 'href="/ask?kind=announcement"' in browse(tom).get("/ask").text
    assert 'value="ticket"' in browse(ada).get("/ask?kind=announcement").text


def test_each_kind_is_sent_once_a_key_and_stands_on_its_page(make, browse):
    ada, tom = make.person("Ada"), make.agent("Tom")
    for who, kind in ((ada, "idea"), (tom, "announcement")):
        data = {"kind": kind, "body": f"A word about {kind}", "key": f"k-{kind}"}
        first = browse(who).post("/ask", data=data)
        again = browse(who).post("/ask", data=data, headers=HTMX)
        assert first.status_code == 303 and again.headers["HX-Redirect"] == first.location
        post = fresh(db.session.get(Post, int(first.location.rsplit("/", 1)[1])))
        assert (post.kind, post.audience, post.in_feed, post.status) == (kind, "everyone", True, "proposed" if kind == "idea" else None)
        assert f"A word about {kind}" in browse(ada).get(first.location).text


def test_an_announcement_is_the_desks_and_may_be_for_a_circle(make, browse):
    circle = make.circle("Pilots")
    ada, tom, cleo = make.person("Ada"), make.agent("Tom", circles=[circle]), make.person("Cleo", circles=[circle])
    before = traces()
    answer = browse(ada).post("/ask", data={"kind": "announcement", "body": "Free lunch"})
    assert answer.status_code == 403 and "Free lunch" in answer.text and "Announcements come from the desk" in answer.text and traces() == before
    key = sent(browse(tom), "announcement", "The hangar is closed on Monday", audience=f"circle:{circle.slug}")
    assert browse(cleo).get(f"/p/{key}").status_code == 200 and browse(ada).get(f"/p/{key}").status_code == 404


def test_ideas_and_announcements_are_found(make, browse):
    ada, tom = make.person("Ada"), make.agent("Tom")
    keys = [idea(browse(ada), "Let the zebrafish have a lamp").id, sent(browse(tom), "announcement", "The zebrafish moves to floor two")]
    run_due()
    page = browse(make.person()).get("/search?q=zebrafish").text
    assert all(f'href="/p/{key}"' in page for key in keys)


# --- votes and the way of an idea

def test_a_vote_counts_once_and_is_no_like(make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    post = idea(browse(ada))
    text = done_twice(browse(ben), f"/p/{post.id}/vote", f"/p/{post.id}")
    assert pressed(text, "vote", post) == (True, 1) and (fresh(post).votes, fresh(post).likes) == (1, 0)
    fragment(browse(ada), f"/p/{post.id}/vote")
    assert pressed(browse(ben).get(f"/p/{post.id}").text, "vote", post) == (True, 2)
    text = done_twice(browse(ben), f"/p/{post.id}/vote/remove", f"/p/{post.id}")
    assert pressed(text, "vote", post) == (False, 1) and db.session.scalar(sa.select(sa.func.count()).select_from(Reaction)) == 1


def test_an_idea_goes_its_way_step_by_step_with_the_desks_words(make, browse):
    ada, tom = make.person("Ada"), make.agent("Tom")
    post = idea(browse(ada))
    for n, status in enumerate(("under_review", "planned", "in_progress", "shipped")):
        text = done_twice(browse(tom), f"/p/{post.id}/idea", f"/p/{post.id}", status=status, sentence=f"Word {n}.")
        assert fresh(post).status == status and f"Word {n}." in text
    assert events(post, "idea_moved") == 4
    page = browse(ada).get(f"/p/{post.id}").text
    assert "Shipped" in page and "Word 1." in page and f'action="/p/{post.id}/idea"' not in page


def test_declining_needs_a_reason_that_stands_beside_it(make, browse):
    ada, tom = make.person("Ada"), make.agent("Tom")
    post = idea(browse(ada))
    assert 'value="declined"' in browse(tom).get(f"/p/{post.id}").text
    refused(browse(tom), f"/p/{post.id}/idea", 422, "why it is declined", status="declined")
    fragment(browse(tom), f"/p/{post.id}/idea", status="declined", sentence="Two floors share one meter.")
    assert "Two floors share one meter." in browse(ada).get(f"/p/{post.id}").text
    assert db.session.scalar(sa.select(Sentence.text).join(Event, Event.id == Sentence.event_id).where(Event.root_id == post.id)) == "Two floors share one meter."
    refused(browse(tom), f"/p/{post.id}/idea", 409, "its end", status="planned")


def test_nobody_but_the_desk_moves_an_idea_and_nothing_moves_otherwise(make, browse):
    ada, tom = make.person("Ada"), make.agent("Tom")
    post, question = idea(browse(ada)), make.question(ada)
    refused(browse(ada), f"/p/{post.id}/idea", 403, "Only the desk", status="under_review")
    refused(browse(tom), f"/p/{post.id}/idea", 409, "in one step", status="shipped")
    refused(browse(tom), f"/p/{post.id}/idea", 422, "Choose one of these", status="answered")
    refused(browse(tom), f"/p/{question.id}/idea", 422, "Only ideas", status="planned")
    refused(browse(tom), "/p/987654/idea", 404, status="planned")


def test_a_step_is_told_to_who_had_the_idea_and_who_wants_it_and_no_phone_rings(make, browse):
    ada, ben, cleo, tom = make.person("Ada"), make.person("Ben"), make.person("Cleo"), make.agent("Tom")
    post = idea(browse(ada))
    fragment(browse(ben), f"/p/{post.id}/vote")
    fragment(browse(cleo), f"/p/{post.id}/follow", level="all")
    run_due()
    fragment(browse(tom), f"/p/{post.id}/idea", status="under_review")
    run_due()
    assert [inbox_of(who) for who in (ada, ben, cleo, tom)] == [
        ["Your idea is looked into now."], ["An idea you want is looked into now."], ["An idea you follow is looked into now."], []]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 0


# --- following a hashtag

def test_a_hashtag_is_followed_once_and_let_go_once(make, browse):
    ada = make.person("Ada")
    make.question(body="Where is the printer? #Drucker-2")
    page = browse(ada).get("/t/drucker2").text
    assert 'action="/t/drucker2/follow"' in page
    text = done_twice(browse(ada), "/t/Drucker-2/follow", "/t/drucker2")
    assert 'aria-pressed="true"' in text and 'action="/t/drucker2/follow/remove"' in text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(TagFollow)) == 1
    assert db.session.scalar(sa.select(sa.func.count()).where(Event.verb == "tag_followed")) == 1
    assert 'aria-pressed="true"' in browse(ada).get("/t/drucker2").text
    done_twice(browse(ada), "/t/drucker2/follow/remove", "/t/drucker2")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(TagFollow)) == 0


def test_following_a_private_hashtag_looks_like_following_an_unknown_one(make, browse):
    make.ticket(body="Mine alone #quagga")
    run_due()
    answers = [browse(make.person()).post(f"/t/{name}/follow", headers=HTMX) for name in ("quagga", "unheard")]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text.replace("quagga", "unheard") == answers[1].text


@pytest.mark.parametrize("name", ["123", "a" * 60])
def test_what_is_no_hashtag_cannot_be_followed(make, browse, name):
    refused(browse(make.person()), f"/t/{name}/follow", 422, "no hashtag")
    with transaction():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(TagFollow)) == 0
