"""What recurrent layers do in one step: Elman's unit, the LSTM and the GRU.

A cell first transforms its inputs, for all steps at once where it can (`project`), and then
goes from step to step (`step`). Gates are in Keras's order: i f c o, and z r h.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from kgen import ops
from kgen.graph import Shape, Size, Value
from kgen.layers.activations import activate
from kgen.layers.noise import stream
from kgen.layers.registry import Bound, Definition, Scope

States = Sequence[Value]


class Cell(Protocol):
    """A step of a recurrent layer."""

    @property
    def state_shapes(self) -> list[Shape]:
        """The shape of each state, without the batch."""
        ...

    def project(self, x: Value) -> list[Value]:
        """From inputs `[batch, ..., n]` to what `step` takes of them, along the same axes."""
        ...

    def step(self, inputs: Sequence[Value], states: States) -> tuple[Value, list[Value]]:
        """The output and the new states."""
        ...


def known_width(scope: Scope, x: Value) -> int:
    """The number of features, which must be known."""
    size = x.shape[-1]
    if not isinstance(size, int):
        scope.fail(
            f"a recurrent layer needs a last axis of known size, found {x.type}",
            help=f"give {size} a size in the input's declaration",
        )
    return size


def matmul(x: Value, w: Value) -> Value:
    """x times a matrix, along the last axis."""
    return ops.dot(x, w, contract=((x.type.rank - 1,), (0,)))


def columns(x: Value, part: int, width: int, parts: int = 1) -> Value:
    """Some blocks of columns, each `width` wide, from block `part` on."""
    return ops.slice_axis(x, x.type.rank - 1, part * width, (part + parts) * width)


@dataclass(frozen=True)
class WeightRules:
    """How one of a cell's weights starts and is held."""

    initializer: Bound
    regularizer: Bound | None
    constraint: Bound | None


@dataclass(eq=False)
class UnitCell:
    """What the three cells share: weights, activations and dropout."""

    scope: Scope
    prefix: str
    options: Mapping[str, Any]

    gates: ClassVar[int] = 1

    @property
    def units(self) -> int:
        return int(self.options["units"])

    @property
    def state_shapes(self) -> list[Shape]:
        return [(self.units,)]

    def weight(self, name: str, shape: tuple[int, ...]) -> Value:
        """`kernel`, `recurrent_kernel` or `bias`."""
        kind = name.removesuffix("_kernel")
        return self.scope.weight(
            f"{self.prefix}{name}",
            shape,
            self._initializer(kind),
            regularizer=self.options[f"{kind}_regularizer"],
            constraint=self.options[f"{kind}_constraint"],
        )

    def _initializer(self, kind: str) -> Bound:
        found: Bound = self.options[f"{kind}_initializer"]
        return found

    def recurrent_kernel(self) -> Value:
        return self.weight("recurrent_kernel", (self.units, self.gates * self.units))

    def kernel(self, x: Value) -> Value:
        width = known_width(self.scope, x)
        return self.weight("kernel", (width, self.gates * self.units))

    def bias(self) -> Value | None:
        """The bias that is added to the transformed inputs."""
        return self.weight("bias", (self.gates * self.units,)) if self.options["use_bias"] else None

    def activation(self, x: Value) -> Value:
        return activate(self.scope, self.options["activation"], x)

    def recurrent_activation(self, x: Value) -> Value:
        return activate(self.scope, self.options["recurrent_activation"], x)

    # --- dropout --------------------------------------------------------------

    @property
    def is_split(self) -> bool:
        """Whether each gate has dropout of its own: with recurrent dropout, as in Keras."""
        return self.gates > 1 and self.options["recurrent_dropout"] != 0.0

    def masks(self, option: str, batch: Size, width: int) -> list[Value] | None:
        """Dropout's factors `[batch, width]`, the same at every step; None if there are none."""
        rate = self.options[option]
        if not self.scope.training or rate == 0.0 or (rate == 1.0 and self.gates > 1):
            return None
        found = []
        for _ in range(self.gates if self.is_split else 1):
            drawn = ops.random_uniform((batch, width), stream(self.scope, self.options["seed"]))
            scale = 1.0 / (1.0 - rate) if rate < 1.0 else 0.0
            found.append(ops.where(drawn >= rate, ops.constant(scale), 0.0))
        return found

    def project(self, x: Value) -> list[Value]:
        kernel = self.kernel(x)
        self.recurrent_kernel()  # before the bias, as Keras orders a layer's weights
        bias = self.bias()
        self._recurrent_masks = self.masks("recurrent_dropout", x.shape[0], self.units)
        width = known_width(self.scope, x)
        masks = self.masks("dropout", x.shape[0], width)
        between = (1,) * (x.type.rank - 2)
        masked = [x * ops.reshape(mask, (mask.shape[0], *between, width)) for mask in masks or ()]
        if len(masked) <= 1:
            z = matmul(masked[0] if masked else x, kernel)
            return [z if bias is None else z + bias]
        parts = [matmul(m, columns(kernel, k, self.units)) for k, m in enumerate(masked)]
        z = ops.concatenate(parts, -1)
        return [z if bias is None else z + bias]

    def recurrent(self, h: Value, first: int = 0, count: int | None = None) -> list[Value]:
        """The previous output times the recurrent kernel, for `count` gates from `first` on."""
        count = self.gates - first if count is None else count
        kernel = self.recurrent_kernel()
        if self._recurrent_masks is not None and self.is_split:
            masks = self._recurrent_masks
            return [
                matmul(h * masks[k], columns(kernel, k, self.units))
                for k in range(first, first + count)
            ]
        if self._recurrent_masks is not None:
            h = h * self._recurrent_masks[0]
        if count < self.gates:
            kernel = columns(kernel, first, self.units, count)
        z = matmul(h, kernel)
        return [columns(z, k, self.units) for k in range(count)] if count > 1 else [z]


