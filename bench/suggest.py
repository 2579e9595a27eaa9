"""Suggestions on a pack of questions with known answers: how often the right one is shown, when it is silent, what a key costs.

The pack's documents come in through `import`, with as many made ones as are wanted; the questions are asked of the function
behind /suggestions, rights on, and a sample over HTTP.  Labels decide who was right and never enter the desk."""
import argparse
import gzip
import http.client
import json
import random
import sys
import tempfile
import time
from collections import defaultdict
from itertools import accumulate
from pathlib import Path
from urllib.parse import quote

import numpy as np

from .desk import desk

SHARES = (30, 50, 70)
SAMPLE = 300                            # questions of a set that are asked while typed
OVER_HTTP = 1_500                       # keys pressed over HTTP

SOUND = ("ka lo mi ren tu sa vo ne pil dor gra ast ume bri zet lon fa gy hul jor wex qui yan cle dro spe tra bol nim ost "
         "eri ul ach ing ot pra sco ven tam rus").split()
SMALL = ("the of to and a in is it for on with as at by from this that be are was not or you can your when if an will has have do does then which "
         "all more one two new same after before only into about").split()
VOCABULARY, LARGEST = 30_000, 12         # made words; the commonest is about so many times rarer than the law of Zipf has it


def filler(count):
    """So many made articles: small words of English between made ones, which are as rare as words are."""
    luck = random.Random(20)
    words = list(dict.fromkeys("".join(luck.choices(SOUND, k=luck.choice((2, 2, 3, 3, 4)))) for _ in range(VOCABULARY * 2)))[:VOCABULARY]
    weights = list(accumulate(1 / (rank + LARGEST) for rank in range(len(words))))

    def text(length):
        made = luck.choices(words, cum_weights=weights, k=length)
        return " ".join(luck.choice(SMALL) if luck.random() < .4 else word for word in made)
    for n in range(count):
        yield {"id": f"made-{n}", "title": text(luck.randrange(4, 12)).capitalize(),
               "body_markdown": "\n\n".join(f"{text(luck.randrange(6, 20)).capitalize()}." for _ in range(luck.randrange(1, 5)))}


def plain(text):
    """A text that Markdown leaves as it is."""
    return "".join("\\" + sign if sign in "\\`*_{}[]<>()#+-.!|~&" else sign for sign in text)


def import_pack(made, pack, size):
    """Bring the pack's documents and the made ones in."""
    documents = read(pack / "corpus.jsonl.gz")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "articles.jsonl.gz"
        with gzip.open(path, "wt", compresslevel=1) as file:
            for one in documents:
                file.write(json.dumps({"id": one["id"], "title": one["title"][:120], "body_markdown": plain(one["body"].strip()) or "…"}) + "\n")
            for one in filler(max(0, size - len(documents))):
                file.write(json.dumps(one) + "\n")
        print(made.command("import", "articles", path), file=sys.stderr)
    return documents


def read(path):
    """The lines of a packed file."""
    with gzip.open(path, "rt") as file:
        return [json.loads(line) for line in file]


def typo(word, luck):
    """A word with one mistake: a letter missing, too many, wrong, or two the wrong way round."""
    at, sign = luck.randrange(1, len(word)), luck.choice("abcdefghijklmnopqrstuvwxyz")
    return luck.choice([word[:at] + word[at + 1:], word[:at] + sign + word[at:], word[:at] + sign + word[at + 1:],
                        word[:at - 1] + word[at] + word[at - 1] + word[at + 1:]])


def mistyped(text, luck):
    """A text with a mistake in a fifth of its longer words."""
    return " ".join(typo(word, luck) if len(word) >= 4 and word.isalpha() and luck.random() < .2 else word for word in text.split())


def cut(text, share):
    """So many hundredths of a text."""
    return text[:max(2, round(len(text) * share / 100))]


class Asked:
    """The function behind /suggestions, asked by a person of the desk."""

    def __init__(self, folder, documents):
        from socialdesk import config, create_app
        self.app = create_app(config.load({"SOCIALDESK_JOBS": "off"}, data=Path(folder)))
        self.app.app_context().push()
        import sqlalchemy as sa

        from socialdesk.db import db
        from socialdesk.people.models import Person
        from socialdesk.policy import viewer_of
        from socialdesk.posts.models import Post
        from socialdesk.search import queries
        self.queries, self.times = queries, []
        self.viewer = viewer_of(db.session.scalar(sa.select(Person.id).where(Person.email == "ada@example.org")))
        keys = dict(map(tuple, db.session.execute(sa.select(Post.external_id, Post.id).where(Post.external_id.is_not(None)))))
        self.ids = {one["id"]: keys[f"id:{one['id']}"] for one in documents if f"id:{one['id']}" in keys}
        self.labels = defaultdict(set)
        for one in documents:
            self.labels[one["label"]].add(self.ids.get(one["id"]))

    def right(self, question):
        """The ids of what answers a question."""
        return {self.ids.get(one) for one in question["relevant"]} if "relevant" in question else self.labels[question["relevant_label"]]

    def found(self, text):
        """(the ids of the first three, how sure of the surest), before silence."""
        known = self.queries.known(self.viewer, text, 3, shy=False)
        return {one.row.post_id for one in known}, max((one.fit for one in known), default=0.0)

    def suggestions(self, text):
        """What is shown; its time is kept."""
        begin = time.thread_time()
        shown = self.queries.suggest(self.viewer, text)
        self.times.append(1000 * (time.thread_time() - begin))
        return shown


