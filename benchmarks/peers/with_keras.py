"""Keras 3 on JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import keras

from benchmarks.peers.peer import Peer
from benchmarks.peers.tasks import Task

wait: Any = jax.block_until_ready


class KerasPeer(Peer):
    """`fit` for a block of steps; predictions by whichever documented call is quickest."""

    def __init__(self, task: Task, steps: int) -> None:
        super().__init__(task, steps)
        if keras.backend.backend() != "jax":
            raise RuntimeError("set KERAS_BACKEND=jax before Keras is imported")
        layers: list[Any] = [keras.Input((task.features,))]
        for width in task.hidden:
            layers.append(keras.layers.Dense(width, activation="relu"))
            layers.append(keras.layers.Dropout(task.dropout))
        layers.append(keras.layers.Dense(task.classes, activation="softmax"))
        self.net: Any = keras.Sequential(layers)
        optimizer = keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True)
        self.net.compile(optimizer if task.nesterov else "rmsprop", "categorical_crossentropy")

    def train(self, steps: int) -> float:
        """As the base says."""
        rows = steps * self.task.batch
        history = self.net.fit(
            self.x[:rows],
            self.y[:rows],
            batch_size=self.task.batch,
            epochs=1,
            verbose=0,
            shuffle=False,
        )
        return float(history.history["loss"][-1])

    def predictors(self, rows: int) -> dict[str, Callable[[], Any]]:
        """As the base says."""
        x, held = self.x[:rows], jnp.asarray(self.x[:rows])
        # Copies: Keras's own calls donate the arrays behind its variables.
        trainable = [jnp.array(one.value) for one in self.net.trainable_variables]
        others = [jnp.array(one.value) for one in self.net.non_trainable_variables]

        def forward(trainable: Any, others: Any, x: Any) -> Any:
            return self.net.stateless_call(trainable, others, x, training=False)[0]

        predict: Any = jax.jit(forward)

        return {
            "net(x)": lambda: wait(self.net(held, training=False)),
            "predict_on_batch": lambda: self.net.predict_on_batch(x),
            "jitted stateless_call": lambda: wait(predict(trainable, others, held)),
        }
