"""Data files to arrays by input and output name, every misfit named with both sides."""

from __future__ import annotations

import lzma
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from kgen.commands.csvfiles import read_csv
from kgen.runtime.errors import DataError, MissingPackageError
from kgen.runtime.messages import count_text
from kgen.suggest import suggest

HELD_OUT = "test_"
# What data files of models with one input and one output often call them.
_USUAL = {
    "x": ("x", "x_train"),
    "y": ("y", "y_train"),
    "test_x": ("x_test", "test_x"),
    "test_y": ("y_test", "test_y"),
}
_REFUSED = {
    ".pkl": "a pickle, which can run code",
    ".pt": "a torch file, which is a pickle and can run code",
    ".tsv": "a tab-separated file; save it with commas",
}

# What NumPy and the packages beneath it raise on damaged files.
_DAMAGE = (
    ValueError,
    TypeError,
    KeyError,
    OSError,
    EOFError,
    SyntaxError,
    OverflowError,
    RuntimeError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
)


@dataclass(frozen=True)
class Part:
    """Some rows: arrays by input name, by output name, and sample weights by output name."""

    inputs: dict[str, np.ndarray] = field(default_factory=dict)
    targets: dict[str, np.ndarray] = field(default_factory=dict)
    sample_weight: dict[str, np.ndarray] | None = None

    @property
    def rows(self) -> int:
        """Number of rows, as the first input has them."""
        first = next(iter(self.inputs.values()))
        return len(first) if first.ndim else 0


@dataclass(frozen=True)
class Data:
    """What the files hold for a model: rows to train on, and rows held out, if there are any.

    `classes` are the names of the target's classes in the order of their numbers, of a folder.
    """

    train: Part | None
    held_out: Part | None
    ignored: tuple[str, ...]
    classes: tuple[str, ...] | None = None


def read_data(
    files: Sequence[str],
    spec: Any,
    *,
    targets: bool = True,
    classes: Sequence[str] | None = None,
) -> Data:
    """The files' arrays, fitted to the model's inputs and (with `targets`) outputs by name.

    Args:
        classes: what folders of images are numbered by; if not given, the order of their names.

    Raises:
        DataError: an unusable file, or names that do not fit the model.
    """
    arrays: dict[str, np.ndarray] = {}
    names: tuple[str, ...] | None = None
    for text in files:
        read, named = _read(text, spec, targets, classes)
        names = named or names
        for name, array in read.items():
            if name in arrays:
                hint = " Say which array it holds: NAME=FILE.npy." if text.endswith(".npy") else ""
                raise DataError(f"'{name}' is in two of the data files, one being {text}.{hint}")
            arrays[name] = array
    arrays = _usual_names(arrays, spec)
    used: set[str] = set()
    held_out = any(name.startswith(HELD_OUT) for name in arrays)
    train = None
    if not held_out or any(item.name in arrays for item in spec.inputs):
        train = _part(arrays, spec, "", targets, used)
    test = _part(arrays, spec, HELD_OUT, targets, used) if held_out else None
    return Data(train, test, tuple(name for name in arrays if name not in used), names)


def _part(
    arrays: Mapping[str, np.ndarray], spec: Any, prefix: str, targets: bool, used: set[str]
) -> Part:
    inputs = [item.name for item in spec.inputs]
    outputs = [item.output for item in spec.targets] if targets else []
    missing = [prefix + name for name in (*inputs, *outputs) if prefix + name not in arrays]
    if missing:
        raise DataError(_missing_text(missing, arrays, spec, prefix, targets))
    used |= {prefix + name for name in (*inputs, *outputs)}
    if not targets:
        # A file made for training may well be used to predict: its targets are no surprise.
        used |= {prefix + item.output for item in spec.targets}
    weights = {}
    for name in outputs:
        for key in (f"{prefix}{name}_sample_weight", f"{prefix}sample_weight"):
            if key in arrays:
                weights[name] = arrays[key]
                used.add(key)
                break
    return Part(
        {name: arrays[prefix + name] for name in inputs},
        {name: arrays[prefix + name] for name in outputs},
        weights or None,
    )


def _missing_text(
    missing: list[str], arrays: Mapping[str, np.ndarray], spec: Any, prefix: str, targets: bool
) -> str:
    wanted = [(prefix + i.name, i.dtype, i.shape) for i in spec.inputs]
    if targets:
        wanted += [(prefix + t.output, t.dtype, t.shape) for t in spec.targets]
    lines = [f"the data lack {_listed(missing)}.", "  the model needs:"]
    lines += [f"    {name}: {dtype} {_rows(shape)}" for name, dtype, shape in wanted]
    lines.append("  the data have:")
    lines += [f"    {name}: {a.dtype} {_shape(a.shape)}" for name, a in arrays.items()]
    others = [name for name in arrays if name not in {w[0] for w in wanted}]
    columns = [name for name in others if arrays[name].ndim == 1]
    lines += [
        f"  {count_text(len(columns), 'column')} could be '{name}', which takes {shape[0]}."
        for name, _, shape in wanted
        if name in missing and columns and len(shape) == 1 and shape[0] is not None
    ]
    hint = suggest(missing[0], others)
    return "\n".join([*lines, *([f"  {hint}"] if hint else [])])


