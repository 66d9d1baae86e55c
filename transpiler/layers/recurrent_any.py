"""RNN around any cell, and StackedRNNCells: several cells that are one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from kgen.graph import BATCH, Shape, Value
from kgen.layers.cells import CELLS, Cell
from kgen.layers.cells import States as CellStates
from kgen.layers.family import layer
from kgen.layers.kinds import AnyLayer, Bool, OptionalT, Several
from kgen.layers.recurrent import States, recur
from kgen.layers.recurrent_cells import one_step
from kgen.layers.registry import LayerInstance, Scope

_CELL = AnyLayer("a cell, such as LSTMCell(64)")
CellOrCells: TypeAlias = Annotated[Any, Several("a cell, or a list of cells", _CELL, or_one=True)]
Cells: TypeAlias = Annotated[Any, Several("a list of cells", _CELL)]


@dataclass(eq=False)
class Stack:
    """Cells of which each reads what the one before it gives."""

    cells: Sequence[Cell]

    @property
    def state_shapes(self) -> list[Shape]:
        return [shape for cell in self.cells for shape in cell.state_shapes]

    @property
    def shown(self) -> int:
        """The first state of the last cell."""
        return sum(len(cell.state_shapes) for cell in self.cells[:-1])

    def project(self, x: Value) -> list[Value]:
        return self.cells[0].project(x)

    def step(self, inputs: Sequence[Value], states: CellStates) -> tuple[Value, list[Value]]:
        after: list[Value] = []
        output: Value | None = None
        for cell in self.cells:
            own = states[len(after) : len(after) + len(cell.state_shapes)]
            output, new = cell.step(inputs if output is None else cell.project(output), own)
            after += new
        assert output is not None
        return output, after


@dataclass(eq=False)
class OwnCell:
    """A `layer` of the file's: `layer Cell(units)(x, h): ... return y, h`."""

    scope: Scope
    inner: LayerInstance
    names: Sequence[str]
    units: Sequence[int]

    @property
    def state_shapes(self) -> list[Shape]:
        return [(units,) for units in self.units]

    def project(self, x: Value) -> list[Value]:
        return [x]

    def step(self, inputs: Sequence[Value], states: CellStates) -> tuple[Value, list[Value]]:
        (x,) = inputs
        given = dict(zip(self.names, states, strict=True))
        result = self.scope.call_in_loop(self.inner, x, **given)
        results = [result] if isinstance(result, Value) else list(result)
        types = [value.type for value in results[1:]]
        if types != [state.type for state in states]:
            found = ", ".join(str(value.type) for value in results)
            wanted = ", ".join(str(state.type) for state in states)
            self.scope.fail(
                f"the cell {self.inner.name} goes on from {wanted}, but gives {found}",
                help=f"return the output, then the new states: return y, {', '.join(self.names)}",
            )
        return results[0], results[1:]


def cell_of(scope: Scope, given: LayerInstance, below: str = "") -> Cell:
    """A layer as the cell of another, its weights below that one's path."""
    inner = scope.sublayer(given, below=below)
    kind = inner.bound.name if inner.bound is not None else ""
    if inner.bound is not None and kind in CELLS:
        options = inner.bound.arguments
        return CELLS[kind](scope.inside(inner, (BATCH, options["units"])), "", options)
    if inner.bound is not None and kind == "StackedRNNCells":
        return _stack(scope.inside(inner), inner.bound.arguments["cells"])
    return _own_cell(scope, inner)


def _stack(scope: Scope, cells: Sequence[LayerInstance], below: str = "") -> Stack:
    if not cells:
        scope.fail("there is no cell", help="give one for each layer: [LSTMCell(64), LSTMCell(32)]")
    return Stack([cell_of(scope, cell, below) for cell in cells])


def _own_cell(scope: Scope, inner: LayerInstance) -> OwnCell:
    """A layer that takes states besides its input, and says how large they are."""
    names = [param.name for param in inner.bound.definition.call] if inner.bound is not None else []
    arguments = inner.bound.arguments if inner.bound is not None else {}
    size = arguments.get("state_size", arguments.get("units"))
    sizes = list(size) if isinstance(size, list | tuple) else [size] * len(names)
    whole = [n for n in sizes if isinstance(n, int) and not isinstance(n, bool) and n > 0]
    if not names or len(whole) != len(names):
        kind = inner.bound.name if inner.bound is not None else inner.name
        scope.fail(
            f"{kind} is no cell",
            help="take a SimpleRNNCell, LSTMCell or GRUCell, or a layer with `units` (or "
            "`state_size`) that takes its states and returns the new ones: "
            "layer Cell(units)(x, h): ... return y, h",
        )
    return OwnCell(scope, inner, names, whole)


@layer("RNN")
def rnn(
    scope: Scope,
    sequences: Value,
    initial_state: States = None,
    mask: OptionalT = None,
    *,
    cell: CellOrCells,
    return_sequences: Bool = False,
    return_state: Bool = False,
    go_backwards: Bool = False,
    stateful: Bool = False,
    unroll: Bool = False,
    zero_output_for_mask: Bool = False,
) -> Value | list[Value]:
    """A cell, or several in a row, applied step by step.

    `[batch, time, n]` to `[batch, units]`, or `[batch, time, units]` with `return_sequences`.
    States are listed cell by cell: `y, h, c, g = RNN([LSTMCell(8), GRUCell(4)],
    return_state=True)(x)`. A cell of the file's own is a layer that is given its states and
    returns the new ones: `layer Cell(units)(x, h): ... return y, h`.
    """
    several = isinstance(cell, list | tuple)
    made = _stack(scope, cell, "stacked_rnn_cells/") if several else cell_of(scope, cell)
    shown = made.shown if isinstance(made, Stack) else 0
    return recur(scope, made, sequences, initial_state, mask, locals(), shown=shown)


@layer("StackedRNNCells")
def stacked_rnn_cells(
    scope: Scope, inputs: Value, states: States = None, *, cells: Cells
) -> list[Value]:
    """Cells of which each reads what the one before it gives: one step of all of them.

    Gives the output, then the new states, cell by cell; `RNN` goes through a sequence.
    """
    return one_step(scope, _stack(scope, cells), inputs, states)
