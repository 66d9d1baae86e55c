"""Keras's layers, losses, metrics, optimizers and initializers, one declaration each.

Importing the package fills the tables of `kgen.layers.registry`.
"""

from kgen.layers import (
    activations,
    basic,
    functions,
    initializers,
    losses,
    merging,
    metrics,
    noise,
    normalization,
    optimizers,
    reductions,
    registry,
    regularizers,
    shaping,
)

__all__ = [
    "activations",
    "basic",
    "functions",
    "initializers",
    "losses",
    "merging",
    "metrics",
    "noise",
    "normalization",
    "optimizers",
    "reductions",
    "registry",
    "regularizers",
    "shaping",
]
