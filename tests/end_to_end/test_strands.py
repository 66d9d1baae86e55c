"""Loops over time that do not need one another: threads run them side by side for a few rows."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import kgen
import numpy as np
import pytest
from kgen.compiler import lay_out_text
from kgen.listing import listing
from kgen.program import Entry, LoopCall
from kgen.runtime import few as quick
from kgen.runtime.sharing import (
    HELPED,
    MEET_BY_PARTS,
    MEET_BY_ROWS,
    PARTED,
    PATIENCE,
    STRAND,
    TABLE_START,
)
from kgen.strands import strands_of

READERS = """
model Readers:
    input a: float32[5, 7]
    input b: float32[9, 7]
    read = LSTM(24)
    output y = [
        read(a),
        read(b),
        b |> Bidirectional(LSTM(12, return_sequences=True)) |> Bidirectional(GRU(40)),
    ] |> Concatenate() |> Dense(3)
    train:
        loss = "mse"
"""


def names(entries: tuple[Entry, ...]) -> list[str]:
    return [entry.name for entry in entries if isinstance(entry, LoopCall)]


def test_loops_stand_behind_what_they_need() -> None:
    (phases,), _ = lay_out_text(READERS, "readers.k")
    few = phases.few
    groups = [names(strands) for strands in strands_of(few.calls) if len(strands) > 1]
    assert groups == [
        [
            "read_step",
            "read_step",
            "bidirectional_forward_lstm_step",
            "bidirectional_backward_lstm_step",
        ],
        ["bidirectional_1_forward_gru_step", "bidirectional_1_backward_gru_step"],
    ]
    written = {feed.buffer for feed in few.feeds}
    for strands in strands_of(few.calls):
        for call in strands:
            needed = {buffer for buffer in call.reads if buffer.is_arena}
            assert needed <= written
        made = [set(call.writes) for call in strands]
        assert sum(map(len, made)) == len(set().union(*made))
        written |= set().union(*made)
    assert listing(few, 1, {}).count("side by side with the loop above") == 4
    for other in (phases.predict, phases.train, phases.evaluate):
        assert other is not None and all(len(strands) == 1 for strands in strands_of(other.calls))


@pytest.mark.parametrize("threads", [2, 3, 5])
def test_strands_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    """Alone and with helpers, for rows that come out even and for others."""
    monkeypatch.setenv("KGEN_NUM_THREADS", str(threads))
    monkeypatch.setattr(quick, "WORTH_SHARING", 0)
    monkeypatch.setattr(quick, "WORTH_MEETING", 0)
    (tmp_path / "readers.k").write_text(READERS)
    net = kgen.load(tmp_path / "readers.k").Readers(seed=0)
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((4, steps, 7), dtype=np.float32) for steps in (5, 9))
    expected = net.predict([a, b], verbose=0)
    net([a[:1], b[:1]])
    few = net._quick[(1, 5, 7), (1, 9, 7)]
    table = few.block[TABLE_START:].reshape(-1, 3)
    assert few.shares and {flags // STRAND for flags in table[:, 1]} == {0, 1, 2, 3}
    run, seen = few.run, []
    monkeypatch.setattr(few, "run", lambda *work: seen.append(run(*work)) or seen[-1])
    few.helpers.shared[PATIENCE] = 1 << 60
    few.helpers.wake()
    while few.helpers.ready < threads - 1:
        time.sleep(0.001)
    for call in range(200):
        few.how = few.together if call % 3 else few.alone
        rows = 1 + call % 4
        np.testing.assert_array_equal(net([a[:rows], b[:rows]]), expected[:rows])
    assert {abs(took) for took in seen} == {1, threads}
    few.helpers.shared[PATIENCE] = 0


def test_threads_meet_where_strands_begin_and_end() -> None:
    """Two groups follow one another; a kernel that all share stands in front of them."""

    def plan(strands: list[int], parted: list[bool]) -> Any:
        pairs = zip(strands, parted, strict=True)
        calls = [SimpleNamespace(strand=n, kernel=SimpleNamespace(is_parted=p)) for n, p in pairs]
        return SimpleNamespace(calls=calls, table=np.zeros((len(calls), 3), np.int64))

    strands = [-1, -1, 0, 0, 1, 0, 1, -1, -1]
    flags = quick._flags(plan(strands, [True] + 8 * [False]))
    whole, meet, second = PARTED | HELPED | MEET_BY_PARTS, MEET_BY_PARTS, STRAND
    assert flags.tolist() == [
        whole, meet, HELPED, 0, second | meet, HELPED, second | meet, 0, MEET_BY_ROWS
    ]  # fmt: skip
    flags = quick._flags(plan([-1, 0, 1, -1], [False, False, True, False]))
    assert (flags // STRAND == 0).all()
    assert flags.tolist() == [0, meet, whole, MEET_BY_ROWS]
