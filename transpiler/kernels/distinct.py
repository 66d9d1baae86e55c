"""Kernels that find the distinct ones among numbers of rows."""

from __future__ import annotations

from kgen.body import Body
from kgen.dims import clock_place
from kgen.kernels.dealing import indented
from kgen.kernels.loops import known_size, rows_text, shared
from kgen.texts import DistinctText


def distinct_ranks(body: Body) -> DistinctText:
    """One thread counts: what it does is little beside the products that it saves."""
    node = body.group.anchor
    numbers, out = node.inputs[0], node.output
    limit, total = node.attrs["rows"], rows_text(numbers.shape)
    source, target = body.view(numbers, total, 1), body.view(out, str(limit + 1), 1)
    body.written.append(out)
    each = (f"for i in range({total}):", f"    {_row(source, limit)}")
    return DistinctText(
        share="share(1, 1, thread, threads)",
        lines=(
            "for _ in range(first, last):",
            *indented(
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
        ),
    )


def distinct_rows(body: Body) -> DistinctText:
    """Equal numbers set the same element to the same value; each thread notes how many there are.

    So each may do the numbers of its own rows of the batch.
    """
    node = body.group.anchor
    (numbers, ranks), out = node.inputs, node.output
    limit, total = known_size(ranks.shape) - 1, rows_text(numbers.shape)
    share = shared(numbers.shape)
    source, place = body.view(numbers, total, 1), body.view(ranks, str(limit + 1), 1)
    target = body.view(out, total, 1)
    body.written.append(out)
    return DistinctText(
        share=share,
        lines=(
            f"set_dimension(clock, {clock_place(node.attrs['size'])}, "
            f"element({place}, {limit}, 0))",
            "for i in range(first, last):",
            f"    {_row(source, limit)}",
            f"    set_element({target}, element({place}, row, 0), 0, row)",
        ),
    )


def distinct_places(body: Body) -> DistinctText:
    """The rank of each number."""
    node = body.group.anchor
    (numbers, ranks), out = node.inputs, node.output
    limit, total = known_size(ranks.shape) - 1, rows_text(numbers.shape)
    share = shared(numbers.shape)
    source, place = body.view(numbers, total, 1), body.view(ranks, str(limit + 1), 1)
    target = body.view(out, total, 1)
    body.written.append(out)
    return DistinctText(
        share=share,
        lines=(
            "for i in range(first, last):",
            f"    {_row(source, limit)}",
            f"    set_element({target}, i, 0, element({place}, row, 0))",
        ),
    )


def _row(source: str, limit: int) -> str:
    return f"row = min(max(element({source}, i, 0), 0), {limit - 1})"
