"""Further tensor functions: scattering, windows over a sequence, correlations, losses, patterns."""

from __future__ import annotations

import re
from math import pi, prod

from kgen import ops
from kgen.graph import BATCH, ShapeError, Size, Value
from kgen.layers.activations import in_range
from kgen.layers.family import function
from kgen.layers.function_kinds import SizesArg, cast, known
from kgen.layers.functions_order import argsort
from kgen.layers.kinds import Bool, Int, PositiveInt, String, T

_EPSILON = 1e-7


@function("argpartition")
def argpartition(x: T, kth: Int, axis: Int = -1) -> Value:
    """Places that put the kth smallest where it belongs, smaller ones in front: all in order."""
    size = known(x.shape[in_range(x, axis)], str(x.type))
    if not -size <= kth < size:
        raise ShapeError(f"place {kth} is not in axis {axis} of {x.type}")
    return argsort(x, axis)


@function("angle")
def angle(x: T) -> Value:
    """The angle of real numbers: 0, or pi where they are negative."""
    turned = ops.where(signbit(x), pi, 0.0)
    return ops.where(ops.is_nan(x), x, turned)


@function("signbit")
def signbit(x: T) -> Value:
    """True where x is below 0, or -0."""
    return ops.where(ops.equal(x, 0.0), 1.0 / ops.as_float(x), x) < 0.0


@function("unravel_index")
def unravel_index(indices: T, shape: SizesArg) -> list[Value]:
    """The places along each axis of a shape that numbers in row-major order stand for."""
    sizes = [known(size, f"the shape {list(shape)}") for size in shape]
    rest = ops.as_float(indices)
    found = []
    for axis, size in enumerate(sizes):
        below = prod(sizes[axis + 1 :])
        place = ops.floor(rest / float(below)) if below > 1 else rest
        rest = rest - place * float(below)
        found.append(ops.as_int(ops.mod(place, float(size))))
    return found


@function("scatter")
def scatter(indices: T, values: T, shape: SizesArg) -> Value:
    """Zeros in a shape to which rows are added at places of its first axis.

    indices `[n, 1]` of int32, values `[n, ...]`; places must lie within the axis.
    """
    sizes = [known(size, f"the shape {list(shape)}") for size in shape]
    if indices.type.rank != 2 or indices.shape[1] != 1 or values.shape[1:] != tuple(sizes[1:]):
        raise ShapeError(
            f"values {values.type} at {indices.type} do not fit {sizes}",
            help="indices are [n, 1], values [n, ...] with the sizes behind the first",
        )
    places = ops.reshape(cast(indices, "int32"), indices.shape[:1])
    rows = ops.reshape(ops.as_float(values), (values.shape[0], prod(sizes[1:])))
    return ops.reshape(ops.scatter_rows(rows, places, sizes[0]), tuple(sizes))


@function("extract_sequences")
def extract_sequences(x: T, sequence_length: PositiveInt, sequence_stride: PositiveInt) -> Value:
    """Windows of the last axis, so many steps apart: `[..., n]` to `[..., windows, length]`."""
    last = x.type.rank - 1
    size = known(x.shape[last], str(x.type))
    if sequence_length > size:
        raise ShapeError(f"windows of {sequence_length} do not fit the last axis of {x.type}")
    starts = range(0, size - sequence_length + 1, sequence_stride)
    parts = [ops.slice_axis(x, last, start, start + sequence_length) for start in starts]
    return ops.concatenate([ops.expand_dims(part, last) for part in parts], last)


@function("corrcoef")
def corrcoef(x: T) -> Value:
    """The correlations of the rows of a matrix without a batch."""
    if x.type.rank != 2 or BATCH in x.shape:
        raise ShapeError(f"a matrix without a batch is needed, found {x.type}")
    centred = x - ops.mean(x, 1, keepdims=True)
    product = ops.dot(centred, centred, contract=((1,), (1,)))
    scale = ops.rsqrt(ops.sum(ops.square(centred), 1))
    return product * ops.expand_dims(scale, 1) * scale


# --- losses element by element ---------------------------------------------------------


def _held(x: Value) -> Value:
    return ops.minimum(ops.maximum(x, _EPSILON), 1.0 - _EPSILON)


@function("binary_crossentropy")
def binary_crossentropy(target: T, output: T, from_logits: Bool = False) -> Value:
    """-t log(p) - (1 - t) log(1 - p), element by element."""
    target = ops.as_float(target)
    if from_logits:
        return ops.sigmoid_crossentropy(output, target)
    p = _held(output)
    return -(target * ops.log(p) + (1.0 - target) * ops.log(1.0 - p))


@function("categorical_crossentropy")
def categorical_crossentropy(
    target: T, output: T, from_logits: Bool = False, axis: Int = -1
) -> Value:
    """The sum of -t log(p) over the classes along an axis."""
    axis = in_range(output, axis)
    if from_logits:
        logs = ops.log_softmax(output, axis)
    else:
        logs = ops.log(_held(output / ops.sum(output, axis, keepdims=True)))
    return -ops.sum(ops.as_float(target) * logs, axis)


@function("sparse_categorical_crossentropy")
def sparse_categorical_crossentropy(
    target: T, output: T, from_logits: Bool = False, axis: Int = -1
) -> Value:
    """-log(p) of the class whose number the target is."""
    output = ops.moveaxis(output, in_range(output, axis), -1)
    if target.type.rank == output.type.rank and target.shape[-1] == 1:
        target = ops.squeeze(target, -1)
    hot = ops.equal(ops.index(output.shape), ops.expand_dims(ops.as_float(target), -1))
    return categorical_crossentropy(ops.as_float(hot), output, from_logits, -1)


# --- patterns ---------------------------------------------------------------------------


@function("rearrange")
def rearrange(tensor: T, pattern: String, sizes: SizesArg = ()) -> Value:
    """Axes named, ordered, split and joined as in "b (h n) c -> b h (n c)".

    A group in brackets on the left is split; `sizes` gives, in order of their appearance, the
    sizes of the axes in such groups, -1 for what is left.
    """
    sides = pattern.split("->")
    if len(sides) != 2:
        raise ShapeError(f"{pattern!r} is no pattern", help='write "b h w c -> b (h w) c"')
    left, right = (_groups(side, pattern) for side in sides)
    names = [name for group in left for name in group]
    if sorted(names) != sorted(n for g in right for n in g) or len(set(names)) < len(names):
        raise ShapeError(f"{pattern!r} must name each axis once on each side")
    if len(left) != tensor.type.rank:
        raise ShapeError(f"{pattern!r} names {len(left)} axes, found {tensor.type}")
    given = iter(sizes)
    known_sizes: dict[str, Size] = {}
    for group, size in zip(left, tensor.shape, strict=True):
        if len(group) == 1:
            known_sizes[group[0]] = size
            continue
        parts = [next(given, -1) for _ in group]
        known_sizes |= dict(zip(group, _split(known(size, pattern), parts, pattern), strict=True))
    apart = ops.reshape(tensor, tuple(known_sizes[name] for name in names))
    order = [name for group in right for name in group]
    moved = ops.transpose(apart, [names.index(name) for name in order])
    shape = tuple(
        known_sizes[group[0]]
        if len(group) == 1
        else prod(known(known_sizes[name], pattern) for name in group)
        for group in right
    )
    return ops.reshape(moved, shape)


def _groups(side: str, pattern: str) -> list[list[str]]:
    """The axes of one side, those in brackets together."""
    found = re.findall(r"\(([\w\s]*)\)|(\w+)", side)
    if re.sub(r"\(([\w\s]*)\)|(\w+)|\s", "", side):
        raise ShapeError(f"{pattern!r} is no pattern", help='write "b h w c -> b (h w) c"')
    return [group.split() if group else [name] for group, name in found]


def _split(size: int, parts: list[Size], pattern: str) -> list[int]:
    """The sizes a group's axis is split into; one -1 stands for what is left."""
    numbers = [known(part, pattern) for part in parts]
    rest = prod(part for part in numbers if part > 0)
    if numbers.count(-1) > 1 or size % rest or (-1 not in numbers and rest != size):
        raise ShapeError(
            f"{size} cannot be split into {numbers} as {pattern!r} has it",
            help="give the sizes of the axes in brackets on the left, one of them -1 at most",
        )
    return [size // rest if part == -1 else part for part in numbers]
