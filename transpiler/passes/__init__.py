"""Graph to Graph, one small file a pass; PASSES is the order in which they run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from kgen.graph import Graph
from kgen.passes.border import border
from kgen.passes.differentiate import differentiate
from kgen.passes.distinct import distinct
from kgen.passes.loops import hoist, trim, with_bodies
from kgen.passes.lower import lower
from kgen.passes.mask import mask
from kgen.passes.narrow import narrow
from kgen.passes.panel import panel
from kgen.passes.part import part
from kgen.passes.pin import pin
from kgen.passes.pooled import pooled
from kgen.passes.simplify import simplify
from kgen.passes.sink import sink
from kgen.passes.stage import stage
from kgen.passes.turn import turn
from kgen.passes.winograd import winograd

Pass: TypeAlias = Callable[[Graph], Graph]

PASSES: tuple[Pass, ...] = (
    simplify,
    distinct,
    differentiate,
    trim,
    sink,
    with_bodies(narrow),
    with_bodies(lower),
    panel,
    hoist,
    with_bodies(simplify),
    pooled,
    mask,
    part,
    border,
    winograd,
    turn,
    stage,
    with_bodies(pin),
)
