"""Keras's layers, losses, metrics, optimizers and initializers, one declaration each.

Importing the package fills the tables of `kgen.layers.registry`.
"""

from kgen.layers import (
    activations,
    basic,
    initializers,
    losses,
    regularizers,
)

__all__ = [
    "activations",
    "basic",
    "initializers",
    "losses",
    "regularizers",
]
