"""Dense products whose axes an equation names."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

from kgen import ops
from kgen.graph import BATCH, ShapeError, Size, Value
from kgen.layers.activations import activate
from kgen.layers.family import layer
from kgen.layers.kinds import (
    ActivationArg,
    ConstraintArg,
    InitializerArg,
    Integer,
    Maybe,
    OnlyNone,
    OptionalString,
    RegularizerArg,
    Several,
    String,
)
from kgen.layers.registry import Scope

_OutputShape: TypeAlias = Annotated[
    Any,
    Several(
        "a size, or a list of sizes and None",
        Maybe("a positive integer or None", Integer("a positive integer", low=1)),
        or_one=True,
    ),
]


_DOTTED = r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?"
_EQUATION = re.compile(rf"{_DOTTED},([a-zA-Z]+)->{_DOTTED}")


@layer("EinsumDense")
def einsum_dense(
    scope: Scope,
    x: Value,
    *,
    equation: String,
    output_shape: _OutputShape,
    activation: ActivationArg = None,
    bias_axes: OptionalString = None,
    kernel_initializer: InitializerArg = "glorot_uniform",
    bias_initializer: InitializerArg = "zeros",
    kernel_regularizer: RegularizerArg = None,
    bias_regularizer: RegularizerArg = None,
    kernel_constraint: ConstraintArg = None,
    bias_constraint: ConstraintArg = None,
    lora_rank: OnlyNone = None,
    lora_alpha: OnlyNone = None,
    gptq_unpacked_column_size: OnlyNone = None,
    quantization_config: OnlyNone = None,
) -> Value:
    """activation(einsum(equation, x, kernel) + bias), as in `"abc,cd->abd"`.

    The output shape leaves out the batch; None stands for a size that x has too, `...` on one
    side for the axes the equation does not name. The bias has the axes that `bias_axes` names.
    """
    left, weights, out = _letters(equation, x)
    sizes = _output_sizes(x, left, out, output_shape, equation)
    known = {**dict(zip(left, x.shape, strict=True)), **sizes}
    shape = [known[letter] for letter in weights if letter in known]
    if len(shape) < len(weights) or not all(isinstance(size, int) for size in shape):
        raise ShapeError(
            f"{equation!r} leaves sizes of the kernel open",
            help="each of its axes is one of the input's or one of the output's, of known size",
        )
    kernel = scope.weight(
        "kernel",
        tuple(size for size in shape if isinstance(size, int)),
        kernel_initializer,
        regularizer=kernel_regularizer,
        constraint=kernel_constraint,
    )
    y = ops.einsum(f"{left},{weights}->{out}", ops.as_float(x), kernel)
    if bias_axes is not None:
        bias_shape = _bias_shape(bias_axes, out, y)
        y = y + scope.weight(
            "bias",
            bias_shape,
            bias_initializer,
            regularizer=bias_regularizer,
            constraint=bias_constraint,
        )
    return activate(scope, activation, y)


def _letters(equation: str, x: Value) -> tuple[str, str, str]:
    """The letters of input, kernel and output; dots get letters of their own."""
    text = re.sub(r"\s", "", equation)
    match = re.fullmatch(
        r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?", text
    )
    if match is None or bool(match[1]) != bool(match[5]) or bool(match[3]) != bool(match[7]):
        raise ShapeError(
            f"{equation!r} is no equation of a dense product",
            help='write "ab,bc->ac", with ... on the same side of input and output if at all',
        )
    extra = x.type.rank - len(match[2])
    if extra < 0 or (extra > 0 and not (match[1] or match[3])):
        raise ShapeError(f"{match[2]!r} names {len(match[2])} axes, found {x.type}")
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c not in text]
    dots = "".join(free[:extra])
    if match[1]:
        return dots + match[2], match[4], dots + match[6]
    return match[2] + dots, match[4], match[6] + dots


def _output_sizes(
    x: Value, left: str, out: str, output_shape: Any, equation: str
) -> dict[str, Size]:
    """The sizes of the output's axes that are known from `output_shape`."""
    given = [output_shape] if isinstance(output_shape, int) else list(output_shape)
    own = dict(zip(left, x.shape, strict=True))
    # Axes that dots stand for are not in the given shape, nor is the batch.
    named = [letter for letter in out[1:] if not (letter.isupper() and letter not in equation)]
    if len(given) != len(named):
        raise ShapeError(
            f"output_shape has {len(given)} sizes, but {equation!r} gives {len(named)} axes "
            "besides the batch"
        )
    sizes: dict[str, Size] = {}
    for letter, size in zip(named, given, strict=True):
        if size is not None and letter in own and own[letter] not in (size, None):
            raise ShapeError(
                f"axis {letter!r} has size {own[letter]} in {x.type}, but {size} in output_shape"
            )
        if size is not None and letter not in own:
            sizes[letter] = size
    return sizes


def _bias_shape(bias_axes: str, out: str, y: Value) -> tuple[int, ...]:
    """The bias's own axes, from the first named one on; the others have size one."""
    places = [out.find(letter) for letter in bias_axes]
    if not places or min(places) < 0 or len(set(bias_axes)) < len(bias_axes):
        raise ShapeError(f"the bias axes {bias_axes!r} are not all axes of the output {out!r}")
    shape: list[int] = []
    for place in range(min(places), len(out)):
        size = y.shape[place] if place in places else 1
        if not isinstance(size, int) or (place == 0 and y.shape[0] == BATCH):
            raise ShapeError(f"the bias axis {out[place]!r} has no known size")
        shape.append(size)
    return tuple(shape)
