"""SimpleRNN, LSTM and GRU: sequences `[batch, time, n]` read step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, TypeAlias

from kgen.graph import Value
from kgen.layers.cells import Cell, GRUUnit, LSTMUnit, SimpleCell
from kgen.layers.family import layer
from kgen.layers.kinds import (
    ActivationMember,
    Bool,
    Choice,
    ConstraintArg,
    Fraction,
    InitializerArg,
    Maybe,
    OptionalT,
    PositiveInt,
    RegularizerArg,
    Seed,
    TensorList,
)
from kgen.layers.registry import Scope
from kgen.layers.regularizers import regularize_activity
from kgen.layers.steps import Course, over_time

# What to do where steps are wanted and none are left.
TIMELESS = "a recurrent layer keeps its steps with return_sequences=True; else Reshape the input"
States: TypeAlias = Annotated[
    Any,
    Maybe(
        "a tensor for each state, or None", TensorList("a list of tensors, or None", or_one=True)
    ),
]
Function: TypeAlias = Annotated[
    Any,
    Maybe(
        "an activation, by name or as a layer",
        ActivationMember("an activation, by name or as a layer", ("activation",)),
    ),
]
Cudnn: TypeAlias = Annotated[Any, Choice('a truth value or "auto"', ("auto", True, False))]


def recur(
    scope: Scope,
    cell: Cell,
    sequence: Value,
    states: Any,
    mask: Value | None,
    options: Mapping[str, Any],
    *,
    shown: int = 0,
) -> Value | list[Value]:
    """Run a cell by the options of its layer; `shown` as in `over_time`."""
    if sequence.type.rank != 3:
        scope.fail(
            f"a recurrent layer reads [batch, time, features], found {sequence.type}",
            help=TIMELESS,
        )
    course = Course(**{field.name: options[field.name] for field in fields(Course)})
    given = [states] if isinstance(states, Value) else states
    found = over_time(scope, cell, sequence, given, mask, course, shown=shown)
    results = [found] if isinstance(found, Value) else found
    if "activity_regularizer" in options:
        for result in results if options["return_state"] else results[:1]:
            regularize_activity(scope, options["activity_regularizer"], result)
    if mask is not None and options["return_sequences"]:
        scope.set_mask(results[0], mask)
    return results if options["return_state"] else results[0]


@layer("SimpleRNN")
def simple_rnn(
    scope: Scope,
    sequence: Value,
    initial_state: States = None,
    mask: OptionalT = None,
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
    activity_regularizer: RegularizerArg = None,
    kernel_constraint: ConstraintArg = None,
    recurrent_constraint: ConstraintArg = None,
    bias_constraint: ConstraintArg = None,
    dropout: Fraction = 0.0,
    recurrent_dropout: Fraction = 0.0,
    return_sequences: Bool = False,
    return_state: Bool = False,
    go_backwards: Bool = False,
    stateful: Bool = False,
    unroll: Bool = False,
    zero_output_for_mask: Bool = False,
    seed: Seed = None,
) -> Value | list[Value]:
    """h' = activation(x . kernel + bias + h . recurrent_kernel), step by step.

    `[batch, time, n]` to `[batch, units]`, or `[batch, time, units]` with `return_sequences`.
    """
    cell = SimpleCell(scope, "simple_rnn_cell/", locals())
    return recur(scope, cell, sequence, initial_state, mask, locals())


@layer("LSTM")
def lstm(
    scope: Scope,
    sequence: Value,
    initial_state: States = None,
    mask: OptionalT = None,
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
    activity_regularizer: RegularizerArg = None,
    kernel_constraint: ConstraintArg = None,
    recurrent_constraint: ConstraintArg = None,
    bias_constraint: ConstraintArg = None,
    dropout: Fraction = 0.0,
    recurrent_dropout: Fraction = 0.0,
    seed: Seed = None,
    return_sequences: Bool = False,
    return_state: Bool = False,
    go_backwards: Bool = False,
    stateful: Bool = False,
    unroll: Bool = False,
    zero_output_for_mask: Bool = False,
    use_cudnn: Cudnn = "auto",
) -> Value | list[Value]:
    """The long short-term memory: c' = f c + i g, h' = o activation(c').

    `[batch, time, n]` to `[batch, units]`, or `[batch, time, units]` with `return_sequences`.
    """
    cell = LSTMUnit(scope, "lstm_cell/", locals())
    return recur(scope, cell, sequence, initial_state, mask, locals())


@layer("GRU")
def gru(
    scope: Scope,
    sequence: Value,
    initial_state: States = None,
    mask: OptionalT = None,
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
    activity_regularizer: RegularizerArg = None,
    kernel_constraint: ConstraintArg = None,
    recurrent_constraint: ConstraintArg = None,
    bias_constraint: ConstraintArg = None,
    dropout: Fraction = 0.0,
    recurrent_dropout: Fraction = 0.0,
    seed: Seed = None,
    return_sequences: Bool = False,
    return_state: Bool = False,
    go_backwards: Bool = False,
    stateful: Bool = False,
    unroll: Bool = False,
    zero_output_for_mask: Bool = False,
    reset_after: Bool = True,
    use_cudnn: Cudnn = "auto",
) -> Value | list[Value]:
    """The gated recurrent unit: h' = z h + (1 - z) g.

    `[batch, time, n]` to `[batch, units]`, or `[batch, time, units]` with `return_sequences`.
    """
    cell = GRUUnit(scope, "gru_cell/", locals())
    return recur(scope, cell, sequence, initial_state, mask, locals())
