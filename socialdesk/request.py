"""What a request tells of itself: whether htmx or a program asked, and numbers in its address."""
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
        """Is this the API, or a script that asks for JSON?"""
        if self.path.startswith("/api/"):
            return True
        best = self.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
        return best == "application/json" and self.accept_mimetypes[best] > self.accept_mimetypes["text/html"]


class Number(IntegerConverter):
    """A number in an address that fits a column: a longer one is an unknown address, not a fault."""

    def __init__(self, map, **kwargs):
        super().__init__(map, **{"max": 2 ** 63 - 1} | kwargs)
