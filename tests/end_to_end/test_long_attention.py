"""Attention over long and open lengths, which never stores the scores."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops, optimizers
from kgen.layers import attention
from native import build, build_text
from twins import Case, dense, double, numbers

FILE = "e2e_long_attention.k"
EPS = float(np.finfo(np.float32).eps)


def long() -> Any:
    x, z = keras.Input((70,), dtype="int32", name="x"), keras.Input((66,), dtype="int32", name="z")
    table = layers.Embedding(20, 6, name="table")
    e, f = table(x), table(z)
    # Sizes of values are those of keys: Keras on JAX cannot do with others here.
    parts = [
        layers.MultiHeadAttention(2, 3, name="a")(e, f),
        layers.MultiHeadAttention(2, 17, use_bias=False, name="b")(e, e, use_causal_mask=True),
        layers.GroupQueryAttention(3, 4, 2, use_gate=True, name="c")(e, f, use_causal_mask=True),
        layers.Attention(use_scale=True, name="d")([e, f]),
        layers.Attention(name="g")([e, f], use_causal_mask=True),
        layers.MultiHeadAttention(1, 1, sliding_window=5, name="h")(e, e),
    ]
    pooled = layers.GlobalAveragePooling1D()(layers.Concatenate()(parts))
    model = keras.Model({"x": x, "z": z}, dense(3, name="y")(pooled))
    model.compile(optimizers.SGD(0.01), "mse")
    return model


def masked() -> Any:
    x = keras.Input((66,), dtype="int32", name="x")
    m = keras.Input((66, 66), dtype="int32", name="m")
    table = layers.Embedding(9, 4, mask_zero=True, name="e")
    # MultiHeadAttention takes the mask off its inputs, for every other reader too.
    e, f, g = table(x), table(x), table(x)
    a = layers.MultiHeadAttention(2, 3, name="a")(e, e, attention_mask=m)
    b = layers.MultiHeadAttention(2, 3, name="b")(f, f, use_causal_mask=True)
    c = layers.Attention(name="c")([g, g])
    parts = [ops.mean(part * 1.0, axis=1) for part in (a, b, c)]
    model = keras.Model({"x": x, "m": m}, dense(2, name="y")(layers.Concatenate()(parts)))
    model.compile(optimizers.SGD(0.002), "mse")
    return model


def any_length() -> Any:
    x = keras.Input((None, 5), name="x")
    a = layers.MultiHeadAttention(3, 2, name="a")(x, x)
    b = layers.MultiHeadAttention(1, 17, name="b")(x, x, use_causal_mask=True)
    model = keras.Model(x, dense(2, name="y")(layers.GlobalAveragePooling1D()(a + b)))
    model.compile(optimizers.SGD(0.002), "mse")
    return model


def indices(shape: tuple[int, ...], high: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, high, (5, *shape)).astype(np.int32)


INPUTS = {
    "Long": {"x": indices((70,), 20, 1), "z": indices((66,), 20, 2)},
    "LongMasked": {"x": indices((66,), 9, 3), "m": indices((66, 66), 2, 4)},
}


def check(case: Case, terms: int, still: tuple[str, ...] = ("key/bias",)) -> None:
    """Predictions, and weights after ten steps.

    Predictions are sums of so many rounded terms; so are gradients, and each step rounds a weight.
    Weights must have moved by more than that, but for those that end in one of `still`: no softmax
    depends on a key's bias.
    """
    case.assign()
    x, y = case.one_or_all(case.x), case.one_or_all(case.y)
    options: dict[str, Any] = {"batch_size": case.batch_size, "epochs": 5, "shuffle": False}
    found = case.net.predict(x, verbose=0)
    case.net.fit(x, y, verbose=0, **options)
    with double():
        exact = case.keras.predict(x, verbose=0)
        case.keras.fit(x, y, verbose=0, **options)
    assert largest(found - exact) <= terms * EPS * max(1.0, largest(exact))
    for path, start in case.start.items():
        exact = np.asarray(case.pairs[path].value)
        moved = largest(exact - start)
        allowed = 16 * EPS * max(1.0, largest(exact)) + 10 * terms * EPS * moved
        off = largest(case.net.weights[path] - exact)
        assert off <= allowed, f"{path}: {off:.3g}, {allowed:.3g} is allowed, moved {moved:.3g}"
        assert path.endswith(still) or moved > 2 * allowed, f"{path} only moved {moved:.3g}"


def largest(array: Any) -> float:
    return float(np.abs(np.asarray(array, np.float64)).max())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "twin", "outputs"), [("Long", long, 3), ("LongMasked", masked, 2)]
)
def test_like_keras(name: str, twin: Any, outputs: int) -> None:
    y = {"y": 3.0 * numbers((outputs,), 5, 9)}
    case = Case(FILE, name, twin, INPUTS[name], y, batch_size=3)
    assert any(node.op.name == "attention" for node in case.train.nodes)
    check(case, 200)


@pytest.mark.slow
@pytest.mark.parametrize("length", [1, 3, 33, 130])
def test_any_length(length: int) -> None:
    x, y = {"x": numbers((length, 5), 5, length)}, {"y": 3.0 * numbers((2,), 5, 9)}
    # A softmax over a single place depends on nothing.
    keys = "key/bias", "key/kernel", "query/bias", "query/kernel"
    still = keys if length == 1 else keys[:1]
    check(Case(FILE, "AnyLength", any_length, x, y, batch_size=3), 64 + 2 * length, still)


LENGTHS = """
model Lengths:
    input x: float32[{length}, 8]
    output y = MultiHeadAttention(2, 4, dropout={rate})(x, x)
    train:
        loss = "mse"
"""


def test_memory_grows_with_the_length() -> None:
    """Twice the length takes twice the memory, where stored scores take four times as much."""
    rows = {}
    for length in (256, 512):
        module = build_text(LENGTHS.format(length=length, rate=0.0))
        programs = module.Lengths(seed=0).programs
        rows[length] = {"train": programs.train[0].rows, "predict": programs.predict[0].rows}
    for program, small in rows[256].items():
        assert rows[512][program] <= 2.1 * small, program


@pytest.mark.slow
@pytest.mark.parametrize("threads", [2, 5])
def test_any_number_of_threads(threads: int) -> None:
    """Rows do not depend on one another; sums over them may be in another order."""
    x, y = INPUTS["Long"], numbers((3,), 5, 9)
    one, several = (build(FILE).Long(seed=0, threads=n) for n in (1, threads))
    assert np.array_equal(one.predict(x), several.predict(x))
    expected, found = one.gradients(x, y), several.gradients(x, y)
    for path, value in expected.items():
        near = 64 * EPS * max(1e-3, float(np.abs(value).max()))
        assert np.allclose(found[path], value, rtol=0, atol=near), path


NESTED = """
model Nested:
    input x: float32[65, 3]
    y = dot_product_attention(
        reshape(x, [-1, 65, 1, 3]), reshape(x, [-1, 65, 1, 3]), reshape(sin(x), [-1, 65, 1, 3])
    )
    g = gradient(sum(square(y)), x)
    output z = gradient(sum(square(g)), x)
"""


def test_derivatives_of_derivatives(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same as where the scores are stored, which differs by rounding alone."""
    x = numbers((65, 3), 3, 1)
    by_blocks = build_text(NESTED).Nested(seed=0).predict(x)
    monkeypatch.setattr(attention, "_SHORT", 1 << 30)
    stored = build_text(NESTED).Nested(seed=0).predict(x)
    scale = float(np.abs(stored).max())
    assert np.abs(by_blocks - stored).max() <= 256 * EPS * scale
