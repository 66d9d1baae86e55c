"""Tensor functions of the language, with the names of `keras.ops` and the merge layers.

Activations are tensor functions too. Axes count the batch as 0, as in Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kgen import ops
from kgen.graph import Operand, ShapeError, Value
from kgen.layers import (
    activations,
    functions_elementwise,
    functions_make,
    functions_more,
    functions_order,
    functions_parts,
    functions_products,
    functions_shape,
    merging,
    reductions,
    reductions_ordered,
)
from kgen.layers.family import function
from kgen.layers.function_kinds import like
from kgen.layers.kinds import Bool, OptionalX, T, XOrXs

__all__ = [
    "functions_elementwise",
    "functions_make",
    "functions_more",
    "functions_order",
    "functions_parts",
    "functions_products",
    "functions_shape",
    "reductions",
    "reductions_ordered",
]


def _pairwise(
    name: str,
    operation: Callable[[Operand, Operand], Value],
    merge: Callable[[list[Value]], Value],
) -> None:
    """`name(a, b)` as in `keras.ops`, and `name([a, b, ...])` as the merge layer."""

    def call(x1: XOrXs, x2: OptionalX = None) -> Value:
        if isinstance(x1, list):
            if x2 is not None:
                raise ShapeError("give a list of tensors, or two tensors, not both")
            return like(merge(x1), *x1)
        if x2 is None:
            raise ShapeError("a second tensor is needed", help=f"write {name}(a, b)")
        return like(operation(x1, x2), x1, x2)

    call.__doc__ = f"{operation.__doc__} A list is merged as by the layer of the name, masks aside."
    function(name)(call)


_pairwise("add", ops.add, merging.add)
_pairwise("subtract", ops.subtract, merging.subtract)
_pairwise("multiply", ops.multiply, partial(merging.fold, operation=ops.multiply))
_pairwise("maximum", ops.maximum, partial(merging.fold, operation=ops.maximum))
_pairwise("minimum", ops.minimum, partial(merging.fold, operation=ops.minimum))


@function("gelu")
def gelu(x: T, approximate: Bool = True) -> Value:
    """x * P(X <= x) for a standard normal X; approximate, as in `keras.ops`, unless told."""
    return activations.gelu(x, approximate)
