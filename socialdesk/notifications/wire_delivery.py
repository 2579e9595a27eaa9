"""HTTP POSTs to push services, many at a time, by libcurl: over few connections where they speak HTTP/2."""
import selectors
import ssl
import time
from typing import NamedTuple

import pycurl

MOST_OF_ANSWER = 4096                   # bytes of an answer's body that are taken; the rest ends the connection
_WATCHED = {pycurl.POLL_IN: selectors.EVENT_READ, pycurl.POLL_OUT: selectors.EVENT_WRITE,
            pycurl.POLL_INOUT: selectors.EVENT_READ | selectors.EVENT_WRITE}


class Reply(NamedTuple):
    """What came of a POST.  status: of HTTP, 0 where there was none; late: not within the time; retry_after: the header's text."""

    status: int = 0
    late: bool = False
    retry_after: str = ""


class Wire:
    """So many POSTs at a time, each within so many seconds.  Redirects, proxies, cookies and passwords are none of its business:
    each could lead inside our own network, or tell of it.  Not to be shared by threads."""

    def __init__(self, most_at_once, seconds):
        self._multi, self._selector = pycurl.CurlMulti(), selectors.DefaultSelector()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, most_at_once)
        self._seconds, self._timer = seconds, None
        self._idle, self._busy, self._watched, self._failed = [], {}, set(), []

    def close(self):
        """Let go of all connections; what is on its way ends unanswered."""
        for transfer in self._busy.values():
            self._multi.remove_handle(transfer.curl)
        for transfer in (*self._idle, *self._busy.values()):
            transfer.curl.close()
        self._multi.close()
        self._selector.close()

    def post(self, token, url, headers, body):
        """Begin a POST.  token: whatever ended() shall give back with its Reply; headers: lines.  Raises nothing."""
        transfer = self._idle.pop() if self._idle else _Transfer(self._seconds)
        try:
            transfer.begin(token, url, headers, body)
            self._multi.add_handle(transfer.curl)
        except (pycurl.error, ValueError):                   # an address that is none
            self._idle.append(transfer)
            self._failed.append((token, Reply()))
        else:
            self._busy[transfer.curl] = transfer

    def ended(self, seconds):
        """[(token, Reply)] of those that ended; waits at most so long for the first."""
        until = time.monotonic() + seconds
        found, self._failed = self._failed, []
        while not found:
            moment = time.monotonic()
            ends = until if self._timer is None else min(until, self._timer)
            for key, mask in self._selector.select(max(0, ends - moment)):
                self._multi.socket_action(key.fd, _asked(mask))
            moment = time.monotonic()
            if self._timer is not None and self._timer <= moment:
                self._timer = None
                self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
            found = self._read()
            if moment >= until:
                break
        return found

    def _read(self):
        found, left = [], 1
        while left:
            left, fine, failed = self._multi.info_read()
            found += [self._end(curl) for curl in fine] + [self._end(curl, number) for curl, number, _ in failed]
        return found

    def _end(self, curl, error=None):
        transfer = self._busy.pop(curl)
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

    def __init__(self, seconds):
        self.curl = curl = pycurl.Curl()
        self._token, self._taken, self._retry_after = None, 0, ""
        for option, value in (
                (pycurl.POST, 1), (pycurl.USERAGENT, "SocialDesk"), (pycurl.TIMEOUT_MS, max(1, round(seconds * 1000))), (pycurl.NOSIGNAL, 1),
                (pycurl.PROXY, ""), (pycurl.NETRC, 0), (pycurl.FOLLOWLOCATION, 0), (pycurl.PATH_AS_IS, 1),
                (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS), (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS),
                (pycurl.WRITEFUNCTION, self._take), (pycurl.HEADERFUNCTION, self._look), *_trusted()):
            curl.setopt(option, value)

    def begin(self, token, url, headers, body):
        """Say what is to be posted.  Raises ValueError or pycurl.error where the address is none."""
        self._token, self._taken, self._retry_after = token, 0, ""
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


def _asked(mask):
    return (pycurl.CSELECT_IN if mask & selectors.EVENT_READ else 0) | (pycurl.CSELECT_OUT if mask & selectors.EVENT_WRITE else 0)


def _trusted():
    """The certificates that Python trusts, the setting SSL_CERT_FILE included."""
    paths = ssl.get_default_verify_paths()
    return [(option, path) for option, path in ((pycurl.CAINFO, paths.cafile), (pycurl.CAPATH, paths.capath)) if path]
