"""Optimizers as the runtime sees them: settings, and the figures each step needs.

The update itself is compiled. What changes from step to step (the learning rate,
Adam's bias correction) is computed here in float64, many steps at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from kgen.runtime.errors import DataError
from kgen.runtime.schedules import Schedule
from numpy.typing import NDArray

Columns = Sequence[NDArray[np.float64]]

# What every optimizer takes besides its own arguments, with Keras's defaults.
COMMON: dict[str, Any] = {
    "weight_decay": None,
    "clipnorm": None,
    "clipvalue": None,
    "global_clipnorm": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "gradient_accumulation_steps": None,
}

# Stands for the class's own default.
_OWN_RATE: Any = object()


class Optimizer:
    """Base of the optimizers.

    `learning_rate` is a number, or a `Schedule`; setting it takes effect at the next step.
    `config` holds the arguments: the optimizer's own with their defaults (`OWN`), and those
    that all have (`COMMON`).

    Raises:
        TypeError: an argument that is neither.
        AttributeError: something else is set, which would change nothing: it is compiled.
    """

    OWN: ClassVar[dict[str, Any]] = {}
    SCALARS: ClassVar[tuple[str, ...]] = ("learning_rate",)
    RATE: ClassVar[float] = 0.001
    DECAYS: ClassVar[bool] = False

    def __init__(self, learning_rate: float | Schedule = _OWN_RATE, **arguments: Any) -> None:
        known = COMMON | self.OWN
        self.learning_rate = self.RATE if learning_rate is _OWN_RATE else learning_rate
        for name in arguments:
            if name not in known:
                raise TypeError(f"{type(self).__name__} has no argument '{name}'.")
        self.config = known | arguments
        self._given = arguments

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in ("learning_rate", "config", "_learning_rate", "_given"):
            raise AttributeError(
                f"'{name}' of {type(self).__name__} cannot be set: of an optimizer in use only "
                "learning_rate can, all else is compiled; write it in the .k file."
            )
        super().__setattr__(name, value)

    @property
    def learning_rate(self) -> float | Schedule:
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float | Schedule) -> None:
        if not isinstance(value, Schedule):
            try:
                value = float(value)
            except (TypeError, ValueError):
                raise DataError(
                    f"learning_rate must be a number or a schedule, found {value!r}"
                ) from None
            if not (np.isfinite(value) and value >= 0.0):
                raise DataError(f"learning_rate must be finite and not below 0, found {value}")
        self._learning_rate: float | Schedule = value

    @property
    def use_ema(self) -> bool:
        """Whether a moving average of the weights is kept, in the slot `average`."""
        return bool(self.config["use_ema"])

    @property
    def scalar_names(self) -> tuple[str, ...]:
        """The figures of a step: the rule's own, then those of decay, accumulation, average."""
        config = self.config
        names = [*self.SCALARS]
        names += ["decay"] if config["weight_decay"] is not None and not self.DECAYS else []
        names += ["apply"] if config["gradient_accumulation_steps"] else []
        if config["use_ema"]:
            names += ["ema_momentum"]
            names += ["overwrite"] if config["ema_overwrite_frequency"] else []
        return tuple(names)

    def scalars(self, first_step: int, steps: int) -> NDArray[np.float32]:
        """A row of `scalar_names` for each of `steps` steps, the first being `first_step`.

        While gradients accumulate, the rule counts their steps as one; a schedule counts
        each, as in Keras.
        """
        config = self.config
        batches = np.arange(first_step, first_step + steps)
        every = config["gradient_accumulation_steps"] or 1
        done = batches // every
        rates = self.rates(batches)
        columns = [*self.figures(rates, done + 1.0)]
        if config["weight_decay"] is not None and not self.DECAYS:
            columns.append(rates * config["weight_decay"])
        if every > 1:
            columns.append(((batches + 1) % every == 0) * 1.0)
        if config["use_ema"]:
            columns.append(np.where(done == 0, 0.0, config["ema_momentum"]))
            if config["ema_overwrite_frequency"]:
                columns.append(((done + 1) % config["ema_overwrite_frequency"] == 0) * 1.0)
        return np.stack(columns, axis=1).astype(np.float32)

    def rates(self, batches: NDArray[Any]) -> NDArray[np.float64]:
        """The learning rate after each number of batches."""
        at = np.asarray(batches, np.float64)
        if isinstance(self._learning_rate, Schedule):
            return np.broadcast_to(self._learning_rate(at), at.shape)
        return np.full(at.shape, self._learning_rate)

    def figures(self, rates: NDArray[np.float64], t: NDArray[np.float64]) -> Columns:
        """The columns of `SCALARS`; `t` counts updates from 1."""
        return [rates]

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        own = {name: self.config[name] for name in self.OWN}
        return {"learning_rate": self._learning_rate, **own, **self._given}

    def __repr__(self) -> str:
        listed = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({listed})"


