"""Graphs drawn at random from all the kinds of work the kernel generator knows.

Values are kept near 1: what grows is squashed, divisors and roots stay clear of 0.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import reduce
from math import prod

from kgen import ops
from kgen.diagnostics import KgenError
from kgen.graph import BATCH, Builder, Graph, Initializer, Metric, TensorType, Value

SIZES = (1, 2, 3, 4, 5, 7, 8, 16, 17, 31, 33, 65)
FEATURES = ((8,), (17,), (4, 8), (1, 8), (4, 1), (3, 5), (2, 3, 4), (33,), (1,), (3, 1, 8))
WEIGHTS = ((8,), (8, 17), (17, 33), (4, 1), (1, 8), (3, 5), (4, 8), (8, 8), (2, 1, 4), (5, 3))
MAX_RANK = 4
MAX_FLOATS = 6000
Step = Callable[["Drawer"], Value | None]


class Drawer:
    """A pool of values that grows by one random operation after another."""

    def __init__(self, seed: int, *, trained: bool = False) -> None:
        self.trained = trained
        self.rng = random.Random(seed)
        self.builder = Builder()
        self.pool: list[Value] = []

    def pick(self, accept: Callable[[Value], bool] = lambda value: True) -> Value | None:
        """A value for which `accept` holds, later ones more often."""
        found = [v for v in self.pool if v.dtype == "float32" and accept(v)]
        if not found:
            return None
        recent = found[-6:] if self.rng.random() < 0.6 else found
        chosen: Value = self.rng.choice(recent)
        return chosen

    def graph(self, steps: int) -> Graph:
        """A graph of inputs, weights, `steps` operations, and what is left over as outputs.

        A trained one has a loss that depends on every output.
        """
        rng = self.rng
        with self.builder as builder:
            for index, shape in enumerate(rng.sample(FEATURES, 3)):
                kind = TensorType("float32", (BATCH, *shape))
                self.pool.append(builder.input(f"x{index}", kind))
            for index, shape in enumerate(rng.sample(WEIGHTS, 3)):
                start = Initializer("Zeros", {})
                self.pool.append(builder.weight(f"w{index}/kernel", shape, start))
            made = 0
            while made < steps:
                step = rng.choice(STEPS)
                try:
                    value = step(self)
                except KgenError:  # shapes that do not go together
                    continue
                if value is None or not self.fits(value):
                    continue
                self.pool.append(value)
                made += 1
            outputs = self.outputs()
            if not self.trained:
                return builder.graph("drawn", outputs)
            loss = reduce(ops.add, (ops.mean(ops.tanh(value)) for value in outputs.values()))
            rows = ops.batch_size(next(iter(builder.inputs.values())))
            metric = Metric("loss", (loss * rows, rows))
            return builder.graph("drawn", outputs, loss=loss, metrics=[metric])

    @staticmethod
    def fits(value: Value) -> bool:
        """Small, and with the batch in front if at all."""
        known = _known(value)
        if len(known) < value.type.rank and _known(value) != value.shape[1:]:
            return False
        return value.type.rank <= MAX_RANK and prod(known) <= MAX_FLOATS

    def outputs(self) -> dict[str, Value]:
        """Every value nothing else reads, and some that others do, as rows of a batch."""
        used = {v for node in self.builder.nodes for v in node.inputs}
        inputs = list(self.builder.inputs.values())
        found = []
        for value in self.pool:
            if value.node.op.name in ("input", "weight") and value in used:
                continue
            if value in used and self.rng.random() < 0.85:
                continue
            found.append(value if is_rows(value) else self.rows(value, inputs[0]))
        return {f"y{index}": value for index, value in enumerate(found)}

    @staticmethod
    def rows(value: Value, rows: Value) -> Value:
        """A value without a batch, added to every row."""
        column = ops.sum(rows, tuple(range(1, rows.type.rank)), keepdims=False)
        return ops.reshape(column, (BATCH, *(1 for _ in value.shape))) + value


def is_rows(value: Value) -> bool:
    """Whether a value has the batch in front, and only there."""
    return bool(value.shape) and value.shape[0] == BATCH


def row_shape(value: Value, rows: int) -> tuple[int, ...]:
    """A value's shape for a batch of so many rows."""
    return (rows, *_known(value))


def _known(value: Value) -> tuple[int, ...]:
    return tuple(size for size in value.shape if isinstance(size, int))


def _squash(value: Value, terms: float = 1.0) -> Value:
    factor: float = 1.0 / max(terms, 1.0) ** 0.5
    return value * factor


