"""Whatever becomes of the lookup of a push service's name, no other push service waits for it."""
import socket
import threading
import time as clock

import pytest

from socialdesk.notifications import wire_delivery
from socialdesk.notifications.wire_delivery import MOST_LOOKED_UP, Names, Reply, Wire

from .test_wire import LINES, post, serve  # noqa: F401


class _Resolver:
    """Looks up as told: known {name: addresses}; a name of which nothing is known hangs."""

    def __init__(self):
        self.known, self.asked, self.most, self._now, self.go_on, self._changed = {}, [], 0, 0, threading.Event(), threading.Lock()

    def __call__(self, name):
        with self._changed:
            self.asked.append(name)
            self._now += 1
            self.most = max(self.most, self._now)
        if name not in self.known:
            self.go_on.wait(20)
        with self._changed:
            self._now -= 1
        if not self.known.get(name):
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return self.known[name]


@pytest.fixture
def resolver(monkeypatch):
    """The machine's resolver, of which nothing is remembered."""
    resolver = _Resolver()
    monkeypatch.setattr(wire_delivery, "look_up", resolver)
    monkeypatch.setattr(wire_delivery, "names", Names())
    yield resolver
    resolver.go_on.set()


def test_a_name_whose_lookup_hangs_is_late_and_holds_up_no_other(serve, resolver):  # noqa: F811
    server = serve()
    resolver.known["good.test"] = ["127.0.0.1"]
    hung, well = [f"http://hung.test:{server.server_port}/{n}" for n in range(60)], f"http://good.test:{server.server_port}/201"
    begin = clock.monotonic()
    assert post(*hung, well, seconds=0.5) == {well: Reply(201)} | dict.fromkeys(hung, Reply(late=True))
    assert 0.5 <= clock.monotonic() - begin < 4 and sorted(resolver.asked) == ["good.test", "hung.test"]
    assert len(server.seen) == 1


def test_the_wire_ends_though_a_lookup_hangs(resolver):
    wire = Wire(8, 5)
    wire.post(1, "http://hung.test/", LINES, b"sealed")
    assert wire.ended(0.05) == []
    begin = clock.monotonic()
    wire.close()
    assert clock.monotonic() - begin < 1


def test_a_name_that_takes_a_while_is_waited_for(serve, resolver):  # noqa: F811
    server, wire = serve(), Wire(8, 5)
    try:
        wire.post(1, f"http://Slow.test:{server.server_port}/201", LINES, b"sealed")
        assert wire.ended(0.05) == []
        resolver.known["slow.test"] = ["[::1]", "127.0.0.1"]         # nobody listens at the first
        resolver.go_on.set()
        assert wire.ended(5) == [(1, Reply(201))]
    finally:
        wire.close()


def test_a_name_that_does_not_exist_is_an_answer_at_once(serve, resolver):  # noqa: F811
    server, begin = serve(), clock.monotonic()
    resolver.known["localhost"] = []                         # libcurl would think otherwise
    url = f"http://localhost:{server.server_port}/201"
    assert post(url, seconds=20) == {url: Reply()} and server.seen == [] and clock.monotonic() - begin < 5


@pytest.mark.parametrize(("addresses", "setting"), [(["127.0.0.1"], "NAMED_SECONDS"), ([], "NAMELESS_SECONDS")])
def test_a_name_is_looked_up_once_for_all_and_again_after_a_while(serve, resolver, monkeypatch, addresses, setting):  # noqa: F811
    url = f"http://desk.test:{serve().server_port}/201"
    resolver.known["desk.test"] = addresses
    assert post(url) == post(url) == {url: Reply(201) if addresses else Reply()} and resolver.asked == ["desk.test"]
    monkeypatch.setattr(wire_delivery, "names", Names())
    monkeypatch.setattr(wire_delivery, setting, 0.02)
    end = clock.monotonic() + 2
    while len(resolver.asked) < 3 and clock.monotonic() < end:
        wire_delivery.names.addresses("desk.test")
    assert resolver.asked[2:] == ["desk.test"]


def test_so_many_names_at_a_time_and_none_is_forgotten(serve, resolver):  # noqa: F811
    port, wire, found = serve().server_port, Wire(80, 10), []
    try:
        for n in range(MOST_LOOKED_UP + 20):
            wire.post(n, f"http://n{n}.test:{port}/201", LINES, b"sealed")
            resolver.known |= {f"n{n}.test": ["127.0.0.1"]} if n >= MOST_LOOKED_UP else {}
        while resolver.most < MOST_LOOKED_UP:
            assert wire.ended(0.02) == []
        resolver.known |= {f"n{n}.test": ["127.0.0.1"] for n in range(MOST_LOOKED_UP)}
        resolver.go_on.set()
        while len(found) < MOST_LOOKED_UP + 20:
            found += wire.ended(5)
        assert {reply for _, reply in found} == {Reply(201)} and resolver.most == MOST_LOOKED_UP
    finally:
        wire.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "http://[::1]:1/x", "http://2001:db8::1/", "http://a@b.test/", "http://a.test\\@b.test/", "http://%61.test/", "http://-a.test/"])
def test_an_address_in_figures_or_that_could_be_misread_is_never_looked_up(resolver, url):
    assert post(url) == {url: Reply()} and resolver.asked == []


def test_a_lookup_gives_each_address_once_and_none_of_a_network_card(monkeypatch):
    found = [("::1", 0, 0, 0), ("192.0.2.1", 0), ("fe80::1%eth0", 0, 0, 2), ("::1", 0, 0, 0)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 1, 6, "", where) for where in found])
    assert wire_delivery.look_up("desk.test") == ["[::1]", "192.0.2.1"]
