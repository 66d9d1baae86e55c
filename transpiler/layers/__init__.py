"""Keras's layers, losses, metrics, optimizers and initializers, one declaration each.

Importing the package fills the tables of `kgen.layers.registry`.
"""

from kgen.layers import (
    activations,
    basic,
    constraints,
    embedding,
    functions,
    initializers,
    losses,
    merging,
    metrics,
    noise,
    normalization,
    optimizers,
    optimizers_by_weight,
    optimizing,
    reductions,
    registry,
    regularizers,
    schedules,
    shaping,
)

__all__ = [
    "activations",
    "basic",
    "constraints",
    "embedding",
    "functions",
    "initializers",
    "losses",
    "merging",
    "metrics",
    "noise",
    "normalization",
    "optimizers",
    "optimizers_by_weight",
    "optimizing",
    "reductions",
    "registry",
    "regularizers",
    "schedules",
    "shaping",
]
