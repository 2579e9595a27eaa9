"""The optional sense of words: a small static embedding, read from the files of the package wordllama where it is installed.

One row of numbers a token, averaged over a text: no model runs.  The package's own loader is passed by; its files are read here."""
import importlib.util
import json
import struct
from functools import cache
from pathlib import Path

import numpy as np

WIDTH = 256
CHUNK, CHUNKS = 80, 16                  # words of a body that share a vector, and how many such parts are looked at


@cache
def model():
    """(tokenizer, float16 array of tokens × WIDTH), or None where the extra is not installed."""
    if importlib.util.find_spec("tokenizers") is None or (package := importlib.util.find_spec("wordllama")) is None:
        return None
    from tokenizers import Tokenizer
    folder = Path(package.origin).parent
    return (Tokenizer.from_file(str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json")),
            _weights(folder / "weights" / "l2_supercat_256.safetensors"))


def _weights(path):
    """The one tensor of a safetensors file, left on disk until a row of it is read."""
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        about = json.loads(file.read(length))
    tensor = next(value for name, value in about.items() if name != "__metadata__")
    kind = {"F16": np.float16, "F32": np.float32}[tensor["dtype"]]
    return np.memmap(path, kind, "r", 8 + length + tensor["data_offsets"][0], tuple(tensor["shape"]))


def vector(text):
    """The sense of a text: float32 of length 1 (or 0 where it has no token)."""
    return _vectors([text])[0]


def document_vectors(title, body):
    """The sense of a document: of its title, and of each part of its body.  Bytes of float16, WIDTH to a row."""
    words = body.split()
    parts = [" ".join(words[at:at + CHUNK]) for at in range(0, min(len(words), CHUNK * CHUNKS), CHUNK)]
    return _vectors([title, *parts]).astype("<f2").tobytes()


def likeness(blobs, sense):
    """For each document, how like it is to a text: the best of its parts, -1..1.  blobs: of document_vectors(); sense: of vector()."""
    rows = np.frombuffer(b"".join(blobs), "<f2").reshape(-1, WIDTH).astype(np.float32) @ sense
    ends = np.cumsum([len(blob) // (2 * WIDTH) for blob in blobs])
    return np.maximum.reduceat(rows, np.concatenate([[0], ends[:-1]]))


def title_vectors(blobs):
    """The vectors of the titles alone: float32, documents × WIDTH."""
    return np.stack([np.frombuffer(blob, "<f2", WIDTH) for blob in blobs]).astype(np.float32)


def _vectors(texts):
    tokenizer, weights = model()
    found = np.zeros((len(texts), WIDTH), np.float32)
    for row, encoded in zip(found, tokenizer.encode_batch(texts, add_special_tokens=False)):
        if encoded.ids:
            row[:] = weights[encoded.ids].astype(np.float32).mean(0)
            row /= np.linalg.norm(row) + 1e-9
    return found
