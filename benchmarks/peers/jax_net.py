"""The layers of hand-written JAX, and a network's weights as two flat lists in Keras's order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

MOMENTUM, EPSILON = 0.99, 1e-3  # of Keras's normalisations


@dataclass(frozen=True)
class Weight:
    """A weight's shape, what it starts as (`normal`, `zeros`, `ones`), whether it is trained."""

    shape: tuple[int, ...]
    start: str = "zeros"
    trained: bool = True

    def first(self, rng: np.random.Generator) -> Any:
        """Its first value."""
        if self.start == "normal":
            scale = np.sqrt(np.prod(self.shape[:-1], dtype=np.float32))
            return jnp.asarray(rng.standard_normal(self.shape, dtype=np.float32) / scale)
        return jnp.zeros(self.shape) if self.start == "zeros" else jnp.ones(self.shape)


def kernel(*shape: int) -> list[Weight]:
    """A kernel alone."""
    return [Weight(shape, "normal")]


def affine(*shape: int) -> list[Weight]:
    """A kernel and its bias: of a dense layer or of a convolution."""
    return [*kernel(*shape), Weight(shape[-1:])]


def lstm(width: int, units: int) -> list[Weight]:
    """Both kernels and the bias."""
    return [*kernel(width, 4 * units), *kernel(units, 4 * units), Weight((4 * units,))]


def gru(width: int, units: int) -> list[Weight]:
    """Both kernels, and a bias for each."""
    return [*kernel(width, 3 * units), *kernel(units, 3 * units), Weight((2, 3 * units))]


def layer_norm(width: int) -> list[Weight]:
    """Scale and offset."""
    return [Weight((width,), "ones"), Weight((width,))]


def batch_norm(width: int) -> list[Weight]:
    """Scale and offset, and the moving mean and variance."""
    moving = [Weight((width,), trained=False), Weight((width,), "ones", trained=False)]
    return [*layer_norm(width), *moving]


class Run:
    """One pass through a network: hands out weights in order, and a key to each dropout.

    Without a key the pass is inference. `moved` collects the new moving statistics.
    """

    def __init__(self, weights: Sequence[Any], state: Sequence[Any], key: Any, scale: int) -> None:
        self._weights: Iterator[Any] = iter(weights)
        self._state: Iterator[Any] = iter(state)
        self._key = key
        self._scale = scale
        self.moved: list[Any] = []

    def take(self) -> Any:
        """The next weight."""
        return next(self._weights)

    def dense(self, x: Any) -> Any:
        """A dense layer."""
        return x @ self.take() + self.take()

    def conv(self, x: Any, strides: int = 1, padding: str = "VALID", *, bias: bool = True) -> Any:
        """A convolution over one or two dimensions, channels last."""
        two = x.ndim == 4
        names = ("NHWC", "HWIO", "NHWC") if two else ("NWC", "WIO", "NWC")
        window = (strides, strides) if two else (strides,)
        y = lax.conv_general_dilated(x, self.take(), window, padding, dimension_numbers=names)
        return y + self.take() if bias else y

    def conv_transpose(self, x: Any, strides: int) -> Any:
        """A transposed convolution over two dimensions, output `strides` times as large."""
        names = ("NHWC", "HWIO", "NHWC")
        window = (strides, strides)
        y = lax.conv_transpose(x, self.take(), window, "SAME", dimension_numbers=names)
        return y + self.take()

    def lstm(self, x: Any) -> tuple[Any, Any]:
        """The last output and the whole sequence."""
        wide, back, bias = self.take(), self.take(), self.take()
        n = back.shape[0]

        def cell(carry: Any, z: Any) -> Any:
            h, c = carry
            z = z + h @ back
            i, f, g, o = z[:, :n], z[:, n : 2 * n], z[:, 2 * n : 3 * n], z[:, 3 * n :]
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        none = jnp.zeros((x.shape[0], n))
        (h, _), all_h = lax.scan(cell, (none, none), jnp.swapaxes(x @ wide + bias, 0, 1))
        return h, jnp.swapaxes(all_h, 0, 1)

    def gru(self, x: Any, *, backwards: bool = False) -> Any:
        """The last output; the reset gate acts after the recurrent product."""
        wide, back, bias = self.take(), self.take(), self.take()
        n = back.shape[0]

        def cell(h: Any, a: Any) -> Any:
            b = h @ back + bias[1]
            z = jax.nn.sigmoid(a[:, :n] + b[:, :n])
            r = jax.nn.sigmoid(a[:, n : 2 * n] + b[:, n : 2 * n])
            g = jnp.tanh(a[:, 2 * n :] + r * b[:, 2 * n :])
            return z * h + (1 - z) * g, None

        steps = jnp.swapaxes(x @ wide + bias[0], 0, 1)
        return lax.scan(cell, jnp.zeros((x.shape[0], n)), steps, reverse=backwards)[0]

    def layer_norm(self, x: Any) -> Any:
        """Over the last dimension."""
        x = x - x.mean(-1, keepdims=True)
        x = x * lax.rsqrt((x * x).mean(-1, keepdims=True) + EPSILON)
        return x * self.take() + self.take()

    def batch_norm(self, x: Any) -> Any:
        """Over all but the last dimension."""
        scale, offset = self.take(), self.take()
        mean, variance = next(self._state), next(self._state)
        if self._key is not None:
            held = (mean, variance)
            axes = tuple(range(x.ndim - 1))
            mean = x.mean(axes)
            variance = (x * x).mean(axes) - mean * mean
            self.moved += [
                MOMENTUM * old + (1 - MOMENTUM) * new
                for old, new in zip(held, (mean, variance), strict=True)
            ]
        factor = scale * lax.rsqrt(variance + EPSILON)
        return x * factor + (offset - mean * factor)

    def drop(self, x: Any, rate: float) -> Any:
        """Dropout."""
        rate *= self._scale
        if self._key is None or not rate:
            return x
        self._key, own = jax.random.split(self._key)
        return jnp.where(jax.random.bernoulli(own, 1 - rate, x.shape), x / (1 - rate), 0)


def pool(x: Any, size: int) -> Any:
    """The largest of each window, over one or two dimensions."""
    window = (1, *(size for _ in range(x.ndim - 2)), 1)
    return lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")


def average(x: Any, size: int) -> Any:
    """The mean of each window of two dimensions."""
    window = (1, size, size, 1)
    return lax.reduce_window(x, 0.0, lax.add, window, window, "VALID") / size**2


def flatten(x: Any) -> Any:
    """A row each."""
    return x.reshape(x.shape[0], -1)


relu: Callable[[Any], Any] = jax.nn.relu


@dataclass(frozen=True)
class JaxNet:
    """A network: its weights in Keras's order, and its pass, up to the last activation.

    `mirrored` names the places of the kernels that Keras applies mirrored, with input and output
    channels the other way round: those of transposed convolutions.
    """

    weights: Sequence[Weight]
    forward: Callable[..., Any]
    mirrored: frozenset[int] = frozenset()

    def given(self, values: Sequence[Any]) -> list[Any]:
        """Keras's weights as this network wants them."""
        return [
            jnp.array(np.swapaxes(value[::-1, ::-1], 2, 3) if place in self.mirrored else value)
            for place, value in enumerate(values)
        ]

    def split(self, values: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Those that are trained, and the others."""
        pairs = list(zip(self.weights, values, strict=True))
        return (
            [value for weight, value in pairs if weight.trained],
            [value for weight, value in pairs if not weight.trained],
        )
