"""Bad data and bad files: a clear error, and everything left as it was."""

from __future__ import annotations

import importlib.util
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kgen.runtime.errors import DataError, KgenRuntimeError, WeightError

from tests.safety.trained_model import run

ROWS = 24


@pytest.fixture(scope="module")
def kind(folder: Path) -> Any:
    spec = importlib.util.spec_from_file_location("net_module", folder / "net_module.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Net


def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((ROWS, 6), np.float32)
    return x, rng.integers(0, 3, ROWS).astype(np.int32)


def everything(net: Any) -> list[Any]:
    """All that training changes."""
    engine = net.engine
    slots = [slot.tobytes() for slot in engine.slots.values()]
    return [engine.weights.tobytes(), slots, engine.step, net.epoch, net.optimizer.learning_rate]


X, Y = data()


def with_value(array: np.ndarray, value: Any) -> np.ndarray:
    changed = array.copy()
    changed.reshape(-1)[7] = value
    return changed


BAD_DATA = {
    "too few columns": (X[:, :5], Y),
    "too many columns": (np.hstack([X, X]), Y),
    "another rank": (X[0], Y[:1]),
    "more targets": (X, np.append(Y, 1)),
    "fewer targets": (X, Y[:-1]),
    "no targets": (X, None),
    "no rows": (X[:0], Y[:0]),
    "NaN": (with_value(X, np.nan), Y),
    "infinite": (with_value(X, -np.inf), Y),
    "beyond float32": (X.astype(np.float64) * 1e300, Y),
    "complex": (X.astype(np.complex64), Y),
    "text": (X.astype(str), Y),
    "objects": (np.full(X.shape, None, object), Y),
    "ragged": ([[1.0], [1.0, 2.0]], [0, 1]),
    "label too large": (X, with_value(Y, 3)),
    "label below zero": (X, with_value(Y, -1)),
    "label too large for int32": (X, with_value(Y.astype(np.int64), 2**40)),
    "label with a fraction": (X, with_value(Y.astype(np.float64), 0.5)),
    "label NaN": (X, with_value(Y.astype(np.float64), np.nan)),
    "unknown input": ({"z": X}, Y),
    "two inputs": ([X, X], Y),
    "nothing": (None, None),
    "a number": (3, Y),
    "dates": (np.zeros(X.shape, "datetime64[s]"), Y),
}


@pytest.mark.parametrize("name", BAD_DATA)
def test_bad_data(kind: Any, name: str) -> None:
    net = kind(seed=1, threads=1)
    net.fit(X, Y, verbose=0)
    before = everything(net)
    x, y = BAD_DATA[name]
    calls: list[Callable[[], Any]] = [
        lambda: net.fit(x, y, verbose=0),
        lambda: net.evaluate(x, y, verbose=0),
        lambda: net.train_on_batch(x, y),
        lambda: net.gradients(x, y),
    ]
    for call in calls:
        with pytest.raises(DataError) as caught:
            call()
        assert len(str(caught.value)) > 20
        assert everything(net) == before


def header(text: str, size: int | None = None) -> bytes:
    """The start of a safetensors file."""
    raw = text.encode()
    return struct.pack("<Q", len(raw) if size is None else size) + raw


ENTRY = '{"dense/kernel": {"dtype": "F32", "shape": %s, "data_offsets": %s}}'
BAD_FILES = {
    "empty": b"",
    "short": b"\x08\0",
    "text": b"weights\n" * 10,
    "pickle": pickle.dumps({"dense/kernel": [1.0]}),
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(100),
    "zip": b"PK\x03\x04" + bytes(100),
    "huge header": header("{}", 2**62),
    "no JSON": header("weights"),
    "list": header("[]"),
    "no tensors": header("{}"),
    "offsets beyond the end": header(ENTRY % ("[6, 16]", "[0, 384]")),
    "offsets backwards": header(ENTRY % ("[6, 16]", "[384, 0]")) + bytes(384),
    "shape and size differ": header(ENTRY % ("[6, 15]", "[0, 384]")) + bytes(384),
    "negative shape": header(ENTRY % ("[-6, 16]", "[0, 384]")) + bytes(384),
    "another shape": header(ENTRY % ("[16, 6]", "[0, 384]")) + bytes(384),
    "deep": header("[" * 100_000),
}


def refuses(kind: Any, path: Path) -> None:
    net = kind(seed=1, threads=1)
    before = everything(net)
    with pytest.raises(WeightError) as caught:
        kind.load(path, threads=1)
    assert path.name in str(caught.value)
    with pytest.raises(WeightError):
        net.load_weights(path)
    with pytest.raises(WeightError):
        net.load_weights(path, by_name=True)
    assert everything(net) == before


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_checkpoints(kind: Any, name: str, tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(BAD_FILES[name])
    refuses(kind, path)


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="devices of POSIX")
def test_what_is_no_file_is_no_checkpoint(kind: Any) -> None:
    refuses(kind, Path("/dev/null"))


def test_cut_and_foreign_checkpoints(kind: Any, tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    kind(seed=0, threads=1).save(path)
    whole = path.read_bytes()
    for size in (7, 8, 60, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        refuses(kind, path)
    path.write_bytes(whole + b"\0")
    refuses(kind, path)
    np.savez(tmp_path / "net.npz", kernel=np.zeros((6, 16), np.float32))
    refuses(kind, tmp_path / "net.npz")
    path.write_bytes(whole.replace(b'"shape":[6,16]', b'"shape":[16,6]'))
    refuses(kind, path)
    path.write_bytes(whole)
    assert everything(kind.load(path, threads=1)) == everything(kind(seed=0, threads=1))


@pytest.mark.parametrize("step", ["", "x", "1e99", "-1", str(2**70), "nan"])
def test_bad_metadata(kind: Any, step: str, tmp_path: Path) -> None:
    from kgen.runtime.tensorfiles import read_tensors, write_tensors

    path = tmp_path / "net.safetensors"
    kind(seed=0, threads=1).save(path)
    tensors, metadata = read_tensors(path)
    for key in ("step", "seed", "epoch"):
        write_tensors(path, tensors, metadata | {key: step})
        with pytest.raises(KgenRuntimeError):
            kind.load(path, threads=1)


def test_missing_files_and_folders(kind: Any, tmp_path: Path) -> None:
    net = kind(seed=0, threads=1)
    with pytest.raises(FileNotFoundError):
        kind.load(tmp_path / "none.safetensors")
    for path in (tmp_path / "none" / "net.safetensors", tmp_path):
        with pytest.raises(OSError):
            net.save(path)
    assert list(tmp_path.iterdir()) == []


def test_full_disk_while_saving(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    run(
        f"""
import resource
from kgen.runtime.tensorfiles import CheckpointWriteError
path = {str(path)!r}
net = new()
net.save(path)
old = open(path, "rb").read()
net.fit(x, y, verbose=0)
resource.setrlimit(resource.RLIMIT_FSIZE, (200, resource.RLIM_INFINITY))
for save in (net.save, net.save_weights):
    try:
        save(path)
    except CheckpointWriteError as error:
        assert "unchanged" in str(error), error
    else:
        raise AssertionError("it was written")
    assert open(path, "rb").read() == old
    assert os.listdir(os.path.dirname(path)) == [os.path.basename(path)]
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
net.save(path)
assert net_module.Net.load(path).engine.step == 3
""",
        folder,
    )
