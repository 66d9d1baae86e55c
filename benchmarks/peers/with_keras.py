"""Keras 3, on JAX or on TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

from benchmarks.peers.peer import Peer
from benchmarks.peers.tasks import Task
from benchmarks.peers.with_kgen import one_or_all


class KerasPeer(Peer):
    """`fit` for a block of steps; predictions by whichever documented call is quickest."""

    def __init__(self, task: Task, rows: int, *, dropout: bool) -> None:
        super().__init__(task, rows)
        self.net: Any = task.written().keras_net(task, 1 if dropout else 0)
        nesterov = keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True)
        self.net.compile(nesterov if task.optimizer == "nesterov" else task.optimizer, task.loss)

    def train(self, steps: int) -> float:
        """As the base says."""
        rows = slice(0, steps * self.task.batch)
        history = self.net.fit(
            one_or_all([one[rows] for one in self.x]),
            self.y[rows],
            batch_size=self.task.batch,
            epochs=1,
            verbose=0,
            shuffle=False,
        )
        return float(history.history["loss"][-1])

    def predictors(self, rows: int) -> dict[str, Callable[[], Any]]:
        """As the base says."""
        inputs = [one[:rows] for one in self.x]
        calls = jax_calls if keras.backend.backend() == "jax" else tensorflow_calls
        x = one_or_all(inputs)
        return {
            "predict_on_batch": lambda: self.net.predict_on_batch(x),
            **calls(self.net, inputs),
        }

    def count_params(self) -> int:
        """As the base says."""
        return int(self.net.count_params())

    def set_weights(self, weights: Sequence[Any]) -> None:
        """As the base says."""
        left = iter(weights)
        in_order = getattr(self.task.written(), "keras_layers", lambda net: net.layers)
        for layer in in_order(self.net):
            layer.set_weights([next(left) for _ in layer.weights])


def jax_calls(net: Any, inputs: Sequence[Any]) -> dict[str, Callable[[], Any]]:
    """The model called as it is, and jitted."""
    import jax
    import jax.numpy as jnp

    wait: Any = jax.block_until_ready
    x = one_or_all([jnp.asarray(one) for one in inputs])
    # Copies: Keras's own calls donate the arrays behind its variables.
    trainable = [jnp.array(one.value) for one in net.trainable_variables]
    others = [jnp.array(one.value) for one in net.non_trainable_variables]

    def forward(trainable: Any, others: Any, x: Any) -> Any:
        return net.stateless_call(trainable, others, x, training=False)[0]

    predict: Any = jax.jit(forward)
    return {
        "net(x)": lambda: wait(net(x, training=False)),
        "jitted stateless_call": lambda: wait(predict(trainable, others, x)),
    }


def tensorflow_calls(net: Any, inputs: Sequence[Any]) -> dict[str, Callable[[], Any]]:
    """The model called as it is, and as a graph, with XLA and without."""
    import tensorflow

    x = one_or_all([tensorflow.constant(one) for one in inputs])

    def forward(x: Any) -> Any:
        return net(x, training=False)

    graph: Any = tensorflow.function(forward)
    compiled: Any = tensorflow.function(forward, jit_compile=True)
    return {
        "net(x)": lambda: forward(x).numpy(),
        "tf.function": lambda: graph(x).numpy(),
        "tf.function, XLA": lambda: compiled(x).numpy(),
    }
