"""Keras's initializers: names, aliases and arguments; `kgen.runtime.initializers` computes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from kgen.graph import Initializer, ShapeError
from kgen.layers.family import initializer
from kgen.layers.kinds import Choice, Float, NonNegativeFloat, Number, PositiveFloat, Seed
from kgen.layers.registry import Bound

_Mode: TypeAlias = Annotated[str, Choice("a mode", ("fan_in", "fan_out", "fan_avg"))]
_Distribution: TypeAlias = Annotated[
    str, Choice("a distribution", ("truncated_normal", "untruncated_normal", "uniform", "normal"))
]


@dataclass(frozen=True)
class Values(Number):
    """A number, or a list of numbers or of such lists, all of one length."""

    def check(self, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return super().check(value)
        found = tuple(self.check(one) for one in value)
        if not found or len({sizes_of(one) for one in found}) != 1:
            self.refuse(value, "its lists must be of one length")
        return found


def sizes_of(value: Any) -> tuple[int, ...]:
    """The shape of nested tuples."""
    return (len(value), *sizes_of(value[0])) if isinstance(value, tuple) else ()


_Values: TypeAlias = Annotated[Any, Values("a number, or a list of numbers")]


def describe_initializer(bound: Bound, shape: tuple[int, ...]) -> Initializer:
    """The graph's record of an initializer for a weight of this shape.

    Raises:
        ShapeError: the initializer fills matrices only, and the weight is none; or its
            numbers cannot be repeated to the weight's shape.
    """
    if bound.name == "Constant":
        sizes = sizes_of(bound.arguments["value"])
        behind = shape[len(shape) - len(sizes) :]
        fits = len(sizes) <= len(shape)
        if not fits or any(
            size not in (1, wanted) for size, wanted in zip(sizes, behind, strict=False)
        ):
            raise ShapeError(
                f"Constant has values {list(sizes)} for a weight of shape {list(shape)}",
                help="give as many values as the weight's last axes have, or a single one",
            )
    if (bound.name == "Identity" and len(shape) != 2) or (
        bound.name == "Orthogonal" and len(shape) < 2
    ):
        raise ShapeError(
            f"{bound.name} fills matrices, not a weight of shape {list(shape)}",
            help="choose another initializer for this weight",
        )
    return Initializer(bound.name, dict(bound.arguments))


@initializer("Zeros", "zeros", "zero")
def zeros() -> None:
    """All 0."""


@initializer("Ones", "ones", "one")
def ones() -> None:
    """All 1."""


@initializer("Constant", "constant")
def constant(value: _Values = 0.0) -> None:
    """All `value`, or the numbers of a list (of lists), repeated along axes of size one."""


@initializer("Identity", "identity", "IdentityInitializer")
def identity(gain: Float = 1.0) -> None:
    """`gain` on the diagonal of a matrix, 0 beside it."""


@initializer("RandomNormal", "random_normal", "normal")
def random_normal(mean: Float = 0.0, stddev: NonNegativeFloat = 0.05, seed: Seed = None) -> None:
    """Normal with this mean and standard deviation."""


@initializer("TruncatedNormal", "truncated_normal")
def truncated_normal(mean: Float = 0.0, stddev: NonNegativeFloat = 0.05, seed: Seed = None) -> None:
    """Normal, drawn again beyond two standard deviations of the mean."""


@initializer("RandomUniform", "random_uniform", "uniform")
def random_uniform(minval: Float = -0.05, maxval: Float = 0.05, seed: Seed = None) -> None:
    """Uniform between two bounds."""


@initializer("VarianceScaling", "variance_scaling")
def variance_scaling(
    scale: PositiveFloat = 1.0,
    mode: _Mode = "fan_in",
    distribution: _Distribution = "truncated_normal",
    seed: Seed = None,
) -> None:
    """Variance `scale / fan`, the fan being inputs, outputs or their mean."""


@initializer("GlorotUniform", "glorot_uniform")
def glorot_uniform(seed: Seed = None) -> None:
    """Uniform within sqrt(6 / (fan_in + fan_out))."""


@initializer("GlorotNormal", "glorot_normal")
def glorot_normal(seed: Seed = None) -> None:
    """Truncated normal with variance 2 / (fan_in + fan_out)."""


@initializer("HeUniform", "he_uniform")
def he_uniform(seed: Seed = None) -> None:
    """Uniform within sqrt(6 / fan_in)."""


@initializer("HeNormal", "he_normal")
def he_normal(seed: Seed = None) -> None:
    """Truncated normal with variance 2 / fan_in."""


@initializer("LecunUniform", "lecun_uniform")
def lecun_uniform(seed: Seed = None) -> None:
    """Uniform within sqrt(3 / fan_in)."""


@initializer("LecunNormal", "lecun_normal")
def lecun_normal(seed: Seed = None) -> None:
    """Truncated normal with variance 1 / fan_in."""


@initializer("Orthogonal", "orthogonal", "OrthogonalInitializer")
def orthogonal(gain: Float = 1.0, seed: Seed = None) -> None:
    """Orthonormal rows or columns, times `gain`."""
