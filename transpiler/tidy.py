"""Makes straight-line statements read like written ones: what is used once moves to its use."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

_ASSIGNMENT = re.compile(r"(\w+) = (.*)")
_WORD = re.compile(r"\b[A-Za-z_]\w*\b")
_MARGIN = 68
_DEPTH = 3


def tidy(lines: list[str], passing: Collection[str]) -> list[str]:
    """Substitute variables that are used once, as far as lines stay short.

    Args:
        lines: statements of one block, each `name = expression` or a call.
        passing: the variables whose names say nothing a reader would miss, and
            that no other block uses.
    """
    lines = list(lines)
    index = 0
    while index < len(lines):
        match = _ASSIGNMENT.fullmatch(lines[index])
        if match is None or match[1] not in passing or not _move(lines, index, match[1], match[2]):
            index += 1
    return lines


def _move(lines: list[str], index: int, name: str, text: str) -> bool:
    """Put an expression where its variable is used; False if it should stay."""
    word = _whole(name)
    uses = [i for i in range(index + 1, len(lines)) if name in lines[i] and word.search(lines[i])]
    if len(uses) != 1 or len(word.findall(lines[uses[0]])) != 1:
        return False
    use = uses[0]
    between = lines[index + 1 : use]
    if "load" in text and any(line.startswith("store") for line in between):
        return False
    merged = word.sub(lambda match: _fitted(lines[use], match, text), lines[use])
    if len(merged) > _MARGIN or _depth(merged) > _DEPTH:
        return False
    lines[use] = merged
    del lines[index]
    return True


@cache
def _whole(name: str) -> re.Pattern[str]:
    """What finds a name, and not as a part of another."""
    return re.compile(rf"\b{name}\b")


def _fitted(line: str, match: re.Match[str], text: str) -> str:
    """The expression, in parentheses where an operator stands beside it."""
    before, after = line[: match.start()], line[match.end() :]
    alone = before.endswith(("(", ", ", " = ")) and (not after or after[0] in ",)")
    if alone or _is_call(text) or _WORD.fullmatch(text):
        return text
    return f"({text})"


def _is_call(text: str) -> bool:
    """Whether the text is one call, closed by its last character."""
    if re.match(r"\w+\(", text) is None:
        return False
    depth = 0
    for position, char in enumerate(text):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 0 and char == ")":
            return position == len(text) - 1
    return False


def _depth(line: str) -> int:
    deepest = depth = 0
    for char in line:
        depth += {"(": 1, ")": -1}.get(char, 0)
        deepest = max(deepest, depth)
    return deepest
