"""The team: batches, barriers, stops, signals, forks."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from kgen.runtime import team as team_module
from kgen.runtime.driver import grain_of, is_parted
from kgen.runtime.errors import EnvironmentVariableError
from kgen.runtime.hardware import thread_count
from kgen.runtime.isa import ROWS
from kgen.runtime.kernels import Buffer, kernel, sync
from kgen.runtime.team import Plan, Team, missing_kernels, run
from kgen.runtime.tiles import (
    element,
    first_row,
    i64vector,
    set_element,
    share,
    step_index,
)
from numba.core import config


@kernel
def write_own(thread: int, threads: int, batch: int, clock: Any, args: Any) -> None:
    """slots[thread] = step"""
    set_element(i64vector(args, 0), 0, thread, step_index(clock))


@kernel
def check_others(thread: int, threads: int, batch: int, clock: Any, args: Any) -> None:
    """errors[thread] += slots of this step that are not written yet"""
    slots = i64vector(args, 0)
    errors = i64vector(args, 1)
    for other in range(threads):
        if element(slots, 0, other) != step_index(clock):
            set_element(errors, 0, thread, element(errors, 0, thread) + 1)


@kernel
def record(thread: int, threads: int, batch: int, clock: Any, args: Any) -> None:
    """log[4 step ...] = first row, rows, step, threads, by thread 0"""
    if thread == 0:
        log = i64vector(args, 0)
        at = 4 * step_index(clock)
        set_element(log, 0, at, first_row(clock))
        set_element(log, 0, at + 1, batch)
        set_element(log, 0, at + 2, step_index(clock))
        set_element(log, 0, at + 3, threads)


def words(array: Any) -> Buffer:
    """A buffer of int64."""
    return Buffer(array, 0, "int64")


@pytest.fixture(params=["native", "emulated"])
def way(request: Any, monkeypatch: Any) -> str:
    """Machine code, or the Python functions."""
    if request.param == "emulated":
        monkeypatch.setattr(team_module, "jit_is_disabled", lambda: True)
    return str(request.param)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_batches_and_clock(way: str, threads: int) -> None:
    log = np.full(40, -1, np.int64)
    done = run(
        Team(threads), [record(words(log))], batch_size=32, first_row=10, last_row=100, step=2
    )
    assert done == 3
    expected = [[10, 32, 2, threads], [42, 32, 3, threads], [74, 26, 4, threads]]
    assert log[8:20].reshape(3, 4).tolist() == expected
    assert (log[:8] == -1).all() and (log[20:] == -1).all()


@pytest.mark.parametrize("threads", [1, 2, 3, 16, 64])
def test_grains_keep_threads_about_equally_busy(threads: int) -> None:
    for rows in range(1, 700):
        assert grain_of(rows, ROWS, threads) == ROWS
        grain = grain_of(rows, 1, threads)
        assert ROWS % grain == 0
        if is_parted(rows, 1, threads):
            assert rows < 2 * threads and not is_parted(rows, ROWS, threads)
            continue
        shares = [share(rows, grain, thread, threads) for thread in range(threads)]
        most = max(last - first for first, last in shares)
        assert most <= 1.25 * rows / threads or most - 1 < rows / threads


def test_no_rows_no_steps(way: str) -> None:
    log = np.full(8, -1, np.int64)
    assert run(Team(2), [record(words(log))], batch_size=4, first_row=5, last_row=5) == 0
    assert (log == -1).all()


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_barriers_hold(way: str, threads: int) -> None:
    slots, errors = np.full(threads, -1, np.int64), np.zeros(threads, np.int64)
    commands = [write_own(words(slots)), sync, check_others(words(slots), words(errors))]
    steps = 2000 if way == "native" else 50
    assert run(Team(threads), commands, batch_size=1, first_row=0, last_row=steps) == steps
    assert not errors.any()


def test_plan_is_reused_and_team_sleeps() -> None:
    log = np.zeros(4000, np.int64)
    plan = Plan([sync, record(words(log)), sync])
    team = Team(3)
    for start in range(200):
        assert team.run(plan, batch_size=1, first_row=0, last_row=2, step=start) == 2
    assert log[4 * 150 + 2] == 150
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.15
    team.close()
    assert team.run(plan, batch_size=1, first_row=0, last_row=2) == 2


def test_stop_ends_after_a_step() -> None:
    slots = np.zeros(3, np.int64)
    team = Team(3)
    plan = Plan([write_own(words(slots)), sync])
    timer = threading.Timer(0.1, team.stop)
    timer.start()
    done = team.run(plan, batch_size=1, first_row=0, last_row=10**12)
    timer.join()
    assert 0 < done < 10**12
    assert (slots == done - 1).all()
    assert (team.clocks[:, 1] == done).all()
    assert team.run(plan, batch_size=1, first_row=0, last_row=5) == 5


def test_stop_in_the_emulation(monkeypatch: Any) -> None:
    monkeypatch.setattr(team_module, "jit_is_disabled", lambda: True)
    team = Team(2)
    calls = []

    def stopping(*_: Any) -> None:
        calls.append(1)
        team.stop()

    plan = Plan([kernel(stopping)()])
    assert team.run(plan, batch_size=1, first_row=0, last_row=9) == 1
    assert len(calls) == 2


class Alternating:
    """A pace that takes both ways in turn, some steps at a time."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.noted: list[tuple[bool, int]] = []

    def part(self, threads: int, batch_size: int, steps: int) -> tuple[bool, int]:
        """Not the way of the last part."""
        return len(self.noted) % 2 == 0, min(self.steps, steps)

    def note(self, single: bool, steps: int, seconds: float) -> None:
        """Keeps what it is told."""
        assert seconds > 0
        self.noted.append((single, steps))


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_one_thread_does_the_shares_of_all_in_turn_with_the_team(threads: int) -> None:
    slots, errors = np.full(threads, -1, np.int64), np.zeros(threads, np.int64)
    log = np.full(4 * 108, -1, np.int64)
    commands = [
        write_own(words(slots)),
        sync,
        check_others(words(slots), words(errors)),
        record(words(log)),
    ]
    pace, team = Alternating(5), Team(threads)
    plan = Plan(commands, pace=cast(Any, pace))
    assert team.run(plan, batch_size=3, first_row=4, last_row=4 + 300, step=7) == 100
    assert pace.noted == [(part % 2 == 0, 5) for part in range(20)]
    assert not errors.any()
    assert (team.clocks[:, 1] == 107).all()
    expected = [[4 + 3 * step, 3, 7 + step, threads] for step in range(100)]
    assert log[28:428].reshape(100, 4).tolist() == expected


