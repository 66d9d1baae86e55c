"""The machines that modules are emitted for, and all in which emission differs between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kgen.passes import PASSES, Pass
from kgen.passes.border import border
from kgen.passes.distinct import distinct
from kgen.passes.loops import with_bodies
from kgen.passes.panel import panel
from kgen.passes.part import part
from kgen.passes.sink import sink
from kgen.passes.slices import slices
from kgen.passes.turn import turn
from kgen.passes.unfold import unfold
from kgen.passes.winograd import winograd, winograd_for_few
from kgen.precision import FLOAT32, PRECISIONS


@dataclass(frozen=True, slots=True)
class Target:
    """A machine.

    Attributes:
        title: what emitted modules call themselves.
        suffix: what the names of their files end with.
        templates: folders of templates, the first that has one counting.
        runtime: what emitted modules import, by module of the runtime; `tiles` and the classes of
            `optimizers` and `schedules` come from those modules' own lists.
        passes: what happens to graphs, in order.
        lanes: the most that a vector has.
        has_blocks: whether vectors are warps', which come in blocks with memory in common.
        few_passes: those for one row or a few, if these are predicted by a program of their own.
        has_standalone: whether modules can have the runtime written into them.
        has_threads: whether callers choose how many threads there are, of this processor.
        has_ptx: whether kernels compile to PTX, and are launched on a grid.
        has_tensor_cores: whether large products may round their operands.
        precision: what they round them to, of `PRECISIONS`.
    """

    name: str
    title: str
    suffix: str
    templates: tuple[str, ...]
    runtime: Mapping[str, str]
    passes: tuple[Pass, ...]
    lanes: int
    has_blocks: bool = False
    few_passes: tuple[Pass, ...] = ()
    has_standalone: bool = False
    has_threads: bool = False
    has_ptx: bool = False
    has_tensor_cores: bool = False
    precision: str = FLOAT32

    @property
    def has_few(self) -> bool:
        """Whether one row or a few are predicted by a program of their own."""
        return bool(self.few_passes)


_SHARED = {
    "constants": "constant_array packed_array",
    "spec": "Dim Input Layer LayerState Metric Output Spec Target View Weight",
}
CPU = Target(
    "cpu",
    "native code",
    "",
    ("cpu",),
    {
        **_SHARED,
        "kernels": "kernel side_by_side sync",
        "memory": "Programs Steps rows_for vectors_for",
        "model": "Model",
    },
    PASSES,
    lanes=16,
    few_passes=tuple(
        winograd_for_few if one is winograd else one
        for one in PASSES
        if one not in (distinct, panel, turn)
    ),
    has_standalone=True,
    has_threads=True,
)
# Parts for each of thousands of warps would be larger than what they are parts of: some slices are
# enough. Panels and copies of lines are for the caches of a processor, and to
# find numbers that occur again is not worth the launches.
_FOR_CACHES = (border, distinct, panel, sink, turn, winograd)
CUDA = Target(
    "cuda",
    "kernels for NVIDIA GPUs",
    "_cuda",
    ("cuda", "cpu"),
    {
        **_SHARED,
        "kernels": "sync",
        "memory": "Programs Steps",
        "cuda.kernels": "kernel",
        "cuda.model": "Model",
        "cuda.tiles": "HALF_ROWS LANES ROWS TALL_ROWS block_max block_min block_outer_bfloat16 "
        "block_outer_tf32 block_pack block_product block_product_bfloat16 block_product_t "
        "block_product_t_bfloat16 block_product_t_tf32 block_product_tf32 block_sum "
        "blocks_of_warps part_of rows_for tensor_tile tensor_zeros vectors_for warps",
    },
    (
        with_bodies(unfold),
        *(slices if one is part else one for one in PASSES if one not in _FOR_CACHES),
    ),
    lanes=32,
    has_blocks=True,
    has_ptx=True,
    has_tensor_cores=True,
)
TARGETS = {target.name: target for target in (CPU, CUDA)}


def target_named(name: str, precision: str = FLOAT32) -> Target:
    """A machine, and what its large products round their operands to.

    Raises:
        ValueError: there is no such machine or precision, or it has no such products.
    """
    if name not in TARGETS:
        raise ValueError(f"there is no target {name!r}; there are {', '.join(TARGETS)}")
    if precision not in PRECISIONS:
        raise ValueError(f"there is no precision {precision!r}; there are {', '.join(PRECISIONS)}")
    target = TARGETS[name]
    if precision != FLOAT32 and not target.has_tensor_cores:
        others = " or ".join(repr(one.name) for one in TARGETS.values() if one.has_tensor_cores)
        raise ValueError(
            f"precision={precision!r} is for tensor cores, which the target {name!r} has not: "
            f"build for the target {others}, or leave it at {FLOAT32!r}"
        )
    return replace(target, precision=precision)
