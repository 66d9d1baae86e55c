"""How commands end: exit statuses, output that is lost, names of files in every locale."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import shlex
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import click
import numpy as np
import pytest
from kgen.cli import COMMANDS, kgen, main
from kgen.commands.datafiles import _READERS
from kgen.commands.options import Place
from kgen.layers.registry import FAMILIES
from kgen.runtime.kerasfiles import HDF5_MAGIC

from tests.test_cli import SMALL, Done, cache
from tests.test_cli import kgen as run

__all__ = ["cache"]
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
FULL = Path("/dev/full")
VALIDATED = ("small.k", "--data", "data.npz", "--validation-data", "data.npz")
PARTS = """\
param scale = 2

layer Scaled()(x):
    return x * scale

def twice(x):
    return x |> Scaled() |> Scaled()

loss squares(y_true, y_pred):
    return mean(square(y_true - y_pred))

model Head(units):
    input x: float32[8]
    output y = x |> Dense(units)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, data, weights, and a folder where files should be."""
    folder = tmp_path_factory.mktemp("a project")
    (folder / "small.k").write_text(SMALL)
    (folder / "bad.k").write_text(SMALL.replace("tanh", "tnah"))
    (folder / "plain.k").write_text(SMALL.partition("    train:")[0])
    (folder / "folder").mkdir()
    (folder / "text").write_text("neither this nor that")
    np.savez(folder / "data.npz", x=np.zeros((4, 4), np.float32), y=np.arange(4) % 3)
    done = run("train", "small.k", "--data", "data.npz", "--epochs", 1, "-q", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


WITH_MODEL = {
    "build": [],
    "check": [],
    "warm": [],
    "train": ["--data", "data.npz"],
    "evaluate": ["--weights", "small.safetensors", "--data", "data.npz"],
    "predict": ["--weights", "small.safetensors", "--data", "data.npz"],
    "summary": [],
    "plot": [],
    "inspect": [],
    "selfcheck": [],
    "fmt": [],
}


@pytest.mark.parametrize("command", WITH_MODEL)
@pytest.mark.parametrize("model", ["missing.k", "folder", "text/below.k"])
def test_models_that_cannot_be_read(command: str, model: str, project: Path) -> None:
    done = run(command, model, *WITH_MODEL[command], cwd=project)
    assert done.returncode == 1, done.stderr
    assert "error[K06" in done.stdout + done.stderr and model in done.stdout + done.stderr


@pytest.mark.parametrize("option", ["--data", "--weights", "--validation-data"])
@pytest.mark.parametrize("file", ["missing.npz", "folder", "text", "text/below.npz", "bad.k"])
def test_data_and_weights_that_cannot_be_read(option: str, file: str, project: Path) -> None:
    given = {"--data": "data.npz", "--weights": "small.safetensors", option: file}
    command = "evaluate"
    if option == "--validation-data":
        command = "train"
        del given["--weights"]
    words = [word for pair in given.items() for word in pair]
    done = run(command, "small.k", *words, cwd=project)
    assert done.returncode == 1 and done.stdout == "", done
    assert done.stderr.startswith("error: ") and file in done.stderr, done.stderr


def test_packages_that_are_missing(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    monkeypatch.setitem(sys.modules, "h5py", None)
    Path("keras.weights.h5").write_bytes(HDF5_MAGIC)
    Path("data.h5").write_bytes(HDF5_MAGIC)
    for weights, data, name in (
        ("keras.weights.h5", "data.npz", "keras"),
        ("small.safetensors", "data.h5", "data"),
    ):
        assert main(["evaluate", "small.k", "--weights", weights, "--data", data]) == 1
        error = capsys.readouterr().err
        assert error.startswith("error: reading "), error
        assert f"needs the package h5py: pip install 'kgen-compiler[{name}]'" in error


def test_a_plot_that_cannot_be_drawn(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(project)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    words = ["--data", "data.npz", "--epochs", "1", "-o", "unplotted", "--json"]
    assert main(["train", "small.k", *words]) == 0
    shown = capsys.readouterr()
    assert "warning: no plot is written: History.plot needs matplotlib" in shown.err
    assert "plot" not in json.loads(shown.out) and Path("unplotted/small.history.json").exists()
    Path("unplotted/small.history.png").write_bytes(b"of an earlier run")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["train", "small.k", *words]) == 0
    assert "small.history.png shows an earlier run" in capsys.readouterr().err


def test_messages_tell_which_data_they_are_about(project: Path) -> None:
    np.savez(project / "lacking.npz", x=np.zeros((4, 4), np.float32))
    np.save(project / "x.npy", np.zeros((4, 4), np.float32))
    done = run("train", *VALIDATED[:3], "--validation-data", "lacking.npz", cwd=project)
    assert done.returncode == 1
    assert done.stderr.startswith("error: validation data: the data lack 'y'")
    done = run("train", "small.k", "--data", "data.npz", "--data", "x.npy", cwd=project)
    assert done.returncode == 1 and "one being x.npy. Say which" in done.stderr


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (["build", "small.k", "-o"], "text"),
        (["build", "small.k", "-o"], "text/below"),
        (["warm", "small.k", "-o"], "text"),
        (["train", "small.k", "--data", "data.npz", "-o"], "text"),
        (["train", "small.k", "--data", "data.npz", "--checkpoint"], "text"),
        (["plot", "small.k", "--format", "svg", "-o"], "folder"),
        (["plot", "small.k", "-o"], "text/below.svg"),
        (["inspect", "small.k", "-o"], "folder"),
    ],
)
def test_places_that_cannot_be_written(words: list[str], place: str, project: Path) -> None:
    done = run(*words, place, cwd=project)
    assert done.returncode == 1 and done.stdout == "", done
    assert "rror: " in done.stderr and place in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["bulid", "small.k"],
        ["build"],
        ["build", "small.k", "--batch-size", "0"],
        ["build", "small.k", "--max-memory", "much"],
        ["build", "small.k", "--capability", "8.0"],
        ["build", "small.k", "--emit", "py", "--json"],
        ["build", "small.k", "--emit", "py", "-o", "folder"],
        ["check", "small.k", "--format", "xml"],
        ["train", "small.k"],
        ["train", "small.k", "--data", "data.npz", "--epochs", "-1"],
        ["train", "small.k", "--data", "data.npz", "--epochs", "many"],
        ["train", "small.k", "--data", "data.npz", "--validation-split", "1"],
        ["train", "small.k", "--data", "data.npz", "--resume"],
        ["train", "small.k", "--data", "data.npz", "--model", "Smal"],
        ["train", "plain.k", "--data", "data.npz", "--model", "Small"],
        ["train", *VALIDATED, "--validation-split", "0.5"],
        ["evaluate", "small.k", "--data", "data.npz"],
        ["predict", *("small.k", *WITH_MODEL["predict"], "-o", "out.txt")],
        ["selfcheck", "small.k", "--rows", "1"],
        ["summary", "small.k", "--model", "Smal"],
        ["plot", "small.k", "-o", "out.png"],
        ["explain", "K9999"],
        ["layers", "Dens"],
        ["completion", "tcsh"],
    ],
    ids=" ".join,
)
def test_wrong_command_lines(words: list[str], project: Path) -> None:
    done = run(*words, cwd=project)
    assert done.returncode == 2 and done.stdout == "", done
    assert "Error: " in done.stderr or "Usage: " in done.stderr


def test_models_with_mistakes(project: Path) -> None:
    for command, words in WITH_MODEL.items():
        done = run(command, "bad.k", *words, cwd=project)
        assert done.returncode == (0 if command == "fmt" else 1), command


def params() -> Iterator[tuple[str, click.Parameter]]:
    """The arguments and options of all commands, with the command's name."""
    for name in COMMANDS:
        command = kgen.get_command(click.Context(kgen), name)
        assert command is not None
        yield from ((name, param) for param in command.params)


