"""How often the right hashtag is among those offered: the training part is brought in by `import`, the rest is asked."""
import argparse
import gzip
import hashlib
import json
import random
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from .desk import Desk
from .suggest import filler, percentiles, plain

PART = 5                                # one in so many is asked, by the hash of its text
WANTED_PRECISION = 0.95                 # at which the threshold for routing unasked is set, on the training part alone
ASKER = "asker@example.org"
A_HASHTAG = 50                          # made documents that carry the same made hashtag, in the middle


def lines_of(path):
    """The objects of a file of JSON lines, packed or not."""
    opened = gzip.open(path, "rt", encoding="utf-8") if str(path).endswith(".gz") else open(path, encoding="utf-8")
    with opened as lines:
        return [json.loads(line) for line in lines if line.strip()]


def pairs_of(arguments):
    """[(text, label)] out of a file of tickets, or of those documents of a pack that carry hashtags (the first one counts)."""
    if arguments.tickets:
        return [(row["text"], row["category"]) for row in lines_of(arguments.tickets) if row.get("text") and row.get("category")]
    found = []
    for path in sorted(Path(arguments.pack).glob("*.jsonl*")):
        for row in lines_of(path):
            label = row.get("category") or next(iter(row.get("tags") or ()), None)
            text = row.get("text") or "\n\n".join(filter(None, (row.get("title"), row.get("body") or row.get("body_markdown"))))
            if label and text:
                found.append((text, label))
    return found


def part_of(text, salt=""):
    """0 to PART - 1, by the hash of a text."""
    return int(hashlib.sha256((salt + text).encode()).hexdigest(), 16) % PART


def bring_in(desk, pairs):
    """Import them as questions, each with its hashtag."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for text, label in pairs:
            file.write(json.dumps({"kind": "question", "body": text, "author_email": "people@example.org", "tags": [label]}) + "\n")
        file.flush()
        desk.command("import", "posts", file.name)


def fill(desk, count):
    """Import so many made questions with made hashtags, a few of which are on many and most on few."""
    luck, many = random.Random(4), max(1, count // A_HASHTAG)
    made = ((plain(f"{one['title']}.\n\n{one['body_markdown']}"), f"made{int(many * luck.random() ** 2)}") for one in filler(count))
    bring_in(desk, made)


def measure(app, asker, pairs, times=None):
    """[(right label, [(label, confidence)])] of the query function behind POST /hashtags/suggest, the labels folded.
    times: a list that is given the CPU milliseconds of each."""
    from socialdesk.policy import viewer_of
    from socialdesk.search.tag_queries import likely_tags
    from socialdesk.tags.checker import fold, from_foreign
    with app.app_context():
        viewer, answers = viewer_of(asker), []
        for n, (text, label) in enumerate(pairs):
            begin = time.thread_time()
            found = likely_tags(viewer, text, 3)
            if times is not None:
                times.append(1000 * (time.thread_time() - begin))
            answers.append((fold(from_foreign(label)), [(fold(name), sure) for name, sure in found]))
            if n % 200 == 0:
                print(f"\rasked {n} of {len(pairs)}", end="", file=sys.stderr)
        print(file=sys.stderr)
    return answers


def threshold_of(answers):
    """The least confidence from which on the first answer is right often enough."""
    best, right = 1.01, 0
    firsts = sorted(((found[0][1], found[0][0] == label) for label, found in answers if found), reverse=True)
    for n, (sure, is_right) in enumerate(firsts, 1):
        right += is_right
        if right / n >= WANTED_PRECISION and (n == len(firsts) or firsts[n][0] < sure):
            best = sure
    return best


def scores(answers, threshold):
    """The figures of the bench."""
    firsts = [(label, found[0] if found else (None, 0)) for label, found in answers]
    unasked = [label == name for label, (name, sure) in firsts if name and sure >= threshold]
    return {"r1": share(label == name for label, (name, _sure) in firsts),
            "r3": share(label in [name for name, _sure in found] for label, found in answers),
            "macro_f1": macro_f1([(label, name) for label, (name, _sure) in firsts]),
            "unasked_precision": share(unasked), "unasked_coverage": round(len(unasked) / max(1, len(answers)), 3), "threshold": threshold}


def share(hits):
    """The share of those that hold, or None of nothing."""
    hits = list(hits)
    return round(sum(hits) / len(hits), 3) if hits else None


def macro_f1(pairs):
    """The mean F1 over the labels that are right somewhere.  pairs: (right, said)."""
    counts = defaultdict(lambda: [0, 0, 0])         # label -> right, said, meant
    for label, name in pairs:
        counts[label][2] += 1
        counts[name][1] += 1
        counts[label][0] += label == name
    values = [2 * right / (said + meant) for right, said, meant in counts.values() if meant]
    return round(sum(values) / len(values), 3)


def main():
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--pack", help="a folder of JSON lines whose documents carry tags")
    what.add_argument("--tickets", help="a file of JSON lines {text, category}, packed or not")
    parser.add_argument("--corpus-size", type=int, default=0, help="documents in all; what is lacking is made up, with made hashtags")
    options = parser.parse_args()
    pairs = pairs_of(options)
    if not pairs:
        sys.exit("Nothing in there carries a hashtag: lines need a text and a category, or tags.")
    asked = [pair for pair in pairs if part_of(pair[0]) == 0]
    training = [pair for pair in pairs if part_of(pair[0])]
    held = [pair for pair in training if part_of(pair[0], "threshold") == 0]
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run(Desk(folder, JOBS="off"), training, held, asked, options.corpus_size)))


def run(desk, training, held, asked, size=0):
    """Make the desk as large as wanted, bring the training part in but for what is held back, find the threshold with that, bring it in too, then ask."""
    from socialdesk import config, create_app
    from socialdesk.people.models import Person
    desk.command("person", "add", "--email", ASKER, "--name", "Asker")
    if size > len(training):
        fill(desk, size - len(training))
    left = set(map(id, held))
    bring_in(desk, [pair for pair in training if id(pair) not in left])
    app = create_app(config.load({k: v for k, v in desk.environ.items() if k.startswith("SOCIALDESK_")}))
    with app.app_context():
        asker = Person.query.filter_by(email_fold=ASKER).one().id
    threshold = threshold_of(measure(app, asker, held))
    bring_in(desk, held)
    from socialdesk.search.shelf_queries import shelf
    shelf.reset()
    times = []
    measure(app, asker, asked[:20])                             # what is read once
    answers = measure(app, asker, asked, times)
    return scores(answers, threshold) | {"engine_cpu_ms": percentiles(times), "trained_on": len(training), "asked": len(asked),
                                         "documents": max(size, len(training))}


if __name__ == "__main__":
    main()
