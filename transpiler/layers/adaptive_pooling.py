"""Pooling to a given number of windows, whose sizes differ by one where they do not divide."""

from __future__ import annotations

from math import gcd

from kgen import ops
from kgen.dims import ceil_divide
from kgen.graph import ShapeError, Value
from kgen.layers.family import layer
from kgen.layers.shaping import DataFormat
from kgen.layers.windows import Sizes, as_given, channels_last, ranked


def adaptive(
    x: Value, kind: str, rank: int, output_size: tuple[int, ...], data_format: str | None
) -> Value:
    """The `max` or `mean` of windows from floor(i n / o) up to ceil((i + 1) n / o).

    n cells of an axis give o windows; n is known.

    Raises:
        ShapeError: a size is open, or the rank is another.
    """
    x = channels_last(x, rank, data_format)
    sizes = []
    for size in x.shape[1:-1]:
        if not isinstance(size, int):
            raise ShapeError(
                f"the open size {size} of {x.type} has no windows known at build time",
                help="reduce over it instead: GlobalMaxPooling1D(), or mean(x, axis=1)",
            )
        sizes.append(size)
    even = [n // o if n % o == 0 else 1 for n, o in zip(sizes, output_size, strict=True)]
    if max(even) > 1:
        zeros = (0,) * rank
        x = ops.pool(x, kind, even, even, zeros, zeros)
    for axis, (n, o) in enumerate(zip(sizes, output_size, strict=True), 1):
        x = x if n % o == 0 else _along(x, kind, axis, n, o)
    return as_given(x, data_format)


def _along(x: Value, kind: str, axis: int, n: int, o: int) -> Value:
    """One axis. Windows recur every n / g cells, g the greatest common divisor of n and o."""
    rounds = gcd(n, o)
    stride, rank = n // rounds, x.type.rank - 2
    phases = []
    for phase in range(o // rounds):
        start, stop = phase * n // o, ceil_divide((phase + 1) * n, o)
        assert isinstance(stop, int)
        part = ops.slice_axis(x, axis, start, stop + (rounds - 1) * stride)
        window, steps = [1] * rank, [1] * rank
        window[axis - 1], steps[axis - 1] = stop - start, stride
        if stop - start > 1:
            part = ops.pool(part, kind, window, steps, (0,) * rank, (0,) * rank)
        elif stride > 1:
            part = ops.strided(part, [axis], [stride])
        phases.append(ops.expand_dims(part, axis + 1))
    joined = ops.concatenate(phases, axis + 1)
    return ops.reshape(joined, (*x.shape[:axis], o, *x.shape[axis + 1 :]))


def _declare(rank: int) -> None:
    """Enter AdaptiveMaxPooling{rank}D and AdaptiveAveragePooling{rank}D."""

    @layer(f"AdaptiveMaxPooling{rank}D")
    @ranked(rank)
    def adaptive_max_pooling(
        x: Value, *, output_size: Sizes, data_format: DataFormat = None
    ) -> Value:
        """The largest element of each of `output_size` windows and channel.

        Of n cells, window i of o has those from floor(i n / o) up to ceil((i + 1) n / o).
        """
        return adaptive(x, "max", rank, output_size, data_format)

    @layer(f"AdaptiveAveragePooling{rank}D")
    @ranked(rank)
    def adaptive_average_pooling(
        x: Value, *, output_size: Sizes, data_format: DataFormat = None
    ) -> Value:
        """The mean of each of `output_size` windows and channel.

        Of n cells, window i of o has those from floor(i n / o) up to ceil((i + 1) n / o).
        """
        return adaptive(x, "mean", rank, output_size, data_format)


for _rank in (1, 2, 3):
    _declare(_rank)
