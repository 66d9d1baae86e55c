"""Embeddings: vectors looked up by number."""

from __future__ import annotations

from kgen import ops
from kgen.graph import Value
from kgen.layers.family import layer
from kgen.layers.kinds import (
    Bool,
    ConstraintArg,
    InitializerArg,
    OnlyNone,
    PositiveInt,
    RegularizerArg,
)
from kgen.layers.registry import Scope


@layer("Embedding")
def embedding(
    scope: Scope,
    x: Value,
    *,
    input_dim: PositiveInt,
    output_dim: PositiveInt,
    embeddings_initializer: InitializerArg = "uniform",
    embeddings_regularizer: RegularizerArg = None,
    embeddings_constraint: ConstraintArg = None,
    mask_zero: Bool = False,
    weights: OnlyNone = None,
    lora_rank: OnlyNone = None,
    lora_alpha: OnlyNone = None,
    quantization_config: OnlyNone = None,
) -> Value:
    """The rows of a matrix at the indices: `[batch, ...]` of int32 to `[batch, ..., output_dim]`.

    embeddings `[input_dim, output_dim]`. Data for an input that is looked up as it is must lie
    in `[0, input_dim)`; indices that the model computes are held to that range.
    """
    if x.dtype != "int32":
        scope.fail(
            f"Embedding looks up int32 indices, found {x.type}",
            help='declare the input as int32, or convert with cast(x, "int32")',
        )
    table = scope.weight(
        "embeddings",
        (input_dim, output_dim),
        embeddings_initializer,
        regularizer=embeddings_regularizer,
        constraint=embeddings_constraint,
    )
    found = ops.gather_rows(table, x)
    if mask_zero:
        scope.set_mask(found, ops.not_equal(x, 0.0))
    return found
