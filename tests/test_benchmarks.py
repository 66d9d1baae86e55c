"""The benchmark suite: its statistics, its table of models, its page. No times are asserted."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from kgen.compiler import compile_text, elaborate_text

from benchmarks.compiling.command import MOST_FLOPS, MOST_KERNELS, examples_named, too_large
from benchmarks.machine import describe_machine, use_cores
from benchmarks.modules import EXAMPLES
from benchmarks.page.command import write_page
from benchmarks.page.figures import best_ratio, read_figures
from benchmarks.peers.agreement import STEPS, TORCH_STEPS, faults
from benchmarks.peers.examine import disturbed
from benchmarks.peers.peer import make_peer
from benchmarks.peers.steady import Steady
from benchmarks.peers.tasks import TASKS
from benchmarks.report import time_text
from benchmarks.scale.points import sweeps
from benchmarks.statistics import best_other, geometric_mean, median, quartiles, round_ratios


def test_statistics() -> None:
    assert median([3.0, 1.0, 10.0]) == 3.0
    assert quartiles([0.0, 1.0, 2.0, 3.0, 4.0]) == (1.0, 3.0)
    assert geometric_mean([2.0, 8.0]) == pytest.approx(4.0)
    assert geometric_mean([]) == 1.0
    assert round_ratios([4.0, 9.0], [2.0, 3.0]) == [2.0, 3.0]
    with pytest.raises(ValueError):
        round_ratios([1.0], [1.0, 2.0])
    seconds = {"kgen": [1.0], "a": [5.0, 1.0, 5.0], "b": [4.0, 4.0, 4.0]}
    assert best_other(seconds) == "b"
    assert best_other({"kgen": [1.0]}) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (7.12e-6, "7.12 us"),
        (9.996e-4, "1 ms"),
        (0.0014, "1.4 ms"),
        (0.9994, "999 ms"),
        (2.31, "2.31 s"),
    ],
)
def test_times_have_three_digits(seconds: float, text: str) -> None:
    assert time_text(seconds) == text


def test_ratios_of_a_run() -> None:
    found = Steady()
    found.seconds["train"] = {"kgen": [1.0, 2.0, 1.0], "jax": [3.0, 8.0, 2.0]}
    found.ways["train"] = {"kgen": "", "jax": ""}
    record = found.record()["train"]
    assert record["best_peer"] == "jax"
    assert record["ratio_of_medians"] == {"jax": 3.0}
    assert record["median_of_ratios"] == {"jax": 3.0}


@cache
def model_of(name: str) -> Any:
    """The task's model, elaborated and no further."""
    task = TASKS[name]
    return elaborate_text(task.text(), task.source.name, task.defines)[-1]


@pytest.mark.parametrize("name", TASKS)
def test_models_take_the_data_of_the_table(name: str) -> None:
    task, model = TASKS[name], model_of(name)
    inputs, targets = task.data(2)
    assert len(inputs) == len(model.inputs)
    for array, wanted in zip(inputs, model.inputs, strict=True):
        assert str(array.dtype) == wanted.dtype
        assert array.ndim == len(wanted.shape) + 1
        for size, known in zip(array.shape[1:], wanted.shape, strict=True):
            assert not isinstance(known, int) or size == known
    assert model.train is not None
    assert targets.shape[0] == 2 and targets.dtype == np.float32
    again, _ = task.data(2)
    assert all(np.array_equal(one, other) for one, other in zip(inputs, again, strict=True))


@pytest.mark.parametrize("name", TASKS)
def test_dropout_is_taken_out_whole(name: str) -> None:
    text = TASKS[name].text(dropout=False)
    assert text.count("Dropout(0.0)") == TASKS[name].text().count("Dropout(")


@pytest.mark.parametrize("name", TASKS)
def test_peers_have_the_weights_of_the_model(name: str) -> None:
    pytest.importorskip("jax")
    net = TASKS[name].written().jax_net(TASKS[name])
    ours = list(model_of(name).train.weights.values())
    assert len(net.weights) == len(ours)
    for place, (one, other) in enumerate(zip(net.weights, ours, strict=True)):
        shape = other.value.shape
        turned = (*shape[:2], *shape[:1:-1])
        assert one.shape == (turned if place in net.mirrored else shape)
        assert one.trained == other.trainable


@pytest.mark.parametrize("name", [name for name in TASKS if not name.isdigit()])
def test_models_of_the_suite_build(name: str) -> None:
    task = TASKS[name]
    assert "class " in compile_text(task.text(), task.source.name, task.defines).text


def test_points_of_the_sweeps_are_models() -> None:
    names = set()
    for points in sweeps().values():
        for point in points:
            names.add(point.name())
        assert elaborate_text(points[0].source(), points[0].name())
    assert len(names) > 15


def test_unknown_peers_and_cores() -> None:
    with pytest.raises(ValueError, match="no peer is called 'caffe'"):
        make_peer("caffe", TASKS["02"], 1, Path("none.py"))
    with pytest.raises(ValueError, match=r"cores"):
        use_cores(100_000)


