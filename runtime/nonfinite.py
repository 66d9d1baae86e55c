"""A loss or weights that are not finite any more: said once, with what is known of the origin."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from kgen.runtime.checkpoint import ModelState
from kgen.runtime.finite import NonFiniteWarning, has_finite_weights, not_finite
from kgen.runtime.progress import figure_text
from kgen.runtime.retracing import FirstStep, can_retrace, first_step, kept_state
from kgen.runtime.spec import Spec
from kgen.runtime.warning import warn

# Weights that a message names.
NAMED = 4
_ADVICE = (
    "A lower learning rate or clipnorm=1.0 in the optimizer may help, and so may a look for "
    "logarithms, roots and quotients of what can be 0; callbacks=[TerminateOnNaN()] ends training "
    "in such a step."
)


class Watch:
    """Looks at the loss of each epoch, and warns of the first that is not finite.

    Where the state is small, the weights are looked at as well, and the state is kept as an epoch
    begins, so that the epoch's steps can be gone through again, one by one.

    Args:
        feed: the rows trained on; None for batches, which may not come again.
    """

    def __init__(self, model: Any, feed: Any | None) -> None:
        self.model = model
        self.feed = feed
        self.done = 0
        self.begun: ModelState | None = None
        self.small = can_retrace(model)

    def begin(self, done: int) -> None:
        """The epoch goes on after so many of its steps."""
        self.done = done
        if self.small and self.feed is not None and self.model.history.nonfinite is None:
            self.begun = kept_state(self.model)

    def end(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Warns if the epoch is the first that calls for it."""
        history, spec = self.model.history, self.model.spec
        if history.nonfinite is not None:
            return
        bad = [name for name in ("loss", "val_loss") if not math.isfinite(logs.get(name, 0.0))]
        if bad:
            what = "loss" if bad[0] == "loss" else "validation loss"
            text = f"the {what} of {spec.name} is {figure_text(logs[bad[0]])} in epoch {epoch + 1}"
        elif self.small and not has_finite_weights(self.model):
            text = f"weights of {spec.name} are NaN or infinite after epoch {epoch + 1}"
        else:
            return
        history.nonfinite = f"{spec.source}: {text}. {self._origin(epoch)} {_ADVICE}"
        self.begun = None
        warn(history.nonfinite, NonFiniteWarning)

    def _origin(self, epoch: int) -> str:
        spec = self.model.spec
        if self.begun is not None:
            lost = not_finite(self.begun.weights)
            if lost:
                return f"Before that epoch {weights_text(spec, lost)} were not finite already."
            found = first_step(self.model, self.begun, self.feed, epoch, self.done)
            if found is not None:
                return _step_text(spec, found)
        lost = not_finite(self.model.weights)
        if not lost:
            return "The weights are finite: values of single batches were not."
        return f"At its end {weights_text(spec, lost)} are not finite."


def place_text(spec: Spec, path: str) -> str:
    """A weight with its layer's line: `'dense/kernel' (line 4)`."""
    lines = (layer.line for layer in spec.layers if path in layer.weights)
    line = next(lines, None)
    return f"'{path}'" + (f" (line {line})" if line is not None else "")


def weights_text(spec: Spec, paths: list[str]) -> str:
    """Weights as the layers are applied, the first few with their lines."""
    if len(paths) == 1:
        return f"the values of {place_text(spec, paths[0])}"
    named = ", ".join(place_text(spec, path) for path in paths[:NAMED])
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return f"{len(paths)} of {len(spec.weights)} weights, {named}{more},"


def _step_text(spec: Spec, step: FirstStep) -> str:
    """What is known of the first step in which something was not finite."""
    start = f"It began in step {step.number} of it: before, all weights were finite"
    if not math.isfinite(step.loss):
        path, largest = _greatest(step.before.weights.items())
        text = f"{start}, the largest value {largest:.3g} in {place_text(spec, path)}; "
        text += f"the loss of its batch is {figure_text(step.loss)}"
        if step.outputs is None:
            return f"{text}."
        bad = ", ".join(f"'{name}'" for name in not_finite(step.outputs))
        if bad:
            return f"{text}, and so is output {bad}: the layers before it overflow."
        name, largest = _greatest(step.outputs.items())
        text += ", though the outputs for it, in inference mode, are finite"
        return f"{text}, the largest {largest:.3g} in '{name}'."
    lost = not_finite(step.gradients)
    text = f"{start}, and so is the loss of its batch, {figure_text(step.loss)}, but "
    if not lost:
        return f"{text}the optimizer's step makes {weights_text(spec, step.lost)} not finite."
    last = lost[-1]
    text += f"the gradients of {len(lost)} of {len(step.gradients)} weights are not. "
    text += f"Of these {place_text(spec, last)} is applied last"
    after = list(step.gradients)[list(step.gradients).index(last) + 1 :]
    if not after:
        return f"{text}, and none comes after it but the loss."
    return f"{text}; next is {place_text(spec, after[0])}, whose gradient is finite."


def _greatest(arrays: Iterable[tuple[str, np.ndarray]]) -> tuple[str, float]:
    return max(
        ((name, float(np.abs(array).max(initial=0.0))) for name, array in arrays),
        key=lambda item: item[1],
        default=("", 0.0),
    )
