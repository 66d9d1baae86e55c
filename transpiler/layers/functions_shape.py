"""Tensor functions that arrange elements, with the names of `keras.ops`."""

from __future__ import annotations

from math import prod
from typing import Annotated, Any, TypeAlias

from kgen import ops
from kgen.graph import BATCH, Shape, ShapeError, Size, Value, constant
from kgen.layers.activations import in_range
from kgen.layers.family import function
from kgen.layers.function_kinds import (
    IntOrInts,
    Numbers,
    SizesArg,
    count_elements,
    known,
)
from kgen.layers.kinds import (
    Choice,
    Int,
    Ints,
    OptionalAxes,
    OptionalFloat,
    OptionalInts,
    PositiveInt,
    T,
)

_PadMode: TypeAlias = Annotated[
    str,
    Choice(
        '"constant", "reflect", "symmetric" or "edge"', ("constant", "reflect", "symmetric", "edge")
    ),
]


@function("reshape")
def reshape(x: T, newshape: SizesArg) -> Value:
    """The same elements in another shape, the batch first; -1 stands for what is left."""
    sizes = list(newshape)
    if sizes.count(-1) > 1:
        raise ShapeError(f"only one size of {sizes} can be -1")
    if -1 in sizes:
        sizes[sizes.index(-1)] = _rest(x, sizes)
    return ops.reshape(x, tuple(sizes))


def _rest(x: Value, sizes: list[Size]) -> Size:
    """What -1 stands for: the batch if x has one that is not named, else a number."""
    have = prod(size for size in x.shape if isinstance(size, int))
    want = prod(size for size in sizes if isinstance(size, int) and size != -1)
    missing = [s for s in x.shape if not isinstance(s, int) and s not in sizes]
    if len(missing) == 1 and have == want:
        return missing[0]
    if not missing and have % want == 0:
        return have // want
    raise ShapeError(
        f"cannot reshape {x.type} to [{', '.join(map(str, sizes))}]",
        help="both shapes must hold the same number of elements, the batch in front",
    )


@function("ravel")
def ravel(x: T) -> Value:
    """All elements of a tensor without a batch on one axis."""
    return ops.reshape(x, (count_elements(x),))


@function("expand_dims")
def expand_dims(x: T, axis: IntOrInts) -> Value:
    """New axes of size one, where they stand in the result."""
    axes = [axis] if isinstance(axis, int) else list(axis)
    rank = x.type.rank + len(axes)
    if any(not -rank <= one < rank for one in axes) or len({a % rank for a in axes}) < len(axes):
        raise ShapeError(f"axis {axis} is out of range for a new axis of {x.type}")
    for one in sorted(a % rank for a in axes):
        x = ops.expand_dims(x, one)
    return x


@function("squeeze")
def squeeze(x: T, axis: OptionalAxes = None) -> Value:
    """Without axes of size one: the given ones, or all."""
    if axis is None:
        return ops.reshape(x, tuple(size for size in x.shape if size != 1))
    axes = [axis] if isinstance(axis, int) else axis
    for one in sorted((in_range(x, a) for a in axes), reverse=True):
        if x.shape[one] != 1:
            raise ShapeError(f"axis {one} of {x.type} is not of size 1")
        x = ops.squeeze(x, one)
    return x


@function("transpose")
def transpose(x: T, axes: OptionalInts = None) -> Value:
    """The axes in another order, reversed without `axes`."""
    order = [a for a in axes if a is not None] if axes else range(x.type.rank)[::-1]
    return ops.transpose(x, [in_range(x, axis) for axis in order])


@function("moveaxis")
def moveaxis(x: T, source: IntOrInts, destination: IntOrInts) -> Value:
    """Some axes moved, the others in order."""
    sources = [in_range(x, a) for a in ([source] if isinstance(source, int) else source)]
    given = [destination] if isinstance(destination, int) else destination
    targets = [in_range(x, a) for a in given]
    if len(sources) != len(targets):
        raise ShapeError(f"{len(sources)} axes cannot move to {len(targets)} places")
    order = [axis for axis in range(x.type.rank) if axis not in sources]
    for target, axis in sorted(zip(targets, sources, strict=True)):
        order.insert(target, axis)
    return ops.transpose(x, order)


