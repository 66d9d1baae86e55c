"""Masking: steps of one value throughout do not count."""

from __future__ import annotations

from kgen import ops
from kgen.graph import Value
from kgen.layers.family import layer
from kgen.layers.kinds import Float
from kgen.layers.registry import Scope


@layer("Masking")
def masking(scope: Scope, x: Value, *, mask_value: Float = 0.0) -> Value:
    """x, with steps that hold `mask_value` alone masked, and made zeros.

    The mask is `[batch, time]` for `[batch, time, n]`.
    """
    if x.type.rank < 3:
        scope.fail(
            f"Masking reads [batch, time, ...], found {x.type}",
            help="give the input a time axis, or Reshape it",
        )
    differs = ops.where(ops.not_equal(x, mask_value), ops.constant(1.0), 0.0)
    kept = ops.max(differs, -1, keepdims=True)
    result = ops.where(kept > 0.5, x, 0.0)
    scope.set_mask(result, ops.reshape(kept, kept.shape[:-1]) > 0.5)
    return result
