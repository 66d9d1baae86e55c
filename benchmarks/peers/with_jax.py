"""JAX by hand: one jitted train step with donated state, as an expert would write it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.gpu.device import device
from benchmarks.peers.jax_net import JaxNet, Run
from benchmarks.peers.peer import Peer
from benchmarks.peers.tasks import Task

wait: Any = jax.block_until_ready
LAST: dict[str, Callable[[Any], Any]] = {
    "categorical_crossentropy": jax.nn.softmax,
    "binary_crossentropy": jax.nn.sigmoid,
    "mse": jax.nn.sigmoid,
}


class JaxPeer(Peer):
    """Weights, moving statistics and the optimizer's slots are lists of arrays.

    On a GPU the batches for training lie there from the start, and predictions go from the
    processor's memory to it.
    """

    def __init__(self, task: Task, rows: int, *, dropout: bool) -> None:
        super().__init__(task, rows)
        self.on_gpu = device() == "cuda"
        self.net: JaxNet = task.written().jax_net(task)
        self.scale = 1 if dropout else 0
        rng = np.random.default_rng(1)
        self._start([weight.first(rng) for weight in self.net.weights])
        self.key = jax.random.key(0)
        self.batches: dict[int, Any] = {}
        self.step: Any = jax.jit(self._step, donate_argnums=(0, 1, 2))

    def _start(self, values: Sequence[Any]) -> None:
        """Take these weights, and slots of zeros."""
        self.weights, self.state = self.net.split(values)
        count = 2 if self.task.optimizer == "adam" else 1
        self.slots: Any = [[jnp.zeros_like(one) for one in self.weights] for _ in range(count)]
        self.count = 0

    def _forward(self, weights: Any, state: Any, key: Any, inputs: Any) -> tuple[Any, Any]:
        """What the last layer makes before its activation, and the new moving statistics."""
        run = Run(weights, state, key, self.scale)
        return self.net.forward(run, *inputs), run.moved

    def _step(
        self, weights: Any, state: Any, slots: Any, key: Any, count: Any, inputs: Any, y: Any
    ) -> Any:
        def loss_of(weights: Any) -> Any:
            z, moved = self._forward(weights, state, jax.random.fold_in(key, count), inputs)
            return loss(self.task.loss, z, y), moved

        (value, moved), slopes = jax.value_and_grad(loss_of, has_aux=True)(weights)
        weights, slots = update(self.task.optimizer, weights, slots, slopes, count + 1)
        return weights, moved, slots, value

    def train(self, steps: int) -> float:
        """As the base says."""
        value: Any = 0.0
        for step in range(steps):
            inputs, y = self._batch(step)
            self.weights, self.state, self.slots, value = self.step(
                self.weights,
                self.state,
                self.slots,
                self.key,
                self.count,
                inputs,
                y,
            )
            self.count += 1
        wait((self.weights, value))
        return float(value)

    def _batch(self, step: int) -> Any:
        """The inputs and targets of a step; where there is a GPU, on it."""
        rows = self.rows(step)
        if not self.on_gpu:
            return [one[rows] for one in self.x], self.y[rows]
        if step not in self.batches:
            held = [jnp.asarray(one[rows]) for one in self.x], jnp.asarray(self.y[rows])
            self.batches[step] = wait(held)
        return self.batches[step]

    def predictors(self, rows: int) -> dict[str, Callable[[], Any]]:
        """As the base says."""
        inputs: list[Any] = [np.ascontiguousarray(one[:rows]) for one in self.x]
        if not self.on_gpu:
            inputs = [jnp.asarray(one) for one in inputs]
        weights, state = self.weights, self.state
        last = LAST[self.task.loss]
        predict: Any = jax.jit(
            lambda weights, state, inputs: last(self._forward(weights, state, None, inputs)[0])
        )
        if self.on_gpu:
            return {"jitted": lambda: np.asarray(predict(weights, state, inputs))}
        return {"jitted": lambda: wait(predict(weights, state, inputs))}

    def count_params(self) -> int:
        """As the base says."""
        return sum(int(one.size) for one in (*self.weights, *self.state))

    def set_weights(self, weights: Sequence[Any]) -> None:
        """As the base says."""
        self._start(self.net.given(weights))


def loss(name: str, z: Any, y: Any) -> Any:
    """The mean loss, from before the last activation."""
    if name == "categorical_crossentropy":
        return -jnp.mean(jnp.sum(y * jax.nn.log_softmax(z), -1))
    if name == "binary_crossentropy":
        return jnp.mean(jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z))))
    return jnp.mean((jax.nn.sigmoid(z) - y) ** 2)


def update(name: str, weights: Any, slots: Any, slopes: Any, step: Any) -> tuple[Any, Any]:
    """Weights and slots after a step, with Keras's formulas and defaults."""
    each = jax.tree.map
    if name == "nesterov":
        v = each(lambda v, g: 0.9 * v - 0.01 * g, slots[0], slopes)
        return each(lambda w, v, g: w + 0.9 * v - 0.01 * g, weights, v, slopes), [v]
    if name == "rmsprop":
        v = each(lambda v, g: 0.9 * v + 0.1 * g * g, slots[0], slopes)
        return each(lambda w, v, g: w - 1e-3 * g * jax.lax.rsqrt(v + 1e-7), weights, v, slopes), [v]
    m = each(lambda m, g: 0.9 * m + 0.1 * g, slots[0], slopes)
    v = each(lambda v, g: 0.999 * v + 0.001 * g * g, slots[1], slopes)
    rate = 1e-3 * jnp.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    return each(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-7), weights, m, v), [m, v]
