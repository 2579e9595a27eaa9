"""What a mail about notices says: subject, lines, and why one gets it; pure computing."""
from typing import NamedTuple

from . import words_checker

MOST_QUOTED = 1_200
MOST_TITLE = 110
#: why somebody is told, by how they stand to the thread
WHY = {"thanked": "you are thanked in it", "mentioned": "you were mentioned", "assignee": "it was given to you", "requester": "you asked this",
       "promiser": "you promised the next word", "author": "you wrote it", "added": "you were added to it", "affected": "you said it touches you",
       "voter": "you voted for it", "follower": "you follow it", "writer": "you wrote in it", "team": "it is your team's",
       "owner": "you answer for this article", "circle": "you belong to its circle", "everyone": "it is for everybody",
       "tagged": "you follow one of its hashtags"}


class Item(NamedTuple):
    """One thing a mail tells.  title, quote: empty where the thread is confidential; why: the end of "because …"."""

    sentence: str
    title: str
    quote: str
    url: str
    why: str

    @property
    def quoted(self):
        """The lines of the quote."""
        return self.quote.split("\n") if self.quote else []


def item_of(happening, thread, quote, url):
    """The Item of a happening.  thread: with title and sealed; of a confidential one neither title, name nor word is said."""
    why = WHY.get(happening.relation, "you take part in it")
    if thread.sealed:
        return Item(words_checker.discreet(happening)[1], "", "", url, why)
    return Item(words_checker.sentence(happening), thread.title, cut(quote, MOST_QUOTED), url, why)


def subject_of(items):
    """The subject of a mail: what happened and where; of several, how many, and the newest of them (the last)."""
    newest = items[-1]
    if len(items) > 1:
        return f"{len(items)} things are new" + (f", in “{words_checker.cut(newest.title, MOST_TITLE)}” and elsewhere" if newest.title else "")
    if not newest.title:
        return newest.sentence
    first = newest.sentence.removesuffix(".")
    return f"{newest.sentence if first == newest.sentence else first + ':'} {words_checker.cut(newest.title, MOST_TITLE)}"


def cut(text, most):
    """A text of several lines, at most so many characters, cut between words."""
    text = "\n".join(line.rstrip() for line in text.strip().split("\n"))
    if len(text) <= most:
        return text
    return text[:most - 1].rstrip().rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


def subject_of_digest(parts):
    """The subject of a digest: how much waits, else the first of what is new.  parts: with key, items (with title and sentence), more."""
    counts = {part.key: len(part.items) + part.more for part in parts}
    waits, rest = counts.pop("waiting", 0), sum(counts.values())
    if waits:
        return f"{'1 thing waits' if waits == 1 else f'{waits} things wait'} for you" + (f", {rest} {'is' if rest == 1 else 'are'} new" if rest else "")
    first = parts[0].items[0]
    return words_checker.cut(first.title or first.sentence, MOST_TITLE) + (f", and {rest - 1} more" if rest > 1 else "")
