"""What layers over windows have in common: sizes for each axis, padding, the order of axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias, TypeVar

from kgen import ops
from kgen.dims import ceil_divide
from kgen.graph import Shape, ShapeError, Size, Value
from kgen.layers.activations import activate
from kgen.layers.kinds import Choice, Maybe
from kgen.layers.registry import Bound, Kind, Scope

_Function = TypeVar("_Function", bound=Callable[..., Any])
# Positions by rank, as messages name them.
AXES = {1: "steps", 2: "height, width", 3: "depth, height, width"}


@dataclass(frozen=True)
class Extents(Kind):
    """An integer of at least `low` for each of `rank` axes, or one for all; a tuple in the end."""

    rank: int = 1
    low: int = 1

    def check(self, value: Any) -> tuple[int, ...]:
        found = value if isinstance(value, list | tuple) else (value,) * self.rank
        whole = all(isinstance(n, int) and not isinstance(n, bool) for n in found)
        if not whole or len(found) != self.rank or min(found) < self.low:
            self.refuse(value)
        return tuple(found)


@dataclass(frozen=True)
class Borders(Kind):
    """Cells before and behind each of `rank` axes, as pairs in the end.

    One number stands for all, one for each axis for both of its sides; with a single axis two
    numbers are its sides.
    """

    rank: int = 1

    def check(self, value: Any) -> tuple[tuple[int, int], ...]:
        sides = value if isinstance(value, list | tuple) else (value,) * self.rank
        if self.rank == 1 and isinstance(value, list | tuple):
            sides = (value,)
        if len(sides) != self.rank:
            self.refuse(value)
        return tuple(self._pair(value, side) for side in sides)

    def _pair(self, value: Any, side: Any) -> tuple[int, int]:
        pair = tuple(side) if isinstance(side, list | tuple) else (side, side)
        whole = all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in pair)
        if len(pair) != 2 or not whole:
            self.refuse(value)
        return pair


def _each(rank: int) -> str:
    return "a positive integer" if rank == 1 else f"a positive integer, or {rank} of them"


def _more(rank: int) -> str:
    whole = "an integer not below 0"
    return whole if rank == 1 else f"{whole}, or {rank} of them"


# In the signature of a layer of several ranks; `ranked` puts in what they are for one rank.
Sizes: TypeAlias = Annotated[Any, Extents(_each(1))]
OptionalSizes: TypeAlias = Annotated[Any, Maybe("a size or None", Extents(_each(1)))]
OptionalExtras: TypeAlias = Annotated[Any, Maybe("a number of cells or None", Extents(_more(1)))]
BorderSizes: TypeAlias = Annotated[Any, Borders("a size")]
Padding: TypeAlias = Annotated[str, Choice('"valid" or "same"', ("valid", "same"))]
AnyPadding: TypeAlias = Annotated[str, Choice('"valid" or "same"', ("valid", "same"))]
CausalPadding: TypeAlias = Annotated[
    str, Choice('"valid", "same" or "causal"', ("valid", "same", "causal"))
]


def ranked(rank: int) -> Callable[[_Function], _Function]:
    """Makes a layer's signature that of the layer with `rank` axes of positions."""
    pair = "two integers not below 0" if rank == 1 else f"{rank} pairs of integers not below 0"
    kinds: dict[str, Any] = {
        "Sizes": Annotated[Any, Extents(_each(rank), rank)],
        "OptionalSizes": Annotated[
            Any, Maybe(f"{_each(rank)}, or None", Extents(_each(rank), rank))
        ],
        "OptionalExtras": Annotated[
            Any, Maybe(f"{_more(rank)}, or None", Extents(_more(rank), rank, low=0))
        ],
        "BorderSizes": Annotated[Any, Borders(f"an integer not below 0, or {pair}", rank)],
        "AnyPadding": CausalPadding if rank == 1 else Padding,
    }

    def enter(function: _Function) -> _Function:
        for name, annotation in function.__annotations__.items():
            if annotation in kinds:
                function.__annotations__[name] = kinds[annotation]
        return function

    return enter


def each(rank: int, number: int) -> Any:
    """Keras's way to write a default for all axes: a number for one, a tuple for several."""
    return number if rank == 1 else (number,) * rank


def channels_last(x: Value, rank: int, data_format: str | None) -> Value:
    """The tensor with its channels as the last axis, once it is known to have `rank + 2` axes.

    Raises:
        ShapeError: it has not.
    """
    if x.type.rank != rank + 2:
        order = ["batch", "channels", AXES[rank]]
        order = order if data_format == "channels_first" else ["batch", AXES[rank], "channels"]
        first = data_format == "channels_first"
        help = f"one channel is an axis, too: x[:, {'None' if first else '..., None'}]"
        raise ShapeError(
            f"[{', '.join(order)}] is needed, found {x.type}",
            help=help if x.type.rank == rank + 1 else "",
        )
    x = ops.as_float(x)
    return ops.moveaxis(x, 1, -1) if data_format == "channels_first" else x


def as_given(y: Value, data_format: str | None) -> Value:
    """The channels back where `data_format` has them."""
    return ops.moveaxis(y, -1, 1) if data_format == "channels_first" else y


def activated(scope: Scope, activation: Bound | None, y: Value, data_format: str | None) -> Value:
    """activation(y) with the channels where `data_format` has them.

    One along an axis, such as softmax, counts the axes as they are then, as in Keras.
    """
    if goes_along_an_axis(activation):
        return activate(scope, activation, as_given(y, data_format))
    return as_given(activate(scope, activation, y), data_format)


def goes_along_an_axis(activation: Bound | None) -> bool:
    """Whether an activation sees more than each element by itself."""
    while activation is not None and "activation" in activation.arguments:
        activation = activation.arguments["activation"]
    return activation is not None and "axis" in activation.arguments


def known_channels(x: Value) -> int:
    """The number of channels of a channels-last tensor.

    Raises:
        ShapeError: it is not known.
    """
    size = x.shape[-1]
    if not isinstance(size, int):
        raise ShapeError(
            f"the channels of {x.type} must be known",
            help=f"give {size} a size in the input's declaration",
        )
    return size


def borders(
    padding: str,
    positions: Shape,
    taps: Sequence[int],
    strides: Sequence[int],
    dilation: Sequence[int],
) -> tuple[list[int], list[int]]:
    """The cells that `padding` puts before and behind each axis of positions.

    Raises:
        ShapeError: they depend on an open size.
    """
    low, high = [], []
    for size, tap, step, by in zip(positions, taps, strides, dilation, strict=True):
        reach = (tap - 1) * by
        total = 0
        if padding == "causal":
            low.append(reach)
            high.append(0)
            continue
        if padding == "same":
            total = _same(size, reach, step)
        low.append(total // 2)
        high.append(total - total // 2)
    return low, high


def _same(size: Size, reach: int, step: int) -> int:
    """Padding that makes one position for every `step` cells."""
    if step == 1:
        return reach
    if not isinstance(size, int):
        raise ShapeError(
            f'padding="same" with strides depends on the open size {size}',
            help='use padding="valid", or strides of 1',
        )
    count = ceil_divide(size, step)
    assert isinstance(count, int)
    return max((count - 1) * step + reach + 1 - size, 0)


def padded(x: Value, low: Sequence[int], high: Sequence[int]) -> Value:
    """Zeros around the positions of a channels-last tensor."""
    return ops.pad(x, [0, *low, 0], [0, *high, 0])
