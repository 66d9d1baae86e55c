"""Tile functions on a warp: their PTX, run by the interpreter, gives the emulation's bits.

Matrices lie in memory without padding, so that whatever is read beyond them is found.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kgen.runtime import tiles
from warp_runner import CLOCK, build_kernel, compare, interpret

slow = pytest.mark.slow
COLUMNS = (1, 3, 17, 31, 32, 33, 40, 64, 65, 70)
RNG = np.random.default_rng(7)
LIMITS = (0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 1.17549435e-38, 3.4028235e38)
WHOLE = (2147483648.0, -2147483648.0, 2147483520.0, 3e9, -3e9, -3.4028235e38)
NEAR = (0.99999994, -0.99999994, 1.0000001, 88.7228, 88.73, -87.4, -103.9, -104.1)
EASY = (1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -1.5, 9.0, 4.0)
SPECIAL = np.array([*LIMITS, *WHOLE, *NEAR, *EASY], np.float32)


def numbers(*shape: int) -> Any:
    """Whole numbers, whose sums and products are exact."""
    return RNG.integers(-9, 10, shape).astype(np.float32)


def clock(*dims: int, **words: int) -> tuple[int, ...]:
    """A clock with sizes of open dimensions."""
    found = list(CLOCK)
    found[8 : 8 + len(dims)] = dims
    for place, name in enumerate(("first", "step", "seed", "in_call")):
        found[place] = words.get(name, 0)
    return tuple(found)


COPY = """
a = matrix(args, {n}, 5, {cols})
b = matrix(args, {m}, 5, {cols})
for j in range(0, {cols}, 64):
    for i in range(0, 5, 4):
        store(b, i, j, load(a, i, j, 4, 2, -3.0) + 1.0)
"""


def test_blocks_at_each_number_of_columns() -> None:
    body = "cols = dimension(clock, 0)" + COPY.format(n=0, m=1, cols="cols")
    for cols in range(1, 71):
        a = numbers(5, cols)
        _, b = compare(body, [a, numbers(5, cols)], clock=clock(cols))
        np.testing.assert_array_equal(b.reshape(5, cols), a + 1)


@pytest.mark.parametrize("columns", [COLUMNS, pytest.param(range(1, 71), marks=slow)])
def test_blocks_of_literal_columns(columns: Any) -> None:
    for first in range(0, len(columns), 5):
        body, arrays = "", []
        for cols in columns[first : first + 5]:
            body += COPY.format(n=len(arrays), m=len(arrays) + 1, cols=cols)
            arrays += [numbers(5, cols), numbers(5, cols)]
        found = compare(body, arrays)
        for a, b in zip(found[::2], found[1::2], strict=True):
            np.testing.assert_array_equal(b, a + 1)


def test_fill_beyond_the_columns() -> None:
    body = """
cols = dimension(clock, 0)
a = matrix(args, 0, 2, cols)
store(matrix(args, 1, 2, 96), 0, 0, load(a, 0, 0, 2, 3, -np.inf))
store(matrix(args, 2, 2, 96), 0, 0, keep_columns(load(a, 0, 0, 2, 3), 0, cols - 1, 7.0))
store(matrix(args, 3, 2, 96), 0, 0, keep_rows(load(a, 0, 0, 2, 3), 3, 4, 7.0))
"""
    for cols in (1, 31, 32, 33, 64, 70, 95, 96):
        compare(body, [numbers(2, cols), *numbers(3, 2, 96)], clock=clock(cols))


def test_rows_of_a_batch_are_not_guarded() -> None:
    body = """
m = matrix(args, 0, batch, 3)
for i in range(0, batch, 4):
    store(m, i, 0, full(4, 1, 2.0) + load(m, i, 0, 4, 1))
"""
    target = numbers(8, 3)
    interpret(build_kernel(body), [found := target.reshape(-1).copy()], batch=5)
    np.testing.assert_array_equal(found.reshape(8, 3), target + 2)


def test_whole_numbers() -> None:
    body = """
