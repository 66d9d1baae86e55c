"""safetensors files: written whole or not at all, read with every doubt named."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from kgen.runtime.errors import KgenRuntimeError, MissingPackageError, WeightError

FOREIGN_FILES = (
    (b"\x89HDF", "an HDF5 file"),
    (b"PK\x03\x04", "a zip archive, as .npz, .keras and torch files are"),
    (b"\x93NUMPY", "a NumPy array file"),
    (b"\x80", "a pickle, which is never loaded, because it can run code"),
)


class CheckpointWriteError(KgenRuntimeError, OSError):
    """A checkpoint could not be written; the file it would have replaced is as it was."""


def write_tensors(
    path: str | os.PathLike[str],
    tensors: Mapping[str, np.ndarray],
    metadata: Mapping[str, str],
    *,
    overwrite: bool = True,
) -> None:
    """Writes a safetensors file so that `path` is at any time the old or the new one, whole.

    It is written in a temporary folder beside `path`, flushed to the disk and renamed. What a
    killed process left behind is removed by the next writer of the same file.

    Raises:
        CheckpointWriteError: full disk, read-only folder, and the like; nothing is changed.
        FileExistsError: `path` exists and `overwrite` is False.
    """
    save_file = _safetensors().numpy.save_file
    # The library takes the bytes as they lie: rows that lie apart are brought together.
    whole = {name: np.asarray(tensor, order="C") for name, tensor in tensors.items()}

    def write(part: Path) -> None:
        save_file(whole, part, metadata=dict(metadata))
        _sort_metadata(part)

    replace_file(path, write, overwrite=overwrite)


def replace_file(
    path: str | os.PathLike[str], write: Callable[[Path], None], *, overwrite: bool = True
) -> None:
    """Has a file written beside its place, flushed to the disk and renamed.

    Args:
        write: writes the path that it is given, where an empty file lies.

    Raises:
        CheckpointWriteError: full disk, read-only folder, and the like; nothing is changed.
        FileExistsError: `path` exists and `overwrite` is False.
    """
    target = Path(path).resolve()
    if target.exists() and not overwrite:
        raise FileExistsError(f"'{path}' exists; pass overwrite=True to replace it.")
    folder = target.parent / f".{target.name}.{_writer_name()}.tmp"
    _remove_abandoned(target)
    try:
        if target.is_dir():
            raise IsADirectoryError(f"'{path}' is a folder")
        folder.mkdir(exist_ok=True)
        part = folder / "part"
        # The libraries' files may be private to the user; this one shall have the usual rights.
        part.touch()
        mode = part.stat().st_mode
        write(part)
        part.chmod(mode)
        _flush(part)
        part.replace(target)
        if os.name == "posix":
            _flush(target.parent)
    except BaseException as error:
        _remove_folder(folder)
        if isinstance(error, OSError) or type(error).__name__ == "SafetensorError":
            kept = "; the previous file is unchanged" if target.exists() else ""
            raise CheckpointWriteError(
                f"cannot write '{path}': {_cause(error, folder, path)}{kept}."
            ) from error
        raise
    _remove_folder(folder)


def read_tensors(
    path: str | os.PathLike[str],
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """All tensors of a safetensors file, and its metadata.

    Raises:
        WeightError: the file is truncated, corrupt or of another kind.
        FileNotFoundError: there is none.
    """
    package = _safetensors()
    name = os.fspath(path)
    with open(name, "rb") as file:  # noqa: PTH123 - a directory or missing file explains itself
        head = file.read(8)
    try:
        with package.safe_open(name, framework="np") as file:
            metadata = dict(file.metadata() or {})
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (
        package.SafetensorError,
        TypeError,
        ValueError,
        AttributeError,
        KeyError,
        OSError,
    ) as error:
        for magic, kind in FOREIGN_FILES:
            if head.startswith(magic):
                raise WeightError(
                    f"'{name}' is not a safetensors file but {kind}; "
                    "pass a file written by save (load_weights reads Keras's files too)."
                ) from error
        raise WeightError(
            f"'{name}' is truncated, corrupt or not a safetensors file ({error}); "
            "use an earlier checkpoint or save it again."
        ) from error
    return tensors, metadata


def _cause(error: BaseException, folder: Path, path: str | os.PathLike[str]) -> str:
    """What went wrong, without the temporary file's name, which means nothing to the user."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(error)
    for name in (folder / "part", folder):
        text = text.replace(str(name), os.fspath(path))
    return text.rstrip(".")


def _sort_metadata(part: Path) -> None:
    """Puts the metadata in order, which the library leaves to chance: same content, same bytes."""
    with part.open("r+b") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
        header["__metadata__"] = dict(sorted(header.get("__metadata__", {}).items()))
        text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        if len(text) <= size:
            file.seek(8)
            file.write(text.ljust(size))


def _safetensors() -> Any:
    try:
        import safetensors
        import safetensors.numpy
    except ImportError as error:
        raise MissingPackageError(
            "saving and loading weights needs the package safetensors: pip install safetensors."
        ) from error
    return safetensors


def _host_name() -> str:
    import socket

    return socket.gethostname()


def _remove_folder(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _writer_name() -> str:
    return f"{_host_name()}-{os.getpid()}-{threading.get_ident()}"


def _remove_abandoned(target: Path) -> None:
    """Removes what writers of `target` on this host left when they were killed."""
    start = f".{target.name}.{_host_name()}-"
    try:
        names = [entry.name for entry in os.scandir(target.parent)]
    except OSError:
        # The write that follows meets the same trouble, and reports it.
        return
    for name in names:
        process = name.removeprefix(start).split("-")[0]
        if (
            name.startswith(start)
            and name.endswith(".tmp")
            and process.isdecimal()
            and not _is_running(int(process))
        ):
            _remove_folder(target.parent / name)


def _is_running(process: int) -> bool:
    if os.name != "posix":
        # Signal 0 would end the process there.
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY if path.is_dir() or os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
