"""Weights that Keras saved, in the models of `.k` files."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras import layers
from kgen.runtime.callbacks import ModelCheckpoint
from kgen.runtime.errors import WeightError
from native import build_text

TEXT = """
model Code:
    input x: float32[5]
    output y = x |> Dense(4, name="first") |> BatchNormalization() |> Dropout(0.3)

model Twins:
    input left: float32[5]
    input right: float32[5]
    code = Code()
    both = [code(left), code(right)] |> Concatenate()
    inner = Sequential([Dense(3), Dense(3)])
    output out = both |> inner |> Dense(3) |> Dense(3)

model Plain:
    input x: float32[5]
    output y = x |> Dense(4, name="first") |> Dense(3) |> Dense(2)

layer Mixed(units)(x):
    weight still: float32[units, units] = "zeros", trainable=False
    z = x |> Dense(units, name="inner")
    weight kernel: float32[units, units]
    return z @ still @ kernel

model Own:
    input x: float32[3]
    output y = x |> Mixed(3) |> Dense(3, name="last")
"""


class Mixed(layers.Layer):
    def build(self, shape: Any) -> None:
        self.still = self.add_weight(name="still", shape=(3, 3), trainable=False)
        self.inner = layers.Dense(3, name="inner")
        self.inner.build(shape)
        self.kernel = self.add_weight(name="kernel", shape=(3, 3))

    def call(self, x: Any) -> Any:
        return self.inner(x) @ self.still @ self.kernel


@pytest.fixture(scope="module")
def module() -> ModuleType:
    return build_text(TEXT)


def drawn(model: Any, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        variable.assign(rng.uniform(0.5, 1.5, variable.shape))
    return model


@pytest.fixture(scope="module")
def twins() -> Any:
    code = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(4, name="first"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
        ],
        name="code",
    )
    left, right = keras.Input((5,), name="left"), keras.Input((5,), name="right")
    both = layers.Concatenate()([code(left), code(right)])
    inner = keras.Sequential([layers.Dense(3), layers.Dense(3)])
    out = layers.Dense(3)(inner(both))
    out = layers.Dense(3)(out)
    model = keras.Model([left, right], out)
    model.compile("adam", "mse")
    model.train_on_batch([np.zeros((2, 5))] * 2, np.zeros((2, 3)))
    return drawn(model)


def plain(*names: str | None) -> Any:
    first, second, third = names
    stack = [
        keras.Input((5,)),
        layers.Dense(4, name=first),
        layers.Dense(3, name=second),
        layers.Dense(2, name=third),
    ]
    return drawn(keras.Sequential(stack))


@pytest.fixture(params=["m.weights.h5", "m.keras", "m.h5", "compressed.keras"])
def saved(request: pytest.FixtureRequest, twins: Any, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / request.param
    if request.param == "compressed.keras":
        twins.save(tmp_path / "m.keras")
        with (
            zipfile.ZipFile(tmp_path / "m.keras") as source,
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target,
        ):
            for name in source.namelist():
                target.writestr(name, source.read(name))
    elif request.param == "m.weights.h5":
        twins.save_weights(path)
    else:
        twins.save(path)
    return path


def test_all_layouts_of_a_nested_model(module: ModuleType, twins: Any, saved: Path) -> None:
    net = module.Twins(seed=1)
    report = net.load_weights(saved)
    assert set(report.loaded) == set(net.weights) and not report.missing + report.unexpected
    rng = np.random.default_rng(1)
    x = {name: rng.normal(size=(7, 5)).astype(np.float32) for name in ("left", "right")}
    np.testing.assert_allclose(net(x), twins.predict_on_batch(x), rtol=1e-5)


@pytest.mark.parametrize("names", [("first", "dense", "dense_1"), ("first", "u", "v")])
def test_layers_pair_by_name_or_by_order(
    module: ModuleType, names: tuple[str, ...], tmp_path: Path
) -> None:
    model = plain(*names)
    model.save_weights(tmp_path / "p.weights.h5")
    net = module.Plain(seed=1)
    net.load_weights(tmp_path / "p.weights.h5")
    for own, variable in zip(net.weights.values(), model.weights, strict=True):
        np.testing.assert_array_equal(own, variable)


def test_automatic_names_tell_the_order_only(module: ModuleType, tmp_path: Path) -> None:
    # The names are one off from those of the .k file, which has dense and dense_1.
    model = plain("first", "dense_1", "dense_2")
    model.save_weights(tmp_path / "p.weights.h5")
    net = module.Plain(seed=1)
    net.load_weights(tmp_path / "p.weights.h5")
    np.testing.assert_array_equal(net.weights["dense_1/bias"], model.layers[2].bias)


def test_automatic_names_one_off_in_the_older_layout(module: ModuleType, tmp_path: Path) -> None:
    model = plain("first", "dense_1", "dense_2")
    model.save(tmp_path / "p.h5")
    net = module.Plain(seed=1)
    net.load_weights(tmp_path / "p.h5")
    np.testing.assert_array_equal(net.weights["dense/bias"], model.layers[1].bias)
    np.testing.assert_array_equal(net.weights["dense_1/bias"], model.layers[2].bias)


def test_layers_made_in_another_order_than_applied(module: ModuleType, tmp_path: Path) -> None:
    x = keras.Input((5,))
    third, second, first = layers.Dense(2), layers.Dense(3), layers.Dense(4)
    model = drawn(keras.Model(x, third(second(first(x)))))
    model.save_weights(tmp_path / "p.weights.h5")
    net = module.Plain(seed=1)
    net.load_weights(tmp_path / "p.weights.h5")
    np.testing.assert_array_equal(net.weights["dense_1/bias"], third.bias)


def test_by_name_takes_equal_names_alone(module: ModuleType, tmp_path: Path) -> None:
    model = plain("other", "dense", "dense_9")
    model.save_weights(tmp_path / "p.weights.h5")
    net = module.Plain(seed=1)
    before = {name: view.copy() for name, view in net.weights.items()}
    report = net.load_weights(tmp_path / "p.weights.h5", by_name=True)
    assert report.loaded == ("dense/kernel", "dense/bias")
    assert report.missing == ("first/kernel", "first/bias", "dense_1/kernel", "dense_1/bias")
    assert len(report.unexpected) == 2 and "'other'" in report.unexpected[0]
    for name, view in net.weights.items():
        same = np.array_equal(view, before[name])
        assert same == (name not in report.loaded)


def test_shapes_that_differ(module: ModuleType, tmp_path: Path) -> None:
    wide = drawn(
        keras.Sequential(
            [
                keras.Input((5,)),
                layers.Dense(4, name="first"),
                layers.Dense(3, name="dense"),
                layers.Dense(7, name="dense_1"),
            ]
        )
    )
    wide.save_weights(tmp_path / "w.weights.h5")
    net = module.Plain(seed=1)
    before = net.get_weights()
    with pytest.raises(WeightError, match=r"'dense_1/kernel' has shape \(3, 2\).*\(3, 7\)"):
        net.load_weights(tmp_path / "w.weights.h5")
    for one, two in zip(before, net.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    report = net.load_weights(tmp_path / "w.weights.h5", skip_mismatch=True)
    assert report.mismatched == ("dense_1/kernel", "dense_1/bias")
    np.testing.assert_array_equal(net.weights["dense/kernel"], wide.layers[1].kernel)


def test_other_architectures_are_refused_with_both_sides(
    module: ModuleType, twins: Any, tmp_path: Path
) -> None:
    twins.save_weights(tmp_path / "t.weights.h5")
    with pytest.raises(WeightError, match=r"The file lacks 'dense_1/kernel'.*The model lacks"):
        module.Plain(seed=1).load_weights(tmp_path / "t.weights.h5")


def test_links_and_foreign_files_are_refused(module: ModuleType, tmp_path: Path) -> None:
    net = module.Plain(seed=1)
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = np.zeros((5, 4))
    with h5py.File(tmp_path / "link.weights.h5", "w") as file:
        file.create_group("layers/dense/vars")["0"] = h5py.ExternalLink("secret.h5", "/x")
    with pytest.raises(WeightError, match="links"):
        net.load_weights(tmp_path / "link.weights.h5")
    with h5py.File(tmp_path / "outside.weights.h5", "w") as file:
        group = file.create_group("layers/dense/vars")
        external = [(tmp_path / "secret.h5", 0, 80)]
        group.create_dataset("0", (5, 4), "f4", external=external)
    with pytest.raises(WeightError, match="other files"):
        net.load_weights(tmp_path / "outside.weights.h5")
    with h5py.File(tmp_path / "ring.weights.h5", "w") as file:
        group = file.create_group("layers/sequential")
        group["layers"] = file["layers"]
    with pytest.raises(WeightError, match="deep"):
        net.load_weights(tmp_path / "ring.weights.h5")
    with pytest.raises(WeightError, match="no weights of a Keras model"):
        net.load_weights(tmp_path / "secret.h5")
    np.savez(tmp_path / "a.npz", x=np.zeros(3))
    with pytest.raises(WeightError, match=r"model\.weights\.h5"):
        net.load_weights(tmp_path / "a.npz")
    whole = (tmp_path / "secret.h5").read_bytes()
    (tmp_path / "half.weights.h5").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightError, match="truncated, corrupt"):
        net.load_weights(tmp_path / "half.weights.h5")


WRITTEN = """
model Head:
    input x: float32[2]
    output y = x |> Dense(3) |> Dense(3)