class SimpleCell(UnitCell):
    """h' = activation(x . kernel + bias + h . recurrent_kernel)."""

    def step(self, inputs: Sequence[Value], states: States) -> tuple[Value, list[Value]]:
        h = self.activation(inputs[0] + self.recurrent(states[0])[0])
        return h, [h]


class LSTMUnit(UnitCell):
    """c' = f c + i g, h' = o activation(c'); Hochreiter and Schmidhuber (1997)."""

    gates: ClassVar[int] = 4

    @property
    def state_shapes(self) -> list[Shape]:
        return [(self.units,), (self.units,)]

    def _initializer(self, kind: str) -> Bound:
        found = super()._initializer(kind)
        if kind != "bias" or not self.options["unit_forget_bias"]:
            return found
        return Bound(_FORGETFUL, {"kind": found.name, "arguments": dict(found.arguments)})

    def step(self, inputs: Sequence[Value], states: States) -> tuple[Value, list[Value]]:
        h, c = states
        if self.is_split:
            parts = self.recurrent(h)
            i, f, g, o = (columns(inputs[0], k, self.units) + z for k, z in enumerate(parts))
        else:
            z = inputs[0] + self._product(h)
            i, f, g, o = (columns(z, k, self.units) for k in range(4))
        c = self.recurrent_activation(f) * c + self.recurrent_activation(i) * self.activation(g)
        h = self.recurrent_activation(o) * self.activation(c)
        return h, [h, c]

    def _product(self, h: Value) -> Value:
        return matmul(h, self.recurrent_kernel())


class GRUUnit(UnitCell):
    """h' = z h + (1 - z) g, the reset gate being before or after the product; Cho et al. (2014)."""

    gates: ClassVar[int] = 3

    def _biases(self) -> tuple[Value | None, Value | None]:
        """Those of the inputs and of the previous output."""
        if not self.options["use_bias"]:
            return None, None
        width = self.gates * self.units
        if not self.options["reset_after"]:
            return self.weight("bias", (width,)), None
        both = self.weight("bias", (2, width))
        rows = [ops.reshape(ops.slice_axis(both, 0, k, k + 1), (width,)) for k in range(2)]
        return rows[0], rows[1]

    def bias(self) -> Value | None:
        return self._biases()[0]

    def step(self, inputs: Sequence[Value], states: States) -> tuple[Value, list[Value]]:
        h, units = states[0], self.units
        x_z, x_r, x_h = (columns(inputs[0], k, units) for k in range(3))
        bias = self._biases()[1]
        before = None
        if self.options["reset_after"]:
            if self.is_split or bias is None:
                h_z, h_r, h_h = self.recurrent(h)
            if bias is not None and self.is_split:
                h_z, h_r, h_h = (
                    part + columns(bias, k, units) for k, part in enumerate((h_z, h_r, h_h))
                )
            elif bias is not None:
                z = matmul(h, self.recurrent_kernel()) + bias
                h_z, h_r, h_h = (columns(z, k, units) for k in range(3))
            before = h_h
        else:
            h_z, h_r = self.recurrent(h, 0, 2)
        z = self.recurrent_activation(x_z + h_z)
        r = self.recurrent_activation(x_r + h_r)
        inner = r * before if before is not None else self.recurrent(r * h, 2)[0]
        new = self.activation(x_h + inner)
        h = z * h + (1.0 - z) * new
        return h, [h]


def _forgetful() -> None:
    """Ones for the forget gate, another initializer for the rest."""


_FORGETFUL = Definition("initializer", "UnitForgetBias", (), (), _forgetful, inputs="none")
CELLS: dict[str, type[SimpleCell] | type[LSTMUnit] | type[GRUUnit]] = {
    "SimpleRNNCell": SimpleCell,
    "LSTMCell": LSTMUnit,
    "GRUCell": GRUUnit,
}
