"""One thread that does the shares of all: the same training and predictions, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from kgen.compiler import compile_text
from kgen.runtime import device, engine
from native import load
from test_repeatable import same
from twins import labels, numbers

MIXED = """model Mixed:
    input x: float32[12, 9, 3]
    output y = x
        |> Conv2D(17, 3, activation="relu") |> BatchNormalization()
        |> MaxPooling2D(2) |> Reshape((5, 51))
        |> GRU(7, return_sequences=True) |> Bidirectional(LSTM(5))
        |> Dropout(0.3) |> Dense(3, activation="softmax")
    train:
        optimizer = Adam()
        loss = "sparse_categorical_crossentropy"
        metrics = ["accuracy"]
"""


class Fixed:
    """A pace that never learns."""

    def __init__(self, single: Callable[[int], bool]) -> None:
        self.single = single
        self.parts = 0

    def part(self, threads: int, batch_size: int, steps: int) -> tuple[bool, int]:
        """A step by one thread, or by all."""
        self.parts += 1
        return self.single(self.parts), 1

    def note(self, single: bool, steps: int, seconds: float) -> None:
        """Nothing."""


@pytest.mark.parametrize("threads", [2, 5])
def test_one_thread_comes_to_the_same_bits_as_all(monkeypatch: Any, threads: int) -> None:
    module = load(compile_text(MIXED, "mixed.k", {}).text)
    monkeypatch.setattr(engine, "ALONE", 0)
    x, y = numbers((12, 9, 3), 75, 1), labels(3, 75, 2)
    found = []
    for single in (lambda part: False, lambda part: True, lambda part: part % 2 == 0):
        pace = Fixed(single)
        monkeypatch.setattr(device, "Pace", lambda pace=pace: pace)
        net = module.Mixed(seed=3, threads=threads)
        history = net.fit(x, y, batch_size=16, epochs=3, verbose=0)
        found.append((net, history.history, net.predict(x)))
        assert pace.parts > 15
    for net, history, predicted in found[1:]:
        assert same(net, found[0][0])
        assert history == found[0][1]
        np.testing.assert_array_equal(predicted, found[0][2])
