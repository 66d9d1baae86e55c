"""Python source in the layout that `ruff format` gives it (88 columns).

Every function prints as if the text began at column `indent`; lines after the
first carry their own indentation. What goes inside brackets is printed for
`indent + 4` beforehand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH = 88


def call(function: str, arguments: Sequence[str], indent: int = 0, prefix: str = "") -> str:
    """`prefix function(arguments)`: on one line if it fits, else one argument a line."""
    return _bracketed(f"{prefix}{function}(", arguments, ")", indent)


def sequence(items: Sequence[str], brackets: str, indent: int = 0, prefix: str = "") -> str:
    """A list or tuple display."""
    trailing = "," if brackets == "()" and len(items) == 1 else ""
    return _bracketed(f"{prefix}{brackets[0]}", items, brackets[1], indent, trailing)


def mapping(items: Mapping[str, str], indent: int = 0, prefix: str = "") -> str:
    """A dict display; keys and values are source text."""
    return _bracketed(f"{prefix}{{", [f"{k}: {v}" for k, v in items.items()], "}", indent)


def _bracketed(
    opening: str, items: Sequence[str], closing: str, indent: int, trailing: str = ""
) -> str:
    line = f"{opening}{', '.join(items)}{trailing}{closing}"
    if indent + len(line) < WIDTH and "\n" not in line:
        return line
    inner = " " * (indent + 4)
    body = "".join(f"{inner}{item},\n" for item in items)
    return f"{opening}\n{body}{' ' * indent}{closing}"


def literal(value: Any, indent: int = 0, prefix: str = "") -> str:
    """A number, string, truth value, None, tuple, list or dict as ruff would write it."""
    if isinstance(value, str):
        return prefix + quoted(value)
    if isinstance(value, tuple | list):
        items = [literal(item, indent + 4) for item in value]
        return sequence(items, "()" if isinstance(value, tuple) else "[]", indent, prefix)
    if isinstance(value, Mapping):
        pairs = {literal(k): literal(v, indent + 4) for k, v in value.items()}
        return mapping(pairs, indent, prefix)
    return prefix + repr(value)


_CALL = re.compile(r"( *)((?:\w+ = )?\w+\()(.*)\)")
_ASSIGNMENT = re.compile(r"( *)(\w+ = )(.*)")


def wrap(line: str) -> str:
    """A statement on as many lines as it needs: a call's arguments, or the value, on their own."""
    if len(line) <= WIDTH:
        return line
    match = _CALL.fullmatch(line)
    if match is not None and _balanced(match[3]):
        indent, opening, inner = match[1], match[2], match[3]
        if len(indent) + 4 + len(inner) <= WIDTH:
            return f"{indent}{opening}\n{indent}    {inner}\n{indent})"
        items = "".join(f"{indent}    {item},\n" for item in _arguments(inner))
        return f"{indent}{opening}\n{items}{indent})"
    match = _ASSIGNMENT.fullmatch(line)
    if match is None:
        return line
    indent, name, value = match[1], match[2], match[3]
    return f"{indent}{name}(\n{indent}    {value}\n{indent})"


def _balanced(text: str) -> bool:
    """Whether no bracket closes that was not opened in the text."""
    depth = 0
    for char in text:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth < 0:
            return False
    return depth == 0


def _arguments(text: str) -> list[str]:
    """Split at the commas outside brackets."""
    items, depth, start = [], 0, 0
    for position, char in enumerate(text):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(char, 0)
        if char == "," and depth == 0:
            items.append(text[start:position].strip())
            start = position + 1
    return [*items, text[start:].strip()]


def quoted(text: str) -> str:
    """A string literal in double quotes unless that needs more escapes; always ASCII."""
    inner = text.encode("unicode_escape").decode("ascii")
    if '"' in inner and "'" not in inner:
        return f"'{inner}'"
    return '"' + inner.replace('"', '\\"') + '"'


def block_string(text: str) -> str:
    """A triple-quoted string that stays as readable as its text."""
    # Three quotes, or one before the end, would close the string.
    safe = re.sub('"{3,}|"+\\Z', lambda m: '\\"' * len(m[0]), text.replace("\\", "\\\\"))
    safe = "".join(
        c if c == "\n" or c.isprintable() else c.encode("unicode_escape").decode("ascii")
        for c in safe
    )
    return f'"""\\\n{safe}"""'


def printable(text: str) -> str:
    """The text with escapes for what an editor would not show."""
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode("ascii")
        for c in text
    )
