"""Functions over windows against Keras's, and pooling by places against plain pooling."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from harness import EPS
from kgen.graph import BATCH, Builder, Dim, ShapeError, TensorType
from kgen.interpret import interpret
from kgen.layers import registry

RNG = np.random.default_rng(3)
IMAGE = RNG.uniform(-1, 1, (2, 7, 6, 4)).astype(np.float32)


def call(name: str, *arrays: np.ndarray, batched: int = 1, **arguments: Any) -> np.ndarray:
    """A tensor function of arrays, the first `batched` of which have the batch."""
    definition = registry.find("function", name)
    assert definition is not None
    with Builder() as builder:
        values = [
            builder.input(
                f"x{i}", TensorType("float32", (BATCH, *a.shape[1:]) if i < batched else a.shape)
            )
            for i, a in enumerate(arrays)
        ]
        y = definition.function(**registry.bind(definition, values, arguments))
        graph = builder.graph(name, {"y": y})
    feeds = {f"x{i}": array for i, array in enumerate(arrays)}
    return np.asarray(interpret(graph, feeds)[y])


def kernel(*shape: int) -> np.ndarray:
    return RNG.uniform(-1, 1, shape).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "others", "arguments"),
    [
        ("conv", [kernel(3, 2, 4, 5)], {"padding": "same"}),
        ("conv", [kernel(2, 2, 2, 6)], {"strides": (2, 1)}),
        ("depthwise_conv", [kernel(3, 2, 4, 2)], {"dilation_rate": 2}),
        ("separable_conv", [kernel(2, 2, 4, 1), kernel(1, 1, 4, 3)], {"padding": "same"}),
        ("conv_transpose", [kernel(3, 3, 2, 4)], {"strides": 2, "padding": "same"}),
        ("max_pool", [], {"pool_size": 2, "strides": 2, "padding": "same"}),
        ("average_pool", [], {"pool_size": (3, 2), "strides": (1, 2), "padding": "same"}),
    ],
)
def test_like_keras(name: str, others: list[np.ndarray], arguments: dict[str, Any]) -> None:
    """To the roundings of sums of some dozens of products."""
    expected = np.asarray(getattr(keras.ops, name)(IMAGE, *others, **arguments))
    found = call(name, IMAGE, *others, **arguments)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=100 * EPS)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_unpooling_puts_the_largest_back(padding: str) -> None:
    options: dict[str, Any] = {"pool_size": 2, "padding": padding}
    values = call("max_pool", IMAGE, **options)
    places = call("max_pool_places", IMAGE, **options)
    back = call("max_unpool", values, places, IMAGE, batched=3, **options)
    assert back.shape == IMAGE.shape
    kept = back != 0
    assert kept.sum() == values.size
    np.testing.assert_array_equal(back[kept], IMAGE[kept])
    again = call("max_pool", np.where(kept, back, -2.0).astype(np.float32), **options)
    np.testing.assert_array_equal(again, values)


def test_what_windows_do_not_fit() -> None:
    columns = IMAGE.reshape(2, 14, 12)
    for name, array, arguments, words in (
        ("unfold", IMAGE, {"kernel_size": 9}, "do not fit images"),
        ("unfold", IMAGE, {"kernel_size": (2, 2, 2)}, "images have two axes"),
        ("unfold", columns, {"kernel_size": 2}, "channels, height, width"),
        ("fold", IMAGE, {"output_size": 4, "kernel_size": 2}, "channels \\* taps, blocks"),
        ("fold", columns, {"output_size": 4, "kernel_size": 3}, "does not hold blocks of 9 taps"),
        ("adaptive_max_pool", IMAGE, {"output_size": (2, 3, 4)}, "3 sizes are given for 2 axes"),
    ):
        with pytest.raises(ShapeError, match=words):
            call(name, array, **arguments)
    with pytest.raises(ShapeError, match="two vectors"):
        call("correlate", IMAGE, IMAGE[0, 0, 0])
    definition = registry.find("layer", "AdaptiveMaxPooling1D")
    assert definition is not None
    with Builder() as builder, pytest.raises(ShapeError, match="the open size n"):
        x = builder.input("x", TensorType("float32", (BATCH, Dim("n"), 3)))
        definition.function(x, output_size=(2,))
