"""The sense of words, where the extra is installed: it puts first what means the same, and is never needed."""
import importlib.util
import json
import re
import struct
import sys

import numpy as np
import pytest
import sqlalchemy as sa

from socialdesk import health
from socialdesk.db import db, transaction
from socialdesk.posts.models import Post
from socialdesk.search import semantic_index
from socialdesk.search.actions import index_posts
from socialdesk.search.models import Document, Sense
from socialdesk.search.rebuild_actions import merge_all

from .conftest import run_due

JSON = {"Accept": "application/json"}
PACKAGES = ("wordllama", "tokenizers")
#: words that mean nearly the same stand on a line
MEANINGS = """laptop notebook
screen display
black dark
picture pictures wallpaper
choose wanted
keyboard keys
broken defect""".splitlines()
TOKENIZER = '''
import json
from types import SimpleNamespace

class Tokenizer:
    @staticmethod
    def from_file(path):
        made = Tokenizer()
        with open(path) as file:
            made.words = json.load(file)
        return made

    def encode_batch(self, texts, add_special_tokens):
        return [SimpleNamespace(ids=[self.words[word] for word in text.lower().replace(".", " ").split() if word in self.words]) for text in texts]
'''


def rows_of_meanings(kind):
    """({word: token}, rows of numbers): words of a line point nearly the same way."""
    luck, words, rows = np.random.default_rng(3), {}, []
    for line in MEANINGS:
        way = luck.normal(size=semantic_index.WIDTH)
        for word in line.split():
            words[word] = len(rows)
            rows.append(way + 0.1 * luck.normal(size=semantic_index.WIDTH))
    return words, np.array(rows, kind)


def safetensors(numbers, dtype=None, **about):
    """The bytes of a safetensors file of one tensor; about: what it says otherwise of itself."""
    blob = numbers.tobytes()
    tensor = {"dtype": dtype or {2: "F16", 4: "F32"}[numbers.itemsize], "shape": list(numbers.shape), "data_offsets": [0, len(blob)]} | about
    head = json.dumps({"__metadata__": {"format": "pt"}, "embedding.weight": tensor}).encode()
    return struct.pack("<Q", len(head)) + head + blob


class Extra:
    """The two packages as they are installed, with words of this test."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.monkeypatch = folder, monkeypatch
        self.before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in PACKAGES}
        self.model = folder / "wordllama" / "weights" / "l2_supercat_256.safetensors"
        self.words = folder / "wordllama" / "tokenizers" / "l2_supercat_tokenizer_config.json"

    def install(self, kind=np.float16, model=None, words=None):
        """Put them there, as damaged as wanted."""
        known, rows = rows_of_meanings(kind)
        for path, content in ((self.folder / "tokenizers" / "__init__.py", TOKENIZER.encode()), (self.folder / "wordllama" / "__init__.py", b""),
                              (self.model, safetensors(rows) if model is None else model),
                              (self.words, json.dumps(known).encode() if words is None else words)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self.monkeypatch.syspath_prepend(str(self.folder))
        self._forget()

    def remove(self):
        """Take them away."""
        sys.path.remove(str(self.folder))
        self._forget()

    def put_back(self):
        """Whatever was loaded before is loaded again."""
        self._forget()
        sys.modules.update(self.before)

    def _forget(self):
        for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES]:
            del sys.modules[name]
        semantic_index.forget()


@pytest.fixture
def extra(tmp_path_factory, monkeypatch):
    """The extra, not installed yet, and no other one in sight."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, package=None: None if name in PACKAGES and str(made.folder) not in sys.path
                        else find(name, package))
    made = Extra(tmp_path_factory.mktemp("packages"), monkeypatch)
    semantic_index.forget()
    yield made
    monkeypatch.undo()
    made.put_back()


def articles(make):
    """Two that share the same words with what is typed; only the second means the same."""
    for title in ("Order a new phone", "Book a meeting room", "Clean the coffee machine", "Lost badge at the gate"):
        make.article(title=title, body="Ask at the reception.")
    like = make.article(title="Black screen of a notebook", body="The display stays dark. Hold the notebook button.")
    other = make.article(title="Black screen pictures", body="Choose the wallpaper that is wanted.")
    run_due()
    return like, other


def titles(browser, text="black laptop screen"):
    found = browser.get("/suggestions", query_string={"q": text}, headers=JSON)
    assert found.status_code == 200
    return [one["title"] for one in found.json["suggestions"]]


def known():
    db.session.rollback()
    return {row.post_id: bytes(row.vectors) for row in db.session.scalars(sa.select(Sense))}


def checked(desk, what="sense of words"):
    db.session.rollback()
    ((fine, sentence),) = [(fine, sentence) for fine, name, sentence in health.check(desk) if name == what]
    return fine, sentence


LIKE, OTHER = "Black screen of a notebook", "Black screen pictures"


# --- what it adds

