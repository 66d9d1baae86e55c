"""Kernels: commands, buffers, machine code on disk."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kernel_runner import build_kernel, emulate_kernel, load_module, padded, run_kernel
from kgen.runtime import kernel_cache
from kgen.runtime.errors import KernelError
from kgen.runtime.kernels import (
    FAR,
    HUGE_PAGE,
    SLACK,
    Buffer,
    Kernel,
    aligned,
    gather_rows,
    scatter_rows,
    sync,
)
from numba.core import config

MODULE = """
from kgen.runtime.kernels import kernel
from kgen.runtime.tiles import full, matrix, store

AMOUNT = {amount}


@kernel
def first(thread, threads, batch, clock, args):
    store(matrix(args, 0, 4, 1), 0, 0, full(4, 1, AMOUNT))


@kernel
def second(thread, threads, batch, clock, args):
    store(matrix(args, 0, 4, 1), 0, 0, full(4, 1, {literal}))
"""


@pytest.fixture
def cache_folder(tmp_path: Path, monkeypatch: Any) -> Path:
    """An empty folder that compiled kernels go to."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(config, "CACHE_DIR", str(folder))
    kernel_cache.warn_uncached.cache_clear()
    return folder


def write_module(folder: Path, amount: float = 3.0, literal: float = 4.0, before: str = "") -> Any:
    """A fresh import of the module with two kernels."""
    path = folder / "two_kernels.py"
    path.write_text(before + MODULE.format(amount=amount, literal=literal))
    return load_module(path)


def filled(kernel: Kernel) -> float:
    """What the kernel writes."""
    target = padded(np.zeros(4))
    run_kernel(kernel, [target])
    assert (target[:4] == target[0]).all()
    return float(target[0])


def entries(folder: Path) -> list[Path]:
    """Kernels on disk."""
    return sorted(folder.rglob("*.kernel"))


def test_compiles_once_then_loads(tmp_path: Path, cache_folder: Path) -> None:
    module = write_module(tmp_path)
    assert not module.first.is_cached()
    assert filled(module.first) == 3
    assert module.first.is_cached() and not module.second.is_cached()
    again = write_module(tmp_path)
    assert again.first.is_cached()
    assert filled(again.first) == 3
    assert again.first._compiled.cache_hits == 1


def test_edits_reach_only_their_kernel(tmp_path: Path, cache_folder: Path) -> None:
    module = write_module(tmp_path)
    assert (filled(module.first), filled(module.second)) == (3, 4)
    moved = write_module(tmp_path, before="# a comment\n\n\n")
    assert moved.first.is_cached() and moved.second.is_cached()
    edited = write_module(tmp_path, literal=5.0)
    assert edited.first.is_cached() and not edited.second.is_cached()
    assert (filled(edited.first), filled(edited.second)) == (3, 5)
    constant = write_module(tmp_path, amount=6.0, literal=5.0)
    assert not constant.first.is_cached() and constant.second.is_cached()
    assert filled(constant.first) == 6
    assert len(entries(cache_folder)) == 2


def test_another_runtime_compiles_anew(
    tmp_path: Path, cache_folder: Path, monkeypatch: Any
) -> None:
    filled(write_module(tmp_path).first)
    monkeypatch.setattr(kernel_cache, "runtime_digest", lambda paths: "another")
    assert not write_module(tmp_path).first.is_cached()