def test_large_examples_are_left_to_be_asked_for() -> None:
    assert len(examples_named(())) == len(list(EXAMPLES.glob("*.k")))
    assert [path.name for path in examples_named(["18"])] == ["18_video_question.k"]
    with pytest.raises(click.BadParameter, match="begins with 99"):
        examples_named(["99"])
    assert too_large(MOST_KERNELS, MOST_FLOPS) == ""
    assert too_large(MOST_KERNELS + 1, 10) == "201 kernels"
    assert too_large(1, 20_335_200_000) == "20.3 GFLOPs a row"


def test_faults_name_what_differs() -> None:
    ours = {"params": 10, "predictions": [0.5, 1.0], "losses": [1.0, 0.9, 0.8]}
    assert faults(ours, ours, STEPS) == []
    assert set(TORCH_STEPS) == {task.optimizer for task in TASKS.values()}
    other = {"params": 11, "predictions": [0.5, 1.1], "losses": [1.0, 0.95, 1.2]}
    assert faults(other, ours, 1) == [
        "11 parameters, not 10",
        "other predictions",
        "the loss does not go down",
    ]
    assert "loss of step 2 is 0.95, not 0.9" in faults(other, ours, STEPS)


def test_disturbed_weights_differ_everywhere() -> None:
    kernel = np.ones((3, 4), np.float32)
    kernel[0, 0] = 2
    found = disturbed([np.zeros((2, 3), np.float32), np.ones(4, np.float32), kernel])
    assert all(one.dtype == np.float32 for one in found)
    assert np.unique(found[0]).size == 6 and np.unique(found[1]).size == 4
    assert found[2] is kernel


def canned(folder: Path) -> None:
    """Files as runs save them, small."""
    machine = {"machine": describe_machine().record()}
    seconds = {"kgen": [1.0, 2.0, 1.0], "torch": [3.0, 6.0, 5.0], "jax": [2.0, 4.0, 2.5]}
    steady: dict[str, Any] = {"skipped": {"keras-tensorflow": "not installed"}}
    for question in ("train", "predict 1", "predict 128"):
        steady[question] = {"seconds": seconds, "best_peer": "jax"}
    times = {"kgen": [1.0], "kgen-source": [2.0], "torch": [3.0]}
    memory = {peer: [1e8] for peer in times}
    startup = {"cold": times, "warm": times, "cold_memory": memory, "warm_memory": memory}
    entry = {"title": "02_mlp.k", "batch": 128, "steady": steady, "startup": startup}
    kernel = {"name": "a", "flops": 100, "bytes": 40, "dense": True, "seconds": [1e-6]}
    roofline = {
        "model": "32_mnist_mlp.k",
        "batch": 128,
        "threads": 1,
        "peak_flops": [1e9],
        "streams": [{"triad": 1e8}],
        "whole_seconds": [2e-6],
        "kernels": [{**kernel, "flops_per_second": 1e8}, {**kernel, "flops": 0, "dense": False}],
    }
    points = [{"batch": size, "seconds": [size * 1e-6]} for size in (1, 4)]
    timing = {"cold": {}, "transpile": [0.1], "first_cold": [1.0], "first_warm": [], "failed": ""}
    ahead = {"02_mlp.k": {"build": 1.0, "cold": 2.0, "again": 1.5}}
    files = {
        "peers": {"models": {"02": entry}},
        "roofline_32": roofline,
        "scaling": {"sweeps": {"batch": points}},
        "compile": {"examples": {"02_mlp.k": timing}, "ahead": ahead},
    }
    for name, record in files.items():
        (folder / f"{name}.json").write_text(json.dumps({**machine, **record}), encoding="utf-8")


def test_figures_of_one_model_may_come_from_several_files(tmp_path: Path) -> None:
    canned(tmp_path)
    before = read_figures(tmp_path).peers["02"]
    starts = {"cold": {"kgen": [1.5]}}
    later = {"machine": {"load": 0.0}, "models": {"02": {"startup": starts}}}
    (tmp_path / "peers_starts.json").write_text(json.dumps(later), encoding="utf-8")
    after = read_figures(tmp_path).peers["02"]
    assert after["steady"] == before["steady"] and after["startup"] == starts


def test_the_page_is_made_from_saved_figures(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    results = tmp_path / "results"
    results.mkdir()
    canned(results)
    assert best_ratio(read_figures(results).peers["02"], "train") == 2.0
    write_page(results, tmp_path)
    text = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert "| 02_mlp.k | 1 s | 3.00 (3.00 to 4.00) | 2.00 (2.00 to 2.25) | **2.00** |" in text
    assert "| 32_mnist_mlp.k | 128 | 1 | 1 | 0 (10%) | 0 (5%) |" in text
    assert "| 02_mlp.k |  | 100 ms | 1 s |  |  |" in text
    plots = sorted((tmp_path / "plots").glob("*.svg"))
    assert [plot.stem for plot in plots] == ["peers", "roofline", "scaling", "starts"]
    assert all(f"](plots/{plot.name})" in text for plot in plots)
    drawn = [plot.read_bytes() for plot in plots]
    write_page(results, tmp_path)
    assert [plot.read_bytes() for plot in plots] == drawn
    with pytest.raises(FileNotFoundError, match="no figures"):
        read_figures(tmp_path / "plots")