model Mixed:
    input x: float32[6, 4]
    h = x |> LSTM(3, return_sequences=True) |> Bidirectional(GRU(3, return_sequences=True))
    h = h |> TimeDistributed(Dense(4))
    h = MultiHeadAttention(2, 4)(h, h)
    h = GroupQueryAttention(4, 4, 2)(h, h)
    h = h |> LayerNormalization(scale=False, center=False) |> BatchNormalization()
    h = h |> Dropout(0.3) |> SeparableConv1D(4, 3, padding="same") |> LayerNormalization()
    h = h |> RNN([LSTMCell(3), GRUCell(4), LSTMCell(4)], return_sequences=True)
    h = h |> RNN(SimpleRNNCell(4), return_sequences=True)
    seq = Sequential([Dense(4), Flatten(), Dense(2)])
    output y = h |> seq |> Head() |> Dense(5)

model Sides:
    input a: float32[3]
    input b: float32[3]
    left = a |> Dense(2) |> Dense(2)
    right = b |> Dense(2) |> Dense(2)
    output y = [left, right] |> Concatenate() |> Dense(1)
"""


def mixed() -> Any:
    """The same model in Keras; its weights' order is its own."""
    x = keras.Input((6, 4))
    h = layers.LSTM(3, return_sequences=True)(x)
    h = layers.Bidirectional(layers.GRU(3, return_sequences=True))(h)
    h = layers.TimeDistributed(layers.Dense(4))(h)
    h = layers.MultiHeadAttention(2, 4)(h, h)
    h = layers.GroupQueryAttention(4, 4, 2)(h, h)
    h = layers.LayerNormalization(scale=False, center=False)(h)
    h = layers.Dropout(0.3)(layers.BatchNormalization()(h))
    h = layers.LayerNormalization()(layers.SeparableConv1D(4, 3, padding="same")(h))
    cells = [layers.LSTMCell(3), layers.GRUCell(4), layers.LSTMCell(4)]
    h = layers.RNN(cells, return_sequences=True)(h)
    h = layers.RNN(layers.SimpleRNNCell(4), return_sequences=True)(h)
    h = keras.Sequential([layers.Dense(4), layers.Flatten(), layers.Dense(2)])(h)
    head = keras.Sequential([layers.Dense(3), layers.Dense(3)])
    model = keras.Model(x, layers.Dense(5)(head(h)))
    model.compile("adam", "mse", metrics=["mae"])
    return model


