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
from benchmarks.gpu.device import SETTINGS, VARIABLE, NoGpuError, device, use_gpu
from benchmarks.gpu.page import BEGIN, END, write_table
from benchmarks.machine import describe_machine
from benchmarks.peers.command import on_gpu
from benchmarks.peers.peer import ON_GPU, OTHERS
from benchmarks.peers.tasks import TASKS
from benchmarks.peers.with_kgen import build_task

FOUND = {"name": "Test GPU", "capability": "9.0", "memory": 80 << 30, "multiprocessors": 132}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of the test's own, in which no GPU is visible."""
    for name in SETTINGS:
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
    assert SETTINGS.items() <= os.environ.items() and device() == "cuda"
    assert "kgen.runtime.cuda" in build_task(TASKS["02"], tmp_path).read_text()


def test_peers_on_a_gpu() -> None:
    assert on_gpu(OTHERS) == ON_GPU
    assert on_gpu(("jax",)) == ("jax",)
    with pytest.raises(click.UsageError, match="keras-jax: on a GPU there are torch"):
        on_gpu(("torch", "keras-jax"))


def test_the_table_takes_its_place(tmp_path: Path) -> None:
    times = {"kgen": [1e-4, 1.2e-4], "torch": [3e-4, 3.6e-4]}
    question = {"seconds": times, "best_peer": "torch"}
    steady = dict.fromkeys(("train", "predict 1", "predict 128"), question)
    machine = describe_machine("Test GPU, compute capability 9.0").record()
    models = {"02": {"title": "02_mlp.k", "batch": 128, "steady": steady}}
    (tmp_path / "cuda.json").write_text(json.dumps({"machine": machine, "models": models}))
    page = tmp_path / "cuda.md"
    page.write_text(f"# Before\n\n{BEGIN}old\n{END}\nAfter\n")
    for _ in range(2):
        write_table(tmp_path / "cuda.json", page)
        text = page.read_text()
        assert text.startswith("# Before\n") and text.endswith(f"{END}\nAfter\n")
        assert "old" not in text and text.count("Measured on: Test GPU") == 1
        assert "### Training step" in text and "**3.00**" in text
    page.write_text("no marks")
    with pytest.raises(ValueError, match="no place for figures"):
        write_table(tmp_path / "cuda.json", page)


def test_the_page_has_a_place_for_the_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.index(BEGIN) < text.index(END)
