"""Losses, metrics, names and weight paths agree with Keras 3, with the same weights in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kgen.compiler import check_text, elaborate_text
from kgen.diagnostics import Diagnostic
from kgen.graph import Graph
from kgen.interpret import interpret
from kgen.model import Model, padded

keras = pytest.importorskip("keras")
layers = keras.layers
VALID = Path(__file__).parents[1] / "models" / "valid"
ROWS = 12

# Keras computes in float32, the interpreter rounds each operation once: sums of up to
# 784 products differ by a few sqrt(784) * 2^-24 relative to their magnitude.
CLOSE: dict[str, Any] = {"rtol": 2e-5, "atol": 2e-6}

Builder = Callable[[], Any]


def first_mlp(loss: str = "categorical_crossentropy") -> Any:
    model = keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(32),
            layers.Activation("relu"),
            layers.Dense(10),
            layers.Activation("softmax"),
        ]
    )
    model.compile(optimizer="rmsprop", loss=loss, metrics=["accuracy"])
    return model


def first_mlp_regression() -> Any:
    model = keras.Sequential(
        [keras.Input((784,)), layers.Dense(32), layers.Activation("relu"), layers.Dense(1)]
    )
    model.compile(optimizer="rmsprop", loss="mse")
    return model


def trunk(units: int, activation: str, loss: str) -> Any:
    model = keras.Sequential([keras.Input((20,))])
    for _ in range(2):
        model.add(layers.Dense(64, activation="relu"))
        model.add(layers.Dropout(0.5))
    model.add(layers.Dense(units, activation=activation))
    model.compile(optimizer="sgd", loss=loss, metrics=["accuracy"])
    return model


def functional() -> Any:
    inputs = keras.Input((784,))
    x = layers.Dense(64, activation="relu")(inputs)
    x = layers.Dense(64, activation="relu")(x)
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
    model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def mnist_mlp() -> Any:
    model = keras.Sequential([keras.Input((784,))])
    for _ in range(2):
        model.add(layers.Dense(512, activation="relu"))
        model.add(layers.Dropout(0.2))
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def two_heads() -> Any:
    main, aux = keras.Input((12,)), keras.Input((5,))
    regularizer = keras.regularizers.L2(0.01)
    code = layers.Dense(16, activation="tanh", kernel_regularizer=regularizer)(main)
    aux_output = layers.Dense(1, activation="sigmoid")(code)
    x = keras.ops.concatenate([code, aux], axis=-1)
    for _ in range(3):
        x = layers.Dense(8, activation="relu")(x)
    main_output = layers.Dense(3, activation="softmax")(x)
    model = keras.Model([main, aux], {"aux_output": aux_output, "main_output": main_output})
    model.compile(
        optimizer="adam",
        loss={"aux_output": "binary_crossentropy", "main_output": "categorical_crossentropy"},
        loss_weights={"main_output": 1.0, "aux_output": 0.2},
        metrics={"main_output": ["accuracy", "mae"], "aux_output": ["accuracy"]},
        weighted_metrics={"main_output": ["accuracy"]},
    )
    return model


CASES: dict[str, tuple[str, str, Builder]] = {
    "01": ("first_mlp", "FirstMlp", first_mlp),
    "01 sparse": (
        "first_mlp",
        "FirstMlpSparse",
        lambda: first_mlp("sparse_categorical_crossentropy"),
    ),
    "01 mse": ("first_mlp", "FirstMlpRegression", first_mlp_regression),
    "02": ("many_classes", "ManyClasses", lambda: trunk(10, "softmax", "categorical_crossentropy")),
    "03": ("two_classes", "TwoClasses", lambda: trunk(1, "sigmoid", "binary_crossentropy")),
    "09": ("functional", "Functional", functional),
    "32": ("mnist_mlp", "MnistMlp", mnist_mlp),
    "two heads": ("two_heads", "TwoHeads", two_heads),
}


def load(file: str, name: str) -> Model:
    path = VALID / f"{file}.k"
    return next(m for m in elaborate_text(path.read_text("utf-8"), str(path)) if m.name == name)


def inline(text: str) -> Model:
    lines = "".join(f"    {line}\n" for line in text.strip("\n").split("\n"))
    return elaborate_text(f"model M:\n{lines}", "m.k")[0]


def path_of(variable: Any) -> str:
    """`sequential/dense/kernel` as `dense/kernel`."""
    return "/".join(variable.path.split("/")[-2:])


def random_weights(graph: Graph, rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        path: rng.normal(0, 1 / np.sqrt(w.shape[0]), w.shape).astype(np.float32)
        for path, w in graph.weights.items()
    }


def random_data(model: Model, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Inputs, targets (labels, one-hot rows, truths or numbers), and sample weights."""
    feeds: dict[str, np.ndarray] = {}
    for given in model.inputs:
        feeds[given.name] = rng.normal(0, 1, (ROWS, *given.shape)).astype(np.float32)
    for target in model.targets:
        shape = (ROWS, *(int(str(size)) for size in target.shape))
        if target.classes:
            feeds[target.input] = rng.integers(0, target.classes, shape).astype(np.int32)
        elif shape[-1] > 1:
            eye = np.eye(shape[-1], dtype=np.float32)
            feeds[target.input] = eye[rng.integers(0, shape[-1], shape[:-1])]
        else:
            feeds[target.input] = rng.integers(0, 2, shape).astype(np.float32)
        shape = (ROWS, *target.weights)
        feeds[target.sample_weight] = rng.uniform(0.5, 2.0, shape).astype(np.float32)
    return feeds