class SGD(Optimizer):
    """Gradient descent, with momentum (Nesterov's if asked for)."""

    RATE = 0.01
    OWN: ClassVar[dict[str, Any]] = {"momentum": 0.0, "nesterov": False}


class RMSprop(Optimizer):
    """Gradients over the root of their mean square."""

    OWN: ClassVar[dict[str, Any]] = {
        "rho": 0.9,
        "momentum": 0.0,
        "epsilon": 1e-7,
        "centered": False,
    }


class Adagrad(Optimizer):
    """Gradients over the root of the sum of their squares."""

    OWN: ClassVar[dict[str, Any]] = {"initial_accumulator_value": 0.1, "epsilon": 1e-7}


class Adadelta(Optimizer):
    """Gradients scaled by the ratio of earlier steps to earlier gradients."""

    OWN: ClassVar[dict[str, Any]] = {"rho": 0.95, "epsilon": 1e-7}


class Ftrl(Optimizer):
    """Follow the regularized leader."""

    OWN: ClassVar[dict[str, Any]] = {
        "learning_rate_power": -0.5,
        "initial_accumulator_value": 0.1,
        "l1_regularization_strength": 0.0,
        "l2_regularization_strength": 0.0,
        "l2_shrinkage_regularization_strength": 0.0,
        "beta": 0.0,
    }


