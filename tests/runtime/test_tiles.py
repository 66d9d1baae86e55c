"""Tiles: compiled code and emulation against NumPy, at edges and inside."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kernel_runner import build_kernel, emulate_kernel, padded, run_kernel
from kgen.runtime.isa import LANES, ROWS
from kgen.runtime.kernels import Kernel

WAYS = [run_kernel, emulate_kernel]


@pytest.fixture
def build(tmp_path: Path) -> Callable[[str], Kernel]:
    """Makes a kernel from the lines of its body."""
    return lambda body: build_kernel(tmp_path, body)


@pytest.mark.parametrize("run", WAYS)
@pytest.mark.parametrize("cols", [1, 5, 16, 31, 32, 70])
def test_store_writes_exactly_the_matrix(build: Any, run: Any, cols: int) -> None:
    kernel = build(
        f"""
a = matrix(args, 0, 11, {cols})
b = matrix(args, 1, 11, {cols})
for j in range(0, {cols}, 2 * LANES):
    for i in range(0, 11, 4):
        store(b, i, j, load(a, i, j, 4, 2) + 1.0)
"""
    )
    rng = np.random.default_rng(1)
    a = rng.standard_normal((11, cols)).astype(np.float32)
    source, target = padded(a), padded(np.zeros((11, cols)))
    run(kernel, [source, target])
    np.testing.assert_array_equal(target[: 11 * cols].reshape(11, cols), a + np.float32(1))
    assert (target[11 * cols :] == 77).all()


@pytest.mark.parametrize("run", WAYS)
def test_variable_rows_are_not_guarded(build: Any, run: Any) -> None:
    kernel = build("store(matrix(args, 0, batch, 3), 0, 0, full(4, 1, 2.0))")
    target = padded(np.zeros((4, 3)))
    run(kernel, [target], batch=2)
    if run is run_kernel:
        assert (target[:12] == 2).all()
    assert (target[:6] == 2).all() and (target[12:] == 77).all()


@pytest.mark.parametrize("run", WAYS)
def test_prefetches_change_nothing(build: Any, run: Any) -> None:
    """Nor does one of what lies far beyond the memory."""
    kernel = build(
        """
a = matrix(args, 0, 3, 40)
for i in range(3):
    prefetch(a, i + 1000000, 0, 2, 1)
    prefetch_write(a, i, 1000000, 1, 2)
    store(a, i, 0, load(a, i, 0, 1, 1) + 1.0)
"""
    )
    a = np.random.default_rng(4).standard_normal((3, 40)).astype(np.float32)
    held, expected = padded(a), a.copy()
    expected[:, :LANES] += 1
    run(kernel, [held])
    np.testing.assert_array_equal(held[:120].reshape(3, 40), expected)
    assert (held[120:] == 77).all()


@pytest.mark.parametrize("run", WAYS)
def test_load_fills_beyond_the_columns(build: Any, run: Any) -> None:
    kernel = build(
        """
a = matrix(args, 0, 2, 5)
store_column(matrix(args, 1, 2, 1), 0, row_max(load(a, 0, 0, 2, 2, -1e30)))
store_column(matrix(args, 2, 2, 1), 0, row_sum(load(a, 0, 0, 2, 2)))
"""
    )
    a = -np.arange(1, 11, dtype=np.float32).reshape(2, 5)
    largest, total = padded(np.zeros(2)), padded(np.zeros(2))
    run(kernel, [padded(a), largest, total])
    np.testing.assert_array_equal(largest[:2], a.max(1))
    np.testing.assert_array_equal(total[:2], a.sum(1))


def halved(a: Any, combine: Any) -> Any:
    """What each row comes to if its second half is combined with its first until one is left."""
    while a.shape[1] > 1:
        half = a.shape[1] // 2
        a = combine(a[:, :half], a[:, half:])
    return a


@pytest.mark.parametrize("run", WAYS)
@pytest.mark.parametrize("across", [1, 2])
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 6, 7, 8, 16, 24])
def test_rows_are_combined_in_one_order_however_many_there_are(
    build: Any, run: Any, rows: int, across: int
) -> None:
    cols = across * LANES
    kernel = build(
        f"""