def test_digest_sees_the_files_that_make_code() -> None:
    names = {Path(path).name for path in kernel_cache.runtime_files()}
    expected = {"isa.py", "random.py", "vecmath.py", "ir_vectors.py", "kernels.py"}
    assert expected | {"lowering.py", "lowering_memory.py", "lowering_products.py"} <= names


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "text", "header"])
def test_damaged_entries_are_compiled_again(
    tmp_path: Path, cache_folder: Path, damage: str
) -> None:
    filled(write_module(tmp_path).first)
    (entry,) = entries(cache_folder)
    content = entry.read_bytes()
    flipped = bytearray(content)
    flipped[-100] ^= 1
    entry.write_bytes(
        {
            "empty": b"",
            "cut": content[: len(content) // 2],
            "flipped": bytes(flipped),
            "text": b"not a kernel",
            "header": b"[1, 2]\n" + content,
        }[damage]
    )
    module = write_module(tmp_path)
    assert not module.first.is_cached()
    assert filled(module.first) == 3
    assert entry.read_bytes()[:1] == b"{" and write_module(tmp_path).first.is_cached()


def test_full_disk_warns_once_and_leaves_nothing(
    tmp_path: Path, cache_folder: Path, monkeypatch: Any
) -> None:
    def fail(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    module = write_module(tmp_path)
    with pytest.warns(kernel_cache.CacheWarning) as caught:
        assert filled(module.first) == 3
        assert filled(module.second) == 4
    assert len(caught) == 1
    text = str(caught[0].message)
    assert str(cache_folder) in text and "No space left" in text and "NUMBA_CACHE_DIR" in text
    assert not [path for path in cache_folder.rglob("*") if path.is_file()]


def test_unusable_folder_falls_back(tmp_path: Path, monkeypatch: Any) -> None:
    home = tmp_path / "home"
    monkeypatch.setattr(config, "CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    folder = tmp_path / "read_only"
    folder.mkdir()
    (folder / "__pycache__").write_text("in the way")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert filled(write_module(folder).first) == 3
    assert len(entries(home)) == 1
    assert write_module(folder).first.is_cached()


def test_kernels_lie_beside_their_module(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(config, "CACHE_DIR", "")
    filled(write_module(tmp_path).first)
    assert len(entries(tmp_path / "__pycache__")) == 1


def test_failure_names_the_kernel(tmp_path: Path) -> None:
    kernel = build_kernel(tmp_path, "store(matrix(args, 0, 4, 4), 0, 0, zeros(batch, 1))")
    with pytest.raises(KernelError, match=r"kernel case of .*kernel_case_"):
        kernel.compile()


def test_calling_gives_a_command() -> None:
    memory = aligned(100)
    buffer = Buffer(memory, 16)
    command = gather_rows(buffer, Buffer(np.arange(3), 0, "int64"))
    assert command.kernel is gather_rows
    assert command.addresses()[0] == memory.ctypes.data + 64
    assert buffer.view().shape == (84,)
    assert repr(sync) == "sync"


def test_aligned_memory_has_slack() -> None:
    for count in (0, 1, 17, 1000, FAR // 4 - SLACK - 1, FAR // 4 - SLACK, 1 << 20):
        memory = aligned(count)
        assert memory.shape == (count,) and memory.ctypes.data % 64 == 0
        assert count < FAR // 4 - SLACK or memory.ctypes.data % HUGE_PAGE == 0
        assert memory.base is not None and memory.base.size >= count + SLACK
        if count >= FAR // 4 - SLACK:  # the last huge page is whole as well
            pages = -(-4 * (count + SLACK) // HUGE_PAGE)
            room = memory.base.ctypes.data + memory.base.size - memory.ctypes.data
            assert room >= pages * HUGE_PAGE
        assert not memory.any()


@pytest.mark.parametrize("run", [run_kernel, emulate_kernel])
@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_gather_and_scatter(run: Any, dtype: str) -> None:
    source = np.arange(50, dtype=dtype).reshape(10, 5)
    order = np.random.default_rng(0).permutation(10)
    batch, cols = padded(np.zeros((3, 5)), dtype), np.array([5])
    clock = (6, 0, 0, 0, 0, 10)  # ten rows: one follows, which is asked for ahead
    for thread in range(2):
        run(gather_rows, [source.reshape(-1), order, batch, cols], 3, clock, thread, 2)
    np.testing.assert_array_equal(batch[:15].reshape(3, 5), source[order[6:9]])
    assert (batch[15:] == 77).all()
    target = np.zeros(50, dtype)
    run(scatter_rows, [batch, target, cols], 3, clock)
    np.testing.assert_array_equal(target.reshape(10, 5)[6:9], source[order[6:9]])
    assert not target.reshape(10, 5)[:6].any() and not target.reshape(10, 5)[9:].any()


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A Python process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_forced_instruction_set(tmp_path: Path) -> None:
    module = tmp_path / "two_kernels.py"
    module.write_text(MODULE.format(amount=1.0, literal=2.0))
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import two_kernels\nfrom kgen.runtime.isa import LANES\n"
        "two_kernels.first.compile()\n"
        "text = two_kernels.first._compiled._library.get_asm_str()\n"
        "print(LANES, 'zmm' in text, 'ymm' in text)"
    )
    done = run_python(code, KGEN_ISA="baseline", NUMBA_CACHE_DIR=str(tmp_path))
    assert done.stdout.split() == ["4", "False", "False"], done.stderr


@pytest.mark.parametrize("name", ["avx1024", "AVX2 "])
def test_unknown_instruction_set(name: str) -> None:
    done = run_python("import kgen.runtime.isa", KGEN_ISA=name)
    assert done.returncode != 0
    assert f"KGEN_ISA={name!r} is not an instruction set" in done.stderr
    assert "avx512, avx2, baseline" in done.stderr