def unary(d: Drawer) -> Value | None:
    x = d.pick()
    assert x is not None
    choices: list[Callable[[], Value]] = [
        lambda: ops.tanh(x),
        lambda: ops.sigmoid(x),
        lambda: ops.exp(-ops.absolute(x)),
        lambda: ops.log(ops.square(x) + 1.25),
        lambda: ops.sqrt(ops.absolute(x) + 0.5),
        lambda: ops.rsqrt(ops.square(x) + 0.5),
        lambda: ops.relu(x),
        lambda: ops.erf(x),
        lambda: ops.log1p(ops.square(x)),
        lambda: ops.expm1(ops.minimum(x, 1.0)),
        lambda: ops.where(x > 0.1, x, x * 0.5),
        lambda: ops.softplus(x),
        lambda: ops.tanh(ops.square(x)),
        lambda: ops.copy(x),
    ]
    return d.rng.choice(choices)()


def binary(d: Drawer) -> Value | None:
    a, b = d.pick(), d.pick()
    assert a is not None and b is not None
    choices: list[Callable[[], Value]] = [
        lambda: a + b,
        lambda: a - b,
        lambda: ops.tanh(a * b),
        lambda: a / (1.5 + ops.absolute(b)),
        lambda: ops.maximum(a, b),
        lambda: ops.minimum(a, b),
        lambda: ops.where(a > b, a, b * 0.5),
        lambda: ops.where(ops.logical_and(a > 0.0, b < 0.5), a, b),
        lambda: ops.power(ops.absolute(a) + 0.5, ops.tanh(b)),
    ]
    return d.rng.choice(choices)()


def chain(d: Drawer) -> Value | None:
    """Several elementwise operations on operands of different shapes at once."""
    a, b, c = d.pick(), d.pick(), d.pick()
    assert a is not None and b is not None and c is not None
    return ops.tanh(a * ops.sigmoid(b) + c) - b * 0.25


def ones(d: Drawer) -> Value | None:
    """A value shrunk to size one along some axes: broadcasts of every pattern follow."""
    x = d.pick(lambda v: is_rows(v) and v.type.rank >= 2)
    if x is None:
        return None
    axes = [axis for axis in range(1, x.type.rank) if d.rng.random() < 0.5]
    shrunk = ops.max(x, axes, keepdims=True) if axes else x
    return x - shrunk * 0.5 if d.rng.random() < 0.6 else shrunk


def reduction(d: Drawer) -> Value | None:
    x = d.pick(lambda v: v.type.rank >= 1)
    if x is None:
        return None
    axes = sorted(d.rng.sample(range(x.type.rank), d.rng.randint(1, x.type.rank)))
    keepdims = d.rng.random() < 0.5
    kind = d.rng.choice(["sum", "mean", "max", "min"])
    if kind == "sum":
        terms = prod(s for a in axes if isinstance(s := x.shape[a], int))
        return _squash(ops.sum(ops.tanh(x), axes, keepdims), terms)
    if kind == "mean":
        return ops.mean(x, axes, keepdims)
    return ops.max(x, axes, keepdims) if kind == "max" else ops.min(x, axes, keepdims)


def normalized(d: Drawer) -> Value | None:
    x = d.pick(lambda v: v.type.rank >= 2 and isinstance(v.shape[-1], int))
    if x is None:
        return None
    axis = d.rng.randrange(1, x.type.rank)
    kind = d.rng.randrange(3)
    if kind == 0:
        return ops.softmax(x, axis)
    if kind == 1:
        return ops.log_softmax(x, axis) * 0.25
    centred = x - ops.mean(x, axis, keepdims=True)
    return centred * ops.rsqrt(ops.mean(ops.square(centred), axis, keepdims=True) + 0.1)


def dense(d: Drawer) -> Value | None:
    """Rows times a new or known matrix."""
    x = d.pick(lambda v: v.type.rank >= 2 and isinstance(v.shape[-1], int))
    if x is None:
        return None
    size = x.shape[-1]
    assert isinstance(size, int)
    w = d.pick(lambda v: v.type.rank == 2 and not is_rows(v) and v.shape[0] == size)
    if w is None or d.rng.random() < 0.5:
        units = d.rng.choice(SIZES)
        name = f"w{len(d.builder.weights)}/kernel"
        w = d.builder.weight(name, (size, units), Initializer("Zeros", {}))
        d.pool.append(w)
    y = _squash(ops.dot(x, w, contract=((x.type.rank - 1,), (0,))), size)
    return ops.relu(y) if d.rng.random() < 0.5 else y


def transposed_dense(d: Drawer) -> Value | None:
    """Rows times the transpose of a matrix, as in a layer's backward pass."""
    w = d.pick(lambda v: v.type.rank == 2 and not is_rows(v))
    if w is None:
        return None
    x = d.pick(lambda v: v.type.rank >= 2 and is_rows(v) and v.shape[-1] == w.shape[1])
    if x is None:
        return None
    terms = _known(w)[1]
    return _squash(ops.dot(x, w, contract=((x.type.rank - 1,), (1,))), terms)