def sides() -> Any:
    """Keras has the layers of both sides by turns."""
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    left = layers.Dense(2, name="dense_1")(layers.Dense(2, name="dense")(a))
    right = layers.Dense(2, name="dense_3")(layers.Dense(2, name="dense_2")(b))
    return keras.Model([a, b], layers.Dense(1, name="dense_4")(layers.Concatenate()([left, right])))


@pytest.fixture(scope="module")
def written() -> ModuleType:
    return build_text(WRITTEN)


def test_keras_loads_a_nested_model(module: ModuleType, twins: Any, tmp_path: Path) -> None:
    net = module.Twins(seed=9)
    net.save_weights(tmp_path / "t.weights.h5")
    twins.load_weights(tmp_path / "t.weights.h5")
    own = [np.asarray(variable) for variable in twins.weights]
    assert len(own) == len(net.weights)
    for view in net.weights.values():
        assert any(view.shape == one.shape and np.array_equal(view, one) for one in own)
    x = {name: np.ones((3, 5), np.float32) for name in ("left", "right")}
    np.testing.assert_allclose(net(x), twins.predict_on_batch(x), rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_keras_loads_what_is_written(written: ModuleType, tmp_path: Path) -> None:
    net, path = written.Mixed(seed=3), tmp_path / "m.weights.h5"
    rng = np.random.default_rng(2)
    for view in net.weights.values():
        view[...] = rng.uniform(0.1, 0.5, view.shape)
    net.save_weights(path)
    with pytest.raises(FileExistsError):
        net.save_weights(path, overwrite=False)
    twin = mixed()
    twin.load_weights(path)
    x = rng.normal(size=(7, 6, 4)).astype(np.float32)
    np.testing.assert_allclose(twin.predict_on_batch(x), net(x), rtol=1e-4, atol=1e-5)
    again = written.Mixed(seed=4)
    assert set(again.load_weights(path).loaded) == set(net.weights)
    for name, view in again.weights.items():
        np.testing.assert_array_equal(view, net.weights[name])


@pytest.mark.slow
def test_layers_side_by_side_need_a_file_of_keras(written: ModuleType, tmp_path: Path) -> None:
    net, twin, path = written.Sides(seed=3), sides(), tmp_path / "s.weights.h5"
    with pytest.raises(WeightError, match=r"'dense' and 'dense_2'.*pass like='twin"):
        net.save_weights(path)
    assert not list(tmp_path.iterdir())
    checkpoint = ModelCheckpoint(path, save_weights_only=True)
    checkpoint.set_model(net)
    with pytest.raises(WeightError, match="save under another name"):
        checkpoint.on_train_begin()
    twin.compile("adam", "mse")
    twin.train_on_batch([np.zeros((2, 3))] * 2, np.zeros((2, 1)))
    twin.save_weights(tmp_path / "twin.weights.h5")
    net.save_weights(path, like=tmp_path / "twin.weights.h5")
    twin.load_weights(path)
    x = {name: np.random.default_rng(1).normal(size=(7, 3)).astype(np.float32) for name in "ab"}
    np.testing.assert_allclose(twin.predict_on_batch(x), net(x), rtol=1e-4, atol=1e-6)
    mixed().save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(WeightError, match="does not fit model Sides"):
        net.save_weights(path, like=tmp_path / "other.weights.h5")


def test_what_cannot_be_written(
    written: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = written.Head(seed=1)
    for name in ("m.h5", "m.keras"):
        with pytest.raises(WeightError, match=r"files that end with '\.weights\.h5'"):
            net.save_weights(tmp_path / name)
    (tmp_path / "old.weights.h5").mkdir()
    with pytest.raises(OSError, match="is a folder"):
        net.save_weights(tmp_path / "old.weights.h5")
    path = tmp_path / "kept.weights.h5"
    net.save_weights(path)
    before = path.read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise RuntimeError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(h5py.Group, "require_group", full)
        with pytest.raises(OSError, match=r"no space left.*previous file is unchanged"):
            net.save_weights(path)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 2
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match="writing weights for Keras needs the package h5py"):
        net.save_weights(path)


def test_layers_of_ones_own(module: ModuleType, tmp_path: Path) -> None:
    """Trained weights come before others and those of inner layers, wherever they were declared."""
    stack = [keras.Input((3,)), Mixed(name="mixed"), layers.Dense(3, name="last")]
    model = drawn(keras.Sequential(stack))
    x = np.random.default_rng(1).uniform(0.5, 1.5, (7, 3)).astype(np.float32)
    expected = model.predict_on_batch(x)
    listed, read = module.Own(seed=1), module.Own(seed=1)
    listed.set_weights(model.get_weights())
    np.testing.assert_allclose(listed(x), expected, rtol=1e-5)
    model.save_weights(tmp_path / "own.weights.h5")
    read.load_weights(tmp_path / "own.weights.h5")
    np.testing.assert_allclose(read(x), expected, rtol=1e-5)
    other = module.Own(seed=2)
    other.save_weights(tmp_path / "other.weights.h5")
    model.load_weights(tmp_path / "other.weights.h5")
    for own, theirs in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(own, theirs)
