"""Building a `.k` model and importing its module, without kgen's own conveniences around it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
RESULTS = ROOT / "benchmarks" / "results"


def build_text(
    text: str,
    name: str,
    folder: Path,
    defines: Mapping[str, str] | None = None,
    target: str = "cpu",
    precision: str = "float32",
) -> Path:
    """Transpile the text of a `.k` file called `name`; gives the module's path in `folder`.

    `defines` sets the file's params, `target` is the machine that the module is for, `precision`
    what that rounds the operands of large products to.

    Raises:
        KgenError: the text has mistakes.
    """
    from kgen.compiler import compile_text
    from kgen.targets import target_named

    module = compile_text(text, name, defines, target=target_named(target, precision))
    path = module_path(name, folder)
    path.write_text(module.text, encoding="utf-8")
    return path


def module_path(name: str, folder: Path) -> Path:
    """Where the module of a `.k` file called `name` goes in `folder`."""
    return folder / f"bench_{Path(name).stem}.py"


def import_path(path: Path) -> ModuleType:
    """Import a module from its file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def model_class(module: ModuleType) -> Any:
    """The last model class that an emitted module defines: the file's main one."""
    from kgen.runtime.model import Model

    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Model) and value is not Model
    ]
    return found[-1]
