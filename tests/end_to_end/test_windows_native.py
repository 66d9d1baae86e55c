"""Layers over windows beside Keras's, outputs and gradients.

A few as native code, within rounding; many as graphs in float64 (their kernels have tests of
their own).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import jax
import keras
import numpy as np
import pytest
import rounding_windows  # noqa: F401 (adds its rules)
from kgen import ops
from kgen.graph import BATCH, Builder, Graph, TensorType, Value
from kgen.layers import registry
from kgen.layers.initializers import describe_initializer
from kgen.passes.differentiate import differentiate
from native import build_graph
from rounding import Near, bounds
from twins import assert_near, double

EPS = float(np.finfo(np.float32).eps)


@dataclass
class Scope:
    """Makes the weights of one layer; nothing else is asked of it."""

    builder: Builder
    training: bool = False
    weights: dict[str, Value] = field(default_factory=dict)

    def weight(self, name: str, shape: Any, initializer: Any, **_: Any) -> Value:
        start = describe_initializer(initializer, shape)
        self.weights[name] = self.builder.weight(name, shape, start)
        return self.weights[name]


@dataclass(frozen=True)
class Layer:
    """A layer with its arguments, and the shape of a row of its input."""

    name: str
    shape: tuple[int, ...]
    arguments: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        given = "-".join(f"{k}={v}" for k, v in self.arguments.items())
        return f"{self.name}-{'x'.join(map(str, self.shape))}-{given}".replace(" ", "")

    def graph(self) -> Graph:
        """Of sum(layer(x * scale) * c): a weight scales the input, so that it has a gradient."""
        definition = registry.find("layer", self.name)
        assert definition is not None
        bound = registry.bound(definition, (), self.arguments)
        with Builder() as builder:
            x = builder.input("x", TensorType("float32", (BATCH, *self.shape)))
            scope = Scope(builder)
            start = describe_initializer(registry.member("initializer", "Ones"), self.shape)
            scale = builder.weight("scale", self.shape, start)
            y = definition.apply(scope, x * scale, **bound.arguments)
            c = builder.input("c", TensorType("float32", y.shape))
            return builder.graph(self.name, {"y": y}, loss=ops.sum(y * c))


def drawn(layer: Layer, graph: Graph, rows: int) -> tuple[Any, Any]:
    """Inputs and weights, sized so that results are near 1."""
    rng = np.random.default_rng(7)
    weights = {}
    for path, weight in graph.weights.items():
        taps = np.prod(weight.shape[:-1]) if path != "scale" else 1.0
        values = rng.uniform(-1.0, 1.0, weight.shape) / max(1.0, taps) ** 0.5
        weights[path] = values.astype(np.float32)
    c_shape = tuple(size for size in graph.inputs["c"].shape[1:] if isinstance(size, int))
    feeds = {
        "x": rng.uniform(-1.0, 1.0, (rows, *layer.shape)).astype(np.float32),
        "c": rng.uniform(-1.0, 1.0, (rows, *c_shape)).astype(np.float32),
    }
    return feeds, weights


def check(layer: Layer, rows: int = 11, threads: int | None = None) -> None:
    """Outputs of all rows, and the gradients of a weighted sum of them."""
    graph = layer.graph()
    whole = differentiate(graph)
    net = build_graph(graph)(seed=0, threads=threads)
    feeds, weights = drawn(layer, graph, rows)
    for path, value in weights.items():
        net.weights[path] = value
    near = bounds(whole, {k: Near.exact(v) for k, v in (feeds | weights).items()})
    found = {"y": net(feeds), **net.gradients(feeds)}
    exact = keras_results(layer, feeds, weights)
    for name, value in {**whole.outputs, **whole.gradients}.items():
        assert_near(found[name], exact[name], near[value].rad, f"{layer}: {name}")


def check_graph(layer: Layer) -> None:
    """The same, of the graph in float64; constants of the graph are rounded to float32."""
    graph = layer.graph()
    whole = differentiate(graph)
    feeds, weights = drawn(layer, graph, 3)
    exact = keras_results(layer, feeds, weights)
    near = bounds(whole, {k: Near.exact(v) for k, v in (feeds | weights).items()})
    for name, value in {**whole.outputs, **whole.gradients}.items():
        assert near[value].mid.shape == exact[name].shape
        scale = max(1.0, float(np.abs(exact[name]).max(initial=0.0)))
        np.testing.assert_allclose(near[value].mid, exact[name], rtol=0, atol=4 * EPS * scale)


def keras_results(layer: Layer, feeds: Any, weights: Any) -> dict[str, Any]:
    """The same figures by Keras on JAX, in float64."""
    with double():
        twin = getattr(keras.layers, layer.name)(**layer.arguments)
        twin.build((None, *layer.shape))
        names = [v.path.split("/")[-1] for v in twin.trainable_variables]
        x, c = feeds["x"].astype(np.float64), feeds["c"].astype(np.float64)

        def outputs(values: Any) -> Any:
            own = [values[name] for name in names]
            y, _ = twin.stateless_call(own, [], x * values["scale"])
            return y

        wide = {path: value.astype(np.float64) for path, value in weights.items()}
        assert set(wide) == {"scale", *names}

        def weighed(values: Any) -> Any:
            y = outputs(values)
            return (y * c).sum(), y

        gradients, y = jax.jit(jax.grad(weighed, has_aux=True))(wide)
        found = {key: np.asarray(value) for key, value in gradients.items()}
        return {"y": np.asarray(y), **found}


def conv(shape: Any, rank: int = 2, kind: str = "Conv", **arguments: Any) -> Layer:
    return Layer(f"{kind}{rank}D", shape, arguments)


def transposed(shape: Any, rank: int, **arguments: Any) -> Layer:
    return Layer(f"Conv{rank}DTranspose", shape, arguments)


FEW = [
    conv((9, 8, 3), filters=17, kernel_size=3, padding="same", activation="relu"),
    transposed((5, 4, 3), 2, filters=6, kernel_size=3, strides=2, padding="same"),
    Layer("MaxPooling2D", (7, 6, 5), {"pool_size": 3, "strides": 2, "padding": "same"}),
]
MORE = [
    conv((7, 10, 4), filters=5, kernel_size=(2, 3), strides=(2, 3), padding="same"),
    conv((12, 3), 1, filters=33, kernel_size=5, padding="causal", dilation_rate=2),
    conv((4, 5, 3), kind="DepthwiseConv", kernel_size=3, depth_multiplier=2, padding="same"),
    Layer("AveragePooling2D", (7, 6, 17), {"pool_size": (3, 2), "strides": (1, 3)}),
    Layer("GlobalMaxPooling2D", (3, 4, 5)),
    Layer("UpSampling2D", (3, 4, 5), {"size": (2, 3)}),
    Layer("AdaptiveMaxPooling2D", (7, 6, 3), {"output_size": (3, 4)}),
]
MANY = [
    *(
        conv((6, 7, cin), filters=cout, kernel_size=k, padding=p)
        for cin, cout, k, p in [
            (1, 1, 3, "valid"), (1, 33, 2, "same"), (33, 1, 3, "same"), (3, 17, (5, 1), "valid"),
            (17, 3, (1, 4), "same"), (33, 33, 3, "valid"), (16, 64, 3, "same"), (2, 48, 6, "same"),
        ]
    ),
    *(
        conv((h, w, 3), filters=4, kernel_size=3, strides=s, padding=p)
        for h, w, s, p in [
            (3, 3, 1, "valid"), (1, 1, 1, "same"), (1, 9, 1, "same"), (7, 3, 2, "same"),
            (20, 21, 4, "valid"), (5, 2, (1, 2), "same"),
        ]
    ),
    conv((8, 8, 6), filters=4, kernel_size=3, groups=2, dilation_rate=2),
    conv((6, 5, 6), filters=12, kernel_size=3, groups=6, padding="same"),
    conv((6, 5, 6), filters=9, kernel_size=2, groups=3, strides=2),
    conv((9, 11, 2), filters=3, kernel_size=(2, 3), dilation_rate=(3, 2), padding="same"),
    conv((4, 3, 5), filters=4, kernel_size=1, strides=2),
    conv((3, 6, 5), filters=2, kernel_size=3, data_format="channels_first"),
    conv((1, 3), 1, filters=5, kernel_size=1, use_bias=False),
    conv((40, 17), 1, filters=33, kernel_size=4, strides=3, padding="same"),
    conv((40, 1), 1, filters=1, kernel_size=9, padding="causal"),
    conv((4, 5, 6, 2), 3, filters=3, kernel_size=2, strides=2),
    conv((3, 4, 5, 3), 3, filters=17, kernel_size=3, padding="same", activation="tanh"),
    conv((3, 4, 5, 3), 3, filters=2, kernel_size=2, dilation_rate=(1, 2, 2)),
    conv((8, 7, 17), kind="DepthwiseConv", kernel_size=(3, 2), strides=2),
    conv((8, 7, 33), kind="DepthwiseConv", kernel_size=3, dilation_rate=2, padding="same"),
    conv((8, 1), 1, "DepthwiseConv", kernel_size=3, depth_multiplier=3, activation="relu"),
    conv((8, 7, 17), kind="SeparableConv", filters=5, kernel_size=(3, 2), strides=2),
    conv((9, 3), 1, "SeparableConv", filters=5, kernel_size=3, padding="same"),
    conv((2, 6, 5), kind="SeparableConv", filters=3, kernel_size=3, data_format="channels_first"),
    transposed((5, 3), 1, filters=2, kernel_size=2, strides=3),
    transposed((6, 33), 1, filters=17, kernel_size=4, dilation_rate=2),
    transposed((4, 5, 3), 2, filters=3, kernel_size=(2, 3), strides=2, output_padding=1),
    transposed((4, 5, 3), 2, filters=3, kernel_size=2, strides=(2, 3), output_padding=(0, 2)),
    transposed((4, 5, 3), 2, filters=3, kernel_size=5, strides=(2, 3), padding="same"),
    transposed((4, 4, 3), 2, filters=2, kernel_size=3, strides=2, padding="same", output_padding=1),
    transposed((3, 4, 4), 2, filters=1, kernel_size=3, data_format="channels_first"),
    transposed((2, 3, 4, 2), 3, filters=3, kernel_size=3, strides=2, padding="same"),
    Layer("MaxPooling1D", (9, 33)),
    Layer("MaxPooling1D", (10, 3), {"pool_size": 5, "strides": 1, "padding": "same"}),
    Layer("MaxPooling2D", (7, 7, 1), {"pool_size": 2, "strides": 3}),
    Layer("MaxPooling2D", (3, 6, 4), {"data_format": "channels_first"}),
    Layer("MaxPooling3D", (4, 5, 6, 3), {"pool_size": (2, 3, 2), "padding": "same"}),
    Layer("AveragePooling1D", (7, 3), {"pool_size": 3, "strides": 2, "padding": "same"}),
    Layer("AveragePooling2D", (7, 6, 17), {"pool_size": 4, "strides": (1, 3), "padding": "same"}),
    Layer("AveragePooling3D", (4, 5, 6, 2), {"pool_size": 2}),
    Layer("GlobalMaxPooling1D", (6, 33)),
    Layer("GlobalMaxPooling2D", (3, 4, 5), {"keepdims": True}),
    Layer("GlobalMaxPooling3D", (2, 3, 2, 3), {"data_format": "channels_first"}),
    Layer("GlobalAveragePooling1D", (5, 3), {"keepdims": True}),
    Layer("GlobalAveragePooling2D", (3, 4, 17), {"data_format": "channels_first"}),
    Layer("GlobalAveragePooling3D", (2, 3, 2, 3)),
    Layer("AdaptiveMaxPooling1D", (10, 17), {"output_size": 4}),
    Layer("AdaptiveMaxPooling2D", (6, 7, 3), {"output_size": (3, 9)}),
    Layer("AdaptiveMaxPooling3D", (4, 5, 6, 2), {"output_size": 3}),
    Layer("AdaptiveAveragePooling1D", (33, 1), {"output_size": 8}),
    Layer("AdaptiveAveragePooling2D", (7, 6, 17), {"output_size": 3}),
    Layer("AdaptiveAveragePooling1D", (3, 8), {"output_size": 5, "data_format": "channels_first"}),
    Layer("AdaptiveAveragePooling3D", (4, 5, 3, 2), {"output_size": (2, 3, 3)}),
    Layer("UpSampling1D", (3, 5), {"size": 3}),
    Layer("UpSampling2D", (3, 4, 5), {"size": (2, 3)}),
    Layer("UpSampling2D", (4, 3, 5), {"size": 3, "interpolation": "bilinear"}),
    Layer("UpSampling2D", (2, 3, 5), {"interpolation": "bicubic", "data_format": "channels_first"}),
    Layer("UpSampling3D", (2, 3, 2, 3)),
    Layer("ZeroPadding1D", (3, 5), {"padding": (2, 0)}),
    Layer("ZeroPadding2D", (3, 4, 5), {"padding": ((1, 2), (0, 3))}),
    Layer("ZeroPadding2D", (3, 4, 5), {"padding": 2, "data_format": "channels_first"}),
    Layer("ZeroPadding3D", (2, 3, 2, 3)),
    Layer("Cropping1D", (6, 5), {"cropping": (2, 1)}),
    Layer("Cropping2D", (5, 6, 3), {"cropping": ((1, 2), (0, 3))}),
    Layer("Cropping3D", (3, 4, 5, 2)),
]  # fmt: skip


@pytest.mark.parametrize("layer", FEW, ids=str)
def test_layer(layer: Layer) -> None:
    check(layer, threads=2)


@pytest.mark.slow
@pytest.mark.parametrize("layer", MORE, ids=str)
def test_more_layers(layer: Layer) -> None:
    check(layer, threads=2)


@pytest.mark.parametrize("layer", MANY[::7], ids=str)
def test_graph(layer: Layer) -> None:
    check_graph(layer)


@pytest.mark.slow
@pytest.mark.parametrize("layer", MANY, ids=str)
def test_more_graphs(layer: Layer) -> None:
    check_graph(layer)
