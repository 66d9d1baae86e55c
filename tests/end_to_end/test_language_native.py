"""What a file declares by itself, against Keras and JAX: layers, losses, objectives, views."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras import layers, ops, optimizers
from kgen.runtime.errors import WeightError
from native import build, build_text, elaborated
from rounding import Near, bounds
from safetensors.numpy import save_file
from twins import Arrays, Case, assert_near, check_all, dense, double, draw_weight, numbers

FILE = "e2e_language.k"


# --- layers, losses and metrics of one's own, beside the same in Keras ----------


class LowRankDense(layers.Layer):
    def build(self, shape: Any) -> None:
        make = self.add_weight
        l2 = keras.regularizers.L2(0.01)
        self.down = make(name="down", shape=(shape[-1], 2), initializer="zeros", regularizer=l2)
        self.up = make(name="up", shape=(2, 5), initializer="zeros")
        self.bias = make(name="bias", shape=(5,), initializer="zeros")
        self.still = make(name="still", shape=(5,), initializer="ones", trainable=False)

    def call(self, x: Any) -> Any:
        return ops.tanh(x @ self.down @ self.up + self.bias * self.still)


class Antirectifier(layers.Layer):
    def call(self, x: Any) -> Any:
        x = x - ops.mean(x, axis=-1, keepdims=True)
        x = ops.normalize(x, axis=-1)
        return ops.concatenate([ops.relu(x), ops.relu(-x)], axis=-1)


class Gate(layers.Layer):
    def build(self, *shapes: Any) -> None:
        self.inner = dense(4, activation="sigmoid", name="inner")
        self.inner.build((None, 4))

    def call(self, x: Any, y: Any) -> Any:
        gate = self.inner(x)
        return gate * y, (1 - gate) * x * 0.5


class Tally(layers.Layer):
    def build(self, shape: Any) -> None:
        self.total = self.add_weight(
            name="total", shape=(shape[-1],), initializer="zeros", trainable=False
        )

    def call(self, x: Any, training: bool = False) -> Any:
        total = self.total
        if training:
            total = total * 0.9 + ops.mean(x, axis=0) * (1 - 0.9)
            self.total.assign(total)
        return x + 0.5 * total


def contrastive(y_true: Any, y_pred: Any) -> Any:
    apart = ops.square(ops.maximum(0.8 - y_pred, 0))
    return ops.mean(y_true * ops.square(y_pred) + (1 - y_true) * apart)


def far(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(ops.absolute(y_true - y_pred) ** 1.5, axis=-1)


def mean_prediction(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(y_pred)


def distance(y_true: Any, y_pred: Any) -> Any:
    return ops.absolute(y_true - y_pred)


def own() -> Any:
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    low = LowRankDense(name="low")
    x = Antirectifier()(layers.Concatenate()([low(a), low(b)]))
    p, q = Gate(name="gate")(a, b)
    counted = Tally(name="tally")(layers.Concatenate()([x, p, q]))
    near = dense(1, activation="sigmoid", name="first")(counted)
    wide = dense(3, name="second")(counted)
    model = keras.Model({"a": a, "b": b}, {"near": near, "wide": wide})
    model.compile(
        optimizers.SGD(0.05),
        loss={"near": contrastive, "wide": far},
        loss_weights={"near": 2.0, "wide": 0.3},
        metrics={"near": [mean_prediction, "mae"], "wide": [distance]},
    )
    return model


def test_own_layers_losses_and_metrics() -> None:
    x = {"a": numbers((4,), 21, 0), "b": numbers((4,), 21, 1)}
    near = np.random.default_rng(2).integers(0, 2, (21, 1)).astype(np.float32)
    y = {"near": near, "wide": numbers((3,), 21, 3)}
    case = Case(FILE, "Own", own, x, y, batch_size=5)
    frozen = {w.path for w in case.net.spec.weights if not w.trainable}
    assert frozen == {"low/still", "tally/total"}
    check_all(case)


def test_state_follows_every_step_of_training_alone() -> None:
    net = build(FILE).Own(seed=0)
    x, y = [np.ones((5, 4), np.float32)] * 2, [np.zeros((5, 1)), np.zeros((5, 3))]
    net.predict(x)
    net.evaluate(x, y, verbose=0)
    assert not net.weights["tally/total"].any()
    net.train_on_batch(x, y)
    assert net.weights["tally/total"].any()


# --- objectives, gradients and views, beside the same in JAX -------------------


def drawn(name: str, seed: int) -> tuple[Any, Arrays]:
    """A model of the file with weights drawn anew, and those weights."""
    net = getattr(build(FILE), name)(seed=0)
    rng = np.random.default_rng(seed)
    for path, view in net.weights.items():
        view[...] = draw_weight(path, view.shape, rng, 1.0)
    return net, {path: np.array(view) for path, view in net.weights.items()}


def check_loss(name: str, loss: Callable[[Any, Any], Any], x: Arrays) -> None:
    """Loss and gradients of an objective against JAX in float64, within float32's error."""
    net, weights = drawn(name, 5)
    model = elaborated(FILE)[name]
    assert model.train is not None
    from kgen.compiler import run_passes

    train = run_passes(model.train)
    feeds = {key: Near.exact(value) for key, value in {**x, **weights}.items()}
    near = bounds(train, feeds)
    with double():
        wide = {path: jnp.asarray(value, jnp.float64) for path, value in weights.items()}
        inputs = {key: jnp.asarray(value, jnp.float64) for key, value in x.items()}
        value, exact = jax.value_and_grad(loss)(wide, inputs)
        exact = {path: np.asarray(gradient) for path, gradient in exact.items()}
    figure = next(m for m in train.metrics if m.name == "loss")
    rows = len(next(iter(x.values())))
    assert_near(net.loss(x), float(value), near[figure.totals[0]].rad / rows, f"{name}: loss")
    found = net.gradients(x)
    assert set(found) == {w.path for w in net.spec.weights if w.trainable}
    for path, gradient in train.gradients.items():
        assert_near(found[path], exact[path], near[gradient].rad, f"{name}: gradient of {path}")
    before = net.loss(x)
    net.fit(x, epochs=20, batch_size=8, verbose=0)
    assert net.loss(x) < before


