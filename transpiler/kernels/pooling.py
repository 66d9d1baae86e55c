"""Pools of windows, vector by vector of channels, and the ways back, image by image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kgen.access import product_text
from kgen.body import Body, Cursor
from kgen.graph import Node, Shape, Value
from kgen.kernels.dealing import Loop
from kgen.kernels.loops import epilogue, known_size, long_vectors
from kgen.kernels.nest import CELL, OUTPUT, names_of, nest, nested, take_names
from kgen.kernels.places import add, mixed, mul, size
from kgen.texts import NestText

_START = {"max": "-np.inf", "mean": "0.0", "sum": "0.0"}
_FOLD = {"max": "maximum(acc, {0})", "mean": "acc + {0}", "sum": "acc + {0}"}


@dataclass(frozen=True)
class Pools:
    """The windows of a pool over an input of some shape."""

    shape: Shape
    out: Shape
    attrs: dict[str, tuple[int, ...]]

    @property
    def rank(self) -> int:
        return len(self.attrs["window"])

    def lines(self) -> list[str]:
        """Statements after which `first_iy` and the like are the window's first cells."""
        found = []
        for axis, (name, at) in enumerate(zip(self.cells, self.positions, strict=True)):
            start = mul(at, self.attrs["strides"][axis])
            if self.attrs["low"][axis]:
                start = f"{start} - {self.attrs['low'][axis]}"
            found.append(f"{name}_first = {start}")
        return found

    @property
    def cells(self) -> tuple[str, ...]:
        return names_of(CELL, self.rank)

    @property
    def positions(self) -> tuple[str, ...]:
        return names_of(OUTPUT, self.rank)

    def limits(self, axis: int) -> tuple[str, str]:
        """The first cell of a window within the input, and the one behind the last."""
        name = f"{self.cells[axis]}_first"
        end = add(name, str(self.attrs["window"][axis]))
        low = f"max({name}, 0)" if self.attrs["low"][axis] else name
        high = f"min({end}, {size(self.shape, axis + 1)})" if self.attrs["high"][axis] else end
        return low, high

    def taps(self) -> tuple[Loop, ...]:
        """Loops over the window's cells within the input."""
        return tuple(
            Loop(f"{name} in range({', '.join(self.limits(axis))})")
            for axis, name in enumerate(self.cells)
        )

    def cell_row(self) -> str:
        """The input's row of a cell."""
        sizes = [size(self.shape, axis) for axis in range(self.rank + 1)]
        return mixed(["n", *self.cells], sizes)

    def position_row(self) -> str:
        """The output's row of a window."""
        sizes = [size(self.out, axis) for axis in range(self.rank + 1)]
        return mixed(["n", *self.positions], sizes)

    def tap(self) -> str:
        """The number of the tap of a cell."""
        places = [f"({name} - {name}_first)" for name in self.cells]
        return mixed(places, [str(extent) for extent in self.attrs["window"]])

    def real_cells(self) -> str:
        """How many cells of the window are not padding."""
        parts = []
        for axis, extent in enumerate(self.attrs["window"]):
            low, high = self.limits(axis)
            is_whole = not (self.attrs["low"][axis] or self.attrs["high"][axis])
            parts.append(str(extent) if is_whole else f"({high} - {low})")
        count = parts[0]
        for part in parts[1:]:
            count = f"{count} * {part}" if not (count + part).isdigit() else mul(count, part)
        return count


def _pools(node: Node, shape: Shape, out: Shape) -> Pools:
    attrs = {key: node.attrs[key] for key in ("window", "strides", "low", "high")}
    return Pools(shape, out, attrs)


def _loops(pools: Pools, cols: int, lanes: int) -> tuple[str, tuple[Loop, ...]]:
    """The vectors of a tile, and the loops over images, windows and channels."""
    vectors, step = long_vectors(cols, lanes)
    extents = [size(pools.out, axis + 1) for axis in range(pools.rank)]
    walks = nested(pools.positions, extents)
    place = (f"i = {pools.position_row()}", *pools.lines())
    walks[-1] = Loop(walks[-1].head, place)
    return vectors, (
        Loop("n in range(first, last)"),
        *walks,
        Loop(f"j in range(0, {cols}, {step})"),
    )


def _view(body: Body, value: Value) -> str:
    shape = value.shape
    return body.view(value, product_text(shape[:-1]), known_size(shape[-1:]))


def _names(body: Body, pools: Pools) -> None:
    take_names(body, "best", "found", *(f"{name}_first" for name in pools.cells))


def pool(body: Body) -> NestText:
    node = body.group.anchor
    (x,) = node.inputs
    pools = _pools(node, x.shape, node.output.shape)
    kind = node.attrs["kind"]
    _names(body, pools)
    vectors, loops = _loops(pools, known_size(x.shape[-1:]), body.lanes)
    source = _view(body, x)
    part = f"load({source}, {pools.cell_row()}, j, 1, {vectors})"
    mean = (f"acc = acc / ({pools.real_cells()})",) if kind == "mean" else ()
    return nest(
        free=True,
        images=x.shape,
        loops=loops,
        start=(f"acc = full(1, {vectors}, {_START[kind]})",),
        inner=pools.taps(),
        body=(f"acc = {_FOLD[kind].format(part)}",),
        finish=(*mean, *epilogue(body, Cursor("i", "j", "1", vectors))),
    )


