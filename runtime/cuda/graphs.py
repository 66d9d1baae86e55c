"""The launches of a step recorded once and replayed: one call of the driver for a whole step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cuda.bindings import driver
from kgen.runtime.errors import DeviceError


def checked(result: tuple[Any, ...]) -> Any:
    """What the driver returned, but for its status; raises DeviceError if that is bad."""
    status, *values = result
    if status != driver.CUresult.CUDA_SUCCESS:
        _, name = driver.cuGetErrorName(status)
        raise DeviceError(f"the CUDA driver refused: {name.decode() if name else status}.")
    return values[0] if values else None


class Recording:
    """Launches recorded from a stream."""

    def __init__(self, stream: Any, launch: Callable[[], None]) -> None:
        self.stream = driver.CUstream(int(stream))
        mode = driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL
        checked(driver.cuStreamBeginCapture(self.stream, mode))
        try:
            launch()
        finally:
            graph = checked(driver.cuStreamEndCapture(self.stream))
        self.executable = checked(driver.cuGraphInstantiate(graph, 0))
        checked(driver.cuGraphDestroy(graph))

    def replay(self) -> None:
        """Put the launches on the stream again."""
        checked(driver.cuGraphLaunch(self.executable, self.stream))

    def __del__(self) -> None:
        if hasattr(self, "executable"):
            driver.cuGraphExecDestroy(self.executable)
