"""The architecture, enforced: who imports whom, what templates are given, what is emitted."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from jinja2 import ChoiceLoader, Environment, PackageLoader, meta
from kgen.building import module_name
from kgen.compiler import compile_text
from kgen.emit import ModuleSource
from kgen.targets import TARGETS, Target
from kgen.texts import TEMPLATES, KernelText

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.k"))
GOLDENS = Path(__file__).parent / "goldens"
WHOLE = 1300  # lines: longer modules have digests for goldens

# Each room's modules, and the rooms it may import from besides itself.
ROOMS = {
    "diagnostics": "diagnostics render suggest",
    "syntax": "syntax",
    "parser": "blocks endings layout lexical_errors literals parser scan sound_text source "
    "syntax_errors tree_builder tree_expressions words",
    "format": "format format_layout format_tokens",
    "graph": "dims graph interpret model reserved rewrite",
    "ops": "ops",
    "layers": "layers",
    "elaborate": "arithmetic bodies buildtime builtins custom declarations elaborate expressions "
    "inputs layering library limits masking names nesting objective opendims "
    "ownweights parameters parts phases run scopes settings specials statements "
    "tensors values views",
    "passes": "passes",
    "precision": "precision",
    "targets": "targets",
    "schedule": "access body budget costs fuse kernels listing lots placing looping ordering plan "
    "program ranges recompute schedule strands texts tidy",
    "emit": "arrays emit emit_loops fingerprint layer_order pycode specification",
    "compiler": "compiler",
    "building": "building importing loading sklearn standalone",
    "selfcheck": "selfcheck",
    "inspecting": "inspecting",
    "cli": "__main__ cli commands explain",
}
GRAPHS = {"diagnostics", "graph", "ops", "layers"}
MAY_IMPORT: dict[str, set[str]] = {
    "diagnostics": set(),
    "syntax": {"diagnostics"},
    "parser": {"diagnostics", "syntax", "grammar"},
    "format": {"diagnostics", "syntax", "parser"},
    "graph": {"diagnostics"},
    "ops": {"diagnostics", "graph"},
    "layers": {"diagnostics", "graph", "ops"},
    "elaborate": {"syntax", "parser", "passes", *GRAPHS},
    "passes": GRAPHS,
    "precision": set(),
    "schedule": {"diagnostics", "graph", "ops", "precision", "runtime"},
    "targets": {"passes", "precision"},
    "emit": {"diagnostics", "graph", "ops", "precision", "schedule", "targets", "runtime"},
    "compiler": {"elaborate", "emit", "parser", "passes", "schedule", "targets", *GRAPHS},
    "building": {
        "compiler",
        "diagnostics",
        "emit",
        "parser",
        "precision",
        "schedule",
        "targets",
        "runtime",
    },
    "selfcheck": {"passes", "runtime", *GRAPHS},
}
MAY_IMPORT["inspecting"] = {*ROOMS, "runtime", "templates"} - {"cli", "inspecting"}
MAY_IMPORT["cli"] = {*ROOMS, "runtime", "grammar"}
HOMES = {module: room for room, modules in ROOMS.items() for module in modules.split()}


def imports(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every module that a file imports anywhere, with the names taken from it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, ()
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module or "", tuple(alias.name for alias in node.names)


def own_imports(path: Path) -> Iterator[str]:
    """The first name after `kgen.` of every import of this project."""
    for module, names in imports(path):
        package, _, rest = module.partition(".")
        if package != "kgen":
            continue
        if rest:
            yield rest.split(".")[0]
        else:
            yield from (name for name in names if not name.startswith("__"))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "transpiler").rglob("*.py")), ids=lambda path: path.stem
)
def test_the_transpiler_keeps_to_its_doors(path: Path) -> None:
    module = path.relative_to(ROOT / "transpiler").with_suffix("").parts[0]
    if module == "__init__":
        return
    assert module in HOMES, f"{module} belongs to no room: give it one in ROOMS"
    room = HOMES[module]
    for imported in own_imports(path):
        other = HOMES.get(imported, imported)
        assert other == room or other in MAY_IMPORT[room], f"{room} may not import {imported}"


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "runtime").rglob("*.py")),
    ids=lambda path: f"{path.parent.name}.{path.stem}",
)
def test_the_runtime_stands_alone(path: Path) -> None:
    for module, names in imports(path):
        package, _, rest = module.partition(".")
        if package == "kgen":
            assert rest.startswith("runtime") or names == ("runtime",), f"{path}: {module}"
        else:
            known = {"numpy", "numba", "llvmlite", "safetensors", "matplotlib", "h5py"}
            known |= {"tensorboardX"}
            known |= {"cuda"} if path.parent.name == "cuda" else set()
            assert package in known or package in sys.stdlib_module_names, f"{path}: {module}"


# --- templates -----------------------------------------------------------------


def parsed(name: str, target: Target) -> tuple[set[str], set[str]]:
    """What a template expects to be given, and the templates that it includes."""
    loader = ChoiceLoader([PackageLoader("kgen.templates", one) for one in target.templates])
    environment = Environment(loader=loader)
    source, _, _ = loader.get_source(environment, name)
    tree = environment.parse(source)
    included = {other for other in meta.find_referenced_templates(tree) if other is not None}
    return set(meta.find_undeclared_variables(tree)), included


def variables(name: str, target: Target) -> set[str]:
    """What a template and those it includes expect to be given."""
    found, included = parsed(name, target)
    return found.union(*(variables(other, target) for other in included))


def reached(name: str, target: Target) -> set[str]:
    """A template and those it includes."""
    return {name}.union(*(reached(other, target) for other in parsed(name, target)[1]))


@pytest.mark.parametrize("text", TEMPLATES, ids=lambda text: text.__name__)
def test_templates_use_all_they_are_given(text: type[KernelText]) -> None:
    fields = {field.name for field in dataclasses.fields(text)}
    used = [variables(f"{TEMPLATES[text]}.py.jinja", target) for target in TARGETS.values()]
    # How warps share loops, and with what: not for every kind.
    only_some = {"dealt", "together", "staged", "tensors"}
    assert fields - only_some <= set().union(*used) <= fields


def test_every_template_is_used() -> None:
    for target in TARGETS.values():
        folders = [ROOT / "templates" / folder for folder in target.templates]
        files = {path.name for one in folders for path in one.glob("*")}
        kinds = {f"{name}.py.jinja" for name in (*TEMPLATES.values(), "module")}
        assert files == set().union(*(reached(kind, target) for kind in kinds))


# --- what is emitted -----------------------------------------------------------


@cache
def compiled(path: Path) -> ModuleSource:
    """The module of an example."""
    return compile_text(path.read_text(encoding="utf-8"), str(path))


def emitted(path: Path) -> str:
    """The text of an example's module."""
    return compiled(path).text


