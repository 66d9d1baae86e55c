"""`Model` on a GPU."""

from __future__ import annotations

from kgen.runtime.cuda.device import Cuda, Simulated
from kgen.runtime.cuda.grid import IS_SIMULATED
from kgen.runtime.cuda.probe import check_precision
from kgen.runtime.model import Model as HostModel


class Model(HostModel):
    """A model whose programs run on a GPU; all else is as on the processor."""

    device_class = Simulated if IS_SIMULATED else Cuda

    def _set_up(self, seed: int, threads: int | None) -> None:
        """A device that lacks what the module needs is refused before memory is asked for."""
        if issubclass(self.device_class, Cuda):
            check_precision(self.spec.precision)
        super()._set_up(seed, threads)
