"""How damage to posting lists is noticed: a checksum of each, and of all of a segment together."""
import json
import zlib

MODULUS = 1 << 32


def crc_of(ids, weights):
    """The checksum of a posting list.  Both: bytes."""
    return zlib.crc32(weights, zlib.crc32(ids))


def is_sound(row):
    """Is a row of Word what was written?  row: ids, weights, forms and crc, as the database has them, of whatever type."""
    return (isinstance(row.ids, bytes) and isinstance(row.weights, bytes) and isinstance(row.forms, dict)
            and crc_of(row.ids, row.weights) == row.crc)


def proof_of(word, forms, crc):
    """What a row of Word adds to its segment's proof, whatever the order.  forms: {as it is spelled: in how many documents}."""
    return zlib.crc32(f"{word}\t{json.dumps(forms, sort_keys=True)}\t{crc}".encode("utf-8", "surrogatepass"))


class Proof:
    """How many rows of Word a segment has, and the sum of what they add."""

    def __init__(self):
        self.words = self.total = 0

    def add(self, word, forms, crc):
        """Count a row that is written."""
        self.words, self.total = self.words + 1, self.total + proof_of(word, forms, crc)

    def take(self, word, forms, crc):
        """Count one no more that stood there."""
        self.words, self.total = self.words - 1, self.total - proof_of(word, forms, crc)
