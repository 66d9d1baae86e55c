"""How much a file may ask for: every loop, number, collection and tensor has a bound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod

from kgen.diagnostics import Span, fail
from kgen.graph import Shape

MAX_STEPS = 500_000
MAX_ITEMS = 100_000
MAX_BITS = 256
MAX_CHARACTERS = 100_000
MAX_DEPTH = 64
MAX_NODES = 30_000
MAX_SIZE = 2**31 - 1
MAX_ELEMENTS = 2**40


class Budget:
    """Counts the steps and the depth of one elaboration; both are bounded."""

    def __init__(self) -> None:
        self.steps = 0
        self.depth = 0

    def spend(self, steps: int, span: Span) -> None:
        """Pay for work about to be done."""
        self.steps += steps
        if self.steps > MAX_STEPS:
            fail(
                "K0601",
                f"building this file takes more than {MAX_STEPS:,} steps",
                span,
                label="the limit was reached here",
                help="build-time loops and collections must stay small; "
                "work on data belongs into layers and tensor operations",
            )

    @contextmanager
    def deeper(self, span: Span) -> Iterator[None]:
        """One level of nested expressions, blocks or calls."""
        self.enter(span)
        try:
            yield
        finally:
            self.depth -= 1

    def enter(self, span: Span) -> None:
        """Go one level deeper; the caller takes it off `depth` again."""
        if self.depth >= MAX_DEPTH:
            fail(
                "K0605",
                f"expressions, blocks and calls are nested more than {MAX_DEPTH} deep",
                span,
                label="one level too many",
                help="bind inner parts to names of their own, line by line",
            )
        self.depth += 1


def check_items(count: int, span: Span) -> None:
    """Refuse a collection of more than `MAX_ITEMS` items, before it is made."""
    if count > MAX_ITEMS:
        fail(
            "K0602",
            f"a collection of {_count(count)} items is too large",
            span,
            label=f"at most {MAX_ITEMS:,} items",
            help="build-time collections describe a model; data is given to fit() at run time",
        )


def check_characters(count: int, span: Span) -> None:
    """Refuse a string of more than `MAX_CHARACTERS`, before it is made."""
    if count > MAX_CHARACTERS:
        fail(
            "K0604",
            f"a string of {_count(count)} characters is too long",
            span,
            label=f"at most {MAX_CHARACTERS:,} characters",
            help="build-time strings are names and options",
        )


def check_bits(bits: int, span: Span) -> None:
    """Refuse an integer of more than `MAX_BITS` bits, before it is made."""
    if bits > MAX_BITS:
        fail(
            "K0603",
            "this integer is too large",
            span,
            label=f"needs more than {MAX_BITS} bits",
            help="write 2.0 ** n where a floating-point number will do",
        )


def check_nodes(count: int, span: Span) -> None:
    """Refuse a graph of more than `MAX_NODES` operations."""
    if count > MAX_NODES:
        fail(
            "K0607",
            f"the model has more than {MAX_NODES:,} operations",
            span,
            label="the limit was reached here",
            help="loops are unrolled at build time; use fewer rounds",
        )


def check_tensor(what: str, shape: tuple[int, ...], span: Span | None) -> None:
    """Refuse a dimension beyond `MAX_SIZE`, or more than `MAX_ELEMENTS` elements in all."""
    if any(size > MAX_SIZE for size in shape) or prod(shape) > MAX_ELEMENTS:
        listed = ", ".join(_count(size) for size in shape)
        fail(
            "K0608",
            f"{what} of shape [{listed}] is too large",
            span,
            label="no machine holds this tensor",
            help=f"a dimension may be {MAX_SIZE:,} at most, a tensor {MAX_ELEMENTS:,} elements",
        )


def check_sizes(shape: Shape, span: Span) -> None:
    """Refuse a tensor whose known dimensions are too large for any machine."""
    check_tensor("a tensor", tuple(size for size in shape if isinstance(size, int)), span)


def _count(number: int) -> str:
    return f"{number:,}" if number < 10**15 else f"over {10**15:,}"
