"""A transformer block over short texts."""

from __future__ import annotations

from typing import Any

from benchmarks.peers.tasks import Task

WORDS, WIDTH, HEADS, RATE = 2000, 128, 4, 0.1
EPSILON = 1e-3


def keras_net(task: Task, scale: int) -> Any:
    """With the softmax; dropout rates times `scale`."""
    from keras import Input, Model, layers

    class Places(layers.Layer):  # type: ignore[misc]
        """Adds a vector for each place."""

        def build(self, shape: Any) -> None:
            """A vector a place."""
            self.places = self.add_weight(shape=shape[1:], initializer="uniform")

        def call(self, x: Any) -> Any:
            """The sum."""
            return x + self.places

    length = task.inputs[0].shape[0]
    words = Input((length,), dtype="int32")
    x = Places()(layers.Embedding(WORDS, WIDTH)(words))
    seen = layers.MultiHeadAttention(HEADS, WIDTH // HEADS)(x, x)
    x = layers.LayerNormalization()(x + layers.Dropout(scale * RATE)(seen))
    y = layers.Dense(WIDTH)(layers.Dense(4 * WIDTH, activation="gelu")(x))
    x = layers.LayerNormalization()(x + layers.Dropout(scale * RATE)(y))
    x = layers.Dropout(scale * RATE)(layers.GlobalAveragePooling1D()(x))
    return Model(words, layers.Dense(task.classes, activation="softmax")(x))


def torch_net(task: Task) -> Any:
    """Without the softmax."""
    from torch import nn

    from benchmarks.peers.torch_net import Attention

    length = task.inputs[0].shape[0]

    class Transformer(nn.Module):
        """Words and places, the block, the mean, and the decision."""

        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(WORDS, WIDTH)
            self.places = nn.Embedding(length, WIDTH)
            self.attention = Attention(WIDTH, HEADS)
            self.first_norm = nn.LayerNorm(WIDTH, eps=EPSILON)
            self.wide = nn.Linear(WIDTH, 4 * WIDTH)
            self.narrow = nn.Linear(4 * WIDTH, WIDTH)
            self.second_norm = nn.LayerNorm(WIDTH, eps=EPSILON)
            self.decide = nn.Linear(WIDTH, task.classes)
            self.drop = nn.Dropout(RATE)

        def forward(self, words: Any) -> Any:
            """Before the softmax."""
            x = self.words(words) + self.places.weight
            x = self.first_norm(x + self.drop(self.attention(x)))
            y = self.narrow(nn.functional.gelu(self.wide(x)))
            x = self.second_norm(x + self.drop(y))
            return self.decide(self.drop(x.mean(1)))

    return Transformer()


def jax_net(task: Task) -> Any:
    """Without the softmax."""
    import jax
    import jax.numpy as jnp

    from benchmarks.peers.jax_net import JaxNet, Run, Weight, affine, kernel, layer_norm

    length = task.inputs[0].shape[0]
    depth = WIDTH // HEADS

    def attend(run: Run, x: Any) -> Any:
        q, k, v = (jnp.einsum("btw,whd->bthd", x, run.take()) + run.take() for _ in range(3))
        scores = jnp.einsum("bthd,bshd->bhts", q * depth**-0.5, k)
        seen = jnp.einsum("bhts,bshd->bthd", jax.nn.softmax(scores), v)
        return jnp.einsum("bthd,hdw->btw", seen, run.take()) + run.take()

    def forward(run: Run, words: Any) -> Any:
        x = run.take()[words] + run.take()
        x = run.layer_norm(x + run.drop(attend(run, x), RATE))
        y = run.dense(jax.nn.gelu(run.dense(x), approximate=False))
        x = run.layer_norm(x + run.drop(y, RATE))
        return run.dense(run.drop(x.mean(1), RATE))

    split = [*kernel(WIDTH, HEADS, depth), Weight((HEADS, depth))]
    weights = [
        *kernel(WORDS, WIDTH),
        *kernel(length, WIDTH),
        *(split * 3),
        *kernel(HEADS, depth, WIDTH),
        Weight((WIDTH,)),
        *layer_norm(WIDTH),
        *affine(WIDTH, 4 * WIDTH),
        *affine(4 * WIDTH, WIDTH),
        *layer_norm(WIDTH),
        *affine(WIDTH, task.classes),
    ]
    return JaxNet(weights, forward)