block = load(matrix(args, 0, {rows}, {cols}), 0, 0, {rows}, {across})
sums, largest = matrix(args, 1, {rows}, {cols}), matrix(args, 2, {rows}, {cols})
store(sums, 0, 0, zeros({rows}, {across}) + row_sum(block))
store(largest, 0, 0, zeros({rows}, {across}) + row_max(block))
store(matrix(args, 3, {rows}, {cols}), 0, 0, zeros({rows}, {across}) + row_min(block))
"""
    )
    a = np.random.default_rng(rows).standard_normal((rows, cols)).astype(np.float32)
    held = [padded(np.zeros(rows * cols)) for _ in range(3)]
    run(kernel, [padded(a), *held])
    sums, largest, least = (one[: rows * cols].reshape(rows, cols) for one in held)
    joined = a.reshape(rows, across, LANES)
    total = halved(functools.reduce(np.add, joined.swapaxes(0, 1)), np.add)
    np.testing.assert_array_equal(sums, np.broadcast_to(total, a.shape))
    np.testing.assert_array_equal(largest, np.broadcast_to(a.max(1, keepdims=True), a.shape))
    np.testing.assert_array_equal(least, np.broadcast_to(a.min(1, keepdims=True), a.shape))


@pytest.mark.parametrize("run", WAYS)
@pytest.mark.parametrize("across", [1, 3])
def test_a_sum_in_each_lane(build: Any, run: Any, across: int) -> None:
    cols = across * LANES - 2
    kernel = build(
        f"""
a = matrix(args, 0, {LANES}, {cols})
store(matrix(args, 1, 1, {LANES}), 0, 0, lane_sums(load(a, 0, 0, {LANES}, {across})))
"""
    )
    a = np.random.default_rng(2).integers(-99, 99, (LANES, cols)).astype(np.float32)
    sums = padded(np.zeros(LANES))
    run(kernel, [padded(a), sums])
    np.testing.assert_array_equal(sums[:LANES], a.sum(1))


@pytest.mark.parametrize("run", WAYS)
@pytest.mark.parametrize("shape", [(13, 20, 40), (8, 7, 32), (3, 1, 10)])
def test_products(build: Any, run: Any, shape: tuple[int, int, int]) -> None:
    m, k, n = shape
    kernel = build(
        f"""
a = matrix(args, 0, {m}, {k})
b = matrix(args, 1, {k}, {n})
c = matrix(args, 2, {m}, {n})
d = matrix(args, 3, {k}, {n})
first, last = share({m}, 4, thread, threads)
for j in range(0, {n}, 2 * LANES):
    for i in range(first, last, 4):
        acc = zeros(4, 2)
        for p in range({k}):
            acc = outer(acc, a, i, p, b, p, j)
        store(c, i, j, acc)
    for i in range(0, {k}, 4):
        acc = zeros(4, 2)
        for p in range({m}):
            acc = outer_t(acc, a, p, i, c, p, j)
        add_to(d, i, j, acc)
"""
    )
    rng = np.random.default_rng(2)
    a = rng.standard_normal((m, k)).astype(np.float32)
    b = rng.standard_normal((k, n)).astype(np.float32)
    c, d = padded(np.zeros((m, n))), padded(np.ones((k, n)))
    run(kernel, [padded(a), padded(b), c, d])
    product = a.astype(float) @ b
    # float32 sums of k terms: error below k * 2**-24 of the sum of magnitudes
    bound = 2.0**-23 * (k + 1) * (abs(a).astype(float) @ abs(b)) + 1e-12
    assert (abs(c[: m * n].reshape(m, n) - product) <= bound).all()
    weight = a.T.astype(float) @ c[: m * n].reshape(m, n) + 1
    bound = 2.0**-23 * (m + 2) * (abs(a.T).astype(float) @ abs(c[: m * n].reshape(m, n)) + 1)
    assert (abs(d[: k * n].reshape(k, n) - weight) <= bound).all()
    assert (c[m * n :] == 77).all() and (d[k * n :] == 77).all()


@pytest.mark.parametrize("run", WAYS)
def test_memory_of_the_thread(build: Any, run: Any) -> None:
    kernel = build(
        """
a = matrix(args, 0, 11, 7)
c = matrix(args, 1, 11, 7)
own = scratch(11, 2)
for i in range(11):
    store(own, i, 0, load(a, i, 0, 1, 2))
for i in range(11):
    store(c, i, 0, load(own, 10 - i, 0, 1, 2))
"""
    )
    a = np.random.default_rng(3).standard_normal((11, 7)).astype(np.float32)
    c = padded(np.zeros((11, 7)))
    run(kernel, [padded(a), c])
    assert (c[:77].reshape(11, 7) == a[::-1]).all()
    assert (c[77:] == 77).all()


@pytest.mark.parametrize("run", WAYS)
@pytest.mark.parametrize("cols", [10, 64, 70])
def test_packed_panels(build: Any, run: Any, cols: int) -> None:
    kernel = build(
        f"""