a = matrix(args, 0, 1, 32)
b = imatrix(args, 1, 1, 32)
c = imatrix(args, 2, 32, 3)
store(b, 0, 0, load(a, 0, 0, 1, 1))
store(matrix(args, 3, 1, 32), 0, 0, load(b, 0, 0, 1, 1) + 0.5)
for i in range(32):
    store_column(c, i, load_column(a, 0, 1, i), 1)
    store_column(matrix(args, 4, 32, 1), i, load_column(c, i, 1, 1) * 2.0)
    set_element(c, i, 2, element(b, 0, i) // 2 + element(c, i, 0))
"""
    b, c = np.zeros(32, np.int32), RNG.integers(-9, 9, (32, 3)).astype(np.int32)
    found = compare(body, [SPECIAL, b, c, numbers(32), numbers(32)])
    near = {"nan": 0.0, "posinf": 2**31 - 1, "neginf": -(2**31)}
    exact = np.clip(np.nan_to_num(SPECIAL.astype(np.float64), **near), -(2**31), 2**31 - 1)
    np.testing.assert_array_equal(found[1], exact.astype(np.int64))


def test_columns_and_reductions() -> None:
    body = """
cols = dimension(clock, 0)
a = matrix(args, 0, 7, cols)
for i in range(0, 7, 3):
    t = load(a, i, 0, 3, 3)
    low = keep_columns(t, 0, cols, np.inf)
    high = keep_columns(t, 0, cols, -np.inf)
    store_column(matrix(args, 1, 7, 1), i, row_sum(t))
    store_column(matrix(args, 2, 7, 2), i, row_max(high), 1)
    store_column(matrix(args, 3, 7, 1), i, row_min(low))
    store(matrix(args, 4, 7, cols), i, 0, t - row_max(high) * load_column(a, i, 3, cols - 1))
t = load(a, 0, 0, 7, 3)
store(matrix(args, 5, 3, cols), 0, 0, col_sum(t))
store(matrix(args, 5, 3, cols), 1, 0, col_max(t))
store(matrix(args, 5, 3, cols), 2, 0, col_min(t))
set_element(matrix(args, 6, 1, 2), 0, 0, scalar(row_sum(col_sum(t))))
set_element(matrix(args, 6, 1, 2), 0, 1, element(a, 6, cols - 1))
store(matrix(args, 7, 1, cols), 0, 0, load_scalar(a, 2, cols - 1) * lane_index(5, 3))
store(matrix(args, 8, 1, 32), 0, 0, lane_sums(load(a, 0, 0, 32, 3)))
"""
    for cols in (1, 3, 17, 32, 33, 64, 70, 96):
        a = numbers(7, cols)
        a[1, cols // 2], a[5, 0] = np.inf, -np.inf
        sizes = (7, 14, 7, 7 * cols, 3 * cols, 2, cols, 32)
        for value in (1.0, np.nan):
            a[3, cols - 1] = value
            compare(body, [a, *(numbers(size) for size in sizes)], clock=clock(cols))


@pytest.mark.parametrize(
    ("m", "k", "n"), [(13, 20, 40), (3, 1, 70), pytest.param(8, 7, 32, marks=slow), (1, 33, 1)]
)
def test_products(m: int, k: int, n: int) -> None:
    body = f"""
a = matrix(args, 0, {m}, {k})
b = matrix(args, 1, {k}, {n})
c = matrix(args, 2, {m}, {n})
d = matrix(args, 3, {k}, {n})
e = matrix(args, 4, {m}, {n})
for j in range(0, {n}, 64):
    panel = pack(b, 0, j, {k}, 2)
    for i in range(0, {m}, 4):
        acc = zeros(4, 2)
        for p in range({k}):
            acc = outer(acc, a, i, p, b, p, j)
        store(c, i, j, acc)
        acc = zeros(4, 2)
        for p in range({k}):
            acc = outer(acc, a, i, p, panel, p, 0)
        store_rows(e, i, j, acc, 3)
    for i in range(0, {k}, 1):
        acc = zeros(1, 2)
        for p in range({m}):
            acc = outer_t(acc, a, p, i, c, p, j)
        add_to(d, i, j, acc)
"""
    a, b = numbers(m, k), numbers(k, n)
    found = compare(body, [a, b, numbers(m, n), numbers(k, n), numbers(m, n)])
    np.testing.assert_array_equal(found[2].reshape(m, n), a @ b)


def test_transpositions() -> None:
    body = """
rows = dimension(clock, 0)
cols = dimension(clock, 1)
a = matrix(args, 0, rows, cols)
b = matrix(args, 1, cols, rows)
for i in range(0, rows, LANES):
    for j in range(0, cols, LANES):
        transpose_block(a, i, j, b)
"""
    literal = body.replace("dimension(clock, 0)", "33").replace("dimension(clock, 1)", "70")
    for rows, cols in ((1, 1), (3, 40), (33, 17)):
        a = RNG.uniform(-1, 1, (rows, cols)).astype(np.float32)
        # Rows of a block beyond a variable number of them are read, and lie in the padding.
        whole = np.concatenate([a, numbers(-rows % 32, cols)]), numbers(cols + -cols % 32, rows)
        kernel = build_kernel(body)
        found = [array.reshape(-1).copy() for array in whole]
        interpret(kernel, found, clock=clock(rows, cols))
        np.testing.assert_array_equal(found[1][: cols * rows].reshape(cols, rows), a.T)
    compare(literal, [RNG.uniform(-1, 1, (33, 70)).astype(np.float32), numbers(70, 33)])


def test_choices() -> None:
    body = """
a = load(matrix(args, 0, 1, 32), 0, 0, 1, 1)
out = matrix(args, 1, 12, 32)
for n in range(32):
    b = load_scalar(matrix(args, 0, 1, 32), 0, n)
    o = matrix(args, 1, 384, 32)
    store(o, 12 * n, 0, select(a < b, 1.0, a))
    store(o, 12 * n + 1, 0, select(a <= b, b, 2.0))
    store(o, 12 * n + 2, 0, select((a > b) | (a == b), 1.0, 0.0))
    store(o, 12 * n + 3, 0, select((a >= b) & ~(a != b), 1.0, 0.0))
    store(o, 12 * n + 4, 0, maximum(a, b))
    store(o, 12 * n + 5, 0, minimum(a, b))
    store(o, 12 * n + 6, 0, a / b)
    store(o, 12 * n + 7, 0, (a - b) * b)
    store(o, 12 * n + 8, 0, power(a, b))
    store(o, 12 * n + 9, 0, -a)
    store(o, 12 * n + 10, 0, maximum(a, 0.0) + 0.0)
    store(o, 12 * n + 11, 0, select(lane_index(0, 1) < a, 1.0, 0.0))
"""
    body = body.replace("out = matrix(args, 1, 12, 32)\n", "")
    compare(body, [SPECIAL, numbers(384, 32)])


BINARY = ("full", "maximum", "minimum", "power", "select", "zeros")
FUNCTIONS = [
    name
    for name in tiles.__all__
    if getattr(getattr(tiles, name), "__module__", "").startswith("kgen.runtime.tile_math")
    and name not in BINARY
]


@pytest.mark.parametrize("first", range(0, len(FUNCTIONS), 5))
def test_functions(first: int) -> None:
    """The bits of the emulation, over the floats and at limits."""
    names = FUNCTIONS[first : first + 5]
    body = "a = matrix(args, 0, batch, 96)\nfor i in range(batch):\n"
    for n, name in enumerate(names, 1):
        body += f"    store(matrix(args, {n}, batch, 96), i, 0, {name}(load(a, i, 0, 1, 3)))\n"
    bits = np.arange(0, 2**32, 2_000_003, dtype=np.uint64).astype(np.uint32).view(np.float32)
    near = np.linspace(-12, 12, 1000).astype(np.float32)
    x = np.concatenate([SPECIAL, bits, near])
    x = x[: x.size // 96 * 96]
    compare(body, [x, *(np.zeros_like(x) for _ in names)], batch=x.size // 96)


def test_random_numbers() -> None:
    body = """
cols = dimension(clock, 0)
key0, key1 = random_key(clock, 5)
for i in range(0, 9, 3):
    for j in range(0, cols, 64):
        store(matrix(args, 0, 9, cols), i, j, uniform(key0, key1, i, j, cols, 3, 2))
        store(matrix(args, 1, 9, cols), i, j, normal(key0, key1, i, j, cols, 3, 2))
set_element(i64vector(args, 2), 0, 0, key0)
set_element(i64vector(args, 2), 0, 1, key1)
"""
    for cols, step, seed in ((1, 0, 0), (70, 3, 17), (33, 2**40, -5)):
        arrays = [numbers(9, cols), numbers(9, cols), np.zeros(2, np.int64)]
        first, *_ = compare(body, arrays, clock=clock(cols, step=step, seed=seed))
        assert first.min() >= 0 and first.max() < 1 and len(set(first)) > first.size * 0.99


def test_runs_of_words() -> None:
    body = """
n = dimension(clock, 0)
a = imatrix(args, 0, 1, 1)
b = imatrix(args, 1, 1, 1)
f = matrix(args, 2, 1, 1)
copy_words(b, 3, a, 2, n)
fill_words(b, n + 5, 2 * n, -7)
fill_words(f, 1, n, 0.5)
copy_words(f, n + 1, f, 1, n // 2)
"""
    for n in (0, 1, 31, 32, 33, 70):
        a, b = (RNG.integers(-9, 9, 3 * n + 9).astype(np.int32) for _ in range(2))
        compare(body, [a, b, numbers(3 * n + 9)], clock=clock(n))


def test_doubles_and_places_in_time() -> None:
    body = """
f = f64vector(args, 0)
n = i64vector(args, 1)
for k in range(5):
    set_element(f, 0, k, element(f, 0, k) + element(matrix(args, 2, 1, 5), 0, k))
set_element(n, 0, 0, first_row(clock))
set_element(n, 0, 1, step_index(clock))
set_element(n, 0, 2, step_in_call(clock))
set_element(n, 0, 3, dimension(clock, 2))
"""
    arrays = [RNG.normal(size=5), np.zeros(4, np.int64), numbers(5)]
    times = clock(4, 5, 6, first=70, step=2**33, in_call=8)
    np.testing.assert_array_equal(compare(body, arrays, clock=times)[1], [70, 2**33, 8, 6])


def test_warps_share_work() -> None:
    body = """
thread, threads = warps()
n = dimension(clock, 0)
first, last = share(n, 4, thread, threads)
for i in range(first, last):
    set_element(matrix(args, 0, 1, 1), i, 0, thread)
set_element(i64vector(args, 1), 0, thread, last - first)
for i in range(thread, n, threads):
    set_element(i64vector(args, 2), 0, i, 10 * thread + threads)
"""
    for n, grid, block in ((1, 1, 32), (33, 2, 64), (70, 3, 32), (50, 1, 256)):
        warps = grid * block // 32
        owner, counts = np.full(n, -1, np.float32), np.full(warps, -1, np.int64)
        turns = np.zeros(n, np.int64)
        interpret(
            build_kernel(body), [owner, counts, turns], clock=clock(n), grid=grid, block=block
        )
        slices = [tiles.share(n, 4, w, warps) for w in range(warps)]
        np.testing.assert_array_equal(counts, [last - first for first, last in slices])
        np.testing.assert_array_equal(owner, np.repeat(np.arange(warps), counts))
        np.testing.assert_array_equal(turns, np.arange(n) % warps * 10 + warps)
