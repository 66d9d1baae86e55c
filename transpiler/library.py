"""The library that ships with kgen, itself written in `.k`: `use "std/vgg16.k": VGG16`."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path


def folder() -> Path:
    """Where the library's files are."""
    return Path(str(files("kgen.grammar") / "std"))


@cache
def declared() -> dict[str, str]:
    """What the library offers: the file of each model, layer and function, by name."""
    found: dict[str, str] = {}
    for path in sorted(folder().rglob("*.k")):
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"^(?:model|layer|loss|metric|def)[ \t]+(\w+)", text, re.MULTILINE):
            found.setdefault(name, f"std/{path.relative_to(folder()).as_posix()}")
    return found
