"""Layers against Keras on JAX: outputs, weights' names, shapes and order, moving statistics."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from harness import CallFailure, assert_close, build, make
from kgen.compiler import elaborate_text
from kgen.graph import ShapeError
from kgen.interpret import interpret
from kgen.layers import registry

rng = np.random.default_rng(7)


def numbers(*shape: int) -> np.ndarray:
    return rng.uniform(-2, 2, shape).astype(np.float32)


ONE_INPUT: list[tuple[str, dict[str, Any], tuple[int, ...], float]] = [
    # name, arguments, input shape, float32 roundings of the longest sum
    ("Dense", {"units": 5}, (3, 7), 7),
    ("Dense", {"units": 5, "activation": "relu", "use_bias": False}, (3, 7), 7),
    ("Dense", {"units": 2, "activation": "softmax"}, (2, 3, 4), 24),
    ("Dense", {"units": 1, "activation": "tanh"}, (2, 2, 3, 1), 16),
    (
        "Conv2D",
        {"filters": 4, "kernel_size": 2, "data_format": "channels_first", "activation": "softmax"},
        (2, 3, 5, 4),
        64,
    ),
    (
        "SeparableConv1D",
        {
            "filters": 2,
            "kernel_size": 2,
            "data_format": "channels_first",
            "activation": "log_softmax",
        },
        (2, 3, 5),
        64,
    ),
    ("Activation", {"activation": "gelu"}, (3, 4), 16),
    ("Identity", {}, (3, 4), 0),
    ("Dropout", {"rate": 0.3}, (3, 4), 0),
    ("GaussianNoise", {"stddev": 0.3}, (3, 4), 0),
    ("GaussianDropout", {"rate": 0.3}, (3, 4), 0),
    ("Flatten", {}, (2, 3, 4), 0),
    ("Flatten", {}, (5, 4), 0),
    ("Flatten", {"data_format": "channels_first"}, (2, 3, 4, 5), 0),
    ("Reshape", {"target_shape": [4, 3]}, (2, 12), 0),
    ("Reshape", {"target_shape": [-1, 2, 3]}, (2, 3, 4), 0),
    ("Permute", {"dims": [2, 1]}, (2, 3, 4), 0),
    ("Permute", {"dims": [3, 1, 2]}, (2, 3, 4, 5), 0),
    ("RepeatVector", {"n": 3}, (2, 5), 0),
    ("ReLU", {}, (3, 4), 0),
    ("ReLU", {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.5}, (3, 4), 4),
    ("LeakyReLU", {}, (3, 4), 2),
    ("LeakyReLU", {"negative_slope": 0.1}, (3, 4), 2),
    ("ELU", {"alpha": 0.5}, (3, 4), 4),
    ("Softmax", {}, (3, 4), 16),
    ("Softmax", {"axis": 1}, (2, 3, 4), 16),
    ("LayerNormalization", {}, (3, 8), 64),
    ("LayerNormalization", {"axis": 1, "epsilon": 1e-5}, (2, 6, 3), 64),
    ("LayerNormalization", {"axis": [1, 2], "center": False}, (2, 3, 4), 64),
    ("LayerNormalization", {"axis": [2, 3], "scale": False}, (2, 3, 4, 5), 64),
    ("LayerNormalization", {"rms_scaling": True}, (3, 8), 64),
    ("RMSNormalization", {}, (3, 8), 64),
    ("UnitNormalization", {}, (3, 8), 32),
    ("UnitNormalization", {"axis": 1}, (3, 4, 2), 32),
    ("BatchNormalization", {}, (6, 5), 64),
    ("BatchNormalization", {"axis": 1, "momentum": 0.5, "epsilon": 1e-5}, (4, 3, 2), 64),
    ("BatchNormalization", {"center": False, "scale": False}, (4, 2, 3), 64),
]


def kept(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in kwargs.items()}


@pytest.mark.parametrize(("name", "kwargs", "shape", "roundings"), ONE_INPUT)
def test_inference(name: str, kwargs: dict[str, Any], shape: Any, roundings: float) -> None:
    x = numbers(*shape)
    theirs = getattr(keras.layers, name)(**kept(kwargs))
    theirs.build(x.shape)
    built = build(make("layer", name, **kwargs), [x])
    assert [w.path.split("/")[-1] for w in theirs.weights] == list(built.scope.weights)
    weights = {}
    for weight, (path, ours) in zip(theirs.weights, built.scope.weights.items(), strict=True):
        assert tuple(weight.shape) == ours.shape
        assert built.graph.weights[path].trainable == weight.trainable
        weights[path] = np.abs(numbers(*weight.shape)) + 0.5
    theirs.set_weights(list(weights.values()))
    found = built([x], weights)[built.output]
    expected = np.asarray(theirs(x))
    assert built.output.shape[1:] == expected.shape[1:]
    # A sum's error grows with its terms' size: at most 4 * 2.5 each here.
    assert_close(found, expected, 4 * roundings)


@pytest.mark.parametrize(
    ("kwargs", "shape"),
    [
        ({}, (6, 5)),
        ({"momentum": 0.5, "epsilon": 1e-5}, (4, 3, 2)),
        ({"axis": 1, "center": False}, (4, 3, 5)),
        ({"scale": False}, (8, 2, 2, 3)),
    ],
)
def test_batch_normalization_in_training(kwargs: dict[str, Any], shape: Any) -> None:
    x = numbers(*shape) * 3 + 1
    theirs = keras.layers.BatchNormalization(**kwargs)
    theirs.build(x.shape)
    built = build(make("layer", "BatchNormalization", **kwargs), [x], training=True)
    weights = {
        path: np.abs(numbers(*weight.shape)) + 0.5 for path, weight in built.graph.weights.items()
    }
    theirs.set_weights(list(weights.values()))
    expected = np.asarray(theirs(x, training=True))
    values = built([x], weights)
    assert_close(values[built.output], expected, 128)
    for weight in theirs.non_trainable_weights:
        name = weight.path.split("/")[-1]
        assert_close(values[built.scope.updates[name]], np.asarray(weight.value), 64)


def test_frozen_batch_normalization_infers_in_training() -> None:
    x = numbers(6, 5)
    frozen = build(make("layer", "BatchNormalization", trainable=False), [x], training=True)
    infers = build(make("layer", "BatchNormalization"), [x])
    weights = {p: np.abs(numbers(5)) for p in infers.scope.weights}
    assert not frozen.scope.updates
    assert_close(frozen([x], weights)[frozen.output], infers([x], weights)[infers.output], 0)


MERGES: list[tuple[str, dict[str, Any], list[tuple[int, ...]]]] = [
    ("Add", {}, [(3, 4), (3, 4)]),
    ("Add", {}, [(3, 4), (3, 4), (3, 4)]),
    ("Add", {}, [(2, 5, 4), (2, 1, 4), (2, 4)]),
    ("Subtract", {}, [(3, 4), (3, 4)]),
    ("Multiply", {}, [(3, 4), (3, 1), (3, 4)]),
    ("Average", {}, [(3, 4), (3, 4), (3, 4)]),
    ("Maximum", {}, [(3, 4), (3, 4), (3, 4)]),
    ("Minimum", {}, [(3, 4), (3, 4)]),
    ("Concatenate", {}, [(3, 4), (3, 2), (3, 1)]),
    ("Concatenate", {"axis": 1}, [(2, 4, 3), (2, 2, 3)]),
    ("Dot", {"axes": 1}, [(3, 4), (3, 4)]),
    ("Dot", {"axes": -1, "normalize": True}, [(3, 4), (3, 4)]),
    ("Dot", {"axes": (1, 2)}, [(2, 4, 3), (2, 5, 4)]),
    ("Dot", {"axes": (2, 1)}, [(2, 3, 4), (2, 4)]),
    ("Dot", {"axes": (1, 2)}, [(2, 4), (2, 3, 4)]),
    ("Dot", {"axes": 2, "normalize": True}, [(2, 3, 4), (2, 5, 4)]),
    ("Dot", {"axes": (2, 3)}, [(2, 3, 4, 5), (2, 3, 6, 4)]),
]


@pytest.mark.parametrize(("name", "kwargs", "shapes"), MERGES)
def test_merge(name: str, kwargs: dict[str, Any], shapes: list[tuple[int, ...]]) -> None:
    xs = [numbers(*shape) for shape in shapes]
    built = build(make("layer", name, **kwargs), xs, many=True)
    expected = np.asarray(getattr(keras.layers, name)(**kwargs)(xs))
    assert built.output.shape[1:] == expected.shape[1:]
    assert_close(built(xs, {})[built.output], expected, 16)


@pytest.mark.parametrize("name", ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"])
def test_mismatched_merge_lists_the_shapes(name: str) -> None:
    with pytest.raises(CallFailure, match=r"float32\[batch, 4\] and float32\[batch, 5\]"):
        build(make("layer", name), [numbers(2, 4), numbers(2, 5)], many=True)


@pytest.mark.parametrize(
    ("name", "kwargs", "shapes", "message"),
    [
        ("Concatenate", {}, [(2, 3, 4), (2, 4, 4)], r"\[batch, 3, 4\] and .*\[batch, 4, 4\]"),
        ("Concatenate", {"axis": 0}, [(2, 3), (2, 3)], "batch"),
        ("Concatenate", {"axis": 5}, [(2, 3), (2, 3)], "out of range"),
        ("Subtract", {}, [(2, 3)], "exactly 2"),
        ("Dot", {"axes": 1}, [(2, 3), (2, 4)], r"\[batch, 3\] and .*\[batch, 4\]"),
        ("Dot", {"axes": 0}, [(2, 3), (2, 3)], "batch"),
        ("Dot", {"axes": [1, 1, 1]}, [(2, 3), (2, 3)], "one axis or two"),
    ],
)
def test_merge_refuses(name: str, kwargs: Any, shapes: Any, message: str) -> None:
    with pytest.raises(CallFailure, match=message):
        build(make("layer", name, **kwargs), [numbers(*s) for s in shapes], many=True)


@pytest.mark.parametrize(
    ("name", "kwargs", "shape", "message"),
    [
        ("Dense", {"units": 3}, (4,), "besides the batch"),
        ("Reshape", {"target_shape": [5]}, (2, 6), "cannot reshape"),
        ("Reshape", {"target_shape": [-1, 4]}, (2, 6), "cannot reshape"),
        ("Reshape", {"target_shape": [-1, -1]}, (2, 6), "not a shape"),
        ("Permute", {"dims": [1, 3]}, (2, 3, 4), "do not permute"),
        ("RepeatVector", {"n": 2}, (2, 3, 4), "vector"),
        ("Softmax", {"axis": 4}, (2, 3), "out of range"),
        ("BatchNormalization", {"axis": 3}, (2, 3), "out of range"),
        ("Dropout", {"rate": 0.5, "noise_shape": [None, 2]}, (2, 3), "does not fit"),
        ("Dense", {"units": 3, "bias_initializer": "orthogonal"}, (2, 3), "matrices"),
        (
            "Conv1DTranspose",
            {"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": 2},
            (2, 5, 3),
            "reaches the strides",
        ),
        (
            "Conv1DTranspose",
            {"filters": 2, "kernel_size": 3, "strides": 2, "dilation_rate": 2},
            (2, 5, 3),
            "cannot be combined",
        ),
    ],
)
def test_layer_refuses(name: str, kwargs: Any, shape: Any, message: str) -> None:
    from kgen.diagnostics import KgenError

    with pytest.raises((CallFailure, KgenError, ShapeError)) as caught:
        build(make("layer", name, **kwargs), [numbers(*shape)])
    error = caught.value
    text = error.diagnostics[0].message if isinstance(error, KgenError) else str(error)
    assert message in text


def random_value(built: Any) -> Any:
    return next(n.output for n in built.graph.nodes if n.op.name.startswith("random"))


@pytest.mark.parametrize("noise_shape", [None, [None, 1, 5]])
def test_dropout_in_training(noise_shape: Any) -> None:
    """With a known mask: kept elements are scaled up, the others 0."""
    x = numbers(40, 30, 5)
    built = build(
        make("layer", "Dropout", 0.3, noise_shape=noise_shape, seed=3), [x], training=True
    )
    values = built([x], {})
    mask = values[random_value(built)] >= 0.3
    assert_close(values[built.output], np.where(mask, x / 0.7, 0), 2)
    # Within 5 standard deviations of a binomial share.
    assert abs(mask.mean() - 0.7) < 5 * np.sqrt(0.21 / mask.size)


@pytest.mark.parametrize(
    ("name", "shape", "noise", "options"),
    [
        ("SpatialDropout1D", (40, 3, 17), (40, 1, 17), {}),
        ("SpatialDropout2D", (40, 3, 2, 17), (40, 1, 1, 17), {}),
        ("SpatialDropout2D", (40, 17, 3, 2), (40, 17, 1, 1), {"data_format": "channels_first"}),
        ("SpatialDropout3D", (40, 3, 1, 2, 17), (40, 1, 1, 1, 17), {}),
    ],
)
def test_spatial_dropout_in_training(name: str, shape: Any, noise: Any, options: Any) -> None:
    """Whole channels go or stay."""
    x = numbers(*shape)
    built = build(make("layer", name, 0.3, **options), [x], training=True)
    values = built([x], {})
    mask = values[random_value(built)] >= 0.3
    assert mask.shape == noise
    assert_close(values[built.output], np.where(mask, x / 0.7, 0), 2)
    assert abs(mask.mean() - 0.7) < 5 * np.sqrt(0.21 / mask.size)
    assert_close(built_for_inference(name, options, x), x, 0)


def built_for_inference(name: str, options: Any, x: Any) -> Any:
    built = build(make("layer", name, 0.3, **options), [x])
    return built([x], {})[built.output]


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    x = numbers(200, 300)
    x = (x - x.mean()) / x.std()
    built = build(make("layer", "AlphaDropout", 0.2), [x], training=True)
    values = built([x], {})
    kept, found = values[random_value(built)] >= 0.2, values[built.output]
    low = -1.7580993408473766
    factor = (0.8 * (1 + 0.2 * low**2)) ** -0.5
    assert_close(found, np.where(kept, x, low) * factor - factor * low * 0.2, 8)
    # Five standard errors of 60,000 values whose fourth moment is below 10.
    assert abs(found.mean()) < 5 / np.sqrt(x.size)
    assert abs(found.var() - 1) < 5 * 3 / np.sqrt(x.size)
    assert_close(built_for_inference("AlphaDropout", {}, x), x, 0)


def test_dropout_edges() -> None:
    x = numbers(3, 4)
    for rate, expected in ((0.0, x), (1.0, np.zeros_like(x))):
        built = build(make("layer", "Dropout", rate), [x], training=True)
        assert_close(built([x], {})[built.output], expected, 0)


def test_gaussian_noise_in_training() -> None:
    x = numbers(30, 40)
    # The spread of GaussianDropout is sqrt(rate / (1 - rate)).
    for name, argument in (("GaussianNoise", 0.5), ("GaussianDropout", 0.2)):
        built = build(make("layer", name, argument), [x], training=True)
        values = built([x], {})
        noise = 0.5 * values[random_value(built)]
        expected = x + noise if name == "GaussianNoise" else x * (1 + noise)
        assert_close(values[built.output], expected, 4)


def test_streams_differ_by_call_and_seed() -> None:
    """Two layers never share random numbers by chance; a seed moves a layer's."""
    x = numbers(2, 3)
    found = set()
    for seed in (None, 0, 1, 2):
        built = build(make("layer", "Dropout", 0.5, seed=seed), [x], training=True)
        found.add(random_value(built).node.attrs["stream"])
    assert len(found) == 4


