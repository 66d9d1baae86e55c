"""Benchmarks on a GPU, as far as they can be tried without one."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.gpu.command import PAGE
from benchmarks.gpu.device import PRECISIONS, SETTINGS, VARIABLE, NoGpuError, device, use_gpu
from benchmarks.gpu.page import BEGIN, END, write_tables
from benchmarks.machine import describe_machine
from benchmarks.peers.command import on_gpu
from benchmarks.peers.peer import ON_GPU, OTHERS
from benchmarks.peers.tasks import TASKS
from benchmarks.peers.with_kgen import build_task

FOUND = {"name": "Test GPU", "capability": "9.0", "memory": 80 << 30, "multiprocessors": 132}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of the test's own, in which no GPU is visible."""
    for name in (*SETTINGS, *PRECISIONS["float32"]):
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def test_without_a_gpu_nothing_is_measured() -> None:
    with pytest.raises(NoGpuError, match="no NVIDIA GPU can be used"):
        use_gpu()
    assert VARIABLE not in os.environ and device() == "cpu"


@pytest.mark.parametrize("command", [["gpu"], ["peers", "--device", "cuda"]])
def test_commands_refuse(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    answer = SimpleNamespace(returncode=0, stdout='{"error": "no NVIDIA GPU can be used"}')
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **more: answer)
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 1 and "no NVIDIA GPU can be used" in done.output


def test_a_gpu_is_named_and_everybody_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = SimpleNamespace(returncode=0, stdout=json.dumps(FOUND))
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **more: answer)
    gpu = use_gpu()
    assert gpu.text() == "Test GPU, compute capability 9.0, 132 multiprocessors, 80 GiB"
    told = SETTINGS | PRECISIONS["float32"]
    assert told.items() <= os.environ.items() and device() == "cuda"
    assert "kgen.runtime.cuda" in build_task(TASKS["02"], tmp_path).read_text()


def test_everybody_rounds_or_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = SimpleNamespace(returncode=0, stdout=json.dumps(FOUND))
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **more: answer)
    use_gpu("float32")
    use_gpu("tf32")
    assert os.environ["JAX_DEFAULT_MATMUL_PRECISION"] == "tensorfloat32"
    assert "NVIDIA_TF32_OVERRIDE" not in os.environ  # 0 would forbid what is to be measured
    assert 'precision="tf32"' in build_task(TASKS["02"], tmp_path).read_text()
    refused = CliRunner().invoke(main, ["peers", "--precision", "tf32"])
    assert refused.exit_code == 2 and "measured with --device cuda" in refused.output


def test_peers_on_a_gpu() -> None:
    assert on_gpu(OTHERS) == ON_GPU
    assert on_gpu(("jax",)) == ("jax",)
    with pytest.raises(click.UsageError, match="keras-jax: on a GPU there are torch"):
        on_gpu(("torch", "keras-jax"))


def test_the_tables_take_their_place(tmp_path: Path) -> None:
    times = {"kgen": [1e-4, 1.2e-4], "torch": [3e-4, 3.6e-4]}
    question = {"seconds": times, "best_peer": "torch"}
    steady = dict.fromkeys(("train", "predict 1", "predict 128"), question)
    machine = describe_machine("Test GPU, compute capability 9.0").record()
    models = {"02": {"title": "02_mlp.k", "batch": 128, "steady": steady}}
    files = [tmp_path / f"{precision}.json" for precision in PRECISIONS]
    for file in files:
        record = {"machine": machine, "models": models, "precision": file.stem}
        file.write_text(json.dumps(record))
    page = tmp_path / "cuda.md"
    page.write_text(f"# Before\n\n{BEGIN}old\n{END}\nAfter\n")
    for _ in range(2):
        write_tables(files, page)
        text = page.read_text()
        assert text.startswith("# Before\n") and text.endswith(f"{END}\nAfter\n")
        assert "old" not in text and text.count("Measured on: Test GPU") == 2
        assert "### Training step, float32" in text and "### Training step, tf32" in text
        assert "**3.00**" in text
    page.write_text("no marks")
    with pytest.raises(ValueError, match="no place for figures"):
        write_tables(files, page)


def test_the_page_has_a_place_for_the_tables() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.index(BEGIN) < text.index(END)
