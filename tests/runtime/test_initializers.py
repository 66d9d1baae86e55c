"""Initializers: bounds, moments and structure that Keras's definitions give."""

from __future__ import annotations

from math import sqrt
from typing import Any

import keras
import numpy as np
import pytest
from keras.src.initializers.random_initializers import compute_fans
from kgen.runtime.errors import WeightError
from kgen.runtime.initializers import fans, initialize

SHAPE = (200, 300)
# Fans of SHAPE: 200 in, 300 out.
UNIFORM: dict[str, tuple[dict[str, Any], float]] = {
    "GlorotUniform": ({}, sqrt(6 / 500)),
    "HeUniform": ({}, sqrt(6 / 200)),
    "LecunUniform": ({}, sqrt(3 / 200)),
    "RandomUniform": ({"minval": -0.3, "maxval": 0.3}, 0.3),
    "VarianceScaling": ({"scale": 2.0, "mode": "fan_out", "distribution": "uniform"},
                        sqrt(6 / 300)),
}  # fmt: skip
NORMAL: list[tuple[str, dict[str, Any], float, float, bool]] = [
    # name, arguments, mean, standard deviation, truncated
    ("GlorotNormal", {}, 0, sqrt(2 / 500), True),
    ("HeNormal", {}, 0, sqrt(2 / 200), True),
    ("LecunNormal", {}, 0, sqrt(1 / 200), True),
    ("RandomNormal", {"mean": 1.0, "stddev": 0.5}, 1, 0.5, False),
    ("TruncatedNormal", {"mean": 1.0, "stddev": 0.5}, 1, 0.5 * 0.87962566103423978, True),
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_avg"}, 0, sqrt(3 / 250), True),
    ("VarianceScaling", {"distribution": "untruncated_normal"}, 0, sqrt(1 / 200), False),
]


def draw(kind: str, arguments: dict[str, Any], shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return initialize(kind, arguments, shape, np.random.default_rng(9))


@pytest.mark.parametrize("kind", UNIFORM)
def test_uniform(kind: str) -> None:
    """Within the limits, reaching to them, with the moments of a uniform distribution.

    The mean of n numbers strays by limit / sqrt(3 n), the mean square by
    limit^2 * sqrt(4 / 45 / n); five times that is allowed.
    """
    arguments, limit = UNIFORM[kind]
    x = draw(kind, arguments).astype(np.float64)
    assert np.abs(x).max() <= limit * (1 + 1e-6)
    assert np.abs(x).max() > 0.999 * limit
    assert abs(x.mean()) < 5 * limit / sqrt(3 * x.size)
    assert abs((x**2).mean() - limit**2 / 3) < 5 * limit**2 * sqrt(4 / 45 / x.size)


@pytest.mark.parametrize(("kind", "arguments", "mean", "stddev", "truncated"), NORMAL)
def test_normal(
    kind: str, arguments: dict[str, Any], mean: float, stddev: float, truncated: bool
) -> None:
    """Mean within 5 of its standard errors; the variance's is at most variance * sqrt(2 / n)."""
    x = draw(kind, arguments).astype(np.float64) - mean
    assert abs(x.mean()) < 5 * stddev / sqrt(x.size)
    assert abs(x.var() - stddev**2) < 5 * stddev**2 * sqrt(2 / x.size)
    bound = 2 * stddev / 0.87962566103423978
    assert (np.abs(x).max() <= bound * (1 + 1e-6)) == truncated


@pytest.mark.parametrize(
    "shape", [(), (5,), (4, 7), (3, 8, 16), (3, 3, 8, 16), (2, 3, 4, 5, 6), (0, 3)]
)
def test_fans_like_keras(shape: tuple[int, ...]) -> None:
    assert fans(shape) == compute_fans(shape)


def test_convolution_kernels_count_their_receptive_field() -> None:
    x = draw("HeUniform", {}, (3, 3, 8, 64))
    limit = sqrt(6 / 72)
    assert 0.99 * limit < np.abs(x).max() <= limit * (1 + 1e-6)


def test_constants() -> None:
    assert np.all(draw("Zeros", {}) == 0)
    assert np.all(draw("Ones", {}) == 1)
    assert np.all(draw("Constant", {"value": 0.25}) == 0.25)
    listed = draw("Constant", {"value": [[0.5], [1.5]]}, (3, 2, 2))
    expected = np.asarray(keras.initializers.Constant([[0.5], [1.5]])((3, 2, 2)))
    assert np.array_equal(listed, expected)
    with pytest.raises(WeightError, match=r"values \[2\] for a weight of \[3\]"):
        draw("Constant", {"value": [0.5, 1.5]}, (3,))
    for shape in ((3, 3), (2, 4)):
        expected = np.asarray(keras.initializers.Identity(gain=2.0)(shape))
        assert np.array_equal(draw("Identity", {"gain": 2.0}, shape), expected)


@pytest.mark.parametrize("shape", [(40, 40), (20, 50), (50, 20), (3, 3, 4, 16)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    """The shorter side's vectors have length `gain` and are orthogonal, to float32."""
    x = draw("Orthogonal", {"gain": 2.0}, shape).reshape(-1, shape[-1]).astype(np.float64)
    product = x @ x.T if x.shape[0] < x.shape[1] else x.T @ x
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=64 * 2**-23)


def test_orthogonal_prefers_no_direction() -> None:
    """Signs are even: each of 400 first elements is positive with probability 1/2."""
    rng = np.random.default_rng(2)
    signs = [initialize("Orthogonal", {}, (3, 3), rng)[0, 0] > 0 for _ in range(400)]
    assert abs(np.mean(signs) - 0.5) < 5 * 0.5 / sqrt(400)


def test_seeds() -> None:
    """A seed fixes the numbers whatever the generator; without one they come from it."""
    one, two = np.random.default_rng(1), np.random.default_rng(2)
    first = initialize("GlorotUniform", {"seed": 5}, (4, 4), one)
    assert np.array_equal(first, initialize("GlorotUniform", {"seed": 5}, (4, 4), two))
    assert not np.array_equal(first, initialize("GlorotUniform", {"seed": 6}, (4, 4), one))
    free = initialize("GlorotUniform", {"seed": None}, (4, 4), one)
    assert not np.array_equal(free, initialize("GlorotUniform", {"seed": None}, (4, 4), one))


def test_type_and_layout() -> None:
    for kind, shape in (*((k, (3, 4, 5)) for k in (*UNIFORM, "Orthogonal")), ("Identity", (3, 4))):
        x = draw(kind, {}, shape)
        assert x.dtype == np.float32
        assert x.shape == shape
        assert x.flags.c_contiguous


def test_refusals() -> None:
    with pytest.raises(WeightError, match="no initializer is called Sparse"):
        draw("Sparse", {})
    with pytest.raises(WeightError, match="Identity fills matrices"):
        draw("Identity", {}, (3,))
    with pytest.raises(WeightError, match="Orthogonal needs two axes"):
        draw("Orthogonal", {}, (3,))


def test_every_declared_initializer_is_there() -> None:
    from kgen.layers import registry

    for definition in registry.definitions("initializer"):
        arguments = registry.bound(definition).arguments
        assert draw(definition.name, dict(arguments), (4, 6)).shape == (4, 6)
