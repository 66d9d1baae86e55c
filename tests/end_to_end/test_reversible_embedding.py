"""ReversibleEmbedding: the way there and back, with one table and with two."""

from __future__ import annotations

from pathlib import Path

import kgen
import numpy as np
import pytest

MODEL = """
model Back:
    input word: int32[6]
    table = ReversibleEmbedding(7, 5, {options})
    code = table(word)
    output score = table(code, reverse=True)
"""


@pytest.mark.parametrize("options", ["", "tie_weights=False", "logit_soft_cap=0.01"])
def test_there_and_back(tmp_path: Path, options: str) -> None:
    (tmp_path / "back.k").write_text(MODEL.format(options=options))
    net = kgen.load(tmp_path / "back.k").Back(seed=0)
    table = net.weights["table/embeddings"].astype(float)
    back = net.weights["table/reverse_embeddings"] if "tie" in options else table.T
    words = np.random.default_rng(0).integers(0, 7, (9, 6), dtype=np.int32)
    expected = table[words] @ back
    if "cap" in options:
        expected = 0.01 * np.tanh(expected / 0.01)
    # Sums of 5 products, each factor below 0.05; tanh adds a few roundings of its result.
    np.testing.assert_allclose(net.predict(words, verbose=0), expected, rtol=2e-6, atol=5e-9)
