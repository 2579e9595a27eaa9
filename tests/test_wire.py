"""What is posted to push services goes there and nowhere else, in the time it is given."""
import http.server
import os
import resource
import ssl
import threading
import time as clock

import pytest

from socialdesk.notifications import wire_delivery
from socialdesk.notifications.delivery import wait_of
from socialdesk.notifications.wire_delivery import MOST_OF_ANSWER, Reply, Wire

from .browser.google_push import _tls_context

LINES = ("TTL: 60", "Topic: abc", "Expect:")


class _Answers(http.server.BaseHTTPRequestHandler):
    """Answers as its path says: /201, /307, /long; /hang never, /watch neither, /wait when let; a word after the number is its Retry-After."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.server.seen.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
        kind, _, wait = self.path.strip("/").partition("-")
        if kind == "hang":
            self.server.stopping.wait(5)
            return
        if kind == "watch" and not self.rfile.read(1):
            self.server.hung_up.set()
            return
        if kind == "wait":
            self.server.answering.wait(5)
        body = b"x" * (200 * MOST_OF_ANSWER if kind == "long" else 0)
        self.send_response(int(kind) if kind.isdecimal() else 201)
        for name, value in (("Retry-After", wait), ("Location", self.server.elsewhere), ("Content-Length", str(len(body)))):
            if value:
                self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:                                      # the other side hung up, as it should
            self.server.hung_up.set()

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 64


def _serve(context=None):
    server = _Server(("127.0.0.1", 0), _Answers)
    server.seen, server.elsewhere, server.stopping, server.hung_up, server.answering = [], "", *(threading.Event() for _ in range(3))
    server.handle_error = lambda *_: None                    # a handshake that was refused
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.origin = f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"
    server.thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    server.thread.start()
    return server


@pytest.fixture
def serve():
    """serve() starts a server that keeps what it saw."""
    running = []
    yield lambda *given: running.append(_serve(*given)) or running[-1]
    for server in running:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        server.thread.join()


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """A server's side of TLS, with a certificate that an admin named as one to trust."""
    context = _tls_context()
    server = _serve(context)
    shown = tmp_path / "ca.pem"
    shown.write_text(ssl.get_server_certificate(("127.0.0.1", server.server_port)))
    server.shutdown()
    server.server_close()
    monkeypatch.setenv("SSL_CERT_FILE", str(shown))
    return context


def post(*urls, seconds=2, at_once=8):
    """{url: Reply} of a POST to each, all at a time."""
    wire, found = Wire(at_once, seconds), {}
    try:
        for url in urls:
            wire.post(url, url, LINES, b"sealed")
        while len(found) < len(urls):
            found |= dict(wire.ended(5))
        assert wire.ended(0) == []
    finally:
        wire.close()
    return found


def test_what_is_posted_arrives_with_its_headers_and_nothing_about_us(serve):
    server = serve()
    assert post(f"{server.origin}/201")[f"{server.origin}/201"] == Reply(201)
    (path, headers, body), = server.seen
    assert (path, body, headers["TTL"], headers["Topic"]) == ("/201", b"sealed", "60", "abc")
    assert headers.keys() <= {"TTL", "Topic", "Host", "Accept", "User-Agent", "Content-Length", "Content-Type"} and headers["User-Agent"] == "SocialDesk"


def test_each_of_many_gets_its_own_answer(serve):
    server = serve()
    urls = {f"{server.origin}/{status}-{n}": Reply(status, False, str(n)) for n, status in enumerate((200, 201, 404, 410, 413, 429, 500, 503) * 4)}
    assert post(*urls) == urls


def test_a_redirect_is_not_followed(serve):
    server, inner = serve(), serve()
    server.elsewhere = f"{inner.origin}/201"
    assert post(f"{server.origin}/307") == {f"{server.origin}/307": Reply(307)} and inner.seen == []


