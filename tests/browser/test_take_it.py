"""*Take it* on a notice, in two stock browsers: the ticket of one's team is taken with no window open, and a colleague's is not."""
import pytest

from .test_buttons import BLANK, desk, ringing  # noqa: F401

AGENTS = {"firefox": ("mona", "Printers"), "chromium": ("nils", "Screens")}


@pytest.fixture(scope="module")
def agents(desk):  # noqa: F811
    """An agent of a team for each browser, who wants to be rung at once for what the team gets."""
    for name, team in AGENTS.values():
        email = f"{name}@example.org"
        made = desk.commands(["person", "add", "--email", email, "--name", name.title(), "--role", "agent", "--team", team, "--hours", "always"],
                             ["token", "create", "--email", email], *[["link", "--email", email]] * 4)
        desk.tokens[name], desk.links[name] = made[1], made[2:]
        desk.api(name, "PATCH", "/me/choices", matter="queue", told="now")


@pytest.fixture(params=["firefox", "chromium"])
def agents_phone(request, desk, agents, desktop, mozilla_push, google_push):  # noqa: F811
    """A ringing phone of an agent in each browser, with no tab of the desk; .team: theirs."""
    name, team = AGENTS[request.param]
    made = ringing(request.param, request, desk, (mozilla_push, google_push), name)
    made.team = team
    made.go(BLANK)
    return made


def queued(desk, phone):
    """A ticket that the team of the phone's agent gets."""
    ticket = desk.ticket("dee")
    desk.api("bo", "PATCH", f"/tickets/{ticket}", team=phone.team)
    return ticket


def test_take_it_gives_the_ticket_to_who_pressed_with_no_window_open(desk, agents_phone, desktop):  # noqa: F811
    ticket = queued(desk, agents_phone)
    notice = desktop.wait_for("moved it to your team", 15)
    assert notice.labels == ["Take it", "Reply"]
    desktop.press(notice, "Take it")
    told = desktop.wait_for("It is yours now.", 15)
    assert told.labels == [] and agents_phone.windows() == []
    assert desk.api("bo", "GET", f"/tickets/{ticket}")["assignee"] == agents_phone.person


def test_what_a_colleague_took_first_stays_with_them_and_the_press_says_so(desk, agents_phone, desktop):  # noqa: F811
    ticket = queued(desk, agents_phone)
    notice = desktop.wait_for("moved it to your team", 15)
    desk.api("bo", "POST", f"/tickets/{ticket}/take")
    desktop.press(notice, "Take it")
    desktop.wait_for("Bo Lindahl has it already.", 15)
    assert desk.api("bo", "GET", f"/tickets/{ticket}")["assignee"] == "bo" and agents_phone.windows() == []
