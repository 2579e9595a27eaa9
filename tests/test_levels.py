"""How much one hears of a thread, a hashtag and a circle: all of it, only where one is named, nothing; counted as pushes to be sent."""
import pytest
import sqlalchemy as sa

from socialdesk.db import db
from socialdesk.notifications.choice_actions import choose
from socialdesk.notifications.models import Told
from socialdesk.people.models import Circle
from socialdesk.posts import access_actions, thread_actions
from socialdesk.tickets import actions as tickets

from .conftest import run_due
from .test_major import give_phone
from .told import do, publish, pushed, written_not_sent  # noqa: F401

pytestmark = pytest.mark.usefixtures("written_not_sent")
LEVELS = [("all", 1, 1), ("mentions", 0, 1), ("muted", 0, 0)]


@pytest.fixture
def ada(make, browse):
    """An agent of the desk with a phone, in the circle Berlin."""
    person = make.agent("Ada", circles=[make.circle("Berlin")])
    give_phone(browse, person)
    return person


def rings(person, deed, *given, **more):
    """How many pushes of this person a deed leads to; the inbox is told as often."""
    tellings, pushes = told(person), pushed(person)
    deed(*given, **more)
    run_due()
    rung = pushed(person) - pushes
    assert told(person) - tellings == rung
    return rung


def told(person):
    """How many happenings this person was told of."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(Told).where(Told.person_id == person.id))


def berlin():
    """The circle of that name."""
    return db.session.scalars(sa.select(Circle).where(Circle.slug == "berlin")).one()


# --- a thread

def own_question(make, ada):
    return make.question(ada)


def own_ticket(make, ada):
    return make.ticket(ada)


def followed(make, ada):
    root = make.question()
    do(thread_actions.follow, root.id, ada)
    return root


def joined(make, ada):
    asker = make.person()
    root = make.ticket(asker)
    do(access_actions.give_access, root.id, asker, ada.id)
    return root


@pytest.mark.parametrize("level, plain, named", LEVELS)
@pytest.mark.parametrize("thread", [own_question, own_ticket, followed, joined])
def test_a_thread_is_heard_as_chosen(make, browse, ada, thread, level, plain, named):
    root, tom = thread(make, ada), make.agent()
    run_due()
    assert browse(ada).post(f"/p/{root.id}/follow", data={"level": level}).status_code == 303
    assert rings(ada, make.reply, root, tom) == plain
    assert rings(ada, make.reply, root, tom, f"Look, @{ada.handle}.") == named
    assert rings(ada, make.reply, root, tom, "And once more.") == plain


@pytest.mark.parametrize("level", ["mentions", "muted"])
def test_another_thread_is_heard_as_before(make, browse, ada, level):
    quiet, other, ben = make.question(ada), make.question(ada), make.person()
    browse(ada).post(f"/p/{quiet.id}/follow", data={"level": level})
    assert rings(ada, make.reply, other, ben) == 1
    assert rings(ada, make.reply, quiet, ben) == 0


@pytest.mark.parametrize("level", ["mentions", "muted"])
def test_what_waits_for_one_in_person_is_heard_in_any_thread(make, browse, ada, level):
    mine, given, tom = make.ticket(ada), make.ticket(), make.agent()
    for root in (mine, given):
        browse(ada).post(f"/p/{root.id}/follow", data={"level": level})
    assert rings(ada, do, tickets.change_status, mine.id, tom, "in_progress", "We look.") == 0
    assert rings(ada, do, tickets.change_status, mine.id, tom, "on_hold", "Which room?", hold_reason="requester") == 1
    assert rings(ada, do, tickets.assign, given.id, tom, ada.id) == 1
    assert rings(ada, make.reply, given, tom) == 1, "it is her work now"


# --- a hashtag

@pytest.mark.parametrize("level, plain, named", LEVELS)
def test_a_hashtag_is_heard_as_chosen(make, browse, ada, level, plain, named):
    ben = make.person()
    do(choose, ada, "hashtags", "now", "never")
    assert browse(ada).post("/me/notifications/levels/hashtag", data={"hashtag": "vpn", "level": level}).status_code == 303
    assert rings(ada, publish, ben, "question", "Who has a key? #vpn") == plain
    assert rings(ada, publish, ben, "question", f"Does @{ada.handle} have one? #vpn") == named
    assert rings(ada, publish, make.agent(), "announcement", "New keys for all. #vpn") == plain
    assert rings(ada, publish, ben, "question", f"Does @{ada.handle} have one? #keys") == 1, "another hashtag is heard as before"
    assert rings(ada, publish, make.agent(), "announcement", "New keys for all. #keys") == 1


# --- a circle

@pytest.mark.parametrize("level, plain, named", LEVELS)
def test_a_circle_is_heard_as_chosen(make, browse, ada, level, plain, named):
    ben, tom, there = make.person(circles=[berlin()]), make.agent(), {"audience": "circle:berlin"}
    do(choose, ada, "circles", "now", "never")
    assert browse(ada).post("/me/notifications/levels/circle", data={"circle": "berlin", "level": level}).status_code == 303
    assert rings(ada, publish, ben, "question", "Who has a key?", **there) == plain
    assert rings(ada, publish, ben, "question", f"Does @{ada.handle} have one?", **there) == named
    assert rings(ada, publish, tom, "announcement", "New keys for all.", source="test", **there) == plain
    assert rings(ada, publish, ben, "question", f"Does @{ada.handle} have one?") == 1, "what everybody reads is heard as before"


@pytest.mark.parametrize("level", ["mentions", "muted"])
def test_another_circle_is_heard_as_before(make, browse, level):
    quiet, other = make.circle("Berlin"), make.circle("Bern")
    ada, ben = make.person(circles=[quiet, other]), make.person(circles=[quiet, other])
    give_phone(browse, ada)
    do(choose, ada, "circles", "now", "never")
    browse(ada).post("/me/notifications/levels/circle", data={"circle": quiet.slug, "level": level})
    assert rings(ada, publish, ben, "question", "Who has a key?", audience=f"circle:{other.slug}") == 1
    assert rings(ada, publish, ben, "question", "Who has a key?", audience=f"circle:{quiet.slug}") == 0


@pytest.mark.parametrize("level", ["mentions", "muted"])
def test_what_is_ones_own_is_heard_however_quiet_its_hashtag_and_circle(make, browse, ada, level):
    page, ben = browse(ada), make.person(circles=[berlin()])
    page.post("/me/notifications/levels/hashtag", data={"hashtag": "vpn", "level": level})
    page.post("/me/notifications/levels/circle", data={"circle": "berlin", "level": level})
    question = make.question(ada, "Who has a key? #vpn", audience="circle:berlin")
    assert rings(ada, make.reply, question, ben) == 1


def test_levels_are_refused_in_words_and_for_circles_of_others_missing(make, browse):
    make.circle("Berlin")
    page = browse(make.person())
    assert page.post("/me/notifications/levels/hashtag", data={"hashtag": "vpn", "level": "loud"}).status_code == 422
    assert page.post("/me/notifications/levels/hashtag", data={"hashtag": "#", "level": "all"}).status_code == 422
    assert page.post("/me/notifications/levels/circle", data={"circle": "berlin", "level": "all"}).status_code == 404
    assert "no circle yet" in page.get("/me/notifications/levels").text
