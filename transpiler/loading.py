"""`kgen.load`: build a `.k` file and import the module."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from kgen import __version__
from kgen.building import build, define
from kgen.precision import FLOAT32


def load(
    path: str | os.PathLike[str],
    /,
    target: str = "cpu",
    *,
    precision: str = FLOAT32,
    max_memory: int | str | None = None,
    batch_size: int | None = None,
    **params: Any,
) -> ModuleType:
    """The module of a `.k` file, built and imported in one call.

    The module and its compiled kernels are kept in the user's cache folder
    (`KGEN_CACHE_DIR` names another), so that only a first run compiles.

    Args:
        target: "cpu", or "cuda" for NVIDIA GPUs.
        precision: what GPUs round the operands of large products to; see `kgen.build`.
        max_memory: what the model may take, in bytes or as `200MB`, `1.5GiB`; see `kgen.build`.
        batch_size: the rows of a batch that this is for.
        params: values for the file's `param` declarations (by `kgen.build` where one has the name
            of another argument).

    Raises:
        KgenError: with every mistake found in the `.k` file.
        OSError: no cache folder can be written.
        ValueError: there is no such target, no such precision or none of this target, or no such
            size.
        ImportError: numba-cuda, which modules for GPUs need, is not installed.
    """
    return load_with(
        path, params, target, precision=precision, max_memory=max_memory, batch_size=batch_size
    )


def load_with(
    path: str | os.PathLike[str],
    params: Mapping[str, Any],
    target: str,
    *,
    precision: str = FLOAT32,
    max_memory: int | str | None = None,
    batch_size: int | None = None,
    roles: Collection[str] | None = None,
) -> ModuleType:
    """As `load`, the params in a mapping; `roles` as for `build`."""
    key = {} if max_memory is None else {"--max-memory": f"{max_memory} {batch_size} {roles}"}
    key |= {} if precision == FLOAT32 else {"--precision": precision}
    folder = module_folder(path, {**params, **key})
    built = build(
        path,
        folder,
        params=params,
        target=target,
        precision=precision,
        max_memory=max_memory,
        batch_size=batch_size,
        roles=roles,
    )
    module = import_file(built.path)
    module.SOURCE_FOLDER = str(Path(path).resolve().parent)  # type: ignore[attr-defined]
    return module


def module_folder(path: str | os.PathLike[str], params: Mapping[str, Any]) -> Path:
    """Where the module of a `.k` file with such params is kept.

    Raises:
        OSError: no cache folder can be written.
    """
    key = json.dumps([str(Path(path).resolve()), define(params), __version__], sort_keys=True)
    return cache_folder() / f"{Path(path).stem}-{_digest(key)}"


def cache_folder() -> Path:
    """Where `load` keeps modules: a folder that can be written."""
    chosen = os.environ.get("KGEN_CACHE_DIR")
    if chosen:
        return Path(chosen)
    from numba.misc.appdirs import AppDirs

    usual = Path(AppDirs(appname="kgen", appauthor=False).user_cache_dir) / "modules"
    try:
        usual.mkdir(parents=True, exist_ok=True)
    except OSError:
        return _private_folder()
    return usual if os.access(usual, os.W_OK) else _private_folder()


def _private_folder() -> Path:
    """A folder of this user's own, for those without a writable home."""
    name = f"kgen-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    try:
        folder = Path(tempfile.gettempdir()) / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        remedy = "set KGEN_CACHE_DIR to a folder that can be written"
        raise PermissionError(f"no folder can keep modules ({error}); {remedy}") from error
    if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to another user; set KGEN_CACHE_DIR")
    return folder


def import_file(path: Path) -> ModuleType:
    """The module in an emitted file; the same object as long as the file stays the same.

    It is entered in `sys.modules` under a name of its own, which hides no other module.
    """
    place = path.resolve()
    content = place.read_bytes()
    name = f"{path.stem}_{_digest(os.fsencode(place) + content)}"
    known = sys.modules.get(name)
    if known is not None:
        return known
    spec = importlib.util.spec_from_file_location(name, place)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _digest(key: str | bytes) -> str:
    data = key.encode() if isinstance(key, str) else key
    return hashlib.sha256(data).hexdigest()[:12]