def encoded(w: Any, text: Any) -> Any:
    hidden = jnp.tanh(text @ w["words/kernel"] + w["words/bias"])
    return hidden @ w["reader/kernel"] + w["reader/bias"]


def cosine(a: Any, b: Any) -> Any:
    return (a * b).sum(-1) / jnp.sqrt((a * a).sum(-1) * (b * b).sum(-1))


def ranking(w: Any, x: Any) -> Any:
    code = encoded(w, x["question"]) @ w["last/kernel"] + w["last/bias"]
    good, bad = cosine(code, encoded(w, x["right"])), cosine(code, encoded(w, x["wrong"]))
    return jnp.mean(jax.nn.softplus(0.1 + bad - good))


def test_objective_without_targets() -> None:
    x = {name: numbers((6,), 20, k) for k, name in enumerate(("question", "right", "wrong"))}
    check_loss("Ranking", ranking, x)


def tower(w: Any, x: Any) -> Any:
    hidden = jnp.tanh(x @ w["tower/hidden/kernel"] + w["tower/hidden/bias"])
    return hidden @ w["tower/score/kernel"] + w["tower/score/bias"]


def critic(w: Any, x: Any) -> Any:
    mixed = (x["real"] + x["fake"]) / 2
    slope = jax.grad(lambda at: tower(w, at).sum())(mixed)
    norm = jnp.sqrt((slope**2).sum(-1) + 0.01)
    gap = jnp.mean(tower(w, x["fake"])) - jnp.mean(tower(w, x["real"]))
    close = 0.1 * jnp.mean((x["real"] - x["fake"]) ** 2)
    return gap + close + 10 * jnp.mean((norm - 1) ** 2)


def test_gradient_of_a_gradient() -> None:
    check_loss("Critic", critic, {"real": numbers((5,), 20, 0), "fake": numbers((5,), 20, 1)})


def check_view(net: Any, weights: Arrays, name: str, x: Arrays, exact: Any) -> None:
    """A view's only output, called and predicted, against what it should be."""
    model = elaborated(FILE)[net.name]
    view = next(view for view in model.views if view.name == name)
    given = dict(zip(view.feeds, x.values(), strict=True))
    others = {
        key: np.zeros((1, *value.shape[1:]), np.float32)
        for key, value in view.graph.inputs.items()
        if key not in given
    }
    feeds = {key: Near.exact(value) for key, value in {**others, **given, **weights}.items()}
    near = bounds(view.graph, feeds)
    (value,) = view.graph.outputs.values()
    part = getattr(net, name)
    inputs = list(x.values()) if len(x) > 1 else next(iter(x.values()))
    for found in (part(inputs), part.predict(dict(x))):
        assert_near(found, np.asarray(exact), near[value].rad, f"view {name}")


def test_views_share_the_weights_and_need_their_inputs_alone() -> None:
    net, weights = drawn("Ranking", 7)
    x = {name: numbers((6,), 20, k) for k, name in enumerate(("question", "right", "wrong"))}
    with double():
        w = {path: jnp.asarray(value, jnp.float64) for path, value in weights.items()}
        question = jnp.asarray(x["question"], jnp.float64)
        code = np.asarray(encoded(w, question) @ w["last/kernel"] + w["last/bias"])
        good = np.asarray(encoded(w, jnp.asarray(x["right"], jnp.float64)))
    check_view(net, weights, "question_code", {"question": x["question"]}, code)
    check_view(net, weights, "answer_code", {"right": x["right"]}, good)
    both = net.both([x["question"], x["right"]])
    assert list(both) == ["code", "good_cos"]
    np.testing.assert_array_equal(both["code"], net.question_code(x["question"]))
    parts = net.question_code.predict(x["question"], batch_size=7)
    np.testing.assert_array_equal(parts, both["code"])
    exact = code.astype(np.float32) * good
    check_view(net, weights, "tail", {"code": code.astype(np.float32), "right": x["right"]}, exact)
    before = net.answer_code(x["right"])
    net.fit(x, epochs=3, verbose=0)
    assert np.abs(net.answer_code(x["right"]) - before).max() > 1e-4
    with pytest.raises(Exception, match="has no outputs to predict; it has views: 'question_code'"):
        net.predict(x)
    with pytest.raises(Exception, match="input 'right'"):
        net.answer_code(x["right"][:, :5])


