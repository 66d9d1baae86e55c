"""Compiled kernels on disk, found by content.

An entry is good for one kernel's bytecode and constants, one runtime source, one Numba, LLVM and
processor. Editing one kernel of a module, or shifting its lines, leaves the others cached. An
entry is a line of JSON and the object code, written to a temporary file and renamed. Whatever is
wrong with the cache costs a compilation, never an error.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import platform
import sys
import types as python_types
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llvmlite
import numba
from kgen.runtime.isa import ISA, choose_isa
from kgen.runtime.random import random_bits
from kgen.runtime.vecmath import vector_exp
from kgen.runtime.vectors import NumpyVector
from kgen.runtime.warning import warn
from numba.core import config
from numba.misc.appdirs import AppDirs


class CacheWarning(UserWarning):
    """Compiled kernels cannot be kept on disk, so every start compiles again."""


@dataclass(frozen=True)
class CachedDescription:
    """The one thing `cfunc` reads from a function's description."""

    llvm_cfunc_wrapper_name: str


@dataclass(frozen=True)
class CachedResult:
    """Stands in for Numba's compile result when a kernel comes from disk."""

    library: Any
    fndesc: CachedDescription


def constants_of(code: python_types.CodeType) -> list[Any]:
    """Bytecode, names and constants of a function, nested ones included; no lines or paths."""
    nested = [
        constants_of(constant) if isinstance(constant, python_types.CodeType) else repr(constant)
        for constant in code.co_consts[0 if code.co_name == "<lambda>" else 1 :]
    ]
    return [code.co_code.hex(), code.co_names, code.co_varnames, repr(code.co_consts[:1]), nested]


@functools.cache
def runtime_digest(paths: tuple[str, ...]) -> str:
    """Digest of the runtime's own source files."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(Path(path).read_bytes())
    return digest.hexdigest()


def runtime_files() -> tuple[str, ...]:
    """Every source file whose change may change machine code."""
    known = (choose_isa, random_bits, vector_exp, NumpyVector.fma, constants_of)
    here = {Path(function.__code__.co_filename) for function in known}
    folder = Path(constants_of.__code__.co_filename).parent
    here.update(folder.glob("lowering*.py"))
    here.update(
        folder / name
        for name in ("ir_vectors.py", "vector_unit.py", "tiles.py", "kernels.py", "pipeline.py")
    )
    return tuple(str(path) for path in sorted(here) if path.exists())


def kernel_digest(function: Any, signature: str) -> str:
    """Digest of all that determines a kernel's machine code."""
    used: dict[str, Any] = {}
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if isinstance(value, bool | int | float | str | tuple):
            used[name] = repr(value)
        elif getattr(value, "__module__", None) == function.__module__:
            inner = getattr(value, "py_func", value)
            if isinstance(inner, python_types.FunctionType):
                used[name] = constants_of(inner.__code__)
    parts = [
        function.__name__,
        constants_of(function.__code__),
        used,
        signature,
        runtime_digest(runtime_files()),
        numba.__version__,
        llvmlite.__version__,
        sys.version_info[:2],
        platform.machine(),
        ISA.name,
        config.OPT,
        [config.CPU_NAME or host_cpu()[0], config.CPU_FEATURES or host_cpu()[1]],
    ]
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()


@functools.cache
def host_cpu() -> tuple[str, str]:
    """Name and features of this processor."""
    return (
        llvmlite.binding.get_host_cpu_name(),
        llvmlite.binding.get_host_cpu_features().flatten(),
    )


def cache_folders(source: str) -> Iterator[Path]:
    """Where a module's kernels may be kept, in order of preference."""
    folder = Path(source).resolve().parent
    place = f"{folder.name}_{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"
    if config.CACHE_DIR:
        yield Path(config.CACHE_DIR) / place
        return
    if Path(source).is_file():  # not so for code typed in or read from an archive
        yield folder / "__pycache__"
    yield Path(AppDirs(appname="kgen", appauthor=False).user_cache_dir) / place


@functools.cache
def warn_uncached(folders: tuple[Path, ...], reason: str) -> None:
    """Say once that kernels cannot be kept, where it was tried, and what helps."""
    places = " or ".join(str(folder) for folder in folders)
    warn(
        f"compiled kernels cannot be kept in {places} ({reason}); every start will compile "
        "again. Set NUMBA_CACHE_DIR to a folder that can be written.",
        CacheWarning,
    )


class KernelCache:
    """The entry of one kernel; has the part of Numba's cache interface that `cfunc` uses."""

    def __init__(self, function: Any, signature: str) -> None:
        source = Path(function.__code__.co_filename)
        self.digest = kernel_digest(function, signature)
        self.folders = tuple(cache_folders(str(source)))
        self.file_name = (
            f"{source.stem}.{function.__qualname__.replace('<locals>', 'local')}."
            f"{ISA.name}.py{sys.version_info[0]}{sys.version_info[1]}.kernel"
        )

    def read(self) -> tuple[dict[str, Any], bytes] | None:
        """Header and object code of a whole entry that fits, else None."""
        for folder in self.folders:
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                line, _, body = (folder / self.file_name).read_bytes().partition(b"\n")
                header = json.loads(line)
                whole = hashlib.sha256(body).hexdigest() == header["sha256"]
                if header["digest"] == self.digest and whole:
                    return header, body
        return None

    def load_overload(self, sig: Any, target_context: Any) -> CachedResult | None:
        """The kernel from disk, ready to run, or None."""
        entry = self.read()
        if entry is None:
            return None
        header, body = entry
        split = header["object_size"]
        state = (header["library"], "object", (body[:split], body[split:]))
        library = target_context.codegen().unserialize_library(state)
        return CachedResult(library, CachedDescription(header["wrapper"]))

    def save_overload(self, sig: Any, result: Any) -> None:
        """Keep a compiled kernel in the first folder that takes it."""
        if result.library.has_dynamic_globals:
            return
        name, _, (machine_code, bitcode) = result.library.serialize_using_object_code()
        body = machine_code + bitcode
        header = {
            "digest": self.digest,
            "sha256": hashlib.sha256(body).hexdigest(),
            "library": name,
            "wrapper": result.fndesc.llvm_cfunc_wrapper_name,
            "object_size": len(machine_code),
        }
        reason = ""
        for folder in self.folders:
            try:
                self.write(folder, json.dumps(header).encode() + b"\n" + body)
            except OSError as error:
                reason = error.strerror or str(error)
            else:
                return
        warn_uncached(self.folders, reason)

    def write(self, folder: Path, content: bytes) -> None:
        """Write the entry whole or not at all; raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f"{self.file_name}.{uuid.uuid4().hex[:12]}"
        try:
            temporary.write_bytes(content)
            temporary.replace(folder / self.file_name)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