def logs(graph: Graph, feeds: Mapping[str, np.ndarray]) -> dict[str, float]:
    values = interpret(graph, feeds)
    found: dict[str, float] = {}
    for metric in graph.metrics:
        mean = float(values[metric.totals[0]] / values[metric.totals[1]])
        found[metric.name] = mean**0.5 if metric.finish == "root" else mean
    return found


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_keras(case: str) -> None:
    file, name, make = CASES[case]
    model = load(file, name)
    keras.utils.clear_session()
    reference = make()
    rng = np.random.default_rng(7)
    weights = random_weights(model.predict, rng)
    data = random_data(model, rng)
    for variable in reference.weights:
        variable.assign(weights[path_of(variable)])
    inputs = [data[given.name] for given in model.inputs]
    outputs = interpret(model.predict, {**weights, **data})
    found = [outputs[value] for value in model.predict.outputs.values()]
    expected = reference.predict(inputs, batch_size=ROWS, verbose=0)
    if isinstance(expected, dict):
        expected = [expected[name] for name in model.predict.outputs]
    for ours, theirs in zip(found, expected if len(found) > 1 else [expected], strict=True):
        np.testing.assert_allclose(ours, theirs, **CLOSE)

    y: Any = {t.output: data[t.input] for t in model.targets}
    weight: Any = {t.output: data[t.sample_weight] for t in model.targets}
    if len(y) == 1:
        (y,), (weight,) = y.values(), weight.values()
    settings: dict[str, Any] = {"sample_weight": weight, "batch_size": ROWS, "verbose": 0}
    theirs = reference.evaluate(inputs, y, return_dict=True, **settings)
    assert model.evaluate is not None
    ours = logs(model.evaluate, {**weights, **data})
    assert sorted(ours) == sorted(theirs)
    listed = np.atleast_1d(reference.evaluate(inputs, y, **settings))
    np.testing.assert_allclose(list(ours.values()), listed, **CLOSE)
    for key, value in theirs.items():
        np.testing.assert_allclose(ours[key], value, err_msg=key, **CLOSE)
    total = interpret(model.evaluate, {**weights, **data})[model.evaluate.loss]  # type: ignore[index]
    np.testing.assert_allclose(total, theirs["loss"], **CLOSE)


@pytest.mark.parametrize("case", CASES)
def test_automatic_names_and_paths_are_those_of_keras(case: str) -> None:
    file, name, make = CASES[case]
    model = load(file, name)
    keras.utils.clear_session()
    reference = make()
    own = [layer.name for layer in model.layers]
    theirs = [layer.name for layer in reference.layers]
    # Keras sorts branches by depth, and makes layers of inputs and functions, too.
    assert sorted(own) == sorted(
        n for n in theirs if not n.startswith(("input_layer", "concatenate"))
    )
    shapes = {path: weight.shape for path, weight in model.predict.weights.items()}
    assert shapes == {path_of(w): tuple(w.shape) for w in reference.weights}


