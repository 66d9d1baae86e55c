"""SimpleRNNCell, LSTMCell and GRUCell: one step of a recurrent layer, as a layer of its own."""

from __future__ import annotations

from typing import Any

from kgen.graph import Value
from kgen.layers.cells import CELLS, Cell
from kgen.layers.family import layer
from kgen.layers.kinds import (
    Bool,
    ConstraintArg,
    Fraction,
    InitializerArg,
    PositiveInt,
    RegularizerArg,
    Seed,
)
from kgen.layers.recurrent import Function, States
from kgen.layers.registry import Scope


def one_step(scope: Scope, cell: Cell, inputs: Value, states: Any) -> list[Value]:
    """The output of a cell, and its new states."""
    given = [states] if isinstance(states, Value) else list(states or ())
    shapes = [(inputs.shape[0], *shape) for shape in cell.state_shapes]
    if [state.shape for state in given] != shapes:
        listed = ", ".join(f"[{', '.join(map(str, shape))}]" for shape in shapes)
        found = ", ".join(str(state.type) for state in given) or "none"
        scope.fail(
            f"the cell goes on from states {listed}, found {found}",
            help="give a tensor for each state, in a list; RNN(cell) goes through a sequence",
        )
    output, after = cell.step(cell.project(inputs), given)
    return [output, *after]


def _step(scope: Scope, name: str, inputs: Value, states: Any, options: Any) -> list[Value]:
    if inputs.type.rank != 2:
        scope.fail(
            f"a cell reads one step [batch, features], found {inputs.type}",
            help=f"RNN({name}(...)) goes through a sequence",
        )
    return one_step(scope, CELLS[name](scope, "", options), inputs, states)


@layer("SimpleRNNCell")
def simple_rnn_cell(
    scope: Scope,
    inputs: Value,
    states: States = None,
    *,
    units: PositiveInt,
    activation: Function = "tanh",
    use_bias: Bool = True,
    kernel_initializer: InitializerArg = "glorot_uniform",
    recurrent_initializer: InitializerArg = "orthogonal",
    bias_initializer: InitializerArg = "zeros",
    kernel_regularizer: RegularizerArg = None,
    recurrent_regularizer: RegularizerArg = None,
    bias_regularizer: RegularizerArg = None,
    kernel_constraint: ConstraintArg = None,
    recurrent_constraint: ConstraintArg = None,
    bias_constraint: ConstraintArg = None,
    dropout: Fraction = 0.0,
    recurrent_dropout: Fraction = 0.0,
    seed: Seed = None,
) -> list[Value]:
    """One step of SimpleRNN: `[batch, n]` and a state to the output and the new state.

    `y, h = SimpleRNNCell(8)(x, h)`; `RNN(SimpleRNNCell(8))` is SimpleRNN.
    """
    return _step(scope, "SimpleRNNCell", inputs, states, locals())


@layer("LSTMCell")
def lstm_cell(
    scope: Scope,
    inputs: Value,
    states: States = None,
    *,
    units: PositiveInt,
    activation: Function = "tanh",
    recurrent_activation: Function = "sigmoid",
    use_bias: Bool = True,
    kernel_initializer: InitializerArg = "glorot_uniform",
    recurrent_initializer: InitializerArg = "orthogonal",
    bias_initializer: InitializerArg = "zeros",
    unit_forget_bias: Bool = True,
    kernel_regularizer: RegularizerArg = None,
    recurrent_regularizer: RegularizerArg = None,
    bias_regularizer: RegularizerArg = None,
    kernel_constraint: ConstraintArg = None,
    recurrent_constraint: ConstraintArg = None,
    bias_constraint: ConstraintArg = None,
    dropout: Fraction = 0.0,
    recurrent_dropout: Fraction = 0.0,
    seed: Seed = None,
) -> list[Value]:
    """One step of LSTM: `[batch, n]` and two states to the output and the new states.

    `y, h, c = LSTMCell(8)(x, [h, c])`; `RNN(LSTMCell(8))` is LSTM.
    """
    return _step(scope, "LSTMCell", inputs, states, locals())


@layer("GRUCell")
def gru_cell(
    scope: Scope,
    inputs: Value,
    states: States = None,
    *,
    units: PositiveInt,
    activation: Function = "tanh",
    recurrent_activation: Function = "sigmoid",
    use_bias: Bool = True,
    kernel_initializer: InitializerArg = "glorot_uniform",
    recurrent_initializer: InitializerArg = "orthogonal",
    bias_initializer: InitializerArg = "zeros",
    kernel_regularizer: RegularizerArg = None,
    recurrent_regularizer: RegularizerArg = None,
    bias_regularizer: RegularizerArg = None,
    kernel_constraint: ConstraintArg = None,
    recurrent_constraint: ConstraintArg = None,
    bias_constraint: ConstraintArg = None,
    dropout: Fraction = 0.0,
    recurrent_dropout: Fraction = 0.0,
    reset_after: Bool = True,
    seed: Seed = None,
) -> list[Value]:
    """One step of GRU: `[batch, n]` and a state to the output and the new state.

    `y, h = GRUCell(8)(x, h)`; `RNN(GRUCell(8))` is GRU.
    """
    return _step(scope, "GRUCell", inputs, states, locals())
