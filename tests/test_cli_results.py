"""What commands leave behind: results that scripts can read, files of others untouched."""

from __future__ import annotations

import importlib
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import kgen
import numpy as np
import pytest
from kgen.commands.csvfiles import read_csv
from kgen.commands.options import json_text
from kgen.compiler import check_text
from kgen.importing import SourceFinder

from tests.test_cli import SMALL, cache
from tests.test_cli import kgen as run

__all__ = ["cache"]
SCORES = """\
model Scores:
    input x: float32[4]
    output y = x |> Dense(3, activation="softmax")
    train:
        optimizer = SGD({rate})
        loss = "categorical_crossentropy"
        metrics = [F1Score()]
"""


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a metric of three numbers, and data."""
    folder = tmp_path_factory.mktemp("scores")
    (folder / "scores.k").write_text(SCORES.format(rate="0.1"))
    rng = np.random.default_rng(0)
    x = rng.standard_normal((64, 4)).astype(np.float32)
    y = np.eye(3, dtype=np.float32)[rng.integers(0, 3, 64)]
    np.savez(folder / "data.npz", x=x[:48], y=y[:48], test_x=x[48:], test_y=y[48:])
    return folder


def strict(text: str) -> object:
    """JSON as every reader takes it: no NaN, no infinities."""

    def refuse(name: str) -> object:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_figures_of_several_numbers(scores: Path) -> None:
    common = ["--data", "data.npz", "--checkpoint", "run", "-q"]
    done = run("train", "scores.k", *common, "--epochs", 2, cwd=scores)
    assert done.returncode == 0, done.stderr
    assert "f1_score [" in done.stdout
    done = run("train", "scores.k", *common, "--epochs", 3, "--resume", "--json", cwd=scores)
    assert done.returncode == 0, done.stderr
    held_out = strict(done.stdout)["held_out"]  # type: ignore[index]
    assert len(held_out["f1_score"]) == 3
    history = strict((scores / "scores.history.json").read_text())
    assert [len(values) for values in history["f1_score"]] == [3, 3, 3]  # type: ignore[index]
    use = ["scores.k", "--weights", "scores.safetensors", "--data", "data.npz"]
    found = strict(run("evaluate", *use, "--json", cwd=scores).stdout)
    assert found == held_out
    lines = run("evaluate", *use, cwd=scores).stdout.splitlines()
    assert len(lines[-1].split()) == 4


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"test_x": np.zeros((16, 5), np.float32)}, "input 'test_x' must have shape"),
        (
            {"test_x": np.full((16, 4), np.nan, np.float32)},
            "input 'test_x' holds 64 values that are NaN",
        ),
        ({"test_x": np.zeros((16, 4), complex)}, "input 'test_x'"),
        ({"test_y": np.full(16, 3)}, "target 'test_y'"),
        ({"test_y": np.zeros(15, int)}, "target 'test_y' has 15"),
        ({"test_sample_weight": np.ones(15)}, "sample_weight of 'test_y' has 15"),
        ({"test_x": np.zeros((0, 4)), "test_y": np.zeros(0, int)}, "no rows"),
    ],
)
def test_held_out_rows_are_checked_before_training(
    changed: dict[str, np.ndarray], words: str, tmp_path: Path
) -> None:
    (tmp_path / "small.k").write_text(SMALL)
    arrays = {"x": np.zeros((32, 4), np.float32), "y": np.zeros(32, int)}
    arrays |= {f"test_{name}": array[:16] for name, array in arrays.items()} | changed
    np.savez(tmp_path / "data.npz", **arrays)
    done = run("train", "small.k", "--data", "data.npz", "--checkpoint", "run", cwd=tmp_path)
    assert done.returncode == 1
    assert "held-out data: " in done.stderr and words in done.stderr
    assert not (tmp_path / "run").exists() and not (tmp_path / "small.safetensors").exists()


def test_held_out_rows_make_whole_batches(tmp_path: Path) -> None:
    (tmp_path / "fixed.k").write_text(SMALL.replace("float32[", "float32[batch=16, ", 1))
    arrays = {"x": np.zeros((32, 4), np.float32), "y": np.zeros(32, int)}
    arrays |= {f"test_{name}": array[:15] for name, array in arrays.items()}
    np.savez(tmp_path / "data.npz", **arrays)
    done = run("train", "fixed.k", "--data", "data.npz", cwd=tmp_path)
    assert done.returncode == 1
    assert "input 'test_x' has 15 rows" in done.stderr
    assert not (tmp_path / "fixed.safetensors").exists()


def test_no_rows_are_predicted_as_a_header(scores: Path, tmp_path: Path) -> None:
    for name in ("scores.k", "data.npz"):
        shutil.copy(scores / name, tmp_path)
    trained = run("train", "scores.k", "--data", "data.npz", "--epochs", 1, cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    np.savez(tmp_path / "none.npz", x=np.zeros((0, 4), np.float32))
    use = ["predict", "scores.k", "--weights", "scores.safetensors", "--data", "none.npz"]
    done = run(*use, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "y_0,y_1,y_2\n"), done.stderr
    done = run(*use, "-o", "out.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.csv").read_text() == "y_0,y_1,y_2\n"


def test_json_is_plain() -> None:
    value = {
        "a": np.float32(1.5),
        "b": [np.nan, (np.inf, 2)],
        "c": np.array([1.0, np.nan]),
        3: None,
    }
    assert strict(json_text(value)) == {
        "a": 1.5,
        "b": [None, [None, 2]],
        "c": [1.0, None],
        "3": None,
    }


@pytest.mark.parametrize(
    "record", ["", "[]", "{}", '{"settings": [], "history": []}', '{"settings": {}, "history": 3}']
)
def test_a_damaged_record_of_a_run(record: str, scores: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    common = ["--data", "data.npz", "--checkpoint", folder, "-q", "-o", tmp_path]
    assert run("train", "scores.k", *common, "--epochs", 1, cwd=scores).returncode == 0
    (folder / "run.json").write_text(record)
    weights = (folder / "last.safetensors").read_bytes()
    done = run("train", "scores.k", *common, "--epochs", 2, "--resume", cwd=scores)
    assert done.returncode == 1 and "run.json" in done.stderr, done.stderr
    assert (folder / "last.safetensors").read_bytes() == weights


def test_a_file_of_somebody_elses_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "train.k").write_text(SMALL)
    (tmp_path / "train.py").write_text("print('mine')\n")
    for command in (["build"], ["build", "--standalone"], ["warm"], ["train", "--data", "d.npz"]):
        done = run(command[0], "train.k", *command[1:], cwd=tmp_path)
        assert done.returncode == 1 and "K0623" in done.stderr
    assert (tmp_path / "train.py").read_text() == "print('mine')\n"
    assert run("build", "train.k", "-o", "built", cwd=tmp_path).returncode == 0
    (tmp_path / "train.py").write_text("")
    assert run("build", "train.k", cwd=tmp_path).returncode == 0
    # Modules of kgen's are replaced, whatever they are of and whatever their docstring says first.
    (tmp_path / "train.k").write_text(SMALL.replace("Small:", 'Other:\n    """Mine."""'))
    assert run("build", "train.k", "--standalone", cwd=tmp_path).stdout.startswith("wrote")
    assert run("build", "train.k", cwd=tmp_path).stdout.startswith("wrote")


def test_the_module_of_another_source_is_not_replaced(tmp_path: Path) -> None:
    for name in ("my net.k", "my_net.k"):
        (tmp_path / name).write_text(SMALL)
    assert run("build", "my net.k", cwd=tmp_path).returncode == 0
    module = (tmp_path / "my_net.py").read_text()
    for command in (["build"], ["build", "--standalone"], ["warm"], ["train", "--data", "d.npz"]):
        done = run(command[0], "my_net.k", *command[1:], cwd=tmp_path)
        assert done.returncode == 1
        assert "K0624" in done.stderr and "was built from my net.k" in done.stderr
        assert "help: rename one of the two" in done.stderr
    assert (tmp_path / "my_net.py").read_text() == module
    assert run("build", "my_net.k", "-o", "built", cwd=tmp_path).returncode == 0
    assert run("build", "my net.k", "--standalone", cwd=tmp_path).returncode == 0
    assert run("build", "my_net.k", cwd=tmp_path).returncode == 1
    # In the cache they are apart.
    assert [kgen.load(tmp_path / name).SOURCE for name in ("my net.k", "my_net.k")] == [SMALL] * 2


@pytest.mark.skipif(os.name != "posix", reason="links and permissions of POSIX")
def test_files_keep_their_links_and_permissions(tmp_path: Path) -> None:
    (tmp_path / "real.k").write_text(SMALL.replace("width = 8", "width=8"))
    (tmp_path / "real.k").chmod(0o600)
    (tmp_path / "link.k").symlink_to("real.k")
    assert run("fmt", "link.k", cwd=tmp_path).returncode == 0
    assert (tmp_path / "link.k").is_symlink()
    assert (tmp_path / "real.k").read_text() == SMALL
    assert (tmp_path / "real.k").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.k", "real.k"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder that takes no files")
def test_messages_name_the_file_that_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "small.k").write_text(SMALL)
    done = run("plot", "small.k", "-o", "/proc/small.svg", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: /proc/small.svg: "), done.stderr


@pytest.mark.parametrize("command", ["check", "fmt"])
def test_standard_input(command: str, tmp_path: Path) -> None:
    def ask(data: bytes) -> subprocess.CompletedProcess[bytes]:
        line = [sys.executable, "-m", "kgen", command, "-"]
        done = subprocess.run(line, input=data, capture_output=True, cwd=tmp_path)
        assert b"Traceback" not in done.stderr, done.stderr
        return done

    assert ask(SMALL.encode()).returncode == 0
    for data, code in (
        (b"model \xff", b"K0613"),
        (SMALL.encode("utf-16"), b"K06"),
        (b"a" * 5_000_000, b"K0615"),
    ):
        done = ask(data)
        assert done.returncode == 1 and code in done.stdout + done.stderr, done


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    for command in ("layers", "layers --json", "explain"):
        line = f"{shlex.quote(sys.executable)} -m kgen {command} | head -n 1"
        done = subprocess.run(["bash", "-c", line], capture_output=True, cwd=tmp_path, text=True)
        assert "Traceback" not in done.stderr and "Exception" not in done.stderr, done.stderr


def test_completion(tmp_path: Path) -> None:
    for shell in ("bash", "zsh", "fish"):
        done = run("completion", shell, cwd=tmp_path)
        assert done.returncode == 0 and "_KGEN_COMPLETE" in done.stdout
    done = run(cwd=tmp_path, _KGEN_COMPLETE="bash_complete", COMP_WORDS="kgen ev", COMP_CWORD="1")
    assert done.stdout.split() == ["plain,evaluate"]


@pytest.mark.parametrize(
    "name",
    [
        "adam",
        "input",
        "none",
        "dense",
        "model",
        "kgen",
        "json",
        "make_data",
        "class",
        "a.b",
        "3d",
        "Été",
        "x y",
    ],
)
def test_new_projects_of_any_name(name: str, tmp_path: Path) -> None:
    done = run("new", name, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (file,) = (tmp_path / name).glob("*.k")
    assert check_text(file.read_text(), file.name) == []
    done = run("build", file, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    module = Path(done.stdout.split("\n")[0].removeprefix("wrote "))
    assert f"import {module.stem}\n" in (tmp_path / name / "README.md").read_text()


def test_columns_that_are_numbered_twice(tmp_path: Path) -> None:
    spec = SimpleNamespace(
        inputs=[SimpleNamespace(name="x", shape=(2,))],
        targets=[SimpleNamespace(output="y", shape=())],
    )
    huge = f"x_{'1' * 5000}"
    for header in ("x_0,x_00,x_1,y", f"x_0,x_1,{huge},y"):
        (tmp_path / "data.csv").write_text(f"{header}\n1,2,3,0\n")
        arrays = read_csv(tmp_path / "data.csv", spec)
        assert header.split(",")[2] in arrays or header.split(",")[1] in arrays
        assert sum(array[0].size for array in arrays.values()) == 4


@pytest.fixture
def hooked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that Python imports from, with the hook in place."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("KGEN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    known = set(sys.modules)
    kgen.import_hook()
    kgen.import_hook()
    assert sum(isinstance(finder, SourceFinder) for finder in sys.meta_path) == 1
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


def test_importing_files(hooked: Path) -> None:
    (hooked / "hooked_net.k").write_text(SMALL)
    (hooked / "02_net.k").write_text(SMALL)
    (hooked / "json.k").write_text(SMALL)
    (hooked / "hooked_net").mkdir()  # a folder of results, no package
    module = importlib.import_module("hooked_net")
    assert module.__name__ == "hooked_net" and module.Small(seed=0).count_params() == 67
    assert Path(module.SOURCE_FOLDER) == hooked.resolve()
    assert importlib.import_module("m02_net").SOURCE == SMALL
    assert importlib.import_module("json") is json
    assert not list(hooked.glob("*.py"))


def test_importing_beside_modules(hooked: Path) -> None:
    (hooked / "stale.k").write_text(SMALL)
    kgen.build(hooked / "stale.k")
    (hooked / "stale.k").write_text(SMALL.replace("= 8", "= 9"))
    assert importlib.import_module("stale").Small(seed=0).weights["dense/kernel"].shape == (4, 9)
    (hooked / "own.k").write_text(SMALL)
    (hooked / "own.py").write_text("value = 3\n")
    assert importlib.import_module("own").value == 3
    (hooked / "wrong.k").write_text("model M:\n    oops\n")
    with pytest.raises(kgen.KgenError, match="oops"):
        importlib.import_module("wrong")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("nothing_of_this_name")


def test_importing_one_of_two_files(hooked: Path) -> None:
    for name in ("03_net.k", "m03_net.k"):
        (hooked / name).write_text(SMALL)
    with pytest.raises(kgen.KgenError, match=r"K0624.*03_net\.k and m03_net\.k have the same name"):
        importlib.import_module("m03_net")


def test_messages_do_not_mix_with_results(scores: Path) -> None:
    """Standard output has the result alone, whatever is said besides."""
    commands = [
        ["build", "scores.k", "--json"],
        ["warm", "scores.k", "--json"],
        ["summary", "scores.k", "--json"],
        ["selfcheck", "scores.k", "--json"],
        ["inspect", "scores.k", "--json"],
        ["explain", "--json"],
        ["explain", "K0101", "--json"],
        ["layers", "--json"],
        ["layers", "Dense", "--json"],
        ["check", "scores.k", "--format", "json"],
    ]
    for command in commands:
        done = run(*command, cwd=scores)
        assert done.returncode == 0, done.stderr
        strict(done.stdout)
        buffer = io.StringIO(done.stdout)
        assert buffer.read().count("\x1b") == 0
