"""Every kernel of a model's program, timed alone."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from kgen.costs import Cost, call_cost, unrolled
from kgen.inspecting.samples import sample_data
from kgen.program import Program
from kgen.runtime.dims import open_sizes
from kgen.runtime.engine import ALONE
from kgen.runtime.kernels import Command
from kgen.runtime.team import Plan, Team

SAMPLE_SECONDS = 0.02


class Timer:
    """A model's step with made-up data, ready to run whole or a kernel at a time.

    The program is the one that the emitted module's class `net` has by the name `role`. If not
    given, there are as many `threads` as `fit` would put to work.
    """

    def __init__(
        self,
        net: Any,
        program: Program,
        role: Literal["train", "predict"],
        batch: int,
        dims: Mapping[str, int],
        threads: int | None = None,
    ) -> None:
        self.batch = batch
        self.net = net
        rows = 2 * batch
        inputs, targets = sample_data(net.spec, rows, dims=dims)
        sizes = open_sizes(net.spec, inputs)
        self.prepared = net.engine._prepare(role, batch, sizes)
        if threads is None:
            small = 2 * batch * self.prepared.flops < ALONE
            threads = 1 if small or batch <= self.prepared.indivisible else net.engine.threads
        self.threads = threads
        self.team = Team(threads)
        self._attach([*inputs, *targets, *(np.ones(rows, np.float32) for _ in targets)], rows)
        # Results would be written to rows of the caller's; those that a step makes stay here.
        results = {id(command) for command in self.prepared.results}
        kept = [entry for entry in self.prepared.commands if id(entry) not in results]
        self.plan = Plan(kept, self.prepared.grain)
        for command in self.plan.calls:
            self.plan.arguments_of[command][:] = self.prepared.plan.arguments_of[command]
        calls = unrolled((*program.calls, *program.update), sizes)
        own = {kernel.name for kernel in program.kernels()}
        self.plans: list[tuple[Cost, Plan, int]] = []
        for command in self.plan.calls:
            if command.kernel.__name__ not in own:
                self.plans.append((self._runtime(command), self._alone(command), 1))
                continue
            call, step, times = next(calls)
            if step == times // 2:  # one step of a loop stands for all
                cost = call_cost(call, times, batch, sizes)
                self.plans.append((cost, self._alone(command), 1))

    def _attach(self, arrays: Sequence[Any], rows: int) -> None:
        """Point the step at some rows, gone over again and again."""
        longest = 1 << 20
        order = np.arange(longest) % rows
        table = np.full((longest // self.batch, 8), 1e-4, np.float32)
        self.held = (arrays, order, table)  # the plan knows addresses only
        self.most = longest // self.batch // 8
        for index, command in self.prepared.feeds:
            self.prepared.point(command, 0, arrays[index])
            self.prepared.point(command, 1, order)
        if self.prepared.picks is not None:
            self.prepared.point(self.prepared.picks, 0, table)

    def _runtime(self, command: Command) -> Cost:
        """A kernel of the runtime: rows gathered, or some single figures."""
        size = 0
        if command.kernel.__name__ == "gather_rows":
            size = 8 * self.batch * int(command.buffers[3].base[0])
        return Cost(command.kernel.__name__, (), 0, size, dense=False)

    def _alone(self, command: Command) -> Plan:
        """A plan of this command alone, on the arguments of the whole plan."""
        plan = Plan([command], self.prepared.grain)
        plan.arguments_of[command][:] = self.prepared.plan.arguments_of[command]
        return plan

    def _run(self, plan: Plan, steps: int) -> float:
        """Seconds a step."""
        start = time.perf_counter()
        self.team.run(
            plan,
            batch_size=self.batch,
            first_row=0,
            last_row=self.batch * steps,
            dims=self.prepared.dims,
        )
        return (time.perf_counter() - start) / steps

    def whole(self) -> float:
        """Seconds of a whole step."""
        first = self._run(self.plan, 3)
        return self._run(self.plan, self._count(first))

    def _count(self, seconds: float) -> int:
        """Steps that fill a sample."""
        return max(3, min(self.most, int(SAMPLE_SECONDS / max(seconds, 1e-7))))

    def sample(self) -> None:
        """Time every kernel once more, each on what a whole step has left in memory."""
        for place, (cost, plan, count) in enumerate(self.plans):
            self._run(self.plan, 1)
            if not cost.seconds:
                count = self._count(self._run(plan, 3))
                self.plans[place] = (cost, plan, count)
            cost.seconds.append(cost.times * self._run(plan, count))

    @property
    def costs(self) -> Sequence[Cost]:
        """The kernels in the order they run."""
        return [cost for cost, _, _ in self.plans]

    def close(self) -> None:
        """End the threads."""
        self.team.close()
