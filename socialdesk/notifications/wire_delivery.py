"""HTTP POSTs to push services, many at a time, by libcurl: over few connections where they speak HTTP/2."""
import ipaddress
import re
import selectors
import socket
import ssl
import threading
import time
from functools import lru_cache
from typing import NamedTuple

import pycurl

MOST_OF_ANSWER = 4096                   # bytes of an answer's body that are taken; the rest ends the connection
NAMED_SECONDS = 60                      # so long the addresses of a name are good
NAMELESS_SECONDS = 5                    # so long a name that was not found is not looked up again
MOST_LOOKED_UP = 32                     # names at one time, a thread each
LOOK_SECONDS = 0.01                     # how often what waits for its name looks whether it is there
AWAY_SECONDS = 0.25                     # a pause between calls from which on it is not counted as anybody's time
SAFETY_NET_MS = 3600 * 1000             # libcurl's own limit, never reached: it would count what the caller was away
#: scheme, name (none where it is an IPv6 address) and port; what libcurl might read otherwise than we do is no address
_ADDRESS = re.compile(r"(https?)://(?:([a-z0-9._][a-z0-9._-]*)|\[[0-9a-f:.]+\])(?::(\d{0,5}))?(?=[/?#]|\Z)", re.ASCII | re.IGNORECASE)
_WATCHED = {pycurl.POLL_IN: selectors.EVENT_READ, pycurl.POLL_OUT: selectors.EVENT_WRITE,
            pycurl.POLL_INOUT: selectors.EVENT_READ | selectors.EVENT_WRITE}


class Reply(NamedTuple):
    """What came of a POST.  status: of HTTP, 0 where there was none; late: not within the time; retry_after: the header's text."""

    status: int = 0
    late: bool = False
    retry_after: str = ""


def look_up(name):
    """The addresses of a name, as texts.  Waits for the machine's resolver.  Raises OSError or ValueError if it has none."""
    found = (where[0] for *_, where in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM))
    return [f"[{address}]" if ":" in address else address for address in dict.fromkeys(found) if "%" not in address]


class Names:
    """The addresses of names, for all threads.  libcurl is never left to look one up: there a resolver that hangs stops other sends
    and the end of the wire."""

    def __init__(self):
        self._lock, self._known, self._threads = threading.Lock(), {}, {}

    def addresses(self, name):
        """Its addresses, empty if it has none; None while it is being looked up: ask again."""
        with self._lock:
            addresses, until = self._known.get(name, (None, 0))
            if time.monotonic() < until:
                return addresses
            if name not in self._threads and len(self._threads) < MOST_LOOKED_UP:
                self._begin(name)
        return None

    def _begin(self, name):
        self._threads[name] = thread = threading.Thread(target=self._look_up, args=(name,), name="look up", daemon=True)
        try:
            thread.start()
        except RuntimeError:                                 # no more threads just now: whoever asks again tries again
            del self._threads[name]

    def _look_up(self, name):
        try:
            addresses = look_up(name)
        except (OSError, ValueError):
            addresses = []
        moment = time.monotonic()
        with self._lock:
            self._known = {other: known for other, known in self._known.items() if moment < known[1]}
            self._known[name] = addresses, moment + (NAMED_SECONDS if addresses else NAMELESS_SECONDS)
            del self._threads[name]


names = Names()


