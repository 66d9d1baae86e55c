"""Layers that read masks, and layers over steps, beside Keras: in inference and in training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from harness import assert_close
from keras import layers
from kgen.compiler import elaborate_text
from kgen.diagnostics import KgenError
from kgen.interpret import interpret

RNG = np.random.default_rng(5)
CLIPPING = {"rmax": 1.2, "rmin": 0.9, "dmax": 0.1}


def sequences(*shape: int) -> np.ndarray:
    """Rows of which one ends early, one begins late, and one has a gap."""
    x = RNG.uniform(-1.0, 1.0, (5, *shape)).astype(np.float32)
    x[1, 1:] = x[2, :1] = x[3, 1] = 0.0
    return x


X, Z, DEEP = sequences(4, 3), sequences(4, 3), sequences(3, 4, 2)


def normalized(**options: Any) -> Callable[[Any], Any]:
    return lambda x: layers.BatchNormalization(**options, name="n")(layers.Masking()(x))


def over_steps(inner: Any, *, masked: bool = True) -> Callable[[Any], Any]:
    """A layer for every step."""
    return lambda x: layers.TimeDistributed(inner, name="t")(layers.Masking()(x) if masked else x)


def merged(kind: str, *, both: bool) -> Callable[..., Any]:
    def build(a: Any, b: Any) -> Any:
        a, b = layers.Masking()(a), layers.Masking()(b) if both else b
        return layers.GRU(2, name="g")(getattr(layers, kind)()([a, b]))

    return build


CASES: list[tuple[str, Callable[..., Any], list[np.ndarray]]] = [
    ('BatchNormalization(name="n")(Masking()(x))', normalized(), [X]),
    ('BatchNormalization(axis=1, name="n")(Masking()(x))', normalized(axis=1), [X]),
    ('BatchNormalization(renorm=True, name="n")(Masking()(x))', normalized(renorm=True), [X]),
    (
        'BatchNormalization(renorm=True, renorm_momentum=0.7, center=False, name="n", '
        "moving_variance_initializer=Constant(4.0), "
        'renorm_clipping={"rmax": 1.2, "rmin": 0.9, "dmax": 0.1})(x)',
        lambda x: layers.BatchNormalization(
            renorm=True,
            renorm_momentum=0.7,
            center=False,
            name="n",
            moving_variance_initializer=keras.initializers.Constant(4.0),
            renorm_clipping=CLIPPING,
        )(x),
        [X],
    ),
    (
        'Dense(2, name="d")(GlobalAveragePooling1D(keepdims=True)(Masking()(x)))',
        lambda x: layers.Dense(2, name="d")(
            layers.GlobalAveragePooling1D(keepdims=True)(layers.Masking()(x))
        ),
        [X],
    ),
    (
        'GRU(2, name="g")(Maximum()([Masking()(x), Masking()(z)]))',
        merged("Maximum", both=True),
        [X, Z[::-1].copy()],
    ),
    (
        'GRU(2, name="g")(Minimum()([Masking()(x), z]))',
        merged("Minimum", both=False),
        [X, RNG.uniform(-1.0, 1.0, X.shape).astype(np.float32)],
    ),
    (
        'GRU(2, name="g")(Multiply()([Masking()(x), Masking()(z)]))',
        merged("Multiply", both=True),
        [X, Z[::-1].copy()],
    ),
    (
        'Dense(2, name="d")(Multiply()([Masking()(x), z]))',
        lambda x, z: layers.Dense(2, name="d")(layers.Multiply()([layers.Masking()(x), z])),
        [X, RNG.uniform(-1.0, 1.0, X.shape).astype(np.float32)],
    ),
    (
        'Dense(2, name="d")(Multiply()([Masking()(x), GlobalMaxPooling1D()(z)]))',
        lambda x, z: layers.Dense(2, name="d")(
            layers.Multiply()([layers.Masking()(x), layers.GlobalMaxPooling1D()(z)])
        ),
        [X, RNG.uniform(-1.0, 1.0, X.shape).astype(np.float32)],
    ),
    (
        'Dense(2, name="d")(Maximum()([GlobalMaxPooling1D()(z), Masking()(x)]))',
        lambda x, z: layers.Dense(2, name="d")(
            layers.Maximum()([layers.GlobalMaxPooling1D()(z), layers.Masking()(x)])
        ),
        [X, RNG.uniform(-1.0, 1.0, X.shape).astype(np.float32)],
    ),
    (
        'TimeDistributed(BatchNormalization(momentum=0.7, name="n"), name="t")(x)',
        over_steps(layers.BatchNormalization(momentum=0.7, name="n"), masked=False),
        [X],
    ),
    (
        'TimeDistributed(BatchNormalization(name="n"), name="t")(Masking()(x))',
        over_steps(layers.BatchNormalization(name="n")),
        [X],
    ),
    (
        'TimeDistributed(LSTM(2, name="l"), name="t")(Masking()(x))',
        over_steps(layers.LSTM(2, name="l")),
        [DEEP],
    ),
]


@pytest.mark.parametrize(("text", "twin", "arrays"), CASES, ids=[case[0][:60] for case in CASES])
def test_like_keras(text: str, twin: Callable[..., Any], arrays: list[np.ndarray]) -> None:
    """Outputs in inference and in training, and what becomes of moving statistics."""
    names = ["x", "z"][: len(arrays)]
    sizes = ", ".join(map(str, arrays[0].shape[1:]))
    inputs = "".join(f"    input {name}: float32[{sizes}]\n" for name in names)
    train = '    train:\n        loss = "mse"\n'
    (model,) = elaborate_text(f"model M:\n{inputs}    output y = {text}\n{train}", "m.k")
    assert model.train is not None
    theirs = [keras.Input(arrays[0].shape[1:], name=name) for name in names]
    keras_model = keras.Model(theirs, twin(*theirs))
    weights = {}
    for path, weight in model.train.weights.items():
        same = [v for v in keras_model.weights if path.endswith(v.path)]
        assert len(same) == 1, (path, [v.path for v in keras_model.weights])
        assert same[0].trainable == weight.trainable
        start = np.asarray(same[0].value)
        constant = np.ptp(start) == 0 and start.flat[0] not in (0.0, 1.0)
        drawn = start if constant else RNG.uniform(0.5, 1.5, weight.shape)
        weights[path] = np.asarray(drawn, np.float32)
        same[0].assign(weights[path])
    assert len(weights) == len(keras_model.weights)
    feeds = {**dict(zip(names, arrays, strict=True)), **weights}
    for graph, training in ((model.predict, False), (model.train, True)):
        targets = {
            n: np.ones((5, *(s for s in v.shape[1:] if isinstance(s, int))), np.float32)
            for n, v in graph.inputs.items()
            if n not in feeds
        }
        done = interpret(graph, {**feeds, **targets})
        expected = np.asarray(keras_model(arrays, training=training))
        assert_close(done[graph.outputs["y"]], expected, 256)
    for path, value in model.train.updates.items():
        found = next(v for v in keras_model.weights if path.endswith(v.path))
        assert_close(done[value], np.asarray(found.value), 256)


def test_nothing_left_of_a_sequence() -> None:
    """Its mean is 0; Keras divides by 0."""
    text = "model M:\n    input x: float32[4, 3]\n"
    text += "    output y = GlobalAveragePooling1D()(Masking()(x))\n"
    (model,) = elaborate_text(text, "m.k")
    done = interpret(model.predict, {"x": np.zeros((2, 4, 3), np.float32)})
    assert not np.any(done[model.predict.outputs["y"]])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("BatchNormalization(renorm=True, renorm_clipping={'rmx': 2.0})(x)", "rmax"),
        (
            "BatchNormalization(renorm=True, moving_variance_initializer='random_uniform')(x)",
            "the root of moving_variance_initializer",
        ),
        ("TimeDistributed(BatchNormalization())(o)", "number of steps is open"),
        ("BatchNormalization()(x, mask=x)", "has a mask"),
    ],
)
def test_refusals(text: str, words: str) -> None:
    length = "None" if "(o)" in text else "4"
    name = "o" if "(o)" in text else "x"
    source = f"model M:\n    input {name}: float32[{length}, 3]\n    output y = {text}\n"
    source += '    train:\n        loss = "mse"\n'
    with pytest.raises(KgenError, match=words):
        elaborate_text(source.replace("'", '"'), "m.k")
