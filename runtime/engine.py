"""Runs a module's programs: compiled plans, the arena, the thread team."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt
from kgen.runtime.ceiling import check_room, no_room, spare
from kgen.runtime.compiling import Progress
from kgen.runtime.device import Device
from kgen.runtime.dims import open_sizes
from kgen.runtime.errors import MemoryLimitError
from kgen.runtime.few import FEW, SINGLE, Few
from kgen.runtime.isa import ROWS
from kgen.runtime.kernels import Buffer, Command, Kernel, Sync, sync
from kgen.runtime.memory import Memory, Programs, SharedArena, State, Steps
from kgen.runtime.sharing import run_few
from kgen.runtime.spec import Spec
from kgen.runtime.states import States
from kgen.runtime.team import Plan
from kgen.runtime.turns import new_turn

# Below this much arithmetic a step, waking a second thread costs more than it saves; half is
# enough where it stays awake for many steps.
ALONE = 8_000_000
MANY_STEPS = 16
# Floats of memory that quick calls may keep for themselves.
QUICK = 1 << 20
# Programs made ready for sizes of open dimensions that are kept.
KEPT = 32


class Prepared:
    """A program with memory for batches of up to `capacity` rows, and its plan.

    `dims` are the sizes of the open dimensions it is for; `program` names it, to messages. Its
    arena is part of `shared`. Batches of up to `indivisible` rows are work for one thread,
    others for up to `threads`.
    """

    def __init__(
        self,
        spec: Spec,
        state: State,
        steps: Sequence[Steps],
        capacity: int,
        dims: Mapping[str, int],
        shared: SharedArena,
        program: str,
        *,
        totals: bool,
        threads: int = 1,
    ) -> None:
        rows, fixed = max(s.rows for s in steps), max(s.fixed for s in steps)
        self.grain = ROWS if any(s.by_tiles for s in steps) else 1
        self.indivisible = 0 if program in ("train", "gradient") or self.grain == 1 else ROWS
        self.device = shared.device
        self.memory = Memory(spec, state, rows, fixed, capacity, dims, threads, self.device)
        self.capacity = self.memory.capacity
        self.dims = tuple(dims.values())
        self.flops = sum(s.flops for s in steps) * max(self.dims, default=1)
        commands: list[Command | Sync] = []
        self.picks: Command | None = None
        if len(steps) > 1:
            self.picks = self.memory.pick_scalars(np.zeros((1, 1), np.float32))
            commands.append(self.picks)
        commands += steps[0].commands(self.memory)
        if totals:
            commands += [sync, self.memory.count_figures()]
        for part in steps[1:]:
            commands += part.commands(self.memory)
        check_room(spec, program, self.memory, commands, capacity)
        try:
            self.memory.settle(shared, spare(spec, program, self.memory))
        except MemoryError:
            raise no_room(spec, program, self.memory, commands, capacity) from None
        self.commands = commands
        self.feeds = [(spec.feeds.index(name), command) for name, command in self.memory.feeds]
        self.results = [command for _, command in self.memory.results]

    @cached_property
    def plan(self) -> Plan:
        """The commands with their kernels compiled."""
        return self.device.plan(self.commands, self.grain)

    def point(self, command: Command, position: int, array: npt.NDArray[Any]) -> None:
        """Make an argument of a command this array, which must outlive the run."""
        if self.plan.emulated:
            buffers = list(command.buffers)
            buffers[position] = Buffer(array, 0, str(array.dtype))
            object.__setattr__(command, "buffers", tuple(buffers))
        else:
            address = array.__array_interface__["data"][0]
            self.plan.arguments_of[command][position] = address


class Engine:
    """A model's state and the programs that change it.

    Attributes:
        weights: every weight, flat float32, trainable ones first.
        gradients: of the trainable weights, laid out as they are.
        slots: the optimizer's buffers by name, laid out as the trainable weights.
        totals: float64 sums of what the steps reported since `reset_totals`.
        carried: what layers keep from batch to batch.
        step: training steps done; seed: what random numbers depend on besides.
        turn: held by the thread that is at work; parts share it, as they share the weights.
    """

    def __init__(
        self, spec: Spec, programs: Programs, seed: int, threads: int | None, device: Device
    ) -> None:
        self.device = device
        self.turn = new_turn()
        self.spec = spec
        self.programs = programs
        self.seed = seed
        self.step = 0
        slots = {name: device.allocate(spec.trainable, f"slot {name}") for name in spec.slots}
        for name, start in spec.slots.items():
            if start:  # zeros that nobody has written take no memory yet
                slots[name][:] = start
        scalars = len(spec.optimizer.scalar_names) if spec.optimizer is not None else 0
        self.state = State(
            weights=device.allocate(spec.size, "weights"),
            gradients=device.allocate(spec.trainable, "gradients"),
            slots=slots,
            figures=device.allocate(spec.totals),
            totals=device.keep(np.zeros(spec.totals)),
            scalars=device.allocate(max(scalars, 1)),
            carried=self._states(spec),
        )
        self.weights = self.state.weights
        self.gradients = self.state.gradients
        self.slots = slots
        self.totals = self.state.totals
        self.carried = self.state.carried
        self.threads = device.workers(threads)
        self.team = device.team(self.threads)
        self.alone = device.team(1)
        self.natural = np.arange(1024)
        self.prepared: dict[tuple[Any, ...], Prepared] = {}
        self.shared = SharedArena(device)

    def part(self, spec: Spec, programs: Programs) -> Engine:
        """An engine for other programs over the same weights."""
        made = copy.copy(self)
        made.spec, made.programs = spec, programs
        made.prepared, made.shared = {}, SharedArena(self.device)
        return made

    def rebatched(self, spec: Spec, programs: Programs) -> Engine:
        """A part whose layers keep states of their own, for the batches that `spec` fixes."""
        made = self.part(spec, programs)
        made.state = replace(self.state, carried=self._states(spec))
        made.carried = made.state.carried
        return made

    def _states(self, spec: Spec) -> States:
        return States(spec, partial(self.device.allocate, name="states of layers"))

    def reset_totals(self, start: Sequence[float] | float = 0.0) -> None:
        """Start the sums anew."""
        with self.turn:
            self.totals[:] = start

    def totals_so_far(self) -> npt.NDArray[np.float64]:
        """A copy of the sums."""
        with self.turn:
            return self.totals.copy()

    # --- compiling ------------------------------------------------------------

    def uncompiled(self, program: str) -> int:
        """How many kernels of a program are neither in memory nor on disk."""
        return len(self.device.missing(self._smallest(program).commands))

    def compile(self, program: str, progress: Progress | None = None) -> None:
        """Compile what a program needs, telling (done, total, kernel) as it goes."""
        self.device.compile(self.device.missing(self._smallest(program).commands), progress)

    def missing(self) -> list[Kernel]:
        """The kernels of all programs that are neither in memory nor on disk, each once."""
        kernels = [
            kernel
            for program in ("train", "gradient", "evaluate", "predict", "few")
            if getattr(self.programs, program)
            for kernel in self.device.missing(self._smallest(program).commands)
        ]
        quick = self.device.has_quick_calls
        kernels += [run_few] if quick and not run_few.is_cached() else []
        return list(dict.fromkeys(kernels))

    def _smallest(self, program: str) -> Prepared:
        with self.turn:
            return self._prepare(program, 1, {dim.name: dim.minimum for dim in self.spec.dims})

    def _prepare(self, program: str, capacity: int, dims: Mapping[str, int]) -> Prepared:
        """The program with room for `capacity` rows of these open dimensions.

        Those of the latest sizes are kept, as long as they fit into the arena they share.
        """
        key = (program, *dims.values())
        found = self.prepared.pop(key, None)
        if found is None or found.capacity < capacity:
            steps = getattr(self.programs, program)
            renewals = self.shared.renewals
            found = Prepared(
                self.spec,
                self.state,
                steps,
                capacity,
                dims,
                self.shared,
                program,
                totals=program not in ("predict", "few"),
                threads=self.threads,
            )
            if self.shared.renewals > renewals:
                self.prepared = {}
            elif len(self.prepared) >= KEPT:
                del self.prepared[next(iter(self.prepared))]
        self.prepared[key] = found
        return found

    # --- running --------------------------------------------------------------

    def _run(
        self,
        prepared: Prepared,
        arrays: Sequence[npt.NDArray[Any]],
        order: npt.NDArray[np.int64] | None,
        first: int,
        last: int,
        batch_size: int,
    ) -> int:
        if order is None:
            if last > self.natural.size:
                self.natural = np.arange(max(last, 2 * self.natural.size))
            order = self.natural
        data = self.device.resident(arrays, arrays, "data")
        (places,) = self.device.resident([order], order, "order of rows")
        for index, command in prepared.feeds:
            prepared.point(command, 0, data[index])
            prepared.point(command, 1, places)
        work = batch_size * prepared.flops * (2 if last - first >= MANY_STEPS * batch_size else 1)
        together = work >= ALONE and batch_size > prepared.indivisible
        team = self.team if together else self.alone
        return team.run(
            prepared.plan,
            batch_size=batch_size,
            first_row=first,
            last_row=last,
            step=self.step,
            seed=self.seed,
            dims=prepared.dims,
        )

    def train(
        self,
        arrays: Sequence[npt.NDArray[Any]],
        order: npt.NDArray[np.int64] | None,
        first: int,
        last: int,
        batch_size: int,
        scalars: npt.NDArray[np.float32],
    ) -> int:
        """Train on rows `order[first:last]` in batches.

        Args:
            arrays: inputs, targets and sample weights: whole data sets, C-contiguous.
            order: the order of rows; None for the natural one.
            scalars: the optimizer's figures, a row for each step.

        Returns:
            The steps done, by which `step` has grown; `totals` have grown too.
        """
        dims = open_sizes(self.spec, arrays)
        with self.turn:
            prepared = self._prepare("train", min(batch_size, len(arrays[0])), dims)
            assert prepared.picks is not None
            table = np.ascontiguousarray(scalars, np.float32)
            prepared.point(prepared.picks, 0, self.device.resident([table], owner=table)[0])
            done = self._run(prepared, arrays, order, first, last, batch_size)
            self.step += done
        return done

    def evaluate(
        self, arrays: Sequence[npt.NDArray[Any]], first: int, last: int, batch_size: int
    ) -> None:
        """Add loss and metrics of rows `first:last`, in inference mode, to `totals`."""
        dims = open_sizes(self.spec, arrays)
        with self.turn:
            prepared = self._prepare("evaluate", min(batch_size, len(arrays[0])), dims)
            self._run(prepared, arrays, None, first, last, batch_size)

    def gradient(self, arrays: Sequence[npt.NDArray[Any]], first: int, last: int) -> None:
        """Fill `gradients` for rows `first:last` as one batch, in training mode.

        Besides, only `totals`, the moving statistics of normalization and states change.
        """
        dims = open_sizes(self.spec, arrays)
        with self.turn:
            prepared = self._prepare("gradient", last - first, dims)
            self._run(prepared, arrays, None, first, last, last - first)

    def quick(self, program: str) -> Few | None:
        """A quick call of `predict` or `few` for few rows.

        None under emulation, where a single row is much work, and where rows take much memory.
        """
        memory = self._smallest(program).memory
        most = min(FEW, QUICK * memory.capacity // max(1, memory.floats - memory.unscaled))
        if program == "few":
            most = min(most, SINGLE)
        least = SINGLE + 1 if program == "predict" and self.programs.few else 1
        given = [one.shape for one in self.spec.inputs]
        made = [one.shape for one in self.spec.outputs]
        return self._few(program, (least, most), {}, given, made) if most >= least else None

    def quick_for(
        self, program: str, inputs: Sequence[npt.NDArray[Any]], found: Sequence[npt.NDArray[Any]]
    ) -> Few | None:
        """A quick call for rows of open sizes like these, of which `found` was just predicted.

        None also where they take much memory.
        """
        dims, rows = open_sizes(self.spec, inputs), len(inputs[0])
        with self.turn:
            last = self.prepared.get((program, *dims.values()))
        if last is None or last.memory.floats > QUICK:
            return None
        given, made = ([one.shape[1:] for one in arrays] for arrays in (inputs, found))
        return self._few(program, (rows, rows), dims, given, made)

    def _few(
        self,
        program: str,
        rows: tuple[int, int],
        dims: Mapping[str, int],
        given: Sequence[tuple[Any, ...]],
        made: Sequence[tuple[Any, ...]],
    ) -> Few | None:
        spec, steps = self.spec, getattr(self.programs, program)
        if not self.device.has_quick_calls or spec.max_memory is not None:
            return None
        own = SharedArena(self.device)
        try:
            prepared = Prepared(spec, self.state, steps, rows[1], dims, own, program, totals=False)
        except MemoryLimitError:
            return None
        if prepared.plan.emulated:
            return None
        return Few(prepared, self.turn, *rows, spec, given, made, self.threads)

    def predictor(self, rows: int) -> str:
        """The program that predicts so many rows."""
        return "few" if rows <= SINGLE and self.programs.few else "predict"

    def predict(
        self,
        arrays: Sequence[npt.NDArray[Any]],
        first: int,
        last: int,
        outputs: Sequence[npt.NDArray[np.float32]],
        program: str = "predict",
    ) -> None:
        """Write the outputs of rows `first:last`, as one batch, to those rows of `outputs`."""
        dims = open_sizes(self.spec, arrays)
        with self.turn:
            size = self._lot(program, last - first)
            prepared = self._prepare(program, size, dims)
            targets = self.device.resident(outputs, outputs, "outputs")
            for command, array in zip(prepared.results, targets, strict=True):
                prepared.point(command, 1, array)
            self._run(prepared, arrays, None, first, last, size)
            self.device.bring_back(outputs, first, last)

    def _lot(self, program: str, rows: int) -> int:
        """How many rows to predict at a time: all, if they make no two lots that are worth it."""
        (steps,) = getattr(self.programs, program)
        lot = steps.lot * self.threads
        large = lot * steps.flops >= ALONE
        return lot if large and rows >= 2 * lot > 0 else rows
