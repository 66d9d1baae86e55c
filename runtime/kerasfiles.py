"""Keras's weight files as trees of layers: `.weights.h5`, `.keras`, and the older `.h5`.

Nothing in a file is executed, and nothing outside it is read: links are refused, and a dataset is
only read once its shape is known to fit a weight.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from kgen.runtime.errors import MissingPackageError, WeightError

HDF5_MAGIC = b"\x89HDF"
ZIP_MAGIC = b"PK\x03\x04"
MEMBER = "model.weights.h5"
MAX_GROUPS = 100_000
MAX_DEPTH = 40
# What a model's file holds besides the layers' own variables.
_OTHERS = frozenset({"optimizer", "seed_generator", "metrics", "loss_tracker"})


@dataclass(frozen=True, eq=False)
class Stored:
    """A variable in the file: its place, its name if the file tells it, its dataset."""

    place: str
    name: str | None
    data: Any

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(int(size) for size in self.data.shape)

    def read(self) -> np.ndarray:
        """The values.

        Raises:
            WeightError: they cannot be read.
        """
        try:
            return np.asarray(self.data[()])
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise WeightError(f"'{self.place}' of the file cannot be read ({error}).") from error


@dataclass(eq=False)
class KerasNode:
    """A layer or a model in a Keras file.

    `name` is the layer's name where the file tells it; `kind` its class in snake case, "model"
    for a model, None where only the attribute that held it is known. `index` counts the layers
    of the same kind beside it.
    """

    place: str
    name: str | None
    kind: str | None
    index: int = 0
    attribute: str = ""
    variables: list[Stored] = field(default_factory=list)
    children: list[KerasNode] = field(default_factory=list)

    def everything(self) -> list[Stored]:
        """The variables of the whole subtree, the node's own first."""
        found = list(self.variables)
        for child in self.children:
            found += child.everything()
        return found


def is_keras_file(path: str | os.PathLike[str]) -> bool:
    """Whether a file is HDF5 or a zip archive, judged by its first bytes.

    Raises:
        FileNotFoundError: there is none.
    """
    with open(path, "rb") as file:  # noqa: PTH123 - a directory or missing file explains itself
        head = file.read(8)
    return head.startswith((HDF5_MAGIC, ZIP_MAGIC))


@contextmanager
def keras_tree(path: str | os.PathLike[str], limit: int) -> Iterator[KerasNode]:
    """The layers in a file; variables can be read as long as the context lasts.

    Args:
        limit: bytes that a compressed archive's weights may unpack to.

    Raises:
        ImportError: h5py is not installed.
        WeightError: damaged, or not a file of Keras's.
    """
    h5py = h5py_package("reading weights from Keras's files")
    name = os.fspath(path)
    with ExitStack() as stack:
        source: Any = name
        with open(name, "rb") as file:  # noqa: PTH123
            zipped = file.read(4) == ZIP_MAGIC
        try:
            if zipped:
                source = stack.enter_context(_member(stack, name, limit))
            file = stack.enter_context(h5py.File(source, "r"))
            tree = _Reader(h5py, name).tree(file)
        except WeightError:
            raise
        except (OSError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile) as error:
            raise WeightError(
                f"'{name}' is truncated, corrupt or not a file of Keras's ({error})."
            ) from error
        yield tree


def h5py_package(purpose: str) -> Any:
    """The package h5py.

    Raises:
        MissingPackageError: it is not installed.
    """
    try:
        import h5py
    except ImportError as error:
        raise MissingPackageError(
            f"{purpose} needs the package h5py: pip install 'kgen-compiler[keras]'."
        ) from error
    return h5py


def _member(stack: ExitStack, name: str, limit: int) -> Any:
    """The weights inside a `.keras` archive, as a file that can be sought in."""
    archive = stack.enter_context(zipfile.ZipFile(name))
    if MEMBER not in archive.namelist():
        raise WeightError(
            f"'{name}' is a zip archive without {MEMBER}: it is not a .keras file of Keras 3."
        )
    info = archive.getinfo(MEMBER)
    member = stack.enter_context(archive.open(MEMBER))
    if info.compress_type == zipfile.ZIP_STORED:
        return member
    if info.file_size > limit:
        raise WeightError(
            f"'{name}' unpacks to {info.file_size:,} bytes of weights, far more than the model "
            "has; it is another model's, or damaged."
        )
    unpacked = tempfile.TemporaryFile()  # noqa: SIM115 - the stack closes it
    stack.callback(unpacked.close)
    shutil.copyfileobj(member, unpacked)
    unpacked.seek(0)
    return unpacked