@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_what_means_the_same_comes_first(extra, browse, make, kind):
    extra.install(kind)
    articles(make)
    assert titles(browse(make.person())) [0] == LIKE


def test_without_the_extra_the_words_alone_decide(extra, browse, make, desk):
    articles(make)
    assert titles(browse(make.person()))[0] == OTHER, "the shorter text says more of it in the same words"
    assert known() == {} and checked(desk) == (True, "the semantic extra is not installed: search goes by the words alone")


def test_the_order_is_the_same_before_and_after_merging(extra, browse, make):
    extra.install()
    articles(make)
    person = browse(make.person())
    before = titles(person), titles(person, "dark display")
    merge_all()
    assert (titles(person), titles(person, "dark display")) == before


def test_a_reply_of_the_desk_is_helped_by_it_too(extra, browse, make):
    articles(make)
    agent, ticket = make.agent(), make.ticket(body="Black laptop screen")
    page = browse(agent).get(f"/p/{ticket.id}/like-this").text
    assert page.index(OTHER) < (page.index(LIKE) if LIKE in page else len(page))
    extra.install()
    run_due(clockwork=True)
    page = browse(agent).get(f"/p/{ticket.id}/like-this").text
    assert page.index(LIKE) < page.index(OTHER)


# --- kept in step with the deed

def test_a_sense_is_written_with_the_deed_changed_with_it_and_gone_with_it(extra, browse, make):
    extra.install()
    author = make.agent()
    article = make.article(author, title="Laptop screen", body="Black.")
    run_due()
    first = known()[article.id]
    assert len(first) == 2 * semantic_index.BYTES, "one of the title, one of the body"
    assert browse(author).post("/help/laptop-screen/edit", data={"title": "Laptop screen", "body": "Broken keys."}).status_code == 303
    run_due()
    second = known()[article.id]
    assert second[:semantic_index.BYTES] == first[:semantic_index.BYTES] and second != first


def test_an_answer_that_is_taken_back_takes_its_sense_with_it(extra, browse, make):
    extra.install()
    asker, helper = make.person(), make.person()
    question = make.question(asker, body="Why is my laptop screen black?")
    answer = make.reply(question, helper, body="Choose another display.")
    assert browse(asker).post(f"/p/{question.id}/accepted-answer", data={"reply_id": answer.id}).status_code == 303
    run_due()
    assert set(known()) == {question.id, answer.id}
    assert browse(helper).post(f"/p/{answer.id}/delete").status_code == 303
    run_due()
    assert set(known()) == {question.id}


def test_what_was_written_before_the_extra_came_gets_its_sense_by_a_job(extra, browse, make, desk):
    articles(make)
    count = db.session.scalar(sa.select(sa.func.count()).select_from(Document))
    extra.install()
    person = browse(make.person())
    assert titles(person)[0] == OTHER, "until then the words decide, and nothing falls silent"
    assert checked(desk) == (True, f"not known yet of {count} documents; a job finds it, and the words count for them meanwhile")
    run_due(clockwork=True)
    assert len(known()) == count and titles(person) [0] == LIKE
    assert checked(desk) == (True, "known of every document")


def test_the_job_goes_on_slice_by_slice_and_looks_again_later(extra, make, monkeypatch, time):
    from socialdesk.search import sense_actions
    monkeypatch.setattr(sense_actions, "SLICE", 2)
    run_due(clockwork=True)
    articles(make)
    extra.install()
    run_due(clockwork=True)
    assert known() == {}, "the clockwork looked a moment ago"
    time.pass_(seconds=sense_actions.SECONDS + 1)
    run_due(clockwork=True)
    assert len(known()) == 6


def test_a_document_without_its_sense_is_not_lost_among_those_that_have_one(extra, browse, make):
    extra.install()
    like, other = articles(make)
    with transaction():
        db.session.execute(sa.delete(Sense).where(Sense.post_id == other.id))
    person = browse(make.person())
    assert sorted(titles(person)) == [LIKE, OTHER]
    with transaction():
        db.session.execute(sa.delete(Sense).where(Sense.post_id == like.id))
        db.session.execute(sa.insert(Sense), [{"post_id": like.id, "vectors": b"damaged"}])
    assert sorted(titles(person)) == [LIKE, OTHER]


def test_taking_the_extra_away_breaks_nothing_and_what_it_wrote_grows_no_older(extra, browse, make):
    extra.install()
    author = make.agent()
    articles(make)
    article = make.article(author, title="Laptop keys", body="Broken keyboard.")
    run_due()
    before = known()[article.id]
    extra.remove()
    person = browse(make.person())
    assert titles(person)[0] == OTHER
    assert browse(author).post("/help/laptop-keys/edit", data={"title": "Laptop keys", "body": "Black."}).status_code == 303
    run_due(clockwork=True)
    assert article.id not in known() and titles(person, "laptop keys") == ["Laptop keys"]
    extra.install()
    with transaction():
        db.session.execute(sa.text("delete from clockwork"))
    run_due(clockwork=True)
    assert known()[article.id] not in (before, b"") and titles(person) [0] == LIKE


