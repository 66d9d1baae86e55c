"""`Model` on a GPU."""

from __future__ import annotations

from kgen.runtime.cuda.device import Cuda, Simulated
from kgen.runtime.cuda.grid import IS_SIMULATED
from kgen.runtime.model import Model as HostModel


class Model(HostModel):
    """A model whose programs run on a GPU; all else is as on the processor."""

    device_class = Simulated if IS_SIMULATED else Cuda
