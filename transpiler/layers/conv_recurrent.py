"""ConvLSTM1D, ConvLSTM2D, ConvLSTM3D: sequences of images read step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from kgen import ops
from kgen.graph import ShapeError, Value
from kgen.layers.conv_cells import ConvLSTMUnit
from kgen.layers.convolution import check_steps
from kgen.layers.family import layer
from kgen.layers.kinds import (
    Bool,
    ConstraintArg,
    Fraction,
    InitializerArg,
    OptionalT,
    PositiveInt,
    RegularizerArg,
    Seed,
)
from kgen.layers.recurrent import Function, States
from kgen.layers.registry import Scope
from kgen.layers.regularizers import regularize_activity
from kgen.layers.shaping import DataFormat
from kgen.layers.steps import Course, over_time
from kgen.layers.windows import AXES, Padding, Sizes, goes_along_an_axis, known_channels, ranked


def _recur(
    scope: Scope,
    rank: int,
    sequences: Value,
    states: Any,
    mask: Value | None,
    options: Mapping[str, Any],
) -> Value | list[Value]:
    """Run the convolutional LSTM of `rank` axes by the options of its layer."""
    first = options["data_format"] == "channels_first"
    if sequences.type.rank != rank + 3:
        axes = ["channels", AXES[rank]] if first else [AXES[rank], "channels"]
        raise ShapeError(
            f"[batch, time, {', '.join(axes)}] is needed, found {sequences.type}",
            help="give the input a time axis and channels, or Reshape it",
        )
    check_steps(options["strides"], options["dilation_rate"])
    for name in ("activation", "recurrent_activation"):
        if first and goes_along_an_axis(options[name]):
            scope.fail(
                f"{name} goes along the last axis, which is one of positions in channels_first",
                help='write data_format="channels_last", and Permute the axes of each step before',
            )
    x = ops.as_float(sequences)
    x = ops.moveaxis(x, 2, -1) if first else x
    known_channels(x)
    given = [states] if isinstance(states, Value) else states
    if given is not None and first:
        given = [ops.moveaxis(state, 1, -1) for state in given]
    cell = ConvLSTMUnit(scope, "conv_lstm_cell/", options, (x.shape[0], *x.shape[2:]))
    course = Course(**{field.name: options[field.name] for field in fields(Course)})
    found = over_time(scope, cell, x, given, mask, course)
    results = [found] if isinstance(found, Value) else found
    if first:
        results = [ops.moveaxis(y, -1, y.type.rank - rank - 1) for y in results]
    for result in results if options["return_state"] else results[:1]:
        regularize_activity(scope, options["activity_regularizer"], result)
    if mask is not None and options["return_sequences"]:
        scope.set_mask(results[0], mask)
    return results if options["return_state"] else results[0]


def _declare(rank: int) -> None:
    """Enter ConvLSTM{rank}D."""
    one = 1

    @layer(f"ConvLSTM{rank}D")
    @ranked(rank)
    def conv_lstm(
        scope: Scope,
        sequences: Value,
        initial_state: States = None,
        mask: OptionalT = None,
        *,
        filters: PositiveInt,
        kernel_size: Sizes,
        strides: Sizes = one,
        padding: Padding = "valid",
        data_format: DataFormat = None,
        dilation_rate: Sizes = one,
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
    ) -> Value | list[Value]:
        """An LSTM of images: its products are convolutions, and its states have positions.

        `[batch, time, *positions, channels]` to `[batch, *windows, filters]`, or `[batch, time,
        *windows, filters]` with `return_sequences`. `strides`, `padding` and `dilation_rate` are
        those of the inputs' convolution; that of the previous output keeps all positions. Kernels
        `[*kernel_size, channels, 4 * filters]` and `[*kernel_size, filters, 4 * filters]`.
        """
        return _recur(scope, rank, sequences, initial_state, mask, locals())


for _rank in (1, 2, 3):
    _declare(_rank)
