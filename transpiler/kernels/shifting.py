"""Copies by steps along axes: padding, slices, repetition.

Each cell of the target is a cell of the source, or padding. The trailing axes whose cells keep
their order are copied as runs; loops walk the axes before them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kgen.access import product_text
from kgen.body import Body, number
from kgen.dims import expression
from kgen.graph import Node, Shape, Size
from kgen.kernels.dealing import Loop
from kgen.kernels.nest import nest, take_names
from kgen.kernels.places import add, mixed, mul, size
from kgen.texts import NestText


@dataclass(frozen=True)
class Axis:
    """How an axis of the target comes from the source's.

    Target cell t is source cell `(t * by + plus) // over`. If `padded`, only where that is whole
    and within the source; all others are padding: `-plus` cells in front, `behind` at the end.
    """

    by: int = 1
    plus: int = 0
    over: int = 1
    padded: bool = False
    behind: Size = 0

    @property
    def is_same(self) -> bool:
        return (self.by, self.plus, self.over, self.behind) == (1, 0, 1, 0)

    @property
    def is_shift(self) -> bool:
        return self.by == self.over == 1

    def source(self, t: str) -> str:
        """The source's cell."""
        text = self._shifted(mul(t, self.by) if self.by >= 0 else f"-{mul(t, -self.by)}")
        if self.over == 1:
            return text
        return f"{text} // {self.over}" if text.isidentifier() else f"({text}) // {self.over}"

    def _shifted(self, text: str) -> str:
        if not self.plus:
            return text
        return f"{text} {'+' if self.plus > 0 else '-'} {abs(self.plus)}"

    def conditions(self, t: str, extent: str) -> list[str]:
        """When the target's cell t is no padding, of a source of `extent` cells."""
        found = []
        if self.padded and self.plus < 0:
            found.append(f"{t} >= {-self.plus}")
        if self.padded and _is_some(self.behind):
            reach = mul(str(int(extent) - 1), self.over) if extent.isdigit() else ""
            if reach:
                found.append(f"{t} <= {int(reach) - self.plus}")
            else:
                found.append(f"{t} <= ({extent} - 1) * {self.over} - {self.plus}")
        if self.over > 1 and self.padded:
            shifted = self._shifted(t)
            found.append(f"{shifted if shifted == t else f'({shifted})'} % {self.over} == 0")
        return found


def _padding(node: Node) -> list[Axis]:
    rows = zip(node.attrs["low"], node.attrs["high"], node.attrs["interior"], strict=True)
    return [Axis(1, -low, between + 1, padded=True, behind=high) for low, high, between in rows]


def _slice(node: Node) -> list[Axis]:
    pairs = zip(node.attrs["start"], node.attrs["step"], strict=True)
    sizes = zip(node.inputs[0].shape, node.output.shape, strict=True)
    # What is cut off behind tells a slice from the whole axis.
    return [
        Axis(by, start, behind=0 if own == out else -1)
        for (start, by), (own, out) in zip(pairs, sizes, strict=True)
    ]


def _repetition(node: Node) -> list[Axis]:
    return [Axis(1, 0, n) for n in node.attrs["repeats"]]


_AXES: dict[str, Callable[[Node], list[Axis]]] = {
    "pad": _padding,
    "slice": _slice,
    "repeat": _repetition,
}
# What loops over axes of the target call their places; the first is the batch's.
_PLACES = ("n", "p", "q", "r", "s", "t", "u", "v", "w")


def moved(body: Body) -> NestText:
    """The target cell by cell, or run by run."""
    node = body.group.anchor
    axes = _AXES[node.op.name](node)
    target, source = node.output.shape, node.inputs[0].shape
    if not axes[0].is_same:  # threads share an axis of one before it
        axes, target, source = [Axis(), *axes], (1, *target), (1, *source)
    first = len(axes)
    while first > 1 and axes[first - 1].is_same:
        first -= 1
    inner = product_text(target[first:])
    shift = Axis()
    if first > 1 and axes[first - 1].is_shift:
        first -= 1
        shift = axes[first]
    walked = axes[:first]
    names = _PLACES[:first]
    take_names(body, *_PLACES, "place")
    target_name = body.view(node.output, *_matrix(node.output.shape))
    source_name = body.view(node.inputs[0], *_matrix(node.inputs[0].shape))
    body.written.append(node.output)
    # A run of the target: padding, then cells of the source from `skip` on, then padding.
    length = _product(target[first:])
    before, after = ("0", "0")
    skip = mul(_grouped(inner), max(shift.plus, 0))
    if shift.padded:
        before = mul(_grouped(inner), max(-shift.plus, 0))
        behind = _grouped(expression(shift.behind)) if _is_some(shift.behind) else "0"
        after = mul(_grouped(inner), behind)
    count = _less(length, before, after)
    value = "0" if node.output.dtype == "int32" else number(node.attrs.get("value", 0.0))
    places = [axis.source(name) for axis, name in zip(walked, names, strict=True)]
    start = mul(mixed(places, _sizes(source, first)), _product(source[first:]))
    lines = [
        *_fill(target_name, "place", before, value),
        f"copy_words({target_name}, {add('place', before)}, {source_name}, {add(start, skip)}, "
        f"{count})",
        *_fill(target_name, add("place", before, count), after, value),
    ]
    conditions = [
        condition
        for axis, name, extent in zip(walked, names, _sizes(source, first), strict=True)
        for condition in axis.conditions(name, extent)
    ]
    if conditions:
        lines = [
            f"if {' and '.join(conditions)}:",
            *(f"    {line}" for line in lines),
            "else:",
            *(f"    {line}" for line in _fill(target_name, "place", length, value)),
        ]
    extents = _sizes(target, first)
    loops = [Loop("n in range(first, last)")]
    loops += [
        Loop(f"{name} in range({extent})")
        for name, extent in zip(names[1:], extents[1:], strict=True)
    ]
    return nest(
        free=True,
        images=target,
        loops=tuple(loops),
        start=(f"place = {mul(mixed(names, extents), length)}",),
        inner=(),
        body=(),
        finish=tuple(lines),
    )


def _is_some(cells: Size) -> bool:
    """Whether there is padding; where its size is open, there may be."""
    return not isinstance(cells, int) or cells > 0


def _matrix(shape: Shape) -> tuple[str, str]:
    return product_text(shape[:-1]), product_text(shape[-1:])


def _sizes(shape: Shape, axes: int) -> list[str]:
    return [size(shape, axis) for axis in range(axes)]


def _product(shape: Shape) -> str:
    return _grouped(product_text(shape))


def _grouped(text: str) -> str:
    return f"({text})" if " " in text else text


def _less(length: str, *parts: str) -> str:
    """A length less its parts."""
    taken = [part for part in parts if part != "0"]
    if all(text.isdigit() for text in (length, *taken)):
        return str(int(length) - sum(map(int, taken)))
    return " - ".join([length, *taken])


def _fill(target: str, place: str, count: str, value: str) -> Sequence[str]:
    return [f"fill_words({target}, {place}, {count}, {value})"] if count != "0" else []
