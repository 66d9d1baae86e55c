"""JAX by hand: one jitted train step with donated state, as an expert would write it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.peers.peer import Peer
from benchmarks.peers.tasks import Task

wait: Any = jax.block_until_ready


class JaxPeer(Peer):
    """State is a list of (kernel, bias) pairs and the optimizer's slots beside it."""

    def __init__(self, task: Task, steps: int) -> None:
        super().__init__(task, steps)
        rng = np.random.default_rng(1)
        self.weights: Any = [
            (
                jnp.asarray(rng.standard_normal((i, o), dtype=np.float32) / np.sqrt(i)),
                jnp.zeros(o, jnp.float32),
            )
            for i, o in task.sizes()
        ]
        self.slots: Any = jax.tree.map(jnp.zeros_like, self.weights)
        self.key = jax.random.key(0)
        self.count = 0
        self.step: Any = jax.jit(self._step, donate_argnums=(0, 1))

    def _logits(self, weights: Any, x: Any, keys: Any) -> Any:
        """Through all layers; `keys` are the dropout layers' own, None for inference."""
        rate = self.task.dropout
        for place, (kernel, bias) in enumerate(weights[:-1]):
            x = jax.nn.relu(x @ kernel + bias)
            if keys is not None:
                keep = jax.random.bernoulli(keys[place], 1 - rate, x.shape)
                x = jnp.where(keep, x / (1 - rate), 0)
        kernel, bias = weights[-1]
        return x @ kernel + bias

    def _step(self, weights: Any, slots: Any, key: Any, count: Any, x: Any, y: Any) -> Any:
        keys = jax.random.split(jax.random.fold_in(key, count), len(weights) - 1)

        def loss_of(weights: Any) -> Any:
            logs = jax.nn.log_softmax(self._logits(weights, x, keys))
            return -jnp.mean(jnp.sum(y * logs, -1))

        loss, slopes = jax.value_and_grad(loss_of)(weights)
        if self.task.nesterov:
            slots = jax.tree.map(lambda v, g: 0.9 * v - 0.01 * g, slots, slopes)
            weights = jax.tree.map(lambda w, v, g: w + 0.9 * v - 0.01 * g, weights, slots, slopes)
        else:
            slots = jax.tree.map(lambda v, g: 0.9 * v + 0.1 * g * g, slots, slopes)
            weights = jax.tree.map(
                lambda w, v, g: w - 1e-3 * g / (jnp.sqrt(v) + 1e-7), weights, slots, slopes
            )
        return weights, slots, loss

    def train(self, steps: int) -> float:
        """As the base says."""
        loss: Any = 0.0
        for step in range(steps):
            rows = self.rows(step)
            self.weights, self.slots, loss = self.step(
                self.weights, self.slots, self.key, self.count, self.x[rows], self.y[rows]
            )
            self.count += 1
        wait((self.weights, loss))
        return float(loss)

    def predictors(self, rows: int) -> dict[str, Callable[[], Any]]:
        """As the base says."""
        x = jnp.asarray(self.x[:rows])
        weights = self.weights
        predict: Any = jax.jit(lambda weights, x: jax.nn.softmax(self._logits(weights, x, None)))
        return {"jitted": lambda: wait(predict(weights, x))}
