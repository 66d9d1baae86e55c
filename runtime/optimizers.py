"""Optimizers as the runtime sees them: settings, and the figures each step needs.

The update itself is compiled. What changes from step to step (the learning rate,
Adam's bias correction) is computed here in float64, many steps at once.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from kgen.runtime.errors import DataError
from kgen.runtime.schedules import Schedule
from numpy.typing import NDArray


class Optimizer:
    """Base of the optimizers.

    `learning_rate` is a number, or a `Schedule`; setting it takes effect at the next step.
    """

    SCALARS: ClassVar[tuple[str, ...]] = ("learning_rate",)

    def __init__(self, learning_rate: float | Schedule, **config: Any) -> None:
        self.learning_rate = learning_rate
        self._config = config

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

    def rates(self, first_step: int, steps: int) -> NDArray[np.float64]:
        """The learning rates of `steps` steps, counted from 0."""
        at = np.arange(first_step, first_step + steps, dtype=np.float64)
        if isinstance(self._learning_rate, Schedule):
            return np.broadcast_to(self._learning_rate(at), at.shape)
        return np.full(steps, self._learning_rate)

    def scalars(self, first_step: int, steps: int) -> NDArray[np.float32]:
        """A row of `SCALARS` for each of `steps` steps, the first being `first_step`."""
        return self.rates(first_step, steps).astype(np.float32)[:, None]

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {"learning_rate": self._learning_rate, **self._config}

    def __repr__(self) -> str:
        listed = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({listed})"


class SGD(Optimizer):
    """Gradient descent, with momentum (Nesterov's if asked for)."""

    def __init__(
        self,
        learning_rate: float | Schedule = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(learning_rate, momentum=momentum, nesterov=nesterov)


class RMSprop(Optimizer):
    """Gradients over the root of their mean square."""

    def __init__(
        self,
        learning_rate: float | Schedule = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
    ) -> None:
        super().__init__(
            learning_rate, rho=rho, momentum=momentum, epsilon=epsilon, centered=centered
        )


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2014), AMSGrad if asked for.

    `alpha` is the learning rate times sqrt(1 - beta_2^t) / (1 - beta_1^t), t counted from 1.
    """

    SCALARS = ("alpha",)

    def __init__(
        self,
        learning_rate: float | Schedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(
            learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon, amsgrad=amsgrad
        )
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def scalars(self, first_step: int, steps: int) -> NDArray[np.float32]:
        t = np.arange(first_step + 1, first_step + steps + 1, dtype=np.float64)
        correction = np.sqrt(1.0 - self.beta_2**t) / (1.0 - self.beta_1**t)
        return (self.rates(first_step, steps) * correction).astype(np.float32)[:, None]
