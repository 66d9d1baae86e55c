"""Reading `.k` files from disk, with a diagnostic for everything that can be wrong with one."""

from __future__ import annotations

import sys
from pathlib import Path

from kgen.diagnostics import KgenError, fail
from kgen.endings import as_named
from kgen.parser import MAX_CHARACTERS

_BYTES_PER_CHARACTER = 4


def read_source(path: str | Path) -> str:
    """The text of a `.k` file: UTF-8, with or without a byte-order mark.

    Raises `KgenError` (K0610 to K0615) when there is no such file, or when it
    cannot be read, is too large, or is no UTF-8 text (K0625 for these two if
    its name does not end in `.k`).
    """
    file = Path(path)
    try:
        if file.is_dir():
            fail(
                "K0611",
                f"{path} is a directory, not a file",
                help="name a `.k` file in it",
            )
        if not file.is_file() and file.exists():
            fail("K0612", f"{path} is no ordinary file", help="name a `.k` file")
        with file.open("rb") as stream:
            data = stream.read(MAX_CHARACTERS * _BYTES_PER_CHARACTER + 1)
    except FileNotFoundError:
        near = _similar(file)
        fail(
            "K0610",
            f"there is no file {path}",
            help=f"did you mean {near}?" if near else "check the path; `kgen new` makes a new file",
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        fail(
            "K0612",
            f"{path} cannot be read: {(reason or 'unknown reason').lower()}",
            help="check the path and its permissions",
        )
    try:
        return _decoded(data, str(path))
    except KgenError as error:
        raise as_named(error, str(path)) from None


def read_input(path: str) -> str:
    """As `read_source`; `-` is standard input."""
    if path != "-":
        return read_source(path)
    return _decoded(sys.stdin.buffer.read(MAX_CHARACTERS * _BYTES_PER_CHARACTER + 1), path)


def _decoded(data: bytes, path: str) -> str:
    if len(data) > MAX_CHARACTERS * _BYTES_PER_CHARACTER:
        fail(
            "K0615",
            f"{path} is longer than {MAX_CHARACTERS:,} characters",
            help='split it, and take the parts in with `use "part.k"`',
        )
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        fail(
            "K0613",
            f"{path} is not UTF-8 text: byte 0x{data[error.start]:02x} on line {line}",
            help="save it as UTF-8 in your editor, and check that it is a `.k` file",
        )


def _similar(file: Path) -> str:
    """A `.k` file beside the missing one whose name is nearly the same."""
    from kgen.suggest import closest

    folder = file.parent
    if not folder.is_dir():
        return ""
    match = closest(file.name, (entry.name for entry in folder.glob("*.k")))
    return str(folder / match) if match else ""
