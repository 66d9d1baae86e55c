"""Prediction in lots: how many rows of a batch had best go through all kernels at a time.

Where rows do not depend on one another, a batch can be worked through in lots. What a lot's kernels
hand on then stays in the caches, in less memory. Long rows of little arithmetic gain by that;
convolutions of many channels, and loops over time, rather meet their weights with many rows.
"""

from __future__ import annotations

from kgen.dims import evaluate
from kgen.graph import Graph
from kgen.program import LoopCall, Program

# Arithmetic for each float of the arena, from which on reading weights anew costs more.
_BUSY = 350
# Floats of the arena for a row from which lots pay, if less than half of them are outputs.
_LONG = 4096
# What is made anew for every lot, weights in another order for one, is such a part of it at most.
_ANEW = 1 / 4
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
