"""A syntax tree as indented text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from kgen.diagnostics import Source, Span


def draw(node: Any, name: str = "", level: int = 0) -> Iterator[str]:
    """A line for each node with its place, each field indented below it."""
    head = "  " * level + (f"{name}: " if name else "")
    if is_dataclass(node) and not isinstance(node, type):
        span = getattr(node, "span", None)
        place = f"  @{span.line}:{span.column}" if isinstance(span, Span) else ""
        inner = [
            (field.name, getattr(node, field.name))
            for field in fields(node)
            if not isinstance(getattr(node, field.name), Span | Source)
        ]
        simple = ", ".join(f"{key}={value!r}" for key, value in inner if _is_simple(value))
        yield f"{head}{type(node).__name__}({simple}){place}"
        for key, value in inner:
            if not _is_simple(value):
                yield from draw(value, key, level + 1)
    elif isinstance(node, list | tuple):
        yield f"{head}[{len(node)}]"
        for item in node:
            yield from draw(item, "", level + 1)
    else:
        yield f"{head}{node!r}"


def _is_simple(value: Any) -> bool:
    return not is_dataclass(value) and not (isinstance(value, list | tuple) and value)