def test_no_proxy_of_the_environment_is_told(serve, monkeypatch):
    server, proxy = serve(), serve()
    for name in ("http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.origin)
    assert post(f"{server.origin}/201") == {f"{server.origin}/201": Reply(201)} and proxy.seen == []


def test_no_password_from_a_file_is_sent(serve, tmp_path, monkeypatch):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ines password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    server = serve()
    post(f"{server.origin}/201")
    assert "Authorization" not in server.seen[0][1]


def test_an_endless_answer_is_not_read_to_its_end(serve):
    server = serve()
    assert post(f"{server.origin}/long") == {f"{server.origin}/long": Reply(201)}


@pytest.mark.parametrize("is_secure", [False, True])
def test_one_that_hangs_is_late_and_holds_up_no_other(serve, trusted, is_secure):
    server = serve(trusted if is_secure else None)
    hung, well = f"{server.origin}/hang", f"{server.origin}/201"
    begin = clock.monotonic()
    assert post(hung, well, seconds=0.2) == {hung: Reply(late=True), well: Reply(201)}
    assert 0.2 <= clock.monotonic() - begin < 2


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "nonsense", "http://", "http://a b/", "file:///etc/hostname", "ftp://127.0.0.1/x", "http://\udcff/x"])
def test_what_cannot_be_reached_or_is_no_web_address_is_an_answer_too(url):
    assert post(url) == {url: Reply()}


def test_a_certificate_that_nobody_trusts_gets_no_word(serve):
    server = serve(_tls_context())
    assert post(f"{server.origin}/201") == {f"{server.origin}/201": Reply()} and server.seen == []


def test_the_certificates_that_an_admin_names_are_trusted(serve, trusted):
    server = serve(trusted)
    assert post(f"{server.origin}/201") == {f"{server.origin}/201": Reply(201)}


def test_a_process_with_very_many_open_files_still_posts(serve):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2000:
        pytest.skip("fewer than 2,000 open files are allowed here")
    server, held = serve(), []
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2000), hard))
    try:
        held += [os.dup(0) for _ in range(1100)]
        assert post(f"{server.origin}/201") == {f"{server.origin}/201": Reply(201)}
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_path_of_an_address_goes_out_as_it_is(serve):
    server = serve()
    post(f"{server.origin}/a/../b//c")
    assert server.seen[0][0] == "/a/../b//c"


def test_what_one_answer_asked_for_is_not_taken_for_the_next(serve):
    server, wire = serve(), Wire(1, 2)
    try:
        for path, reply in (("429-7", Reply(429, False, "7")), ("201", Reply(201))):
            wire.post(path, f"{server.origin}/{path}", LINES, b"sealed")
            assert wire.ended(5) == [(path, reply)]
    finally:
        wire.close()


@pytest.mark.parametrize("header", ["Mon, 01 Jan 2024 00:00:00 +99999999999999999999", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "\0", ",", "-", "nan"])
def test_a_pause_that_cannot_be_understood_is_none(header):
    assert wait_of(header) is None


def test_what_was_answered_while_the_sender_was_away_is_not_late(serve):
    server, wire = serve(), Wire(8, 0.6)
    try:
        _away(wire, server, 0.7)
        assert wire.ended(5) == [("wait", Reply(201))]
        assert wire.ended(0.1) == []                         # the other one's time was not counted meanwhile
        assert wire.ended(5) == [("watch", Reply(late=True))]
    finally:
        wire.close()


def test_what_has_arrived_is_read_before_anything_is_judged_late(serve, monkeypatch):
    monkeypatch.setattr(wire_delivery, "AWAY_SECONDS", 60)
    server, wire = serve(), Wire(8, 0.4)
    try:
        _away(wire, server, 0.5)
        assert wire.ended(5) == [("wait", Reply(201)), ("watch", Reply(late=True))]
        assert server.hung_up.wait(5)                        # what is late holds no connection
    finally:
        wire.close()


def _away(wire, server, seconds):
    """Send what is answered and what is not, and be busy elsewhere for so long."""
    for path in ("wait", "watch"):
        wire.post(path, f"{server.origin}/{path}", LINES, b"sealed")
    while len(server.seen) < 2:
        assert wire.ended(0) == []
    server.answering.set()
    server.stopping.wait(seconds)