def batch_contraction(d: Drawer) -> Value | None:
    """Both operands' leading axes contracted, the batch among them: a kernel's gradient."""
    a = d.pick(lambda v: is_rows(v) and 2 <= v.type.rank <= 3)
    if a is None:
        return None
    lead = a.shape[:-1]
    b = d.pick(lambda v: v.shape[:-1] == lead)
    if b is None:
        return None
    axes = tuple(range(len(lead)))
    if d.trained:  # what comes of a gradient is not differentiated once more
        a, b = ops.stop_gradient(a), ops.stop_gradient(b)
    scale = ops.batch_size(a) * float(prod(s for s in lead if isinstance(s, int)))
    return ops.dot(a, b, contract=(axes, axes)) / scale


def batched(d: Drawer) -> Value | None:
    """A product for each row of the batch, over any pair of equal axes."""
    a = d.pick(lambda v: is_rows(v) and 2 <= v.type.rank <= 3)
    if a is None:
        return None
    left = d.rng.randrange(1, a.type.rank)
    b = d.pick(lambda v: is_rows(v) and 2 <= v.type.rank <= 3 and a.shape[left] in v.shape[1:])
    if b is None:
        return None
    right = next(i for i in range(1, b.type.rank) if b.shape[i] == a.shape[left])
    terms = a.shape[left]
    assert isinstance(terms, int)
    return _squash(ops.dot(a, b, contract=((left,), (right,)), batch=((0,), (0,))), terms)


def matrices(d: Drawer) -> Value | None:
    """A product of weights, or of what is made of weights alone."""
    a = d.pick(lambda v: v.type.rank == 2 and not is_rows(v))
    if a is None:
        return None
    axis = d.rng.randrange(2)
    b = d.pick(lambda v: v.type.rank == 2 and not is_rows(v) and a.shape[axis] in v.shape)
    if b is None:
        return None
    other = b.shape.index(a.shape[axis])
    terms = a.shape[axis]
    assert isinstance(terms, int)
    return _squash(ops.dot(a, b, contract=((axis,), (other,))), terms)


def reshaped(d: Drawer) -> Value | None:
    x = d.pick(lambda v: is_rows(v) and v.type.rank >= 2)
    if x is None:
        return None
    total = prod(_known(x))
    options = [(total,), (1, total), (total, 1)]
    options += [(p, total // p) for p in (2, 3, 4, 8) if total % p == 0]
    return ops.reshape(x, (BATCH, *d.rng.choice(options)))


def transposed(d: Drawer) -> Value | None:
    x = d.pick(lambda v: v.type.rank >= 2)
    if x is None:
        return None
    first = [0] if is_rows(x) else []
    rest = list(range(len(first), x.type.rank))
    d.rng.shuffle(rest)
    return ops.transpose(x, [*first, *rest])


def joined(d: Drawer) -> Value | None:
    x = d.pick(lambda v: is_rows(v) and v.type.rank >= 2)
    if x is None:
        return None
    axis = d.rng.randrange(1, x.type.rank)

    def alike(v: Value) -> bool:
        rest = [s for i, s in enumerate(v.shape) if i != axis]
        return v.type.rank == x.type.rank and rest == [
            s for i, s in enumerate(x.shape) if i != axis
        ]

    others = [d.pick(alike) for _ in range(d.rng.randint(1, 2))]
    return ops.concatenate([x, *(v for v in others if v is not None)], axis)


def sliced(d: Drawer) -> Value | None:
    x = d.pick(lambda v: v.type.rank >= 2)
    if x is None:
        return None
    axis = d.rng.randrange(1, x.type.rank)
    size = x.shape[axis]
    assert isinstance(size, int)
    start = d.rng.randrange(size)
    return ops.slice_axis(x, axis, start, d.rng.randint(start + 1, size))


def spread(d: Drawer) -> Value | None:
    x = d.pick(lambda v: is_rows(v) and 1 in v.shape)
    if x is None:
        return None
    shape = [d.rng.choice((2, 4, 8)) if size == 1 else size for size in x.shape]
    return ops.broadcast_to(x, tuple(shape))


STEPS: Sequence[Step] = (
    unary,
    binary,
    binary,
    chain,
    ones,
    reduction,
    reduction,
    normalized,
    dense,
    dense,
    transposed_dense,
    batch_contraction,
    batched,
    matrices,
    reshaped,
    transposed,
    joined,
    sliced,
    spread,
)