@function("swapaxes")
def swapaxes(x: T, axis1: Int, axis2: Int) -> Value:
    """Two axes exchanged."""
    order = list(range(x.type.rank))
    first, second = in_range(x, axis1), in_range(x, axis2)
    order[first], order[second] = second, first
    return ops.transpose(x, order)


@function("broadcast_to")
def broadcast_to(x: T, shape: SizesArg) -> Value:
    """x repeated along new axes and axes of size one."""
    return ops.broadcast_to(x, shape)


@function("flip")
def flip(x: T, axis: OptionalAxes = None) -> Value:
    """The elements in reverse order along axes, all but the batch unless told."""
    if axis is None:
        return ops.flip(x, [a for a in range(x.type.rank) if x.shape[a] != BATCH])
    axes = [axis] if isinstance(axis, int) else axis
    return ops.flip(x, [in_range(x, one) for one in axes])


@function("fliplr")
def fliplr(x: T) -> Value:
    """The elements in reverse order along the second axis."""
    return ops.flip(x, [in_range(x, 1)])


@function("flipud")
def flipud(x: T) -> Value:
    """The rows of a tensor without a batch in reverse order."""
    return ops.flip(x, [0])


@function("rot90")
def rot90(array: T, k: Int = 1, axes: Ints = (0, 1)) -> Value:
    """x turned by so many right angles in the plane of two axes."""
    if len(axes) != 2:
        raise ShapeError(f"a plane has two axes, found {list(axes)}")
    first, second = (in_range(array, axis) for axis in axes)
    turns = k % 4
    if turns == 0:
        return array
    if turns == 2:
        return ops.flip(array, [first, second])
    order = list(range(array.type.rank))
    order[first], order[second] = second, first
    turned = ops.transpose(array, order)
    return ops.flip(turned, [first if turns == 1 else second])


@function("pad")
def pad(
    x: T, pad_width: Numbers, mode: _PadMode = "constant", constant_values: OptionalFloat = None
) -> Value:
    """x with elements put in before and behind each axis: a value (0), or its own mirrored.

    `pad_width` is a pair for each axis, one pair for all, or a number for all.
    """
    low, high = _widths(x, pad_width)
    if mode == "constant":
        return ops.pad(x, low, high, value=constant_values or 0.0)
    for axis, (before, behind) in enumerate(zip(low, high, strict=True)):
        if before or behind:
            x = _mirrored(x, axis, before, behind, mode)
    return x


def _widths(x: Value, pad_width: Any) -> tuple[list[int], list[int]]:
    rank = x.type.rank
    found = getattr(pad_width, "tolist", lambda: None)()
    if isinstance(found, int):
        found = [[found, found]] * rank
    elif isinstance(found, list) and len(found) == 2 and all(isinstance(n, int) for n in found):
        found = [found] * rank
    pairs = found if isinstance(found, list) else []
    fits = len(pairs) == rank and all(isinstance(p, list) and len(p) == 2 for p in pairs)
    if not fits or any(not isinstance(n, int) or n < 0 for pair in pairs for n in pair):
        raise ShapeError(
            f"pad_width does not fit {x.type}",
            help=f"give a pair (before, behind) for each of the {rank} axes, the batch first",
        )
    if BATCH in x.shape and any(pairs[x.shape.index(BATCH)]):
        raise ShapeError("the batch cannot be padded", help="give its axis the pair (0, 0)")
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _mirrored(x: Value, axis: int, before: int, behind: int, mode: str) -> Value:
    """The axis with its own elements in front and behind: mirrored, or the outermost repeated."""
    size = known(x.shape[axis], f"axis {axis} of {x.type}")
    skip = 1 if mode == "reflect" else 0
    if mode != "edge" and max(before, behind) > size - skip:
        raise ShapeError(
            f"axis {axis} of {x.type} is too short to be padded by {max(before, behind)}",
            help=f'mode="{mode}" puts in at most {size - skip} elements',
        )
    parts = [x]
    if before:
        first = ops.slice_axis(x, axis, 0, 1)
        front = ops.slice_axis(x, axis, skip, skip + before) if mode != "edge" else first
        mirror = ops.flip(front, [axis]) if mode != "edge" else _repeated(first, axis, before)
        parts.insert(0, mirror)
    if behind:
        last = ops.slice_axis(x, axis, size - 1, size)
        stop = size - skip
        back = ops.slice_axis(x, axis, stop - behind, stop) if mode != "edge" else last
        parts.append(ops.flip(back, [axis]) if mode != "edge" else _repeated(last, axis, behind))
    return ops.concatenate(parts, axis)


