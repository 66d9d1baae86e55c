"""What is shipped: packages and their files, the README's commands, `kgen.load`, standalone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import kgen
import numpy as np
import pytest
from kgen.building import build, module_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FOLDERS = {"kgen": "transpiler", "kgen.grammar": "grammar"}
FOLDERS |= {"kgen.templates": "templates", "kgen.runtime": "runtime"}

SMALL = """\
param width = 8

model {name}:
    input x: float32[4]
    output y = x |> Dense(width, activation="tanh") |> Dropout(0.1) |> Dense(3)
    train:
        optimizer = "adam"
        loss = "mse"
"""


def test_every_package_and_file_is_listed() -> None:
    setuptools = PROJECT["tool"]["setuptools"]
    assert setuptools["package-dir"] == FOLDERS
    packages: set[str] = set()
    data: dict[str, set[Path]] = {}
    for package, folder in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*")):
            relative = path.relative_to(ROOT / folder)
            if "__pycache__" in relative.parts or not path.is_file():
                continue
            if path.suffix == ".py":
                packages.add(".".join([package, *relative.parent.parts]))
            else:
                data.setdefault(package, set()).add(relative)
    # The folder templates/cpu holds no code, and is no package.
    assert packages == set(setuptools["packages"])
    for package, files in data.items():
        patterns = setuptools["package-data"][package]
        for file in files:
            assert any(file.match(pattern) for pattern in patterns), f"{package}: {file}"
    for package in packages:
        folder = next(f for p, f in sorted(FOLDERS.items(), reverse=True) if package.startswith(p))
        prefix = next(p for p in sorted(FOLDERS, reverse=True) if package.startswith(p))
        parts = package.removeprefix(prefix).strip(".").split(".")
        assert ROOT.joinpath(folder, *filter(None, parts), "__init__.py").exists(), package


def test_versions_agree() -> None:
    assert PROJECT["project"]["version"] == kgen.__version__
    assert kgen.__version__ in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_readme_has_its_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```\n(python3 -m venv .*)\n```", readme)
    assert len(blocks) == 2
    train, tests = blocks
    assert "pip install ." in train and "kgen train examples/digits.k" in train
    assert "pip install -e '.[test]'" in tests and tests.endswith("python -m pytest")
    for path in re.findall(r"examples/[\w./]+", train):
        assert (ROOT / path).exists()
    for link in re.findall(r"\]\(([\w./-]+)\)", readme):
        assert (ROOT / link).exists(), link


def test_the_readme_shows_the_example_as_it_is() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    example = (ROOT / "examples" / "digits.k").read_text(encoding="utf-8")
    shown = re.findall(r"```\n# digits\.k\n(.*?)```", readme, re.S)[0]
    assert example.endswith(shown)
    golden = (ROOT / "tests" / "goldens" / "digits.py").read_text(encoding="utf-8")
    kernel = re.findall(r"^@kernel\n.*?\n(?=\n\n)", golden, re.S | re.M)[0]
    block = re.compile(r"(## What comes out.*?```python\n)(.*?)(?=```)", re.S)
    if os.environ.get("KGEN_UPDATE_GOLDENS"):
        updated = block.sub(lambda found: found[1] + kernel, readme)
        (ROOT / "README.md").write_text(updated, encoding="utf-8")
        readme = updated
    assert block.findall(readme)[0][1] == kernel


def test_importing_kgen_is_cheap() -> None:
    script = "import sys, kgen; print([m for m in ('numpy', 'lark', 'numba') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = kgen.nothing
    assert {"load", "build", "KgenError"} <= set(dir(kgen))


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("digits.k", "digits"),
        ("02_mlp.k", "m02_mlp"),
        ("my model.k", "my_model"),
        ("class.k", "class_model"),
        ("random.k", "random_model"),
        ("numpy.k", "numpy_model"),
        ("Größe.k", "gr__e"),
        ("---.k", "___"),
    ],
)
def test_module_names_can_be_imported(file: str, name: str) -> None:
    assert module_name(file) == name
    assert name.isidentifier()


def test_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGEN_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "02 small.k"
    path.write_text(SMALL.format(name="Small"))
    module = kgen.load(path)
    assert module.Small(seed=0).count_params() == 4 * 8 + 8 + 8 * 3 + 3
    assert kgen.load(path) is module
    wide = kgen.load(path, width=np.int64(16))
    assert wide.Small(seed=0).count_params() == 4 * 16 + 16 + 16 * 3 + 3
    assert kgen.load(path) is module
    path.write_text(SMALL.format(name="Smaller"))
    assert hasattr(kgen.load(path), "Smaller")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["02 small.k", "cache"]
    with pytest.raises(kgen.KgenError, match="K0204"):
        kgen.load(path, depth=3)
    with pytest.raises(kgen.KgenError, match="K0610"):
        kgen.load(tmp_path / "missing.k")


def test_parameters_of_every_kind_reach_the_file(tmp_path: Path) -> None:
    path = tmp_path / "kinds.k"
    path.write_text(
        'param sizes = [3]\nparam kind = "relu"\nparam bias = True\nparam rate = 0.5\n'
        "model Kinds:\n    input x: float32[2]\n    h = x\n    for size in sizes:\n"
        "        h = h |> Dense(size, activation=kind, use_bias=bias)\n"
        "    output y = h |> Dropout(rate)\n"
    )
    params = {"sizes": [5, 7], "kind": "tanh", "bias": False, "rate": 0.25}
    built = build(path, tmp_path / "out", params=params)
    (phase,) = built.phases
    assert {p: b.size for p, b in phase.weights.items()} == {
        "dense/kernel": 10,
        "dense_1/kernel": 35,
    }
    assert "tanh(" in built.text


BLOCKER = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {refused}:
            raise ImportError(f"{{name}} shall not be imported")

sys.meta_path.insert(0, Refuse())
sys.path.insert(0, {folder!r})
"""
REFUSED = ("kgen", "lark", "jinja2", "click", "rich", "scipy")


