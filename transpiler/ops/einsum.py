"""Einstein's summation: products of tensors whose axes are named by letters."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kgen.graph import BATCH, ShapeError, Size, Value
from kgen.ops.contract import dot
from kgen.ops.reduce import sum as reduce_sum
from kgen.ops.shape import reshape, transpose

__all__ = ["einsum", "letters_of"]

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def letters_of(subscripts: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """The letters of each operand and of the result, dots replaced by capital letters.

    Raises:
        ShapeError: the text is no such equation, or does not fit the ranks.
    """
    text = re.sub(r"\s", "", subscripts)
    match = re.fullmatch(r"([a-zA-Z.,]+)(?:->([a-zA-Z.]*))?", text)
    parts = match[1].split(",") if match else []
    if not parts or len(parts) != len(ranks):
        raise ShapeError(
            f"{subscripts!r} is no equation for {len(ranks)} tensors",
            help='name every axis by a letter: "bij,bjk->bik"',
        )
    free = [letter for letter in _LETTERS if letter not in text]
    most = max(
        (rank - len(part.replace("...", "")) for part, rank in zip(parts, ranks, strict=True)
         if "..." in part),
        default=0,
    )  # fmt: skip
    dots = free[: max(most, 0)]
    named = []
    for part, rank in zip(parts, ranks, strict=True):
        extra = rank - len(part.replace("...", ""))
        letters = part.replace("...", "".join(dots[len(dots) - extra :] if extra > 0 else ""))
        if len(letters) != rank or "." in letters:
            raise ShapeError(f"{part!r} names {len(letters)} axes of a tensor of {rank}")
        if len(set(letters)) < rank:
            raise ShapeError(f"{part!r} names two axes by one letter", help="use diagonal() first")
        named.append(letters)
    assert match is not None
    if match[2] is not None:
        out = match[2].replace("...", "".join(dots))
    else:
        once = [x for x in set("".join(named)) if "".join(named).count(x) == 1 and x not in dots]
        out = "".join([*dots, *sorted(once)])
    if len(set(out)) < len(out) or not set(out) <= set("".join(named)):
        raise ShapeError(f"the result {out!r} must name each of its axes once, from the operands'")
    return named, out


def einsum(subscripts: str, *operands: Value) -> Value:
    """The sum of products that an equation such as `bij,bjk->bik` says."""
    named, out = letters_of(subscripts, [x.type.rank for x in operands])
    x, letters = operands[0], named[0]
    rest = list(zip(operands[1:], named[1:], strict=True))
    while rest:
        other, others = rest.pop(0)
        needed = set(out).union(*(set(n) for _, n in rest))
        x, letters = _pair(x, letters, other, others, needed)
    x, letters = _summed(x, letters, set(out))
    return transpose(x, [letters.index(letter) for letter in out])


def _summed(x: Value, letters: str, needed: set[str]) -> tuple[Value, str]:
    """Without the axes that nobody needs."""
    axes = [i for i, letter in enumerate(letters) if letter not in needed]
    if not axes:
        return x, letters
    return reduce_sum(x, axes), "".join(letter for letter in letters if letter in needed)


def _pair(a: Value, left: str, b: Value, right: str, needed: set[str]) -> tuple[Value, str]:
    """The product of two operands, summed over what nothing else needs."""
    a, left = _summed(a, left, needed | set(right))
    b, right = _summed(b, right, needed | set(left))
    for letter in left:
        if letter in right:
            sizes = a.shape[left.index(letter)], b.shape[right.index(letter)]
            if sizes[0] != sizes[1] and 1 not in sizes:
                raise ShapeError(f"the axis {letter!r} has the sizes {sizes[0]} and {sizes[1]}")
    common = [letter for letter in left if letter in right]
    contracted = [letter for letter in common if letter not in needed]
    batch = [letter for letter in common if letter in needed]
    unequal = any(a.shape[left.index(x)] != b.shape[right.index(x)] for x in common)
    if not contracted or unequal or _is_scattered(a, left, b, right, batch):
        return _by_elements(a, left, b, right, needed)
    if not batch and BATCH in b.shape and b.shape[right.index(contracted[0])] != BATCH:
        a, left, b, right = b, right, a, left
    names = [letter for letter in left if letter not in common]
    names += [letter for letter in right if letter not in common]
    found = dot(
        a,
        b,
        contract=(_places(left, contracted), _places(right, contracted)),
        batch=(_places(left, batch), _places(right, batch)),
    )
    return found, "".join([*batch, *names])


def _is_scattered(a: Value, left: str, b: Value, right: str, batch: list[str]) -> bool:
    """Whether matrices stand side by side along known axes while the batch runs along rows."""
    free = [a.shape[i] for i, x in enumerate(left) if x not in right]
    free += [b.shape[i] for i, x in enumerate(right) if x not in left]
    return bool(batch) and any(not isinstance(size, int) for size in free)


def _places(letters: str, chosen: list[str]) -> tuple[int, ...]:
    return tuple(letters.index(letter) for letter in chosen)


def _by_elements(a: Value, left: str, b: Value, right: str, needed: set[str]) -> tuple[Value, str]:
    """Products element by element, then sums."""
    names = left + "".join(letter for letter in right if letter not in left)
    product = _spread(a, left, names) * _spread(b, right, names)
    return _summed(product, names, needed)


def _spread(x: Value, letters: str, names: str) -> Value:
    """Axes of size one for the letters that are missing, in the order of `names`."""
    order = [letters.index(letter) for letter in names if letter in letters]
    moved = transpose(x, order)
    sizes: list[Size] = []
    own = iter(moved.shape)
    for letter in names:
        sizes.append(next(own) if letter in letters else 1)
    return reshape(moved, tuple(sizes))