def test_regularizers() -> None:
    """Declared on the weight; the value is Keras's."""
    x = numbers(3, 4)
    for name, kwargs in (
        ("L1", {"l1": 0.1}),
        ("L2", {"l2": 0.2}),
        ("L1L2", {"l1": 0.1, "l2": 0.3}),
        ("L1L2", {}),
    ):
        theirs: Any = keras.regularizers.get({"class_name": name, "config": kwargs})
        expected = theirs(x)
        built = build(make("regularizer", name, **kwargs), [x])
        assert_close(built([x], {})[built.output], np.asarray(expected), 16)
        dense = build(
            make("layer", "Dense", 2, kernel_regularizer=make("regularizer", name, **kwargs)), [x]
        )
        assert list(dense.scope.regularizers) == ["kernel"]


def test_activity_regularizer() -> None:
    x = numbers(3, 4)
    bound = make("layer", "Dense", 2, activity_regularizer="l2")
    built = build(bound, [x])
    kernel = numbers(4, 2)
    layer = keras.layers.Dense(2, activity_regularizer="l2")
    layer.build(x.shape)
    layer.set_weights([kernel, np.zeros(2, np.float32)])
    layer(x)
    values = built([x], {"kernel": kernel, "bias": np.zeros(2, np.float32)})
    assert_close(values[built.scope.losses[0]], np.asarray(layer.losses[0]), 32)


