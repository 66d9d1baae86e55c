"""From a `.k` file to a module's file."""

from __future__ import annotations

import contextlib
import keyword
import os
import re
import sys
import threading
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgen.diagnostics import fail, utf8_path
from kgen.precision import FLOAT32
from kgen.source import read_source

if TYPE_CHECKING:
    from kgen.compiler import Observer
    from kgen.specification import Phases

# Module names that would hide a package the module itself needs.
_TAKEN = frozenset({"jinja2", "kgen", "lark", "llvmlite", "numba", "numpy", "safetensors"})

# What the header of every module says, and the file that it names.
BUILT_BY = "Built by kgen "
_BUILT_FROM = re.compile(rf"^{BUILT_BY}\S+ from (.*); edit that, not this\.$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Built:
    """A module written to disk, or found there unchanged.

    `phases` are its models as laid out: weights, arena, kernels.
    """

    path: Path
    text: str
    changed: bool
    phases: Sequence[Phases]


def build(
    path: str | os.PathLike[str],
    directory: str | os.PathLike[str] | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    standalone: bool = False,
    target: str = "cpu",
    precision: str = FLOAT32,
    observe: Observer | None = None,
    max_memory: int | str | None = None,
    batch_size: int | None = None,
    roles: Collection[str] | None = None,
) -> Built:
    """Write the module of a `.k` file, beside it or in `directory`.

    `model.k` gives `model.py`, and `model_cuda.py` for NVIDIA GPUs. The file is replaced in one
    step, and left alone if its content is the same.

    Args:
        params: values for the file's `param` declarations.
        standalone: write the runtime into the module, so that it does not import kgen; for
            processors only.
        target: "cpu", or "cuda" for NVIDIA GPUs.
        precision: what GPUs round the operands of large products to, on tensor cores: "tf32" or
            "bfloat16"; sums, weights and all else stay float32. "float32" rounds nothing.
        observe: sees each graph after each pass.
        max_memory: what the model may take, in bytes or as `200MB`, `1.5GiB`. Where it needs more,
            values are computed again instead of being kept, as far as needed.
        batch_size: the rows of a batch that `max_memory` is for; if not given, as many as the
            model fixes, or 32.
        roles: what the model is built for: `train`, `evaluate`, `predict`, `view`; other programs
            may exceed `max_memory`. All if not given.

    Raises:
        KgenError: with every mistake found in the `.k` file; or in the module's place is a file of
            another's, or a module built from another file.
        OSError: the module cannot be written.
        ValueError: there is no such target, no standalone module for it, no such precision or
            none of this target, or no such size.
    """
    from kgen.budget import ROLES, ceiling_of
    from kgen.compiler import lay_out_text, write_module
    from kgen.targets import target_named

    machine = target_named(target, precision)
    if standalone and not machine.has_standalone:
        raise ValueError(f"a module for the target {target!r} cannot be standalone")
    source = Path(path)
    text = read_source(source)
    defines = define(params or {})
    ceiling = ceiling_of(max_memory, batch_size, ROLES if roles is None else roles)
    phases, kernels = lay_out_text(
        text, str(path), defines, observe=observe, target=machine, ceiling=ceiling
    )
    module = write_module(phases, kernels, machine).text
    if standalone:
        from kgen.standalone import inline_runtime

        module = inline_runtime(module)
    folder = source.parent if directory is None else Path(directory)
    place = folder / f"{module_name(source)}{machine.suffix}.py"
    check_ours(place, module)
    return Built(place, module, write_if_changed(place, module), phases)


def define(params: Mapping[str, Any]) -> dict[str, str]:
    """Python values as `-D name=value` takes them."""
    return {
        name: value if isinstance(value, str) else _literal(value) for name, value in params.items()
    }


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value.item() if hasattr(value, "item") else value)


def module_name(path: str | os.PathLike[str]) -> str:
    """A name that can be imported, from the file's: `02_mlp.k` gives `m02_mlp`.

    It is the same in every locale, and whether accents are letters of their own or not.
    """
    stem = unicodedata.normalize("NFC", utf8_path(Path(path).stem))
    name = re.sub(r"\W", "_", stem, flags=re.ASCII).lower() or "model"
    if not name.isidentifier():
        name = f"m{name}"
    if keyword.iskeyword(name) or name in sys.stdlib_module_names or name in _TAKEN:
        name = f"{name}_model"
    return name


def check_ours(place: Path, module: str) -> None:
    """Refuse to put a module in the place of anything but an older module of the same `.k` file.

    Files are the same if their names are: modules do not tell folders.

    Raises:
        KgenError: what is there is not empty, and was not built by kgen (K0623), or was built from
            a file of another name (K0624).
        OSError: it cannot be read.
    """
    try:
        text = place.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return
    if text.strip() and BUILT_BY not in text:
        fail(
            "K0623",
            f"{place} is not a module that kgen built, and would be lost",
            help="rename it or the `.k` file, or choose a folder for the module: -o DIR",
        )
    older, newer = _BUILT_FROM.search(text), _BUILT_FROM.search(module)
    if older is not None and newer is not None and older[1] != newer[1]:
        fail(
            "K0624",
            f"{place} was built from {older[1]}, and would be lost: the module of {newer[1]} has "
            "the same name",
            help="rename one of the two `.k` files, or choose a folder for the module: -o DIR; "
            f"if there is no {older[1]} any more, delete {place.name}",
        )


def write_if_changed(path: Path, text: str) -> bool:
    """Make the file's content `text` in one step; tells whether that changed anything.

    Raises:
        OSError: it cannot be written; an older file is then unchanged.
    """
    data = text.encode("utf-8")
    try:
        if path.read_bytes() == data:
            return False
    except FileNotFoundError:
        pass
    write_whole(path, data)
    return True


def write_whole(path: Path, data: bytes) -> None:
    """Write a file in one step, making its folder if there is none.

    Links are followed, and a file that was there keeps its permissions.

    Raises:
        OSError: it cannot be written; an older file is then unchanged.
    """
    place = path.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f".kgen-{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        temporary.write_bytes(data)
        if place.exists():
            temporary.chmod(place.stat().st_mode)
        temporary.replace(place)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            # What could not be written is the file that was asked for.
            error.filename, error.filename2 = os.fspath(path), None
        raise
