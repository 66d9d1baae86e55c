"""An example and its Keras twin, both in float32, each measured against the twin in float64.

Where a model is too long for bounds derived operation by operation, the errors themselves are
compared. Each of the two sums in an order of its own, so neither is the more exact by right; but
float32 is what both compute in, so the root mean square of their errors in a tensor must be of one
size. `TIMES` is four: two bits, for orders of summation and functions of 1 and 4 ulp. What Keras in
float32 does not know to ten bits says nothing of either, and fails.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from example_case import Example, ExampleCase, case, exact_gradients, paired
from rounding import U
from twins import Arrays, double

TIMES = 4.0
LEAST = 4.0 * U
MOST = 2.0**-10


def error(found: Any, exact: Any) -> float:
    """The root mean square of what `found` is off by, in units of that of `exact`."""
    found, exact = np.asarray(found, np.float64), np.asarray(exact, np.float64)
    assert found.shape == exact.shape, f"shape {found.shape}, Keras has {exact.shape}"
    size = np.linalg.norm(exact)
    return float(np.linalg.norm(found - exact) / size) if size else float(np.any(found))


def assert_errors(found: Any, single: Any, exact: Any, what: str) -> None:
    """`found` is about as near to `exact` as `single` is."""
    ours, theirs = error(found, exact), error(single, exact)
    assert theirs <= MOST, f"{what}: Keras in float32 is off by {theirs:.3g} itself"
    allowed = TIMES * theirs + LEAST
    assert ours <= allowed, f"{what}: off by {ours:.3g}, {allowed:.3g} is allowed"


class Trio:
    """The native model, its twin in float64 and its twin in float32, with the same weights.

    `adapts` names layers that take their statistics from the data.
    """

    def __init__(self, example: Example, adapts: str = "") -> None:
        self.both: ExampleCase = case(example)
        keras.utils.clear_session()
        self.single = example.twin()
        self.both.assign()
        for path, variable in paired(self.single, list(self.both.start)).items():
            variable.assign(self.both.start[path])
        if adapts:
            x = self.both.one_or_all(self.both.x)
            self.both.net.adapt(adapts, x)
            self.single.get_layer(adapts).adapt(x)
            with double():
                self.both.keras.get_layer(adapts).adapt(x.astype(np.float64))

    def check_outputs(self) -> None:
        """What `predict` gives."""
        case = self.both
        x = case.one_or_all(case.x)
        found = case.net.predict(x, batch_size=case.batch_size)
        single = self.single.predict_on_batch(x)
        with double():
            exact = case.keras.predict_on_batch(x)
        assert_errors(found, single, exact, f"{case.name}: output")

    def check_loss(self) -> None:
        """The loss over all rows, in batches."""
        case = self.both
        x, y = case.one_or_all(case.x), case.one_or_all(case.y)
        options: dict[str, Any] = {"batch_size": case.batch_size, "verbose": 0, "return_dict": True}
        found, single = (m.evaluate(x, y, **options) for m in (case.net, self.single))
        with double():
            exact = case.keras.evaluate(x, y, **options)
        assert set(found) == set(exact)
        for name, value in exact.items():
            assert_errors(found[name], single[name], value, f"{case.name}: {name}")

    def check_gradients(self) -> None:
        """The gradient of every trainable weight for one batch."""
        case = self.both
        rows = case.batch_size
        x, y = (
            case.one_or_all({name: a[:rows] for name, a in part.items()})
            for part in (case.x, case.y)
        )
        found = case.net.gradients(x, y)
        single = self._by_path(self.single, x, y)
        with double():
            exact = self._by_path(case.keras, x, y)
        assert set(found) == set(exact)
        for path, value in exact.items():
            what = f"{case.name}: gradient of {path}"
            assert_errors(found[path], single[path], value, what)

    def _by_path(self, model: Any, x: Any, y: Any) -> Arrays:
        """A twin's gradients by the native paths."""
        gradients = exact_gradients(model, x, y)
        pairs = paired(model, list(self.both.start))
        return {path: gradients[v.path] for path, v in pairs.items() if v.path in gradients}


def check_errors(example: Example, adapts: str = "") -> None:
    """Number of parameters, outputs and, if it trains, loss and gradients."""
    trio = Trio(example, adapts)
    assert trio.both.net.count_params() == trio.both.keras.count_params()
    trio.check_outputs()
    if example.trains:
        trio.check_loss()
        trio.check_gradients()