def pool_where(body: Body) -> NestText:
    """The first tap of those where a window is largest: a later one must exceed it."""
    node = body.group.anchor
    (x,) = node.inputs
    pools = _pools(node, x.shape, node.output.shape)
    _names(body, pools)
    vectors, loops = _loops(pools, known_size(x.shape[-1:]), body.lanes)
    source, target = _view(body, x), _view(body, node.output)
    body.written.append(node.output)
    return nest(
        free=True,
        images=x.shape,
        loops=loops,
        start=(
            f"best = full(1, {vectors}, -np.inf)",
            f"acc = full(1, {vectors}, {_first_tap(pools)})",
        ),
        inner=pools.taps(),
        body=(
            f"part = load({source}, {pools.cell_row()}, j, 1, {vectors})",
            "found = part > best",
            f"acc = select(found, {pools.tap()}, acc)",
            "best = select(found, part, best)",
        ),
        finish=(f"store({target}, i, j, acc)",),
    )


def _first_tap(pools: Pools) -> str:
    """The number of a window's first tap within the input."""
    places = []
    for axis, name in enumerate(pools.cells):
        low, _ = pools.limits(axis)
        places.append(f"({low} - {name}_first)" if pools.attrs["low"][axis] else "0")
    return mixed(places, [str(extent) for extent in pools.attrs["window"]])


def _back(
    body: Body, pools: Pools, target: Value, start: Sequence[str], part: str, vectors: str,
    loops: tuple[Loop, ...],
) -> NestText:  # fmt: skip
    """Windows written back to the image they were taken from, which starts as zeros."""
    name = _view(body, target)
    body.written.append(target)
    whole = product_text(target.shape[1:])
    whole = f"({whole})" if " " in whole else whole
    overlap = any(
        step < extent
        for step, extent in zip(pools.attrs["strides"], pools.attrs["window"], strict=True)
    )
    image, *others = loops
    clear: tuple[str, ...] = (f"fill_words({name}, {mul('n', whole)}, {whole}, 0.0)",)
    if not overlap and _covers(pools):
        clear = ()
    write = "add_to" if overlap else "store"
    return nest(
        free=not overlap and not clear,
        images=target.shape,
        loops=(Loop(image.head, clear), *others),
        start=tuple(start),
        inner=pools.taps(),
        body=(f"{write}({name}, {pools.cell_row()}, j, {part})",),
        finish=(),
    )


def _covers(pools: Pools) -> bool:
    """Whether windows that do not overlap leave no cell of the input out."""
    for axis, extent in enumerate(pools.attrs["window"]):
        cells, count = pools.shape[axis + 1], pools.out[axis + 1]
        if not (isinstance(cells, int) and isinstance(count, int)):
            return False
        reach = (count - 1) * pools.attrs["strides"][axis] + extent - pools.attrs["low"][axis]
        if pools.attrs["strides"][axis] != extent or reach < cells:
            return False
    return True


def unpool(body: Body) -> NestText:
    node = body.group.anchor
    values, where = node.inputs
    pools = _pools(node, node.output.shape, values.shape)
    _names(body, pools)
    vectors, loops = _loops(pools, known_size(values.shape[-1:]), body.lanes)
    start = (
        f"best = load({_view(body, values)}, i, j, 1, {vectors})",
        f"found = load({_view(body, where)}, i, j, 1, {vectors})",
    )
    part = f"select(found == {pools.tap()}, best, 0.0)"
    return _back(body, pools, node.output, start, part, vectors, loops)


def spread(body: Body) -> NestText:
    node = body.group.anchor
    (grad,) = node.inputs
    pools = _pools(node, node.output.shape, grad.shape)
    _names(body, pools)
    vectors, loops = _loops(pools, known_size(grad.shape[-1:]), body.lanes)
    start = [f"part = load({_view(body, grad)}, i, j, 1, {vectors})"]
    if node.attrs["kind"] == "mean":
        start.append(f"part = part / ({pools.real_cells()})")
    return _back(body, pools, node.output, start, "part", vectors, loops)


def pick(body: Body) -> NestText:
    node = body.group.anchor
    x, where = node.inputs
    pools = _pools(node, x.shape, where.shape)
    _names(body, pools)
    vectors, loops = _loops(pools, known_size(x.shape[-1:]), body.lanes)
    target = _view(body, node.output)
    body.written.append(node.output)
    return nest(
        free=True,
        images=x.shape,
        loops=loops,
        start=(
            f"found = load({_view(body, where)}, i, j, 1, {vectors})",
            f"acc = zeros(1, {vectors})",
        ),
        inner=pools.taps(),
        body=(
            f"part = load({_view(body, x)}, {pools.cell_row()}, j, 1, {vectors})",
            f"acc = select(found == {pools.tap()}, part, acc)",
        ),
        finish=(f"store({target}, i, j, acc)",),
    )
