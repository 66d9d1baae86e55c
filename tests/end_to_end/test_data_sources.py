"""Training from memory, files and streams gives the same weights, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import h5py
import numpy as np
import pytest
from kgen.runtime import rows
from kgen.runtime.errors import DataError
from native import build_text

TEXT = """
model Net:
    input x: float32[33]
    output y = x |> Dense(1408, activation="relu") |> Dropout(0.5) |> Dense(3, activation="softmax")
    train:
        optimizer = Adam(0.01)
        loss = "sparse_categorical_crossentropy"
        metrics = ["accuracy"]
"""
ROWS, BATCH = 149, 32
rng = np.random.default_rng(4)
# Whole numbers: the same in every type of file.
X = rng.integers(0, 200, (ROWS, 33)).astype(np.uint8)
Y = rng.integers(0, 3, ROWS)


@pytest.fixture(scope="module")
def module() -> ModuleType:
    return build_text(TEXT)


@pytest.fixture(autouse=True)
def nothing_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "WHOLE_BYTES", 0)


def trained(module: ModuleType, x: Any, y: Any = None, **options: Any) -> tuple[Any, ...]:
    net = module.Net(seed=5, threads=2)
    if y is not None:
        options["batch_size"] = BATCH
    history = net.fit(x, y, epochs=3, verbose=0, **options).history
    return net, net.engine.weights.tobytes(), history


class Batches:
    """An indexed source; Keras calls such an object a Sequence."""

    def __len__(self) -> int:
        return -(-ROWS // BATCH)

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        part = slice(number * BATCH, (number + 1) * BATCH)
        return X[part].astype(np.float32), Y[part]


class Stream:
    """An iterable that starts anew each time, as data loaders do."""

    def __iter__(self) -> Iterator[Any]:
        batches = Batches()
        return (batches[number] for number in range(len(batches)))


def forever() -> Iterator[Any]:
    while True:
        yield from Stream()


@pytest.fixture(params=["hdf5", "bytes on disk", "floats on disk"])
def on_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    if request.param == "hdf5":
        with h5py.File(tmp_path / "d.h5", "w") as file:
            file.create_dataset("x", data=X, chunks=(10, 33), compression="gzip")
            file["y"] = Y
            yield file["x"], file["y"]
    else:
        kind = np.uint8 if request.param == "bytes on disk" else np.float32
        np.save(tmp_path / "x.npy", X.astype(kind))
        np.save(tmp_path / "y.npy", Y)
        yield (
            np.load(tmp_path / "x.npy", mmap_mode="r"),
            np.load(tmp_path / "y.npy", mmap_mode="r"),
        )


def test_files(module: ModuleType, on_disk: tuple[Any, Any]) -> None:
    for options in ({}, {"shuffle": False, "validation_split": 0.2}, {"steps_per_epoch": 2}):
        net, weights, history = trained(module, *on_disk, **options)
        whole, expected, expected_history = trained(module, X, Y, **options)
        assert weights == expected and history == expected_history
    assert net.evaluate(*on_disk, batch_size=20) == whole.evaluate(X, Y, batch_size=20)
    found = net.predict(on_disk[0], batch_size=20)
    np.testing.assert_array_equal(found, whole.predict(X, batch_size=20))


def test_class_weights_from_files(module: ModuleType, on_disk: tuple[Any, Any]) -> None:
    weights = {0: 2.0, 2: 0.5}
    _, found, _ = trained(module, *on_disk, class_weight=weights)
    _, expected, _ = trained(module, X, Y, class_weight=weights)
    assert found == expected


def test_validation_data_from_files(module: ModuleType, on_disk: tuple[Any, Any]) -> None:
    _, _, found = trained(module, X, Y, validation_data=on_disk)
    _, _, expected = trained(module, X, Y, validation_data=(X, Y))
    assert found == expected and "val_loss" in found


def test_streams_of_batches(module: ModuleType) -> None:
    _, expected, expected_history = trained(module, X, Y, shuffle=False)
    steps = len(Batches())
    for source, options in (
        (Batches(), {"shuffle": False}),
        (Stream(), {}),
        (forever(), {"steps_per_epoch": steps}),
        (((x, y, np.ones(len(y))) for x, y in forever()), {"steps_per_epoch": steps}),
    ):
        _, weights, history = trained(module, source, **options)
        assert weights == expected and history == expected_history
    _, _, history = trained(module, forever(), steps_per_epoch=steps, validation_data=Stream())
    assert history["val_accuracy"] == history["val_accuracy"]
    _, _, whole = trained(
        module, X, Y, shuffle=False, validation_data=(X, Y), validation_batch_size=BATCH
    )
    assert history == whole


def test_torch_loaders(module: ModuleType) -> None:
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(torch.tensor(X).float(), torch.tensor(Y))
    loader = torch.utils.data.DataLoader(data, batch_size=BATCH)
    _, weights, _ = trained(module, loader)
    assert weights == trained(module, X, Y, shuffle=False)[1]


def test_bad_values_are_named_by_their_row_in_the_file(module: ModuleType, tmp_path: Path) -> None:
    labels = Y.copy()
    labels[101] = 3
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file["x"], file["y"] = X, labels
        net = module.Net(seed=5)
        with pytest.raises(DataError, match=r"target .y. holds 1 value.*3 in row 101"):
            net.fit(file["x"], file["y"], batch_size=BATCH, verbose=0)
        with pytest.raises(DataError, match=r"must have shape \(rows, 33\)"):
            net.fit(file["y"], file["y"], verbose=0)


def test_only_the_rows_asked_for_are_read() -> None:
    class Table:
        shape, dtype = (1000, 2), np.dtype(np.float64)

        def __init__(self) -> None:
            self.most = 0

        def __getitem__(self, key: Any) -> np.ndarray:
            found = np.arange(2000.0).reshape(1000, 2)[key]
            self.most = max(self.most, len(found))
            return found

    table = Table()
    found = rows.bind_rows(table, "x", "float32", (2,), lazy=True)
    assert isinstance(found, rows.Rows)
    order = np.random.default_rng(0).permutation(900)
    part = found[50:950]
    for first in range(0, 900, 30):
        numbers = order[first : first + 30]
        np.testing.assert_array_equal(part.take(numbers)[:, 0], 2 * (numbers + 50))
    np.testing.assert_array_equal(part.take(np.array([7, 7, 3]))[:, 1], [115, 115, 107])
    assert table.most < 150
