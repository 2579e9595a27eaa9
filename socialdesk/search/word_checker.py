"""How a text becomes the words that are looked up: folded, lightly stemmed, in short runs where a script writes no spaces."""
import html
import re
import unicodedata
from functools import cache, lru_cache
from typing import NamedTuple

from ..people.text_checker import clean

MAX_TEXT = 10_000               # characters of a query that are looked at
MAX_TERMS = 32                  # words of a query that are looked up
MAX_WORD = 40                   # what is longer is no word that anybody types

#: words that say little alone: they take part in the order, never in the decision whether something fits
STOP = frozenset("""
a about after again all also am an and any anybody anyone are as at be because been before being but by can cannot cant could did didnt do
does doesnt doing done dont each else ever every everything for from get gets getting give go goes going got had has have havent having he
hello help her here hers hi him his how however i id if ill im in into is isnt it its ive just keep know let like make many may maybe me
might more most much must my need needs never no nobody not nothing now of off ok on one only onto or other our ours out over own please
put question really same say see she should show since so some somebody someone something still such sure take tell than thank thanks that thats
the their them then there these they thing things this those through to too tried try trying under until up upon us use used user using
very want wanted wants was way we well were what whats when where which while who whom why will with without wont would yes yet you your
problem issue work works working error
aber alle als also am an auch auf aus bei beim bin bis bitte da damit dann das dass dein dem den der des die dies diese dieser doch dort du
durch ein eine einem einen einer eines er es euch fur hab habe haben hallo hat hatte hier ich ihm ihn ihr ihre im in ist ja jetzt kann kein
keine konnen man mehr mein meine meinem meinen mich mir mit muss nach nicht noch nun nur ob oder ohne schon sehr sein seine seit sich sie
sind so soll um und uns unser unter vom von vor wann war warum was wenn wer werden wie wieder wir wird wo zu zum zur uber problem fehler
""".split())

# Scripts that write no spaces between words, and how long the runs of their signs are that stand for words.
_UNSPACED = (("\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff", 3), ("\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0002ffff", 2))
_RUNS = re.compile("|".join(f"(?P<n{length}>[{signs}]+)" for signs, length in _UNSPACED))


_BLOCK_END = re.compile(r"</(?:p|h[1-6]|li|tr|pre|blockquote|table)>|<br */?>|<hr */?>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


def plain_of_html(text):
    """The words of HTML that came out of our own Markdown, a line for each block."""
    bare = html.unescape(_TAG.sub("", _BLOCK_END.sub("\n", text.replace("</td>", " ").replace("</th>", " "))))
    return re.sub(r"\n\s*", "\n", bare).strip()


class Term(NamedTuple):
    """A word of a query.  word: as the index has it; start: what the word being typed begins with, or empty; typed: as spelled, folded."""

    word: str
    start: str = ""
    typed: str = ""

    @property
    def says_something(self):
        """Is it a word that can decide whether something fits?"""
        return self.word not in _stop_stems() and (len(self.word) > 1 or not self.word.isascii())


def words_of(text):
    """The words of a text, in its order, as the index keeps them."""
    return list(each_word(text))


def each_word(text):
    """The same one by one, for who need not see them all."""
    return (word for found in _words().finditer(clean(text)) for word in _index_words(found.group()))


def forms_of(text):
    """[(form, word)] of a text, in its order: each word as it is spelled, folded, and as the index keeps it."""
    found = []
    for place in _words().finditer(clean(text)):
        words = _index_words(place.group())
        found += [(_folded(place.group())[:MAX_WORD], words[0])] if len(words) == 1 else [(word, word) for word in words]
    return found


def places_of(text):
    """[(start, end, words)] of what stands in a text between its spaces and signs.  text: clean."""
    return [(*found.span(), _index_words(found.group())) for found in _words().finditer(text)]


def terms_of(text):
    """The different words of what somebody types, at most MAX_TERMS; the last one may go on.  Never raises."""
    text = clean(text[-MAX_TEXT:] if len(text) > MAX_TEXT else text)
    places = places_of(text)
    terms = {}
    for start, end, words in places:
        typed = _folded(text[start:end])[:MAX_WORD] if len(words) == 1 else ""
        for word in words:
            terms.setdefault(word, Term(word, typed=typed or word))
    if places and places[-1][1] == len(text):
        terms |= _going_on(text[places[-1][0]:], places[-1][2], terms)
    found = list(terms.values())
    return found if len(found) <= MAX_TERMS else found[:MAX_TERMS // 2] + found[-MAX_TERMS // 2:]


def _going_on(typed, words, terms):
    """The last word, with what it begins with; it takes the place of the finished one."""
    start = _folded(typed)
    if not words or len(words) > 1 or not is_one_word(start):
        return {}
    terms.pop(words[0], None)
    return {words[0]: Term(words[0], start[:MAX_WORD], start[:MAX_WORD])}


def is_one_word(text):
    """Is it a single run of letters, digits and marks?"""
    found = _words().fullmatch(text)
    return found is not None and "'" not in text and "’" not in text


@lru_cache(20_000)
def _index_words(typed):
    """What the index has for something between spaces: one stemmed word, or the runs of a script without spaces."""
    folded, words, end = _folded(typed), [], 0
    for run in _RUNS.finditer(folded):
        words += _spaced(folded[end:run.start()]) + _in_runs(run.group(), int(run.lastgroup[1:]))
        end = run.end()
    return tuple(words + _spaced(folded[end:]))


def _folded(typed):
    """One spelling for all: compatible signs joined, case and the accents of Latin letters gone."""
    folded = unicodedata.normalize("NFKC", typed).casefold()
    folded = re.sub(r"['’]s?$|['’]", "", folded)
    if folded.isascii():
        return folded
    bare = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", folded))
    return unicodedata.normalize("NFC", bare)


def _spaced(text):
    return [stem(word)[:MAX_WORD] for word in _words().findall(text)]


def _in_runs(text, length):
    return [text] if len(text) <= length else [text[at:at + length] for at in range(len(text) - length + 1)]


def stem(word):
    """An English word without its common endings; others are left nearly as they are."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    word = _without_plural(word)
    for ending in ("ing", "ed"):
        bare = word.removesuffix(ending)
        if bare != word and len(bare) > 2 and re.search("[aeiouy]", bare):
            word = bare[:-1] if bare[-1] == bare[-2] and bare[-1] not in "lsz" else bare
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def _without_plural(word):
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if re.search("(?:ss|x|ch|sh|zz)es$", word):
        return word[:-2]
    return word[:-1] if word.endswith("s") and word[-2] not in "sui" else word


@cache
def _stop_stems():
    return frozenset(STOP | {stem(word) for word in STOP})


@cache
def _words():
    """The pattern of a word: letters and digits with their marks, apostrophes inside."""
    marks = [code for code in range(0x300, 0x20000) if unicodedata.category(chr(code))[0] == "M"]
    spans, start = [], marks[0]
    for one, following in zip(marks, [*marks[1:], 0]):
        if following != one + 1:
            spans.append(f"{chr(start)}-{chr(one)}")
            start = following
    part = f"(?:[^\\W_]|[{''.join(spans)}])"
    return re.compile(f"[^\\W_]{part}*(?:['’]{part}+)*")
