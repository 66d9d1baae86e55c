"""The command line, as a user of a shell meets it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pytest
from kgen.cli import main
from safetensors import safe_open
from safetensors.numpy import load_file

SMALL = """\
param width = 8

model Small:
    input x: float32[4]
    h = x |> Dense(width, activation="tanh") |> Dropout(0.1)
    output y = h |> Dense(3, activation="softmax")
    train:
        optimizer = "adam"
        loss = "sparse_categorical_crossentropy"
        metrics = ["accuracy"]
"""


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


CACHE = Path()


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One cache folder for all commands of this file."""
    global CACHE
    CACHE = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KGEN_CACHE_DIR", str(CACHE))
        patch.setenv("NO_COLOR", "1")
        yield


def kgen(*arguments: object, cwd: Path, **variables: str) -> Done:
    """Run the command: in this process, or, with variables for it, in one of its own."""
    if variables:
        done = subprocess.run(
            [sys.executable, "-m", "kgen", *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.chdir(cwd)
        patch.setattr(warnings, "showwarning", warnings.showwarning)
        status = main([str(argument) for argument in arguments])
    texts = []
    for stream in (out, err):
        stream.flush()
        stream.seek(0)
        texts.append(stream.read())
    return Done(status, *texts)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder, with a blank in its name, with a model, data, and the results of training."""
    folder = tmp_path_factory.mktemp("a project")
    (folder / "small.k").write_text(SMALL)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 4)).astype(np.float32)
    y = (x @ rng.standard_normal((4, 3))).argmax(1)
    np.savez(folder / "data.npz", x=x[:160], y=y[:160], test_x=x[160:], test_y=y[160:])
    header = "x_0,x_1,x_2,x_3,y"
    rows = np.column_stack([x, y])
    np.savetxt(folder / "data.csv", rows, delimiter=",", header=header, comments="")
    np.save(folder / "x.npy", x)
    done = kgen("train", "small.k", "--data", "data.npz", "--epochs", 3, "-o", "out", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_help_and_version_are_quick_and_complete(tmp_path: Path) -> None:
    done = kgen("--help", cwd=tmp_path)
    assert done.returncode == 0
    for command in ("build", "check", "train", "evaluate", "predict", "summary", "selfcheck"):
        assert command in done.stdout
    assert kgen("--version", cwd=tmp_path).stdout.startswith("kgen")
    loaded = "import sys, kgen.cli; print('numpy' in sys.modules, 'numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False"]


def test_command_line_mistakes_exit_with_two(tmp_path: Path) -> None:
    assert kgen("trian", cwd=tmp_path).returncode == 2
    assert "train" in kgen("trian", cwd=tmp_path).stderr
    assert kgen("build", cwd=tmp_path).returncode == 2
    assert kgen("build", "m.k", "-D", "novalue", cwd=tmp_path).returncode == 2
    assert kgen("build", "m.k", "--emit", "soup", cwd=tmp_path).returncode == 2
    assert kgen("train", "m.k", "--data", "d.npz", "--resume", cwd=tmp_path).returncode == 2
    assert kgen("explain", "K9999", cwd=tmp_path).returncode == 2
    assert kgen("layers", "Dens", cwd=tmp_path).returncode == 2


def test_build_writes_once(tmp_path: Path) -> None:
    (tmp_path / "02 small.k").write_text(SMALL)
    done = kgen("build", "02 small.k", "-o", "out dir", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    target = tmp_path / "out dir" / "m02_small.py"
    assert "wrote" in done.stdout and "67 weights" in done.stdout
    before = target.stat()
    done = kgen("build", "02 small.k", "-o", "out dir", "--json", cwd=tmp_path)
    facts = json.loads(done.stdout)
    assert facts["changed"] is False
    assert facts["models"][0]["weights"] == 4 * 8 + 8 + 8 * 3 + 3
    assert facts["models"][0]["programs"]["predict"]["flops"] > 0
    after = target.stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    done = kgen("build", "02 small.k", "-o", "out dir", "-D", "width=5", "--json", cwd=tmp_path)
    facts = json.loads(done.stdout)
    assert facts["changed"] is True
    assert facts["models"][0]["weights"] == 4 * 5 + 5 + 5 * 3 + 3
    assert [path.name for path in target.parent.iterdir()] == ["m02_small.py"]


def test_a_failed_write_leaves_the_old_module(tmp_path: Path) -> None:
    (tmp_path / "small.k").write_text(SMALL)
    (tmp_path / "file").write_text("in the way")
    done = kgen("build", "small.k", "-o", "file/below", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    (tmp_path / "small.py").mkdir()
    done = kgen("build", "small.k", cwd=tmp_path)
    assert done.returncode == 1
    assert "small.py" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "small.k", "small.py"]


@pytest.mark.parametrize("stage", ["tokens", "ast", "graph", "passes", "program", "py"])
def test_stages_can_be_printed(stage: str, tmp_path: Path) -> None:
    (tmp_path / "small.k").write_text(SMALL)
    done = kgen("build", "small.k", "--emit", stage, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    expected = {
        "tokens": "number     8",
        "ast": "ModelDef(name='Small'",
        "graph": "graph Small:",
        "passes": "# after differentiate",
        "program": "program ",
        "py": "class Small(Model):",
    }
    assert expected[stage] in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["small.k"]


def test_check_reports_in_every_format(tmp_path: Path) -> None:
    (tmp_path / "bad.k").write_text(SMALL.replace("tanh", "tnah"))
    (tmp_path / "good.k").write_text(SMALL)
    assert kgen("check", "good.k", cwd=tmp_path).returncode == 0
    done = kgen("check", "good.k", "bad.k", cwd=tmp_path)
    assert done.returncode == 1
    assert "help:" in done.stdout and "tanh" in done.stdout
    concise = kgen("check", "bad.k", "--format", "concise", cwd=tmp_path).stdout
    assert concise.startswith("bad.k:5:")
    (only,) = json.loads(kgen("check", "bad.k", "--format", "json", cwd=tmp_path).stdout)
    assert only["location"]["line"] == 5
    github = kgen("check", "bad.k", "--format", "github", cwd=tmp_path).stdout
    assert github.startswith("::error file=bad.k,line=5")
    assert kgen("check", "missing.k", cwd=tmp_path).returncode == 1


def test_mistakes_in_the_model_exit_with_one(tmp_path: Path) -> None:
    (tmp_path / "bad.k").write_text("model M:\n    input x: float32[4]\n    output y = q\n")
    for command in (["build", "bad.k"], ["summary", "bad.k"], ["selfcheck", "bad.k"]):
        done = kgen(*command, cwd=tmp_path)
        assert done.returncode == 1
        assert "error[K0201]" in done.stderr and done.stdout == ""
    done = kgen("build", "good.k", "-D", "width=3", cwd=tmp_path)
    assert done.returncode == 1


def test_a_python_file_in_the_place_of_a_model(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("import os\n\n\nclass Net:\n    pass\n")
    train = ["train", "net.py", "--data", "d.npz"]
    for command in (["build", "net.py"], ["check", "net.py"], ["fmt", "net.py"], train):
        done = kgen(*command, cwd=tmp_path)
        assert done.returncode == 1
        assert (done.stdout + done.stderr).count("error[") == 1
        assert "error[K0625]: net.py is not a `.k` file" in done.stdout + done.stderr


def test_results_of_training(project: Path) -> None:
    names = {path.name for path in (project / "out").iterdir()}
    assert {"small.py", "small.safetensors", "small.history.json"} <= names
    history = json.loads((project / "out" / "small.history.json").read_text())
    assert len(history["loss"]) == 3 and history["loss"][2] < history["loss"][0]


def test_evaluate_agrees_with_python(project: Path) -> None:
    common = ["small.k", "--weights", "out/small.safetensors", "--data", "data.npz"]
    facts = json.loads(kgen("evaluate", *common, "--json", cwd=project).stdout)
    assert facts["rows"] == 40
    from kgen.loading import import_file

    net = import_file(project / "out" / "small.py").Small.load(project / "out/small.safetensors")
    with np.load(project / "data.npz") as data:
        x, y = data["test_x"], data["test_y"]
    loss, accuracy = net.evaluate(x, y, verbose=0)
    assert facts["loss"] == pytest.approx(loss, rel=1e-6)
    assert facts["accuracy"] == accuracy
    facts = json.loads(kgen("evaluate", *common, "--json", "--part", "train", cwd=project).stdout)
    assert facts["rows"] == 160


def test_predictions_are_the_same_in_every_format(project: Path) -> None:
    weights = ["--weights", "out/small.safetensors"]
    for suffix in ("npz", "npy", "csv"):
        done = kgen(
            *("predict", "small.k", *weights, "--data", "x.npy", "-o", f"p/out.{suffix}"),
            cwd=project,
        )
        assert done.returncode == 0, done.stderr
    table = np.loadtxt(project / "p" / "out.csv", delimiter=",", skiprows=1, dtype=np.float32)
    array = np.load(project / "p" / "out.npy")
    with np.load(project / "p" / "out.npz") as archive:
        np.testing.assert_array_equal(archive["y"], array)
    np.testing.assert_array_equal(table, array)  # nine digits give every float32 back
    np.testing.assert_allclose(array.sum(1), 1.0, atol=1e-5)
    done = kgen("predict", "small.k", *weights, "--data", "data.csv", cwd=project)
    assert done.stdout.startswith("y_0,y_1,y_2\n") and done.stdout.count("\n") == 201


def test_training_from_other_files_is_training_from_npz(project: Path) -> None:
    with np.load(project / "data.npz") as data:
        x = np.concatenate([data["x"], data["test_x"]])
        y = np.concatenate([data["y"], data["test_y"]])
    np.savez(project / "whole.npz", x=x, y=y)
    with h5py.File(project / "whole.h5", "w") as file:
        file["x_train"], file["y_train"] = x.astype(np.float64), y
    files = ("whole.npz", "data.csv", "whole.h5")
    for name in files:
        done = kgen(
            *("train", "small.k", "--data", name, "--epochs", 2, "-q", "-o", f"from_{name}"),
            cwd=project,
        )
        assert done.returncode == 0, done.stderr
    one, *others = (
        json.loads((project / f"from_{name}" / "small.history.json").read_text()) for name in files
    )
    assert all(other == one for other in others)


def contents(path: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    """Tensors and metadata of a safetensors file."""
    with safe_open(path, framework="np") as file:
        names = file.keys()
        return {name: file.get_tensor(name).tobytes() for name in names}, file.metadata()


def test_a_resumed_run_ends_with_the_same_weights(project: Path) -> None:
    common = ["train", "small.k", "--data", "data.npz", "-q", "--batch-size", 7, "--seed", 5]
    whole = [*common, "--epochs", 4, "-o", "whole"]
    assert kgen(*whole, cwd=project).returncode == 0
    first = [*common, "--epochs", 2, "-o", "half", "--checkpoint", "saved", "--resume"]
    assert kgen(*first, cwd=project).returncode == 0
    second = [*common, "--epochs", 4, "-o", "half", "--checkpoint", "saved", "--resume"]
    done = kgen(*second, cwd=project)
    assert done.returncode == 0 and "after epoch 2" in done.stderr
    whole_run, resumed = project / "whole", project / "half"
    assert contents(whole_run / "small.safetensors") == contents(resumed / "small.safetensors")
    history = "small.history.json"
    assert (whole_run / history).read_text() == (resumed / history).read_text()
    other_batch = [*second, "--batch-size", 9]
    done = kgen(*other_batch, cwd=project)
    assert done.returncode == 1 and "batch size" in done.stderr


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"z": np.zeros((5, 4)), "y": np.zeros(5)}, ["lack 'x'", "x: float32 (rows, 4)"]),
        ({"x": np.zeros((5, 3)), "y": np.zeros(5, int)}, ["(rows, 4)", "(5, 3)"]),
        ({"x": np.zeros((5, 4)), "y": np.zeros(6, int)}, ["5 rows", "6"]),
        ({"x": np.full((5, 4), np.nan), "y": np.zeros(5, int)}, ["NaN"]),
        ({"x": np.zeros((5, 4)), "y": np.full(5, 3)}, ["3"]),
        ({"x": np.zeros((0, 4)), "y": np.zeros(0, int)}, ["no rows"]),
    ],
)
def test_data_that_do_not_fit_are_refused(
    arrays: dict[str, np.ndarray], words: list[str], project: Path, tmp_path: Path
) -> None:
    np.savez(tmp_path / "bad.npz", **arrays)
    done = kgen("train", "small.k", "--data", tmp_path / "bad.npz", "-o", "bad", cwd=project)
    assert done.returncode == 1 and done.stderr.count("error: ") == 1
    for word in words:
        assert word in done.stderr
    assert not (project / "bad" / "small.safetensors").exists()


def test_files_of_other_kinds_are_refused(project: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 nothing more")
    np.save(tmp_path / "objects.npy", np.array([{}, None], object), allow_pickle=True)
    (tmp_path / "text.csv").write_text("x_0,x_1,x_2,x_3,y\n1,2,3,four,0\n")
    (tmp_path / "ragged.csv").write_text("x_0,x_1,x_2,x_3,y\n1,2,3\n")
    (tmp_path / "bare.csv").write_text("1,2,3,4,0\n")
    (tmp_path / "text.h5").write_text("not what it says")
    h5py.File(tmp_path / "empty.h5", "w").close()
    cases = {
        "broken.npz": "damaged",
        "objects.npy": "never loaded",
        "text.csv": "line 2, column 'x_3': 'four'",
        "ragged.csv": "line 2 has 3 cells",
        "bare.csv": "names its columns",
        "data.txt": ".npz, .npy, .csv, .parquet and .h5",
        "data.tsv": "with commas",
        "missing.parquet": "no such file",
        "text.h5": "no HDF5 file",
        "empty.h5": "no data sets",
        "missing.h5": "no such file",
        "missing.npz": "no such file",
        ".": "a folder, which is read as images",
    }
    for name, words in cases.items():
        done = kgen("train", "small.k", "--data", tmp_path / name, "-o", "bad", cwd=project)
        assert done.returncode == 1, name
        assert words in done.stderr, done.stderr


def test_weights_from_keras(project: Path) -> None:
    net = load_file(str(project / "out" / "small.safetensors"))
    with h5py.File(project / "keras.weights.h5", "w") as file:
        for layer in ("dense", "dense_1"):
            for place, part in enumerate(("kernel", "bias")):
                file[f"layers/{layer}/vars/{place}"] = net[f"{layer}/{part}"]
    found = [
        kgen("evaluate", "small.k", "--weights", name, "--data", "data.npz", cwd=project)
        for name in ("out/small.safetensors", "keras.weights.h5")
    ]
    assert found[0].returncode == found[1].returncode == 0, found[1].stderr
    assert found[0].stdout == found[1].stdout


def test_weights_of_another_model_are_refused(project: Path) -> None:
    (project / "junk.safetensors").write_bytes(b"junk")
    common = ["--data", "data.npz", "-D", "width=9"]
    done = kgen("evaluate", "small.k", "--weights", "out/small.safetensors", *common, cwd=project)
    assert done.returncode == 1 and "dense/kernel" in done.stderr
    done = kgen("evaluate", "small.k", "--weights", "junk.safetensors", *common, cwd=project)
    assert done.returncode == 1
    done = kgen("evaluate", "small.k", "--weights", "none.safetensors", *common, cwd=project)
    assert done.returncode == 1 and "no such file" in done.stderr


def test_summary_in_poor_terminals(project: Path) -> None:
    rich = kgen("summary", "small.k", cwd=project, PYTHONIOENCODING="utf-8").stdout
    assert "dense_1 (Dense)" in rich and "67" in rich
    poor = kgen("summary", "small.k", cwd=project, LC_ALL="C", PYTHONIOENCODING="ascii").stdout
    assert "dense_1 (Dense)" in poor and poor.isascii()
    (facts,) = json.loads(kgen("summary", "small.k", "--json", cwd=project).stdout)
    assert [layer["parameters"] for layer in facts["layers"]] == [40, 0, 27]


def test_odd_names_in_poor_terminals(tmp_path: Path) -> None:
    name = "mod\u00e8le.k"
    (tmp_path / name).write_text(SMALL.replace("Dense(3", "Dense(oops"), encoding="utf-8")
    done = kgen("check", name, cwd=tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="1")
    assert done.returncode == 1 and "oops" in done.stdout
    (tmp_path / name).write_text(SMALL, encoding="utf-8")
    done = kgen("build", name, cwd=tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="1")
    assert done.returncode == 0 and (tmp_path / "mod_le.py").exists()


def test_selfcheck_passes_and_says_what_it_checked(project: Path) -> None:
    checks = json.loads(kgen("selfcheck", "small.k", "--json", cwd=project).stdout)
    names = {check["check"] for check in checks}
    assert {"loss", "gradient dense/kernel", "finite differences dense_1/bias"} <= names
    assert {"optimizer step", "1 thread and 2"} <= names
    assert all(check["passed"] for check in checks)


def test_warm_compiles_once(project: Path) -> None:
    first = json.loads(kgen("warm", "small.k", "-o", "warmed", "--json", cwd=project).stdout)
    assert Path(first["module"]).name == "small.py" and sum(first["compiled"].values()) > 3
    again = kgen("warm", "small.k", "-o", "warmed", cwd=project).stdout
    assert "compiled no kernels" in again and "ready in" in again


def test_fmt(tmp_path: Path) -> None:
    ugly, neat = "model  M :\n  input x:float32[4]\n  output y=Dense( 2 )(x)\n", tmp_path / "m.k"
    neat.write_text(ugly)
    assert kgen("fmt", "--check", "m.k", cwd=tmp_path).returncode == 1
    done = kgen("fmt", "--diff", "m.k", cwd=tmp_path)
    assert done.returncode == 1 and "+    input x: float32[4]" in done.stdout
    assert neat.read_text() == ugly
    assert kgen("fmt", "m.k", cwd=tmp_path).returncode == 0
    assert "    output y = Dense(2)(x)\n" in neat.read_text()
    assert kgen("fmt", "--check", "m.k", cwd=tmp_path).returncode == 0
    (tmp_path / "bad.k").write_text("model:\n")
    assert kgen("fmt", "bad.k", "m.k", cwd=tmp_path).returncode == 1


def test_explain_and_layers(tmp_path: Path) -> None:
    assert kgen("explain", "k0401", cwd=tmp_path).stdout.startswith("# K0401")
    titles = json.loads(kgen("explain", "--json", cwd=tmp_path).stdout)
    assert "K0701" in titles
    assert "units" in kgen("layers", "Dense", cwd=tmp_path).stdout
    facts = json.loads(kgen("layers", "--json", "--family", "optimizer", cwd=tmp_path).stdout)
    assert {"Adam", "RMSprop", "SGD"} <= {fact["name"] for fact in facts}
    done = kgen("layers", "MixUp", cwd=tmp_path)
    assert done.returncode == 2 and "MixUp is not part of kgen" in done.stderr


def test_a_new_project_works_as_its_readme_says(tmp_path: Path) -> None:
    done = kgen("new", "my-flowers", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "my-flowers"
    assert kgen("fmt", "--check", "my_flowers.k", cwd=folder).returncode == 0
    subprocess.run([sys.executable, "make_data.py"], cwd=folder, check=True)
    done = kgen("train", "my_flowers.k", "--data", "data.npz", "--epochs", 20, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "held out   200 rows" in done.stdout
    use = "import my_flowers as m; m.MyFlowers.load('my_flowers.safetensors').summary()"
    subprocess.run([sys.executable, "-c", use], cwd=folder, check=True, capture_output=True)
    assert kgen("new", "my-flowers", cwd=tmp_path).returncode == 2


@pytest.mark.skipif(os.name != "posix", reason="sends the signal of Ctrl-C")
def test_ctrl_c_ends_with_130(project: Path) -> None:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "kgen", "train", "small.k", "--data", "data.npz"),
            *("--epochs", "1000000", "-o", "out", "--checkpoint", "interrupted"),
        ],
        cwd=project,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (project / "interrupted" / "run.json").exists():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in errors and "Traceback" not in errors


def test_watch_builds_again(tmp_path: Path) -> None:
    (tmp_path / "small.k").write_text(SMALL)
    process = subprocess.Popen(
        [sys.executable, "-m", "kgen", "build", "small.k", "--watch"],
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    module = tmp_path / "small.py"
    try:
        deadline = time.monotonic() + 60
        while not module.exists():
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        (tmp_path / "small.k").write_text(SMALL.replace("width = 8", "width = 11"))
        while "param width = 11" not in module.read_text():
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
    finally:
        process.terminate()
        process.wait()