def run_alone(folder: Path, script: str, refused: tuple[str, ...]) -> str:
    """Run a script in an isolated interpreter in which some packages cannot be imported."""
    head = BLOCKER.format(refused=refused, folder=str(folder))
    done = subprocess.run(
        [sys.executable, "-I", "-c", head + script], capture_output=True, text=True, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["Small", "Path", "Engine", "os"])
def test_standalone_modules_train_without_kgen(name: str, tmp_path: Path) -> None:
    """Also models that are called as something in the runtime is."""
    path = tmp_path / "small.k"
    path.write_text(SMALL.format(name=name))
    build(path, tmp_path / "alone", standalone=True)
    script = f"""
import numpy as np
import small
x = np.linspace(-1.0, 1.0, 400, dtype=np.float32).reshape(100, 4)
y = x[:, :3] ** 2
net = small.{name}(seed=3)
net.fit(x, y, epochs=3, verbose=0, callbacks=[small.EarlyStopping("loss")])
print(net.evaluate(x, y, verbose=0).hex())
net.save("saved.safetensors")
assert (small.{name}.load("saved.safetensors").predict(x) == net.predict(x)).all()
"""
    alone = run_alone(tmp_path / "alone", script, REFUSED)
    if name == "Small":
        build(path, tmp_path / "usual")
        usual = "from kgen.runtime.callbacks import EarlyStopping\n" + script.replace(
            "small.EarlyStopping", "EarlyStopping"
        )
        done = subprocess.run(
            [sys.executable, "-c", usual],
            capture_output=True,
            text=True,
            cwd=tmp_path / "usual",
            check=True,
        )
        assert done.stdout == alone


def test_standalone_modules_say_what_saving_needs(tmp_path: Path) -> None:
    path = tmp_path / "small.k"
    path.write_text(SMALL.format(name="Small"))
    build(path, tmp_path, standalone=True)
    script = """
import small
try:
    small.Small(seed=0).save("saved.safetensors")
except ImportError as error:
    print(error)
"""
    assert "pip install safetensors" in run_alone(tmp_path, script, (*REFUSED, "safetensors"))


def test_standalone_modules_pass_ruff(tmp_path: Path) -> None:
    path = tmp_path / "small.k"
    path.write_text(SMALL.format(name="Path"))
    built = build(path, tmp_path, standalone=True)
    assert "kgen.runtime" not in built.text
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", str(built.path)],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout
