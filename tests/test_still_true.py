"""What waited for the morning rings only if it is so still: work that came back, and whose work it is; and only if it is wanted still."""
import pytest

from .conftest import run_due, told_by_now
from .mail_desk import post_office, settings_given  # noqa: F401
from .phones import phone, service  # noqa: F401
from .post_desk import form
from .test_when import WEEK
from .test_when_sent import at_night, in_the_morning


@pytest.fixture
def tom(make):
    return make.agent("Tom", hours=WEEK)


@pytest.fixture
def ria(make):
    return make.agent("Ria")


def work_of(make, browse, agent, author=None):
    """A ticket that this agent has taken."""
    ticket = make.ticket(author or make.person("Ada"))
    form(browse(agent), f"/p/{ticket.id}/take", f"/p/{ticket.id}")
    run_due()
    return ticket


def give(browse, ticket, giver, taker):
    form(browse(giver), f"/p/{ticket.id}/assignment", f"/p/{ticket.id}", assignee=taker.handle)
    run_due()


def move(browse, ticket, person, status, **more):
    form(browse(person), f"/p/{ticket.id}/status", f"/p/{ticket.id}", status=status, **more)
    told_by_now()


def say(browse, root, person, body="The fan is loud.", **more):
    form(browse(person), f"/p/{root.id}/reply", f"/p/{root.id}", body=body, **more)
    told_by_now()


def all_day(time):
    """From the morning until the last round of the day."""
    in_the_morning(time)
    for hour in (9, 12, 16):
        time.stop(2026, 3, 2, hour, 30)
        run_due()


# --- work that came back

@pytest.mark.parametrize("meanwhile, rung", [(None, 1), ("on_hold", 1), ("resolved", 0), ("canceled", 0)])
def test_not_fixed_yet_rings_while_the_ticket_is_open(make, browse, phone, time, tom, ria, meanwhile, rung):  # noqa: F811
    at_night(time)
    his, ada = phone(tom), make.person("Ada")
    ticket = work_of(make, browse, tom, ada)
    move(browse, ticket, ria, "resolved", sentence="Plugged in.")
    move(browse, ticket, ada, "in_progress")
    if meanwhile:
        move(browse, ticket, ria, meanwhile, sentence="So it is.", **({"hold_reason": "supplier"} if meanwhile == "on_hold" else {}))
    in_the_morning(time)
    assert len(his.told) == rung


# --- whose work it is

@pytest.mark.parametrize("note", [False, True])
def test_a_reply_to_work_that_is_anothers_by_now_does_not_ring(make, browse, phone, time, tom, ria, note):  # noqa: F811
    at_night(time)
    his, ada = phone(tom), make.person("Ada")
    ticket = work_of(make, browse, tom, ada)
    say(browse, ticket, ria if note else ada, **({"note": "1"} if note else {}))
    give(browse, ticket, ria, ria)
    all_day(time)
    assert his.told == []


def test_it_rings_where_the_ticket_came_back_to_them(make, browse, phone, time, tom, ria):  # noqa: F811
    at_night(time)
    his, ada = phone(tom), make.person("Ada")
    ticket = work_of(make, browse, tom, ada)
    say(browse, ticket, ada)
    give(browse, ticket, tom, ria)
    give(browse, ticket, tom, tom)
    all_day(time)
    assert len(his.told) == 1


@pytest.mark.parametrize("silenced", [None, "mentions", "muted"])
def test_who_follows_it_hears_the_reply_whoever_has_the_ticket(make, browse, phone, time, tom, ria, silenced):  # noqa: F811
    at_night(time)
    his, ada = phone(tom), make.person("Ada")
    ticket = work_of(make, browse, tom, ada)
    form(browse(tom), f"/p/{ticket.id}/follow", f"/p/{ticket.id}", level="all")
    say(browse, ticket, ada)
    give(browse, ticket, ria, ria)
    if silenced:
        form(browse(tom), f"/p/{ticket.id}/follow", f"/p/{ticket.id}", level=silenced)
    all_day(time)
    assert len(his.told) == (0 if silenced else 1)


@pytest.mark.parametrize("part, rung", [("named", 1), ("asked", 1), ("added", 1), ("none", 0)])
def test_who_has_another_part_in_it_hears_the_reply_whoever_has_the_ticket(make, browse, phone, time, tom, ria, part, rung):  # noqa: F811
    at_night(time)
    his, ada = phone(tom), make.person("Ada")
    ticket = work_of(make, browse, tom, tom if part == "asked" else ada)
    if part == "added":
        form(browse(ada), f"/p/{ticket.id}/access", f"/p/{ticket.id}", handle=tom.handle)
    if part == "named":                                    # what names one comes with the rest, so the work is what rings
        assert browse(tom).post("/me/notifications/what/mine", data={"mentions-told": "rest"}).status_code == 303
    say(browse, ticket, ria if part == "asked" else ada, body=f"Is it the fan, @{tom.handle}?" if part == "named" else "The fan is loud.")
    give(browse, ticket, ria, ria)
    all_day(time)
    assert len(his.told) == rung


@pytest.mark.parametrize("left_one, silenced, rung", [(True, None, 1), (True, "mentions", 0), (True, "muted", 0), (False, None, 0)])
def test_who_left_a_note_before_hears_a_later_one_whoever_has_the_ticket(make, browse, phone, time, tom, ria, left_one, silenced, rung):  # noqa: F811
    at_night(time)
    his = phone(tom)
    ticket = work_of(make, browse, tom)
    if left_one:
        say(browse, ticket, tom, body="I ordered a fan.", note="1")
        form(browse(tom), f"/p/{ticket.id}/follow/remove", f"/p/{ticket.id}")
    say(browse, ticket, ria, body="It came.", note="1")
    give(browse, ticket, ria, ria)
    if silenced:
        form(browse(tom), f"/p/{ticket.id}/follow", f"/p/{ticket.id}", level=silenced)
    all_day(time)
    assert len(his.told) == rung


# --- named, and silenced since

@pytest.mark.parametrize("level, mailed", [("mentions", 1), ("muted", 0)])
@pytest.mark.parametrize("what", ["hashtag", "circle"])
def test_where_one_is_named_a_mail_goes_unless_all_was_silenced_meanwhile(make, browse, post_office, time, what, level, mailed):  # noqa: F811
    at_night(time)
    circle = make.circle("Berlin")
    ada, ben = make.person("Ada", hours=WEEK, circles=[circle]), make.person("Ben", circles=[circle])
    asked = make.question(ben, f"Where is mine, @{ada.handle}? #badges", audience=f"circle:{circle.slug}")
    run_due()
    assert f"/p/{asked.id}" in browse(ada).get("/inbox").text
    chosen = {"hashtag": "badges"} if what == "hashtag" else {"circle": circle.slug}
    form(browse(ada), f"/me/notifications/levels/{what}", "/me/notifications/levels", level=level, **chosen)
    all_day(time)
    assert len(post_office.to(ada)) == mailed