class Wire:
    """So many POSTs at a time, each within so many seconds, its name's lookup included; what the caller does between two calls is
    not counted.  Redirects, proxies, cookies and passwords are none of its business: each could lead inside our own network, or
    tell of it.  Not to be shared by threads."""

    def __init__(self, most_at_once, seconds):
        self._multi, self._selector = pycurl.CurlMulti(), selectors.DefaultSelector()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, most_at_once)
        self._seconds, self._timer, self._left_at = seconds, None, time.monotonic()
        self._busy, self._unnamed = {}, {}       # by handle, the oldest first; the latter wait for the addresses of their name
        self._idle, self._watched, self._failed = [], set(), []

    def close(self):
        """Let go of all connections; what is on its way ends unanswered."""
        for curl in self._busy.keys() - self._unnamed.keys():
            self._multi.remove_handle(curl)
        for transfer in (*self._idle, *self._busy.values()):
            transfer.curl.close()
        self._multi.close()
        self._selector.close()

    def post(self, token, url, headers, body):
        """Begin a POST.  token: whatever ended() shall give back with its Reply; headers: lines.  Raises nothing."""
        transfer = self._idle.pop() if self._idle else _Transfer()
        try:
            transfer.begin(token, url, headers, body)
        except (pycurl.error, ValueError):                   # an address that is none
            self._idle.append(transfer)
            self._failed.append((token, Reply()))
        else:
            transfer.ends_at = transfer.began_at + self._seconds
            self._busy[transfer.curl] = self._unnamed[transfer.curl] = transfer
            self._start(transfer)

    def ended(self, seconds):
        """[(token, Reply)] of those that ended; waits at most so long for the first."""
        self._forgive_absence()
        until, found = time.monotonic() + seconds, []
        while not found:
            for transfer in list(self._unnamed.values()):
                self._start(transfer)
            self._go_on(0 if self._failed else min(until, self._next_moment()))
            failed, self._failed = self._failed, []
            found = failed + self._read() + self._late()
            if time.monotonic() >= until:
                break
        self._left_at = time.monotonic()
        return found

    def _forgive_absence(self):
        """While the caller was away nobody read: no answer is late for that."""
        moment = time.monotonic()
        if moment - self._left_at > AWAY_SECONDS:
            for transfer in self._busy.values():
                transfer.ends_at += moment - max(self._left_at, transfer.began_at)

    def _start(self, transfer):
        """Hand it to libcurl, if the addresses of its name are known."""
        if transfer.name:
            addresses = names.addresses(transfer.name)
            if addresses is None:
                return
            if not addresses:
                self._failed.append(self._end(transfer.curl, pycurl.E_COULDNT_RESOLVE_HOST))
                return
            # without libcurl's "+", by which an entry wears out: it would look up the name itself
            transfer.curl.setopt(pycurl.RESOLVE, [f"{transfer.name}:{transfer.port}:{','.join(addresses)}"])
        del self._unnamed[transfer.curl]
        self._multi.add_handle(transfer.curl)

    def _next_moment(self):
        """When there is something to do even if nothing arrives."""
        oldest = next(iter(self._busy.values()), None)
        if oldest is None:
            return float("inf")
        return min(oldest.ends_at, time.monotonic() + LOOK_SECONDS) if self._unnamed else oldest.ends_at

    def _go_on(self, until):
        """Let libcurl work, waiting at most until then for something to do."""
        until = until if self._timer is None else min(until, self._timer)
        for key, mask in self._selector.select(max(0, until - time.monotonic())):
            self._multi.socket_action(key.fd, _asked(mask))
        if self._timer is not None and self._timer <= time.monotonic():
            self._timer = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)

    def _late(self):
        """Those that had their time.  To be asked after what has arrived was read: it may be the answer."""
        found, moment = [], time.monotonic()
        while self._busy and (oldest := next(iter(self._busy.values()))).ends_at <= moment:
            found.append(self._end(oldest.curl, pycurl.E_OPERATION_TIMEDOUT))
        return found

    def _read(self):
        found, left = [], 1
        while left:
            left, fine, failed = self._multi.info_read()
            found += [self._end(curl) for curl in fine] + [self._end(curl, number) for curl, number, _ in failed]
        return found

    def _end(self, curl, error=None):
        transfer = self._busy.pop(curl)
        if self._unnamed.pop(curl, None) is None:
            self._multi.remove_handle(curl)
        self._idle.append(transfer)
        return transfer.end(error)

    def _watch(self, what, descriptor, _multi, _data):
        if what == pycurl.POLL_REMOVE:
            self._watched.discard(descriptor)
            self._selector.unregister(descriptor)
        elif descriptor in self._watched:
            self._selector.modify(descriptor, _WATCHED[what])
        else:
            self._watched.add(descriptor)
            self._selector.register(descriptor, _WATCHED[what])

    def _set_timer(self, milliseconds):
        self._timer = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000


class _Transfer:
    """A handle of libcurl, used again and again, and the POST that it makes now."""

    def __init__(self):
        self.curl = curl = pycurl.Curl()
        self._token, self._taken, self._retry_after = None, 0, ""
        self.name, self.port, self.began_at, self.ends_at = "", 0, 0, 0
        for option, value in (
                (pycurl.POST, 1), (pycurl.USERAGENT, "SocialDesk"), (pycurl.TIMEOUT_MS, SAFETY_NET_MS), (pycurl.NOSIGNAL, 1),
                (pycurl.PROXY, ""), (pycurl.NETRC, 0), (pycurl.FOLLOWLOCATION, 0), (pycurl.PATH_AS_IS, 1),
                (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS), (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS),
                (pycurl.WRITEFUNCTION, self._take), (pycurl.HEADERFUNCTION, self._look), *_trusted()):
            curl.setopt(option, value)

    def begin(self, token, url, headers, body):
        """Say what is to be posted.  Raises ValueError or pycurl.error where the address is none."""
        self._token, self._taken, self._retry_after, self.began_at = token, 0, "", time.monotonic()
        self.name, self.port = _name_of(url)
        self.curl.setopt(pycurl.URL, url)
        self.curl.setopt(pycurl.HTTPHEADER, headers)
        self.curl.setopt(pycurl.POSTFIELDS, body)

    def end(self, error):
        """(token, Reply).  error: number of libcurl; None if all went well."""
        token, self._token = self._token, None
        if error == pycurl.E_OPERATION_TIMEDOUT:
            return token, Reply(late=True)
        if error not in (None, pycurl.E_WRITE_ERROR):
            return token, Reply()
        return token, Reply(self.curl.getinfo(pycurl.RESPONSE_CODE), False, self._retry_after)

    def _take(self, data):
        self._taken += len(data)
        return len(data) if self._taken <= MOST_OF_ANSWER else 0

    def _look(self, line):
        if line[:12].lower() == b"retry-after:":
            self._retry_after = line[12:].decode("latin-1").strip()


def _name_of(url):
    """(the name that must be looked up, the port); no name where it is an IP address.  Raises ValueError where the address is none."""
    found = _ADDRESS.match(url)
    if not found:
        raise ValueError("not a web address")
    scheme, name, port = found.groups()
    return "" if name is None or _is_ip(name) else name.lower(), int(port or (443 if scheme.lower() == "https" else 80))


@lru_cache(1024)
def _is_ip(name):
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def _asked(mask):
    return (pycurl.CSELECT_IN if mask & selectors.EVENT_READ else 0) | (pycurl.CSELECT_OUT if mask & selectors.EVENT_WRITE else 0)


def _trusted():
    """The certificates that Python trusts, the setting SSL_CERT_FILE included."""
    paths = ssl.get_default_verify_paths()
    return [(option, path) for option, path in ((pycurl.CAINFO, paths.cafile), (pycurl.CAPATH, paths.capath)) if path]
