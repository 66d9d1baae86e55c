"""CTC against Keras, and against the sum over all paths."""

from __future__ import annotations

import itertools
from typing import Any

import jax
import keras
import numpy as np
import pytest
from harness import CallFailure, PlainScope, assert_close, build, f32, i32, make
from kgen import ops
from kgen.graph import BATCH, Builder, TensorType
from kgen.interpret import interpret
from kgen.passes.differentiate import gradients

LABELS = {
    "plain": i32([[1, 2, 3, 0], [3, 0, 0, 0], [2, 1, 0, 0]]),
    "repeated": i32([[1, 1, 0, 0], [2, 2, 2, 0], [3, 1, 1, 3]]),
    "empty": i32([[0, 0, 0], [1, 0, 0], [0, 0, 0]]),
    "as long as time": i32([[1, 2, 3, 1, 2, 3, 1], [3, 2, 1, 0, 0, 0, 0], [1, 3, 1, 3, 1, 3, 1]]),
    "one": i32([[1], [0], [3]]),
}
RNG = np.random.default_rng(4)
LOGITS = f32(RNG.normal(size=(3, 7, 4)) * 2.0)


def values_and_gradient(
    labels: np.ndarray, logits: np.ndarray, lengths: Any = None, **options: Any
) -> tuple[np.ndarray, np.ndarray]:
    """The loss of each row, and the derivative of their sum for the logits."""
    feeds = {"labels": labels, "logits": logits}
    with Builder() as builder:
        y = builder.input("labels", TensorType("int32", (BATCH, *labels.shape[1:])))
        x = builder.input("logits", TensorType("float32", (BATCH, *logits.shape[1:])))
        arguments = [y, x]
        for k, array in enumerate(lengths or ()):
            feeds[f"length{k}"] = array
            arguments.append(builder.input(f"length{k}", TensorType("int32", (BATCH,))))
        bound = make("function", "ctc_loss", *arguments, **options) if lengths else None
        if bound is None:
            each = make("loss", "ctc").definition.function(y, x)
        else:
            each = bound.definition.apply(PlainScope(builder), **bound.arguments)
        (slope,) = gradients(ops.sum(each), [x])
        graph = builder.graph("test", {"loss": each, "slope": slope})
    done = interpret(graph, feeds)
    return np.asarray(done[each]), np.asarray(done[slope])


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=() if kind == "repeated" else pytest.mark.slow) for kind in LABELS],
)
def test_like_keras(kind: str) -> None:
    """A path's logarithm is the sum of some seven, each rounded a few times."""
    found, slope = values_and_gradient(LABELS[kind], LOGITS)

    def total(x: Any) -> Any:
        return keras.losses.ctc(LABELS[kind], x).sum()

    assert_close(found, keras.losses.ctc(LABELS[kind], LOGITS), 64)
    assert_close(slope, jax.grad(total)(LOGITS), 256)


@pytest.mark.slow
def test_lengths_like_keras() -> None:
    """Labels and steps beyond their lengths do not count; the blank may be any class."""
    labels = i32([[0, 1, 0, 1], [1, 1, 0, 2], [2, 0, 1, 1]])
    lengths = [i32([3, 2, 0]), i32([7, 4, 1])]
    found, slope = values_and_gradient(labels, LOGITS, lengths, mask_index=3)

    def each(x: Any) -> Any:
        return keras.ops.ctc_loss(labels, x, *lengths, mask_index=3)

    assert_close(found, each(LOGITS), 64)
    assert_close(slope, jax.grad(lambda x: each(x).sum())(LOGITS), 256)
    assert not np.any(slope[1, 4:]) and not np.any(slope[2, 1:])


def by_paths(labels: list[int], logits: np.ndarray) -> float:
    """-log of the sum of the chances of all paths that spell the labels."""
    wide = logits.astype(np.float64)
    chance = np.exp(wide) / np.exp(wide).sum(-1, keepdims=True)
    total = 0.0
    for path in itertools.product(range(chance.shape[1]), repeat=len(chance)):
        runs = [key for key, _ in itertools.groupby(path)]
        if [key for key in runs if key] == labels:
            total += float(np.prod([chance[t, k] for t, k in enumerate(path)]))
    return -float(np.log(total))


@pytest.mark.parametrize("labels", [[], [1], [2, 1], [1, 1], [2, 2, 1], [1, 2, 1, 2]])
def test_sum_over_all_paths(labels: list[int]) -> None:
    """Values, and slopes against differences of the sum."""
    logits = f32(RNG.normal(size=(4, 3)))
    row = i32([labels + [0] * (4 - len(labels))])
    found, slope = values_and_gradient(row, logits[None])
    assert_close(found[0], by_paths(labels, logits), 64)
    step = 1e-4
    for place in np.ndindex(4, 3):
        moved = [logits.astype(np.float64) for _ in range(2)]
        moved[0][place] += step
        moved[1][place] -= step
        exact = (by_paths(labels, moved[0]) - by_paths(labels, moved[1])) / (2 * step)
        assert_close(slope[0][place], exact, 256)


def test_labels_that_take_more_steps_than_there_are() -> None:
    """As unlikely as in Keras, whose loss is around 1e5; slopes are finite."""
    labels = i32([[1, 1, 1, 1, 1], [1, 2, 3, 1, 2], [2, 2, 0, 0, 0]])
    logits = LOGITS[:, :2]
    found, slope = values_and_gradient(labels, logits)
    assert np.all(found > 9e4)
    assert_close(found, keras.losses.ctc(labels, logits), 16)
    assert np.all(np.isfinite(slope)) and np.max(np.abs(slope)) <= 2.0


@pytest.mark.parametrize("size", [100.0, 1e4])
def test_far_out(size: float) -> None:
    found, slope = values_and_gradient(LABELS["repeated"], LOGITS * np.float32(size))
    assert np.all(np.isfinite(found)) and np.all(np.isfinite(slope))


@pytest.mark.parametrize(
    ("shapes", "part"),
    [(((3, 4), (3, 4)), "CTC compares labels"), (((3, 4, 1), (3, 7, 4)), "CTC compares labels")],
)
def test_refusals(shapes: Any, part: str) -> None:
    arrays = [np.zeros(shapes[0], np.int32), np.zeros(shapes[1], np.float32)]
    with pytest.raises(CallFailure) as caught:
        build(make("loss", "CTC"), arrays)
    assert part in str(caught.value)