def test_a_stop_ends_all_parts() -> None:
    slots = np.zeros(2, np.int64)
    team, pace = Team(2), Alternating(100)
    plan = Plan([write_own(words(slots)), sync], pace=cast(Any, pace))
    timer = threading.Timer(0.1, team.stop)
    timer.start()
    done = team.run(plan, batch_size=1, first_row=0, last_row=10**12)
    timer.join()
    assert 0 < done < 10**12 and done == sum(steps for _, steps in pace.noted)
    assert (slots == done - 1).all() and (team.clocks[:, 1] == done).all()


def test_a_team_of_one_asks_no_pace() -> None:
    log, pace = np.full(40, -1, np.int64), Alternating(5)
    plan = Plan([record(words(log))], pace=cast(Any, pace))
    assert Team(1).run(plan, batch_size=1, first_row=0, last_row=10) == 10
    assert pace.noted == []
    assert log.reshape(10, 4)[:, 3].tolist() == [1] * 10


def test_an_interrupt_before_the_native_call_leaves_the_team_usable(monkeypatch: Any) -> None:
    slots = np.zeros(2, np.int64)
    team = Team(2)
    plan = Plan([write_own(words(slots)), sync])
    real = team_module.native_drive()
    main = threading.current_thread()

    def interrupted(*call: int) -> int:
        if threading.current_thread() is main:
            raise KeyboardInterrupt
        return int(real(*call))

    monkeypatch.setattr(team_module, "native_drive", lambda: interrupted)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            team.run(plan, batch_size=1, first_row=0, last_row=100)
    monkeypatch.setattr(team_module, "native_drive", lambda: real)
    assert team.run(plan, batch_size=1, first_row=0, last_row=100) == 100


def test_missing_kernels_are_listed_once(tmp_path: Path, monkeypatch: Any) -> None:
    def fresh(thread: int, threads: int, batch: int, clock: Any, args: Any) -> None:
        """Nothing."""

    unseen = kernel(fresh)
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    commands = [unseen(), sync, unseen()]
    assert missing_kernels(commands)[0] is unseen
    assert missing_kernels(commands).count(unseen) == 1
    unseen.compile()
    team_module.drive.compile()
    assert missing_kernels(commands) == []


def test_thread_count(monkeypatch: Any) -> None:
    monkeypatch.delenv("KGEN_NUM_THREADS", raising=False)
    assert thread_count() >= 1
    monkeypatch.setenv("KGEN_NUM_THREADS", "7")
    assert thread_count() == 7
    for wrong in ("0", "-1", "two", "1.5"):
        monkeypatch.setenv("KGEN_NUM_THREADS", wrong)
        with pytest.raises(EnvironmentVariableError, match="KGEN_NUM_THREADS"):
            thread_count()
    with pytest.raises(ValueError, match="1 to 1024 threads"):
        Team(0)


SCRIPT = """
import os, signal, sys, threading
import numpy as np
sys.path.insert(0, {folder!r})
from test_team import Plan, Team, sync, words, write_own
slots = np.zeros(2, np.int64)
team = Team(2)
plan = Plan([write_own(words(slots)), sync])
assert team.run(plan, batch_size=1, first_row=0, last_row=10) == 10
"""


def run_script(body: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A process of its own that has a team which ran."""
    code = SCRIPT.format(folder=str(Path(__file__).parent)) + textwrap.dedent(body)
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_process_ends_with_sleeping_workers() -> None:
    done = run_script("print('end')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_child_of_a_fork_gets_its_own_threads() -> None:
    done = run_script(
        """
        child = os.fork()
        if child == 0:
            os._exit(team.run(plan, batch_size=1, first_row=0, last_row=7))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status))
        print(team.run(plan, batch_size=1, first_row=0, last_row=3))
        """
    )
    assert done.stdout.split() == ["7", "3"], done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_ctrl_c_arrives_after_the_chunk() -> None:
    done = run_script(
        """
        threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        chunks = 0
        try:
            while True:
                team.run(plan, batch_size=1, first_row=0, last_row=20000)
                chunks += 1
        except KeyboardInterrupt:
            print("interrupted")
        print(team.run(plan, batch_size=1, first_row=0, last_row=3))
        """
    )
    assert done.stdout.split() == ["interrupted", "3"], done.stderr


def test_runs_without_jit() -> None:
    body = """
    from kgen.runtime.kernels import jit_is_disabled
    print(jit_is_disabled(), slots.tolist(), team.clocks[:, 1].tolist())
    """
    done = run_script(body, NUMBA_DISABLE_JIT="1")
    assert done.stdout == "True [9, 9] [10, 10]\n", done.stderr
