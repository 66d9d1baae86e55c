"""Data are sent ahead to the device, piece by piece, on a stream of their own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from cuda.bindings import driver
from kgen.runtime.cuda import ahead
from kgen.runtime.errors import DeviceError
from numba import cuda

OK = driver.CUresult.CUDA_SUCCESS
STREAM = 77


class Event:
    """One that the test says has happened."""

    happened = False

    def record(self, stream: Any) -> None:
        assert int(stream) == STREAM

    def query(self) -> bool:
        return self.happened


class Fake:
    """A driver that writes down what is sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, can_send: bool = True) -> None:
        self.sent: list[tuple[int, int]] = []
        self.status = OK
        self.events: list[Event] = []
        device = SimpleNamespace(id=1)
        monkeypatch.setattr(cuda, "get_current_device", lambda: device)
        monkeypatch.setattr(cuda, "stream", lambda: STREAM)
        monkeypatch.setattr(cuda, "event", self.event)
        monkeypatch.setattr(driver, "cuDeviceGetAttribute", lambda what, which: (OK, can_send))
        monkeypatch.setattr(driver, "cuMemPrefetchAsync", self.send)
        self.ahead = ahead.Ahead()

    def event(self, timing: bool) -> Event:
        self.events.append(Event())
        return self.events[-1]

    def send(self, start: int, size: int, place: Any, flags: int, stream: Any) -> tuple[Any]:
        assert place.id == 1 and flags == 0 and int(stream) == STREAM
        assert place.type == driver.CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE
        self.sent.append((start, size))
        return (self.status,)


def test_rows_of_all_arrays_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "PIECE", 100_000)
    fake = Fake(monkeypatch)
    x, y = np.zeros(100_000, np.float32), np.zeros(70_001, np.uint8)
    fake.ahead.send([x, np.zeros(3), y])
    starts = [start for start, _ in fake.sent]
    begin, behind = x.ctypes.data, y.ctypes.data
    assert starts[::2] == [begin + 100_000 * n for n in range(4)]
    assert starts[1::2] == [behind + 70_001 * n // 4 for n in range(4)]
    assert sum(size for _, size in fake.sent[1::2]) == y.nbytes
    assert sum(size for _, size in fake.sent[::2]) == x.nbytes


def test_what_is_on_its_way_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Fake(monkeypatch)
    for _ in range(2):
        fake.ahead.send([np.zeros(100_000)])
    assert len(fake.ahead.sent) == 2
    fake.events[0].happened = True
    fake.ahead.send([])
    assert [event for event, _ in fake.ahead.sent] == fake.events[1:]


def test_nothing_is_sent_where_pages_cannot_move(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Fake(monkeypatch, can_send=False)
    fake.ahead.send([np.zeros(100_000)])
    assert not fake.sent and not fake.ahead.sent


def test_a_driver_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Fake(monkeypatch)
    fake.status = driver.CUresult.CUDA_ERROR_INVALID_VALUE
    monkeypatch.setattr(driver, "cuGetErrorName", lambda status: (OK, b"CUDA_ERROR_INVALID_VALUE"))
    with pytest.raises(DeviceError, match="CUDA_ERROR_INVALID_VALUE"):
        fake.ahead.send([np.zeros(100_000)])
