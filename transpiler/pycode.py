"""Python source in the layout that `ruff format` gives it (88 columns).

Every function prints as if the text began at column `indent`; lines after the
first carry their own indentation. What goes inside brackets is printed for
`indent + 4` beforehand.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH = 88


def call(function: str, arguments: Sequence[str], indent: int = 0, prefix: str = "") -> str:
    """`prefix function(arguments)`: on one line if it fits, else indented, one argument a line.

    Arguments that fit on a line together share it.
    """
    opening, together = f"{prefix}{function}(", ", ".join(arguments)
    text = _bracketed(opening, arguments, ")", indent)
    if "\n" in text and "\n" not in together and indent + 4 + len(together) <= WIDTH:
        return f"{opening}\n{' ' * (indent + 4)}{together}\n{' ' * indent})"
    return text


def sequence(items: Sequence[str], brackets: str, indent: int = 0, prefix: str = "") -> str:
    """A list or tuple display."""
    trailing = "," if brackets == "()" and len(items) == 1 else ""
    return _bracketed(f"{prefix}{brackets[0]}", items, brackets[1], indent, trailing)


def generator(parts: Sequence[str], indent: int = 0, prefix: str = "") -> str:
    """A generator expression of its value and clauses, in front of a comma."""
    line = " ".join(parts)
    if indent + len(f"{prefix}({line}),") <= WIDTH:
        return f"{prefix}({line})"
    inner = " " * (indent + 4)
    body = line if len(inner) + len(line) <= WIDTH else f"\n{inner}".join(parts)
    return f"{prefix}(\n{inner}{body}\n{' ' * indent})"


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
    body = "".join(
        f"{inner}{item},\n" if "\n" in item else f"{_laid_out(item, indent + 4, 1)},\n"
        for item in items
    )
    return f"{opening}\n{body}{' ' * indent}{closing}"


def literal(value: Any, indent: int = 0, prefix: str = "") -> str:
    """A number, string, truth value, None, tuple, list or dict as ruff would write it."""
    if isinstance(value, str):
        return prefix + quoted(value)
    if isinstance(value, tuple | list):
        items = [literal(item, indent + 4) for item in value]
        return sequence(items, "()" if isinstance(value, tuple) else "[]", indent, prefix)
    if isinstance(value, Mapping):
        pairs = {literal(k): _value(literal(k), v, indent + 4) for k, v in value.items()}
        return mapping(pairs, indent, prefix)
    return prefix + repr(value)


def _value(key: str, value: Any, indent: int) -> str:
    """What stands after `key: `; a tuple that does not fit there has an item a line."""
    text = literal(value, indent)
    if not isinstance(value, tuple) or indent + len(f"{key}: {text},") <= WIDTH:
        return text
    items = "".join(f"{' ' * (indent + 4)}{literal(item, indent + 4)},\n" for item in value)
    return f"(\n{items}{' ' * indent})"


_CONDITION = re.compile(r"( *)if (.*):")
_ASSIGNMENT = re.compile(r"( *)(\w+ = )(.*)")
# Operators from those that bind loosest to those that bind tightest, as words between spaces.
_LEVELS = (
    ("if", "else"),
    ("and",),
    ("<", ">", "<=", ">=", "==", "!="),
    ("&",),
    ("+", "-"),
    ("*", "/", "//", "%"),
)


def wrap(line: str) -> str:
    """A statement on as many lines as it needs: a call's arguments, or the value, on their own."""
    if len(line) <= WIDTH:
        return line
    condition = _CONDITION.fullmatch(line)
    if condition is not None:
        indent, test = condition[1], condition[2]
        return f"{indent}if (\n{_laid_out(test, len(indent) + 4)}\n{indent}):"
    match = _ASSIGNMENT.fullmatch(line)
    if match is None:
        return _opened(line) or line
    indent, name, value = match[1], match[2], match[3]
    opened = _opened(line)
    if opened is not None and len(_operators(value)) < 2:
        return opened
    opened = _grouped(indent, name, value)
    if opened is not None and len(_operators(value)) < 2:
        return opened
    return f"{indent}{name}(\n{_laid_out(value, len(indent) + 4)}\n{indent})"


def _opened(line: str) -> str | None:
    """A line split at its last bracket; None if there is none to split at."""
    indent = " " * (len(line) - len(line.lstrip()))
    end = len(line) - (1 if line[-1] in ":," else 0)
    if line[end - 1] not in ")]":
        return None
    depth, start = 0, end - 1
    while start >= 0:
        depth += {")": 1, "]": 1, "(": -1, "[": -1}.get(line[start], 0)
        if depth == 0:
            break
        start -= 1
    head, inner, tail = line[: start + 1], line[start + 1 : end - 1], line[end - 1 :]
    if not inner or len(head) > WIDTH or not head.strip()[:-1]:
        return None
    if len(indent) + 4 + len(inner) <= WIDTH:
        return f"{head}\n{indent}    {inner}\n{indent}{tail}"
    items = _arguments(inner)
    if len(items) == 1:
        return f"{head}\n{_laid_out(inner, len(indent) + 4)}\n{indent}{tail}"
    lines = "".join(f"{_laid_out(item, len(indent) + 4, 1)},\n" for item in items)
    return f"{head}\n{lines}{indent}{tail}"


def _grouped(indent: str, name: str, value: str) -> str | None:
    """An assignment split at the parenthesis that its value begins with."""
    if not value.startswith("("):
        return None
    depth, end = 1, 0
    while depth:
        end += 1
        depth += {"(": 1, ")": -1}.get(value[end], 0)
    inner, tail = value[1:end], value[end:]
    if len(indent) + len(tail) > WIDTH:
        return None
    return f"{indent}{name}(\n{_laid_out(inner, len(indent) + 4)}\n{indent}{tail}"


def _laid_out(text: str, indent: int, after: int = 0) -> str:
    """An expression on lines of its own, `after` characters before the last one's end."""
    line = " " * indent + text
    if len(line) + after <= WIDTH:
        return line
    operators = _operators(text)
    if not operators and text[0] == "(":
        margin = " " * indent
        return f"{margin}(\n{_laid_out(text[1:-1], indent + 4)}\n{margin})"
    if not operators:
        return _opened(line) or line
    starts = [0, *operators, len(text)]
    parts = [text[a:b].strip() for a, b in itertools.pairwise(starts)]
    return "\n".join(_laid_out(part, indent, after) for part in parts)


def _operators(text: str) -> list[int]:
    """Where the operators that bind loosest stand outside brackets."""
    found: list[list[int]] = [[] for _ in _LEVELS]
    depth = 0
    for match in re.finditer(r"[()\[\]]|(?<= )(?:[-+*/%<>&=!]+|if|else|and)(?= )", text):
        word = match[0]
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(word, 0)
        for level, words in enumerate(_LEVELS):
            if depth == 0 and word in words:
                found[level].append(match.start())
    return next((places for places in found if places), [])


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