def test_gradients_are_values() -> None:
    net, weights = drawn("Critic", 9)
    x = {"real": numbers((5,), 20, 0), "fake": numbers((5,), 20, 1)}
    with double():
        w = {path: jnp.asarray(value, jnp.float64) for path, value in weights.items()}
        mixed = (jnp.asarray(x["real"], jnp.float64) + x["fake"]) / 2
        slope = np.asarray(jax.grad(lambda at: tower(w, at).sum())(mixed))
    check_view(net, weights, "steepness", x, slope)


def test_layers_inside_a_model() -> None:
    net, weights = drawn("Parts", 3)
    assert not any("block2" in path or "head" in path for path in weights)
    image = numbers((6,), 9, 4)
    with double():
        w = {path: jnp.asarray(value, jnp.float64) for path, value in weights.items()}

        def block(at: Any) -> Any:
            return jnp.tanh(at @ w["base/block1/kernel"] + w["base/block1/bias"])

        at = jnp.asarray(image, jnp.float64)
        slope = np.asarray(jax.grad(lambda at: block(at)[..., 3].mean())(at))
        normal = (block(at) - w["base/norm/moving_mean"]) / jnp.sqrt(
            w["base/norm/moving_variance"] + 1e-3
        )
        normal = normal * w["base/norm/gamma"] + w["base/norm/beta"]
        code = np.asarray(normal @ w["dense/kernel"] + w["dense/bias"])
    check_view(net, weights, "ascend", {"image": image}, slope)
    near = bounds(
        elaborated(FILE)["Parts"].predict,
        {k: Near.exact(v) for k, v in {"image": image, **weights}.items()},
    )
    (value,) = elaborated(FILE)["Parts"].predict.outputs.values()
    assert_near(net(image), code, near[value].rad, "code")
    start = {path: np.array(value) for path, value in net.weights.items()}
    net.fit(image, np.zeros((9, 2), np.float32), epochs=2, verbose=0)
    moved = {path for path, value in net.weights.items() if (value != start[path]).any()}
    assert moved == {"dense/kernel", "dense/bias"}


FROM_FILES = """
model Part():
    input x: float32[3]
    output y = x |> Dense(2, name="a") |> Dense(2, name="b")

model Whole:
    input x: float32[3]
    part = use_weights("files/part.safetensors", Part())
    output y = part.a(x) + Dense(2, weights="one.safetensors", name="c")(x)
"""


def test_weights_from_files(tmp_path: Path) -> None:
    module = build_text(FROM_FILES)
    sys.modules[module.__name__] = module
    module.SOURCE_FOLDER = str(tmp_path)  # type: ignore[attr-defined]
    with pytest.raises(WeightError, match=r"'part' from 'files/part\.safetensors'"):
        module.Whole(seed=0)
    (tmp_path / "files").mkdir()
    part = module.Part(seed=1)
    part.save_weights(tmp_path / "files" / "part.safetensors")
    one = {"any/kernel": np.ones((3, 2), np.float32), "any/bias": np.zeros(2, np.float32)}
    save_file(one, tmp_path / "one.safetensors")
    net = module.Whole(seed=0)
    assert set(net.weights) == {"part/a/kernel", "part/a/bias", "c/kernel", "c/bias"}
    np.testing.assert_array_equal(net.weights["part/a/kernel"], part.weights["a/kernel"])
    np.testing.assert_array_equal(net.weights["c/kernel"], one["any/kernel"])
    save_file({"any/kernel": np.ones((4, 2), np.float32)}, tmp_path / "one.safetensors")
    with pytest.raises(WeightError, match=r"'kernel' has shape \(3, 2\).*lacks 'bias'"):
        module.Whole(seed=0)


STATES = """
layer Pair()(x):
    state a: float32[3]
    state b: float32[3] = "ones"
    state spread: float32[]
    a, b = b, a + mean(x, axis=0)
    spread = 0.5 * spread + mean(square(x - a))
    return x + a

model Carry:
    input x: float32[3]
    output y = Pair()(x)
"""


def test_states_that_depend_on_one_another() -> None:
    net = build_text(STATES).Carry(seed=0)
    x = numbers((3,), 8, 0).astype(np.float64)
    a, b, spread = np.zeros(3), np.ones(3), 0.0
    for _ in range(4):
        y = net(x.astype(np.float32))
        a, b = b, a + x.mean(0)
        spread = 0.5 * spread + ((x - a) ** 2).mean()
        for found, exact in (
            (y, x + a),
            (net.weights["pair/a"], a),
            (net.weights["pair/b"], b),
            (net.weights["pair/spread"], spread),
        ):
            np.testing.assert_allclose(found, exact, rtol=0, atol=2e-6)
