"""What a person may search at a moment: whole segments, and single documents beside them."""
from .fresh_index import Fresh

_OWN = "own"                            # the segment of single documents, whichever they are really of


class View:
    """Some segments at a moment, and single documents beside them: what a person may search.  own: Fresh of these documents, or None."""

    def __init__(self, shelf, names, own=None):
        self._shelf, self.names, self.own, self._found, self._counts = shelf, names, own, {}, {}
        self.gone = shelf.gone()
        self.documents = sum(shelf.totals(name).documents for name in names) + (own.totals[_OWN].documents if own else 0)

    def postings(self, words):
        """{word: (old, new)}, each word read once."""
        missing = [word for word in words if word not in self._found]
        if missing:
            found = self._shelf.postings(self.names, missing)
            if self.own:
                averages = self.own.totals[_OWN].averages
                found = {word: (old, new + [mine]) if (mine := self.own.posting(_OWN, word, averages)) else (old, new) for word, (old, new) in found.items()}
            self._found |= found
        return {word: self._found[word] for word in words}

    def count(self, word):
        """In how many documents a word stands."""
        if word not in self._counts:
            old, new = self.postings([word])[word]
            self._counts[word] = sum([len(posting.ids) for posting in old]) + sum([len(posting.ids) for posting in new])
        return self._counts[word]

    def form_count(self, form):
        """In how many documents a word stands as it is spelled here."""
        return sum(words.count(form) + sum(n for (known, _word), n in less.items() if known == form) for words, less in self._vocabularies())

    def starting(self, prefix, most):
        """({word: count}, count of all) of the words that begin so."""
        found, total = {}, 0
        for vocabulary, less in self._vocabularies():
            words, count = vocabulary.starting(prefix, most)
            total += count
            for word, n in words.items():
                found[word] = found.get(word, 0) + n
            for (form, word), n in less.items():
                if form.startswith(prefix):
                    found[word], total = found.get(word, 0) + n, total + n
        stand = ((word, n) for word, n in found.items() if n > 0)
        return dict(sorted(stand, key=lambda one: (-one[1], one[0]))[:most]), total

    def near(self, form, most=2):
        """[Near]: what this may have been meant to be."""
        found = [near for words, _less in self._vocabularies() for near in words.near(form, most)]
        stand = {near.form: near for near in found if self.form_count(near.form) > 0}
        return sorted(stand.values(), key=lambda one: (one.mistakes, -one.count, one.form))[:most]

    def _vocabularies(self):
        """(Vocabulary, {(form, word): how many fewer it counts}): of the posting lists, and of what is newer."""
        for name in self.names:
            yield self._shelf.vocabulary(name), {}
            yield self._shelf.fresh_vocabulary(name)
        if self.own:
            yield self.own.vocabulary(_OWN)


def index_of(documents):
    """The Fresh of single documents, whichever segments they are of."""
    fresh = Fresh()
    fresh.put({post_id: document._replace(segment=_OWN) for post_id, document in documents.items()})
    return fresh
