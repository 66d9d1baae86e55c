"""How threads had best take the rows of a batch: in whole tiles or not, all at once or in lots.

Tiles of a product hold rows of the batch where each of these is one row of a matrix, as in dense
and recurrent layers: part of a tile takes as long as all of it. An image or a text is many rows.

Where rows do not depend on one another, a batch can be worked through in lots. What a lot's kernels
hand on then stays in the caches, in less memory. Long rows of little arithmetic gain by that;
convolutions of many channels, and loops over time, rather meet their weights with many rows.
"""

from __future__ import annotations

from kgen.dims import evaluate
from kgen.graph import BATCH, Graph
from kgen.kernels import node_flops, typical
from kgen.program import LoopCall, Program

# Arithmetic for each float of the arena, from which on reading weights anew costs more.
_BUSY = 350
# Floats of the arena for a row from which lots pay, if less than half of them are outputs.
_LONG = 4096
# What is made anew for every lot, weights in another order for one, is such a part of it at most.
_ANEW = 1 / 3
# Floats that one core's own cache holds, and the rows of which a lot is a multiple.
_CACHE = 1 << 19
_GRAIN = 8
# What differs from batch to batch, or with the place in it.
_OF_THE_BATCH = {"batch_size", "random_uniform", "random_normal", "scalar_input"}


def rows_of_lot(graph: Graph, program: Program) -> int:
    """The rows of `graph`'s batch that each thread takes at a time; 0 if all of its share."""
    floats = program.batch_floats
    if program.is_open or floats < _LONG:
        return 0
    if 2 * sum(evaluate(width, {}) for width in program.widths.values()) >= floats:
        return 0
    if graph.updates or any(node.op.name in _OF_THE_BATCH for node in graph.nodes):
        return 0
    flops = 0
    for call in program.calls:
        spaces = {buffer.space for buffer in (*call.arguments, *call.writes)}
        shared = not call.by_batch and "batch" in spaces
        if shared or isinstance(call, LoopCall) or "state" in spaces:
            return 0
        flops += call.kernel.flops[0]
    if flops >= _BUSY * floats:
        return 0
    lot = max(_CACHE // floats // _GRAIN, 1) * _GRAIN
    return lot if program.fixed_floats <= _ANEW * lot * floats else 0


def is_by_tiles(graph: Graph) -> bool:
    """Whether tiles hold rows of the batch in most of the arithmetic that threads share by rows."""
    tiled, total = _arithmetic(graph, 1)
    return 2 * tiled >= total


def _arithmetic(graph: Graph, times: int) -> tuple[int, int]:
    """That on values with one row for each of the batch, and that on all with rows of the batch."""
    tiled = total = 0
    for node in graph.nodes:
        shape = node.output.shape
        if node.op.name == "scan":
            loop = node.attrs["loop"]
            part, whole = _arithmetic(loop.body, times * typical(loop.length))
        elif shape[:1] == (BATCH,):
            whole = times * node_flops(node)
            part = whole if len(shape) <= 2 else 0
        else:
            part = whole = 0
        tiled, total = tiled + part, total + whole
    return tiled, total
