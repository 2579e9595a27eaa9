"""The texts of the demo's many: threads of samples/ with their words chosen by chance, and their HTML; pure computing."""
import html
import re
from datetime import timedelta
from functools import cache
from urllib.parse import quote

from . import demo_content as content
from .posts.checker import MAX_TITLE, cut
from .tags.checker import fold, hashtags_in

#: spans of samples/many.md as the reader of samples knows them; chance makes each longer or shorter
SPANS = {"{soon}": "20m", "{later}": "3h", "{days}": "40h"}
ROLES = ("asker", "helper", "other", "third", "workplace", "network", "people", "agent", "admin", "porto", "local")
_SLOT = re.compile(r"\{(\+?)([a-z]+?)(\d?)\}")
_START = re.compile(r"(?:^|(?<=[.?!] )|(?<=\n)|(?<=\d\. ))[a-zäöüø]")
_HASHTAG = re.compile(r"#([\w-]+)")
_MENTION = re.compile(r"@([\w.-]*\w)")
_EMPHASIS = re.compile(r"\*([^*]+)\*")
_EMPTY = re.compile("\n{3,}")
_SPACE = re.compile("  +")
_SENTENCE = re.compile(r".+?[.?!…](?=\s|$)")


@cache
def words():
    """{name: what may stand for it} of samples/words.md, beside those of demo_content."""
    lines = (content.SAMPLES / "words.md").read_text("utf-8").splitlines()
    read = {name: [one.strip() for one in rest.split("|")] for name, _, rest in (line.partition(":") for line in lines if line)}
    return content.WORDS | read


@cache
def models(kind):
    """The threads of a kind as they are written, with their slots open."""
    return tuple(thread for name in ("many.md", "often.md") for thread in map(_read, content.source_of(name)) if thread.kind == kind)


def _read(text):
    for name, span in SPANS.items():
        text = text.replace("+" + name, "+" + span)
    return content.read_thread(text)


class Talk:
    """The words of one thread: a name means the same all through it, one with a plus is chosen anew each time.
    people: {role: what stands for them in a text}."""

    def __init__(self, rng, people):
        self.rng, self.chosen, self.taken = rng, dict(people), set()

    def fill(self, text):
        """The text with its words chosen, each sentence with a capital."""
        filled = _SPACE.sub(" ", _SLOT.sub(self._choose, text))
        if "\n" in filled:
            filled = _EMPTY.sub("\n\n", filled.replace("\n ", "\n").replace(" \n", "\n"))
        return _START.sub(lambda found: found[0].upper(), filled.strip())

    def _choose(self, found):
        plus, name, number = found.groups()
        if plus:
            return self._fresh(name)
        if name + number not in self.chosen:
            self.chosen[name + number] = self._digits(int(number)) if name == "n" else self._other(name)
        return self.chosen[name + number]

    def _other(self, name):
        word = next((word for word in (self._fresh(name) for _ in range(4)) if word not in self.taken), self._fresh(name))
        self.taken.add(word)
        return word

    def _fresh(self, name):
        some = words()[name]
        return _SLOT.sub(self._inner, some[int(self.rng.random() * len(some))])

    def _inner(self, found):
        _, name, number = found.groups()
        return self._digits(int(number)) if name == "n" else self._fresh(name)

    def _digits(self, count):
        return str(int((10 ** (count - 1)) * (2 + 8 * self.rng.random()))) if count > 1 else str(2 + int(self.rng.random() * 7))


def after(rng, span):
    """So much later, more or less."""
    return timedelta(seconds=span.total_seconds() * rng.lognormvariate(0, 0.8))


def split(text):
    """(title, body) of a text: the title stands in a line of its own, else it is the first sentence."""
    if text.startswith("# "):
        title, _, text = text[2:].partition("\n")
        return title, text.strip()
    first = text.partition("\n\n")[0].replace("*", "")
    found = _SENTENCE.match(first)
    return cut(found[0] if found else first, MAX_TITLE), text


def hashtags(text):
    """The names of the hashtags of a text, each once."""
    return list(dict.fromkeys(shown for _, _, shown in hashtags_in(text)))


def as_html(text):
    """The HTML of a text of the samples, as posts.checker would render it: paragraphs, numbered lists, emphasis, hashtags, people."""
    return "\n".join(map(_block, text.split("\n\n")))


def _block(block):
    if block.startswith("1. "):
        return "<ol>\n" + "".join(f"<li>{_inline(line.partition('. ')[2])}</li>\n" for line in block.split("\n")) + "</ol>"
    return f"<p>{_inline(block)}</p>"


def _inline(line):
    line = html.escape(line, quote=False)
    if "*" in line:
        line = _EMPHASIS.sub(r"<em>\1</em>", line)
    if "@" in line:
        line = _MENTION.sub(lambda found: f'<a href="/@{found[1]}">@{found[1]}</a>', line)
    return _HASHTAG.sub(_link, line) if "#" in line else line


def _link(found):
    return f'<a href="/t/{quote(fold(found[1]), safe="")}">#{found[1]}</a>'
