"""Two processes that serve one desk: what is saved at one is suggested by the other at once, what is taken away never again."""
import json
import time as clock
from urllib.parse import quote

import pytest

from bench.desk import Desk

SECONDS = 1                             # so soon it is there
TIMES = 20                              # so often it is asked for what is gone


class Server(Desk):
    """A process that serves the test's desk, and browsers that are signed in to it."""

    def ask(self, browser, method, path, **form):
        """(status, JSON or text) of what somebody is answered here."""
        cookie = browser.get_cookie("socialdesk")
        body = "&".join(f"{name}={quote(value)}" for name, value in form.items())
        status, _headers, data = self.request(method, path, {
            "Cookie": f"socialdesk={cookie.value}", "Accept": "text/html" if method == "POST" else "application/json", "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded"}, body)
        return status, json.loads(data) if method == "GET" else data.decode()

    def titles(self, browser, text):
        """What is suggested here for a text."""
        status, found = self.ask(browser, "GET", f"/suggestions?q={quote(text)}")
        assert status == 200, found
        return [one["title"] for one in found["suggestions"]]


@pytest.fixture
def servers(desk):
    """(one, other): two processes that serve this test's desk as shipped, workers and all."""
    settings = desk.config["SETTINGS"]
    made = [Server(settings.data, **({} if settings.is_sqlite else {"DATABASE_URL": settings.database_url})) for _ in range(2)]
    try:
        yield [one.start("--threads", "2") for one in made]
    finally:
        for one in made:
            one.stop()


def seconds_until(there):
    """How long until it is so; fails after ten seconds."""
    begin = clock.monotonic()
    while not there():
        assert clock.monotonic() < begin + 10, "it never came"
    return clock.monotonic() - begin


def test_what_is_saved_at_one_is_suggested_by_the_other_within_a_second_and_what_is_gone_never_again(servers, browse, make):
    one, other = servers
    agent, asker = make.agent(), make.person()
    writer, reader, typed = browse(agent), browse(asker), "how do I feed the quokka"
    make.article(agent, title="Book a meeting room")
    for server in servers:
        assert server.titles(reader, typed) == []                       # both have looked, and remember that there was nothing

    for title, text in (("Feed the quokka", typed), ("Wash the wombat", "how do I wash the wombat")):
        assert one.ask(writer, "POST", "/help/new", title=title, body="Give it leaves, then water.")[0] == 303
        assert seconds_until(lambda: other.titles(reader, text) == [title]) < SECONDS
        assert one.titles(reader, text) == [title]

    assert one.ask(writer, "POST", "/help/feed-the-quokka/edit", title="Feed the numbat", body="Give it termites.")[0] == 303
    assert seconds_until(lambda: other.titles(reader, "feed the numbat") == ["Feed the numbat"]) < SECONDS
    assert other.titles(reader, "quokka leaves") == []

    for path, more in (("edit", {"title": "Wash the wombat", "body": "Give it leaves, then water.", "audience": "private"}), ("withdrawal", {})):
        assert one.ask(writer, "POST", f"/help/wash-the-wombat/{path}", **more)[0] == 303
        for _ in range(TIMES):
            for server in servers:
                assert server.titles(reader, "how do I wash the wombat") == server.titles(reader, "wombat wa") == []
        assert other.titles(writer, "how do I wash the wombat") == (["Wash the wombat"] if path == "edit" else [])

    assert other.ask(writer, "POST", "/help/wash-the-wombat/withdrawal/remove")[0] == 303
    assert seconds_until(lambda: one.titles(writer, "how do I wash the wombat") == ["Wash the wombat"]) < SECONDS
    assert one.titles(reader, "how do I wash the wombat") == []          # brought back to whom it was for


def test_an_answer_taken_back_at_one_is_suggested_by_the_other_never_again(servers, browse, make):
    one, other = servers
    asker, helper = make.person(), make.person()
    question = make.question(asker, body="Why does the pangolin scanner beep twice?")
    answer = make.reply(question, helper, body="Its drum is full. Empty the drum.")
    reader, typed = browse(make.person()), "pangolin scanner beeps"
    for server in servers:
        assert server.titles(reader, typed) == []
    assert one.ask(browse(asker), "POST", f"/p/{question.id}/accepted-answer", reply_id=str(answer.id))[0] == 303
    assert seconds_until(lambda: other.titles(reader, typed) == ["Why does the pangolin scanner beep twice?"]) < SECONDS
    assert one.ask(browse(helper), "POST", f"/p/{answer.id}/delete")[0] == 303
    for _ in range(TIMES):
        for server in servers:
            assert server.titles(reader, typed) == []