INNER = 'Sequential([Dense(2, activity_regularizer="l2", name="d")], name="s")'
ACTIVE = [
    'LSTM(2, activity_regularizer="l2", return_state=True, name="l")(x)',
    'GRU(2, activity_regularizer=L1(0.1), return_sequences=True, name="l")(x)',
    'MultiHeadAttention(2, 3, activity_regularizer="l2", use_gate=True, name="l")(x, x)',
    'GroupQueryAttention(3, 2, 1, activity_regularizer="l2", name="l")'
    "(x, x, return_attention_scores=True)",
    f'TimeDistributed({INNER}, name="l")(x)',
]


@pytest.mark.parametrize("text", ACTIVE)
def test_activities_that_count(text: str) -> None:
    """All that a layer gives, what its projections give, and every step of a sequence."""
    source = f"model M:\n    input x: float32[4, 3]\n    found = {text}\n"
    several = "return_" in text and "sequences" not in text
    source += f"    output y = found{'[0]' if several else ''}\n"
    (model,) = elaborate_text(source + "    train:\n        objective = mean(y) * 0.0\n", "m.k")
    assert model.evaluate is not None and model.evaluate.loss is not None
    x = keras.Input((4, 3), name="x")
    names = vars(keras.layers) | {"L1": keras.regularizers.L1, "Sequential": keras.Sequential}
    twin = keras.Model(x, eval(text, {**names, "x": x}))  # the text is in the list above
    array = numbers(2, 4, 3)
    weights = {}
    for path, weight in model.evaluate.weights.items():
        (same,) = (v for v in twin.weights if path.endswith(v.path))
        weights[path] = numbers(*weight.shape)
        same.assign(weights[path])
    twin(array)
    expected = float(sum(np.asarray(loss) for loss in twin.losses))
    assert expected > 0.01
    found = interpret(model.evaluate, {"x": array, **weights})[model.evaluate.loss]
    assert_close(found, np.float64(expected), 64, scale=expected)