a = matrix(args, 0, batch, 13)
b = matrix(args, 1, 13, {cols})
c = matrix(args, 2, batch, {cols})
d = matrix(args, 3, 13, {cols})
for j in range(0, {cols}, 2 * LANES):
    panel = pack(b, 0, j, 13, 2)
    for i in range(0, batch, 4):
        acc = zeros(4, 2)
        for k in range(13):
            acc = outer(acc, a, i, k, panel, k, 0)
        store(c, i, j, acc)
    for start in range(0, batch, 5):
        rows = min(5, batch - start)
        part = pack(c, start, j, 5, 2, rows)
        for i in range(0, 13, 4):
            acc = zeros(4, 2)
            for k in range(rows):
                acc = outer_t(acc, a, start + k, i, part, k, 0)
            add_to(d, i, j, acc)
"""
    )
    rng = np.random.default_rng(6)
    a = rng.integers(-3, 4, (12, 13))
    b = rng.integers(-3, 4, (13, cols))
    c, d = padded(np.zeros((12, cols))), padded(np.zeros((13, cols)))
    run(kernel, [padded(a), padded(b), c, d], batch=12)
    np.testing.assert_array_equal(c[: 12 * cols].reshape(12, cols), a @ b)
    np.testing.assert_array_equal(d[: 13 * cols].reshape(13, cols), a.T @ (a @ b))
    assert (c[12 * cols :] == 77).all() and (d[13 * cols :] == 77).all()


@pytest.mark.parametrize("run", WAYS)
@pytest.mark.parametrize(("rows", "cols"), [(32, 64), (19, 37), (1, 50), (70, 1)])
def test_panels_turned_over(build: Any, run: Any, rows: int, cols: int) -> None:
    """Of all rows and, in parts of 21, all columns; the panel's own edges lie beyond both."""
    kernel = build(
        f"""
a = matrix(args, 0, {rows}, {cols}, {cols + 3})
b = matrix(args, 1, {cols}, {rows})
for i in range(0, {rows}, 2 * LANES):
    for j in range(0, {cols}, 21):
        count = min(21, {cols} - j)
        panel = pack_t(a, i, j, 21, 2, count)
        for k in range(count):
            store(b, j + k, i, load(panel, k, 0, 1, 2))
"""
    )
    a = np.random.default_rng(3).standard_normal((rows, cols + 3)).astype(np.float32)
    target = padded(np.zeros((cols, rows)))
    run(kernel, [padded(a), target])
    np.testing.assert_array_equal(target[: rows * cols].reshape(cols, rows), a[:, :cols].T)
    assert (target[rows * cols :] == 77).all()


@pytest.mark.parametrize("run", WAYS)
@pytest.mark.parametrize("shape", [(32, 32), (19, 37), (3, 50)])
def test_transpose(build: Any, run: Any, shape: tuple[int, int]) -> None:
    rows, cols = shape
    kernel = build(
        f"""
a = matrix(args, 0, {rows}, {cols})
b = matrix(args, 1, {cols}, {rows})
for i in range(0, {rows}, LANES):
    for j in range(0, {cols}, LANES):
        transpose_block(a, i, j, b)
"""
    )
    a = np.random.default_rng(3).standard_normal(shape).astype(np.float32)
    target = padded(np.zeros((cols, rows)))
    run(kernel, [padded(a), target])
    np.testing.assert_array_equal(target[: rows * cols].reshape(cols, rows), a.T)
    assert (target[rows * cols :] == 77).all()


SPECIAL = np.array([0.0, -0.0, 1.0, -2.5, np.inf, -np.inf, np.nan, 3e38, 1e-45], np.float32)


