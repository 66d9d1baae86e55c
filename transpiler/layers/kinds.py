"""The kinds of argument, and the annotations that declarations use."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from kgen.graph import FLOAT32_MAX, Value
from kgen.layers.registry import (
    ArgumentProblem,
    Bound,
    Definition,
    Kind,
    LayerInstance,
    adapt,
    bound,
    find,
    names,
    refused,
    show,
    suggest,
)


@dataclass(frozen=True)
class Number(Kind):
    """A float between bounds, within the range of float32."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False

    def check(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(value)
        number = float(value)
        if not abs(number) <= FLOAT32_MAX:
            self.refuse(value, "the magnitude must not exceed 3.4e38, as float32 has it")
        if not self.low <= number <= self.high:
            self.refuse(value)
        if self.open_low and number == self.low:
            self.refuse(value)
        return number


@dataclass(frozen=True)
class Integer(Kind):
    """An integer, not less than `low`."""

    low: int | None = None

    def check(self, value: Any) -> int:
        if isinstance(value, float) and value.is_integer() and not isinstance(value, bool):
            self.refuse(value, f"write {int(value)}")
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse(value)
        if self.low is not None and value < self.low:
            self.refuse(value)
        return value


@dataclass(frozen=True)
class Truth(Kind):
    def check(self, value: Any) -> bool:
        if not isinstance(value, bool):
            self.refuse(value)
        return value


@dataclass(frozen=True)
class Text(Kind):
    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            self.refuse(value)
        return value


@dataclass(frozen=True)
class Pattern(Kind):
    """A regular expression, searched for in the paths of weights."""

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            self.refuse(value)
        try:
            re.compile(value)
        except re.error as error:
            self.refuse(value, f"as a regular expression it is faulty: {error}")
        return value


@dataclass(frozen=True)
class Choice(Kind):
    """One of some words; `later` are words that Keras has and kgen has not yet."""

    options: tuple[Any, ...] = ()
    later: tuple[Any, ...] = ()

    def check(self, value: Any) -> Any:
        for option in self.options:
            if value == option and type(value) is type(option):
                return option
        if any(value == option and type(value) is type(option) for option in self.later):
            raise ArgumentProblem(f"{show(value)} is not supported yet", unsupported=True)
        listed = ", ".join(map(repr, self.options))
        help = suggest(value, map(str, self.options)) if isinstance(value, str) else ""
        self.refuse(value, help or f"the choices are {listed}")


@dataclass(frozen=True)
class Maybe(Kind):
    """None, or what another kind wants."""

    inner: Kind

    def check(self, value: Any) -> Any:
        return None if value is None else self.inner.check(value)


@dataclass(frozen=True)
class Several(Kind):
    """A list of what another kind wants, as a tuple; `or_one` admits a bare element."""

    inner: Kind
    or_one: bool = False

    def check(self, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            if self.or_one:
                return self.inner.check(value)
            self.refuse(value)
        return tuple(self.inner.check(one) for one in value)


@dataclass(frozen=True)
class OnlyDefault(Kind):
    """An argument of Keras's that kgen accepts by name but supports at its default alone."""

    default: Any = None

    def check(self, value: Any) -> Any:
        if value == self.default and type(value) is type(self.default):
            return value
        raise ArgumentProblem(
            f"only {show(self.default)} is supported yet, found {show(value)}",
            "leave the argument out",
            unsupported=True,
        )


@dataclass(frozen=True)
class Never(Kind):
    """An argument of Keras's that would change nothing in kgen: only None will do."""

    reason: str = ""

    def check(self, value: Any) -> None:
        if value is not None:
            self.refuse(value, self.reason)


_MERGE = "merge the list first: add([a, b]), concatenate([a, b])"
# Families of which a file may have members of its own.
_OWN = {
    "activation": "a function of your own is applied to what a layer makes: x |> Dense(64) |> name",
    "loss": "one of your own is declared with `loss name(y_true, y_pred):`",
    "metric": "one of your own is declared with `metric name(y_true, y_pred):`",
}

# Families whose members go by strings, as a message calls one.
_NAMED = {
    "loss": "a loss",
    "metric": "a metric",
    "optimizer": "an optimizer",
    "activation": "an activation",
    "initializer": "an initializer",
}


@dataclass(frozen=True)
class Member(Kind):
    """A member of some families: by string, by name (of the first), or constructed."""

    families: tuple[str, ...] = ()

    def check(self, value: Any) -> Bound:
        if isinstance(value, str):
            return self._named(value)
        if isinstance(value, LayerInstance) and value.bound is not None:
            value = value.bound
        if isinstance(value, Definition):
            own = value.family in self.families
            return bound(value) if own else self._named(value.name)
        if isinstance(value, Bound):
            for family in self.families:
                found = adapt(value, family)
                if found is not None:
                    return found
        self.refuse(value, _OWN.get(self.families[0], ""))

    def _named(self, name: str) -> Bound:
        family = self.families[0]
        definition = find(family, name)
        if definition is not None:
            return bound(definition)
        if reason := refused(family, name):
            raise ArgumentProblem(f"{name} is not part of kgen", reason)
        other = next((other for other in _NAMED if find(other, name) is not None), None)
        if other is not None:
            own = _NAMED.get(family, f"a {family}")
            raise ArgumentProblem(f"{name!r} is {_NAMED[other]}, not {own}", f"give {self.wants}")
        raise ArgumentProblem(f"no {family} is called {name!r}", suggest(name, names(family)))


# Layers without weights that may stand where an activation is wanted.
_ACTIVATION_LAYERS = ("Activation", "ELU", "LeakyReLU", "ReLU", "Softmax")


@dataclass(frozen=True)
class ActivationMember(Member):
    """An activation, or a layer that is nothing else."""

    def check(self, value: Any) -> Bound:
        if isinstance(value, LayerInstance) and value.bound is not None:
            value = value.bound
        if isinstance(value, Bound | Definition) and value.family == "layer":
            if value.name not in _ACTIVATION_LAYERS:
                self.refuse(value, "apply the layer by itself")
            return bound(value) if isinstance(value, Definition) else value
        return super().check(value)


@dataclass(frozen=True)
class Rate(Member):
    """A learning rate: a number, or a schedule."""

    def check(self, value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return Number(self.wants, low=0.0).check(value)
        return super().check(value)


@dataclass(frozen=True)
class Tensor(Kind):
    """A tensor, or a number that stands for one."""

    def check(self, value: Any) -> Any:
        if isinstance(value, Value):
            return value
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(value)
        if abs(value) > FLOAT32_MAX:
            self.refuse(value, "the magnitude must not exceed 3.4e38, as float32 has it")
        return value if isinstance(value, int) else float(value)


@dataclass(frozen=True)
class OnlyTensor(Kind):
    """A tensor."""

    def check(self, value: Any) -> Value:
        if not isinstance(value, Value):
            listed = isinstance(value, list | tuple) and any(isinstance(v, Value) for v in value)
            self.refuse(value, _MERGE if listed else "")
        return value


@dataclass(frozen=True)
class TensorList(Kind):
    """A list of tensors; or a first tensor, where a function has a second of its own."""

    or_one: bool = False

    def check(self, value: Any) -> Any:
        if isinstance(value, list | tuple) and value and all(isinstance(v, Value) for v in value):
            return list(value)
        if self.or_one:
            return _TENSOR.check(value)
        self.refuse(value)


@dataclass(frozen=True)
class AnyLayer(Kind):
    """A constructed layer, a model or a `Sequential`."""

    def check(self, value: Any) -> LayerInstance:
        if not isinstance(value, LayerInstance):
            self.refuse(value, "construct it first: LSTM(64)")
        return value


_INT = Integer("an integer")
_POSITIVE_INT = Integer("a positive integer", low=1)
_FLOAT = Number("a number")
_POSITIVE = Number("a positive number", low=0.0, open_low=True)
_NON_NEGATIVE = Number("a number not below 0", low=0.0)
_BOOL = Truth("True or False")
_STRING = Text("a string")
_SEED = Maybe("an integer or None", Integer("an integer not below 0", low=0))
_AXES = Several("an axis or a list of axes", _INT, or_one=True)
_TENSOR = Tensor("a tensor or a number")

SUM_OVER_BATCH_SIZE = "sum_over_batch_size"


@dataclass(frozen=True)
class ReductionKind(Choice):
    """How a loss becomes one number."""

    def check(self, value: Any) -> Any:
        if value in (None, "none"):
            self.refuse(value, "a loss that is not reduced to one number cannot be minimised")
        return super().check(value)


REDUCTION = ReductionKind(
    f'a reduction, such as "{SUM_OVER_BATCH_SIZE}"',
    (SUM_OVER_BATCH_SIZE, "sum", "mean", "mean_with_sample_weight"),
)

Int: TypeAlias = Annotated[int, _INT]
Reduction: TypeAlias = Annotated[str, REDUCTION]
PositiveInt: TypeAlias = Annotated[int, _POSITIVE_INT]
NonNegativeInt: TypeAlias = Annotated[int, Integer("an integer not below 0", low=0)]
Float: TypeAlias = Annotated[float, _FLOAT]
PositiveFloat: TypeAlias = Annotated[float, _POSITIVE]
NonNegativeFloat: TypeAlias = Annotated[float, _NON_NEGATIVE]
OptionalFloat: TypeAlias = Annotated[float | None, Maybe("a number or None", _FLOAT)]
OptionalNonNegative: TypeAlias = Annotated[
    float | None, Maybe("a number not below 0, or None", _NON_NEGATIVE)
]
Fraction: TypeAlias = Annotated[float, Number("a number from 0 to 1", low=0.0, high=1.0)]
PositiveFraction: TypeAlias = Annotated[
    float, Number("a number above 0, up to 1", low=0.0, high=1.0, open_low=True)
]
NonPositiveFloat: TypeAlias = Annotated[float, Number("a number not above 0", high=0.0)]
OptionalPositive: TypeAlias = Annotated[float | None, Maybe("a positive number or None", _POSITIVE)]
OptionalCount: TypeAlias = Annotated[int | None, Maybe("a positive integer or None", _POSITIVE_INT)]
AccumulationSteps: TypeAlias = Annotated[
    int | None,
    Maybe("an integer of at least 2, or None", Integer("an integer of at least 2", low=2)),
]
BelowOne: TypeAlias = Annotated[
    float, Number("a number from 0 up to, not including, 1", low=0.0, high=1 - 2**-53)
]
Bool: TypeAlias = Annotated[bool, _BOOL]
String: TypeAlias = Annotated[str, _STRING]
OptionalString: TypeAlias = Annotated[str | None, Maybe("a string or None", _STRING)]
Seed: TypeAlias = Annotated[int | None, _SEED]
Axes: TypeAlias = Annotated[int | Sequence[int], _AXES]
OptionalAxes: TypeAlias = Annotated[
    int | Sequence[int] | None, Maybe("an axis, a list of axes, or None", _AXES)
]
Ints: TypeAlias = Annotated[tuple[int, ...], Several("a list of integers", _INT)]
OptionalInts: TypeAlias = Annotated[
    tuple[int | None, ...] | None,
    Maybe(
        "a list of integers, or None",
        Several("a list of integers", Maybe("an integer or None", _INT)),
    ),
]
OptionalPatterns: TypeAlias = Annotated[
    tuple[str, ...] | None,
    Maybe("a list of patterns, or None", Several("a list of patterns", Pattern("a pattern"))),
]
OptionalInt: TypeAlias = Annotated[int | None, Maybe("an integer or None", _INT)]
Floats: TypeAlias = Annotated[tuple[float, ...], Several("a list of numbers", _FLOAT)]
FloatOrFloats: TypeAlias = Annotated[
    float | tuple[float, ...], Several("a number or a list of numbers", _FLOAT, or_one=True)
]
ActivationArg: TypeAlias = Annotated[
    Bound | None,
    Maybe(
        "an activation, by name or as a layer",
        ActivationMember("an activation, by name or as a layer", ("activation",)),
    ),
]
InitializerArg: TypeAlias = Annotated[
    Any, Member('an initializer, such as "glorot_uniform" or HeNormal(seed=1)', ("initializer",))
]
REGULARIZER = Maybe(
    "a regularizer or None", Member("a regularizer, such as L2(0.01)", ("regularizer",))
)
RegularizerArg: TypeAlias = Annotated[Bound | None, REGULARIZER]
ConstraintArg: TypeAlias = Annotated[
    Bound | None,
    Maybe("a constraint or None", Member("a constraint, such as MaxNorm(2)", ("constraint",))),
]
RateArg: TypeAlias = Annotated[
    float | Bound, Rate("a number not below 0, or a schedule", ("schedule",))
]
FLOAT32 = Choice(
    'None or "float32"', (None, "float32"), ("float16", "bfloat16", "float64", "int", "int32")
)
OnlyFloat32: TypeAlias = Annotated[str | None, FLOAT32]
OnlyNone: TypeAlias = Annotated[None, OnlyDefault("None")]
LOSS_SCALE = Never("None", "scaled losses guard half precision, and kgen trains in float32")
LossScale: TypeAlias = Annotated[None, LOSS_SCALE]
OnlyFalse: TypeAlias = Annotated[bool, OnlyDefault("False", False)]
T: TypeAlias = Annotated[Value, OnlyTensor("a tensor")]
X: TypeAlias = Annotated[Any, _TENSOR]
Xs: TypeAlias = Annotated[list[Value], TensorList("a list of tensors")]
XOrXs: TypeAlias = Annotated[Any, TensorList("a tensor or a list of tensors", or_one=True)]
OptionalT: TypeAlias = Annotated[
    Value | None, Maybe("a tensor or None", OnlyTensor("a tensor or None"))
]
OptionalTs: TypeAlias = Annotated[
    list[Value] | None, Maybe("a list of tensors or None", TensorList("a list of tensors or None"))
]
OptionalBool: TypeAlias = Annotated[bool | None, Maybe("True, False or None", _BOOL)]
LayerArg: TypeAlias = Annotated[LayerInstance, AnyLayer("a layer")]
OptionalLayer: TypeAlias = Annotated[
    LayerInstance | None, Maybe("a layer or None", AnyLayer("a layer or None"))
]
OptionalX: TypeAlias = Annotated[Any, Maybe("a tensor", _TENSOR)]