def mean_of_sets(sets, hit):
    """The mean over the sets of how often a question hits."""
    return round(float(np.mean([np.mean([hit(question) for question in questions]) for questions in sets.values()])), 3)


def quality(asked, pack):
    """The figures of what is found, and of silence."""
    sets = defaultdict(list)
    for question in read(pack / "queries.jsonl.gz"):
        sets[question["set"]].append(question)
    sample = {name: random.Random(2).sample(questions, min(SAMPLE, len(questions))) for name, questions in sets.items()}
    luck, sure, shown = random.Random(5), [], []

    def whole(question):
        ids, fit = asked.found(question["query"])
        sure.append(fit)
        shown.append(bool(asked.suggestions(question["query"])))
        return bool(ids & asked.right(question))
    figures = {"hit3_whole": mean_of_sets(sets, whole)}
    wrong = {question["id"]: mistyped(question["query"], luck) for questions in sample.values() for question in questions}
    figures["hit3_whole_sample"] = mean_of_sets(sample, lambda q: bool(asked.found(q["query"])[0] & asked.right(q)))
    figures["hit3_typos"] = mean_of_sets(sample, lambda q: bool(asked.found(wrong[q["id"]])[0] & asked.right(q)))
    figures["typo_loss"] = round(figures["hit3_whole_sample"] - figures["hit3_typos"], 3)
    figures["hit3_typed"] = {str(share): mean_of_sets(sample, lambda q, share=share: bool(asked.found(cut(q["query"], share))[0] & asked.right(q)))
                             for share in SHARES}
    out = [question["query"] for question in read(pack / "out_of_scope.jsonl.gz")]
    least = np.quantile(sure, .1)
    figures["shown_out_of_scope_at_90"] = round(float(np.mean([asked.found(text)[1] >= least for text in out])), 3)
    figures["shown"] = {"answerable": round(float(np.mean(shown)), 3), "out_of_scope": round(float(np.mean([bool(asked.suggestions(text)) for text in out])), 3)}
    return figures, sample


def keys_of(sample, count):
    """Texts as they are typed, key by key, by questions."""
    luck, keys = random.Random(3), []
    questions = [question["query"] for questions in sample.values() for question in questions]
    while len(keys) < count:
        text = luck.choice(questions)[:80]
        keys += [text[:n] for n in range(8, len(text) + 1, 3)]
    return keys[:count]


def percentiles(times):
    """p50, p95, p99."""
    return {f"p{p}": round(float(np.percentile(times, p)), 2) for p in (50, 95, 99)}


def thread_seconds(made):
    """CPU seconds of the server's threads so far, to the nanosecond."""
    total = 0
    for pid in made.processes():
        for task in Path(f"/proc/{pid}/task").iterdir():
            try:
                total += int((task / "schedstat").read_text().split()[0])
            except OSError:             # a thread that ended
                continue
    return total / 1e9


def over_http(made, keys):
    """CPU milliseconds of each request of /suggestions."""
    connection = http.client.HTTPConnection("127.0.0.1", made.port, timeout=30)
    headers = {"Cookie": made.sign_in("ada@example.org"), "Accept": "application/json"}
    times = []
    for key in keys:
        begin = thread_seconds(made)
        connection.request("GET", f"/suggestions?q={quote(key)}", headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"/suggestions answered {answer.status}.")
        times.append(1000 * (thread_seconds(made) - begin))
    return times


def main():
    """Print one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m bench.suggest", description=__doc__)
    parser.add_argument("--pack", type=Path, required=True, help="a folder with corpus, queries and out_of_scope (.jsonl.gz)")
    parser.add_argument("--corpus-size", type=int, default=0, help="documents in all; what the pack lacks is made up")
    options = parser.parse_args()
    with desk() as made:
        made.command("person", "add", "--email", "ada@example.org", "--name", "Ada", "--hours", "always")
        keys = keys_of({"": read(options.pack / "queries.jsonl.gz")}, OVER_HTTP)
        made.start("--threads", "4")
        over_http(made, keys[:200])
        empty = made.memory_mb()
        made.stop()
        documents = import_pack(made, options.pack, options.corpus_size)
        made.start("--threads", "4")
        over_http(made, keys[:100])
        requests = over_http(made, keys)
        growth = made.memory_mb() - empty
        made.stop()
        asked = Asked(made.folder, documents)
        figures, sample = quality(asked, options.pack)
        asked.times.clear()
        for key in keys_of(sample, OVER_HTTP):
            asked.suggestions(key)
        from socialdesk.search.semantic_index import model
        print(json.dumps(figures | {"engine_cpu_ms": percentiles(asked.times), "request_cpu_ms": percentiles(requests), "rss_growth_mb": round(growth, 1),
                                    "documents": max(options.corpus_size, len(documents)), "semantic": model() is not None}))


if __name__ == "__main__":
    main()