@pytest.mark.parametrize("run", WAYS)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b", lambda a, b: a + b),
        ("a - b", lambda a, b: a - b),
        ("a * b", lambda a, b: a * b),
        ("a / b", lambda a, b: a / b),
        ("1.0 - a", lambda a, b: np.float32(1) - a),
        ("a / 3", lambda a, b: a / np.float32(3)),
        ("-a", lambda a, b: -a),
        ("maximum(a, b)", np.maximum),
        ("minimum(a, b)", np.minimum),
        ("maximum(a, 0.5)", lambda a, b: np.maximum(a, np.float32(0.5))),
        ("minimum(0.5, a)", lambda a, b: np.minimum(np.float32(0.5), a)),
        ("select(a < b, a, 0.0)", lambda a, b: np.where(a < b, a, np.float32(0))),
        ("select(a >= b, 1.0, b)", lambda a, b: np.where(a >= b, np.float32(1), b)),
        ("select(a == b, a, 5.0)", lambda a, b: np.where(a == b, a, np.float32(5))),
        ("select(a != b, a, 5.0)", lambda a, b: np.where(a != b, a, np.float32(5))),
        (
            "select((a > b) | ~(b <= 1.0), a, b)",
            lambda a, b: np.where((a > b) | ~(b <= 1), a, b),
        ),
        ("select((a > b) & (b > 0.0), a, b)", lambda a, b: np.where((a > b) & (b > 0), a, b)),
        ("sqrt(a)", lambda a, b: np.sqrt(a)),
        ("floor(a)", lambda a, b: np.floor(a)),
        ("ceil(a)", lambda a, b: np.ceil(a)),
        ("rint(a)", lambda a, b: np.rint(a)),
        ("absolute(a)", lambda a, b: np.abs(a)),
        ("square(a)", lambda a, b: a * a),
        ("reciprocal(a)", lambda a, b: np.float32(1) / a),
        ("sign(a)", lambda a, b: np.sign(a)),
    ],
)
def test_elementwise_is_numpy(build: Any, run: Any, text: str, expected: Any) -> None:
    kernel = build(
        f"""
first = matrix(args, 0, 1, 81)
second = matrix(args, 1, 1, 81)
target = matrix(args, 2, 1, 81)
for j in range(0, 81, LANES):
    a = load(first, 0, j, 1, 1)
    b = load(second, 0, j, 1, 1)
    store(target, 0, j, {text})
"""
    )
    a, b = (grid.ravel() for grid in np.meshgrid(SPECIAL, SPECIAL))
    target = padded(np.zeros(81))
    with np.errstate(all="ignore"):
        run(kernel, [padded(a), padded(b), target])
        np.testing.assert_array_equal(target[:81], expected(a, b))