def test_weights_are_shared_between_calls() -> None:
    from harness import PlainScope
    from kgen.graph import BATCH, Builder, TensorType

    bound = make("layer", "Dense", 2)
    with Builder() as builder:
        scope = PlainScope(builder)
        for name in ("a", "b"):
            x = builder.input(name, TensorType("float32", (BATCH, 3)))
            bound.definition.apply(scope, x, **bound.arguments)
    assert list(builder.weights) == ["kernel", "bias"]


def test_initializers_reach_the_weights() -> None:
    built = build(
        make("layer", "Dense", 3, kernel_initializer=make("initializer", "HeNormal", seed=4)),
        [numbers(2, 5)],
    )
    start = built.graph.weights["kernel"].initializer
    assert (start.kind, start.args) == ("HeNormal", {"seed": 4})
    assert built.graph.weights["bias"].initializer.kind == "Zeros"


def test_every_layer_is_compared() -> None:
    """Each is named in a test module, or in a model that tests compare with Keras."""
    tests = Path(__file__).parents[2]
    files = [*tests.rglob("test_*.py"), *tests.glob("models/valid/*.k")]
    words = {word for file in files for word in re.findall(r"\w+", file.read_text("utf-8"))}
    kinds = ("Conv", "DepthwiseConv", "SeparableConv")  # test_windows_native.py adds the rank
    assert set(kinds) <= words
    ranked = {f"{kind}{rank}D" for kind in kinds for rank in (1, 2, 3)}
    ranked |= {f"Conv{rank}DTranspose" for rank in (1, 2, 3)}
    assert {d.name for d in registry.definitions("layer")} <= words | ranked
