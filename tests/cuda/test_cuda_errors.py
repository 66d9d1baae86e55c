"""What a user is told where there is no GPU, no package for one, or no room on it."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import kgen.runtime.cuda.device as device_module
import numpy as np
import pytest
from kgen.cli import main
from kgen.loading import load
from kgen.runtime.cuda.kernels import Kernel
from kgen.runtime.cuda.probe import check_device, check_precision
from kgen.runtime.cuda.store import ALIGNMENT, CHUNK, NAMED, Pool, Store
from kgen.runtime.errors import DeviceError
from numba import cuda

SMALL = """\
model Small:
    input x: float32[4]
    output y = x |> Dense(3, activation="softmax")
    train:
        optimizer = SGD(0.1, momentum=0.9)
        loss = "sparse_categorical_crossentropy"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model and data for it, which is where commands run."""
    (tmp_path / "small.k").write_text(SMALL)
    np.savez(tmp_path / "data.npz", x=np.zeros((64, 4), np.float32), y=np.zeros(64, int))
    monkeypatch.setenv("KGEN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without NVIDIA's driver."""
    from numba.cuda.cudadrv.error import CudaSupportError

    def refuse() -> None:
        raise CudaSupportError("Error at driver init: \n\nCUDA driver library cannot be found.\n:")

    monkeypatch.setattr(cuda, "current_context", refuse)


def pretend(monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int] = (8, 0)) -> None:
    """A machine with a GPU, as far as anybody asks about it."""
    device = SimpleNamespace(
        name=b"Test GPU", compute_capability=capability, MULTIPROCESSOR_COUNT=2
    )
    monkeypatch.setattr(cuda, "current_context", lambda: None)
    monkeypatch.setattr(cuda, "get_current_device", lambda: device)
    monkeypatch.setattr(cuda, "stream", lambda: None)


def small_store(room: int) -> Store:
    """One of a device with so many bytes free."""
    return Store(np.zeros, lambda: (room, 2 * room), (MemoryError,), "Test GPU")


def with_room(monkeypatch: pytest.MonkeyPatch, room: int) -> Store:
    """A GPU with so many bytes free, on which nothing need be compiled."""
    pretend(monkeypatch)
    store = small_store(room)
    monkeypatch.setattr(device_module, "store", lambda: store)
    monkeypatch.setattr(Kernel, "compile", lambda self: None)
    return store


@pytest.mark.usefixtures("absent")
@pytest.mark.parametrize(
    "command",
    [
        ("train", "small.k", "--data", "data.npz", "--device", "cuda"),
        ("warm", "small.k", "--device", "cuda"),
        ("build", "small.k", "--target", "cuda", "--warm"),
        ("selfcheck", "small.k", "--device", "cuda"),
    ],
)
def test_no_driver_is_one_message(
    command: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(list(command)) == 1
    message = capsys.readouterr().err.splitlines()[-1]
    assert message.startswith(
        "error: no NVIDIA GPU can be used: Error at driver init: CUDA driver library cannot be "
        "found. Check what nvidia-smi shows and CUDA_VISIBLE_DEVICES says;"
    )


@pytest.mark.usefixtures("absent")
def test_a_module_for_gpus_is_built_and_imported_without_one(folder: Path) -> None:
    module = load("small.k", target="cuda")
    assert Path(module.__file__ or "").name == "small_cuda.py"
    with pytest.raises(DeviceError, match="no NVIDIA GPU can be used"):
        module.Small(0)


def test_a_device_that_refuses_its_context(monkeypatch: pytest.MonkeyPatch) -> None:
    from numba.cuda.cudadrv.driver import CudaAPIError

    def refuse() -> None:
        raise CudaAPIError(46, "Call to cuDevicePrimaryCtxRetain results in DEVICE_UNAVAILABLE")

    monkeypatch.setattr(cuda, "current_context", refuse)
    with pytest.raises(DeviceError, match="DEVICE_UNAVAILABLE"):
        check_device()


def test_old_devices_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, (7, 0))
    with pytest.raises(DeviceError, match=r"Test GPU has compute capability 7\.0; .* 7\.5 or more"):
        check_device()
    pretend(monkeypatch, (7, 5))
    check_device()