def test_batch_normalization_updates_and_trains_as_in_keras() -> None:
    model = inline(
        """
input x: float32[6]
shared = BatchNormalization(momentum=0.9)
output y = shared(x) + shared(2.0 * x)
train:
    loss = "mse"
"""
    )
    assert model.train is not None
    inputs = keras.Input((6,))
    layer = layers.BatchNormalization(momentum=0.9)
    reference = keras.Model(inputs, layer(inputs) + layer(2.0 * inputs))
    x = np.random.default_rng(1).normal(1, 2, (ROWS, 6)).astype(np.float32)
    feeds = {
        **{k: np.asarray(v) for k, v in zip(model.predict.weights, reference.get_weights())},  # noqa: B905
        "x": x,
        "y_target": x,
        "y_sample_weight": np.ones(ROWS, np.float32),
    }
    expected = np.asarray(reference(x, training=True))
    values = interpret(model.train, feeds)
    np.testing.assert_allclose(values[model.train.outputs["y"]], expected, **CLOSE)
    named = dict(zip(model.predict.weights, reference.get_weights(), strict=True))
    assert set(model.train.updates) == {p for p in named if "moving" in p}
    for path, value in model.train.updates.items():
        np.testing.assert_allclose(values[value], named[path], **CLOSE)
    assert model.evaluate is not None and not model.evaluate.updates


def test_losses_of_higher_rank_divide_by_every_element() -> None:
    model = inline(
        'input x: float32[5, 3]\noutput y = x |> Dense(2)\ntrain:\n    loss = "mae"\n'
        '    metrics = ["mse", RootMeanSquaredError()]\n    weighted_metrics = ["mse"]'
    )
    inputs = keras.Input((5, 3))
    reference = keras.Model(inputs, layers.Dense(2)(inputs))
    reference.compile(
        loss="mae", metrics=["mse", keras.metrics.RootMeanSquaredError()], weighted_metrics=["mse"]
    )
    rng = np.random.default_rng(3)
    weights = random_weights(model.predict, rng)
    reference.set_weights(list(weights.values()))
    x, y = rng.normal(0, 1, (ROWS, 5, 3)), rng.normal(0, 1, (ROWS, 5, 2))
    x, y, w = x.astype(np.float32), y.astype(np.float32), np.ones((ROWS, 5), np.float32)
    theirs = reference.evaluate(x, y, batch_size=ROWS, verbose=0, return_dict=True)
    assert model.evaluate is not None
    feeds = {**weights, "x": x, "y_target": y, "y_sample_weight": w}
    ours = logs(model.evaluate, feeds)
    assert sorted(ours) == sorted(theirs)
    for key, value in theirs.items():
        np.testing.assert_allclose(ours[key], value, err_msg=key, **CLOSE)


@pytest.mark.parametrize("weighted", [False, True])
def test_masked_steps_and_means(weighted: bool) -> None:
    """Losses and means leave masked steps out; the root of the mean square counts them."""
    model = inline(
        'input x: float32[5, 3]\noutput y = x |> Masking() |> Dense(2)\ntrain:\n    loss = "mse"\n'
        '    metrics = ["mae", RootMeanSquaredError()]\n    weighted_metrics = ["mse"]'
    )
    inputs = keras.Input((5, 3))
    reference = keras.Model(inputs, layers.Dense(2)(layers.Masking()(inputs)))
    metrics = ["mae", keras.metrics.RootMeanSquaredError()]
    reference.compile(loss="mse", metrics=metrics, weighted_metrics=["mse"])
    rng = np.random.default_rng(5)
    weights = random_weights(model.predict, rng)
    reference.set_weights(list(weights.values()))
    x, y = rng.normal(0, 1, (ROWS, 5, 3)), rng.normal(3, 1, (ROWS, 5, 2))
    x[:, 3:], x[2, 1:] = 0.0, 0.0
    x, y, w = x.astype(np.float32), y.astype(np.float32), np.ones((ROWS, 5), np.float32)
    if weighted:
        w = rng.uniform(0.5, 2.0, (ROWS, 5)).astype(np.float32)
    theirs = reference.evaluate(x, y, sample_weight=w, batch_size=ROWS, verbose=0, return_dict=True)
    feeds = {**weights, "x": x, "y_target": y, "y_sample_weight": w}
    for graph in (model.evaluate, model.train):
        assert graph is not None
        ours = logs(graph, feeds)
        assert sorted(ours) == sorted(theirs)
        for key, value in theirs.items():
            np.testing.assert_allclose(ours[key], value, err_msg=key, **CLOSE)


def test_order_and_names_of_metrics() -> None:
    model = load("two_heads", "TwoHeads")
    assert model.train is not None and model.evaluate is not None
    names = [metric.name for metric in model.train.metrics]
    assert names == [
        "loss",
        "aux_output_loss",
        "main_output_loss",
        "aux_output_accuracy",
        "main_output_accuracy",
        "main_output_mae",
        "main_output_weighted_accuracy",
    ]
    assert [metric.name for metric in model.evaluate.metrics] == names
    assert list(model.train.inputs) == [
        "main_input",
        "aux_input",
        "aux_output_target",
        "aux_output_sample_weight",
        "main_output_target",
        "main_output_sample_weight",
    ]


