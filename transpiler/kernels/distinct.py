"""Kernels that find the distinct ones among numbers of rows."""

from __future__ import annotations

from collections.abc import Iterable

from kgen.body import Body
from kgen.dims import clock_place
from kgen.kernels.dealing import indented
from kgen.kernels.loops import known_size, rows_text, shared
from kgen.texts import NestText


def distinct_ranks(body: Body) -> NestText:
    """One thread counts: what it does is little beside the products that it saves."""
    node = body.group.anchor
    numbers, out = node.inputs[0], node.output
    limit, total = node.attrs["rows"], rows_text(numbers.shape)
    source, target = body.view(numbers, total, 1), body.view(out, str(limit + 1), 1)
    body.written.append(out)
    each = (f"for i in range({total}):", f"    {_row(source, limit)}")
    return _lines(
        "share(1, 1, thread, threads)",
        "for _ in range(first, last):",
        indented(
            (
                *each,
                f"    set_element({target}, row, 0, -1)",
                "count = 0",
                *each,
                f"    if element({target}, row, 0) < 0:",
                f"        set_element({target}, row, 0, count)",
                "        count = count + 1",
                f"set_element({target}, {limit}, 0, count)",
            ),
            1,
        ),
    )


def distinct_rows(body: Body) -> NestText:
    """Equal numbers set the same element to the same value; each thread notes how many there are.

    So each may do the numbers of its own rows of the batch.
    """
    share, row, place, limit, target = _ranked(body)
    size = clock_place(body.group.anchor.attrs["size"])
    return _lines(
        share,
        f"set_dimension(clock, {size}, element({place}, {limit}, 0))",
        (
            "for i in range(first, last):",
            f"    {row}",
            f"    set_element({target}, element({place}, row, 0), 0, row)",
        ),
    )


def distinct_places(body: Body) -> NestText:
    """The rank of each number."""
    share, row, place, _, target = _ranked(body)
    return _lines(
        share,
        "for i in range(first, last):",
        (f"    {row}", f"    set_element({target}, i, 0, element({place}, row, 0))"),
    )


def _ranked(body: Body) -> tuple[str, str, str, int, str]:
    """What gives a thread its numbers, the row a number is, ranks, where they end, the output."""
    (numbers, ranks), out = body.group.anchor.inputs, body.group.anchor.output
    limit, total = known_size(ranks.shape) - 1, rows_text(numbers.shape)
    source, place = body.view(numbers, total, 1), body.view(ranks, str(limit + 1), 1)
    target = body.view(out, total, 1)
    body.written.append(out)
    return shared(numbers.shape), _row(source, limit), place, limit, target


def _row(source: str, limit: int) -> str:
    return f"row = min(max(element({source}, i, 0), 0), {limit - 1})"


def _lines(share: str, first: str, others: Iterable[str]) -> NestText:
    return NestText(bounds="first, last", share=share, lines=(first, *others))