def test_no_path_is_a_mistake_of_the_command_line() -> None:
    found = [(name, param) for name, param in params() if isinstance(param.type, click.Path)]
    assert len(found) > 15
    for name, param in found:
        assert isinstance(param.type, Place) and not param.type.readable, (name, param.name)


def test_every_option_has_its_help() -> None:
    found = {(name, param.name): param for name, param in params()}
    for place, param in found.items():
        assert not isinstance(param, click.Option) or param.help, place
    for command in ("train", "evaluate", "predict"):
        data = found[command, "data"]
        assert isinstance(data, click.Option) and data.help is not None
        assert all(suffix in data.help for suffix in (*_READERS, "folder of images", "NAME=FILE"))
    family = found["layers", "family"]
    assert isinstance(family, click.Option) and family.help is not None
    assert all(name in family.help for name in FAMILIES)


@pytest.mark.skipif(ROOT or os.name != "posix", reason="needs permissions that hold")
@pytest.mark.parametrize("place", ["small.k", "data.npz", "small.safetensors"])
def test_files_of_others(place: str, project: Path) -> None:
    (project / place).chmod(0)
    try:
        done = run("evaluate", "small.k", *WITH_MODEL["evaluate"], cwd=project)
    finally:
        (project / place).chmod(0o644)
    assert done.returncode == 1 and "permission denied" in done.stderr.lower(), done


# --- standard output -----------------------------------------------------------


def ask(words: list[str], stream: TextIO, folder: Path) -> Done:
    """Run the command in this process, with its results going to `stream`."""
    errors = io.StringIO()
    with (
        stream,
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(stream),
        contextlib.redirect_stderr(errors),
    ):
        patch.chdir(folder)
        patch.setattr(warnings, "showwarning", warnings.showwarning)
        status = main(words)
    return Done(status, "", errors.getvalue())