def digests(text: str) -> str:
    """The golden of a long module, which nobody would review whole: a digest for each part."""
    parts = re.split(r"^(?=@kernel|def |class )", text, flags=re.MULTILINE)
    titles = [part.removeprefix("@kernel\n").split("\n")[0] for part in parts]
    sums = [hashlib.sha256(part.encode()).hexdigest()[:16] for part in parts]
    return "".join(f"{digest} {title}\n" for digest, title in zip(sums, titles, strict=True))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_goldens(path: Path) -> None:
    text, golden, other = (
        emitted(path),
        *(GOLDENS / f"{module_name(path)}{suffix}" for suffix in (".py", ".digests")),
    )
    if text.count("\n") > WHOLE:
        text, golden, other = digests(text), other, golden
    if os.environ.get("KGEN_UPDATE_GOLDENS"):
        golden.parent.mkdir(exist_ok=True)
        other.unlink(missing_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert golden.exists(), "run with KGEN_UPDATE_GOLDENS=1 and review what it writes"
    assert text == golden.read_text(encoding="utf-8")


def test_goldens_have_their_examples() -> None:
    goldens = [*GOLDENS.glob("*.py"), *GOLDENS.glob("*.digests")]
    assert sorted(path.stem for path in goldens) == sorted(map(module_name, EXAMPLES))


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the modules of all examples."""
    folder = tmp_path_factory.mktemp("emitted")
    for path in EXAMPLES:
        (folder / f"{module_name(path)}.py").write_text(emitted(path), encoding="utf-8")
    return folder


@pytest.mark.parametrize("command", [["check"], ["format", "--check", "--diff"]])
def test_emitted_modules_pass_ruff_as_it_comes(command: list[str], modules: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", str(modules)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_modules_with_long_names_pass_ruff(tmp_path: Path) -> None:
    """What a name makes too long is broken where `ruff format` breaks it."""
    for length in range(1, 50):
        name = "M" * length
        text = f'''model {name}:
    input {"p" * length}: float32[6, 6, 1]
    code = {"p" * length} |> Conv2D(4, 3, name="{"c" * length}") |> Flatten() |> Dense(3)
    view {"v" * length}({"p" * length}) = code
    output {"q" * length} = code |> Dense(2)
    train:
        optimizer = "adam"
        loss = "mse"
'''
        module = compile_text(text, f"{name}.k").text
        (tmp_path / f"m{length}.py").write_text(module, encoding="utf-8")
    for command in (["check"], ["format", "--check", "--diff"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", str(tmp_path)],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_emitted_modules_import_the_runtime_alone(modules: Path) -> None:
    for path in modules.glob("*.py"):
        for module, _ in imports(path):
            known = module in ("math", "numpy") or module.startswith("kgen.runtime.")
            assert known, f"{path}: {module}"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_kernels_name_their_lines(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    module = compiled(path)
    kernels = {
        node.name: ast.get_docstring(node) or ""
        for node in ast.parse(module.text).body
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(mark, ast.Name) and mark.id == "kernel" for mark in node.decorator_list)
    }
    assert set(kernels) == set(module.source_map)
    count = len(source.splitlines())
    for name, lines in module.source_map.items():
        assert all(1 <= line <= count for line in lines), name
        assert all(str(line) in kernels[name] for line in lines), name


def test_the_same_bytes_whatever_the_hash_seed() -> None:
    script = (
        "import hashlib, sys; from pathlib import Path; from kgen.compiler import compile_text\n"
        "for name in sys.argv[1:]:\n"
        "    text = compile_text(Path(name).read_text('utf-8'), name).text\n"
        "    print(hashlib.sha256(text.encode()).hexdigest())\n"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", script, *map(str, EXAMPLES[::4])],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        here = [hashlib.sha256(emitted(path).encode()).hexdigest() for path in EXAMPLES[::4]]
        assert done.stdout.split() == here