def _repeated(x: Value, axis: int, count: int) -> Value:
    shape: Shape = tuple(count if a == axis else size for a, size in enumerate(x.shape))
    return ops.broadcast_to(x, shape)


@function("slice")
def slice_of(inputs: T, start_indices: Ints, shape: SizesArg) -> Value:
    """The block of a shape that begins at the given places; -1 in the shape takes the rest."""
    rank = inputs.type.rank
    if len(start_indices) != rank or len(shape) != rank:
        raise ShapeError(f"a slice of {inputs.type} needs {rank} places and sizes")
    for axis, (start, size) in enumerate(zip(start_indices, shape, strict=True)):
        own = inputs.shape[axis]
        if start == 0 and size in (own, -1):
            continue
        if not isinstance(own, int) or not isinstance(size, int):
            raise ShapeError(f"the open axis {axis} of {inputs.type} cannot be cut")
        stop = own if size == -1 else start + size
        inputs = ops.slice_axis(inputs, axis, start, stop)
    return inputs


@function("slice_update")
def slice_update(inputs: T, start_indices: Ints, updates: T) -> Value:
    """inputs with the block that begins at the given places replaced."""
    rank = inputs.type.rank
    if len(start_indices) != rank or updates.type.rank != rank:
        raise ShapeError(f"an update of {inputs.type} needs {rank} places and axes")
    low, high = list(start_indices), []
    for axis, start in enumerate(start_indices):
        own, size = inputs.shape[axis], updates.shape[axis]
        if own == size and start == 0:
            high.append(0)
            continue
        own, size = known(own, str(inputs.type)), known(size, str(updates.type))
        if start < 0 or start + size > own:
            raise ShapeError(f"the update {updates.type} at {start} leaves axis {axis}")
        high.append(own - start - size)
    inside = ops.broadcast_to(constant(1.0), updates.shape)
    inside = ops.pad(ops.copy(inside), low, high)
    return ops.where(inside > 0.0, ops.pad(updates, low, high), inputs)


@function("depth_to_space")
def depth_to_space(x: T, block_size: PositiveInt) -> Value:
    """Blocks of features laid out in space: `[b, h, w, c n n]` to `[b, h n, w n, c]`."""
    n = block_size
    if x.type.rank != 4 or n < 1:
        raise ShapeError(f"an image for each sample is needed, found {x.type}")
    h, w, depth = (known(size, str(x.type)) for size in x.shape[1:])
    if depth % (n * n):
        raise ShapeError(f"{depth} features are no multiple of {n} times {n}")
    c = depth // (n * n)
    apart = ops.reshape(x, (x.shape[0], h, w, n, n, c))
    return ops.reshape(ops.transpose(apart, (0, 1, 3, 2, 4, 5)), (x.shape[0], h * n, w * n, c))


@function("space_to_depth")
def space_to_depth(x: T, block_size: PositiveInt) -> Value:
    """Blocks in space as features: `[b, h n, w n, c]` to `[b, h, w, n n c]`."""
    n = block_size
    if x.type.rank != 4 or n < 1:
        raise ShapeError(f"an image for each sample is needed, found {x.type}")
    h, w, c = (known(size, str(x.type)) for size in x.shape[1:])
    if h % n or w % n:
        raise ShapeError(f"blocks of {n} by {n} do not fit {x.type}")
    apart = ops.reshape(x, (x.shape[0], h // n, n, w // n, n, c))
    return ops.reshape(
        ops.transpose(apart, (0, 1, 3, 2, 4, 5)), (x.shape[0], h // n, w // n, n * n * c)
    )
