"""An epoch gone through again on a copy, step by step, up to the first that is not finite."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from kgen.runtime.checkpoint import ModelState, apply_state, state_of
from kgen.runtime.chunks import Chunk, train_chunk
from kgen.runtime.evaluation import CallPacer
from kgen.runtime.figures import figures
from kgen.runtime.finite import is_finite, not_finite
from kgen.runtime.weights import weight_views

# What of a model's state is kept as an epoch begins, and how long one is gone through again.
KEPT_BYTES = 16 << 20
SECONDS = 20.0
# Kernels that may be compiled for the outputs of the step that is found.
FEW_KERNELS = 16


class FirstStep(NamedTuple):
    """The first step after which something is not finite; `number` counts from 1 in its epoch.

    `before` is the state before it, with finite weights, `loss` that of its batch. Of a finite
    one `gradients` are known, and the weights `lost` by it; of another `outputs`, as inference
    has them, unless too much were to be compiled for them.
    """

    number: int
    before: ModelState
    loss: float
    gradients: Mapping[str, np.ndarray]
    lost: list[str]
    outputs: Mapping[str, np.ndarray] | None


def can_retrace(model: Any) -> bool:
    """Whether a model's state is small, and memory for a copy of the model easily had."""
    floats = model.spec.size + len(model.spec.slots) * model.spec.trainable
    return bool(model.device_class.retraces) and 4 * floats <= KEPT_BYTES


def kept_state(model: Any) -> ModelState:
    """A copy of the state."""
    with model.engine.turn:
        state = state_of(model)
        return state._replace(
            weights={path: view.copy() for path, view in state.weights.items()},
            slots={key: view.copy() for key, view in state.slots.items()},
            carried=model.states.copies(),
        )


def first_step(model: Any, begun: ModelState, feed: Any, epoch: int, done: int) -> FirstStep | None:
    """The first step of an epoch that leaves a loss or weights that are not finite.

    None if it takes long to find, or training was not a matter of the state and the data alone.

    Args:
        begun: the state after the first `done` steps of the epoch.
        feed: the rows trained on.
    """
    twin = copy.deepcopy(model)
    apply_state(twin, begun)
    end = time.monotonic() + SECONDS
    for chunk in feed.chunks(epoch, CallPacer(fixed=True), done):
        before = kept_state(twin)
        twin.engine.reset_totals()
        train_chunk(twin.engine, twin.optimizer, chunk)
        done += chunk.steps
        loss = figures(twin.spec.metrics, twin.engine.totals_so_far())["loss"]
        lost = [] if is_finite(twin.engine.weights) else not_finite(twin.weights)
        if lost or not math.isfinite(loss):
            return _looked_at(twin, before, chunk, FirstStep(done, before, loss, {}, lost, None))
        if time.monotonic() > end:
            break
    return None


def _looked_at(twin: Any, before: ModelState, chunk: Chunk, step: FirstStep) -> FirstStep:
    """The step with what its batch gives in the state before it."""
    apply_state(twin, before)
    batch = chunk.data.gather(chunk.order, chunk.first, chunk.last)
    if math.isfinite(step.loss):
        twin.compile_program("gradient")
        twin.engine.gradient(batch.arrays, 0, batch.rows)
        views = weight_views(twin.spec, twin.engine.gradients)
        return step._replace(
            gradients={path: views[path] for path in twin.weights if path in views}
        )
    if not twin.programs.predict or twin.engine.uncompiled("predict") > FEW_KERNELS:
        return step
    found = twin(list(batch.arrays[: len(twin.spec.inputs)]))
    outputs = found if isinstance(found, dict) else {twin.spec.outputs[0].name: found}
    return step._replace(outputs=outputs)
