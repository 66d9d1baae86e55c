"""Layers that arrange elements: Flatten, Reshape, Permute, RepeatVector."""

from __future__ import annotations

from math import prod
from typing import Annotated, TypeAlias

from kgen import ops
from kgen.dims import divide_exactly, product
from kgen.graph import Dim, ShapeError, Size, Value
from kgen.layers.family import layer
from kgen.layers.kinds import Choice, Ints, PositiveInt

DataFormat: TypeAlias = Annotated[
    str | None,
    Choice('"channels_last" or "channels_first"', (None, "channels_last", "channels_first")),
]


@layer("Flatten")
def flatten(x: Value, *, data_format: DataFormat = None) -> Value:
    """`[batch, ...]` to `[batch, everything else]`, row-major, channels last."""
    for size in x.shape[1:]:
        if isinstance(size, Dim):
            raise ShapeError(
                f"the open dimension {size} of {x.type} cannot be flattened",
                help="reduce over it instead: GlobalMaxPooling1D(), or mean(x, axis=1)",
            )
    if data_format == "channels_first" and x.type.rank > 2:
        x = ops.moveaxis(x, 1, -1)
    return ops.expand_dims(x, 1) if x.type.rank == 1 else ops.flatten_rows(x)


@layer("Reshape")
def reshape(x: Value, *, target_shape: Ints) -> Value:
    """`[batch, ...]` to `[batch, *target_shape]`; one size may be -1, for what is left."""
    sizes: list[Size] = list(target_shape)
    if sizes.count(-1) > 1 or any(size == 0 or size < -1 for size in target_shape):
        raise ShapeError(
            f"the target shape {list(target_shape)} is not a shape",
            help="sizes are positive, and at most one of them is -1",
        )
    if -1 in target_shape:
        sizes[target_shape.index(-1)] = _remaining(x, target_shape)
    return ops.reshape(x, (x.shape[0], *sizes))


def _remaining(x: Value, target_shape: tuple[int, ...]) -> Size:
    """What -1 stands for."""
    rest = prod(size for size in target_shape if size != -1)
    found = divide_exactly(product(x.shape[1:]), rest)
    if found is not None:
        return found
    raise ShapeError(
        f"cannot reshape {x.type} to [batch, {', '.join(map(str, target_shape))}]",
        help=f"the sizes other than -1 multiply to {rest}, which must divide the elements of a row",
    )


@layer("Permute")
def permute(x: Value, *, dims: Ints) -> Value:
    """The axes after the batch in another order; they count from 1."""
    if sorted(dims) != list(range(1, x.type.rank)):
        raise ShapeError(
            f"dims {list(dims)} do not permute the axes of {x.type}",
            help=f"name each of the axes 1 to {x.type.rank - 1} once",
        )
    return ops.transpose(x, (0, *dims))


@layer("RepeatVector")
def repeat_vector(x: Value, *, n: PositiveInt) -> Value:
    """`[batch, features]` to `[batch, n, features]`."""
    if x.type.rank != 2:
        raise ShapeError(f"a vector for each sample is needed, found {x.type}")
    return ops.broadcast_to(ops.expand_dims(x, 1), (x.shape[0], n, x.shape[1]))