class _Reader:
    """Walks the groups of one file."""

    def __init__(self, h5py: Any, name: str) -> None:
        self.h5py = h5py
        self.name = name
        self.groups = 0

    def tree(self, file: Any) -> KerasNode:
        top = file
        if "model_weights" in file:
            top = self.entry(file, "model_weights")
        if "layer_names" in top.attrs:
            return self.legacy(top)
        root = self.node(file, "", "", 0)
        if not root.everything():
            raise WeightError(f"'{self.name}' holds no weights of a Keras model.")
        root.kind = "model"
        return root

    def entry(self, group: Any, key: str) -> Any:
        """A member of a group that is in this file.

        Raises:
            WeightError: a link, or data kept in another file.
        """
        self.groups += 1
        link = group.get(key, getlink=True)
        if not isinstance(link, self.h5py.HardLink) or self.groups > MAX_GROUPS:
            raise WeightError(f"'{self.name}' has links, or too many groups: it is not loaded.")
        found = group[key]
        if isinstance(found, self.h5py.Dataset) and (found.external or found.is_virtual):
            raise WeightError(f"'{self.name}' keeps its data in other files: it is not loaded.")
        return found

    def node(self, group: Any, place: str, key: str, depth: int) -> KerasNode:
        """The layer in a group: `vars`, `layers`, and attributes that hold layers."""
        if depth > MAX_DEPTH:
            raise WeightError(f"'{self.name}' nests its groups too deep.")
        found = KerasNode(place, None, None, attribute=key)
        for name in sorted(group, key=_order):
            if name in _OTHERS:
                continue
            inner = self.entry(group, name)
            if not isinstance(inner, self.h5py.Group):
                continue
            where = f"{place}/{name}".lstrip("/")
            if name == "vars":
                found.name = _text(inner.attrs.get("name"))
                found.variables = self.variables(inner, where)
            elif name == "layers":
                found.kind = "model"
                found.children += self.contained(inner, where, depth + 1)
            elif "vars" in inner:
                found.children.append(self.node(inner, where, name, depth + 1))
            else:
                found.children += self.contained(inner, where, depth + 1)
        found.children = [child for child in found.children if child.everything()]
        return found

    def contained(self, group: Any, place: str, depth: int) -> list[KerasNode]:
        """The layers of a list, which go by their class: `dense`, `dense_1`, in that order."""
        if depth > MAX_DEPTH:
            raise WeightError(f"'{self.name}' nests its groups too deep.")
        found = []
        seen: list[Any] = []
        for key in group:
            inner = self.entry(group, key)
            # A model may stand there under each class that Keras could look for.
            if not isinstance(inner, self.h5py.Group) or inner in seen:
                continue
            seen.append(inner)
            child = self.node(inner, f"{place}/{key}".lstrip("/"), "", depth + 1)
            if not child.everything():
                continue
            match = re.fullmatch(r"(.+?)(?:_(\d+))?", key)
            assert match is not None
            child.index = int(match[2] or 0)
            child.kind = child.kind or match[1]
            found.append(child)
        return sorted(found, key=lambda child: (str(child.kind), child.index))

    def variables(self, group: Any, place: str) -> list[Stored]:
        """The datasets `0`, `1` ... of a `vars` group, in order."""
        found = []
        for key in sorted(group, key=lambda key: (not key.isdecimal(), len(key), key)):
            data = self.entry(group, key)
            if isinstance(data, self.h5py.Dataset):
                found.append(Stored(f"{place}/{key}", None, data))
        return found

    def legacy(self, top: Any) -> KerasNode:
        """The older layout: a group for each layer, weights by name, the order in attributes."""
        root = KerasNode("", None, "model")
        for index, name in enumerate(_texts(top.attrs["layer_names"])):
            group = self.entry(top, name)
            child = KerasNode(name, name, None, index)
            for path in _texts(group.attrs.get("weight_names", ())):
                data: Any = group
                for part in path.split("/"):
                    data = self.entry(data, part)
                if isinstance(data, self.h5py.Dataset):
                    child.variables.append(Stored(f"{name}/{path}", path.split(":")[0], data))
            if child.variables:
                root.children.append(child)
        return root


def _order(key: str) -> tuple[bool, str]:
    """Attributes in alphabetical order, but for the directions of a Bidirectional."""
    return (key.startswith("backward"), key)


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else None


def _texts(values: Any) -> list[str]:
    return [text for value in values if (text := _text(value)) is not None]
