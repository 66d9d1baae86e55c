"""Random numbers: same for every geometry, and statistically plain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kernel_runner import build_kernel, run_kernel
from kgen.runtime import tiles
from kgen.runtime.isa import ISA
from scipy import stats


def draw(
    kind: str, count: int, seed: int = 1, stream: int = 2, step: int = 3, first: int = 0
) -> Any:
    """`count` numbers from element `first` on, by the emulation."""
    clock = np.array([0, step, seed, 0], np.int64)
    key0, key1 = tiles.random_key(clock, stream)
    vectors = -(-count // tiles.LANES)
    return getattr(tiles, kind)(key0, key1, 0, first, 0, 1, vectors).ravel()[:count]


@pytest.mark.parametrize("kind", ["uniform", "normal"])
@pytest.mark.parametrize(("rows", "vectors"), [(1, 1), (4, 2), (8, 3)])
def test_compiled_geometry_does_not_matter(
    tmp_path: Path, kind: str, rows: int, vectors: int
) -> None:
    kernel = build_kernel(
        tmp_path,
        f"""
target = matrix(args, 0, 24, 50)
key0, key1 = random_key(clock, 9)
for i in range(0, 24, {rows}):
    for j in range(0, 50, {vectors} * LANES):
        store(target, i, j, {kind}(key0, key1, i + batch, j, 50, {rows}, {vectors}))
""",
    )
    target = np.zeros(24 * 50 + 64, np.float32)
    row = 2**32 // 50 - 5  # the 64-bit counter carries inside the block
    run_kernel(kernel, [target], batch=row, clock=(0, 77, -123456789, 0))
    clock = np.array([0, 77, -123456789, 0], np.int64)
    keys = tiles.random_key(clock, 9)
    wide = getattr(tiles, kind)(*keys, row, 0, 50, 24, -(-50 // tiles.LANES))
    expected = wide.reshape(24, -1)[:, :50].ravel()
    if ISA.has_fma or kind == "uniform":
        np.testing.assert_array_equal(target[: 24 * 50], expected)
    else:
        np.testing.assert_allclose(target[: 24 * 50], expected, rtol=1e-5, atol=1e-6)


def test_known_values() -> None:
    # pinned, since a change would silently change every training run
    got = draw("uniform", 4, seed=0, stream=0, step=0)
    np.testing.assert_array_equal(got * 2**24, PINNED)


PINNED = [14907120, 3749767, 6299245, 5922545]


def test_uniform_moments_and_histogram() -> None:
    u = draw("uniform", 1 << 20).astype(np.float64)
    assert u.min() >= 0 and u.max() < 1
    n = u.size
    # five standard errors
    assert abs(u.mean() - 0.5) < 5 * np.sqrt(1 / 12 / n)
    assert abs(u.var() - 1 / 12) < 5 * np.sqrt(1 / 180 / n)
    for bins in (16, 1000):
        counts = np.histogram(u, bins, (0, 1))[0]
        assert 1e-5 < stats.chisquare(counts).pvalue < 1 - 1e-5


def test_every_bit_is_fair_and_independent() -> None:
    words = (draw("uniform", 1 << 18) * 2**24).astype(np.int64)
    bits = (words[:, None] >> np.arange(24)) & 1
    n = len(bits)
    assert (abs(bits.mean(0) - 0.5) < 5 * 0.5 / np.sqrt(n)).all()
    correlation = np.corrcoef(bits.T) - np.eye(24)
    assert abs(correlation).max() < 6 / np.sqrt(n)


@pytest.mark.parametrize("distance", [1, 2, 3, 16, 64, 784, 4096])
def test_neighbouring_elements_are_uncorrelated(distance: int) -> None:
    u = draw("uniform", 1 << 19) - 0.5
    n = u.size - distance
    correlation = np.mean(u[:-distance].astype(float) * u[distance:]) * 12
    assert abs(correlation) < 5 / np.sqrt(n)


@pytest.mark.parametrize(
    "other", [{"seed": 2}, {"stream": 3}, {"step": 4}, {"step": 2}, {"seed": 0}]
)
def test_neighbouring_keys_are_uncorrelated(other: dict[str, int]) -> None:
    n = 1 << 18
    a, b = draw("uniform", n).astype(float) - 0.5, draw("uniform", n, **other).astype(float) - 0.5
    assert abs(np.mean(a * b) * 12) < 5 / np.sqrt(n)
    assert np.count_nonzero(a == b) < 20


def test_same_element_over_many_steps_is_fair() -> None:
    u = np.array([draw("uniform", 1, step=step)[0] for step in range(20_000)])
    assert stats.kstest(u, "uniform").pvalue > 1e-5
    v = u - u.mean()
    assert abs(np.mean(v[1:] * v[:-1]) * 12) < 5 / np.sqrt(u.size)


def test_pairs_fill_the_square() -> None:
    u = draw("uniform", 1 << 20)
    for shift in (1, 5):
        counts = np.histogram2d(u[:-shift][::2], u[shift:][::2], 64, [[0, 1], [0, 1]])[0]
        assert 1e-5 < stats.chisquare(counts.ravel()).pvalue < 1 - 1e-5


def test_normal_moments_and_shape() -> None:
    z = draw("normal", 1 << 20).astype(np.float64)
    n = z.size
    assert abs(z.mean()) < 5 / np.sqrt(n)
    assert abs(z.var() - 1) < 5 * np.sqrt(2 / n)
    assert abs(np.mean(z**3)) < 5 * np.sqrt(15 / n)
    assert abs(np.mean(z**4) - 3) < 5 * np.sqrt(96 / n)
    assert stats.kstest(z[:200_000], "norm").pvalue > 1e-5
    assert np.isfinite(z).all() and 4.3 < abs(z).max() < 5.6


def test_normal_is_the_inverse_of_the_uniform() -> None:
    u = (draw("uniform", 1 << 16).astype(np.float64) * 2**24 + 0.5) / 2**24
    np.testing.assert_allclose(draw("normal", 1 << 16), stats.norm.ppf(u), rtol=2e-6, atol=2e-7)
