"""Which way a plan is run: what a pace learns from how long parts take."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from kgen.runtime.pacing import ALONE_EVERY, LONGEST, SHARED_EVERY, TRIAL, Pace


class Machine:
    """Runs parts of a plan in made-up time.

    Attributes:
        step: seconds a step, if one thread does it or not; may change.
        now: seconds since the start; alone: those that one thread worked by itself.
    """

    def __init__(self, together: float, alone: float, threads: int = 2) -> None:
        self.step = {False: together, True: alone}
        self.now = self.alone = 0.0
        self.pace, self.threads = Pace(), threads

    def run(self, steps: int, batch_size: int = 32) -> None:
        """One call of `steps` steps."""
        while steps > 0:
            single, part = self.pace.part(self.threads, batch_size, steps)
            assert 1 <= part <= steps
            seconds = part * self.step[single]
            self.pace.note(single, part, seconds)
            self.now += seconds
            self.alone += seconds if single else 0.0
            steps -= part

    def until(self, wanted: Callable[[], bool], steps: int) -> float:
        """Seconds until it is so, in calls of `steps` steps."""
        start = self.now
        while not wanted():
            self.run(steps)
            assert self.now - start < 100
        return self.now - start


@pytest.mark.parametrize("steps", [1, 7, 400, 100_000])
@pytest.mark.parametrize("step", [20e-6, 2e-3, 0.1])
def test_a_free_machine_is_shared(step: float, steps: int) -> None:
    machine = Machine(step, 1.8 * step)
    while machine.now < 50 * SHARED_EVERY * max(TRIAL, step):
        machine.run(steps)
    assert not machine.pace.single
    assert machine.alone < 0.04 * machine.now


def test_trials_of_many_threads_cost_no_more() -> None:
    machine = Machine(1e-3, 16e-3, threads=16)
    while machine.now < 100:
        machine.run(50)
    assert 0 < machine.alone < 0.02 * machine.now


@pytest.mark.parametrize("steps", [1, 50, 2000])
def test_a_busy_machine_is_found_out_and_left_when_it_is_free(steps: int) -> None:
    machine = Machine(40e-6, 55e-6)
    machine.until(lambda: machine.now > 1, steps)
    machine.step = {False: 180e-6, True: 70e-6}
    assert machine.until(lambda: machine.pace.single, steps) < LONGEST * 4.5 + steps * 180e-6
    busy, machine.alone = machine.now, 0.0
    machine.until(lambda: machine.now > busy + 3, steps)
    assert machine.alone > 0.9 * (machine.now - busy)
    machine.step = {False: 40e-6, True: 55e-6}
    call = steps * 70e-6  # it is looked at between calls only
    limit = ALONE_EVERY * TRIAL + LONGEST + call + 2 * TRIAL
    assert machine.until(lambda: not machine.pace.single, steps) < limit


def test_a_machine_that_is_busy_from_the_start() -> None:
    machine = Machine(180e-6, 70e-6)
    assert machine.until(lambda: machine.pace.single, 100) < 0.1


def test_a_slower_machine_is_shared_as_before() -> None:
    machine = Machine(40e-6, 55e-6)
    machine.until(lambda: machine.now > 1, 400)
    machine.step = {False: 80e-6, True: 110e-6}
    machine.until(lambda: machine.now > 1.2, 400)
    assert not machine.pace.single


def test_uneven_times_settle_on_the_quicker_way() -> None:
    machine, noise = Machine(40e-6, 55e-6), np.random.default_rng(0)
    for _ in range(3000):
        machine.step = {
            False: 40e-6 * noise.lognormal(0, 0.1),
            True: 55e-6 * noise.lognormal(0, 0.1),
        }
        machine.run(100)
    assert machine.alone < 0.1 * machine.now


def test_the_first_part_of_an_unknown_plan_is_one_step_and_parts_grow() -> None:
    pace = Pace()
    assert pace.part(2, 32, 1000) == (False, 1)
    pace.note(False, 1, 1e-4)
    single, steps = pace.part(2, 32, 1000)
    assert not single and steps == pytest.approx(2 * TRIAL / 1e-4, abs=1)
    pace.note(False, steps, steps * 1e-4)
    assert pace.part(2, 32, 1000)[1] == pytest.approx(2 * steps, abs=2)


@pytest.mark.parametrize("other", [(2, 64), (3, 32)])
def test_another_batch_size_or_team_is_learnt_anew(other: tuple[int, int]) -> None:
    machine = Machine(180e-6, 70e-6)
    machine.until(lambda: machine.pace.single, 100)
    assert machine.pace.part(*other, 100) == (False, 1)


def test_times_of_nothing_divide_by_nothing() -> None:
    pace = Pace()
    assert pace.part(2, 32, 5) == (False, 1)
    pace.note(False, 1, 0.0)
    assert pace.part(2, 32, 5) == (False, 1)