def _rows(shape: Iterable[int | None]) -> str:
    return f"({', '.join(['rows', *('any' if size is None else str(size) for size in shape)])})"


def _shape(shape: Sequence[int]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _usual_names(arrays: dict[str, np.ndarray], spec: Any) -> dict[str, np.ndarray]:
    """`x_train`, `y_test` and the like under the names of the only input and the only output."""
    if len(spec.inputs) != 1 or len(spec.targets) > 1:
        return arrays
    names = {"x": spec.inputs[0].name, "test_x": HELD_OUT + spec.inputs[0].name}
    if spec.targets:
        output = spec.targets[0].output
        names |= {"y": output, "test_y": HELD_OUT + output}
    renamed = {
        alias: names[role]
        for role, aliases in _USUAL.items()
        for alias in aliases
        if role in names and alias in arrays and names[role] not in arrays
    }
    return {renamed.get(name, name): array for name, array in arrays.items()}


def _read(
    text: str, spec: Any, targets: bool, classes: Sequence[str] | None
) -> tuple[dict[str, np.ndarray], tuple[str, ...] | None]:
    """The arrays (or HDF5 data sets) of one `FILE` or `NAME=FILE`, and its names of classes."""
    name, equals, rest = text.partition("=")
    if equals and name.isidentifier() and not Path(text).exists():
        arrays, _ = _read(rest, spec, targets, classes)
        if len(arrays) != 1:
            raise DataError(
                f"{rest} holds {_listed(arrays)}; NAME=FILE is for a file with one array."
            )
        return {name: next(iter(arrays.values()))}, None
    path = Path(text)
    if path.is_dir():
        from kgen.commands.imagefolders import read_images

        return read_images(path, spec, targets, classes)
    suffix = path.suffix.lower()
    reader = _READERS.get(suffix)
    if reader is None:
        kind = _REFUSED.get(suffix, f"no kind of data file known here ('{suffix}')")
        raise DataError(
            f"{text} is {kind}; data are read from .npz, .npy, .csv, .parquet and .h5 files, and "
            "from folders of images."
        )
    return reader(path, spec), None


def _read_npz(path: Path, spec: Any) -> dict[str, np.ndarray]:
    with path.open("rb") as file:
        try:
            archive = np.load(file, allow_pickle=False)
            if not hasattr(archive, "files"):
                raise DataError(f"{path} is a single array; name it .npy.")
            with archive:
                return {name: archive[name] for name in archive.files}
        except _DAMAGE as error:
            raise _unreadable(path, error) from error


def _read_npy(path: Path, spec: Any) -> dict[str, np.ndarray]:
    path.open("rb").close()  # says best what is wrong with a path
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except _DAMAGE as error:
        raise _unreadable(path, error) from error
    if not isinstance(array, np.ndarray):
        raise DataError(f"{path} holds several arrays; name it .npz.")
    # Without NAME= it is for the first input: all that predicting with one input needs.
    return {spec.inputs[0].name: array}


def _read_h5(path: Path, spec: Any) -> dict[str, Any]:
    """The data sets of an HDF5 file, unread: `fit` reads them, batch by batch if they are large."""
    try:
        import h5py
    except ImportError as error:
        raise MissingPackageError(
            f"reading {path} needs the package h5py: pip install 'kgen-compiler[data]'."
        ) from error
    path.open("rb").close()  # says best what is wrong with a path
    try:
        # It stays open for as long as its data sets are in use.
        file = h5py.File(path, "r")
        arrays = {_name(key): one for key, one in file.items() if isinstance(one, h5py.Dataset)}
    except (OSError, KeyError, RuntimeError) as error:
        raise DataError(f"{path} is damaged or no HDF5 file ({error}).") from error
    if not arrays:
        raise DataError(f"{path} has no data sets at its top; it has {_listed(file)}.")
    return arrays


def _name(key: str | bytes) -> str:
    """A name in an HDF5 file, where those that are no UTF-8 are bytes."""
    return key if isinstance(key, str) else key.decode("utf-8", "backslashreplace")


def _read_parquet(path: Path, spec: Any) -> dict[str, np.ndarray]:
    from kgen.commands.parquetfiles import read_parquet

    return read_parquet(path, spec)


def _unreadable(path: Path, error: Exception) -> DataError:
    if isinstance(error, DataError):
        return error
    if "pickle" in str(error) or "Python objects" in str(error):
        return DataError(
            f"{path} holds Python objects, or is no NumPy file; objects are never loaded, because "
            "they can run code. Save arrays of numbers."
        )
    return DataError(f"{path} is damaged or no NumPy file ({error}).")


_READERS: dict[str, Callable[[Path, Any], dict[str, Any]]] = {
    ".npz": _read_npz,
    ".npy": _read_npy,
    ".csv": read_csv,
    ".parquet": _read_parquet,
    ".h5": _read_h5,
    ".hdf5": _read_h5,
}
