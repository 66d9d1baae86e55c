"""Where buffers lie in the arena: two regions, one that grows with the batch and one that does not.

Offsets are in floats, for a row of the batch in the first region. Where sizes
depend on other open dimensions than the batch, the runtime packs them instead,
when it knows those.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kgen.program import ALIGNMENT, Buffer
from kgen.runtime.packing import Life
from kgen.runtime.packing import pack_lives as packed


def lifetimes(uses: Iterable[tuple[Buffer, int]]) -> dict[Buffer, Life]:
    """The first and last phase in which each buffer is used."""
    found: dict[Buffer, Life] = {}
    for buffer, phase in uses:
        first, last = found.get(buffer, (phase, phase))
        found[buffer] = (min(first, phase), max(last, phase))
    return found


def pack(buffers: Sequence[Buffer]) -> int:
    """Give every buffer an offset, and return the region's size."""
    sizes = [padded(buffer) for buffer in buffers]
    offsets, total = packed(sizes, [buffer.life for buffer in buffers])
    for buffer, offset in zip(buffers, offsets, strict=True):
        buffer.offset = offset
    return total


def padded(buffer: Buffer) -> int:
    """Floats taken: whole cache lines where the region is not multiplied by the batch."""
    if buffer.space == "batch":
        return buffer.size
    return -(-buffer.size // ALIGNMENT) * ALIGNMENT