class Lion(Optimizer):
    """Steps of one size, in the direction of the momentum's sign."""

    OWN: ClassVar[dict[str, Any]] = {"beta_1": 0.9, "beta_2": 0.99}


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2014), AMSGrad if asked for.

    `alpha` is the learning rate times sqrt(1 - beta_2^t) / (1 - beta_1^t).
    """

    SCALARS = ("alpha",)
    OWN: ClassVar[dict[str, Any]] = {
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-7,
        "amsgrad": False,
    }

    def figures(self, rates: NDArray[np.float64], t: NDArray[np.float64]) -> Columns:
        beta_1, beta_2 = self.config["beta_1"], self.config["beta_2"]
        return [rates * np.sqrt(1.0 - beta_2**t) / (1.0 - beta_1**t)]


class AdamW(Adam):
    """Adam with weight decay of its own (Loshchilov and Hutter, 2017)."""

    OWN: ClassVar[dict[str, Any]] = Adam.OWN | {"weight_decay": 0.004}


class Adamax(Optimizer):
    """Adam with the largest gradient in place of the mean square."""

    SCALARS = ("alpha",)
    OWN: ClassVar[dict[str, Any]] = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}

    def figures(self, rates: NDArray[np.float64], t: NDArray[np.float64]) -> Columns:
        return [rates / (1.0 - self.config["beta_1"] ** t)]


class Nadam(Optimizer):
    """Adam with Nesterov's momentum (Dozat, 2016).

    With u(t) = beta_1 * (1 - 0.96^t / 2) and P(t) their product up to t, the momentum counts
    u(t + 1) / (1 - P(t + 1)) and the gradient (1 - u(t)) / (1 - P(t)).
    """

    SCALARS = ("alpha", "alpha_gradient", "velocity_correction")
    OWN: ClassVar[dict[str, Any]] = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}

    def figures(self, rates: NDArray[np.float64], t: NDArray[np.float64]) -> Columns:
        beta_1, beta_2 = self.config["beta_1"], self.config["beta_2"]
        # Beyond a thousand factors 0.96^t no longer counts in float64.
        shrinking = np.cumprod(1.0 - 0.5 * 0.96 ** np.arange(1.0, 1001.0))

        def product(at: NDArray[np.float64]) -> NDArray[np.float64]:
            places = np.minimum(at, 1000.0).astype(np.int64) - 1
            return np.asarray(beta_1**at * shrinking[places])

        now = beta_1 * (1.0 - 0.5 * 0.96**t)
        later = beta_1 * (1.0 - 0.5 * 0.96 ** (t + 1.0))
        return [
            rates * later / (1.0 - product(t + 1.0)),
            rates * (1.0 - now) / (1.0 - product(t)),
            1.0 / (1.0 - beta_2**t),
        ]


class Lamb(Optimizer):
    """Adam with steps as long, for each weight, as its norm says."""

    SCALARS = ("learning_rate", "momentum_correction", "velocity_correction")
    OWN: ClassVar[dict[str, Any]] = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}

    def figures(self, rates: NDArray[np.float64], t: NDArray[np.float64]) -> Columns:
        beta_1, beta_2 = self.config["beta_1"], self.config["beta_2"]
        return [rates, 1.0 / (1.0 - beta_1**t), 1.0 / (1.0 - beta_2**t)]


class Adafactor(Optimizer):
    """Gradients over the root of their mean square, kept by rows and columns.

    `relative_rate` is the rate, at most 1 / sqrt(t); `kept` is 1 - t^beta_2_decay.
    """

    SCALARS = ("relative_rate", "kept")
    OWN: ClassVar[dict[str, Any]] = {
        "beta_2_decay": -0.8,
        "epsilon_1": 1e-30,
        "epsilon_2": 1e-3,
        "clip_threshold": 1.0,
        "relative_step": True,
    }

    def figures(self, rates: NDArray[np.float64], t: NDArray[np.float64]) -> Columns:
        return [np.minimum(rates, 1.0 / np.sqrt(t)), 1.0 - t ** self.config["beta_2_decay"]]


class Muon(Optimizer):
    """Orthogonal momentum for matrices, Adam for the rest."""

    SCALARS = ("learning_rate", "alpha", "decay", "adam_decay")
    DECAYS = True
    OWN: ClassVar[dict[str, Any]] = {
        "adam_beta_1": 0.9,
        "adam_beta_2": 0.999,
        "adam_weight_decay": 0.004,
        "epsilon": 1e-7,
        "weight_decay": 0.004,
        "exclude_layers": None,
        "exclude_embeddings": True,
        "muon_a": 3.4445,
        "muon_b": -4.7750,
        "muon_c": 2.0315,
        "adam_lr_ratio": 1.0,
        "momentum": 0.95,
        "ns_steps": 5,
        "nesterov": True,
        "rms_rate": 0.2,
    }

    def figures(self, rates: NDArray[np.float64], t: NDArray[np.float64]) -> Columns:
        config = self.config
        correction = np.sqrt(1.0 - config["adam_beta_2"] ** t) / (1.0 - config["adam_beta_1"] ** t)
        return [
            rates,
            rates * config["adam_lr_ratio"] * correction,
            rates * (config["weight_decay"] or 0.0),
            rates * (config["adam_weight_decay"] or 0.0),
        ]


class ScheduleFreeAdamW(Optimizer):
    """Adam's denominator with averaging in the place of momentum (Defazio et al., 2024)."""

    SCALARS = ("warmed_rate", "velocity_correction", "share", "first")
    RATE = 0.0025
    OWN: ClassVar[dict[str, Any]] = {
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-8,
        "warmup_steps": 0,
    }

    def figures(self, rates: NDArray[np.float64], t: NDArray[np.float64]) -> Columns:
        steps = self.config["warmup_steps"]
        warming = np.minimum(t / steps, 1.0) if steps else 1.0
        correction = 1.0 / (1.0 - self.config["beta_2"] ** t)
        return [rates * warming, correction, 1.0 / t, (t == 1.0) * 1.0]