def test_devices_without_the_numbers_asked_for_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module says what it multiplies, and the model is refused before it takes memory."""
    pretend(monkeypatch, (7, 5))
    for precision in ("tf32", "bfloat16"):
        model = load("small.k", target="cuda", precision=precision).Small
        assert model.spec.precision == precision
        with pytest.raises(DeviceError, match=rf"7\.5; .* {precision} .* 8\.0 .* float32"):
            model(0)
    check_precision("float32")
    pretend(monkeypatch, (8, 0))
    check_precision("tf32")


def test_without_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    from numba.cuda.cudadrv import nvvm

    pretend(monkeypatch)
    monkeypatch.setattr(nvvm, "is_available", lambda: False)
    with pytest.raises(DeviceError, match=r"libNVVM .* pip install 'kgen-compiler\[cuda\]'"):
        check_device()


def test_without_the_package(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in list(sys.modules):
        if name.startswith("kgen.runtime.cuda"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["train", "small.k", "--data", "data.npz", "--device", "cuda"]) == 1
    message = capsys.readouterr().err
    assert message.count("error: ") == 1
    assert "numba-cuda, which is not installed: pip install 'kgen-compiler[cuda]'" in message
    with pytest.raises(ImportError, match="numba-cuda"):
        load("small.k", target="cuda")


def test_a_store_knows_what_is_alive() -> None:
    store = small_store(4000)
    weights = store.take(100, np.float32, "weights")[:90]
    table = store.take((10, 10), np.int64, "table").reshape(100)
    assert store.holdings() == {"weights": 400, "table": 800}
    with pytest.raises(DeviceError) as refusal:
        store.take(701, np.float32, "arena")
    assert str(refusal.value) == (
        "Test GPU has no room for arena, 2,804 bytes: 4,000 of its 8,000 bytes are free, 4,000 "
        "were before this process took any. It holds, in bytes: table 800; weights 400. A smaller "
        "batch_size, or fewer rows at a time, need less."
    )
    assert table.shape == (100,) and weights.shape == (90,)
    del table
    gc.collect()
    assert store.holdings() == {"weights": 400}
    assert store.take(701, np.float32, "arena").size == 701


def test_small_arrays_lie_together() -> None:
    store = small_store(1 << 20)
    pool = Pool(store, 4096)
    cut = [pool.take(count, dtype, "constant") for count, dtype in ((3, np.int64), (70, "f4"))]
    assert store.holdings() == {"constants and other small arrays": 4096}
    assert [array.ctypes.data % ALIGNMENT for array in cut] == [cut[0].ctypes.data % ALIGNMENT] * 2
    assert cut[1].ctypes.data - cut[0].ctypes.data == ALIGNMENT
    assert not np.any(cut[0]) and cut[1].shape == (70,) and cut[1].dtype == np.float32
    large = pool.take(1025, np.uint8, "table")
    assert store.holdings()["table"] == 1025 == large.size
    more = [pool.take(1000, np.uint8, "constant") for _ in range(4)]
    assert store.holdings()["constants and other small arrays"] == 2 * 4096
    del cut, more[0], more[0], more[0]
    gc.collect()
    assert store.holdings()["constants and other small arrays"] == 4096


def test_a_device_that_refuses_memory() -> None:
    def refuse(shape: Any, dtype: Any) -> Any:
        raise MemoryError("CUDA_ERROR_OUT_OF_MEMORY")

    store = small_store(4000)
    kept = [store.take(10, np.float32, f"buffer {number}") for number in range(NAMED + 2)]
    store.make = refuse
    with pytest.raises(DeviceError, match=f"no room for data, 8 bytes.*others {2 * 40}") as refusal:
        store.take(2, np.float32, "data")
    assert isinstance(refusal.value.__cause__, MemoryError) and len(kept) == NAMED + 2


def test_a_model_too_large_names_its_buffers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = with_room(monkeypatch, 2_000_000)
    net = load("small.k", target="cuda").Small(0)
    names = {"weights", "gradients", "slot momentum"}
    assert names <= set(store.holdings())
    with pytest.raises(DeviceError) as refusal:
        net.predict(np.zeros((100_000, 4), np.float32), batch_size=100_000)
    message = str(refusal.value)
    assert "no room for arena (100,000 rows of " in message
    assert "weights" in message and "2,000,000 of its 4,000,000 bytes" in message
    net.engine.prepared.clear()
    monkeypatch.setattr(store, "room", 0)
    with pytest.raises(DeviceError, match="no room for slot momentum"):
        type(net)(0)


def test_no_room_is_one_message_on_the_command_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_room(monkeypatch, CHUNK + 50_000)
    common = ["train", "small.k", "--data", "data.npz", "--device", "cuda", "-q"]
    assert main([*common, "--batch-size", "64"]) == 1
    (message,) = [line for line in capsys.readouterr().err.splitlines() if "built" not in line]
    assert message.startswith("error: Test GPU has no room for arena (64 rows of ")
    assert "slot momentum 384" in message
