"""The decorators that declare members of each family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from kgen.layers.kinds import (
    FLOAT32,
    LOSS_SCALE,
    REDUCTION,
    REGULARIZER,
    SUM_OVER_BATCH_SIZE,
    Integer,
    Maybe,
    Number,
    Text,
    Truth,
)
from kgen.layers.registry import Param, Target, declare

_Function = TypeVar("_Function", bound=Callable[..., Any])
_NAME = Param("name", Maybe("a string or None", Text("a string")), None)
_DTYPE = Param("dtype", FLOAT32, None)
_LAYER = (
    _NAME,
    Param("trainable", Truth("True or False"), True),
    _DTYPE,
    Param("activity_regularizer", REGULARIZER, None),
)
_BOUND = Maybe("a number not below 0, or None", Number("a number not below 0", low=0.0))
_OPTIMIZER = (
    Param("weight_decay", _BOUND, None),
    Param("clipnorm", _BOUND, None),
    Param("clipvalue", _BOUND, None),
    Param("global_clipnorm", _BOUND, None),
    Param("use_ema", Truth("True or False"), False),
    Param("ema_momentum", Number("a number from 0 to 1", low=0.0, high=1.0), 0.99),
    Param(
        "ema_overwrite_frequency",
        Maybe("a positive integer or None", Integer("a positive integer", low=1)),
        None,
    ),
    Param("loss_scale_factor", LOSS_SCALE, None),
    Param(
        "gradient_accumulation_steps",
        Maybe("an integer of at least 2, or None", Integer("an integer of at least 2", low=2)),
        None,
    ),
    _NAME,
)
_REDUCTION = Param("reduction", REDUCTION, SUM_OVER_BATCH_SIZE)


def layer(
    name: str, *aliases: str, inputs: str = "one", minimum: int = 1
) -> Callable[[_Function], _Function]:
    """A layer: `function(scope, tensor or list, *, arguments) -> Value`."""
    return declare("layer", name, *aliases, extra=_LAYER, inputs=inputs, minimum=minimum)


def activation(
    name: str, *aliases: str, as_function: bool = True
) -> Callable[[_Function], _Function]:
    """An activation: `function(x, arguments) -> Value`; a tensor function of that name too."""

    def enter(body: _Function) -> _Function:
        declare("activation", name, *aliases)(body)
        return function(name, *aliases)(body) if as_function else body

    return enter


def function(name: str, *aliases: str) -> Callable[[_Function], _Function]:
    """A tensor function of the language; its tensors are among its arguments."""
    return declare("function", name, *aliases, inputs="none")


def loss(name: str, *aliases: str, target: Target) -> Callable[[_Function], _Function]:
    """A loss: `function(y_true, y_pred, arguments)` gives a value for each sample."""
    return declare("loss", name, *aliases, extra=(_REDUCTION, _NAME, _DTYPE), target=target)


def metric(
    name: str, *aliases: str, finish: str = "mean", title: str | None = None
) -> Callable[[_Function], _Function]:
    """A metric: `function(y_true, y_pred, arguments)` gives a value for each sample.

    `title` is what the logs call it, where that is not its name in small letters.
    """
    lead = (Param("name", _NAME.kind, title), _DTYPE)
    return declare("metric", name, *aliases, lead=lead, finish=finish)


def metric_of_totals(
    name: str, *aliases: str, title: str | None = None
) -> Callable[[_Function], _Function]:
    """A metric with a state of its own: `function(y_true, y_pred, weights, arguments)`.

    It gives `Totals`; `weights` are None in `metrics`. It declares `name` and `dtype` itself.
    """
    extra = (Param("name", _NAME.kind, title), _DTYPE)
    return declare("metric", name, *aliases, extra=extra, of_totals=True)


def initializer(name: str, *aliases: str) -> Callable[[_Function], _Function]:
    """An initializer: its arguments alone; `kgen.runtime.initializers` computes it."""
    return declare("initializer", name, *aliases, inputs="none")


def regularizer(name: str, *aliases: str) -> Callable[[_Function], _Function]:
    """A regularizer: `function(weight, arguments)` gives a scalar."""
    return declare("regularizer", name, *aliases)


def constraint(name: str, *aliases: str) -> Callable[[_Function], _Function]:
    """A constraint: `function(weight, arguments)` gives the weight that satisfies it."""
    return declare("constraint", name, *aliases)


def optimizer(name: str, *aliases: str) -> Callable[[_Function], _Function]:
    """An optimizer: `function(arguments)` gives its `Rule`."""
    return declare("optimizer", name, *aliases, inputs="none", extra=_OPTIMIZER)


def schedule(name: str, *aliases: str) -> Callable[[_Function], _Function]:
    """A learning rate schedule: its arguments alone; `kgen.runtime.schedules` computes it."""
    return declare("schedule", name, *aliases, inputs="none")
