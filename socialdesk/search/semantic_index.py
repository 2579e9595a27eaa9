"""The optional sense of words: a small static embedding, read from the files of the package wordllama where it is installed.

One row of numbers a token, averaged over a text: no model runs.  The package's own loader is passed by; its files are read here."""
import importlib.util
import json
import logging
import struct
from functools import cache
from pathlib import Path

import numpy as np

from ..people.text_checker import clean
from .word_checker import MAX_TEXT

log = logging.getLogger(__name__)

WIDTH = 256
BYTES = 2 * WIDTH                       # of one vector as it is kept
CHUNK, CHUNKS = 80, 16                  # words of a body that share a vector, and how many such parts are looked at
MOST_HEADER = 1_000_000                 # bytes of what stands before the numbers
KINDS = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4")}


def model():
    """(tokenizer, float array of tokens × WIDTH), or None where the extra is not installed or cannot be read."""
    return _loaded()[0]


def fault():
    """Why the extra that is installed cannot be read, in a clause; None where it can, or is not installed."""
    return _loaded()[1]


def forget():
    """Look anew at what is installed."""
    _loaded.cache_clear()


@cache
def _loaded():
    if importlib.util.find_spec("tokenizers") is None or (package := importlib.util.find_spec("wordllama")) is None:
        return None, None
    try:
        return _read(Path(package.origin).parent), None
    except Exception as error:          # whatever two foreign packages can raise: the words alone are the answer
        log.error("the semantic extra cannot be read", exc_info=error)
        return None, str(error) if isinstance(error, _Unreadable) else f"its files cannot be read ({type(error).__name__})"


class _Unreadable(Exception):
    """The numbers are not what they should be; says what is wrong."""


def _read(folder):
    from tokenizers import Tokenizer
    return (Tokenizer.from_file(str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json")),
            _weights(folder / "weights" / "l2_supercat_256.safetensors"))


def _weights(path):
    """The one tensor of a safetensors file, left on disk until a row of it is read.  Raises _Unreadable."""
    with open(path, "rb") as file:
        head = file.read(8)
        length = struct.unpack("<Q", head)[0] if len(head) == 8 else 0
        if not 0 < length <= min(MOST_HEADER, path.stat().st_size - 8):
            raise _Unreadable(f"{path.name} is damaged: its beginning makes no sense")
        tensor = _tensor(file.read(length), path)
    kind, (rows, width), (start, end) = KINDS.get(tensor["dtype"]), tensor["shape"], tensor["data_offsets"]
    if kind is None:
        raise _Unreadable(f"{path.name} holds numbers of the unknown type {str(tensor['dtype'])[:20]}")
    if width != WIDTH or rows < 1 or start < 0 or end - start != rows * width * kind.itemsize:
        raise _Unreadable(f"{path.name} does not hold rows of {WIDTH} numbers")
    if 8 + length + end > path.stat().st_size:
        raise _Unreadable(f"{path.name} ends too early")
    return np.memmap(path, kind, "r", 8 + length + start, (rows, width))


def _tensor(head, path):
    """What the head of the file says of its one tensor."""
    try:
        tensors = [value for name, value in json.loads(head).items() if name != "__metadata__"]
        (rows, width), (start, end) = tensors[0]["shape"], tensors[0]["data_offsets"]
        if all(type(number) is int for number in (rows, width, start, end)) and "dtype" in tensors[0]:
            return tensors[0]
    except (ValueError, LookupError, TypeError, AttributeError):
        pass
    raise _Unreadable(f"{path.name} is damaged: what it says of itself makes no sense")


def vector(text):
    """The sense of a text: float32 of length 1 (or 0 where it has no token)."""
    return _vectors([text[-MAX_TEXT:]])[0]


def document_vectors(title, body):
    """The sense of a document: of its title, and of each part of its body.  Bytes of float16, WIDTH to a row."""
    words = body.split()
    parts = [" ".join(words[at:at + CHUNK]) for at in range(0, min(len(words), CHUNK * CHUNKS), CHUNK)]
    return _vectors([title, *parts]).astype("<f2").tobytes()


def is_sound(blob):
    """Can this be of document_vectors()?"""
    return bool(blob) and len(blob) % BYTES == 0


def likeness(blobs, sense):
    """For each document, how like it is to a text: the best of its parts, -1..1.  blobs: of document_vectors(); sense: of vector()."""
    rows = np.nan_to_num(np.frombuffer(b"".join(blobs), "<f2").reshape(-1, WIDTH).astype(np.float32)) @ sense
    ends = np.cumsum([len(blob) // BYTES for blob in blobs])
    return np.maximum.reduceat(rows, np.concatenate([[0], ends[:-1]]))


def title_vectors(blobs):
    """The vectors of the titles alone: float32, documents × WIDTH."""
    return np.nan_to_num(np.stack([np.frombuffer(blob, "<f2", WIDTH) for blob in blobs]).astype(np.float32))


def _vectors(texts):
    tokenizer, weights = model()
    found = np.zeros((len(texts), WIDTH), np.float32)
    for row, encoded in zip(found, tokenizer.encode_batch([clean(text) for text in texts], add_special_tokens=False)):
        ids = [token for token in encoded.ids if token < len(weights)]
        if ids:
            row[:] = np.nan_to_num(weights[ids].astype(np.float32)).mean(0)
            row /= np.linalg.norm(row) + 1e-9
    return found