@pytest.mark.parametrize("run", WAYS)
def test_broadcasting_and_reductions(build: Any, run: Any) -> None:
    across = -(-40 // LANES)
    kernel = build(
        f"""
a = matrix(args, 0, 6, 40)
out = matrix(args, 1, 6, 40)
sums = matrix(args, 2, 1, 40)
columns = matrix(args, 3, 6, 3)
low = 1e30
block = load(a, 0, 0, 6, {across})
inside = keep_columns(block, 0, 40, low)
centred = block - row_min(inside)
store(out, 0, 0, centred + load(a, 2, 0, 1, {across}) * load_column(columns, 0, 6, 1))
store(sums, 0, 0, col_sum(keep_rows(block, 0, 5, 0.0)))
store_column(columns, 0, row_sum(select(block == row_max(block), lane_index(0, {across}), 0.0)), 2)
set_element(columns, 5, 0, scalar(load_scalar(a, 1, 1)) + element(a, 0, 0))
"""
    )
    a = np.random.default_rng(4).random((6, 40)).astype(np.float32)
    columns = padded(np.arange(18).reshape(6, 3))
    out, sums = padded(np.zeros((6, 40))), padded(np.zeros(40))
    run(kernel, [padded(a), out, sums, columns])
    scale = np.arange(1, 18, 3, dtype=np.float32)[:, None]
    np.testing.assert_allclose(
        out[:240].reshape(6, 40), a - a.min(1, keepdims=True) + a[2] * scale, rtol=2e-6, atol=1e-6
    )
    np.testing.assert_allclose(sums[:40], a[:5].sum(0), rtol=1e-6)
    result = columns[:18].reshape(6, 3)
    np.testing.assert_array_equal(result[:, 2], a.argmax(1))
    assert result[5, 0] == a[1, 1] + a[0, 0]


@pytest.mark.parametrize("run", WAYS)
def test_integers_and_doubles(build: Any, run: Any) -> None:
    kernel = build(
        """
labels = imatrix(args, 0, 4, 3)
target = matrix(args, 1, 4, 3)
total = f64vector(args, 2)
count = i64vector(args, 3)
store(target, 0, 0, load(labels, 0, 0, 4, 1))
for i in range(4):
    set_element(total, 0, i, element(total, 0, i) + 0.1 * element(labels, i, 2))
set_element(count, 0, 1, element(count, 0, 0) + first_row(clock) + step_index(clock))
"""
    )
    labels = np.arange(-6, 6).reshape(4, 3)
    target, total = padded(np.zeros((4, 3))), padded(np.ones(4), "float64")
    count = padded([2**40, 0], "int64")
    run(kernel, [padded(labels, "int32"), target, total, count], clock=(7, 30, 0, 0))
    np.testing.assert_array_equal(target[:12].reshape(4, 3), labels)
    np.testing.assert_allclose(total[:4], 1 + 0.1 * labels[:, 2], rtol=1e-15)
    assert count[1] == 2**40 + 37


@pytest.mark.parametrize("n", [0, 1, 7, 8, 100, 128])
@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_shares_cover_everything_once(build: Any, n: int, threads: int) -> None:
    kernel = build(
        """
first, last = share(batch, 8, thread, threads)
bounds = i64vector(args, 0)
set_element(bounds, 0, 0, first)
set_element(bounds, 0, 1, last)
"""
    )
    assert_shares(kernel, n, threads, 8, (0,) * 8)


def assert_shares(kernel: Any, n: int, threads: int, grain: int, clock: tuple[int, ...]) -> None:
    """Slices follow one another, in whole grains but for the end."""
    reached = 0
    for thread in range(threads):
        native, emulated = padded([0, 0], "int64"), padded([0, 0], "int64")
        run_kernel(kernel, [native], n, thread=thread, threads=threads, clock=clock)
        emulate_kernel(kernel, [emulated], n, thread=thread, threads=threads, clock=clock)
        np.testing.assert_array_equal(native, emulated)
        assert native[0] == reached and native[0] % grain in (0, n % grain)
        reached = native[1]
    assert reached == n


@pytest.mark.parametrize("n", [0, 1, 7, 100])
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("grain", [0, 1, 2])
def test_the_clock_tells_the_grains(build: Any, n: int, threads: int, grain: int) -> None:
    kernel = build(
        """
first, last = share_batch(clock, batch, thread, threads)
again, end = share_rows(clock, batch, 5, 4, thread, threads)
top, bottom, left, right = share_block(clock, batch, 9, 1, thread, threads)
bounds = i64vector(args, 0)
set_element(bounds, 0, 0, first if again == 5 * first and top == first else -1)
set_element(bounds, 0, 1, last if end == 5 * last and bottom == last and right == 9 else -1)
"""
    )
    assert_shares(kernel, n, threads, grain or ROWS, (0, 0, 0, 0, 0, 0, grain, 0))


@pytest.mark.parametrize("run", WAYS)
@pytest.mark.parametrize(
    ("sizes", "step"),
    [
        ("7, 20, 33", 33),
        ("batch, 20, 33", 33),
        ("11, threads", 20),
        ("11, threads, 33", 33),
        ("11, 20, clock[1]", 33),
    ],
)
def test_rows_that_lie_apart(build: Any, run: Any, sizes: str, step: int) -> None:
    """Literal and run-time columns and steps, with and without an edge below."""
    kernel = build(
        f"""
a = matrix(args, 0, {sizes})
b = matrix(args, 1, {sizes})
for i in range(0, batch, 2):
    for j in range(0, 20, 2 * LANES):
        store(b, i, j, load(a, i, j, 2, 2) + 1.0)
    store_column(b, i, load_column(a, i, 2, 3), 3)
"""
    )
    rng = np.random.default_rng(1)
    a = rng.standard_normal((12, step)).astype(np.float32)
    source, target = padded(a), padded(np.full((12, step), 5))
    rows = 7 if sizes.startswith("7") else 8
    run(kernel, [source, target], batch=rows, threads=20, clock=(0, step, 0, 0))
    expected = np.full((12, step), 5, np.float32)
    expected[:rows, :20] = a[:rows, :20] + np.float32(1)
    expected[:rows, 3] = a[:rows, 3]
    np.testing.assert_array_equal(target[: 12 * step].reshape(12, step), expected)


@pytest.mark.parametrize("run", WAYS)
def test_windows(build: Any, run: Any) -> None:
    """Rows that overlap: a convolution of 3 taps, stride 2, as one product."""
    kernel = build(
        f"""
x = matrix(args, 0, 5, 3 * 4, 2 * 4)
w = matrix(args, 1, 3 * 4, 6)
y = matrix(args, 2, 5, 6)
acc = zeros(5, {-(-6 // LANES)})
for k in range(3 * 4):
    acc = outer(acc, x, 0, k, w, k, 0)
store(y, 0, 0, acc)
"""
    )
    rng = np.random.default_rng(1)
    x, w = rng.standard_normal((11, 4)), rng.standard_normal((3, 4, 6))
    target = padded(np.zeros((5, 6)))
    run(kernel, [padded(x), padded(w), target])
    expected = np.stack([np.tensordot(x[2 * i : 2 * i + 3], w, 2) for i in range(5)])
    np.testing.assert_allclose(target[:30].reshape(5, 6), expected, rtol=0, atol=12 * 2e-6)


@pytest.mark.parametrize("run", WAYS)
def test_integers_are_stored_cut_and_held(build: Any, run: Any) -> None:
    kernel = build(
        """
a = matrix(args, 0, 1, 21)
b = imatrix(args, 1, 1, 21)
c = imatrix(args, 2, 2, 1)
for j in range(0, 21, LANES):
    store(b, 0, j, load(a, 0, j, 1, 1))
store_column(c, 0, load_column(matrix(args, 0, 2, 10), 0, 2))
"""
    )
    odd = [1.9, -1.9, 0.0, 3e9, -3e9, np.inf, -np.inf, np.nan, 16777216.0, -0.5, -7.0]
    a = np.resize(np.asarray(odd, np.float32), 21)
    whole, column = padded(np.zeros(21), "int32"), padded(np.zeros(2), "int32")
    run(kernel, [padded(a), whole, column])
    top, bottom = 2**31 - 1, -(2**31)
    expected = [1, -1, 0, top, bottom, top, bottom, 0, 16777216, 0, -7]
    np.testing.assert_array_equal(whole[:21], np.resize(expected, 21))
    assert column[:2].tolist() == [1, -7] and (whole[21:] == 77).all()


@pytest.mark.parametrize("run", WAYS)
def test_the_first_rows_of_a_tile_are_stored(build: Any, run: Any) -> None:
    kernel = build(
        f"""
a = matrix(args, 0, 7, 20)
b = matrix(args, 1, 7, 3)
for less in range(8):
    count = 6 - less
    store_rows(a, 1, 0, full(5, {-(-20 // LANES)}, 3.0 + count), count)
    store_column(b, 1, full(5, 1, 3.0 + count), 2, count)
"""
    )
    target, column = padded(np.zeros((7, 20))), padded(np.zeros((7, 3)))
    run(kernel, [target, column])
    # Of the counts, which fall, the last that takes in row r of the tile is r + 1.
    values = np.array([0.0, 4.0, 5.0, 6.0, 7.0, 8.0, 0.0], np.float32)[:, None]
    np.testing.assert_array_equal(target[:140].reshape(7, 20), values.repeat(20, 1))
    np.testing.assert_array_equal(column[:21].reshape(7, 3), values * [0.0, 0.0, 1.0])
    assert (target[140:] == 77).all() and (column[21:] == 77).all()


@pytest.mark.parametrize("run", WAYS)
def test_words_are_filled(build: Any, run: Any) -> None:
    kernel = build(
        """
fill_words(matrix(args, 0, 1, 1), 3, 40, 2.5)
fill_words(matrix(args, 0, 1, 1), 50, 0, 9.0)
fill_words(imatrix(args, 1, 1, 1), 1, 2, -7)
"""
    )
    floats, whole = padded(np.zeros(60)), padded(np.zeros(5), "int32")
    run(kernel, [floats, whole])
    assert (floats[3:43] == 2.5).all() and not floats[:3].any() and not floats[43:60].any()
    assert whole[:5].tolist() == [0, -7, -7, 0, 0]


@pytest.mark.parametrize("run", WAYS)
def test_a_block_is_transposed_to_another_place(build: Any, run: Any) -> None:
    kernel = build(
        """
for i in range(0, 32, LANES):
    for j in range(0, 48, LANES):
        transpose_block(matrix(args, 0, 64, 48), 32 + i, j, matrix(args, 1, 144, 32), 48 + j, i)
"""
    )
    a = np.arange(64 * 48, dtype=np.float32).reshape(64, 48)
    target = padded(np.zeros((144, 32)))
    run(kernel, [padded(a), target])
    found = target[: 144 * 32].reshape(144, 32)
    np.testing.assert_array_equal(found[48:96], a[32:].T)
    assert not found[:48].any() and not found[96:].any()
