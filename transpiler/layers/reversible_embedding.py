"""An embedding whose table also turns vectors back into scores of numbers."""

from __future__ import annotations

from kgen import ops
from kgen.graph import ShapeError, Value
from kgen.layers.family import layer
from kgen.layers.kinds import (
    Bool,
    ConstraintArg,
    InitializerArg,
    OnlyNone,
    OptionalPositive,
    PositiveInt,
    RegularizerArg,
)
from kgen.layers.registry import Scope


@layer("ReversibleEmbedding")
def reversible_embedding(
    scope: Scope,
    x: Value,
    reverse: Bool = False,
    *,
    input_dim: PositiveInt,
    output_dim: PositiveInt,
    tie_weights: Bool = True,
    embeddings_initializer: InitializerArg = "uniform",
    embeddings_regularizer: RegularizerArg = None,
    embeddings_constraint: ConstraintArg = None,
    mask_zero: Bool = False,
    reverse_dtype: OnlyNone = None,
    logit_soft_cap: OptionalPositive = None,
) -> Value:
    """As Embedding; called with `reverse=True`, x times the table's transpose.

    embeddings `[input_dim, output_dim]`; without `tie_weights` the way back has a matrix of its
    own, reverse_embeddings `[output_dim, input_dim]`. `logit_soft_cap` holds the scores within
    a bound by tanh.
    """
    table = scope.weight(
        "embeddings",
        (input_dim, output_dim),
        embeddings_initializer,
        regularizer=embeddings_regularizer,
        constraint=embeddings_constraint,
    )
    back = None
    if not tie_weights:
        shape = output_dim, input_dim
        back = scope.weight("reverse_embeddings", shape, embeddings_initializer)
    if not reverse:
        if x.dtype != "int32":
            scope.fail(
                f"ReversibleEmbedding looks up int32 indices, found {x.type}",
                help='declare the input as int32, or convert with cast(x, "int32")',
            )
        found = ops.gather_rows(table, x)
        if mask_zero:
            scope.set_mask(found, ops.not_equal(x, 0.0))
        return found
    if x.type.rank < 2 or x.shape[-1] != output_dim:
        raise ShapeError(f"the way back is from vectors of {output_dim}, found {x.type}")
    last = x.type.rank - 1
    if back is None:
        y = ops.dot(ops.as_float(x), table, contract=((last,), (1,)))
    else:
        y = ops.dot(ops.as_float(x), back, contract=((last,), (0,)))
    if logit_soft_cap is None:
        return y
    return ops.tanh(y / logit_soft_cap) * logit_soft_cap
