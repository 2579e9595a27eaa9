"""The desk as shipped: what its server does before and around the app."""
import socket

import pytest

from bench.desk import Desk
from socialdesk.headers import HEADERS


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A running desk that was started for the first time."""
    desk = Desk(tmp_path_factory.mktemp("served")).start()
    yield desk
    desk.stop()


def test_the_first_start_makes_every_key(served):
    assert {"secret-key", "vapid-key"} <= {path.name for path in served.folder.iterdir()}


@pytest.mark.parametrize("request_, status", [(b"nonsense\r\n\r\n", b"400"), (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
                                              (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 9000 + b"\r\n\r\n", b"431")])
def test_a_request_that_cannot_be_read_is_refused_with_every_header_and_a_sentence(served, request_, status):
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(request_)
        head, _, body = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
    assert head.split()[1] == status and b"SocialDesk" in body
    for name, value in HEADERS:
        assert f"{name}: {value}".encode() in head