@pytest.mark.skipif(not FULL.exists(), reason="a disk that is full")
@pytest.mark.parametrize(
    "words",
    [
        ["summary", "small.k"],
        ["check", "bad.k"],
        ["check", "bad.k", "--format", "concise"],
        ["fmt", "--diff", "ugly.k"],
        ["plot", "small.k"],
        ["build", "small.k"],
        ["predict", "small.k", *WITH_MODEL["predict"]],
        ["evaluate", "small.k", *WITH_MODEL["evaluate"]],
        ["layers"],
        ["explain", "--json"],
        ["completion", "bash"],
        ["--version"],
    ],
    ids=" ".join,
)
def test_results_that_are_lost(words: list[str], project: Path) -> None:
    (project / "ugly.k").write_text(SMALL.replace(" = 8", "=8"))
    done = ask(words, FULL.open("w"), project)
    (last,) = [line for line in done.stderr.splitlines() if "error: " in line]
    assert done.returncode == 1 and "no space left on device" in last


@pytest.mark.skipif(not FULL.exists(), reason="a disk that is full")
def test_nothing_is_written_again_at_the_end(project: Path) -> None:
    line = f"{shlex.quote(sys.executable)} -m kgen explain K0401 >{FULL}"
    done = subprocess.run(["bash", "-c", line], cwd=project, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "error: standard output: no space left on device\n"


@pytest.mark.skipif(os.name != "posix", reason="a shell that closes streams")
def test_no_standard_output_at_all(project: Path) -> None:
    line = f"{shlex.quote(sys.executable)} -m kgen summary small.k --json >&-"
    done = subprocess.run(["bash", "-c", line], cwd=project, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "error: standard output: bad file descriptor\n"


@pytest.mark.skipif(os.name != "posix", reason="a pipe of POSIX")
@pytest.mark.parametrize("words", [["summary", "small.k"], ["check", "bad.k"]])
def test_a_reader_that_is_gone(words: list[str], project: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    command = [sys.executable, "-m", "kgen", *words]
    done = subprocess.run(command, cwd=project, stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    assert (done.returncode, done.stderr) == (1, b"")


# --- names of files ------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="names of files as bytes")
@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C.UTF-8"},
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=["utf-8", "coerced", "ascii"],
)
def test_modules_are_called_alike_in_every_locale(locale: dict[str, str], tmp_path: Path) -> None:
    used = os.path.join(os.fsencode(tmp_path), "pièce.k".encode())  # noqa: PTH118
    model = os.path.join(os.fsencode(tmp_path), "modèle.k".encode())  # noqa: PTH118
    Path(os.fsdecode(used)).write_text(PARTS, "utf-8")
    text = 'use "pièce.k": Scaled\n' + SMALL.replace("Dropout(0.1)", "Scaled()")
    Path(os.fsdecode(model)).write_text(text, "utf-8")
    environment = {**os.environ, "KGEN_CACHE_DIR": str(tmp_path / "cache"), **locale}
    code = "import mod_le as m; print(ascii(m.SOURCE_NAME), ascii(m.Small.spec.source))"
    for command in (["-m", "kgen", "build", model], ["-c", code]):
        done = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, env=environment, capture_output=True
        )
        assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [rb"'mod\xe8le.k'", rb"'mod\xe8le.k'"]


def test_module_names_of_composed_letters() -> None:
    from kgen.building import module_name

    assert module_name("mod\u00e8le.k") == module_name("mode\u0300le.k") == "mod_le"
    assert module_name(os.fsdecode(b"mod\xe8le.k")) == "mod_le"
    assert module_name("\u6a21\u578b.k") == "__"


# --- files without a model -----------------------------------------------------


def test_parts_are_checked_without_a_model(project: Path) -> None:
    (project / "parts.k").write_text(PARTS)
    done = run("check", "parts.k", "small.k", cwd=project)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "parts.k: no model: 5 parts checked\nno mistakes in 2 files\n"
    done = run("check", "parts.k", "--max-memory", "1MB", "--format", "json", cwd=project)
    assert (done.returncode, done.stdout) == (0, "[]\n")
    for command in ("build", "summary", "plot", "inspect", "selfcheck", "warm"):
        done = run(command, "parts.k", cwd=project)
        assert done.returncode == 1 and "error[K0512]" in done.stderr, command
    done = run("train", "parts.k", "--data", "data.npz", cwd=project)
    assert done.returncode == 1 and "error[K0512]" in done.stderr


def test_mistakes_in_parts(project: Path) -> None:
    (project / "parts.k").write_text(PARTS.replace("= 2", "= tow").replace("squares", "twice"))
    done = run("check", "parts.k", "--format", "concise", cwd=project)
    assert done.returncode == 1 and "no model" not in done.stderr
    assert ["K0201" in line or "K0202" in line for line in done.stdout.splitlines()] == [True] * 2
    (project / "parts.k").write_text("# nothing yet\n")
    done = run("check", "parts.k", cwd=project)
    assert done.returncode == 1 and "error[K0512]" in done.stdout
