"""What a request tells of itself: whether htmx or a program asked, where it comes from, and numbers in its address."""
import ipaddress
import re

from htmx_flask import HtmxAwareRequest
from werkzeug.routing import IntegerConverter

MAX_FORM_PARTS = 200
MAX_TEXT_BYTES = 1_000_000              # of a request that carries no files


class Request(HtmxAwareRequest):
    """A request that knows whether htmx asked, and for what."""

    max_form_parts = MAX_FORM_PARTS
    max_form_memory_size = MAX_TEXT_BYTES
    acting = ...                                # whom a token stands for; None: nobody, whatever cookie came along; ...: ask the session

    def bound_body(self):
        """Only a form with files may be large; everything else is text.  Before anything reads the body."""
        if self.mimetype != "multipart/form-data":
            self.max_content_length = MAX_TEXT_BYTES

    @property
    def wants_fragment(self):
        """Did htmx ask for a part of a page?  A restored page is asked for whole."""
        return self.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in self.headers

    @property
    def wants_json(self):
        """Is this the API, a file of JSON, or a script that asks for JSON?"""
        if self.path.startswith("/api/") or self.path.endswith(".json"):
            return True
        best = self.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
        return best == "application/json" and self.accept_mimetypes[best] > self.accept_mimetypes["text/html"]

    @property
    def is_one_click(self):
        """Does it end mails by the link in one?  Mail programs post there from anywhere; the signed token says all, no cookie is asked."""
        return re.fullmatch(r"/unsubscribe/[^/]+", self.path) is not None

    @property
    def network(self):
        """Where it comes from: its address; of an IPv6 address the half a household shares."""
        try:
            address = ipaddress.ip_address(self.remote_addr or "")
        except ValueError:
            return "unknown"
        return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


def for_strangers(answer):
    """Mark a view that has an answer for who is not signed in, where the desk lets its articles be read by anybody:
    answer(**parts of the address).  The view itself never runs for them."""
    def mark(view):
        view.for_strangers = answer
        return view
    return mark


class Number(IntegerConverter):
    """A number in an address that fits a column: a longer one is an unknown address, not a fault."""

    regex = r"\d{1,18}"
