"""A model's figures for a batch: weights, arithmetic, peak memory."""

from __future__ import annotations

from typing import Any

from kgen.budget import usual_sizes
from kgen.emit_loops import flops_a_row
from kgen.program import single
from kgen.specification import Phases


def fixed_batch(phase: Phases) -> int | None:
    """The rows of every batch, where the model fixes them."""
    return next((i.batch for i in phase.model.inputs if i.batch is not None), None)


def figures(phase: Phases, batch_size: int) -> dict[str, Any]:
    """A model's figures; bytes are of the arena and the model's own buffers together."""
    programs = {"train": phase.train, "evaluate": phase.evaluate, "predict": phase.predict}
    kept = {"train": phase.size + (1 + len(phase.slots)) * phase.trainable}
    dims = open_sizes(phase)
    steps = max(dims.values(), default=1)
    return {
        "dims": dims,
        "name": phase.model.name,
        "weights": sum(buffer.size for buffer in phase.weights.values()),
        "programs": {
            name: {
                "kernels": len(program.kernels()),
                "flops": flops_a_row((*program.calls, *program.update)) * batch_size * steps
                + sum(c.kernel.flops[1] for c in single((*program.calls, *program.update))),
                "peak_bytes": program.peak_bytes(batch_size, dims) + 4 * kept.get(name, phase.size),
            }
            for name, program in programs.items()
            if program is not None
        },
    }


def open_sizes(phase: Phases) -> dict[str, int]:
    """Sizes of the open dimensions for which figures are given: 64, where the bounds allow it."""
    return usual_sizes(phase.model.predict)