# --- rights

def test_what_one_may_not_read_is_not_found_by_its_sense_either(extra, browse, make):
    extra.install()
    like, other = articles(make)
    circle = make.circle("Pilots")
    with transaction():
        db.session.execute(sa.update(Post).where(Post.id == like.id).values(audience="circle", circle_id=circle.id))
    with transaction():
        index_posts([like.id])
    run_due()
    assert LIKE not in titles(browse(make.person())) and LIKE not in titles(browse(make.admin()))
    assert titles(browse(make.person(circles=[circle]))) [0] == LIKE
    with transaction():
        db.session.execute(sa.update(Post).where(Post.id == like.id).values(audience="private", circle_id=None))
    with transaction():
        index_posts([like.id])
    assert LIKE not in titles(browse(make.person(circles=[circle])))


# --- damaged

_KNOWN, _ROWS = rows_of_meanings(np.float16)
_GOOD = safetensors(_ROWS)


@pytest.mark.parametrize("model, said", [
    (b"", "its beginning makes no sense"), (b"\x01\x02\x03", "its beginning makes no sense"), (struct.pack("<Q", 1 << 60) + b"{}", "its beginning makes no sense"),
    (_GOOD[:-1], "ends too early"), (_GOOD[:300], "ends too early"), (_GOOD[:40], "its beginning makes no sense"),
    (struct.pack("<Q", 4) + b"{nope", "what it says of itself makes no sense"), (struct.pack("<Q", 2) + b"[]" + b"0" * 9, "what it says of itself makes no sense"),
    (struct.pack("<Q", 20) + b'{"__metadata__": {} }', "what it says of itself makes no sense"),
    (safetensors(_ROWS, "BF16"), "numbers of the unknown type BF16"), (safetensors(_ROWS, "F32"), "does not hold rows of 256 numbers"),
    (safetensors(_ROWS, None, shape=[7, 512]), "does not hold rows of 256 numbers"), (safetensors(_ROWS, None, shape=[-14, -256]), "does not hold rows"),
    (safetensors(_ROWS, None, shape="many"), "what it says of itself makes no sense"), (safetensors(_ROWS, None, data_offsets=[-8, 7160]), "does not hold rows"),
    (safetensors(_ROWS[:, :128]), "does not hold rows of 256 numbers")])
def test_a_damaged_file_leaves_the_words_and_check_says_so(extra, browse, make, desk, model, said):
    extra.install(model=model)
    articles(make)
    assert titles(browse(make.person()))[0] == OTHER and known() == {}
    fine, sentence = checked(desk)
    assert not fine and said in sentence and "l2_supercat_256.safetensors" in sentence
    assert re.search("search goes by the words alone; install it again from requirements/semantic.lock, then restart$", sentence)


def test_so_does_a_tokenizer_that_cannot_be_read_or_a_missing_file(extra, browse, make, desk):
    extra.install(words=b"{broken")
    articles(make)
    assert titles(browse(make.person()))[0] == OTHER and checked(desk)[0] is False
    extra.install()
    extra.model.unlink()
    semantic_index.forget()
    fine, sentence = checked(desk)
    assert not fine and "its files cannot be read (FileNotFoundError)" in sentence and titles(browse(make.person()))[0] == OTHER


def test_tokens_beyond_the_file_and_numbers_that_are_none_are_passed_by(extra, browse, make):
    rows = _ROWS.copy()
    rows[_KNOWN["choose"]] = np.nan
    rows[_KNOWN["wanted"]] = np.inf
    extra.install(model=safetensors(rows), words=json.dumps(_KNOWN | {"reception": 99_999}).encode())
    articles(make)
    person = browse(make.person())
    assert titles(person)[0] == LIKE
    assert all(np.isfinite(np.frombuffer(blob, "<f2")).all() for blob in known().values())
    assert titles(person, "choose wanted pictures") is not None


@pytest.mark.parametrize("text", ["\x00 black screen", "مرحبا شاشة سوداء", "🙈 🙉 🙊", '"black" AND -screen OR (', "zzz " * 2_000, "ab\ud800cd black screen"])
def test_odd_text_raises_nothing(extra, make, text):
    extra.install()
    articles(make)
    from socialdesk.search.queries import suggest
    suggest(make.person(), text)
    assert np.isfinite(semantic_index.vector(text)).all()


# --- the real one

def test_with_the_packages_themselves_a_synonym_is_understood(browse, make):
    for name in PACKAGES:
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    semantic_index.forget()
    assert semantic_index.fault() is None
    like, near, far = (semantic_index.vector(text) for text in ("my laptop is broken", "notebook computer does not work", "the canteen serves fish on Friday"))
    assert like @ near > like @ far + 0.1
    articles(make)
    assert titles(browse(make.person()))[0] == LIKE