def test_target_names_avoid_the_inputs() -> None:
    model = inline(
        "input y_target: float32[3]\noutput y = y_target |> Dense(2)\ntrain:\n    loss = 'mse'"
    )
    assert model.targets[0].input == "y_target_1"


def test_optimizer_defaults_to_that_of_keras_and_sees_all_trainable_weights() -> None:
    model = inline("input x: float32[3]\noutput y = x |> Dense(2)\ntrain:\n    loss = 'mse'")
    assert model.optimizer is not None
    assert model.optimizer.described.kind == "RMSprop"
    size = padded(6) + padded(2)
    assert model.optimizer.updates(size)[0].inputs["weights"].shape == (size,)
    assert not model.optimizer.alone


def problems(settings: str, outputs: str = "output y = x |> Dense(2)") -> list[Diagnostic]:
    block = "".join(f"        {line}\n" for line in settings.split("\n"))
    rows = "".join(f"    {line}\n" for line in outputs.split("\n"))
    return check_text(f"model M:\n    input x: float32[3]\n{rows}    train:\n{block}", "m.k")


TWO = "output y = x |> Dense(2)\noutput z = x |> Dense(1)"


@pytest.mark.parametrize(
    ("settings", "outputs", "codes"),
    [
        ("loss = 'mse'", TWO, []),
        ("loss = ['mse', None]", TWO, []),
        ("loss = {'y': 'mse', 'z': None}\nmetrics = {'y': 'mae'}", TWO, []),
        ("loss = MeanSquaredError()\nmetrics = MeanAbsoluteError(name='m')", "", []),
        ("loss = 'mse'\nif 1 > 2:\n    metrics = ['x']\nelse:\n    metrics = ['mae']", "", []),
        ("optimizer = 'adam'", "", ["K0506"]),
        ("loss = None", "", ["K0506"]),
        ("loss = [None, None]", TWO, ["K0506"]),
        ("loss = 'msee'", "", ["K0301"]),
        ("loss = 3", "", ["K0301"]),
        ("loss = Adam()", "", ["K0301"]),
        ("loss = 'circle'", "", []),
        ("loss = 'mse'\noptimizer = 'adamw'", "", []),
        ("loss = 'mse'\noptimizer = MultiOptimizer()", "", ["K0702"]),
        ("loss = 'mse'\noptimizer = SGD(clipnorm=1, clipvalue=1)", "", ["K0301"]),
        ("loss = 'mse'\noptimizer = SGD(momentum='a')", "", ["K0301"]),
        ("loss = 'mse'\nmetrics = ['acuracy']", "", ["K0301"]),
        ("loss = 'mse'\nmetrics = [Mean()]", "", ["K0702"]),
        ("loss = ['mse']", TWO, ["K0508"]),
        ("loss = 'mse'", "output y = mean(Dense(2)(x), axis=-1)", ["K0405"]),
        ("loss = 'mse'", "output y = x[None] * x[:, None]", ["K0405"]),
        ("loss = {'y': 'mse'}", TWO, ["K0508"]),
        ("loss = {'y': 'mse', 'w': 'mse'}", TWO, ["K0508"]),
        ("loss = 'mse'\nloss_weights = [1.0]", TWO, ["K0508"]),
        ("loss = 'mse'\nloss_weights = ['a', 1]", TWO, ["K0508"]),
        ("loss = ['mse', None]\nloss_weights = [1, 2]", TWO, ["K0508"]),
        ("loss = 'mse'\nmetrics = ['mae', 'mae', 'mae']", TWO, ["K0508"]),
        ("loss = 'mse'\nmetrics = 'mae'", TWO, ["K0508"]),
        ("loss = ['mse', None]\nmetrics = ['mae', 'mae']", TWO, ["K0508"]),
        ("loss = 'mse'\nepochs = 3", "", ["K0507"]),
        ("objective = 3", "", ["K0515"]),
        ("loss = 'mse'\ninput z: float32[3]", "", ["K0505"]),
        ("loss = 'mse'\nrate = 1e-3\noptimizer = Adam(rate * 2)", "", []),
        ("loss = 'mse'\noptimizer = missing", "", ["K0201"]),
    ],
)
def test_settings(settings: str, outputs: str, codes: list[str]) -> None:
    found = problems(settings, *([outputs] if outputs else []))
    assert [diagnostic.code for diagnostic in found] == codes
